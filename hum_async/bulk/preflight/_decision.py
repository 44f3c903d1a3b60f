"""Decides what the columns of a table mean, for `hum check` and `hum qualify` alike."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

import attrs

from hum_async.bulk.cell_meaning import says_nothing
from hum_async.bulk.columns import MAP_OPTION, ColumnPlan, Doubt, Way, plan_columns
from hum_async.bulk.preflight._column_check import ColumnFault, Fault, column_faults
from hum_async.bulk.preflight._row import Columns
from hum_async.bulk.tables import Cell

SAMPLE = 1000
"""Number of rows by which the columns are judged."""
_LATE = 50
"""Further rows by which a column is judged that is empty in all of those."""


class _Judged(Protocol):
    """What columns are judged by: a `Table`, or what else has its names of columns and its rows."""

    @property
    def name(self) -> str: ...
    @property
    def header(self) -> tuple[str, ...]: ...
    @property
    def titles(self) -> tuple[str, ...]: ...
    def rows(self) -> Iterator[list[Cell]]: ...


def decide_columns(
    table: _Judged,
    *,
    mapping: Mapping[str, str] | None = None,
    ignored: Iterable[str] = (),
    how: str = MAP_OPTION,
) -> ColumnPlan:
    """Decide by the header and the first 1,000 rows which columns hold the address.

    Of columns that are empty in those, the first 50 further rows that fill one are looked at, too.

    Args:
        table: The input.
        mapping: Columns by field, as `--map` takes them.
        ignored: Names of columns that are not used and raise no doubt.
        how: How a mapping is given, for errors; ``{field}`` stands for the field.

    Raises:
        MappingError: The mapping, or a name to ignore, names what does not exist.
        InputError: A field that the API needs has no column.
    """
    rows = _judged_rows(table)
    plan = plan_columns(
        table.header,
        rows,
        titles=table.titles,
        mapping=mapping,
        ignored=ignored,
        source=table.name,
        how=how,
    )
    where = Columns.of(table.header, plan.columns)
    faults = column_faults(where, [plan.columns.written(cells) for cells in rows])
    kept = plan.doubts
    if any(each.fault is Fault.SWAPPED for each in faults):
        # That the street has no house numbers follows from it.
        kept = tuple(doubt for doubt in kept if not doubt.about_numbers)
    doubts = tuple(
        Doubt(each.message, _exchanged(each, where.names))
        for each in faults
        if each.fault in {Fault.SWAPPED, Fault.OTHER_FIELD}
        and not (each.field == "street1" and any(doubt.about_numbers for doubt in kept))
    )
    return attrs.evolve(plan, doubts=kept + doubts)


def _judged_rows(table: _Judged) -> list[Sequence[Cell]]:
    """Return the first rows, and the first of those further rows that fill a column empty in them.

    A column of units may be filled in few rows only, and far behind.
    """
    rows = table.rows()
    found: list[Sequence[Cell]] = list(islice(rows, SAMPLE))
    if len(found) < SAMPLE:
        return found
    empty = {
        at: _LATE
        for at, _ in enumerate(table.header)
        if all(_is_empty(cells[at]) for cells in found)
    }
    for cells in rows:
        if not empty:
            break
        filling = [at for at in empty if not _is_empty(cells[at])]
        if filling:
            found.append(cells)
        for at in filling:
            empty[at] -= 1
            if not empty[at]:
                del empty[at]
    return found


def _is_empty(cell: Cell) -> bool:
    return cell is None or says_nothing(cell) or (isinstance(cell, str) and not cell.strip())


def _exchanged(fault: ColumnFault, names: Mapping[str, str]) -> tuple[Way, ...]:
    """Return the way that exchanges two columns that look swapped."""
    one, other = fault.field, fault.other
    if one is None or other is None:
        return ()
    return (Way(mapping={one: names[other], other: names[one]}),)
