"""Compares a house number of its own column with the one that the street's cell begins with."""

import re

from hum_async.bulk.columns import _content as content

_DIGITS = re.compile(r"\d+", re.ASCII)
_NAMED_BY_NUMBER = frozenset(
    "MILE MILES NOTCH OAKS HILLS PINES PALMS LAKES ISLANDS ACRES SPRINGS SEASONS RIVERS WINDS "  # noqa: SIM905  words
    "FLAGS POINTS FORKS TREES BROTHERS SISTERS BRIDGES MEN COLONY HORSE CEDARS ELMS BARS".split()
)
"""Words behind a number that is a part of the name: 12 Mile Rd, 1000 Oaks Blvd."""


def leading_number(street: str) -> str:
    """Return the house number that a street's cell begins with; "" if it begins with a name.

    Roads that a number names begin with none: 5 Ave, 200 S, 12 Mile Rd.
    """
    if not content.begins_with_number(street):
        return ""
    number, *rest = street.split()
    words = [word.upper().strip(".,") for word in rest]
    if words[0] in _NAMED_BY_NUMBER or all(map(content.is_direction, words)):
        return ""
    if content.is_suffix(words[0]) and len(words) == 1:
        return ""
    return number.removesuffix(".0")


def agree(number: str, leading: str) -> bool:
    """Whether two spellings are of one house number: 100 and 100-104, 100A and 100."""
    if number.casefold() == leading.casefold():
        return True
    short, long = sorted((_DIGITS.findall(number), _DIGITS.findall(leading)), key=len)
    return bool(short) and long[: len(short)] == short


def without_leading(number: str, street: str) -> str:
    """Return what follows a number in a street's cell that begins with the same number."""
    leading, _, rest = street.partition(" ")
    # 100 A behind 100A.
    first, _, name = rest.strip().partition(" ")
    glued = (leading + first).casefold() == number.casefold()
    return name.strip() if glued and name else rest.strip()
