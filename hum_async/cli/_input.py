"""The options by which a command reads a table of addresses."""

from functools import partial
from typing import Annotated, Literal

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async._wording import counted
from hum_async.bulk.columns import ColumnPlan, MappingError, rate_header
from hum_async.bulk.preflight import decide_columns
from hum_async.bulk.tables import Table, open_table
from hum_async.cli._columns_view import show_columns, show_doubts
from hum_async.cli._command_line import other_command
from hum_async.cli._console import escaped, say
from hum_async.cli._help import READING


@Parameter(name="*", group=READING)
@attrs.frozen(kw_only=True)
class InputOptions:
    """How to read the input."""

    map: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            metavar="FIELD=COLUMN",
            help="Say which column holds a part of the address, as street1=COLUMN, "
            "street1=NUMBER+STREET or address=COLUMN for a whole one; a column's number does as "
            "well; may be repeated.",
        ),
    ] = ()
    ignore_column: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            metavar="COLUMN",
            help="Do not use this column, whatever it looks like; may be repeated.",
        ),
    ] = ()
    yes: Annotated[
        bool,
        Parameter(
            alias="-y",
            negative=(),
            help="Go on as guessed where columns are in doubt, and do not ask before starting "
            "over.",
        ),
    ] = False
    encoding: Annotated[
        str | None,
        Parameter(
            metavar="NAME",
            help="Of a CSV or JSON input; UTF-8, UTF-16, UTF-32 and Windows-1252 are found.",
        ),
    ] = None
    sheet: Annotated[
        str | None,
        Parameter(
            metavar="NAME",
            help="Of an Excel input; default: the first that is visible and has address columns.",
        ),
    ] = None
    header_row: Annotated[
        int | None,
        Parameter(
            validator=Number(gte=1),
            help="Row of the header, from 1, of a CSV or Excel input; default: the best of the "
            "first 20.",
        ),
    ] = None
    input_format: Annotated[
        Literal["csv", "jsonl", "excel", "parquet"] | None,
        Parameter(help="Of the input; goes by its content, or else its name, if not given."),
    ] = None

    def open(self, source: str) -> tuple[Table, ColumnPlan]:
        """Open the input and decide which columns hold the address.

        Raises:
            InputError: The input cannot be read, or a field has no column.
            MappingError: The mapping names a field or a column that does not exist.
        """
        named = _mapping(self.map)
        table = open_table(
            source,
            encoding=self.encoding,
            sheet=self.sheet,
            fmt=self.input_format,
            header_row=self.header_row,
            rate_header=partial(rate_header, mapping=named),
        )
        return table, decide_columns(table, mapping=named, ignored=self.ignore_column)

    def describe(self, table: Table, plan: ColumnPlan) -> None:
        """Print the number of rows, what each column is taken for, and the table's note."""
        columns = plan.columns.mapping(table.header)
        found = ", ".join(f"{field} = {name}" for field, name in columns.items())
        say(escaped(f"{table.name}: {counted(table.count, 'row')}; {found}"))
        show_columns(plan)
        if table.skipped:
            are = "is" if table.skipped == 1 else "are"
            above = f"{counted(table.skipped, 'row')} with text above it {are} left out"
            say(f"[yellow]The header is row {table.header_row}; {above}[/]")
        if table.blank:
            are = "is" if table.blank == 1 else "are"
            say(f"{counted(table.blank, 'row')} without any text {are} left out")
        if table.sheet is not None and table.other_sheets:
            others = ", ".join(map(repr, table.other_sheets))
            say(escaped(f"Sheet {table.sheet!r} is read; --sheet takes another of {others}"))
        if table.note:
            say(f"[yellow]{escaped(table.note)}[/]")

    def check_command(self, source: str) -> str:
        """Return the command line of ``hum check`` that reads the input in the same way."""
        words = [word for each in self.map for word in ("--map", each)]
        # What begins with a hyphen would be taken for an option.
        words += [f"--ignore-column={each}" for each in self.ignore_column]
        options = {
            "encoding": self.encoding,
            "sheet": self.sheet,
            "header-row": self.header_row,
            "input-format": self.input_format,
        }
        words += [f"--{name}={value}" for name, value in options.items() if value is not None]
        return other_command("check", *words, source)

    def stops(self, plan: ColumnPlan) -> bool:
        """Print what is in doubt; return whether nothing must be bought.

        What columns mean is for a person to decide. What is suspicious in a row is said, and stops
        nothing: the row may be right.
        """
        if not plan.doubts:
            return False
        show_doubts(plan, again=self.yes)
        return not self.yes


def _mapping(options: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for option in options:
        field, equals, column = option.partition("=")
        if not (field and equals and column):
            raise MappingError(f"--map takes FIELD=COLUMN, not {option!r}")
        mapping[field.strip()] = column
    return mapping
