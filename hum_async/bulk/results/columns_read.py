"""Reads results out of the columns of a table, where no journal has them whole."""

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async.bulk.files.price_columns import OTHER
from hum_async.bulk.result_schema import Kind, kind_of
from hum_async.bulk.tables import Cell, as_text
from hum_async.errors import HumError, InputError
from hum_async.models import (
    Address,
    Money,
    Offering,
    Outcome,
    Plan,
    Provider,
    Qualification,
    ServiceAddress,
    SpeedRange,
)

_CENTS = 100
_BOOLEANS = {"true": True, "false": False}
_NOTHING = frozenset({"", "nan", "nat", "none", "null", "<na>"})
"""What libraries of data frames write where there is no value."""
_MAX_INTEGER = 2**63
_ITEM = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+)"""
_LIST = re.compile(rf"\[\s*(?:{_ITEM}(?:\s*,\s*{_ITEM})*)?\s*\]", re.DOTALL)
"""A list as Python and JSON write it, which is how data frames write it into CSV."""


def read_values(names: Sequence[str], cells: Sequence[Cell], *, name: str) -> dict[str, Any]:
    """Return the values of result columns, each with its type.

    Args:
        names: Names of the columns.
        cells: Their cells, of a table of whatever format.
        name: Name of the table in errors.

    Raises:
        InputError: A cell holds nothing of its column's type.
    """
    found = {}
    for column, cell in zip(names, cells, strict=True):
        try:
            found[column] = _value(kind_of(column), cell)
        except (ValueError, TypeError, KeyError, InvalidOperation):
            raise InputError(
                f"{name} holds no results as a job writes them: a cell of {column} is no "
                f"{kind_of(column)}"
            ) from None
    return found


def result_of(
    values: Mapping[str, Any],
    address: Address,
    *,
    key: int,
    providers: tuple[Provider, ...] | None = None,
) -> Qualification[int]:
    """Return the result that the columns of a row tell of.

    Args:
        values: Values of the result columns.
        address: Address of the row.
        key: Key of the result.
        providers: The providers; None makes them of their names.
    """
    outcome = Outcome(values["hum_outcome"])
    place = ServiceAddress(
        values.get("hum_service_address"),
        latitude=values.get("hum_latitude"),
        longitude=values.get("hum_longitude"),
    )
    failed = outcome in FAILED_OUTCOMES
    named = tuple(Provider(each) for each in values.get("hum_providers") or ())
    return Qualification(
        key=key,
        address=address,
        outcome=outcome,
        providers=named if providers is None else providers,
        service_address=None if place == ServiceAddress() else place,
        data_set=values.get("hum_data_set"),
        requests=values.get("hum_requests") or 0,
        elapsed=values.get("hum_elapsed_s") or 0.0,
        observed_at=values.get("hum_observed_at"),
        error=HumError(values.get("hum_error") or "unknown error") if failed else None,
        library_version=values.get("hum_library_version") or "",
        source=values.get("hum_source"),
    )


def providers_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Provider, ...]:
    """Return the providers of one result from its rows of the long table."""
    found: dict[tuple[str | None, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row.get("hum_provider_id"), row["hum_provider"]), []).append(row)
    return tuple(_provider(rows) for rows in found.values())


def in_cents(values: Mapping[str, Any]) -> int | None:
    """Return the lowest price of an output that has no column of cents."""
    usd = values.get("hum_min_price_usd")
    return None if usd is None else round(usd * _CENTS)


def _provider(rows: Sequence[Mapping[str, Any]]) -> Provider:
    first = rows[0]
    cents = first.get("hum_min_price_cents")
    if cents is None and (price := first.get("hum_min_price")) is not None:
        cents = round(price * _CENTS)
    return Provider(
        first["hum_provider"],
        id=first.get("hum_provider_id"),
        telephone=first.get("hum_telephone"),
        url=first.get("hum_url"),
        buyflow_type=first.get("hum_buyflow_type"),
        min_price=None
        if cents is None
        else Money(cents, first.get("hum_min_price_currency") or "USD"),
        offerings=tuple(_offering(row) for row in rows if row["hum_record"] == "offering"),
        catalog=tuple(_plan(row) for row in rows if row["hum_record"] == "plan"),
    )


def _offering(row: Mapping[str, Any]) -> Offering:
    code = row.get("hum_fcc_technology_code")
    return Offering(
        row.get("hum_technology"),
        row.get("hum_category"),
        row.get("hum_max_download_mbps"),
        row.get("hum_max_upload_mbps"),
        {} if code is None else {"technology_code": code},
    )


def _plan(row: Mapping[str, Any]) -> Plan:
    return Plan(
        id=row.get("hum_plan_id"),
        sku=row.get("hum_plan_sku"),
        name=row.get("hum_plan"),
        technology=row.get("hum_technology"),
        download=_speed(row.get("hum_download_low_mbps"), row.get("hum_max_download_mbps")),
        upload=_speed(row.get("hum_upload_low_mbps"), row.get("hum_max_upload_mbps")),
        data_limit=row.get("hum_data_limit"),
        pricing=dict(_prices(row)),
    )


def _speed(low: float | None, high: float | None) -> SpeedRange | None:
    if low is None or high is None:
        return None
    return SpeedRange(low, high)


def _prices(row: Mapping[str, Any]) -> Iterator[tuple[str, Money]]:
    """Yield the prices of a plan; their names are those of the columns."""
    for column, value in row.items():
        if value is not None and column.startswith("hum_price_") and not column.endswith("_cents"):
            name, _, currency = column.removeprefix("hum_price_").rpartition("_")
            yield name, Money(round(value * _CENTS), currency.upper())
    # As versions wrote it that had no columns for prices, and what has no column.
    for name, price in json.loads(row.get("hum_plan_pricing") or "{}").items():
        yield name, Money(round(price["amount"] * _CENTS), price["currency"])
    for name, price in json.loads(row.get(OTHER) or "{}").items():
        yield name, Money(price["amount_cents"], price["currency"])


def _value(kind: Kind, cell: Cell) -> Any:  # noqa: PLR0911  one case per type
    if kind in {Kind.TEXTS, Kind.INTEGERS}:
        return [int(item) if kind is Kind.INTEGERS else str(item) for item in _items(cell)]
    if cell is None or cell == "":
        return None
    if kind in {Kind.TEXT, Kind.POINT}:
        return _unquoted(as_text(cell)) if isinstance(cell, str) else as_text(cell)
    text = as_text(cell)
    if text.strip().casefold() in _NOTHING:
        return None
    if kind is Kind.TIMESTAMP:
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if kind is Kind.BOOLEAN:
        return _BOOLEANS[text.casefold()]
    if kind is Kind.INTEGER:
        return _integer(text)
    if kind in {Kind.NUMBER, Kind.DEGREES}:
        return _finite(float(text))
    return Decimal(text).quantize(Decimal("0.01"))


def _items(cell: Cell) -> Sequence[Any]:
    """Return the items of a list, however its table writes it."""
    if cell is None or isinstance(cell, list):
        return cell or ()
    text = _unquoted(as_text(cell))
    if text.strip().casefold() in _NOTHING:
        return ()
    found: Sequence[Any] = (
        ast.literal_eval(text.strip()) if _LIST.fullmatch(text.strip()) else text.split("; ")
    )
    return found


def _integer(text: str) -> int:
    """Return a whole number; data frames that lack some of them write all as 2999.0."""
    number = Decimal(text)
    if number != number.to_integral_value() or not abs(number) < _MAX_INTEGER:
        raise ValueError("no integer")
    return int(number)


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("no number")
    return number


def _unquoted(text: str) -> str:
    """Return a text without the mark that keeps spreadsheets from evaluating it."""
    inner = text[1:]
    return inner if text.startswith("'") and inner.strip()[:1] in set("=+-@") else text
