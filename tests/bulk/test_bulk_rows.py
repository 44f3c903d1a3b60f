"""One result as the columns of a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hum_async import Address, Money, Offering, Outcome, Provider, Qualification
from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async.bulk.result_columns import RESULT_COLUMNS, result_values, spreadsheet_safe, utc_text
from hum_async.bulk.result_schema import GEOMETRY
from hum_async.errors import ServerError


def result(outcome: Outcome = Outcome.SERVED, **fields: Any) -> Qualification:
    return Qualification(
        key=0, address=Address("1 Main St", zip="48226"), outcome=outcome, **fields
    )


def test_the_columns_are_these_in_this_order() -> None:
    assert RESULT_COLUMNS == (
        "hum_outcome",
        "hum_service_address",
        "hum_latitude",
        "hum_longitude",
        "hum_provider_count",
        "hum_providers",
        "hum_technologies",
        "hum_fcc_technology_codes",
        "hum_has_fiber",
        "hum_has_cable",
        "hum_has_dsl",
        "hum_has_fixed_wireless",
        "hum_has_satellite",
        "hum_has_other",
        "hum_max_download_mbps",
        "hum_max_upload_mbps",
        "hum_served_100_20",
        "hum_served_25_3",
        "hum_min_price_usd",
        "hum_min_price_cents",
        "hum_source",
        "hum_data_set",
        "hum_observed_at",
        "hum_requests",
        "hum_elapsed_s",
        "hum_library_version",
        "hum_error",
        "hum_note",
        "hum_row",
    )
    assert tuple(result_values(result())) == (*RESULT_COLUMNS, GEOMETRY)


def test_the_best_of_all_providers_is_told() -> None:
    providers = (
        Provider(
            name="A",
            offerings=(Offering("Fiber", None, 1000, 500), Offering("fiber", None, 300, None)),
            min_price=Money(4999, "USD"),
        ),
        Provider(name="B", offerings=(Offering("DSL", None, None, 20),)),
        Provider(name="C", min_price=Money(100, "CAD")),
    )
    values = result_values(result(providers=providers))
    assert values["hum_provider_count"] == 3
    assert values["hum_providers"] == ["A", "B", "C"]
    assert [technology.casefold() for technology in values["hum_technologies"]] == ["fiber", "dsl"]
    assert values["hum_max_download_mbps"] == 1000
    assert values["hum_max_upload_mbps"] == 500
    assert values["hum_min_price_usd"] == Decimal("49.99")
    assert values["hum_min_price_cents"] == 4999


def test_what_is_not_known_is_none_and_not_zero() -> None:
    values = result_values(result(providers=(Provider(name="A"),)))
    for name in ("hum_max_download_mbps", "hum_max_upload_mbps", "hum_min_price_usd"):
        assert values[name] is None


def test_moments_are_written_in_utc() -> None:
    moment = datetime(2026, 11, 23, 1, 2, 3, 456, tzinfo=timezone(timedelta(hours=-5)))
    found = result_values(result(observed_at=moment))["hum_observed_at"]
    assert (found, found.tzinfo) == (datetime(2026, 11, 23, 6, 2, 3, tzinfo=UTC), UTC)
    assert utc_text(found) == "2026-11-23T06:02:03Z"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_exactly_the_failed_rows_say_why(outcome: Outcome) -> None:
    error = ServerError(502) if outcome in FAILED_OUTCOMES else None
    said = result_values(result(outcome, error=error))["hum_error"]
    assert bool(said) == (outcome in FAILED_OUTCOMES)
    assert bool(result_values(result(outcome))["hum_error"]) == (outcome in FAILED_OUTCOMES)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "\n+1"])
def test_text_that_a_spreadsheet_would_run_is_neutralised(text: str) -> None:
    assert spreadsheet_safe(text).startswith("'")


@pytest.mark.parametrize("text", ["", "AT&T", "1-800", "a=b", "#5", "Spectrum"])
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert spreadsheet_safe(text) == text


@settings(derandomize=True, deadline=None)
@given(st.text())
def test_no_line_of_safe_text_is_a_formula(text: str) -> None:
    for line in spreadsheet_safe(text).splitlines():
        assert not line.strip().startswith(("=", "+", "-", "@"))
