"""The time-outs of all requests under way, on one timer of the event loop."""

import asyncio
import math
from types import TracebackType


class Deadlines:
    """Cancels tasks whose time is up, as `asyncio.timeout` does.

    That, or the one of aiohttp, sets and cancels a timer for each request, which costs a tenth of
    the request, and hardly any of them ever fires. Here a request only enters itself; the one timer
    stands at the earliest deadline, or before it, because it is left alone when a request ends.

    Args:
        loop: The event loop of the tasks.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._entered: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf

    def within(self, seconds: float) -> "Deadline":
        """Return a context that raises `TimeoutError` if the task has not left it in time."""
        return Deadline(self, self.loop.time() + seconds)

    def close(self) -> None:
        """Leave no timer behind; every context has been left."""
        self._set_timer(math.inf)

    def enter(self, deadline: "Deadline") -> None:
        """Watch over a task from now on."""
        self._entered.add(deadline)
        if deadline.when < self._timer_at:
            self._set_timer(deadline.when)

    def leave(self, deadline: "Deadline") -> None:
        """Watch over a task no longer."""
        self._entered.discard(deadline)

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, when
        if when < math.inf:
            self._timer = self.loop.call_at(when, self._on_timer)

    def _on_timer(self) -> None:
        # The loop may fire a timer a little early, by the resolution of its clock.
        now = max(self.loop.time(), self._timer_at)
        for deadline in [one for one in self._entered if one.when <= now]:
            self._entered.discard(deadline)
            deadline.expire()
        self._timer = None
        self._set_timer(min((one.when for one in self._entered), default=math.inf))


class Deadline:
    """The time-out of one task, entered with ``with``.

    Args:
        deadlines: Watches over it.
        when: The event loop's time at which it is up.
    """

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "when")

    def __init__(self, deadlines: Deadlines, when: float) -> None:
        self._deadlines = deadlines
        self.when = when
        self._expired = False
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0

    def expire(self) -> None:
        """Cancel the task, whose time is up."""
        self._expired = True
        if self._task is not None:
            self._task.cancel()

    def __enter__(self) -> None:
        """Begin.

        Raises:
            RuntimeError: No task is running.
        """
        task = asyncio.current_task(self._deadlines.loop)
        if task is None:
            raise RuntimeError("a time-out needs a task")
        # Cancellations that came before are not ours to take back.
        self._task, self._cancelling = task, task.cancelling()
        self._deadlines.enter(self)

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None
    ) -> None:
        """End.

        Raises:
            TimeoutError: The task was cancelled because its time was up, and for no other reason.
        """
        self._deadlines.leave(self)
        task, self._task = self._task, None
        if (
            self._expired
            and task is not None
            and task.uncancel() <= self._cancelling
            and kind is asyncio.CancelledError
        ):
            raise TimeoutError from exc
