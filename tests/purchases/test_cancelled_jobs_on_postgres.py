"""Cancelled at each step, what works with PostgreSQL ends, leaves nothing, and goes on later."""

from __future__ import annotations

import asyncio
import csv
import logging
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from stepping import cancelled

from hum_async import Address, HumClient, RateLimiter
from hum_async._purchases.postgres.connection import Database
from hum_async._purchases.postgres.url import parse_database_url
from hum_async.bulk import qualify
from hum_async.bulk.columns import find_columns
from hum_async.bulk.file_job import FileJob
from hum_async.bulk.files.outputs import JobOutputs
from hum_async.bulk.options import JobOptions
from hum_async.bulk.tables import open_table
from hum_async.errors import JournalError
from hum_async.shared import SharedRateLimiter
from hum_async.testing import ScriptedTransport, json_response, session_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from hum_async.models import RawResponse
    from hum_async.testing import SentRequest

pytestmark = [pytest.mark.slow, pytest.mark.busy]

STREETS = [f"{number} Main St" for number in range(100, 103)]
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def served(request: SentRequest) -> RawResponse:
    token = "token-of-a-session" if request.method == "POST" else request.path.split("/")[2]
    provider = {"provider_name": "Fiber", "offerings": []}
    body = session_json(token, providers=[provider], geocoding="matched", internet="matched")
    return json_response(201 if request.method == "POST" else 200, body)


@attrs.define
class World:
    """A table, an API that answers at once, and a database of which each run has a job."""

    folder: Path
    url: str
    run: int = 0
    transport: ScriptedTransport = attrs.Factory(lambda: ScriptedTransport(served))

    @property
    def journal(self) -> str:
        return f"{self.url}?job=run-{self.run}"

    def client(self, limiter: RateLimiter | None = None, **options: Any) -> HumClient:
        limiter = limiter or RateLimiter(rate=math.inf)
        return HumClient(transport=self.transport, limiter=limiter, **options)

    async def rows(self) -> None:
        addresses = [Address(street, zip="02139") for street in STREETS]
        async with self.client() as hum, qualify(hum, addresses, journal=self.journal) as found:
            async for _ in found:
                pass

    async def file(self) -> None:
        table = open_table(str(self.folder / "in.csv"))
        columns = find_columns(table.header)
        out = self.folder / f"{self.run}.csv"
        options = JobOptions(journal=parse_database_url(self.journal))
        async with (
            self.client() as hum,
            FileJob(hum, table=table, columns=columns, options=options, api="test") as job,
        ):
            await job.run()
            outputs = JobOutputs(table=table, columns=columns, target=str(out))
            await job.compose(outputs.open(rows=True))
        with out.open(newline="") as stream:
            assert [row["street"] for row in csv.DictReader(stream)] == STREETS

    async def ledger(self) -> None:
        async with self.client(purchases=self.journal) as hum:
            await hum.lookup(Address(STREETS[0], zip="02139"))

    async def limit(self) -> None:
        limiter = SharedRateLimiter(self.url, rate=1e6, name=str(self.run))
        async with limiter, limiter.slot():
            pass

    def bought_once(self) -> None:
        posts = Counter(
            each.body["street1"] for each in self.transport.requests if each.method == "POST"
        )
        assert not posts or max(posts.values()) == 1, posts


async def others(url: str) -> Any:
    async with Database(parse_database_url(url)).connected() as connection:
        return await connection.fetchval(OTHERS)


@pytest.fixture
def world(tmp_path: Path, postgres_url: str) -> World:
    rows = "".join(f"{street},02139\n" for street in STREETS)
    (tmp_path / "in.csv").write_text(f"street,zip\n{rows}")
    return World(tmp_path, postgres_url)


@pytest.mark.parametrize("more", [(), (1, 3)], ids=["once", "often"])
@pytest.mark.parametrize(
    ("use", "stride"),
    [(World.rows, 7), (World.file, 41), (World.ledger, 3), (World.limit, 2)],
    ids=["rows", "file", "ledger", "limit"],
)
async def test_it_may_be_cancelled_at_any_step(
    world: World,
    caplog: pytest.LogCaptureFixture,
    use: Callable[[World], Awaitable[None]],
    stride: int,
    more: tuple[int, ...],
) -> None:
    # What the first use imports and makes takes its time.
    await use(world)
    at, was_cancelled = 1, True
    while was_cancelled:
        world.run += 1
        world.transport = ScriptedTransport(served)
        before = asyncio.all_tasks()
        async with asyncio.timeout(20.0):
            was_cancelled, _ = await cancelled(use(world), at, *[at + each for each in more])
        assert asyncio.all_tasks() == before
        await use(world)
        world.bought_once()
        at += stride
    assert at > stride + 1
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
    async with asyncio.timeout(20.0):
        # The server takes a moment to see that one is gone.
        while await others(world.url):  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.05)


async def test_outputs_are_dropped_when_their_journal_can_be_read_no_more(world: World) -> None:
    table = open_table(str(world.folder / "in.csv"))
    columns = find_columns(table.header)
    database = parse_database_url(world.journal)
    options = JobOptions(journal=database)
    async with (
        world.client() as hum,
        FileJob(hum, table=table, columns=columns, options=options, api="test") as job,
    ):
        await job.run()
        admin = Database(database)
        await admin.run(lambda c: c.execute("UPDATE schema_version SET version = 99"))
        await admin.aclose()
        outputs = JobOutputs(table=table, columns=columns, target=str(world.folder / "out.csv"))
        # A file that is left open fails the test when it ends.
        with pytest.raises(JournalError, match="newer version"):
            await job.compose(outputs.open(rows=True))
    assert [path.name for path in world.folder.iterdir()] == ["in.csv"]
