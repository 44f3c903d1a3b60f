"""Reads and writes JSON lines."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs

from hum_async.bulk.tables._cells import Cell, as_text, distinct
from hum_async.bulk.tables._sink import FileSink
from hum_async.bulk.tables._table import Table
from hum_async.errors import InputError


@attrs.frozen(kw_only=True)
class JsonlTable(Table):
    """A file with a JSON object on each line."""

    format: ClassVar[str] = "jsonl"

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row; a name that an object lacks is None."""
        for found in _objects(self.path, self.name):
            yield [found.get(column) for column in self.header]


def open_jsonl(path: Path, *, name: str) -> JsonlTable:
    """Read a file of JSON lines once; its columns are all names in order of appearance.

    Raises:
        InputError: The file is empty, or a line is no JSON object.
        OSError: The file cannot be opened.
    """
    columns: dict[str, None] = {}
    count = 0
    for found in _objects(path, name):
        count += 1
        columns.update(dict.fromkeys(found))
    if not count:
        raise InputError(f"{name} is empty; it needs a JSON object for each address")
    return JsonlTable(path=path, name=name, header=tuple(columns), count=count)


def _objects(path: Path, name: str) -> Iterator[dict[str, Any]]:
    # Other line ends than \n may be part of a JSON text.
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
    # An escape can stand for half a character, which no output can hold.
    if "\\u" in line and not _is_text(found):
        raise InputError(f"line {number} of {name} holds halves of characters (\\ud800 ...)")
    return found


def _is_text(found: dict[str, Any]) -> bool:
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


class JsonlSink(FileSink):
    """Writes one JSON object per line."""

    def __init__(self, target: str, header: Sequence[str], added: Sequence[str]) -> None:
        super().__init__(target, added)
        self._names = [*distinct(header, taken=added), *added]

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row."""
        row = dict(zip(self._names, [*cells, *self._added_values(values)], strict=True))
        try:
            line = json.dumps(row, ensure_ascii=False, default=_plain, allow_nan=False)
        except ValueError:
            # JSON has neither NaN nor infinity; most readers would refuse the whole line.
            line = json.dumps(_without_nan(row), ensure_ascii=False, default=_plain)
        self._output.put(line + "\n")


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_nan(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else as_text(value)
    return value


def _plain(value: Any) -> Any:
    return as_text(value)
