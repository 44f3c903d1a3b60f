"""Finds the parts of addresses that headings do not name: by contents, and by what stands beside.

"SITUS" says whose address it is and no more, "SITUS_NAME" names a street only beside "SITUS_NUM".
"""

from collections.abc import Sequence

import attrs

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import STREETS, Candidate
from hum_async.bulk.columns._headings import (
    begins_with_group,
    is_only_group,
    letters,
    names_street,
)
from hum_async.bulk.columns._spellings import Part

_NEARLY_ALL = 0.9
_NAMES = frozenset({"work", "customer"})
"""Groups whose words alone are the heading of names: 3M Company under "Company"."""


def read_unnamed_parts(candidates: Sequence[Candidate]) -> None:
    """Set the parts of columns whose headings name none.

    Args:
        candidates: All columns of a table, with their contents.
    """
    for group in dict.fromkeys(each.heading.group for each in candidates):
        if group:
            _read_group([each for each in candidates if each.heading.group == group])
    for each in candidates:
        named = is_only_group(each.heading.name) and each.heading.group not in _NAMES
        if named and each.column.mostly(content.is_street):
            _take_street(each)
    if any(each.part in STREETS and each.column.filled for each in candidates):
        # Alone, such a column is guessed, and a doubt says so.
        for each in candidates:
            if each.part is None and _holds_streets(each):
                _take_street(each)
                # It belongs to none of the other addresses, unless its first letters say so.
                begins = begins_with_group(each.heading.name)
                known = {other.heading.group for other in candidates if other.part} - {""}
                begins = begins if begins in known else letters(each.heading.name)
                group = each.heading.group or begins
                each.heading = attrs.evolve(each.heading, group=group)


def _take_street(each: Candidate) -> None:
    if each.part is None:
        each.part = Part.WHOLE if each.column.whole else Part.LINE


def _holds_streets(each: Candidate) -> bool:
    return each.column.mostly(content.is_numbered_street) or each.column.whole


def _read_group(group: Sequence[Candidate]) -> None:
    """Read the parts of a street among the columns of one group."""
    _read_numbers(group)
    if not any(each.part is Part.NUMBER for each in group):
        return
    for each in group:
        if each.part is None and each.column.share(content.is_suffix) > _NEARLY_ALL:
            each.part = Part.SUFFIX
        elif each.part is None and each.column.share(content.is_direction) > _NEARLY_ALL:
            each.part = Part.DIRECTION_BEFORE
    parts = {each.part for each in group}
    if parts & {*STREETS}:
        return
    in_parts = bool(parts & {Part.SUFFIX, Part.DIRECTION_BEFORE, Part.DIRECTION_AFTER})
    for each in group:
        named = in_parts and names_street(each.heading.name)
        if each.part is None and (named or each.column.mostly(content.is_street_name)):
            each.part = Part.NAME
            return


def _read_numbers(group: Sequence[Candidate]) -> None:
    """Take a line of nothing but numbers for house numbers, if a street's name is beside it."""
    lines = [each for each in group if each.part is Part.LINE]
    numbers = [each for each in lines if each.column.share(content.is_number) > _NEARLY_ALL]
    names = [
        each
        for each in group
        if each.part in {Part.STREET, Part.NAME}
        and each.column.filled
        and not each.column.mostly(content.begins_with_number)
    ]
    numbered = any(each.part is Part.NUMBER for each in group)
    if len(numbers) == len(lines) == 1 and names and not numbered:
        numbers[0].part = Part.NUMBER
