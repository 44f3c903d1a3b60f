"""Finds unused columns that alone tell rows apart whose addresses are the same otherwise."""

import re
from collections.abc import Callable, Hashable, Sequence

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._content import Column
from hum_async.bulk.columns._headings import hints_at_added, hints_at_other, says_nothing_known

_LETTER = re.compile(r"(?i)[a-z]")
_SHORT_UNIT = re.compile(r"(?i)\d{1,4}[a-z]?|[a-z]-?\d{1,4}")
_NAMED_UNIT = re.compile(r"(?i)(?:apt|apartment|unit|ste|suite)\b\.? ?#? ?[\w-]{1,6}")
_PLACE = re.compile(r"(?i)(?:front|rear|back|upper|lower|upstairs|downstairs|left|right|basement)")
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

    Letters from A on, numbered letters, fractions, directions and units are believed under any
    heading that does not say otherwise: they are seldom anything else where each row of an address
    has one of its own. Plain numbers may be ages, counts or keys, so that they are believed only
    under a heading that says nothing (F7), or that says what is added to a number (NUM_EXT).

    Args:
        name: The heading.
        column: What the column holds.
        keys: The address of each row, by the columns that are used.
    """
    if not column.filled or not _differs_within(column.texts, keys):
        return False
    if _nearly_all(column, _NAMED_UNIT.fullmatch):
        return True
    if hints_at_other(name) and not hints_at_added(name):
        return False
    if _nearly_all(column, _PLAIN_NUMBER.fullmatch):
        vague = says_nothing_known(name) or hints_at_added(name)
        return vague and _nearly_all(column, _SHORT_UNIT.fullmatch)
    if _nearly_all(column, _LETTER.fullmatch):
        # Y and N, M and F, A and I are marks of something else.
        found = {text.casefold() for text in column.filled}
        sparse = len(column.filled) < len(column.texts) and found <= {*"abcdefgh"}
        first = {"a", "b"} <= found or (sparse and bool(found & {"a", "b"}))
        return first or found <= {*"nsew"} or hints_at_added(name)
    return _nearly_all(column, lambda text: any(test(text) for test in _PARTS))


def may_follow_number(name: str, column: Column) -> bool:
    """Whether a column looks like what follows a house number: A under ALPHA."""
    return hints_at_added(name) and _nearly_all(
        column, lambda text: _LETTER.fullmatch(text) or content.is_half(text)
    )


def names_units(column: Column) -> bool:
    """Whether a cell of a column is a unit with its word, such as Apt 4 among remarks."""
    return any(_NAMED_UNIT.fullmatch(text) for text in column.filled)


def _nearly_all(column: Column, test: Callable[[str], object]) -> bool:
    return column.share(test) > 0.9  # noqa: PLR2004  nearly all


def _differs_within(texts: Sequence[str], keys: Sequence[Hashable]) -> bool:
    """Whether most rows with the same address have a text of their own."""
    groups: dict[Hashable, list[str]] = {}
    for text, key in zip(texts, keys, strict=True):
        groups.setdefault(key, []).append(text.casefold())
    several = [group for group in groups.values() if len(group) > 1]
    different = sum(len({*group}) == len(group) for group in several)
    return bool(several) and 2 * different > len(several)
