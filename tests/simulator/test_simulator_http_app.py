"""Requests over real sockets, and clients that leave: they are no error of the simulator."""

import asyncio
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
import pytest
from simulator_support import Arrived, Ask, until

from hum_async.simulator import SIMULATED, Faults, Simulator

ADDRESS = b'{"street1": "100 Served St", "zip": "48226"}'
Generation = Literal["polling", "immediate"]
Leave = Callable[[socket.socket], None]


def http(method: str, path: str, body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer k\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


POST = http("POST", "/sessions", ADDRESS)


def connect(simulator: Simulator) -> socket.socket:
    address = urlsplit(simulator.url)
    return socket.create_connection((address.hostname, address.port))


def close(connection: socket.socket) -> None:
    connection.close()


def reset(connection: socket.socket) -> None:
    # With a linger time of 0 s, close() sends RST in place of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def send_and_leave(simulator: Simulator, content: bytes, leave: Leave = close) -> None:
    """Send bytes and close the connection before the event loop can read any of them."""
    connection = connect(simulator)
    connection.sendall(content)
    leave(connection)


leaves = pytest.mark.parametrize("leave", [close, reset])


def logged_by_the_server(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name.startswith("aiohttp")]


@pytest.mark.parametrize(
    "faults",
    [
        Faults(),
        Faults(slow_body=1, slow_seconds=0),
        Faults(slow_body=1, slow_seconds=3600),
        Faults(reset_before=1),
        Faults(reset_after=1),
        Faults(malformed=1),
    ],
    ids=["ordinary", "slow in 0 s", "slow", "reset before", "reset after", "malformed"],
)
@pytest.mark.parametrize(
    "case",
    [("polling", http("GET", "/ping")), ("polling", POST), ("immediate", POST)],
    ids=["ping", "post", "immediate post"],
)
async def test_a_client_that_leaves_before_its_answer_is_no_error(
    case: tuple[Generation, bytes],
    faults: Faults,
    arrived: Arrived,
    caplog: pytest.LogCaptureFixture,
) -> None:
    generation, content = case
    async with Simulator(generation=generation, faults=faults) as simulator:
        before = asyncio.all_tasks()
        send_and_leave(simulator, content)
        await arrived(simulator)
        await until(lambda: asyncio.all_tasks() == before)
    assert len(simulator.journal) == 1
    assert not logged_by_the_server(caplog)


@leaves
@pytest.mark.parametrize(
    "content",
    [b"", b"GET /pi", POST[:-1], http("GET", "/_simulator/journal")],
    ids=["nothing", "half a line", "half a body", "control"],
)
async def test_a_client_that_leaves_without_a_whole_request_is_no_error(
    content: bytes, leave: Leave, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    async with Simulator() as simulator:
        send_and_leave(simulator, content, leave)
        assert (await ask(simulator, "GET", "/ping")).status == 200
    assert len(simulator.journal) == 1
    assert not logged_by_the_server(caplog)


@pytest.mark.virtual
@leaves
async def test_a_client_that_leaves_in_the_middle_of_a_slow_body_is_no_error(
    leave: Leave, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    async with Simulator(faults=Faults(slow_body=1, slow_seconds=80)) as simulator:
        before = asyncio.all_tasks()
        connection = connect(simulator)
        connection.settimeout(0)
        await loop.sock_sendall(connection, http("GET", "/ping"))
        received = b""
        while not received.partition(b"\r\n\r\n")[2]:
            received += await loop.sock_recv(connection, 4096)
        leave(connection)
        left_at = loop.time()
        await until(lambda: asyncio.all_tasks() == before)
        assert loop.time() == left_at
    assert not logged_by_the_server(caplog)


@pytest.mark.virtual
async def test_closing_is_quick_with_requests_still_waiting(post: Ask, arrived: Arrived) -> None:
    simulator = Simulator(generation="immediate")
    await simulator.start()
    before = asyncio.all_tasks()
    waiting = [asyncio.create_task(post(simulator, f"{n} Never Done Dr")) for n in range(20)]
    await arrived(simulator, len(waiting))
    loop = asyncio.get_running_loop()
    start = loop.time()
    await simulator.aclose()
    assert loop.time() - start < 0.5
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, aiohttp.ClientConnectionError) for result in results)
    assert asyncio.all_tasks() == before


async def test_every_answer_has_a_request_id_of_its_own_and_says_that_it_is_made_up(
    ask: Ask,
) -> None:
    async with Simulator() as simulator:
        replies = [await ask(simulator, "GET", path) for path in ("/ping", "/x", "/sessions/y")]
        replies.append(await ask(simulator, "GET", "/ping", key="bad-key"))
    assert len({reply.headers["X-Request-Id"] for reply in replies}) == 4
    assert all(SIMULATED in reply.headers for reply in replies)


SCRIPT = """
import asyncio, math, aiohttp
from hum_async.simulator import Faults, Simulator

async def main():
    # Debug mode reports a slow machine on stderr; that is no finding here.
    asyncio.get_running_loop().slow_callback_duration = math.inf
    faults = Faults(reset_after=0.2, slow_body=0.2, slow_seconds=30.0)
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer k"}) as http:
        async with Simulator(generation="immediate", faults=faults) as simulator:
            async def post(n):
                try:
                    url = f"{simulator.url}/sessions"
                    street1 = f"{n} Never Done Dr" if n % 2 else f"{n} Instant St"
                    async with http.post(url, json={"street1": street1, "zip": "48226"}) as r:
                        await r.read()
                except aiohttp.ClientError:
                    pass
            tasks = [asyncio.create_task(post(n)) for n in range(50)]
            await asyncio.sleep(0.2)
            for task in tasks[:10]:
                task.cancel()
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks, return_exceptions=True)

asyncio.run(main())
"""


@pytest.mark.slow
def test_nothing_is_leaked_or_warned_about_under_development_mode() -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
