"""Gives numbered roads one spelling, after USPS Publication 28, appendix F.

A road is known by its system and its number: US Highway 41, State Road 41 and County Road 41 are
three, and Highway 41 may be any of them. Appendix F writes SR for State Road and State Route alike,
so these are one; State Highway, County Route, Ranch Road and Township Road each stay themselves.
"""

import re

from hum_async._addresses._usps_tables import DIRECTIONS, SUFFIXES
from hum_async._addresses.places import state_names
from hum_async._addresses.states import STATES

_WORDS = {
    "ROAD": "RD",
    "ROUTE": "RTE",
    "RT": "RTE",
    "HIGHWAY": "HWY",
    "HIWAY": "HWY",
    "CO": "COUNTY",
    "CNTY": "COUNTY",
    "CTY": "COUNTY",
    "TWP": "TOWNSHIP",
}
"""Words of a system and one form of each."""
_SYSTEMS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("CR",): ("COUNTY", "RD"),
    ("COUNTY", "RD"): ("COUNTY", "RD"),
    ("COUNTY", "HWY"): ("COUNTY", "HWY"),
    ("COUNTY", "RTE"): ("COUNTY", "RTE"),
    ("SR",): ("STATE", "RD"),
    ("STATE", "RD"): ("STATE", "RD"),
    ("STATE", "RTE"): ("STATE", "RD"),
    ("ST", "RD"): ("STATE", "RD"),
    ("ST", "RTE"): ("STATE", "RD"),
    ("STATE", "HWY"): ("STATE", "HWY"),
    ("ST", "HWY"): ("STATE", "HWY"),
    ("TSR",): ("TOWNSHIP", "RD"),
    ("TOWNSHIP", "RD"): ("TOWNSHIP", "RD"),
    ("US",): ("US", "HWY"),
    ("US", "HWY"): ("US", "HWY"),
    ("US", "RTE"): ("US", "HWY"),
    ("U", "S"): ("US", "HWY"),
    ("U", "S", "HWY"): ("US", "HWY"),
    ("U", "S", "RTE"): ("US", "HWY"),
    ("I",): ("INTERSTATE",),
    ("IH",): ("INTERSTATE",),
    ("INTERSTATE",): ("INTERSTATE",),
    ("INTERSTATE", "HWY"): ("INTERSTATE",),
    ("FM",): ("FM",),
    ("FM", "RD"): ("FM",),
    ("HWY", "FM"): ("FM",),
    ("FARM", "TO", "MARKET"): ("FM",),
    ("FARM", "TO", "MARKET", "RD"): ("FM",),
    ("RM",): ("RM",),
    ("RM", "RD"): ("RM",),
    ("RANCH", "TO", "MARKET"): ("RM",),
    ("RANCH", "TO", "MARKET", "RD"): ("RM",),
    ("RANCH", "RD"): ("RANCH", "RD"),
}
"""Systems of numbered roads and one spelling of each."""
_FIRST = frozenset(system[0] for system in _SYSTEMS) | {
    "CO",
    "CNTY",
    "CTY",
    "TWP",
    "HIGHWAY",
    "HIWAY",
}
_LETTERED = frozenset({"COUNTY", "STATE"})
"""Systems whose roads may have letters for numbers: County Road E, State Route MM."""
_GLUED = re.compile(r"(US|SR|CR|FM|RM|IH?)(\d+[A-Z]?)", re.ASCII)
_HYPHENED = re.compile(r"([A-Z]+)-(\d+[A-Z]?)", re.ASCII)
_BEFORE_A_HYPHEN = (
    {system[0] for system in _SYSTEMS if len(system) == 1}
    | {"HIGHWAY", "HWY", "ROUTE", "RTE", "RT", "LOOP", "M", "K"}
    | STATES - {*DIRECTIONS, *SUFFIXES}
)
"""What a hyphen joins to a road's number, M-59 and K-10 being roads of Michigan and Kansas."""
_ROAD_NUMBER = re.compile(r"\d+[A-Z]?", re.ASCII)
_NAMES = {
    # Co Hwy 5 is a county's, in Colorado too.
    code: (*([(code,)] if code != "CO" else []), *(tuple(name.upper().split()) for name in names))
    for code, names in state_names().items()
}
"""The words by which a state is called, by its code."""
_BUSINESS = frozenset({"BUS", "BUSINESS"})
_BEFORE_A_ROAD = frozenset({*DIRECTIONS, "OLD", *_BUSINESS})


def road(words: list[str], state: str = "") -> list[str]:
    """Return the name of a street with the system of a numbered road in one spelling.

    US-41 and US Rte 41 are US HWY 41; a direction, Old or Business may come before. What is no
    such road is returned as it is.

    Args:
        words: The words of the name, in capitals.
        state: Code of the state, whose own roads may have its code or name: KY 80; "" for none.
    """
    at = 0
    while at < min(2, len(words) - 1) and words[at] in _BEFORE_A_ROAD:
        at += 1
    if state and (found := _of_state(words[at:], state)):
        return [*map(_short_business, words[:at]), *found]
    if at and (words[at] in _FIRST or words[at][-1:].isdigit()):
        words = [*map(_short_business, words[:at]), *words[at:]]
    if words[-1:] == ["BUSINESS"] and any(word[-1:].isdigit() for word in words):
        words = [*words[:-1], "BUS"]
    first = words[at] if words else ""
    if first not in _FIRST and "-" not in first and not first[-1:].isdigit():
        return words
    parted = [part for word in words[at:] for part in _parted(word)]
    return [*words[:at], *_in_one_spelling(parted)]


def _short_business(word: str) -> str:
    return "BUS" if word in _BUSINESS else word


def _of_state(words: list[str], state: str) -> list[str] | None:
    """Return a road of the state itself in one spelling; None for any other words.

    KY 80 and KY-80 are one, as are KY Hwy 80 and Kentucky Highway 80. Kentucky 80 may be the
    street Kentucky.
    """
    named = next((name for name in _NAMES.get(state, ()) if tuple(words[: len(name)]) == name), ())
    rest = words[len(named) :]
    if named and len(rest) > 1 and _WORDS.get(rest[0], rest[0]) in {"HWY", "RTE"}:
        number = rest[1]
        return [state, _WORDS.get(rest[0], rest[0]), *rest[1:]] if number[0].isdigit() else None
    if words and words[0].startswith(f"{state}-"):
        words = [state, words[0][len(state) + 1 :], *words[1:]]
    numbered = len(words) > 1 and words[0] == state and _ROAD_NUMBER.fullmatch(words[1])
    # As one word it is not mistaken for Key 80 or Court 80.
    return [f"{state}-{words[1]}", *words[2:]] if numbered else None


def _parted(word: str) -> tuple[str, ...]:
    """Return the system and the number that one word holds, as in US-41 and I40."""
    if not word[0].isalpha() or not word[-2:].strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        return (word,)
    found = _GLUED.fullmatch(word) or _HYPHENED.fullmatch(word)
    return found.groups() if found and found[1] in _BEFORE_A_HYPHEN else (word,)


def _in_one_spelling(words: list[str]) -> list[str]:
    at = next((at for at, word in enumerate(words[:6]) if word[0].isdigit()), 0)
    named_by_letter = not at and len(words) > 1 and _is_letter(words[-1])
    if named_by_letter:
        at = len(words) - 1
    system = _SYSTEMS.get(tuple(_WORDS.get(word, word) for word in words[:at]))
    if system is None or (named_by_letter and system[0] not in _LETTERED):
        return words
    after = words[at:]
    if system[0] in {"FM", "RM"} and after[1:2] in (["RD"], ["ROAD"]):
        after = [after[0], *after[2:]]
    return [*system, *after]


def _is_letter(word: str) -> bool:
    """Whether a word is a letter or one twice, as roads are named: E, MM."""
    return len(word) <= 2 and word.isalpha() and len(set(word)) == 1  # noqa: PLR2004


# --- the rules of journals that were begun with "usps-1" ------------------------------------------

_SYSTEMS_1 = {
    ("CR",): ("COUNTY", "RD"),
    ("CO", "RD"): ("COUNTY", "RD"),
    ("CNTY", "RD"): ("COUNTY", "RD"),
    ("COUNTY", "ROAD"): ("COUNTY", "RD"),
    ("US",): ("US", "HWY"),
    ("US", "RTE"): ("US", "HWY"),
    ("I",): ("INTERSTATE",),
    ("INTERSTATE", "HWY"): ("INTERSTATE",),
    ("FARM", "TO", "MARKET"): ("FM",),
    ("FARM", "TO", "MARKET", "RD"): ("FM",),
}
_FIRST_1 = frozenset({"FM", *(words[0] for words in _SYSTEMS_1)})
_WORDS_1 = {"ROAD": "RD", "ROUTE": "RTE", "RT": "RTE", "HIGHWAY": "HWY"}


def road_1(words: list[str]) -> list[str]:
    """Return the name of a street as journals of "usps-1" have it."""
    first = words[0] if words else ""
    if first not in _FIRST_1 and not first.startswith("I-"):
        return words
    if first.startswith("I-") and first[2:].isdecimal():
        words = ["I", first[2:], *words[1:]]
    at = next((at for at, word in enumerate(words[:5]) if word[0].isdigit()), 0)
    if at:
        system = tuple(_WORDS_1.get(word, word) for word in words[:at])
        if system in _SYSTEMS_1:
            words = [*_SYSTEMS_1[system], *words[at:]]
        if words[0] == "FM" and words[2:3] in (["RD"], ["ROAD"]):
            words = [*words[:2], *words[3:]]
    return words
