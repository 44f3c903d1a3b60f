from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.simulator import Simulator

if TYPE_CHECKING:
    from conftest import Ask


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("bad-key", 401), ("forbidden-key", 403), ("any", 200)]
)
async def test_the_key_decides_who_may_ask(key: str | None, status: int, ask: Ask) -> None:
    async with Simulator() as simulator:
        assert (await ask(simulator, "GET", "/ping", key=key)).status == status


async def test_a_bad_key_costs_nothing_of_the_rate_limit(ask: Ask) -> None:
    async with Simulator(rate=0.1, burst=1) as simulator:
        refused = [await ask(simulator, "GET", "/ping", key="bad-key") for _ in range(5)]
        allowed = await ask(simulator, "GET", "/ping")
        throttled = await ask(simulator, "GET", "/ping", key="bad-key")
    assert {reply.status for reply in refused} == {401}
    assert (allowed.status, throttled.status) == (200, 401)


async def test_every_kind_of_request_counts_against_the_limit(ask: Ask, post: Ask) -> None:
    async with Simulator(rate=0.1, burst=4) as simulator:
        path = f"/sessions/{simulator.add_session()}"
        replies = [
            await ask(simulator, "GET", "/ping"),
            await ask(simulator, "GET", path),
            await post(simulator, "100 Served St"),
            await ask(simulator, "DELETE", path),
            await ask(simulator, "GET", "/ping"),
        ]
        statistics = simulator.statistics()
    assert [reply.status for reply in replies] == [200, 202, 201, 200, 429]
    assert "Retry-After" not in replies[-1].headers
    assert replies[-1].body["request_status"] == "error"
    assert statistics.throttled == 1


async def test_a_throttled_request_takes_no_effect(ask: Ask, post: Ask) -> None:
    async with Simulator(rate=0.1, burst=1) as simulator:
        await ask(simulator, "GET", "/ping")
        assert (await post(simulator, "100 Served St")).status == 429
        assert simulator.sessions_bought == 0


async def test_the_limit_does_not_run_faster_in_a_faster_simulation(ask: Ask) -> None:
    async with Simulator(rate=0.1, speed=1000) as simulator:
        statuses = Counter([(await ask(simulator, "GET", "/ping")).status for _ in range(5)])
        simulator.advance(3600)
        assert (await ask(simulator, "GET", "/ping")).status == 429
    assert statuses == {200: 1, 429: 4}


@pytest.mark.parametrize(("value", "header"), [(3, "3"), (0.5, "0.5"), (0, "0")])
async def test_retry_after_can_be_a_number(value: float, header: str, ask: Ask) -> None:
    async with Simulator(rate=0.1, retry_after=value) as simulator:
        await ask(simulator, "GET", "/ping")
        reply = await ask(simulator, "GET", "/ping")
    assert reply.headers["Retry-After"] == header


@pytest.mark.parametrize(("value", "ahead"), [("date", 1), (timedelta(seconds=7), 7)])
async def test_retry_after_can_be_a_date_ahead_of_the_answer(
    value: Any, ahead: int, ask: Ask
) -> None:
    async with Simulator(rate=0.1, retry_after=value) as simulator:
        await ask(simulator, "GET", "/ping")
        reply = await ask(simulator, "GET", "/ping")
    gap = parsedate_to_datetime(reply.headers["Retry-After"]) - parsedate_to_datetime(
        reply.headers["Date"]
    )
    assert abs(gap.total_seconds() - ahead) <= 1


async def test_the_limit_can_change_while_it_runs(ask: Ask) -> None:
    async with Simulator() as simulator:
        assert (await ask(simulator, "GET", "/ping")).status == 200
        simulator.set_rate(0.1, retry_after=2)
        replies = [await ask(simulator, "GET", "/ping") for _ in range(2)]
        simulator.set_rate(None)
        assert (await ask(simulator, "GET", "/ping")).status == 200
    assert [reply.status for reply in replies] == [200, 429]
    assert replies[1].headers["Retry-After"] == "2"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"host": "192.0.2.1"}, "loopback"),
        ({"host": "example.com"}, "loopback"),
        ({"speed": 0}, "speed"),
        ({"lifetime": 0}, "lifetime"),
        ({"median": -1}, "median"),
        ({"sigma": float("nan")}, "sigma"),
        ({"rate": 0}, "rate"),
        ({"burst": 0}, "burst"),
        ({"generation": "other"}, "generation"),
        ({"retry_after": -1}, "retry_after"),
        ({"retry_after": "tomorrow"}, "retry_after"),
    ],
)
def test_senseless_settings_are_refused_at_once(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Simulator(**options)


async def test_a_burst_of_concurrent_requests_is_cut_at_the_burst(ask: Ask) -> None:
    async with Simulator(rate=0.1, burst=10) as simulator:
        replies = await asyncio.gather(*(ask(simulator, "GET", "/ping") for _ in range(30)))
    assert Counter(reply.status for reply in replies) == {200: 10, 429: 20}
