"""Decides what the cells of a row mean as parts of an address.

`hum qualify` sends what is read here, and `hum check` judges it: one reading for both.
"""

import datetime as dt
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import attrs

from hum_async._addresses.characters import clean
from hum_async._addresses.encoded import decoded
from hum_async._addresses.places import Spelling, read_state, read_zip, swapped
from hum_async._addresses.states import STATES
from hum_async._addresses.usps_key import units_of, usps_key
from hum_async._addresses.zip_codes import states_of_zip, zip_of_digits
from hum_async._unusable import UnusableText
from hum_async.bulk._street_cells import (
    IS_NESTED,
    reason_against,
    street_and_unit,
    unguarded,
)
from hum_async.bulk.tables import Carried, Cell, as_text
from hum_async.models import Address

TEXTS = ("street1", "street2", "city", "state", "zip")
"""The parts of an address that are text."""
DEGREES = {"latitude": 90.0, "longitude": 180.0}
"""The parts of an address that are degrees, and how far they go."""

_NOTHING = re.compile(
    r"""(?xi) (?: [-_*.~"'\ ]+ | [\[{(] [\])}]+ | '' | "" )
    | (?P<word> -?nan | nat | null | nil | none | n[./]?a | \\n | (?:pd\.|np\.)?nan? | \#n/?a
        | undefined | not\ (?:available|applicable|provided|specified|set|given|known)
        | no\ (?:data|value) | unkn?(?:own)? | tb[adc] | to\ be\ (?:determined|announced|confirmed)
        | \?+ | x{3,} | \$null\$ | missing | blank | empty
        | no\ address | address\ unknown | unknown\ address | none\ (?:given|listed) | homeless
        | same\ as\ (?:above|billing|shipping|mailing) | see\ (?:notes?|above|below) | ditto )
        (?: [\s,;/]+ (?P=word) )* \.?
    | ['"] (?: null | none | nan? | n/a ) ['"]
    | [\[<({] (?: null | none | nil | n/?a | nan | blank | empty | unset | not\ set | missing )
      [\]>)}]
    """
)
_LONGEST_NOTHING = 40
_NO_UNIT = re.compile(r"(?i)no (?:unit|apt|apartment|suite|ste|\#)\.?(?: (?:number|no|#))?\.?")
_IS_NONE = re.compile(
    r"""(?xi) 0+(?:\.0+)?
    | (?: apt | apartment | unit | suite | ste | bldg | building | room | rm | floor | fl | lot
        | space | spc | trailer | trlr | dept )? [.:\s]* (?: \# | no\.? | number )? [.:\s]*
        (?: 0+ | n/?a | none | null | nan | unknown | tb[da] | \?+ | -+ )?
    | (?: single | one | 1 )[ -]family (?: \ (?: home | house | residence | dwelling | detached ))?
    | sf[hrd] | (?: private \ )? (?: house | home | residence ) | town(?:house|home)
    | bungalow | condo(?:minium)? | duplex | single | residential | commercial
    | business | vacant | same (?: \ as \ (?: above | billing | shipping | mailing ))?
    | other | default | primary | no | yes | true | false
    """
)
"""What columns of units hold where there is no unit; a designator without a number is none."""
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)"
_DATE = re.compile(
    rf"(?i)\d{{1,2}}-{_MONTH}(?:-\d{{2}}(?:\d\d)?)?|{_MONTH}-\d{{2}}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:.*)?|\d{1,2}/\d{1,2}/(?:19|20)?\d\d(?: \d{1,2}:.*)?",
    re.ASCII,
)
"""Dates as spreadsheets write what they took for one, such as 4-May for the house number 5-4."""
IS_ERROR = "is an error of the spreadsheet"
IS_TRUE = "is only true, not text"
IS_INFINITE = "is no number that can be written"
ONLY_A_NUMBER = "is only a number: the name of the street is missing"
NOT_A_CITY = "holds a number, which is not the ZIP code of the row: keep the name of the city there"
OTHER_STATE = "names another state or ZIP code than the row does: correct one of them"
IS_DATE = "is a date; a spreadsheet may have made it one of something like 3-4: write it as text"
_ERRORS = re.compile(
    r"(?i)#(?:ref!|value!|name\?|div/0!|null!|num!|n/a|na|spill!|calc!|field!|busy!|#+)"
)
"""The errors of a spreadsheet."""
_LINES = frozenset({"street1", "street2", "city"})
_PLAIN = re.compile(r"[\w #-]*")
_LETTER = re.compile(r"[^\W\d_]")
_ZIP = re.compile(r"\d{5}(-\d{4})?", re.ASCII)
_PLACE = re.compile(
    r"(\D{2,}?[^\W\d]\.?)(?:\s*,\s*([A-Za-z. ]{2,})|\s+([A-Za-z]\.?[A-Za-z]\.?))"
    r"(?:[\s,]+(\d{5})(?:-\d{4})?)?"
)
"""A city and what follows it: a comma or none, a state, a ZIP code or none."""
_NUMBERED_CITY = re.compile(r"(?:(.*[^\W\d]\.?)[\s,]+)?(\d{3,10})(?:-\d{4})?", re.ASCII)
"""A city with a number behind it, which may be the ZIP code of its row."""
_LONGEST_CITY = 100
_WHOLE_ZIP = re.compile(r"\D*\d{5}(?!\d{3}(?:\D|$))", re.ASCII)
"""A ZIP code with all its digits, in whatever form; eight digits have lost one."""
_ZIP_PLUS_4 = 10**9


@attrs.frozen(kw_only=True)
class AddressReading:
    """What the cells of a row mean.

    Attributes:
        address: The address, unchecked. A part that cannot be used is an `UnusableText`.
        changed: Fields that were read as something else than their cell says, with what they were
            read as; "" for a field that was left out.
        nothing: Fields whose cell says in a word, such as NULL, that there is no value.
        unused: Why the coordinates were left out; None if they were not.
        whole: The street's cell holds a whole address, though its column holds streets.
        split: What it was split into, by field.
    """

    address: Address
    changed: Mapping[str, str] = attrs.field(factory=dict)
    nothing: tuple[str, ...] = ()
    unused: str | None = None
    whole: bool = False
    split: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def note(self) -> str | None:
        """What the row says of its reading, such as "zip read as 02139"; None for nothing."""
        parts = [
            f"{field} read as {value}" if value else f"{field} left out"
            for field, value in self.changed.items()
        ]
        if self.split:
            parts.append("street1 held a whole address")
        if self.unused:
            parts.append(f"coordinates left out: {self.unused}")
        return "; ".join(parts) or None


def read_address(cells: Mapping[str, Cell]) -> AddressReading:
    """Read the parts of an address.

    Args:
        cells: The cell of each field that has one.
    """
    parts = {field: read_part(field, cell) for field, cell in cells.items() if field in TEXTS}
    nothing = tuple(
        field
        for field, cell in cells.items()
        if says_nothing(cell) or (field == "street2" and says_no_unit(parts[field]))
    )
    if "street2" in nothing:
        parts["street2"] = None
    changed = _decoded(cells, parts)
    changed |= (found := _agreeing(parts))
    parts |= found
    parts |= (cities := _city_alone(parts))
    changed |= _usable(cities)
    beside = street_and_unit(parts)
    parts |= beside
    changed |= _usable(beside)
    if _says_unit(parts):
        parts["street2"] = None
    degrees, unused = _coordinates(cells)
    street1 = parts.pop("street1", None) or ""
    alone = 0 < len(street1) <= _LONGEST_NOTHING and not _LETTER.search(street1)
    if alone and not isinstance(street1, UnusableText):
        street1 = UnusableText(street1, ONLY_A_NUMBER)
    address = Address(street1, **parts, **degrees)  # type: ignore[arg-type]  # by name
    return AddressReading(address=address, changed=changed, nothing=nothing, unused=unused)


def _usable(parts: Mapping[str, str | None]) -> dict[str, str]:
    return {
        field: text or "" for field, text in parts.items() if not isinstance(text, UnusableText)
    }


def _decoded(cells: Mapping[str, Cell], parts: Mapping[str, str | None]) -> dict[str, str]:
    """Return the parts whose cells held HTML entities and the like, as they were read."""
    found = {
        field: parts.get(field)
        for field, cell in cells.items()
        # What is unusable would be remembered for the same text where it is usable.
        if field in TEXTS and type(cell) is str and _as_meant(field, cell) != cell
    }
    return {field: clean(text) for field, text in _usable(found).items() if text}


def says_no_unit(text: str | None) -> bool:
    """Return whether the text of a unit says that there is none: Apt, 0, Single Family."""
    if not text or isinstance(text, UnusableText) or len(text) > _LONGEST_NOTHING:
        return False
    if text[-1] in "123456789":
        return False
    return _IS_NONE.fullmatch(clean(text)) is not None


def says_nothing(cell: Cell) -> bool:
    """Return whether a cell says in a word that there is no value: NaN, NULL, N/A, - ..."""
    if isinstance(cell, Decimal):
        return cell.is_nan()
    if isinstance(cell, float):
        return math.isnan(cell)
    return isinstance(cell, str) and len(cell) <= _LONGEST_NOTHING and _is_nothing(cell)


@lru_cache(maxsize=4096)
def _is_nothing(text: str) -> bool:
    return _NOTHING.fullmatch(clean(text)) is not None


@lru_cache(maxsize=8192)
def _as_meant(field: str, cell: str) -> str:
    """Return the text of a cell without what it was wrapped in on its way."""
    text = decoded(cell)
    if field in _LINES and not _PLAIN.fullmatch(text):
        bare = text.strip()
        text = found if (found := unguarded(bare)) != bare else text
    return text


def read_part(field: str, cell: Cell) -> str | None:
    """Return the text of a cell, trimmed; None for no value, `UnusableText` if it is no text."""
    # A text that is unusable, or the number 1, would be found under the text "1".
    return _read_text(field, cell) if type(cell) is str else _read_part(field, cell)


@lru_cache(maxsize=8192)
def _read_text(field: str, cell: str) -> str | None:
    """Read a text, once: each row asks twice for its street, and cities come again and again."""
    return _read_part(field, cell)


def _read_part(field: str, cell: Cell) -> str | None:
    if isinstance(cell, bytes):
        try:
            cell = cell.decode()
        except UnicodeDecodeError:
            return UnusableText(as_text(cell), "holds bytes that are not UTF-8 text")
    if isinstance(cell, str) and not isinstance(cell, UnusableText):
        cell = _as_meant(field, cell)
    if field == "zip":
        cell = restored_zip(cell)
    reason = _reason(field, cell)
    if reason is not None:
        return UnusableText(as_text(cell).strip() or "?", reason)
    if (
        cell is False
        or says_nothing(cell)
        or (field == "street2" and isinstance(cell, str) and _NO_UNIT.fullmatch(cell.strip()))
    ):
        return None
    return as_text(cell).strip() or None


def _reason(field: str, cell: Cell) -> str | None:  # noqa: PLR0911  one case per kind of cell
    """Return why a cell cannot be a text of an address; None if it can."""
    if isinstance(cell, str):
        if _ERRORS.fullmatch(cell.strip()):
            return None if says_nothing(cell) and field == "street2" else IS_ERROR
        if isinstance(cell, UnusableText):
            return cell.reason
        if "\N{REPLACEMENT CHARACTER}" in cell:
            return "holds a character that was lost when the file was saved or read"
        if ("-" in cell or "/" in cell) and _DATE.fullmatch(cell.strip()):
            return IS_DATE
        reason = reason_against(field, cell.strip())
        return None if reason and says_nothing(cell) else reason
    if isinstance(cell, dt.date | dt.time) or (isinstance(cell, Carried) and cell.temporal):
        return IS_DATE
    if isinstance(cell, list | dict | Carried):
        return IS_NESTED
    if cell is True:
        return IS_TRUE
    if isinstance(cell, float | Decimal) and not says_nothing(cell) and math.isinf(cell):
        return IS_INFINITE
    return None


def restored_zip(cell: Cell) -> Cell:
    """Return a ZIP code that is a number as text with its leading zeros; any other cell as it is.

    Excel, Parquet and JSON may hold it as a number.
    """
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        return cell
    if says_nothing(cell):
        return None
    if math.isinf(cell) or cell % 1 or not 0 < cell < _ZIP_PLUS_4:
        return cell
    return zip_of_digits(str(int(cell)))


def _agreeing(parts: Mapping[str, str | None]) -> dict[str, str]:
    """Return ZIP code and state as they are meant, where they agree, if not written like that."""
    if any(isinstance(parts.get(field), UnusableText) for field in ("zip", "state")):
        return {}
    zip_text, state_text = clean(parts.get("zip") or ""), clean(parts.get("state") or "")
    state = read_state(state_text) if state_text else None
    code = state[0] if state else None
    zip_code = zip_text and intended_zip(zip_text, code if state_text else None)
    if state_text and code is None:
        # A state that is none agrees with nothing.
        zip_code = zip_text if zip_text and _ZIP.fullmatch(zip_text) else None
    changed = {}
    if zip_code and zip_code != zip_text:
        changed["zip"] = zip_code
    if state and code and (code in STATES or code == "DC") and state_text != code:
        agrees = code in states_of_zip(zip_code) if zip_text and zip_code else not zip_text
        if state[1] is not Spelling.CODE and agrees and (zip_text or state[1] is Spelling.NAME):
            changed["state"] = code
    return changed


def _city_alone(parts: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the city without the state and the ZIP code of its row, if it holds them.

    What contradicts them is an `UnusableText`, as is a number that is no ZIP code.
    """
    written = parts.get("city")
    if not written or isinstance(written, UnusableText) or len(written) > _LONGEST_CITY:
        return {}
    city, zip_code = clean(written), parts.get("zip") or ""
    if found := _NUMBERED_CITY.fullmatch(city):
        name, digits = found.groups()
        if name is None or digits != zip_code[:5]:
            return {"city": UnusableText(written, NOT_A_CITY)}
        rest = _without_state(name, parts)
        return {"city": name} | rest
    return _without_state(city, parts)


def _without_state(city: str, parts: Mapping[str, str | None]) -> dict[str, str | None]:
    state, zip_code = parts.get("state"), parts.get("zip") or ""
    if len(city) == 2 and city.upper() in STATES:  # noqa: PLR2004  a code
        # No city has a name of two letters that is a state's code.
        if city.upper() != (state or city).upper():
            return {"city": UnusableText(city, OTHER_STATE)}
        return {"city": None} if zip_code else {}
    found = _PLACE.fullmatch(city) if " " in city or "," in city else None
    name, after_comma, code, digits = found.groups() if found else (city, None, None, None)
    named = read_state(after_comma or code or "")
    if named is None or named[0] == "DC":
        # Washington DC is a name of the city.
        return {}
    agrees = named[0] == state if state else named[0] in states_of_zip(zip_code)
    if agrees and (digits or zip_code[:5]) == zip_code[:5]:
        return {"city": name}
    certain = (after_comma and named[1] is not Spelling.ABBREVIATION) or digits
    return {"city": UnusableText(city, OTHER_STATE)} if certain and (state or zip_code) else {}


def _says_unit(parts: Mapping[str, str | None]) -> bool:
    """Whether the street's line ends in the unit that has a column of its own, too."""
    street, unit = parts.get("street1"), parts.get("street2")
    if not street or not unit or not _last_word(street).endswith(_last_word(unit)):
        return False
    alone, both = Address(street), Address(street, unit)
    return bool(units_of(unit)) and usps_key(alone) == usps_key(both)


def _last_word(text: str) -> str:
    return text.rsplit(maxsplit=1)[-1].casefold().strip("#.,()")


def intended_zip(text: str, state: str | None) -> str | None:
    """Return the ZIP code that a text means; None if that is uncertain or contradicts the state.

    Args:
        text: A text such as ``94109.0``, ``2139`` or ``48226 1234``.
        state: Code of the state; None if there is none, and then no zeros are added.
    """
    if _ZIP.fullmatch(text):
        return text
    found = read_zip(text)
    if found is None or not states_of_zip(found):
        return None
    if state is None:
        return found if _WHOLE_ZIP.match(text) else None
    return found if state in states_of_zip(found) else None


def _coordinates(cells: Mapping[str, Cell]) -> tuple[dict[str, float], str | None]:
    """Return latitude and longitude if both can be used, and else why not."""
    given = {field: cell for field in DEGREES if not _is_empty(cell := cells.get(field))}
    if not given:
        return {}, None
    degrees = {field: _number(cell) for field, cell in given.items()}
    numbers = {field: value for field, value in degrees.items() if value is not None}
    if len(numbers) < len(given):
        return {}, "not numbers of degrees"
    if len(numbers) < len(DEGREES):
        return {}, "one of the two is missing"
    if any(abs(value) > DEGREES[field] for field, value in numbers.items()):
        looks = swapped(numbers["latitude"], numbers["longitude"])
        return {}, "latitude and longitude look swapped" if looks else "beyond 90 or 180 degrees"
    if not any(numbers.values()):
        return {}, "0, 0 is not in the US"
    return numbers, None


def _is_empty(cell: Cell) -> bool:
    if isinstance(cell, str):
        return not cell.strip() or says_nothing(cell) or bool(_ERRORS.fullmatch(cell.strip()))
    return cell is None or says_nothing(cell)


def _number(cell: Cell) -> float | None:
    """Return a number of degrees; None if the cell is none."""
    if isinstance(cell, bool) or not isinstance(cell, str | bytes | int | float | Decimal):
        return None
    try:
        found = float(cell)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
