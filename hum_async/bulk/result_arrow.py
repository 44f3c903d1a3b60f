"""The Arrow types of the result columns; `arrow` is the module pyarrow, which is an extra."""

from typing import Any

from hum_async.bulk.result_schema import Kind

_DIGITS = 21
"""Digits of an amount of money: cents of 64 bits fit."""


def arrow_types(arrow: Any) -> dict[Kind, Any]:
    """Return the Arrow type of each type of result column."""
    return {
        Kind.TEXT: arrow.string(),
        Kind.INTEGER: arrow.int64(),
        Kind.NUMBER: arrow.float64(),
        Kind.DEGREES: arrow.float64(),
        Kind.MONEY: arrow.decimal128(_DIGITS, 2),
        Kind.BOOLEAN: arrow.bool_(),
        Kind.TIMESTAMP: arrow.timestamp("us", tz="UTC"),
        Kind.TEXTS: arrow.list_(arrow.string()),
        Kind.INTEGERS: arrow.list_(arrow.int64()),
        Kind.POINT: arrow.binary(),
    }
