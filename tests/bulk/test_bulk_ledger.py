"""A job on its client's ledger: it shares purchases with look-ups, both ways."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from timed_api import TimedApi

from hum_async import (
    Address,
    AuthenticationError,
    HumClient,
    JournalError,
    Outcome,
    Priority,
    Qualification,
    RateLimiter,
    SessionHub,
    SessionLimitReached,
)
from hum_async.bulk import qualify
from hum_async.errors import RequestTimeout
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = [pytest.mark.virtual, pytest.mark.busy]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "hum.sqlite"


@pytest.fixture
def opened(ledger: Path) -> Callable[..., HumClient]:
    """Make a client of a scripted API with the test's ledger."""

    def opened(api: Any, *, rate: float = 100.0, **options: Any) -> HumClient:
        limiter = RateLimiter(rate=rate)
        return HumClient(
            "any-key", transport=api.transport, limiter=limiter, purchases=ledger, **options
        )

    return opened


async def outcomes(stream: AsyncIterator[Any]) -> dict[Any, Outcome]:
    return {result.key: result.outcome async for result in stream}


async def test_a_job_takes_what_look_ups_bought_and_the_other_way_round(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    rows = streets(10)
    async with opened(api) as hum:
        for row in rows[:3]:
            await hum.lookup(row)
        async with qualify(hum, rows) as stream:
            results = {result.key: result async for result in stream}
            statistics = stream.statistics()
        assert [results[key].requests for key in range(3)] == [0, 0, 0]
        assert (statistics.reused, statistics.sessions) == (3, 7)
        for row in rows:
            assert (await hum.lookup(row)).requests == 0
    async with opened(api) as hum:
        assert set((await outcomes(qualify(hum, rows))).values()) == {Outcome.SERVED}
    assert set(api.posts_by_street().values()) == {1}
    assert api.count("POST") == api.count("DELETE") == 10


async def test_a_journal_of_its_own_keeps_a_job_out_of_the_ledger(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    tmp_path: Path,
) -> None:
    api = make_api()
    async with opened(api) as hum:
        await outcomes(qualify(hum, streets(2), journal=tmp_path / "job.sqlite"))
        assert (await hum.lookup(streets(1)[0])).requests > 0


@pytest.mark.parametrize("jobs", [1, 3])
async def test_everything_at_once_buys_each_address_once(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    jobs: int,
) -> None:
    api = make_api(latency=0.05)
    rows = streets(40)
    async with opened(api) as hum:
        found = await asyncio.gather(
            *[outcomes(qualify(hum, rows if job % 2 else rows[::-1])) for job in range(jobs)],
            *[hum.lookup(row) for row in rows],
        )
    assert all(set(each.values()) == {Outcome.SERVED} for each in found[:jobs])  # type: ignore[union-attr]
    assert [each.outcome for each in found[jobs:]] == [Outcome.SERVED] * 40  # type: ignore[union-attr]
    assert set(api.posts_by_street().values()) == {1}


async def test_rows_that_wait_for_a_look_up_go_on_when_it_is_cancelled(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api(latency=1.0)
    async with opened(api) as hum:
        looking = asyncio.ensure_future(hum.lookup(streets(1)[0]))
        await asyncio.sleep(1.5)
        job = asyncio.ensure_future(outcomes(qualify(hum, streets(3))))
        await asyncio.sleep(0.2)
        looking.cancel()
        assert await job == dict.fromkeys(range(3), Outcome.SERVED)
    # Its session is taken up.
    assert set(api.posts_by_street().values()) == {1}


async def test_a_job_that_is_left_lets_others_have_its_addresses(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api(latency=0.2)
    rows = streets(300)
    async with opened(api) as hum:
        async with qualify(hum, rows) as stream:
            await anext(stream)
        for row in (rows[1], rows[50], rows[299]):
            found = await hum.lookup(row)
            assert found.outcome in {Outcome.SERVED, Outcome.UNCERTAIN}
    assert set(api.posts_by_street().values()) == {1}


async def test_failures_are_looked_up_again_by_the_next_job_and_not_within_one(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    at: Callable[..., Address],
) -> None:
    api = make_api()
    api.say("POST", json_response(422, {"message": "no"}), street1="1 Main St")
    rows = [at("1 Main St"), at("2 Main St"), at("1 MAIN STREET")]
    async with opened(api) as hum:
        first = await outcomes(qualify(hum, rows, max_open=1))
        assert first == {0: Outcome.INVALID_ADDRESS, 1: Outcome.SERVED, 2: Outcome.INVALID_ADDRESS}
        assert await outcomes(qualify(hum, rows)) == dict.fromkeys(range(3), Outcome.SERVED)


async def test_only_the_word_of_the_user_buys_an_uncertain_address_again(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    api.say("POST", RequestTimeout("no answer"))
    async with opened(api) as hum:
        assert await outcomes(qualify(hum, streets(1))) == {0: Outcome.UNCERTAIN}
        assert await outcomes(qualify(hum, streets(1))) == {0: Outcome.UNCERTAIN}
        assert (await hum.lookup(streets(1)[0])).outcome == Outcome.UNCERTAIN
        assert api.count("POST") == 1
        again = qualify(hum, streets(1), retry={Outcome.UNCERTAIN})
        assert await outcomes(again) == {0: Outcome.SERVED}
        assert (await hum.lookup(streets(1)[0])).requests == 0


async def test_what_a_job_may_buy_counts_from_its_beginning(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    async with opened(api) as hum:
        await outcomes(qualify(hum, streets(5)))
        with pytest.raises(SessionLimitReached):
            await outcomes(qualify(hum, streets(20), max_sessions=4))
    assert api.count("POST") == 9


async def test_answers_that_are_too_old_for_a_job_are_bought_again(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    ledger: Path,
) -> None:
    api = make_api()
    async with opened(api) as hum:
        await outcomes(qualify(hum, streets(3)))
    with sqlite3.connect(ledger) as db:
        db.execute("UPDATE purchase SET asked_at = '2020-01-01T00:00:00+00:00'")
    db.close()
    async with opened(api, max_age=1e9) as hum:
        await outcomes(qualify(hum, streets(3)))
        assert api.count("POST") == 3
        await outcomes(qualify(hum, streets(3), max_age=3600))
        assert api.count("POST") == 6


async def test_cancelled_jobs_leave_no_claim(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api(latency=0.02)
    async with opened(api) as hum:
        for delay in range(40):
            async with qualify(hum, streets(20)) as stream:
                reading = asyncio.ensure_future(outcomes(stream))
                await asyncio.sleep(delay * 0.003)
                reading.cancel()
                with suppress(asyncio.CancelledError):
                    await reading
        found = await outcomes(qualify(hum, streets(20)))
    assert set(found.values()) <= {Outcome.SERVED, Outcome.UNCERTAIN}
    assert set(api.posts_by_street().values()) == {1}


async def test_a_job_at_rest_lets_others_have_what_it_has_not_asked_for(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api(polling=False, latency=0.1)
    rows = streets(30)
    async with opened(api, rate=5.0) as hum:
        stream = qualify(hum, rows)
        seen = []
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                while True:
                    seen.append(await anext(stream))
        assert 0 < len(seen) < 20
        found = await hum.lookup(rows[-1], timeout=10)
        assert (found.outcome, found.requests > 0) == (Outcome.SERVED, True)
        # The job goes on where it was, and takes what was bought meanwhile.
        seen += [result async for result in stream]
    assert sorted(result.key for result in seen) == [*range(30)]
    assert {result.outcome for result in seen} == {Outcome.SERVED}
    assert set(api.posts_by_street().values()) == {1}


async def test_an_address_that_was_refused_is_left_to_others(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api(latency=0.1)
    api.say("POST", json_response(404), street1="1 Main St")
    rows = streets(40)
    async with opened(api, rate=5.0) as hum:
        job = asyncio.ensure_future(outcomes(qualify(hum, rows)))
        await asyncio.sleep(3)
        assert (await hum.lookup(rows[0], timeout=10)).outcome == Outcome.SERVED
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job


@pytest.mark.parametrize("position", [1, 40])
@pytest.mark.parametrize("by_hub", [False, True], ids=["lookup", "hub"])
async def test_a_person_who_asks_for_an_address_of_a_job_does_not_wait_for_its_turn(
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    position: int,
    by_hub: bool,  # noqa: FBT001  a column of the table
) -> None:
    api, rows, clock = TimedApi(agents_take=6.0), streets(80), asyncio.get_running_loop().time
    async with opened(api, rate=3.0) as hum, SessionHub(hum, signals=False) as hub:
        job = asyncio.ensure_future(outcomes(qualify(hum, rows)))
        await asyncio.sleep(5)
        began = clock()
        if by_hub:
            events = [event async for event in hub.subscribe(hub.lookup(rows[position]))]
            assert events[-1].data["outcome"] == "SERVED"
        else:
            assert (await hum.lookup(rows[position])).outcome == Outcome.SERVED
        # As long as the agents take, and not as the job, which needs more than a minute.
        assert clock() - began < 12
        assert await job == dict.fromkeys(range(80), Outcome.SERVED)
        assert clock() - began > 60
    assert api.count("POST") == 80


async def test_many_people_who_ask_for_the_addresses_of_a_job_get_them_first(
    opened: Callable[..., HumClient], streets: Callable[[int], list[Address]]
) -> None:
    api, rows = TimedApi(), streets(60)
    async with opened(api, rate=10.0) as hum:
        jobs = [asyncio.ensure_future(outcomes(qualify(hum, rows))) for _ in range(2)]
        people = []
        for row in rows[::3]:
            people += [asyncio.ensure_future(hum.lookup(row)) for _ in range(2)]
            await asyncio.sleep(0.3)
        people[7].cancel()
        found = await asyncio.gather(*people, return_exceptions=True)
        assert not any(job.done() for job in jobs)
        for job in jobs:
            assert await job == dict.fromkeys(range(60), Outcome.SERVED)
    assert sum(isinstance(each, asyncio.CancelledError) for each in found) == 1
    assert {each.outcome for each in found if isinstance(each, Qualification)} == {Outcome.SERVED}
    assert api.count("POST") == 60


async def test_another_job_waits_for_its_turn(
    opened: Callable[..., HumClient], streets: Callable[[int], list[Address]]
) -> None:
    api, rows = TimedApi(), streets(40)
    async with opened(api, rate=5.0) as hum:
        job = qualify(hum, rows)
        reading = asyncio.ensure_future(outcomes(job))
        await asyncio.sleep(3)
        slow = hum.with_options(priority=Priority.BULK)
        assert (await slow.lookup(rows[20], timeout=None)).requests == 0
        assert await reading == dict.fromkeys(range(40), Outcome.SERVED)
        assert job.statistics().sessions == 40


async def test_a_job_at_rest_lets_others_have_what_it_has_begun(
    opened: Callable[..., HumClient], streets: Callable[[int], list[Address]]
) -> None:
    api, rows = TimedApi(latency=0.5), streets(10)
    async with opened(api) as hum:
        stream, results = qualify(hum, rows), {}
        for seconds in (0.7, 1.2):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    first = await anext(stream)
                    results[first.key] = first.outcome
            # Some are being asked for, all have been.
            found = await hum.lookup(rows[round(seconds * 5)], timeout=30)
            assert found.outcome == Outcome.SERVED
        results |= await outcomes(stream)
    assert results == dict.fromkeys(range(10), Outcome.SERVED)
    assert api.count("POST") == 10


@pytest.mark.parametrize("left", ["cut off", "recorded"])
async def test_a_job_that_reads_an_uncertain_purchase_does_not_answer_for_who_buys_it_again(
    opened: Callable[..., HumClient], ledger: Path, left: str
) -> None:
    api, rows = TimedApi(), [Address(f"{number} A St", zip="48226") for number in range(12)]
    async with opened(api) as hum:
        for row in rows:
            api.instead = [RequestTimeout("no answer")]
            assert (await hum.lookup(row)).outcome == Outcome.UNCERTAIN
    if left == "cut off":
        with sqlite3.connect(ledger) as db:
            db.execute("UPDATE purchase SET outcome = NULL, result = NULL, observed_at = NULL")
        db.close()
    async with opened(api) as hum:
        for ticks, row in enumerate(rows):
            job = asyncio.ensure_future(anext(qualify(hum, [row])))
            for _ in range(ticks):
                await asyncio.sleep(0)
            found = await hum.lookup(row, retry={Outcome.UNCERTAIN})
            assert found.outcome == Outcome.SERVED, ticks
            assert (await job).outcome in {Outcome.UNCERTAIN, Outcome.SERVED}
    assert api.count("POST") == 2 * len(rows)


# --- a job that buys no more ----------------------------------------------------------------------


async def test_a_stopped_job_leaves_what_it_will_not_buy_to_others(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api, rows = make_api(polling=False, latency=0.1), streets(60)
    clock = asyncio.get_running_loop().time
    async with opened(api, rate=4.0) as hum:
        job = qualify(hum, rows)
        first = await anext(job)
        # Somebody waits already, and others come later; the job's reader does something else.
        slow = hum.with_options(priority=Priority.BULK)
        waiting = asyncio.ensure_future(slow.lookup(rows[55], timeout=20))
        await asyncio.sleep(0.1)
        job.stop()
        began = clock()
        for row in (rows[40], rows[50]):
            assert (await hum.lookup(row, timeout=20)).outcome == Outcome.SERVED
        assert (await waiting).outcome == Outcome.SERVED
        assert set((await outcomes(qualify(hum, rows[56:]))).values()) == {Outcome.SERVED}
        assert clock() - began < 30
        results = {first.key: first.outcome} | await outcomes(job)
        assert set(results.values()) == {Outcome.SERVED}
        assert len(results) == job.statistics().sessions < 40
    assert api.count("POST") == len(results) + 3 + 4


@pytest.mark.parametrize("priority", [Priority.INTERACTIVE, Priority.BULK])
async def test_addresses_that_a_job_may_not_buy_are_left_to_others(
    opened: Callable[..., HumClient], streets: Callable[[int], list[Address]], priority: Priority
) -> None:
    api, rows = TimedApi(), streets(60)
    async with opened(api, rate=5.0) as hum:
        other = hum.with_options(priority=priority)
        job = qualify(hum, rows, max_sessions=5)
        waiting = asyncio.ensure_future(other.lookup(rows[30], timeout=30))
        await anext(job)
        for row in (rows[20], rows[45]):
            assert (await other.lookup(row, timeout=20)).outcome == Outcome.SERVED
        assert (await waiting).outcome == Outcome.SERVED
        assert set((await outcomes(qualify(hum, rows[50:]))).values()) == {Outcome.SERVED}
        with pytest.raises(SessionLimitReached):
            await outcomes(job)
        assert job.statistics().sessions == 5
    assert api.count("POST") == 5 + 3 + 10


async def test_rows_that_might_not_be_bought_are_bought_once_they_may(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api, rows = make_api(latency=0.1), streets(8)
    for number in (1, 2, 3):
        api.say("POST", json_response(422, {"message": "no"}), street1=f"{number} Main St")
    async with opened(api) as hum:
        found = await outcomes(qualify(hum, rows, max_sessions=5))
    assert [found[key] for key in range(3)] == [Outcome.INVALID_ADDRESS] * 3
    assert [found[key] for key in range(3, 8)] == [Outcome.SERVED] * 5


async def test_a_job_that_failed_leaves_its_addresses_to_others(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api, rows = make_api(latency=0.1, polling=False), streets(30)
    api.say("POST", json_response(401), street1="9 Main St")
    async with opened(api, rate=5.0) as hum:
        job = qualify(hum, rows)
        await anext(job)
        slow = hum.with_options(priority=Priority.BULK)
        await asyncio.sleep(10)
        for row in (rows[8], rows[9], rows[25]):
            assert (await slow.lookup(row, timeout=20)).outcome == Outcome.SERVED
        with pytest.raises(AuthenticationError):
            await outcomes(job)


async def test_a_job_that_was_put_off_and_handed_over_counts_no_session_twice(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api, rows = make_api(latency=0.1), streets(3)
    api.say("POST", json_response(429, headers={"Retry-After": "3"}))
    async with opened(api) as hum:
        reading = asyncio.ensure_future(outcomes(qualify(hum, rows, max_sessions=2, max_open=1)))
        await asyncio.sleep(1)
        assert (await hum.lookup(rows[0], timeout=60)).outcome == Outcome.SERVED
        assert await reading == dict.fromkeys(range(3), Outcome.SERVED)
    assert set(api.posts_by_street().values()) <= {1, 2}


# --- what a job says of itself --------------------------------------------------------------------


async def test_a_job_that_compares_addresses_otherwise_than_its_ledger_is_refused(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    async with opened(api) as hum:
        with pytest.raises(JournalError, match="--dedupe usps"):
            await outcomes(qualify(hum, streets(1), dedupe="exact"))
        assert api.count("POST") == 0
        assert await outcomes(qualify(hum, streets(1), dedupe="usps")) == {0: Outcome.SERVED}


async def test_a_ledger_notes_the_label_of_its_last_job(
    make_api: Callable[..., Any],
    opened: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    ledger: Path,
) -> None:
    async with opened(make_api()) as hum:
        await outcomes(qualify(hum, streets(1), campaign_id="summer"))
        await outcomes(qualify(hum, streets(2)))
    with sqlite3.connect(ledger) as db:
        noted = db.execute("SELECT value FROM setting WHERE name = 'campaign_id'").fetchall()
    db.close()
    assert noted == [("summer",)]
