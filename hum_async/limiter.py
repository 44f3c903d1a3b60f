"""The shared rate-limit semaphore: concurrency, pace and pause in one strictly fair queue."""

# A limiter and its slots are two halves of one object.
# pyright: reportPrivateUsage=false

import asyncio
import heapq
import itertools
import logging
import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

import attrs

from hum_async._limits.interface import HeldSlot, Limiter
from hum_async._limits.pacing import RateController
from hum_async._limits.priorities import LEAST_SHARE, Priority, Turns
from hum_async._limits.rate_limit_headers import names_limit, read_rate_limit_headers
from hum_async._values import Value
from hum_async.errors import ConfigurationError

if TYPE_CHECKING:
    from hum_async._limits.pace import Pace

__all__ = ["HeldSlot", "Limiter", "LimiterStatistics", "Priority", "RateLimiter"]

logger = logging.getLogger("hum_async.limits")
logger.addHandler(logging.NullHandler())

_NEVER = -math.inf
_KEY_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR.value


@attrs.frozen(eq=False, repr=False)
class LimiterStatistics(Value):
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


class RateLimiter(Limiter):
    """Bounds the requests of everything that shares it: clients, watchers, jobs.

    Args:
        concurrency: Attempts under way at the same time, at least 1.
        rate: Attempts per second; None finds the server's limit out: starts at 5/s, doubles after
            two round trips (0.05 to 1 s) until the first 429, then stays close to what was refused.
            Headers that name a limit are heeded.
        max_rate: Upper bound of a rate that is found out; None for none.
        burst: Attempts that may go together after a rest, at least 1.
        least_share: Share of the rate that each `Priority` with work gets, however much of a higher
            one waits; 0 to 1/3, and 0 lets lower ones wait for ever. What a priority does not use
            goes to the others.

    Raises:
        ValueError: An argument is out of its range.

    The highest priority goes first, and within a priority who came first. A waiter that is
    cancelled costs nothing. A 429 pauses everything for as long as the server asks, 300 s at most.
    Use it on one event loop at a time.
    """

    def __init__(
        self,
        *,
        concurrency: int = 32,
        rate: float | None = None,
        max_rate: float | None = None,
        burst: int = 1,
        least_share: float = LEAST_SHARE,
    ) -> None:
        if concurrency < 1 or burst < 1:
            raise ValueError("concurrency and burst must be at least 1")
        if not 0 <= least_share <= 1 / len(Priority):
            raise ValueError(f"least_share must be 0 to 1/{len(Priority)}, not {least_share!r}")
        for name, value in (("rate", rate), ("max_rate", max_rate)):
            if value is not None and not 0 < value <= math.inf:
                raise ValueError(f"{name} must be above 0 requests per second, not {value!r}")
        self._concurrency = concurrency
        self._controller: Pace = RateController(rate=rate, max_rate=max_rate, burst=burst)
        self._order = itertools.count()
        self._turns = Turns(least_share)
        # A queue for each priority. Of each who waits: place in the queue, a number that orders
        # equal places, the slot, and its future.
        self._queues: tuple[list[_Waiter], ...] = tuple([] for _ in Priority)
        self._waiting = 0
        self._waiting_by_priority = [0 for _ in Priority]
        self._in_use = 0
        self._granted = 0
        self._throttled = 0
        # Whether `answered` is called at all; users of bare slots need not call it.
        self._informed = False
        # Refusals reported by `throttled` alone, whose attempts have not been left yet.
        self._refusals = 0
        # For the log: no attempt has begun since the last pause; a rate is still to be found.
        self._pausing = self._searching = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    def __repr__(self) -> str:
        return f"<RateLimiter {self.statistics()}>"

    def slot(self, *, priority: Priority = Priority.NORMAL) -> "_Slot":
        """Return ``async with`` context for one attempt: concurrency, then pace, then the pause.

        Entered again after it was left, it keeps its place: a throttled request goes to the front
        of its priority.

        Args:
            priority: How urgent the attempt is.
        """
        return _Slot(self, next(self._order), priority)

    def slot_at_once(self, priority: Priority) -> "_HeldSlot | None":
        """Return a slot that is held already, if one is to be had without waiting."""
        del priority  # nobody waits who could be more urgent
        granted = self._take_at_once()
        return None if granted is None else _HeldSlot(self, granted)

    def answered(
        self,
        *,
        sent: float,
        status: int,
        headers: Mapping[str, str],
        refused: bool,
        retry_after: float | None,
    ) -> None:
        """Learn from an answer; the client reports each one. Arguments as of `Limiter.answered`."""
        self._informed = True
        if refused:
            self._pause(retry_after, sent=sent)
            return
        if status in _KEY_REFUSED or status >= _SERVER_ERROR:
            # The answer of a broken server, or to a wrong key, says nothing of the limit.
            return
        now = self._loop.time() if self._loop else 0.0  # as `_now`, for each answer
        self._controller.answered(now, sent)
        if names_limit(headers):
            self._advised(now, sent, headers)
        if self._searching and (rate := self._controller.found) is not None:
            self._searching = False
            logger.info("found a rate that holds: %.1f requests/s", rate)

    def throttled(self, retry_after: float | None) -> None:
        """Pause everything, because the server answered 429.

        Args:
            retry_after: Seconds that the server asks for; None if it did not say.
        """
        self._refusals += not self._informed
        self._pause(retry_after, sent=None)

    @property
    def concurrency(self) -> int:
        """Attempts under way at the same time at most."""
        return self._concurrency

    def has_room(self) -> bool:
        """Whether a slot is to be had at once."""
        if self._waiting or self._in_use >= self._concurrency:
            return False
        now = self._now()
        return self._controller.ready_at(now) <= now

    @property
    def found_rate(self) -> float | None:
        """Attempts per second that were found to hold; None if that was given or is not known."""
        return self._controller.found

    def resume(self, rate: float) -> None:
        """Begin at a rate that was found earlier for the same key; no effect once one was found.

        Args:
            rate: `found_rate` of that time, attempts per second.

        Raises:
            ValueError: It is not above 0.
        """
        if not 0 < rate < math.inf:
            raise ValueError(f"rate must be above 0 requests per second, not {rate!r}")
        self._controller.resume(rate)

    def paused_seconds(self) -> float:
        """Return the seconds for which everything has been paused so far."""
        gate = self._controller.gate
        return 0.0 if gate.until == _NEVER else gate.paused_seconds(self._now())

    def statistics(self) -> LimiterStatistics:
        """Return what the limiter is doing now."""
        now = self._now()
        gate, rate = self._controller.gate, self._controller.rate
        return LimiterStatistics(
            in_use=self._in_use,
            waiting=self._waiting,
            granted=self._granted,
            throttled=self._throttled,
            rate=rate if math.isfinite(rate) else None,
            pause_left=max(0.0, gate.until - now),
            paused_seconds=gate.paused_seconds(now),
        )

    def _advised(self, now: float, sent: float, headers: Mapping[str, str]) -> None:
        told = read_rate_limit_headers(headers, now=datetime.now(UTC))
        if told is not None:
            self._controller.advised(now, told, sent=sent, jitter=random.random())  # noqa: S311
            self._note_pause(now, "by a header: no request is left of the quota")
            self._grant_waiting()

    def _pause(self, retry_after: float | None, *, sent: float | None) -> None:
        now = self._now()
        jitter = random.random()  # noqa: S311  jitter
        self._controller.throttled(now, retry_after, sent=sent, jitter=jitter)
        self._throttled += 1
        self._searching = self._searching or self._controller.searching
        self._note_pause(now, "by a refusal (429)")
        self._grant_waiting()

    def _note_pause(self, now: float, why: str) -> None:
        """Log the beginning of a pause; its end is logged by `_take`."""
        seconds = self._controller.gate.until - now
        if seconds > 0.0 and not self._pausing:
            self._pausing = True
            logger.warning("requests are paused for %.1f s %s", seconds, why)

    def _now(self) -> float:
        return self._loop.time() if self._loop else 0.0

    def _bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to be used on another event loop.

        Raises:
            ConfigurationError: It is still in use on the one before.
        """
        if self._in_use or self._waiting:
            raise ConfigurationError(
                "this RateLimiter is in use on another event loop that is running; "
                "create one limiter, and one client, for each of them"
            )
        # Clocks of two loops have nothing in common: keep the rate, forget the times.
        self._loop = loop
        self._controller = self._controller.restarted()
        for queue in self._queues:
            queue.clear()
        self._timer = None
        self._pausing = False

    def _take_at_once(self) -> float | None:
        """Grant without waiting if that is possible, as it mostly is where there is no pace.

        Returns:
            The event loop's time if it was granted, else None.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._bind(loop)
        if self._waiting or self._in_use >= self._concurrency:
            return None
        now = loop.time()
        if self._controller.ready_at(now) > now:
            return None
        self._take(now, now)
        return now

    async def _acquire(self, slot: "_Slot") -> None:
        # `_take_at_once` came before, and has bound this loop.
        loop = asyncio.get_running_loop()
        slot.since = loop.time()
        while True:
            slot.waiter = loop.create_future()
            self._waiting += 1
            self._waiting_by_priority[slot.priority] += 1
            waiter = (slot.order, next(self._order), slot, slot.waiter)
            heapq.heappush(self._queues[slot.priority], waiter)
            self._grant_waiting()
            try:
                if not slot.waiter.done():
                    await slot.waiter
            except asyncio.CancelledError:
                self._withdraw(slot)
                raise
            # Between the grant and this line a 429 may have closed the gate.
            if self._controller.gate.until <= loop.time():
                return
            self._withdraw(slot)

    def _withdraw(self, slot: "_Slot") -> None:
        granted = slot.waiter is not None and slot.waiter.done() and not slot.waiter.cancelled()
        slot.waiter = None
        if granted:
            self._controller.give_back()
            self._granted -= 1
            self._release()
        else:
            # Left in the queue, where the pump steps over it: to search for it would cost time in
            # proportion to those who wait, for each of them when all are cancelled.
            self._waiting -= 1
            self._waiting_by_priority[slot.priority] -= 1
            self._grant_waiting()

    def _count_served(self, granted: float, *, failed: bool) -> None:
        """Learn from the end of an attempt, where `answered` is not called.

        It counts as served if it ends without an exception and no refusal was reported meanwhile.
        """
        if self._refusals:
            self._refusals -= 1
        elif not failed:
            self._controller.answered(self._now(), granted)

    def _release(self) -> None:
        waiting = None
        if self._waiting and self._in_use == self._concurrency:
            # They were held up by concurrency and not by late timers: the pacer shall not make up
            # for that time.
            waiting, now = self._with_work(), self._now()
            for queue in waiting:
                queue[0][2].since = now
        self._in_use -= 1
        if self._waiting or self._timer is not None:
            self._grant_waiting(waiting)

    def _with_work(self) -> "list[list[_Waiter]]":
        """Return the queues in which somebody waits, after taking out who has given up."""
        found: list[list[_Waiter]] = []
        for queue in self._queues:
            while queue:
                first = queue[0]
                if first[3] is first[2].waiter and not first[3].cancelled():
                    found.append(queue)
                    break
                heapq.heappop(queue)
        return found

    def _grant_waiting(self, waiting: "list[list[_Waiter]] | None" = None) -> None:
        """Grant to as many of the first waiters as may go now; set the timer for the next.

        Args:
            waiting: What `_with_work` returns, if that is known.
        """
        while self._waiting and self._in_use < self._concurrency:
            waiting = waiting or self._with_work()
            if not waiting:
                break
            now, since = self._now(), waiting[0][0][2].since
            for queue in waiting[1:]:
                # Somebody has waited since then, whoever goes first.
                since = min(since, queue[0][2].since)
            ready = self._controller.ready_at(since)
            if ready > now:
                self._set_timer(ready)
                return
            slot, waiter = self._next_of(waiting)
            waiting = None
            self._waiting -= 1
            self._waiting_by_priority[slot.priority] -= 1
            slot.granted = now
            self._take(now, since)
            waiter.set_result(None)
        if not self._waiting and self._timer is not None:
            # Nobody is left who could be woken; a pause may be long.
            self._timer.cancel()
            self._timer = None

    def _next_of(self, waiting: "list[list[_Waiter]]") -> "tuple[_Slot, asyncio.Future[None]]":
        """Take the waiter whose turn it is out of its queue."""
        if len(waiting) == 1:
            *_, slot, waiter = heapq.heappop(waiting[0])
            return slot, waiter
        priorities = [queue[0][2].priority for queue in waiting]
        chosen = self._turns.next(priorities)
        self._turns.taken(chosen, priorities)
        *_, slot, waiter = heapq.heappop(self._queues[chosen])
        return slot, waiter

    def _take(self, now: float, since: float) -> None:
        self._in_use += 1
        self._granted += 1
        self._controller.take(now, since)
        if self._pausing:
            self._pausing = False
            logger.info("requests go on, at most %.1f per second", self._controller.rate)

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            if self._timer_at == when:
                return
            self._timer.cancel()
            self._timer = None
        if self._loop is not None and when < math.inf:
            # Remembered, because a timer of uvloop need not have `when()`.
            self._timer, self._timer_at = self._loop.call_at(when, self._wake), when

    def _wake(self) -> None:
        self._timer = None
        self._grant_waiting()


class _Slot:
    """One attempt's place in the queue."""

    __slots__ = ("_limiter", "granted", "order", "priority", "since", "waiter")

    def __init__(self, limiter: RateLimiter, order: int, priority: Priority) -> None:
        self._limiter = limiter
        self.order = order
        self.priority = priority
        self.since = 0.0
        self.granted = 0.0
        self.waiter: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        limiter = self._limiter
        granted = limiter._take_at_once()  # noqa: SLF001  two halves of one object
        if granted is None:
            await limiter._acquire(self)  # noqa: SLF001  as above
        else:
            self.granted = granted
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        self.waiter = None
        limiter = self._limiter
        if not limiter._informed:  # noqa: SLF001  as above
            limiter._count_served(self.granted, failed=exc_type is not None)  # noqa: SLF001
        limiter._release()  # noqa: SLF001


class _HeldSlot:
    """One attempt that had not to wait; half of what a `_Slot` costs."""

    __slots__ = ("_limiter", "granted")

    def __init__(self, limiter: RateLimiter, granted: float) -> None:
        self._limiter = limiter
        self.granted = granted

    def leave(self) -> None:
        """Give it back, as `HeldSlot` says."""
        limiter = self._limiter
        if not limiter._informed:  # noqa: SLF001  as above
            limiter._count_served(self.granted, failed=False)  # noqa: SLF001
        limiter._release()  # noqa: SLF001


_Waiter = tuple[int, int, _Slot, "asyncio.Future[None]"]
