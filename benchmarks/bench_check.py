"""CPU time and memory of `hum check` for a long file of different addresses.

    python benchmarks/bench_check.py [--rows 1000000] [--against CHECKOUT]

Four of five rows are a number, a name and a suffix; the others have a unit, an ordinal or a suffix
that is also a word. `--against` names another checkout, whose `hum check` reads the same file.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NAMES = "Main Oak Elm Maple Lincoln Park Sunset Lake Cedar Pine River Spring Church High".split()  # noqa: SIM905  a table
ENDINGS = "ton field wood dale view brook ridge land side crest mont port haven hurst ford".split()  # noqa: SIM905  a table
SUFFIXES = "St Ave Rd Ln Dr Ct Blvd Street Avenue Road".split()  # noqa: SIM905  a table
STATES = {"MA": 10, "NY": 100, "PA": 150, "FL": 320, "MI": 480, "TX": 750, "CO": 800, "CA": 900}
CHILD = """
import os, sys
from hum_async.cli import main
sys.argv = ["hum", "check", sys.argv[1]]
status = 0
try:
    main()
except SystemExit as exc:
    status = exc.code
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
used = os.times()
print(status, used.user + used.system, peak, file=sys.stderr)
"""


def write_file(path: Path, rows: int) -> None:
    """Write a file of different addresses: 50 in a place, in 20,000 places at most."""
    dice = random.Random(1)  # noqa: S311  a benchmark
    names = [*NAMES, *(first + ending for first in NAMES for ending in ENDINGS)]
    places = []
    for _ in range(max(100, min(20_000, rows // 50))):
        state, first = dice.choice(list(STATES.items()))
        zip_code = f"{first * 100 + dice.randrange(1000):05d}"
        places.append((dice.choice(names), state, zip_code))
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "address", "city", "state", "zip"])
        for number in range(rows):
            street = f"{dice.choice(['', '', 'N ', 'W '])}{dice.choice(names)}"
            end = dice.choice(SUFFIXES)
            odd = dice.random()
            if odd < 0.1:
                end += f" Apt {dice.randrange(1, 99)}"
            elif odd < 0.15:
                street = f"{dice.randrange(11, 20)}th"
            elif odd < 0.2:
                end = "Way"
            address = f"{dice.randrange(1, 20_000)} {street} {end}"
            writer.writerow([number, address, *dice.choice(places)])


def check(path: Path, checkout: Path) -> dict[str, Any]:
    """Run `hum check` of a checkout in a process of its own."""
    ended = subprocess.run(  # noqa: S603  ourselves
        [sys.executable, "-c", CHILD, str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
        cwd=path.parent,  # or its own folder would go before the other checkout
        env=os.environ | {"PYTHONPATH": str(checkout)},
    )
    status, cpu, peak = ended.stderr.splitlines()[-1].split()
    return {"exit": status, "cpu_s": round(float(cpu), 2), "rss_mb": round(int(peak) / 1024)}


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--against", type=Path)
    arguments = parser.parse_args()
    here = Path(__file__).resolve().parent.parent
    checkouts = {"this checkout": here}
    if arguments.against:
        checkouts["the other"] = arguments.against.resolve()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "addresses.csv"
        write_file(path, arguments.rows)
        for name, checkout in checkouts.items():
            found[name] = check(path, checkout)
            print(name, found[name])
    if arguments.against:
        ratio = found["this checkout"]["cpu_s"] / found["the other"]["cpu_s"]
        print("ratio of the CPU time", round(ratio, 3))
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
