"""A job from a table to files."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import AuthenticationError, HumClient, Outcome
from hum_async.bulk.columns import find_columns
from hum_async.bulk.file_job import FileJob
from hum_async.bulk.files.event_file import EventFile
from hum_async.bulk.files.outputs import JobOutputs
from hum_async.bulk.options import JobOptions
from hum_async.bulk.tables import open_table
from hum_async.errors import (
    ApiUnavailable,
    ConnectFailed,
    InputError,
    RequestTimeout,
    SessionLimitReached,
)
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hum_async.bulk.files.compose import Composed
    from hum_async.simulator import Simulator

pytestmark = [pytest.mark.virtual, pytest.mark.busy]

ADDRESSES = """\
id,street,zip
1,100 Slow Pl,00501
2,100 Served St,00501
3,,00501
4,100 SERVED st.,00501-1234
5,100 Not Found Ln,00501
6,100 Instant St,00501
"""


def many(count: int, distinct: int | None = None) -> str:
    lines = (f"{n},{n % (distinct or count)} Main St,00501\n" for n in range(count))
    return "id,street,zip\n" + "".join(lines)


class Files:
    """A job on a file of addresses; each `job` is one run of it."""

    def __init__(self, folder: Path, text: str = ADDRESSES) -> None:
        (folder / "in.csv").write_text(text)
        self.folder = folder
        self.table = open_table(str(folder / "in.csv"))
        self.columns = find_columns(self.table.header)
        self.target = folder / "out.csv"

    def job(self, client: HumClient, **options: Any) -> FileJob:
        terms = options.pop("terms", {})
        return FileJob(
            client,
            table=self.table,
            columns=self.columns,
            options=JobOptions(journal=self.folder / "out.journal.sqlite", **terms),
            api="test",
            **options,
        )

    def outputs(self, **options: Any) -> JobOutputs:
        return JobOutputs(
            table=self.table, columns=self.columns, target=str(self.target), **options
        )

    async def run(self, client: HumClient, **options: Any) -> FileJob:
        """Run it to its end, and write."""
        async with self.job(client, **options) as job:
            await job.run()
            await self.write(job)
        return job

    async def write(self, job: FileJob) -> Composed | None:
        return await job.compose(self.outputs().open(rows=True))

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def rows(self, name: str = "out.csv") -> list[dict[str, str]]:
        with (self.folder / name).open(newline="") as stream:
            return list(csv.DictReader(stream))


async def test_rows_come_out_in_the_order_of_the_input(tmp_path: Path, hum: HumClient) -> None:
    files = Files(tmp_path)
    await files.run(hum)
    assert [(row["id"], row["zip"], row["hum_outcome"]) for row in files.rows()] == [
        ("1", "00501", "SERVED"),
        ("2", "00501", "SERVED"),
        ("3", "00501", "INVALID_ADDRESS"),
        ("4", "00501-1234", "SERVED"),
        ("5", "00501", "ADDRESS_NOT_FOUND"),
        ("6", "00501", "SERVED"),
    ]


async def test_the_report_adds_up(tmp_path: Path, hum: HumClient, hum_simulator: Simulator) -> None:
    files = Files(tmp_path)
    ticks: list[int] = []
    async with files.job(hum) as job:
        job.on_progress = lambda: ticks.append(job.report.done)
        await job.run()
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


async def test_the_failed_rows_are_an_input_of_their_own(tmp_path: Path, hum: HumClient) -> None:
    files = Files(tmp_path)
    await files.run(hum)
    assert files.names() == ["in.csv", "out.csv", "out.failed.csv", "out.journal.sqlite"]
    (failed,) = files.rows("out.failed.csv")
    assert (failed["id"], failed["hum_outcome"]) == ("3", "INVALID_ADDRESS")
    assert "street1" in failed["hum_error"]
    again = open_table(str(tmp_path / "out.failed.csv"))
    assert [again.header[at] for at in again.kept] == ["id", "street", "zip"]
    # Once nothing fails any more, there is no such file.
    (tmp_path / "in.csv").write_text(ADDRESSES.replace("3,,", "3,100 Served St,"))
    await files.run(hum)
    assert files.names() == ["in.csv", "out.csv", "out.journal.sqlite"]
    assert [row["hum_outcome"] for row in files.rows()][2] == "SERVED"


async def test_a_cancelled_job_is_taken_up_and_its_rows_come_out_in_order(
    tmp_path: Path, hum: HumClient, hum_simulator: Simulator
) -> None:
    files = Files(tmp_path)
    async with files.job(hum) as job:
        task = asyncio.create_task(job.run())
        # The sixth row, which is the first, takes 25 s.
        await asyncio.sleep(20)
        assert job.report.done == 5
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await files.write(job)
    assert [row["id"] for row in files.rows()] == ["2", "3", "4", "5", "6"]
    job = await files.run(hum)
    assert (job.report.done, job.report.reused, job.report.sessions) == (6, 4, 0)
    assert job.report.adopted == 1
    assert [row["id"] for row in files.rows()] == ["1", "2", "3", "4", "5", "6"]
    assert hum_simulator.sessions_bought == 4


async def test_a_key_that_is_taken_away_costs_no_row_that_is_done(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    files = Files(tmp_path, many(6))
    api = make_api(polling=False)
    api.say("POST", json_response(401), street1="3 Main St")
    async with client_of(api, rate=1.0) as client:
        async with files.job(client) as job:
            with pytest.raises(AuthenticationError):
                await job.run()
            await files.write(job)
        assert [row["id"] for row in files.rows()] == ["0", "1", "2"]
        await files.run(client)
    assert [row["id"] for row in files.rows()] == ["0", "1", "2", "3", "4", "5"]
    assert set(api.posts_by_street().values()) == {1, 2}


async def test_a_limit_of_sessions_leaves_the_rows_that_are_done(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    files = Files(tmp_path, many(10))
    api = make_api(polling=False)
    async with client_of(api) as client, files.job(client, terms={"max_sessions": 4}) as job:
        with pytest.raises(SessionLimitReached):
            await job.run()
        await files.write(job)
    assert [row["id"] for row in files.rows()] == ["0", "1", "2", "3"]
    assert api.count("POST") == 4


async def test_rows_can_be_streamed_as_they_are_done_in_the_order_of_the_input(
    tmp_path: Path, hum: HumClient
) -> None:
    class Collector:
        written: list[tuple[float, str]] = []  # noqa: RUF012  one test, one collector

        def write(self, cells: Any, values: Any) -> None:
            now = asyncio.get_running_loop().time()
            self.written.append((now, f"{cells[0]} {values['hum_outcome']}"))

        def close(self) -> None:
            """Keep what there is."""

        discard = close

    files = Files(tmp_path, ADDRESSES.replace("1,100 Slow Pl", "1,100 Served St"))
    collector = Collector()
    async with files.job(hum, stream_to=collector) as job:
        await job.run()
    assert [line[0] for _, line in collector.written] == ["1", "2", "3", "4", "5", "6"]
    assert collector.written[0][0] > 0


async def test_no_session_is_closed_before_its_result_is_in_the_journal(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    files = Files(tmp_path, many(30))
    api = make_api()
    settled: list[int] = []

    def closed(request: Any) -> Any:  # noqa: ARG001  a script's answer
        settled.append(job._opened._journal.tally().settled)  # noqa: SLF001  what is on disk now
        return json_response(200)

    api.say("DELETE", *[closed] * 30)
    async with client_of(api) as client, files.job(client) as job:
        await job.run()
    assert len(settled) == 30
    assert all(count >= number for number, count in enumerate(settled, 1))


async def test_a_big_file_with_every_address_twice_is_bought_once(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    files = Files(tmp_path, many(800, 400))
    api = make_api(polling=False)
    async with client_of(api) as client:
        await files.run(client, terms={"close": False})
    assert api.count("POST") == len(api.transport.requests) == 400
    assert [row["id"] for row in files.rows()] == [str(number) for number in range(800)]


async def test_a_disk_that_fills_up_while_writing_costs_no_result(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    class FullDisk:
        discarded = False

        def write(self, cells: Any, values: Any) -> None:  # noqa: ARG002  a sink
            raise InputError("cannot write out.csv: No space left on device")

        def close(self) -> None:
            raise AssertionError

        def discard(self) -> None:
            self.discarded = True

    files = Files(tmp_path, many(5))
    files.target.write_text("before")
    disk = FullDisk()
    api = make_api(polling=False)
    async with client_of(api) as client:
        async with files.job(client) as job:
            await job.run()
            outputs = files.outputs().open(rows=False)
            outputs = type(outputs)(rows=disk, failed=outputs.failed)
            with pytest.raises(InputError, match="No space"):
                await job.compose(outputs)
        assert disk.discarded
        assert files.target.read_text() == "before"
        await files.run(client)
    assert len(files.rows()) == 5
    assert api.count("POST") == 5


async def test_the_rows_that_were_refused_alone_are_named_and_the_others_are_written(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    files = Files(tmp_path, many(30))
    api = make_api(polling=False)
    for street in ("4 Main St", "17 Main St"):
        api.say("POST", json_response(406, {"message": "no"}), street1=street)
    async with client_of(api) as client:
        async with files.job(client) as job:
            with pytest.raises(ApiUnavailable, match=r"2 addresses \(HTTP 406: no\)"):
                await job.run()
            composed = await files.write(job)
        assert composed is not None
        assert (composed.rows, composed.without, composed.missing) == (28, 2, [5, 18])
        await files.run(client)
    assert len(files.rows()) == 30


async def test_writing_can_be_cancelled_and_leaves_what_was_there(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    files = Files(tmp_path, many(2000, 10))
    files.target.write_text("before")
    async with client_of(make_api(polling=False)) as client, files.job(client) as job:
        await job.run()
        writing = asyncio.ensure_future(files.write(job))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    assert files.target.read_text() == "before"
    assert files.names() == ["in.csv", "out.csv", "out.journal.sqlite"]


async def test_events_tell_of_every_update_and_result_and_name_no_address(
    tmp_path: Path, hum: HumClient
) -> None:
    files = Files(tmp_path)
    stream = io.BytesIO()
    log = EventFile(stream, name="test")
    async with files.job(hum, on_result=log.result, terms={"on_update": log.update}) as job:
        await job.run()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert sorted(line["row"] for line in lines if line["event"] == "result") == [1, 2, 3, 4, 5, 6]
    assert {line["kind"] for line in lines if line["event"] == "update"} >= {"CHANGED", "COMPLETED"}
    text = stream.getvalue().decode()
    for secret in ("Served St", "SERVED st", "Slow Pl"):
        assert secret not in text
    with sqlite3.connect(tmp_path / "out.journal.sqlite") as db:
        tokens = [row[0] for row in db.execute("SELECT token FROM purchase")]
    db.close()
    assert tokens
    assert not [token for token in tokens if token in text]


@pytest.mark.parametrize(
    "trouble", [json_response(502), ConnectFailed("no route"), RequestTimeout("no answer")]
)
async def test_a_job_stops_when_nothing_works_any_more_and_goes_on_later(
    tmp_path: Path,
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    caplog: pytest.LogCaptureFixture,
    trouble: Any,
) -> None:
    files = Files(tmp_path, many(120))
    api = make_api(polling=False)
    async with client_of(api, rate=10.0) as client:
        async with files.job(client) as job:
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(2)
            api.say("POST", *[trouble] * 100_000)
            with pytest.raises(ApiUnavailable, match=r"25 look-ups.*run the same command again"):
                await running
            assert 30 < job.report.done < 120
        assert caplog.messages.count("the job stops: the last 25 look-ups all failed") == 1
        api.instead.clear()
        job = await files.run(client, terms={"retry": [Outcome.FAILED]})
    uncertain = job.report.outcomes[Outcome.UNCERTAIN]
    assert job.report.outcomes[Outcome.SERVED] + uncertain == 120
    assert uncertain <= 25 + 32


async def test_rows_that_fail_now_and_then_are_no_outage(
    tmp_path: Path, make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    files = Files(tmp_path, many(100))
    api = make_api(polling=False)
    for number in range(100):
        if number % 20:
            api.say("POST", json_response(502), street1=f"{number} Main St")
    async with client_of(api, rate=10.0) as client:
        job = await files.run(client)
    assert job.report.outcomes[Outcome.UNCERTAIN] == 95
