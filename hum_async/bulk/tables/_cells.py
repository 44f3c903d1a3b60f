"""The values of cells, their text, and unique names of columns."""

import base64
import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

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
"""The value of a cell; cells of a CSV file are all text."""

EXACT = 2**53
"""A float below this represents an integer exactly."""


def as_text(cell: Cell) -> str:  # noqa: PLR0911  one case per type of cell
    """Return the text of a cell in a CSV file."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < EXACT else repr(cell)
    if isinstance(cell, bytes):
        return base64.b64encode(cell).decode()
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False, default=as_text)
    return str(cell)


def distinct(names: Sequence[str], *, taken: Sequence[str] = ()) -> list[str]:
    """Return unique names of columns: the second ``a`` becomes ``a__2``."""
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
