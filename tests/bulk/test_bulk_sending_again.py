"""What is sent again, and what never: a POST that may have bought something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hum_async import (
    Address,
    ConnectFailed,
    HumClient,
    Outcome,
    RequestTimeout,
    ResponseError,
    ServerError,
    TransportError,
)
from hum_async.bulk import qualify
from hum_async.models import RawResponse
from hum_async.simulator import Faults, Simulator
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.virtual, pytest.mark.busy]

REFUSED = ConnectFailed("cannot connect")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (RequestTimeout("no answer in time"), RequestTimeout),
        (TransportError("reset after it was sent"), TransportError),
        (json_response(500, {"message": "oops"}), ServerError),
        (json_response(502), ServerError),
        (json_response(503), ServerError),
        (json_response(504), ServerError),
        (RawResponse(201, {}, b"<html>Welcome to nginx</html>"), ResponseError),
        (RawResponse(201, {}, b'{"meta": {"session_tok'), ResponseError),
        (RawResponse(200, {}, b""), ResponseError),
        (json_response(201, {"meta": {}}), ResponseError),
        (json_response(201, ["not", "an", "object"]), ResponseError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "answer",
)
async def test_a_post_that_may_have_bought_a_session_is_uncertain_and_never_sent_again(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    at: Callable[..., Address],
    answer: Any,
    error: type[Exception],
) -> None:
    api = make_api()
    api.say("POST", answer, street1="1 Main St")
    async with client_of(api) as client:
        rows = [at("1 Main St"), at("2 Main St"), at("1 Main St")]
        results = {result.key: result async for result in qualify(client, rows)}
    assert [results[key].outcome for key in range(3)] == [
        Outcome.UNCERTAIN,
        Outcome.SERVED,
        Outcome.UNCERTAIN,
    ]
    assert isinstance(results[0].error, error)
    assert api.posts_by_street() == {"1 Main St": 1, "2 Main St": 1}


@pytest.mark.parametrize(
    ("answers", "requests"),
    [
        ([REFUSED, REFUSED], 4),
        ([json_response(429)] * 5, 7),
        ([json_response(429, headers={"Retry-After": "2"})], 3),
        ([json_response(503, headers={"Retry-After": "2"})] * 2, 4),
        ([REFUSED, json_response(429), json_response(503, headers={"Retry-After": "1"})], 5),
    ],
    ids=["refused", "429", "429-retry-after", "503-retry-after", "one-of-each"],
)
async def test_a_post_that_certainly_had_no_effect_is_sent_again(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    at: Callable[..., Address],
    answers: list[Any],
    requests: int,
) -> None:
    api = make_api()
    api.say("POST", *answers)
    async with client_of(api) as client:
        (result,) = [result async for result in qualify(client, [at("1 Main St")])]
    assert result.outcome == Outcome.SERVED
    assert result.requests == requests
    assert api.count("POST") == len(answers) + 1


async def test_a_post_that_never_reaches_the_api_fails_in_the_end(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], at: Callable[..., Address]
) -> None:
    api = make_api()
    api.say("POST", *[REFUSED] * 100)
    async with client_of(api) as client:
        (result,) = [result async for result in qualify(client, [at("1 Main St")])]
    assert result.outcome == Outcome.FAILED
    assert isinstance(result.error, ConnectFailed)
    assert api.count("POST") == result.requests == 4
    assert api.count("DELETE") == 0


async def test_nothing_is_sent_while_the_api_asks_to_wait(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    api.say("POST", json_response(429, headers={"Retry-After": "20"}))
    async with client_of(api) as client:
        [result async for result in qualify(client, streets(50))]
    first, *later = [request.at for request in api.transport.requests]
    in_flight = [at for at in later if at == first]
    assert len(in_flight) <= 32
    assert all(at >= first + 20 for at in later if at > first)


async def test_a_delete_that_fails_costs_the_row_nothing(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], at: Callable[..., Address]
) -> None:
    api = make_api()
    api.say("DELETE", *[json_response(500)] * 100)
    async with client_of(api) as client:
        results = [result async for result in qualify(client, [at("1 Main St")])]
    assert [result.outcome for result in results] == [Outcome.SERVED]
    assert api.count("DELETE") == 4


@pytest.mark.parametrize("status", [404, 410])
async def test_a_session_that_is_gone_when_it_is_to_be_closed_is_closed(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    at: Callable[..., Address],
    status: int,
) -> None:
    api = make_api()
    api.say("DELETE", json_response(status))
    async with client_of(api) as client:
        results = [result async for result in qualify(client, [at("1 Main St")])]
    assert [result.outcome for result in results] == [Outcome.SERVED]
    assert api.count("DELETE") == 1


async def test_a_throttled_delete_is_sent_again(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], at: Callable[..., Address]
) -> None:
    api = make_api()
    api.say("DELETE", *[json_response(429)] * 3)
    async with client_of(api) as client:
        [result async for result in qualify(client, [at("1 Main St")])]
    assert api.count("DELETE") == 4


FAULTS = Faults(
    server_error=0.05,
    reset_before=0.03,
    server_error_after=0.03,
    reset_after=0.03,
    slow_body=0.02,
    truncated=0.03,
    malformed=0.03,
    wrong_type=0.03,
    slow_seconds=15.0,
)


def assert_nothing_was_bought_twice(simulator: Simulator, results: dict[Any, Any]) -> None:
    """Hold the rows against the simulator's own journal."""
    posts: dict[str, list[Any]] = {}
    for record in simulator.requests(method="POST"):
        # One that had no effect for sure says so itself; what struck before has no token.
        if record.token is not None:
            posts.setdefault(record.address_key or "", []).append(record)
    assert not [key for key, records in posts.items() if len(records) > 1]
    lost = simulator.sessions_bought - sum(bool(result.token) for result in results.values())
    uncertain = sum(result.outcome == Outcome.UNCERTAIN for result in results.values())
    assert 0 <= lost <= uncertain


@pytest.mark.parametrize(("generation", "seed"), [("polling", 1), ("immediate", 2)])
async def test_with_every_fault_at_once_no_row_is_lost_and_nothing_is_bought_twice(
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
    generation: Any,
    seed: int,
) -> None:
    rows = streets(200)
    async with (
        Simulator(generation=generation, seed=seed, faults=FAULTS) as simulator,
        HumClient("any-key", base_url=simulator.url) as client,
    ):
        results = await results_of(client, rows)
        assert sorted(results) == list(range(len(rows)))
        assert_nothing_was_bought_twice(simulator, results)
        served = sum(result.outcome == Outcome.SERVED for result in results.values())
        assert served > 100
        for result in results.values():
            if result.error is not None:
                assert "Main St" not in str(result.error)
                assert not result.token or result.token not in str(result.error)
        posts = [r for r in simulator.requests(method="POST") if r.fault == "reset_before"]
        assert posts, "this seed tries too little"


async def test_a_server_that_goes_away_for_a_while_loses_no_row_and_buys_nothing_twice(
    streets: Callable[[int], list[Address]],
) -> None:
    rows = streets(60)
    simulator = Simulator(seed=3)
    async with simulator, HumClient("any-key", base_url=simulator.url) as client:
        stream = qualify(client, rows)
        results = {result.key: result for result in [await anext(stream)]}
        await simulator.aclose()
        await simulator.start()
        results |= {result.key: result async for result in stream}
        assert sorted(results) == list(range(len(rows)))
        assert_nothing_was_bought_twice(simulator, results)


async def test_a_rate_limit_that_nobody_told_us_of_loses_no_row(
    streets: Callable[[int], list[Address]], results_of: Callable[..., Any]
) -> None:
    async with (
        Simulator(rate=20, retry_after=1) as simulator,
        HumClient("any-key", base_url=simulator.url) as client,
    ):
        results = await results_of(client, streets(100))
        assert len(results) == 100
        assert {result.outcome for result in results.values()} <= {
            Outcome.SERVED,
            Outcome.NO_PROVIDERS,
            Outcome.AMBIGUOUS_ADDRESS,
            Outcome.ADDRESS_NOT_FOUND,
        }
        assert simulator.statistics().throttled
        assert simulator.sessions_bought == 100
