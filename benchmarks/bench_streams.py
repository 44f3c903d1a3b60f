"""What 10,000 event streams cost one server process: memory, events per second, and lateness.

    python benchmarks/bench_streams.py [--lookups 500] [--browsers 10000] [--quick]

A server with a `SessionHub`, and one of the same aiohttp.web whose streams say nothing; each holds
so many open streams. The simulated API and the browsers, bare sockets, are in this process. Two
processes hold a descriptor for each stream: `ulimit -n` must be above their number.
"""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from _report import percentile, publish
from aiohttp import web

from hum_async import HumClient, RateLimiter
from hum_async.simulator import Simulator
from hum_async.web.aiohttp import HUB, read_address, read_ids, send_events, setup_hub

RATE = 400
AT_ONCE = 500
"""Streams that are opened at the same time."""


def serve(kind: str, port: int) -> None:
    """Serve streams of a hub, or streams that say nothing."""
    app = web.Application()
    if kind == "hub":

        def client() -> HumClient:
            return HumClient(limiter=RateLimiter(rate=RATE, concurrency=64))

        async def start(request: web.Request) -> web.Response:
            lookup_id = request.app[HUB].lookup(await read_address(request))
            return web.json_response({"id": lookup_id}, status=201)

        async def events(request: web.Request) -> web.StreamResponse:
            streams = request.app[HUB].subscribe(*read_ids(request.query["ids"]))
            return await send_events(request, streams)

        setup_hub(app, client, max_running=100_000, max_subscribers=100_000)
        app.add_routes([web.post("/lookups", start), web.get("/events", events)])
    else:

        async def silence(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await response.write(b": nothing\n\n")
            await asyncio.Event().wait()
            return response

        app.add_routes([web.get("/events", silence)])
    web.run_app(app, host="127.0.0.1", port=port, print=None, backlog=4096, shutdown_timeout=0.1)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Browser:
    """One event stream, from `began` on; `events` came on it, the last of them at `ended`."""

    def __init__(self, lookup: int) -> None:
        self.lookup = lookup
        self.events = 0
        self.began = self.ended = 0.0
        self.listening: asyncio.Task[None]
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def open(self, port: int, lookup_id: str) -> None:
        """Return when the stream has begun."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port, limit=2**14)
        self._writer.write(f"GET /events?ids={lookup_id} HTTP/1.1\r\nHost: hum\r\n\r\n".encode())
        await self._reader.readuntil(b"\r\n\r\n")
        self.began = asyncio.get_running_loop().time()

    async def listen(self) -> None:
        """Return after the event `done`."""
        tail = b""
        while chunk := await self._reader.read(2**14):
            text = tail + chunk
            self.events += text.count(b"event: ")
            tail = text[-6:] if b"event: done" not in text else b""
            if b"event: done" in text:
                self.ended = asyncio.get_running_loop().time()
                return
        raise RuntimeError("a stream ended without its end")

    def close(self) -> None:
        """Leave."""
        self._writer.close()


@asynccontextmanager
async def server(kind: str, url: str) -> AsyncIterator[tuple[int, "Figures"]]:
    """Run a server in a process of its own; yield its port and what it uses."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, "--serve", kind, str(port)),
        env={**os.environ, "HUM_BASE_URL": url, "HUM_API_KEY": "a-key"},
    )
    try:
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"http://127.0.0.1:{port}/"):
                        break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
        yield port, Figures(process.pid)
    finally:
        process.kill()
        await process.wait()


class Figures:
    """What another process uses, by Linux's /proc."""

    def __init__(self, pid: int) -> None:
        self._of = Path(f"/proc/{pid}")

    def memory(self) -> int:
        """Return bytes that are resident."""
        text = (self._of / "status").read_text(encoding="ascii")
        return int(text.partition("VmRSS:")[2].split()[0]) * 1024

    def cpu(self) -> float:
        """Return user and system seconds."""
        fields = (self._of / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def opened(port: int, ids: list[str], count: int, *, listen: bool) -> list[Browser]:
    """Return so many open streams, in turn on these look-ups; each listens at once, or not."""
    browsers = [Browser(number % len(ids)) for number in range(count)]
    for begin in range(0, count, AT_ONCE):
        some = browsers[begin : begin + AT_ONCE]
        await asyncio.gather(*(browser.open(port, ids[browser.lookup]) for browser in some))
        if listen:
            for browser in some:
                browser.listening = asyncio.create_task(browser.listen())
    return browsers


async def silent(count: int) -> dict[str, Any]:
    """Return what connections cost that carry nothing."""
    async with server("silent", "http://127.0.0.1:9") as (port, figures):
        before = figures.memory()
        browsers = await opened(port, [""], count, listen=False)
        used = figures.memory() - before
        for browser in browsers:
            browser.close()
    return {"server": "silent", "rss": used}


async def hub(lookups: int, count: int) -> dict[str, Any]:
    """Return what streams of a hub cost, from their first event to their last."""
    async with Simulator() as simulator, server("hub", simulator.url) as (port, figures):
        before = figures.memory()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            ids = []
            for number in range(lookups):
                address = {"street1": f"{number} Main St", "zip": "48226"}
                async with session.post("/lookups", json=address) as answer:
                    ids.append(str((await answer.json())["id"]))
        cpu = figures.cpu()
        browsers = await opened(port, ids, count, listen=True)
        used = figures.memory() - before
        await asyncio.gather(*(browser.listening for browser in browsers))
        cpu = figures.cpu() - cpu
        journal = simulator.journal
        for browser in browsers:
            browser.close()
    tokens = {
        int(record.address_key.split()[0]): record.token
        for record in journal
        if record.address_key is not None
    }
    last = {record.token: record.sent_at for record in journal if record.method == "GET"}
    ready = [last[tokens[browser.lookup]] for browser in browsers]
    # Whoever comes later is told at once what was there already.
    late = [one.ended - at for one, at in zip(browsers, ready, strict=True) if one.began < at]
    events = sum(browser.events for browser in browsers)
    return {
        "server": "hub",
        "rss": used,
        "events": events,
        "cpu": cpu,
        "late p50": percentile(late, 0.5),
        "late p95": percentile(late, 0.95),
    }


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lookups", type=int, default=500)
    parser.add_argument("--browsers", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="few, to see that it runs")
    sizes = parser.parse_args()
    lookups, count = (20, 100) if sizes.quick else (sizes.lookups, sizes.browsers)
    bare, found = asyncio.run(silent(count)), asyncio.run(hub(lookups, count))
    row = {
        "streams": count,
        "look-ups": lookups,
        "RSS over a new server, MB": found["rss"] / 1e6,
        "of silent streams, MB": bare["rss"] / 1e6,
        "KB more per stream": (found["rss"] - bare["rss"]) / 1e3 / count,
        "events": found["events"],
        "events per second of CPU": found["events"] / max(found["cpu"], 0.01),
        "CPU s": found["cpu"],
        "poll to browser p50 s": found["late p50"],
        "p95 s": found["late p95"],
    }
    publish(__file__, {"event streams of one process": [row]})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main()
