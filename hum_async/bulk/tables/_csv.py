"""Reads and writes CSV."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, ClassVar, Literal

import attrs

from hum_async.bulk.result_columns import spreadsheet_safe
from hum_async.bulk.tables._cells import Cell, as_text
from hum_async.bulk.tables._header import RateHeader, find_header, has_text
from hum_async.bulk.tables._sink import FileSink
from hum_async.bulk.tables._table import Table, named
from hum_async.bulk.tables._text import Encoding, bad_line, encoding_of, is_binary, mixed_note
from hum_async.errors import InputError

_DELIMITERS = ",;\t|"
_SAMPLE = 20
"""Lines by which the delimiter is chosen."""
_SEPARATOR = re.compile(r"sep=([,;\t|])")
"""The line above the header by which Excel names the delimiter."""
_RESAVED = re.compile(r"sep=[,;\t|][,;\t|]*")
"""The same line in a file that was saved again with another delimiter."""
# The csv module refuses cells above 128 KiB; a column of notes may hold more.
csv.field_size_limit(16 * 1024 * 1024)


@attrs.frozen(kw_only=True)
class CsvTable(Table):
    """A CSV file; lines without text are no rows.

    Attributes:
        encoding: Encoding of the text.
        delimiter: Character between two cells.
    """

    format: ClassVar[str] = "csv"
    encoding: Encoding
    delimiter: str

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row, as wide as the header."""
        with self.encoding.open(self.content) as stream:
            try:
                for cells in islice(_records(stream, self.delimiter), self.header_row, None):
                    if has_text(cells):
                        yield _filled(cells, len(self.header))
            except (csv.Error, UnicodeError):
                # The file had no such error when it was opened.
                raise InputError(f"{self.name} was changed while it was read; run again") from None


def _filled(cells: Sequence[Cell], width: int) -> list[Cell]:
    if len(cells) > width:
        raise csv.Error("a row is longer than any was")
    return [*cells, *[""] * (width - len(cells))]


def open_csv(
    path: Path,
    *,
    name: str,
    encoding: str | None,
    header_row: int | None = None,
    rate_header: RateHeader | None = None,
) -> CsvTable:
    """Read a CSV file once.

    Raises:
        InputError: The file is empty, no CSV, or not text in that encoding.
        OSError: The file cannot be opened.
    """
    found = encoding_of(path, encoding)
    scan = _Scan(path, name, header_row, rate_header)
    try:
        try:
            return scan.table(found)
        except UnicodeError:
            mixed = None if encoding or is_binary(path) else found.mixed
            if mixed is None:
                raise
            return attrs.evolve(scan.table(mixed), note=mixed_note(path, name, found))
    except UnicodeError:
        hint = "name another --encoding" if encoding else "say what it is with --encoding"
        raise InputError(
            f"{name} is not {found.name} text (line {bad_line(path, found)}); save it as UTF-8, or "
            f"{hint}"
        ) from None
    except csv.Error as exc:
        raise InputError(f"{name} is not a CSV file: {exc}") from exc


@attrs.frozen
class _Scan:
    """Reads a file once."""

    path: Path
    name: str
    header_row: int | None
    rate_header: RateHeader | None

    def table(self, encoding: Encoding) -> CsvTable:
        with encoding.open(self.path) as stream:
            delimiter = _delimiter(stream)
            stream.seek(0)
            top = _records(stream, delimiter)
            header = find_header(top, row=self.header_row, rate=self.rate_header)
            if header is None:
                raise InputError(
                    f"{self.name} is empty; it needs a header and a row for each address"
                )
            stream.seek(0)
            count, width = 0, len(header.cells)
            for cells in islice(_records(stream, delimiter), header.row, None):
                if has_text(cells):
                    count += 1
                    width = max(width, len(cells))
        if not count:
            raise InputError(f"{self.name} has a header and no rows below it")
        return CsvTable(
            path=self.path,
            name=self.name,
            encoding=encoding,
            delimiter=delimiter,
            header=named([as_text(cell) for cell in header.cells], width),
            count=count,
            header_row=header.row,
            skipped=header.skipped,
        )


def _delimiter(stream: IO[str]) -> str:
    """Return the delimiter; a comma if there is no text.

    The delimiter splits most of the first lines into the same number of cells, and into most cells.
    A comma between quotation marks is no delimiter.
    """
    lines = list(islice((line for line in stream if has_text([line])), _SAMPLE))
    if lines and (named_by_excel := _SEPARATOR.fullmatch(lines[0].strip("\r\n"))):
        return named_by_excel[1]

    def fit(delimiter: str) -> tuple[int, int]:
        widths = Counter(map(len, csv.reader(lines, delimiter=delimiter)))
        count, width = max(
            ((count, width) for width, count in widths.items() if width > 1), default=(0, 0)
        )
        return count, width

    return max(_DELIMITERS, key=fit)


def _records(stream: IO[str], delimiter: str) -> Iterator[list[str]]:
    """Yield every line of cells, also the blank ones; the line by which Excel is told is blank.

    Raises:
        csv.Error: Quotation marks do not match. A lenient reader would then join cells or rows.
    """
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader):
            yield [] if not number and _RESAVED.fullmatch(delimiter.join(cells)) else cells
    except csv.Error as exc:
        raise csv.Error(f"{exc} (in line {reader.line_num}; check its quotation marks)") from None


class CsvSink(FileSink):
    """Writes CSV that every spreadsheet reads: UTF-8, commas, quotation marks where needed."""

    def __init__(self, target: str, header: Sequence[str], added: Sequence[str]) -> None:
        super().__init__(target, added)
        self._output.put(_line([*header, *added]))

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row."""
        self._output.put(_line([*map(as_text, cells), *map(_cell, self._added_values(values))]))


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO(newline="")
    # Older Pythons leave a lone carriage return unquoted, which breaks the row in two.
    split = any("\r" in cell for cell in cells)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if split else csv.QUOTE_MINIMAL
    csv.writer(line, lineterminator="\n", quoting=quoting).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return spreadsheet_safe("; ".join(map(str, value)))
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return spreadsheet_safe(value) if isinstance(value, str) else str(value)
