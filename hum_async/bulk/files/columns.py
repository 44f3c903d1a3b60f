"""Finds the columns of a table that hold the address, and reads addresses from rows."""

import re
from collections.abc import Mapping, Sequence

import attrs

from hum_async.bulk.cell_meaning import AddressReading, read_address, restored_zip
from hum_async.bulk.tables import Cell
from hum_async.errors import InputError
from hum_async.models import Address

_SPELLINGS = {
    "street1": "street1 street address1 address addr1 addr addressline1 addressline line1 "
    "streetaddress streetaddress1 deliveryaddress houseaddress",
    "street2": "street2 address2 addr2 addressline2 line2 unit unitnumber unitno apt aptnumber "
    "apartment apartmentnumber suite ste secondary",
    "city": "city town cityname municipality locality postcity",
    "state": "state statecode stateabbr stateabbreviation st province region",
    "zip": "zip zipcode zip5 zipplus4 postalcode postal postcode",
    "latitude": "latitude lat",
    "longitude": "longitude lon lng long",
}
FIELDS = tuple(_SPELLINGS)
"""The parts of an address that a column can hold."""

_MEANING = {
    "street1": "street1 (house number and street)",
    "zip": "zip (or city and state)",
}


class MappingError(ValueError):
    """A mapping names a field or a column that does not exist."""


@attrs.frozen
class AddressColumns:
    """The columns of an address.

    Attributes:
        at: Positions of the columns, by field.
    """

    at: Mapping[str, int]

    def read(self, cells: Sequence[Cell]) -> AddressReading:
        """Return what the cells of a row mean."""
        return read_address(_looked_into({field: cells[at] for field, at in self.at.items()}))

    def address(self, cells: Sequence[Cell]) -> Address:
        """Return the address of a row, unchecked."""
        return self.read(cells).address

    def restored(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return a row with a ZIP code that is a number as text; all other cells stay as they are.

        Excel, Parquet and JSON may hold it as a number without its leading zeros.
        """
        restored = list(cells)
        if (at := self.at.get("zip")) is not None:
            restored[at] = restored_zip(restored[at])
        return restored


def _looked_into(parts: dict[str, Cell]) -> dict[str, Cell]:
    """Return the parts with the fields of a nested address in place of the whole.

    A cell of its own goes before a nested field.
    """
    for field, cell in list(parts.items()):
        if not isinstance(cell, dict):
            continue
        names = {_letters(name): value for name, value in cell.items()}
        for inner, spellings in _SPELLINGS.items():
            found = next((names[word] for word in spellings.split() if word in names), None)
            if found is not None and inner in parts and (inner == field or not parts[inner]):
                parts[inner] = found
    return parts


def rate_header(cells: Sequence[str], *, mapping: Mapping[str, str] | None = None) -> int:
    """Return how good a header of addresses a row would be; 0 for none at all.

    Args:
        cells: The row.
        mapping: Names of columns by field, which the header must have.
    """
    names = {_letters(cell) for cell in cells}
    found = {field for field, spellings in _SPELLINGS.items() if names & {*spellings.split()}}
    named = {field for field, column in (mapping or {}).items() if column in cells}
    found |= named
    enough = "street1" in found and ("zip" in found or {"city", "state"} <= found)
    return len(found) + 10 * enough + 10 * len(named)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def find_columns(
    header: Sequence[str], *, mapping: Mapping[str, str] | None = None, source: str = "the table"
) -> AddressColumns:
    """Find the columns of the address by their usual names.

    Args:
        header: Names of the columns.
        mapping: Names of columns by field; they take precedence over the usual names.
        source: Name of the table in errors.

    Raises:
        MappingError: The mapping names a field or a column that does not exist.
        InputError: A field that the API needs has no column.
    """
    at: dict[str, int] = {}
    for field, column in (mapping or {}).items():
        if field not in FIELDS:
            raise MappingError(f"there is no field {field!r}; the fields are {', '.join(FIELDS)}")
        if column not in header:
            raise MappingError(f"{source} has no column {column!r}; it has {', '.join(header)}")
        at[field] = header.index(column)
    names = [_letters(name) for name in header]
    for field, spellings in _SPELLINGS.items():
        # The order matters: a column "street1" is a better match than "address".
        for spelling in spellings.split():
            if field not in at and spelling in names and names.index(spelling) not in at.values():
                at[field] = names.index(spelling)
    missing = [] if "street1" in at else [_MEANING["street1"]]
    if "zip" not in at and not {"city", "state"} <= at.keys():
        missing.append(_MEANING["zip"])
    if missing:
        raise InputError(
            f"{source} has no column for {' and '.join(missing)}. Its columns are: "
            f"{', '.join(header)}. Name them: --map {missing[0].split()[0]}=COLUMN "
            f"(fields: {', '.join(FIELDS)})"
        )
    return AddressColumns(at)
