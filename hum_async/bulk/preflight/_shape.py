"""Whether the columns hold what they were taken for."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hum_async.bulk.preflight._findings import Finding, FindingKind, Severity
from hum_async.bulk.preflight._places import in_the_us, read_state, read_zip, swapped
from hum_async.bulk.preflight._row import Columns
from hum_async.models import Address

_ENOUGH = 3
"""Cells below which nothing is said of a column."""

Test = Callable[[str], object]


def judge_columns(columns: Columns, addresses: Sequence[Address]) -> tuple[Finding, ...]:
    """Say once what is wrong with most rows because a column is not what it was taken for.

    Args:
        columns: Where the parts of an address are.
        addresses: The first rows, as they would be sent.
    """
    shape = _Shape(columns, addresses)
    found = [*_places(shape), *_streets(shape), *_coordinates(shape), *_empty(shape)]
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


class _Shape:
    def __init__(self, columns: Columns, addresses: Sequence[Address]) -> None:
        self.columns = columns
        self.rows = len(addresses)
        self.places = [
            (address.latitude, address.longitude)
            for address in addresses
            if isinstance(address.latitude, int | float)
            and isinstance(address.longitude, int | float)
        ]
        self.texts: dict[str, list[str]] = {
            field: [text for address in addresses if (text := _text(address, field))]
            for field in columns.at
        }

    def mostly(self, field: str, test: Test) -> bool:
        """Return whether most cells of a part that are not empty pass a test."""
        texts = self.texts.get(field, [])
        return len(texts) >= _ENOUGH and 2 * sum(map(bool, map(test, texts))) > len(texts)

    def rarely(self, field: str, test: Test) -> bool:
        return self.mostly(field, lambda text: not test(text))

    def named(self, field: str) -> str:
        name = self.columns.name(field)
        return field if name == field else f"{field} (column {name})"


def _text(address: Address, field: str) -> str:
    value: Any = getattr(address, field)
    return "" if value is None else str(value)


_Said = Iterator[tuple[str | None, str]]


def _is_zip(text: str) -> object:
    return read_zip(text)


def _is_number(text: str) -> object:
    return text.isdecimal()


def _has_number(text: str) -> object:
    return re.search(r"\d", text)


def _begins_with_number(text: str) -> object:
    return re.match(r"\d+\s+\w", text)


def _places(shape: _Shape) -> _Said:
    zips_hold_states = shape.mostly("zip", read_state)
    states_hold_zips = shape.mostly("state", _is_zip)
    if zips_hold_states and states_hold_zips:
        yield "zip", f"zip and {shape.named('state')} look swapped"
    else:
        if zips_hold_states:
            yield "zip", "zip holds states"
        elif shape.rarely("zip", _has_number):
            yield "zip", "zip holds no ZIP codes"
        if states_hold_zips:
            yield "state", "state holds ZIP codes"
        elif shape.rarely("state", read_state):
            yield "state", "state holds no US states"
    if shape.mostly("city", _is_number):
        yield "city", "city holds numbers"


def _streets(shape: _Shape) -> _Said:
    if shape.rarely("street1", _has_number):
        if shape.mostly("city", _begins_with_number):
            yield "street1", f"street1 and {shape.named('city')} look swapped"
        elif shape.mostly("street2", _begins_with_number):
            yield "street1", f"street1 and {shape.named('street2')} look swapped"
        else:
            yield (
                "street1",
                "street1 holds no house numbers; if they have a column of their own, join the two",
            )
    elif shape.mostly("street1", _is_number):
        yield (
            "street1",
            "street1 holds only numbers; if the street has a column of its own, join the two",
        )


def _coordinates(shape: _Shape) -> _Said:
    wrong = [place for place in shape.places if not in_the_us(*place)]
    if len(shape.places) < _ENOUGH or 2 * len(wrong) <= len(shape.places):
        return
    if 2 * sum(swapped(*place) for place in wrong) > len(wrong):
        yield None, "latitude and longitude look swapped"
    elif 2 * sum(in_the_us(latitude, -longitude) for latitude, longitude in wrong) > len(wrong):
        yield None, "longitude has lost its minus sign: it is negative in the US"
    else:
        yield None, "latitude and longitude are not in the US"


def _empty(shape: _Shape) -> _Said:
    if shape.rows < _ENOUGH:
        return
    for field in ("street1", "city", "state", "zip"):
        if field in shape.columns.at and not shape.texts[field]:
            yield field, f"{field} is empty in all rows that were looked at first"
