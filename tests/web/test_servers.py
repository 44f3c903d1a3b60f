"""Real servers with real sockets: the interface, and streams that end when the server does."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from web_servers import COMMANDS, Server, serving
from web_support import Received, read_sse

from hum_async.simulator import Simulator

pytestmark = pytest.mark.hum_simulator(speed=5)

APPLICATIONS = ["uvicorn", "uvicorn-litestar", "hypercorn", "granian", "aiohttp"]
# The frameworks and servers of which each is started in a process of its own.
QUICK = ["uvicorn", "aiohttp"]
NEVER_DONE = {"street1": "100 Never Done Dr", "zip": "48226"}


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


async def begin(browser: aiohttp.ClientSession, server: Server, **address: str) -> str:
    async with browser.post(f"{server.url}/lookups", json=address) as answer:
        assert answer.status == 201, await answer.text()
        lookup: str = (await answer.json())["id"]
        return lookup


async def listen(
    browser: aiohttp.ClientSession, server: Server, ids: str, opened: asyncio.Event | None = None
) -> list[Received]:
    async with browser.get(f"{server.url}/events", params={"ids": ids}) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["X-Accel-Buffering"] == "no"
        if opened is not None:
            opened.set()
        return await read_sse(answer.content.iter_any())


@pytest.mark.parametrize("applications", [QUICK[:1], APPLICATIONS], ids=len)
@pytest.mark.slow
async def test_the_interface_is_the_same_everywhere(
    applications: list[str],
    hum_simulator: Simulator,
    browser: aiohttp.ClientSession,
    tmp_path: Path,
) -> None:
    async def check(kind: str) -> None:
        async with serving(kind, hum_simulator.url, tmp_path) as server:
            await answers(browser, server)
            await refuses(browser, server)
            await server.stop()
            server.assert_quiet()

    # Side by side, because each of them mostly waits.
    await asyncio.gather(*(check(kind) for kind in applications))


async def answers(browser: aiohttp.ClientSession, server: Server) -> None:
    ids = [
        await begin(browser, server, street1=f"{number} Served St", zip="48226")
        for number in (100, 101)
    ]
    events = await listen(browser, server, ",".join(ids))
    for lookup in ids:
        story = [event.event for event in events if event.data["lookup"] == lookup]
        assert story[0] == "snapshot"
        assert story[-2:] == ["providers", "done"]
    # HEAD must not hold a stream open; a framework may refuse it.
    async with browser.head(f"{server.url}/events", params={"ids": ids[0]}) as answer:
        assert answer.status in {200, 405}
    # A browser that comes back gets the rest, or hears that there is none.
    for place, status in ((events[-2], 200), (events[-1], 204)):
        async with browser.get(
            f"{server.url}/events",
            params={"ids": ",".join(ids)},
            headers={"Last-Event-ID": str(place.id)},
        ) as answer:
            assert answer.status == status
            rest = await read_sse(answer.content.iter_any())
            assert [event.event for event in rest] == (["done"] if status == 200 else [])


async def refuses(browser: aiohttp.ClientSession, server: Server) -> None:
    lookups, events = f"{server.url}/lookups", f"{server.url}/events"
    json = {"Content-Type": "application/json"}
    for body, headers, status in (
        (b'{"street1": "1 Main St"}', json, 422),
        (b'{"address": "nowhere"}', json, 422),
        (b'{"street1": "' + b"x" * 200 + b'", "zip": "48226"}', json, 422),
        (b"{", json, 400),
        (b"[]", json, 400),
        (b'{"street1": "1 Main St", "zip": "48226"}', {"Content-Type": "text/plain"}, 415),
        (b'{"street1": "' + b"x" * 100_000 + b'"}', json, 413),
    ):
        async with browser.post(lookups, data=body, headers=headers) as answer:
            assert answer.status == status, (body[:50], await answer.text())
            assert (await answer.json())["error"]
    for query, status in (
        ("ids=nobody", 404),
        ("", 400),
        ("ids=,", 400),
        ("ids=%3Cscript%3E", 404),
    ):
        async with browser.get(f"{events}?{query}") as answer:
            assert answer.status == status
            text = await answer.text()
            assert (await answer.json())["error"]
            assert "script" not in text


@pytest.mark.parametrize(
    ("servers", "streams"),
    [
        (QUICK, 2),
        pytest.param(list(COMMANDS), 1, marks=pytest.mark.slow),
        pytest.param(list(COMMANDS), 50, marks=pytest.mark.slow),
    ],
    ids=["few", "all", "all-50"],
)
async def test_streams_end_with_a_farewell_when_the_server_is_stopped(
    servers: list[str],
    streams: int,
    hum_simulator: Simulator,
    browser: aiohttp.ClientSession,
    tmp_path: Path,
) -> None:
    async def check(kind: str) -> None:
        async with serving(kind, hum_simulator.url, tmp_path) as server:
            opened = [asyncio.Event() for _ in range(streams)]
            listening = [asyncio.ensure_future(one) for one in await open_all(kind, server, opened)]
            for event in opened:
                await event.wait()
            await server.stop()
            for story in await asyncio.gather(*listening):
                assert story[-1].event == "farewell", kind
                assert story[-1].id is None
            server.assert_quiet()

    async def open_all(
        kind: str, server: Server, opened: list[asyncio.Event]
    ) -> list[Coroutine[Any, Any, list[Received]]]:
        if kind == "uvicorn-workers":
            # Each worker knows its own look-ups only; a connection stays with its worker.
            return [begin_and_listen(server, event) for event in opened]
        lookup = await begin(browser, server, **NEVER_DONE)
        return [listen(browser, server, lookup, event) for event in opened]

    await asyncio.gather(*(check(kind) for kind in servers))


async def begin_and_listen(server: Server, opened: asyncio.Event) -> list[Received]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as own:
        lookup = await begin(own, server, **NEVER_DONE)
        return await listen(own, server, lookup, opened)


@pytest.mark.parametrize("kind", ["uvicorn", "aiohttp"])
@pytest.mark.slow
async def test_ctrl_c_ends_it_as_well(
    kind: str, hum_simulator: Simulator, browser: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with serving(kind, hum_simulator.url, tmp_path) as server:
        opened = asyncio.Event()
        lookup = await begin(browser, server, **NEVER_DONE)
        listening = asyncio.ensure_future(listen(browser, server, lookup, opened))
        await opened.wait()
        await server.stop(signal.SIGINT)
        assert (await listening)[-1].event == "farewell"


@pytest.mark.slow
async def test_look_ups_over_a_websocket(
    hum_simulator: Simulator, browser: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with serving("websocket", hum_simulator.url, tmp_path) as server:
        async with browser.ws_connect(f"{server.url}/ws") as socket:
            started = []
            for number in (100, 101):
                await socket.send_json({"street1": f"{number} Served St", "zip": "48226"})
            for wrong in ("{", '{"address": "nowhere"}', "x" * 10_000):
                await socket.send_str(wrong)
            told: dict[str, list[str]] = {}
            refused = 0
            while [kinds[-1] for kinds in told.values()].count("done") < 2 or refused < 3:
                event = await socket.receive_json(timeout=300)
                if event["event"] == "started":
                    started.append(event["data"]["lookup"])
                elif event["event"] == "refused":
                    assert event["data"]["error"]
                    refused += 1
                else:
                    assert event["id"]
                    told.setdefault(event["data"]["lookup"], []).append(event["event"])
        assert told.keys() == set(started)
        assert all(kinds[0] == "snapshot" for kinds in told.values())
        async with browser.ws_connect(f"{server.url}/ws") as socket:
            await socket.send_json(NEVER_DONE)
            assert (await socket.receive_json())["event"] == "started"
            await server.stop()
            kinds = [json.loads(one.data)["event"] async for one in socket]
            assert kinds[-1] == "farewell"
        server.assert_quiet()
