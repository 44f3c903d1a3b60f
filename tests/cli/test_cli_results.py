"""The outputs of a job for analysts: every format, and the levels of service."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STREETS = ("100 Served St", "100 No Providers Ave", "100 Ambiguous Rd", "")


@pytest.fixture(name="job")
def _job(call: Callable[..., Any], addresses: Callable[..., str]) -> Callable[..., Any]:
    name = addresses(*STREETS)

    def job(*options: str) -> Any:
        ended = call("qualify", name, "--simulate", "--speed", "1000", "-q", *options)
        assert ended.code == 3, ended.err
        return ended

    return job


def test_prices_of_plans_are_columns_of_the_long_table(
    job: Callable[..., Any], tmp_path: Path
) -> None:
    job("-o", str(tmp_path / "out.csv"), "--long", str(tmp_path / "long.parquet"))
    table = pq.read_table(tmp_path / "long.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    assert types["hum_price_monthly_price_usd"] == "decimal128(21, 2)"
    assert types["hum_price_monthly_price_cents"] == "int64"
    assert types["hum_min_price_cents"] == "int64"
    assert types["hum_observed_at"] == "timestamp[us, tz=UTC]"
    plans = [row for row in table.to_pylist() if row["hum_record"] == "plan"]
    assert plans
    for plan in plans:
        cents = plan["hum_price_monthly_price_cents"]
        assert cents > 0
        assert plan["hum_price_monthly_price_usd"] * 100 == cents
        assert plan["hum_row"] == 1
    manifest = json.loads((tmp_path / "out.manifest.json").read_text())
    assert list(manifest["results"]["long_columns"]) == table.column_names[3:]


def test_a_job_for_a_map_has_a_point_for_each_address_that_was_found(
    job: Callable[..., Any], tmp_path: Path
) -> None:
    job("-o", str(tmp_path / "out.geojson"))
    features = json.loads((tmp_path / "out.geojson").read_text())["features"]
    assert len(features) == len(STREETS)
    for feature in features:
        found = feature["properties"]
        if found["hum_latitude"] is None:
            assert feature["geometry"] is None
        else:
            degrees = [found["hum_longitude"], found["hum_latitude"]]
            assert feature["geometry"] == {"type": "Point", "coordinates": degrees}
    assert features[-1]["geometry"] is None
    assert [feature["properties"]["hum_row"] for feature in features] == [1, 2, 3, 4]
    job("-o", str(tmp_path / "out.geo.parquet"), "--journal", str(tmp_path / "out.journal.sqlite"))
    points = pq.read_table(tmp_path / "out.geo.parquet")["hum_geometry"]
    shapes = [feature["geometry"] is None for feature in features]
    assert [point is None for point in points.to_pylist()] == shapes


def test_levels_of_service_are_named_by_an_option(
    call: Callable[..., Any], job: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    job("-o", str(out), "--served", "1000/500,10/1")
    with out.open(newline="") as stream:
        served, none, *others = csv.DictReader(stream)
    assert served["hum_served_10_1"] == "true"
    assert (none["hum_served_10_1"], none["hum_served_1000_500"]) == ("false", "false")
    assert {row["hum_served_10_1"] for row in others} == {""}
    assert "hum_served_100_20" not in served
    assert call("verify", str(tmp_path / "out.journal.sqlite")).code == 0
    manifest = json.loads((tmp_path / "out.manifest.json").read_text())
    assert manifest["settings"]["served"] == ["1000/500", "10/1"]
    assert manifest["results"]["columns"]["hum_served_10_1"] == "boolean"
    # What it wrote is an input again, and its results are not taken for columns of it.
    again = call("check", str(out))
    assert "hum_" not in again.out


def test_a_level_that_is_none_is_a_usage_error(call: Callable[..., Any]) -> None:
    ended = call("qualify", "in.csv", "--served", "fast")
    assert ended.code == 2
    assert "100/20" in " ".join(ended.err.split())
