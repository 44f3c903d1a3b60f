"""Reads and writes tables: CSV, JSON, Excel, Parquet. Every call blocks; use a thread."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from hum_async.bulk.result_schema import RESULT_COLUMNS
from hum_async.bulk.tables._cells import Carried, Cell, as_text
from hum_async.bulk.tables._csv import CsvSink, CsvTable, open_csv
from hum_async.bulk.tables._errors import ReaderLeft, mapped_os_errors
from hum_async.bulk.tables._geo_json import GeoJsonSink
from hum_async.bulk.tables._header import RateHeader
from hum_async.bulk.tables._jsonl import JsonlSink, JsonSink, open_jsonl
from hum_async.bulk.tables._names import UnwritableName, format_of, stem_of
from hum_async.bulk.tables._output import LONGEST_NAME, Output, SealedFile
from hum_async.bulk.tables._sink import Finished, Sink
from hum_async.bulk.tables._sniff import format_of_content
from hum_async.bulk.tables._source import STANDARD, readable_twice
from hum_async.bulk.tables._streams import descriptor_of, is_stream
from hum_async.bulk.tables._table import Table
from hum_async.bulk.tables._unpack import unpacked
from hum_async.errors import InputError

if TYPE_CHECKING:
    from hum_async.bulk.tables._parquet import ParquetSink

__all__ = [
    "LONGEST_NAME",
    "STANDARD",
    "Carried",
    "Cell",
    "CsvTable",
    "Finished",
    "Output",
    "RateHeader",
    "ReaderLeft",
    "SealedFile",
    "Sink",
    "Table",
    "UnwritableName",
    "as_text",
    "descriptor_of",
    "format_of",
    "is_stream",
    "mapped_os_errors",
    "open_sink",
    "open_table",
    "stem_of",
]

_READ_AS = {"tsv": "csv", "json": "jsonl", "geojson": "jsonl", "geoparquet": "parquet"}
"""What reads the formats that only differ when they are written."""
_JSON_SINKS = {"jsonl": JsonlSink, "json": JsonSink, "geojson": GeoJsonSink}


def open_table(  # noqa: PLR0913  all but one are keyword-only
    source: str,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    fmt: str | None = None,
    header_row: int | None = None,
    rate_header: RateHeader | None = None,
    may_be_empty: bool = False,
) -> Table:
    """Open a table and read it once, so that errors show before anything is bought.

    Args:
        source: Path of the file, or ``-`` for standard input.
        encoding: Encoding of a CSV or JSON file; None detects UTF-8, UTF-16, UTF-32, and
            Windows-1252 in the lines that are not UTF-8.
        sheet: Sheet of an Excel file, without regard to case if none has exactly this name; None
            takes the first visible one whose header rates well, or else the first with text.
        fmt: ``csv``, ``jsonl``, ``excel`` or ``parquet``; None decides by the content, or else by
            the suffix. A file that is compressed (gzip, bzip2, xz, or zip with one file in it) is
            unpacked first.
        header_row: Row of the header, from 1, of a CSV or Excel file; None finds it.
        rate_header: Returns how good a header of addresses a row would be, 0 for none at all. The
            best of the first 20 rows with text is the header; None takes the first.
        may_be_empty: Take a table that has a header and no rows below it.

    Raises:
        InputError: The file cannot be opened, is empty, or is no table of its format.
    """
    name = "standard input" if source == STANDARD else source
    with mapped_os_errors(f"read {name}"):
        path = readable_twice(source)
        content, inner = unpacked(path, source, name=name)
        chosen = _READ_AS.get(fmt, fmt) if fmt else format_of_content(content, inner, name=name)
        if header_row is not None and chosen in {"jsonl", "parquet"}:
            raise InputError(f"{name} is {chosen}, which has no header row; leave out --header-row")
        if chosen == "jsonl":
            table: Table = open_jsonl(content, name=name, encoding=encoding)
        elif chosen == "excel":
            from hum_async.bulk.tables._excel import open_excel  # noqa: PLC0415  an extra

            table = open_excel(
                content, name=name, sheet=sheet, header_row=header_row, rate_header=rate_header
            )
        elif chosen == "parquet":
            from hum_async.bulk.tables._parquet import open_parquet  # noqa: PLC0415  an extra

            table = open_parquet(content, name=name)
        else:
            table = open_csv(
                content,
                name=name,
                encoding=encoding,
                header_row=header_row,
                rate_header=rate_header,
            )
    if not table.count and not may_be_empty:
        sheet = "" if table.sheet is None else f"sheet {table.sheet!r} of "
        raise InputError(f"{sheet}{name} has a header and no rows below it")
    return table if content == path else attrs.evolve(table, path=path, unpacked=content)


def open_sink(  # noqa: PLR0913  all but one are keyword-only
    target: str,
    *,
    header: Sequence[str],
    added: Sequence[str] = RESULT_COLUMNS,
    fmt: str | None = None,
    source: Table | None = None,
    text: Collection[str] = (),
) -> Sink:
    """Open an output of rows.

    Args:
        target: Path of the file, or ``-`` for standard output.
        header: Names of the input's columns that the output repeats.
        added: Names of the columns that the output adds.
        fmt: ``csv``, ``tsv``, ``json``, ``jsonl``, ``geojson``, ``excel``, ``parquet`` or
            ``geoparquet``; None decides by the name.
        source: The input, which must not be overwritten.
        text: Names of columns that are text whatever their type in the input, such as ZIP codes.

    Raises:
        UnwritableName: The name says a format that cannot be written.
        InputError: The output cannot be written, or it is the input.
    """
    chosen = format_of(target, fmt)
    with mapped_os_errors(f"write {'standard output' if target == STANDARD else target}"):
        if source is not None and _is_same(target, source.path):
            raise InputError("input and output are the same file; name another output")
        if chosen in {"csv", "tsv"}:
            return CsvSink(target, header, added, delimiter="\t" if chosen == "tsv" else ",")
        if chosen in _JSON_SINKS:
            return _JSON_SINKS[chosen](target, header, added)
        if chosen == "excel":
            from hum_async.bulk.tables._excel import ExcelSink  # noqa: PLC0415  an extra

            return ExcelSink(target, header, added)
        parquet_sink = _parquet_sink(chosen)
        return parquet_sink(target, header, added, source=source, text=text)


def _parquet_sink(chosen: str) -> "type[ParquetSink]":
    if chosen == "geoparquet":
        from hum_async.bulk.tables._geo_parquet import GeoParquetSink  # noqa: PLC0415  an extra

        return GeoParquetSink
    from hum_async.bulk.tables._parquet import ParquetSink  # noqa: PLC0415  an extra

    return ParquetSink


def _is_same(target: str, path: Path) -> bool:
    return target != STANDARD and Path(target).exists() and Path(target).samefile(path)
