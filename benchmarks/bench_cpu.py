"""What one poll costs the processor, beside other clients that get the same answers.

    python benchmarks/bench_cpu.py [--rounds 5] [--requests 20000] [--quick]
    python benchmarks/bench_cpu.py --instructions [--quick]

The server is an nginx of its own (Debian: apt-get install nginx). Each client is measured in
a child process, all of them in turn in each round, and set against the bare aiohttp of its round,
so that a machine that drifts drifts for all. With --instructions there are no times: callgrind
counts (Debian: apt-get install valgrind), and what else the machine does is not seen; with --quick
as well only the default limiter is counted, and the run fails if a ratio is above `BOUNDS`. Clients
that are not installed are left out:

    pip install httpx httptools uvloop

The watcher's figures hold everything: schedule, limiter, decoding, and a reader of the stream.
"""

import argparse
import concurrent.futures
import dataclasses
import importlib.util
import json
import signal
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _report import publish
from cpu import instructions, server
from cpu.measuring import Job, Measured


@dataclass(frozen=True)
class Row:
    """A client on a kind of answer.

    Attributes:
        name: As it is printed.
        client: As the child knows it.
        body: Kind of answer.
        needs: What must be installed.
        share: Of the requests: a client that is slow is known well enough from fewer.
    """

    name: str
    client: str
    body: str = "same"
    needs: str | None = None
    share: float = 1.0


BASELINE = Row("bare aiohttp", "aiohttp")
CLIENTS = [
    BASELINE,
    Row("aiohttp at its leanest", "aiohttp-lean"),
    Row("httpx", "httpx", needs="httpx", share=0.1),
    Row("asyncio + httptools, the floor", "httptools", needs="httptools"),
    Row("hum_async's transport alone", "sent"),
    Row("hum_async, same body", "hum_async"),
    Row("hum_async, responded_at moves", "hum_async", "stamped"),
    Row("hum_async, every poll delivers", "hum_async", "moving"),
]
COUNTED = [
    *(row for row in CLIENTS if row.client != "httpx"),
    *(
        dataclasses.replace(row, name=f"{row.name}, default limiter", client="hum_async-default")
        for row in CLIENTS
        if row.client == "hum_async"
    ),
]
BOUNDS = {"same": 1.20, "stamped": 1.25, "moving": 1.65}
"""Ratios of instructions that no change may exceed, by the kind of answer: those of uvloop, which
are the higher ones, and some hundredths for other versions of Python and of aiohttp."""
BOUNDED = [BASELINE, *(row for row in COUNTED if row.client == "hum_async-default")]
OVERHEAD = [
    Row("transport alone", "transport"),
    Row("transport, and every answer decoded", "decode"),
    Row("watcher, which decodes what is new", "memory"),
]
LAYERS = [dataclasses.replace(row, body=body) for body in ("same", "stamped") for row in OVERHEAD]


def measure(row: Row, loop: str, url: str, sizes: argparse.Namespace) -> Measured:
    """Measure a row once, in a process of its own."""
    done = subprocess.run(  # noqa: S603  our own
        child_of(job_of(row, loop, url, sizes)),
        check=True,
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
    )
    return Measured(**json.loads(done.stdout))


def count(row: Row, loop: str, url: str, sizes: argparse.Namespace) -> tuple[Measured, float]:
    """Return what was measured of a row, and its instructions for each request."""
    job = dataclasses.replace(job_of(row, loop, url, sizes), stops=True)
    total, printed = instructions.counted(child_of(job), Path(__file__).parent)
    measured = Measured(**json.loads(printed))
    return measured, total / measured.requests


def child_of(job: Job) -> list[str]:
    """Return the command that measures a job."""
    return [sys.executable, "-m", "cpu.child", json.dumps(dataclasses.asdict(job))]


def job_of(row: Row, loop: str, url: str, sizes: argparse.Namespace) -> Job:
    """Return what a child is to measure."""
    return Job(
        client=row.client,
        loop=loop,
        url=f"{url}/{row.body}",
        requests=int(row.share * sizes.requests),
        warmup=int(row.share * max(500, 2 * sizes.tokens)),
        tokens=sizes.tokens,
        concurrency=sizes.concurrency,
    )


def installed(name: str | None) -> bool:
    """Whether a row or loop can be measured; says so if not."""
    if name is None or importlib.util.find_spec(name) is not None:
        return True
    print(f"left out, because it is not installed: {name}")
    return False


def in_rounds(
    rows: Sequence[Row], loops: Sequence[str], url: str, sizes: argparse.Namespace
) -> dict[tuple[Row, str], list[Measured]]:
    """Measure all rows on all loops, one after the other, as often as there are rounds."""
    taken: dict[tuple[Row, str], list[Measured]] = {
        (row, loop): [] for loop in loops for row in rows
    }
    for number in range(sizes.rounds):
        for (row, loop), samples in taken.items():
            samples.append(measure(row, loop, url, sizes))
            each = _micros(samples[-1])
            print(f"round {number + 1}: {row.name}, {row.body}, {loop}: {each:.1f} us", flush=True)
    return taken


def in_instructions(
    rows: Sequence[Row], loops: Sequence[str], url: str, sizes: argparse.Namespace
) -> list[dict[str, Any]]:
    """Return the table of instructions; each ratio is to the first row of its loop."""
    lines = []
    # Side by side, because what else the machine does is not counted.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        counted = [[pool.submit(count, row, loop, url, sizes) for row in rows] for loop in loops]
    for loop, futures in zip(loops, counted, strict=True):
        base = None
        for row, future in zip(rows, futures, strict=True):
            measured, each = future.result()
            base = base or each
            lines.append(
                {
                    "client": row.name,
                    "loop": loop,
                    "requests": measured.requests,
                    "thousand instructions per request": round(each / 1000, 1),
                    "ratio": f"{each / base:.2f}",
                    "updates per poll": f"{measured.updates / measured.requests:.2f}",
                }
            )
            print(f"{row.name}, {loop}: {each / 1000:,.1f} k, {each / base:.3f}", flush=True)
            if sizes.quick and row is not BASELINE and each / base > BOUNDS[row.body]:
                raise SystemExit(
                    f"{row.name}, {loop}: {each / base:.3f} times the bare client, and at most "
                    f"{BOUNDS[row.body]} is allowed; profile what was added to the way of a poll"
                )
    return lines


def _micros(sample: Measured) -> float:
    return 1e6 * sample.cpu / sample.requests


def compared(taken: dict[tuple[Row, str], list[Measured]]) -> list[dict[str, Any]]:
    """Return the table of clients; each ratio is to the baseline of the same round and loop."""
    lines = []
    for (row, loop), samples in taken.items():
        base = taken[BASELINE, loop]
        ratios = [_micros(mine) / _micros(its) for mine, its in zip(samples, base, strict=True)]
        polls = sum(sample.requests for sample in samples)
        delivered = sum(sample.updates for sample in samples) / polls
        lines.append(
            {
                "client": row.name,
                "loop": loop,
                "requests": polls,
                "requests/s": statistics.median(one.requests / one.wall for one in samples),
                "CPU us per request": round(statistics.median(map(_micros, samples)), 1),
                "ratio": f"{statistics.median(ratios):.2f}",
                "min-max": f"{min(ratios):.2f}-{max(ratios):.2f}",
                "updates per poll": f"{delivered:.2f}" if row.client == "hum_async" else None,
            }
        )
    return lines


def layered(taken: dict[tuple[Row, str], list[Measured]]) -> list[dict[str, Any]]:
    """Return the table of layers; each is set against the transport alone."""
    lines, alone = [], [0.0]
    for (row, loop), samples in taken.items():
        each = [_micros(sample) for sample in samples]
        if row.client == OVERHEAD[0].client:
            alone = each
        over = statistics.median(mine - its for mine, its in zip(each, alone, strict=True))
        lines.append(
            {
                "what": row.name,
                "answers": row.body,
                "loop": loop,
                "CPU us per request": round(statistics.median(each), 1),
                "over the transport": round(over, 1),
            }
        )
    return lines


def main() -> None:
    """Print the tables; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--tokens", type=int, default=2_000)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--quick", action="store_true", help="whether it works, not how fast it is")
    parser.add_argument(
        "--instructions", action="store_true", help="count them in place of measuring times"
    )
    sizes = parser.parse_args()
    if sizes.instructions:
        sizes.rounds, sizes.requests, sizes.tokens = 1, 200 if sizes.quick else 1_000, 100
    elif sizes.quick:
        sizes.rounds, sizes.requests, sizes.tokens = 1, 500, 100
    # So that the server is stopped, too, when somebody stops this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    loops = ["asyncio", *filter(installed, ["uvloop"])]
    if sizes.instructions:
        if not instructions.available():
            raise SystemExit("valgrind is not installed; on Debian: apt-get install valgrind")
        with server.running() as url:
            chosen = BOUNDED if sizes.quick else COUNTED
            rows = [row for row in chosen if installed(row.needs)]
            lines = in_instructions(rows, loops, url, sizes)
            publish(
                __file__.replace(".py", "_instructions.py"),
                {"Instructions of the client per request": lines},
            )
        return
    rows = [row for row in CLIENTS if installed(row.needs)]
    with server.running() as url:
        clients = in_rounds(rows, loops, url, sizes)
        layers = in_rounds(LAYERS, loops, url, sizes)
    publish(
        __file__,
        {
            "CPU of the client per request": compared(clients),
            "Scheduling and limiter, over a transport in memory": layered(layers),
        },
    )


if __name__ == "__main__":
    main()
