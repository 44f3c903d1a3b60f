"""Reads Excel (python-calamine) and writes it (xlsxwriter)."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import attrs

from hum_async._wording import counted
from hum_async.bulk.result_schema import Kind, kind_of
from hum_async.bulk.tables._cells import EXACT, Cell, as_text
from hum_async.bulk.tables._errors import library
from hum_async.bulk.tables._excel_facts import SheetFacts, facts_of
from hum_async.bulk.tables._header import Header, RateHeader, find_header, has_text
from hum_async.bulk.tables._sink import FileSink
from hum_async.bulk.tables._table import Table, named
from hum_async.bulk.tables._unpacked_size import check_book
from hum_async.errors import InputError

MOST_ROWS = 1_048_576
MOST_LETTERS = 32_767
_WIDTHS = (8, 40)
_WIDTH_OF_TIME = 20


@attrs.frozen(kw_only=True)
class ExcelTable(Table):
    """A sheet of an Excel file. Each call of `rows` reads the whole sheet into memory."""

    format: ClassVar[str] = "excel"
    sheet: str = attrs.field()
    header_row: int = attrs.field()
    facts: SheetFacts = attrs.field(eq=False, repr=False)

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row that is not empty, with as many cells as the header."""
        width = len(self.header)
        book = _book(self.content, self.name)
        for _, cells in _below(book, self.sheet, self.header_row, self.facts):
            yield cells + [None] * (width - len(cells))


def open_excel(
    path: Path,
    *,
    name: str,
    sheet: str | None,
    header_row: int | None = None,
    rate_header: RateHeader | None = None,
) -> ExcelTable:
    """Read a sheet once.

    Raises:
        InputError: The file is no Excel file, has no such sheet, or the sheet is empty.
        OSError: The file cannot be opened.
    """
    check_book(path, name)
    book = _book(path, name)

    def header_of(sheet: str) -> Header | None:
        return find_header(_sheet(book, sheet), row=header_row, rate=rate_header)

    if sheet is not None:
        chosen = _named(book, sheet, name)
        header, others = header_of(chosen), _visible(book)
    else:
        chosen, header, others = _chosen(_visible(book), header_of)
    if header is None:
        raise InputError(f"sheet {chosen!r} of {name} is empty; it needs a header and rows")
    facts = facts_of(path, chosen)
    widths, hidden = [], 0
    for number, cells in _below(book, chosen, header.row, facts):
        widths.append(len(cells))
        hidden += number in facts.hidden
    return ExcelTable(
        path=path,
        name=name,
        sheet=chosen,
        header=named([as_text(cell) for cell in header.cells], max([len(header.cells), *widths])),
        count=len(widths),
        note=_hidden_note(hidden, chosen),
        facts=facts,
        titles=header.titles(),
        header_row=header.row,
        skipped=header.skipped,
        other_sheets=tuple(other for other in others if other != chosen),
    )


def _named(book: Any, sheet: str, name: str) -> str:
    """Return the sheet of a name: of exactly this one, or else without regard to case."""
    names = book.sheet_names
    folded = [other for other in names if other.strip().casefold() == sheet.strip().casefold()]
    if sheet in names:
        return sheet
    if len(folded) != 1:
        raise InputError(f"{name} has no sheet {sheet!r}; it has {', '.join(map(repr, names))}")
    return str(folded[0])


def _visible(book: Any) -> list[str]:
    """Return the names of the sheets that Excel shows; those of all if it shows none."""
    calamine = library("python_calamine", extra="excel", what="reading Excel")
    shown = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == calamine.SheetVisibleEnum.Visible
        and sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    return shown or list(book.sheet_names)


def _chosen(
    names: Sequence[str], header_of: Callable[[str], Header | None]
) -> tuple[str, Header | None, list[str]]:
    """Return the sheet to read, its header, and the names of the sheets with text.

    That is the first whose header rates at least half of the best one's: a cover sheet may hold a
    word of a header, and a further sheet a column more.
    """
    found: dict[str, Header] = {}
    errors: list[InputError] = []
    for sheet in names:
        try:
            header = header_of(sheet)
        except InputError as exc:
            # With a row of the header given: the sheet has no such row.
            errors.append(exc)
            continue
        if header is not None:
            found[sheet] = header
    if not found:
        if errors:
            raise errors[0]
        return names[0], None, []
    best = max(header.rating for header in found.values())
    sheet = next(sheet for sheet, header in found.items() if 2 * header.rating >= best)
    return sheet, found[sheet], list(found)


def _book(path: Path, name: str) -> Any:
    calamine = library("python_calamine", extra="excel", what="reading Excel")
    with path.open("rb"):  # raises the OSError that `open_table` maps
        pass
    try:
        return calamine.load_workbook(str(path))
    except (calamine.CalamineError, ValueError) as exc:
        raise InputError(f"{name} is not an Excel file that can be read: {exc}") from exc


def _sheet(book: Any, sheet: str) -> Iterator[list[Cell]]:
    """Yield every row of a sheet, also the blank ones, without the empty cells at its end."""
    for row in book.get_sheet_by_name(sheet).iter_rows():
        yield _trimmed([_cell(value) for value in row])


def _below(
    book: Any, sheet: str, header_row: int, facts: SheetFacts
) -> Iterator[tuple[int, list[Cell]]]:
    """Yield the rows with text below the header, with their numbers from 0."""
    values = book.get_sheet_by_name(sheet)
    left = values.start[1] if values.start else 0
    merged = _Merged(values.merged_cell_ranges or (), left)
    for number, row in enumerate(values.iter_rows()):
        cells = [_cell(value) for value in row]
        for at, text in facts.texts.get(number, {}).items():
            if at >= left:
                cells += [None] * (at - left + 1 - len(cells))
                cells[at - left] = text
        filled = merged.filled(number, cells)
        if number >= header_row and has_text(cells):
            yield number, _trimmed(filled)


def _trimmed(cells: list[Cell]) -> list[Cell]:
    while cells and cells[-1] is None:
        cells.pop()
    return cells


class _Merged:
    """Fills the cells below the first one of a merged range, which alone has the value.

    Cells beside it stay empty: a street that stretches over the unit's column is no unit.
    """

    def __init__(self, ranges: Iterable[Any], left: int) -> None:
        self._starts: dict[int, list[tuple[int, int]]] = {}
        for (top, column), (bottom, _) in ranges:
            if bottom > top:
                self._starts.setdefault(top, []).append((column - left, bottom))
        self._open: dict[int, tuple[int, Cell]] = {}

    def filled(self, number: int, cells: list[Cell]) -> list[Cell]:
        filled = list(cells)
        for at, (bottom, value) in list(self._open.items()):
            if number > bottom:
                del self._open[at]
            elif at < len(filled) and filled[at] is None:
                filled[at] = value
        for at, bottom in self._starts.get(number, ()):
            if 0 <= at < len(cells):
                self._open[at] = (bottom, cells[at])
        return filled


def _hidden_note(hidden: int, sheet: str) -> str | None:
    if not hidden:
        return None
    are, they = ("is", "it is") if hidden == 1 else ("are", "they are")
    rows = counted(hidden, "row")
    return f"{rows} of sheet {sheet!r} {are} hidden or filtered out; {they} read like all"


def _cell(value: Any) -> Cell:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        # Excel has no integers.
        return int(value)
    return str(value) if isinstance(value, dt.timedelta) else value


class ExcelSink(FileSink):
    """Writes one sheet; text that looks like a formula, link or number stays text."""

    def __init__(self, target: str, header: Sequence[str], added: Sequence[str]) -> None:
        writer = library("xlsxwriter", extra="excel", what="writing Excel")
        super().__init__(target, added)
        self._own = len(header)
        self._book = writer.Workbook(
            self._output.stream,
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
        self._money = self._book.add_format({"num_format": "0.00"})
        self._sheet = self._book.add_worksheet("Results")
        columns = [*header, *added]
        bold = self._book.add_format({"bold": True})
        low, high = _WIDTHS
        for at, column in enumerate(columns):
            moment = at >= len(header) and kind_of(column) is Kind.TIMESTAMP
            least = _WIDTH_OF_TIME if moment else low
            self._sheet.set_column(at, at, min(max(len(column) + 2, least), high))
            self._sheet.write_string(0, at, column, bold)
        self._sheet.freeze_panes(1, 0)
        self._width = len(columns)
        self._rows = 0

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row.

        Raises:
            InputError: An Excel sheet cannot hold so many rows, or its cell so long a text.
        """
        self._rows += 1
        if self._rows >= MOST_ROWS:
            raise InputError(
                f"an Excel sheet holds {MOST_ROWS:,} rows and no more; write CSV or Parquet"
            )
        for at, value in enumerate([*cells, *self._added_values(values)]):
            self._output.attempt(self._write_cell, at, value)

    def _write_end(self) -> None:
        self._sheet.autofilter(0, 0, max(1, self._rows), self._width - 1)
        self._output.attempt(self._close_book)

    def discard(self) -> None:
        """Drop the rows."""
        # A workbook that is never closed warns, and so does one that is closed twice.
        if not self._book.fileclosed:
            with contextlib.suppress(Exception):
                self._book.close()
        super().discard()

    def _close_book(self) -> None:
        try:
            self._book.close()
        except self._failure as exc:
            raise OSError(str(exc)) from exc

    def _write_cell(self, at: int, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._rows, at, value)
        elif isinstance(value, int | float | Decimal) and -EXACT < value < EXACT:
            money = at >= self._own and isinstance(value, Decimal)
            self._sheet.write_number(self._rows, at, value, self._money if money else None)
        elif isinstance(value, dt.datetime | dt.date | dt.time):
            self._sheet.write_datetime(self._rows, at, value, self._formats[type(value)])
        else:
            if isinstance(value, list) and at >= self._own:
                value = "; ".join(map(str, value))
            text = as_text(value)
            if len(text) > MOST_LETTERS:
                raise InputError(
                    f"a cell of row {self._rows:,} has more than the {MOST_LETTERS:,} letters that "
                    "Excel holds; write CSV or Parquet"
                )
            self._sheet.write_string(self._rows, at, text)
