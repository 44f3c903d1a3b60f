"""The simulated clock: when it is, and how to wait for an instant of it."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta

from hum_async.simulator._checks import require

# A timer may fire this much early (loop seconds); waiting for less could spin without progress.
_EARLY = 1e-6


class SimulatedClock:
    """Seconds since the first start, running at `speed` and able to jump.

    The running loop is the only source of time, so on a virtual-time loop the whole simulator
    lives in virtual time.

    Args:
        speed: Simulated seconds per event-loop second, above 0.
    """

    def __init__(self, *, speed: float = 1.0) -> None:
        self._speed = require("speed", speed, above_zero=True)
        self._tolerance = _EARLY * max(1.0, speed)
        self._offset = 0.0
        self._origin = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._epoch = datetime.now(UTC)

    @property
    def now(self) -> float:
        """Simulated seconds since the first start; stands still while stopped."""
        if self._loop is None:
            return self._offset
        return (self._loop.time() - self._origin) * self._speed + self._offset

    @property
    def loop_now(self) -> float:
        """Event-loop seconds (the loop's own origin); 0 while stopped."""
        return 0.0 if self._loop is None else self._loop.time()

    @property
    def epoch(self) -> datetime:
        """The wall-clock instant of simulated second 0, in UTC."""
        return self._epoch

    def start(self) -> None:
        """Let time run on the running loop."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._origin = self._loop.time()

    def stop(self) -> None:
        """Freeze the clock where it is; a later `start` goes on from there."""
        self._offset = self.now
        self._loop = None

    def advance(self, seconds: float) -> None:
        """Jump ahead and wake whoever waits for an instant.

        Args:
            seconds: Simulated seconds, 0 or more and finite.
        """
        self._offset += require("seconds", seconds)
        for waiter in self._waiters:
            _wake(waiter)

    async def sleep_until(self, instant: float) -> None:
        """Wait for a simulated instant.

        Args:
            instant: Simulated seconds; infinity waits until cancelled.
        """
        while (left := instant - self.now) > self._tolerance:
            await self._sleep_or_jump(left)

    async def _sleep_or_jump(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.add(waiter)
        timer = None
        if math.isfinite(seconds):
            timer = loop.call_later(seconds / self._speed, _wake, waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if timer is not None:
                timer.cancel()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def timestamp(epoch: datetime, *, at: float) -> str:
    """Write an instant as the API does: ISO 8601, UTC, milliseconds, `Z` (hum-api 3.2).

    Args:
        epoch: The wall-clock instant of second 0.
        at: Seconds after it.
    """
    instant = epoch + timedelta(seconds=at)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
