"""Lots: which rows a worker takes in hand, and what becomes of those of dead workers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._purchases.lots import LOT_ROWS, MAX_TRIES, LotLayout, layout_of
from hum_async._purchases.postgres.connection import Database
from hum_async._purchases.postgres.job import Taking
from hum_async._purchases.postgres.lots import Lots
from hum_async._purchases.postgres.schema import prepare
from hum_async._purchases.postgres.store import open_database
from hum_async._purchases.postgres.url import parse_database_url
from hum_async.bulk.job_status import status_of
from hum_async.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@given(rows=st.integers(0, 30_000))
def test_the_lots_of_an_input_hold_each_row_once(rows: int) -> None:
    layout = layout_of(rows)
    lots = [layout.lot(number) for number in range(layout.lots)]
    assert [row for lot in lots for row in range(lot.first, lot.end)] == list(range(rows))
    assert all(lot.first < lot.end <= lot.first + LOT_ROWS for lot in lots)
    assert all(layout.lot_of(lot.first) == layout.lot_of(lot.end - 1) == lot.number for lot in lots)


def test_ten_million_rows_are_ten_thousand_lots() -> None:
    assert layout_of(10_000_000) == LotLayout(10_000_000, 10_000)


class Job:
    """A job in a database, and workers that exist as rows alone."""

    def __init__(self, url: str) -> None:
        self.url = parse_database_url(url)
        self.database = Database(self.url, connections=8)
        self.number = 0

    async def begin(self) -> None:
        await self.database.run(lambda connection: prepare(connection, self.url))
        self.number = await self.value("INSERT INTO job (name) VALUES ('june') RETURNING id")

    async def value(self, query: str, *values: Any) -> Any:
        return await self.database.run(lambda connection: connection.fetchval(query, *values))

    async def worker(self) -> Lots:
        number = await self.value(
            "INSERT INTO worker (job, run, host, pid, library_version, lease, lease_until) VALUES "
            "($1, 1, 'here', 1, '1', 0, clock_timestamp() + interval '1 minute') RETURNING id",
            self.number,
        )
        return Lots(self.database, job=self.number, worker=lambda: number, label="job june")

    async def dies(self, *workers: Lots) -> None:
        numbers = [lots.worker() for lots in workers]
        await self.value(
            "UPDATE worker SET lease_until = clock_timestamp() - interval '1 second' "
            "WHERE id = ANY($1)",
            numbers,
        )


@pytest.fixture
async def job(postgres_url: str) -> AsyncIterator[Job]:
    job = Job(postgres_url)
    await job.begin()
    yield job
    await job.database.aclose()


async def laid_out(job: Job, workers: int, *, rows: int, again: bool = False) -> list[Lots]:
    found = [await job.worker() for _ in range(workers)]
    await asyncio.gather(*(each.lay_out(digest="d", rows=rows, again=again) for each in found))
    return found


async def numbers(lots: Lots) -> list[int]:
    """Take all lots that are free."""
    found = []
    while (lot := await lots.claim()) is not None:
        found.append(lot.number)
    return found


async def test_no_two_workers_take_the_same_lot(job: Job) -> None:
    workers = await laid_out(job, 4, rows=60)
    taken = await asyncio.gather(*map(numbers, workers))
    assert sorted(number for mine in taken for number in mine) == list(range(20))
    counts = await workers[0].counts()
    assert (counts.done, counts.in_hand, counts.over) == (0, 20, False)
    for lots, mine in zip(workers, taken, strict=True):
        await lots.done(mine)
    counts = await workers[0].counts()
    assert (counts.done, counts.rows_done, counts.in_hand, counts.over) == (20, 60, 0, True)


async def test_lots_of_a_dead_worker_are_free_and_those_of_one_that_leaves(job: Job) -> None:
    dead, leaves, heir = await laid_out(job, 3, rows=20)
    first, second = await dead.claim(), await leaves.claim()
    assert first is not None
    assert second is not None
    await dead.claim()
    await dead.done([first.number])
    await job.dies(dead)
    assert await numbers(heir) == [*range(2, 20)], "its other lot is among them"
    await leaves.give_back()
    assert await numbers(heir) == [second.number]
    assert (await heir.counts()).in_hand == 19


async def test_a_lot_at_which_three_workers_died_is_set_aside(job: Job) -> None:
    workers = await laid_out(job, MAX_TRIES + 1, rows=16)
    for lots in workers[:-1]:
        lot = await lots.claim()
        assert lot is not None
        assert lot.number == 0
        await job.dies(lots)
    survivor = workers[-1]
    rest = await numbers(survivor)
    assert rest == list(range(1, 16))
    await survivor.done(rest)
    counts = await survivor.counts()
    assert [str(lot) for lot in counts.set_aside] == ["lot 1 (rows 1 to 1)"]
    assert counts.over
    # The same command again, with nobody at the job, tries it again.
    await job.dies(survivor)
    (fresh,) = await laid_out(job, 1, rows=16)
    assert await numbers(fresh) == [0]


async def test_leaving_is_not_dying(job: Job) -> None:
    for _ in range(MAX_TRIES + 1):
        (lots,) = await laid_out(job, 1, rows=16)
        lot = await lots.claim()
        assert lot is not None
        assert lot.number == 0
        await lots.give_back()
    assert (await lots.counts()).set_aside == ()


async def test_a_lot_whose_answer_was_lost_is_given_again(job: Job) -> None:
    (lots,) = await laid_out(job, 1, rows=16)
    await job.value("UPDATE lot SET worker = $1, tries = 1 WHERE number = 0", lots.worker())
    first = await lots.claim()
    second = await lots.claim()
    assert first is not None
    assert second is not None
    assert (first.number, second.number) == (0, 1)


async def test_a_worker_that_was_taken_for_dead_keeps_what_nobody_took(job: Job) -> None:
    numbers_ = [await job.value("INSERT INTO worker (job, run, host, pid, library_version, lease, "
        "lease_until) VALUES ($1, 1, 'h', 1, '1', 0, clock_timestamp() + interval '1 minute') "
        "RETURNING id", job.number) for _ in range(2)]  # fmt: skip
    known_as = [numbers_[0]]
    lots = Lots(job.database, job=job.number, worker=lambda: known_as[0], label="job june")
    await lots.lay_out(digest="d", rows=16, again=False)
    await lots.claim()
    await job.value("UPDATE worker SET lost = true WHERE id = $1", numbers_[0])
    known_as[0] = numbers_[1]
    lot = await lots.claim()
    assert lot is not None
    assert lot.number == 1
    assert (await lots.counts()).in_hand == 2


async def test_another_input_is_refused(job: Job) -> None:
    lots, other = await laid_out(job, 2, rows=16)
    assert await lots.others() == 1
    with pytest.raises(JournalError, match="16 rows instead of 17"):
        await other.lay_out(digest="d", rows=17, again=False)
    with pytest.raises(JournalError, match="digest differs"):
        await other.lay_out(digest="e", rows=16, again=False)


async def test_a_finished_job_stays_so_when_another_input_is_refused(postgres_url: str) -> None:
    url = parse_database_url(f"{postgres_url}?job=june")
    store = await open_database(url, Taking(api="api.test"))
    lots = store.share_input()
    await lots.lay_out(digest="d", rows=1, again=False)
    await lots.claim()
    await lots.done([0])
    await store.finish()
    await store.aclose()
    finished = (await asyncio.to_thread(status_of, url)).finished_at
    assert finished is not None
    store = await open_database(url, Taking(api="api.test"))
    with pytest.raises(JournalError, match="1 row instead of 2"):
        await store.share_input().lay_out(digest="d", rows=2, again=False)
    await store.aclose()
    assert (await asyncio.to_thread(status_of, url)).finished_at == finished
    store = await open_database(url, Taking(api="api.test"))
    await store.share_input().lay_out(digest="d", rows=1, again=True)
    assert (await asyncio.to_thread(status_of, url)).finished_at is None
    await store.aclose()


async def test_all_rows_are_looked_at_again_only_if_nobody_is_at_the_job(job: Job) -> None:
    first, second = await laid_out(job, 2, rows=16)
    await first.done(range(16))
    await second.lay_out(digest="d", rows=16, again=True)
    assert await second.claim() is None
    await job.dies(first)
    await second.lay_out(digest="d", rows=16, again=True)
    assert len(await numbers(second)) == 16


async def test_an_input_without_rows_is_done(job: Job) -> None:
    (lots,) = await laid_out(job, 1, rows=0)
    counts = await lots.counts()
    assert await lots.claim() is None
    assert (counts.over, counts.rows_done) == (True, 0)
