"""How exactly four processes share one limit through Redis or PostgreSQL.

    python benchmarks/bench_shared_limit.py [--only NAME ...] [--seconds 20] [--quick]

The processes always have more to send than they may; an API in a process of its own records when
requests arrive. It needs redis-server and PostgreSQL, which are started on free ports, and for the
wrong clock libfaketime. The first second and the last are left out of the range of the counts.
``--record FILE`` keeps when the requests of one case arrived, which `limit_plots.py` draws.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
from _report import percentile, publish

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent / "shared_limit"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "shared")]

from counting import jain, most_in, per_second  # noqa: E402  found by the line above
from servers import PgBouncer, PostgresServer, RedisServer, free_port  # noqa: E402

RATE = 200
KILLED_SECONDS = 6.0
HALF_SECOND = 0.5
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@attrs.frozen
class Case:
    """What is measured.

    Attributes:
        store: ``redis``, ``postgres`` or ``pgbouncer``.
        given: The processes are told the rate; else they find it.
        skewed: The wall clock of one process is two seconds ahead.
        killed: The store is killed after a third of the time, and empty when it comes back.
        people: Processes that send one request now and then, beside the others.
        latency: Seconds that each way to the store takes.
    """

    store: str = "redis"
    given: bool = True
    skewed: bool = False
    killed: bool = False
    people: int = 0
    latency: float = 0.0


CASES = {
    "Redis": Case(),
    "one wall clock 2 s ahead": Case(skewed=True),
    "PostgreSQL": Case("postgres"),
    "PostgreSQL through pgbouncer": Case("pgbouncer"),
    "Redis killed for 6 s": Case(killed=True),
    "one person beside three jobs": Case(people=1),
    "Redis 20 ms away": Case(latency=0.02),
    "PostgreSQL 20 ms away": Case("postgres", latency=0.02),
    "limit unknown, 200/s, bucket of 50": Case(given=False),
}


@contextmanager
def child(script: str, *words: str, skewed: bool = False) -> Iterator["subprocess.Popen[str]"]:
    """Run one of our processes."""
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    if skewed:
        env |= {
            "LD_PRELOAD": str(FAKETIME[0]),
            "FAKETIME": "+2s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
    process = subprocess.Popen(  # noqa: S603  our own words
        [sys.executable, str(HERE / script), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def far_away(port: int, latency: float) -> Iterator[int]:
    """Forward a port, and let each byte travel for `latency` seconds each way."""
    if not latency:
        yield port
        return
    own, loop = free_port(), asyncio.new_event_loop()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                loop.call_later(latency, writer.write, data)
        loop.call_later(latency, writer.close)

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))

    loop.run_until_complete(asyncio.start_server(forward, "127.0.0.1", own))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield own
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@contextmanager
def store_of(case: Case) -> Iterator[tuple[str, Any]]:
    """Run the store of a case; yield its URL, and the server."""
    with ExitStack() as stack:
        if case.store == "redis":
            server: Any = stack.enter_context(RedisServer())
            port = stack.enter_context(far_away(server.port, case.latency))
            yield f"redis://127.0.0.1:{port}/0", server
            return
        server = stack.enter_context(PostgresServer())
        name = server.new_database().rpartition("/")[2]
        port = server.port
        if case.store == "pgbouncer":
            port = stack.enter_context(PgBouncer(server)).port
        port = stack.enter_context(far_away(port, case.latency))
        yield f"postgresql://hum@127.0.0.1:{port}/{name}", server


@attrs.frozen
class Recording:
    """What was seen of a case.

    Attributes:
        requests: Time, sender and whether it was served, of each request.
        members: What each process tells.
        away: When the store was killed and when it was back; empty if it was not.
    """

    requests: list[tuple[float, str, bool]]
    members: list[dict[str, Any]]
    away: tuple[float, ...] = ()


def record(case: Case, *, processes: int, seconds: float) -> Recording:
    """Run a case."""
    away: tuple[float, ...] = ()
    with ExitStack() as stack:
        url, server = stack.enter_context(store_of(case))
        bucket = ("0", "0") if case.given else (str(RATE), "50")
        api = stack.enter_context(child("api.py", *bucket))
        assert api.stdin is not None and api.stdout is not None  # noqa: S101, PT018  pipes
        at = f"http://127.0.0.1:{api.stdout.readline().strip()}"
        members = []
        for number in range(processes):
            load = "person" if number < case.people else "bulk"
            rate = str(RATE if case.given else 0)
            words = (f"{load}{number}", url, at, str(seconds), rate, load)
            skewed = case.skewed and number == 0
            members.append(stack.enter_context(child("member.py", *words, skewed=skewed)))
        for member in members:
            assert member.stdout is not None  # noqa: S101  a pipe
            member.stdout.readline()
        for member in members:
            assert member.stdin is not None  # noqa: S101  a pipe
            member.stdin.write("go\n")
            member.stdin.flush()
        if case.killed:
            time.sleep(seconds / 3)
            killed = time.monotonic()
            server.kill()
            time.sleep(min(KILLED_SECONDS, seconds / 3))
            server.start()
            away = (killed, time.monotonic())
        seen = [json.loads(member.communicate()[0]) for member in members]
        recorded = json.loads(api.communicate("end\n")[0])
    return Recording([(at, name, ok) for at, name, ok in recorded], seen, away)


def keep(target: Path, recording: Recording) -> None:
    """Write how many requests of each process arrived in each half second."""
    began = recording.requests[0][0]
    counts: dict[str, list[int]] = {}
    for at, name, _ in recording.requests:
        of_member = counts.setdefault(name, [])
        half = int((at - began) / HALF_SECOND)
        of_member.extend([0] * (half + 1 - len(of_member)))
        of_member[half] += 1
    found = {
        "rate": RATE,
        "away": [round(at - began, 2) for at in recording.away],
        "requests": [counts[name] for name in sorted(counts)],
    }
    target.write_text(json.dumps(found) + "\n", encoding="utf-8")
    print(f"written: {target}")


def figures(
    recorded: Sequence[tuple[float, str, bool]], seen: Sequence[dict[str, Any]], seconds: float
) -> dict[str, Any]:
    """Return the row of a case."""
    began = recorded[0][0]
    served = [at - began for at, _, ok in recorded if ok]
    counts = per_second(served, int(seconds))[1:-1]
    shares = Counter(name for _, name, ok in recorded if ok and name.startswith("bulk"))
    waits = [wait for each in seen for wait in each["waits"]]
    half = [at for at in served if seconds / 2 <= at < seconds]
    return {
        "each second": f"{min(counts)}-{max(counts)}",
        "most in any 1 s": most_in([at - began for at, _, _ in recorded], 1.0),
        "Jain": f"{jain(list(shares.values())):.4f}",
        "exchanges/s": round(sum(each["exchanges"] for each in seen) / seconds, 1),
        "429 %": round(100 * sum(not ok for *_, ok in recorded) / len(recorded), 2),
        "2nd half used": f"{len(half) / (seconds / 2) / RATE:.3f}",
        "wait p50": f"{percentile(waits, 0.5):.3f} s" if waits else None,
        "wait p95": f"{percentile(waits, 0.95):.3f} s" if waits else None,
    }


def chosen(names: Sequence[str], *, quick: bool) -> dict[str, Case]:
    """Return the cases to measure."""
    can: dict[str, Callable[[Case], bool]] = {
        "faketime": lambda case: bool(FAKETIME) or not case.skewed,
    }
    found = {name: case for name, case in CASES.items() if not names or name in names}
    found = {name: case for name, case in found.items() if all(test(case) for test in can.values())}
    return dict(list(found.items())[:3]) if quick else found


def main() -> None:
    """Measure each case, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[], choices=list(CASES), metavar="NAME")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="show that it runs")
    parser.add_argument("--record", type=Path, metavar="FILE", help="of one case, for the plot")
    options = parser.parse_args()
    seconds = 4.0 if options.quick else options.seconds
    rows = []
    for name, case in chosen(options.only, quick=options.quick).items():
        # A limit that is found needs time, and is found once.
        long = seconds if case.given else max(2 * seconds, seconds)
        found = record(case, processes=options.processes, seconds=long)
        rows.append({"": name, **figures(found.requests, found.members, long)})
        print(rows[-1], flush=True)
        if options.record:
            keep(options.record, found)
    publish(__file__, {f"{options.processes} processes, {RATE} requests/s": rows})


if __name__ == "__main__":
    main()
