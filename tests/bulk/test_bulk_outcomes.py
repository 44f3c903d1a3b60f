"""What becomes of an address, and what it costs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, Outcome, RateLimiter
from hum_async.bulk import qualify
from hum_async.simulator import MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable

    from hum_async.simulator import Simulator

pytestmark = [pytest.mark.virtual, pytest.mark.busy]

OUTCOMES = {
    "100 Served St": Outcome.SERVED,
    "100 No Providers Ave": Outcome.NO_PROVIDERS,
    "100 Ambiguous Rd": Outcome.AMBIGUOUS_ADDRESS,
    "100 Not Found Ln": Outcome.ADDRESS_NOT_FOUND,
    "100 Invalid Way": Outcome.INVALID_ADDRESS,
    "100 Bad Request Way": Outcome.INVALID_ADDRESS,
    "100 Never Done Dr": Outcome.TIMED_OUT,
    "100 Expired Ct": Outcome.EXPIRED,
    "100 Slow Pl": Outcome.SERVED,
    "100 Instant St": Outcome.SERVED,
    "100 Server Error Blvd": Outcome.UNCERTAIN,
    "100 Unavailable Blvd": Outcome.SERVED,
    "100 Vanished Blvd": Outcome.UNCERTAIN,
    "100 Flaky St": Outcome.SERVED,
    "100 Throttled St": Outcome.SERVED,
    "100 Unknown Status St": Outcome.SERVED,
    "100 New Agent St": Outcome.SERVED,
}
# The POST carries the answer, or never comes: what would befall a later poll does not.
IMMEDIATE_OUTCOMES = OUTCOMES | {
    "100 Never Done Dr": Outcome.UNCERTAIN,
    "100 Expired Ct": Outcome.EXPIRED,
}


def everything() -> list[tuple[str, Address]]:
    return [(street1, Address(street1, zip="48226")) for street1 in MAGIC]


def requests_by_street(simulator: Simulator) -> dict[str, Counter[str]]:
    """Count the requests for each address by method, from the simulator's own journal."""
    street_of = {}
    counts: dict[str, Counter[str]] = {}
    for record in simulator.journal:
        if record.method == "POST" and record.address_key and record.token:
            street_of[record.token] = record.address_key.partition("|")[0]
    for record in simulator.journal:
        street = street_of.get(record.token or "", (record.address_key or "").partition("|")[0])
        counts.setdefault(street, Counter())[record.method] += 1
    return counts


def test_no_magic_address_is_left_out() -> None:
    assert set(OUTCOMES) == set(MAGIC)


async def test_every_magic_address_gets_its_outcome_by_polling(
    hum: HumClient, hum_simulator: Simulator, results_of: Callable[..., Any]
) -> None:
    results = await results_of(hum, everything())
    assert {key: result.outcome for key, result in results.items()} == OUTCOMES
    posts = Counter(r.address_key for r in hum_simulator.requests(method="POST", status=201))
    assert set(posts.values()) == {1}


@pytest.mark.hum_simulator(generation="immediate")
async def test_every_magic_address_gets_its_outcome_from_an_immediate_api(
    hum: HumClient, results_of: Callable[..., Any]
) -> None:
    results = await results_of(hum, everything())
    outcomes = {key: result.outcome for key, result in results.items()}
    # An expired session is never looked at again when its POST carries the providers.
    assert outcomes.pop("100 Expired Ct") in {Outcome.SERVED, Outcome.EXPIRED}
    expected = {k: v for k, v in IMMEDIATE_OUTCOMES.items() if k != "100 Expired Ct"}
    assert outcomes == expected


async def test_only_a_served_row_has_providers_and_every_failed_row_says_why(
    hum: HumClient, results_of: Callable[..., Any]
) -> None:
    for result in (await results_of(hum, everything())).values():
        assert bool(result.providers) == (result.outcome == Outcome.SERVED)
        if result.outcome in {Outcome.INVALID_ADDRESS, Outcome.UNCERTAIN, Outcome.FAILED}:
            assert result.error is not None
        if result.error is not None:
            # Words of the address and tokens stay out of what may be logged.
            assert "Way" not in str(result.error)
            assert not result.token or result.token not in str(result.error)


@pytest.mark.hum_simulator(generation="immediate")
async def test_an_immediate_answer_costs_one_request_and_one_to_close(
    hum: HumClient, hum_simulator: Simulator, results_of: Callable[..., Any]
) -> None:
    addresses = [Address(f"{number} Served St", zip="48226") for number in range(20)]
    results = await results_of(hum, addresses)
    assert hum_simulator.statistics().by_method == {"POST": 20, "DELETE": 20}
    # A row is handed out before its session is closed, so its own figure is 1.
    assert {result.requests for result in results.values()} == {1}


@pytest.mark.hum_simulator(generation="immediate")
async def test_an_immediate_answer_costs_one_request_where_sessions_are_left_open(
    hum: HumClient, hum_simulator: Simulator, results_of: Callable[..., Any]
) -> None:
    addresses = [Address(f"{number} Served St", zip="48226") for number in range(20)]
    await results_of(hum, addresses, close=False)
    assert hum_simulator.statistics().by_method == {"POST": 20}


async def test_the_figures_add_up_to_what_the_api_saw(
    hum: HumClient, hum_simulator: Simulator
) -> None:
    stream = qualify(hum, everything())
    results = [result async for result in stream]
    seen = hum_simulator.statistics()
    figures = stream.statistics()
    assert figures.delivered == len(results) == len(MAGIC)
    assert figures.open == 0
    assert figures.requests == seen.requests
    deletes = seen.by_method["DELETE"]
    assert sum(result.requests for result in results) == seen.requests - deletes
    # The POST of "Vanished" bought a session that nobody told us of.
    assert figures.sessions == seen.sessions_bought - 1


async def test_polling_under_a_limit_costs_less_than_two_polls_an_address(
    hum_simulator: Simulator,
    streets: Callable[[int], list[Address]],
    results_of: Callable[..., Any],
) -> None:
    limiter = RateLimiter(rate=10)
    async with HumClient("any-key", base_url=hum_simulator.url, limiter=limiter) as client:
        await results_of(client, streets(120))
    assert hum_simulator.statistics().requests < 120 * 3.8


async def test_results_come_in_order_of_completion(hum: HumClient, at: Callable[..., Any]) -> None:
    addresses = [("slow", at("100 Slow Pl")), ("quick", at("100 Instant St"))]
    assert [result.key async for result in qualify(hum, addresses)] == ["quick", "slow"]


async def test_a_row_without_a_key_is_known_by_its_position(
    hum: HumClient, at: Callable[..., Any], results_of: Callable[..., Any]
) -> None:
    rows = [at("100 Slow Pl"), at(""), at("100 Instant St")]
    results = await results_of(hum, rows)
    assert {key: result.address.street1 for key, result in results.items()} == {
        0: "100 Slow Pl",
        1: "",
        2: "100 Instant St",
    }


async def test_invalid_addresses_are_rows_that_cost_no_request(
    hum: HumClient, hum_simulator: Simulator, results_of: Callable[..., Any]
) -> None:
    rows = [
        Address("", zip="48226"),
        Address("1 Main St"),
        Address("1 Main St", zip="482"),
        Address("1 Main St", city="Paris", state="FR"),
        Address("x" * 101, zip="48226"),
        Address("1 Main St", zip="48226", latitude="north"),  # type: ignore[arg-type]
        Address("1 Main St", zip="48226", longitude=float("nan")),
    ]
    results = await results_of(hum, rows)
    assert {result.outcome for result in results.values()} == {Outcome.INVALID_ADDRESS}
    assert {result.requests for result in results.values()} == {0}
    assert len(results) == len(rows)
    assert not hum_simulator.journal


async def test_nothing_to_do_is_done_at_once(
    hum: HumClient, hum_simulator: Simulator, results_of: Callable[..., Any]
) -> None:
    assert await results_of(hum, []) == {}
    assert not hum_simulator.journal
