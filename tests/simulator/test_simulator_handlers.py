"""The answers of every endpoint: sessions, keys and the rate limit."""

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import pytest
from simulator_support import Arrived, Ask, Reply

from hum_async.simulator import MAGIC, Magic, Simulator

# Searches take time, and a slow machine must not use it up between two requests.
pytestmark = pytest.mark.virtual

POLLED = {
    Magic.SERVED: ("matched", "matched"),
    Magic.NO_PROVIDERS: ("matched", "failed"),
    Magic.AMBIGUOUS: ("multiple", "pending"),
    Magic.NOT_FOUND: ("failed", "pending"),
    Magic.SLOW: ("matched", "matched"),
    Magic.INSTANT: ("matched", "matched"),
    Magic.UNAVAILABLE: ("matched", "matched"),
    Magic.FLAKY: ("matched", "matched"),
    Magic.THROTTLED: ("matched", "matched"),
    Magic.UNKNOWN_STATUS: ("matched", "partial"),
    Magic.NEW_AGENT: ("matched", "matched"),
}


async def test_ping_hums_along(ask: Ask) -> None:
    async with Simulator() as simulator:
        reply = await ask(simulator, "GET", "/ping")
    assert reply.status == 200
    assert set(reply.body) == {"message", "request_status", "data", "timestamp"}


async def test_a_polled_session_goes_from_created_through_processing_to_done(
    ask: Ask, post: Ask
) -> None:
    async with Simulator(sigma=0) as simulator:
        created = await post(simulator, "100 Served St", campaign_id="summer-2024")
        path = f"/sessions/{created.token}"
        first = await ask(simulator, "GET", path)
        waiting = await ask(simulator, "GET", f"{path}/services/internet")
        simulator.advance(4)
        geocoded = await ask(simulator, "GET", path)
        simulator.advance(5)
        done = await ask(simulator, "GET", path)
        found = await ask(simulator, "GET", f"{path}/services/internet")
    assert (created.status, created.body["data"]) == (201, {"session_token": created.token})
    assert created.body["message"] == "Session created successfully."
    assert created.body["meta"]["session_params"]["campaign_id"] == "summer-2024"
    assert (first.status, waiting.status, geocoded.status) == (202, 202, 202)
    assert first.body["meta"]["service_address"] is None
    assert first.agents["geocoding"] == "pending"
    assert geocoded.agents["geocoding"] == "matched"
    assert geocoded.agents["internet"] == "pending"
    assert geocoded.body["data"]["service_address"]
    assert (done.status, found.status) == (200, 200)
    assert done.body["meta"]["created_at"] < done.body["meta"]["updated_at"]
    assert 1 <= len(found.body["data"]["internet"]) <= 4


async def test_checkout_stays_pending(ask: Ask) -> None:
    async with Simulator() as simulator:
        tokens = [simulator.add_session(street1="100 Instant St") for _ in range(30)]
        replies = [await ask(simulator, "GET", f"/sessions/{token}") for token in tokens]
    assert {reply.agents.get("checkout", "pending") for reply in replies} == {"pending"}
    assert any("checkout" in reply.agents for reply in replies)


@pytest.mark.parametrize(("street1", "magic"), MAGIC.items())
async def test_a_magic_address_does_what_its_table_says(
    street1: str, magic: Magic, ask: Ask, post: Ask
) -> None:
    async with Simulator() as simulator:
        if magic is Magic.VANISHED:
            with pytest.raises(aiohttp.ClientConnectionError):
                await post(simulator, street1)
            assert simulator.sessions_bought == 1
            assert simulator.journal[0].status == 0
            return
        created = await post(simulator, street1)
        refused = {Magic.INVALID: 422, Magic.BAD_REQUEST: 400, Magic.SERVER_ERROR: 500}
        if magic in refused:
            assert created.status == refused[magic]
            assert created.body["request_status"] == "error"
            assert simulator.sessions_bought == 0
            return
        if magic is Magic.UNAVAILABLE:
            assert (created.status, created.headers["Retry-After"]) == (503, "1")
            created = await post(simulator, street1)
        assert created.status == 201
        polls = await _poll(simulator, ask, token=created.token)
    _check_polls(magic, polls)


async def _poll(simulator: Simulator, ask: Ask, *, token: str) -> list[Reply]:
    """Poll at once, after 24 s, 26 s and 28 s."""
    polls = [await ask(simulator, "GET", f"/sessions/{token}")]
    for wait in (24, 2, 2):
        simulator.advance(wait)
        polls.append(await ask(simulator, "GET", f"/sessions/{token}"))
    return polls


def _check_polls(magic: Magic, polls: list[Reply]) -> None:
    statuses = [poll.status for poll in polls]
    expected = {
        Magic.NEVER_DONE: [202] * 4,
        Magic.EXPIRED: [410] * 4,
        Magic.SLOW: [202, 202, 200, 200],
        Magic.INSTANT: [200] * 4,
        Magic.FLAKY: [202, 500, 200, 500],
    }
    if magic in expected:
        assert statuses == expected[magic]
    else:
        assert statuses[0] == (429 if magic is Magic.THROTTLED else 202)
        assert statuses[-1] == 200
    if magic is Magic.THROTTLED:
        assert polls[0].headers["Retry-After"] == "1"
    if magic in POLLED:
        agents = polls[2].agents
        assert (agents["geocoding"], agents["internet"]) == POLLED[magic]
    if magic is Magic.NEW_AGENT:
        assert polls[2].agents["coverage_map"] == "drawn"
        assert "added_later" in polls[2].body
        assert "added_later" in polls[2].body["meta"]


async def test_a_new_agent_address_has_unknown_fields_down_to_the_products(ask: Ask) -> None:
    async with Simulator() as simulator:
        tokens = [simulator.add_session(street1="100 New Agent St") for _ in range(10)]
        simulator.advance(30)
        seen = 0
        for token in tokens:
            reply = await ask(simulator, "GET", f"/sessions/{token}/services/internet")
            for provider in reply.body["data"]["internet"]:
                assert "added_later" in provider
                assert "added_later" in provider["offerings"][0]
                for category in provider.get("product_catalog", []):
                    assert "added_later" in category["products"][0]
                    assert "added_later" not in category["products"][0]["pricing"]
                    seen += 1
    assert seen


async def test_an_unavailable_address_is_unavailable_once_for_each_address(post: Ask) -> None:
    async with Simulator() as simulator:
        streets = ["1 Unavailable Blvd", "2 Unavailable Blvd", "1 unavailable  blvd"]
        statuses = [(await post(simulator, street)).status for street in streets]
    assert statuses == [503, 503, 201]


@pytest.mark.parametrize("street1", ["100 No Providers Ave", "100 Ambiguous Rd"])
async def test_services_are_empty_when_nothing_was_found(street1: str, ask: Ask) -> None:
    async with Simulator() as simulator:
        token = simulator.add_session(street1=street1)
        simulator.advance(30)
        reply = await ask(simulator, "GET", f"/sessions/{token}/services/internet")
    assert reply.status == 200
    assert reply.body["data"] == {"internet": []}
    assert reply.body["request_status"] in {"ok", "warning"}


async def test_a_closed_session_is_gone_and_closing_it_again_too(ask: Ask) -> None:
    async with Simulator() as simulator:
        path = f"/sessions/{simulator.add_session()}"
        closed = await ask(simulator, "DELETE", path)
        after = [await ask(simulator, method, path) for method in ("GET", "DELETE")]
        statistics = simulator.statistics()
    assert closed.status == 200
    assert closed.body["data"] == {}
    assert closed.body["message"] == "Session closed successfully"
    assert closed.body["meta"]["session_status"] == "open"
    assert [reply.status for reply in after] == [410, 410]
    assert (statistics.sessions_closed, statistics.sessions_open) == (1, 0)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sessions/unknown"), ("DELETE", "/sessions/a%2Fb"), ("GET", "/sessions/x/tv")],
)
async def test_what_does_not_exist_is_404_in_the_envelope(method: str, path: str, ask: Ask) -> None:
    async with Simulator() as simulator:
        reply = await ask(simulator, method, path)
        assert simulator.journal[0].status == 404
    assert reply.status == 404
    assert reply.body["request_status"] == "error"


async def test_another_method_of_an_endpoint_is_405_with_those_it_has(ask: Ask) -> None:
    async with Simulator() as simulator:
        reply = await ask(simulator, "PUT", "/sessions/unknown")
    assert reply.status == 405
    assert reply.headers["Allow"] == "DELETE, GET"
    assert reply.body["request_status"] == "error"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b"{"}, 400),
        ({"data": b""}, 400),
        ({"json": []}, 400),
        ({"json": {"zip": "48226"}}, 400),
        ({"json": {"street1": "1 Main St"}}, 422),
    ],
)
async def test_a_post_that_cannot_be_used_creates_nothing(
    options: dict[str, Any], status: int, ask: Ask
) -> None:
    async with Simulator() as simulator:
        reply = await ask(simulator, "POST", "/sessions", **options)
        assert simulator.statistics().sessions_created == 0
    assert (reply.status, reply.body["request_status"]) == (status, "error")


async def test_fates_do_not_depend_on_the_order_of_requests(ask: Ask, post: Ask) -> None:
    async def names(streets: list[str]) -> dict[str, list[str]]:
        found = {}
        async with Simulator(seed=7) as simulator:
            for street in streets:
                created = await post(simulator, street)
                simulator.advance(30)
                path = f"/sessions/{created.token}/services/internet"
                reply = await ask(simulator, "GET", path)
                found[street] = [p["provider_name"] for p in reply.body["data"]["internet"]]
        return found

    streets = [f"{n} Main St" for n in range(20)]
    assert await names(streets) == await names(streets[::-1])


async def test_an_immediate_post_waits_for_the_providers_and_carries_them(
    ask: Ask, post: Ask, arrived: Arrived
) -> None:
    async with Simulator(generation="immediate") as simulator:
        posting = asyncio.create_task(post(simulator, "100 Slow Pl"))
        await arrived(simulator)
        simulator.advance(24)
        assert not posting.done()
        assert simulator.journal[0].status == 0
        simulator.advance(2)
        created = await posting
        done = await ask(simulator, "GET", f"/sessions/{created.token}")
        found = await ask(simulator, "GET", f"/sessions/{created.token}/services/internet")
    meta = {"session_token", "session_status", "responded_at", "hum_data_set"}
    assert created.status == 201
    assert set(created.body["meta"]) == meta
    assert created.body["data"] == found.body["data"]["internet"] != []
    assert (done.status, done.agents["internet"]) == (200, "matched")


@pytest.mark.parametrize(
    ("street1", "agents"),
    [
        ("100 No Providers Ave", ("matched", "failed")),
        ("100 Ambiguous Rd", ("multiple", "pending")),
        ("100 Not Found Ln", ("failed", "pending")),
    ],
)
async def test_an_immediate_post_without_providers_carries_an_empty_array(
    street1: str, agents: tuple[str, str], ask: Ask, post: Ask
) -> None:
    async with Simulator(generation="immediate", speed=1000) as simulator:
        created = await post(simulator, street1)
        reply = await ask(simulator, "GET", f"/sessions/{created.token}")
    assert (created.status, created.body["data"]) == (201, [])
    assert (reply.agents["geocoding"], reply.agents["internet"]) == agents


async def test_an_immediate_post_that_is_given_up_has_still_bought_a_session(
    post: Ask, arrived: Arrived
) -> None:
    async with Simulator(generation="immediate") as simulator:
        posting = asyncio.create_task(post(simulator, "100 Never Done Dr"))
        await arrived(simulator)
        posting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await posting
        assert simulator.sessions_bought == 1
        assert simulator.journal[0].status == 0
        assert simulator.journal[0].token is not None


async def test_wall_clock_stamps_follow_the_simulated_clock(ask: Ask) -> None:
    async with Simulator() as simulator:
        before = await ask(simulator, "GET", "/ping")
        simulator.advance(3600)
        after = await ask(simulator, "GET", "/ping")
    assert before.body["timestamp"][:13] != after.body["timestamp"][:13]


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("bad-key", 401), ("forbidden-key", 403), ("any", 200)]
)
async def test_the_key_decides_who_may_ask(key: str | None, status: int, ask: Ask) -> None:
    async with Simulator() as simulator:
        assert (await ask(simulator, "GET", "/ping", key=key)).status == status


async def test_a_bad_key_costs_nothing_of_the_rate_limit(ask: Ask) -> None:
    async with Simulator(rate=0.001, burst=1) as simulator:
        refused = [await ask(simulator, "GET", "/ping", key="bad-key") for _ in range(5)]
        allowed = await ask(simulator, "GET", "/ping")
        throttled = await ask(simulator, "GET", "/ping", key="bad-key")
    assert {reply.status for reply in refused} == {401}
    assert (allowed.status, throttled.status) == (200, 401)


async def test_every_kind_of_request_counts_against_the_limit(ask: Ask, post: Ask) -> None:
    async with Simulator(rate=0.001, burst=4) as simulator:
        path = f"/sessions/{simulator.add_session()}"
        replies = [
            await ask(simulator, "GET", "/ping"),
            await ask(simulator, "GET", path),
            await post(simulator, "100 Served St"),
            await ask(simulator, "DELETE", path),
            await ask(simulator, "GET", "/ping"),
        ]
        statistics = simulator.statistics()
    assert [reply.status for reply in replies] == [200, 202, 201, 200, 429]
    assert "Retry-After" not in replies[-1].headers
    assert replies[-1].body["request_status"] == "error"
    assert statistics.throttled == 1


async def test_a_throttled_request_takes_no_effect(ask: Ask, post: Ask) -> None:
    async with Simulator(rate=0.001, burst=1) as simulator:
        await ask(simulator, "GET", "/ping")
        assert (await post(simulator, "100 Served St")).status == 429
        assert simulator.sessions_bought == 0


async def test_the_limit_does_not_run_faster_in_a_faster_simulation(ask: Ask) -> None:
    async with Simulator(rate=0.001, speed=1000) as simulator:
        statuses = Counter([(await ask(simulator, "GET", "/ping")).status for _ in range(5)])
        simulator.advance(3600)
        assert (await ask(simulator, "GET", "/ping")).status == 429
    assert statuses == {200: 1, 429: 4}


async def test_a_burst_of_concurrent_requests_is_cut_at_the_burst(ask: Ask) -> None:
    async with Simulator(rate=0.001, burst=10) as simulator:
        replies = await asyncio.gather(*(ask(simulator, "GET", "/ping") for _ in range(30)))
    assert Counter(reply.status for reply in replies) == {200: 10, 429: 20}
