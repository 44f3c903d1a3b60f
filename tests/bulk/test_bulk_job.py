"""A job from a table to a table."""

from __future__ import annotations

import asyncio
import csv
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import AuthenticationError, HumClient, Outcome
from hum_async.bulk.columns import find_columns
from hum_async.bulk.job import JobReport, run_job
from hum_async.bulk.tables import open_sink, open_table
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hum_async.simulator import Simulator

pytestmark = pytest.mark.virtual

ADDRESSES = """\
id,street,zip
1,100 Slow Pl,00501
2,100 Served St,00501
3,,00501
4,100 Served St,00501
5,100 Not Found Ln,00501
6,100 Instant St,00501
"""


class Job:
    """A job on a file of addresses."""

    def __init__(self, folder: Path, text: str = ADDRESSES) -> None:
        (folder / "in.csv").write_text(text)
        self.table = open_table(str(folder / "in.csv"))
        self.target = folder / "out.csv"
        self.report = JobReport(total=self.table.count)

    async def run(self, client: HumClient, **options: Any) -> None:
        await run_job(
            client,
            table=self.table,
            columns=find_columns(self.table.header),
            sink=open_sink(str(self.target), table=self.table),
            report=self.report,
            **options,
        )

    def files(self) -> list[str]:
        return sorted(path.name for path in self.target.parent.iterdir())

    def rows(self) -> list[dict[str, str]]:
        with self.target.open(newline="") as stream:
            return list(csv.DictReader(stream))


async def test_rows_come_out_in_the_order_of_the_input(tmp_path: Path, hum: HumClient) -> None:
    job = Job(tmp_path)
    await job.run(hum)
    assert [(row["id"], row["zip"], row["hum_outcome"]) for row in job.rows()] == [
        ("1", "00501", "SERVED"),
        ("2", "00501", "SERVED"),
        ("3", "00501", "INVALID_ADDRESS"),
        ("4", "00501", "SERVED"),
        ("5", "00501", "ADDRESS_NOT_FOUND"),
        ("6", "00501", "SERVED"),
    ]


async def test_the_report_adds_up(tmp_path: Path, hum: HumClient, hum_simulator: Simulator) -> None:
    job = Job(tmp_path)
    ticks: list[int] = []
    await job.run(hum, on_progress=lambda: ticks.append(job.report.done))
    report = job.report
    assert ticks == sorted(ticks)
    assert set(ticks) >= {1, 2, 3, 4, 5, 6}
    assert report.done == report.total == sum(report.outcomes.values()) == 6
    assert report.outcomes[Outcome.SERVED] == 4
    assert report.failed == 1
    assert report.requests == hum_simulator.statistics().requests
    assert report.sessions == hum_simulator.sessions_bought == 4
    assert report.elapsed > 20
    assert report.eta == 0


async def test_a_cancelled_job_keeps_the_rows_that_are_done_in_order(
    tmp_path: Path, hum: HumClient
) -> None:
    job = Job(tmp_path)
    task = asyncio.create_task(job.run(hum))
    # The sixth row, which is the first, takes 25 s.
    await asyncio.sleep(20)
    assert job.report.done == 5
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [row["id"] for row in job.rows()] == ["2", "3", "4", "5", "6"]


async def test_a_job_that_did_nothing_leaves_what_was_there(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    job = Job(tmp_path, "id,street,zip\n1,1 Main St,00501\n")
    job.target.write_text("before")
    api = make_api()
    api.say("POST", json_response(401))
    async with client_of(api) as client:
        with pytest.raises(AuthenticationError):
            await job.run(client)
    assert job.target.read_text() == "before"
    assert job.files() == ["in.csv", "out.csv"]


async def test_a_key_that_is_taken_away_costs_no_row_that_is_done(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    text = "id,street,zip\n" + "".join(f"{n},{n} Main St,00501\n" for n in range(1, 6))
    job = Job(tmp_path, text)
    api = make_api(polling=False)
    api.say("POST", json_response(401), street1="3 Main St")
    async with client_of(api, rate=1.0) as client:
        with pytest.raises(AuthenticationError):
            await job.run(client)
    assert [row["id"] for row in job.rows()] == ["1", "2"]


async def test_no_session_is_closed_before_its_row_was_given_to_the_output(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    text = "id,street,zip\n" + "".join(f"{n},{n} Main St,00501\n" for n in range(30))
    job = Job(tmp_path, text)
    api = make_api()
    late = []

    def check() -> None:
        if api.count("DELETE") > job.report.done:
            late.append(job.report.done)

    async with client_of(api) as client:
        await job.run(client, on_progress=check)
    assert not late
    assert api.count("DELETE") == 30


async def test_a_big_file_with_every_address_twice_is_bought_once(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    text = "id,street,zip\n" + "".join(f"{n},{n % 400} Main St,00501\n" for n in range(800))
    job = Job(tmp_path, text)
    api = make_api(polling=False)
    async with client_of(api) as client:
        await job.run(client, close=False)
    assert api.count("POST") == len(api.transport.requests) == 400
    assert [row["id"] for row in job.rows()] == [str(number) for number in range(800)]


async def test_a_disk_that_fills_up_ends_the_job_without_a_leak(
    tmp_path: Path, hum: HumClient
) -> None:
    class FullDisk:
        closed = False
        any_order = True

        def write(self, cells: Any, values: Any, *, number: int) -> None:  # noqa: ARG002  a sink
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            self.closed = True

        discard = close

    job = Job(tmp_path)
    with pytest.raises(OSError, match="No space"):
        await run_job(
            hum,
            table=job.table,
            columns=find_columns(job.table.header),
            sink=FullDisk(),
            report=job.report,
        )
