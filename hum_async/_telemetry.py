"""What is told of look-ups, jobs and requests, where somebody has asked for telemetry.

Nothing here knows OpenTelemetry: `hum_async.otel` is what listens. What is told holds no address,
no token and no key.
"""

from collections.abc import Callable, Coroutine, Hashable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from contextvars import Context
from typing import Any, Literal, Self, TypeVar

T = TypeVar("T")

# All who import the package pay for what follows: neither an enum nor abstract classes, which take
# the interpreter ten times as long to make as plain ones.

Owner = Literal["client", "hub", "job", "watcher"]
"""Whose an operation is."""


class Operation:
    """A look-up, a watched session, a job or a single call, from its beginning to its end.

    As a context manager it is active, and ends with the block.
    """

    def active(self) -> AbstractContextManager[object]:
        """Return a context whose requests belong to it."""
        raise NotImplementedError

    def settle(self, outcome: str | None, error: BaseException | None = None) -> None:
        """Record what came of it; the first time counts.

        Args:
            outcome: An `Outcome` or the kind of an update; None for what has none.
            error: Why, if it is an error; its class alone is told.
        """
        raise NotImplementedError

    def joined(self) -> None:
        """Record that whoever is active now waits for it as well."""
        raise NotImplementedError

    def end(self) -> None:
        """End it. Idempotent."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        raise NotImplementedError


class Telemetry:
    """Who is told: what OpenTelemetry's part overrides. It must not raise, nor wait."""

    def lookup(self, owner: Owner) -> Operation:
        """Begin a look-up, or for the owner ``watcher`` a session that is watched to its end."""
        raise NotImplementedError

    def job(self) -> Operation:
        """Begin a job of many addresses."""
        raise NotImplementedError

    def call(self, route: str) -> Operation:
        """Begin a single call of an endpoint, with the requests that it takes."""
        raise NotImplementedError

    def sending(self, route: str) -> None:
        """Tell that a request is sent, as part of the operation that is active."""
        raise NotImplementedError

    def answered(self, route: str, ended: int | str, *, failed: bool, seconds: float) -> None:
        """Tell how that request ended.

        Args:
            route: Method and path, without what may be a token.
            ended: Status of the answer, or the class of the error that came instead.
            failed: Whether it did not succeed.
            seconds: Its duration.
        """
        raise NotImplementedError

    def unreadable(self, error: BaseException) -> None:
        """Tell that the answer, a success by its status, is none."""
        raise NotImplementedError

    def waited(self, seconds: float) -> None:
        """Tell how long a slot of the limiter was waited for."""
        raise NotImplementedError

    def row(self, outcome: str) -> None:
        """Tell that a job has handed out a row."""
        raise NotImplementedError

    def subscribers(self, change: int) -> None:
        """Tell that a hub has more (or less) streams open."""
        raise NotImplementedError


class Operations:
    """The operations of look-ups that take turns: one for each, active while it is served.

    Args:
        owner: Whose they are.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner: Owner = owner
        self._open: dict[Hashable, Operation] = {}

    def begin(
        self, telemetry: Telemetry, key: Hashable, *, origin: Context | None = None
    ) -> Operation:
        """Return the operation of a look-up, begun now unless it was before.

        Args:
            telemetry: Who is told.
            key: The look-up.
            origin: The context in which it was asked for; None for the present one.
        """
        operation = self._open.get(key)
        if operation is None:
            begin, owner = telemetry.lookup, self._owner
            operation = begin(owner) if origin is None else origin.run(begin, owner)
            self._open[key] = operation
        return operation

    def joined(self, key: Hashable) -> None:
        """Record that whoever is active now waits for a look-up as well."""
        if (operation := self._open.get(key)) is not None:
            operation.joined()

    def settle(self, key: Hashable, outcome: str, error: BaseException | None = None) -> None:
        """Record what came of a look-up, and end it."""
        if (operation := self._open.pop(key, None)) is not None:
            operation.settle(outcome, error)
            operation.end()

    def end(self, key: Hashable) -> None:
        """End a look-up that came to nothing."""
        if (operation := self._open.pop(key, None)) is not None:
            operation.end()

    def end_all(self) -> None:
        """End all of them."""
        while self._open:
            self._open.popitem()[1].end()


async def within(operation: Operation, work: Coroutine[Any, Any, T]) -> T:
    """Do some work with an operation active, without ending that."""
    with operation.active():
        return await work


class MeasuredSlot:
    """A slot of a limiter that tells how long it was waited for, each time it is entered.

    Args:
        slot: The slot.
        telemetry: Who is told.
        clock: Seconds.
    """

    __slots__ = ("_clock", "_slot", "_telemetry")

    def __init__(
        self,
        slot: AbstractAsyncContextManager[object],
        telemetry: Telemetry,
        clock: Callable[[], float],
    ) -> None:
        self._slot = slot
        self._telemetry = telemetry
        self._clock = clock

    async def __aenter__(self) -> object:
        asked = self._clock()
        entered = await self._slot.__aenter__()
        self._telemetry.waited(self._clock() - asked)
        return entered

    async def __aexit__(self, *exc: Any) -> bool | None:  # noqa: PYI036  handed on as they are
        return await self._slot.__aexit__(*exc)
