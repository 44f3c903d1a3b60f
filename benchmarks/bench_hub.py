"""What a hub costs: many browsers on one look-up each, and how fast a server with streams ends.

    python benchmarks/bench_hub.py [--lookups 200] [--browsers 2000]

Two parts. Load: so many event streams on so many look-ups, in one server process with a hub, and
in one whose handler polls for each browser by itself; the simulated API and the browsers are in
this process, and what they cost is not counted. Shutdown: seconds from SIGTERM to the end of real
servers with one idle and with fifty open streams.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from _process import memory
from aiohttp import web

from hum_async import HumClient, RateLimiter
from hum_async._api.addresses import checked
from hum_async.simulator import Simulator
from hum_async.web._public_json import public_provider
from hum_async.web.aiohttp import HUB, read_address, read_ids, send_events, setup_hub

RATE = 400
INTERVAL = 2.5
SERVERS = ["uvicorn", "granian", "hypercorn", "hypercorn-inline", "aiohttp"]


# --- the servers ----------------------------------------------------------------------------------


def make_client() -> HumClient:
    """Return the client of either server."""
    return HumClient(limiter=RateLimiter(rate=RATE, concurrency=64))


def hub_application() -> web.Application:
    """Poll once for all browsers of a look-up."""

    async def start(request: web.Request) -> web.Response:
        return web.json_response(
            {"id": request.app[HUB].lookup(await read_address(request))}, status=201
        )

    async def events(request: web.Request) -> web.StreamResponse:
        return await send_events(
            request, request.app[HUB].subscribe(*read_ids(request.query["ids"]))
        )

    app = web.Application()
    setup_hub(app, make_client, max_running=100_000, max_subscribers=100_000)
    app.add_routes([web.post("/lookups", start), web.get("/events", events)])
    return app


def naive_application() -> web.Application:
    """Poll for each browser, as a handler does that knows nothing of the others."""
    numbers = itertools.count()
    tokens: dict[str, str] = {}
    key = web.AppKey("client", HumClient)

    async def start(request: web.Request) -> web.Response:
        session = await request.app[key].create_session(checked(await read_address(request)))
        lookup_id = str(next(numbers))
        tokens[lookup_id] = session.token
        return web.json_response({"id": lookup_id}, status=201)

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        token, before = tokens[request.query["ids"]], None
        while True:
            session = await request.app[key].get_internet(token)
            if session.agents != before:
                before = session.agents
                await response.write(_sse("change", {k: str(v) for k, v in before.items()}))
            if session.settled:
                found = [public_provider(provider) for provider in session.providers or ()]
                await response.write(_sse("providers", found) + _sse("done", {}))
                return response
            await asyncio.sleep(INTERVAL)

    async def run_client(app: web.Application) -> Any:
        async with make_client() as client:
            app[key] = client
            yield

    app = web.Application()
    app.cleanup_ctx.append(run_client)
    app.add_routes([web.post("/lookups", start), web.get("/events", events)])
    return app


def _sse(event: str, data: Any) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()


def serve(kind: str) -> None:
    """Serve, then print what it cost."""
    app = hub_application() if kind == "hub" else naive_application()

    async def tell(_: web.Application) -> None:
        cost = {"cpu": time.process_time() - started, "rss": memory("VmHWM") / 2**20 - idle}
        print(json.dumps(cost), flush=True)

    started, idle = time.process_time(), memory("VmHWM") / 2**20
    app.on_shutdown.append(tell)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[3]), print=None)


# --- the load -------------------------------------------------------------------------------------


async def load(kind: str, *, lookups: int, browsers: int) -> dict[str, Any]:
    """Watch look-ups from many browsers; return what the server and the API had to do."""
    async with Simulator() as simulator:
        port = _free_port()
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            "--serve",
            kind,
            str(port),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "HUM_BASE_URL": simulator.url, "HUM_API_KEY": "a-key"},
        )
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=300)
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", connector=connector, timeout=timeout
        ) as session:
            await _until_up(session)
            began = time.perf_counter()

            async def begin(number: int) -> str:
                address = {"street1": f"{number} Main St", "zip": "48226"}
                async with session.post("/lookups", json=address) as answer:
                    return str((await answer.json())["id"])

            async def watch(lookup_id: str) -> float:
                async with session.get("/events", params={"ids": lookup_id}) as answer:
                    body = await answer.read()
                if body.count(b"event: done") != 1:
                    raise RuntimeError(f"a stream without its end: {body[-100:]!r}")
                return time.perf_counter() - began

            ids = await asyncio.gather(*(begin(number) for number in range(lookups)))
            ends = await asyncio.gather(*(watch(ids[n % lookups]) for n in range(browsers)))
        server.terminate()
        printed, _ = await server.communicate()
        journal = simulator.journal
    gets = Counter(record.token for record in journal if record.method == "GET")
    return {
        "server": kind,
        "requests": len(journal),
        "polls_per_lookup": sum(gets.values()) / lookups,
        "most_polls_of_one": max(gets.values()),
        "wall": max(ends),
        "median": statistics.median(ends),
        **json.loads(printed),
    }


async def _until_up(session: aiohttp.ClientSession) -> None:
    while True:
        try:
            async with session.get("/"):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)


# --- shutdown -------------------------------------------------------------------------------------


async def shutdown(kind: str, streams: int) -> dict[str, Any]:
    """Stop a server with open streams; return how long it took."""
    async with Simulator() as simulator, aiohttp.ClientSession() as session:
        with tempfile.TemporaryDirectory() as place:
            async with serving(kind, simulator.url, Path(place)) as server:
                address = {"street1": "100 Never Done Dr", "zip": "48226"}
                async with session.post(f"{server.url}/lookups", json=address) as answer:
                    lookup_id = (await answer.json())["id"]
                url = f"{server.url}/events?ids={lookup_id}"
                connector = aiohttp.TCPConnector(limit=0)
                async with aiohttp.ClientSession(connector=connector) as browsers:
                    open_ = [await browsers.get(url) for _ in range(streams)]
                    await asyncio.sleep(0.5)
                    listening = [
                        asyncio.ensure_future(read_sse(one.content.iter_any())) for one in open_
                    ]
                    seconds = await server.stop()
                    stories = await asyncio.gather(*listening)
                ended = server.process.returncode
    farewells = sum(story[-1].event == "farewell" for story in stories)
    return {
        "server": kind,
        "streams": streams,
        "seconds": seconds,
        "farewells": farewells,
        "exit": ended,
    }


# --- all ------------------------------------------------------------------------------------------


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Print both tables; return their figures."""
    sizes = {"lookups": arguments.lookups, "browsers": arguments.browsers}
    print(f"{arguments.browsers} browsers on {arguments.lookups} look-ups")
    print("| server | requests | polls/look-up | most | CPU | RSS over idle | median done | wall |")
    print("|---|---|---|---|---|---|---|---|")
    rows = []
    for kind in ("hub", "naive"):
        row = await load(kind, **sizes)
        rows.append(row)
        print(
            f"| {kind} | {row['requests']:,} | {row['polls_per_lookup']:.1f} |"
            f" {row['most_polls_of_one']} | {row['cpu']:.2f} s | {row['rss']:.0f} MB |"
            f" {row['median']:.1f} s | {row['wall']:.1f} s |",
            flush=True,
        )
    hub, naive = rows
    print(
        f"ratio: requests {hub['requests'] / naive['requests']:.2f},"
        f" CPU {hub['cpu'] / naive['cpu']:.2f}, RSS {hub['rss'] / naive['rss']:.2f}\n"
    )
    print("| server | open streams | SIGTERM to exit | farewells | exit code |")
    print("|---|---|---|---|---|")
    ends = []
    for kind in SERVERS:
        for streams in (1, 50):
            row = await shutdown(kind, streams)
            ends.append(row)
            print(
                f"| {kind} | {streams} | {row['seconds']:.2f} s | {row['farewells']} |"
                f" {row['exit']} |",
                flush=True,
            )
    return {**sizes, "load": rows, "shutdown": ends}


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lookups", type=int, default=200)
    parser.add_argument("--browsers", type=int, default=2000)
    found = asyncio.run(measure(parser.parse_args()))
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    else:
        # The same applications that the tests stop.
        sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "web"))
        from web_servers import free_port as _free_port
        from web_servers import serving
        from web_support import read_sse

        main()
