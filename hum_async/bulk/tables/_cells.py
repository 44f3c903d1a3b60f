"""The values of cells, their text, and unique names of columns."""

import base64
import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs


@attrs.frozen
class Carried:
    """A value that Python cannot hold and that is carried as it is, such as a date after 9999.

    Attributes:
        scalar: The value, as its library holds it.
        text: Its text.
        temporal: Whether it is a date, a time or a duration.
    """

    scalar: Any
    text: str
    temporal: bool


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
    | Carried
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
    if isinstance(cell, float | Decimal) and cell != cell:  # noqa: PLR0124  NaN
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < EXACT else repr(cell)
    if isinstance(cell, bytes):
        return _text_of_bytes(cell)
    if isinstance(cell, Carried):
        return cell.text
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False, default=as_text)
    return str(cell)


def _text_of_bytes(cell: bytes) -> str:
    """Return the text of bytes that are UTF-8, and else their base64."""
    try:
        text = cell.decode()
    except UnicodeDecodeError:
        return base64.b64encode(cell).decode()
    # A null character means that the bytes are no text, although they could be.
    return text if "\0" not in text else base64.b64encode(cell).decode()


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
