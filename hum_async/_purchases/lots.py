"""How the rows of a job are divided into lots, which workers take in hand one by one."""

from collections.abc import Sequence
from typing import Protocol

import attrs

from hum_async.errors import JournalError

LOT_ROWS = 1000
"""Rows of a lot at most: a worker asks for one every few seconds, and 10 million rows are 10,000
lots."""
FEWEST = 16
"""Lots of a small input, so that several workers have something to do."""
MAX_TRIES = 3
"""Times that a lot is taken in hand. If all these workers died, it may be the lot's fault."""


class LotsSetAside(JournalError):
    """All that is left of a job are lots that nobody takes any more."""


@attrs.frozen
class Lot:
    """Some rows of the input, one after another.

    Attributes:
        number: Its number, from 0.
        first: Number of its first row, from 0.
        end: Number of the row behind its last one.
    """

    number: int
    first: int
    end: int

    def __str__(self) -> str:
        return f"lot {self.number + 1} (rows {self.first + 1:,} to {self.end:,})"


@attrs.frozen
class LotLayout:
    """How an input is divided into lots.

    Attributes:
        rows: Number of its rows.
        lots: Number of lots.
    """

    rows: int
    lots: int

    @property
    def size(self) -> int:
        """Rows of a lot; the last one may have fewer."""
        return -(-self.rows // self.lots) if self.lots else 0

    def lot(self, number: int) -> Lot:
        """Return the lot with a number."""
        first = min(number * self.size, self.rows)
        return Lot(number, first, min(first + self.size, self.rows))

    def lot_of(self, row: int) -> int:
        """Return the number of the lot that has a row."""
        return row // self.size


def layout_of(rows: int) -> LotLayout:
    """Return how an input with so many rows is divided."""
    if not rows:
        return LotLayout(0, 0)
    size = max(1, min(LOT_ROWS, rows // FEWEST))
    return LotLayout(rows, -(-rows // size))


@attrs.frozen
class LotCounts:
    """How far the lots of a job are.

    Attributes:
        layout: How the input is divided.
        done: Lots whose rows all have their results.
        in_hand: Lots that living workers have taken.
        rows_done: Number of rows of the lots that are done.
        set_aside: Lots that nobody takes any more, because each worker that took one died.
    """

    layout: LotLayout
    done: int
    in_hand: int
    rows_done: int
    set_aside: tuple[Lot, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing is left that somebody could take or has taken."""
        return self.done + len(self.set_aside) >= self.layout.lots


class JobLots(Protocol):
    """The lots of one job, for one of its workers. Every method may raise JournalError."""

    @property
    def layout(self) -> LotLayout:
        """How the input is divided, once it is known."""
        ...

    async def lay_out(self, *, digest: str, rows: int, again: bool) -> None:
        """Divide the input into lots, or find that somebody has done so.

        Args:
            digest: Digest of the input and of how it is read.
            rows: Number of its rows.
            again: Look at all rows again, unless others are at the job.
        """
        ...

    async def claim(self) -> Lot | None:
        """Take a lot in hand that nobody has; None if there is none at the moment."""
        ...

    async def done(self, numbers: Sequence[int]) -> None:
        """Note that all rows of these lots have their results, which are in the database."""
        ...

    async def give_back(self) -> None:
        """Let others take what this worker has in hand, because it leaves."""
        ...

    async def counts(self) -> LotCounts:
        """Return how far the lots are."""
        ...

    async def others(self) -> int:
        """Return the number of other workers that live."""
        ...
