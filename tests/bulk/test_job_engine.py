"""What a job makes safe before its next request, on a store that takes its time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hum_async import Address, GuidedPolling, HumClient, RateLimiter, RawResponse
from hum_async._purchases.memory import MemoryStore
from hum_async._purchases.records import Change
from hum_async.bulk.job_engine import JobEngine
from hum_async.bulk.options import JobOptions
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

pytestmark = pytest.mark.virtual

FIBER = {"provider_name": "Great Lakes Fiber"}


class SlowDisk(MemoryStore):
    """A store whose commits take a minute, and a list of what was safe and sent in which order."""

    durable = True

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []

    def record(self, *changes: Change) -> asyncio.Future[None]:
        super().record(*changes)
        loop = asyncio.get_running_loop()
        safe = loop.create_future()

        def commit() -> None:
            self.log.extend(f"{type(change).__name__} safe" for change in changes)
            if not safe.done():
                safe.set_result(None)

        loop.call_later(60.0, commit)
        return safe

    def answer(self, request: SentRequest) -> RawResponse:
        self.log.append(f"{request.method} sent")
        if request.method == "POST":
            return json_response(201, session_json("t", geocoding="pending", internet="pending"))
        found = session_json("t", providers=[FIBER], geocoding="matched", internet="matched")
        return json_response(200, found)


@asynccontextmanager
async def job_on(disk: SlowDisk, *addresses: Address, **options: Any) -> AsyncIterator[JobEngine]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[SlowDisk]:
        yield disk

    transport = ScriptedTransport(disk.answer)
    async with HumClient(transport=transport, limiter=RateLimiter(rate=100)) as client:
        engine = JobEngine(
            client.sender,
            list(addresses),
            options=JobOptions(policy=GuidedPolling(), **options),
            store=opened(),
        )
        yield engine
        await engine.aclose()


async def test_each_step_of_a_purchase_is_safe_before_the_request_that_builds_on_it(
    at: Callable[..., Address],
) -> None:
    disk = SlowDisk()
    async with job_on(disk, at("1 Main St")) as engine:
        await engine.get()
        with pytest.raises(StopAsyncIteration):
            await engine.get()
    assert disk.log == [
        "Asked safe",
        "POST sent",
        "Opened safe",
        "GET sent",
        "Settled safe",
        "DELETE sent",
    ]


async def test_a_result_is_handed_out_only_when_it_is_safe(at: Callable[..., Address]) -> None:
    disk = SlowDisk()
    async with job_on(disk, at("1 Main St"), close=False) as engine:
        await engine.get()
        assert disk.log[-1] == "Settled safe"
