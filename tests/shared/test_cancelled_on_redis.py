"""Cancelled at each step on Redis, a process leaves no connection and no task behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from stepping import cancelled

from hum_async.shared import SharedRateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable

uvloop = pytest.importorskip("uvloop")

DESCRIPTORS = Path("/proc/self/fd")


def descriptors() -> int:
    """Return how many files and connections this process has open."""
    return len(list(DESCRIPTORS.iterdir()))


async def use(url: str, name: str) -> None:
    async with SharedRateLimiter(url, name=name, rate=500.0, concurrency=4) as limiter:
        for _ in range(3):
            async with limiter.slot():
                await asyncio.sleep(0)


async def every_step(url: str, again: int) -> int:
    """Cancel at every step, and once more after it; return how many steps were tried."""
    at, was_cancelled = 0, True
    await use(url, "before")  # what is opened once and kept is open now
    before, tasks = descriptors(), asyncio.all_tasks()
    while was_cancelled:
        at += 1
        steps = (at, at + again) if again else (at,)
        was_cancelled, _ = await cancelled(use(url, f"step-{at}"), *steps)
        assert asyncio.all_tasks() == tasks
        await asyncio.sleep(0)
        assert descriptors() <= before
        # Another process has the use of what it left.
        async with asyncio.timeout(20.0):
            await use(url, f"step-{at}")
    return at


@pytest.mark.slow
@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="this system does not list what is open")
@pytest.mark.parametrize("again", [0, 1])
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_nothing_is_left_open(redis_url: str, again: int, new_loop: Callable[[], Any]) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(every_step(redis_url, again)) > 5
