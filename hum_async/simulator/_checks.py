"""Refuses figures that make no sense, with a sentence that says what to pass."""

from __future__ import annotations

import math


def require(name: str, value: float, *, above_zero: bool = False) -> float:
    """Return a finite figure or raise `ValueError`.

    Args:
        name: Name of the argument, for the message.
        value: The figure.
        above_zero: Whether 0 is too little.
    """
    if not (math.isfinite(value) and (value > 0 if above_zero else value >= 0)):
        wanted = "a finite number above 0" if above_zero else "a finite number, 0 or more"
        raise ValueError(f"{name}={value!r}: pass {wanted}")
    return value
