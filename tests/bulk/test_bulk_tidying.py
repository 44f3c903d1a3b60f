"""Sessions whose results are safe, and whose DELETE the end of a run cut off, are closed later."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, Outcome, RateLimiter, SessionHub
from hum_async.bulk import qualify
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.virtual, pytest.mark.busy]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "job.sqlite"


def change(journal: Path, statement: str, *values: Any) -> None:
    with sqlite3.connect(journal) as db:
        db.execute(statement, values)
    db.close()


def deletes(api: Any) -> list[str]:
    return [request.path for request in api.transport.requests if request.method == "DELETE"]


async def run(
    client: HumClient, rows: list[Address], journal: Path, **options: Any
) -> set[Outcome]:
    return {result.outcome async for result in qualify(client, rows, journal=journal, **options)}


async def test_the_next_run_closes_what_a_crash_left_open_and_nothing_twice(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    api = make_api()
    async with client_of(api) as client:
        await run(client, streets(5), journal)
        assert len(deletes(api)) == 5
        # As if the end of the process had come before two of them were answered.
        change(journal, "UPDATE purchase SET closed = 0 WHERE id IN (2, 4)")
        stream = qualify(client, streets(5), journal=journal)
        assert {result.outcome async for result in stream} == {Outcome.SERVED}
        assert stream.statistics().requests == 2
        assert sorted(deletes(api)[5:]) == sorted(deletes(api)[at] for at in (1, 3))
        await run(client, streets(5), journal)
        assert len(deletes(api)) == 7
    assert api.count("POST") == 5


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (410, 1), (500, 2), (429, 2), (401, 2)])
async def test_a_session_that_could_not_be_closed_is_tried_again_by_the_next_run(  # noqa: PLR0913, PLR0917  fixtures
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
    status: int,
    tries: int,
) -> None:
    api = make_api()
    async with client_of(api) as client:
        await run(client, streets(1), journal)
        change(journal, "UPDATE purchase SET closed = 0")
        api.say("DELETE", *[json_response(status)] * 9)
        for _ in range(2):
            assert await run(client, streets(1), journal) == {Outcome.SERVED}
        assert len(deletes(api)) == 1 + tries


async def test_sessions_that_have_expired_or_shall_stay_open_are_left_alone(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    api = make_api()
    async with client_of(api) as client:
        await run(client, streets(3), journal, close=False)
        assert not deletes(api)
        await run(client, streets(3), journal, close=False)
        assert not deletes(api)
        old = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        change(journal, "UPDATE purchase SET asked_at = ?", old)
        await run(client, streets(3), journal)
        assert not deletes(api)


async def test_a_session_without_its_result_is_taken_up_and_not_closed(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    api = make_api()
    api.say("GET", *[json_response(500)] * 50)
    async with client_of(api) as client:
        assert await run(client, streets(1), journal) == {Outcome.FAILED}
        assert await run(client, streets(1), journal) == {Outcome.FAILED}
        assert not deletes(api)


async def test_a_journal_of_an_earlier_version_goes_on(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    api = make_api()
    async with client_of(api) as client:
        await run(client, streets(3), journal)
        change(journal, "ALTER TABLE purchase DROP COLUMN closed")
        assert await run(client, streets(4), journal) == {Outcome.SERVED}
    assert api.count("POST") == 4


# --- the same with a ledger -----------------------------------------------------------------------


@pytest.fixture
def opened(make_api: Callable[..., Any], journal: Path) -> tuple[Any, Callable[[], HumClient]]:
    """Return an API, and make a client of it with a ledger; a new one stands for a new process."""
    api = make_api()

    def opened() -> HumClient:
        limiter = RateLimiter(rate=100)
        return HumClient(transport=api.transport, limiter=limiter, purchases=journal)

    return api, opened


async def job(client: HumClient, rows: list[Address], **options: Any) -> set[Outcome]:
    return {result.outcome async for result in qualify(client, rows, **options)}


def not_closed(journal: Path) -> int:
    with sqlite3.connect(journal) as db:
        number: int = db.execute("SELECT count(*) FROM purchase WHERE NOT closed").fetchone()[0]
    db.close()
    return number


def noted_requests(journal: Path) -> int:
    with sqlite3.connect(journal) as db:
        number: int = db.execute("SELECT sum(requests) FROM run").fetchone()[0]
    db.close()
    return number


@pytest.mark.parametrize("by", ["job", "jobs", "hub"])
async def test_the_next_process_with_a_ledger_closes_what_an_earlier_one_left_open(
    opened: tuple[Any, Callable[[], HumClient]],
    streets: Callable[[int], list[Address]],
    journal: Path,
    by: str,
) -> None:
    (api, client), rows = opened, streets(6)
    async with client() as hum, SessionHub(hum, signals=False) as hub:
        await job(hum, rows[:2])
        for row in rows[2:4]:
            await hum.lookup(row)
        for row in rows[4:]:
            async for _ in hub.subscribe(hub.lookup(row)):
                pass
        await asyncio.sleep(1)
    assert (len(deletes(api)), not_closed(journal)) == (6, 0)
    assert noted_requests(journal) == len(api.transport.requests)
    # As if the end of the process had come before these were answered.
    change(journal, "UPDATE purchase SET closed = 0 WHERE id IN (2, 3, 5)")
    async with client() as hum:
        # What is bought now has a DELETE of its own.
        await hum.lookup(Address("99 Main St", zip="48226"))
        if by == "hub":
            async with SessionHub(hum, signals=False) as hub:
                await asyncio.sleep(1)
                assert hub.statistics().requests == 3
        else:
            await asyncio.gather(*[job(hum, rows[:1]) for _ in range(1 + (by == "jobs"))])
    assert len(deletes(api)) == 6 + 1 + 3
    assert len(set(deletes(api))) == 7
    assert not_closed(journal) == 0
    assert noted_requests(journal) == len(api.transport.requests)
    async with client() as hum:
        await job(hum, rows)
    assert len(deletes(api)) == 10


async def test_what_was_left_open_on_purpose_is_not_closed_by_the_next_process(
    opened: tuple[Any, Callable[[], HumClient]], streets: Callable[[int], list[Address]]
) -> None:
    (api, client), rows = opened, streets(6)
    async with client() as hum, SessionHub(hum, signals=False, close=False) as hub:
        await job(hum, rows[:2], close="never")
        await hum.lookup(rows[2], close=False)
        async for _ in hub.subscribe(hub.lookup(rows[3])):
            pass
    async with client() as hum, SessionHub(hum, signals=False):
        assert await job(hum, rows[:4]) == {Outcome.SERVED}
    assert deletes(api) == []
    assert api.count("POST") == 4


async def test_what_a_stopped_job_did_not_close_is_left_to_the_next_one(
    opened: tuple[Any, Callable[[], HumClient]],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    (api, client), rows = opened, streets(4)
    async with client() as hum:
        await job(hum, rows)
    change(journal, "UPDATE purchase SET closed = 0")
    async with client() as hum:
        api.say("DELETE", json_response(429))
        await job(hum, rows)
        assert len(deletes(api)) == 4 + 1
        await job(hum, rows)
    # The one that was refused waits for the next process.
    assert len(deletes(api)) == 4 + 1 + 3
    async with client() as hum:
        await job(hum, rows)
    assert len(deletes(api)) == 4 + 1 + 3 + 1
    assert not_closed(journal) == 0


@pytest.mark.parametrize("by", ["job", "look-up"])
async def test_a_found_limit_is_kept_in_a_ledger(
    make_api: Callable[..., Any], streets: Callable[[int], list[Address]], journal: Path, by: str
) -> None:
    api = make_api(polling=False, latency=0.05, limit=20)
    first, second = RateLimiter(), RateLimiter()
    async with HumClient(transport=api.transport, limiter=first, purchases=journal) as hum:
        if by == "job":
            await job(hum, streets(150))
        else:
            await asyncio.gather(*[hum.lookup(row, close=False) for row in streets(150)])
    assert first.found_rate is not None
    async with HumClient(transport=api.transport, limiter=second, purchases=journal) as hum:
        await job(hum, streets(1))
        assert second.statistics().rate == pytest.approx(first.found_rate)
