"""The base class of input tables."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import attrs

from hum_async.bulk.result_schema import is_result_column
from hum_async.bulk.tables._cells import Cell


@attrs.frozen(kw_only=True)
class Table:
    """A table that was read once, without an error.

    Attributes:
        format: ``csv``, ``jsonl``, ``excel`` or ``parquet``.
        path: The file.
        name: Name of the file in messages.
        header: Names of the columns; columns without a name got one.
        titles: What stands above each name in a header of two rows; empty for one of one row.
        count: Number of rows below the header.
        note: Advice for the user about how the table was read; None if there is none.
        header_row: Number of the header's row, from 1; blank rows count. None for a format that
            has no such row.
        skipped: Number of rows with text above the header.
        blank: Number of rows of cells without any text, which are left out.
        sheet: Name of the sheet of an Excel file; None for other formats.
        other_sheets: Names of the other visible sheets with text.
        unpacked: The file that is read in place of a compressed one; None if it is not compressed.
    """

    format: ClassVar[str]
    path: Path
    name: str
    header: tuple[str, ...]
    count: int
    titles: tuple[str, ...] = ()
    note: str | None = None
    header_row: int | None = None
    skipped: int = 0
    blank: int = 0
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()
    unpacked: Path | None = None

    @property
    def content(self) -> Path:
        """The file that is read."""
        return self.unpacked or self.path

    @cached_property
    def kept(self) -> tuple[int, ...]:
        """Positions of the columns that the output repeats: all but those of earlier results."""
        return tuple(at for at, name in enumerate(self.header) if not is_result_column(name))

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row, as wide as the header; may be called any number of times.

        Raises:
            InputError: The file has changed and cannot be read any more.
        """
        raise NotImplementedError


def named(header: Sequence[str], width: int) -> tuple[str, ...]:
    """Return `width` names of columns: those of the header, and ``column_N`` for empty ones."""
    names = [column.strip("\ufeff \t\r\n\0") for column in header] + [""] * (width - len(header))
    return tuple(column or f"column_{number}" for number, column in enumerate(names, 1))
