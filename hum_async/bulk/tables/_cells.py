"""What a cell can hold, and how it reads as text."""

import base64
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

Cell = (
    str
    | int
    | float
    | bool
    | Decimal
    | bytes
    | dt.datetime
    | dt.date
    | dt.time
    | list[Any]
    | dict[str, Any]
    | None
)
"""A value of a table; CSV gives text alone."""

_EXACT = 2**53
"""Up to here a float is as exact as an integer."""


class Table(Protocol):
    """A table that was looked through once and found sound.

    Attributes:
        path: Where it is.
        name: What to call it.
        format: ``csv``, ``jsonl``, ``excel`` or ``parquet``.
        header: Names of its columns; unnamed ones got a name.
        kept: Positions of the columns that go to the output: all but earlier results.
        count: Rows below the header.
        note: What the user should know of how it was read; None for nothing.
    """

    @property
    def path(self) -> Path: ...
    @property
    def name(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def header(self) -> tuple[str, ...]: ...
    @property
    def kept(self) -> tuple[int, ...]: ...
    @property
    def count(self) -> int: ...
    @property
    def note(self) -> str | None: ...

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row, as wide as the header; may be called any number of times."""
        ...


def as_text(cell: Cell) -> str:  # noqa: PLR0911  a case per kind of cell
    """Return a cell as CSV shows it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, bytes):
        return base64.b64encode(cell).decode()
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False, default=as_text)
    return str(cell)


def distinct(names: Sequence[str], *, taken: Sequence[str] = ()) -> list[str]:
    """Return names of which none is there twice: the second ``a`` becomes ``a__2``."""
    own, used = set(names), set(taken)
    last: dict[str, int] = {}
    found = []
    for column in names:
        name, number = column, last.get(column, 1)
        while name in used or (number > 1 and name in own):
            number += 1
            name = f"{column}__{number}"
        last[column] = number
        used.add(name)
        found.append(name)
    return found
