"""What the journal of a bulk job costs: commits, a whole job, and memory for a very long file.

    python benchmarks/bench_journal.py [--rows 1000000]

Four parts. Commits: purchases recorded as a job records them, as fast as it goes and at a steady
2,000 a second. A job: 20,000 addresses on virtual time under 200 requests/s, with a journal and
without. Its CPU time: 4,000 addresses in real time without a limit, less that of the simulated API,
with a journal and without in turn. A long file: a job of so many rows, in a process of its own.
"""

import argparse
import asyncio
import csv
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from _process import memory

from hum_async import (
    Address,
    HumClient,
    Outcome,
    Qualification,
    RateLimiter,
    qualify,
)
from hum_async._purchases.records import Asked, Opened, Settled
from hum_async._purchases.sqlite.writer import open_journal
from hum_async.bulk.columns import find_columns
from hum_async.bulk.file_job import FileJob
from hum_async.bulk.files.outputs import JobOutputs
from hum_async.bulk.options import JobOptions
from hum_async.bulk.tables import open_table
from hum_async.models import Money, Offering, Provider
from hum_async.testing import (
    ScriptedTransport,
    SentRequest,
    VirtualTimeLoop,
    json_response,
    session_json,
)

PROVIDERS = [
    {
        "provider_name": name,
        "min_plan_price": {"amount_cents": 4999, "currency": "USD"},
        "offerings": [{"technology": "Fiber", "max_download_speed": 1000}],
        "product_catalog": [{"category": "internet", "products": [{"name": "Gig"}] * 3}],
    }
    for name in ("Great Lakes Fiber", "Lone Star Cable", "Skyreach")
]
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


# --- commits --------------------------------------------------------------------------------------


async def commits(folder: Path, *, count: int, per_second: float | None) -> dict[str, float]:
    """Record purchases; each row waits for three acknowledgements, as in a job."""
    store = await open_journal(folder / f"commits{per_second}.sqlite", api="bench")
    waits: list[float] = []

    async def acknowledged(change: Any) -> None:
        began = time.perf_counter()
        await store.record(change)
        waits.append(time.perf_counter() - began)

    async def row(number: int) -> None:
        digest = number.to_bytes(16, "big")
        await acknowledged(Asked(digest))
        await acknowledged(Opened(digest, "x" * 22))
        await acknowledged(Settled(digest, RESULT))

    began = time.perf_counter()
    if per_second is None:
        numbers = iter(range(count))

        async def worker() -> None:
            for number in numbers:
                await row(number)

        await asyncio.gather(*(worker() for _ in range(256)))
    else:
        tasks = []
        for number in range(count):
            if (ahead := number / per_second - (time.perf_counter() - began)) > 0:
                await asyncio.sleep(ahead)
            tasks.append(asyncio.create_task(row(number)))
        await asyncio.gather(*tasks)
    seconds = time.perf_counter() - began
    await store.aclose()
    waits.sort()
    return {
        "rows": count,
        "rows_per_s": round(count / seconds),
        "commits_acknowledged_per_s": round(3 * count / seconds),
        "acknowledged_p50_ms": round(1000 * waits[len(waits) // 2], 2),
        "acknowledged_p99_ms": round(1000 * waits[len(waits) * 99 // 100], 2),
    }


# --- a job on virtual time ------------------------------------------------------------------------


def answers(*, immediate: bool = False) -> Callable[[SentRequest], Any]:
    """Return answers: sessions are done after 9 s in the median, or the POST says it all."""
    dice = random.Random(1)  # noqa: S311  a benchmark
    ready: dict[str, float] = {}

    def answer(request: SentRequest) -> Any:
        if request.method == "DELETE":
            return json_response(200, {"message": "closed"})
        now = asyncio.get_running_loop().time()
        if request.method == "POST":
            token = f"token{len(ready):017}"
            ready[token] = now + dice.lognormvariate(2.2, 0.35)
            if immediate:
                body = session_json(token, geocoding="matched", internet="matched")
                return json_response(201, body | {"data": PROVIDERS})
            return json_response(201, session_json(token, geocoding="pending", internet="pending"))
        token = request.path.split("/")[2]
        if now < ready[token]:
            return json_response(202, session_json(token, geocoding="matched", internet="pending"))
        body = session_json(token, providers=PROVIDERS, geocoding="matched", internet="matched")
        return json_response(200, body)

    return answer


def api(*, immediate: bool = False) -> ScriptedTransport:
    """Return an API of those answers."""
    return ScriptedTransport(answers(immediate=immediate), latency=0.0 if immediate else 0.05)


def virtual_job(folder: Path, *, count: int, rate: float, journal: bool) -> dict[str, float]:
    """Run a job on virtual time; return what it came to."""

    async def job() -> dict[str, float]:
        loop = asyncio.get_running_loop()
        transport = api()
        path = folder / "virtual.sqlite" if journal else None
        rows = (Address(f"{number} Main St", zip="48226") for number in range(count))
        began, wall = loop.time(), time.perf_counter()
        async with (
            HumClient(transport=transport, limiter=RateLimiter(rate=rate, concurrency=64)) as hum,
            qualify(hum, rows, journal=path) as stream,
        ):
            served = [result.outcome async for result in stream].count(Outcome.SERVED)
        seconds = loop.time() - began
        return {
            "addresses": count,
            "served": served,
            "addresses_per_s": round(count / seconds, 1),
            "share_of_bound": round(3 * count / rate / seconds, 3),
            "requests_per_address": round(len(transport.requests) / count, 3),
            "wall_s": round(time.perf_counter() - wall, 1),
        }

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(job())


# --- the CPU time of a job ---------------------------------------------------------------------


async def real_job(path: Path | None, *, count: int) -> float:
    """Run a job in real time, each POST answered whole; return its CPU microseconds an address.

    In real time the commits of many addresses go in one group. On virtual time they cannot.
    """
    answer = answers(immediate=True)
    serving = 0.0

    def timed(request: SentRequest) -> Any:
        nonlocal serving
        began = time.thread_time()
        try:
            return answer(request)
        finally:
            serving += time.thread_time() - began

    transport = ScriptedTransport(timed)
    rows = (Address(f"{number} Main St", zip="48226") for number in range(count))
    limiter = RateLimiter(rate=float("inf"), concurrency=256)
    cpu = time.process_time()
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        qualify(hum, rows, journal=path) as stream,
    ):
        served = [result.outcome async for result in stream].count(Outcome.SERVED)
    if served != count:
        raise RuntimeError(f"only {served} of {count} addresses were served")
    return 1e6 * (time.process_time() - cpu - serving) / count


def journal_cpu(folder: Path, *, count: int, rounds: int = 3) -> dict[str, float]:
    """Run jobs with a journal and without in turn; return the medians."""
    without, kept = [], []
    asyncio.run(real_job(folder / "warm.sqlite", count=200))
    for number in range(rounds):
        without.append(asyncio.run(real_job(None, count=count)))
        kept.append(asyncio.run(real_job(folder / f"real{number}.sqlite", count=count)))
    medians = statistics.median(without), statistics.median(kept)
    return {
        "without_us_per_address": round(medians[0]),
        "with_us_per_address": round(medians[1]),
        "ratio": round(medians[1] / medians[0], 2),
    }


# --- a long file ----------------------------------------------------------------------------------


def write_long_file(path: Path, *, rows: int, distinct: int) -> None:
    """Write a file whose addresses come again and again."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "street", "city", "state", "zip"])
        writer.writerows(
            [at, f"{at % distinct} Main St", "Detroit", "MI", "48226"] for at in range(rows)
        )


async def long_job(folder: Path) -> dict[str, float]:
    """Run the job of a long file with POSTs that are answered at once; return its memory."""
    began = time.perf_counter()
    table = open_table(str(folder / "in.csv"))
    columns = find_columns(table.header)
    idle = memory() // 2**20
    transport = api(immediate=True)
    first: list[float] = []
    job = FileJob(
        HumClient(transport=transport, limiter=RateLimiter(rate=float("inf"))),
        table=table,
        columns=columns,
        options=JobOptions(journal=folder / "long.sqlite", close=False),
        api="bench",
        on_progress=lambda: first.append(time.perf_counter() - began) if not first else None,
    )
    async with job:
        await job.run()
        ran = time.perf_counter() - began
        looked_up = memory() // 2**20
        outputs = JobOutputs(table=table, columns=columns, target=str(folder / "out.csv"))
        await job.compose(outputs.open(rows=True))
    return {
        "rows": job.report.done,
        "distinct_addresses": len(transport.requests),
        "first_result_after_s": round(first[0], 2),
        "rows_per_s": round(job.report.done / ran),
        "rss_before_mb": idle,
        "rss_after_lookups_mb": looked_up,
        "rss_peak_mb": memory("VmHWM") // 2**20,
        "wall_s": round(time.perf_counter() - began, 1),
    }


def long_file(folder: Path, *, rows: int, distinct: int) -> dict[str, Any]:
    """Run `long_job` in a process of its own, whose memory is nobody else's."""
    write_long_file(folder / "in.csv", rows=rows, distinct=distinct)
    ended = subprocess.run(  # noqa: S603  ourselves
        [sys.executable, __file__, "--child", str(folder)],
        stdout=subprocess.PIPE,
        check=True,
        env=dict(os.environ),
    )
    return dict(json.loads(ended.stdout))


# --------------------------------------------------------------------------------------------------


def parts(folder: Path, rows: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each part's name and figures."""
    for name, speed in (("commits, as fast as it goes", None), ("commits at 2,000 rows/s", 2000.0)):
        yield name, asyncio.run(commits(folder, count=10_000, per_second=speed))
    for name, journal in (("job without a journal", False), ("job with a journal", True)):
        yield name, virtual_job(folder, count=20_000, rate=200.0, journal=journal)
    yield "CPU of a job in real time", journal_cpu(folder, count=4000)
    yield "long file", long_file(folder, rows=rows, distinct=max(1, rows // 20))


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(asyncio.run(long_job(arguments.child))))
        return
    found = {}
    # Not in memory: where the temporary folder is one, commits cost nothing.
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for name, figures in parts(Path(folder), arguments.rows):
            found[name] = figures
            print(name)
            for figure, value in figures.items():
                print(f"  {figure:28} {value}")
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
