"""Doubts about unused columns that look like a part of the street, like ZIP codes, or a street."""

import re
from collections.abc import Sequence

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns._headings import (
    hints_at_end,
    hints_at_no_part,
    hints_at_number,
    letters,
    tokens,
)
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns.doubts.chosen import ChosenColumns
from hum_async.bulk.columns.doubts.doubt import Doubt, Way, with_or_without
from hum_async.bulk.columns.doubts.house_numbers import PLAIN_NUMBERS


def doubt_part(chosen: ChosenColumns, each: Candidate) -> Doubt | None:
    """Return the doubt about an unused column of ZIP codes, of a part of the street, or of streets.

    None if it does not look like that.
    """
    name = chosen.name(each)
    if _lacks_suffixes(chosen, each):
        text = chosen.text([*chosen.of("street1"), each.source])
        message = f"{name} looks like the suffixes that the streets lack, and is not used"
        return with_or_without(message, name, "street1", text)
    if not chosen.columns.sources.keys() & {"zip", "place"} and _is_zip_like(each):
        return with_or_without(f"{name} looks like ZIP codes and is not used", name, "zip", name)
    if _is_part_of_street(chosen, each):
        message = f"{name} looks like a part of the street and is not used"
        text_with = _with_part(chosen, each)
        ways = [Way(f"with {name}", {"street1": text_with})] if text_with else []
        return Doubt(message, (*ways, Way(f"without {name}", ignored=(name,))))
    if _is_other_number(chosen, each):
        return _doubt_number(chosen, each, name)
    if _is_other_street(chosen, each) and not chosen.explicit.keys() & {"street1", "address"}:
        message = f"{name} looks like another street than the one that is used"
        return with_or_without(message, name, "street1", name, ignore_first=True)
    return None


def _doubt_number(chosen: ChosenColumns, each: Candidate, name: str) -> Doubt:
    if hints_at_end(each.heading.name) and chosen.numbers_street():
        message = (
            f"{name} looks like the last house numbers of ranges; only the first house of each "
            "would be looked up"
        )
        return Doubt(message, (Way(f"without {name}", ignored=(name,)),))
    message = f"{name} looks like house numbers and is not used"
    return with_or_without(message, name, *_other_number(chosen, each))


def _lacks_suffixes(chosen: ChosenColumns, each: Candidate) -> bool:
    """Whether a column without a telling heading holds the suffixes that streets lack."""
    words = {*tokens(each.heading.name)}
    known = words & {"street", "st", "road"} or words <= {"type", "kind"}
    if each.part not in {None, Part.STATE} or (hints_at_no_part(each.heading.name) and not known):
        return False
    if "street1" not in chosen.columns.sources:
        return False
    if "street1" in chosen.explicit or len(chosen.of("street1")) > 1:
        return False
    pairs = [
        (text, street.split()[-1])
        for text, street in zip(each.column.texts, chosen.streets, strict=True)
        if text and street
    ]
    lacking = sum(not content.is_suffix(last) for _, last in pairs)
    suffixes = sum(content.is_suffix(text) for text, _ in pairs)
    return len(pairs) > (not known) and 2 * lacking > len(pairs) == suffixes


def _is_part_of_street(chosen: ChosenColumns, each: Candidate) -> bool:
    """Whether a column holds a direction, suffix or fraction that the street lacks."""
    parts = {Part.DIRECTION_BEFORE, Part.DIRECTION_AFTER, Part.SUFFIX, Part.FRACTION}
    if each.part in parts:
        return each.part is not Part.FRACTION or not each.column.mostly(content.is_zero)
    joined = len(chosen.of("street1")) > 1
    tests = (content.is_direction, content.is_suffix, content.is_half)
    share = max(map(each.column.share, tests))
    return joined and each.part is None and share > 0.9  # noqa: PLR2004  nearly all


def _with_part(chosen: ChosenColumns, each: Candidate) -> str | None:
    """Return the street's columns with one more part; None if it has no place among them."""
    sources = list(chosen.of("street1"))
    after = each.part in {Part.SUFFIX, Part.DIRECTION_AFTER} or (
        each.part is None
        and (each.column.mostly(content.is_suffix) or _is_direction_behind(chosen, each))
    )
    if after:
        return chosen.text([*sources, each.source])
    if len(sources) == 1:
        direction = each.column.mostly(content.is_direction)
        return chosen.text([*sources, each.source]) if direction else None
    half = each.part is Part.FRACTION or each.column.mostly(content.is_half)
    # A fraction stands behind the number, a direction before the name.
    parts = {Part.NUMBER} if half else {Part.NAME, Part.STREET, Part.LINE}
    found = {other.source for other in chosen.everything if other.part in parts}
    at = next((at for at, source in enumerate(sources) if source in found), 1 - half) + half
    return chosen.text([*sources[:at], each.source, *sources[at:]])


def _is_direction_behind(chosen: ChosenColumns, each: Candidate) -> bool:
    """Whether directions stand behind the street's name in the table: there they belong."""
    sources = chosen.of("street1")
    names = [
        other.source.column
        for other in chosen.everything
        if other.part in {Part.NAME, Part.STREET} and other.source in sources
    ]
    behind = bool(names) and each.source.column > names[0]
    return behind and each.column.mostly(content.is_direction)


def _other_number(chosen: ChosenColumns, each: Candidate) -> tuple[str, str]:
    """Return the field that further numbers may belong to, and its columns with them."""
    street = chosen.of("street1")
    numbers = {other.source for other in chosen.everything if other.part is Part.NUMBER}
    if numbers.intersection(street):
        return "street2", chosen.text([*chosen.of("street2"), each.source])
    return "street1", chosen.text([each.source, *street])


def _is_other_number(chosen: ChosenColumns, each: Candidate) -> bool:
    if "street1" in chosen.explicit or "address" in chosen.explicit:
        return False
    used = chosen.of("street1")
    if chosen.pool.best(Part.NUMBER) is each and not _numbers_houses(each):
        return False
    same = [other for other in chosen.everything if other.source in used]
    if any(_repeats_number(each.column.texts, other.column.texts) for other in same):
        return False
    named = each.part is Part.NUMBER and letters(each.heading.name) not in PLAIN_NUMBERS
    return (named or hints_at_number(each.heading.name)) and each.column.mostly(content.is_number)


def _is_other_street(chosen: ChosenColumns, each: Candidate) -> bool:
    return (
        each.part in {Part.LINE, Part.STREET}
        and each.column.mostly(content.begins_with_number)
        and each.column.texts != list(chosen.streets)
    )


def _numbers_houses(each: Candidate) -> bool:
    """Whether a heading can number nothing but houses: House Number, but not PropNo."""
    return bool({*tokens(each.heading.name)} & {"house", "hse", "street", "address", "addr"})


def _repeats_number(texts: Sequence[str], numbers: Sequence[str]) -> bool:
    """Whether numbers are those of the houses, perhaps without their letters: 102 for 102A."""
    return all(
        not text or re.match(rf"{re.escape(text.removesuffix('.0'))}(?!\d)", number)
        for text, number in zip(texts, numbers, strict=True)
    )


def _is_zip_like(each: Candidate) -> bool:
    return each.part is None and each.column.share(content.is_zip) > 0.9  # noqa: PLR2004  nearly all
