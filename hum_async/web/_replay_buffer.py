"""What has been told of one look-up, kept for those who come later or come back.

There is one story for all subscribers and no queue for any of them: each only remembers how far it
has read, so a slow one costs nothing and one that comes back goes on where it was.
"""

from bisect import bisect_right
from operator import attrgetter
from typing import Protocol

from hum_async.web.events import EventKind, HubEvent

__all__ = ["Reader", "ReplayBuffer"]

LONGEST = 64
"""Events that are kept; a reader who has missed more than these gets a snapshot instead."""


class Reader(Protocol):
    """Whoever reads stories."""

    def wake(self, story: "ReplayBuffer") -> None:
        """Hear that there is something new in a story."""


class ReplayBuffer:
    """The events of one look-up.

    Args:
        snapshot: Where the look-up stands at its beginning.
    """

    __slots__ = ("_events", "_told_until", "readers", "snapshot")

    def __init__(self, snapshot: HubEvent) -> None:
        self.snapshot = snapshot
        self.readers: set[Reader] = set()
        self._events: list[HubEvent] = []
        # Who has read less than up to here needs the snapshot.
        self._told_until = snapshot.position

    @property
    def ended(self) -> bool:
        """Whether the last event has been told."""
        return bool(self._events) and self._events[-1].kind == EventKind.DONE

    def add(self, event: HubEvent, *, snapshot: HubEvent | None = None) -> None:
        """Tell one more event.

        Args:
            event: The event.
            snapshot: Where the look-up stands now, if the event changed that; at its position.
        """
        self._events.append(event)
        if snapshot is not None:
            self.snapshot = snapshot
        if len(self._events) > LONGEST:
            self._told_until = self._events.pop(0).position
        for reader in self.readers:
            reader.wake(self)

    def after(self, position: int) -> HubEvent | None:
        """Return the first event for somebody who has read up to `position`, if there is one."""
        if position < self._told_until:
            return self.snapshot
        index = bisect_right(self._events, position, key=attrgetter("position"))
        return self._events[index] if index < len(self._events) else None
