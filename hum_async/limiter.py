"""The shared rate-limit semaphore: concurrency, pace and pause in one strictly fair queue."""

import asyncio
import heapq
import itertools
import math
import random
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import attrs

from hum_async._limits.rate_controller import RateController
from hum_async._limits.rate_limit_headers import read_rate_limit_headers

__all__ = [
    "InformedLimiter",
    "Limiter",
    "LimiterStatistics",
    "RateLimiter",
    "ResumableLimiter",
]

_UNTELLING = frozenset({401, 403, 429})
"""Client errors that say nothing of how many requests a server serves, or are refusals."""


class Limiter(Protocol):
    """What clients, watchers and jobs need of a limiter; bring your own to share one further."""

    def slot(self) -> AbstractAsyncContextManager[object]:
        """Return a context that holds one attempt.

        It may be entered again after it was left: a throttled request keeps its place in the queue.
        """
        ...

    def throttled(self, retry_after: float | None) -> None:
        """Pause everything: the server answered 429, asking for so many seconds (or not saying)."""

    def paused_seconds(self) -> float:
        """Return the seconds for which everything has been paused so far."""
        ...


class InformedLimiter(Limiter, Protocol):
    """A limiter that also wants to hear of every answer, not of the throttled ones only."""

    def answered(self, *, sent: float, status: int, headers: Mapping[str, str]) -> None:
        """Hear of an answer before anything is made of it; `throttled` follows if it says so.

        Args:
            sent: When the request went out, in the event loop's time.
            status: HTTP status.
            headers: Of the answer, found by names in lower case.
        """


@runtime_checkable
class ResumableLimiter(Limiter, Protocol):
    """A limiter that finds a rate out, and can begin at one that was found earlier."""

    @property
    def found_rate(self) -> float | None:
        """Attempts per second that were found to hold; None while that is not known."""

    def resume(self, rate: float) -> None:
        """Begin at a `found_rate` of an earlier time."""


@attrs.frozen
class LimiterStatistics:
    """A limiter at one moment.

    Attributes:
        in_use: Attempts under way.
        waiting: Attempts that wait for a slot.
        granted: Slots given so far.
        throttled: How often a server said 429.
        rate: Attempts per second at most; None for no bound. Found out if not given.
        pause_left: Seconds until a pause ends; 0 if there is none.
        paused_seconds: Seconds paused so far, all pauses together.
    """

    in_use: int
    waiting: int
    granted: int
    throttled: int
    rate: float | None
    pause_left: float
    paused_seconds: float


class RateLimiter:
    """Bounds the requests of everything that shares it: clients, watchers, jobs.

    Args:
        concurrency: Attempts under way at the same time, at least 1.
        rate: Attempts per second; None finds the server's limit out: starts at 5/s, doubles after
            two round lookups (0.05 to 1 s) until the first 429, then stays close to what was refused.
            Headers that tell a limit are heeded.
        max_rate: Upper bound of a rate that is found out; None for none.
        burst: Attempts that may go together after a rest, at least 1.

    Raises:
        ValueError: An argument is out of its range.

    Strictly first in, first out. A waiter that is cancelled costs nothing. A 429 pauses everything
    for as long as the server asks, 300 s at most. Use it on one event loop at a time.
    """

    def __init__(
        self,
        *,
        concurrency: int = 32,
        rate: float | None = None,
        max_rate: float | None = None,
        burst: int = 1,
    ) -> None:
        if concurrency < 1 or burst < 1:
            raise ValueError("concurrency and burst must be at least 1")
        for name, value in (("rate", rate), ("max_rate", max_rate)):
            if value is not None and not 0 < value <= math.inf:
                raise ValueError(f"{name} must be above 0 requests per second, not {value!r}")
        self._concurrency = concurrency
        self._throttle = RateController(rate=rate, max_rate=max_rate, burst=burst)
        self._order = itertools.count()
        # Place in the queue, a number to tell equal places apart, who waits, and what for.
        self._queue: list[tuple[int, int, _Slot, asyncio.Future[None]]] = []
        self._waiting = 0
        self._in_use = 0
        self._granted = 0
        self._throttled = 0
        # Whether `answered` is called; whoever uses slots by hand need not.
        self._informed = False
        self._refused_sent: float | None = None
        self._refusals = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    def __repr__(self) -> str:
        return f"<RateLimiter {self.statistics()}>"

    def slot(self) -> "_Slot":
        """Return ``async with`` context for one attempt: concurrency, then pace, then the pause.

        Entered again after it was left, it keeps its place: a throttled request goes to the front.
        """
        return _Slot(self, next(self._order))

    def answered(self, *, sent: float, status: int, headers: Mapping[str, str]) -> None:
        """Hear of an answer; the client tells of each one. See `InformedLimiter`."""
        self._informed = True
        now = self._now()
        if status in _UNTELLING or status >= 500:  # noqa: PLR2004  HTTP's own class
            # What a broken server or a wrong key answers says nothing of the limit; `throttled`
            # comes next if this was a refusal after all.
            self._refused_sent = sent
            return
        self._throttle.answered(now, sent)
        if (quota := read_rate_limit_headers(headers)) is not None:
            jitter = random.random()  # noqa: S311  jitter
            self._throttle.advised(now, quota, sent=sent, jitter=jitter)
            self._pump()

    def throttled(self, retry_after: float | None) -> None:
        """Pause everything, because the server answered 429.

        Args:
            retry_after: Seconds that the server asks for; None if it did not say.
        """
        sent, self._refused_sent = self._refused_sent, None
        jitter = random.random()  # noqa: S311  jitter
        self._throttle.throttled(self._now(), retry_after, sent=sent, jitter=jitter)
        self._throttled += 1
        self._refusals += not self._informed
        self._pump()

    @property
    def concurrency(self) -> int:
        """Attempts under way at the same time at most."""
        return self._concurrency

    def has_room(self) -> bool:
        """Whether a slot is to be had at once."""
        if self._waiting or self._in_use >= self._concurrency:
            return False
        now = self._now()
        return self._throttle.ready_at(now) <= now

    @property
    def found_rate(self) -> float | None:
        """Attempts per second that were found to hold; None if that was given or is not known."""
        return self._throttle.found

    def resume(self, rate: float) -> None:
        """Begin at a rate that was found earlier for the same key; no effect once one was found.

        Args:
            rate: `found_rate` of that time, attempts per second.

        Raises:
            ValueError: It is not above 0.
        """
        if not 0 < rate < math.inf:
            raise ValueError(f"rate must be above 0 requests per second, not {rate!r}")
        self._throttle.resume(rate)

    def paused_seconds(self) -> float:
        """Return the seconds for which everything has been paused so far."""
        gate = self._throttle.gate
        return gate.paused_seconds(self._now()) if gate.ever_closed else 0.0

    def statistics(self) -> LimiterStatistics:
        """Return what the limiter is doing now."""
        now = self._now()
        gate, rate = self._throttle.gate, self._throttle.rate
        return LimiterStatistics(
            in_use=self._in_use,
            waiting=self._waiting,
            granted=self._granted,
            throttled=self._throttled,
            rate=rate if math.isfinite(rate) else None,
            pause_left=max(0.0, gate.until - now),
            paused_seconds=gate.paused_seconds(now),
        )

    def _now(self) -> float:
        return self._loop.time() if self._loop else 0.0

    def _bind(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return loop
        if self._in_use or self._waiting:
            raise RuntimeError("this RateLimiter is in use on another event loop")
        # Clocks of two loops have nothing in common: keep the rate, forget the times.
        self._loop = loop
        self._throttle = self._throttle.restarted()
        self._queue.clear()
        self._timer = None
        return loop

    def _acquire_now(self, slot: "_Slot") -> bool:
        """Grant without waiting if that is possible, as it mostly is where there is no pace."""
        slot.since = now = self._bind().time()
        free = not self._waiting and self._in_use < self._concurrency
        if free and self._throttle.ready_at(now) <= now:
            self._take(slot, now)
            return True
        return False

    async def _acquire(self, slot: "_Slot") -> None:
        loop = self._bind()
        while True:
            slot.waiter = loop.create_future()
            self._waiting += 1
            heapq.heappush(self._queue, (slot.order, next(self._order), slot, slot.waiter))
            self._pump()
            try:
                if not slot.waiter.done():
                    await slot.waiter
            except asyncio.CancelledError:
                self._withdraw(slot)
                raise
            # Between the grant and this line a 429 may have closed the gate.
            if self._throttle.gate.until <= loop.time():
                return
            self._withdraw(slot)

    def _withdraw(self, slot: "_Slot") -> None:
        granted = slot.waiter is not None and slot.waiter.done() and not slot.waiter.cancelled()
        slot.waiter = None
        if granted:
            self._throttle.give_back()
            self._granted -= 1
            self._release()
        else:
            # Left in the queue, where the pump steps over it: to search for it would cost time in
            # proportion to those who wait, for each of them when all are cancelled.
            self._waiting -= 1
            self._pump()

    def _leave(self, slot: "_Slot", *, failed: bool) -> None:
        slot.waiter = None
        if not self._informed:
            # All there is to go by: an attempt that ends well, and before whose end nobody spoke of
            # a refusal.
            if self._refusals:
                self._refusals -= 1
            elif not failed:
                self._throttle.answered(self._now(), slot.granted)
        self._release()

    def _release(self) -> None:
        first = self._first() if self._in_use == self._concurrency else None
        if first is not None:
            # It was held up by concurrency and not by late timers: the pacer shall not make up for
            # that time.
            first.since = self._now()
        self._in_use -= 1
        self._pump()

    def _first(self) -> "_Slot | None":
        """Return who is first in the queue, after those who have given up were taken out."""
        while self._queue:
            *_, slot, waiter = self._queue[0]
            if waiter is slot.waiter and not waiter.cancelled():
                return slot
            heapq.heappop(self._queue)
        return None

    def _pump(self) -> None:
        """Grant to as many of the first waiters as may go now; set the timer for the next."""
        while self._in_use < self._concurrency and (slot := self._first()) is not None:
            now = self._now()
            ready = self._throttle.ready_at(slot.since)
            if ready > now:
                self._set_timer(ready)
                return
            heapq.heappop(self._queue)
            self._waiting -= 1
            self._take(slot, now)
            if slot.waiter is not None:
                slot.waiter.set_result(None)
        if not self._waiting and self._timer is not None:
            # Nobody is left who could be woken; a pause may be long.
            self._timer.cancel()
            self._timer = None

    def _take(self, slot: "_Slot", now: float) -> None:
        self._in_use += 1
        self._granted += 1
        slot.granted = now
        self._throttle.take(now, slot.since)

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            if self._timer_at == when:
                return
            self._timer.cancel()
        if self._loop is not None:
            # Remembered, because a timer of uvloop does not always tell when it fires.
            self._timer, self._timer_at = self._loop.call_at(when, self._wake), when

    def _wake(self) -> None:
        self._timer = None
        self._pump()


class _Slot:
    """One attempt's place in the queue."""

    __slots__ = ("_limiter", "granted", "order", "since", "waiter")

    def __init__(self, limiter: RateLimiter, order: int) -> None:
        self._limiter = limiter
        self.order = order
        self.since = 0.0
        self.granted = 0.0
        self.waiter: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        limiter = self._limiter
        if not limiter._acquire_now(self):  # noqa: SLF001  two halves of one object
            await limiter._acquire(self)  # noqa: SLF001
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._limiter._leave(self, failed=exc is not None)  # noqa: SLF001  two halves of one object
