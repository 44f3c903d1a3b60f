"""The simulated clock and the waits for an instant of it."""

import asyncio
import math
from datetime import UTC, datetime, timedelta

from hum_async.simulator._checks import LONGEST, require

# An event loop may fire a timer early by the resolution of its clock. Without this tolerance
# (loop seconds) `sleep_until` could spin over ever shorter waits.
_TIMER_TOLERANCE = 1e-6
_FASTEST = 1e6


class SimulatedClock:
    """A clock that counts seconds since its first start, runs at `speed` and can jump ahead.

    The running event loop is its only source of time, so on a virtual-time loop the whole
    simulator lives in virtual time.

    Args:
        speed: Simulated seconds per event-loop second, above 0 and at most 1,000,000.
    """

    def __init__(self, *, speed: float = 1.0) -> None:
        self._set_speed(speed)
        self._offset = 0.0
        self._started_at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._epoch = datetime.now(UTC)

    @property
    def now(self) -> float:
        """Simulated seconds since the first start; constant while the clock is stopped."""
        if self._loop is None:
            return self._offset
        return (self._loop.time() - self._started_at) * self._speed + self._offset

    @property
    def loop_now(self) -> float:
        """Event-loop seconds, counted from the loop's own origin; 0 while the clock is stopped."""
        return 0.0 if self._loop is None else self._loop.time()

    @property
    def epoch(self) -> datetime:
        """The wall-clock instant of simulated second 0, in UTC."""
        return self._epoch

    def start(self) -> None:
        """Run on the running event loop; does nothing if the clock already runs."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._started_at = self._loop.time()

    def stop(self) -> None:
        """Stop the clock; a later `start` continues from this instant."""
        self._offset = self.now
        self._loop = None

    def advance(self, seconds: float) -> None:
        """Jump ahead and wake every `sleep_until`.

        Args:
            seconds: Simulated seconds, 0 or more; in all, at most a hundred years.

        Raises:
            TypeError: `seconds` is not a number.
            ValueError: `seconds` is out of range.
        """
        left = max(0.0, LONGEST - self.now)
        self._offset += float(require("seconds", seconds, at_most=left))
        self._wake_all()

    def set_speed(self, speed: float) -> None:
        """Go on at another speed from this instant.

        Args:
            speed: Simulated seconds per event-loop second, above 0 and at most 1,000,000.

        Raises:
            TypeError: `speed` is not a number.
            ValueError: `speed` is out of range.
        """
        now = self.now
        self._set_speed(speed)
        self._offset = now
        if self._loop is not None:
            self._started_at = self._loop.time()
        self._wake_all()

    def _set_speed(self, speed: float) -> None:
        self._speed = require("speed", speed, above_zero=True, at_most=_FASTEST)
        self._tolerance = _TIMER_TOLERANCE * max(1.0, speed)

    def _wake_all(self) -> None:
        for waiter in self._waiters:
            _wake(waiter)

    async def sleep_until(self, instant: float) -> None:
        """Wait for a simulated instant.

        Args:
            instant: Simulated seconds; infinity waits until cancelled.
        """
        while (remaining := instant - self.now) > self._tolerance:
            await self._sleep_or_advance(remaining)

    async def _sleep_or_advance(self, seconds: float) -> None:
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
    """Return an instant as the API writes it: ISO 8601, UTC, milliseconds, `Z` (hum-api 3.2).

    Args:
        epoch: The wall-clock instant of second 0.
        at: Seconds after it.
    """
    instant = epoch + timedelta(seconds=at)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
