"""What 1,000, 10,000 and 100,000 watched tokens cost: memory, CPU and lateness.

    python benchmarks/bench_scale.py [--sizes 1000 10000 100000] [--repeats 3] [--quick]

Each size runs in a process of its own, on virtual time and against a transport in memory, until
every token was polled three times, every 10 seconds or so. The median of the repeats counts. Two
more rows do it with a real clock, where being busy makes polls late.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import random
import statistics
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
from _report import percentile, publish
from multidict import CIMultiDict

from hum_async import AsyncSessionWatcher, GuidedPolling, HumClient, RateLimiter
from hum_async._calls import poll_call
from hum_async._schedule import Poll
from hum_async.models import RawResponse
from hum_async.testing import VirtualTimeLoop
from hum_async.watcher import WatchStream

ROUND_TRIP = 0.05
HEADERS: CIMultiDict[str] = CIMultiDict({"Content-Type": "application/json"})

# Field for field what hum-api shows; before the geocoder is done, and after.
BODY = (
    b'{"message":"Session is being processed","request_status":"ok","data":{},"meta":{'
    b'"session_token":"%b","session_status":"open","responded_at":"2026-03-%02dT%02d:%02d:%02d.%03dZ",'
    b'"created_at":"2026-03-01T08:00:00.000Z","hum_data_set":"v.1006",'
    b'"agent_status":{"geocoding":"%b","internet":"pending","checkout":"pending"},'
    b'"session_params":{"street1":"%d Washington Blvd","street2":"Apt %d","city":"Detroit",'
    b'"state":"MI","zip":"%05d","latitude":42.%06d,"longitude":-83.%06d},'
    b'"service_address":%b}}'
)


def body_of(token: bytes, number: int, *, answer: int, matched: bool) -> bytes:
    """Return the answer about a session; `answer` numbers them, so that no two are the same."""
    seconds, thousandths = divmod(answer, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    address = b'"%d Washington Blvd, Detroit, MI %05d"' % (number, number % 100_000)
    return BODY % (
        *(token, 1 + days % 28, hour, minute, second, thousandths),
        *(b"matched" if matched else b"pending", number, number % 97, number % 100_000),
        *(number % 1_000_000, number * 7 % 1_000_000, address if matched else b"null"),
    )


class PendingForever:
    """A `Transport` whose sessions stay pending; it knows when each of them should be polled.

    Args:
        size: Number of tokens.
        rounds: Polls per token after which `enough` is set.
        round_trip: Seconds that each answer takes.
    """

    def __init__(self, size: int, rounds: int, *, round_trip: float = ROUND_TRIP) -> None:
        self.enough = asyncio.Event()
        self.answered = 0
        # Whose answer is being taken in just now: between this and the policy nobody else runs.
        self.current = 0
        self.in_flight = self.most_in_flight = 0
        self._rounds = rounds
        self._round_trip = round_trip
        self._left = size
        self._polls = bytearray(size)
        # Made and touched before memory is measured, so that it is not taken for the watcher's.
        self.due = array("d", [0.0]) * size
        self._late = array("d", [0.0]) * (size * (rounds + 2))
        self._lates = 0

    @property
    def lateness(self) -> Sequence[float]:
        """Seconds by which polls came after their time, first polls left out."""
        return self._late[: self._lates]

    async def send(
        self, method: str, path: str, *, body: bytes | None = None, timeout: float
    ) -> RawResponse:
        """Answer that nothing is ready yet."""
        del method, body, timeout
        token = path[10:]
        number = int(token)
        polls = self._polls[number]
        if polls and self._lates < len(self._late):
            now = asyncio.get_running_loop().time()
            self._late[self._lates] = max(0.0, now - self.due[number])
            self._lates += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(self._round_trip)
        self.in_flight -= 1
        self._count(number, polls + 1)
        self.current = number
        content = body_of(token.encode(), number, answer=self.answered, matched=polls > 0)
        return RawResponse(202, HEADERS, content)

    def _count(self, number: int, polls: int) -> None:
        self.answered += 1
        self._polls[number] = min(polls, 255)
        if polls == self._rounds:
            self._left -= 1
            if not self._left:
                self.enough.set()

    async def aclose(self) -> None:
        """Nothing is open."""


@attrs.define
class RecordedPolling:
    """A policy that tells the transport when it wants each token to be polled next."""

    policy: GuidedPolling
    transport: PendingForever

    @property
    def budget(self) -> float | None:
        """As the policy says."""
        return self.policy.budget

    def first(self) -> float:
        """As the policy says."""
        return self.policy.first()

    def after(self, poll: Poll) -> float:
        """As the policy says; remembered for the token whose answer came last."""
        delay = self.policy.after(poll)
        self.transport.due[self.transport.current] = asyncio.get_running_loop().time() + delay
        return delay


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


def memory(which: str = "VmRSS") -> int:
    """Return the memory of this process in bytes, now or (VmHWM) at its peak."""
    # Not getrusage: its peak is handed on from the parent.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(which):
            return int(line.split()[1]) * 1024
    raise LookupError(which)


def forget_peak() -> None:
    """Let the peak of memory begin anew, where the kernel allows it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


async def own_costs(calls: int = 3000) -> tuple[float, float]:
    """Return the CPU seconds that one answer costs by itself, and those of decoding it."""
    # One after the other, so shorter: with a real clock the usual round trip would take minutes.
    transport = PendingForever(calls, rounds=1, round_trip=1e-4)
    paths = [f"/sessions/{number:022}" for number in range(calls)]
    began = time.process_time()
    answers = [await transport.send("GET", path, timeout=1.0) for path in paths]
    sent = time.process_time()
    polls = [poll_call(f"{number:022}") for number in range(calls)]
    decoding = time.process_time()
    for poll, answer in zip(polls, answers, strict=True):
        poll.decode(answer)
    return (sent - began) / calls, (time.process_time() - decoding) / calls


async def read(stream: WatchStream) -> None:
    """Take updates as they come and keep none."""
    async for _ in stream:
        pass


async def measure(size: int, rounds: int) -> dict[str, Any]:
    """Watch so many tokens until each was polled so often; return what that cost."""
    await own_costs(10)  # what is done once per process, such as making the decoders
    transport = PendingForever(size, rounds)
    guided = GuidedPolling(
        interval=10.0, backoff=1.0, jitter=0.2, budget=None, max_interval=20.0,
        random=random.Random(1).random,  # noqa: S311  a benchmark
    )  # fmt: skip
    # Enough for all to be polled on time, with the first polls four seconds wide.
    rate = size / 4
    limiter = RateLimiter(rate=rate, concurrency=max(64, int(2 * rate * ROUND_TRIP)))
    policy = RecordedPolling(guided, transport)
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum, policy=policy) as watcher,
    ):
        await asyncio.sleep(0)
        gc.collect()
        forget_peak()
        collector = Collector()
        gc.callbacks.append(collector)
        idle, cpu = memory(), time.process_time()
        # Made on the way, because the tokens' own text is part of what they cost.
        stream = watcher.watch(f"{number:022}" for number in range(size))
        reader = asyncio.create_task(read(stream))
        await transport.enough.wait()
        cpu = time.process_time() - cpu
        now, peak = memory() - idle, memory("VmHWM") - idle
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
        "of_it_decoding_us": 1e6 * decode_cost,
        "of_it_collector_us": 1e6 * collector.seconds / polls,
        "scheduling_us": 1e6 * (cpu / polls - transport_cost - decode_cost),
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
    # In turns, so that a neighbour's load falls on all sizes alike.
    found = [[child(size, rounds, real=real) for size in sizes] for _ in range(repeats)]
    first = None
    for runs in zip(*found, strict=True):
        row = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        first = first or row["cpu_us_per_poll"]
        row["ratio"] = row["cpu_us_per_poll"] / first
        yield {name: int(value) if value == int(value) else value for name, value in row.items()}


def run_child(order: dict[str, Any]) -> None:
    """Do what a parent asked for; print the figures for it."""
    factory = asyncio.new_event_loop if order["real"] else VirtualTimeLoop
    with asyncio.Runner(loop_factory=factory) as runner:
        print(json.dumps(runner.run(measure(order["size"], order["rounds"]))))


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="two small sizes, to see that it runs")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        run_child(arguments.child)
        return
    sizes, repeats = ([1000, 2000], 1) if arguments.quick else (arguments.sizes, arguments.repeats)
    figures = {"virtual time": list(rows(sizes, repeats=repeats, rounds=3, real=False))}
    if not arguments.quick:
        few = [size for size in sizes if size <= 10_000]
        figures["real time"] = list(rows(few, repeats=1, rounds=2, real=True))
    publish(__file__, figures)


if __name__ == "__main__":
    main()
