"""The control interface for tests in another process."""

from typing import Any

import aiohttp
import pytest
from simulator_support import Ask

from hum_async.simulator import RequestRecord, Simulator


async def control(simulator: Simulator, method: str, name: str, **options: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http:
        url = f"{simulator.url}/_simulator/{name}"
        async with http.request(method, url, **options) as response:
            return response.status, await response.json()


async def test_another_process_can_read_the_journal(ask: Ask) -> None:
    async with Simulator() as simulator:
        await ask(simulator, "GET", "/ping")
        status, (record,) = await control(simulator, "GET", "journal")
        assert RequestRecord(**record) == simulator.journal[0]
    assert status == 200


async def test_another_process_can_read_the_statistics(ask: Ask) -> None:
    async with Simulator() as simulator:
        await ask(simulator, "GET", "/ping")
        status, statistics = await control(simulator, "GET", "statistics")
    assert status == 200
    assert statistics["by_status"] == {"200": 1}


async def test_another_process_can_move_the_clock() -> None:
    async with Simulator() as simulator:
        status, answer = await control(simulator, "POST", "advance", json={"seconds": 100})
        assert simulator.now >= answer["now"] >= 100
    assert status == 200


@pytest.mark.parametrize("body", [{"seconds": -1}, {"seconds": "1"}, {}, [], 1])
async def test_a_senseless_move_of_the_clock_is_refused(body: Any) -> None:
    async with Simulator() as simulator:
        status, answer = await control(simulator, "POST", "advance", json=body)
    assert (status, answer["request_status"]) == (400, "error")


async def test_any_other_control_endpoint_is_unknown() -> None:
    async with Simulator() as simulator:
        status, _ = await control(simulator, "GET", "other")
    assert status == 404


async def test_control_requests_are_neither_logged_nor_limited() -> None:
    async with Simulator(rate=0.001, burst=1) as simulator:
        statuses = [(await control(simulator, "GET", "journal"))[0] for _ in range(3)]
        assert not simulator.journal
    assert statuses == [200] * 3
