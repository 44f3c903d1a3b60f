"""Jobs, look-ups and whole processes on one journal in PostgreSQL: nothing is bought twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from servers import PgBouncer
from shared_worker import POLICY, rows

from hum_async import (
    Address,
    ConfigurationError,
    HumClient,
    Outcome,
    Priority,
    RateLimiter,
    SessionLimitReached,
)
from hum_async._purchases.place import named, place_of
from hum_async.bulk import qualify
from hum_async.bulk.options import JobOptions
from hum_async.simulator import Faults, Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from servers import PostgresServer

pytestmark = pytest.mark.busy

ADDRESS = Address("20 Main Street #4", city="Detroit", state="MI", zip="48226")
SPELLING = Address("20 MAIN ST APT 4", city="Detroit", state="MI", zip="48226")


@pytest.fixture
async def api() -> AsyncIterator[Simulator]:
    async with Simulator(speed=100, generation="immediate") as simulator:
        yield simulator


@pytest.fixture
async def polled() -> AsyncIterator[Simulator]:
    async with Simulator(speed=100) as simulator:
        yield simulator


@pytest.fixture
async def client(api: Simulator) -> AsyncIterator[Callable[..., Any]]:
    """Make clients, each of which stands for a process."""
    async with AsyncExitStack() as stack:

        async def client(**options: Any) -> HumClient:
            limiter = RateLimiter(rate=1000)
            return await stack.enter_async_context(
                HumClient("key", base_url=api.url, limiter=limiter, **options)
            )

        yield client


async def delivered(stream: Any) -> dict[Any, Any]:
    return {result.key: result async for result in stream}


def posts(api: Simulator) -> int:
    return len(api.requests(method="POST"))


# --- in one process, each client as another one ---------------------------------------------------


async def test_two_jobs_over_the_same_rows_buy_each_address_once(
    client: Callable[..., Any], api: Simulator, postgres_url: str
) -> None:
    journal = f"{postgres_url}?job=june"
    jobs = [qualify(await client(), rows(0, 60), journal=journal, policy=POLICY) for _ in range(2)]
    found = await asyncio.gather(*map(delivered, jobs))
    for each in found:
        assert sorted(each) == list(range(60))
        assert all(result.outcome is not Outcome.UNCERTAIN for result in each.values())
    assert posts(api) == 54
    assert api.one_post_per_address()
    assert sum(job.statistics().sessions for job in jobs) == 54


async def test_a_job_that_is_run_again_reads_its_results_from_the_database(
    client: Callable[..., Any], api: Simulator, postgres_url: str
) -> None:
    journal = f"{postgres_url}?job=june"
    first = await delivered(qualify(await client(), rows(0, 20), journal=journal, policy=POLICY))
    again = qualify(await client(), rows(0, 20), journal=journal, policy=POLICY)
    second = await delivered(again)
    assert {key: each.outcome for key, each in second.items()} == {
        key: each.outcome for key, each in first.items()
    }
    assert again.statistics().reused == 20
    assert posts(api) == 18


async def test_rows_that_another_process_has_looked_up_are_reused(
    client: Callable[..., Any], postgres_url: str
) -> None:
    journal = f"{postgres_url}?job=june"
    first = qualify(await client(), rows(0, 20), journal=journal, policy=POLICY)
    houses = rows(0, 20)
    async with first:
        told = {(await anext(first)).key for _ in range(20)}
        # It is still there: both belong to one run.
        second = qualify(await client(), houses, journal=journal, policy=POLICY)
        found = await delivered(second)
    assert sorted(found) == sorted(told)
    assert (second.statistics().reused, second.statistics().requests) == (20, 0)
    assert all(each.requests for each in found.values())


async def test_a_job_whose_reader_is_away_leaves_what_it_has_begun_to_others(
    postgres_url: str,
) -> None:
    journal = f"{postgres_url}?job=june"
    async with Simulator(speed=1, median=1.0, sigma=0) as slow:
        one, two = [
            HumClient("key", base_url=slow.url, limiter=RateLimiter(rate=1000)) for _ in range(2)
        ]
        async with one, two, qualify(one, [ADDRESS], journal=journal, policy=POLICY) as resting:
            with suppress(TimeoutError):
                await asyncio.wait_for(anext(resting), 0.5)
            (result,) = (
                await delivered(qualify(two, [SPELLING], journal=journal, policy=POLICY))
            ).values()
            again = await anext(resting)
        assert (result.outcome, again.token) == (Outcome.SERVED, result.token)
        assert posts(slow) == 1


async def test_jobs_of_other_names_have_nothing_in_common(
    client: Callable[..., Any], api: Simulator, postgres_url: str
) -> None:
    for name in ("june", "july"):
        job = qualify(
            await client(), [ADDRESS], journal=f"{postgres_url}?job={name}", policy=POLICY
        )
        assert len(await delivered(job)) == 1
    assert posts(api) == 2


async def test_look_ups_of_several_processes_wait_for_each_others_results(
    client: Callable[..., Any], api: Simulator, postgres_url: str
) -> None:
    clients = [await client(purchases=postgres_url) for _ in range(3)]
    found = await asyncio.gather(*(each.lookup(ADDRESS) for each in clients))
    assert len({result.token for result in found}) == 1
    assert posts(api) == 1
    # And afterwards no request is needed at all.
    before = len(api.journal)
    again = await clients[0].lookup(SPELLING)
    assert (again.token, again.requests, again.address) == (found[0].token, 0, SPELLING)
    assert len(api.journal) == before


async def test_a_look_up_whose_time_is_over_is_taken_up_by_another_process(
    postgres_url: str,
) -> None:
    async with Simulator(speed=1, median=0.5, sigma=0) as slow:
        clients = [
            HumClient(
                "key", base_url=slow.url, limiter=RateLimiter(rate=1000), purchases=postgres_url
            )
            for _ in range(2)
        ]
        async with clients[0] as one, clients[1] as two:
            first = await one.lookup(ADDRESS, timeout=0.3)
            assert first.outcome is Outcome.TIMED_OUT
            assert first.token is not None
            await asyncio.sleep(0.4)  # its agents are done then, so that one poll is enough
            second = await two.lookup(ADDRESS)
        assert (second.token, second.outcome) == (first.token, Outcome.SERVED)
        assert posts(slow) == 1


async def test_a_job_and_a_look_up_of_another_process_share_a_ledger(
    client: Callable[..., Any], api: Simulator, postgres_url: str
) -> None:
    one, two = await client(purchases=postgres_url), await client(purchases=postgres_url)
    job = asyncio.ensure_future(delivered(qualify(one, rows(0, 30), policy=POLICY)))
    urgent = two.with_options(priority=Priority.INTERACTIVE)
    houses = [address for _, address in rows(0, 30)]
    found = await asyncio.gather(*map(urgent.lookup, houses[:8]))
    assert {key: each.token for key, each in (await job).items() if key < 8} == {
        key: each.token for key, each in enumerate(found)
    }
    assert api.one_post_per_address()


async def test_two_jobs_with_a_bound_buy_that_many_in_all(
    client: Callable[..., Any], api: Simulator, postgres_url: str
) -> None:
    journal = f"{postgres_url}?job=june"

    async def work(hum: HumClient, first: int) -> int:
        job = qualify(hum, rows(first, first + 40), journal=journal, policy=POLICY, max_sessions=30)
        with suppress(SessionLimitReached):
            await delivered(job)
        return job.statistics().sessions

    bought = await asyncio.gather(work(await client(), 0), work(await client(), 100))
    assert sum(bought) == 30
    assert posts(api) == 30
    # The next run may buy nothing more.
    assert await work(await client(), 200) == 0


async def test_what_cannot_be_used_is_refused_with_what_to_do(
    client: Callable[..., Any], postgres_url: str
) -> None:
    hum = await client()
    with pytest.raises(ConfigurationError, match=r"\?job=NAME"):
        await delivered(qualify(hum, [ADDRESS], journal=postgres_url))
    secret = "postgresql://ann:s3cr3t@db/hum?lease=soon"
    with pytest.raises(ConfigurationError) as caught:
        HumClient("key", purchases=secret)
    assert "s3cr3t" not in str(caught.value)


def test_no_option_shows_a_password() -> None:
    options = JobOptions(journal=place_of(named("postgresql://ann:s3cr3t@db/hum?job=june")))
    assert "s3cr3t" not in repr(options)
    assert "db/hum" in repr(options)


# --- real processes -------------------------------------------------------------------------------


class Workers:
    """Processes that work at one job."""

    def __init__(self, journal: str, api: str) -> None:
        self._words = [journal, api]
        self.processes: list[asyncio.subprocess.Process] = []
        self.delivered: Counter[int] = Counter()
        self.outcomes: dict[int, str] = {}
        self.bounds = 0
        self._readers: list[asyncio.Task[None]] = []
        self._more = asyncio.Event()

    async def start(self, first: int, last: int, *more: object) -> asyncio.subprocess.Process:
        """Start one for some houses."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("shared_worker.py")),
            *self._words,
            *map(str, (first, last, *more)),
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        )
        self.processes.append(process)
        self._readers.append(asyncio.create_task(self._read(process)))
        return process

    async def until(self, rows: int) -> None:
        """Wait until so many rows are delivered by all of them."""
        while self.delivered.total() < rows:
            self._more.clear()
            await self._more.wait()

    async def ended(self) -> list[int]:
        """Wait for their ends; return the exit codes."""
        await asyncio.gather(*self._readers)
        return [await each.wait() for each in self.processes]

    async def aclose(self) -> None:
        """Let none of them run on."""
        for each in self.processes:
            if each.returncode is None:
                each.send_signal(signal.SIGKILL)
        await self.ended()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._more.set()
            with suppress(ValueError):  # a line that SIGKILL cut off
                if (found := json.loads(line)) == "bound":
                    self.bounds += 1
                else:
                    key, outcome = found
                    self.delivered[key] += 1
                    self.outcomes[key] = outcome


@pytest.fixture
async def workers(polled: Simulator, postgres_url: str) -> AsyncIterator[Workers]:
    found = Workers(f"{postgres_url}?job=june&lease=2", polled.url)
    yield found
    await found.aclose()


@pytest.mark.slow
async def test_a_killed_worker_is_replaced_and_nothing_is_bought_again(
    workers: Workers, polled: Simulator
) -> None:
    killed = await workers.start(0, 300)
    await workers.until(40)
    killed.send_signal(signal.SIGKILL)
    heir = await workers.start(0, 300)
    assert await workers.ended() == [-signal.SIGKILL, 0]
    del heir
    assert sorted(workers.delivered) == list(range(300))
    assert polled.one_post_per_address()
    uncertain = sum(each == "UNCERTAIN" for each in workers.outcomes.values())
    # No more than the POSTs under way, of which a row or two each.
    assert uncertain <= 2 * 32


@pytest.mark.slow
async def test_a_worker_that_was_stopped_past_its_lease_goes_on(
    workers: Workers, polled: Simulator
) -> None:
    stopped = await workers.start(0, 400)
    await workers.until(40)
    stopped.send_signal(signal.SIGSTOP)
    await workers.start(0, 400)
    await workers.until(300)
    stopped.send_signal(signal.SIGCONT)
    assert await workers.ended() == [0, 0]
    assert sorted(workers.delivered) == list(range(400))
    assert polled.one_post_per_address()


@pytest.mark.slow
async def test_workers_survive_a_crash_of_the_server_and_broken_posts(
    workers: Workers, polled: Simulator, postgres_server: PostgresServer
) -> None:
    polled.faults = Faults(reset_before=0.01, reset_after=0.01)
    for _ in range(3):
        await workers.start(0, 600, 150)
    await workers.until(200)
    postgres_server.crash()
    await asyncio.sleep(0.5)
    postgres_server.start()
    assert await workers.ended() == [0, 0, 0]
    assert workers.delivered == Counter(dict.fromkeys(range(600), 3))
    assert polled.one_post_per_address()
    uncertain = {key for key, each in workers.outcomes.items() if each == "UNCERTAIN"}
    broken = sum(each.fault is not None for each in polled.requests(method="POST"))
    assert len(uncertain) <= 2 * broken


@pytest.mark.slow
async def test_workers_with_a_bound_buy_that_many_in_all_through_a_pooler(
    polled: Simulator, postgres_server: PostgresServer, postgres_url: str
) -> None:
    with PgBouncer(postgres_server) as bouncer:
        journal = bouncer.url(postgres_url.rpartition("/")[2])
        workers = Workers(f"{journal}?job=june", polled.url)
        try:
            await workers.start(0, 1000, 400, 1000)
            await workers.start(1000, 2000, 400, 1000)
            assert await workers.ended() == [0, 0]
        finally:
            await workers.aclose()
    assert posts(polled) == 1000
    assert workers.bounds >= 1
    assert polled.one_post_per_address()
