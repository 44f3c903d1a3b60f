"""The long table: a row for each provider's offerings and plans."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hum_async import (
    Address,
    Money,
    Offering,
    Outcome,
    Plan,
    Provider,
    Qualification,
    ServiceAddress,
    SpeedRange,
)
from hum_async.bulk.files.long_table import long_columns, long_rows
from hum_async.bulk.files.price_columns import PriceColumns, count_prices
from hum_async.bulk.result_schema import GEOMETRY

PLAN = Plan(
    id="p1",
    sku="sku-1",
    name="Gig",
    technology="fiber",
    download=SpeedRange(500, 1000),
    upload=SpeedRange(50, 100),
    data_limit="Unlimited",
    pricing={"monthly_price": Money(4999), "fee": Money(1000, "EUR")},
)
FIBER = Provider(
    "Fiber Co",
    id="f",
    telephone="+15550100",
    url="https://fiber.example",
    security_token="opaque",
    buyflow_type="direct",
    min_price=Money(2999),
    offerings=(Offering("Fiber", "Terrestrial", 1000.0, 100.0), Offering("DSL")),
    catalog=(PLAN,),
)
BARE = Provider("Bare Co")


def result_of(*providers: Provider) -> Qualification[int]:
    return Qualification(
        key=0,
        address=Address("1 Main St", zip="48226"),
        outcome=Outcome.SERVED,
        providers=providers,
        service_address=ServiceAddress("1 MAIN ST", latitude=42.5, longitude=-83.25),
        data_set="v.1006",
        observed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        source="POST /sessions",
    )


def priced(*providers: Provider) -> PriceColumns:
    return PriceColumns.of(count_prices([result_of(*providers)]))


def rows_of(*providers: Provider) -> list[dict[str, Any]]:
    return list(long_rows(result_of(*providers), row=7, prices=priced(*providers)))


def test_there_is_a_row_for_each_offering_and_each_plan_and_for_a_provider_with_neither() -> None:
    rows = rows_of(FIBER, BARE)
    assert [(row["hum_provider"], row["hum_record"]) for row in rows] == [
        ("Fiber Co", "offering"),
        ("Fiber Co", "offering"),
        ("Fiber Co", "plan"),
        ("Bare Co", "provider"),
    ]
    assert rows_of() == []


def test_every_row_has_all_columns_and_tells_where_its_figures_are_from() -> None:
    for row in rows_of(FIBER, BARE):
        assert set(row) == {*long_columns(prices=priced(FIBER, BARE)), GEOMETRY}
        assert row["hum_row"] == 7
        assert row["hum_outcome"] == "SERVED"
        assert row["hum_data_set"] == "v.1006"
        assert row["hum_observed_at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert (row["hum_latitude"], row["hum_longitude"]) == (42.5, -83.25)
        assert row["hum_source"] == "POST /sessions"
        assert row["hum_library_version"]


def test_an_offering_tells_its_technology_and_speeds() -> None:
    offering, bare, _ = rows_of(FIBER)
    assert (offering["hum_technology"], offering["hum_category"]) == ("Fiber", "Terrestrial")
    assert (offering["hum_fcc_technology_code"], bare["hum_fcc_technology_code"]) == (50, 10)
    assert (offering["hum_max_download_mbps"], offering["hum_max_upload_mbps"]) == (1000, 100)
    assert (offering["hum_served_100_20"], bare["hum_served_100_20"]) == (True, None)
    assert offering["hum_min_price"] == Decimal("29.99")
    assert (offering["hum_min_price_cents"], offering["hum_min_price_currency"]) == (2999, "USD")
    assert bare["hum_max_download_mbps"] is None
    assert offering["hum_plan"] is None


def test_a_plan_tells_its_speeds_and_has_a_column_for_each_price() -> None:
    offering, _, plan = rows_of(FIBER)
    assert (plan["hum_plan_id"], plan["hum_plan_sku"], plan["hum_plan"]) == ("p1", "sku-1", "Gig")
    assert (plan["hum_download_low_mbps"], plan["hum_max_download_mbps"]) == (500, 1000)
    assert plan["hum_data_limit"] == "Unlimited"
    prices = {name: value for name, value in plan.items() if name.startswith("hum_price_")}
    assert prices == {
        "hum_price_fee_eur": Decimal("10.00"),
        "hum_price_fee_eur_cents": 1000,
        "hum_price_monthly_price_usd": Decimal("49.99"),
        "hum_price_monthly_price_cents": 4999,
    }
    assert {offering[name] for name in prices} == {None}


def test_names_of_prices_that_differ_keep_columns_of_their_own() -> None:
    plan = Plan(pricing={"Set-up Fee": Money(1), "set up fee": Money(2), "=1+1": Money(3)})
    (row,) = rows_of(Provider("A", catalog=(plan,)))
    assert {name: value for name, value in row.items() if name.endswith("_cents") and value} == {
        "hum_price_1_1_cents": 3,
        "hum_price_set_up_fee_cents": 1,
        "hum_price_set_up_fee_2_cents": 2,
    }


def test_prices_beyond_a_hundred_names_are_kept_in_one_column() -> None:
    plan = Plan(pricing={f"fee {number:03}": Money(number) for number in range(102)})
    (row,) = rows_of(Provider("A", catalog=(plan,)))
    assert len([name for name in row if name.startswith("hum_price_")]) == 200
    assert json.loads(row["hum_other_prices"]) == {
        "fee 100": {"amount_cents": 100, "currency": "USD"},
        "fee 101": {"amount_cents": 101, "currency": "USD"},
    }


def test_no_opaque_secret_is_written() -> None:
    assert "opaque" not in json.dumps(rows_of(FIBER), default=str)
