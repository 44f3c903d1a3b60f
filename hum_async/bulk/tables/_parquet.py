"""Reads and writes Parquet (pyarrow)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs

from hum_async.bulk.result_arrow import arrow_types
from hum_async.bulk.result_schema import kind_of
from hum_async.bulk.tables._arrow_cells import cells_of
from hum_async.bulk.tables._cells import Carried, Cell, as_text, distinct
from hum_async.bulk.tables._errors import library
from hum_async.bulk.tables._header import has_text
from hum_async.bulk.tables._sink import FileSink
from hum_async.bulk.tables._table import Table
from hum_async.errors import InputError

_BATCH = 2_000
_GROUP = 20_000


@attrs.frozen(kw_only=True)
class ParquetTable(Table):
    """A Parquet file.

    Attributes:
        schema: The Arrow field of each column, in the order of the header.
        metadata: What pandas wrote of its index and columns, by name.
    """

    format: ClassVar[str] = "parquet"
    schema: Any = attrs.field(eq=False, repr=False)
    metadata: Mapping[bytes, bytes] = attrs.field(factory=dict, eq=False, repr=False)

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row."""
        arrow = library("pyarrow", extra="parquet", what="reading Parquet")
        with _opened(self.content, self.name) as file:
            try:
                for batch in file.iter_batches(batch_size=_BATCH):
                    columns = [cells_of(arrow, column) for column in batch.columns]
                    yield from (list(row) for row in zip(*columns, strict=True) if has_text(row))
            except (arrow.ArrowException, ValueError, OverflowError) as exc:
                raise InputError(f"{self.name} has values that cannot be read: {exc}") from exc


def open_parquet(path: Path, *, name: str) -> ParquetTable:
    """Read the metadata of a Parquet file.

    Raises:
        InputError: The file is no Parquet file.
        OSError: The file cannot be opened.
    """
    with _opened(path, name) as file:
        schema, count = list(file.schema_arrow), file.metadata.num_rows
        metadata = {
            name: value
            for name, value in (file.schema_arrow.metadata or {}).items()
            if name == b"pandas"
        }
        surely = _has_full_column(file.metadata)
    header = tuple(field.name for field in schema)
    table = ParquetTable(
        path=path, name=name, header=header, count=count, schema=schema, metadata=metadata
    )
    if count and not surely:
        # Some rows may hold nothing; only reading them tells.
        filled = sum(1 for _ in table.rows())
        table = attrs.evolve(table, count=filled, blank=count - filled)
    return table


def _has_full_column(metadata: Any) -> bool:
    """Return whether, by the statistics of the file, a column has a value in each row."""
    groups = [metadata.row_group(at) for at in range(metadata.num_row_groups)]
    return any(
        all(_is_full(group.column(at)) for group in groups) for at in range(metadata.num_columns)
    )


def _is_full(column: Any) -> bool:
    found = column.statistics
    if found is None or not found.has_null_count or found.null_count:
        return False
    if found.num_values < column.num_values:
        return False
    if column.physical_type == "BYTE_ARRAY":
        # The least text of the column begins with no blank, so that none is blank.
        return bool(found.has_min_max and has_text([found.min]))
    return column.physical_type in {"INT32", "INT64", "BOOLEAN"}


def _opened(path: Path, name: str) -> Any:
    arrow = library("pyarrow", extra="parquet", what="reading Parquet")
    parquet = library("pyarrow.parquet", extra="parquet", what="reading Parquet")
    with path.open("rb"):  # raises the OSError that `open_table` maps
        pass
    try:
        return parquet.ParquetFile(path)
    except arrow.ArrowException as exc:
        raise InputError(f"{name} is not a Parquet file that can be read: {exc}") from exc


class ParquetSink(FileSink):
    """Writes row groups; columns of a Parquet input keep their types."""

    own_metadata: ClassVar[Mapping[bytes, bytes]] = {}
    """What a form of Parquet says in the metadata of its schema."""

    def __init__(
        self,
        target: str,
        header: Sequence[str],
        added: Sequence[str],
        *,
        source: Table | None,
        text: Collection[str],
    ) -> None:
        self._arrow = library("pyarrow", extra="parquet", what="writing Parquet")
        parquet = library("pyarrow.parquet", extra="parquet", what="writing Parquet")
        super().__init__(target, added)
        own = [self._own_type(name, at, source, text) for at, name in enumerate(header)]
        fields = [
            *zip(distinct(header, taken=added), own, strict=True),
            *((name, self._added_type(name)) for name in added),
        ]
        carried = source.metadata if isinstance(source, ParquetTable) else {}
        metadata = {**carried, **self.own_metadata}
        self._schema = self._arrow.schema(fields, metadata=metadata or None)
        self._columns: list[list[Any]] = [[] for _ in fields]
        self._writer = parquet.ParquetWriter(self._output.stream, self._schema, compression="zstd")

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Add one row to the current row group."""
        row = [*cells, *self._added_values(values)]
        for column, field, value in zip(self._columns, self._schema, row, strict=True):
            column.append(self._fitting(value, field.type))
        if len(self._columns[0]) >= _GROUP:
            self._flush()

    def _write_end(self) -> None:
        self._flush()
        self._output.attempt(self._writer.close)

    def discard(self) -> None:
        """Drop the rows."""
        self._writer.close()
        super().discard()

    def _flush(self) -> None:
        if not self._columns[0]:
            return
        arrays = [
            self._array(column, field)
            for column, field in zip(self._columns, self._schema, strict=True)
        ]
        table = self._arrow.Table.from_arrays(arrays, schema=self._schema)
        self._output.attempt(self._writer.write_table, table)
        for column in self._columns:
            column.clear()

    def _array(self, column: list[Any], field: Any) -> Any:
        try:
            if isinstance(field.type, self._arrow.BaseExtensionType):
                # Not every version makes an array of such values by itself.
                stored = [None if value is None else value.value for value in column]
                storage = self._arrow.array(stored, type=field.type.storage_type)
                return self._arrow.ExtensionArray.from_storage(field.type, storage)
            return self._arrow.array(column, type=field.type)
        except (self._arrow.ArrowException, TypeError, OverflowError) as exc:
            raise InputError(
                f"column {field.name!r} has values that do not fit its type {field.type}; write "
                "CSV or JSON lines"
            ) from exc

    def _own_type(self, name: str, at: int, source: Table | None, text: Collection[str]) -> Any:
        if isinstance(source, ParquetTable) and name not in text:
            kind = source.schema[source.kept[at]].type
            types = self._arrow.types
            # Arrow cannot make a dictionary of dates out of cells.
            encoded = types.is_dictionary(kind) and not types.is_string(kind.value_type)
            return kind.value_type if encoded else kind
        return self._arrow.string()

    def _added_type(self, name: str) -> Any:
        return arrow_types(self._arrow)[kind_of(name)]

    def _fitting(self, value: Any, wanted: Any) -> Any:
        """Return a value as its column takes it: as text if the column is text."""
        if value is None or not self._arrow.types.is_string(wanted):
            return value.scalar if isinstance(value, Carried) else value
        return as_text(value)
