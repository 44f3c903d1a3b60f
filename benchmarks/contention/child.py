"""One client in a process of its own, so that what it costs can be told.

    python -m contention.child PEER ORIGIN TOKENS INTERVAL LIMIT

It says in JSON lines what it found: first that its imports are done (or what is missing), then,
after a line on its standard input, what the run has cost.
"""

import asyncio
import contextlib
import importlib
import json
import sys
import time
from types import ModuleType
from typing import Any

from _process import cpu_seconds, memory

from contention.job import Job
from contention.scenario import Scenario

__all__: list[str] = []


def _say(found: dict[str, Any]) -> None:
    print(json.dumps(found), flush=True)


async def _bounded(peer: ModuleType, job: Job, limit: float) -> None:
    """Run the client; cancel it when its time is over, as a user's own time-out would."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit):
            await peer.run(job)


def main(name: str, origin: str, tokens: str, interval: str, limit: str) -> None:
    """Import, wait for the start, run, tell."""
    try:
        peer = importlib.import_module(f"contention.peers.{name}")
    except ModuleNotFoundError as exc:
        _say({"missing": exc.name})
        return
    job = Job(origin, Scenario(tokens=int(tokens)).names(), float(interval))
    idle = memory("VmHWM") / 2**20
    _say({"ready": True})
    sys.stdin.readline()
    began, cpu = time.perf_counter(), cpu_seconds()
    asyncio.run(_bounded(peer, job, float(limit)))
    peak = memory("VmHWM") / 2**20
    _say(
        {
            "wall s": time.perf_counter() - began,
            "CPU s": cpu_seconds() - cpu,
            "RSS MB": peak,
            "over idle MB": peak - idle,
            "failures": job.failures,
        }
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
