"""Finds the errors for which a row is refused, and their corrections."""

import re

import attrs

from hum_async._addresses.places import Spelling, not_covered, read_state, read_zip, swapped
from hum_async._addresses.states import MILITARY, TERRITORIES
from hum_async._addresses.street_lines import LEFT_OVER, NO_ADDRESS
from hum_async._addresses.zip_codes import states_of_zip
from hum_async._api.addresses import checked_or_error
from hum_async._unusable import UnusableText
from hum_async.bulk import _street_cells as street_cells
from hum_async.bulk import cell_meaning
from hum_async.bulk._street_cells import NOT_ONE_PART
from hum_async.bulk.preflight._findings import FindingKind, Severity
from hum_async.bulk.preflight._row import TEXTS, Row
from hum_async.errors import AddressError
from hum_async.models import Address

_ZIP = re.compile(r"\d{5}(-\d{4})?", re.ASCII)
_KINDS = {
    LEFT_OVER: FindingKind.PLACEHOLDER,
    NO_ADDRESS: FindingKind.HOUSE_NUMBER,
    street_cells.NO_HOUSE_NUMBER: FindingKind.HOUSE_NUMBER,
    street_cells.IS_FRACTION: FindingKind.SPREADSHEET,
    street_cells.IS_SCIENTIFIC: FindingKind.SPREADSHEET,
    street_cells.IS_NESTED: FindingKind.NO_PART,
    street_cells.IS_CONTACT: FindingKind.NO_PART,
    cell_meaning.IS_DATE: FindingKind.DATE,
    cell_meaning.IS_ERROR: FindingKind.SPREADSHEET,
    cell_meaning.IS_INFINITE: FindingKind.SPREADSHEET,
    cell_meaning.NOT_A_CITY: FindingKind.SEVERAL,
    cell_meaning.OTHER_STATE: FindingKind.SEVERAL,
    cell_meaning.IS_TRUE: FindingKind.NO_PART,
    cell_meaning.ONLY_A_NUMBER: FindingKind.MISSING,
}
"""The kinds of the reasons against a text; others are about its characters."""
_VALID = {"street1": "1", "state": "MI", "zip": "48226"}
_CANADIAN = re.compile(r"(?i)[a-z]\d[a-z] ?\d[a-z]\d")


def find_refusals(row: Row) -> Address | None:
    """Add a finding for each error of the address, not only for the first one.

    Returns:
        The checked address; None if it has an error.
    """
    found = checked_or_error(row.address)
    if isinstance(found, Address):
        return found
    address = row.address
    while isinstance(found, AddressError):
        _refuse(row, found.field, str(found))
        address = attrs.evolve(address, **_valid_parts(found.field))  # type: ignore[arg-type]  # by name
        found = checked_or_error(address)
    return None


def _valid_parts(field: str | None) -> dict[str, str | None]:
    """Return parts without the error of a field, so that the check finds the next error."""
    if field is None:
        return {"city": "Detroit", "zip": "48226"}
    return {field: _VALID.get(field)}


def _refuse(row: Row, field: str | None, message: str) -> None:
    if field is None:
        where = row.columns.names.get("zip") or row.columns.names.get("place")
        if where is not None and "zip" in message and not row.text("zip"):
            message = f"{where} holds no ZIP code; {message}"
        row.add(FindingKind.MISSING, Severity.REFUSED, message)
    elif isinstance(getattr(row.address, field), UnusableText):
        row.add(_unusable_kind(row, field), Severity.REFUSED, message, field=field)
    elif field == "zip":
        _refuse_zip(row, message)
    elif field == "state":
        _refuse_state(row, message)
    elif field in TEXTS:
        kind = FindingKind.TOO_LONG
        if not row.text(field):
            kind, message = FindingKind.MISSING, f"{field} is missing"
        elif "characters that are not text" in message:
            kind = FindingKind.CHARACTERS
        row.add(kind, Severity.REFUSED, message, field=field)
    else:
        if swapped(row.address.latitude, row.address.longitude):
            message += "; latitude and longitude look swapped"
        row.add(FindingKind.COORDINATES, Severity.REFUSED, message, field=field)


def _unusable_kind(row: Row, field: str) -> FindingKind:
    if row.reading.whole:
        return FindingKind.ONE_CELL
    reason = getattr(row.address, field).reason
    if reason in NOT_ONE_PART:
        return FindingKind.SEVERAL
    return _KINDS.get(reason, FindingKind.CHARACTERS)


def _refuse_zip(row: Row, message: str) -> None:
    text = row.text("zip")
    # A place in the street's cell may contradict the correction.
    intended = None if row.reading.whole else _intended_zip(row)
    if _CANADIAN.fullmatch(text):
        message = "zip is a Canadian postal code; the API knows US addresses only"
    lost = text.isdecimal() and len(text) < 5  # noqa: PLR2004  a ZIP's length
    row.add(
        FindingKind.ZIP_ZEROS if lost else FindingKind.ZIP_FORM,
        Severity.REFUSED,
        message,
        field="zip",
        changes={"zip": intended} if intended else None,
    )


def _intended_zip(row: Row) -> str | None:
    """Return the intended ZIP code; None if it is uncertain or contradicts the state."""
    text = row.text("zip")
    found = read_zip(text)
    if found is None or not states_of_zip(found):
        return None
    if row.text("state"):
        state = read_state(row.text("state"))
        return found if state and state[0] in states_of_zip(found) else None
    # Eight digits may also be a date.
    return None if "-" in found and found[:5] not in text else found


def _refuse_state(row: Row, message: str) -> None:
    found = read_state(row.text("state"))
    if found is None:
        row.add(FindingKind.STATE_UNKNOWN, Severity.REFUSED, message, field="state")
        return
    code, spelling = found
    if code in TERRITORIES | MILITARY:
        message = not_covered("state", code)
        row.add(FindingKind.NOT_COVERED, Severity.REFUSED, message, field="state")
        return
    text = row.text("zip")
    zip_code = text if _ZIP.fullmatch(text) else _intended_zip(row)
    fits = code in states_of_zip(zip_code) if zip_code else spelling is Spelling.NAME
    message = (
        "state is spelled out; the API takes its two letters"
        if spelling is Spelling.NAME
        else "state is an abbreviation that the API does not take; write its two letters"
    )
    if not fits and zip_code:
        message += ", and it does not fit the row's zip"
    row.add(
        FindingKind.STATE_NAME,
        Severity.REFUSED,
        message,
        field="state",
        changes={"state": code} if fits and not row.reading.whole else None,
    )
