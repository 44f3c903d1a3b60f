"""Checks by a sample of rows whether each column holds the field that its name suggests."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from hum_async._addresses.places import NOT_IN_THE_US, coordinate_error, read_state, read_zip
from hum_async.bulk.preflight._findings import Finding, FindingKind, Severity
from hum_async.bulk.preflight._row import Columns
from hum_async.models import Address

_MIN_CELLS = 3
"""Cells that a column needs for a finding."""

Test = Callable[[str], object]
"""Returns a true value for a text that passes."""
Messages = Iterator[tuple[str | None, str]]
"""Fields and messages about their columns; the field None stands for both coordinates."""

_has_digit: Test = re.compile(r"\d").search
_begins_with_number: Test = re.compile(r"\d+\s+\w").match


def check_columns(columns: Columns, addresses: Sequence[Address]) -> tuple[Finding, ...]:
    """Return the findings about columns that do not hold what their name suggests.

    Args:
        columns: Columns of the address.
        addresses: Addresses of the first rows, unchecked.
    """
    sample = _Sample(columns, addresses)
    found = [*_places(sample), *_streets(sample), *_coordinates(sample), *_empty(sample)]
    return tuple(
        Finding(
            row=None,
            column=columns.name(field),
            kind=FindingKind.COORDINATES if field is None else FindingKind.WRONG_COLUMN,
            severity=Severity.SUSPICIOUS,
            message=message if field is None else columns.sentence(field, message),
        )
        for field, message in found
    )


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
            for field in columns.at
        }

    def mostly(self, field: str, test: Test) -> bool:
        """Return whether more than half of a field's texts pass a test."""
        texts = self.texts.get(field, [])
        return len(texts) >= _MIN_CELLS and 2 * sum(bool(test(text)) for text in texts) > len(texts)

    def rarely(self, field: str, test: Test) -> bool:
        """Return whether more than half of a field's texts fail a test."""
        return self.mostly(field, lambda text: not test(text))


def _places(sample: _Sample) -> Messages:
    zips_hold_states = sample.mostly("zip", read_state)
    states_hold_zips = sample.mostly("state", read_zip)
    if zips_hold_states and states_hold_zips:
        yield "zip", f"zip and {sample.columns.label('state')} look swapped"
    else:
        if zips_hold_states:
            yield "zip", "zip holds states"
        elif sample.rarely("zip", _has_digit):
            yield "zip", "zip holds no ZIP codes"
        if states_hold_zips:
            yield "state", "state holds ZIP codes"
        elif sample.rarely("state", read_state):
            yield "state", "state holds no US states"
    if sample.mostly("city", str.isdecimal):
        yield "city", "city holds numbers"


def _streets(sample: _Sample) -> Messages:
    if sample.rarely("street1", _has_digit):
        if sample.mostly("city", _begins_with_number):
            yield "street1", f"street1 and {sample.columns.label('city')} look swapped"
        elif sample.mostly("street2", _begins_with_number):
            yield "street1", f"street1 and {sample.columns.label('street2')} look swapped"
        else:
            yield (
                "street1",
                "street1 holds no house numbers; if they have a column of their own, join the two",
            )
    elif sample.mostly("street1", str.isdecimal):
        yield (
            "street1",
            "street1 holds only numbers; if the street has a column of its own, join the two",
        )


def _coordinates(sample: _Sample) -> Messages:
    places = sample.coordinates
    errors = Counter(error for place in places if (error := coordinate_error(*place)))
    wrong = errors.total()
    if len(places) >= _MIN_CELLS and 2 * wrong > len(places):
        message, count = errors.most_common(1)[0]
        yield None, message if 2 * count > wrong else NOT_IN_THE_US


def _empty(sample: _Sample) -> Messages:
    if sample.rows < _MIN_CELLS:
        return
    for field in ("street1", "city", "state", "zip"):
        if field in sample.columns.at and not sample.texts[field]:
            yield field, f"{field} is empty in all rows that were looked at first"
