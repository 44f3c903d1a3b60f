from __future__ import annotations

import asyncio
import math
import selectors
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from hum_async.simulator import Simulator
from hum_async.simulator._clock import SimulatedClock, timestamp


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        events = super().select(0)
        if not events and timeout:
            self.now += timeout
        return events


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


async def test_a_clock_that_has_not_started_stands_at_zero_and_can_be_advanced() -> None:
    clock = SimulatedClock()
    assert clock.now == 0
    clock.advance(5)
    assert clock.now == 5


async def test_a_clock_runs_at_its_speed() -> None:
    clock = SimulatedClock(speed=1000)
    clock.start()
    await asyncio.sleep(0.02)
    assert 20 <= clock.now < 1000


async def test_a_stopped_clock_goes_on_from_where_it_stood() -> None:
    clock = SimulatedClock(speed=1000)
    clock.start()
    await asyncio.sleep(0.01)
    clock.stop()
    stood = clock.now
    await asyncio.sleep(0.01)
    assert clock.now == stood
    clock.start()
    assert clock.now >= stood


async def test_advancing_wakes_whoever_has_nothing_left_to_wait_for() -> None:
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


@pytest.mark.parametrize("speed", [1, 7, 1000])
def test_on_a_virtual_loop_an_hour_of_simulation_takes_no_time(speed: float) -> None:
    async def poll_slowly() -> tuple[float, int]:
        loop = asyncio.get_running_loop()
        async with (
            Simulator(generation="immediate", speed=speed) as simulator,
            aiohttp.ClientSession(headers={"Authorization": "Bearer k"}) as http,
        ):
            address = {"street1": "100 Slow Pl", "zip": "48226"}
            async with http.post(f"{simulator.url}/sessions", json=address) as response:
                assert response.status == 201
            took = loop.time()
            await asyncio.sleep(3600)
            async with http.get(f"{simulator.url}/ping") as response:
                return took, response.status

    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        took, status = runner.run(poll_slowly())
    assert took == pytest.approx(25 / speed, abs=0.01)
    assert status == 200
