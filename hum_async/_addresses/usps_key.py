"""Tells spellings of one address from other addresses, after USPS Publication 28.

Words are folded only where the publication has them: a direction before or after the name, the
suffix at its end, the unit behind it. So North St and N St, whose names these are, stay two, as do
Main St and Main Ct, and Unit 1 and Unit 11.

Apartment, unit, ``#`` and a unit without a word name the same thing. Every other designator stands
for itself, because a house can have an Apt 4 and a Suite 4.
"""

import re
from functools import lru_cache
from typing import Literal

from hum_async._addresses._numbered_roads import road, road_1
from hum_async._addresses._usps_tables import (
    DIRECTIONS,
    ORDINALS,
    SUFFIXES,
    UNIT_PLACES,
    UNITS,
)
from hum_async._addresses.characters import clean
from hum_async._addresses.zip_codes import states_of_zip
from hum_async.models import Address

Dedupe = Literal["exact", "usps"]
"""How addresses are compared: as they are written, or after USPS Publication 28."""
KeyRules = Literal["exact", "usps", "usps-1"]
"""By which rules a store compares addresses: "usps" is the newest ones, and "usps-1" those of
journals that were begun before numbered roads, Apt 04 and No. Main St had one key each."""

_COMMA = ","
_MARKS = str.maketrans(
    {"#": " # ", ",": " , ", ";": " , ", "'": "", '"': " ", "(": " ", ")": " ", ":": " "}
)
_INITIALS = re.compile(r"(?<=\b[A-Z])\.(?=[A-Z]\b)")
_DOT = re.compile(r"\.(?!\d)|(?<!\d)\.")
_ANY_DIGIT = re.compile(r"\d", re.ASCII)
_GLUED = re.compile(
    r"\b(APT|UNIT|STE|SUITE|RM|BLDG|LOT)(?:(?=\d)|-(?=\w))|(?<=^RR)(?=\d)|(?<=^HC)(?=\d)", re.ASCII
)
_FRACTION = re.compile(r"\d{1,2}/\d{1,2}", re.ASCII)
_NUMBER_LETTER = re.compile(r"(\d)[ -]([A-Z])(?![A-Z])", re.ASCII)
_LETTER_NUMBER = re.compile(r"^([A-Z])[ -](?=\d)", re.ASCII)
_NUMBER_JOINED = re.compile(r"(\d+)-(?:([A-Z])|(\d/\d))", re.ASCII)
"""123-A and 123-1/2, which are 123A and 123 1/2."""
_RANGE = re.compile(r"^(\d+) - (\d+)(?= )", re.ASCII)
_BOX_SIGN = re.compile(r"\b(BOX|R\.?R\.?|HC)\s*#", re.ASCII)
_GRID = re.compile(r"[NSEW]\d+", re.ASCII)
_ORDINAL = re.compile(r"(\d+)(?:ST|ND|RD|TH)?", re.ASCII)
_LEADING_ZERO = re.compile(r"^([A-Z]{2,} )?0(?=\d[A-Z]?$)", re.ASCII)
_LEVEL = re.compile(r"^(LOWR|UPPR) LEVEL$")
"""Lower Level, which is the unit Lowr."""
_LEVELS = frozenset({"LOWER", "LOWR", "UPPER", "UPPR"})
_ZEROS = re.compile(r"^0+(?=[1-9]\d*$)", re.ASCII)
_SHORT_DIRECTION = re.compile(r"(?i)^(\d\S*(?: \d/\d)?) +([NS])o\. *(?=([A-Z]{2,}))")
"""No. Main St and So. Main St after a house number, but not No. 4 Rd."""
_NUMBERS = frozenset(
    ["ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "TEN"]
)
_DWELLINGS = frozenset({"#", "APT", "UNIT"})
_ROAD_SYSTEMS = frozenset({"COUNTY", "CO", "CNTY", "STATE", "US"})
_ROADS = frozenset({"HWY", "RD", "RTE"})
_STATES_WITH_DIRECTIONS = frozenset({"CAROLINA", "DAKOTA", "VIRGINIA"})
_ROUTES = {
    ("RURAL", "ROUTE"): "RR",
    ("RURAL", "RTE"): "RR",
    ("RFD",): "RR",
    ("R", "R"): "RR",
    ("HIGHWAY", "CONTRACT"): "HC",
    ("STAR", "ROUTE"): "HC",
}
"""Routes of rural mail and one spelling of each (USPS Publication 28, sections 24 and 25)."""
_BOX_WORDS = {"POB": ["PO", "BOX"], "POBOX": ["PO", "BOX"]}
_FIRST_WORDS = {"SAINT": "ST", "SAINTE": "STE", "FORT": "FT", "MOUNT": "MT"}
"""Words that begin the names of cities and streets, and their abbreviations."""


def exact_key(address: Address) -> str:
    """Return a text that is equal for two checked addresses that differ in case, dots or ZIP+4."""
    parts = (address.street1, address.street2, address.city, address.state, (address.zip or "")[:5])
    return "|".join((part or "").casefold().strip(" .,") for part in parts)


def usps_key(address: Address, rules: KeyRules = "usps") -> str:
    """Return a text that is equal for two checked addresses that are one after Publication 28."""
    street1 = address.street1
    if rules != "usps-1" and "o." in street1.lower():
        street1 = _with_short_direction(street1)
    words = _words(street1)
    if rules != "usps-1" and words[-1:] == ["LEVEL"]:
        words = _without_level(words)
    at = _unit_at(words)
    zip5 = (address.zip or "")[:5]
    state = address.state or _state_of(zip5)
    written = [word for word in words[:at] if word != _COMMA]
    street = _street(written, rules, state)
    units = _units(words[at:]) if at < len(words) else set()
    if address.street2:
        units |= _units(_words(address.street2))
    if rules != "usps-1":
        units = {_LEVEL.sub(r"\1", _LEADING_ZERO.sub(r"\1", unit)) for unit in units}
    city = city_key_1(address.city or "") if rules == "usps-1" else city_key(address.city or "")
    return f"{street}|{'/'.join(sorted(units))}|{city}|{state}|{zip5}"


def address_key(address: Address, rules: KeyRules = "usps") -> str:
    """Return the key of a checked address, by how addresses are compared."""
    return exact_key(address) if rules == "exact" else usps_key(address, rules)


def _with_short_direction(street: str) -> str:
    found = _SHORT_DIRECTION.match(street)
    if found is None or found[3].upper() in _NUMBERS:
        return street
    rest = street[found.end() :]
    # No. St is a street of that name.
    return f"{found[1]} {found[2]} {rest}" if " " in rest.strip() else street


def _without_level(words: list[str]) -> list[str]:
    """Return the words of a street without the last one of Main St Lower Level."""
    if len(words) > 4 and words[-2] in _LEVELS and _ends_a_street(words[-3]):  # noqa: PLR2004  number, name, suffix, Lower Level
        return words[:-1]
    return words


@lru_cache(maxsize=1024)
def units_of(text: str) -> frozenset[str]:
    """Return the units that a text names, each in one spelling: those of "Bldg 2, Apt. 4"."""
    return frozenset(_units(_words(clean(text))))


@lru_cache(maxsize=1024)
def units_in_street(street: str) -> frozenset[str]:
    """Return the units that a street's line ends in, each in one spelling."""
    words = _words(clean(street))
    return frozenset(_units(words[_unit_at(words) :]))


@lru_cache(maxsize=1024)
def city_key(city: str) -> str:
    """Return one spelling of a city: that of "St. Louis" for "Saint Louis".

    Coeur D'Alene is Coeur d Alene, and E St Louis is East Saint Louis.
    """
    words = _joined(_words(city.replace("-", " ")))
    if len(words) < 2:  # noqa: PLR2004  a name, whatever it is
        return " ".join(words)
    first, *rest = words
    *middle, last = rest
    return " ".join([_abbreviated(DIRECTIONS.get(first, first)), *map(_abbreviated, middle), last])


def _abbreviated(word: str) -> str:
    return _FIRST_WORDS.get(word, word)


def _joined(words: list[str]) -> list[str]:
    """Return words without the blank behind D, L, O and Mc: D Alene, O Fallon, Mc Lean."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in {"D", "L", "O", "MC"}:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


@lru_cache(maxsize=1024)
def city_key_1(city: str) -> str:
    """Return the spelling of a city that journals of "usps-1" have."""
    first, *rest = _words(city.replace("-", " ")) or [""]
    if rest:
        # N Little Rock
        first = DIRECTIONS.get(first, first)
    return " ".join([_FIRST_WORDS.get(first, first), *rest])


@lru_cache(maxsize=1024)
def _state_of(zip5: str) -> str:
    """Return the state that a ZIP code belongs to; "" if there is more than one."""
    states = states_of_zip(zip5)
    return next(iter(states)) if len(states) == 1 else ""


def _words(text: str) -> list[str]:
    """Return the words of a text in capitals, with "#" and commas as words of their own."""
    text = text.upper().strip()
    if "BOX" in text:
        text = _BOX_SIGN.sub(r"\1 ", text)
    if "." in text:
        # 1.5 Mile Rd keeps its dot; N.W. is one word.
        text = _DOT.sub(" ", _INITIALS.sub("", text))
    if " - " in text:
        text = _RANGE.sub(r"\1-\2", text).replace(" - ", " , ")
    return _GLUED.sub(r"\1 ", text.translate(_MARKS)).split()


# --- units ----------------------------------------------------------------------------------------


def _unit_at(words: list[str]) -> int:
    """Return where the unit begins in the words of a street's line; their number if there is none.

    A number and a name come before it.
    """
    last = len(words) - 1
    for at in range(2, last + 1):
        word = words[at]
        if word == "#" or (word == _COMMA and _is_unit(words[at + 1 :])):
            return at
        if word in UNITS and at < last and _names_a_unit(words, at):
            return at
        if word in UNIT_PLACES and at == last > 2 and _ends_a_street(words[at - 1]):  # noqa: PLR2004  number, name, suffix
            return at
    if last > 2 and UNITS.get(words[last]) == "FL" and _is_ordinal(words[last - 1]):  # noqa: PLR2004  number and name before
        return last - 1
    return last + 1


def _names_a_unit(words: list[str], at: int) -> bool:
    """Whether the designator at this place is one, and not part of the street's name."""
    following = words[at + 1]
    if words[-1] in SUFFIXES and words[at] not in {"APT", "APARTMENT", "STE", "SUITE"}:
        return False
    if UNITS[words[at]] in {"APT", "UNIT", "STE"}:
        return following not in SUFFIXES
    return following == "#" or len(following) == 1 or bool(_ANY_DIGIT.search(following))


def _is_unit(words: list[str]) -> bool:
    """Whether the words after a comma begin as a unit does."""
    if not words:
        return False
    first = words[0]
    designator = first == "#" or first in UNITS or (first in UNIT_PLACES and len(words) == 1)
    return designator or (len(words) == 1 and bool(_ANY_DIGIT.search(first))) or _is_floor(words)


def _is_floor(words: list[str]) -> bool:
    return len(words) > 1 and UNITS.get(words[1]) == "FL" and _is_ordinal(words[0])


def _is_ordinal(word: str) -> bool:
    return word in ORDINALS or _ORDINAL.fullmatch(word) is not None


def _ends_a_street(word: str) -> bool:
    return word in SUFFIXES or word in DIRECTIONS


def _units(words: list[str]) -> set[str]:
    """Return the units that words name, each with its designator."""
    units: list[list[str]] = [[""]]
    skip = False
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif _is_floor(words[at : at + 2]):
            units.append(["FL", word])
            skip = True
        elif word in UNITS or word in UNIT_PLACES or word in {_COMMA, "#"}:
            short = UNITS.get(word) or UNIT_PLACES.get(word) or word
            # "Suite # 4": the sign belongs to the word before it.
            if word in {_COMMA, "#"} and len(units[-1]) == 1:
                continue
            units.append(["" if short in _DWELLINGS or short == _COMMA else short])
        elif not (word in {"NO", "NUMBER"} and at + 1 < len(words) and len(units[-1]) == 1):
            units[-1].append(word)
    return {text for unit in units if (text := _unit(unit))}


def _unit(unit: list[str]) -> str:
    designator, *names = unit
    if designator == "FL" and len(names) == 1:
        name = ORDINALS.get(names[0], names[0])
        names = [found[1] if (found := _ORDINAL.fullmatch(name)) else name]
    # 4 B and 4-B are 4B, but 1-1 is not 11.
    name = " ".join(names)
    if len(name) > 2:  # noqa: PLR2004  a digit, a separator and a letter
        name = _LETTER_NUMBER.sub(r"\1", _NUMBER_LETTER.sub(r"\1\2", name))
    return f"{designator} {name}".strip()


# --- streets --------------------------------------------------------------------------------------


def _street(words: list[str], rules: KeyRules, state: str) -> str:
    number = 0
    if rules != "usps-1" and words:
        words = [*_BOX_WORDS.get(words[0], [_ZEROS.sub("", words[0])]), *words[1:]]
    if words and _ANY_DIGIT.search(words[0]):
        words = _with_number(words)
        number = 1
        if len(words) > 2 and _FRACTION.fullmatch(words[1]):  # noqa: PLR2004  a name follows
            number = 2
    elif "BOX" in words[:4]:
        words = _box(words)
    return " ".join([*words[:number], *_name(words[number:], rules, state)])


def _with_number(words: list[str]) -> list[str]:
    """Return the words of a street's line with its number in one spelling."""
    first, *rest = words
    if rest and "-" in first and (found := _NUMBER_JOINED.fullmatch(first)):
        number, letter, fraction = found.groups()
        return [number + letter, *rest] if letter else [number, fraction, *rest]
    if len(rest) > 1 and _GRID.fullmatch(first) and _GRID.fullmatch(rest[0]):
        return [first + rest[0], *rest[1:]]
    return words


def _box(words: list[str]) -> list[str]:
    at = words.index("BOX")
    written = " ".join(words[:at])
    if written in {"P O", "PO", "POST OFFICE"}:
        return ["PO", *words[at:]]
    before = tuple(word for word in words[: at - 1] if word != "#")
    return [_ROUTES[before], *words[at - 1 :]] if before in _ROUTES else words


def _name(words: list[str], rules: KeyRules, state: str) -> list[str]:
    """Return the words of a street's name with direction, suffix and ordinal abbreviated."""
    words = _place_of(road_1(words) if rules == "usps-1" else road(words, state))
    if len(words) < 2:  # noqa: PLR2004  a name, whatever it is
        return [ORDINALS.get(word, word) for word in words]
    core, after = _without_direction_after(words)
    before: list[str] = []
    end: list[str] = []
    if len(core) > 1 and core[-1] in SUFFIXES:
        core, end = core[:-1], [SUFFIXES[core[-1]]]
    elif len(core) > 1 and core[-2] in SUFFIXES and _is_name_of_a_road(core[-1]):
        # Avenue A, Highway 41
        core = [*core[:-2], SUFFIXES[core[-2]], core[-1]]
    if len(core) > 1:
        core, before = _without_direction_before(core)
    name = " ".join(core)
    if name in ORDINALS:
        core = [ORDINALS[name]]
    elif len(core) > 1 and core[0] in _FIRST_WORDS:
        core = [_FIRST_WORDS[core[0]], *core[1:]]
    if rules != "usps-1" and len(core) > 1 and core[-1] == "JUNIOR":
        core = [*core[:-1], "JR"]
    return [*before, *core, *end, *after]


def _place_of(words: list[str]) -> list[str]:
    """Return Avenue of the Americas with its suffix abbreviated."""
    if words[1:2] != ["OF"] or words[0] not in SUFFIXES or len(words) == 2:  # noqa: PLR2004  no name
        return words
    numbered = any(word[0].isdigit() for word in words[:5])
    return words if numbered else [SUFFIXES[words[0]], *words[1:]]


def _is_name_of_a_road(word: str) -> bool:
    return len(word) == 1 or word.isdecimal()


def _without_direction_after(words: list[str]) -> tuple[list[str], list[str]]:
    direction = DIRECTIONS.get(words[-1])
    if direction is None:
        return words, []
    rest = words[:-1]
    if rest[-1] in SUFFIXES:
        # Avenue N and County Road E have letters for names.
        if len(rest) == 1 or (rest[0] in _ROAD_SYSTEMS and SUFFIXES[rest[-1]] in _ROADS):
            return words, []
    elif len(rest) > 2 and rest[-2] in SUFFIXES and (both := _both(rest[-1], words[-1])):  # noqa: PLR2004  name, suffix, North
        return rest[:-1], [both]
    return rest, [direction]


def _without_direction_before(words: list[str]) -> tuple[list[str], list[str]]:
    direction = DIRECTIONS.get(words[0])
    following = words[1]
    if direction is None or following in _STATES_WITH_DIRECTIONS:
        return words, []
    if len(words) > 2 and (both := _both(words[0], following)) and words[2][0].isdecimal():  # noqa: PLR2004  North West 5th
        return words[2:], [both]
    return words[1:], [direction]


def _both(first: str, second: str) -> str | None:
    """Return the direction of two words, such as NW of North West; None if they are none."""
    if (len(first) == 1) != (len(second) == 1):
        return None
    one, other = DIRECTIONS.get(first, ""), DIRECTIONS.get(second, "")
    # NE FM 1 is no NE 1: each word must be one of the two directions.
    return one + other if one in {"N", "S"} and other in {"E", "W"} else None
