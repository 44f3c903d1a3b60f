"""Writes GeoJSON (RFC 7946)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hum_async.bulk.result_schema import GEOMETRY
from hum_async.bulk.tables._cells import Cell
from hum_async.bulk.tables._jsonl import JsonSink


class GeoJsonSink(JsonSink):
    """Writes a collection of features, each on a line: a point, and the row as its properties.

    A row whose place is not known has no geometry (RFC 7946 3.2).
    """

    def __init__(self, target: str, header: Sequence[str], added: Sequence[str]) -> None:
        super().__init__(target, header, added)
        self._before = self._start = '{"type": "FeatureCollection", "features": [\n'

    def _line(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> str:
        point = values.get(GEOMETRY)
        shape = None if point is None else {"type": "Point", "coordinates": list(point)}
        properties = super()._line(cells, values)
        return f'{{"type": "Feature", "geometry": {json.dumps(shape)}, "properties": {properties}}}'

    def _write_end(self) -> None:
        # Without a row, the collection has not begun.
        start = self._start if self._before == self._start else "\n"
        self._output.put(f"{start}]}}\n")
