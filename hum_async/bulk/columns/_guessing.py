"""Guesses by their contents what columns are whose headings say nothing."""

import re
from collections.abc import Callable, Mapping, Sequence

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns._content import Column
from hum_async.bulk.columns._mapping import Source

_NEARLY_ALL = 0.8


def guess_columns(
    known: Mapping[str, tuple[Source, ...]],
    free: Sequence[Candidate],
) -> dict[str, tuple[Source, ...]]:
    """Return the known columns with those that look like the missing fields."""
    found = dict(known)
    left = [
        each
        for each in free
        if each.column.filled and not any(each.source in sources for sources in known.values())
    ]

    def take(field: str, test: Callable[[Column], bool]) -> None:
        each = next((each for each in left if test(each.column)), None)
        if field not in found and each is not None:
            found[field] = (each.source,)
            left.remove(each)

    if "street1" not in found and "address" not in found:
        take("address", lambda column: column.whole)
    if "address" not in found:
        take("street1", lambda column: column.share(content.begins_with_number) > _NEARLY_ALL)
    take("zip", lambda column: column.share(content.is_zip) > _NEARLY_ALL)
    take("state", lambda column: column.share(content.is_state) > _NEARLY_ALL)
    if "state" in found and "city" not in found:
        _take_city(found, left)
    take("street2", lambda column: column.share(content.is_unit) > _NEARLY_ALL)
    return found


def _take_city(found: dict[str, tuple[Source, ...]], left: list[Candidate]) -> None:
    """Take the column of words before the state for the city."""
    state = found["state"][0].column
    before = [
        each
        for each in left
        if each.source.column < state
        and each.column.share(lambda text: not any(map(str.isdigit, text))) > _NEARLY_ALL
        and each.part is None
    ]
    if before and before[-1].source.column == state - 1:
        found["city"] = (before[-1].source,)
        left.remove(before[-1])


_STATE_AND_ZIP = re.compile(r"[A-Za-z]{2},? \d{5}(?:-\d{4})?", re.ASCII)


def names_for(header: Sequence[str]) -> str:
    """Return names that a person may write above the rows of a file without a header."""
    if len(header) == 1:
        return "address"
    return (
        f"street,city,{'state zip' if any(map(_STATE_AND_ZIP.fullmatch, header)) else 'state,zip'}"
    )


def looks_like_no_header(header: Sequence[str]) -> bool:
    """Whether a row of names is the first address of a file without a header."""
    zips = any(content.is_zip(name) or _STATE_AND_ZIP.fullmatch(name) for name in header)
    states = any(len(name) == 2 and content.is_state(name) for name in header)  # noqa: PLR2004  a code
    streets = any(content.begins_with_number(name) for name in header)
    return (streets and (zips or states)) or any(
        content.begins_with_number(name) and content.is_whole(name) for name in header
    )
