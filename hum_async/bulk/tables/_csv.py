"""Reads and writes CSV."""

import codecs
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
from hum_async.errors import InputError

_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_DELIMITERS = ",;\t|"
_SAMPLE = 20
"""Lines by which the delimiter is chosen."""
_SEPARATOR = re.compile(r"sep=([,;\t|])")
"""The line above the header by which Excel names the delimiter."""
_RESAVED = re.compile(r"sep=[,;\t|][,;\t|]*")
"""The same line in a file that was saved again with another delimiter."""
_WINDOWS = "cp1252"
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
    encoding: str
    delimiter: str

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row, as wide as the header."""
        with self.path.open(encoding=self.encoding, newline="") as stream:
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
    try:
        found = _encoding(path, encoding)
    except LookupError as exc:
        raise InputError(f"there is no encoding {encoding!r}; try utf-8 or cp1252") from exc
    scan = _Scan(path, name, header_row, rate_header)
    try:
        return scan.table(found)
    except UnicodeError:
        if encoding is None and found == "utf-8" and _decodes(path, _WINDOWS):
            return _as_windows(scan)
        hint = "name another --encoding" if encoding else "say what it is with --encoding"
        raise InputError(
            f"{name} is not {found} text (line {_bad_line(path, found)}); save it as UTF-8, or "
            f"{hint}"
        ) from None
    except csv.Error as exc:
        raise InputError(f"{name} is not a CSV file: {exc}") from exc


def _as_windows(scan: "_Scan") -> CsvTable:
    line = _bad_line(scan.path, "utf-8")
    return attrs.evolve(
        scan.table(_WINDOWS),
        note=f"{scan.name} is not UTF-8 (line {line}) and was read as Windows-1252; if letters are "
        "wrong, name its --encoding",
    )


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding) as stream:
            # A null character means that the file is no text.
            return all("\0" not in piece for piece in iter(lambda: stream.read(1 << 16), ""))
    except UnicodeError:
        return False


def _encoding(path: Path, encoding: str | None) -> str:
    with path.open("rb") as stream:
        start = stream.read(64)
    marked = next((found for mark, found in _BOMS.items() if start.startswith(mark)), None)
    if encoding is None:
        return marked or _by_zeros(start) or "utf-8"
    known = codecs.lookup(encoding).name
    "a".encode(encoding)  # raises LookupError for a codec that is no text encoding
    # The byte order mark must not become part of the first column's name.
    return "utf-8-sig" if known == "utf-8" and marked == "utf-8-sig" else encoding


def _by_zeros(start: bytes) -> str | None:
    """Return the UTF-16 encoding of text without a byte order mark: every second byte is zero."""
    for encoding, zeros, letters in (
        ("utf-16-le", start[1::2], start[::2]),
        ("utf-16-be", start[::2], start[1::2]),
    ):
        if len(zeros) > 1 and not any(zeros) and all(letters):
            return encoding
    return None


@attrs.frozen
class _Scan:
    """Reads a file once."""

    path: Path
    name: str
    header_row: int | None
    rate_header: RateHeader | None

    def table(self, encoding: str) -> CsvTable:
        with self.path.open(encoding=encoding, newline="") as stream:
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


def _bad_line(path: Path, encoding: str) -> str:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode(encoding)
            except UnicodeError:
                # In UTF-16, the lines of the bytes are not the lines of the text.
                return "unknown" if encoding.startswith("utf-16") else str(number)
    return "unknown"


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
