"""The events of one look-up, kept for subscribers that come late or come back.

All subscribers share one buffer and none has a queue: each only remembers how far it has read, so
a slow one costs nothing, and one that comes back goes on where it was.
"""

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter
from typing import Protocol

from hum_async.web.events import EventKind, HubEvent

LONGEST = 64
"""Events that are kept; a reader who has missed more than these gets a snapshot instead."""


PlacedEvent = tuple[HubEvent, HubEvent | None]
"""An event, and where its look-up stands after it, at the same position, if it changed that."""


class Reader(Protocol):
    """A subscriber of replay buffers."""

    def wake(self, buffer: "ReplayBuffer") -> None:
        """Look at a buffer again, because it has a new event."""


class Outlet(Protocol):
    """Where the events of a look-up are written."""

    def add(self, event: HubEvent, *, snapshot: HubEvent | None = None) -> None:
        """Append an event.

        Args:
            event: The event.
            snapshot: Where the look-up stands now, if the event changed that; at its position.
        """


class ReplayBuffer:
    """The events of one look-up.

    Args:
        snapshot: Where the look-up stands at its beginning; None if that is yet to be heard.
    """

    __slots__ = ("_dropped_until", "_events", "readers", "snapshot")

    def __init__(self, snapshot: HubEvent | None) -> None:
        self.snapshot = snapshot
        self.readers: set[Reader] = set()
        self._events: list[HubEvent] = []
        # Events up to here are dropped: a reader that has not read them needs the snapshot.
        self._dropped_until = -1 if snapshot is None else snapshot.position

    @property
    def begun(self) -> bool:
        """Whether it is known where the look-up stands."""
        return self.snapshot is not None or bool(self._events)

    @property
    def last(self) -> int:
        """Position of the last event; -1 if there is none."""
        if self._events:
            return self._events[-1].position
        return -1 if self.snapshot is None else self.snapshot.position

    @property
    def ended(self) -> bool:
        """Whether the last event is there."""
        return bool(self._events) and self._events[-1].kind == EventKind.DONE

    def add(self, event: HubEvent, *, snapshot: HubEvent | None = None) -> None:
        """Append an event.

        Args:
            event: The event.
            snapshot: Where the look-up stands now, if the event changed that; at its position.
        """
        self._keep(event, snapshot)
        self._wake()

    def hear(self, events: Iterable[PlacedEvent]) -> bool:
        """Take events that were read in a log; return whether some are new here.

        What comes before the first event of the look-up is left to who reads all of them.
        """
        new = False
        for event, snapshot in events:
            first = event.kind == EventKind.SNAPSHOT
            if self.begun != (not first) or event.position <= self.last or self.ended:
                continue
            new = True
            if first:
                self.snapshot, self._dropped_until = event, event.position
            else:
                self._keep(event, snapshot)
        if new:
            self._wake()
        return new

    def after(self, position: int) -> HubEvent | None:
        """Return the first event for a reader that has read up to `position`, if there is one."""
        if position < self._dropped_until:
            return self.snapshot
        index = bisect_right(self._events, position, key=attrgetter("position"))
        return self._events[index] if index < len(self._events) else None

    def _keep(self, event: HubEvent, snapshot: HubEvent | None) -> None:
        self._events.append(event)
        if snapshot is not None:
            self.snapshot = snapshot
        if len(self._events) > LONGEST:
            self._dropped_until = self._events.pop(0).position

    def _wake(self) -> None:
        for reader in tuple(self.readers):
            reader.wake(self)
