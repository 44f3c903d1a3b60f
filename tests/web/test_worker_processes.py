"""Four processes of one server on one PostgreSQL, of which one is killed, and the database too."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest
from page_support import CHROMIUM, FLAGS, NEEDS_CHROMIUM
from web_servers import serving
from web_support import SseReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from servers import PostgresServer
    from web_servers import Server
    from web_support import Received

    from hum_async.simulator import Simulator

pytestmark = [pytest.mark.slow, pytest.mark.hum_simulator(speed=2)]

COUNT = 40
ADDRESSES = [f"{number} Slow Pl, Detroit, MI 48226" for number in range(100, 100 + COUNT)]

BUSIEST = """
SELECT w.pid FROM hum.shown_lookup l JOIN hum.worker w ON w.id = l.worker
WHERE NOT l.ended GROUP BY w.pid ORDER BY count(*) DESC LIMIT 1
"""


@asynccontextmanager
async def four_workers(
    simulator: Simulator,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Server]:
    monkeypatch.setenv("LIVE_LOOKUP_LEDGER", f"{url}?lease=2")
    async with serving("uvicorn-4-workers", simulator.url, tmp_path) as server:
        await server.wait_until_printed("Application startup complete", times=4)
        yield server
        printed = server.printed()
        assert "Traceback" not in printed, printed
        assert "run one worker" not in printed, printed


def busiest(server: PostgresServer, url: str) -> int:
    """Return the number of the process that has most look-ups."""
    return int(server.query(BUSIEST, url.rpartition("/")[2]))


def posts(simulator: Simulator) -> int:
    return sum(request.method == "POST" for request in simulator.journal)


async def until_bought(simulator: Simulator, number: int) -> None:
    while posts(simulator) < number:  # noqa: ASYNC110  it tells of no event
        await asyncio.sleep(0.01)


async def follow(session: aiohttp.ClientSession, url: str, ids: list[str]) -> list[Received]:
    """Read the events of look-ups as a browser does, which comes back when it loses its stream."""
    reader = SseReader()
    events: list[Received] = []
    while sum(event.event == "done" for event in events) < len(ids):
        headers = {"Last-Event-ID": reader.last_id} if reader.last_id else {}
        try:
            async with session.get(
                f"{url}/events", params={"ids": ",".join(ids)}, headers=headers
            ) as answer:
                assert answer.status == 200, await answer.text()
                async for chunk in answer.content.iter_any():
                    events += reader.feed(chunk)
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    return events


@asynccontextmanager
async def many_streams(server: Server) -> AsyncIterator[list[asyncio.Task[list[Received]]]]:
    """Look all addresses up, and read all of them on four streams, and each on its own."""
    # Each request may reach another worker.
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def look_up(address: str) -> str:
            async with session.post(f"{server.url}/lookups", json={"address": address}) as answer:
                assert answer.status == 201
                return str((await answer.json())["id"])

        ids = await asyncio.gather(*map(look_up, ADDRESSES))
        wanted = [*([ids] * 4), *([each] for each in ids)]
        yield [asyncio.create_task(follow(session, server.url, some)) for some in wanted]


def assert_all_is_told_once(read: list[list[Received]]) -> None:
    for events in read:
        ends = [event.data for event in events if event.event == "done"]
        assert {end["outcome"] for end in ends} == {"SERVED"}
        assert len({end["lookup"] for end in ends}) == len(ends)
        assert len({event.id for event in events}) == len(events)
    assert [len([e for e in events if e.event == "done"]) for events in read[:4]] == [COUNT] * 4


async def test_a_worker_and_the_database_are_killed_and_all_streams_end_well(
    hum_simulator: Simulator,
    postgres_server: PostgresServer,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        four_workers(hum_simulator, postgres_url, tmp_path, monkeypatch) as server,
        many_streams(server) as streams,
    ):
        await until_bought(hum_simulator, COUNT)
        await asyncio.sleep(1)
        os.kill(busiest(postgres_server, postgres_url), signal.SIGKILL)
        await asyncio.sleep(1)
        postgres_server.crash()
        await asyncio.sleep(0.5)
        postgres_server.start()
        read = await asyncio.gather(*streams)
    assert_all_is_told_once(read)
    assert posts(hum_simulator) == COUNT


async def test_a_worker_that_is_stopped_past_its_lease_goes_on(
    hum_simulator: Simulator,
    postgres_server: PostgresServer,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        four_workers(hum_simulator, postgres_url, tmp_path, monkeypatch) as server,
        many_streams(server) as streams,
    ):
        await until_bought(hum_simulator, COUNT)
        await asyncio.sleep(1)
        process = busiest(postgres_server, postgres_url)
        os.kill(process, signal.SIGSTOP)
        await asyncio.sleep(4)  # its lease is 2 seconds, and uvicorn's patience 5
        os.kill(process, signal.SIGCONT)
        read = await asyncio.gather(*streams)
    assert_all_is_told_once(read)
    assert posts(hum_simulator) == COUNT


@NEEDS_CHROMIUM
async def test_forty_look_ups_in_a_browser_survive_a_worker(
    hum_simulator: Simulator,
    postgres_server: PostgresServer,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    playwright_api = pytest.importorskip("playwright.async_api")
    async with (
        four_workers(hum_simulator, postgres_url, tmp_path, monkeypatch) as server,
        playwright_api.async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        refused: list[int] = []
        page.on("response", lambda one: refused.append(one.status) if one.status >= 400 else 0)
        await page.goto(server.url)
        for number, address in enumerate(ADDRESSES):
            await page.get_by_label("US address").fill(address)
            await page.keyboard.press("Enter")
            if number == COUNT // 2:
                await until_bought(hum_simulator, number)
                os.kill(busiest(postgres_server, postgres_url), signal.SIGKILL)
        done = page.locator(".lookup[data-outcome]:not([data-outcome=''])")
        await done.nth(COUNT - 1).wait_for(timeout=120_000)
        outcomes = await done.evaluate_all("all => all.map(one => one.dataset.outcome)")
        await browser.close()
    # Whose POST was under way at the kill is uncertain.
    assert len(outcomes) == COUNT
    assert set(outcomes) <= {"SERVED", "UNCERTAIN"}
    assert outcomes.count("UNCERTAIN") <= 5
    assert refused == []
    assert posts(hum_simulator) == COUNT
