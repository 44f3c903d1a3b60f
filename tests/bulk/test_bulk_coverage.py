"""What is offered at an address, as columns: technologies, FCC codes, levels of service."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import python_calamine

from hum_async import (
    Address,
    HumClient,
    Money,
    Offering,
    Outcome,
    Plan,
    Provider,
    Qualification,
    ServiceAddress,
    SpeedRange,
)
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.result_schema import (
    Kind,
    ServiceLevel,
    is_result_column,
    kind_of,
    result_columns,
)
from hum_async.bulk.tables import open_sink

if TYPE_CHECKING:
    from pathlib import Path

SEEN = dt.datetime(2026, 11, 23, 6, 2, 3, tzinfo=dt.UTC)
FLAGS = ("fiber", "cable", "dsl", "fixed_wireless", "satellite", "other")


def result(outcome: Outcome = Outcome.SERVED, *providers: Provider) -> Qualification:
    return Qualification(
        key=0, address=Address("1 Main St", zip="48226"), outcome=outcome, providers=providers
    )


def values_of(*offerings: Offering, **extra: Any) -> dict[str, Any]:
    return result_values(result(Outcome.SERVED, Provider("A", offerings=offerings)), **extra)


def flags_of(values: dict[str, Any]) -> set[str]:
    return {name for name in FLAGS if values[f"hum_has_{name}"]}


@pytest.mark.parametrize(
    ("word", "code", "flag"),
    [
        ("Fiber", 50, "fiber"),
        ("fiber", 50, "fiber"),
        ("Cable", 40, "cable"),
        ("DSL", 10, "dsl"),
        ("Fixed Wireless", 70, "fixed_wireless"),
        ("fixed-wireless", 70, "fixed_wireless"),
        ("Licensed Fixed Wireless", 71, "fixed_wireless"),
        ("Satellite", 60, "satellite"),
        ("Other", 0, "other"),
    ],
)
def test_each_technology_has_a_flag_and_the_code_of_the_fcc(
    word: str, code: int, flag: str
) -> None:
    values = values_of(Offering(word))
    assert values["hum_fcc_technology_codes"] == [code]
    assert flags_of(values) == {flag}
    assert [values[f"hum_has_{name}"] for name in FLAGS if name != flag] == [False] * 5


@pytest.mark.parametrize(
    ("said", "code"), [("61", 61), (43, 43), ("50", 50), ("x", 60), ("999", 60), (None, 60)]
)
def test_the_code_of_the_answer_goes_before_the_word(said: Any, code: int) -> None:
    values = values_of(Offering("Satellite", extra={"technology_code": said}))
    assert values["hum_fcc_technology_codes"] == [code]


def test_what_is_not_known_is_neither_true_nor_false() -> None:
    unknown = values_of(Offering("Carrier Pigeon", None, 100, None))
    assert [unknown[f"hum_has_{name}"] for name in FLAGS] == [None] * 6
    assert unknown["hum_served_100_20"] is None
    assert unknown["hum_technologies"] == ["Carrier Pigeon"]
    assert values_of(Offering("Fiber", None, 90, None))["hum_served_100_20"] is False
    bare = result_values(result(Outcome.SERVED, Provider("Bare")))
    assert (bare["hum_has_fiber"], bare["hum_served_25_3"]) == (None, None)
    beside = result(
        Outcome.SERVED, Provider("Bare"), Provider("B", offerings=(Offering("Fiber", None, 25, 3),))
    )
    found = result_values(beside)
    assert (found["hum_has_fiber"], found["hum_has_cable"]) == (True, None)
    assert (found["hum_served_25_3"], found["hum_served_100_20"]) == (True, None)


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [(Outcome.NO_PROVIDERS, False), (Outcome.AMBIGUOUS_ADDRESS, None), (Outcome.FAILED, None)],
)
def test_only_an_answer_says_that_an_address_is_not_served(
    outcome: Outcome,
    answer: bool | None,  # noqa: FBT001  a parameter of the test
) -> None:
    values = result_values(result(outcome))
    assert values["hum_served_25_3"] is answer
    assert values["hum_has_fiber"] is answer


def test_one_connection_must_reach_both_speeds() -> None:
    apart = values_of(Offering("Cable", None, 1000, 10), Offering("DSL", None, 30, 30))
    assert apart["hum_served_100_20"] is False
    assert apart["hum_served_25_3"] is True
    assert (apart["hum_max_download_mbps"], apart["hum_max_upload_mbps"]) == (1000, 30)


def test_levels_of_service_can_be_chosen() -> None:
    levels = (ServiceLevel.parse("1000/500"), ServiceLevel.parse(" 10 / 1 "))
    values = values_of(Offering("Fiber", None, 1000, 500), levels=levels)
    assert values["hum_served_1000_500"] is values["hum_served_10_1"] is True
    assert "hum_served_100_20" not in values
    assert set(result_columns(levels)) < set(values)
    assert is_result_column("hum_served_1000_500")
    for text in ("", "100", "100/20/5", "0/1", "-1/2", "1e3/2", "100/x", "1.5/1"):
        with pytest.raises(ValueError, match="100/20"):
            ServiceLevel.parse(text)


def test_plans_tell_what_a_provider_without_offerings_offers() -> None:
    plan = Plan(technology="fiber", download=SpeedRange(50, 300), upload=SpeedRange(20, 20))
    values = result_values(result(Outcome.SERVED, Provider("A", catalog=(plan,))))
    assert values["hum_technologies"] == ["fiber"]
    assert values["hum_has_fiber"] is values["hum_served_100_20"] is True
    assert values["hum_max_download_mbps"] == 300


POLLED = "GET /sessions/{token}/services/internet"


@pytest.mark.virtual
@pytest.mark.parametrize(
    "source",
    [
        pytest.param("POST /sessions", marks=pytest.mark.hum_simulator(generation="immediate")),
        pytest.param(POLLED, marks=pytest.mark.hum_simulator(generation="polling")),
    ],
)
async def test_the_endpoint_that_answered_is_told(hum: HumClient, source: str) -> None:
    served = await hum.lookup(Address("100 Served St", zip="48226"))
    none = await hum.lookup(Address("100 No Providers Ave", zip="48226"))
    refused = await hum.lookup(Address("", zip="48226"))
    assert served.source == source
    assert (none.source or "").startswith("GET /sessions/{token}")
    assert refused.source is None
    assert result_values(served)["hum_source"] == served.source


@pytest.fixture(name="values")
def _values() -> dict[str, Any]:
    found = Qualification(
        key=0,
        address=Address("1 Main St", zip="48226"),
        outcome=Outcome.SERVED,
        providers=(
            Provider("A", offerings=(Offering("Fiber", None, 1000, 500),), min_price=Money(2950)),
        ),
        service_address=ServiceAddress("1 MAIN ST", latitude=42.3314271, longitude=-83.0457538),
        observed_at=SEEN + dt.timedelta(milliseconds=250),
        source="POST /sessions",
    )
    return result_values(found, row=7)


def written(values: dict[str, Any], target: Path) -> Path:
    sink = open_sink(str(target), header=["id"])
    sink.write(["1"], values)
    sink.close()
    return target


def test_csv_has_text_that_readers_take_for_the_right_type(
    values: dict[str, Any], tmp_path: Path
) -> None:
    text = written(values, tmp_path / "out.csv").read_text()
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["hum_latitude"], row["hum_longitude"]) == ("42.3314271", "-83.0457538")
    assert row["hum_observed_at"] == "2026-11-23T06:02:03Z"
    assert (row["hum_min_price_usd"], row["hum_min_price_cents"]) == ("29.50", "2950")
    assert (row["hum_has_fiber"], row["hum_has_dsl"]) == ("true", "false")
    assert (row["hum_fcc_technology_codes"], row["hum_row"]) == ("50", "7")
    assert row["hum_source"] == "POST /sessions"


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_json_has_numbers_and_booleans(values: dict[str, Any], tmp_path: Path, ending: str) -> None:
    found = json.loads(written(values, tmp_path / f"out.{ending}").read_text())
    row = found[0] if isinstance(found, list) else found
    assert (row["hum_latitude"], row["hum_longitude"]) == (42.3314271, -83.0457538)
    assert row["hum_observed_at"] == "2026-11-23T06:02:03Z"
    assert (row["hum_min_price_usd"], row["hum_min_price_cents"]) == (29.5, 2950)
    assert (row["hum_has_fiber"], row["hum_has_dsl"]) == (True, False)
    assert row["hum_fcc_technology_codes"] == [50]


def test_excel_has_dates_money_and_booleans(values: dict[str, Any], tmp_path: Path) -> None:
    book = python_calamine.load_workbook(str(written(values, tmp_path / "out.xlsx")))
    header, cells = book.get_sheet_by_index(0).to_python()
    row = dict(zip(map(str, header), cells, strict=True))
    assert row["hum_observed_at"] == SEEN.replace(tzinfo=None)
    assert (row["hum_min_price_usd"], row["hum_min_price_cents"]) == (29.5, 2950)
    assert row["hum_has_fiber"] is True
    assert row["hum_latitude"] == 42.3314271


def test_parquet_has_a_type_for_each_column(values: dict[str, Any], tmp_path: Path) -> None:
    table = pq.read_table(written(values, tmp_path / "out.parquet"))
    (row,) = table.to_pylist()
    assert row["hum_observed_at"] == SEEN
    assert str(table.schema.field("hum_observed_at").type) == "timestamp[us, tz=UTC]"
    assert row["hum_min_price_usd"] == Decimal("29.50")
    assert (row["hum_min_price_cents"], row["hum_row"]) == (2950, 7)
    assert row["hum_has_fiber"] is True
    assert row["hum_fcc_technology_codes"] == [50]
    kinds = {
        Kind.BOOLEAN: "bool",
        Kind.INTEGER: "int64",
        Kind.NUMBER: "double",
        Kind.DEGREES: "double",
        Kind.MONEY: "decimal128(21, 2)",
        Kind.TEXT: "string",
    }
    for name in result_columns():
        if (kind := kind_of(name)) in kinds:
            assert str(table.schema.field(name).type) == kinds[kind], name
