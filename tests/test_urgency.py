"""One limit for people and jobs: whoever somebody waits for goes first, and jobs go on."""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from hum_async import Address, HumClient, RateLimiter, SessionHub
from hum_async.bulk import qualify
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

if TYPE_CHECKING:
    from hum_async.models import RawResponse

pytestmark = pytest.mark.virtual

RATE = 20
AGENTS_TAKE = 6.0
"""Seconds that the agents work on each session."""


class Api:
    """Sessions that are settled after some seconds; counts requests by who looks up."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}
        self.requests: Counter[str] = Counter()
        self.transport = ScriptedTransport(self.answer, latency=0.05)

    def answer(self, request: SentRequest) -> RawResponse:
        if request.method == "POST":
            token = f"{request.body['street1'].replace(' ', '-')}-token"
            self.begun[token] = request.at
            self.requests[token[:3]] += 1
            return json_response(201, session_json(token, geocoding="pending", internet="pending"))
        token = request.path.split("/")[2]
        self.requests[token[:3]] += 1
        if request.method == "DELETE":
            return json_response(200, {"message": "closed"})
        if request.at - self.begun[token] < AGENTS_TAKE:
            return json_response(202, session_json(token, geocoding="matched", internet="pending"))
        provider = {"provider_name": "Fiber", "offerings": []}
        body = session_json(token, providers=[provider], geocoding="matched", internet="matched")
        return json_response(200, body)


def streets(prefix: str, count: int) -> list[Address]:
    return [Address(f"{prefix}{number} A St", zip="48226") for number in range(count)]


async def read(hub: SessionHub, address: Address, times: list[float]) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    async for _ in hub.subscribe(hub.lookup(address)):
        pass
    times.append(clock() - began)


async def people(jobs: int, *, count: int) -> tuple[list[float], Counter[str]]:
    """Return how long people wait beside so many jobs, and the requests sent meanwhile."""
    api = Api()
    limiter = RateLimiter(rate=RATE)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        hum = await stack.enter_async_context(HumClient(transport=api.transport, limiter=limiter))
        streams = [
            await stack.enter_async_context(qualify(hum, streets(f"{job + 1}00", 100_000)))
            for job in range(jobs)
        ]
        for stream in streams:

            async def work(stream: object = stream) -> None:
                async for _ in stream:  # type: ignore[attr-defined]
                    pass

            group.create_task(work())
        await asyncio.sleep(20)
        hub = await stack.enter_async_context(SessionHub(hum, signals=False))
        times: list[float] = []
        before = api.requests.copy()
        async with asyncio.TaskGroup() as readers:
            for address in streets("900", count):
                readers.create_task(read(hub, address, times))
        sent = api.requests - before
        for stream in streams:
            await stream.aclose()
    return times, sent


async def test_people_wait_no_longer_beside_three_saturated_jobs() -> None:
    alone, _ = await people(0, count=20)
    beside, sent = await people(3, count=20)
    assert statistics.median(beside) <= 1.15 * statistics.median(alone)
    assert max(beside) <= 1.15 * max(alone)
    # What they leave is used.
    assert sum(sent.values()) >= 0.97 * RATE * max(beside)


async def test_jobs_keep_a_tenth_while_two_hundred_people_wait() -> None:
    times, sent = await people(3, count=200)
    everything = sum(sent.values())
    assert everything >= 0.97 * RATE * max(times)
    assert sent["900"] < everything
    assert everything - sent["900"] >= 0.1 * everything - 2
    # Each of the jobs gets its part of that.
    mine = [sent[f"{job}00"] for job in (1, 2, 3)]
    assert min(mine) >= 0.7 * max(mine)


async def test_a_class_that_is_alone_has_the_whole_rate() -> None:
    for prefix, make in (("100", qualify), ("900", None)):
        api = Api()
        async with HumClient(transport=api.transport, limiter=RateLimiter(rate=RATE)) as hum:
            if make is not None:
                async with make(hum, streets(prefix, 100_000)) as stream:
                    reading = asyncio.ensure_future(drain(stream))
                    await asyncio.sleep(40)
                    reading.cancel()
            else:
                async with SessionHub(hum, signals=False, max_running=10_000) as hub:
                    for address in streets(prefix, 400):
                        hub.lookup(address)
                    await asyncio.sleep(40)
            assert sum(api.requests.values()) == pytest.approx(40 * RATE, abs=2)


async def drain(stream: object) -> None:
    async for _ in stream:  # type: ignore[attr-defined]
        pass
