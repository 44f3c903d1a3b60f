"""Reads JSON lines and other files of JSON objects, and writes JSON lines."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs

from hum_async.bulk.result_columns import json_value
from hum_async.bulk.tables._cells import Cell, as_text, distinct
from hum_async.bulk.tables._header import has_text
from hum_async.bulk.tables._json_values import Line, json_lines
from hum_async.bulk.tables._sink import FileSink
from hum_async.bulk.tables._table import Table, named
from hum_async.bulk.tables._text import Encoding, bad_line, encoding_of, mixed_note
from hum_async.errors import InputError

_ADDRESS = re.compile(r"(?i)street|address|zip|postal")
"""Names of an object that is a row itself, whatever lists it holds."""


@attrs.frozen(kw_only=True)
class JsonlTable(Table):
    """A file of JSON objects: one on each line, in a list, or the features of GeoJSON.

    Attributes:
        encoding: Encoding of the text.
    """

    format: ClassVar[str] = "jsonl"
    encoding: Encoding

    def rows(self) -> Iterator[list[Cell]]:
        """Yield each row; a name that an object lacks is None."""
        for found in _objects(self.content, self.name, self.encoding):
            yield [found.get(column) for column in self.header]


def open_jsonl(path: Path, *, name: str, encoding: str | None = None) -> JsonlTable:
    """Read a file of JSON once; its columns are all names in order of appearance.

    Raises:
        InputError: The file is empty, or a line is no JSON object.
        OSError: The file cannot be opened.
    """
    found = encoding_of(path, encoding)
    try:
        return _scan(path, name, found)
    except UnicodeError:
        mixed = None if encoding else found.mixed
        if mixed is None:
            raise InputError(
                f"{name} is not {found.name} text (line {bad_line(path, found)}); name another "
                "--encoding"
            ) from None
        return attrs.evolve(_scan(path, name, mixed), note=mixed_note(path, name, found))


def _scan(path: Path, name: str, encoding: Encoding) -> JsonlTable:
    columns: dict[str, None] = {}
    count = 0
    for found in _objects(path, name, encoding):
        count += 1
        columns.update(dict.fromkeys(found))
    if not count:
        raise InputError(f"{name} is empty; it needs a JSON object for each address")
    return JsonlTable(path=path, name=name, header=tuple(columns), count=count, encoding=encoding)


def _objects(path: Path, name: str, encoding: Encoding) -> Iterator[dict[str, Any]]:
    """Yield the objects that hold something.

    A list on the first line names the columns of the lists below it.
    """
    names: tuple[str, ...] | None = None
    with encoding.open(path) as stream:
        for line in _unwrapped(json_lines(stream, name)):
            found = line.value
            if isinstance(found, list) and names is None and line.first:
                names = named([as_text(cell) for cell in found], len(found))
                continue
            if isinstance(found, list) and names is not None:
                found = _by_name(found, names, line, name)
            if not isinstance(found, dict):
                raise InputError(f"line {line.number} of {name} is not a JSON object")
            if found.get("type") == "Feature" and "properties" in found:
                found = _of_feature(found)
            if has_text(found.values()):
                yield found


def _unwrapped(lines: Iterator[Line]) -> Iterator[Line]:
    """Yield the values, or those of the only list in the only value: ``{"data": [{...}, ...]}``."""
    first, second = next(lines, None), next(lines, None)
    if first is not None:
        inner = _only_list(first.value) if second is None else None
        if inner is None:
            yield first
        else:
            yield from (Line(value, first.number, first=False) for value in inner)
    if second is not None:
        yield second
        yield from lines


def _only_list(value: Any) -> list[Any] | None:
    if not isinstance(value, dict) or any(_ADDRESS.search(name) for name in value):
        return None
    lists = [
        inner
        for inner in value.values()
        if isinstance(inner, list) and inner and all(isinstance(row, dict) for row in inner)
    ]
    return lists[0] if len(lists) == 1 else None


def _by_name(cells: list[Any], names: tuple[str, ...], line: Line, name: str) -> dict[str, Any]:
    if len(cells) > len(names):
        raise InputError(f"line {line.number} of {name} has more values than the first line names")
    return dict(zip(names, cells, strict=False))


def _of_feature(feature: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a feature of GeoJSON, and the coordinates of its point."""
    properties = feature["properties"]
    found = dict(properties) if isinstance(properties, dict) else {}
    geometry = feature.get("geometry")
    point = isinstance(geometry, dict) and geometry.get("type") == "Point"
    degrees = geometry.get("coordinates") if isinstance(geometry, dict) and point else None
    known = {column.casefold() for column in found} & {"lat", "latitude", "lon", "lng", "longitude"}
    # The point of an earlier result is no coordinate that the address was given.
    if isinstance(degrees, list) and len(degrees) > 1 and not known and "hum_outcome" not in found:
        found |= {"longitude": degrees[0], "latitude": degrees[1]}
    return found


class JsonlSink(FileSink):
    """Writes one JSON object per line."""

    def __init__(self, target: str, header: Sequence[str], added: Sequence[str]) -> None:
        super().__init__(target, added)
        self._names = [*distinct(header, taken=added), *added]

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row."""
        self._output.put(self._line(cells, values) + "\n")

    def _line(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> str:
        added = map(json_value, self._added_values(values))
        row = dict(zip(self._names, [*cells, *added], strict=True))
        try:
            return json.dumps(row, ensure_ascii=False, default=_plain, allow_nan=False)
        except ValueError:
            # JSON has neither NaN nor infinity; most readers would refuse the whole line.
            return json.dumps(_without_nan(row), ensure_ascii=False, default=_plain)


class JsonSink(JsonlSink):
    """Writes a JSON array with an object on each line."""

    def __init__(self, target: str, header: Sequence[str], added: Sequence[str]) -> None:
        super().__init__(target, header, added)
        self._before = "[\n"

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row."""
        self._output.put(self._before + self._line(cells, values))
        self._before = ",\n"

    def _write_end(self) -> None:
        self._output.put("[]\n" if self._before == "[\n" else "\n]\n")


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
