"""Bounds in money: `qualify` never spends more, over all runs with a journal."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import ConnectFailed, Outcome, RequestTimeout, SessionLimitReached
from hum_async.bulk import qualify
from hum_async.bulk.job_status import status_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.virtual


async def outcomes_of(job: Any) -> tuple[list[Outcome], str]:
    """Run a job; return its outcomes, and why it ended early."""
    found: list[Outcome] = []
    while True:
        try:
            found.append((await anext(job)).outcome)
        except StopAsyncIteration:
            return found, ""
        except SessionLimitReached as exc:
            return found, str(exc)


async def test_no_more_is_spent_than_may_be_over_all_runs(
    make_api: Callable[..., Any],
    client_of: Callable[..., Any],
    streets: Callable[..., Any],
    tmp_path: Path,
) -> None:
    api, journal = make_api(), tmp_path / "job.sqlite"
    terms: dict[str, Any] = {"journal": journal, "price_per_session": "0.05"}
    for most, bought, rows in (("0.24", 4, 4), ("0.24", 4, 4), (Decimal("0.25"), 5, 5)):
        async with client_of(api) as client:
            job = qualify(client, streets(10), max_cost=most, **terms)
            found, why = await outcomes_of(job)
            assert len(found) == rows
            assert "raise max_cost and run it again" in why
            assert f"${bought * Decimal('0.05')} of the ${most}" in why
            assert api.count("POST") == bought
            assert job.statistics().cost == job.statistics().cost_today == bought * Decimal("0.05")
    async with client_of(api) as client:
        job = qualify(client, streets(10), max_cost=5.0, **terms)
        assert await outcomes_of(job) == ([Outcome.SERVED] * 10, "")
    assert api.count("POST") == 10
    status = status_of(journal)
    assert (status.cost, status.cost_today, status.price) == (
        Decimal("0.50"),
        Decimal("0.50"),
        Decimal("0.05"),
    )


async def test_what_is_uncertain_counts_and_what_had_no_effect_does_not(
    make_api: Callable[..., Any],
    client_of: Callable[..., Any],
    streets: Callable[..., Any],
    tmp_path: Path,
) -> None:
    api, journal = make_api(), tmp_path / "job.sqlite"
    api.say("POST", *[RequestTimeout("lost")] * 2, *[ConnectFailed("no")] * 2)
    async with client_of(api, concurrency=1) as client:
        job = qualify(
            client, streets(9), journal=journal, price_per_session=1, max_cost="4.99", max_open=1
        )
        found, why = await outcomes_of(job)
    assert "$4.00 of the $4.99" in why
    assert found.count(Outcome.UNCERTAIN) == 2
    assert api.count("POST") == 6
    assert len(api.sessions) == 2
    async with client_of(api) as client:
        job = qualify(client, streets(9), journal=journal, price_per_session=1, max_cost="4.99")
        assert "$4.00" in (await outcomes_of(job))[1]
    assert len(api.sessions) == 2


async def test_the_day_counts_by_the_times_in_the_journal(
    make_api: Callable[..., Any],
    client_of: Callable[..., Any],
    streets: Callable[..., Any],
    tmp_path: Path,
) -> None:
    api, journal = make_api(), tmp_path / "job.sqlite"

    async def run(**terms: Any) -> tuple[int, str]:
        async with client_of(api) as client:
            job = qualify(client, streets(9), journal=journal, price_per_session="0.10", **terms)
            found, why = await outcomes_of(job)
            return len(found), why

    assert (await run(max_cost_per_day="0.35"))[0] == 3
    rows, why = await run(max_cost_per_day="0.35")
    assert (rows, api.count("POST")) == (3, 3)
    assert "$0.30 of the $0.35 that it may a day" in why
    assert "after midnight UTC" in why
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("UPDATE purchase SET asked_at = '2026-01-31T23:59:59.999+00:00'")
    rows, why = await run(max_cost_per_day="0.35", max_cost="0.55")
    assert (rows, api.count("POST")) == (5, 5)
    assert "$0.50 of the $0.55 that it may, " in why
    assert (await run(max_cost_per_day="0.35"))[0] == 6
    assert api.count("POST") == 6


async def test_another_price_leaves_what_was_bought_at_its_own(
    make_api: Callable[..., Any],
    client_of: Callable[..., Any],
    streets: Callable[..., Any],
    tmp_path: Path,
) -> None:
    api, journal = make_api(), tmp_path / "job.sqlite"
    for price, most, bought in (("1", "3", 3), ("0.50", "4", 5), ("2", "7.99", 6)):
        async with client_of(api) as client:
            job = qualify(
                client, streets(9), journal=journal, price_per_session=price, max_cost=most
            )
            await outcomes_of(job)
        assert api.count("POST") == bought
    assert status_of(journal).cost == Decimal("6.00")


async def test_without_a_journal_a_run_counts_for_itself(
    make_api: Callable[..., Any], client_of: Callable[..., Any], streets: Callable[..., Any]
) -> None:
    api = make_api()
    async with client_of(api) as client:
        job = qualify(client, streets(9), price_per_session=1, max_cost=2, max_cost_per_day=9)
        assert len((await outcomes_of(job))[0]) == 2
        assert job.statistics().cost == 2
        assert qualify(client, streets(1)).statistics().cost is None
    assert api.count("POST") == 2


def test_an_amount_that_is_none_is_refused_at_once(
    make_api: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(make_api())
    for terms in ({"max_cost": 5}, {"price_per_session": 0}, {"price_per_session": "x"}):
        with pytest.raises(ValueError, match=r"price|amount"):
            qualify(client, [], **terms)
