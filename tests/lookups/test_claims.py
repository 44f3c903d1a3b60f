"""A claim that another process was first with, or that is too old to be used."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from timed_api import TimedApi

from hum_async import (
    Address,
    GuidedPolling,
    HumClient,
    Outcome,
    Priority,
    RateLimiter,
    RetryPolicy,
)
from hum_async._lookups.lookup import Lookup
from hum_async._lookups.queue import LookupQueue
from hum_async._lookups.recording import PurchaseRecorder
from hum_async._purchases.ledger import Ledger
from hum_async._purchases.memory import MemoryStore
from hum_async._purchases.records import Asked, Change, Entry, Withdrawn
from hum_async._purchases.refusals import Taken
from hum_async.bulk import QualificationStream
from hum_async.bulk.job_engine import JobEngine
from hum_async.bulk.options import JobOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

pytestmark = pytest.mark.virtual

ADDRESS = Address("20 Main Street #4", city="Detroit", state="MI", zip="48226")


class Contested(MemoryStore):
    """A store whose first claim goes wrong.

    Args:
        taken: Another process is at the address for so many seconds, and then gives it back.
        stopped: This process was stopped after its first claim.
    """

    shared = True
    failed = False

    def __init__(self, *, taken: float = 0.0, stopped: bool = False) -> None:
        super().__init__()
        self.changes: list[type[Change]] = []
        self._free_at = asyncio.get_running_loop().time() + taken
        self._stopped = stopped

    async def find(self, addresses: Sequence[tuple[bytes, Address]]) -> dict[bytes, Entry]:
        if self.changes and asyncio.get_running_loop().time() < self._free_at:
            return {key: Entry("token", None, 0, 1, None, None, live=True) for key, _ in addresses}
        return await super().find(addresses)

    def record(self, *changes: Change) -> asyncio.Future[None]:
        self.changes += map(type, changes)
        done = super().record(*changes)
        if isinstance(changes[0], Asked) and asyncio.get_running_loop().time() < self._free_at:
            done = asyncio.get_running_loop().create_future()
            done.set_exception(Taken())
        return done

    def may_send(self) -> bool:
        stopped, self._stopped = self._stopped, False
        return not stopped

    async def flush(self) -> None:
        pass

    async def aclose(self) -> None:
        pass

    def check_dedupe(self, wanted: object) -> None:
        del wanted


CASES = pytest.mark.parametrize(
    ("options", "recorded"),
    [
        ({"taken": 5.0}, [Asked, Asked]),
        ({"stopped": True}, [Asked, Withdrawn, Asked]),
    ],
)


@pytest.fixture
def api() -> TimedApi:
    return TimedApi()


@pytest.fixture
def client(api: TimedApi) -> HumClient:
    return HumClient(transport=api.transport, limiter=RateLimiter(rate=100))


@CASES
async def test_a_look_up_asks_the_store_again_and_sends_one_post(
    api: TimedApi, client: HumClient, options: dict[str, Any], recorded: list[type[Change]]
) -> None:
    store: Any = Contested(**options)

    async def opened() -> Any:
        return store

    ledger = Ledger(opened, max_age=86_400.0)
    queue = LookupQueue(client.sender, observer=PurchaseRecorder(ledger, Priority.INTERACTIVE))
    began = asyncio.get_running_loop().time()
    found = await queue.run(
        Lookup(key=0, address=ADDRESS, policy=GuidedPolling(), retry=RetryPolicy())
    )
    assert found.outcome is Outcome.SERVED
    assert store.changes[: len(recorded)] == recorded
    assert api.count("POST") == 1
    assert asyncio.get_running_loop().time() - began >= options.get("taken", 0.0)
    await ledger.aclose()


@CASES
async def test_a_job_looks_at_its_rows_again_and_sends_one_post(
    api: TimedApi, client: HumClient, options: dict[str, Any], recorded: list[type[Change]]
) -> None:
    store: Any = Contested(**options)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Any]:
        yield store

    engine = JobEngine(client.sender, [ADDRESS] * 2, options=JobOptions(), store=opened())
    found = [each.outcome async for each in QualificationStream[int](engine)]
    assert found == [Outcome.SERVED, Outcome.SERVED]
    assert store.changes[: len(recorded)] == recorded
    assert api.count("POST") == 1
