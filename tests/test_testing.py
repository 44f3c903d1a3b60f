"""The public test kit: what scripted networks, virtual time and the plugin promise."""

import asyncio
import socket
import threading
import time
from typing import Any

import pytest

from hum_async import ConnectFailed, HumClient, RateLimiter, SessionNotFound
from hum_async.simulator import Simulator
from hum_async.testing import (
    ScriptedTransport,
    SentRequest,
    VirtualTimeLoop,
    json_response,
    session_json,
)

pytest_plugins = ["pytester"]
virtual = pytest.mark.virtual


def now() -> float:
    return asyncio.get_running_loop().time()


@virtual
async def test_a_scripted_transport_answers_and_remembers() -> None:
    transport = ScriptedTransport(lambda request: json_response(200, {"path": request.path}))
    await asyncio.sleep(3.0)
    response = await transport.send("POST", "/x", body=b'{"a":1}', timeout=5.0)
    assert (response.status, response.body) == (200, b'{"path":"/x"}')
    assert transport.requests == [SentRequest("POST", "/x", {"a": 1}, 3.0, 5.0)]
    assert not transport.closed
    await transport.aclose()
    assert transport.closed


@virtual
async def test_it_takes_its_time_and_counts_what_is_under_way() -> None:
    transport = ScriptedTransport(lambda _: json_response(202), latency=2.0)
    tasks = [asyncio.ensure_future(transport.send("GET", "/", timeout=1)) for _ in range(3)]
    await asyncio.sleep(1.0)
    assert transport.in_flight == transport.most_in_flight == 3
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (now(), transport.in_flight, transport.most_in_flight) == (2.0, 0, 3)


@virtual
async def test_an_error_may_be_returned_or_raised() -> None:
    def answer(request: SentRequest) -> Any:
        if request.path == "/raised":
            raise ConnectFailed("raised")
        return ConnectFailed("returned")

    transport = ScriptedTransport(answer)
    for path in ("/raised", "/returned"):
        with pytest.raises(ConnectFailed, match=path[1:]):
            await transport.send("GET", path, timeout=1)
    assert transport.in_flight == 0


def test_answers_have_headers_in_any_case_and_maybe_no_body() -> None:
    response = json_response(429, headers={"Retry-After": "1"})
    assert response.body == b""
    assert response.headers["retry-after"] == "1"


@virtual
async def test_the_body_of_a_session_is_what_the_client_reads() -> None:
    body = session_json(
        "token", providers=[{"provider_name": "X"}], address="somewhere", internet="matched"
    )
    transport = ScriptedTransport(lambda _: json_response(200, body))
    async with HumClient(transport=transport, limiter=RateLimiter(rate=100)) as hum:
        session = await hum.get_internet("token")
        assert session.providers is not None
        assert session.providers[0].name == "X"
        assert session.service_address is not None
        assert session.service_address.normalized == "somewhere"
        assert session.agents == {"internet": "matched"}
        assert session.extra == {}


# --- virtual time ---------------------------------------------------------------------------------


@virtual
async def test_a_week_of_waiting_is_over_at_once_and_exact() -> None:
    order: list[tuple[str, float]] = []

    async def wait(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append((name, now()))

    await asyncio.gather(wait("week", 604_800.0), wait("day", 86_400.0), wait("now", 0.0))
    assert order == [("now", 0.0), ("day", 86_400.0), ("week", 604_800.0)]


@virtual
async def test_time_stands_still_while_a_thread_works() -> None:
    def work() -> str:
        time.sleep(0.02)
        return "done"

    timer = asyncio.ensure_future(asyncio.sleep(1000.0))
    assert await asyncio.to_thread(work) == "done"
    assert now() == 0.0
    assert not timer.done()
    await timer


@virtual
async def test_sockets_of_this_machine_work() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30.0)
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"hello\n")
    assert await reader.readline() == b"hello\n"
    assert now() >= 30.0
    writer.close()
    server.close()
    await asyncio.sleep(0.01)


def test_data_that_come_within_the_grace_come_before_a_timer() -> None:
    near, far = socket.socketpair()
    sender = threading.Timer(0.02, far.send, [b"late"])
    happened = []
    loop = VirtualTimeLoop()
    loop.grace = 60.0

    def read() -> None:
        happened.append(near.recv(4))
        loop.grace = 0.0

    loop.add_reader(near, read)
    loop.call_later(1.0, lambda: happened.append(b"timer"))
    loop.call_later(2.0, loop.stop)
    sender.start()
    try:
        loop.run_forever()
    finally:
        loop.close()
        sender.join()
        near.close()
        far.close()
    assert happened == [b"late", b"timer"]


def test_a_loop_that_nothing_can_wake_says_so() -> None:
    loop = VirtualTimeLoop()
    loop.idle_limit = 0.05
    try:
        with pytest.raises(RuntimeError, match="nothing left"):
            loop.run_until_complete(loop.create_future())
    finally:
        loop.close()


@virtual
async def test_sums_of_floats_do_not_miss_a_timer() -> None:
    for number in range(1, 200):
        loop = asyncio.get_running_loop()
        when = loop.time() + number / 7
        await asyncio.sleep(number / 7)
        assert loop.time() == pytest.approx(when)


# --- the plugin -----------------------------------------------------------------------------------


async def test_the_fixture_is_a_running_simulator(hum_simulator: Simulator) -> None:
    async with HumClient("any-key", base_url=hum_simulator.url) as hum:
        assert (await hum.ping()).request_status == "ok"
        with pytest.raises(SessionNotFound):
            await hum.get_session("unknown")
        token = hum_simulator.add_session()
        assert (await hum.get_session(token)).token == token


@virtual
@pytest.mark.hum_simulator(speed=10.0, rate=5.0)
async def test_its_arguments_come_from_a_marker(hum_simulator: Simulator) -> None:
    await asyncio.sleep(2.0)
    assert hum_simulator.now == pytest.approx(20.0)
    async with HumClient("k", base_url=hum_simulator.url, limiter=RateLimiter(rate=100)) as hum:
        await asyncio.gather(*[hum.ping() for _ in range(10)])
    assert hum_simulator.statistics().throttled > 0


def test_the_plugin_costs_a_test_run_that_does_not_use_it_nothing(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert "hum_async" in sys.modules
            heavy = {"aiohttp", "cattrs", "hum_async.client", "hum_async.simulator"}
            assert not heavy & sys.modules.keys()
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.slow
def test_the_fixture_works_in_a_project_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os
        import unittest

        import pytest
        from hum_async import HumClient

        @pytest.mark.asyncio
        @pytest.mark.hum_simulator(seed=3)
        async def test_with_a_loop(hum_simulator):
            async with HumClient("any-key", base_url=hum_simulator.url) as hum:
                await hum.ping()

        def test_without_one(hum_simulator):
            assert hum_simulator.env.items() <= os.environ.items()

        def test_the_environment_is_put_back():
            assert "HUM_BASE_URL" not in os.environ

        @pytest.mark.hum_simulator("outage", speed=2)
        class TestMarked:
            def test_of_a_class(self, hum_simulator):
                assert hum_simulator.faults.reset_before == 1

        class Old(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def simulator(self, hum_simulator):
                self.hum = hum_simulator

            def test_old(self):
                self.assertFalse(self.hum.journal)

        @pytest.mark.hum_simulator("429 strom")
        def test_of_a_scenario_that_does_not_exist(hum_simulator): ...
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers")
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*there is no scenario '429 strom'; pass one of *\"429 storm\"*"])
