"""On a loop whose tasks take their first step at once, as `asyncio.eager_task_factory` has it."""

import asyncio
import math
import sys

import pytest

from hum_async import AsyncSessionWatcher, HumClient, RateLimiter, UpdateKind
from hum_async.shared import SharedRateLimiter, StoreError
from hum_async.shared.register import Reading
from hum_async.testing import (
    RawResponse,
    ScriptedTransport,
    SentRequest,
    json_response,
    session_json,
)

pytestmark = [
    pytest.mark.virtual,
    pytest.mark.skipif(sys.version_info < (3, 12), reason="Python has eager tasks since 3.12"),
]


@pytest.fixture(autouse=True)
async def eager_tasks() -> None:
    asyncio.get_running_loop().set_task_factory(getattr(asyncio, "eager_task_factory", None))


def done(request: SentRequest) -> RawResponse:
    agents = {"geocoding": "matched", "internet": "matched", "checkout": "pending"}
    return json_response(200, session_json(request.path.split("/")[2], **agents))


async def test_many_sessions_are_polled_in_their_order() -> None:
    tokens = [f"{number:04}" for number in range(2_000)]
    limiter = RateLimiter(rate=math.inf, concurrency=2_000)
    transport = ScriptedTransport(done, latency=0.01)
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum) as watcher,
    ):
        updates = [update async for update in watcher.watch(tokens)]
    assert {update.kind for update in updates} == {UpdateKind.COMPLETED}
    assert [each.path.split("/")[2] for each in transport.requests] == tokens


async def test_a_store_that_fails_at_once_is_asked_again() -> None:
    class Broken:
        tries = 0

        async def read(self) -> Reading:
            self.tries += 1
            raise StoreError

        async def replace(self, old: bytes | None, new: bytes) -> Reading:
            raise NotImplementedError

        async def aclose(self) -> None:
            raise NotImplementedError

    store = Broken()
    async with SharedRateLimiter(store, rate=10.0) as limiter:
        for _ in range(100):
            async with limiter.slot():
                pass
        assert limiter.statistics().alone is not None
    assert store.tries > 2
