"""Collects what is in doubt about the columns of one address."""

from collections.abc import Iterator, Sequence

from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns.doubts.chosen import ChosenColumns
from hum_async.bulk.columns.doubts.differences import doubt_difference, makes_difference
from hum_async.bulk.columns.doubts.doubt import Doubt
from hum_async.bulk.columns.doubts.house_numbers import (
    doubt_numbers,
    doubt_only_numbers,
    offered_beside,
)
from hum_async.bulk.columns.doubts.unused_parts import doubt_part
from hum_async.bulk.columns.doubts.unused_units import (
    designators_of,
    doubt_inside,
    is_inside,
    is_of_none,
    is_unit_of_none,
    said_in,
)
from hum_async.bulk.columns.doubts.used_columns import (
    doubt_countries,
    doubt_direction,
    doubt_repeated,
    doubt_units,
)


def doubts_of(chosen: ChosenColumns, remarks: dict[int, str], *, settled: bool) -> Iterator[Doubt]:
    """Yield what is in doubt, in the order in which it is said.

    Args:
        chosen: The columns.
        remarks: Gets why a column that looks like a part of the address is not used, by position.
        settled: Which of two columns of the same name is meant is not in doubt any more.
    """
    if not settled:
        yield from doubt_repeated(chosen)
    yield from doubt_numbers(chosen)
    yield from doubt_only_numbers(chosen)
    yield from doubt_countries(chosen)
    yield from doubt_direction(chosen)
    yield from doubt_units(chosen)
    yield from _doubt_unused(chosen, remarks)


def _doubt_unused(chosen: ChosenColumns, remarks: dict[int, str]) -> Iterator[Doubt]:
    """Doubt unused columns that look like a part of the address."""
    offered = offered_beside(chosen)
    unused = [each for each in chosen.unused() if each.column.filled and each.source not in offered]
    near = [each for each in unused if chosen.pool.is_near(each)]
    inside = _inside(chosen, near, remarks)
    for each in unused:
        if is_unit_of_none(chosen, each):
            inside += [*designators_of(chosen, each), each]
    for each in near:
        if each in inside or each.source.column in remarks:
            continue
        if (doubt := doubt_part(chosen, each)) is not None:
            yield doubt
        elif makes_difference(chosen, each):
            yield doubt_difference(chosen, each)
    for each in unused:
        is_far = is_of_none(chosen, each) and each not in (*near, *inside)
        if is_far and makes_difference(chosen, each):
            yield doubt_difference(chosen, each)
    if inside:
        yield doubt_inside(chosen, inside)


def _inside(
    chosen: ChosenColumns, near: Sequence[Candidate], remarks: dict[int, str]
) -> list[Candidate]:
    """Return the columns that are a part of the unit; remark what the address says already."""
    inside = []
    for each in near:
        if (field := said_in(chosen, each)) is not None:
            remarks[each.source.column] = f"said in {field}"
        elif is_inside(chosen, each):
            inside.append(each)
    return inside
