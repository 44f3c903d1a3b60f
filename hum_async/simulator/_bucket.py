"""The token bucket behind 429."""

import math
import sys


class TokenBucket:
    """A rate limit: tokens flow in at `rate` up to `burst`, and each admitted request takes one.

    Args:
        rate: Tokens per second, above 0; `None` admits every request.
        burst: Capacity in tokens, 1 or more; `None` means `max(1, rate)`.
        full: Whether it is full at first; an empty one begins to fill at the first request.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self, *, rate: float | None = None, burst: float | None = None, full: bool = True
    ) -> None:
        if rate is not None and not 0 < rate <= sys.float_info.max:
            raise ValueError(f"rate={rate!r}: pass requests per second above 0, or None")
        if burst is not None and not (1 <= burst <= sys.float_info.max or burst == math.inf):
            raise ValueError(f"burst={burst!r}: pass 1 or more requests, or None")
        self._rate = rate
        self._burst = burst if burst is not None else max(1.0, rate or 1.0)
        self._level = self._burst if full else 0.0
        self._filled_at: float | None = None

    def take(self, now: float) -> bool:
        """Take one token and return True, or return False and take nothing.

        Args:
            now: Seconds of any clock that never goes back.
        """
        if self._rate is None:
            return True
        if self._filled_at is None:
            self._filled_at = now
        if now > self._filled_at:
            inflow = (now - self._filled_at) * self._rate
            self._level = min(self._burst, self._level + inflow)
            self._filled_at = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True
