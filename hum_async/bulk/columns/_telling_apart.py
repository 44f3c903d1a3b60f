"""Finds unused columns that alone tell rows apart whose addresses are the same otherwise."""

import re
from collections.abc import Callable, Hashable, Sequence

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._content import Column
from hum_async.bulk.columns._headings import hints_at_added, hints_at_no_part, says_nothing_known

_LETTER = re.compile(r"(?i)[a-z]")
_SHORT_UNIT = re.compile(r"(?i)\d{1,4}[a-z]?|[a-z]-?\d{1,4}")
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
    if hints_at_no_part(name) and not hints_at_added(name):
        return False
    if len(column.filled) < 2 or not _differs_within(column.texts, keys):  # noqa: PLR2004  two rows
        return False
    if _nearly_all(column, _PLAIN_NUMBER.fullmatch):
        vague = says_nothing_known(name) or hints_at_added(name)
        return vague and _nearly_all(column, _SHORT_UNIT.fullmatch)
    if _nearly_all(column, content.is_direction) or _nearly_all(column, content.is_suffix):
        return True
    if _nearly_all(column, _LETTER.fullmatch):
        # Y and N, M and F, A and I are marks of something else.
        return {"a", "b"} <= {text.casefold() for text in column.filled} or hints_at_added(name)
    tests = (_LETTER.fullmatch, _SHORT_UNIT.fullmatch, content.is_half, content.is_unit)
    return _nearly_all(column, lambda text: any(test(text) for test in tests))


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
