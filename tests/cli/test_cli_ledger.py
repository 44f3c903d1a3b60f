"""`hum verify` and `hum status` of a ledger, and files that are used as what they are not."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, JournalError, RateLimiter
from hum_async.bulk import qualify
from hum_async.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = [Address(f"{number} Served St", zip="48226") for number in range(100, 103)]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Return the ledger of a look-up and a job."""
    path = tmp_path / "hum.sqlite"

    async def use() -> None:
        async with (
            Simulator(median=0.0, generation="immediate") as simulator,
            HumClient(
                "k", base_url=simulator.url, limiter=RateLimiter(rate=100), purchases=path
            ) as hum,
        ):
            await hum.lookup(ROWS[0])
            assert len([row async for row in qualify(hum, ROWS)]) == len(ROWS)

    asyncio.run(use())
    return path


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute(statement)
    db.close()


def test_a_sound_ledger_passes(call: Callable[..., Any], ledger: Path) -> None:
    ended = call("verify", str(ledger))
    assert (ended.code, ended.out.count("ok"), ended.out.count("problem")) == (0, 3, 0)
    shown = call("status", str(ledger))
    assert "a ledger, not in use" in shown.out.replace("\n", " ")
    assert "run the same command again" not in shown.out
    found = json.loads(call("status", str(ledger), "--json").out)
    assert found["ledger"] is True
    # A POST, a poll at most and a DELETE of each, all counted.
    assert found["requests"] >= 2 * len(ROWS)
    assert found["sessions"]["bought"] == len(ROWS)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE purchase SET result = (SELECT result FROM purchase WHERE id = 1) WHERE id = 2",
        "UPDATE purchase SET result = NULL, outcome = NULL, token = NULL WHERE id = 2",
        "UPDATE purchase SET result = NULL, outcome = NULL WHERE id = 2",
    ],
)
def test_a_ledger_with_something_wrong_or_left_does_not_pass(
    call: Callable[..., Any], ledger: Path, statement: str
) -> None:
    change(ledger, statement)
    ended = call("verify", str(ledger))
    assert ended.code == 3
    assert "problem" in ended.out


def test_a_ledger_is_no_journal_of_a_job(ledger: Path) -> None:
    async def use() -> None:
        async with HumClient("k", base_url="http://127.0.0.1:9") as hum:
            await anext(qualify(hum, ROWS, journal=ledger))

    with pytest.raises(JournalError, match="is the ledger of a HumClient"):
        asyncio.run(use())


def test_the_journal_of_a_job_is_no_ledger_and_stays_as_it_is(tmp_path: Path) -> None:
    journal = tmp_path / "job.sqlite"

    async def use() -> None:
        async with Simulator(median=0.0, generation="immediate") as simulator:
            async with HumClient("k", base_url=simulator.url) as hum:
                assert [row async for row in qualify(hum, ROWS[:1], journal=journal)]
            before = journal.read_bytes()
            with pytest.raises(JournalError, match="give purchases= another file"):
                await HumClient("k", base_url=simulator.url, purchases=journal).__aenter__()
            assert journal.read_bytes() == before

    asyncio.run(use())
