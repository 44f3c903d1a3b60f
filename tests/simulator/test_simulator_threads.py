"""A simulator in a thread of its own: it answers whatever the calling thread does."""

import asyncio
import threading
import time
import urllib.error
import urllib.request

import aiohttp
import pytest

from hum_async import Address, HumClient
from hum_async.simulator import Faults, Simulator, serve_simulator


def get(simulator: Simulator, path: str) -> int:
    headers = {"Authorization": "Bearer any-key"}
    request = urllib.request.Request(simulator.url + path, headers=headers)  # noqa: S310  loopback
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_it_answers_a_thread_that_blocks() -> None:
    before = threading.enumerate()
    with serve_simulator() as simulator:
        assert get(simulator, "/ping") == 200
        assert isinstance(simulator, Simulator)
    assert [record.path for record in simulator.journal] == ["/ping"]
    assert simulator.statistics().requests == 1
    with pytest.raises(urllib.error.URLError):
        get(simulator, "/ping")
    assert threading.enumerate() == before


def test_its_methods_work_from_a_thread_without_a_loop() -> None:
    with serve_simulator() as simulator:
        token = simulator.add_session()
        other = simulator.add_session({"street1": "100 Never Done Dr", "zip": "48226"})
        simulator.advance(3600)
        assert simulator.now >= 3600
        assert get(simulator, f"/sessions/{token}") == 200
        simulator.expire(token)
        simulator.close(other)
        assert get(simulator, f"/sessions/{token}") == get(simulator, f"/sessions/{other}") == 410
        assert simulator.statistics().sessions_expired == 1
        simulator.set_rate(0.001, burst=1)
        assert [get(simulator, "/ping") for _ in range(2)] == [200, 429]
        simulator.set_rate(None)
        simulator.play("outage")
        with pytest.raises(ConnectionError):
            get(simulator, "/ping")
        simulator.play("usual")
        simulator.faults = Faults(malformed=1.0)
        assert get(simulator, "/ping") == 200
        with pytest.raises(ValueError, match="seconds"):
            simulator.advance(-1)
        with pytest.raises(KeyError):
            simulator.expire("unknown")


@pytest.mark.parametrize("scenario", ["slow", "session expires"])
def test_the_scenario_that_it_began_with_ends_as_well(scenario: str) -> None:
    with serve_simulator(scenario) as simulator:
        simulator.play("usual")

        async def look_up() -> str:
            async with HumClient("any-key", base_url=simulator.url) as hum:
                return (await hum.lookup(Address("20 Main St", zip="48226"))).outcome

        assert asyncio.run(look_up()) == "SERVED"
        # Immediate, as it is where no scenario is named.
        assert [record.method for record in simulator.journal] == ["POST", "DELETE"]


def test_an_advance_wakes_a_request_that_waits() -> None:
    with serve_simulator(speed=1, median=3000, sigma=0) as simulator:
        look_up = threading.Thread(target=asyncio.run, args=(buy(simulator),))
        look_up.start()
        while not simulator.journal:
            time.sleep(0.001)
        simulator.advance(3001)
        look_up.join(60)
        assert [record.status for record in simulator.journal] == [201]


async def buy(simulator: Simulator) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer any-key"}) as http:
        body = {"street1": "20 Main St", "zip": "48226"}
        async with http.post(f"{simulator.url}/sessions", json=body) as answer:
            await answer.read()


async def test_it_goes_away_and_comes_back_for_a_test_with_a_loop() -> None:
    with serve_simulator() as simulator:
        await simulator.aclose()
        with pytest.raises(urllib.error.URLError):
            get(simulator, "/ping")
        await simulator.start()
        assert get(simulator, "/ping") == 200


def test_a_look_up_needs_no_more_than_its_requests() -> None:
    """At a speed of 1000 a search takes milliseconds, and nothing is polled."""

    async def look_up() -> bool:
        async with HumClient("any-key", base_url=simulator.url) as hum:
            return bool((await hum.lookup(Address("100 Slow Pl", zip="48226"))).providers)

    with serve_simulator() as simulator:
        assert asyncio.run(look_up())
        assert [record.method for record in simulator.journal] == ["POST", "DELETE"]


def test_its_sessions_live_half_an_hour_of_real_time_at_any_speed() -> None:
    with serve_simulator(speed=5000) as simulator:
        token = simulator.add_session()
        simulator.advance(1700 * 5000)
        assert get(simulator, f"/sessions/{token}") == 200
        simulator.advance(1801 * 5000)
        assert get(simulator, f"/sessions/{token}") == 410


def test_the_environment_names_it() -> None:
    with serve_simulator() as simulator:
        assert simulator.env == {"HUM_API_KEY": "simulated", "HUM_BASE_URL": simulator.url}
    with pytest.raises(RuntimeError, match="no port"):
        _ = Simulator().env


@pytest.mark.parametrize("arguments", [{"speed": "fast"}, {"speed": None, "sped": 1}])
def test_a_wrong_argument_is_refused_before_a_thread_starts(arguments: dict[str, object]) -> None:
    before = threading.enumerate()
    with pytest.raises(TypeError, match=r"spee?d"):
        serve_simulator(**arguments).__enter__()
    assert threading.enumerate() == before


def test_what_the_test_raises_comes_out() -> None:
    with pytest.raises(RuntimeError, match="mine"), serve_simulator():
        raise RuntimeError("mine")
