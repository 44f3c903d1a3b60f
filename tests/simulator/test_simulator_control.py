"""The control interface for tests in another process."""

import re
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


NUMBERS = [
    "-1", "-1e-9", "NaN", "Infinity", "-Infinity", "1e308", "-1e308", "1e309", "1e400", "3.2e9",
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "1" + "0" * 400,
    "1" + "0" * 5000,
]  # fmt: skip
TYPES = ['"1"', '"nan"', "null", "true", "false", "[1]", "{}"]


@pytest.mark.parametrize(
    "body",
    [
        *(f'{{"seconds": {value}}}' for value in (*NUMBERS, *TYPES)),
        "{}", "[]", "1", "null", '"seconds"', "", "{", '{"seconds"', "[" * 5000, "\ud800",
    ],
    ids=lambda body: body[:40] or "nothing",
)  # fmt: skip
async def test_a_senseless_move_of_the_clock_is_refused_with_a_reason(body: str, ask: Ask) -> None:
    data = body.encode("utf-8", "surrogatepass")
    async with Simulator() as simulator:
        status, answer = await control(simulator, "POST", "advance", data=data)
        assert (status, answer["request_status"]) == (400, "error")
        assert re.search(r"0 or more: .+\.$", answer["message"])
        assert simulator.now < 60
        assert (await ask(simulator, "GET", "/ping")).status == 200


async def test_no_number_of_moves_takes_the_clock_beyond_what_dates_can_tell(ask: Ask) -> None:
    statuses = []
    async with Simulator() as simulator:
        for _ in range(3):
            status, _ = await control(simulator, "POST", "advance", json={"seconds": 1.5e9})
            statuses.append(status)
        assert (await ask(simulator, "GET", "/ping")).status == 200
    assert statuses == [200, 200, 400]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "https://{own}"},
        {"Origin": "http://{own}.evil.example"},
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example:{port}"},
        {"Host": "192.168.1.20:{port}"},
        {"Host": "[2001:db8::1]:{port}"},
        {"Host": "127.0.0.1:{port}@evil.example"},
        {"Host": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_no_page_of_elsewhere_uses_the_control(method: str, headers: dict[str, str]) -> None:
    async with Simulator() as simulator:
        own = simulator.url.removeprefix("http://")
        filled = {
            name: value.format(own=own, port=own.rpartition(":")[2])
            for name, value in headers.items()
        }
        name = "journal" if method == "GET" else "advance"
        body = None if method == "GET" else {"seconds": 3600}
        status, answer = await control(simulator, method, name, headers=filled, json=body)
        assert simulator.now < 60
    assert status == 403
    assert "answers" in answer["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://{own}", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Host": "localhost:1234"},
        {"Host": "LOCALHOST"},
        {"Host": "127.0.0.2"},
        {"Host": "[::1]:80"},
    ],
    ids=str,
)
async def test_programs_and_pages_of_the_simulator_use_the_control(headers: dict[str, str]) -> None:
    async with Simulator() as simulator:
        own = simulator.url.removeprefix("http://")
        filled = {name: value.format(own=own) for name, value in headers.items()}
        status, _ = await control(simulator, "GET", "statistics", headers=filled)
    assert status == 200


async def test_any_other_control_endpoint_is_unknown() -> None:
    async with Simulator() as simulator:
        status, _ = await control(simulator, "GET", "other")
    assert status == 404


async def test_control_requests_are_neither_logged_nor_limited() -> None:
    async with Simulator(rate=0.001, burst=1) as simulator:
        statuses = [(await control(simulator, "GET", "journal"))[0] for _ in range(3)]
        assert not simulator.journal
    assert statuses == [200] * 3
