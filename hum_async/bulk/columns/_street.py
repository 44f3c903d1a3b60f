"""Chooses the columns of the street's line and of the unit."""

from collections.abc import Sequence

import attrs

from hum_async._addresses.usps_key import units_of
from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns._house_numbers import agree, leading_number
from hum_async.bulk.columns._mapping import Source
from hum_async.bulk.columns._pool import Pool
from hum_async.bulk.columns._spellings import STREET_PARTS, Part


@attrs.frozen
class Choice:
    """The columns of the street.

    Attributes:
        field: ``street1``, or ``address`` for a whole address.
        sources: The columns, in their order.
    """

    field: str
    sources: tuple[Source, ...]


def choose_street(pool: Pool, *, placed: bool, sampled: bool) -> Choice | None:
    """Return the columns of the street; None if there are none.

    Args:
        pool: The columns of the address.
        placed: There are columns for the place.
        sampled: Their contents are known.
    """
    number = pool.best(Part.NUMBER)
    lines = sorted(
        pool.of(Part.LINE, Part.STREET, Part.NAME),
        key=lambda each: not each.column.filled,
    )
    numbered = [
        each
        for each in lines
        if (_is_numbered(each, number) if sampled else each.part is Part.LINE)
    ]
    # A line of its own goes before a name that happens to hold numbers.
    numbered.sort(key=lambda each: each.part is Part.NAME)
    whole = pool.best(Part.WHOLE)
    if numbered and placed:
        line = numbered[0]
        if sampled and number is not None and _completes(number, line):
            return Choice("street1", (number.source, line.source))
        return Choice("street1", (line.source,))
    base = _base(lines)
    if number is not None and base is not None and placed:
        return Choice("street1", join_street(pool, number, base))
    if whole is not None:
        return Choice("address", (whole.source,))
    if number is not None and base is not None:
        return Choice("street1", join_street(pool, number, base))
    return Choice("street1", (lines[0].source,)) if lines else None


def _is_numbered(line: Candidate, number: Candidate | None) -> bool:
    """Whether a street's column holds the house numbers, too."""
    column = line.column
    if number is None or not number.column.filled:
        return column.mostly(content.has_house_number)
    pairs = [
        (street, house.removesuffix(".0"))
        for street, house in zip(column.texts, number.column.texts, strict=True)
        if street and house
    ]
    repeated = sum(street.split()[0].casefold() == house.casefold() for street, house in pairs)
    return 2 * repeated > len(pairs) or (
        line.part in {Part.LINE, Part.STREET} and column.mostly(content.begins_with_number)
    )


def _completes(number: Candidate, line: Candidate) -> bool:
    """Whether a column has the house numbers that streets lack, or others than they say.

    Rows with two numbers are refused; where no row says the same twice, it may number anything.
    """
    said = [
        (house, leading_number(street))
        for house, street in zip(number.column.texts, line.column.texts, strict=True)
        if house and street and content.is_number(house) and not content.is_box(street)
    ]
    same = sum(bool(leading) and agree(house, leading) for house, leading in said)
    return 0 < same < len(said)


def _base(lines: Sequence[Candidate]) -> Candidate | None:
    """Return the column of the street's name that house numbers go before."""
    order = (Part.NAME, Part.STREET, Part.LINE)
    # Without the rows, all columns are empty.
    filled = [each for each in lines if each.column.filled or not each.column.texts]
    return min(filled, key=lambda each: order.index(each.part or Part.LINE), default=None)


def join_street(pool: Pool, number: Candidate, base: Candidate) -> tuple[Source, ...]:
    """Return the columns of the street's line, with the parts that its name does not say."""
    found = []
    for part in STREET_PARTS:
        if part is Part.NAME:
            found.append(base.source)
        elif part is Part.NUMBER:
            found.append(number.source)
        elif part is Part.FRACTION:
            found += [each.source for each in _fractions(pool, number)]
        elif (each := pool.best(part)) is not None and not _says(base, each, part):
            found.append(each.source)
    return tuple(found)


def _fractions(pool: Pool, number: Candidate) -> list[Candidate]:
    """Return the columns of what follows the house number, if it does not say it itself."""
    found: list[Candidate] = []
    for each in pool.of(Part.FRACTION):
        texts = each.column.texts
        said = any(_ends_in(other.column.texts, texts) for other in (number, *found))
        if (each.column.filled or not found) and not said:
            found.append(each)
    return sorted(found, key=lambda each: each.source.column)


def _ends_in(texts: Sequence[str], ends: Sequence[str]) -> bool:
    pairs = [(text, end) for text, end in zip(texts, ends, strict=True) if end]
    return bool(pairs) and all(text.casefold().endswith(end.casefold()) for text, end in pairs)


def _says(base: Candidate, each: Candidate, part: Part) -> bool:
    """Whether the street's name has a direction or suffix in it already."""
    if base.part is not Part.NAME and not each.column.filled:
        return True
    at = 0 if part in {Part.DIRECTION_BEFORE, Part.TYPE_BEFORE} else -1
    pairs = [
        (name.split(), text)
        for name, text in zip(base.column.texts, each.column.texts, strict=True)
        if name and text
    ]
    same = sum(words[at].casefold() == text.casefold() for words, text in pairs)
    return bool(pairs) and 2 * same > len(pairs)


def choose_unit(pool: Pool, *, sampled: bool) -> tuple[Source, ...]:
    """Return the columns of the unit, with its designator first; none if there are none."""
    units = pool.of(Part.UNIT)
    if not sampled:
        units = units[:1]
    kept: list[Candidate] = []
    # The longer texts first: what says more is kept.
    for each in sorted(units, key=_length, reverse=True):
        if not any(each.column.filled and _repeats(each, other) for other in kept):
            kept.append(each)
    kept.sort(key=lambda each: each.source.column)
    designator = pool.best(Part.UNIT_TYPE)
    if designator is not None and not kept and designator.column.mostly(content.is_designator):
        kept = _numbers_beside(pool, designator)
    if (
        designator is not None
        and kept
        and designator.column.share(content.is_designator) > 0.5 - (not designator.column.filled)
        and not any(each.column.mostly(content.is_unit) for each in kept)
    ):
        kept.insert(_place_of_number(kept), designator)
    return tuple(each.source for each in kept)


def _numbers_beside(pool: Pool, designator: Candidate) -> list[Candidate]:
    """Return the column with the numbers of units behind that of their words: Designator, Value."""
    return [
        each
        for each in pool.of(None)
        if each.source.column == designator.source.column + 1
        and each.column.filled
        and each.column.share(content.is_bare_unit) > 0.9  # noqa: PLR2004  nearly all
        and all(map(bool, _beside(designator.column.texts, each.column.texts)))
    ]


def _beside(texts: Sequence[str], numbers: Sequence[str]) -> list[str]:
    """Return the texts of the rows that have a number."""
    return [text for text, number in zip(texts, numbers, strict=True) if number]


def _length(each: Candidate) -> int:
    return max(map(len, each.column.filled), default=0)


def _repeats(one: Candidate, other: Candidate) -> bool:
    """Whether all that a column says is said by another: 4 by Apt 4, but not by Bldg 4."""
    pairs = zip(one.column.texts, other.column.texts, strict=True)
    return all(says_unit(said, text) for text, said in pairs if text)


def says_unit(said: str, text: str) -> bool:
    """Whether a text says the units, or the designator, of another."""
    if content.is_designator(text):
        return f" {text.casefold()} " in f" {said.casefold()} "
    return units_of(text) <= units_of(said)


def _place_of_number(kept: Sequence[Candidate]) -> int:
    """Return where a designator goes: before the number of a unit, behind a second line."""
    short = [
        at
        for at, each in enumerate(kept)
        if each.column.mostly(lambda text: len(text) <= 6)  # noqa: PLR2004  a number's length
    ]
    return short[0] if short else len(kept) - 1
