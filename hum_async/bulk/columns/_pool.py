"""The columns of a table as candidates for the parts of one address, with those of its group."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import zip_longest

import attrs

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import STREETS, Candidate
from hum_async.bulk.columns._content import Column
from hum_async.bulk.columns._headings import (
    ELSEWHERE,
    LOCATED,
    Heading,
    is_known_group,
    letters,
    read_headings,
)
from hum_async.bulk.columns._mapping import Source, source_of
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns._unnamed_parts import read_unnamed_parts
from hum_async.bulk.result_schema import is_result_column
from hum_async.bulk.tables import Cell

_POINT = (Part.LATITUDE, Part.LONGITUDE)
_NUMBERS = (Part.NUMBER, Part.FRACTION, Part.UNIT, Part.UNIT_TYPE)
PLACES = (Part.CITY, Part.STATE, Part.ZIP, Part.LAST_LINE)
_WEAK = frozenset(
    "prefix suffix sfx suf direction dir directional number num nbr house fraction half location "  # noqa: SIM905  words
    "x y floor fl flr level room rm wing tower building bldg streetsfx singleline addrtype "
    "addresstype addtype quad quadrant nr pre post".split()
)
LOTS = frozenset("lot lotno lotnum lotnumber lotnbr".split())  # noqa: SIM905  words
_PLANE = frozenset("x y xcoord ycoord xcoordinate ycoordinate pointx pointy".split())  # noqa: SIM905  words
_ANSWERS = frozenset({"y", "n", "yes", "no"})
_LATITUDES = (17.0, 72.0)
_LONGITUDES = (-180.0, -60.0)


@attrs.define
class Pool:
    """The candidates for one address.

    Attributes:
        family: The group of its street.
        candidates: Its columns.
        rivals: The groups of further addresses.
        neutral: Columns that say of no group whose they are may belong to it.
    """

    family: str = ""
    candidates: list[Candidate] = attrs.field(factory=list)
    rivals: list[str] = attrs.field(factory=list)
    neutral: bool = True

    def of(self, *parts: Part | None) -> list[Candidate]:
        """Return the candidates for these parts, the likeliest first."""
        found = [each for each in self.candidates if each.part in parts]
        return sorted(found, key=self._order)

    def best(self, part: Part) -> Candidate | None:
        """Return the likeliest candidate for a part; None if there is none."""
        found = self.of(part)
        return found[0] if found else None

    def _order(self, each: Candidate) -> tuple[bool, bool, bool, int, int]:
        return (
            not each.column.filled,
            each.family != self.family,
            each.heading.part is not each.part,
            each.heading.rank,
            each.source.column,
        )

    def is_near(self, each: Candidate) -> bool:
        """Whether a column may belong to this address: it is not of another group."""
        near = {self.family, *([""] if self.neutral else [])} - {*self.rivals}
        return each in self.candidates or each.family in near

    def may_take(self, each: Candidate) -> bool:
        """Whether a column may belong to this address, by what it holds.

        "Codigo Postal" is of no other group, although "codigo" is no known word.
        """
        return self.is_near(each) or not (each.family in self.rivals or is_known_group(each.family))


def candidates_of(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], titles: Sequence[str] = ()
) -> list[Candidate]:
    """Return the columns of a table, and the fields inside of nested ones.

    Args:
        header: Names of the columns.
        rows: The first rows.
        titles: What stands above each name in a header of two rows.
    """
    names = [
        f"{title} {name}".lstrip() for title, name in zip_longest(titles, header, fillvalue="")
    ]
    found = []
    for at, heading in enumerate(read_headings(names if titles else header)):
        if is_result_column(heading.name):
            continue
        cells = [row[at] for row in rows]
        nested = [cell for cell in cells if isinstance(cell, dict)]
        if nested and 2 * len(nested) > sum(cell is not None for cell in cells):
            found += _inside(at, heading, cells)
            continue
        column = Column(cells)
        found.append(
            Candidate(source_of(at, heading.name), heading, column, _judged(heading, column))
        )
    read_unnamed_parts(found)
    return found


def _inside(at: int, parent: Heading, cells: Sequence[Cell]) -> list[Candidate]:
    names = list(dict.fromkeys(name for cell in cells if isinstance(cell, dict) for name in cell))
    found = []
    for heading in read_headings(names):
        inner = [cell.get(heading.name) if isinstance(cell, dict) else None for cell in cells]
        column = Column(inner)
        own = attrs.evolve(heading, group=heading.group or parent.group or _group_of(parent))
        found.append(
            Candidate(
                source_of(at, heading.name, (heading.name,)), own, column, _judged(own, column)
            )
        )
    return found


def _group_of(parent: Heading) -> str:
    # "address" names no group, "home" does.
    return "" if parent.part in STREETS else letters(parent.name)


def _judged(heading: Heading, column: Column) -> Part | None:
    """Return what a column is by its heading, corrected by what it holds."""
    part = heading.part
    if part is None or not column.filled or part not in _JUDGES:
        return part
    return _JUDGES[part](column, part, letters(heading.name))


def _judge_line(column: Column, part: Part, name: str) -> Part | None:
    if column.whole:
        return Part.WHOLE
    if column.mostly(content.is_last_line):
        return Part.LAST_LINE
    if part is not Part.WHOLE:
        return part
    if column.mostly(content.is_unit):
        # "Location" may be the place inside of a building.
        return Part.UNIT
    return Part.LINE if column.mostly(content.begins_with_number) or name not in _WEAK else None


def _judge_number(column: Column, part: Part, _: str) -> Part | None:
    if column.mostly(content.is_number):
        return part
    return Part.LINE if column.mostly(content.begins_with_number) else None


def _judge_suffix(column: Column, part: Part, name: str) -> Part | None:
    if column.mostly(content.is_suffix):
        return Part.SUFFIX
    if column.mostly(content.is_direction):
        return Part.DIRECTION_AFTER
    return None if name in _WEAK else part


def _judge_direction(column: Column, part: Part, name: str) -> Part | None:
    return None if name in _WEAK and not column.mostly(content.is_direction) else part


def _judge_fraction(column: Column, part: Part, _: str) -> Part | None:
    return part if column.mostly(content.is_fraction) else None


def _judge_inside(column: Column, part: Part, _: str) -> Part | None:
    return Part.UNIT if column.mostly(content.is_unit) else part


def _judge_unit(column: Column, part: Part, name: str) -> Part | None:
    if column.mostly(content.is_last_line):
        # The second line of a label: the city, and no unit.
        return Part.LAST_LINE
    if {"y", "n"} <= (found := {*map(str.casefold, column.filled)}) or found & {"yes", "no"}:
        # "Apt Building?" is answered by yes and no.
        return part if found - _ANSWERS else None
    # Parcels are numbered by lots.
    return None if name in LOTS and not column.mostly(content.is_unit) else part


def _judge_city(column: Column, part: Part, _: str) -> Part | None:
    return Part.LAST_LINE if column.mostly(content.is_last_line) else part


def _judge_state(column: Column, part: Part, _: str) -> Part | None:
    # "Loc St" may be a street.
    if column.mostly(content.begins_with_number):
        return Part.LINE
    return Part.NAME if column.mostly(content.is_street_name) else part


def _judge_plus_4(column: Column, part: Part, _: str) -> Part | None:
    # "ZIP+4" may be both.
    return Part.ZIP if column.mostly(content.is_zip) else part


def _judge_degrees(column: Column, part: Part, name: str) -> Part | None:
    # What is called x and y may be a point of a plane.
    low, high = _LATITUDES if part is Part.LATITUDE else _LONGITUDES
    plane = name in _PLANE and not column.mostly(lambda text: _within(text, low, high))
    return None if plane else part


_JUDGES: Mapping[Part, Callable[[Column, Part, str], Part | None]] = {
    Part.LINE: _judge_line,
    Part.STREET: _judge_line,
    Part.WHOLE: _judge_line,
    Part.NUMBER: _judge_number,
    Part.SUFFIX: _judge_suffix,
    Part.DIRECTION_AFTER: _judge_suffix,
    Part.DIRECTION_BEFORE: _judge_direction,
    Part.FRACTION: _judge_fraction,
    Part.UNIT: _judge_unit,
    Part.INSIDE: _judge_inside,
    Part.CITY: _judge_city,
    Part.STATE: _judge_state,
    Part.ZIP_PLUS_4: _judge_plus_4,
    Part.LATITUDE: _judge_degrees,
    Part.LONGITUDE: _judge_degrees,
}


def _within(text: str, low: float, high: float) -> bool:
    try:
        return low <= float(text) <= high
    except ValueError:
        return False


def family_of(source: Source | None, candidates: Sequence[Candidate]) -> str | None:
    """Return the group of a column; None for no column."""
    return next((each.family for each in candidates if each.source == source), None)


def pool_of(
    candidates: Sequence[Candidate], fixed: str | None, free: Collection[Candidate]
) -> Pool:
    """Return the candidates for one address.

    Args:
        candidates: All columns that are not to be ignored.
        fixed: The group whose address is meant; None chooses.
        free: Those of them that the user did not name.
    """
    families = list(dict.fromkeys(each.family for each in candidates if each.part))
    streets = [
        family
        for family in families
        if any(
            each.part in STREETS and each.column.filled
            for each in candidates
            if each.family == family
        )
    ] or [
        family
        for family in families
        if any(each.part in STREETS for each in candidates if each.family == family)
    ]
    if fixed is not None:
        family = fixed
    else:
        placed = [each for each in streets if has_place(_own(candidates, each, streets))]
        family = min(placed or streets or [""], key=_preference)
    own = _own(candidates, family, streets)
    rivals = [each for each in streets if each != family]
    neutral = not family or _takes_neutral(candidates, family, streets)
    return Pool(family, [each for each in own if each in free], rivals, neutral)


def _own(candidates: Sequence[Candidate], family: str, streets: Sequence[str]) -> list[Candidate]:
    """Return the columns of a group, with those that no other group with a street has."""
    own = [each for each in candidates if each.family == family]
    # A group with a street of its own, were it empty, lends nothing.
    with_streets = {each.family for each in candidates if each.part in STREETS}
    others = {each.family for each in candidates if each.part} - {family, *with_streets}
    if family and "" in others:
        others.remove("")
        if _takes_neutral(candidates, family, streets):
            own += [each for each in candidates if not each.family]
    return own + _lent(candidates, own, others, family)


def _takes_neutral(candidates: Sequence[Candidate], family: str, streets: Sequence[str]) -> bool:
    """Whether columns that say of no group whose they are may belong to this one.

    Beside "SITUS" and "OWNERADDR" with "OWNERCITY" and "OWNERZIP", "CITY" and "ZIP" are of "SITUS".
    """
    neutral = [each for each in candidates if not each.family]
    if not any(each.part in PLACES for each in neutral):
        return True
    placed = {
        each: has_place([other for other in candidates if other.family == each])
        for each in {family, *streets}
    }
    return not placed[family] or all(placed.values())


def _lent(
    candidates: Sequence[Candidate], own: Sequence[Candidate], others: Collection[str], family: str
) -> list[Candidate]:
    """Return the columns of a place that only one other group has, which has no street.

    A group that numbers houses has a street, though no heading names it, and lends nothing to
    another group. A number without a street belongs to the street that says of no group whose it
    is.
    """
    numbering = {each.family for each in candidates if each.part is Part.NUMBER}
    lenders = {*others} - (numbering if family else set())
    if family:
        located = family.rstrip("0123456789") in LOCATED
        lenders = {each for each in lenders if not each or (located and each in LOCATED)}
    lenders = _lenders(candidates, own, lenders)
    found = []
    for part in (*PLACES, *_POINT):
        if any(each.part is part for each in own):
            continue
        lent = [each for each in candidates if each.part is part and each.family in lenders]
        if len({each.family for each in lent}) == 1:
            found += lent
    if family:
        return found
    found += [
        each
        for each in candidates
        if each.part in _NUMBERS
        and each.family in others
        and each.family in LOCATED
        and not any(mine.part is each.part for mine in own)
    ]
    return found


def _lenders(
    candidates: Sequence[Candidate], own: Sequence[Candidate], families: Collection[str]
) -> set[str]:
    """Return the groups that may lend a place: one place is never put together from two owners'.

    Beside the city and ZIP of the property, a state of the owner would be a third place.
    """
    found = {
        each.family
        for each in candidates
        if each.part in PLACES and each.family in families and is_known_group(each.family)
    }
    if any(each.part in PLACES for each in own):
        found = {each for each in found if each.rstrip("0123456789") not in ELSEWHERE}
    located = found & {*LOCATED}
    if not located and len(found) > 1:
        return set()
    points = {each.family for each in candidates if each.part in _POINT} & {*families}
    return (located or found) | {each for each in points - found if is_known_group(each)}


def _preference(family: str) -> tuple[int, int]:
    """Return the order of groups: where a building stands, then what says nothing, then others."""
    group = family.rstrip("0123456789")
    located = LOCATED.index(group) if group in LOCATED else len(LOCATED) + bool(group)
    return located, len(family) - len(group)


def has_place(candidates: Sequence[Candidate]) -> bool:
    """Whether columns name a place, or a whole address."""
    parts = {each.part for each in candidates}
    return bool(parts & {Part.ZIP, Part.LAST_LINE, Part.WHOLE}) or {Part.CITY, Part.STATE} <= parts
