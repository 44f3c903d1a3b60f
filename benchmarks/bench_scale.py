"""What 1,000, 10,000 and 100,000 watched tokens cost: memory, CPU and lateness.

    python benchmarks/bench_scale.py [--sizes 1000 10000 100000] [--repeats 1] [--quick]
    python benchmarks/bench_scale.py --instructions [--sizes 1000 2000] [--quick]

Each size runs in a process of its own, on virtual time and against a transport in memory, until
every token was polled eight times, every 10 seconds or so. The median of the repeats counts. Two
more rows do it with a real clock, where being busy makes polls late. With --instructions callgrind
counts (Debian: apt-get install valgrind) what a poll takes: what else the machine does is not seen,
and neither is how far away the memory lies.
"""

import argparse
import asyncio
import concurrent.futures
import contextlib
import gc
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from _process import memory
from _report import percentile, publish
from cpu import instructions
from scale.pending import ROUND_TRIP, PendingForever, RecordedPolling, token_of

from hum_async import AsyncSessionWatcher, GuidedPolling, HumClient, RateLimiter
from hum_async._api.endpoints import poll_request
from hum_async.testing import VirtualTimeLoop
from hum_async.watcher import WatchStream


class Collector:
    """Measures the CPU time that the garbage collector takes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __call__(self, phase: str, _: dict[str, int]) -> None:
        """Be told of a collection, as `gc.callbacks` wants it."""
        if phase == "start":
            self._began = time.process_time()
        else:
            self.seconds += time.process_time() - self._began


def forget_peak() -> None:
    """Let the peak of memory begin anew, where the kernel allows it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


async def own_costs(calls: int = 3000) -> tuple[float, float]:
    """Return the CPU seconds that one answer costs by itself, and those of decoding it."""
    # One after the other, so shorter: with a real clock the usual round trip would take minutes.
    transport = PendingForever(calls, rounds=1, round_trip=1e-4)
    paths = [f"/sessions/{token_of(number)}" for number in range(calls)]
    began = time.process_time()
    answers = [await transport.send("GET", path, timeout=1.0) for path in paths]
    sent = time.process_time()
    polls = [poll_request(token_of(number)) for number in range(calls)]
    decoding = time.process_time()
    for poll, answer in zip(polls, answers, strict=True):
        poll.decode(answer)
    return (sent - began) / calls, (time.process_time() - decoding) / calls


async def read(stream: WatchStream) -> None:
    """Take updates as they come and keep none."""
    async for _ in stream:
        pass


def _terms(size: int, transport: PendingForever) -> tuple[RateLimiter, RecordedPolling]:
    """Return a limiter with room for all, and a policy that polls every 8 to 12 seconds."""
    guided = GuidedPolling(
        interval=10.0, backoff=1.0, jitter=0.2, budget=None, max_interval=20.0,
        random=random.Random(1).random,  # noqa: S311  a benchmark
    )  # fmt: skip
    # Enough for all to be polled on time, with the first polls four seconds wide.
    rate = size / 4
    limiter = RateLimiter(rate=rate, concurrency=max(64, int(2 * rate * ROUND_TRIP)))
    return limiter, RecordedPolling(guided, transport)


def stop() -> None:
    """Wait until the parent has turned the counter on or off."""
    print(flush=True)
    sys.stdin.readline()


async def answer_alone(polls: int) -> dict[str, Any]:
    """Let the transport give so many answers between two stops, to nobody."""
    transport = PendingForever(polls, rounds=1)
    paths = [f"/sessions/{token_of(number)}" for number in range(polls)]
    stop()
    for path in paths:
        await transport.send("GET", path, timeout=1.0)
    stop()
    return {"polls": polls}


async def measure(size: int, rounds: int, *, stops: bool = False) -> dict[str, Any]:
    """Watch so many tokens until each was polled so often; return what that cost."""
    await own_costs(10)  # what is done once per process, such as making the decoders
    transport = PendingForever(size, rounds)
    limiter, policy = _terms(size, transport)
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum, policy=policy) as watcher,
    ):
        await asyncio.sleep(0)
        gc.collect()
        forget_peak()
        collector = Collector()
        gc.callbacks.append(collector)
        if stops:
            stop()
        idle, cpu = memory(), time.process_time()
        # Made on the way, because the tokens' own text is part of what they cost.
        stream = watcher.watch(token_of(number) for number in range(size))
        reader = asyncio.create_task(read(stream))
        await transport.enough.wait()
        cpu = time.process_time() - cpu
        now, peak = memory() - idle, memory("VmHWM") - idle
        if stops:
            stop()
        gc.callbacks.remove(collector)
        reader.cancel()
    # Only now: the memory that this takes and gives back would hide some of the watcher's.
    transport_cost, decode_cost = await own_costs()
    polls = transport.answered
    return {
        "tokens": size,
        "polls": polls,
        "peak_mb": max(peak, now) / 1e6,
        "rss_mb": now / 1e6,
        "bytes_per_token": now / size,
        "cpu_us_per_poll": 1e6 * (cpu / polls - transport_cost),
        "ratio": 1.0,
        "one_decoding_us": 1e6 * decode_cost,
        "of_it_collector_us": 1e6 * collector.seconds / polls,
        "transport_us": 1e6 * transport_cost,
        "late_p50_ms": 1e3 * percentile(transport.lateness, 0.5),
        "late_p99_ms": 1e3 * percentile(transport.lateness, 0.99),
        "most_in_flight": transport.most_in_flight,
    }


def child(size: int, rounds: int, *, real: bool) -> dict[str, Any]:
    """Measure in a process of its own, whose memory is nobody else's."""
    order = json.dumps({"size": size, "rounds": rounds, "real": real})
    ended = subprocess.run(  # noqa: S603  ourselves
        [sys.executable, __file__, "--child", order], stdout=subprocess.PIPE, check=True
    )
    figures = dict(json.loads(ended.stdout))
    brief = {
        name: round(figures[name]) for name in ("tokens", "bytes_per_token", "cpu_us_per_poll")
    }
    print(f"{'real' if real else 'virtual'} time: {brief}", file=sys.stderr, flush=True)
    return figures


def rows(
    sizes: Sequence[int], *, repeats: int, rounds: int, real: bool
) -> Iterator[dict[str, Any]]:
    """Yield a row per size: medians, and CPU in proportion to the first size."""
    # In turns, so that a neighbour's load falls on all sizes alike; small ones, which are over in
    # no time and to which the others are compared, more often.
    found: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
    for _ in range(repeats):
        for size in sizes:
            often = 1 if real else max(1, min(3, 10_000 // size))
            found[size] += [child(size, rounds, real=real) for _ in range(often)]
    first = None
    for runs in found.values():
        row = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        first = first or row["cpu_us_per_poll"]
        row["ratio"] = row["cpu_us_per_poll"] / first
        yield {name: int(value) if value == int(value) else value for name, value in row.items()}


def counted(size: int, rounds: int, *, alone: bool = False) -> tuple[float, int]:
    """Return the instructions of each poll, and the number of polls.

    Args:
        size: Tokens.
        rounds: Polls of each token.
        alone: Count the transport alone.
    """
    order = {"size": size, "rounds": rounds, "real": False, "stops": True, "alone": alone}
    command = [sys.executable, __file__, "--child", json.dumps(order)]
    total, printed = instructions.counted(command, Path(__file__).parent)
    polls = int(json.loads(printed)["polls"])
    return total / polls, polls


def in_instructions(sizes: Sequence[int], rounds: int) -> Iterator[dict[str, Any]]:
    """Yield a row of instructions per size; the ratio is to the first size."""
    # Side by side, because what else the machine does is not counted.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        alone = pool.submit(counted, 1000, 1, alone=True)
        watched = [pool.submit(counted, size, rounds) for size in sizes]
    transport, first = alone.result()[0], 0.0
    for size, future in zip(sizes, watched, strict=True):
        each, polls = future.result()
        each -= transport
        first = first or each
        yield {
            "tokens": size,
            "polls": polls,
            "thousand instructions per poll": round(each / 1000, 1),
            "ratio": f"{each / first:.3f}",
            "of the transport, taken off": round(transport / 1000, 1),
        }


def run_child(order: dict[str, Any]) -> None:
    """Do what a parent asked for; print the figures for it."""
    factory = asyncio.new_event_loop if order["real"] else VirtualTimeLoop
    size, rounds = order["size"], order["rounds"]
    with asyncio.Runner(loop_factory=factory) as runner:
        if order.get("alone"):
            figures = runner.run(answer_alone(size))
        else:
            figures = runner.run(measure(size, rounds, stops=order.get("stops", False)))
        print(json.dumps(figures))


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="two small sizes, to see that it runs")
    parser.add_argument(
        "--instructions", action="store_true", help="count them in place of measuring times"
    )
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        run_child(arguments.child)
        return
    if arguments.instructions:
        if not instructions.available():
            raise SystemExit("valgrind is not installed; on Debian: apt-get install valgrind")
        lines = list(
            in_instructions(arguments.sizes or [1000, 2000], rounds=3 if arguments.quick else 8)
        )
        publish(
            __file__.replace(".py", "_instructions.py"),
            {"instructions, virtual time": lines},
        )
        return
    sizes, repeats = arguments.sizes or [1000, 10_000, 100_000], arguments.repeats
    if arguments.quick:
        sizes, repeats = [1000, 2000], 1
    figures = {"virtual time": list(rows(sizes, repeats=repeats, rounds=8, real=False))}
    if not arguments.quick:
        few = [size for size in sizes if size <= 10_000]
        figures["real time"] = list(rows(few, repeats=1, rounds=2, real=True))
    publish(__file__, figures)


if __name__ == "__main__":
    main()
