"""Writes GeoParquet 1.1: Parquet with a column of points and metadata that says so."""

import json
import struct
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from hum_async.bulk.result_schema import GEOMETRY
from hum_async.bulk.tables._cells import Cell
from hum_async.bulk.tables._parquet import ParquetSink
from hum_async.bulk.tables._table import Table

_POINT = struct.Struct("<BIdd")
"""Well-known binary of a point: byte order, type, longitude, latitude."""
_GEO = {
    "version": "1.1.0",
    "primary_column": GEOMETRY,
    # Without a reference system it is OGC:CRS84: longitude and latitude in WGS 84.
    "columns": {GEOMETRY: {"encoding": "WKB", "geometry_types": ["Point"]}},
}


class GeoParquetSink(ParquetSink):
    """Writes row groups with a point in each row whose place is known."""

    own_metadata: ClassVar[Mapping[bytes, bytes]] = {b"geo": json.dumps(_GEO).encode()}

    def __init__(
        self,
        target: str,
        header: Sequence[str],
        added: Sequence[str],
        *,
        source: Table | None,
        text: Collection[str],
    ) -> None:
        super().__init__(target, header, [*added, GEOMETRY], source=source, text=text)

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Add one row to the current row group."""
        point = values.get(GEOMETRY)
        super().write(cells, {**values, GEOMETRY: point and _POINT.pack(1, 1, *point)})
