"""The range check that the simulator's numeric arguments share."""

import math
import sys

LONGEST = 100 * 365.25 * 86_400.0
"""The most seconds that a duration may have, a hundred years: dates end at the year 9999."""


def require(
    name: str, value: float, *, above_zero: bool = False, at_most: float = math.inf
) -> float:
    """Return a finite number of 0 or more.

    Args:
        name: Name of the argument, for the message.
        value: The number.
        above_zero: Whether to refuse 0 as well.
        at_most: The largest number that is accepted.

    Raises:
        TypeError: The value is not a number.
        ValueError: The number is negative, infinite, NaN, too large, or a 0 that is refused.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is of type {type(value).__name__}: pass a number")
    # Comparisons take integers of any size; math.isfinite does not.
    largest = min(at_most, sys.float_info.max)
    if not ((value > 0 if above_zero else value >= 0) and value <= largest):
        wanted = "a finite number above 0" if above_zero else "a finite number, 0 or more"
        limit = f", at most {at_most:g}" if at_most < math.inf else ""
        raise ValueError(f"{name}={_shown(value)}: pass {wanted}{limit}")
    return value


def _shown(value: float) -> str:
    # Python refuses to write integers of more than 4300 digits.
    huge = isinstance(value, int) and value.bit_length() > _MOST_BITS_SHOWN
    return "(a huge number)" if huge else repr(value)


_MOST_BITS_SHOWN = 128
