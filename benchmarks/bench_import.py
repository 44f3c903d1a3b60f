"""How much longer the package takes to import than aiohttp alone.

    python benchmarks/bench_import.py [--runs 15]

Child processes, in turn, so that a machine that drifts drifts for all; user plus system CPU time.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

CASES = {
    "nothing": "pass",
    "import aiohttp": "import aiohttp",
    "import hum_async": "import hum_async",
    "all that a program uses": "from hum_async import HumClient, AsyncSessionWatcher, RateLimiter",
}
# An installed package is compiled once; a checkout must be allowed to be as well.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if "BYTECODE" not in name}


def cpu_and_wall(code: str) -> tuple[float, float]:
    """Return CPU and wall seconds of one interpreter that runs the code."""
    before, began = _children(), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=_ENVIRONMENT)  # noqa: S603  our own
    return _children() - before, time.perf_counter() - began


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the table; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
    for number in range(runs + 1):
        for name, code in CASES.items():
            sample = cpu_and_wall(code)
            if number:  # the first round warms the file cache
                samples[name].append(sample)
    rows = {}
    base = statistics.median(wall for _, wall in samples["import aiohttp"])
    for name, taken in samples.items():
        cpu, wall = (statistics.median(values) for values in zip(*taken, strict=True))
        ratios = [
            mine[1] / other[1] for mine, other in zip(taken, samples["import aiohttp"], strict=True)
        ]
        rows[name] = {"cpu_s": cpu, "wall_s": wall, "ratio": statistics.median(ratios)}
        print(f"{name:26} {wall * 1000:7.0f} ms wall {cpu * 1000:7.0f} ms CPU  {wall / base:5.2f}x")
    Path(__file__).with_suffix(".json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
