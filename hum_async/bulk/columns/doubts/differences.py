"""Doubts about unused columns in which alone rows of the same address differ."""

from collections.abc import Sequence

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns._headings import (
    ELSEWHERE,
    hints_at_end,
    hints_at_place_inside,
    hints_at_unit,
    letters,
    tokens,
)
from hum_async.bulk.columns._mapping import Source
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns._telling_apart import (
    is_place_or_unit,
    may_follow_number,
    names_units,
    tells_apart,
)
from hum_async.bulk.columns.doubts.chosen import ChosenColumns
from hum_async.bulk.columns.doubts.doubt import Doubt, Way


def makes_difference(chosen: ChosenColumns, each: Candidate) -> bool:
    """Whether a column may tell apart homes whose addresses are the same otherwise."""
    # "Townhome" reads like the town of a home.
    parts = {None, Part.NUMBER, Part.INSIDE, Part.WHOLE, Part.UNIT_TYPE, Part.CITY}
    ends = hints_at_end(each.heading.name)
    if each.part not in parts or ends or "street2" in chosen.explicit:
        return False
    name, column = each.heading.name, each.column
    if each.source.column == 0 and column.counts and not hints_at_place_inside(name):
        # The index of a data frame has no heading, or one that says nothing.
        return False
    if each.heading.group in ELSEWHERE and not hints_at_unit(name):
        # "OWN1" is whose address it is.
        return False
    if letters(name) in {"ext", "extension"} and _has_phones(chosen):
        return False
    if (
        "street1" not in chosen.explicit
        and chosen.numbers_street()
        and may_follow_number(name, column)
    ):
        return True
    return names_units(column) or tells_apart(name, column, chosen.keys)


def doubt_difference(chosen: ChosenColumns, each: Candidate) -> Doubt:
    """Return the doubt about an unused column in which alone rows of the same address differ."""
    name = chosen.name(each)
    message = (
        f"{name} may tell apart homes whose addresses are the same otherwise, and is not used; "
        "they would be taken for one"
    )
    street = chosen.of("street1")
    ways = []
    inside = each.column.mostly(is_place_or_unit)
    if "street1" not in chosen.explicit and chosen.numbers_street() and not inside:
        text = chosen.text([street[0], each.source, *street[1:]])
        ways.append(Way(f"{name} follows the house number", {"street1": text}))
    elif "street1" not in chosen.explicit and street and _ends_street(each):
        first = _begins_name(chosen, each, street)
        text = chosen.text([each.source, *street] if first else [*street, each.source])
        label = "begins" if first else "ends"
        ways.append(Way(f"{name} {label} the street", {"street1": text}))
    text = chosen.text([*chosen.of("street2"), each.source])
    ways.append(Way(f"{name} is the unit", {"street2": text}))
    ways.append(Way(f"without {name}", ignored=(name,)))
    return Doubt(message, tuple(ways))


def _begins_name(chosen: ChosenColumns, each: Candidate, street: Sequence[Source]) -> bool:
    """Whether directions stand before the name of a street that lacks its number."""
    named = [other for other in chosen.everything if other.source == street[0]]
    return (
        len(street) == 1
        and each.source.column < street[0].column
        and each.column.mostly(content.is_direction)
        and not any(other.column.mostly(content.has_house_number) for other in named)
    )


def _ends_street(each: Candidate) -> bool:
    return each.column.mostly(content.is_direction) or each.column.mostly(content.is_suffix)


def _has_phones(chosen: ChosenColumns) -> bool:
    words = {word for name in chosen.header for word in tokens(name)}
    return bool(words & {"phone", "telephone", "tel", "cell", "mobile", "fax"})
