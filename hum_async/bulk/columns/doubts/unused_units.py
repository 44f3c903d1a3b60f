"""Doubts about unused columns that look like units, or like what stands inside of a building."""

from collections.abc import Sequence

from hum_async._addresses.usps_key import units_in_street, units_of
from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns._headings import hints_at_order, hints_at_unit, letters, tokens
from hum_async.bulk.columns._pool import LOTS
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns._street import says_unit
from hum_async.bulk.columns.doubts.chosen import ChosenColumns
from hum_async.bulk.columns.doubts.doubt import Doubt, Way, with_or_without


def doubt_inside(chosen: ChosenColumns, found: Sequence[Candidate]) -> Doubt:
    """Return one doubt about unused columns of units: all of them may belong to the unit."""
    names = [chosen.name(each) for each in found]
    if len(found) == 1:
        message = f"{names[0]} looks like a unit and is not used; flats would be taken for one"
        text = _with_inner(chosen, found)
        return with_or_without(message, names[0], "street2", text)
    together = " and ".join(names)
    message = f"{together} look like units and are not used; flats would be taken for one"
    ways = [Way(f"with {together}", {"street2": _with_inner(chosen, found)})]
    units = [each.part is not Part.UNIT_TYPE for each in found]
    for each, name, is_unit in zip(found, names, units, strict=True):
        if not is_unit or sum(units) == 1:
            continue
        others = tuple(other for other in names if other != name)
        mapping = {"street2": _with_inner(chosen, [each])}
        ways.append(Way(f"with {name} alone", mapping, ignored=others))
    ways.append(Way(f"without {together}", ignored=tuple(names)))
    return Doubt(message, tuple(ways))


def said_in(chosen: ChosenColumns, each: Candidate) -> str | None:
    """Return the field that says already what stands in a column; None if none does."""
    if _is_said_in_street(chosen, each):
        return "street1"
    if _is_unit_like(each) and all(map(says_unit, chosen.units, each.column.texts)):
        return "street2"
    return None


def is_inside(chosen: ChosenColumns, each: Candidate) -> bool:
    """Whether a column is a part of the unit."""
    return _is_unit_like(each) or _is_inner_part(chosen, each)


def is_of_none(chosen: ChosenColumns, each: Candidate) -> bool:
    """Whether the group of a column, such as that of Site #, has no address of its own."""
    parts = {other.part for other in chosen.everything if other.family == each.family}
    return parts <= {None, Part.NUMBER, Part.INSIDE, Part.UNIT, Part.UNIT_TYPE, Part.CITY}


def is_unit_of_none(chosen: ChosenColumns, each: Candidate) -> bool:
    """Whether a column is a unit beside that of the address: ALT_UNIT."""
    rows = zip(each.column.texts, chosen.streets, chosen.units, strict=True)
    return (
        each.part is Part.UNIT
        and not chosen.pool.is_near(each)
        and is_of_none(chosen, each)
        and not all(_is_said_in(*row) for row in rows)
    )


def designators_of(chosen: ChosenColumns, each: Candidate) -> list[Candidate]:
    """Return the column with the words of a further unit: ALT_UNIT_TYPE."""
    return [
        other
        for other in chosen.unused()
        if other.part is Part.UNIT_TYPE and other.family == each.family and other.column.filled
    ]


def _is_said_in_street(chosen: ChosenColumns, each: Candidate) -> bool:
    """Whether the street's line says what stands in this column, in most rows."""
    pairs = [
        (text.casefold(), street.casefold())
        for text, street in zip(each.column.texts, chosen.streets, strict=True)
        if text and street
    ]
    said = sum(
        f" {text} " in f" {street.replace(',', ' ,')} "
        or f" {street} " in f" {text.replace(',', ' ,')} "
        for text, street in pairs
    )
    words = max(map(each.column.share, (content.is_suffix, content.is_direction)))
    is_part = each.part is not None or words > 0.9  # noqa: PLR2004  nearly all
    return is_part and bool(pairs) and 2 * said > len(pairs)


def _is_inner_part(chosen: ChosenColumns, each: Candidate) -> bool:
    """Whether a building, lot or floor without a word tells addresses apart."""
    words = {*tokens(each.heading.name)}
    if words & {"lot"}:
        parcels = {"block", "blk", "parcel", "apn", "pin", "section", "tract", "subdivision"}
        numbered = parcels & {word for name in chosen.header for word in tokens(name)}
        return each.part is None and not numbered and letters(each.heading.name) in LOTS
    if each.part is not Part.INSIDE or not each.column.mostly(content.is_bare_unit):
        return False
    if words & {"room", "rm"}:
        return True
    if words & {"building", "bldg", "tower", "wing"}:
        return len(each.column.filled) == 1 or len({*each.column.texts}) > 1
    inside: dict[tuple[str, str], set[str]] = {}
    for street, unit, text in zip(chosen.streets, chosen.units, each.column.texts, strict=True):
        inside.setdefault((street.casefold(), unit.casefold()), set()).add(text)
    return any(len(texts) > 1 for texts in inside.values())


def _with_inner(chosen: ChosenColumns, found: Sequence[Candidate]) -> str:
    """Return the columns of the unit with further ones: a building stands before the unit in it."""
    before = [each.source for each in found if each.part is Part.INSIDE]
    after = [each.source for each in found if each.part is not Part.INSIDE]
    return chosen.text([*before, *chosen.of("street2"), *after])


def _is_said_in(text: str, street: str, unit: str) -> bool:
    """Whether a street's line or its unit says the unit of a text."""
    return not text or units_of(text) <= units_of(unit) | units_in_street(street)


def _is_unit_like(each: Candidate) -> bool:
    if each.part in {Part.UNIT, Part.UNIT_TYPE}:
        return each.part is Part.UNIT
    if each.part is not None and each.part is not Part.INSIDE:
        return False
    if each.heading.part is Part.WHOLE and each.column.mostly(content.is_bare_unit):
        # "Location" may be a place inside of the building.
        return True
    name = each.heading.name
    third = {"address", "addr", "street", "line"} & {*tokens(name)} and "3" in tokens(name)
    short = each.column.mostly(lambda text: len(text) <= 20)  # noqa: PLR2004  a unit's length
    by_value = each.column.mostly(content.is_unit) and not hints_at_order(name)
    by_name = bool(third) and not each.column.mostly(content.is_zip)
    return short and (by_value or by_name or hints_at_unit(name))
