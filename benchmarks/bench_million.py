"""A job of a million different addresses from start to finish: speed, CPU time and memory.

    python benchmarks/bench_million.py [--rows 1000000] [--close always] [--concurrency 32]

`hum qualify` runs in a process of its own, against a `hum simulate` without a limit in another
one, whose POSTs carry the providers after some 9 ms. The memory of `hum qualify` is read from /proc
while it runs, so it needs Linux. `--log FILE` keeps what it says; its progress is a line every 30
seconds.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from bench_check import write_file

HUM = [sys.executable, "-m", "hum_async"]
_EVERY = 1.0


@contextlib.contextmanager
def simulator() -> Iterator[str]:
    """Serve the simulated API; yield its URL."""
    command = [*HUM, "simulate", "--port", "0", "--speed", "1000", "--generation", "immediate"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:  # noqa: S603  ourselves
        try:
            if serving.stdout is None:
                raise RuntimeError("the simulator has no output")
            line = next(line for line in serving.stdout if "http://" in line)
            yield "http://" + line.partition("http://")[2].split()[0]
        finally:
            serving.terminate()


def watch(job: "subprocess.Popen[bytes]") -> tuple[list[int], int, float, int]:
    """Return the memory of a process each second and at its peak, its CPU seconds and exit code."""
    status = Path(f"/proc/{job.pid}/status")
    memory, peak = [], 0
    while True:
        ended, code, used = os.wait4(job.pid, os.WNOHANG)
        if ended:
            job.returncode = os.waitstatus_to_exitcode(code)
            return memory, peak, used.ru_utime + used.ru_stime, job.returncode
        found = dict(line.split(":", 1) for line in status.read_text().splitlines())
        if "VmRSS" in found:
            memory.append(int(found["VmRSS"].split()[0]) * 1024)
            peak = max(peak, int(found["VmHWM"].split()[0]) * 1024)
        time.sleep(_EVERY)


def qualify(
    folder: Path, url: str, arguments: argparse.Namespace, log: IO[bytes]
) -> dict[str, Any]:
    """Look up every row of a file; return what it took."""
    began = time.perf_counter()
    job = subprocess.Popen(  # noqa: S603  ourselves
        [
            *HUM,
            "qualify",
            str(folder / "in.csv"),
            *("-o", str(folder / "out.csv")),
            *("--base-url", url),
            *("--close", arguments.close),
            *("--concurrency", str(arguments.concurrency)),
        ],
        stdout=log,
        stderr=log,
        env=os.environ | {"HUM_API_KEY": "benchmark"},
    )
    memory, peak, cpu, code = watch(job)
    wall = time.perf_counter() - began
    manifest = json.loads((folder / "out.manifest.json").read_text())
    with (folder / "out.csv").open("rb") as output:
        rows = sum(1 for _ in output) - 1
    tenths = [memory[at * len(memory) // 10] for at in range(10)] if memory else []
    return {
        "rows": rows,
        "sessions": manifest["sessions"]["bought"],
        "requests_per_address": round(manifest["requests"] / max(1, rows), 2),
        "exit": code,
        "wall_s": round(wall, 1),
        "addresses_per_s": round(rows / wall, 1),
        "cpu_s": round(cpu, 1),
        "cpu_us_per_address": round(1e6 * cpu / max(1, rows)),
        "rss_peak_mb": round(peak / 2**20, 1),
        "rss_mb_by_tenths_of_the_time": [round(each / 2**20, 1) for each in tenths],
        "journal_mb": round((folder / "out.journal.sqlite").stat().st_size / 2**20),
    }


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--close", choices=["always", "idle", "never"], default="always")
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--log", type=Path, default=Path(os.devnull))
    arguments = parser.parse_args()
    # Not in memory: where the temporary folder is one, commits cost nothing.
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as folder,
        simulator() as url,
        arguments.log.open("wb") as log,
    ):
        write_file(Path(folder) / "in.csv", arguments.rows)
        found = qualify(Path(folder), url, arguments, log)
    for name, value in found.items():
        print(f"{name:30} {value}")
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
