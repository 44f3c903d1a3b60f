"""Spellings of states and ZIP codes, and coordinates in the US."""

import re
from enum import Enum, auto
from functools import lru_cache

from hum_async._addresses.characters import clean
from hum_async._addresses.states import MILITARY, STATES, TERRITORIES
from hum_async._addresses.zip_codes import zip_of_digits

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


_NAMED = _by_letters(_NAMES)
_ABBREVIATED = _by_letters(_ABBREVIATIONS)
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
