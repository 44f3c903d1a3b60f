"""What is asked of a data frame, for each library: its columns, its rows, and to add columns.

No library is imported to find out whose a frame is: whoever has one has imported it.
"""

import contextlib
import datetime as dt
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from hum_async.bulk.result_schema import is_result_column
from hum_async.bulk.results.frames import needed, pandas_of, polars_of
from hum_async.bulk.tables import Cell
from hum_async.bulk.tables._arrow_cells import cells_of
from hum_async.bulk.tables._table import named
from hum_async.errors import InputError

_CHUNK = 2_000
_WHAT = "qualify_frame()"
_KEPT = (str, bool, int, float, Decimal, bytes, dt.date, dt.time, list, dict)
"""Types of cells; values of all others are read as their text."""


class Frame(ABC):
    """A data frame, as the columns of a table.

    Attributes:
        name: How messages call it.
        titles: What stands above the names of columns: nothing.
        header: Names of the columns; columns without a name got one.
        count: Number of rows.
    """

    name = "the frame"
    titles: tuple[str, ...] = ()
    header: tuple[str, ...]
    count: int

    @cached_property
    def kept(self) -> list[int]:
        """Positions of the columns that are no results of an earlier job."""
        return [at for at, name in enumerate(self.header) if not is_result_column(name)]

    def rows(self) -> Iterator[list[Cell]]:
        """Yield the cells of each row, in order; may be called any number of times."""
        for start in range(0, self.count, _CHUNK):
            columns = [self._cells(at, start, start + _CHUNK) for at, _ in enumerate(self.header)]
            yield from map(list, zip(*columns, strict=True))

    @abstractmethod
    def _cells(self, at: int, start: int, stop: int) -> list[Cell]:
        """Return the cells of a column, from one row up to another."""

    @abstractmethod
    def empty(self) -> "Frame":
        """Return it without its rows."""

    @abstractmethod
    def with_results(self, results: Any) -> Any:
        """Return a frame of the same library with result columns behind its own.

        Args:
            results: A ``pyarrow.Table`` of as many rows.
        """


def frame_of(value: Any) -> Frame:
    """Return what is asked of a data frame.

    Raises:
        InputError: It is none of pandas, polars or pyarrow, or has columns that have no names.
    """
    for library, kinds, made in _KINDS:
        module = sys.modules.get(library)
        if module is not None and isinstance(value, tuple(getattr(module, kind) for kind in kinds)):
            return made(value)
    kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__qualname__}"
    advice = _ADVICE.get(kind, "pass a DataFrame of pandas or polars, or a Table of pyarrow")
    raise InputError(f"{_WHAT} cannot read a {kind}: {advice}")


class _Pandas(Frame):
    def __init__(self, frame: Any) -> None:
        if frame.columns.nlevels > 1:
            raise InputError(
                "the frame has several levels of column names; give each column one name, such as "
                "frame.columns = frame.columns.map(' '.join)"
            )
        self._frame = frame
        self.header = named([str(name) for name in frame.columns], len(frame.columns))
        self.count = len(frame)

    def _cells(self, at: int, start: int, stop: int) -> list[Cell]:
        arrow, column = needed("pyarrow", _WHAT), self._frame.iloc[start:stop, at]
        try:
            return cells_of(arrow, arrow.array(column, from_pandas=True))
        except (arrow.ArrowException, TypeError, ValueError, OverflowError):
            # A column of objects may hold anything.
            missing = column.isna()
            return [
                None if absent else _cell(value)
                for value, absent in zip(column, missing, strict=True)
            ]

    def empty(self) -> Frame:
        return _Pandas(self._frame.iloc[:0])

    def with_results(self, results: Any) -> Any:
        found = pandas_of(results)
        own = self._frame.iloc[:, self.kept]
        # Arrays have no index of their own, so that that of the frame holds.
        return own.assign(**{name: found[name].array for name in found.columns})


class _Polars(Frame):
    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.header = named(frame.columns, len(frame.columns))
        self.count = frame.height

    def _cells(self, at: int, start: int, stop: int) -> list[Cell]:
        arrow, column = needed("pyarrow", _WHAT), self._frame.to_series(at)[start:stop]
        if column.dtype != sys.modules["polars"].Object:
            # Arrow has no integers of 128 bits.
            with contextlib.suppress(arrow.ArrowException):
                return cells_of(arrow, column.to_arrow())
        return [_cell(value) for value in column.to_list()]

    def empty(self) -> Frame:
        return _Polars(self._frame.clear())

    def with_results(self, results: Any) -> Any:
        own = self._frame.select([self._frame.columns[at] for at in self.kept])
        return own.hstack(polars_of(results))


class _Arrow(Frame):
    """A ``pyarrow.Table`` or ``pyarrow.RecordBatch``."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self.header = named(table.schema.names, len(table.schema))
        self.count = table.num_rows

    def _cells(self, at: int, start: int, stop: int) -> list[Cell]:
        column = self._table.column(at).slice(start, stop - start)
        return cells_of(needed("pyarrow", _WHAT), column)

    def empty(self) -> Frame:
        return _Arrow(self._table.slice(0, 0))

    def with_results(self, results: Any) -> Any:
        arrow, own = sys.modules["pyarrow"], self._table.schema
        metadata = {**(own.metadata or {}), **(results.schema.metadata or {})}
        fields = [*(own.field(at) for at in self.kept), *results.schema]
        schema = arrow.schema(fields, metadata=metadata)
        columns = [self._table.column(at) for at in self.kept]
        if isinstance(self._table, arrow.RecordBatch):
            added = [column.combine_chunks() for column in results.columns]
            return arrow.RecordBatch.from_arrays([*columns, *added], schema=schema)
        return arrow.Table.from_arrays([*columns, *results.columns], schema=schema)


_KINDS: Sequence[tuple[str, tuple[str, ...], Callable[[Any], Frame]]] = (
    ("pandas", ("DataFrame",), _Pandas),
    ("polars", ("DataFrame",), _Polars),
    ("pyarrow", ("Table", "RecordBatch"), _Arrow),
)
_ADVICE = {
    "polars.LazyFrame": "pass frame.collect()",
    "pandas.Series": "pass series.to_frame()",
    "dask.DataFrame": "pass it to frame.map_partitions(qualify_frame, ...)",
    "pyspark.DataFrame": "pass it to frame.mapInPandas(...)",
    "ray.Dataset": "pass it to dataset.map_batches(...)",
}


def _cell(value: Any) -> Cell:
    item = getattr(value, "item", None)
    if callable(item):  # a number of numpy
        value = item()
    return value if isinstance(value, _KEPT) else str(value)
