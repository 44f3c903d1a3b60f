"""Finds several house numbers, and several units, where one address has one of each.

A hyphen joins the numbers of one house, as in 41-25 and 100-104; every other word or sign between
two numbers makes two of them.
"""

import re
from collections.abc import Iterator
from itertools import combinations, pairwise

import attrs

from hum_async._addresses._usps_tables import SUFFIXES, UNIT_PLACES, UNITS

_JOIN = r"(?:[&+;,|]|(?:AND|OR|TO|THRU|THROUGH|UNTIL|TILL?|PLUS|Y|&AMP;)\b)"
_HOUSES = re.compile(rf"(?:#\s*)?\d+[A-Z]?\s*{_JOIN}+\s*(?:#\s*)?\d+[A-Z]?(?![\w./-])", re.ASCII)
_SLASHED = re.compile(r"(\d+)[A-Z]?\s*/\s*(\d+)[A-Z]?(?=\s|$)", re.ASCII)
_LARGEST_DENOMINATOR = 8
_SLASH = re.compile(r"/(?=#|APT|UNIT|STE|SUITE)")
_TOKENS = re.compile(r"[#&+;,|]|(?<=\s)/(?=\s)|(?:[^\s#&+;,|/]|/(?!\s))+")
_SIGN = re.compile(r"[&+;,|/-]| (?:AND|OR|TO|THRU|THROUGH|UNTIL|TILL?|PLUS|Y) ", re.IGNORECASE)
"""What most streets do not hold, and several units do, unless each has its designator."""
_STRONG = frozenset("& + ; | / AND OR TO THRU THROUGH UNTIL TIL TILL PLUS Y".split())  # noqa: SIM905  a table
"""What joins two units, unlike a comma, which also stands between a building and its unit."""
_PLURALS = {
    "APTS": "APT",
    "APARTMENTS": "APT",
    "UNITS": "UNIT",
    "UNTS": "UNIT",
    "STES": "STE",
    "SUITES": "STE",
    "LOTS": "LOT",
    "RMS": "RM",
    "ROOMS": "RM",
    "FLRS": "FL",
    "FLOORS": "FL",
    "BLDGS": "BLDG",
    "BUILDINGS": "BLDG",
    "SPACES": "SPC",
    "SPCS": "SPC",
    "TRAILERS": "TRLR",
}
_ALL = frozenset({"ALL", "BOTH", "EACH", "EVERY", "ANY", "MULTIPLE", "SEVERAL", "VARIOUS", "MANY"})
_DWELLINGS = frozenset({"", "#", "APT", "UNIT"})
_LISTED = _DWELLINGS | {"STE"}
"""Units of which a comma may list several: Apt 1, 2; but Bldg 2, 4 is a unit in a building."""
_MOST = 20
"""Units that are compared with each other: a cell may hold anything."""
_VALUE = re.compile(r"(?=\S*\d)[A-Z]{0,2}-?\d[\w-]*|[A-Z](?:-[A-Z])?|\d+/\d+", re.ASCII)
_ROADS = frozenset({"HWY", "RTE", "LOOP", "SPUR", "BYP", "FWY", "EXPY", "TPKE", "PIKE"})
_SYSTEMS = frozenset({"COUNTY", "CO", "CNTY", "STATE", "TOWNSHIP", "TWP", "RANCH", "FOREST"})


def names_several_houses(upper: str) -> bool:
    """Whether a line in capitals begins with two house numbers: 100 & 102 Main St."""
    if _HOUSES.match(upper):
        return True
    found = _SLASHED.match(upper)
    return found is not None and not _is_fraction(int(found[1]), int(found[2]))


def _is_fraction(numerator: int, denominator: int) -> bool:
    return 0 < numerator < denominator <= _LARGEST_DENOMINATOR


def names_several_units(text: str) -> bool:
    """Whether the text of a unit names more than one: Apts 1 & 2, all units, #1, #2."""
    return _several(_tokens(text))


def line_names_several_units(text: str) -> bool:
    """Whether the units behind a street are more than one: 100 Main St Apt 1, Apt 2."""
    if not _SIGN.search(text) and sum(map(_may_be_designator, text.upper().split())) < 2:  # noqa: PLR2004  Apt 1 Apt 2
        return False
    words = _tokens(text)
    for at in range(2, len(words)):
        word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
        if word == "," and _VALUE.fullmatch(following):
            return _several(words[at + 1 :])
        if word in _ALL and following in _PLURALS:
            return True
        if _designator(word) is not None and _begins_value(words, at + 1):
            return _several(words[at:])
    return _ends_in_several(words)


def _may_be_designator(word: str) -> bool:
    return word in _PLURALS or word in UNITS or word in _ALL or "#" in word or "." in word


def _tokens(text: str) -> list[str]:
    found = _TOKENS.findall(_SLASH.sub(" / ", text.upper()))
    return [word for each in found if (word := each.strip(".:()\"'"))]


def _designator(word: str) -> str | None:
    """Return the abbreviation of a unit's designator, in the singular; None for any other word."""
    return "#" if word == "#" else _PLURALS.get(word) or UNITS.get(word)


def _begins_value(words: list[str], at: int) -> bool:
    while at < len(words) and words[at] in {"#", "NO", "NUMBER"}:
        at += 1
    return at < len(words) and _VALUE.fullmatch(words[at]) is not None


def _ends_in_several(words: list[str]) -> bool:
    """Whether a line ends in two numbers behind its suffix: 100 Main St 1 & 2."""
    if len(words) < 6 or words[-2] not in _STRONG:  # noqa: PLR2004  number, name, suffix, 1 & 2
        return False
    name, suffix = words[-5], SUFFIXES.get(words[-4])
    numbers = all(_VALUE.fullmatch(words[at]) and words[at][0].isdigit() for at in (-3, -1))
    return numbers and suffix is not None and suffix not in _ROADS and name not in _SYSTEMS


@attrs.frozen
class _Unit:
    """A unit of a list: its designator, its number, what joins it to the one before."""

    kind: str
    name: str
    join: str
    is_range: bool = False


def _several(words: list[str]) -> bool:
    """Whether words that begin with a unit name another one of its kind."""
    units = list(_units(words))
    return (
        _counts_units(words)
        or any(unit.is_range for unit in units)
        or any(_is_another(one, other) for one, other in pairwise(units))
        or any(
            one.kind and one.kind == other.kind and one.name != other.name
            for one, other in combinations(units[:_MOST], 2)
        )
    )


def _units(words: list[str]) -> Iterator[_Unit]:
    kind, join, plural = "", "", False
    for word in words:
        found = _designator(word)
        if word in _STRONG or word == ",":
            kind, join = kind if plural else "", word
        elif found is not None:
            # "Apt # 4": the sign belongs to the word before it.
            if not (word == "#" and kind):
                kind, plural = found, word in _PLURALS
        elif _VALUE.fullmatch(word) or (word in UNIT_PLACES and not kind):
            yield _Unit(kind, word, join, plural and re.search(r"\w-\w", word) is not None)
            kind, join = kind if plural else "", ""
        elif word not in {"NO", "NUMBER"}:
            kind, join, plural = "", "", False


def _counts_units(words: list[str]) -> bool:
    """Whether words speak of units without naming them: all units, 4 units."""
    return any(
        words[at + 1] in _PLURALS and (words[at] in _ALL or (words[at].isdecimal() and at == 0))
        for at in range(len(words) - 1)
    ) and not any(word == "#" for word in words)


def _is_another(one: _Unit, other: _Unit) -> bool:
    """Whether two units beside each other are two of a kind, by what joins them."""
    if one.name == other.name or not other.join:
        return False
    if other.join != ",":
        return other.kind in {"", one.kind} or {one.kind, other.kind} <= _DWELLINGS
    if other.kind:
        return other.kind == one.kind
    # "Bldg 2, 4" is a unit of a building, and "2, A" may be one, too.
    return one.kind in _LISTED and one.name.isdecimal() and other.name.isdecimal()
