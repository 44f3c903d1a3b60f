"""A job with a journal: stopped anywhere and run again, it loses nothing and buys nothing twice."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, AuthenticationError, HumClient, Outcome, SessionUpdate
from hum_async.bulk import qualify
from hum_async.bulk.job_status import status_of
from hum_async.errors import (
    ApiUnavailable,
    ConnectFailed,
    JournalError,
    RequestTimeout,
    SessionLimitReached,
    TransportError,
)
from hum_async.testing import json_response, session_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from hum_async import Qualification

    Results = dict[Any, Qualification]

pytestmark = [pytest.mark.virtual, pytest.mark.busy]

NEVER = {"session_token": "x", "agent_status": {"geocoding": "pending", "internet": "pending"}}


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "job.sqlite"


def age(journal: Path, days: float) -> None:
    """Make every result in a journal so much older."""
    then = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    with sqlite3.connect(journal) as db:
        db.execute("UPDATE purchase SET asked_at = ?", (then,))
    db.close()


async def test_a_second_run_gets_every_row_from_the_journal_without_a_request(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
) -> None:
    api = make_api()
    api.say("POST", json_response(422, {"message": "no such street"}), street1="3 Main St")
    async with client_of(api) as client:
        first = await results_of(client, streets(20), journal=journal)
        sent = len(api.transport.requests)
        second = await results_of(client, streets(20), journal=journal)
    assert len(api.transport.requests) == sent
    assert [str(second[key].error) for key in (2,)] == [str(first[2].error)]
    for key, result in first.items():
        again = second[key]
        assert (again.outcome, again.providers, again.token, again.address, again.requests) == (
            result.outcome,
            result.providers,
            result.token,
            result.address,
            result.requests,
        )
        assert again.observed_at == result.observed_at
        assert type(again.error) is type(result.error)


async def test_a_run_that_was_left_is_taken_up_where_it_was(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    api = make_api()
    async with client_of(api, rate=2.0) as client:
        first = []
        async with qualify(client, streets(30), journal=journal) as stream:
            async for result in stream:
                first.append(result.key)
                if len(first) == 10:
                    break
        async with qualify(client, streets(30), journal=journal) as stream:
            second = [result.key async for result in stream]
            statistics = stream.statistics()
    assert sorted(second) == list(range(30))
    # What is settled comes first, and that is at least what was handed out before.
    assert set(first) <= set(second[: statistics.reused])
    assert statistics.adopted > 0
    assert api.posts_by_street() == {address.street1: 1 for address in streets(30)}


async def test_rows_that_are_settled_come_before_anything_is_sent(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
) -> None:
    api = make_api(polling=False)
    rows = list(enumerate(streets(500)))
    async with client_of(api) as client:
        await results_of(client, rows[300:], journal=journal)
        sent = len(api.transport.requests)
        keys = []
        async for result in qualify(client, rows, journal=journal):
            keys.append(result.key)
            if len(keys) == 200:
                assert len(api.transport.requests) == sent
    assert set(keys[:200]) == set(range(300, 500))


async def test_a_session_that_was_open_is_taken_over_by_its_token(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], journal: Path, at: Any
) -> None:
    api = make_api()
    async with client_of(api) as client:
        stream = qualify(client, [at("1 Main St")], journal=journal)
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(1)
        reading.cancel()
        await asyncio.wait([reading])
        await stream.aclose()
        assert api.calls == ["POST 1 Main St"]
        results = [result async for result in qualify(client, [at("1 Main St")], journal=journal)]
    assert api.calls == ["POST 1 Main St", "GET 1 Main St", "DELETE 1 Main St"]
    assert [(result.outcome, result.requests) for result in results] == [(Outcome.SERVED, 2)]


async def test_an_open_session_that_has_ended_meanwhile_is_bought_again_and_only_then(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], journal: Path, at: Any
) -> None:
    api = make_api()
    async with client_of(api) as client:
        async with qualify(client, [at("1 Main St")], journal=journal) as stream:
            reading = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(1)
            reading.cancel()
            await asyncio.wait([reading])
        api.say("GET", json_response(410))
        results = [result async for result in qualify(client, [at("1 Main St")], journal=journal)]
        assert [result.outcome for result in results] == [Outcome.SERVED]
        again = [result async for result in qualify(client, [at("1 Main St")], journal=journal)]
    assert again[0].outcome == Outcome.SERVED
    assert [call.split()[0] for call in api.calls] == ["POST", "GET", "POST", "GET", "DELETE"]


async def test_a_post_that_nobody_saw_the_answer_of_is_uncertain_and_waits_to_be_asked_for(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], journal: Path, at: Any
) -> None:
    rows = [("a", at("1 Main St")), ("b", at("1 main st"))]
    api = make_api()
    api.transport._latency = 5.0  # noqa: SLF001  so that it can be left in the middle
    async with client_of(api) as client:
        async with qualify(client, rows, journal=journal) as stream:
            reading = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(1)
            reading.cancel()
            await asyncio.wait([reading])
        assert api.count("POST") == 1
        for _ in range(2):
            results = {r.key: r async for r in qualify(client, rows, journal=journal)}
            assert [results[key].outcome for key in "ab"] == [Outcome.UNCERTAIN] * 2
            assert isinstance(results["a"].error, TransportError)
        assert api.count("POST") == 1
        retry = {Outcome.UNCERTAIN}
        results = {r.key: r async for r in qualify(client, rows, journal=journal, retry=retry)}
        assert [results[key].outcome for key in "ab"] == [Outcome.SERVED] * 2
        assert api.count("POST") == 2
        results = {r.key: r async for r in qualify(client, rows, journal=journal)}
        assert [results[key].outcome for key in "ab"] == [Outcome.SERVED] * 2
    assert api.count("POST") == 2


async def test_a_post_that_certainly_did_nothing_leaves_no_doubt_behind(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], journal: Path, at: Any
) -> None:
    api = make_api()
    api.say("POST", *[json_response(429, headers={"Retry-After": "100"})] * 2)
    async with client_of(api) as client:
        async with qualify(client, [at("1 Main St")], journal=journal) as stream:
            reading = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(5)
            reading.cancel()
            await asyncio.wait([reading])
        results = [result async for result in qualify(client, [at("1 Main St")], journal=journal)]
    assert [result.outcome for result in results] == [Outcome.SERVED]


async def test_a_key_that_is_not_accepted_leaves_no_doubt_behind(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], journal: Path, at: Any
) -> None:
    api = make_api()
    api.say("POST", json_response(401))
    async with client_of(api) as client:
        with pytest.raises(AuthenticationError):
            [result async for result in qualify(client, [at("1 Main St")], journal=journal)]
        results = [result async for result in qualify(client, [at("1 Main St")], journal=journal)]
    assert [result.outcome for result in results] == [Outcome.SERVED]


async def test_outcomes_of_an_earlier_run_are_looked_up_anew_only_where_that_is_asked_for(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    journal: Path,
    at: Any,
) -> None:
    rows = [at("1 Main St"), at("2 Main St"), at("1 main st")]
    api = make_api()
    api.say("POST", *[ConnectFailed("no route")] * 4, street1="1 Main St")
    api.say("POST", RequestTimeout("no answer"), street1="2 Main St")
    async with client_of(api) as client:
        first = await results_of(client, rows, journal=journal)
        assert [first[key].outcome for key in range(3)] == ["FAILED", "UNCERTAIN", "FAILED"]
        again = await results_of(client, rows, journal=journal)
        assert [again[key].outcome for key in range(3)] == ["FAILED", "UNCERTAIN", "FAILED"]
        second = await results_of(client, rows, journal=journal, retry=[Outcome.FAILED])
        assert [second[key].outcome for key in range(3)] == ["SERVED", "UNCERTAIN", "SERVED"]
    assert api.posts_by_street() == {"1 Main St": 5, "2 Main St": 1}


async def test_a_row_that_failed_is_not_tried_again_for_its_duplicate(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], journal: Path, at: Any
) -> None:
    api = make_api()
    api.say("POST", *[json_response(422, {"message": "no"})] * 5)

    async def rows() -> AsyncIterator[Address]:
        yield at("1 Main St")
        await asyncio.sleep(100)
        yield at("1 Main St")

    async with client_of(api) as client:
        stream = qualify(client, rows(), journal=journal, retry=[Outcome.INVALID_ADDRESS])
        assert [result.outcome async for result in stream] == ["INVALID_ADDRESS"] * 2
    assert api.count("POST") == 1


@pytest.mark.parametrize("polling", [True, False])
async def test_no_more_sessions_are_bought_than_allowed_whatever_the_number_of_runs(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
    polling: bool,  # noqa: FBT001  pytest's own way
) -> None:
    api = make_api(polling=polling)
    api.say("POST", *[ConnectFailed("no route")] * 4, street1="2 Main St")
    api.say("POST", RequestTimeout("no answer"), street1="3 Main St")
    api.say("POST", json_response(429), street1="4 Main St")
    seen = []
    async with client_of(api) as client:
        for _ in range(3):
            with pytest.raises(SessionLimitReached, match=r"7 sessions.*raise"):  # noqa: PT012
                async for result in qualify(client, streets(30), journal=journal, max_sessions=7):
                    seen.append((result.key, result.outcome))  # noqa: PERF401  kept although it ends so
    # The one that could not be reached cost nothing; the one that timed out may have.
    assert len(api.sessions) == 6
    assert len(set(seen)) == 8
    assert len(seen) == 3 * 8


async def test_rows_below_those_that_may_not_be_bought_are_handed_out_and_taken_over(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
) -> None:
    api = make_api()
    old, new = streets(300)[250:], streets(300)[:250]
    async with client_of(api) as client:
        await results_of(client, old[:25], journal=journal)
        async with qualify(client, old, journal=journal) as stream:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    async for _ in stream:
                        pass
            assert stream.statistics().open == 25
        bought = len(api.sessions)
        keys = []
        with pytest.raises(SessionLimitReached):  # noqa: PT012  in the end
            async for result in qualify(client, [*new, *old], journal=journal, max_sessions=bought):
                keys.append(result.key)  # noqa: PERF401  kept although it ends so
    assert sorted(keys) == list(range(250, 300))
    assert len(api.sessions) == bought == 50


async def test_a_result_of_another_job_that_is_too_old_is_bought(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
) -> None:
    api = make_api(polling=False)
    other = journal.with_name("other.sqlite")
    async with client_of(api) as client:
        await results_of(client, streets(3), journal=other)
        age(other, days=2)
        options = {"journal": journal, "reuse_from": other, "max_age": 3600.0}
        found = await results_of(client, streets(3), **options)
        assert {result.outcome for result in found.values()} == {Outcome.SERVED}
        assert api.count("POST") == 6
        retry = {"retry": [Outcome.SERVED], "journal": journal.with_name("third.sqlite")}
        await results_of(client, streets(3), reuse_from=other, **retry)
    assert api.count("POST") == 9


async def test_a_limit_that_suffices_is_none(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
) -> None:
    async with client_of(make_api()) as client:
        assert len(await results_of(client, streets(5) * 3, max_sessions=5)) == 15


async def test_results_of_an_earlier_job_are_taken_up_to_an_age(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
) -> None:
    api = make_api(polling=False)
    async with client_of(api) as client:
        await results_of(client, streets(3), journal=journal)
        age(journal, days=2)
        await results_of(client, streets(3), journal=journal)
        await results_of(client, streets(3), journal=journal, max_age=3 * 86400.0)
        assert api.count("POST") == 3
        await results_of(client, streets(5), journal=journal, max_age=86400.0)
        assert api.count("POST") == 3 + 5
        await results_of(client, streets(5), journal=journal, max_age=86400.0)
    assert api.count("POST") == 8


async def test_a_job_that_takes_longer_than_the_age_does_not_buy_its_own_results_again(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
) -> None:
    api = make_api(polling=False)
    async with client_of(api) as client:
        async with qualify(client, streets(3), journal=journal, max_age=3600.0) as stream:
            await anext(stream)
            await anext(stream)
        with sqlite3.connect(journal) as db:
            # Both the limit and the results are from the day before yesterday.
            then = (datetime.now(UTC) - timedelta(days=2)).isoformat()
            db.execute("UPDATE setting SET value = ? WHERE name = 'taken_since'", (then,))
        db.close()
        age(journal, days=1.9)
        await results_of(client, streets(3), journal=journal, max_age=3600.0)
    assert api.count("POST") == 3


async def test_results_of_another_job_are_copied_and_its_failures_are_not(  # noqa: PLR0913, PLR0917  fixtures
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
    tmp_path: Path,
) -> None:
    api = make_api(polling=False)
    api.say("POST", json_response(500), street1="2 Main St")
    other = tmp_path / "other.sqlite"
    async with client_of(api) as client:
        await results_of(client, streets(3), journal=other)
        found = await results_of(client, streets(4), journal=journal, reuse_from=other)
        assert {result.outcome for result in found.values()} == {Outcome.SERVED}
        assert api.posts_by_street() == {
            "1 Main St": 1,
            "2 Main St": 2,
            "3 Main St": 1,
            "4 Main St": 1,
        }
        other.unlink()
        await results_of(client, streets(4), journal=journal)
    assert api.count("POST") == 5


async def test_a_job_that_is_stopped_finishes_what_is_under_way(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    api = make_api()
    async with client_of(api, rate=2.0) as client:
        keys = []
        async with qualify(client, streets(100), journal=journal) as stream:
            async for result in stream:
                keys.append(result.key)
                stream.stop()
                posts = api.count("POST")
        assert len(keys) == posts == api.count("POST") == api.count("DELETE")
        rest = [result.key async for result in qualify(client, streets(100), journal=journal)]
    assert rest[: len(keys)] == sorted(keys)
    assert sorted(rest) == list(range(100))
    assert api.count("POST") == 100


async def test_a_job_that_is_stopped_does_not_wait_to_send_a_post_again(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], journal: Path, at: Any
) -> None:
    api = make_api()
    api.say("POST", *[ConnectFailed("no route")] * 100)
    async with client_of(api) as client:
        stream = qualify(client, [at("1 Main St")], journal=journal)
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.01)
        stream.stop()
        with pytest.raises(StopAsyncIteration):
            await reading
        posts = api.count("POST")
        assert status_of(journal).finished_at is None
        api.instead.clear()
        results = [result async for result in qualify(client, [at("1 Main St")], journal=journal)]
    assert [result.outcome for result in results] == [Outcome.SERVED]
    assert api.count("POST") == posts + 1


async def test_every_update_of_every_row_is_told(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], at: Any
) -> None:
    api = make_api()
    pending = session_json("", geocoding="matched", internet="pending")
    api.say("GET", json_response(202, pending), street1="1 Main St")
    told: list[tuple[Any, SessionUpdate]] = []
    async with client_of(api) as client:
        rows = [("a", at("1 Main St")), ("b", at("1 Main St"))]
        stream = qualify(client, rows, on_update=lambda key, update: told.append((key, update)))
        assert [result.key async for result in stream] == ["a", "b"]
    assert [(key, str(update.kind)) for key, update in told] == [
        ("a", "CHANGED"),
        ("b", "CHANGED"),
        ("a", "COMPLETED"),
        ("b", "COMPLETED"),
    ]


async def test_two_jobs_cannot_have_one_journal_and_the_second_is_told_who_has_it(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    async with client_of(make_api()) as client:
        async with qualify(client, streets(3), journal=journal) as stream:
            await anext(stream)
            with pytest.raises(JournalError, match=r"in use by process \d+ on "):
                await anext(qualify(client, streets(3), journal=journal))
        assert len([result async for result in qualify(client, streets(3), journal=journal)]) == 3


async def test_a_journal_holds_the_results_of_one_api(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
) -> None:
    api = make_api()
    async with client_of(api) as client:
        await results_of(client, streets(1), journal=journal)
    other = HumClient(transport=api.transport, base_url="http://127.0.0.1:1")
    with pytest.raises(JournalError, match=r"api\.letshum\.com, and this job asks a server on"):
        await results_of(other, streets(1), journal=journal)
    await other.aclose()


async def test_a_job_that_is_dropped_lets_go_of_its_journal(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    api = make_api()
    async with client_of(api) as client:
        async for _ in qualify(client, streets(20), journal=journal):
            break
        await asyncio.sleep(1)
        rest = [result async for result in qualify(client, streets(20), journal=journal)]
    assert len(rest) == 20
    assert sum(result.outcome == Outcome.UNCERTAIN for result in rest) <= api.transport.in_flight


async def test_the_journal_holds_no_address_as_it_was_given(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    journal: Path,
    at: Any,
) -> None:
    async with client_of(make_api()) as client:
        await results_of(client, [at("4711 Secret Garden Ln")], journal=journal)
    assert b"Secret Garden" not in journal.read_bytes()  # noqa: ASYNC240  the job is over
    assert journal.stat().st_mode & 0o077 == 0  # noqa: ASYNC240  as above


@pytest.mark.parametrize("many", [3000])
async def test_duplicates_in_a_long_file_are_bought_once_however_far_apart(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], journal: Path, many: int
) -> None:
    api = make_api(polling=False)

    def rows() -> Iterator[Address]:
        for number in range(many):
            yield Address(f"{number % 700} Main St", zip="48226")

    async with client_of(api) as client:
        keys = [
            result.key
            async for result in qualify(client, rows(), journal=journal, max_open=50, close=False)
        ]
    assert sorted(keys) == list(range(many))
    assert len(api.transport.requests) == 700


@pytest.mark.parametrize(
    "arguments",
    [{"max_sessions": 0}, {"max_age": -1.0}, {"max_age": float("nan")}, {"reuse_from": "x"}],
)
async def test_arguments_that_make_no_sense_are_refused_at_once(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], arguments: dict[str, Any]
) -> None:
    async with client_of(make_api()) as client:
        with pytest.raises(ValueError, match=next(iter(arguments))):
            qualify(client, [], **arguments)


@pytest.mark.parametrize("with_journal", [True, False])
async def test_a_job_that_is_stopped_before_it_began_does_nothing(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
    with_journal: bool,  # noqa: FBT001  pytest's own way
) -> None:
    api = make_api()
    async with client_of(api) as client:
        stream = qualify(client, streets(5), journal=journal if with_journal else None)
        stream.stop()
        stream.stop()
        assert [result async for result in stream] == []
        stream.stop()
        await stream.aclose()
    assert not api.calls


async def test_a_listener_that_raises_ends_the_job_with_its_own_error_and_loses_nothing(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
) -> None:
    def refuse(key: Any, update: SessionUpdate) -> None:  # noqa: ARG001  a listener
        raise LookupError("the listener is broken")

    api = make_api()
    async with client_of(api) as client:
        with pytest.raises(LookupError, match="listener is broken"):
            await results_of(client, streets(5), journal=journal, on_update=refuse)
        found = await results_of(client, streets(5), journal=journal)
    assert {result.outcome for result in found.values()} == {Outcome.SERVED}
    assert set(api.posts_by_street().values()) == {1}


async def test_a_consumer_that_is_cancelled_again_and_again_loses_no_row(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path,
) -> None:
    api = make_api()
    keys = []
    async with client_of(api) as client, qualify(client, streets(20), journal=journal) as stream:
        while len(keys) < 20:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    keys.append((await anext(stream)).key)
    assert sorted(keys) == list(range(20))


async def test_a_result_of_another_job_is_copied_once_for_all_rows_of_its_address(  # noqa: PLR0913, PLR0917  fixtures
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
    tmp_path: Path,
) -> None:
    api, other = make_api(), tmp_path / "other.sqlite"
    async with client_of(api) as client:
        await results_of(client, streets(1), journal=other)
        rows = [*streets(1), *streets(2)]
        found = await results_of(client, rows, journal=journal, reuse_from=other)
        again = await results_of(client, rows, journal=journal)
    assert [found[key].outcome for key in range(3)] == [Outcome.SERVED] * 3
    assert again.keys() == found.keys()
    assert api.posts_by_street() == {"1 Main St": 1, "2 Main St": 1}


@pytest.mark.parametrize("outcome", [Outcome.SERVED, Outcome.UNCERTAIN])
async def test_a_result_counts_again_when_the_post_that_was_to_replace_it_had_no_effect(  # noqa: PLR0913, PLR0917  fixtures
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    journal: Path,
    outcome: Outcome,
) -> None:
    api = make_api()
    if outcome is Outcome.UNCERTAIN:
        api.say("POST", RequestTimeout("no answer"))
    async with client_of(api) as client:
        await results_of(client, streets(1), journal=journal)
        posts = api.count("POST")
        api.say("POST", json_response(429, {"message": "slow"}, headers={"Retry-After": "250"}))
        with pytest.raises(ApiUnavailable):
            await results_of(client, streets(1), journal=journal, retry={outcome})
        found = await results_of(client, streets(1), journal=journal)
    assert found[0].outcome == outcome
    assert api.count("POST") == posts + 1
