"""Gives each free slot of a limiter to the request that is most urgent at that moment.

The request is chosen when the slot is granted and not when it is asked for, so that no choice grows
stale in the limiter's queue. Which request goes first is the work source's own decision.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from hum_async.limiter import Limiter, Priority

_EARLY = 1e-6
"""Seconds by which a timer may fire before its time; what is due then is due."""


class WorkSource(Protocol):
    """Where a dispatcher finds the requests to send."""

    def ready_at(self, now: float) -> float | None:
        """Return when there is a request to send; None while that needs a `wake`."""

    def take(self, now: float, due_by: float) -> Coroutine[Any, Any, None] | None:
        """Choose the request that a granted slot is used for; None if none is left.

        Args:
            now: When the slot was granted.
            due_by: What is due by then may be sent.
        """


class Dispatcher:
    """Sends the requests of a work source, each under a slot; requests run beside each other.

    One worker at a time seeks a slot; with the slot it chooses a request, and while it sends that
    the next worker seeks. Where slots are to be had at once, several seek. A worker that is done
    seeks again by itself if there is more to send, so that under load no task is created and no
    turn of the event loop is waited for.

    Args:
        limiter: Where slots come from.
        priority: How urgent the requests are.
        waited: Told of each slot, for how many seconds it was waited for; None: nobody is told.
    """

    def __init__(
        self,
        limiter: Limiter,
        priority: Priority,
        *,
        waited: Callable[[float], None] | None = None,
    ) -> None:
        self._limiter = limiter
        self._priority = priority
        self._waited = waited
        self._work: WorkSource | None = None
        # More workers than the limiter lets run could only wait in its queue.
        self._max_workers: float = limiter.concurrency or math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._workers: asyncio.TaskGroup | None = None
        self._fault: asyncio.Future[None] | None = None
        self._seeking = 0
        self._busy = 0
        self._look_scheduled = False
        self._eager = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf

    def wake(self) -> None:
        """Look for requests again, because there may be new ones."""
        if self._loop is not None and not self._look_scheduled:
            # Not at once: the caller may be in the middle of something.
            self._look_scheduled = True
            self._loop.call_soon(self._look)

    async def run(self, work: WorkSource) -> None:
        """Serve until cancelled; no request is under way any more when this returns.

        Args:
            work: Where the requests come from. Its coroutines must not raise.

        Raises:
            Exception: The first error that the work raised, which is a bug of the work.
        """
        try:
            async with asyncio.TaskGroup() as self._workers:
                self._work, self._loop = work, asyncio.get_running_loop()
                self._fault = self._loop.create_future()
                # Tasks of a factory may take their first step before those who begin them go on.
                self._eager = self._loop.get_task_factory() is not None
                self.wake()
                await self._fault
        except ExceptionGroup as group:
            # One bug may strike several workers before the first has ended the others.
            raise group.exceptions[0] from None
        finally:
            self._loop = self._workers = self._work = None
            self._set_timer(math.inf)

    def _look(self) -> None:
        self._look_scheduled = False
        work, loop, workers, fault = self._work, self._loop, self._workers, self._fault
        if work is None or loop is None or workers is None or fault is None:
            return
        if fault.done():  # `run` is about to end: its task group takes no worker any more
            return
        try:
            if self._reserve_worker(loop, work):
                workers.create_task(self._serve(loop, work))
        except Exception as exc:  # noqa: BLE001  a bug of the work; `run` raises it
            fault.set_exception(exc)

    def _reserve_worker(self, loop: asyncio.AbstractEventLoop, work: WorkSource) -> bool:
        """Count one more worker as seeking if one is needed now; return whether it was.

        If none is needed yet, the timer is set for when one will be.
        """
        if self._seeking + self._busy >= self._max_workers:
            return False
        # Where a slot has to be waited for, a second worker would only wait behind the first.
        if self._seeking and not self._limiter.has_room():
            return False
        now = loop.time() + _EARLY
        when = work.ready_at(now)
        if when is None or when > now:
            self._set_timer(math.inf if when is None else when)
            return False
        self._seeking += 1
        return True

    def _set_timer(self, when: float) -> None:
        if when == self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, when
        if self._loop is not None and when < math.inf:
            self._timer = self._loop.call_at(when, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self._look()

    async def _serve(self, loop: asyncio.AbstractEventLoop, work: WorkSource) -> None:
        more = True
        while more:
            held = self._limiter.slot_at_once(self._priority)
            if held is None:
                asked = loop.time()
                async with self._limiter.slot_for(self._priority):
                    now = loop.time()
                    if self._waited is not None:
                        self._waited(now - asked)
                    await self._use(work, now)
            else:
                # As `_use` does, without a coroutine for it.
                try:
                    if self._waited is not None:
                        self._waited(0.0)
                    if (request := self._choose(work, held.granted)) is not None:
                        await request
                finally:
                    self._busy -= 1
                    held.leave()
            more = self._reserve_worker(loop, work)

    async def _use(self, work: WorkSource, now: float) -> None:
        """Use a slot that was granted."""
        try:
            if (request := self._choose(work, now)) is not None:
                await request
        finally:
            self._busy -= 1

    def _choose(self, work: WorkSource, now: float) -> Coroutine[Any, Any, None] | None:
        """Stop seeking, be busy, and return a request; let the next worker seek one."""
        self._seeking -= 1
        self._busy += 1
        request = work.take(now, now + _EARLY)
        if request is not None and self._seeking + self._busy < self._max_workers:
            if self._eager:
                # The next worker would send its request before this one, and begin another.
                self.wake()
            else:
                self._look()
        return request
