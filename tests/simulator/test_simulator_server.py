"""The simulator as an object: start, stop and arguments."""

from typing import Any

import aiohttp
import pytest
from simulator_support import Ask

from hum_async.simulator import Simulator


async def test_the_url_is_known_once_it_listens(ask: Ask) -> None:
    simulator = Simulator()
    with pytest.raises(RuntimeError, match="start it first"):
        _ = simulator.url
    assert "not running" in repr(simulator)
    async with simulator:
        assert simulator.url.startswith("http://127.0.0.1:")
        assert simulator.url in repr(simulator)
        assert (await ask(simulator, "GET", "/ping")).status == 200


async def test_starting_and_closing_twice_changes_nothing(ask: Ask) -> None:
    simulator = Simulator(host="localhost")
    await simulator.aclose()
    await simulator.start()
    url = simulator.url
    await simulator.start()
    assert simulator.url == url
    assert (await ask(simulator, "GET", "/ping")).status == 200
    await simulator.aclose()
    await simulator.aclose()
    with pytest.raises(aiohttp.ClientConnectionError):
        await ask(simulator, "GET", "/ping")


async def test_after_an_outage_it_is_back_on_its_port_with_its_sessions(
    ask: Ask, post: Ask
) -> None:
    async with Simulator() as simulator:
        token = (await post(simulator, "100 Never Done Dr")).token
        url = simulator.url
        await simulator.aclose()
        with pytest.raises(aiohttp.ClientConnectionError):
            await ask(simulator, "GET", f"/sessions/{token}")
        await simulator.start()
        assert simulator.url == url
        assert (await ask(simulator, "GET", f"/sessions/{token}")).status == 202


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    async with Simulator() as simulator:
        port = int(simulator.url.rpartition(":")[2])
        second = Simulator(port=port)
        with pytest.raises(OSError, match="in use"):
            await second.start()
        assert "not running" in repr(second)


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


async def test_the_limit_can_change_while_it_runs(ask: Ask) -> None:
    async with Simulator() as simulator:
        assert (await ask(simulator, "GET", "/ping")).status == 200
        simulator.set_rate(0.001, retry_after=2)
        replies = [await ask(simulator, "GET", "/ping") for _ in range(2)]
        simulator.set_rate(None)
        assert (await ask(simulator, "GET", "/ping")).status == 200
    assert [reply.status for reply in replies] == [200, 429]
    assert replies[1].headers["Retry-After"] == "2"
