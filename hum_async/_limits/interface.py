"""What clients, watchers and jobs need of a limiter, whoever made it."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Protocol

from hum_async._limits.priorities import Priority


class HeldSlot(Protocol):
    """A slot that is held already."""

    @property
    def granted(self) -> float:
        """When it was given, in the event loop's time."""
        ...

    def leave(self) -> None:
        """Give it back; called once, however its attempt ended."""


class Limiter(ABC):
    """What clients, watchers and jobs need of a limiter.

    Bring your own, for instance to share a limit with other programs: `slot` is enough where the
    server refuses nothing. Where it may answer 429, override `throttled` as well and give no slot
    until the pause is over: by default nothing pauses, and refused requests go again at once.
    Override more to learn more; each method says what its default means.
    """

    _knows_priorities: ClassVar[bool] = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "slot" in vars(cls) and "slot_at_once" not in vars(cls):
            # What hands out slots of its own shall hand out all of them.
            cls.slot_at_once = Limiter.slot_at_once  # type: ignore[method-assign]
        parameters = inspect.signature(cls.slot).parameters.values()
        cls._knows_priorities = any(
            each.name == "priority" or each.kind is each.VAR_KEYWORD for each in parameters
        )

    @abstractmethod
    def slot(self, *, priority: Priority = Priority.NORMAL) -> AbstractAsyncContextManager[object]:
        """Return a context that holds one attempt while it is entered.

        It must be possible to enter the same context again after it was left (so no
        ``@asynccontextmanager``): a throttled request keeps its place in the queue like this.

        Args:
            priority: How urgent the attempt is. A limiter that makes no difference may leave this
                argument out; then it is asked without.
        """

    def slot_for(self, priority: Priority) -> AbstractAsyncContextManager[object]:
        """Return a slot of this priority, or just a slot if the limiter makes no difference."""
        return self.slot(priority=priority) if self._knows_priorities else self.slot()

    def slot_at_once(self, priority: Priority) -> "HeldSlot | None":
        """Return a slot that is held already, if one is to be had without waiting; else None.

        Watchers and jobs ask for one before they wait for a `slot_for`: entering and leaving that
        takes two coroutines for each request. By default None, which is always right.

        Args:
            priority: How urgent the attempt is.
        """
        del priority
        return None

    def answered(
        self,
        *,
        sent: float,
        status: int,
        headers: Mapping[str, str],
        refused: bool,
        retry_after: float | None,
    ) -> None:
        """Learn from an answer; called once for each, before anything else is made of it.

        Args:
            sent: When the request went out, in the event loop's time.
            status: HTTP status.
            headers: Headers of the answer; names are found in lower case.
            refused: The server refused it because of its rate limit: 429, or 503 with Retry-After.
            retry_after: Seconds that a refusal asks to wait; None if it does not say.

        By default this calls `throttled` for refusals and ignores all other answers.
        """
        del sent, status, headers
        if refused:
            self.throttled(retry_after)

    def serves(self, account: str) -> None:  # noqa: B027  a default that does nothing
        """Learn for whom it is used; called by each client that begins to use it.

        Args:
            account: A name that all clients of the same key and host share, and that tells neither.
        """

    def throttled(self, retry_after: float | None) -> None:  # noqa: B027  a default that does nothing
        """Pause everything because the server answered 429; by default nothing is done.

        Args:
            retry_after: Seconds that the server asks for; None if it did not say.
        """

    def paused_seconds(self) -> float:
        """Return the seconds for which everything has been paused so far; by default 0.

        The budget of polling a session stands still during pauses.
        """
        return 0.0

    @property
    def concurrency(self) -> int | None:
        """Attempts under way at the same time at most; by default None, not known."""
        return None

    def has_room(self) -> bool:
        """Return whether a slot is to be had at once; by default False, not known."""
        return False

    @property
    def found_rate(self) -> float | None:
        """Attempts per second that were found to hold; by default None, not known."""
        return None

    def resume(self, rate: float) -> None:  # noqa: B027  a default that does nothing
        """Begin at a `found_rate` of an earlier time; by default nothing is done."""
