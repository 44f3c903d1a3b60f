"""Which request of a job a slot is used for: a due poll, a DELETE or a new session. Synchronous."""

import attrs

from hum_async._lookups.slot_order import OldestFirst, SlotUse


@attrs.define(eq=False)
class SlotScheduler(OldestFirst):
    """A due poll, then a DELETE, then a new session; but very many sessions are opened evenly.

    To open sessions only when nothing older is due makes waves: everything is opened at once, then
    nothing until all of it is polled and closed, and slots stay idle where a wave is short of work.
    So once many sessions were in progress, each slot adds ``1 / cost`` to a credit, and at a credit
    of 1 the next slot opens a session. A slot that nothing older needs opens one anyway, and then
    a number of DELETEs (`RESERVE`) is put off to the end of the job.

    Attributes:
        many: Sessions in progress at one time from which on they are opened evenly.
        cost: Requests per address, POST and DELETE included.
    """

    EVEN_FROM = 256
    """Sessions in progress from which on openings are spread. At 50 requests/s some 200 are in
    progress, and waves are too small to matter."""
    USUAL_COST = 3.1
    """Requests of an address before any was measured: POST, 1.1 polls, DELETE."""
    MAX_COST = 10.0
    """An address that cost more met with failures, which say nothing of the others."""
    AVERAGED_OVER = 500
    """Addresses over which the cost is averaged."""
    INITIAL_WEIGHT = 20
    """Addresses for which the usual cost counts at first."""
    MAX_CREDIT = 2.0
    """Openings saved up at most: just enough that none is lost while a poll goes first."""
    OVERDUE = 3.0
    """Seconds from which on a late poll goes before everything: a small delay beside that of the
    learned polls themselves, and enough to take in the wave that begins a job."""

    RESERVE = 1.0
    """DELETEs that are put off, as a share of the sessions that were ever in progress at one time:
    they use the slots that are idle at the end of a job, while its last sessions become ready."""

    many: int = EVEN_FROM
    cost: float = USUAL_COST
    _credit: float = attrs.field(default=0.0, init=False)
    _weight: int = attrs.field(default=INITIAL_WEIGHT, init=False)
    _most_open: int = attrs.field(default=0, init=False)

    def settled(self, requests: int) -> None:
        """Record the requests that an address has cost, its DELETE included."""
        self._weight = min(self._weight + 1, self.AVERAGED_OVER)
        self.cost += (min(max(1.0, requests), self.MAX_COST) - self.cost) / self._weight

    def next(
        self, *, late: float | None, closing: int, in_progress: int, may_create: bool
    ) -> SlotUse | None:
        """Return what a slot is used for; arguments as of `OldestFirst.next`."""
        self._most_open = max(self._most_open, in_progress)
        credit = min(self._credit + 1.0 / self.cost, self.MAX_CREDIT)
        overdue = late is not None and late > self.OVERDUE
        # The bound on DELETEs that wait is for a cost that grows while openings go first.
        open_first = (
            may_create
            and credit >= 1.0
            and self._most_open >= self.many
            and not overdue
            and closing < 2 * self._most_open
        )
        put_off = (
            may_create
            and late is None
            and self._most_open >= self.many
            and closing < self.RESERVE * self._most_open
        )
        use = (
            SlotUse.CREATE
            if open_first or put_off
            else OldestFirst.next(
                self, late=late, closing=closing, in_progress=in_progress, may_create=may_create
            )
        )
        if use is SlotUse.CREATE:
            # Openings in free slots are no debt: paid back, they would make a wave.
            credit = max(0.0, credit - 1.0)
        if use is not None:
            self._credit = credit
        return use
