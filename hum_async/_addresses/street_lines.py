"""Judges whether the line of a street holds one street with its number, and nothing else.

Whatever else it holds would be bought with it: a second address, another city, a name.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import attrs

from hum_async._addresses._descriptions import describes_a_place
from hum_async._addresses._run_together import PREPOSED, SAINTS
from hum_async._addresses._several import line_names_several_units, names_several_houses
from hum_async._addresses._unit_words import is_unit
from hum_async._addresses._usps_tables import DIRECTIONS, ORDINALS, SUFFIXES, UNIT_PLACES, UNITS

_SEPARATOR = re.compile(
    r"\s*[,;|\n]\s*|\s+[-/]\s+|\s*(?:&|\+)\s*|\s+(?:and|or|to|thru|through|formerly|aka|fka)\s+",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"\s*(?:&|\+)\s*|\s+(?:and|or|to|thru|through|formerly|aka|fka)\s+|\s*[;|]\s*", re.IGNORECASE
)
_NUMBER = re.compile(r"\d[\d/-]*[A-Z]?|[NSEW]\d+[NSEW]\d+", re.ASCII)
_HOUSE = re.compile(r"(?=\S*\d)[A-Z]{0,2}\d[\w/-]*", re.ASCII)
_ZIP = re.compile(r"\d{5}(?:-\d{4})?", re.ASCII)
_NAMED_STATE = re.compile(r"[A-Z]{2}", re.ASCII)
_ORDINAL = re.compile(r"\d+(?:ST|ND|RD|TH)", re.ASCII)
_ROAD_AND_NUMBER = re.compile(r"(?:US|SR|CR|FM|RM|IH?|HWY|RT|RTE|HIGHWAY)-?\d+[A-Z]?", re.ASCII)
_BEDROOMS = re.compile(r"\d+(?:\.5)? ?(?:BR|BDS?|BA|BEDS?|BDRMS?|SQ ?FT|SF)", re.ASCII)
_RUN_TOGETHER = re.compile(r"\d+(?!ST\b|ND\b|RD\b|TH\b)[A-Z]{3,}", re.ASCII)
_WORD = re.compile(r"[^\W\d][^\W\d'.-]+")
_BEHIND = re.compile(r"(?:#\s*|NO\.?\s+|NUMBER\s+)?(\d[\d-]*[A-Z]?)(?:\s|$)", re.ASCII)
_TELLING = frozenset(
    "AND OR BOX OF BLOCK BLK MILES MILE BLOCKS FROM NAN NONE NULL UNDEFINED TBD TBA UNK"  # noqa: SIM905  a table
    " HOUR PAST DOWN NEAR BEHIND HOURS NOON ACRES PLEX".split()
)
"""Words for which a line that looks plain is judged all the same."""
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_POST_BOX = re.compile(
    r"(?:p\.?\s*o\.?|post\s+office)\s*(?:box|b\.?)\s*#?\s*\w[\w-]*", re.IGNORECASE
)
_ROUTE_BOX = re.compile(
    r"(?:(?:r\.?\s*r|rfd|hcr?|h\.?\s*c|rural\s+(?:route|rte)|highway\s+contract|star\s+route)\.?"
    r"\s*#?\s*\w+[\s,]+)?box\s*#?\s*[\w-]+",
    re.IGNORECASE,
)
_ENDS_IN_BOX = re.compile(rf"(.*\w)[\s,;/-]+({_POST_BOX.pattern})", re.IGNORECASE)
_SURE = frozenset({"ST", "AVE", "RD", "DR", "CT", "BLVD", "PKWY", "LN", "CIR", "PL", "TER", "TRL"})
"""Suffixes that end the name of a street, unless another one follows."""
_ROADS = frozenset({"HWY", "RTE", "LOOP", "SPUR", "BYP", "FWY", "EXPY", "TPKE", "PIKE"})
"""Suffixes of roads that a number names."""
_SYSTEM_WORDS = """
    COUNTY CO CNTY STATE ST TOWNSHIP TWP RANCH FARM FOREST PARISH PRIVATE INDIAN FIRE BIA FS FM RM
    RURAL SERVICE MILE US NATIONAL RESERVATION TRIBAL
"""
_SYSTEMS = frozenset(_SYSTEM_WORDS.split())
"""Words before Road that make the number behind it the road's name."""
_PARTS_OF_BUILDINGS_WORDS = """
    UPSTAIRS DOWNSTAIRS HOUSE COTTAGE GARAGE BARN SHOP SHED STUDIO LOFT DUPLEX ATTIC MEZZANINE MEZZ
    CELLAR LEVEL FLAT ANNEX WING ENTRANCE DOOR KIOSK BOOTH STALL SLIP DOCK BERTH CABIN POD SITE BIN
    TOWER TOWERS TRAILERS CONDO CONDOS CONDOMINIUM CONDOMINIUMS APTS APARTMENTS UNITS SUITES COMPLEX
    CAMPUS DORM DORMITORY BLOCK BLK PHASE SECTION SEC PARCEL TRACT BUILDINGS BLDGS OFFICES WAREHOUSE
    STORE STOREFRONT BAY QUAD CASITA CABANA DESK CUBE MAILBOX BOX ZONE HALF MS MSC RV IN-LAW INLAW
    ADU PMB KM URB URBANIZACION COND RES BO BARRIO BUZON INT INTERIOR ALTOS
    BAJOS EDIF EDIFICIO PISO LOCAL MOBILE NUMBER NUMERO APARTAMENTO DEPTO CASA MAIL STOP
"""
_PARTS_OF_BUILDINGS = frozenset(_PARTS_OF_BUILDINGS_WORDS.split())
"""Words that make a text the part of a building, wherever they stand in it."""
_LAST_WORDS = """
    OLD NEW BUSINESS BUS ALT ALTERNATE ACCESS SERVICE FRONTAGE TRUCK SCENIC CUTOFF EXIT RAMP
    EASTBOUND WESTBOUND NORTHBOUND SOUTHBOUND MIDDLE CENTRAL INNER OUTER EXTENDED EXTD CONNECTOR
    EXT UP DOWN LEFT RIGHT TOP BOTTOM HOME MAIN GUEST CARRIAGE GROUND GATE CAMP VILLA PAD HALL
    BACK SIDE PIER
"""
_LAST = frozenset(_LAST_WORDS.split())
"""Words that end such a text; at its beginning they may be that of a city: New York, Camp Hill."""
_BEFORE_NUMBERS_OF_ROADS = frozenset(
    "BOX NO NUMBER I IH INTERSTATE SR CR KM LA EL THE OLD NEW EXIT MP ROUTES HIGHWAYS HWYS".split()  # noqa: SIM905  a table
)
_LEFT_OVERS = frozenset("NAN NONE NULL UNDEFINED TBD TBA UNK N/A #N/A".split())  # noqa: SIM905  a table
_ALSO_KNOWN_AS = re.compile(r"\b(?:AKA|FKA|A/K/A|F/K/A|FORMERLY|REAR OF)\b\W*\d")
_BEFORE_JUNIOR = re.compile(r",(?=\s*(?:Jr|Sr|Junior|Senior)\b\.?\s+\w)", re.IGNORECASE)
"""The comma of Martin Luther King, Jr. Blvd."""
_BEFORE_NUMBERS = frozenset(
    "URB URBANIZACION COND EXT BO BARRIO RES PARC PARCELAS SECTOR SECT REPTO MANS ALT ALTURAS"  # noqa: SIM905  a table
    " JARD JARDINES COM COMUNIDAD BDA VILLAS CARR EDIF".split()
)
"""Words of Puerto Rico before whose addresses the name of a quarter stands."""
LONGEST = 200
"""Characters of a line that is judged at all: the API takes fewer (hum-api 2.2)."""
_WITH_NUMBER = frozenset({"APT", "UNIT", "STE", "RM", "SPC", "TRLR", "LOT", "FL"})
"""Designators behind which a number or a letter stands."""
_MANY_DIGITS = 4
"""Digits of a number that is hardly a street's name, unlike 97 St and 21 Mile Rd."""

NO_VALUE = frozenset("N/A NA NAN NONE NULL TBA TBD UNDEFINED UNK UNKNOWN".split())  # noqa: SIM905  a table
"""Words for what is not known."""
LEFT_OVER = (
    "holds a word such as nan or None, which stands for a part that was empty: write the part, or "
    "leave the word out"
)
NO_ADDRESS = "describes a place, and is no address: write the number of the house and its street"
SEVERAL_UNITS = "names more than one unit: give each a row of its own"
TWO_ADDRESSES = "holds more than one address: give each a row of its own"
NUMBER_BEHIND = (
    "has its number behind the name, where it may be that of a unit: put it before the name"
)
MORE_THAN_A_STREET = (
    "goes on behind the street with what is no unit, such as another city or a name: "
    "keep the street with its number there"
)
SOMETHING_BEFORE = (
    "begins with what is no part of a street, such as a name or a city: "
    "keep the street with its number there"
)
RUN_TOGETHER = "has no blank between its number and its name: set one there"
NO_UNIT_NUMBER = "ends in a word such as Apt without its number: complete it, or leave it out"


@attrs.frozen
class StreetLine:
    """What a street's line holds.

    Attributes:
        doubt: Why it is no street with its number alone; None if nothing tells so.
        street: The line without what follows the street.
        rest: What follows the street and is no unit; "" for nothing.
    """

    doubt: str | None
    street: str
    rest: str = ""


def street_line(text: str) -> StreetLine:
    """Judge a street's line.

    Args:
        text: The line, cleaned; a line break in it separates as a comma does.
    """
    if len(text) > LONGEST:
        return StreetLine(None, text)
    upper = text.upper()
    if box := _ENDS_IN_BOX.fullmatch(text):
        if street_line(box[1]).doubt is None and has_number(box[1]):
            return StreetLine(MORE_THAN_A_STREET, box[1], box[2])
    elif _POST_BOX.fullmatch(text):
        return StreetLine(None, text)
    doubt = _doubt(upper)
    return _without_rest(text) if doubt is None else StreetLine(doubt, text)


def _doubt(upper: str) -> str | None:
    """Return why a line in capitals is no street with its number; None if nothing tells so."""
    plain = _IN_BRACKETS.sub(" ", upper)
    return next((reason for holds, reason in _DOUBTS if holds(upper, plain)), None)


def _is_run_together(upper: str, _: str) -> bool:
    return bool(_RUN_TOGETHER.match(upper)) and SUFFIXES.keys().isdisjoint(_words(upper))


def _holds_two(upper: str, plain: str) -> bool:
    brackets = [re.sub(r"^\D*", "", found) for found in _IN_BRACKETS.findall(upper)]
    return (
        names_several_houses(upper)
        or _ALSO_KNOWN_AS.search(upper) is not None
        or holds_two_addresses(plain)
        or any(map(is_address, brackets))
    )


def is_plain(text: str) -> bool:
    """Whether a line is certainly a number, a name and a suffix, as most lines are."""
    words = text.upper().split()
    return (
        len(words) > 2  # noqa: PLR2004  number, name, suffix
        and words[0].isdecimal()
        and SUFFIXES.get(words[-1]) in _SURE
        and all(map(str.isalpha, words[1:]))
        and _TELLING.isdisjoint(words)
    )


def has_number(text: str) -> bool:
    """Whether a street's line begins with a house number."""
    first, _, rest = text.strip().upper().partition(" ")
    return bool(rest) and _HOUSE.fullmatch(first) is not None and not _ORDINAL.fullmatch(first)


def names_a_road_alone(text: str) -> bool:
    """Whether the only numbers of a street's line are those of roads or units.

    Hwy 50, Mile 12 Hwy 50, Lot 4 Main St.
    """
    words = _words(text.upper().replace("&", " & "))
    numbers = [at for at, word in enumerate(words) if re.search(r"\d", word)]
    return bool(numbers) and all(
        _ORDINAL.fullmatch(words[at])
        or _ROAD_AND_NUMBER.fullmatch(words[at])
        or (at > 0 and (_begins_a_road(words[at - 1]) or _is_unit_word(words[at - 1])))
        or (at > 1 and words[at - 1] in {"&", "AND"} and at - 2 in numbers)
        for at in numbers
    )


def _begins_a_road(word: str) -> bool:
    """Whether a number behind this word is that of a road, or of a place along it."""
    return (
        SUFFIXES.get(word) in _ROADS | {"RD"}
        or word in {"HWYS", "HIGHWAYS", "MILE", "MILEPOST", "MP", "EXIT", "INTERSTATE", "I", "SR"}
        or word in {"CR", "US", "FM", "RM", "IH", "HWY", "TSR"}
    )


def is_address(text: str) -> bool:
    """Whether a text is a house number, a street's name and its suffix."""
    words = _words(text.upper())
    return (
        len(words) > 2  # noqa: PLR2004  number, name, suffix
        and has_number(text)
        and not _is_unit_word(words[1])
        and any(word in SUFFIXES and word not in UNITS for word in words[2:])
        and not is_unit(text)
    )


def is_post_box(text: str) -> bool:
    """Whether a text is a box of the post office and nothing else."""
    return _POST_BOX.fullmatch(text.strip(" .,")) is not None


def is_mail_box(text: str) -> bool:
    """Whether a text is a box of the post office or of a route, and nothing else."""
    return is_post_box(text) or _ROUTE_BOX.fullmatch(text.strip(" .,")) is not None


def is_behind_a_street(text: str) -> bool:
    """Whether words may stand behind a street: a unit, a direction, a part of a building."""
    words = _words(text.upper())
    if "$" in text or _BEDROOMS.fullmatch(" ".join(words)):
        return False
    if words and re.search(r"\d", text):
        return _is_numbered(words)
    if not words or is_unit(text):
        return True
    if len(words) > 1 and UNITS.get(words[0]) in _WITH_NUMBER:
        # Suite Acme, but Unit Front House
        return all(map(_is_known, words[1:]))
    return _is_unnumbered(words) or (
        # AB and ABC, but not Bob.
        len(words) == 1 and len(words[0]) <= (3 if text.isupper() else 2)
    )


def _is_unnumbered(words: Sequence[str]) -> bool:
    """Whether words without a number are a direction or a part of a building."""
    if all(word in DIRECTIONS for word in words) or len(words[-1]) == 1:
        return True
    if words[-1] in _LAST or words[-1] in UNIT_PLACES:
        return True
    # Front Royal and Upper Marlboro are cities.
    found = [word for word in words if word not in UNIT_PLACES]
    return any(word in _PARTS_OF_BUILDINGS or _is_unit_word(word) for word in found)


def _is_numbered(words: Sequence[str]) -> bool:
    """Whether words with a number are a unit, and not a place with its ZIP code, or a name."""
    known = any(word in _PARTS_OF_BUILDINGS or _is_unit_word(word) for word in words)
    if len(words) > 1 and _ZIP.fullmatch(words[-1]):
        return known and not _NAMED_STATE.fullmatch(words[-2])
    long = [word for word in words if len(word) > 3 and word.isalpha()]  # noqa: PLR2004  a short word may be an abbreviation
    if known:
        # Oak Hill Apts #5 and Smith Bldg Rm 5 are parts of buildings; Pat Doe Apt 5 may be a name.
        building = any(word in _PARTS_OF_BUILDINGS or UNITS.get(word) == "BLDG" for word in words)
        return building or all(map(_is_known, long))
    if any(SUFFIXES.get(word) in _ROADS for word in words):
        # Hwy 50
        return False
    if (
        words[0].isdecimal()
        and any(
            len(word) == 3 and word.isalpha() and not _is_known(word)  # noqa: PLR2004  5 Oak
            for word in words[1:]
        )
    ):
        return False
    return all(map(_is_known, long)) and not any(SUFFIXES.get(word) in _SURE for word in words[1:])


def _is_known(word: str) -> bool:
    return (
        word in DIRECTIONS
        or word in _PARTS_OF_BUILDINGS
        or word in _LAST
        or word in ORDINALS
        or _is_unit_word(word)
    )


def _is_unit_word(word: str) -> bool:
    return word.startswith("#") or word in UNITS or word in UNIT_PLACES


def _words(upper: str) -> list[str]:
    return [word for each in upper.split() if (word := each.strip(".,;:()\"'"))]


def holds_two_addresses(upper: str) -> bool:
    """Whether a line in capitals holds a second house number with a street of its own."""
    pieces = _SEPARATOR.split(upper)
    joins = [bool(_JOINS.fullmatch(found[0])) for found in _SEPARATOR.finditer(upper)]
    before: list[str] = []
    for at, piece in enumerate(pieces):
        words = _words(piece)
        if at and _is_second(before, words, joined=joins[at - 1]):
            return True
        if _follows_unseparated(words):
            return True
        before += words
    return False


def _is_second(before: Sequence[str], words: Sequence[str], *, joined: bool) -> bool:
    """Whether the words after a separator are an address beside the one before it."""
    if (
        not words
        or not any(map(_HOUSE.fullmatch, before))
        or not _NUMBER.fullmatch(words[0])
        or not _has_name(before[1:])
    ):
        return False
    name = words[1:]
    if name and (_is_unit_word(name[0]) or name[0] in {"BEDROOM", "BR", "BD"}):
        return False
    if any(word in SUFFIXES and word not in UNITS for word in name[1:]):
        return True
    if not joined or any(map(_is_unit_word, before)):
        # Apt 4 & 5
        return False
    if _NUMBER.fullmatch(before[-1]):
        # Highway 12 & 18 W
        return any(_WORD.fullmatch(word) and word not in DIRECTIONS for word in name)
    return True


def _has_name(words: Sequence[str]) -> bool:
    return any(_WORD.fullmatch(word) for word in words)


def _follows_unseparated(words: Sequence[str]) -> bool:
    """Whether a second address follows the first one without anything between them."""
    if (
        len(words) > 3  # noqa: PLR2004  two numbers, name, suffix
        and all(word.isdecimal() for word in words[:2])
        and len(words[1]) >= _MANY_DIGITS
        and not words[1].endswith("000")
        and words[2] not in DIRECTIONS
        and words[2] not in SUFFIXES
        and any(word in SUFFIXES for word in words[3:])
    ):
        return True
    if not words or not _HOUSE.fullmatch(words[0]):
        return False
    for at in range(3, len(words) - 2):
        before, name = words[at - 1], words[at + 1 :]
        if (
            _NUMBER.fullmatch(words[at])
            and (SUFFIXES.get(before) in _SURE or before in DIRECTIONS)
            and words[at - 2] not in _SYSTEMS
            and not _NUMBER.fullmatch(words[at - 2])
            and _has_name(_core(words[1 : at - 1]))
            and _WORD.fullmatch(name[0])
            and not _is_unit_word(name[0])
            and any(SUFFIXES.get(word) in _SURE | {"WAY"} for word in name[1:])
        ):
            return True
    return False


def _holds_left_over(upper: str) -> bool:
    """Whether a program's word for no value stands in a line in capitals: 100 nan Main St.

    100 Null Rd is a street of that name.
    """
    words = _words(upper)
    if _LEFT_OVERS.isdisjoint(words):
        return False
    for at, word in enumerate(words):
        if word not in _LEFT_OVERS or (at and _is_unit_word(words[at - 1])):
            continue
        others = [
            each
            for where, each in enumerate(words)
            if where != at and each.isalpha() and each not in SUFFIXES and each not in DIRECTIONS
        ]
        if words[at + 1 : at + 2] != ["SUCH"] and (others or at == len(words) - 1):
            return True
    return False


def _name_before(upper: str) -> bool:
    """Whether a name stands before an address: Acme Inc 100 Main St, 7 Eleven 400 Elm St."""
    words = _words(upper)
    if not words or words[0] in _BEFORE_NUMBERS or words[0] in PREPOSED:
        return False
    if not any(map(str.isdecimal, words[1:])):
        return False
    begins = _HOUSE.fullmatch(words[0]) is not None
    for at in range(2 if begins else 1, len(words) - 2):
        before = words[1 if begins else 0 : at]
        if not (words[at].isdecimal() and (_has_name(words[at + 1 :]))):
            continue
        if not _has_name(before) or any(map(_names_a_number, before[-2:])):
            continue
        if begins and any(word in SUFFIXES or word in DIRECTIONS for word in before):
            continue
        name = _core(words[at + 1 :])
        if any(SUFFIXES.get(word) in _SURE for word in name[1:]) and _WORD.fullmatch(name[0]):
            return True
    return False


def _names_a_number(word: str) -> bool:
    """Whether a number behind this word is that of a road, a unit or a box."""
    return (
        SUFFIXES.get(word) in _ROADS | {"RD", "AVE"}
        or word in _SYSTEMS
        or word in _BEFORE_NUMBERS_OF_ROADS
        or word in PREPOSED
        or word in _PARTS_OF_BUILDINGS
        or _is_unit_word(word)
    )


def _core(words: Sequence[str]) -> list[str]:
    """Return the words of a name, without directions."""
    return [word for word in words if word not in DIRECTIONS]


def _number_behind(upper: str) -> bool:
    """Whether the number of a street stands behind its name: Main St 123."""
    words = _words(upper)
    if not words or re.search(r"\d", words[0]) or words[0] in NUMBER_WORDS:
        return False
    for at in range(1, len(words) - 1):
        suffix = SUFFIXES.get(words[at])
        if suffix is None or suffix in _ROADS or _is_unit_word(words[at]):
            continue
        if words[at - 1] in _SYSTEMS or not _has_name(_core(words[:at])):
            continue
        if words[0] in PREPOSED or any(map(_is_unit_word, words[:at])):
            return False
        behind = words[at + 1 :]
        while behind and behind[0] in DIRECTIONS:
            behind = behind[1:]
        found = _BEHIND.match(" ".join(behind))
        if found is None or _ORDINAL.match(found[1]) or _ends_in_suffix(behind[1:]):
            continue
        return True
    return False


def _ends_in_suffix(words: Sequence[str]) -> bool:
    return any(word in SUFFIXES for word in words[1:])


def lacks_unit_number(upper: str) -> bool:
    """Whether a line in capitals ends in the designator of a unit without its number."""
    words = _words(upper.replace("#", " # "))
    for sign, name in pairwise(words):
        if sign == "#" and name.isalpha() and len(name) > 3:  # noqa: PLR2004  ABC
            return True
    while len(words) > 1 and words[-1] in NO_VALUE and _is_unit_word(words[-2]):
        words = words[:-1]
    while words and words[-1] in {"#", "NO", "NUMBER"}:
        if len(words) > 2 and words[-1] == "#" and not _is_unit_word(words[-2]):  # noqa: PLR2004  100 Main St #
            return True
        words = words[:-1]
    if len(words) < 3 or words[-1] in UNIT_PLACES:  # noqa: PLR2004  number, name, designator
        return False
    last = UNITS.get(words[-1])
    if words[-2] in _PARTS_OF_BUILDINGS or words[-2] in UNIT_PLACES:
        # Garage Apt
        return False
    if last in {"APT", "STE", "UNIT"}:
        return True
    return last is not None and (words[-2] in SUFFIXES or words[-2] in DIRECTIONS)


def _without_rest(text: str) -> StreetLine:
    """Judge what stands before a street, and what follows it behind a comma or its suffix."""
    text = _BEFORE_JUNIOR.sub("", text)
    first, comma, others = text.partition(",")
    if comma and is_address(others.strip().partition(",")[0]) and _is_name_before(first):
        return StreetLine(SOMETHING_BEFORE, text)
    found = re.match(r"([^,;|\n]*?)\s*[,;|\n]\s*(.*)", text, re.DOTALL)
    street, rest = (found[1], found[2].strip(" ,;|")) if found else (text, "")
    if rest and has_number(street):
        for part in filter(None, re.split(r"\s*[,;|\n]\s*", rest)):
            if not is_behind_a_street(part):
                return StreetLine(MORE_THAN_A_STREET, street, rest)
    elif not rest and (end := _suffix_end(street)):
        words = street.split()
        return StreetLine(MORE_THAN_A_STREET, " ".join(words[:end]), " ".join(words[end:]))
    return StreetLine(None, text)


def _is_name_before(text: str) -> bool:
    return is_post_box(text) or not (re.search(r"\d", text) or is_behind_a_street(text))


def _suffix_end(street: str) -> int:
    """Return how many words the street has if something else follows its suffix; 0 if not."""
    words = [word.strip(".,").upper() for word in street.split()]
    if not words or not _HOUSE.fullmatch(words[0]):
        return 0
    for at in range(2, len(words) - 1):
        behind = words[at + 1 :]
        core = _core(words[1:at])
        if (
            SUFFIXES.get(words[at]) in _SURE
            and core
            and core[-1] not in PREPOSED
            and core[-1] not in {"REV", "REVEREND", "FATHER", "FR", "MT", "MOUNT", "OLD", "THE"}
            and behind[0] not in SAINTS
            and all(_WORD.fullmatch(word) for word in behind)
            and behind[0] not in {"OF", "AND", "THE"}
            and not (len(behind) == 1 and behind[0] in SUFFIXES)
            and SUFFIXES.get(behind[-1]) not in _SURE
            and not is_behind_a_street(" ".join(behind))
        ):
            return at + 1
    return 0


NUMBER_WORDS = frozenset(
    {"ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "TEN"}
)
"""House numbers in words, as in One Microsoft Way."""

_DOUBTS: tuple[tuple[Callable[[str, str], bool], str], ...] = (
    (lambda upper, _: describes_a_place(upper), NO_ADDRESS),
    (lambda upper, _: _holds_left_over(upper), LEFT_OVER),
    (_is_run_together, RUN_TOGETHER),
    (_holds_two, TWO_ADDRESSES),
    (lambda _, plain: _number_behind(plain), NUMBER_BEHIND),
    (lambda _, plain: lacks_unit_number(plain), NO_UNIT_NUMBER),
    (lambda upper, _: line_names_several_units(upper), SEVERAL_UNITS),
    (lambda upper, _: _name_before(upper), SOMETHING_BEFORE),
)
"""What a line in capitals, whole and without brackets, may hold, and the reason against it."""
