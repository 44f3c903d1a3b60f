"""Finds texts that tell where a place is, and are no address: 3 blocks N of Main St."""

import re

from hum_async._addresses._usps_tables import DIRECTIONS, SUFFIXES

_DIRECTION = "|".join(sorted(DIRECTIONS, key=len, reverse=True))
_BESIDE = re.compile(
    rf"\b(?:{_DIRECTION}|BLOCKS?|BLKS?|DOORS?|CORNER)\.? OF (?!THE\b)"
    r"|\b(?:DOWN|ACROSS|UP|AWAY) FROM\b"
    r"|\((?:BEHIND|NEAR|ACROSS|NEXT|CORNER|\d+ (?:UNITS|APTS))\b"
)
_DISTANCE = re.compile(
    r"\d[\d./ ]* ?(?:MILES?|MI|FEET|YARDS?|YDS?|BLOCKS?|BLKS?|DOORS?|HOUSES|MINUTES?|MINS?|KM)\.?"
    rf" (?:{_DIRECTION}|DOWN|UP|PAST|FROM|OFF|BEFORE|AFTER|BEYOND|AWAY|OUT|TO|INTO)\b"
    r"(?! (?:RD|ROAD|ST|AVE)\b)"
)
_COUNTED = re.compile(
    r"\d+[- ]?(?:PLEX|ACRES?|HOURS?|HRS?|NOON|[AP]\.?M\.?|BEDROOMS?|BDRM|BR|BD|SQ|SQFT|DAYS?|WEEKS?"
    r"|YEARS?|UNITS|APTS|APARTMENTS|LOTS|HOMES|HOUSES|BUILDINGS|BLDGS|MILES)\b"
)
_BLOCK = re.compile(r"\d*00 (?:BLOCK|BLK)\.? (?!ISLAND\b|HOUSE\b)\S+ \S|\d+ (?:BLOCK|BLK)\.? OF\b")
_HIDDEN_DIGITS = re.compile(r"\d+(?:XX+\b|\*+(?=\s|$)|_+(?=\s|$)|\?+(?=\s|$))")
_DATE = re.compile(r"(?:\d{4}[-/]\d\d?[-/]\d\d?|\d\d?[-/]\d\d?[-/]\d{4})(?=\s|$|T\d)", re.ASCII)
_NAME_WITH_NUMBER = re.compile(r"\d+-(?!REAR\b|FRONT\b|FRNT\b|HALF\b)[A-Z]{3,}\b")
_OF_COUNT = re.compile(r"\d+ OF \d+\b")
_NO_HOUSE = (_DISTANCE, _BLOCK, _HIDDEN_DIGITS, _DATE, _NAME_WITH_NUMBER, _OF_COUNT)


def describes_a_place(upper: str) -> bool:
    """Whether a line in capitals that begins with a number is a description, or a count.

    100 block of Main St, 5 miles east of Reno, 1xx Main St, 24 Hour Fitness.
    """
    if not upper[:1].isdigit():
        return False
    told = " OF " in upper or " FROM" in upper or "(" in upper
    if (told and _BESIDE.search(upper)) or any(found.match(upper) for found in _NO_HOUSE):
        return True
    return _COUNTED.match(upper) is not None and not _has_suffix(upper)


def _has_suffix(upper: str) -> bool:
    """Whether a suffix ends the name: 100 Acre Ln, 5 Mile Rd."""
    return any(word.strip(".,") in SUFFIXES for word in upper.split()[2:])
