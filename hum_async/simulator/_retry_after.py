"""What a 429 says about when to come back."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

RetryAfter = float | timedelta | Literal["date"] | None


def check_retry_after(value: RetryAfter) -> RetryAfter:
    """Return a usable value for `retry_after` or raise `ValueError`.

    Args:
        value: `None` for no header, seconds, a `timedelta` for an HTTP-date that far ahead, or
            "date" for one second ahead.
    """
    if value is None:
        return None
    if value == "date":
        return timedelta(seconds=1)
    if not _is_duration(value.total_seconds() if isinstance(value, timedelta) else value):
        raise ValueError(f'retry_after={value!r}: pass 0 or more seconds, a timedelta or "date"')
    return value


def _is_duration(seconds: Any) -> bool:
    return isinstance(seconds, (int, float)) and 0 <= seconds < math.inf


def retry_after_headers(value: RetryAfter) -> dict[str, str]:
    """Write the header, if there is one.

    A date counts from the whole second that the answer's own Date header shows.
    """
    if value is None:
        return {}
    if isinstance(value, timedelta):
        moment = datetime.now(UTC).replace(microsecond=0) + value
        return {"Retry-After": format_datetime(moment, usegmt=True)}
    return {"Retry-After": f"{value:g}"}
