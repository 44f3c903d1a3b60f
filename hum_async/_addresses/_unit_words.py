"""Words that name a unit: Apt 4, # 4B, 4th Floor, Rear."""

import re

from hum_async._addresses._usps_tables import DIRECTIONS, ORDINALS, SUFFIXES, UNIT_PLACES, UNITS


def is_unit(part: str) -> bool:
    """Whether a part names a unit: Apt 4, # 4B, 4th Floor, Rear."""
    words = [word.strip(".():").upper() for word in part.replace("#", " # ").split()]
    if not words:
        return False
    first = words[0]
    if first == "#" or (first in UNIT_PLACES and len(words) == 1):
        return True
    if first in UNITS:
        return len(words) > 1 and (
            words[1] == "#"
            or len(words[1]) == 1
            or bool(re.search(r"\d", words[1]))
            or (len(words) == 2 and _names_unit(*words))  # noqa: PLR2004  Apt REAR
        )
    return len(words) == 2 and UNITS.get(words[1]) == "FL" and is_ordinal(first)  # noqa: PLR2004  4th Floor


def _names_unit(designator: str, word: str) -> bool:
    """Whether a word names a unit: Apt REAR, Suite ABC, but not Ste Genevieve and Apt Boston."""
    named = word in UNIT_PLACES or word in DIRECTIONS or len(word) <= 3  # noqa: PLR2004  ABC
    return named and UNITS[designator] in {"APT", "STE", "UNIT"}


def begins_unit(words: list[str]) -> bool:
    """Whether a unit with its number begins here, whatever follows it."""
    first = words[0].strip(".").upper()
    if first in UNITS or first.startswith("#"):
        is_street = first in UNITS and len(words) > 1 and words[1].upper() in SUFFIXES
        return is_unit(" ".join(words[:3])) and not is_street
    return len(words) > 1 and is_unit(" ".join(words[:2])) and is_ordinal(first)


def is_ordinal(word: str) -> bool:
    return word in ORDINALS or re.fullmatch(r"\d+(?:ST|ND|RD|TH)?", word) is not None


def ends_in_number(word: str) -> bool:
    """Whether a word is a unit without its designator: 4, 4B, B4, 12-A."""
    return re.fullmatch(r"(?=\S*\d)[A-Z]?-?\d{1,4}-?[A-Z]?", word, re.IGNORECASE) is not None


def unit_end(words: list[str]) -> int:
    """Return how many words at the beginning name units; the rest may be a city."""
    end = 0
    while end < len(words):
        word = words[end].strip(".").upper()
        if word.startswith("#"):
            end += 1 if len(word) > 1 else 2
        elif word in UNITS and end + 1 < len(words) and is_unit(" ".join(words[end : end + 2])):
            end += 3 if words[end + 1] == "#" else 2
        elif UNITS.get(words[end + 1].strip(".").upper() if end + 1 < len(words) else "") == "FL":
            end += 2
        elif end == 0 and len(words) == 1:
            end += 1
        else:
            break
    return min(end, len(words))
