"""Finds a whole address in the street's cell, and splits it into the columns."""

import re

import attrs

from hum_async._addresses.line import parse_line
from hum_async._addresses.places import states_of_zip
from hum_async._api.addresses import checked_or_error
from hum_async.bulk.preflight._findings import FindingKind, Severity
from hum_async.bulk.preflight._row import TEXTS, Row
from hum_async.errors import AddressError
from hum_async.models import Address

_ENDS_IN_PLACE = re.compile(r"\b([A-Za-z]{2})[\s,]+(\d{5})(?:-\d{4})?$", re.ASCII)


def find_whole_address(row: Row) -> bool:
    """Return whether the street's cell holds a place too, and add a finding if it does."""
    street = row.text("street1")
    if "," in street and (parts := _split(street)):
        changes = _corrections(row, parts)
    elif (end := _ENDS_IN_PLACE.search(street)) and end[1].upper() in states_of_zip(end[2]):
        changes = None
    else:
        return False
    row.add(
        FindingKind.ONE_CELL,
        Severity.SUSPICIOUS if _is_valid(row.address) else Severity.REFUSED,
        "street1 holds a whole address; city, state and zip belong in columns of their own",
        field="street1",
        changes=changes,
    )
    return True


def _is_valid(address: Address) -> bool:
    return isinstance(checked_or_error(address), Address)


def _split(line: str) -> dict[str, str] | None:
    """Return the parts of an address on one line; None if they are not certain."""
    try:
        found = parse_line(line)
    except AddressError:
        return None
    parts = {field: value for field in TEXTS if (value := getattr(found, field))}
    if "state" not in parts:
        return None
    sure = parts["state"] in states_of_zip(parts["zip"]) if "zip" in parts else "city" in parts
    return parts if sure else None


def _corrections(row: Row, parts: dict[str, str]) -> dict[str, str] | None:
    """Return the new cells by field; None if a column is missing or its cell contradicts."""
    at = row.columns.at
    if "street2" in parts and ("street2" not in at or row.text("street2")):
        parts = parts | {"street1": f"{parts['street1']}, {parts['street2']}"}
        del parts["street2"]
    for field in parts.keys() - {"street1"}:
        if field not in at or row.text(field).casefold() not in {"", parts[field].casefold()}:
            return None
    other = row.text("zip") if "zip" not in parts else ""
    # The state of one cell must fit the ZIP code of the other.
    if other and parts["state"] not in states_of_zip(other):
        return None
    changes = {field: value for field, value in parts.items() if row.text(field) != value}
    # The rest of "1 A St, Detroit, MI 48226, Dearborn, MI 48127" is again a whole address.
    left = ", ".join(parts[field] for field in ("street1", "street2") if field in parts)
    doubtful = _split(left) or not _is_valid(attrs.evolve(row.address, **changes))  # type: ignore[arg-type]  # by name
    return None if doubtful else changes
