"""Answers that say nothing of an address: they write no row off, and throw no paid result away."""

# ruff: noqa: PLR0913, PLR0917  fixtures

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import (
    Address,
    ApiUnavailable,
    HumClient,
    Outcome,
    Provider,
    Qualification,
    ResponseError,
)
from hum_async._purchases.memory import MemoryStore
from hum_async._purchases.records import Asked, Change, Settled, address_digest
from hum_async._purchases.sqlite.writer import open_journal
from hum_async.bulk import QualificationStream, qualify
from hum_async.bulk.job_engine import JobEngine
from hum_async.bulk.options import JobOptions
from hum_async.bulk.refused_posts import IN_A_ROW
from hum_async.models import RawResponse
from hum_async.testing import json_response, session_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.virtual

STREETS = 60


@pytest.fixture(params=[True, False], ids=["journal", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "job.sqlite" if request.param else None


async def collect(stream: QualificationStream, found: list[Qualification]) -> None:
    """Keep the results of a stream, also if it ends with an error."""
    async for result in stream:
        found.append(result)  # noqa: PERF401  an exception ends it


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (402, "plan"),
        (404, "base URL"),
        (302, "redirect to login.example"),
        (303, "base URL"),
        (405, "base URL"),
        (413, "base URL"),
        (426, "hum_async"),
        (451, "base URL"),
        (511, "network"),
    ],
)
async def test_a_refusal_that_meets_every_row_stops_the_job_and_leaves_its_rows_open(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path | None,
    status: int,
    says: str,
) -> None:
    api = make_api()
    headers = {"Location": "https://login.example/x"} if status == 302 else {}
    refusal = json_response(status, {"message": "no subscription"}, headers=headers)
    api.say("POST", *[refusal] * STREETS)
    found = []
    async with client_of(api) as client:
        with pytest.raises(ApiUnavailable) as caught:
            found = [result async for result in qualify(client, streets(STREETS), journal=journal)]
        assert f"HTTP {status}" in str(caught.value)
        assert "no subscription" in str(caught.value)
        assert says in str(caught.value)
        assert "Main St" not in str(caught.value)
        # Those that were under way met it as well.
        assert api.count("POST") <= 32 + IN_A_ROW
        assert found == []
        api.instead.clear()
        again = qualify(client, streets(STREETS), journal=journal)
        assert [result.outcome async for result in again] == [Outcome.SERVED] * STREETS


async def test_a_refusal_in_the_middle_keeps_what_there_is(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    tmp_path: Path,
) -> None:
    api = make_api()
    api.say("POST", json_response(402), street1="30 Main St")
    found = []
    async with client_of(api) as client:
        stream = qualify(client, streets(STREETS), journal=tmp_path / "j.sqlite")
        with contextlib.suppress(ApiUnavailable):
            async for result in stream:
                found.append(result)  # noqa: PERF401  an exception ends it
            pytest.fail("the refusal did not end the job")
        again = [r async for r in qualify(client, streets(STREETS), journal=tmp_path / "j.sqlite")]
    assert {result.outcome for result in [*found, *again]} == {Outcome.SERVED}
    assert len(again) == STREETS
    posts = api.posts_by_street()
    assert posts.pop("30 Main St") == 2
    assert set(posts.values()) == {1}


@pytest.mark.parametrize("status", [404, 303])
async def test_an_address_that_is_refused_alone_keeps_no_other_row_from_its_result(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    journal: Path | None,
    status: int,
) -> None:
    api = make_api(polling=False)
    rows = [*streets(100), *streets(20), Address("x" * 200, zip="48226")]
    for street in ("1 Main St", "2 Main St", "70 Main St"):
        api.say("POST", *[json_response(status, {"message": "blocked"})] * 9, street1=street)
    found: list[Qualification] = []
    times = 2 if journal else 1
    async with client_of(api) as client:
        for _ in range(times):
            found = []
            with pytest.raises(ApiUnavailable, match=rf"3 addresses \(HTTP {status}: blocked\)"):
                await collect(qualify(client, rows, journal=journal), found)
        # Of 121 rows all but these three and the duplicates of two of them.
        assert len(found) == 116
        posts = api.posts_by_street()
        assert {street: count for street, count in posts.items() if count != 1} == (
            dict.fromkeys(("1 Main St", "2 Main St", "70 Main St"), 2) if journal else {}
        )
        api.instead.clear()
        again = [result async for result in qualify(client, rows, journal=journal)]
    assert [result.outcome for result in again].count(Outcome.SERVED) == 120


async def test_refusals_with_purchases_between_them_do_not_stop_a_job_and_others_do(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api(polling=False)
    for street in range(2, 101, 2):
        api.say("POST", json_response(404), street1=f"{street} Main St")
    found: list[Qualification] = []
    async with client_of(api) as client:
        with pytest.raises(ApiUnavailable, match="50 addresses"):
            await collect(qualify(client, streets(100), max_open=1), found)
        assert len(found) == 50
        api.say("POST", *[json_response(404)] * 100)
        with pytest.raises(ApiUnavailable, match="every new session"):
            await collect(qualify(client, streets(100), max_open=1), found)
    assert api.count("POST") == 100 + IN_A_ROW


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIMED_OUT])
async def test_a_failed_look_up_keeps_its_session_and_retry_takes_it_up(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    at: Callable[..., Address],
    results_of: Callable[..., Any],
    tmp_path: Path,
    outcome: Outcome,
) -> None:
    api = make_api()
    pending = session_json("token00000000000000000", geocoding="pending", internet="pending")
    odd = json_response(408) if outcome is Outcome.FAILED else json_response(202, pending)
    api.say("GET", *[odd] * 50)
    rows, path = [at("1 Main St"), at("1 MAIN ST")], tmp_path / "job.sqlite"
    async with client_of(api) as client:
        first = await results_of(client, rows, journal=path)
        assert [result.outcome for result in first.values()] == [outcome] * 2
        assert (api.count("POST"), api.count("DELETE")) == (1, 0)
        api.instead.clear()
        # Without being asked to, nothing is sent.
        assert (await results_of(client, rows, journal=path))[0].outcome is outcome
        again = await results_of(client, rows, journal=path, retry={outcome})
    assert [result.outcome for result in again.values()] == [Outcome.SERVED] * 2
    assert (api.count("POST"), api.count("DELETE")) == (1, 1)


@pytest.mark.parametrize("status", [404, 410])
async def test_retry_buys_only_when_the_session_is_gone(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    at: Callable[..., Address],
    results_of: Callable[..., Any],
    tmp_path: Path,
    status: int,
) -> None:
    api = make_api()
    api.say("GET", *[json_response(500)] * 50)
    rows, path = [at("1 Main St")], tmp_path / "job.sqlite"
    async with client_of(api) as client:
        assert (await results_of(client, rows, journal=path))[0].outcome is Outcome.FAILED
        api.instead.clear()
        # The street has a new session after that; 404 may pass in the first seconds.
        times = 1 if status == 410 else 3
        api.say("GET", *[json_response(status)] * times, street1="1 Main St")
        again = await results_of(client, rows, journal=path, retry={Outcome.FAILED})
    assert again[0].outcome is Outcome.SERVED
    assert api.count("POST") == 2


async def test_a_duplicate_of_a_look_up_that_fails_again_is_not_tried_once_more(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    at: Callable[..., Address],
    results_of: Callable[..., Any],
    tmp_path: Path,
) -> None:
    api = make_api()
    api.say("GET", *[json_response(500)] * 500, street1="1 Main St")
    rows = [at("1 Main St"), *(at(f"{n} Main St") for n in range(2, 40)), at("1 Main St")]
    path = tmp_path / "job.sqlite"
    async with client_of(api) as client:
        await results_of(client, rows, journal=path, max_open=2)
        again = await results_of(client, rows, journal=path, max_open=2, retry={Outcome.FAILED})
    assert again[0].outcome is again[39].outcome is Outcome.FAILED
    assert api.posts_by_street()["1 Main St"] == 1
    assert api.count("DELETE") == 38


@pytest.mark.parametrize("path", ["$.data.internet[0].min_plan_price.amount_cents", "$.extra"])
async def test_one_number_beyond_64_bits_fails_its_own_row_alone(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    tmp_path: Path,
    path: str,
) -> None:
    api = make_api(polling=True)
    money = b'"min_plan_price":{"amount_cents":1e20}' if "min" in path else b'"min_plan_price":null'
    extra = b"1" if "min" in path else b"1" * 25

    def huge(sent: Any) -> RawResponse:
        token = sent.path.split("/")[2].encode()
        return RawResponse(
            200,
            {},
            b'{"data":{"internet":[{"provider_name":"A",%s}]},"meta":{"session_token":"%s",'
            b'"agent_status":{"geocoding":"matched","internet":"matched"}},"extra":%s}'
            % (money, token, extra),
        )

    api.say("GET", *[huge] * 50, street1="7 Main St")
    async with client_of(api) as client:
        found = await results_of(client, streets(40), journal=tmp_path / "job.sqlite")
    failed = found.pop(6)
    assert (failed.outcome, type(failed.error), failed.error.path) == (
        Outcome.FAILED,
        ResponseError,
        path,
    )
    assert {result.outcome for result in found.values()} == {Outcome.SERVED}
    assert set(api.posts_by_street().values()) == {1}


@pytest.mark.parametrize(
    ("asked", "seconds"), [("7", 7.0), ("29.9", 30.0), ("1000", 30.0), ("1", 5.0), ("soon", 5.0)]
)
async def test_the_retry_after_of_the_answer_to_a_post_is_the_least_wait_before_the_first_poll(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    at: Callable[..., Address],
    asked: str,
    seconds: float,
) -> None:
    api = make_api()
    token = "token00000000000000000"
    api.sessions[token] = "1 Main St"
    body = session_json(token, geocoding="pending", internet="pending")
    api.say("POST", json_response(202, body, headers={"Retry-After": asked}))
    async with client_of(api) as client:
        assert (await client.lookup(at("1 Main St"))).outcome is Outcome.SERVED
    post, poll = api.transport.requests[:2]
    assert poll.at - post.at == pytest.approx(seconds)


@pytest.mark.parametrize(("asked", "seconds"), [("20", 20.0), ("24.9", 25.0), ("999", 25.0)])
async def test_the_retry_after_of_a_poll_is_the_least_wait_before_the_next(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    at: Callable[..., Address],
    asked: str,
    seconds: float,
) -> None:
    api = make_api()
    api.say("GET", json_response(202, headers={"Retry-After": asked}))
    async with client_of(api) as client:
        assert (await client.lookup(at("1 Main St"))).outcome is Outcome.SERVED
    post, first, second = api.transport.requests[:3]
    # The budget is 30 s, and its last poll is sent whatever is asked.
    assert first.at - post.at == pytest.approx(5.0)
    assert second.at - first.at == pytest.approx(seconds)


class Picky(MemoryStore):
    """A store that has no form for the results of providers with this name."""

    def record(self, *changes: Change) -> asyncio.Future[None]:
        for change in changes:
            if isinstance(change, Settled) and any(
                p.name == "odd" for p in change.result.providers
            ):
                refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                refused.set_exception(ResponseError("the result cannot be stored"))
                return refused
        return super().record(*changes)


async def test_a_result_that_cannot_be_stored_fails_its_own_row_alone(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api(polling=False)
    odd = session_json("odd", providers=[{"provider_name": "odd"}], geocoding="matched")
    api.say("POST", json_response(201, odd), street1="3 Main St")
    async with client_of(api) as client:
        engine = JobEngine(
            client.sender, streets(9), options=JobOptions(), store=contextlib.nullcontext(Picky())
        )
        results = {result.key: result async for result in QualificationStream(engine)}
    failed = results.pop(2)
    assert (failed.outcome, failed.token, failed.providers) == (Outcome.FAILED, "odd", ())
    assert {result.outcome for result in results.values()} == {Outcome.SERVED}
    # Its session has the result that could not be kept.
    assert api.count("DELETE") == 8


async def test_a_journal_refuses_one_result_and_stores_the_others(tmp_path: Path) -> None:
    store = await open_journal(tmp_path / "job.sqlite", api=None)
    made = [Address(f"{number} Main St", zip="48226") for number in range(3)]
    digests = [address_digest(address) for address in made]
    names = ["A", "\ud800", "C"]
    waiting = [
        store.record(
            Asked(digest),
            Settled(
                digest,
                Qualification(
                    key=0, address=address, outcome=Outcome.SERVED, providers=(Provider(name=name),)
                ),
            ),
        )
        for digest, address, name in zip(digests, made, names, strict=True)
    ]
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in done] == [type(None), ResponseError, type(None)]
    await store.record(Asked(digests[1]))
    found = await store.find(list(zip(digests, made, strict=True)))
    await store.aclose()
    assert [found[digest].outcome for digest in digests] == [Outcome.SERVED, None, Outcome.SERVED]
