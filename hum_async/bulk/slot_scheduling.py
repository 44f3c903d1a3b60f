"""Whose turn a slot is: a due poll's, a DELETE's or a new session's. Synchronous."""

from enum import Enum, auto

import attrs

__all__ = ["SlotScheduler", "SlotUse"]


class SlotUse(Enum):
    """What a slot is used for."""

    POLL = auto()
    CLOSE = auto()
    OPEN = auto()


@attrs.define(eq=False)
class SlotScheduler:
    """A due poll, then a DELETE, then a new session; but very many sessions are opened evenly.

    New work only when nothing older is due makes waves where there is much of it: everything is
    opened at once, then nothing until all of that is polled and closed, and slots are idle wherever
    a wave is short of work. So once many sessions were in progress each slot earns a share of an
    opening, one over the requests that an address costs, and a whole one goes first. A slot that
    nothing older needs opens a session anyway.

    Attributes:
        many: Sessions in progress at one time from which on they are opened evenly.
        cost: Requests per address, POST and DELETE included.
    """

    MANY = 256
    """At 50 requests/s some 200 are in progress and there are no waves worth a word."""
    USUAL = 3.3
    """What an address costs where nothing is known yet: POST, 1.3 polls, DELETE."""
    DEAREST = 10.0
    """Above this an address met with failures, which says nothing of the others."""
    MEMORY = 500
    """Addresses over which the cost is averaged; at first the usual one counts as `DOUBT`."""
    DOUBT = 20
    MOST = 2.0
    """Openings that can be saved up: just so many that none is lost while a poll goes first."""
    LATE = 3.0
    """Seconds from which on a due poll goes before everything: a delay that is small beside that
    of the learned polls themselves, and enough to take in the wave that begins a job."""

    many: int = MANY
    cost: float = USUAL
    _credit: float = attrs.field(default=0.0, init=False)
    _weight: int = attrs.field(default=DOUBT, init=False)
    _most_open: int = attrs.field(default=0, init=False)

    def settled(self, requests: int) -> None:
        """Tell what an address has cost, its DELETE included."""
        self._weight = min(self._weight + 1, self.MEMORY)
        self.cost += (min(max(1.0, requests), self.DEAREST) - self.cost) / self._weight

    def next(
        self, *, late: float | None, closing: int, in_progress: int, may_open: bool
    ) -> SlotUse | None:
        """Return whose turn a slot is; None if nobody needs it.

        Args:
            late: Seconds since the most urgent poll was due; None if none is.
            closing: Sessions that wait for their DELETE.
            in_progress: Sessions that are open and have no result.
            may_open: There is an address to open a session for, and it is allowed.
        """
        self._most_open = max(self._most_open, in_progress)
        credit = min(self._credit + 1.0 / self.cost, self.MOST)
        first = may_open and credit >= 1.0 and self._most_open >= self.many
        turn = self._choose(late, closing, first=first, may_open=may_open)
        if turn is SlotUse.OPEN:
            # What was opened in free slots is no debt: paid back, it would be a wave.
            credit = max(0.0, credit - 1.0)
        if turn is not None:
            self._credit = credit
        return turn

    def _choose(
        self, late: float | None, closing: int, *, first: bool, may_open: bool
    ) -> SlotUse | None:
        overdue = late is not None and late > self.LATE
        # Against a cost that grows: what waits must stay within what was at work at some time.
        if first and not overdue and closing < 2 * self._most_open:
            return SlotUse.OPEN
        if late is not None:
            return SlotUse.POLL
        if closing:
            return SlotUse.CLOSE
        return SlotUse.OPEN if may_open else None
