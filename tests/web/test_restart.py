"""A server with a ledger that is killed and started again, and the browsers that come back."""

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest
from web_servers import Server, free_port, serving
from web_support import Received, read_sse

from hum_async.simulator import Simulator

PEOPLE = 50


class Browser:
    """What one person's page does: look up, listen, and listen again where it was cut off."""

    def __init__(self, session: aiohttp.ClientSession, number: int) -> None:
        self.got: list[Received] = []
        self.listening = asyncio.Event()
        self._session = session
        self._address = {"street1": f"{100 + number} Served St", "zip": "48226"}
        self._lookup = ""

    async def listen(self, server: Server) -> None:
        """Read events until they end, well or not."""
        if not self._lookup:
            async with self._session.post(f"{server.url}/lookups", json=self._address) as answer:
                self._lookup = (await answer.json())["id"]
        last = {"Last-Event-ID": str(self.got[-1].id)} if self.got else {}
        events = f"{server.url}/events"
        async with self._session.get(events, params={"ids": self._lookup}, headers=last) as answer:
            assert answer.status == 200
            self.listening.set()
            self.got += await read_sse(answer.content.iter_any())


def polled(simulator: Simulator) -> set[str]:
    return {record.path for record in simulator.journal if record.method == "GET"}


@pytest.mark.slow
async def test_browsers_that_come_back_after_a_kill_get_what_they_missed_and_nothing_is_bought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_LEDGER", str(tmp_path / "hum.sqlite"))
    port = free_port()
    async with (
        Simulator(median=12.0, sigma=0.1) as simulator,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        browsers = [Browser(session, number) for number in range(PEOPLE)]
        async with serving("probe-uvicorn", simulator.url, tmp_path, port=port) as server:
            listening = [asyncio.ensure_future(each.listen(server)) for each in browsers]
            # A session is polled once its token is safe.
            while len(polled(simulator)) < PEOPLE:  # noqa: ASYNC110  another process asks
                await asyncio.sleep(0.05)
            await server.stop(signal.SIGKILL)
            await asyncio.gather(*listening)
        assert not any(event.event == "done" for each in browsers for event in each.got)
        async with serving("probe-uvicorn", simulator.url, tmp_path, port=port) as server:
            await asyncio.gather(*(each.listen(server) for each in browsers))
            await server.stop()
            server.assert_quiet()
        assert simulator.sessions_bought == PEOPLE
    for each in browsers:
        ids = [event.id for event in each.got]
        assert len(ids) == len(set(ids))
        assert [event.data["outcome"] for event in each.got if event.event == "done"] == ["SERVED"]


@pytest.mark.slow
async def test_a_page_of_many_that_are_done_is_told_all_of_them_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_LEDGER", str(tmp_path / "hum.sqlite"))
    port = free_port()
    async with (
        Simulator(median=0.0, generation="immediate") as simulator,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        async with serving("probe-uvicorn", simulator.url, tmp_path, port=port) as server:
            ids = []
            for number in range(PEOPLE):
                address = {"street1": f"{100 + number} Served St", "zip": "48226"}
                async with session.post(f"{server.url}/lookups", json=address) as answer:
                    ids.append((await answer.json())["id"])
            before = await page(session, server, ids)
            assert finished(before) == sorted(ids)
            await server.stop()
        async with serving("probe-uvicorn", simulator.url, tmp_path, port=port) as server:
            after = await page(session, server, ids)
            assert finished(after) == sorted(ids)
            for got in (before, after):
                middle = len(got) // 2
                rest = await page(session, server, ids, last=got[middle].id)
                assert finished([*got[: middle + 1], *rest]) == sorted(ids)
            await server.stop()
            server.assert_quiet()
        assert simulator.sessions_bought == PEOPLE


async def page(
    session: aiohttp.ClientSession, server: Server, ids: list[str], last: str | None = None
) -> list[Received]:
    """Read the events of all look-ups in one stream, as one page with all of them does."""
    headers = {"Last-Event-ID": last} if last else {}
    asked = {"ids": ",".join(ids)}
    async with session.get(f"{server.url}/events", params=asked, headers=headers) as answer:
        assert answer.status == 200
        return await read_sse(answer.content.iter_any())


def finished(events: list[Received]) -> list[str]:
    return sorted(event.data["lookup"] for event in events if event.event == "done")
