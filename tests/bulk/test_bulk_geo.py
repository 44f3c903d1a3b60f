"""Results for maps: GeoJSON (RFC 7946) and GeoParquet 1.1."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hum_async import Address, Outcome, Qualification, ServiceAddress
from hum_async.bulk.files.outputs import beside
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.tables import format_of, open_sink, open_table

HERE = ServiceAddress("1 MAIN ST", latitude=42.3314271, longitude=-83.0457538)
THERE = ServiceAddress("2 MAIN ST", latitude=18.5, longitude=-66.0)


def row(place: ServiceAddress | None, **address: Any) -> dict[str, Any]:
    asked = Address("1 Main St", zip="00501", **address)
    return result_values(Qualification(0, asked, Outcome.SERVED, service_address=place))


def written(target: Path, *rows: dict[str, Any]) -> Path:
    sink = open_sink(str(target), header=["id", "zip", "geometry"])
    for values in rows:
        sink.write(["1", "00501", "mine"], values)
    sink.close()
    return target


def test_geojson_is_a_collection_of_points_with_longitude_first(tmp_path: Path) -> None:
    unknown = row(None)
    given = row(None, latitude=40.0, longitude=-75.0)
    found = json.loads(
        written(tmp_path / "out.geojson", row(HERE), unknown, given).read_text(encoding="utf-8"),
        parse_constant=pytest.fail,
    )
    assert list(found) == ["type", "features"]
    assert found["type"] == "FeatureCollection"
    for feature in found["features"]:
        assert list(feature) == ["type", "geometry", "properties"]
        assert feature["type"] == "Feature"
    first, second, third = found["features"]
    assert first["geometry"] == {"type": "Point", "coordinates": [-83.0457538, 42.3314271]}
    assert first["properties"]["hum_latitude"] == 42.3314271
    assert (first["properties"]["zip"], first["properties"]["geometry"]) == ("00501", "mine")
    assert second["geometry"] is None
    # Where the answer names no place, the map shows the one that was asked for.
    assert third["geometry"]["coordinates"] == [-75.0, 40.0]
    assert third["properties"]["hum_latitude"] is None


def test_geojson_without_a_row_is_an_empty_collection(tmp_path: Path) -> None:
    found = json.loads(written(tmp_path / "out.geojson").read_text())
    assert found == {"type": "FeatureCollection", "features": []}


def test_geojson_can_be_packed_and_read_again_as_an_input(tmp_path: Path) -> None:
    target = written(tmp_path / "out.geojson.gz", row(HERE))
    assert json.loads(gzip.decompress(target.read_bytes()))["features"]
    table = open_table(str(target))
    # The place of the result is no coordinate of the input.
    assert [table.header[at] for at in table.kept] == ["id", "zip", "geometry"]


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(91.0, 0.0), (0.0, -180.5), (float("nan"), 1.0), (1.0, None)]
)
def test_what_is_no_place_on_earth_is_no_point(
    tmp_path: Path, latitude: float, longitude: float | None
) -> None:
    nowhere = row(ServiceAddress("1 MAIN ST", latitude=latitude, longitude=longitude))
    assert (nowhere["hum_latitude"], nowhere["hum_longitude"]) == (None, None)
    (feature,) = json.loads(written(tmp_path / "out.geojson", nowhere).read_text())["features"]
    assert feature["geometry"] is None


def geo_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(pq.read_schema(path).metadata[b"geo"])
    return found


@pytest.mark.parametrize("name", ["out.geo.parquet", "out.geoparquet"])
def test_geoparquet_has_points_and_the_metadata_of_version_1_1(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, row(HERE), row(None), row(THERE))
    assert geo_of(path) == {
        "version": "1.1.0",
        "primary_column": "hum_geometry",
        "columns": {
            "hum_geometry": {
                "encoding": "WKB",
                "geometry_types": ["Point"],
            }
        },
    }
    table = pq.read_table(path)
    assert str(table.schema.field("hum_geometry").type) == "binary"
    first, second, third = table["hum_geometry"].to_pylist()
    assert struct.unpack("<BIdd", first) == (1, 1, -83.0457538, 42.3314271)
    assert second is None
    assert struct.unpack("<BIdd", third) == (1, 1, -66.0, 18.5)
    assert table["geometry"].to_pylist() == ["mine"] * 3
    again = open_table(str(path))
    assert [again.header[at] for at in again.kept] == ["id", "zip", "geometry"]


def test_names_say_the_format_and_the_files_beside() -> None:
    assert format_of("a.geojson") == format_of("a.GeoJSON.gz") == "geojson"
    assert format_of("a.geo.parquet") == format_of("A.GEO.PARQUET") == "geoparquet"
    assert format_of("a.b.parquet") == "parquet"
    assert beside("a.geo.parquet", ".manifest.json") == Path("a.manifest.json")
    assert beside("a.geojson.gz", ".manifest.json") == Path("a.manifest.json")
    assert beside("a.b.parquet", ".manifest.json") == Path("a.b.manifest.json")
