"""Finds what looks wrong in rows that are sent and billed all the same."""

import re
import unicodedata
from collections.abc import Callable

from hum_async._addresses._unit_words import begins_unit
from hum_async._addresses._usps_tables import SUFFIXES
from hum_async._addresses.characters import clean, lines
from hum_async._addresses.places import Spelling, coordinate_error, not_covered, read_state
from hum_async._addresses.states import STATES
from hum_async._addresses.street_lines import names_a_road_alone
from hum_async._addresses.zip_codes import states_of_zip
from hum_async.bulk.cell_meaning import says_nothing
from hum_async.bulk.preflight._findings import Change, Finding, FindingKind, Severity
from hum_async.bulk.preflight._row import TEXTS, Row
from hum_async.bulk.preflight._whole_address import find_whole_address

# A digit that is not part of "5th" or "42nd", or a number in words, as in One Microsoft Way.
_HOUSE_NUMBER = re.compile(
    r"(?i)\d+(?!\d|st\b|nd\b|rd\b|th\b)"
    r"|^(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b"
)
_ZERO = re.compile(r"0+(?:\.0+)?\s", re.ASCII)
_MAIL_ONLY = re.compile(
    r"(?i)(?:p\.?\s*o\.?|post\s+office)\s*(?:box|b\.?)\s*(?:no\.?|number|#)?\s*[\w-]+"
    r"|box\s*#?\s*\d[\w-]*"
    r"|general\s+delivery"
    r"|(?:rr|r\.r\.|rfd|hc|hcr|h\.c\.|rural\s+(?:route|rte)|highway\s+contract(?:\s+route)?"
    r"|star\s+route|contract\s+route)\s*#?\s*\w+(?:[\s,]*box\s*#?\s*[\w-]+)?"
)
_PLACEHOLDER_WORDS = """
    n/a na #n/a #ref! #value! #name? null none nil nan undefined unknown unk tbd tba test testing
    asdf xx xxx xxxx xxxxx - -- --- . ? ?? ??? 00000 99999 missing blank empty
"""
_PLACEHOLDERS = frozenset(_PLACEHOLDER_WORDS.split())
_TEXTS = frozenset({"street1", "street2", "city"})
_ASCII = re.compile(r"[ -~]*")


def _check_whole_address(row: Row) -> None:
    if not row.refused:
        find_whole_address(row)


def _check_zip_and_state(row: Row) -> None:
    text = row.text("zip")
    if not text or row.reported & {"zip", "state"} or text in _PLACEHOLDERS:
        return
    states = states_of_zip(text)
    state = row.text("state").upper()
    if not states:
        message = "zip begins as no ZIP code does"
        row.add(FindingKind.ZIP_AND_STATE, Severity.SUSPICIOUS, message, field="zip")
    elif not states & STATES and "DC" not in states:
        message = not_covered("zip", min(states))
        row.add(FindingKind.NOT_COVERED, Severity.SUSPICIOUS, message, field="zip")
    elif state and state not in states:
        message = "zip and state do not belong together; one of them is wrong"
        row.add(FindingKind.ZIP_AND_STATE, Severity.SUSPICIOUS, message, field="zip")


def _check_street(row: Row) -> None:
    street = row.text("street1")
    if not street or "street1" in row.reported or street.casefold() in _PLACEHOLDERS:
        return
    if _MAIL_ONLY.fullmatch(street.rstrip(" .,")):
        message = "street1 is where mail goes; internet is looked up where a building is"
        row.add(FindingKind.MAIL_ONLY, Severity.SUSPICIOUS, message, field="street1")
    elif _ZERO.match(street):
        message = "street1 has 0 for its house number, which often stands for none"
        row.add(FindingKind.HOUSE_NUMBER, Severity.SUSPICIOUS, message, field="street1")
    elif (
        not _HOUSE_NUMBER.search(street) or _names_only_a_unit(street) or names_a_road_alone(street)
    ):
        message = "street1 has no house number"
        row.add(FindingKind.HOUSE_NUMBER, Severity.SUSPICIOUS, message, field="street1")


def _names_only_a_unit(street: str) -> bool:
    """Whether the only number of a street's line is that of a unit: Ellis St Apt 4."""
    words = street.upper().split()
    unit = next((at for at in range(1, len(words)) if begins_unit(words[at:])), None)
    return (
        unit is not None
        and words[unit - 1].strip(".,") in SUFFIXES
        and not _HOUSE_NUMBER.search(" ".join(words[:unit]))
    )


def _check_placeholders(row: Row) -> None:
    for field in TEXTS:
        if field not in row.reported and row.text(field).casefold() in _PLACEHOLDERS:
            message = f"{field} looks like a stand-in for something that was not known"
            row.add(FindingKind.PLACEHOLDER, Severity.SUSPICIOUS, message, field=field)


def _check_characters(row: Row) -> None:
    for field in TEXTS:
        text = row.text(field)
        if _ASCII.fullmatch(text) or field in row.reported:
            continue
        cleaned = clean(text)
        if "\N{REPLACEMENT CHARACTER}" in text or (
            not _ASCII.fullmatch(cleaned) and _garbled(cleaned)
        ):
            message = (
                f"{field} holds garbled letters: the file may have been read in a wrong encoding"
            )
        elif _hides_characters(cleaned):
            message = f"{field} holds characters that cannot be seen"
        elif _hides_characters(text):
            message = f"{field} holds characters that cannot be seen, and is sent without them"
            changes = {field: cleaned}
            row.add(FindingKind.CHARACTERS, Severity.INFO, message, field=field, changes=changes)
            continue
        else:
            continue
        row.add(FindingKind.CHARACTERS, Severity.SUSPICIOUS, message, field=field)


def _hides_characters(text: str) -> bool:
    return any(unicodedata.category(letter)[0] == "C" for letter in text)


def _garbled(text: str) -> bool:
    """Return whether a text is UTF-8 that was decoded as Windows-1252, like "CaÃ±on"."""
    try:
        text.encode("cp1252").decode()
    except UnicodeError:
        return False
    return True


def _check_reading(row: Row) -> None:
    """Say what was read as something else than it says."""
    for field, value in row.reading.changed.items():
        message = f"{field} is read as {value}"
        if field in _TEXTS:
            message = f"{field} is read without what is no part of it"
        if not value:
            no_part = "no unit" if field == "street2" else f"no {field}"
            message = f"{field} is left out: it is {no_part}"
        exchanged = {"street1", "street2"} <= row.reading.changed.keys()
        kind = FindingKind.WRONG_COLUMN if exchanged else _kind_of(field, value)
        row.add(kind, Severity.INFO, message, field=field, changes={field: value})
    for field in row.reading.nothing:
        if field not in row.reported:
            message = f"{field} says that there is no value, and is read as empty"
            row.add(FindingKind.PLACEHOLDER, Severity.INFO, message, field=field)
    if row.reading.unused:
        message = f"latitude and longitude are left out: {row.reading.unused}"
        row.add(FindingKind.COORDINATES, Severity.SUSPICIOUS, message)


def _kind_of(field: str, value: str) -> FindingKind:
    if field in {"street1", "street2"}:
        return FindingKind.SEVERAL
    if field == "city":
        return FindingKind.SPELLING
    if field == "state":
        return FindingKind.STATE_NAME
    return FindingKind.ZIP_ZEROS if value.startswith("0") else FindingKind.ZIP_FORM


def _check_coordinates(row: Row) -> None:
    address = row.address
    if address.latitude is None or address.longitude is None:
        return
    if row.reported & {"latitude", "longitude"}:
        return
    if message := coordinate_error(address.latitude, address.longitude):
        row.add(FindingKind.COORDINATES, Severity.SUSPICIOUS, message)


def _check_spelling(row: Row) -> None:
    """Correct the cells to what is sent anyway: single spaces, and a state in capitals."""
    for field in TEXTS:
        at = row.columns.at.get(field)
        if field in row.reading.split or at is None or not isinstance(cell := row.cells[at], str):
            continue
        value = row.text(field)
        if field == "state" and (found := read_state(value)) and found[1] is Spelling.CODE:
            value = found[0]
        if value not in {"", cell} and not row.is_corrected(at):
            row.add(
                FindingKind.SPELLING,
                Severity.INFO,
                f"{field} has spaces or small letters that are not sent like this",
                field=field,
                changes={field: value},
            )


def _check_joined(row: Row) -> None:
    """Correct the cells that hold a part of a field, or several at once."""
    for at, field in row.columns.joined.items():
        cell = row.cells[at]
        if not isinstance(cell, str) or says_nothing(cell):
            continue
        # The lines of a whole address are parts of it.
        parts = lines(cell) if field in {"address", "place"} else [clean(cell)]
        value = ", ".join(parts)
        if value in {"", cell}:
            continue
        name = row.columns.header[at]
        message = f"{field} (column {name}) has characters or spaces that are not sent like this"
        kind = (
            FindingKind.CHARACTERS
            if _hides_characters(" ".join(cell.split()))
            else FindingKind.SPELLING
        )
        change = Change(at, name, value)
        row.findings.append(Finding(row.number, name, kind, Severity.INFO, message, (change,)))


SUSPICIONS: tuple[Callable[[Row], None], ...] = (
    _check_reading,
    _check_whole_address,
    _check_zip_and_state,
    _check_street,
    _check_placeholders,
    _check_characters,
    _check_coordinates,
    _check_spelling,
    _check_joined,
)
