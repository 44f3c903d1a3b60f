"""Many simulator sessions under one limit, over real sockets, to their terminal updates.

    python benchmarks/bench_watch.py [--tokens 10000] [--rate 400]

The simulator runs in this process: its CPU is in the figures. A token that is TIMED_OUT here was
timed out by our own queue, because every session of the simulator is done within 27 seconds.
"""

import argparse
import asyncio
import json
import resource
import time
from collections import Counter
from pathlib import Path

from hum_async import AsyncSessionWatcher, HumClient, RateLimiter
from hum_async.simulator import Simulator


async def measure(count: int, rate: float) -> dict[str, object]:
    """Watch so many tokens at such a rate; return what came of it."""
    kinds: Counter[str] = Counter()
    late = 0.0
    async with Simulator() as simulator:
        tokens = [
            simulator.add_session({"street1": f"{number} Main St", "zip": "48226"})
            for number in range(count)
        ]
        began, cpu = time.perf_counter(), time.process_time()
        limiter = RateLimiter(rate=rate)
        async with (
            HumClient("any-key", base_url=simulator.url, limiter=limiter) as hum,
            AsyncSessionWatcher(hum) as watcher,
        ):
            async for update in watcher.watch(tokens):
                if update.is_terminal:
                    kinds[update.kind] += 1
                late = max(late, watcher.statistics().oldest_due_age)
            polls = watcher.statistics().polls
        wall = time.perf_counter() - began
        return {
            "tokens": count,
            "rate": rate,
            "terminal": dict(kinds),
            "polls": polls,
            "polls_per_token": round(polls / count, 2),
            "share_of_limit": round(polls / wall / rate, 3),
            "latest_poll_s": round(late, 3),
            "wall_s": round(wall, 1),
            "cpu_s": round(time.process_time() - cpu, 1),
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=400.0)
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.tokens, arguments.rate))
    for name, value in figures.items():
        print(f"{name:16} {value}")
    Path(__file__).with_suffix(".json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
