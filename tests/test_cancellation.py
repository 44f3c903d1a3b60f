"""Cancelled at each await, everything adds up and nothing stays open."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest

from hum_async import (
    Address,
    AsyncSessionWatcher,
    GuidedPolling,
    HumClient,
    RateLimiter,
    RawResponse,
    RetryPolicy,
)
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

pytestmark = pytest.mark.virtual

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
ADDRESS = Address("1 Main St", zip="02139")
Operation = Callable[[HumClient], Awaitable[object]]


def trouble_then_success(request: SentRequest, *, since: float) -> RawResponse:
    """Throttle, break, keep waiting and answer, by the time since the beginning."""
    at = request.at - since
    if request.method == "POST":
        return json_response(201, {"meta": {"session_token": TOKEN}})
    if request.method == "DELETE":
        return json_response(500 if at < 12.0 else 200)
    if at < 0.4:
        return json_response(429, headers={"Retry-After": "1"})
    if at < 2.0:
        return json_response(500)
    if at < 6.0:
        return json_response(202)
    found = session_json(
        request.path.split("/")[2],
        providers=[{"provider_name": "X"}],
        geocoding="matched",
        internet="matched",
    )
    return json_response(200, found)


async def read(hum: HumClient) -> None:
    await hum.get_session(TOKEN)


async def look_up(hum: HumClient) -> None:
    await hum.lookup(ADDRESS)


async def watch(hum: HumClient) -> None:
    async with AsyncSessionWatcher(hum, policy=GuidedPolling(jitter=0.0)) as watcher:
        async for _ in watcher.watch([TOKEN, "b", "c"]):
            pass


async def watch_a_source(hum: HumClient) -> None:
    async def tokens() -> AsyncIterator[str]:
        for number in range(5):
            await asyncio.sleep(0.3)
            yield f"t{number}"

    async with (
        AsyncSessionWatcher(hum, policy=GuidedPolling(jitter=0.0)) as watcher,
        watcher.watch(tokens()) as stream,
    ):
        async for _ in stream:
            pass


class Ground:
    """A client with a limiter that others use as well."""

    def __init__(self) -> None:
        answer = partial(trouble_then_success, since=asyncio.get_running_loop().time())
        self.transport = ScriptedTransport(answer, latency=0.15)
        self.limiter = RateLimiter(rate=4, concurrency=2)
        retry = RetryPolicy(attempts=100, base=0.1, cap=0.5)
        self.hum = HumClient(transport=self.transport, limiter=self.limiter, retry=retry)

    async def cancel(self, operation: Operation, *, after: float, ticks: int) -> bool:
        """Cancel an operation after so much time and so many steps; return whether it had ended."""
        loop = asyncio.get_running_loop()
        other = loop.create_task(self.hum.get_session("other"))
        task = asyncio.ensure_future(operation(self.hum))
        await asyncio.sleep(after)
        for _ in range(ticks):
            await asyncio.sleep(0)
        ended = task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled() != ended
        # Whoever shares the limiter is served all the same.
        await other
        await self.check()
        return ended

    async def check(self) -> None:
        statistics = self.limiter.statistics()
        assert (statistics.in_use, statistics.waiting) == (0, 0)
        assert statistics.granted == len(self.transport.requests)
        assert self.transport.in_flight == 0
        await asyncio.gather(*[self.hum.get_session("after") for _ in range(5)])
        assert self.limiter.statistics().granted == len(self.transport.requests)


@pytest.mark.parametrize("operation", [read, look_up, watch, watch_a_source])
async def test_an_operation_may_be_cancelled_at_any_moment(operation: Operation) -> None:
    asyncio.get_running_loop().set_debug(False)
    ended = 0
    for step in range(100):
        ended += await Ground().cancel(operation, after=step * 0.16, ticks=step % 4)
    # The steps cover the operation from beginning to end.
    assert 0 < ended < 95


@pytest.mark.parametrize("operation", [read, look_up, watch, watch_a_source])
async def test_an_operation_may_be_cancelled_at_each_of_its_first_steps(
    operation: Operation,
) -> None:
    for ticks in range(12):
        for after in (0.0, 0.15, 0.25):
            await Ground().cancel(operation, after=after, ticks=ticks)


@pytest.mark.parametrize("operation", [read, look_up, watch])
async def test_a_timeout_is_a_cancellation_like_any_other(operation: Operation) -> None:
    for step in range(30):
        ground = Ground()
        with pytest.raises(TimeoutError):
            # With the limiter's ticks of 0.25 s, many of these fall together with a grant.
            async with asyncio.timeout(step * 0.05):
                await operation(ground.hum)
        await ground.check()


async def test_every_second_waiter_may_leave_in_the_tick_in_which_it_is_served() -> None:
    loop = asyncio.get_running_loop()
    limiter = RateLimiter(rate=10, concurrency=2)
    served: list[int] = []

    async def wait(number: int) -> None:
        async with limiter.slot():
            served.append(number)
            await asyncio.sleep(0.1)

    tasks = [loop.create_task(wait(number)) for number in range(60)]
    for tick in range(60):
        when, number = tick / 10, tick
        if tick % 2:
            loop.call_at(when, tasks[number].cancel)
            loop.call_at(when + 1e-9, tasks[number].cancel)
    await asyncio.gather(*tasks, return_exceptions=True)
    statistics = limiter.statistics()
    assert (statistics.in_use, statistics.waiting) == (0, 0)
    assert statistics.granted == len(served)
    assert set(range(0, 60, 2)) <= set(served)
    assert served == sorted(served)


async def test_a_cancelled_post_is_not_sent_again() -> None:
    ground = Ground()
    task = asyncio.ensure_future(ground.hum.create_session(ADDRESS))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(60.0)
    assert [request.method for request in ground.transport.requests] == ["POST"]
    await ground.check()


async def test_one_of_many_may_leave_without_disturbing_the_others() -> None:
    ground = Ground()
    tasks = [asyncio.ensure_future(ground.hum.get_session(f"t{n}")) for n in range(20)]
    for index, task in enumerate(tasks):
        if index % 3 == 0:
            await asyncio.sleep(0.2)
            task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    lost = [index for index, result in enumerate(found) if isinstance(result, BaseException)]
    assert all(index % 3 == 0 for index in lost)
    await ground.check()
