"""Decides which kind of request goes first when a slot is granted. Synchronous."""

from enum import Enum, auto


class SlotUse(Enum):
    """The request that a slot is used for."""

    POLL = auto()
    CLOSE = auto()
    CREATE = auto()


class OldestFirst:
    """A due poll, then a DELETE, and a new session only when nothing older needs the slot."""

    def next(
        self, *, late: float | None, closing: int, in_progress: int, may_create: bool
    ) -> SlotUse | None:
        """Return what a slot is used for; None if no request needs it. Synchronous.

        Args:
            late: Seconds since the most urgent poll was due; None if none is.
            closing: Sessions that wait for their DELETE.
            in_progress: Look-ups that have begun and have no result.
            may_create: A new look-up waits, and it may begin.
        """
        del in_progress
        if late is not None:
            return SlotUse.POLL
        if closing:
            return SlotUse.CLOSE
        return SlotUse.CREATE if may_create else None
