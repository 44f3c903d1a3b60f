"""How many requests per second: the token bucket behind 429."""

from __future__ import annotations

import math


class TokenBucket:
    """Tokens flow in at `rate` up to `burst`; each admitted request takes one.

    Args:
        rate: Tokens per second, above 0; `None` admits everything.
        burst: Most tokens it can hold, 1 or more; `None` means `max(1, rate)`.
    """

    def __init__(self, *, rate: float | None = None, burst: float | None = None) -> None:
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise ValueError(f"rate={rate!r}: pass requests per second above 0, or None")
        if burst is not None and not burst >= 1:
            raise ValueError(f"burst={burst!r}: pass 1 or more requests, or None")
        self._rate = rate
        self._burst = burst if burst is not None else max(1.0, rate or 1.0)
        self._level = self._burst
        self._filled_at = -math.inf

    def take(self, now: float) -> bool:
        """Take one token if there is one; a refusal costs nothing.

        Args:
            now: Seconds of any clock that never goes back.
        """
        if self._rate is None:
            return True
        if now > self._filled_at:
            grown = (now - self._filled_at) * self._rate
            self._level = min(self._burst, self._level + grown)
            self._filled_at = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True
