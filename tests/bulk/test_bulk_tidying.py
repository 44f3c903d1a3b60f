"""Sessions whose results are safe, and whose DELETE the end of a run cut off, are closed later."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, Outcome
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
