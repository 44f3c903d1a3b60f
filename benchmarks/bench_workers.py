"""How soon an event reaches browsers of other workers, and what the death of a worker costs.

    python benchmarks/bench_workers.py [--lookups 40] [--browsers 12]

A simulated API, PostgreSQL and ``uvicorn --workers 4`` on this machine. Each browser has a
connection of its own, which reaches any worker, and reads all look-ups on one stream. A delay is
from the moment at which the API got the request whose answer ends a look-up until ``done`` has
reached a browser; behind pgbouncer in transaction mode no worker hears of the others, and asks.
In the last row the worker with most look-ups is killed in the middle, with ``?lease=5``.
"""

import argparse
import asyncio
import contextlib
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from _report import percentile, publish

from hum_async.simulator import Simulator

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from servers import PgBouncer, PostgresServer, free_port  # noqa: E402  tests start them as well

BUSIEST = (
    "SELECT w.pid FROM hum.shown_lookup l JOIN hum.worker w ON w.id = l.worker "
    "WHERE NOT l.ended GROUP BY w.pid ORDER BY count(*) DESC LIMIT 1"
)


@contextlib.asynccontextmanager
async def serving(api: str, ledger: str) -> AsyncIterator[str]:
    """Run four workers; yield where they are."""
    port = free_port()
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "uvicorn", "--workers", "4", "--port", str(port)),
            *("--app-dir", str(ROOT / "examples" / "live_lookup"), "app:app"),
            env={
                **os.environ,
                "HUM_API_KEY": "any-key",
                "HUM_BASE_URL": api,
                "LIVE_LOOKUP_LEDGER": ledger,
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            started = 0
            while started < 4:
                await asyncio.sleep(0.2)
                log.seek(0)
                started = log.read().count(b"Application startup complete")
            yield f"http://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


class Browsers:
    """Look-ups, and when their ends reached each browser."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.streets: dict[str, str] = {}
        self.arrived: list[tuple[str, float]] = []
        self._session = session
        self._url = url

    async def look_up(self, number: int) -> None:
        """Start a look-up."""
        address = {"address": f"{number} Served St, Detroit, MI 48226"}
        async with self._session.post(f"{self._url}/lookups", json=address) as answer:
            self.streets[(await answer.json())["id"]] = str(number)

    async def read(self) -> None:
        """Read all look-ups to their end, as a browser that comes back when it is cut off."""
        last, left = "", set(self.streets)
        while left:
            headers = {"Last-Event-ID": last} if last else {}
            names = {"ids": ",".join(self.streets)}
            with contextlib.suppress(aiohttp.ClientError):
                async with self._session.get(
                    f"{self._url}/events", params=names, headers=headers
                ) as answer:
                    kind = ""
                    async for line in answer.content:
                        name, _, value = line.decode().strip().partition(": ")
                        last = value if name == "id" else last
                        kind = value if name == "event" else kind
                        if name == "data" and kind == "done":
                            lookup = value.split('"')[3]
                            self.arrived.append((lookup, time.monotonic()))
                            left.discard(lookup)
            await asyncio.sleep(0.1)


def ends_of(simulator: Simulator) -> dict[str, float]:
    """Return when the API got the last question for each house number."""
    houses: dict[str | None, str] = {}
    ends: dict[str, float] = {}
    for record in simulator.journal:
        if record.method == "POST" and (number := re.search(r"\d+", record.address_key or "")):
            houses[record.token] = number[0]
        elif record.method == "GET" and record.token in houses:
            ends[houses[record.token]] = record.sent_at
    return ends


async def measure(
    how: str, ledger: str, server: PostgresServer, arguments: Any, *, kill: bool = False
) -> dict[str, Any]:
    """Run look-ups; return how late their ends came."""
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    async with (
        Simulator(speed=2) as simulator,
        serving(simulator.url, ledger) as url,
        aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout()) as session,
    ):
        browsers = Browsers(session, url)
        await asyncio.gather(*(browsers.look_up(100 + n) for n in range(arguments.lookups)))
        reading = [asyncio.ensure_future(browsers.read()) for _ in range(arguments.browsers)]
        began = time.monotonic()
        if kill:
            await asyncio.sleep(1.5)
            database = ledger.rpartition("/")[2].partition("?")[0]
            os.kill(int(server.query(BUSIEST, database)), signal.SIGKILL)
        await asyncio.gather(*reading)
        ends, bought = ends_of(simulator), simulator.sessions_bought
        delays = [
            at - ends[browsers.streets[lookup]]
            for lookup, at in browsers.arrived
            if browsers.streets[lookup] in ends
        ]
    return {
        "workers": how,
        "look-ups": arguments.lookups,
        "POSTs": bought,
        "`done` at browsers": len(browsers.arrived),
        "p50, s": round(percentile(delays, 0.5), 3),
        "p95, s": round(percentile(delays, 0.95), 3),
        "latest, s": round(max(delays), 3),
        "all done after, s": round(time.monotonic() - began, 1),
    }


async def main(arguments: Any) -> None:
    """Measure one way after the other."""
    rows = []
    with PostgresServer(fsync=True) as server:
        ledger = server.new_database()
        rows.append(await measure("hear of each other", ledger, server, arguments))
        with PgBouncer(server, pool_size=8) as pooler:
            database = server.new_database().rpartition("/")[2]
            behind = pooler.url(database)
            rows.append(await measure("ask, behind pgbouncer", behind, server, arguments))
        ledger = f"{server.new_database()}?lease=5"
        killed = await measure("one of four is killed", ledger, server, arguments, kill=True)
        rows.append(killed)
    publish(__file__, {"Events on other workers": rows})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lookups", type=int, default=40)
    parser.add_argument("--browsers", type=int, default=12)
    parser.add_argument("--quick", action="store_true", help="only show that it runs")
    given = parser.parse_args()
    if given.quick:
        given.lookups, given.browsers = 4, 4
    asyncio.run(main(given))
