"""The range check that the simulator's numeric arguments share."""

import math


def require(name: str, value: float, *, above_zero: bool = False) -> float:
    """Return a finite number of 0 or more.

    Args:
        name: Name of the argument, for the message.
        value: The number.
        above_zero: Whether to refuse 0 as well.

    Raises:
        ValueError: The number is negative, infinite, NaN, or a 0 that is refused.
    """
    if not (math.isfinite(value) and (value > 0 if above_zero else value >= 0)):
        wanted = "a finite number above 0" if above_zero else "a finite number, 0 or more"
        raise ValueError(f"{name}={value!r}: pass {wanted}")
    return value
