"""The simulated clock: speed, stops, jumps and waits."""

import asyncio
import math
from datetime import UTC, datetime

import aiohttp
import pytest

from hum_async.simulator import Simulator
from hum_async.simulator._clock import SimulatedClock, timestamp


async def test_a_clock_that_has_not_started_stands_at_zero_and_can_be_advanced() -> None:
    clock = SimulatedClock()
    assert clock.now == 0
    clock.advance(5)
    assert clock.now == 5


@pytest.mark.virtual
async def test_a_clock_runs_at_its_speed() -> None:
    clock = SimulatedClock(speed=1000)
    clock.start()
    await asyncio.sleep(0.02)
    assert clock.now == pytest.approx(20)


@pytest.mark.virtual
async def test_a_stopped_clock_continues_from_where_it_stood() -> None:
    clock = SimulatedClock(speed=1000)
    clock.start()
    await asyncio.sleep(0.01)
    clock.stop()
    await asyncio.sleep(0.01)
    assert clock.now == pytest.approx(10)
    clock.start()
    await asyncio.sleep(0.01)
    assert clock.now == pytest.approx(20)


async def test_advancing_wakes_a_wait_that_is_over_and_no_other() -> None:
    clock = SimulatedClock()
    clock.start()
    near = asyncio.create_task(clock.sleep_until(50))
    far = asyncio.create_task(clock.sleep_until(5000))
    await asyncio.sleep(0)
    clock.advance(100)
    await near
    assert not far.done()
    clock.advance(5000)
    await far


async def test_waiting_for_ever_ends_only_by_cancellation() -> None:
    clock = SimulatedClock()
    clock.start()
    waiting = asyncio.create_task(clock.sleep_until(math.inf))
    await asyncio.sleep(0)
    clock.advance(1e9)
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf])
def test_the_clock_goes_neither_back_nor_nowhere(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds"):
        SimulatedClock().advance(seconds)


def test_timestamps_are_utc_with_milliseconds_and_a_z() -> None:
    epoch = datetime(2025, 4, 2, 16, 56, 4, tzinfo=UTC)
    assert timestamp(epoch, at=0.876) == "2025-04-02T16:56:04.876Z"


@pytest.mark.virtual
@pytest.mark.parametrize("speed", [1, 7, 1000])
async def test_on_a_virtual_loop_ten_minutes_of_simulation_takes_no_time(speed: float) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()
    async with (
        Simulator(generation="immediate", speed=speed) as simulator,
        aiohttp.ClientSession(headers={"Authorization": "Bearer k"}) as http,
    ):
        address = {"street1": "100 Slow Pl", "zip": "48226"}
        async with http.post(f"{simulator.url}/sessions", json=address) as response:
            assert response.status == 201
        assert loop.time() - start == pytest.approx(25 / speed, abs=0.01)
        await asyncio.sleep(600)
        async with http.get(f"{simulator.url}/ping") as response:
            assert response.status == 200
