"""The long table: a row for each provider's offerings and plans."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hum_async import Address, Money, Offering, Outcome, Plan, Provider, Qualification, SpeedRange
from hum_async.bulk.files.long_table import LONG_COLUMNS, long_rows

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


def rows_of(*providers: Provider) -> list[dict[str, Any]]:
    return list(
        long_rows(
            Qualification(
                key=0,
                address=Address("1 Main St", zip="48226"),
                outcome=Outcome.SERVED,
                providers=providers,
                data_set="v.1006",
                observed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            )
        )
    )


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
        assert tuple(row) == LONG_COLUMNS
        assert row["hum_outcome"] == "SERVED"
        assert row["hum_data_set"] == "v.1006"
        assert row["hum_observed_at"] == "2026-01-02T03:04:05Z"
        assert row["hum_library_version"]


def test_an_offering_tells_its_technology_and_speeds() -> None:
    offering, bare, _ = rows_of(FIBER)
    assert (offering["hum_technology"], offering["hum_category"]) == ("Fiber", "Terrestrial")
    assert (offering["hum_max_download_mbps"], offering["hum_max_upload_mbps"]) == (1000, 100)
    assert (offering["hum_min_price"], offering["hum_min_price_currency"]) == (29.99, "USD")
    assert bare["hum_max_download_mbps"] is None
    assert offering["hum_plan"] is None


def test_a_plan_tells_its_speeds_and_prices_in_units_of_the_currency() -> None:
    plan = rows_of(FIBER)[-1]
    assert (plan["hum_plan_id"], plan["hum_plan_sku"], plan["hum_plan"]) == ("p1", "sku-1", "Gig")
    assert (plan["hum_download_low_mbps"], plan["hum_max_download_mbps"]) == (500, 1000)
    assert plan["hum_data_limit"] == "Unlimited"
    assert json.loads(plan["hum_plan_pricing"]) == {
        "monthly_price": {"amount": 49.99, "currency": "USD"},
        "fee": {"amount": 10.0, "currency": "EUR"},
    }


def test_no_opaque_secret_is_written() -> None:
    assert "opaque" not in json.dumps(rows_of(FIBER))
