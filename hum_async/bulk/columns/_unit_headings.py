"""Reads the designator that the heading of a unit's column says for its bare numbers: Suite."""

import re
from collections.abc import Sequence
from functools import lru_cache

from hum_async._addresses.usps_key import units_in_street

_WORDS = {
    word: written
    for written, words in {
        "Apt": "apt apartment apmt",
        "Unit": "unit",
        "Suite": "suite ste",
        "Lot": "lot",
        "Space": "space spc",
        "Bldg": "building bldg",
        "Floor": "floor fl flr",
        "Room": "room rm",
        "Trailer": "trailer trlr",
        "Hangar": "hangar",
        "Dept": "dept department",
    }.items()
    for word in words.split()
}
"""Designators of USPS Publication 28, section 213, by the words that headings have for them."""
_DWELLINGS = frozenset({"Apt", "Unit"})
"""Designators that stand for any unit, so that they add nothing to a number alone."""
_HEADING = re.compile(
    rf"({'|'.join(sorted(_WORDS, key=len, reverse=True))})"
    r"(?:number|numb|num|nbr|no|nr|identifier|id|value)?"
)
_BESIDE = re.compile(
    r"(?i)(?<![a-z])(?:service|site|situs|property|prop|location|loc|mailing|mail|billing|shipping|"
    r"home|address|addr|res|residence|residential)(?![a-z])"
)
_NUMBER = re.compile(r"(?i)(?!no$)(?:[a-z]{0,2}-?\d{1,5}(?:-?[a-z0-9]{1,2})?|[a-z]{1,2})", re.ASCII)


@lru_cache(maxsize=1024)
def designator_of(name: str) -> str:
    """Return the designator that a heading says, and no other beside it; "" for none."""
    letters = re.sub(r"[^a-z]", "", _BESIDE.sub("", name.replace("_", " ")).casefold())
    found = _HEADING.fullmatch(letters)
    return _WORDS[found[1]] if found else ""


def is_number(text: str) -> bool:
    """Whether a text is the number or letter of a unit, without a word."""
    return _NUMBER.fullmatch(text) is not None and text.strip("0") != ""


def with_designators(words: Sequence[str], texts: Sequence[str], street: str) -> list[str]:
    """Return the texts of the columns of a unit, the bare ones with the words of their headings.

    A Suite 4 is no Apt 4. Where a number stands alone, Apt and Unit add nothing to it. A number
    that the street's line says with its own word, such as # 4, keeps that word.

    Args:
        words: The designator that the heading of each column says; "" for none.
        texts: What stands in the columns of a row.
        street: The street's line.
    """
    alone = sum(map(bool, texts)) == 1
    said = {unit.split()[-1] for unit in units_in_street(street)} if street else set()
    found: list[str] = []
    before = ""
    for word, text in zip(words, texts, strict=True):
        bare = bool(word) and is_number(text) and text.upper() not in said
        plain = alone and word in _DWELLINGS
        found.append(f"{word} {text}" if bare and not plain and not _is_word(before) else text)
        before = text or before
    return found


def _is_word(text: str) -> bool:
    """Whether a text is a word, such as Apt or #, that the number behind it belongs to."""
    return text == "#" or (text.strip(".").isalpha() and not is_number(text))
