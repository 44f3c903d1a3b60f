"""One client in a process of its own, so that what it costs can be told.

    python -m contention.child PEER ORIGIN TOKENS INTERVAL LIMIT

It says in JSON lines what it found: first that its imports are done (or what is missing), then,
after a line on its standard input, what the run has cost.
"""

import asyncio
import contextlib
import importlib
import json
import resource
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from contention.job import Job
from contention.scenario import Scenario

__all__: list[str] = []


def _peak_memory() -> float:
    """Return MB at most so far.

    From /proc where there is one, because getrusage also counts what stood here before exec.
    """
    status = Path("/proc/self/status")
    if status.exists():
        text = status.read_text(encoding="ascii")
        return int(text.partition("VmHWM:")[2].split()[0]) / 1024
    per_mb = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_mb


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


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
    idle = _peak_memory()
    _say({"ready": True})
    sys.stdin.readline()
    began, cpu = time.perf_counter(), _cpu()
    asyncio.run(_bounded(peer, job, float(limit)))
    peak = _peak_memory()
    _say(
        {
            "wall s": time.perf_counter() - began,
            "CPU s": _cpu() - cpu,
            "RSS MB": peak,
            "over idle MB": peak - idle,
            "failures": job.failures,
        }
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
