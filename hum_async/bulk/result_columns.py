"""The result columns that a job adds to a table, and their values."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async.errors import AddressError
from hum_async.models import Outcome, Qualification

RESULT_COLUMNS = (
    "hum_outcome",
    "hum_service_address",
    "hum_provider_count",
    "hum_providers",
    "hum_technologies",
    "hum_max_download_mbps",
    "hum_max_upload_mbps",
    "hum_min_price_usd",
    "hum_data_set",
    "hum_observed_at",
    "hum_requests",
    "hum_elapsed_s",
    "hum_library_version",
    "hum_error",
    "hum_note",
)

_WITHOUT_ERROR = {
    Outcome.TIMED_OUT: "still processing when the time for polling ran out; try again",
    Outcome.EXPIRED: "the session ended before its result was read; try again",
}


def result_values(result: Qualification, note: str | None = None) -> dict[str, Any]:
    """Return the values of a row's result columns, as JSON values.

    Args:
        result: The result of the row.
        note: How the row's cells were read, if not as they say; None if they were.
    """
    providers = result.providers
    offerings = [offering for provider in providers for offering in provider.offerings]
    prices = [
        provider.min_price.amount_cents
        for provider in providers
        if provider.min_price is not None and provider.min_price.currency == "USD"
    ]
    place = result.service_address
    return {
        "hum_outcome": str(result.outcome),
        "hum_service_address": place.normalized if place else None,
        "hum_provider_count": len(providers),
        "hum_providers": [provider.name for provider in providers],
        "hum_technologies": _distinct(offering.technology for offering in offerings),
        "hum_max_download_mbps": _highest(offering.max_download_mbps for offering in offerings),
        "hum_max_upload_mbps": _highest(offering.max_upload_mbps for offering in offerings),
        "hum_min_price_usd": min(prices) / 100 if prices else None,
        "hum_data_set": result.data_set,
        "hum_observed_at": utc_text(result.observed_at),
        "hum_requests": result.requests,
        "hum_elapsed_s": round(result.elapsed, 2),
        "hum_library_version": result.library_version,
        "hum_error": explanation(result),
        "hum_note": note,
    }


def explanation(result: Qualification) -> str | None:
    """Return the reason for which a row failed; None if it did not fail."""
    if result.outcome not in FAILED_OUTCOMES:
        return None
    if isinstance(error := result.error, AddressError) and error.field in {"zip", "state"}:
        return f"{error}; hum check --corrected mends such cells where it is certain how"
    return _WITHOUT_ERROR.get(result.outcome) or str(result.error or "unknown error")


def utc_text(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC, to the second."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def spreadsheet_safe(text: str) -> str:
    """Return a text of the API on one line, so that no spreadsheet evaluates it as a formula."""
    text = " ".join(text.splitlines())
    return f"'{text}" if re.match(r"[\s\0]*[=+\-@]", text) else text


def _distinct(values: Iterable[str | None]) -> list[str]:
    # Offerings say "Fiber" where products say "fiber" (hum-api 3.3).
    return list({value.casefold(): value for value in values if value}.values())


def _highest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
