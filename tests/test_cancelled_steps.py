"""Cancelled at each step of each operation, nothing is lost, bought twice or left behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from stepping import cancelled
from timed_api import TimedApi

from hum_async import (
    Address,
    AsyncSessionWatcher,
    HumClient,
    Outcome,
    Qualification,
    RateLimiter,
    SessionHub,
    qualify,
)
from hum_async.bulk import read_results

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

pytestmark = [pytest.mark.virtual, pytest.mark.busy]

STREETS = [f"{number} Main St" for number in range(100, 106)]
ADDRESSES = [Address(street, zip="02139") for street in [*STREETS, *STREETS[:2]]]


@attrs.define
class World:
    """An API, and clients with one ledger and one limiter each."""

    folder: Path
    api: TimedApi = attrs.Factory(TimedApi)
    limiter: RateLimiter = attrs.Factory(lambda: RateLimiter(rate=20, concurrency=4))

    def client(self, **options: Any) -> HumClient:
        return HumClient(transport=self.api.transport, limiter=self.limiter, **options)

    def bought(self) -> Counter[str]:
        posts = [each for each in self.api.transport.requests if each.method == "POST"]
        return Counter(each.body["street1"] for each in posts)

    async def check(self) -> None:
        """Check that nothing is held, and that others are served at once."""
        statistics = self.limiter.statistics()
        assert (statistics.in_use, statistics.waiting) == (0, 0)
        assert self.api.transport.in_flight == 0
        async with asyncio.timeout(1.0), self.client() as other:
            await asyncio.gather(*[other.ping() for _ in range(5)], return_exceptions=True)
        # A slot may have been taken for a request that was then not begun.
        sent = len(self.api.transport.requests)
        assert sent <= self.limiter.statistics().granted <= sent + 4


# --- operations -----------------------------------------------------------------------------------


async def each_request(world: World) -> None:
    async with world.client() as hum:
        session = await hum.create_session(ADDRESSES[0])
        await hum.get_session(session.token)
        await hum.get_internet(session.token)
        await hum.close_session(session.token)


async def look_up(world: World) -> None:
    async with world.client() as hum:
        await hum.lookup(ADDRESSES[0])


async def look_up_with_a_ledger(world: World) -> None:
    async with world.client(purchases=world.folder / "hum.sqlite") as hum:
        await hum.lookup(ADDRESSES[0])


async def watch(world: World) -> None:
    async with world.client() as hum:
        tokens = [(await hum.create_session(address)).token for address in ADDRESSES[:2]]
        async with AsyncSessionWatcher(hum) as watcher, watcher.watch(tokens) as stream:
            stream.add("unknown")
            async for update in stream:
                if update.token == "unknown":
                    stream.discard(tokens[1])


async def watch_and_leave(world: World) -> None:
    async with world.client() as hum, AsyncSessionWatcher(hum) as watcher:
        token = (await hum.create_session(ADDRESSES[0])).token
        async for _ in watcher.watch([token]):
            break


async def a_job(world: World) -> None:
    async with world.client() as hum:
        stream = qualify(hum, ADDRESSES, journal=world.folder / "job.sqlite")
        async with stream as results:
            async for _ in results:
                pass


async def a_hub(world: World) -> None:
    async with (
        world.client(purchases=world.folder / "hum.sqlite") as hum,
        SessionHub(hum, signals=False) as hub,
    ):
        ids = [hub.lookup(address) for address in ADDRESSES[:2]]
        async for _ in hub.subscribe(*ids):
            pass


OPERATIONS = [each_request, look_up, look_up_with_a_ledger, watch, watch_and_leave, a_job, a_hub]


def strides(some: int) -> list[Any]:
    """Return the strides in which steps are tried: some of them by default, all if slow."""
    return [pytest.param(some, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)]


async def each_step(
    folder: Path,
    operation: Callable[[World], Awaitable[None]],
    stride: int,
    then: Callable[[World], Awaitable[None]],
    *more: int,
) -> int:
    """Cancel at every so many steps, and at `more` steps after that; return how many were tried."""
    at = tried = 0
    while True:
        at += 1 if at < 3 else stride
        world = World(folder / str(at))
        world.folder.mkdir()
        was_cancelled, _ = await cancelled(operation(world), at, *[at + each for each in more])
        await world.check()
        await then(world)
        if not was_cancelled:
            return tried
        tried += 1


async def nothing(_: World) -> None:
    """Check nothing more."""


async def the_job_goes_on(world: World) -> None:
    """Run the job to its end: each row comes once, and no address was bought twice."""
    async with world.client() as hum:
        job = qualify(hum, ADDRESSES, journal=world.folder / "job.sqlite")
        async with job as results:
            rows = [row async for row in results]
    assert sorted(row.key for row in rows) == list(range(len(ADDRESSES)))
    assert set(world.bought()) <= set(STREETS)
    assert max(world.bought().values()) == 1
    lost = {row.address.street1 for row in rows if row.outcome is Outcome.UNCERTAIN}
    assert all(row.outcome is Outcome.NO_PROVIDERS or row.providers for row in found(rows))
    assert {row.address.street1 for row in found(rows)} | lost == set(STREETS)
    assert len(lost) <= 4, "no more POSTs than that are under way at a time"
    again = read_results(world.folder / "job.sqlite")
    assert len(list(again)) >= len(STREETS) - len(lost)


def found(rows: list[Qualification]) -> list[Qualification]:
    return [row for row in rows if row.outcome is not Outcome.UNCERTAIN]


async def the_ledger_goes_on(world: World) -> None:
    """Look both addresses up again: none is bought twice."""
    async with world.client(purchases=world.folder / "hum.sqlite") as hum:
        rows = [await hum.lookup(address) for address in ADDRESSES[:2]]
    assert max(world.bought().values()) == 1
    for row in rows:
        assert row.outcome in {Outcome.SERVED, Outcome.UNCERTAIN}


THEN = {
    a_job: the_job_goes_on,
    a_hub: the_ledger_goes_on,
    look_up_with_a_ledger: the_ledger_goes_on,
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("stride", strides(5))
async def test_it_may_be_cancelled_at_any_step(
    tmp_path: Path, operation: Callable[[World], Awaitable[None]], stride: int
) -> None:
    tried = await each_step(tmp_path, operation, stride, THEN.get(operation, nothing))
    assert tried >= 3


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("stride", strides(7))
@pytest.mark.parametrize("again", [1, 2])
async def test_it_may_be_cancelled_again_while_it_ends(
    tmp_path: Path, operation: Callable[[World], Awaitable[None]], stride: int, again: int
) -> None:
    assert await each_step(tmp_path, operation, stride, THEN.get(operation, nothing), again)
