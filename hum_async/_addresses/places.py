"""States and their spellings, the states of ZIP codes, and coordinates in the US."""

import re
from enum import Enum, auto
from functools import lru_cache

from hum_async._addresses.characters import clean

# hum-api 2.2: 50 states and PR. DC is not in the API's list; it is sent without a state.
_STATE_CODES = """
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY
    NC ND OH OK OR PA PR RI SC SD TN TX UT VT VA WA WV WI WY
"""
STATES = frozenset(_STATE_CODES.split())
"""Codes of the states that the API takes."""
TERRITORIES = frozenset({"AS", "FM", "GU", "MH", "MP", "PW", "VI"})
"""Places with a ZIP code that the API does not take as a state (hum-api 2.2)."""
MILITARY = frozenset({"AA", "AE", "AP"})
"""Codes of military mail, which take the place of a state."""
UNITED_STATES = r"(?:u\.? ?s\.? ?a\.?|u\.? ?s\.?|(?:the )?united states(?: of america)?)"
"""A pattern for the names of the country, to be taken without regard to case."""
NOT_IN_THE_US = "latitude and longitude are not in the US"
_CODES = STATES | TERRITORIES | MILITARY | {"DC"}

_IS_UNITED_STATES = re.compile(rf"(?i){UNITED_STATES}\.?")

_NAMES = """
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut,
DE Delaware, DC District of Columbia, DC Washington DC, FL Florida, GA Georgia, HI Hawaii, ID Idaho,
IL Illinois, IN Indiana, IA Iowa, KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland,
MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi, MO Missouri, MT Montana, NE Nebraska,
NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York, NC North Carolina,
ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, PR Puerto Rico, RI Rhode Island,
SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia,
WA Washington, WA Washington State, NY New York State, WV West Virginia, WI Wisconsin, WY Wyoming,
AS American Samoa, GU Guam, MP Northern Mariana Islands, VI Virgin Islands, VI US Virgin Islands
"""
_ABBREVIATIONS = """
AL Ala, AK Alas, AZ Ariz, AR Ark, CA Calif, CA Cal, CO Colo, CT Conn, DE Del, FL Fla, ID Ida,
IL Ill, IL Ills, IN Ind, KS Kan, KS Kans, MA Mass, MI Mich, MN Minn, MS Miss, MT Mont, NE Neb,
NE Nebr, NV Nev, NM N Mex, NM New Mex, NC N Car, NC N Carolina, NC No Carolina, ND N Dak,
ND N Dakota, OK Okla, OR Ore, OR Oreg, PA Penn, PA Penna, PR P Rico, RI R Isl, SC S Car,
SC S Carolina, SC So Carolina, ND No Dakota, SD So Dakota, DC Wash DC, SD S Dak, SD S Dakota,
TN Tenn, TX Tex, VA Virg, WA Wash, WV W Va, WV W Virginia, WI Wis, WI Wisc, WY Wyo
"""
# The states of ZIP codes by their first three digits (USPS publication 65, list L002). Numbers
# without a post office between two numbers of one state count as numbers of that state.
_ZIPS = """
005 NY, 006-007 PR, 008 VI, 009 PR, 010-027 MA, 028-029 RI, 030-038 NH, 039-049 ME, 050-054 VT,
055 MA, 056-059 VT, 060-062 CT, 063 CT NY, 064-069 CT, 070-089 NJ, 090-099 AE, 100-149 NY,
150-196 PA, 197-199 DE, 200 DC, 201 VA, 202-204 DC, 205 DC MD VA, 206-219 MD, 220-246 VA,
247-268 WV, 270-289 NC, 290-299 SC, 300-319 GA, 320-339 FL, 340 AA, 341-349 FL, 350-369 AL,
370-385 TN, 386-397 MS, 398-399 GA, 400-427 KY, 430-459 OH, 460-479 IN, 480-499 MI, 500-528 IA,
530-549 WI, 550-567 MN, 569 DC, 570-577 SD, 580-588 ND, 590-599 MT, 600-629 IL, 630-658 MO,
660-679 KS, 680-693 NE, 700-714 LA, 716-725 AR, 726 AR MO, 727-729 AR, 730-732 OK, 733 TX,
734-738 OK, 739 OK TX, 740-749 OK, 750-799 TX, 800-816 CO, 820-831 WY, 832-833 ID, 834 ID WY,
835-838 ID, 840-847 UT, 850-865 AZ, 870-884 NM, 885 TX, 888 DC, 889-898 NV, 900-961 CA, 962-966 AP,
967 AS HI, 968 HI, 969 FM GU MH MP PW, 970-979 OR, 980-994 WA, 995-999 AK
"""


class Spelling(Enum):
    """The form in which a state is written: from certain to likely."""

    CODE = auto()
    NAME = auto()
    ABBREVIATION = auto()


def state_names() -> dict[str, tuple[str, ...]]:
    """Return the names of each state by its code."""
    names: dict[str, tuple[str, ...]] = {}
    for entry in _NAMES.split(","):
        code, name = entry.split(maxsplit=1)
        names[code] = (*names.get(code, ()), name.strip())
    return names


def is_united_states(text: str) -> bool:
    """Return whether a text is a name of the country."""
    return _IS_UNITED_STATES.fullmatch(text.strip()) is not None


def _letters(text: str) -> str:
    """Return a name without case, spaces and punctuation."""
    return re.sub(r"[\s.,'-]", "", text.casefold())


def _by_letters(pairs: str) -> dict[str, str]:
    entries = (entry.split(maxsplit=1) for entry in pairs.split(","))
    return {_letters(name): code for code, name in entries}


def _by_prefix(ranges: str) -> dict[str, frozenset[str]]:
    found = {}
    for entry in ranges.split(","):
        span, *states = entry.split()
        first, _, last = span.partition("-")
        for number in range(int(first), int(last or first) + 1):
            found[f"{number:03}"] = frozenset(states)
    return found


_NAMED = _by_letters(_NAMES)
_ABBREVIATED = _by_letters(_ABBREVIATIONS)
_PREFIXES = _by_prefix(_ZIPS)
_ZIP_DIGITS = 5
_NOWHERE: frozenset[str] = frozenset()
_AROUND_STATE = re.compile(
    r"(?i)^(?:the )?(?:state|commonwealth) of (?=\w{4})|[\s,]+(?:USA|US|United States)$"
    r"|^USA?[-\s](?=\w\w$)"
)
"""What stands around a state: State of Michigan; Michigan, USA; USA-MI."""
_DIGITS = re.compile(r"(?:(\d{3,5})-?|(\d{4,5})(?:[_+/. ]| ?-+ ?)?(\d{4}))(?:\.0+)?", re.ASCII)
_AROUND_ZIP = re.compile(r"(?i)^(?:ZIP(?: ?code)?:?|USA?)[-\s]*(?=\d)|[-\s,;]+(?:USA?)?$")


@lru_cache(maxsize=1024)
def read_state(text: str) -> tuple[str, Spelling] | None:
    """Return the code of a state and the form in which it is written; None if it is no state.

    Territories and military mail count as states here.
    """
    text = clean(text)
    code = text.upper()
    if code in _CODES:
        return code, Spelling.CODE
    letters = _letters(_AROUND_STATE.sub("", text))
    if letters in _NAMED:
        return _NAMED[letters], Spelling.NAME
    # "N.Y.", "US-NY" (ISO 3166-2) and "NY - New York" are certain, too.
    code = letters.removeprefix("us").upper() if len(letters) == 4 else letters[:2].upper()  # noqa: PLR2004  US + code
    if code in _CODES and (letters[2:] in {"", code.lower()} or _NAMED.get(letters[2:]) == code):
        return code, Spelling.NAME
    if letters in _ABBREVIATED:
        return _ABBREVIATED[letters], Spelling.ABBREVIATION
    return None


def read_zip(text: str) -> str | None:
    """Return the ZIP code of digits that have lost zeros or a hyphen, or gained a ".0".

    Spreadsheets also write ``'00501`` and ``="00501"``, to keep the zeros.
    """
    text = _AROUND_ZIP.sub("", clean(text).strip("='\"() "))
    found = _DIGITS.fullmatch(text)
    if found is None:
        return None
    alone, first, last = found.groups()
    return zip_of_digits(f"{first}{last}" if last else alone)


def zip_of_digits(digits: str) -> str:
    """Return the ZIP code of at most nine digits, with the zeros that it lost as a number."""
    if len(digits) <= _ZIP_DIGITS:
        return digits.zfill(_ZIP_DIGITS)
    digits = digits.zfill(_ZIP_DIGITS + 4)
    return f"{digits[:_ZIP_DIGITS]}-{digits[_ZIP_DIGITS:]}"


def states_of_zip(zip_code: str) -> frozenset[str]:
    """Return the states that a ZIP code can belong to; an empty set if there is no such code."""
    return _PREFIXES.get(zip_code[:3], _NOWHERE)


def not_covered(field: str, code: str) -> str:
    """Return the message about a state or ZIP code of a territory or of military mail."""
    verb = "is" if field == "state" else "belongs to"
    what = "military mail" if code in MILITARY else "a US territory"
    return f"{field} {verb} {what}, which the API does not cover: it knows the 50 states, DC and PR"


def in_the_us(latitude: float, longitude: float) -> bool:
    """Return whether a point is between Puerto Rico and Alaska, which crosses the date line."""
    return 17.5 <= latitude <= 71.6 and (-180 <= longitude <= -64.5 or 172 <= longitude <= 180)  # noqa: PLR2004  degrees


def swapped(latitude: object, longitude: object) -> bool:
    """Return whether latitude and longitude are in the US only if they are exchanged."""
    # Callers also ask about values that were refused because they are no numbers.
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return False
    return in_the_us(longitude, latitude) and not in_the_us(latitude, longitude)


def coordinate_error(latitude: float, longitude: float) -> str | None:
    """Return the message about coordinates that are not in the US; None if they are."""
    if in_the_us(latitude, longitude):
        return None
    if swapped(latitude, longitude):
        return "latitude and longitude look swapped"
    if in_the_us(latitude, -longitude):
        return "longitude has lost its minus sign: it is negative in the US"
    return NOT_IN_THE_US
