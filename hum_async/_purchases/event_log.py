"""The interface of an event log: what several processes show of their look-ups, in one order.

A ledger that several processes use at the same time has one. Whoever has a look-up appends its
events, and everybody reads them, so that each process shows the same events with the same ids. An
event holds what a browser may see, and neither a key nor a token.

A look-up belongs to the process that published it, until that process gives it back or is gone;
then another one adopts it.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import attrs


@attrs.frozen
class Shown:
    """An event before it has its place in the log.

    Attributes:
        kind: Its kind.
        payload: What is shown, as JSON.
        ends: Whether it is the last one of its look-up.
    """

    kind: str
    payload: bytes = attrs.field(repr=False)
    ends: bool = False


@attrs.frozen
class Logged:
    """An event of the log.

    Attributes:
        position: Its place among the events of all look-ups.
        id: The id that browsers know its look-up by.
        kind: Its kind.
        payload: What is shown, as JSON.
    """

    position: int
    id: str = attrs.field(repr=False)
    kind: str
    payload: bytes = attrs.field(repr=False)


@attrs.frozen
class Orphan:
    """A look-up without an end that nobody had, and that belongs to this process from now on.

    Attributes:
        id: Its id.
        address: Digest of its address, as in the ledger.
    """

    id: str = attrs.field(repr=False)
    address: bytes


class EventLog(Protocol):
    """The events of all processes that share a ledger.

    An implementation guarantees:

    * One order: who has read the events up to a position will find no other one below it.
    * One owner: events are taken only from the process that a look-up belongs to, and none after
      the one that ends it.
    * Order: the events of one process have the order in which they were appended.

    It waits for a server that is away, without an error.
    """

    async def secret(self) -> bytes:
        """Return 16 bytes or more that all processes with this ledger know and nobody else."""
        ...

    async def last(self) -> int:
        """Return the position of the last event so far."""
        ...

    def publish(self, lookup_id: str, address: bytes, first: Shown) -> asyncio.Future[None]:
        """Record a look-up with its first event; the future is done when that is safe.

        Args:
            lookup_id: Its id.
            address: Digest of its address, as in the ledger.
            first: Its first event.
        """
        ...

    def append(self, lookup_id: str, *events: Shown) -> asyncio.Future[bool]:
        """Append events; the future is done when they are safe.

        Its result is False if the look-up has ended or belongs to another process: then none of the
        events is kept.
        """
        ...

    async def read(self, after: int, whole: Collection[str] = ()) -> Sequence[Logged]:
        """Return the events beyond a position, and all events of some look-ups, in their order."""
        ...

    async def owned(self) -> Collection[str]:
        """Return the look-ups without an end that belong to this process."""
        ...

    async def adopt(self, limit: int) -> Sequence[Orphan]:
        """Take look-ups whose process is gone or gave them back.

        Args:
            limit: Their number at most.
        """
        ...

    async def release(self, ids: Collection[str]) -> None:
        """Give look-ups back that have no end, for another process to adopt."""
        ...

    async def attend(self, ids: Collection[str], seconds: float) -> None:
        """Record that look-ups are read now, and count as read for some seconds more."""
        ...

    async def unread(self) -> Sequence[str]:
        """Return look-ups of this process without an end that were read, and no longer are."""
        ...

    async def forget(self, age: float) -> None:
        """Forget the look-ups that were published more than so many seconds ago."""
        ...

    async def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever something may have changed, until this is cancelled."""
        ...
