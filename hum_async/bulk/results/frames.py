"""Makes tables of pyarrow, polars and pandas out of results: only here are they imported."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from hum_async.bulk.files.long_table import long_columns, long_rows
from hum_async.bulk.files.price_columns import PriceColumns, count_prices
from hum_async.bulk.result_arrow import arrow_types
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.result_schema import SCHEMA_VERSION, ServiceLevel, kind_of, result_columns
from hum_async.bulk.results.records import ResultRecord
from hum_async.bulk.tables import Cell, as_text
from hum_async.bulk.tables._cells import distinct
from hum_async.errors import InputError

Row = tuple[Sequence[Cell], Mapping[str, Any]]


def wide_table(
    records: Sequence[ResultRecord], columns: Sequence[str], levels: Sequence[ServiceLevel]
) -> Any:
    """Return a ``pyarrow.Table`` with a row for each result.

    Args:
        records: The results.
        columns: Names of the input's columns.
        levels: The levels of service that have a column.

    Raises:
        InputError: pyarrow is not installed.
    """

    def values(record: ResultRecord) -> Mapping[str, Any]:
        if record.values is not None:
            return record.values
        return result_values(record.result, record.note, row=record.row, levels=levels)

    rows = [(record.cells, values(record)) for record in records]
    return _table(columns, result_columns(tuple(levels)), rows)


def long_table(
    records: Sequence[ResultRecord], columns: Sequence[str], levels: Sequence[ServiceLevel]
) -> Any:
    """Return a ``pyarrow.Table`` with a row for each offering and plan of each provider.

    Args:
        records: The results, whole.
        columns: Names of the input's columns.
        levels: The levels of service that have a column.

    Raises:
        InputError: pyarrow is not installed.
    """
    prices = PriceColumns.of(count_prices(record.result for record in records))
    rows = [
        (record.cells, values)
        for record in records
        for values in long_rows(record.result, row=record.row, levels=levels, prices=prices)
    ]
    return _table(columns, long_columns(levels, prices), rows)


def result_table(values: Sequence[Mapping[str, Any]], levels: Sequence[ServiceLevel]) -> Any:
    """Return the result columns of rows alone, as a ``pyarrow.Table``.

    Args:
        values: The values of the result columns of each row.
        levels: The levels of service that have a column.

    Raises:
        InputError: pyarrow is not installed.
    """
    return _table((), result_columns(tuple(levels)), [((), each) for each in values])


def polars_of(table: Any) -> Any:
    """Return a table of pyarrow as a ``polars.DataFrame``.

    Raises:
        InputError: polars is not installed.
    """
    return needed("polars", "to_polars()").from_arrow(table)


def pandas_of(table: Any) -> Any:
    """Return a table of pyarrow as a ``pandas.DataFrame``.

    Integers and booleans keep their types where values are missing. Amounts of money are floats,
    because pandas has no decimals; the columns of cents are exact. Lists are lists of Python.

    Raises:
        InputError: pandas is not installed.
    """
    pandas = needed("pandas", "to_pandas()")
    arrow = needed("pyarrow", "to_pandas()")
    for at, field in enumerate(table.schema):
        if arrow.types.is_decimal(field.type):
            table = table.set_column(at, field.name, table.column(at).cast(arrow.float64()))
    kept = {arrow.int64(): pandas.Int64Dtype(), arrow.bool_(): pandas.BooleanDtype()}
    frame = table.to_pandas(types_mapper=kept.get)
    for field in table.schema:
        if arrow.types.is_list(field.type):
            # Not as arrays, which `to_csv` writes so that nothing can read them.
            frame[field.name] = pandas.Series(table.column(field.name).to_pylist(), dtype=object)
    return frame


def needed(name: str, what: str) -> Any:
    """Import a library.

    Raises:
        InputError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        package = name.partition(".")[0].lower()
        more = " pyarrow" if package in {"pandas", "polars"} else ""
        raise InputError(f"{what} needs {package}: pip install {package}{more}") from exc


def _table(columns: Sequence[str], added: Sequence[str], rows: Sequence[Row]) -> Any:
    arrow = needed("pyarrow", "to_arrow()")
    types = arrow_types(arrow)
    own = [_inferred(arrow, [cells[at] for cells, _ in rows]) for at in range(len(columns))]
    new = [
        arrow.array([values.get(name) for _, values in rows], type=types[kind_of(name)])
        for name in added
    ]
    schema = arrow.schema(
        [
            (name, array.type)
            for name, array in zip(
                [*distinct(columns, taken=added), *added], [*own, *new], strict=True
            )
        ],
        metadata={b"hum_schema_version": str(SCHEMA_VERSION).encode()},
    )
    return arrow.Table.from_arrays([*own, *new], schema=schema)


def _inferred(arrow: Any, cells: list[Cell]) -> Any:
    """Return the cells of an input's column with the type that they have in common, or as text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) == 1 and kinds <= {int, float, bool}:
        try:
            return arrow.array(cells)
        except (arrow.ArrowException, OverflowError):
            pass
    return arrow.array([None if cell is None else as_text(cell) for cell in cells], arrow.string())
