"""Which poll goes out when, and what does not count against the budget of polling."""

import asyncio

import pytest

from hum_async import (
    AsyncSessionWatcher,
    GuidedPolling,
    HumClient,
    RateLimiter,
    RawResponse,
    UpdateKind,
)
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

pytestmark = pytest.mark.virtual


def pending(request: SentRequest) -> RawResponse:
    token = request.path.split("/")[2]
    return json_response(202, session_json(token, geocoding="pending", internet="pending"))


async def test_the_budget_stands_still_in_a_pause_that_somebody_else_has_caused() -> None:
    limiter, transport = RateLimiter(rate=100), ScriptedTransport(pending)
    policy = GuidedPolling(interval=10.0, jitter=0.0, backoff=1.0)
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum, policy=policy) as watcher,
    ):
        # Between two polls, from 12 s to at least 18 s; the third poll is due at 20 s.
        asyncio.get_running_loop().call_later(12.0, limiter.throttled, 6.0)
        (*_, last) = [update async for update in watcher.watch(["a"])]
    assert last.kind == UpdateKind.TIMED_OUT
    assert last.elapsed == pytest.approx(30.0 + limiter.paused_seconds(), abs=0.1)
    assert last.elapsed >= 36.0


async def test_the_budget_stands_still_while_a_due_poll_waits_in_our_own_queue() -> None:
    limiter, transport = RateLimiter(rate=100, concurrency=1), ScriptedTransport(pending)
    policy = GuidedPolling(interval=10.0, jitter=0.0, backoff=1.0)
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum, policy=policy) as watcher,
    ):
        stream = watcher.watch(["a"])
        await anext(stream)
        async with limiter.slot():  # somebody else's attempt; the second poll is due at 10 s
            await asyncio.sleep(17.0)
        (last,) = [update async for update in stream]
    assert [request.at for request in transport.requests] == pytest.approx(
        [0.0, 17.0, 27.0, 37.0], abs=0.1
    )
    assert (last.kind, last.polls) == (UpdateKind.TIMED_OUT, 4)


async def test_a_refused_poll_goes_before_tokens_that_were_never_polled() -> None:
    def answer(request: SentRequest) -> RawResponse:
        if len(transport.requests) == 1:
            return json_response(429, headers={"Retry-After": "1"})
        token = request.path.split("/")[2]
        return json_response(200, session_json(token, geocoding="matched", internet="failed"))

    transport = ScriptedTransport(answer)
    limiter = RateLimiter(rate=10, concurrency=1)
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum) as watcher,
    ):
        ends = [update.token async for update in watcher.watch(["a", "b", "c"])]
    assert ends == ["a", "b", "c"]
    assert [request.path[-1] for request in transport.requests] == ["a", "a", "b", "c"]
