"""Addresses as the API takes them (hum-api 2.2): check and normalise."""

import re
from typing import Any

import attrs

from hum_async._addresses.characters import clean
from hum_async._addresses.states import STATES
from hum_async._unusable import UnusableText
from hum_async.errors import AddressError
from hum_async.models import Address

_LIMITS = {"street1": 100, "street2": 50, "city": 50}
_ZIP = re.compile(r"\d{5}(-\d{4})?", re.ASCII)
_DEGREES = {"latitude": 90.0, "longitude": 180.0}


def checked(address: Address) -> Address:
    """Return the address as it is sent: clean characters, state in capitals, None for no value.

    Raises:
        AddressError: The API cannot take the address. The message names the field, not its content.
    """
    parts: dict[str, Any] = {
        name: _part(address, name) for name in ("street1", "street2", "city", "state", "zip")
    }
    state = parts["state"] = parts["state"].upper() if parts["state"] else None
    if not parts["street1"]:
        raise AddressError("street1 (house number and street) is missing", "street1")
    if parts["zip"] and not _ZIP.fullmatch(parts["zip"]):
        lost = parts["zip"].isdecimal() and len(parts["zip"]) < 5  # noqa: PLR2004  a ZIP's length
        hint = "; a spreadsheet may have dropped its leading zeros" if lost else ""
        raise AddressError(f"zip must be text like 12345 or 12345-6789{hint}", "zip")
    if state and state != "DC" and state not in STATES:
        raise AddressError("state must be the two-letter code of a US state, DC or PR", "state")
    if not parts["zip"] and not (parts["city"] and state):
        raise AddressError("street1 needs a zip, or a city and a state, beside it")
    if state == "DC" and not (parts["zip"] and parts["city"]):
        raise AddressError("an address in DC needs city and zip: the API knows no state DC")
    for name, most in _DEGREES.items():
        _check_degrees(name, getattr(address, name), most)
    return attrs.evolve(address, **parts)


def checked_or_error(address: Address) -> Address | AddressError:
    """Return what `checked` returns or raises."""
    try:
        return checked(address)
    except AddressError as exc:
        return exc


def _part(address: Address, name: str) -> str | None:
    value = getattr(address, name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise AddressError(f"{name} must be text, not {type(value).__name__}", name)
    if isinstance(value, UnusableText):
        raise AddressError(f"{name} {value.reason}", name)
    value = clean(value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise AddressError(f"{name} holds characters that are not text", name) from None
    if len(value) > _LIMITS.get(name, 100):
        raise AddressError(
            f"{name} has {len(value)} characters; the API takes up to {_LIMITS[name]}"
            if name in _LIMITS
            else f"{name} is too long",
            name,
        )
    return value or None


def _check_degrees(name: str, value: object, most: float) -> None:
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # This comparison also refuses NaN, and converts no large integer.
    if not number or not -most <= value <= most:  # type: ignore[operator]
        raise AddressError(f"{name} must be a number of degrees within +-{most:g}", name)
