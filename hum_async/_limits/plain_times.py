"""Times as values that JSON can hold: it knows no infinity."""

import math


def plain_time(value: float) -> float | None:
    """Return a time, or None for one that never was (minus infinity)."""
    return None if math.isinf(value) else value


def read_time(plain: float | None, shift: float) -> float:
    """Return the time that `plain_time` has written, `shift` seconds later."""
    return -math.inf if plain is None else plain + shift
