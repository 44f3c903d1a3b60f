"""What one ledger in PostgreSQL costs, and whether it holds when everything breaks at once.

    python benchmarks/bench_shared_ledger.py [--addresses 100000] [--purchases 20000] [--quick]

Three parts. Purchases: three commits each, 256 at a time, into SQLite and into PostgreSQL on the
same disk in turn. Lots: 20 workers claim lots of a job with 10,000 of them. A bad day: three
processes look up so many rows, of which a tenth stand twice; one is killed and replaced, one is
stopped past its lease and goes on, the database crashes once, and 2 % of all POSTs break. It needs
PostgreSQL on this machine.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from _process import cpu_seconds
from _report import percentile, publish
from servers import PostgresServer

from hum_async import Address, HumClient, Outcome, Qualification, RateLimiter, qualify
from hum_async._purchases.postgres.job import Taking
from hum_async._purchases.postgres.store import PostgresStore, open_database
from hum_async._purchases.postgres.url import parse_database_url
from hum_async._purchases.records import Asked, Opened, Settled, address_digest
from hum_async._purchases.sqlite.writer import open_journal
from hum_async.models import Money, Offering, Provider
from hum_async.simulator import Faults, Simulator

RESULT = Qualification(
    key=0,
    address=Address("1 Main St", zip="48226"),
    outcome=Outcome.SERVED,
    token="x" * 22,
    providers=tuple(
        Provider(
            name, min_price=Money(4999), offerings=(Offering("Fiber", max_download_mbps=1000.0),)
        )
        for name in ("Great Lakes Fiber", "Lone Star Cable", "Skyreach")
    ),
)
LEASE = 4
WORKERS = 3


# --- purchases ------------------------------------------------------------------------------------


async def purchases(name: str, store: Any, count: int) -> dict[str, Any]:
    """Record purchases, each of which waits for three acknowledgements."""
    numbers = iter(range(count))

    async def buy() -> None:
        for number in numbers:
            digest = number.to_bytes(16, "big")
            await store.record(Asked(digest))
            await store.record(Opened(digest, "x" * 22))
            await store.record(Settled(digest, RESULT))

    began, cpu = time.perf_counter(), cpu_seconds()
    await asyncio.gather(*(buy() for _ in range(256)))
    seconds, used = time.perf_counter() - began, cpu_seconds() - cpu
    await store.aclose()
    return {
        "journal": name,
        "purchases": count,
        "per second": count / seconds,
        "client CPU us each": 1e6 * used / count,
    }


async def worker_of(url: str) -> PostgresStore:
    """Take part in a job."""
    return await open_database(parse_database_url(url), Taking(api="bench"))


async def both(server: PostgresServer, folder: Path, count: int) -> list[dict[str, Any]]:
    """Measure both journals in turn, twice, so that what else runs strikes both."""
    rows = []
    for run in range(2):
        sqlite = await open_journal(folder / f"{run}.sqlite", api="bench")
        rows.append(await purchases("SQLite", sqlite, count))
        shared = await worker_of(f"{server.url()}?schema=purchases_{run}&job=bench")
        rows.append(await purchases("PostgreSQL", shared, count))
        rows[-1]["ratio"] = rows[-1]["per second"] / rows[-2]["per second"]
    return rows


# --- lots -----------------------------------------------------------------------------------------


async def lots(server: PostgresServer, workers: int, each: int) -> list[dict[str, Any]]:
    """Let many workers claim lots at the same time."""
    url = f"{server.url()}?schema=lots&job=bench"
    stores = [await worker_of(url) for _ in range(workers)]
    took: list[float] = []

    async def claim(store: PostgresStore) -> None:
        found = store.share_input()
        await found.lay_out(digest="input", rows=10_000_000, again=False)
        for _ in range(each):
            began = time.perf_counter()
            if (lot := await found.claim()) is not None:
                took.append(1000 * (time.perf_counter() - began))
                await found.done([lot.number])

    await asyncio.gather(*map(claim, stores))
    for store in stores:
        await store.aclose()
    return [
        {
            "workers": workers,
            "lots claimed": len(took),
            "p50 ms": percentile(took, 0.5),
            "p95 ms": percentile(took, 0.95),
            "most ms": max(took),
        }
    ]


# --- a bad day ------------------------------------------------------------------------------------


def house(row: int, rows: int) -> int:
    """Return the house of a row: every tenth row repeats one, mostly of another worker."""
    return random.Random(row).randrange(rows) // 10 * 10 if row % 10 == 9 else row  # noqa: S311


def address_of(row: int, rows: int) -> Address:
    """Return the address of a row."""
    return Address(f"{house(row, rows)} Main St", zip="48226")


async def work(journal: str, api: str, part: range, *, rows: int, rate: float) -> None:
    """Be a worker: look up a part of the rows, and print a line for each."""
    parts = ((row, address_of(row, rows)) for row in part)
    async with HumClient("key", base_url=api, limiter=RateLimiter(rate=rate)) as hum:
        job = qualify(hum, parts, journal=journal, close="never")
        async for result in job:
            sys.stdout.write(json.dumps([result.key, str(result.outcome)]) + "\n")
            sys.stdout.flush()
        seen = job.statistics()
    sys.stderr.write(f"worker from {part.start}: {seen}\n")


class Workers:
    """The processes of a bad day."""

    def __init__(self, journal: str, api: str, rows: int, rate: float) -> None:
        self.delivered: Counter[int] = Counter()
        self._words = (journal, api)
        self._rows, self._rate = rows, rate
        self._reading: list[asyncio.Task[int]] = []

    async def start(self, part: int) -> asyncio.subprocess.Process:
        """Start a worker for a third of the rows."""
        size = -(-self._rows // WORKERS)
        bounds = (part * size, min(self._rows, (part + 1) * size))
        words = (*self._words, *bounds, self._rows, self._rate)
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "--worker", *map(str, words), stdout=asyncio.subprocess.PIPE
        )
        self._reading.append(asyncio.create_task(self._read(process)))
        return process

    async def until(self, share: float) -> None:
        """Wait until a share of all rows is delivered."""
        while len(self.delivered) < share * self._rows:
            await asyncio.sleep(0.05)
            if all(each.done() for each in self._reading):
                return

    async def ended(self) -> list[int]:
        """Wait for all ends; return the exit codes."""
        return await asyncio.gather(*self._reading)

    async def _read(self, process: asyncio.subprocess.Process) -> int:
        async for line in process.stdout or asyncio.StreamReader():
            if line.endswith(b"\n"):
                self.delivered[json.loads(line)[0]] += 1
        return await process.wait()


async def bad_day(server: PostgresServer, rows: int, rate: float) -> list[dict[str, Any]]:
    """Break what can break; count what was bought."""
    journal = f"{server.url()}?schema=bad_day&job=june&lease={LEASE}"
    faults = Faults(reset_before=0.01, reset_after=0.01)
    began = time.perf_counter()
    async with Simulator(generation="immediate", speed=100, faults=faults) as api:
        workers = Workers(journal, api.url, rows, rate / WORKERS)
        killed, stopped, _ = [await workers.start(part) for part in range(WORKERS)]
        await workers.until(0.15)
        killed.send_signal(signal.SIGKILL)
        under_way = sum(not post.status and post.fault is None for post in api.journal)
        await workers.start(0)
        await workers.until(0.3)
        stopped.send_signal(signal.SIGSTOP)
        await asyncio.sleep(2 * LEASE)
        stopped.send_signal(signal.SIGCONT)
        await workers.until(0.6)
        await asyncio.to_thread(server.crash)
        await asyncio.sleep(1)
        await asyncio.to_thread(server.start)
        codes = await workers.ended()
        posts = api.requests(method="POST")
        once = _holds(api.one_post_per_address)
        bought = Counter(post.address_key for post in posts if post.token is not None)
    outcomes, uncertain = await ledger_of(journal, rows)
    return [
        {
            "rows": rows,
            "addresses": len({house(row, rows) for row in range(rows)}),
            "POSTs": len(posts),
            "bought twice": sum(number > 1 for number in bought.values()),
            "one POST per address": once,
            "rows with one result": sum(outcomes.values()),
            "rows delivered": len(workers.delivered),
            "UNCERTAIN addresses": uncertain,
            "POSTs that broke": sum(post.fault is not None for post in posts),
            "under way at the kill": under_way,
            "exit codes": sorted(codes),
            "seconds": time.perf_counter() - began,
        }
    ]


def _holds(check: Callable[[], object]) -> bool:
    try:
        check()
    except AssertionError as exc:
        sys.stderr.write(f"{exc}\n")
        return False
    return True


async def ledger_of(journal: str, rows: int) -> tuple[Counter[str], int]:
    """Return the outcomes of all rows, by what the ledger has of their addresses.

    And how many addresses are uncertain.
    """
    store = await open_database(parse_database_url(journal), Taking())
    outcomes: Counter[str] = Counter()
    uncertain: set[bytes] = set()
    for first in range(0, rows, 1000):
        part = [address_of(row, rows) for row in range(first, min(rows, first + 1000))]
        asked = [(address_digest(address), address) for address in part]
        found = await store.find(list(dict(asked).items()))
        outcomes.update(
            str(entry.outcome) for digest, _ in asked if (entry := found.get(digest)) is not None
        )
        uncertain |= {key for key, entry in found.items() if entry.outcome is Outcome.UNCERTAIN}
    await store.aclose()
    outcomes.pop("None", None)
    return outcomes, len(uncertain)


# --- all of it ------------------------------------------------------------------------------------


async def measure(arguments: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as folder, PostgresServer(fsync=True) as server:
        figures: dict[str, Awaitable[list[dict[str, Any]]]] = {
            "purchases, 256 at a time": both(server, Path(folder), arguments.purchases),
            "lots": lots(server, 20, arguments.lots),
            "a bad day": bad_day(server, arguments.addresses, arguments.rate),
        }
        return {name: await figure for name, figure in figures.items()}


def main() -> None:
    """Measure, or be one of the workers."""
    if sys.argv[1:2] == ["--worker"]:
        journal, api, first, last, rows, rate = sys.argv[2:]
        part = range(int(first), int(last))
        asyncio.run(work(journal, api, part, rows=int(rows), rate=float(rate)))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--addresses", type=int, default=100_000, help="rows of the bad day")
    parser.add_argument("--purchases", type=int, default=20_000, help="purchases of each journal")
    parser.add_argument("--lots", type=int, default=50, help="lots that each worker claims")
    parser.add_argument("--rate", type=float, default=600.0, help="POSTs per second of all workers")
    parser.add_argument("--quick", action="store_true", help="only show that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.addresses, arguments.purchases, arguments.lots = 1_200, 500, 2
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    publish(__file__, asyncio.run(measure(arguments)))


if __name__ == "__main__":
    main()
