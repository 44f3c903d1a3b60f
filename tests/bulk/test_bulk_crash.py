"""`kill -9` at any moment, again and again: nothing is lost and nothing is bought twice."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import os
import random
import signal
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from hum_async.bulk.files.verification import verify
from hum_async.bulk.job_status import status_of
from hum_async.simulator import Faults, Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.busy

CONCURRENCY = 32
FAULTS = Faults(server_error=0.05, reset_before=0.02, reset_after=0.02)
ODD = Faults(request_timeout=0.05, foreign_token=0.02, huge_number=0.01)


class Runner:
    """The process that runs jobs, and kills them on request."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, order: dict[str, Any], *, kill: Callable[[], object] | None = None) -> int:
        """Run a job; return its exit code, or minus the signal that ended it.

        Args:
            order: What to run.
            kill: Whether the job is to be killed now; asked every millisecond.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(order).encode() + b"\n")
        pid = json.loads(await stdout.readline())["pid"]
        ended = asyncio.ensure_future(stdout.readline())
        while kill is not None and not ended.done():
            await asyncio.wait([ended], timeout=0.001)
            if kill():
                # It may have ended in this very moment.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                break
        return os.waitstatus_to_exitcode(json.loads(await ended)["ended"])


@pytest.fixture
async def runner() -> AsyncIterator[Runner]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("crash_child.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "PYTHONPATH")
            if name in os.environ
        },
    )
    try:
        yield Runner(process)
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0
    finally:
        # Of a test that failed, the job may still be running.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def write_input(folder: Path, rows: int, duplicates: int) -> list[str]:
    """Write the job's addresses, some of them twice; return its lines."""
    numbers = [*range(rows - duplicates), *range(duplicates)]
    lines = [f"{at},{number} Served St,0050{at % 5}\n" for at, number in enumerate(numbers)]
    # The duplicates need their original's ZIP code.
    for at in range(rows - duplicates, rows):
        number = numbers[at]
        lines[at] = f"{at},{number} SERVED st.,0050{number % 5}-1234\n"
    (folder / "in.csv").write_text("id,street,zip\n" + "".join(lines))
    return lines


@attrs.frozen
class Case:
    """What makes life hard for a job."""

    generation: str = "polling"
    speed: float = 100.0
    commit_delay: float = 0.0
    faults: Faults = attrs.field(factory=Faults)
    rate: float = 1000.0
    rows: int = 300
    duplicates: int = 20
    kills: int = 10


CASES = {
    "few": Case(generation="immediate", speed=1000.0, rate=100.0, rows=60, duplicates=5, kills=3),
    "polling": Case(),
    "immediate": Case(generation="immediate", speed=1000.0),
    "slow commits": Case(commit_delay=0.01),
    "faults": Case(faults=FAULTS),
    "faults and slow commits": Case(faults=FAULTS, commit_delay=0.01),
    "odd answers": Case(faults=ODD),
    "odd answers, immediate": Case(faults=ODD, generation="immediate", speed=1000.0),
    "odd answers and faults": Case(
        faults=attrs.evolve(FAULTS, request_timeout=0.05, foreign_token=0.02, huge_number=0.01)
    ),
}


def after_some(simulator: Simulator, case: Case, dice: random.Random) -> Callable[[], object]:
    """Return what says when to kill: some requests from now, and some milliseconds later."""
    share = case.rows // (case.kills + 2)
    enough = len(simulator.journal) + dice.randint(1, share)
    turns = dice.randint(0, 10)

    def now() -> bool:
        nonlocal turns
        turns -= len(simulator.journal) >= enough
        # At the latest before the job is over, however busy the machine is.
        return turns < 0 or len(simulator.journal) >= enough + share

    return now


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "few" else pytest.mark.slow) for name in CASES]
)
async def test_a_job_that_is_killed_at_random_moments_loses_nothing_and_buys_nothing_twice(
    tmp_path: Path, runner: Runner, name: str
) -> None:
    case = CASES[name]
    dice = random.Random(name)  # noqa: S311  the same moments in every run, as far as can be
    lines = write_input(tmp_path, case.rows, case.duplicates)
    async with Simulator(
        generation=case.generation, speed=case.speed, lifetime=1e6, faults=case.faults
    ) as simulator:
        order = {
            "folder": str(tmp_path),
            "url": simulator.url,
            "rate": case.rate,
            "commit_delay": case.commit_delay,
            "retry": [],
        }
        killed = 0
        for _ in range(case.kills):
            code = await runner.run(order, kill=after_some(simulator, case, dice))
            assert code in {0, 3, -signal.SIGKILL}
            killed += code == -signal.SIGKILL
        code = await runner.run(order)
        bought = simulator.sessions_bought
        if case.faults != Faults():
            # A look-up that a fault ended keeps its session, and this run takes it up.
            simulator.faults = Faults()
            code = await runner.run({**order, "retry": ["FAILED", "TIMED_OUT"]})
            assert simulator.sessions_bought == bought
    # How many depends on how fast the machine is; that some were is what makes this a test.
    assert killed
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    uncertain = {row["id"] for row in rows if row["hum_outcome"] == "UNCERTAIN"}
    assert code == (3 if any(row["hum_outcome"] != "SERVED" for row in rows) else 0)
    # Every row exactly once, in order and untouched.
    assert [f"{row['id']},{row['street']},{row['zip']}\n" for row in rows] == lines
    # What failed for the faults has its result once they are over: nothing that was paid is lost.
    assert {row["hum_outcome"] for row in rows} <= {"SERVED", "UNCERTAIN"}
    # No address was asked for twice, not even those of which nobody knows what became of them.
    posts = Counter(
        record.address_key for record in simulator.requests(method="POST") if record.status != 429
    )
    assert set(posts.values()) == {1}
    assert simulator.sessions_bought <= case.rows - case.duplicates
    # What was in flight when it was killed, and what the faults struck.
    struck = sum(record.fault is not None for record in simulator.requests(method="POST"))
    assert len(uncertain) <= killed * CONCURRENCY + 2 * struck
    assert len(uncertain) < len(rows)
    # Only a session whose token nobody has learned stays open, until it expires.
    closed = {record.path for record in simulator.requests(method="DELETE")}
    assert simulator.sessions_bought - len(closed) <= len(uncertain)
    verdict = verify(tmp_path / "out.journal.sqlite")
    assert verdict.problems == []
    assert not any(tmp_path.glob("*.lock"))  # noqa: ASYNC240  it is over


@pytest.mark.parametrize(
    ("terms", "steps"),
    [
        ({"max_cost": "1.99"}, 1),
        ({"max_cost": "1.99", "max_cost_per_day": "1.00"}, 3),
        ({"max_cost": "9.99"}, 12),
    ],
    ids=str,
)
@pytest.mark.slow
async def test_a_job_that_is_killed_never_spends_more_than_it_may(
    tmp_path: Path, runner: Runner, terms: dict[str, str], steps: int
) -> None:
    price = Decimal("0.07")
    most = min(map(Decimal, terms.values()))
    case = Case(generation="immediate", speed=1000.0, faults=FAULTS, rows=300, kills=6 * steps)
    dice = random.Random(str(terms))  # noqa: S311  as above
    write_input(tmp_path, case.rows, case.duplicates)
    async with Simulator(generation="immediate", speed=1000.0, faults=FAULTS) as simulator:
        order = {
            "folder": str(tmp_path),
            "url": simulator.url,
            "rate": 1000.0,
            "commit_delay": 0.005,
            "retry": [],
            "terms": {"price_per_session": str(price)} | terms,
        }
        killed = 0
        for _ in range(steps):
            code = await runner.run(order, kill=after_some(simulator, case, dice))
            killed += code == -signal.SIGKILL
            assert simulator.sessions_bought * price <= most
        assert await runner.run(order) == 5
        assert await runner.run(order) == 5
        assert killed
        assert 0 < simulator.sessions_bought * price <= most
    status = status_of(tmp_path / "out.journal.sqlite")
    assert status.cost is not None
    # Of what may have been billed, nothing is forgotten.
    assert simulator.sessions_bought * price <= status.cost <= most
    assert status.cost + price > most


DEATHS = [
    ("out.csv", False),
    ("out.csv", True),
    ("out.failed.csv", True),
    ("long.csv", True),
    ("out.manifest.json", True),
]


async def test_a_job_that_is_killed_while_it_names_its_outputs_knows_them_when_it_is_run_again(
    tmp_path: Path, runner: Runner
) -> None:
    lines = ["id,street,zip\n"]
    async with Simulator(generation="immediate", speed=1000.0) as simulator:
        order = {
            "folder": str(tmp_path),
            "url": simulator.url,
            "rate": 1000.0,
            "commit_delay": 0,
            "retry": [],
        }
        for number, (name, named) in enumerate(DEATHS):
            # Other rows, so that the outputs are not those of the run before.
            lines += [f"a,{number} Served St,00501\n", "b,,00501\n"]
            (tmp_path / "in.csv").write_text("".join(lines))
            dying = {**order, "die_at": name, "named": named}
            assert await runner.run(dying) == -signal.SIGKILL
            if named:
                assert (tmp_path / name).read_text().strip()
        assert await runner.run(order) == 3
        assert simulator.sessions_bought == len(DEATHS)
    assert (tmp_path / "out.csv").read_text().count("\n") == len(lines)
    assert verify(tmp_path / "out.journal.sqlite").problems == []
    # What the user adds is not the job's.
    with (tmp_path / "out.csv").open("a") as stream:
        stream.write("my notes\n")
    assert await runner.run(order) == 2
