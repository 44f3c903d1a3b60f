"""Several processes share one job by a database: each row once, and nothing is bought twice."""

from __future__ import annotations

import asyncio
import csv
import json
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from hum_async.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ROWS = 160


@attrs.define
class Machines:
    """Processes that share the job ``june``."""

    start: Callable[..., Any]
    database: str
    simulator: Simulator
    source: str

    async def __call__(self, *words: str, lease: int = 30, source: str | None = None) -> Any:
        """Start a process; it works only unless ``-o`` is among the words."""
        return await self.start(
            "qualify", source or self.source, "--base-url", self.simulator.url, "--job", "june",
            "--concurrency", "8", *words, env={"HUM_DATABASE": f"{self.database}?lease={lease}"},
        )  # fmt: skip

    async def run(self, *words: str, source: str | None = None) -> Any:
        """Run a process to its end."""
        return await (await self(*words, source=source)).end()

    async def command(self, *words: str) -> Any:
        """Run another command on the job."""
        child = await self.start(*words, "--job", "june", env={"HUM_DATABASE": self.database})
        return await child.end()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def street(row: int) -> str:
    """Return the street of a row; every tenth row of the second half has that of an earlier one."""
    again = row % 10 == 9 and row >= ROWS // 2
    return f"{1000 + (row - 75 if again else row)} Served St"


STREETS = [street(row) for row in range(ROWS)]


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(generation="immediate", speed=100, median=20) as simulator:
        yield simulator


@pytest.fixture
def machines(
    start: Callable[..., Any],
    postgres_url: str,
    simulator: Simulator,
    addresses: Callable[..., str],
) -> Machines:
    return Machines(start, postgres_url, simulator, addresses(*STREETS))


@pytest.mark.slow
async def test_two_machines_share_a_job_and_one_of_them_writes_it(
    machines: Machines, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    first, second = await asyncio.gather(machines("-o", str(out)), machines())
    ended = await asyncio.gather(first.end(), second.end())
    assert [each.code for each in ended] == [0, 0], [each.err for each in ended]
    rows = rows_of(out)
    assert [row["id"] for row in rows] == [str(number) for number in range(1, ROWS + 1)]
    assert {row["hum_outcome"] for row in rows} == {"SERVED"}
    assert simulator_bought(machines) == len(set(STREETS))
    status = json.loads((await machines.command("status", "--json")).out)
    assert status["state"] == "finished"
    assert status["rows_done"] == ROWS
    assert [worker["state"] for worker in status["workers"]] == ["left", "left"]
    assert all(worker["rows_done"] > worker["rows_reused"] for worker in status["workers"])
    assert sum(worker["spent"] for worker in status["workers"]) == len(set(STREETS))
    assert "hum compose" in ended[1].err
    assert (await machines.command("verify")).code == 0
    # The same command again buys nothing.
    assert (await machines.run("-o", str(out))).code == 0
    assert rows_of(out) == rows
    assert simulator_bought(machines) == len(set(STREETS))


def simulator_bought(machines: Machines) -> int:
    """Return how many sessions were bought; none of them for an address that had one."""
    assert machines.simulator.one_post_per_address()
    return machines.simulator.sessions_bought


@pytest.mark.slow
async def test_a_worker_that_is_killed_is_replaced_by_the_others(
    machines: Machines, until: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    victim = await machines(lease=2)
    await until(lambda: machines.simulator.sessions_bought >= ROWS // 4)
    survivor = await machines("-o", str(out), lease=2)
    await until(lambda: machines.simulator.sessions_bought >= ROWS // 2)
    victim.process.kill()
    await victim.end()
    half = tmp_path / "half.csv"
    assert (await machines.command("compose", machines.source, "-o", str(half), "-q")).code == 3
    assert 0 < len(rows_of(half)) < ROWS
    ended = await survivor.end()
    rows = rows_of(out)
    assert [row["id"] for row in rows] == [str(number) for number in range(1, ROWS + 1)]
    uncertain = {row["street"] for row in rows if row["hum_outcome"] == "UNCERTAIN"}
    assert len(uncertain) <= 8, "no more than were under way"
    assert ended.code == (3 if uncertain else 0), ended.err
    assert {row["hum_outcome"] for row in rows} - {"UNCERTAIN"} == {"SERVED"}
    assert simulator_bought(machines) <= len(set(STREETS))
    status = json.loads((await machines.command("status", "--json")).out)
    assert [worker["state"] for worker in status["workers"]] == ["lost", "left"]
    assert (await machines.command("verify")).code == 0


@pytest.mark.slow
async def test_a_worker_that_is_stopped_leaves_its_rows_to_the_others_at_once(
    machines: Machines, until: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    leaving = await machines()
    await until(lambda: machines.simulator.sessions_bought >= ROWS // 8)
    staying = await machines("-o", str(out))
    leaving.interrupt()
    assert (await leaving.end()).code == 130
    assert (await staying.end()).code == 0
    assert len(rows_of(out)) == ROWS
    assert simulator_bought(machines) == len(set(STREETS))


@pytest.mark.slow
async def test_all_workers_together_buy_no_more_than_allowed(
    machines: Machines, tmp_path: Path
) -> None:
    out, limit = tmp_path / "out.csv", ("--max-sessions", "50")
    first, second = await asyncio.gather(machines("-o", str(out), *limit), machines(*limit))
    ended = await asyncio.gather(first.end(), second.end())
    assert [each.code for each in ended] == [5, 5], [each.err for each in ended]
    assert simulator_bought(machines) == 50
    dry = await machines.run("--dry-run", "--max-sessions", "60")
    assert "50 addresses in the journal already" in dry.out
    assert "10 sessions will be bought" in dry.out
    assert simulator_bought(machines) == 50


@pytest.mark.slow
async def test_another_input_is_refused(machines: Machines, tmp_path: Path) -> None:
    assert (await machines.run("--max-sessions", "1")).code == 5
    shorter, other = tmp_path / "shorter.csv", tmp_path / "other.csv"
    lines = (tmp_path / "in.csv").read_text().splitlines(keepends=True)
    shorter.write_text("".join(lines[:-1]))
    other.write_text("".join([*lines[:-1], lines[-1].replace("Served", "Other")]))
    for source, reason in ((shorter, "160 rows instead of 159"), (other, "their digest differs")):
        ended = await machines.run(source=str(source))
        assert ended.code == 1
        assert reason in ended.err
        assert "--job" in ended.err
    assert simulator_bought(machines) == 1
    ended = await machines.run("--fresh", "--yes", "--max-sessions", "1", source=str(shorter))
    assert ended.code == 5, ended.err
    assert "holds 1 result that took 1 paid session" in ended.err
    assert machines.simulator.sessions_bought == 2
