"""The events of one look-up, kept for subscribers that come late or come back.

All subscribers share one buffer and none has a queue: each only remembers how far it has read, so
a slow one costs nothing, and one that comes back goes on where it was.
"""

from bisect import bisect_right
from operator import attrgetter
from typing import Protocol

from hum_async.web.events import EventKind, HubEvent

LONGEST = 64
"""Events that are kept; a reader who has missed more than these gets a snapshot instead."""


class Reader(Protocol):
    """A subscriber of replay buffers."""

    def wake(self, buffer: "ReplayBuffer") -> None:
        """Look at a buffer again, because it has a new event."""


class ReplayBuffer:
    """The events of one look-up.

    Args:
        snapshot: Where the look-up stands at its beginning.
    """

    __slots__ = ("_dropped_until", "_events", "readers", "snapshot")

    def __init__(self, snapshot: HubEvent) -> None:
        self.snapshot = snapshot
        self.readers: set[Reader] = set()
        self._events: list[HubEvent] = []
        # Events up to here are dropped: a reader that has not read them needs the snapshot.
        self._dropped_until = snapshot.position

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
        self._events.append(event)
        if snapshot is not None:
            self.snapshot = snapshot
        if len(self._events) > LONGEST:
            self._dropped_until = self._events.pop(0).position
        for reader in self.readers:
            reader.wake(self)

    def after(self, position: int) -> HubEvent | None:
        """Return the first event for a reader that has read up to `position`, if there is one."""
        if position < self._dropped_until:
            return self.snapshot
        index = bisect_right(self._events, position, key=attrgetter("position"))
        return self._events[index] if index < len(self._events) else None
