"""The Retry-After header of a 429."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Literal

from hum_async.simulator._checks import LONGEST

RetryAfter = float | timedelta | Literal["date"] | None


def check_retry_after(value: RetryAfter) -> RetryAfter:
    """Return a checked value for `retry_after_headers`.

    Args:
        value: `None` for no header, a number of seconds, a `timedelta` for an HTTP-date that far
            ahead, or "date" for an HTTP-date one second ahead.

    Raises:
        ValueError: The value is none of these, or negative.
    """
    if value is None:
        return None
    if value == "date":
        return timedelta(seconds=1)
    if not _is_duration(value.total_seconds() if isinstance(value, timedelta) else value):
        raise ValueError(f'retry_after={value!r}: pass 0 or more seconds, a timedelta or "date"')
    return value


def _is_duration(seconds: Any) -> bool:
    return isinstance(seconds, int | float) and 0 <= seconds <= LONGEST


def retry_after_headers(value: RetryAfter) -> dict[str, str]:
    """Return the header, or an empty dict for `None`.

    An HTTP-date counts from the whole second that the Date header of the same answer shows.
    """
    if value is None:
        return {}
    if isinstance(value, timedelta):
        instant = datetime.now(UTC).replace(microsecond=0) + value
        return {"Retry-After": format_datetime(instant, usegmt=True)}
    # Never with an exponent, which no header may have.
    return {"Retry-After": f"{value:.6f}".rstrip("0").rstrip(".")}


def pause_of(headers: Mapping[str, str]) -> float | None:
    """Return the seconds for which the headers of an answer ask to wait; None if they do not.

    Args:
        headers: Headers that `retry_after_headers` made, or the like.
    """
    value = headers.get("Retry-After")
    if value is None:
        return None
    if value.replace(".", "", 1).isdigit():
        return float(value)
    return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
