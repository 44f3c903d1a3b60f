"""Durations as people write them: 90s, 30m, 24h, 7d."""

import re
from typing import Annotated, Any

from cyclopts import Parameter

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)([smhd])", re.ASCII)


def _seconds(_: Any, tokens: Any) -> float:
    text = tokens[0].value.strip()
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise ValueError(f"write a duration as 90s, 30m, 24h or 7d, not {text!r}")
    return float(found[1]) * _SECONDS[found[2]]


Duration = Annotated[float, Parameter(converter=_seconds)]
"""Seconds, written as 90s, 30m, 24h or 7d."""


def format_duration(seconds: float) -> str:
    """Return a duration in seconds as text: hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
