"""Judges by its cells in the first rows what a column holds."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise

from hum_async._addresses._usps_tables import DIRECTIONS, SUFFIXES, UNIT_PLACES, UNITS
from hum_async._addresses.characters import lines
from hum_async._addresses.line import parse_line
from hum_async._addresses.places import Spelling, read_state
from hum_async._addresses.zip_codes import states_of_zip
from hum_async.bulk.cell_meaning import read_part
from hum_async.bulk.tables import Cell
from hum_async.errors import AddressError

Test = Callable[[str], object]

_PARSED = 50
"""Cells of a column that are read as whole addresses, because that takes time."""
_HOUSE = re.compile(
    r"(?i)\s*[a-z]{0,2}\d+[a-z0-9/-]*\b(?<!\dst)(?<!\dnd)(?<!\drd)(?<!\dth)\s*\S"
    r"|\s*(?:one|two|three|four|five|six|seven|eight|nine|ten)\s+\S"
    r"|.*\d+(?!\d|st\b|nd\b|rd\b|th\b)"
)
_LEADING = re.compile(r"(?i)\s*(?!\d+(?:st|nd|rd|th)\b)[a-z]{0,2}\d+[a-z0-9/-]*(?:\.0+)?\s+\S")
_NUMBER = re.compile(
    r"(?i)(?:[nsew]{0,2}\d{1,6}[a-z]?(?:-\d{1,5}[a-z]?|[nsew]\d{1,6})?(?: ?- ?\d{1,6})?|\d{1,6}\.0)"
    r"(?: ?\d/\d| [a-z]|-?\N{VULGAR FRACTION ONE HALF})?"
)
_ZIP = re.compile(r"\d{5}(?:-?\d{4})?(?:\.0)?", re.ASCII)
_MAIL = re.compile(
    r"(?i)\W*(?:(?:p\.?\s*o\.?|post\s+office)\s*(?:box|b\.?)|box\s"
    r"|(?:rr|hc|rfd|rural r\S*)\s*#?\s*\d|general delivery)"
)
_UNIT = re.compile(
    r"(?i)\s*(?:(?:apt|apartment|apmt|unit|ste|suite|bldg|building|fl|floor|rm|room|lot|spc|space|trlr"
    r"|trailer|ph|penthouse)\b\.?\s*#?\s*[\w-]{1,8}|#\s*[\w-]{1,8}|\d+(?:st|nd|rd|th) (?:fl|floor))"
)
_PLACE_AT_END = re.compile(
    r"\b([A-Za-z]+\.?(?: [A-Za-z]+)?)[\s,]+(\d{5})(?:-?\d{4})?"
    r"(?:[\s,]+(?:USA?|United States(?: of America)?))?\W*$",
    re.ASCII,
)
_ENDS_IN_STATE = re.compile(r"\d.*,.*,\s*([A-Za-z. ]{2,20})")
_NUMBERED_ROAD = re.compile(
    r"(?i)(?:[a-z. ]*\b)?(?:hwy|highway|rte?|route|road|rd|loop|spur|cr|sr|fm|us|interstate|i)"
    r"\.?[ -]\d+[a-z]?(?: [nsew]{1,2})?"
    r"|(?:[nsew]{1,2} )?\d+ (?:st|street|ave?|avenue|rd|road|dr|ln|pl|place|ct|blvd|ter)\.?"
    r"(?: [nsew]{1,2})?"
)
"""Roads that a number names, without a house number: HWY 50, 72 STREET."""
_FRACTION = re.compile(r"(?i)\d/\d|[a-z]|-?\d{1,4}[a-z]?|half")


class Column:
    """The texts of a column in the first rows.

    Attributes:
        texts: The text of each row as it would be sent, "" for an empty cell.
        filled: The texts that are not empty.
    """

    def __init__(self, cells: Sequence[Cell], part: str = "street2") -> None:
        self.texts = [", ".join(lines(read_part(part, cell) or "")) for cell in cells]
        self.filled = [text for text in self.texts if text]

    def share(self, test: Test) -> float:
        """Return the share of the filled cells that pass a test; 0 if there are none."""
        if not self.filled:
            return 0.0
        return sum(bool(test(text)) for text in self.filled) / len(self.filled)

    def mostly(self, test: Test) -> bool:
        """Whether more than half of the filled cells pass a test."""
        return self.share(test) > 0.5  # noqa: PLR2004  half

    @property
    def counts(self) -> bool:
        """Whether the column numbers the rows: 1, 2, 3 ..."""
        if not all(text.isdecimal() for text in self.filled):
            return False
        numbers = [int(text) for text in self.filled]
        return len(numbers) > 1 and all(after == before + 1 for before, after in pairwise(numbers))

    @cached_property  # reading addresses takes its time, and several ask
    def whole(self) -> bool:
        """Whether most cells hold a whole address: a street and a place."""
        some = Column(self.filled[:_PARSED])
        return some.mostly(is_whole)


def has_house_number(text: str) -> bool:
    """Whether a street's line has a house number, or needs none because it is a box."""
    if is_unit(text) or _NUMBERED_ROAD.fullmatch(text):
        return False
    return _HOUSE.match(text) is not None or _MAIL.match(text) is not None


def begins_with_number(text: str) -> bool:
    """Whether a text is a number and words, like a street's line."""
    return _LEADING.match(text) is not None and not _NUMBERED_ROAD.fullmatch(text)


def is_box(text: str) -> bool:
    """Whether a text is where mail goes, such as PO Box 12."""
    return _MAIL.match(text) is not None


def is_street_line(text: str) -> bool:
    """Whether a text is a street's line with its number, or a box."""
    if is_unit(text):
        return False
    return begins_with_number(text) or _MAIL.match(text) is not None


def is_numbered_street(text: str) -> bool:
    """Whether a text is a house number, a name and a suffix: no unit looks like that."""
    words = [word.strip(".,").upper() for word in text.split()]
    named = any(word in SUFFIXES for word in words[2:])
    return named and begins_with_number(text) and not is_unit(text)


def is_street_name(text: str) -> bool:
    """Whether a text is a street's name with its suffix and without a house number: MAIN ST."""
    words = text.split()
    return len(words) > 1 and is_suffix(words[-1]) and not begins_with_number(text)


def is_street(text: str) -> bool:
    """Whether a text is a street's line, or its name alone: land without a house has no number."""
    return is_street_line(text) or is_street_name(text)


def is_zero(text: str) -> bool:
    """Whether a text is a number that stands for none."""
    return not text.strip("0.")


def is_number(text: str) -> bool:
    """Whether a text is nothing but a house number."""
    return _NUMBER.fullmatch(text) is not None


def is_zip(text: str) -> bool:
    """Whether a text is a ZIP code of the US."""
    return _ZIP.fullmatch(text) is not None and bool(states_of_zip(text))


def is_state(text: str) -> bool:
    """Whether a text names a state."""
    found = read_state(text)
    return found is not None and (found[1] is not Spelling.ABBREVIATION or len(text) > 3)  # noqa: PLR2004  Mich


def is_direction(text: str) -> bool:
    """Whether a text is a direction of USPS Publication 28."""
    return text.upper().replace(".", "") in DIRECTIONS


def is_suffix(text: str) -> bool:
    """Whether a text is a street's suffix of USPS Publication 28."""
    return text.upper().strip(".") in SUFFIXES


def is_fraction(text: str) -> bool:
    """Whether a text can follow a house number."""
    return _FRACTION.fullmatch(text) is not None


def is_half(text: str) -> bool:
    """Whether a text is a fraction, such as 1/2."""
    return re.fullmatch(r"\d/\d", text, re.ASCII) is not None


def is_designator(text: str) -> bool:
    """Whether a text is the designator of a unit without its number."""
    word = text.upper().strip(".")
    return word in UNITS or word in UNIT_PLACES or word == "#"


def is_unit(text: str) -> bool:
    """Whether a text is a unit with its designator."""
    return _UNIT.fullmatch(text) is not None


def is_bare_unit(text: str) -> bool:
    """Whether a text may be the number or letter of a unit, without a word that says of what."""
    return 0 < len(text) <= 5 and not is_unit(text) and not is_designator(text)  # noqa: PLR2004  12-34


def is_whole(text: str) -> bool:
    """Whether a text is a street and a place on one line."""
    try:
        found = parse_line(text)
    except AddressError:
        # A whole address that nobody can split is none of a street either.
        return begins_with_number(text) and ends_in_place(text)
    return found.zip is not None or found.state is not None


def ends_in_place(text: str) -> bool:
    """Whether a text ends in a state and a ZIP code that belong together."""
    found = _PLACE_AT_END.search(text)
    if found is None:
        return False
    state = read_state(found[1]) or read_state(found[1].split()[-1])
    return state is not None and state[0] in states_of_zip(found[2])


def holds_place(text: str) -> bool:
    """Whether a street's line goes on with a city and a state, or a state and a ZIP code."""
    if text[-4:].isdecimal() or "US" in text[-4:].upper() or text.endswith("tates"):
        found = _PLACE_AT_END.search(text)
        return found is not None and (ends_in_place(text) or ("," in text and is_state(found[1])))
    found = _ENDS_IN_STATE.fullmatch(text) if text.count(",") > 1 else None
    return found is not None and is_state(found[1].strip())


def is_last_line(text: str) -> bool:
    """Whether a text is a city, a state and a ZIP code."""
    found = re.fullmatch(r"\D*?[, ]+([A-Za-z.]{2,14})[, ]+(\d{5})(?:-\d{4})?", text.strip())
    return found is not None and read_state(found[1]) is not None
