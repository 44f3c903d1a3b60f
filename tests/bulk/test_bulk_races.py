"""What may happen between two looks into the journal, or while it is being opened."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hum_async import Address, HumClient, Outcome, SessionLimitReached, qualify
from hum_async.testing import json_response, session_json

pytestmark = [pytest.mark.virtual, pytest.mark.busy]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "job.sqlite"


async def left_after(seconds: float, client: HumClient, rows: Any, **options: Any) -> None:
    """Run a job and leave it."""
    results = qualify(client, rows, **options)
    reading = asyncio.ensure_future(anext(results))
    await asyncio.wait([reading], timeout=seconds)
    await results.aclose()
    await asyncio.gather(reading, return_exceptions=True)


async def as_they_come(rows: list[Any]) -> AsyncIterator[Any]:
    for row in rows:
        yield row


@pytest.mark.parametrize("opened", [True, False])
async def test_a_row_far_below_another_of_its_address_finds_what_became_of_that(  # noqa: PLR0913, PLR0917  fixtures
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    streets: Callable[[int], list[Address]],
    journal: Path,
    opened: bool,  # noqa: FBT001  of a parameter
) -> None:
    # The others were sent by a run that ended before their answers, so that each is written off
    # with a commit of its own, and the look-up of the first ends meanwhile.
    first, *others = streets(20)
    hanging = make_api(latency=1000.0)
    async with client_of(hanging, concurrency=64) as client:
        await left_after(10.0, client, others, journal=journal)
    api = make_api(polling=opened)
    async with client_of(api) as client:
        if opened:
            pending = json_response(202, session_json("x", geocoding="pending", internet="pending"))
            api.say("GET", *[pending] * 3)
            await left_after(5.0, client, [first], journal=journal)
            api.instead.clear()
        rows = [("first", first), *enumerate(others), ("again", first)]
        found = await results_of(client, as_they_come(rows), journal=journal)
    assert found["first"].outcome == found["again"].outcome == Outcome.SERVED
    assert [found[key].outcome for key in range(19)] == [Outcome.UNCERTAIN] * 19
    assert api.posts_by_street() == {"1 Main St": 1}


@pytest.mark.parametrize("max_open", [1, 3, 5])
async def test_rows_that_may_not_be_bought_do_not_keep_out_those_that_are_known(  # noqa: PLR0913, PLR0917  fixtures
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    streets: Callable[[int], list[Address]],
    journal: Path,
    max_open: int,
) -> None:
    rows, api = streets(8), make_api()
    async with client_of(api) as client:
        await results_of(client, rows[6:], journal=journal, max_sessions=2)
        results = qualify(client, rows, journal=journal, max_sessions=2, max_open=max_open)
        assert [(await anext(results)).key for _ in range(2)] == [6, 7]
        with pytest.raises(SessionLimitReached):
            await anext(results)
    assert api.count("POST") == 2


async def test_a_job_that_is_left_while_its_journal_opens_lets_go_of_it(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    async with client_of(make_api()) as client:
        await left_after(0.0, client, streets(1), journal=journal)
        assert not journal.with_name(f"{journal.name}.lock").exists()
        assert len(await results_of(client, streets(1), journal=journal)) == 1


async def test_a_source_that_is_slow_to_close_does_not_keep_the_journal(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    async def slow_to_close() -> AsyncIterator[Address]:
        try:
            for address in streets(100):
                yield address
        finally:
            await asyncio.sleep(60.0)

    async with client_of(make_api()) as client:
        results = qualify(client, slow_to_close(), journal=journal)
        await anext(results)
        leaving = asyncio.ensure_future(results.aclose())
        await asyncio.sleep(1.0)
        assert await results_of(client, streets(1), journal=journal)
        await leaving


async def test_a_stream_that_is_closed_before_it_is_read_buys_nothing(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    async with client_of(api) as client:
        results = qualify(client, streets(3))
        results.close()
        assert [result async for result in results] == []
    assert api.calls == []


async def test_duplicates_of_rows_that_may_not_be_bought_do_not_keep_out_those_that_are_known(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    unknown, known = streets(2)
    async with client_of(make_api()) as client:
        await results_of(client, [known], journal=journal, max_sessions=1)
        rows = [unknown] * 5 + [known]
        results = qualify(client, rows, journal=journal, max_sessions=1, max_open=2)
        assert (await anext(results)).key == 5
        with pytest.raises(SessionLimitReached):
            await anext(results)


async def test_a_reader_that_has_just_begun_ends_with_its_stream(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    async with client_of(make_api()) as client:
        results = qualify(client, streets(3))
        reading = asyncio.ensure_future(anext(results, None))
        await asyncio.sleep(0)
        await results.aclose()
        assert await reading is None


async def test_a_job_that_goes_on_does_not_buy_its_own_results_again_by_a_later_max_age(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    api = make_api()
    async with client_of(api) as client:
        results = qualify(client, streets(40), journal=journal, max_open=2)
        await anext(results)
        await results.aclose()
        await results_of(client, streets(40), journal=journal, max_age=0.0)
    assert set(api.posts_by_street().values()) == {1}
