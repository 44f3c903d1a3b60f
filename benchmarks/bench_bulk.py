"""How near bulk jobs come to the best that is possible under a limit that nobody tells them.

    python benchmarks/bench_bulk.py [--addresses 20000] [--rates 10 50 200] [--laws ...] [--quick]

The real pipeline on virtual time, against an API in memory with a round trip of 50 ms. The bound is
a client that knows the limit and when each answer is ready: three requests per address (POST, one
poll that brings the answer, DELETE). Steady state is between the 10 % and the 90 % delivered row.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import attrs
from _report import publish
from bulk.laws import LAWS
from bulk.run import LIMITS, Case, run

USUAL = "median 9"

SHOWN = {
    "unknown limit": ("law", "rate"),
    "idle": ("law", "rate"),
    "limit told": ("law", "rate"),
    "immediate": ("rate", "close"),
    "kinds of limit": ("limit", "hint"),
}
"""The tables, and what tells the rows of each apart."""


def cases(laws: Sequence[str], rates: Sequence[float], count: int) -> dict[str, list[Case]]:
    """Return the cases of each table."""
    usual = Case(law=USUAL, rate=50.0, addresses=count)
    return {
        "unknown limit": [
            attrs.evolve(usual, law=law, rate=rate) for law in laws for rate in rates
        ],
        "idle": [
            attrs.evolve(usual, law=law, rate=rate, close="idle") for law in laws for rate in rates
        ],
        "limit told": [attrs.evolve(usual, rate=rate, told=True) for rate in rates],
        "immediate": [
            attrs.evolve(usual, rate=rate, immediate=True, close=close)
            for rate in (50.0, 200.0)
            for close in ("never", "always")
        ],
        "kinds of limit": [
            attrs.evolve(usual, limit=limit, hint=hint)
            for limit in LIMITS
            for hint in ("the wait", "none")
        ],
    }


def measure(name: str, todo: Sequence[Case], jobs: int) -> list[dict[str, Any]]:
    """Run the cases of a table, several at a time; print each as it comes."""
    rows = []
    # Fresh interpreters: a fork of a process with event loops in it is asking for trouble.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for case, figures in zip(todo, pool.map(run, todo), strict=True):
            row = {field: getattr(case, field) for field in SHOWN[name]} | figures
            rows.append(row)
            brief = {field: row[field] for field in (*SHOWN[name], "of_bound_steady", "requests")}
            print(f"{name}: {brief}", file=sys.stderr, flush=True)
    return rows


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--addresses", type=int, default=20_000)
    parser.add_argument("--rates", type=float, nargs="+", default=[10.0, 50.0, 200.0])
    parser.add_argument("--laws", nargs="+", choices=LAWS, default=list(LAWS))
    parser.add_argument("--tables", nargs="+", choices=SHOWN, default=list(SHOWN))
    parser.add_argument("--jobs", type=int, default=2, help="processes at the same time")
    parser.add_argument("--quick", action="store_true", help="a row of each, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.laws, arguments.rates, arguments.addresses = [USUAL], [50.0], 500
    planned = cases(arguments.laws, arguments.rates, arguments.addresses)
    found = {}
    for name in arguments.tables:
        todo = planned[name]
        found[name] = measure(name, todo[:1] if arguments.quick else todo, arguments.jobs)
    publish(__file__, found)


if __name__ == "__main__":
    main()
