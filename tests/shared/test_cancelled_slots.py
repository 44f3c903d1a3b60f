"""Cancelled at each step, a request gives what it had of a shared limit back."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from memory_register import MemoryStore
from stepping import Steps, cancelled

from hum_async.shared import SharedRateLimiter

if TYPE_CHECKING:
    from collections.abc import Awaitable

pytestmark = [pytest.mark.virtual, pytest.mark.busy]


async def take(limiter: SharedRateLimiter, slots: int) -> None:
    for _ in range(slots):
        async with limiter.slot():
            await asyncio.sleep(0.01)


async def walk(operation: Awaitable[None], at: int) -> None:
    await Steps(operation, frozenset({at}))


async def use(store: MemoryStore) -> None:
    async with SharedRateLimiter(store.register(), rate=20.0) as limiter:
        await take(limiter, 8)


async def rest(limiter: SharedRateLimiter) -> None:
    """Check that whoever shares the limit has all of it, soon."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(2.0)  # a lease lasts for less
    began = loop.time()
    await take(limiter, 20)
    assert loop.time() - began < 1.3, "20 requests at 20 per second"


@pytest.mark.parametrize("again", [(), (1,), (2,)], ids=str)
async def test_what_a_cancelled_process_had_comes_back(again: tuple[int, ...]) -> None:
    at = 0
    while True:
        at += 1
        store = MemoryStore()
        async with SharedRateLimiter(store.register(), rate=20.0) as other:
            await take(other, 1)
            was, _ = await cancelled(use(store), at, *[at + each for each in again])
            await rest(other)
            assert other.statistics().processes == 1
        if not was:
            break
    assert at > 8


async def test_a_cancelled_request_holds_no_slot() -> None:
    store = MemoryStore()
    async with SharedRateLimiter(store.register(), rate=20.0, concurrency=2) as limiter:
        await take(limiter, 1)
        for at in range(1, 12):
            other = asyncio.ensure_future(take(limiter, 3))
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.create_task(walk(take(limiter, 3), at))
            await other
            statistics = limiter.statistics()
            assert (statistics.in_use, statistics.waiting) == (0, 0)
        await rest(limiter)
