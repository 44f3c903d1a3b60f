"""Jobs on files, cancelled at each step, once or again while they end, go on where they were."""

from __future__ import annotations

import asyncio
import csv
import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from stepping import cancelled
from timed_api import TimedApi

from hum_async import HumClient, RateLimiter
from hum_async.bulk.columns import find_columns
from hum_async.bulk.file_job import FileJob
from hum_async.bulk.files.outputs import JobOutputs
from hum_async.bulk.options import JobOptions
from hum_async.bulk.requalify import job as requalify_job
from hum_async.bulk.requalify.job import RequalifyJob
from hum_async.bulk.tables import open_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.virtual, pytest.mark.busy]

STREETS = [f"{number} Main St" for number in range(100, 105)]
TEXT = "street,zip\n" + "".join(f"{street},02139\n" for street in STREETS)


@attrs.define
class World:
    """A folder with a table, and an API that takes its time."""

    folder: Path
    again: bool
    api: TimedApi = attrs.Factory(TimedApi)

    def client(self) -> HumClient:
        limiter = RateLimiter(rate=20, concurrency=4)
        return HumClient(transport=self.api.transport, limiter=limiter)

    def job(self, client: HumClient, journal: str, *, again: bool) -> FileJob:
        table = open_table(str(self.folder / "in.csv"))
        terms: dict[str, Any] = {
            "table": table,
            "columns": find_columns(table.header),
            "options": JobOptions(journal=self.folder / journal, max_age=0.0 if again else None),
            "api": "test",
        }
        if again:
            earlier = self.folder / "old.sqlite"
            return RequalifyJob(client, earlier=earlier, budget=None, **terms)
        return FileJob(client, **terms)

    async def run(self, journal: str, *, again: bool) -> None:
        async with self.client() as client, self.job(client, journal, again=again) as job:
            await job.run()
            table = open_table(str(self.folder / "in.csv"))
            outputs = JobOutputs(
                table=table,
                columns=find_columns(table.header),
                target=str(self.folder / "out.csv"),
            )
            await job.compose(outputs.open(rows=True))

    async def begin(self) -> None:
        self.folder.mkdir()
        (self.folder / "in.csv").write_text(TEXT)
        if self.again:
            await self.run("old.sqlite", again=False)

    async def operation(self) -> None:
        await self.run("job.sqlite", again=self.again)

    async def goes_on(self) -> None:
        """Run it again: each row is there, no address was bought twice, and nothing is left."""
        await self.operation()
        with (self.folder / "out.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert [row["street"] for row in rows] == STREETS
        assert {row["hum_outcome"] for row in rows} <= {"SERVED", "UNCERTAIN"}
        posts = Counter(
            each.body["street1"] for each in self.api.transport.requests if each.method == "POST"
        )
        assert max(posts.values()) == (2 if self.again else 1)
        left = {path.suffix for path in self.folder.iterdir()}
        assert not left & {".lock", ".part", ".tmp"}


@pytest.mark.parametrize("again", [False, True], ids=["qualify", "requalify"])
@pytest.mark.parametrize(
    ("stride", "more"),
    [
        pytest.param(31, (), id="some"),
        pytest.param(37, (1,), id="some twice"),
        pytest.param(1, (), id="all", marks=pytest.mark.slow),
        pytest.param(1, (1,), id="all twice", marks=pytest.mark.slow),
        pytest.param(2, (1, 2, 3), id="all often", marks=pytest.mark.slow),
    ],
)
async def test_it_may_be_cancelled_at_any_step(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    again: bool,  # noqa: FBT001  a parameter of the test
    stride: int,
    more: tuple[int, ...],
) -> None:
    at, was_cancelled = 1, True
    while was_cancelled:
        world = World(tmp_path / str(at), again)
        await world.begin()
        before = asyncio.all_tasks()
        was_cancelled, _ = await cancelled(world.operation(), at, *[at + each for each in more])
        assert asyncio.all_tasks() == before
        await world.goes_on()
        at += stride
    assert at > stride + 1
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_a_cancelled_job_waits_for_the_thread_that_has_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "job", again=True)
    await world.begin()
    carries, goes_on = threading.Event(), threading.Event()
    carry_over = requalify_job.carry_over

    def carry_over_slowly(*arguments: Any, **options: Any) -> None:
        carries.set()
        assert goes_on.wait(60.0)
        carry_over(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(requalify_job, "carry_over", carry_over_slowly)
        task = asyncio.ensure_future(world.operation())
        await asyncio.to_thread(carries.wait)
        task.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        had_ended = task.done()
        goes_on.set()
        await asyncio.wait([task])
    assert not had_ended
    assert task.cancelled()
    await world.goes_on()
