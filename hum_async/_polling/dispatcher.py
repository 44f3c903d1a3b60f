"""Gives each free slot of a limiter to whatever is most urgent at that moment.

What to do is chosen when the slot is granted and not when it is asked for, so nothing grows stale
in the limiter's queue; what goes first is the work's own decision.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from hum_async.limiter import Limiter

__all__ = ["Dispatcher", "WorkSource", "end_tasks"]

_EARLY = 1e-6
"""Seconds by which a timer may fire before its time; what is due then is due."""


class WorkSource(Protocol):
    """What a dispatcher serves."""

    def ready_at(self, now: float) -> float | None:
        """Return when there will be something to do; None if that needs a `wake`."""

    def take(self, now: float) -> Coroutine[Any, Any, None] | None:
        """Choose what to do under a slot that has just been granted, if anything is left."""


async def end_tasks(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks and return when they have ended, even if we are cancelled meanwhile."""
    for task in tasks:
        task.cancel()
    interrupted: asyncio.CancelledError | None = None
    while not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError as exc:
            interrupted = exc
    if interrupted is not None:
        raise interrupted


def _never() -> bool:
    return False


class Dispatcher:
    """Looks for due work and has it done; requests run beside each other.

    One worker at a time seeks a slot; with the slot it chooses what to do, and while it does that
    the next one seeks. Where slots are to be had at once, several do. A worker that is done seeks
    again by itself if there is more to do, so that under load no task is begun and no turn of the
    event loop is waited for.

    Args:
        limiter: Where slots come from.
        work: What is served. What it returns must not raise, or `run` ends.
    """

    def __init__(self, limiter: Limiter, *, work: WorkSource) -> None:
        self._limiter = limiter
        self._work = work
        # More workers than a limiter lets run could only wait in its queue.
        most = getattr(limiter, "concurrency", None)
        self._most: float = most if isinstance(most, int) else math.inf
        self._has_room: Callable[[], bool] = getattr(limiter, "has_room", _never)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._workers: asyncio.TaskGroup | None = None
        self._fault: asyncio.Future[None] | None = None
        self._seeking = 0
        self._looking = False
        self._busy = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf

    def wake(self) -> None:
        """Tell that there may be something new to do."""
        if self._loop is not None and not self._looking:
            # Not at once: whoever tells may be in the middle of something.
            self._looking = True
            self._loop.call_soon(self._look)

    async def run(self) -> None:
        """Serve until cancelled; nothing runs any more when this has returned.

        Raises:
            Exception: Whatever the work raised first, which is a bug of the work.
        """
        try:
            async with asyncio.TaskGroup() as self._workers:
                self._loop = asyncio.get_running_loop()
                self._fault = self._loop.create_future()
                self.wake()
                await self._fault
        except ExceptionGroup as group:
            # One bug may strike several workers before the first has ended the others.
            raise group.exceptions[0] from None
        finally:
            self._loop = self._workers = None
            self._set_timer(math.inf)

    def _look(self) -> None:
        self._looking = False
        if self._workers is None or self._loop is None or self._fault is None:
            return
        if self._fault.done():  # about to end: no worker can be begun any more
            return
        try:
            if self._has_more(self._loop):
                self._workers.create_task(self._serve(self._loop))
        except Exception as exc:  # noqa: BLE001  a bug of the work; `run` raises it
            self._fault.set_exception(exc)

    def _has_more(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether one more worker has to seek a slot now; if so it is taken to do that."""
        if self._seeking + self._busy >= self._most:
            return False
        # Where one has to wait for a slot, another one would only wait behind it.
        if self._seeking and not self._has_room():
            return False
        now = loop.time() + _EARLY
        when = self._work.ready_at(now)
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
            self._timer = self._loop.call_at(when, self._alarm)

    def _alarm(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self._look()

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        more = True
        while more:
            async with self._limiter.slot():
                request = self._work.take(loop.time() + _EARLY)
                self._seeking -= 1
                if request is not None:
                    self._busy += 1
                    self._look()
                    try:
                        await request
                    finally:
                        self._busy -= 1
            more = self._has_more(loop)
