"""Durations as people write them: 90s, 30m, 24h, 7d."""

import re
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WRITTEN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?([smhd]?)", re.ASCII | re.IGNORECASE)


def seconds_of(text: str) -> float:
    """Return a written duration in seconds.

    Raises:
        ValueError: It is not written as a duration.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        raise ValueError(f"write a duration as 90s, 30m, 24h or 7d, or in seconds, not {text!r}")
    return float(found[1]) * _SECONDS[found[2].lower()]


def _converted(_: Any, tokens: Any) -> float:
    return seconds_of(tokens[0].value)


Duration = Annotated[float, Parameter(converter=_converted, metavar="DURATION")]
"""Seconds, or a number with s, m, h or d."""

Patience = Annotated[
    float, Parameter(converter=_converted, validator=Number(gt=0), metavar="DURATION")
]
"""A duration above 0."""


def format_duration(seconds: float) -> str:
    """Return a duration in seconds as text: hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
