"""Finds the header of a table, and tells rows with text from rows of nothing."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import attrs

from hum_async.bulk.tables._cells import Cell, as_text
from hum_async.errors import InputError

SEARCHED = 20
"""Number of rows with text among which the header is looked for."""

RateHeader = Callable[[Sequence[str]], int]
"""Returns how good a header of addresses a row would be; 0 for none at all."""

# Blanks, control characters, and characters without a width: U+00AD, U+200B to U+200F, U+FEFF ...
_UNSEEN = (
    "".join(map(chr, (*range(33), *range(0x7F, 0xA1))))
    + "\u00ad\u1680\u180e\u2028\u2029\u202f\u205f\u3000\ufeff"
    + "".join(map(chr, (*range(0x2000, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))))
)


@attrs.frozen
class Header:
    """The header of a table.

    Attributes:
        row: Number of its row, from 1; blank rows count.
        cells: Its cells.
        skipped: Number of rows with text above it.
        rating: Its rating; 0 if there is no function that rates.
        above: The cells of the row right above it, if that has text.
    """

    row: int
    cells: Sequence[Cell]
    skipped: int
    rating: int = 0
    above: Sequence[Cell] = ()

    def titles(self) -> tuple[str, ...]:
        """Return what stands above the name of each column: "Billing" above four of them.

        A title stands above the first of its columns, as a merged cell does. One title is that of
        the whole table and says nothing of a column, and names that all differ need none.
        """
        names = [as_text(cell).strip() for cell in self.cells]
        above = [as_text(cell).strip() for cell in self.above][: len(names)]
        filled = list(filter(None, names))
        if len({*filter(None, above)}) < 2 or len({*filled}) == len(filled):  # noqa: PLR2004  two
            return ()
        found = [""]
        for at, _ in enumerate(names):
            found.append((above[at] if at < len(above) else "") or found[-1])
        return tuple(found[1:])


def has_text(cells: Iterable[Cell]) -> bool:
    """Return whether a cell holds more than blanks and characters that cannot be seen."""
    return any(
        cell.strip(_UNSEEN) if isinstance(cell, str) else cell is not None and cell == cell  # noqa: PLR0124  NaN
        for cell in cells
    )


def find_header(
    rows: Iterable[Sequence[Cell]], *, row: int | None, rate: RateHeader | None
) -> Header | None:
    """Find the header among the first rows; None if no row has text.

    Args:
        rows: All rows from the first one, blank ones included.
        row: Number of the header's row, from 1; None finds it.
        rate: Rates a row; of those that rate best the first is the header. None takes the first
            row with text.

    Raises:
        InputError: There is no row of that number, or it is blank.
    """
    filled = ((number, cells) for number, cells in enumerate(rows, 1) if has_text(cells))
    if row is not None:
        return _at(filled, row)
    top = list(islice(filled, SEARCHED if rate else 1))
    ratings = [rate([as_text(cell) for cell in cells]) if rate else 0 for _, cells in top]
    if not top:
        return None
    best = max(range(len(top)), key=lambda at: max(ratings[at], 0))
    number, cells = top[best]
    before = [cells for at, cells in top if at == number - 1]
    return Header(
        number,
        cells,
        skipped=best,
        rating=max(ratings[best], 0),
        above=before[0] if before else (),
    )


def _at(filled: Iterable[tuple[int, Sequence[Cell]]], row: int) -> Header:
    before: dict[int, Sequence[Cell]] = {}
    for skipped, (number, cells) in enumerate(filled):
        if number == row:
            return Header(row, cells, skipped=skipped, above=before.get(row - 1, ()))
        if number > row:
            break
        before = {number: cells}
    raise InputError(f"row {row} is no header: it has no text; give --header-row another number")
