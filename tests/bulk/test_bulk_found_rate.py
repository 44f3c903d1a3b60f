"""The rate that a run found out serves the next one."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, Limiter, RateLimiter
from hum_async.bulk import qualify
from hum_async.bulk.columns import find_columns
from hum_async.bulk.file_job import FileJob
from hum_async.bulk.job_status import status_of
from hum_async.bulk.options import JobOptions
from hum_async.bulk.tables import open_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

pytestmark = [pytest.mark.virtual, pytest.mark.busy]

LIMIT = 40


@pytest.fixture
def limited(make_api: Callable[..., Any]) -> Any:
    """Make an API that takes `LIMIT` requests in each second, and tells nobody."""
    return make_api(polling=False, latency=0.05, limit=LIMIT)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "job.sqlite"


async def run(
    api: Any, journal: Path, rows: list[Address], limiter: Any = None
) -> tuple[float, Any]:
    """Look all up; return how long it took, and the limiter."""
    limiter = RateLimiter() if limiter is None else limiter
    began = asyncio.get_running_loop().time()
    async with HumClient(transport=api.transport, limiter=limiter) as client:
        async for _ in qualify(client, rows, journal=journal):
            pass
    return asyncio.get_running_loop().time() - began, limiter


async def test_the_next_run_begins_at_the_rate_that_the_last_one_found(
    limited: Any, streets: Callable[[int], list[Address]], journal: Path
) -> None:
    _, first = await run(limited, journal, streets(400))
    assert first.found_rate is not None
    assert 0.6 * LIMIT <= first.found_rate <= 1.2 * LIMIT
    assert status_of(journal).found_rate == first.found_rate
    second = RateLimiter()
    async with HumClient(transport=limited.transport, limiter=second) as client:
        await anext(stream := qualify(client, streets(600), journal=journal))
        assert second.statistics().rate == first.found_rate
        await stream.aclose()


async def test_a_run_that_asks_for_nothing_leaves_what_is_known_as_old_as_it_is(
    limited: Any, streets: Callable[[int], list[Address]], journal: Path
) -> None:
    await run(limited, journal, streets(300))
    before = noted(journal)
    await run(limited, journal, streets(300))
    assert noted(journal) == before


@pytest.mark.parametrize(("hours", "resumed"), [(23, True), (25, False)])
@pytest.mark.slow
async def test_a_rate_of_yesterday_is_found_anew(
    limited: Any,
    streets: Callable[[int], list[Address]],
    journal: Path,
    hours: int,
    resumed: bool,  # noqa: FBT001  of a parameter
) -> None:
    await run(limited, journal, streets(300))
    note(journal, 25.0, (datetime.now(UTC) - timedelta(hours=hours)).isoformat())
    _, limiter = await run(limited, journal, streets(301))
    assert (limiter.statistics().rate == 25.0) is resumed


@pytest.mark.parametrize(
    ("rate", "at"),
    [
        ("fast", "2099-01-01T00:00:00+00:00"),
        (-1.0, "2099-01-01T00:00:00+00:00"),
        (float("inf"), "2099-01-01T00:00:00+00:00"),
        (20.0, "yesterday"),
        (20.0, None),
    ],
)
async def test_a_note_that_makes_no_sense_is_ignored(
    limited: Any, streets: Callable[[int], list[Address]], journal: Path, rate: Any, at: Any
) -> None:
    await run(limited, journal, streets(2))
    note(journal, rate, at)
    _, limiter = await run(limited, journal, streets(3))
    assert limiter.found_rate is None
    assert status_of(journal).found_rate is None


async def test_a_rate_that_is_given_is_neither_noted_nor_replaced(
    limited: Any, streets: Callable[[int], list[Address]], journal: Path
) -> None:
    await run(limited, journal, streets(100), RateLimiter(rate=20))
    assert status_of(journal).found_rate is None
    await run(limited, journal, streets(400))
    _, limiter = await run(limited, journal, streets(401), RateLimiter(rate=5))
    assert limiter.statistics().rate == 5


class Plain(Limiter):
    """A limiter of somebody else's, that only does what it must."""

    def __init__(self) -> None:
        self._limiter = RateLimiter(rate=100)

    def slot(self) -> AbstractAsyncContextManager[object]:
        return self._limiter.slot()

    def throttled(self, retry_after: float | None) -> None:
        self._limiter.throttled(retry_after)

    def paused_seconds(self) -> float:
        return self._limiter.paused_seconds()


class Finder(Plain):
    """One that finds a rate out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: float | None = 12.5
        self.resumed: list[float] = []

    @property
    def found_rate(self) -> float | None:
        return self.found

    def resume(self, rate: float) -> None:
        self.resumed.append(rate)


async def test_a_limiter_of_the_users_need_not_find_anything_but_may(
    limited: Any, streets: Callable[[int], list[Address]], journal: Path
) -> None:
    await run(limited, journal, streets(20), Finder())
    assert status_of(journal).found_rate == 12.5
    await run(limited, journal, streets(30), Plain())
    _, finder = await run(limited, journal, streets(40), Finder())
    assert finder.resumed == [12.5]


@pytest.mark.slow
async def test_a_job_on_a_file_notes_it_while_it_runs(limited: Any, tmp_path: Path) -> None:
    lines = "".join(f"{number} Main St,48226\n" for number in range(1000))
    (tmp_path / "in.csv").write_text("street,zip\n" + lines)
    table = open_table(str(tmp_path / "in.csv"))
    limiter = RateLimiter()
    async with (
        HumClient(transport=limited.transport, limiter=limiter) as client,
        FileJob(
            client,
            table=table,
            columns=find_columns(table.header),
            options=JobOptions(journal=tmp_path / "job.sqlite", max_open=100),
            api="test",
        ) as job,
    ):
        running = asyncio.ensure_future(job.run())
        await asyncio.sleep(20)
        assert status_of(tmp_path / "job.sqlite").found_rate is not None
        await running


def noted(journal: Path) -> Mapping[str, Any]:
    with closing(sqlite3.connect(journal)) as db:
        return dict(db.execute("SELECT name, value FROM setting WHERE name LIKE 'found%'"))


def note(journal: Path, rate: Any, at: Any) -> None:
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute(
            "REPLACE INTO setting VALUES ('found_rate', ?), ('found_rate_at', ?)", (rate, at)
        )
