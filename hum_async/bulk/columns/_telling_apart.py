"""Finds unused columns that alone tell rows apart whose addresses are the same otherwise."""

import re
from collections.abc import Callable, Hashable, Sequence

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._content import Column
from hum_async.bulk.columns._headings import (
    hints_at_added,
    hints_at_order,
    hints_at_other,
    hints_at_place_inside,
    is_plain_number,
    says_nothing_known,
    tokens,
)

_LETTER = re.compile(r"(?i)[a-z]")
_SHORT_UNIT = re.compile(r"(?i)\d{1,4}[a-z]?|[a-z]-?\d{1,4}")
_NAMED_UNIT = re.compile(r"(?i)(?:apt|apartment|unit|ste|suite)\b\.? ?#? ?[\w-]{1,6}")
_SIGNED_UNIT = re.compile(r"# ?[\w-]{1,3}")
_SHORT_NUMBER = re.compile(r"\d{1,4}(?:\.0+)?", re.ASCII)
_WHERE = (
    r"(?:front|rear|back|upper|lower|upstairs|downstairs|left|right|basement|top|bottom|middle|main"
    r"|guest|garage|cottage|house|floor|level|unit|side|half|studio|north|south|east|west|adu)"
)
_PLACE = re.compile(rf"(?i){_WHERE}(?:[ -]{_WHERE})?")
_SIDES = tuple(map(set, ("lu", "lr", "fr", "fb", "ud", "tb")))
"""Letters of lower and upper, left and right, front and rear."""
_PARTS = (
    _LETTER.fullmatch,
    _SHORT_UNIT.fullmatch,
    _PLACE.fullmatch,
    content.is_half,
    content.is_unit,
    content.is_direction,
    content.is_suffix,
)
_PLAIN_NUMBER = re.compile(r"\d+(?:\.0+)?", re.ASCII)


def tells_apart(name: str, column: Column, keys: Sequence[Hashable]) -> bool:
    """Whether a column looks like the one part in which rows of the same address differ.

    Short numbers, letters from A on, numbered letters, fractions, directions and units are believed
    under any heading that does not say otherwise. Numbers that are those of the rows of the file
    are not, unless the heading names a part of a building.

    Args:
        name: The heading.
        column: What the column holds.
        keys: The address of each row, by the columns that are used.
    """
    if not column.filled or not _differs_within(column.texts, keys):
        return False
    if _nearly_all(column, _NAMED_UNIT.fullmatch) or _are_signed(name, column):
        return True
    inside = hints_at_place_inside(name)
    said = inside or hints_at_added(name) or is_plain_number(name) or says_nothing_known(name)
    if hints_at_other(name) and not said:
        return False
    if _nearly_all(column, _PLAIN_NUMBER.fullmatch):
        numbers_rows = not inside and _numbers_rows(column, keys)
        return not numbers_rows and _nearly_all(column, _SHORT_NUMBER.fullmatch)
    if _nearly_all(column, _LETTER.fullmatch):
        return _are_of_units(name, column)
    return _nearly_all(column, lambda text: any(test(text) for test in _PARTS))


def _are_signed(name: str, column: Column) -> bool:
    """Whether numbers with a sign, such as #4, are units and no orders."""
    orders = hints_at_order(name) and not {*tokens(name)} <= {"customer", "member"}
    return not orders and _nearly_all(column, _SIGNED_UNIT.fullmatch)


def _are_of_units(name: str, column: Column) -> bool:
    """Whether letters are those of units: Y and N, M and F, A and I are marks of something else."""
    found = {text.casefold() for text in column.filled}
    sparse = len(column.filled) < len(column.texts) and found <= {*"abcdefgh"}
    first = {"a", "b"} <= found or (sparse and bool(found & {"a", "b"}))
    return first or found <= {*"nsew"} or found in _SIDES or hints_at_added(name)


def may_follow_number(name: str, column: Column) -> bool:
    """Whether a column looks like what follows a house number: A under ALPHA."""
    return hints_at_added(name) and _nearly_all(
        column, lambda text: _LETTER.fullmatch(text) or content.is_half(text)
    )


def is_place_or_unit(text: str) -> bool:
    """Whether a text is a place inside of a building, or a unit with its word."""
    return _PLACE.fullmatch(text) is not None or content.is_unit(text)


def names_units(column: Column) -> bool:
    """Whether a cell of a column is a unit with its word, such as Apt 4 among remarks."""
    return any(_NAMED_UNIT.fullmatch(text) for text in column.filled)


def _numbers_rows(column: Column, keys: Sequence[Hashable]) -> bool:
    """Whether each row of several addresses has a number of its own: the key of a database."""
    texts = column.texts
    return len(column.filled) == len({*texts}) == len(texts) and len({*keys}) > 1


def _nearly_all(column: Column, test: Callable[[str], object]) -> bool:
    return column.share(test) > 0.9  # noqa: PLR2004  nearly all


def _differs_within(texts: Sequence[str], keys: Sequence[Hashable]) -> bool:
    """Whether in most addresses of several rows these differ."""
    groups: dict[Hashable, list[str]] = {}
    for text, key in zip(texts, keys, strict=True):
        groups.setdefault(key, []).append(text.casefold())
    several = [group for group in groups.values() if len(group) > 1]
    different = sum(len({*group}) > 1 for group in several)
    return bool(several) and 2 * different > len(several)
