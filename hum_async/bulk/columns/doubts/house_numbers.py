"""Doubts about a street's column that lacks the house numbers, or holds nothing else."""

from collections.abc import Iterator

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns._headings import (
    hints_at_end,
    hints_at_no_part,
    hints_at_number,
    letters,
)
from hum_async.bulk.columns._mapping import Source
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns._street import join_street
from hum_async.bulk.columns.doubts.chosen import ChosenColumns
from hum_async.bulk.columns.doubts.doubt import Doubt, Way

_ENOUGH = 3
"""Streets of which more than half without a house number are a doubt; of fewer, all."""

PLAIN_NUMBERS = frozenset({"number", "num", "nbr", "no", "house"})
"""Headings that may number anything."""


def doubt_numbers(chosen: ChosenColumns) -> Iterator[Doubt]:
    """Doubt a street's column without house numbers: a whole street would be looked up."""
    if not _lacks_numbers(chosen):
        return
    field = "street1" if "street1" in chosen.columns.sources else "address"
    name = chosen.text(chosen.columns.sources[field])
    message = f"{field} (column {name}) holds no house numbers, so one look-up would stand for "
    message += "a whole street"
    number = _number_beside(chosen)
    if number is None:
        yield Doubt(message, about_numbers=True)
        return
    text = chosen.text(_numbered(chosen, number))
    message += f"; {chosen.header[number.source.column]} may hold them"
    yield Doubt(message, (Way(mapping={"street1": text}),), about_numbers=True)


def doubt_only_numbers(chosen: ChosenColumns) -> Iterator[Doubt]:
    """Doubt a street's column with nothing but house numbers, if another has the names."""
    filled = [street for street in chosen.streets if street]
    sources = chosen.of("street1")
    if "street1" in chosen.explicit or len(sources) != 1 or not filled:
        return
    if 2 * sum(map(content.is_number, filled)) <= len(filled):
        return
    used = {
        source
        for field, found in chosen.columns.sources.items()
        if field != "street2"
        for source in found
    }
    names = [each for each in chosen.free if each.source not in used and _names_streets(each)]
    names.sort(key=lambda each: abs(sources[0].column - each.source.column))
    if not names:
        return
    mapping = {
        field: text
        for field, text in chosen.columns.mapping(chosen.header).items()
        if names[0].source not in chosen.columns.sources[field]
    }
    mapping["street1"] = chosen.text([*sources, names[0].source])
    name = chosen.text(sources)
    message = f"street1 (column {name}) holds only house numbers; the names of the streets "
    message += f"stand in {chosen.text([names[0].source])}"
    yield Doubt(message, (Way(mapping=mapping, complete=True),), about_numbers=True)


def offered_beside(chosen: ChosenColumns) -> set[Source]:
    """Return the unused columns of which a doubt says that they may hold the house numbers."""
    if not _lacks_numbers(chosen) or (number := _number_beside(chosen)) is None:
        return set()
    return {number.source, *_numbered(chosen, number)}


def _numbered(chosen: ChosenColumns, number: Candidate) -> tuple[Source, ...]:
    """Return the street's columns with that of the house number, and those of its parts."""
    street = chosen.of("street1")
    base = next((each for each in chosen.everything if each.source == street[0]), None)
    if base is None or len(street) > 1 or "street1" in chosen.explicit:
        return number.source, *street
    return join_street(chosen.pool, number, base)


def _lacks_numbers(chosen: ChosenColumns) -> bool:
    filled = [street for street in chosen.streets if street]
    without = sum(not content.has_house_number(street) for street in filled)
    if len(filled) < _ENOUGH:
        return bool(filled) and without == len(filled)
    return 2 * without > len(filled)


def _number_beside(chosen: ChosenColumns) -> Candidate | None:
    """Return the unused column that may hold the house numbers."""
    if "street1" not in chosen.columns.sources:
        return None
    street = chosen.of("street1")[0].column
    found = [
        each
        for each in chosen.unused()
        if each.column.share(content.is_number) > 0.9  # noqa: PLR2004  nearly all
        and (not each.column.counts or _may_number_houses(each))
        and (each.part in {None, Part.NUMBER})
        and not hints_at_end(each.heading.name)
        and (
            each.part is Part.NUMBER
            or hints_at_number(each.heading.name)
            or _is_plain_number(each)
            or not hints_at_no_part(each.heading.name)
        )
    ]
    found.sort(
        key=lambda each: (
            each.part is not Part.NUMBER and not hints_at_number(each.heading.name),
            abs(street - each.source.column),
        )
    )
    return found[0] if found else None


def _names_streets(each: Candidate) -> bool:
    """Whether a column holds the names of streets, without house numbers."""
    if each.column.mostly(content.has_house_number) or not each.column.filled:
        return False
    named = each.part in {Part.NAME, Part.STREET, Part.LINE}
    with_suffix = each.column.mostly(
        lambda text: len(text.split()) > 1 and content.is_suffix(text.split()[-1])
    )
    return with_suffix or named


def _is_plain_number(each: Candidate) -> bool:
    return letters(each.heading.name).rstrip("0123456789") in PLAIN_NUMBERS


def _may_number_houses(each: Candidate) -> bool:
    """Whether numbers that follow each other may be houses: 101, 102, but not 1, 2."""
    return each.part is Part.NUMBER and each.column.filled[0] not in {"0", "1"}
