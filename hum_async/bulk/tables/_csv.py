"""Reads and writes CSV."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice, product
from pathlib import Path
from typing import Any, ClassVar, Literal, TextIO

import attrs

from hum_async._unusable import UnusableText
from hum_async._wording import counted
from hum_async.bulk.result_columns import spreadsheet_safe, utc_text
from hum_async.bulk.result_schema import Kind, kind_of
from hum_async.bulk.tables._cells import Cell, as_text
from hum_async.bulk.tables._csv_dialect import Dialect, dialect_of
from hum_async.bulk.tables._header import RateHeader, find_header, has_text
from hum_async.bulk.tables._sink import FileSink
from hum_async.bulk.tables._table import Table, named
from hum_async.bulk.tables._text import Encoding, bad_line, encoding_of, is_binary, mixed_note
from hum_async.errors import InputError

_RESAVED = re.compile(r"sep=[,;\t|][,;\t|]*")
"""The line by which Excel names the delimiter, perhaps saved again with another delimiter."""
_RULER = re.compile(r"[-+=|\s]*--[-+=|\s]*")
"""The line below the header in the output of psql, sqlcmd and mysql."""
_FOOTER = re.compile(
    r"(?i)\(?\d[\d,]* rows?(?: affected| selected\.?| in set.*)?\)?"
    r"|completion time: .*|time: .* ms.*"
)
# The csv module refuses cells above 128 KiB; a column of notes may hold more.
csv.field_size_limit(16 * 1024 * 1024)


@attrs.frozen(kw_only=True)
class CsvTable(Table):
    """A CSV file; lines without text are no rows.

    Attributes:
        encoding: Encoding of the text.
        dialect: How it is written.
    """

    format: ClassVar[str] = "csv"
    encoding: Encoding
    dialect: Dialect

    @property
    def delimiter(self) -> str:
        """The character between two cells."""
        return self.dialect.delimiter

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row, as wide as the header."""
        with self.encoding.open(self.content) as stream:
            try:
                for cells in islice(_records(stream, self.dialect), self.header_row, None):
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
            table = scan.table(mixed)
            notes = [mixed_note(path, name, found), table.note]
            return attrs.evolve(table, note=". ".join(note for note in notes if note))
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
        """Read the file in the first dialect that fits: strictly, and else leniently.

        Raises:
            csv.Error: A cell is too long.
        """
        with encoding.open(self.path) as stream:
            dialect = dialect_of(stream)
        try:
            table, spoilt = self._read(encoding, dialect)
            if not spoilt:
                return table
        except csv.Error as exc:
            if "field larger" in str(exc):
                raise
        # MySQL and Spark write a backslash where others double the quotation mark. Of several that
        # spoil as few rows the first is the least unusual.
        found = []
        for padded, backslash in product(dict.fromkeys((dialect.padded, True)), (False, True)):
            lenient = attrs.evolve(dialect, lenient=True, padded=padded, backslash=backslash)
            table, spoilt = self._read(encoding, lenient)
            if not spoilt:
                return table
            found.append((table, spoilt))
        table, spoilt = min(found, key=lambda pair: pair[1])
        note = (
            f"{counted(spoilt, 'row')} of {self.name} {'has' if spoilt == 1 else 'have'} quotation "
            "marks that do not match: see hum_error"
        )
        return attrs.evolve(table, note=note)

    def _read(self, encoding: Encoding, dialect: Dialect) -> tuple[CsvTable, int]:
        """Return the table, and its number of rows with a stray quotation mark."""
        with encoding.open(self.path) as stream:
            top = _records(stream, dialect)
            header = find_header(top, row=self.header_row, rate=self.rate_header)
            if header is None:
                raise InputError(
                    f"{self.name} is empty; it needs a header and a row for each address"
                )
            stream.seek(0)
            count, width, spoilt, blank = 0, len(header.cells), 0, 0
            for cells in islice(_records(stream, dialect), header.row, None):
                if has_text(cells):
                    count += 1
                    width = max(width, len(cells))
                    spoilt += isinstance(cells[-1], UnusableText)
                elif len(cells) > 1:
                    blank += 1
        table = CsvTable(
            path=self.path,
            name=self.name,
            encoding=encoding,
            dialect=dialect,
            header=named([as_text(cell) for cell in header.cells], width),
            count=count,
            titles=header.titles(),
            header_row=header.row,
            skipped=header.skipped,
            blank=blank,
        )
        return table, spoilt


def _records(stream: TextIO, dialect: Dialect) -> Iterator[Sequence[str]]:
    """Yield every line of cells; those that are no rows are blank.

    Raises:
        csv.Error: Quotation marks do not match.
    """
    for number, cells in enumerate(dialect.records(stream)):
        text = "".join(cells)
        above = not number and _RESAVED.fullmatch(dialect.delimiter.join(cells))
        yield [] if above or _RULER.fullmatch(text) or _is_footer(cells, text) else cells


def _is_footer(cells: Sequence[str], text: str) -> bool:
    """Return whether a line is what a database writes below a table: "(2 rows affected)"."""
    return bool(cells) and cells[0] == text and _FOOTER.fullmatch(text.strip()) is not None


class CsvSink(FileSink):
    """Writes CSV that every spreadsheet reads: UTF-8, quotation marks where needed.

    Args:
        target: Path of the file, or ``-`` for standard output.
        header: Names of the input's columns.
        added: Names of the added columns.
        delimiter: Character between two cells.
    """

    def __init__(
        self, target: str, header: Sequence[str], added: Sequence[str], *, delimiter: str = ","
    ) -> None:
        super().__init__(target, added)
        self._delimiter = delimiter
        self._degrees = [kind_of(name) is Kind.DEGREES for name in added]
        self._output.put(_line([*header, *added], delimiter))

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row."""
        added = map(_cell, self._added_values(values), self._degrees)
        row = [*map(as_text, cells), *added]
        self._output.put(_line(row, self._delimiter))


def _line(cells: Sequence[str], delimiter: str) -> str:
    line = io.StringIO(newline="")
    # Older Pythons leave a lone carriage return unquoted, which breaks the row in two.
    split = any("\r" in cell for cell in cells)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if split else csv.QUOTE_MINIMAL
    csv.writer(line, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerow(cells)
    return line.getvalue()


def _cell(value: Any, degrees: bool) -> str:  # noqa: FBT001  one case per type of value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return utc_text(value) or ""
    if isinstance(value, list):
        return spreadsheet_safe("; ".join(map(str, value)))
    if isinstance(value, float):
        # Seven digits of a degree are a centimetre.
        return f"{value:.{7 if degrees else 2}f}".rstrip("0").rstrip(".")
    return spreadsheet_safe(value) if isinstance(value, str) else str(value)
