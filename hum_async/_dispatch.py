"""Gives each free slot of a limiter to whatever is most urgent at that moment.

What to do is chosen when the slot is granted and not when it is asked for, so nothing grows stale
in the limiter's queue, and new work is only begun when no old work is due.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from hum_async.limiter import Limiter

__all__ = ["Dispatcher", "Work", "end_tasks"]

_EARLY = 1e-6
"""Seconds by which a timer may fire before its time; what is due then is due."""


class Work(Protocol):
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


class Dispatcher:
    """One loop that waits for due times and slots; requests run beside it.

    Args:
        limiter: Where slots come from; one is asked for at a time.
        work: What is served. What it returns must not raise, or `run` ends.
    """

    def __init__(self, limiter: Limiter, *, work: Work) -> None:
        self._limiter = limiter
        self._work = work
        self._wakeup = asyncio.Event()
        self._seeking = False

    def wake(self) -> None:
        """Tell that there may be something new to do."""
        self._wakeup.set()

    async def run(self) -> None:
        """Serve until cancelled; nothing runs any more when this has returned.

        Raises:
            Exception: Whatever the work raised, which is a bug of the work.
        """
        try:
            await self._serve_all()
        except ExceptionGroup as group:
            if len(group.exceptions) == 1:
                raise group.exceptions[0] from None
            raise

    async def _serve_all(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as requests:
            while True:
                self._wakeup.clear()
                now = loop.time() + _EARLY
                when = None if self._seeking else self._work.ready_at(now)
                if when is None:
                    await self._wakeup.wait()
                elif when > now:
                    await self._sleep_until(loop, when)
                else:
                    self._seeking = True
                    requests.create_task(self._serve(loop))

    async def _sleep_until(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        timer = loop.call_at(when, self._wakeup.set)
        try:
            await self._wakeup.wait()
        finally:
            timer.cancel()

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        async with self._limiter.slot():
            request = self._work.take(loop.time() + _EARLY)
            # From here on the dispatcher may ask for the next slot.
            self._seeking = False
            self.wake()
            if request is not None:
                await request
