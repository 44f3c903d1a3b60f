"""The values of the result columns that a job adds to a table."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hum_async._api.statuses import MAY_BE_BOUGHT
from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async.bulk.coverage import Coverage
from hum_async.bulk.result_facts import ResultFacts
from hum_async.bulk.result_schema import (
    GEOMETRY,
    RESULT_COLUMNS,
    SERVED_LEVELS,
    TECHNOLOGIES,
    ServiceLevel,
)
from hum_async.errors import AddressError
from hum_async.models import Outcome, Qualification

__all__ = [
    "RESULT_COLUMNS",
    "explanation",
    "in_units",
    "json_value",
    "json_values",
    "place_values",
    "result_values",
    "spreadsheet_safe",
    "utc_second",
    "utc_text",
]

_FLAGS = tuple((technology, f"hum_has_{technology}") for technology in TECHNOLOGIES)
_FARTHEST = 180.0, 90.0
_WITHOUT_ERROR = {
    Outcome.TIMED_OUT: "still processing when the time for polling ran out; try again",
    Outcome.EXPIRED: "the session ended before its result was read; try again",
}


def result_values(
    result: Qualification | ResultFacts,
    note: str | None = None,
    *,
    row: int | None = None,
    levels: Sequence[ServiceLevel] = SERVED_LEVELS,
) -> dict[str, Any]:
    """Return the values of a row's result columns, and its point as `GEOMETRY`.

    Args:
        result: The result of the row.
        note: How the row's cells were read, if not as they say; None if they were.
        row: Number of the row in the input, from 1; None if there is no input.
        levels: The levels of service that have a column.
    """
    providers = result.providers
    coverage = Coverage.of(result)
    prices = [
        provider.min_price.amount_cents
        for provider in providers
        if provider.min_price is not None and provider.min_price.currency == "USD"
    ]
    lowest = min(prices, default=None)
    place = result.service_address
    where = place_values(result)
    return {
        "hum_outcome": str(result.outcome),
        "hum_service_address": place.normalized if place else None,
        "hum_latitude": where["hum_latitude"],
        "hum_longitude": where["hum_longitude"],
        "hum_provider_count": len(providers),
        "hum_providers": [provider.name for provider in providers],
        "hum_technologies": coverage.technologies,
        "hum_fcc_technology_codes": coverage.known_codes,
        **{column: coverage.has(technology) for technology, column in _FLAGS},
        "hum_max_download_mbps": coverage.download,
        "hum_max_upload_mbps": coverage.upload,
        **{level.column: coverage.serves(level) for level in levels},
        "hum_min_price_usd": None if lowest is None else in_units(lowest),
        "hum_min_price_cents": lowest,
        "hum_source": result.source,
        "hum_data_set": result.data_set,
        "hum_observed_at": utc_second(result.observed_at),
        "hum_requests": result.requests,
        "hum_elapsed_s": round(result.elapsed, 2),
        "hum_library_version": result.library_version,
        "hum_error": explanation(result),
        "hum_note": note,
        "hum_row": row,
        GEOMETRY: where[GEOMETRY],
    }


def place_values(result: Qualification | ResultFacts) -> dict[str, Any]:
    """Return latitude and longitude of the answer, and the point of the address for a map."""
    place, asked = result.service_address, result.address
    known = None if place is None else _degrees(place.longitude, place.latitude)
    return {
        "hum_latitude": known and known[1],
        "hum_longitude": known and known[0],
        # Of the answer, or else where it was asked for.
        GEOMETRY: known or _degrees(asked.longitude, asked.latitude),
    }


def _degrees(longitude: float | None, latitude: float | None) -> tuple[float, float] | None:
    if longitude is None or latitude is None:
        return None
    if not (abs(longitude) <= _FARTHEST[0] and abs(latitude) <= _FARTHEST[1]):
        # No place on Earth, and no point that a map could show.
        return None
    # Seven digits of a degree are a centimetre; so every format holds the same.
    return round(longitude, 7), round(latitude, 7)


def in_units(cents: int) -> Decimal:
    """Return an amount in units of its currency."""
    return Decimal(cents).scaleb(-2)


def explanation(result: Qualification | ResultFacts) -> str | None:
    """Return the reason for which a row failed; None if it did not fail."""
    if result.outcome not in FAILED_OUTCOMES:
        return None
    if isinstance(error := result.error, AddressError) and error.field in {"zip", "state"}:
        return f"{error}; hum check --corrected mends such cells where it is certain how"
    if result.outcome is Outcome.TIMED_OUT and result.error is not None:
        return str(result.error)  # it says what has become of the session
    told = _WITHOUT_ERROR.get(result.outcome) or str(result.error or "unknown error")
    uncertain = result.outcome is Outcome.UNCERTAIN and MAY_BE_BOUGHT not in told
    return f"{told}; {MAY_BE_BOUGHT}" if uncertain else told


def json_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of result columns as JSON has them, without the point."""
    return {name: json_value(value) for name, value in values.items() if name != GEOMETRY}


def json_value(value: Any) -> Any:
    """Return the value of a result column as JSON has it."""
    if isinstance(value, datetime):
        return utc_text(value)
    return float(value) if isinstance(value, Decimal) else value


def utc_second(moment: datetime | None) -> datetime | None:
    """Return a time in UTC, to the second."""
    return None if moment is None else moment.astimezone(UTC).replace(microsecond=0)


def utc_text(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC, to the second."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def spreadsheet_safe(text: str) -> str:
    """Return a text of the API on one line, so that no spreadsheet evaluates it as a formula."""
    text = " ".join(text.splitlines())
    return f"'{text}" if re.match(r"[\s\0]*[=+\-@]", text) else text
