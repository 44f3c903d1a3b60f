"""What a job does when the API asks for a long pause."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, Outcome
from hum_async.bulk import qualify
from hum_async.bulk.columns import find_columns
from hum_async.bulk.file_job import FileJob
from hum_async.bulk.job_status import status_of
from hum_async.bulk.options import JobOptions
from hum_async.bulk.tables import open_table
from hum_async.errors import ApiUnavailable, HumError
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hum_async import Qualification
    from hum_async.bulk import QualificationStream

pytestmark = [pytest.mark.virtual, pytest.mark.busy]


def wait(seconds: float, status: int = 429) -> Any:
    return json_response(status, {"message": "later"}, headers={"Retry-After": f"{seconds:g}"})


async def read(stream: QualificationStream) -> tuple[dict[Any, Qualification], HumError | None]:
    """Return the results of a job by key, and what ended it."""
    found = {}
    try:
        async for result in stream:
            found[result.key] = result
    except HumError as exc:
        return found, exc
    return found, None


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_job_with_a_journal_stops_and_goes_on_when_it_is_run_again(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    tmp_path: Path,
    method: str,
    status: int,
) -> None:
    api, journal = make_api(latency=0.1), tmp_path / "job.sqlite"
    rows = [Address(f"{number} Main St", zip="48226") for number in range(60)]
    api.say(method, wait(7200, status), street1="20 Main St")
    async with client_of(api, rate=10.0) as client:
        first = qualify(client, rows, journal=journal)
        found, error = await read(first)
        sent = len(api.transport.requests)
        await asyncio.sleep(8000)
        assert len(api.transport.requests) == sent
    assert isinstance(error, ApiUnavailable)
    assert error.retry_after == 7200
    assert re.search(r"7,200 seconds.*journal.*run.*again", str(error))
    assert len(found) < 60
    left_open = status_of(journal).tally.open
    async with client_of(api, rate=10.0) as client:
        second = qualify(client, rows, journal=journal)
        again, error = await read(second)
    assert error is None
    assert second.statistics().adopted == left_open
    assert {result.outcome for result in again.values()} == {Outcome.SERVED}
    assert len(again) == 60
    assert all(again[key].token == result.token for key, result in found.items())
    posts = api.posts_by_street()
    assert posts.pop("20 Main St") == (2 if method == "POST" else 1)
    assert set(posts.values()) == {1}


@pytest.mark.parametrize(("refused", "stops"), [("0 Main St", True), ("59 Main St", False)])
async def test_a_delete_that_is_refused_stops_a_job_only_if_rows_are_left(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    tmp_path: Path,
    refused: str,
    stops: bool,  # noqa: FBT001  of a parameter
) -> None:
    api, journal = make_api(), tmp_path / "job.sqlite"
    rows = [Address(f"{number} Main St", zip="48226") for number in range(60)]
    api.say("DELETE", wait(7200), street1=refused)
    async with client_of(api, rate=2.0) as client:
        found, error = await read(qualify(client, rows, journal=journal))
    assert isinstance(error, ApiUnavailable) is stops
    assert (len(found) < 60) is stops
    assert (status_of(journal).finished_at is None) is stops
    assert asyncio.get_running_loop().time() < 200


async def test_what_was_under_way_is_heard_before_a_job_stops(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    tmp_path: Path,
) -> None:
    api = make_api(polling=False, latency=5.0)
    api.say("POST", wait(600), street1="1 Main St")
    journal = tmp_path / "job.sqlite"
    async with client_of(api, rate=10.0) as client:
        with pytest.raises(ApiUnavailable):
            [result async for result in qualify(client, streets(100), journal=journal)]
    tally = status_of(journal).tally
    assert api.count("POST") == 1 + tally.settled
    assert (tally.uncertain, tally.open) == (0, 0)


@pytest.mark.parametrize("seconds", [1, 120])
async def test_a_shorter_pause_is_waited_out(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    tmp_path: Path,
    seconds: float,
) -> None:
    api = make_api()
    api.say("GET", wait(seconds))
    async with client_of(api) as client:
        found, _ = await read(qualify(client, streets(5), journal=tmp_path / "job.sqlite"))
    assert len(found) == 5
    assert {result.outcome for result in found.values()} == {Outcome.SERVED}
    assert seconds < asyncio.get_running_loop().time() < seconds + 40


async def test_a_job_without_a_journal_waits_because_its_open_sessions_are_paid_for(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
) -> None:
    api = make_api()
    api.say("GET", wait(290))
    async with client_of(api) as client:
        found = await results_of(client, streets(5))
    assert {result.outcome for result in found.values()} == {Outcome.SERVED}
    assert set(api.posts_by_street().values()) == {1}


@pytest.mark.parametrize(("most", "stops"), [(None, False), (10.0, True), (300.0, False)])
async def test_a_job_on_a_file_waits_as_long_as_its_terms_say(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    tmp_path: Path,
    most: float | None,
    stops: bool,  # noqa: FBT001  of a parameter
) -> None:
    (tmp_path / "in.csv").write_text("street,zip\n1 Main St,48226\n2 Main St,48226\n")
    table = open_table(str(tmp_path / "in.csv"))
    api = make_api()
    api.say("GET", wait(250))
    async with (
        client_of(api) as client,
        FileJob(
            client,
            table=table,
            columns=find_columns(table.header),
            options=JobOptions(journal=tmp_path / "job.sqlite", max_open=10, max_pause=most),
            api="test",
        ) as job,
    ):
        if stops:
            with pytest.raises(ApiUnavailable, match="250 seconds"):
                await job.run()
        else:
            await job.run()
    assert (job.report.done < 2) is stops
