"""Rate limits as servers keep them, without I/O: what a client that is told nothing meets.

Every one takes `admit(now)` and returns None for "go on", or the seconds until it would be worth
trying again.
"""

import math
from collections import deque
from typing import Protocol

import attrs

__all__ = ["FixedWindow", "Limit", "SlidingWindow", "TokenBucket"]


class Limit(Protocol):
    """A server's limit."""

    rate: float

    def admit(self, now: float) -> float | None:
        """Take one request; return None if it is served, else the seconds to wait."""


@attrs.define(eq=False)
class TokenBucket:
    """`rate` tokens per second flow in, up to `burst`; each request takes one."""

    rate: float
    burst: float = 1.0
    _level: float = attrs.field(init=False)
    _at: float = attrs.field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        """Begin full."""
        self._level = self.burst

    def admit(self, now: float) -> float | None:
        """Take one request."""
        self._level = min(self.burst, self._level + (now - self._at) * self.rate)
        self._at = now
        # Float dust: a client that sends exactly at the rate keeps it.
        if self._level < 1.0 - 1e-6:
            return (1.0 - self._level) / self.rate
        self._level -= 1.0
        return None


@attrs.define(eq=False)
class FixedWindow:
    """`rate * window` requests in each window of so many seconds by the server's clock."""

    rate: float
    window: float = 1.0
    _number: int = attrs.field(default=-1, init=False)
    _used: int = attrs.field(default=0, init=False)

    def admit(self, now: float) -> float | None:
        """Take one request."""
        number = math.floor(now / self.window)
        if number != self._number:
            self._number, self._used = number, 0
        if self._used >= self.rate * self.window - 1e-9:
            return (number + 1) * self.window - now
        self._used += 1
        return None


@attrs.define(eq=False)
class SlidingWindow:
    """`rate * window` requests in whatever `window` seconds end now."""

    rate: float
    window: float = 1.0
    _times: deque[float] = attrs.field(factory=deque, init=False)

    def admit(self, now: float) -> float | None:
        """Take one request."""
        while self._times and self._times[0] <= now - self.window + 1e-6:
            self._times.popleft()
        if len(self._times) >= self.rate * self.window - 1e-9:
            return self._times[0] + self.window - now
        self._times.append(now)
        return None
