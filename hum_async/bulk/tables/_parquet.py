"""Parquet in and out (pyarrow)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs

from hum_async.bulk.tables._cells import Cell, Table, as_text, distinct
from hum_async.bulk.tables._csv import kept_of
from hum_async.bulk.tables._extra import library
from hum_async.bulk.tables._output import Output
from hum_async.errors import InputError

_BATCH = 2_000
_GROUP = 20_000
_INTEGERS = {"hum_provider_count", "hum_requests"}
_LISTS = {"hum_providers", "hum_technologies"}


@attrs.frozen
class ParquetTable:
    """A Parquet file; see `Table`.

    Attributes:
        schema: The Arrow type of each column, in the order of the header.
    """

    path: Path
    name: str
    header: tuple[str, ...]
    kept: tuple[int, ...]
    count: int
    schema: Any = attrs.field(eq=False, repr=False)
    note: str | None = None
    format: Literal["parquet"] = "parquet"

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row."""
        arrow = library("pyarrow", extra="parquet", what="reading Parquet")
        with _opened(self.path, self.name) as file:
            try:
                for batch in file.iter_batches(batch_size=_BATCH):
                    columns = [column.to_pylist() for column in batch.columns]
                    yield from (list(row) for row in zip(*columns, strict=True))
            except (arrow.ArrowException, ValueError) as exc:
                raise InputError(f"{self.name} has values that cannot be read: {exc}") from exc


def open_parquet(path: Path, *, name: str) -> ParquetTable:
    """Read the description of a Parquet file.

    Raises:
        InputError: It is no Parquet file, or has no rows.
        OSError: It cannot be opened.
    """
    with _opened(path, name) as file:
        header = tuple(file.schema_arrow.names)
        count = file.metadata.num_rows
        schema = list(file.schema_arrow)
    if not count:
        raise InputError(f"{name} has no rows")
    return ParquetTable(path, name, header, kept_of(header), count, schema)


def _opened(path: Path, name: str) -> Any:
    arrow = library("pyarrow", extra="parquet", what="reading Parquet")
    parquet = library("pyarrow.parquet", extra="parquet", what="reading Parquet")
    with path.open("rb"):  # an OSError of our own
        pass
    try:
        return parquet.ParquetFile(path)
    except arrow.ArrowException as exc:
        raise InputError(f"{name} is not a Parquet file that can be read: {exc}") from exc


class ParquetSink:
    """Writes row groups; columns that came from Parquet keep their types."""

    def __init__(
        self,
        output: Output,
        header: Sequence[str],
        added: Sequence[str],
        *,
        source: Table | None,
        text: Collection[str],
    ) -> None:
        self._arrow = library("pyarrow", extra="parquet", what="writing Parquet")
        parquet = library("pyarrow.parquet", extra="parquet", what="writing Parquet")
        self._output = output
        self._added = added
        own = [self._own_type(name, at, source, text) for at, name in enumerate(header)]
        fields = [
            *zip(distinct(header, taken=added), own, strict=True),
            *((name, self._added_type(name)) for name in added),
        ]
        self._schema = self._arrow.schema(fields)
        self._columns: list[list[Any]] = [[] for _ in fields]
        self._writer = parquet.ParquetWriter(output.stream, self._schema, compression="zstd")

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row; it is in the file with its row group."""
        row = [*cells, *(values.get(name) for name in self._added)]
        for column, field, value in zip(self._columns, self._schema, row, strict=True):
            column.append(self._fitting(value, field.type))
        if len(self._columns[0]) >= _GROUP:
            self._flush()

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        self._output.attempt(self._writer.close)
        self._output.close()

    def discard(self) -> None:
        """Leave what was there as it was."""
        self._writer.close()
        self._output.discard()

    def _flush(self) -> None:
        if not self._columns[0]:
            return
        arrays = [
            self._array(column, field)
            for column, field in zip(self._columns, self._schema, strict=True)
        ]
        table = self._arrow.Table.from_arrays(arrays, schema=self._schema)
        self._output.attempt(lambda: self._writer.write_table(table))
        for column in self._columns:
            column.clear()

    def _array(self, column: list[Any], field: Any) -> Any:
        try:
            return self._arrow.array(column, type=field.type)
        except (self._arrow.ArrowException, TypeError, OverflowError) as exc:
            raise InputError(
                f"column {field.name!r} has values that do not fit its type {field.type}; write "
                "CSV or JSON lines"
            ) from exc

    def _own_type(self, name: str, at: int, source: Table | None, text: Collection[str]) -> Any:
        if isinstance(source, ParquetTable) and name not in text:
            return source.schema[source.kept[at]].type
        return self._arrow.string()

    def _added_type(self, name: str) -> Any:
        if name in _LISTS:
            return self._arrow.list_(self._arrow.string())
        if name in _INTEGERS:
            return self._arrow.int64()
        number = name.endswith(("_mbps", "_usd", "_s")) or name == "hum_min_price"
        return self._arrow.float64() if number else self._arrow.string()

    def _fitting(self, value: Any, wanted: Any) -> Any:
        """Return a value as its column takes it: text, where the column is text."""
        if value is None or not self._arrow.types.is_string(wanted):
            return value
        return as_text(value)
