"""How much longer the package takes to import than aiohttp alone, and than other clients do.

    python benchmarks/bench_import.py [--runs 15] [--quick]
    python benchmarks/bench_import.py --instructions

Child processes, in turn, so that a machine that drifts drifts for all; user plus system CPU time.
Each ratio is to the ``import aiohttp`` of the same round. What is not installed is left out:

    pip install httpx openai azure-core google-api-core aiobotocore fal-client stripe

With --instructions callgrind counts whole processes (Debian: apt-get install valgrind), those of
the command ``hum``, too. They repeat to one in a hundred: where the collector runs moves them.
"""

import argparse
import contextlib
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _report import publish
from cpu import instructions

BASELINE = "import aiohttp"
OURS = {
    "nothing": "pass",
    BASELINE: "import aiohttp",
    "import hum_async": "import hum_async",
    "all that a program uses": "from hum_async import HumClient, AsyncSessionWatcher, RateLimiter",
}
COUNTED = {
    **OURS,
    "all that a program uses, and a hub": f"{OURS['all that a program uses']}, SessionHub",
}
LAUNCHERS = {
    "pip 26": "import sys\nfrom hum_async.cli import main\n"
    "if __name__ == '__main__':\n    sys.exit(main())\n",
    "pip 23, which imports re": "import re\nimport sys\nfrom hum_async.cli import main\n"
    "if __name__ == '__main__':\n    sys.exit(main())\n",
}
"""The scripts that pip writes for the command."""
# What a program needs for its first asynchronous request or poll; some load it only when asked for.
OTHERS = {
    "httpx": "from httpx import AsyncClient",
    "openai": "from openai import AsyncOpenAI",
    "azure": "from azure.core.pipeline import AsyncPipeline",
    "google.api_core": "from google.api_core import retry_async",
    "aiobotocore": "from aiobotocore.session import get_session",
    "fal_client": "from fal_client import AsyncClient",
    "stripe": "from stripe import StripeClient",
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


def cases() -> dict[str, str]:
    """Return our cases and those of the others that are installed; says which are not."""
    found = dict(OURS)
    for package, code in OTHERS.items():
        if _installed(package):
            found[code] = code
        else:
            print(f"left out, because it is not installed: {package}")
    return found


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # of the package that it is in
        return False


def sampled(code_of: dict[str, str], runs: int) -> dict[str, list[tuple[float, float]]]:
    """Run all cases in turn, as often as asked for; return CPU and wall seconds of each."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in code_of}
    for number in range(runs + 1):
        for name, code in code_of.items():
            sample = cpu_and_wall(code)
            if number:  # the first round warms the file cache
                samples[name].append(sample)
    return samples


def compared(samples: dict[str, list[tuple[float, float]]]) -> list[dict[str, Any]]:
    """Return the table; the ratios are of wall time."""
    rows = []
    for name, taken in samples.items():
        cpu, wall = (statistics.median(values) for values in zip(*taken, strict=True))
        ratios = [mine[1] / base[1] for mine, base in zip(taken, samples[BASELINE], strict=True)]
        rows.append(
            {
                "case": name,
                "wall ms": round(1000 * wall, 1),
                "CPU ms": round(1000 * cpu, 1),
                "ratio to aiohttp": f"{statistics.median(ratios):.2f}",
                "min-max": f"{min(ratios):.2f}-{max(ratios):.2f}",
            }
        )
    return rows


@contextlib.contextmanager
def commands() -> Iterator[dict[str, list[str]]]:
    """Give the commands whose instructions are counted, by name."""
    with tempfile.TemporaryDirectory(prefix="hum-bench-") as place:
        found = {name: [sys.executable, "-c", code] for name, code in COUNTED.items()}
        for name, script in LAUNCHERS.items():
            path = Path(place) / name.partition(",")[0].replace(" ", "-")
            path.write_text(script, encoding="utf-8")
            found[f"hum --version, by the launcher of {name}"] = [
                sys.executable, str(path), "--version"
            ]  # fmt: skip
            if name == "pip 26":
                found["hum --help, not on a terminal"] = [sys.executable, str(path), "--help"]
        yield found


def in_instructions() -> list[dict[str, Any]]:
    """Return the table of instructions."""
    if not instructions.available():
        raise SystemExit("valgrind is not installed; on Debian: apt-get install valgrind")
    counts = {}
    with commands() as all_commands:
        for name, command in all_commands.items():
            subprocess.run(  # noqa: S603  our own; it caches the bytecode
                command, check=True, stdout=subprocess.DEVNULL, env=_ENVIRONMENT
            )
            counts[name] = instructions.of_process(command, _ENVIRONMENT)
    return [
        {
            "case": name,
            "million instructions": round(count / 1e6, 1),
            "ratio to aiohttp": f"{count / counts[BASELINE]:.3f}",
        }
        for name, count in counts.items()
    ]


def main() -> None:
    """Print the table; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument(
        "--quick", action="store_true", help="whether it works, not how long it takes"
    )
    parser.add_argument(
        "--instructions", action="store_true", help="count them in place of measuring times"
    )
    arguments = parser.parse_args()
    if arguments.instructions:
        publish(
            __file__.replace(".py", "_instructions.py"),
            {"Instructions of a whole process": in_instructions()},
        )
        return
    runs = 1 if arguments.quick else arguments.runs
    publish(__file__, {"Import time": compared(sampled(cases(), runs))})


if __name__ == "__main__":
    main()
