"""Bad neighbours: what they get is clear, what they cost is bounded, and nobody else notices."""

import asyncio
import contextlib
import io
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import aiohttp
import attrs
import pytest
from web_servers import Server, serving
from web_support import KEY, SseReader, served

from hum_async import HumClient
from hum_async.errors import HubBusy
from hum_async.simulator import Simulator
from hum_async.web import SessionHub

JSON = {"Content-Type": "application/json"}
FORGED = ["0", "-1", "00000000-1", "9" * 5000, "'; DROP TABLE", "\xff\xfe", "../../etc/passwd"]


@attrs.define
class Wire:
    """Everything that a browser was sent."""

    browser: aiohttp.ClientSession
    server: Server
    seen: bytearray = attrs.Factory(bytearray)

    async def post(self, body: bytes) -> tuple[int, bytes]:
        async with self.browser.post(
            f"{self.server.url}/lookups", data=io.BytesIO(body), headers=JSON
        ) as answer:
            return answer.status, await self._read(answer)

    async def get(self, query: str, last: str | None = None) -> tuple[int, bytes]:
        headers = {} if last is None else {"Last-Event-ID": last}
        async with self.browser.get(f"{self.server.url}/events?{query}", headers=headers) as answer:
            return answer.status, await self._read(answer)

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        body = await answer.read()
        self.seen += str(answer.raw_headers).encode() + body
        return body


@pytest.fixture
async def wire(hum_simulator: Simulator, tmp_path: Path) -> AsyncIterator[Wire]:
    connector = aiohttp.TCPConnector(limit=100)
    async with (
        serving("uvicorn", hum_simulator.url, tmp_path) as server,
        aiohttp.ClientSession(connector=connector) as browser,
    ):
        yield Wire(browser, server)


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def deaf(server: Server, ids: str, count: int) -> list[socket.socket]:
    """Open streams that nobody will ever read."""
    host, port = server.url.removeprefix("http://").split(":")
    found = []
    for _ in range(count):
        one = socket.create_connection((host, int(port)))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.sendall(f"GET /events?ids={ids} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        found.append(one)
    return found


@pytest.mark.busy
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("deaf_ones", "posts"),
    [
        pytest.param(20, 50, marks=pytest.mark.hum_simulator(speed=20)),
        pytest.param(200, 10_000, marks=pytest.mark.hum_simulator(speed=4)),
    ],
)
@pytest.mark.slow
async def test_others_are_undisturbed_and_no_secret_gets_out(
    deaf_ones: int, posts: int, wire: Wire, hum_simulator: Simulator
) -> None:
    status, body = await wire.post(b'{"address": "100 Slow Pl, Detroit, MI 48226"}')
    assert status == 201
    mine = body.decode().split('"')[3]
    others = asyncio.ensure_future(wire.get(f"ids={mine}"))
    before = memory(wire.server.process.pid)
    sockets = await asyncio.to_thread(deaf, wire.server, mine, deaf_ones)
    try:
        await ask_too_much(wire, posts)
        await misbehave(wire, mine)
        status, story = await others
    finally:
        for one in sockets:
            one.close()
    events = SseReader().feed(story)
    assert [event.event for event in events][-2:] == ["providers", "done"]
    assert memory(wire.server.process.pid) - before < 60
    await wire.server.stop()
    wire.server.assert_quiet()
    tokens = {record.token for record in hum_simulator.journal if record.token}
    for secret in (KEY, "security_token", *tokens):
        assert secret.encode() not in wire.seen
    assert KEY not in wire.server.printed()
    assert "Slow Pl" not in wire.server.printed()


async def ask_too_much(wire: Wire, posts: int) -> None:
    # As many as may run are taken, all others hear when to come back.
    statuses = Counter(
        status
        for status, _ in await asyncio.gather(
            *(
                wire.post(b'{"street1": "%d Never Done Dr", "zip": "48226"}' % number)
                for number in range(posts)
            )
        )
    )
    assert statuses.keys() == ({201, 429} if posts > 1_000 else {201})
    assert statuses[201] <= 1_000


async def misbehave(wire: Wire, known: str) -> None:
    for last in FORGED:
        assert (await wire.get(f"ids={known}", last))[0] in {200, 400}
    for query in ("ids=nobody", "ids=%00", "ids[]=x"):
        assert (await wire.get(query))[0] in {400, 404}
    for query in ("ids=" + "a," * 100_000, "x" * 100_000):
        assert await status_of(partial(wire.get, query)) in {400, 414, 431, None}
    for body in (b"x" * 5_000_000, b'{"street1": "%b"}' % (b"y" * 1_000_000), b"[" * 100_000):
        assert await status_of(partial(wire.post, body)) in {413, None}


async def status_of(ask: Callable[[], Awaitable[tuple[int, bytes]]]) -> int | None:
    # A server closes as soon as it has refused an endless line or body, and what of it still
    # comes then resets the connection: a busy client may lose the answer, however often it asks.
    with contextlib.suppress(aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return (await ask())[0]
    return None


@pytest.mark.virtual
@pytest.mark.busy
@pytest.mark.parametrize("most", [20, pytest.param(100, marks=pytest.mark.slow)])
async def test_waves_of_look_ups_leave_nothing_behind(
    most: int, client: HumClient, hum_simulator: Simulator
) -> None:
    async with SessionHub(
        client, max_running=most, max_ended=most // 2, keep_for=30, reuse_for=30, signals=False
    ) as hub:
        refused = 0
        for wave in range(5):
            for number in range(2 * most):
                try:
                    hub.lookup(served(1000 * wave + number))
                except HubBusy:
                    refused += 1
            assert hub.statistics().running <= most
            await asyncio.sleep(100)
            assert hub.statistics().remembered == 0
        assert refused == 5 * most
        await asyncio.sleep(1)
    assert hum_simulator.sessions_bought == 5 * most
