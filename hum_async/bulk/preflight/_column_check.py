"""Checks by a sample of rows whether each column holds the field that its name suggests."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto

import attrs

from hum_async._addresses.places import NOT_IN_THE_US, coordinate_error, read_state, read_zip
from hum_async.bulk.preflight._findings import Finding, FindingKind, Severity
from hum_async.bulk.preflight._row import Columns
from hum_async.models import Address

_MIN_CELLS = 3
"""Cells that a column needs for a finding."""


class Fault(Enum):
    """What is wrong with a column."""

    EMPTY = auto()
    NO_NUMBERS = auto()
    SWAPPED = auto()
    OTHER_FIELD = auto()
    COORDINATES = auto()


@attrs.frozen
class ColumnFault:
    """A column that does not hold what its name suggests.

    Attributes:
        fault: What is wrong.
        field: The field; None for both coordinates.
        message: A sentence that begins with the field.
        other: The field with which it looks swapped.
    """

    fault: Fault
    field: str | None
    message: str
    other: str | None = None


Test = Callable[[str], object]
"""Returns a true value for a text that passes."""

_has_digit: Test = re.compile(r"\d").search
_begins_with_number: Test = re.compile(r"\d+\s+\w").match


def check_columns(columns: Columns, addresses: Sequence[Address]) -> tuple[Finding, ...]:
    """Return the findings about columns that do not hold what their name suggests.

    Args:
        columns: Columns of the address.
        addresses: Addresses of the first rows, unchecked.
    """
    return tuple(
        Finding(
            row=None,
            column=columns.name(each.field),
            kind=FindingKind.COORDINATES if each.field is None else FindingKind.WRONG_COLUMN,
            severity=Severity.SUSPICIOUS,
            message=each.message,
        )
        for each in column_faults(columns, addresses)
    )


def column_faults(columns: Columns, addresses: Sequence[Address]) -> list[ColumnFault]:
    """Return what is wrong with the columns, as `check_columns` does, for a program to judge."""
    sample = _Sample(columns, addresses)
    found = [*_places(sample), *_streets(sample), *_coordinates(sample), *_empty(sample)]
    return [
        attrs.evolve(each, message=columns.sentence(each.field, each.message))
        if each.field
        else each
        for each in found
    ]


def _swapped(sample: "_Sample", field: str, other: str) -> ColumnFault:
    message = f"{field} and {sample.columns.label(other)} look swapped"
    return ColumnFault(Fault.SWAPPED, field, message, other)


def _other(field: str, message: str) -> ColumnFault:
    return ColumnFault(Fault.OTHER_FIELD, field, message)


class _Sample:
    """The contents of the columns in the first rows; empty cells are left out."""

    def __init__(self, columns: Columns, addresses: Sequence[Address]) -> None:
        self.columns = columns
        self.rows = len(addresses)
        self.coordinates = [
            (address.latitude, address.longitude)
            for address in addresses
            if isinstance(address.latitude, int | float)
            and isinstance(address.longitude, int | float)
        ]
        self.texts = {
            field: [str(value) for address in addresses if (value := getattr(address, field))]
            for field in columns.fields
        }

    def mostly(self, field: str, test: Test) -> bool:
        """Return whether more than half of a field's texts pass a test."""
        texts = self.texts.get(field, [])
        return len(texts) >= _MIN_CELLS and 2 * sum(bool(test(text)) for text in texts) > len(texts)

    def rarely(self, field: str, test: Test) -> bool:
        """Return whether more than half of a field's texts fail a test."""
        return self.mostly(field, lambda text: not test(text))


def _places(sample: _Sample) -> Iterator[ColumnFault]:
    zips_hold_states = sample.mostly("zip", read_state)
    states_hold_zips = sample.mostly("state", read_zip)
    if zips_hold_states and states_hold_zips:
        yield _swapped(sample, "zip", "state")
    else:
        if zips_hold_states:
            yield _other("zip", "zip holds states")
        elif sample.rarely("zip", _has_digit):
            yield _other("zip", "zip holds no ZIP codes")
        if states_hold_zips:
            yield _other("state", "state holds ZIP codes")
        elif sample.rarely("state", read_state):
            yield _other("state", "state holds no US states")
    if sample.mostly("city", str.isdecimal):
        yield _other("city", "city holds numbers")


def _streets(sample: _Sample) -> Iterator[ColumnFault]:
    if sample.rarely("street1", _has_digit):
        if sample.mostly("city", _begins_with_number):
            yield _swapped(sample, "street1", "city")
        elif sample.mostly("street2", _begins_with_number):
            yield _swapped(sample, "street1", "street2")
        else:
            message = (
                "street1 holds no house numbers; if they have a column of their own, join the two"
            )
            yield ColumnFault(Fault.NO_NUMBERS, "street1", message)
    elif sample.mostly("street1", str.isdecimal):
        message = "street1 holds only numbers; if the street has a column of its own, join the two"
        yield _other("street1", message)


def _coordinates(sample: _Sample) -> Iterator[ColumnFault]:
    places = sample.coordinates
    errors = Counter(error for place in places if (error := coordinate_error(*place)))
    wrong = errors.total()
    if len(places) >= _MIN_CELLS and 2 * wrong > len(places):
        message, count = errors.most_common(1)[0]
        message = message if 2 * count > wrong else NOT_IN_THE_US
        yield ColumnFault(Fault.COORDINATES, None, message)


def _empty(sample: _Sample) -> Iterator[ColumnFault]:
    if sample.rows < _MIN_CELLS:
        return
    for field in ("street1", "city", "state", "zip"):
        if field in sample.columns.fields and not sample.texts[field]:
            message = f"{field} is empty in all rows that were looked at first"
            yield ColumnFault(Fault.EMPTY, field, message)
