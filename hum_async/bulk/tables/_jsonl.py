"""JSON lines in and out."""

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import attrs

from hum_async.bulk.tables._cells import Cell, as_text, distinct
from hum_async.bulk.tables._csv import kept_of
from hum_async.bulk.tables._output import Output
from hum_async.bulk.tables._sink import TextSink
from hum_async.errors import InputError


@attrs.frozen
class JsonlTable:
    """A file with a JSON object on each line; see `Table`."""

    path: Path
    name: str
    header: tuple[str, ...]
    kept: tuple[int, ...]
    count: int
    note: str | None = None
    format: Literal["jsonl"] = "jsonl"

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row; a name that an object lacks is None."""
        for found in _objects(self.path, self.name):
            yield [found.get(column) for column in self.header]


def open_jsonl(path: Path, *, name: str) -> JsonlTable:
    """Read a file of JSON lines once; its columns are all names in order of appearance.

    Raises:
        InputError: It is empty, or a line is no JSON object.
        OSError: It cannot be opened.
    """
    columns: dict[str, None] = {}
    count = 0
    for found in _objects(path, name):
        count += 1
        columns.update(dict.fromkeys(found))
    if not count:
        raise InputError(f"{name} is empty; it needs a JSON object for each address")
    header = tuple(columns)
    return JsonlTable(path, name, header, kept_of(header), count)


def _objects(path: Path, name: str) -> Iterator[dict[str, Any]]:
    # Other line ends than \n may be part of a text.
    with path.open(encoding="utf-8-sig", newline="\n") as stream:
        number = 0
        try:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _object(line, name, number)
        except UnicodeError:
            raise InputError(f"{name} is not UTF-8 text (below line {number})") from None


def _object(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        # Not chained: the error would quote the line.
        raise InputError(f"line {number} of {name} is not JSON") from None
    if not isinstance(found, dict):
        raise InputError(f"line {number} of {name} is not a JSON object")
    # Only an escape can smuggle in half a character, which no file could hold.
    if "\\u" in line and not _is_text(found):
        raise InputError(f"line {number} of {name} holds halves of characters (\\ud800 ...)")
    return found


def _is_text(found: dict[str, Any]) -> bool:
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


class JsonlSink(TextSink):
    """Writes a JSON object per line."""

    def __init__(self, output: Output, header: Sequence[str], added: Sequence[str]) -> None:
        super().__init__(output)
        self._names = distinct(header, taken=added)
        self._added = added

    def _encode(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> str:
        row: dict[str, Any] = dict(zip(self._names, cells, strict=True))
        row |= {name: values.get(name) for name in self._added}
        try:
            line = json.dumps(row, ensure_ascii=False, default=_plain, allow_nan=False)
        except ValueError:
            # JSON knows neither NaN nor infinity; most readers would refuse the whole line.
            line = json.dumps(_without_nan(row), ensure_ascii=False, default=_plain)
        return line + "\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_nan(inner) for inner in value]
    return as_text(value) if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | bytes | dt.date | dt.time):
        return as_text(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
