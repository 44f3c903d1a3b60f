"""Excel in (python-calamine) and out (xlsxwriter)."""

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import attrs

from hum_async.bulk.tables._cells import Cell, as_text
from hum_async.bulk.tables._csv import kept_of, named
from hum_async.bulk.tables._extra import library
from hum_async.bulk.tables._output import Output
from hum_async.errors import InputError

MOST_ROWS = 1_048_576
MOST_LETTERS = 32_767
_EXACT = 2**53
_WIDTHS = (8, 40)


@attrs.frozen
class ExcelTable:
    """A sheet of an Excel file; see `Table`. The whole sheet is read again by each `rows`.

    Attributes:
        sheet: Name of the sheet.
        top: Empty rows above the header.
    """

    path: Path
    name: str
    sheet: str
    top: int
    header: tuple[str, ...]
    kept: tuple[int, ...]
    count: int
    note: str | None = None
    format: Literal["excel"] = "excel"

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row that is not empty, with as many cells as the header."""
        width = len(self.header)
        for cells in islice(_filled(_sheet(self.path, self.name, self.sheet)), 1, None):
            yield cells + [None] * (width - len(cells))


def open_excel(path: Path, *, name: str, sheet: str | None) -> ExcelTable:
    """Read a sheet once.

    Raises:
        InputError: It is no Excel file, has no such sheet, or the sheet is empty.
        OSError: It cannot be opened.
    """
    chosen = sheet or _book(path, name).sheet_names[0]
    rows = _filled(_sheet(path, name, chosen))
    header = [as_text(cell) for cell in next(rows, [])]
    if not header:
        raise InputError(f"sheet {chosen!r} of {name} is empty; it needs a header and rows")
    widths = [len(cells) for cells in rows]
    if not widths:
        raise InputError(f"sheet {chosen!r} of {name} has a header and no rows below it")
    columns = named(header, max(len(header), *widths))
    return ExcelTable(path, name, chosen, 0, columns, kept_of(columns), len(widths))


def _book(path: Path, name: str) -> Any:
    calamine = library("python_calamine", extra="excel", what="reading Excel")
    with path.open("rb"):  # an OSError of our own, not one of the library's many
        pass
    try:
        return calamine.load_workbook(str(path))
    except (calamine.CalamineError, ValueError) as exc:
        raise InputError(f"{name} is not an Excel file that can be read: {exc}") from exc


def _sheet(path: Path, name: str, sheet: str) -> Iterator[list[Any]]:
    book = _book(path, name)
    if sheet not in book.sheet_names:
        raise InputError(
            f"{name} has no sheet {sheet!r}; it has {', '.join(map(repr, book.sheet_names))}"
        )
    return iter(book.get_sheet_by_name(sheet).iter_rows())


def _filled(rows: Iterator[list[Any]]) -> Iterator[list[Cell]]:
    for row in rows:
        cells = [_cell(value) for value in row]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield cells


def _cell(value: Any) -> Cell:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        # Excel knows no integers.
        return int(value)
    return str(value) if isinstance(value, dt.timedelta) else value


def _joined(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else as_text(value)


class ExcelSink:
    """Writes one sheet; text is text, whatever it begins with."""

    def __init__(self, output: Output, header: Sequence[str], added: Sequence[str]) -> None:
        writer = library("xlsxwriter", extra="excel", what="writing Excel")
        self._output = output
        self._added = added
        self._own = len(header)
        self._book = writer.Workbook(
            output.stream,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "remove_timezone": True,
                "nan_inf_to_errors": True,
            },
        )
        self._failure = writer.exceptions.XlsxWriterException
        self._formats = {
            dt.datetime: self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            dt.date: self._book.add_format({"num_format": "yyyy-mm-dd"}),
            dt.time: self._book.add_format({"num_format": "hh:mm:ss"}),
        }
        self._sheet = self._book.add_worksheet("Results")
        columns = [*header, *added]
        for at, column in enumerate(columns):
            low, high = _WIDTHS
            self._sheet.set_column(at, at, min(max(len(column) + 2, low), high))
        bold = self._book.add_format({"bold": True})
        for at, column in enumerate(columns):
            self._sheet.write_string(0, at, column, bold)
        self._sheet.freeze_panes(1, 0)
        self._width = len(columns)
        self._rows = 0

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row.

        Raises:
            InputError: Excel cannot hold so many rows, or so long a text.
        """
        self._rows += 1
        if self._rows >= MOST_ROWS:
            raise InputError(
                f"an Excel sheet holds {MOST_ROWS:,} rows and no more; write CSV or Parquet"
            )
        row = [*cells, *(values.get(name) for name in self._added)]

        def put() -> None:
            for at, value in enumerate(row):
                self._put(at, value)

        self._output.attempt(put)

    def close(self) -> None:
        """Finish the file."""
        self._sheet.autofilter(0, 0, max(1, self._rows), self._width - 1)

        def close() -> None:
            try:
                self._book.close()
            except self._failure as exc:
                raise OSError(str(exc)) from exc

        self._output.attempt(close)
        self._output.close()

    def discard(self) -> None:
        """Leave what was there as it was."""
        with contextlib.suppress(Exception):
            # It writes into a file that is thrown away; it would complain if it was not closed.
            self._book.close()
        self._output.discard()

    def _put(self, at: int, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._rows, at, value)
        elif isinstance(value, int | float | Decimal) and -_EXACT < value < _EXACT:
            self._sheet.write_number(self._rows, at, value)
        elif isinstance(value, dt.datetime | dt.date | dt.time):
            form = self._formats[type(value)]
            self._sheet.write_datetime(self._rows, at, value, form)
        else:
            text = _joined(value) if at >= self._own else as_text(value)
            if len(text) > MOST_LETTERS:
                raise InputError(
                    f"a cell of row {self._rows:,} has more than the {MOST_LETTERS:,} letters that "
                    "Excel holds; write CSV or Parquet"
                )
            self._sheet.write_string(self._rows, at, text)
