"""Several workers at one job in PostgreSQL: who may buy what, and what becomes of the dead."""

from __future__ import annotations

import asyncio
import gc
import warnings
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from servers import PgBouncer, PostgresServer
from stores import another_worker, at, digest, home, result, schema_of

from hum_async import Outcome
from hum_async._purchases.postgres.changes import Batch, write
from hum_async._purchases.postgres.connection import Database
from hum_async._purchases.postgres.url import parse_database_url
from hum_async._purchases.records import Asked, Closed, Opened, Settled, Withdrawn
from hum_async._purchases.refusals import BoundReached, Taken
from hum_async.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hum_async._purchases.postgres.store import PostgresStore


class Job:
    """A job in a schema of its own, its workers, and a look into its tables."""

    def __init__(self, server: PostgresServer, stack: AsyncExitStack) -> None:
        self.server = server
        self.url = schema_of(server)
        self._stack = stack
        self._database = Database(parse_database_url(self.url))
        stack.push_async_callback(self._database.aclose)

    async def worker(self, parameters: str = "", **options: Any) -> PostgresStore:
        """Take part."""
        store = await another_worker(f"{self.url}{parameters}", **options)
        self._stack.push_async_callback(store.aclose)
        return store

    async def query(self, sql: str) -> Any:
        """Return the value that a statement finds."""
        return await self._database.run(lambda connection: connection.fetchval(sql))

    async def silence(self, number: int = 1, *, lease: int = 0) -> None:
        """Let the lease of a worker (in seconds) have run out long ago, by the server's clock."""
        gone = "UPDATE worker SET lease = {}, lease_until = '-infinity' WHERE id = {}"
        await self.query(gone.format(lease, number))


@pytest.fixture
async def job(postgres_server: PostgresServer) -> AsyncIterator[Job]:
    async with AsyncExitStack() as stack:
        yield Job(postgres_server, stack)


# --- who is first ---------------------------------------------------------------------------------


async def test_the_second_worker_may_not_buy_and_sees_that_the_first_is_at_it(job: Job) -> None:
    one, two = await job.worker(), await job.worker()
    await one.record(Asked(digest(1)))
    with pytest.raises(Taken):
        await two.record(Asked(digest(1)))
    assert (await two.find([at(1)]))[digest(1)].live
    assert not (await one.find([at(1)]))[digest(1)].live
    await one.record(Opened(digest(1), "token-1"))
    await one.record(Settled(digest(1), result(1)))
    entry = (await two.find([at(1)]))[digest(1)]
    assert (entry.live, entry.outcome) == (False, Outcome.SERVED)
    assert (await two.result(entry, key=9, address=home(1))).token == "token-1"


async def test_of_many_workers_that_claim_many_addresses_one_wins_each(job: Job) -> None:
    workers = [await job.worker() for _ in range(4)]
    # In different orders, so that they get into each other's way.
    claims = [
        each.record(Asked(digest((n * (7, 11, 13, 17)[at_]) % 100)))
        for n in range(100)
        for at_, each in enumerate(workers)
    ]
    ended = await asyncio.gather(*claims, return_exceptions=True)
    assert sum(each is None for each in ended) == 100
    assert sum(isinstance(each, Taken) for each in ended) == 300
    assert await job.query("SELECT sum(spent) FROM worker") == 100


async def test_a_claim_that_is_withdrawn_is_free_for_others(job: Job) -> None:
    one, two = await job.worker(), await job.worker()
    await one.record(Asked(digest(1)))
    await one.record(Withdrawn(digest(1)))
    assert await two.find([at(1)]) == {}
    await two.record(Asked(digest(1)))


async def test_a_purchase_is_replaced_by_one_worker_only(job: Job) -> None:
    one, two = await job.worker(), await job.worker()
    await one.record(Asked(digest(1)))
    failed = result(1, outcome=Outcome.FAILED, token=None, error=TransportError("broke"))
    await one.record(Settled(digest(1), failed))
    seen = (await one.find([at(1)]))[digest(1)].number
    await one.record(Asked(digest(1), "retried", replaces=seen))
    await one.record(Settled(digest(1), result(1)))
    # It saw the same failure; the address has been bought since.
    with pytest.raises(Taken):
        await two.record(Asked(digest(1), "retried", replaces=seen))
    assert (await two.find([at(1)]))[digest(1)].outcome is Outcome.SERVED


@pytest.mark.parametrize("most", [0, 1, 7])
async def test_the_bound_counts_the_sessions_of_all_workers(job: Job, most: int) -> None:
    workers = [await job.worker(max_sessions=most) for _ in range(2)]
    claims = [
        each.record(Asked(digest(2 * n + i))) for n in range(10) for i, each in enumerate(workers)
    ]
    ended = await asyncio.gather(*claims, return_exceptions=True)
    assert sum(each is None for each in ended) == most
    assert all(isinstance(each, BoundReached) for each in ended if each is not None)
    one, two = workers
    await asyncio.gather(one.record(), two.record())
    assert one.spent + two.spent == most


async def test_a_session_that_was_none_makes_room_for_another_worker(job: Job) -> None:
    one, two = await job.worker(max_sessions=1), await job.worker(max_sessions=1)
    await one.record(Asked(digest(1)))
    with pytest.raises(BoundReached):
        await two.record(Asked(digest(2)))
    assert two.spent == 1
    await one.record(Settled(digest(1), result(1, outcome=Outcome.INVALID_ADDRESS, token=None)))
    await two.record(Asked(digest(2)))
    assert two.spent == 0


# --- the dead -------------------------------------------------------------------------------------


async def test_what_a_silent_worker_was_at_is_taken_over(job: Job) -> None:
    dead, heir = await job.worker(), await job.worker()
    await dead.record(Asked(digest(1)))
    await dead.record(Asked(digest(2)))
    await dead.record(Opened(digest(2), "token-2"))
    assert all(entry.live for entry in (await heir.find([at(1), at(2)])).values())
    await job.silence()
    found = await heir.find([at(1), at(2)])
    assert (found[digest(1)].outcome, found[digest(1)].live) == (Outcome.UNCERTAIN, False)
    assert (found[digest(2)].token, found[digest(2)].live) == ("token-2", False)
    told = await heir.result(found[digest(1)], key="row", address=home(1))
    assert (told.outcome, told.key) == (Outcome.UNCERTAIN, "row")
    # It goes on with the session, and nobody buys the other address again.
    await heir.record(Settled(digest(2), result(2)))
    with pytest.raises(Taken):
        await heir.record(Asked(digest(1)))


async def test_only_one_heir_adopts_a_session(job: Job) -> None:
    dead = await job.worker()
    await dead.record(Asked(digest(1)))
    await dead.record(Opened(digest(1), "token-1"))
    heirs = [await job.worker() for _ in range(4)]
    await job.silence()
    found = await asyncio.gather(*(each.find([at(1)]) for each in heirs))
    assert sorted(each[digest(1)].live for each in found) == [False, True, True, True]


async def test_a_worker_that_left_is_not_waited_for(job: Job) -> None:
    one, two = await another_worker(job.url), await job.worker()
    await one.record(Asked(digest(1)))
    await one.record(Opened(digest(1), "token-1"))
    await one.aclose()
    entry = (await two.find([at(1)]))[digest(1)]
    assert (entry.token, entry.live) == ("token-1", False)


async def test_what_nobody_in_a_process_is_at_is_free_although_it_lives(job: Job) -> None:
    one, two = await job.worker(), await job.worker()
    await one.record(Asked(digest(1)))
    await one.record(Opened(digest(1), "token-1"))
    one.let_go(digest(1))
    await one.flush()
    assert not (await two.find([at(1)]))[digest(1)].live
    # Now the other one has it, until that one lets it go.
    assert (await one.find([at(1)]))[digest(1)].live
    two.let_go(digest(1))
    await two.flush()
    assert not (await one.find([at(1)]))[digest(1)].live


# --- the dead who live ----------------------------------------------------------------------------


async def test_a_token_that_comes_late_makes_an_uncertain_purchase_open_again(job: Job) -> None:
    late, heir = await job.worker(), await job.worker()
    await late.record(Asked(digest(1)))
    await job.silence()
    assert (await heir.find([at(1)]))[digest(1)].outcome is Outcome.UNCERTAIN
    await late.record(Opened(digest(1), "token-1"))
    entry = (await heir.find([at(1)]))[digest(1)]
    assert (entry.token, entry.outcome, entry.live) == ("token-1", None, True)
    await late.record(Settled(digest(1), result(1)))
    assert (await heir.find([at(1)]))[digest(1)].outcome is Outcome.SERVED
    assert await job.query("SELECT count(*) FROM worker") == 3


async def test_a_late_result_is_kept_and_that_of_the_heir_does_not_replace_it(job: Job) -> None:
    late, heir = await job.worker(), await job.worker()
    await late.record(Asked(digest(1)))
    await late.record(Opened(digest(1), "token-1"))
    await job.silence()
    await heir.find([at(1)])
    await late.record(Settled(digest(1), result(1)))
    await heir.record(Settled(digest(1), result(1, outcome=Outcome.TIMED_OUT)))
    assert (await heir.find([at(1)]))[digest(1)].outcome is Outcome.SERVED


async def test_a_late_answer_that_nothing_was_bought_withdraws_the_uncertainty(job: Job) -> None:
    late, heir = await job.worker(), await job.worker()
    await late.record(Asked(digest(1)))
    await job.silence()
    await heir.find([at(1)])
    await late.record(Withdrawn(digest(1)))
    assert await heir.find([at(1)]) == {}
    assert await job.query("SELECT sum(spent) FROM worker") == 0


async def test_a_worker_taken_for_dead_goes_on_as_a_new_one(job: Job) -> None:
    one, two = await job.worker(), await job.worker()
    await one.record(Asked(digest(1)))
    await one.record(Asked(digest(2)))
    await job.silence()
    await two.find([at(1)])
    await one.record(Asked(digest(3)))
    # What nobody has taken over is still its own.
    found = await two.find([at(2), at(3)])
    assert [found[digest(n)].live for n in (2, 3)] == [True, True]
    one.requests = 5
    await one.record()
    assert await job.query("SELECT string_agg(lost::text, ',' ORDER BY id) FROM worker") == (
        "true,false,false"
    )
    assert await job.query("SELECT sum(requests) FROM worker") == 5


async def test_a_lost_worker_finds_out_when_it_looks_for_others(job: Job) -> None:
    one, two = await job.worker(), await job.worker()
    await two.record(Asked(digest(1)))
    await two.record(Opened(digest(1), "token-1"))
    await one.record(Asked(digest(2)))
    await job.silence(1)
    assert (await two.find([at(2)]))[digest(2)].outcome is Outcome.UNCERTAIN
    await job.silence(2)
    assert (await one.find([at(1)]))[digest(1)].token == "token-1"
    assert await job.query("SELECT count(*) FROM worker WHERE NOT lost") == 1


# --- the server -----------------------------------------------------------------------------------


async def test_a_batch_whose_answer_was_lost_is_written_once(job: Job) -> None:
    store = await job.worker()
    numbers = range(100)
    for part in range(0, 100, 20):
        claims = [store.record(Asked(digest(n))) for n in numbers[part : part + 20]]
        await asyncio.sleep(0.002)
        await job.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.gather(*claims)
    await asyncio.gather(*(store.record(Settled(digest(n), result(n))) for n in numbers))
    assert await job.query("SELECT count(*) FROM purchase WHERE outcome = 'SERVED'") == 100
    assert await job.query("SELECT sum(spent) FROM worker") == 100


async def test_a_commit_that_succeeded_unseen_tells_the_same_again(job: Job) -> None:
    store, other = await job.worker(), await job.worker()
    await other.record(Asked(digest(1)))
    database = Database(parse_database_url(job.url))
    batch = Batch(
        job=1,
        worker=1,
        number=1,
        requests=0,
        changes=[Asked(digest(1)), Asked(digest(2))],
        claims={},
        max_sessions=None,
        own=[1],
    )
    try:
        first, again = [await database.run(lambda c: write(c, batch)) for _ in range(2)]
    finally:
        await database.aclose()
    assert first.won == again.won
    assert list(again.won) == [digest(2)]
    assert [*map(type, again.refused.values())] == [Taken]
    assert (first.renewed, again.renewed) == (True, False)
    assert await job.query("SELECT spent FROM worker WHERE id = 1") == 1
    assert not (await store.find([at(2)]))[digest(2)].live


@pytest.mark.slow
async def test_no_lease_runs_out_while_the_server_is_away(job: Job) -> None:
    one, two = await job.worker("&lease=1"), await job.worker("&lease=1")
    await one.record(Asked(digest(1)))
    await one.record(Opened(digest(1), "token-1"))
    job.server.crash()
    waiting = one.record(Asked(digest(2)))
    await asyncio.sleep(1.1)
    # It may not send what it had claimed: by now others could have taken it over.
    assert not one.may_send()
    job.server.start()
    assert (await two.find([at(1)]))[digest(1)].live
    await waiting
    assert one.may_send()
    assert await job.query("SELECT count(*) FROM worker WHERE lost") == 0


async def test_a_server_that_is_up_for_less_than_a_lease_holds_silence_against_nobody(
    job: Job,
) -> None:
    one, two = await job.worker(), await job.worker()
    await one.record(Asked(digest(1)))
    await one.record(Opened(digest(1), "token-1"))
    await job.silence(lease=30 * 86400)  # longer than any server of a test is up
    assert (await two.find([at(1)]))[digest(1)].live
    await job.silence()
    assert not (await two.find([at(1)]))[digest(1)].live


async def test_workers_share_a_pooler_in_transaction_mode(
    job: Job, postgres_server: PostgresServer
) -> None:
    with PgBouncer(postgres_server) as bouncer:
        url = bouncer.url(job.url.rpartition("/")[2])  # with its schema
        workers = [await another_worker(url) for _ in range(4)]
        try:
            claims = [each.record(Asked(digest(n))) for each in workers for n in range(20)]
            ended = await asyncio.gather(*claims, return_exceptions=True)
            assert sum(each is None for each in ended) == 20
            found = await workers[0].find([at(n) for n in range(20)])
            assert len(found) == 20
        finally:
            for each in workers:
                await each.aclose()


def test_a_store_serves_one_event_loop_after_another(postgres_server: PostgresServer) -> None:
    url = schema_of(postgres_server)
    stores: list[PostgresStore] = []

    async def begin() -> None:
        stores.append(await another_worker(url))
        await stores[0].record(Asked(digest(1)))
        stores[0].record(Opened(digest(1), "token-1"))

    async def go_on() -> None:
        entry = (await stores[0].find([at(1)]))[digest(1)]
        assert (entry.token, entry.live) == ("token-1", False)
        await stores[0].record(Settled(digest(1), result(1)))
        await stores[0].record(Closed(digest(1), "token-1"))
        await stores[0].aclose()

    asyncio.run(begin())
    # The connections of the first loop can only be forgotten: nothing runs on it any more.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        asyncio.run(go_on())
        gc.collect()


async def test_no_address_and_no_street_lies_in_the_database(job: Job) -> None:
    store = await job.worker()
    await store.record(Asked(digest(1)))
    await store.record(Settled(digest(1), result(1)))
    everything = await job.query("SELECT string_agg(p::text, ' ') FROM purchase p")
    assert "Main" not in everything
    assert b"Main".hex() not in everything
