"""The injected faults: their choice and their effect on an answer."""

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import orjson
import pytest
from simulator_support import Ask

from hum_async.simulator import Faults, Simulator
from hum_async.simulator._faults import FAULT_NAMES, FaultInjector


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("name", FAULT_NAMES)
def test_a_probability_outside_0_to_1_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"Faults\.{name}"):
        Faults(**{name: value})


def test_a_slow_body_takes_zero_seconds_or_more() -> None:
    with pytest.raises(ValueError, match="slow_seconds"):
        Faults(slow_seconds=-1)


def test_the_same_seed_chooses_the_same_faults() -> None:
    faults = Faults(server_error=0.3, truncated=0.3)

    def choose(seed: int) -> list[str | None]:
        injector = FaultInjector(seed=seed)
        return [injector.choose(faults, method="GET") for _ in range(100)]

    assert choose(1) == choose(1) != choose(2)


def test_faults_are_as_frequent_as_asked() -> None:
    injector = FaultInjector(seed=0)
    faults = Faults(reset_before=0.2, malformed=0.5)
    seen = Counter(injector.choose(faults, method="GET") for _ in range(5000))
    assert seen["reset_before"] / 5000 == pytest.approx(0.2, abs=0.02)
    assert seen["malformed"] / 5000 == pytest.approx(0.4, abs=0.02)


def test_only_what_changes_something_fails_after_it_took_effect() -> None:
    injector = FaultInjector(seed=0)
    faults = Faults(server_error_after=1)
    chosen = {m: injector.choose(faults, method=m) for m in ("GET", "POST", "DELETE")}
    assert chosen == {"GET": None, "POST": "server_error_after", "DELETE": "server_error_after"}


@pytest.mark.parametrize(
    "body",
    [
        {"message": "", "request_status": "ok", "data": {}, "timestamp": ""},
        {"data": [{"offerings": []}], "meta": {"session_token": "t"}},
        {"data": {"internet": [{"provider_name": "Frontier"}]}, "meta": {"created_at": ""}},
    ],
)
def test_a_wrong_type_changes_one_field_of_a_copy(body: dict[str, Any]) -> None:
    before = orjson.dumps(body)
    injector = FaultInjector(seed=0)
    changed = {orjson.dumps(injector.with_wrong_type(body)) for _ in range(50)}
    assert orjson.dumps(body) == before
    assert before not in changed
    assert len(changed) > 2


async def test_a_server_error_creates_nothing(post: Ask) -> None:
    async with Simulator(faults=Faults(server_error=1)) as simulator:
        statuses = {(await post(simulator, "100 Served St")).status for _ in range(30)}
        assert simulator.sessions_bought == 0
        assert {record.fault for record in simulator.journal} == {"server_error"}
    assert statuses == {500, 502, 503, 504}


async def test_a_server_error_afterwards_has_created_a_session(ask: Ask, post: Ask) -> None:
    async with Simulator(faults=Faults(server_error_after=1)) as simulator:
        assert (await post(simulator, "100 Served St")).status >= 500
        (record,) = simulator.journal
        assert simulator.sessions_bought == 1
        path = f"/sessions/{record.token}"
        assert (await ask(simulator, "GET", path)).status == 202
        assert (await ask(simulator, "DELETE", path)).status >= 500
        assert (await ask(simulator, "GET", path)).status == 410


@pytest.mark.parametrize(("fault", "bought"), [("reset_before", 0), ("reset_after", 1)])
@pytest.mark.parametrize("generation", ["polling", "immediate"])
async def test_a_reset_comes_before_or_after_the_effect(
    fault: str, bought: int, generation: Any, post: Ask
) -> None:
    faults = Faults(**{fault: 1})
    async with Simulator(faults=faults, generation=generation) as simulator:
        with pytest.raises(aiohttp.ClientConnectionError):
            await post(simulator, "100 Served St")
        assert simulator.sessions_bought == bought
        assert (simulator.journal[0].status, simulator.journal[0].fault) == (0, fault)


@pytest.mark.virtual
async def test_a_slow_body_sends_its_headers_at_once() -> None:
    faults = Faults(slow_body=1, slow_seconds=80)
    async with Simulator(faults=faults) as simulator, aiohttp.ClientSession() as http:
        headers = {"Authorization": "Bearer k"}
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with http.get(f"{simulator.url}/ping", headers=headers) as response:
            answered = loop.time() - start
            body = await response.json()
            finished = loop.time() - start
    assert body["request_status"] == "ok"
    assert answered == 0
    assert finished == pytest.approx(80)


async def test_a_truncated_answer_is_complete_http_but_half_a_json(ask: Ask) -> None:
    async with Simulator(faults=Faults(truncated=1)) as simulator:
        reply = await ask(simulator, "GET", f"/sessions/{simulator.add_session()}")
    assert int(reply.headers["Content-Length"]) == len(reply.body.encode())
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(reply.body)


async def test_a_malformed_answer_is_a_page_with_status_200(post: Ask) -> None:
    async with Simulator(faults=Faults(malformed=1)) as simulator:
        reply = await post(simulator, "100 Served St")
        assert simulator.sessions_bought == 1
        assert simulator.journal[0].status == 200
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html")
    assert reply.body.startswith("<!doctype html>")


async def test_a_wrong_type_is_still_json(ask: Ask) -> None:
    async with Simulator(faults=Faults(wrong_type=1)) as simulator:
        token = simulator.add_session()
        replies = [await ask(simulator, "GET", f"/sessions/{token}") for _ in range(20)]
    assert all(isinstance(reply.body, dict) for reply in replies)
    assert len({str(sorted(map(str, r.body.items())))[:200] for r in replies}) > 3


async def test_an_immediate_answer_can_be_spoilt_too(post: Ask) -> None:
    faults = Faults(malformed=1)
    async with Simulator(generation="immediate", faults=faults, speed=1000) as simulator:
        reply = await post(simulator, "100 Served St")
    assert reply.status == 200


async def test_faults_can_be_switched_while_it_runs(ask: Ask) -> None:
    async with Simulator() as simulator:
        assert (await ask(simulator, "GET", "/ping")).status == 200
        simulator.faults = Faults(server_error=1)
        assert (await ask(simulator, "GET", "/ping")).status >= 500
        with pytest.raises(TypeError, match="Faults"):
            simulator.faults = None  # type: ignore[assignment]


async def test_a_request_time_out_has_no_effect(ask: Ask, post: Ask) -> None:
    async with Simulator() as simulator:
        token = (await post(simulator, "100 Served St")).body["meta"]["session_token"]
        simulator.faults = Faults(request_timeout=1)
        assert (await post(simulator, "101 Served St")).status == 408
        assert (await ask(simulator, "DELETE", f"/sessions/{token}")).status == 408
        simulator.faults = Faults()
        assert simulator.sessions_bought == 1
        assert (await ask(simulator, "GET", f"/sessions/{token}")).status in {200, 202}


async def test_a_foreign_token_is_in_answers_about_a_session_alone(ask: Ask, post: Ask) -> None:
    async with Simulator(faults=Faults(foreign_token=1)) as simulator:
        token = (await post(simulator, "100 Served St")).body["meta"]["session_token"]
        for method in ("GET", "DELETE"):
            answer = (await ask(simulator, method, f"/sessions/{token}")).body
            assert answer["meta"]["session_token"] != token
            assert len(answer["meta"]["session_token"]) == 22


@pytest.mark.parametrize("body", [{"data": {}}, {"data": {"internet": [{"min_plan_price": None}]}}])
def test_a_huge_number_is_a_new_field_where_there_is_no_price(body: dict[str, Any]) -> None:
    assert FaultInjector(seed=0).with_huge_number(body) == {**body, "sequence": 1e20}


def test_a_huge_number_replaces_a_price() -> None:
    price = {"amount_cents": 1, "currency": "USD"}
    body = {"data": {"internet": [{"min_plan_price": price}]}}
    changed = FaultInjector(seed=0).with_huge_number(body)
    assert changed["data"]["internet"][0]["min_plan_price"]["amount_cents"] == 1e20
    assert price["amount_cents"] == 1
