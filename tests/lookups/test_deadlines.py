"""A look-up ends when its caller's time is over, whatever holds it up, and says what was bought."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, Outcome, RateLimiter, SessionHub
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from hum_async.errors import HumError
    from hum_async.models import RawResponse

pytestmark = pytest.mark.virtual

ADDRESS = Address("1 A St", zip="48226")
TOKEN = "a-token-of-a-session"
CREATED = json_response(201, session_json(TOKEN, geocoding="pending", internet="pending"))
PENDING = json_response(202, session_json(TOKEN, geocoding="matched", internet="pending"))


def now() -> float:
    return asyncio.get_running_loop().time()


def never_done(request: SentRequest) -> RawResponse:
    return CREATED if request.method == "POST" else PENDING


def refused(_: SentRequest) -> RawResponse:
    return json_response(429, headers={"Retry-After": "5"})


def client_of(
    answer: Callable[[SentRequest], RawResponse | HumError],
    *,
    latency: float = 0.0,
    rate: float = 100.0,
) -> tuple[HumClient, ScriptedTransport]:
    transport = ScriptedTransport(answer, latency=latency)
    return HumClient(transport=transport, limiter=RateLimiter(rate=rate)), transport


async def by_hub(hum: HumClient, timeout: float | None) -> dict[str, Any]:
    """Return the data of the last event."""
    async with SessionHub(hum, timeout=timeout, signals=False) as hub:
        events = [event async for event in hub.subscribe(hub.lookup(ADDRESS))]
        # What is sent after the end goes out, too.
        ended = now()
        await asyncio.sleep(100)
        return {**json.loads(events[-1].payload), "ended": ended}


async def test_polling_ends_by_the_policy_where_the_caller_has_more_time() -> None:
    hum, transport = client_of(never_done)
    found = await hum.lookup(ADDRESS)
    assert found.outcome == Outcome.TIMED_OUT
    assert found.token == TOKEN
    assert transport.requests[-1].at == pytest.approx(30.0)


@pytest.mark.parametrize("timeout", [1.0, 5.0, 12.0])
async def test_the_last_poll_comes_in_time_to_be_answered(timeout: float) -> None:
    hum, transport = client_of(never_done, latency=0.1)
    found = await hum.lookup(ADDRESS, timeout=timeout)
    assert (found.outcome, found.token) == (Outcome.TIMED_OUT, TOKEN)
    assert timeout - 0.4 < transport.requests[-1].at < timeout - 0.1
    assert timeout - 0.3 < now() <= timeout
    # It may still be watched: nothing has closed it.
    assert {request.method for request in transport.requests} == {"POST", "GET"}


async def test_a_search_that_ends_late_is_found_by_that_poll() -> None:
    def answer(request: SentRequest) -> RawResponse:
        if request.method != "GET" or request.at < 4.5:
            return never_done(request)
        provider = {"provider_name": "Fiber", "offerings": []}
        return json_response(
            200, session_json(TOKEN, providers=[provider], geocoding="matched", internet="matched")
        )

    hum, _ = client_of(answer, latency=0.1)
    assert (await hum.lookup(ADDRESS, timeout=5.0)).outcome == Outcome.SERVED


@pytest.mark.parametrize("timeout", [10.0, 120.0])
async def test_endless_refusals_end_at_the_deadline_and_nothing_was_bought(timeout: float) -> None:
    hum, transport = client_of(refused)
    found = await hum.lookup(ADDRESS, timeout=timeout)
    assert now() == pytest.approx(timeout)
    assert (found.outcome, found.token) == (Outcome.TIMED_OUT, None)
    assert "nothing was bought" in str(found.error)
    sent = len(transport.requests)
    await asyncio.sleep(1000)
    assert len(transport.requests) == sent


async def test_a_pause_during_the_polls_ends_at_the_deadline_too() -> None:
    def answer(request: SentRequest) -> RawResponse:
        return CREATED if request.method == "POST" else refused(request)

    hum, _ = client_of(answer)
    found = await hum.lookup(ADDRESS, timeout=40.0)
    assert now() == pytest.approx(40.0)
    assert (found.outcome, found.token) == (Outcome.TIMED_OUT, TOKEN)
    assert "watched" in str(found.error)


async def test_whoever_waits_for_the_limit_until_the_end_has_bought_nothing() -> None:
    hum, transport = client_of(never_done, rate=0.05)
    found = await asyncio.gather(*[hum.lookup(ADDRESS, timeout=10.0) for _ in range(3)])
    assert now() == pytest.approx(10.0)
    assert sum(request.method == "POST" for request in transport.requests) == 1
    assert sorted(str(each.token) for each in found) == ["None", "None", TOKEN]
    assert {each.outcome for each in found} == {Outcome.TIMED_OUT}
    assert hum.limiter.has_room() is False
    assert hum.limiter.statistics().waiting == 0  # type: ignore[attr-defined]  it is ours


async def test_a_post_under_way_at_the_deadline_is_uncertain() -> None:
    hum, transport = client_of(never_done, latency=20.0)
    found = await hum.lookup(ADDRESS, timeout=10.0)
    assert now() == pytest.approx(10.0)
    assert (found.outcome, found.token) == (Outcome.UNCERTAIN, None)
    await asyncio.sleep(100)
    assert len(transport.requests) == 1


async def test_no_time_at_all_sends_nothing() -> None:
    hum, transport = client_of(never_done)
    assert (await hum.lookup(ADDRESS, timeout=0.0)).outcome == Outcome.TIMED_OUT
    assert not transport.requests
    for wrong in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="timeout"):
            await hum.lookup(ADDRESS, timeout=wrong)


def served_and_never_closed(request: SentRequest) -> RawResponse:
    if request.method == "DELETE":
        return refused(request)
    provider = {"provider_name": "Fiber", "offerings": []}
    body = session_json(TOKEN, providers=[provider], geocoding="matched", internet="matched")
    return json_response(201 if request.method == "POST" else 200, body)


async def test_a_result_that_is_there_waits_two_seconds_for_its_delete_at_most() -> None:
    # The next slot is had in 20 s.
    hum, transport = client_of(served_and_never_closed, rate=0.05)
    for timeout in (10.0, None):
        began = now()
        assert (await hum.lookup(ADDRESS, timeout=timeout)).outcome == Outcome.SERVED
        assert now() - began == pytest.approx(2.0)
        assert transport.requests[-1].method == "POST"
        await asyncio.sleep(100)


async def test_a_result_that_is_there_is_not_lost_by_a_slow_delete() -> None:
    hum, _ = client_of(served_and_never_closed)
    assert (await hum.lookup(ADDRESS, timeout=10.0)).outcome == Outcome.SERVED
    assert now() < 10.0


async def test_cancelling_from_outside_is_no_deadline() -> None:
    hum, _ = client_of(never_done)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await hum.lookup(ADDRESS, timeout=10.0)
    task = asyncio.ensure_future(hum.lookup(ADDRESS, timeout=10.0))
    await asyncio.sleep(1)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


@pytest.mark.parametrize(
    ("answer", "latency", "outcome"),
    [(refused, 0.0, "TIMED_OUT"), (never_done, 0.0, "TIMED_OUT"), (never_done, 20.0, "UNCERTAIN")],
    ids=["refused", "never-done", "slow-post"],
)
async def test_a_hub_tells_its_browsers_in_time(
    answer: Callable[[SentRequest], RawResponse], latency: float, outcome: str
) -> None:
    hum, transport = client_of(answer, latency=latency)
    done = await by_hub(hum, 10.0)
    assert done["outcome"] == outcome
    assert done["ended"] == pytest.approx(10.0, abs=0.1)
    methods = [request.method for request in transport.requests]
    if latency:
        # The session that came too late is closed: nobody will read it.
        assert methods == ["POST", "DELETE"]
    else:
        assert "DELETE" not in methods


async def test_an_address_whose_look_up_ran_out_of_time_may_be_looked_up_again() -> None:
    hum, transport = client_of(refused)
    async with SessionHub(hum, timeout=10.0, signals=False) as hub:
        first = hub.lookup(ADDRESS)
        await asyncio.sleep(11)
        assert hub.statistics().running == 0
        assert hub.lookup(ADDRESS) != first
    assert all(request.method == "POST" for request in transport.requests)


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
async def test_a_hub_needs_some_time(timeout: float) -> None:
    hum, _ = client_of(never_done)
    with pytest.raises(ValueError, match="timeout"):
        SessionHub(hum, timeout=timeout)
