"""Tables in and out: CSV, JSON lines, Excel, Parquet. Everything here blocks; use a thread."""

from collections.abc import Collection, Sequence
from pathlib import Path

from hum_async.bulk.result_columns import RESULT_COLUMNS
from hum_async.bulk.tables._cells import Cell, Table, as_text
from hum_async.bulk.tables._csv import CsvSink, CsvTable, open_csv
from hum_async.bulk.tables._extra import library
from hum_async.bulk.tables._jsonl import JsonlSink, open_jsonl
from hum_async.bulk.tables._output import Output
from hum_async.bulk.tables._sink import Sink
from hum_async.bulk.tables._source import STANDARD, readable_twice
from hum_async.errors import InputError

__all__ = [
    "STANDARD",
    "Cell",
    "CsvTable",
    "Sink",
    "Table",
    "as_text",
    "format_of",
    "open_sink",
    "open_table",
]

_FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_MARKS = {b"PK\x03\x04": "excel", b"\xd0\xcf\x11\xe0": "excel", b"PAR1": "parquet", b"{": "jsonl"}


def open_table(
    source: str,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    fmt: str | None = None,
) -> Table:
    """Read a table once, to know before anything is spent that it can be read.

    Args:
        source: Path of the file, or ``-`` for standard input.
        encoding: Of a CSV; None finds UTF-8, UTF-16 and Windows-1252 by themselves.
        sheet: Of an Excel file; None is the first.
        fmt: ``csv``, ``jsonl``, ``excel`` or ``parquet``; None goes by the name, or, if that says
            nothing, by how the content begins.

    Raises:
        InputError: It cannot be opened, is empty, or is not such a table.
    """
    name = "standard input" if source == STANDARD else source
    try:
        path = readable_twice(source)
        chosen = fmt or _FORMATS.get(Path(source).suffix.casefold()) or _sniffed(path, source)
        if chosen == "jsonl":
            return open_jsonl(path, name=name)
        if chosen == "excel":
            from hum_async.bulk.tables._excel import open_excel  # noqa: PLC0415  an extra

            return open_excel(path, name=name, sheet=sheet)
        if chosen == "parquet":
            from hum_async.bulk.tables._parquet import open_parquet  # noqa: PLC0415  an extra

            return open_parquet(path, name=name)
        return open_csv(path, name=name, encoding=encoding)
    except OSError as exc:
        raise InputError(f"cannot read {name}: {exc.strerror or exc}") from exc


def _sniffed(path: Path, source: str) -> str:
    if Path(source).suffix.casefold() in {".csv", ".tsv", ".txt"}:
        return "csv"
    with path.open("rb") as stream:
        start = stream.read(8).removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((fmt for mark, fmt in _MARKS.items() if start.startswith(mark)), "csv")


def format_of(target: str, fmt: str | None = None) -> str:
    """Return the format of an output: the one that is named, else by its name, else CSV.

    Raises:
        InputError: That format cannot go there.
    """
    chosen = fmt or _FORMATS.get(Path(target).suffix.casefold(), "csv")
    if target == STANDARD and chosen in {"excel", "parquet"}:
        raise InputError(f"{chosen} cannot go to standard output; name a file with -o")
    return chosen


def open_sink(  # noqa: PLR0913  all but one by name
    target: str,
    *,
    header: Sequence[str],
    added: Sequence[str] = RESULT_COLUMNS,
    fmt: str | None = None,
    source: Table | None = None,
    text: Collection[str] = (),
) -> Sink:
    """Open where rows go, before anything is spent.

    Args:
        target: Path of a file, or ``-`` for standard output.
        header: Columns of the input that are repeated.
        added: Columns that are added to them.
        fmt: ``csv``, ``jsonl``, ``excel`` or ``parquet``; None goes by the file's name.
        source: The input, which must not be overwritten.
        text: Columns of the input that are text whatever the input says, such as ZIP codes.

    Raises:
        InputError: It cannot be written, or would overwrite the input.
    """
    chosen = format_of(target, fmt)
    try:
        if source is not None and _is_same(target, source.path):
            raise InputError("input and output are the same file; name another output")
        if chosen == "jsonl":
            return JsonlSink(Output(target), header, added)
        if chosen == "excel":
            from hum_async.bulk.tables._excel import ExcelSink  # noqa: PLC0415  an extra

            library("xlsxwriter", extra="excel", what="writing Excel")
            return ExcelSink(Output(target), header, added)
        if chosen == "parquet":
            from hum_async.bulk.tables._parquet import ParquetSink  # noqa: PLC0415  an extra

            library("pyarrow", extra="parquet", what="writing Parquet")
            return ParquetSink(Output(target), header, added, source=source, text=text)
        return CsvSink(Output(target), header, added)
    except OSError as exc:
        raise InputError(f"cannot write {target}: {exc.strerror or exc}") from exc


def _is_same(target: str, path: Path) -> bool:
    return target != STANDARD and Path(target).exists() and Path(target).samefile(path)
