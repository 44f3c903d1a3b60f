"""One limit for people and jobs: whoever somebody waits for goes first, and jobs go on."""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from timed_api import TimedApi

from hum_async import Address, HumClient, RateLimiter, SessionHub
from hum_async.bulk import qualify

pytestmark = pytest.mark.virtual

RATE = 20


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
    api = TimedApi(agents_take=6.0)
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
        before = api.asked.copy()
        async with asyncio.TaskGroup() as readers:
            for address in streets("900", count):
                readers.create_task(read(hub, address, times))
        sent: Counter[str] = Counter()
        for street, requests in (api.asked - before).items():
            sent[street[:3]] += requests
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
        api = TimedApi(agents_take=6.0)
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
            assert len(api.transport.requests) == pytest.approx(40 * RATE, abs=2)


async def drain(stream: object) -> None:
    async for _ in stream:  # type: ignore[attr-defined]
        pass
