"""Judges the cells of the street and of the unit: one address, and nothing beside it."""

import re
from collections.abc import Mapping

from hum_async._addresses._several import names_several_units
from hum_async._addresses.characters import clean, lines
from hum_async._addresses.encoded import encoding_left
from hum_async._addresses.line import is_recipient, parse_place, unit_and_street
from hum_async._addresses.places import is_united_states, read_state
from hum_async._addresses.street_lines import (
    LONGEST,
    MORE_THAN_A_STREET,
    NO_UNIT_NUMBER,
    NUMBER_BEHIND,
    RUN_TOGETHER,
    SEVERAL_UNITS,
    SOMETHING_BEFORE,
    TWO_ADDRESSES,
    has_number,
    is_address,
    is_behind_a_street,
    is_mail_box,
    is_plain,
    lacks_unit_number,
    street_line,
)
from hum_async._addresses.usps_key import city_key, units_in_street, units_of
from hum_async._unusable import UnusableText
from hum_async.errors import AddressError

_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?E[+-]\d+\b", re.IGNORECASE | re.ASCII)
_FRACTION = re.compile(r"0?\.\d+|-\d+(?:\.\d+)?", re.ASCII)
_CONTACT = re.compile(
    r"\+?1?[-. ]?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}|\S+@\S+\.\w+|https?://\S+|\d{10}", re.ASCII
)
_NESTED = re.compile(r"[\[{].*[:\"'].*[\]}]")
_WORDS = re.compile(r"[\w ]+")
_GUARDED = re.compile(r"=\s*\"([^\"]*)\"|=(\d+)|'(?=[\w#])([^']*)|\"+([^\"]*)\"+", re.ASCII)
"""Text that a spreadsheet or an export has kept from being read as a number."""
_WHOLE_FLOAT = re.compile(r"(\d+)\.0+(?=\s+\S|$)", re.ASCII)
_THOUSANDS = re.compile(r"(?<![\d,])(\d{1,2}),(\d{3})(?=\s+[^\W\d])", re.ASCII)
_PLAIN_UNIT = re.compile(
    r"(?:(?:apt|apartment|unit|ste|suite|#)\.? ?#? ?\d?)?[A-Z]?\d{1,4}[A-Z]?",
    re.IGNORECASE | re.ASCII,
)
_LINES = frozenset({"street1", "street2", "city"})
_SECOND = "holds an address, too: give each a row of its own, or leave one out"
_NO_UNIT = (
    "is no unit, and may be a name, or another city: keep the number of the unit there, "
    "or leave it empty"
)
_TWO_UNITS = "names another unit than the street's line does: keep one of them"

IS_FRACTION = "is a fraction or a negative number, which a spreadsheet may have made"
IS_SCIENTIFIC = "is a number that a spreadsheet has written as 1E+05: write all its digits"
IS_NESTED = "holds a list or nested fields, not text; name the field inside it"
IS_CONTACT = "is a telephone number or an address on the internet"
NO_HOUSE_NUMBER = "has no house number: its column is empty in this row"

NOT_ONE_PART = frozenset(
    {
        _SECOND,
        _NO_UNIT,
        _TWO_UNITS,
        TWO_ADDRESSES,
        SEVERAL_UNITS,
        MORE_THAN_A_STREET,
        NUMBER_BEHIND,
        RUN_TOGETHER,
        SOMETHING_BEFORE,
        NO_UNIT_NUMBER,
    }
)
"""The reasons against a cell that holds more, or less, than its part of one address."""

Parts = Mapping[str, str | None]


def reason_against(field: str, text: str) -> str | None:  # noqa: PLR0911  one case per kind
    """Return why a text can be no part of an address, whatever the others say; None if it can."""
    if len(text) > LONGEST or (text.isalnum() and len(text) < 10):  # noqa: PLR2004  digits of a telephone number
        return None
    if field in _LINES and _FRACTION.fullmatch(text):
        return IS_FRACTION
    if field in _LINES and (_SCIENTIFIC.match(text)):
        return IS_SCIENTIFIC
    if _NESTED.fullmatch(text):
        return IS_NESTED
    if field != "zip" and _WORDS.fullmatch(text) and not text.isdecimal():
        return None
    if field in _LINES and _CONTACT.fullmatch(text):
        return IS_CONTACT
    return encoding_left(text)


def street_and_unit(parts: Parts) -> dict[str, str | None]:
    """Return the parts that are read as something else, because they hold more than they should.

    What certainly says the same as other parts is left out: the row's own city behind the street,
    "Attn: Accounts" beside a unit. What does not is an `UnusableText`.
    """
    found: dict[str, str | None] = {}
    street = parts.get("street1") or ""
    usable = bool(street) and not isinstance(street, UnusableText)
    plain = usable and is_plain(street)
    if usable and not plain:
        found |= _street(parts)
    unit = parts.get("street2")
    if unit and not isinstance(unit, UnusableText) and not (plain and _PLAIN_UNIT.fullmatch(unit)):
        found |= _unit({**parts, **found})
    return found


def _street(parts: Parts) -> dict[str, str | None]:
    text = parts["street1"] or ""
    alone = _without_place(clean(text), parts) if len(text) <= LONGEST else None
    if alone is not None:
        return {"street1": alone} | _street({**parts, "street1": alone})
    joined = ", ".join(lines(text))
    if exchanged := unit_and_street(joined):
        read = f"{exchanged[1]}, {exchanged[0]}"
        if street_line(read).doubt is None:
            return {"street1": read}
    line = street_line(joined)
    if line.doubt is None:
        return {}
    if line.rest and not line.street.endswith(","):
        pieces = [piece.strip() for piece in re.split(r"[,;|]", line.rest) if piece.strip()]
        others = [piece for piece in pieces if not _is_beside(piece, parts)]
        beside = _is_beside(line.rest, parts)
        if beside or all(map(is_behind_a_street, others)):
            return {"street1": ", ".join([line.street, *([] if beside else others)])}
    return {"street1": UnusableText(text, line.doubt)}


def _without_place(street: str, parts: Parts) -> str | None:
    """Return a street's line without the ZIP code, state and city of its row behind it."""
    zip_code = clean(parts.get("zip") or "")[:5]
    if not zip_code or zip_code not in street[-10:]:
        return None
    state, city = (
        re.escape(clean(parts.get("state") or "")),
        re.escape(clean(parts.get("city") or "")),
    )
    behind = rf"(?:[\s,]+{city})?(?:[\s,]+{state}\.?)?[\s,]+{re.escape(zip_code)}(?:-\d{{4}})?"
    found = re.fullmatch(rf"(.*?\w\.?){behind}", street, re.IGNORECASE)
    left = found[1] if found else ""
    if not has_number(left) or lacks_unit_number(left.upper()) or left.endswith("#"):
        return None
    return left


def unguarded(text: str) -> str:
    """Return the text of a cell without what keeps a spreadsheet from reading it as a number."""
    if text[:1] in "='\"" and (found := _GUARDED.fullmatch(text)):
        text = next(filter(None, found.groups()), "")
    if "." in text or "," in text:
        text = _THOUSANDS.sub(r"\1\2", _WHOLE_FLOAT.sub(r"\1", text, count=1), count=1)
    return text


def _unit(parts: Parts) -> dict[str, str | None]:
    text = clean(parts["street2"] or "")
    street = parts.get("street1") or ""
    if _is_beside(text, parts):
        return {"street2": None}
    if _is_place(text, parts) or is_address(text):
        return {"street2": UnusableText(text, _SECOND)}
    if names_several_units(text):
        return {"street2": UnusableText(text, SEVERAL_UNITS)}
    if not is_behind_a_street(text):
        return {"street2": UnusableText(text, _NO_UNIT)}
    if not isinstance(street, UnusableText) and _differs(units_in_street(street), units_of(text)):
        return {"street2": UnusableText(text, _TWO_UNITS)}
    return {}


def _is_beside(text: str, parts: Parts) -> bool:
    """Whether a text says only what no unit is: a recipient, a box, the row's own place."""
    if is_recipient(text):
        return True
    if is_mail_box(text):
        return has_number(parts.get("street1") or "")
    if is_united_states(text.strip("().")):
        return True
    city, state = clean(parts.get("city") or ""), clean(parts.get("state") or "")
    zip_code = clean(parts.get("zip") or "")
    if text in {zip_code, zip_code[:5]} or (city and city_key(text) == city_key(city)):
        return True
    if state and len(text) > 1 and _same_state(text, state):
        return True
    return _place_agrees(text, parts)


def _same_state(one: str, other: str) -> bool:
    states = read_state(one), read_state(other)
    return states[0] is not None and states[1] is not None and states[0][0] == states[1][0]


def _is_place(text: str, parts: Parts) -> bool:
    """Whether a text is a city with a state or a ZIP code."""
    words = text.replace(",", " ").split()
    if len(words) < 2 or text[:1].isdigit():  # noqa: PLR2004  a city and its state
        return False
    try:
        found = parse_place(text)
    except AddressError:
        return False
    if "city" not in found or is_behind_a_street(found["city"]):
        return False
    return "zip" in found or (
        "state" in found and ("," in text or parts.get("state") is None or words[-1].isupper())
    )


def _place_agrees(text: str, parts: Parts) -> bool:
    try:
        found = parse_place(text)
    except AddressError:
        return False
    own = {field: clean(parts.get(field) or "") for field in found}
    return all(
        not own[field]
        or (field == "city" and city_key(own[field]) == city_key(value))
        or (field == "state" and _same_state(own[field], value))
        or (field == "zip" and own[field][:5] == value[:5])
        for field, value in found.items()
    ) and bool(own.get("city") or own.get("zip"))


def _differs(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of units name two of one kind: Apt 4 and Apt 5."""
    kinds = {unit.rpartition(" ")[0]: unit for unit in one}
    return any(
        kinds.get(unit.rpartition(" ")[0], unit) != unit and unit not in one for unit in other
    )
