"""Prism stands between the client and the simulator, and objects to nothing that they say.

On real time, because Prism is a process of its own. The simulator is fast instead.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs
import pytest
from judge import CLOSE, CREATE, INTERNET, NEEDS_PRISM, PING, SESSION, Judge
from openapi_file import DOCUMENT
from servers import PrismServer

from hum_async import (
    Address,
    ApiError,
    AsyncSessionWatcher,
    AuthenticationError,
    GuidedPolling,
    HumError,
    InvalidAddress,
    Outcome,
    RetryPolicy,
    ServerError,
    SessionGone,
    SessionNotFound,
    UpdateKind,
)
from hum_async.bulk import qualify
from hum_async.simulator import MAGIC, Faults, Magic, Simulator, serve_simulator
from hum_async.simulator.server import Generation
from hum_async.web import SessionHub

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = NEEDS_PRISM

Source = Literal["session", "internet"]

POLLING = pytest.mark.parametrize("generation", ["polling"], indirect=True)
"""Marks what is the same in each generation."""
SPEED = 100.0
ONCE = RetryPolicy(attempts=1)
QUICK = GuidedPolling(interval=0.05, max_interval=0.2)


@pytest.fixture(scope="module", params=get_args(Generation))
def generation(request: pytest.FixtureRequest) -> Generation:
    return request.param


@pytest.fixture(scope="module")
def simulator(generation: Generation) -> Iterator[Simulator]:
    with serve_simulator(generation=generation, speed=SPEED, seed=7) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def url(simulator: Simulator) -> Iterator[str]:
    with PrismServer(DOCUMENT, before=simulator.url) as prism:
        yield prism.url


def magic(street: Magic, number: int = 100) -> Address:
    return Address(f"{number} {street}", "Apt 4", "Detroit", "MI", "48226")


async def test_every_method_of_the_client(
    judge: Judge, url: str, simulator: Simulator, generation: Generation
) -> None:
    async with judge.client_of(url) as hum:
        assert (await hum.ping()).request_status == "ok"
        address = Address("1 Oak St", "A2", "Detroit", "MI", "48226", 42.33, -83.05)
        created = await hum.create_session(address, campaign_id="summer-2026")
        assert (created.providers is None) == (generation == "polling")
        with pytest.raises(InvalidAddress):
            await hum.create_session(magic(Magic.INVALID))
        with pytest.raises(InvalidAddress):
            await hum.create_session(magic(Magic.BAD_REQUEST))
        with pytest.raises(ServerError):
            await hum.create_session(magic(Magic.SERVER_ERROR))
        assert await hum.create_session(magic(Magic.UNAVAILABLE))  # 503, and then 201

        waiting = simulator.add_session({"street1": f"1 {Magic.NEVER_DONE}", "zip": "48226"})
        throttled = simulator.add_session({"street1": f"1 {Magic.THROTTLED}", "zip": "48226"})
        simulator.advance(60)
        assert (await hum.get_session(waiting)).processing
        assert (await hum.get_internet(waiting)).processing
        assert (await hum.get_session(throttled)).settled  # 429, and then 200
        assert (await hum.get_session(created.token)).settled
        assert (await hum.get_internet(created.token)).providers is not None
        await hum.close_session(created.token)
        await hum.close_session(created.token)
        await hum.close_session("unknown")
        for read in (hum.get_session, hum.get_internet):
            with pytest.raises(SessionGone):
                await read(created.token)
            with pytest.raises(SessionNotFound):
                await read("unknown")
    for key in ("bad-key", "forbidden-key"):
        async with judge.client_of(url, key=key) as hum:
            for call in (
                hum.ping(),
                hum.create_session(address),
                hum.get_session(waiting),
                hum.get_internet(waiting),
                hum.close_session(waiting),
            ):
                with pytest.raises(AuthenticationError):
                    await call
    assert not judge.objections
    assert set(judge.answers) == {
        *((PING, status) for status in (200, 401, 403)),
        *((CREATE, status) for status in (201, 400, 401, 403, 422, 500, 503)),
        *((SESSION, status) for status in (200, 202, 401, 403, 404, 410, 429)),
        *((INTERNET, status) for status in (200, 202, 401, 403, 404, 410)),
        *((CLOSE, status) for status in (200, 401, 403, 404, 410)),
    }


async def test_look_ups_with_each_outcome(judge: Judge, url: str, generation: Generation) -> None:
    expected = dict.fromkeys(set(MAGIC.values()), Outcome.SERVED) | {
        Magic.NO_PROVIDERS: Outcome.NO_PROVIDERS,
        Magic.AMBIGUOUS: Outcome.AMBIGUOUS_ADDRESS,
        Magic.NOT_FOUND: Outcome.ADDRESS_NOT_FOUND,
        Magic.INVALID: Outcome.INVALID_ADDRESS,
        Magic.BAD_REQUEST: Outcome.INVALID_ADDRESS,
        Magic.SERVER_ERROR: Outcome.UNCERTAIN,
    }
    if generation == "polling":
        expected[Magic.EXPIRED] = Outcome.EXPIRED
    # The two that Prism cannot pass on: it answers in the place of a server that does not.
    for street in (Magic.NEVER_DONE, Magic.VANISHED):
        del expected[street]
    async with judge.client_of(url) as hum:
        found = await asyncio.gather(*[hum.lookup(magic(street, 7)) for street in expected])
    outcomes = {street: each.outcome for street, each in zip(expected, found, strict=True)}
    assert outcomes == expected
    assert not judge.objections


@POLLING
async def test_sessions_that_are_watched(judge: Judge, url: str, simulator: Simulator) -> None:
    ends = {
        Magic.SERVED: UpdateKind.COMPLETED,
        Magic.NO_PROVIDERS: UpdateKind.COMPLETED,
        Magic.AMBIGUOUS: UpdateKind.COMPLETED,
        Magic.NEW_AGENT: UpdateKind.COMPLETED,
        Magic.UNKNOWN_STATUS: UpdateKind.COMPLETED,
        Magic.THROTTLED: UpdateKind.COMPLETED,
        Magic.EXPIRED: UpdateKind.GONE,
        Magic.NEVER_DONE: UpdateKind.TIMED_OUT,
    }
    policy = attrs.evolve(QUICK, budget=6.0)

    async def watch(source: Source) -> None:
        expected = {
            simulator.add_session({"street1": f"{number} {street}", "zip": "48226"}): kind
            for street, kind in ends.items()
            for number in range(3)
        } | {"unknown": UpdateKind.FAILED}
        async with AsyncSessionWatcher(hum, policy=policy, source=source) as watcher:
            updates = [update async for update in watcher.watch(expected)]
        terminal = [update for update in updates if update.is_terminal]
        assert {update.token: update.kind for update in terminal} == expected
        assert len(terminal) == len(expected)

    async with judge.client_of(url) as hum:
        await asyncio.gather(watch("session"), watch("internet"))
    assert not judge.objections
    for route in (SESSION, INTERNET):
        assert all(judge.answers[route, status] for status in (200, 202, 404, 410))


async def test_a_job_of_fifty_rows(judge: Judge, url: str, tmp_path: Any) -> None:
    streets = (Magic.NO_PROVIDERS, Magic.AMBIGUOUS, Magic.NOT_FOUND, Magic.INVALID, Magic.FLAKY)
    rows = [Address(f"{number} Elm St", zip="48226") for number in range(40)]
    rows += [magic(street, number) for street in streets for number in (11, 12)]
    async with judge.client_of(url) as hum:
        job = qualify(hum, rows, journal=tmp_path / "job.sqlite", policy=QUICK)
        outcomes = Counter([each.outcome async for each in job])
    assert outcomes.total() == 50
    assert outcomes[Outcome.INVALID_ADDRESS] == 2
    assert outcomes[Outcome.SERVED] > 20
    assert not outcomes.keys() - {
        Outcome.SERVED,
        Outcome.NO_PROVIDERS,
        Outcome.AMBIGUOUS_ADDRESS,
        Outcome.ADDRESS_NOT_FOUND,
        Outcome.INVALID_ADDRESS,
    }
    assert not judge.objections
    assert judge.answers[CREATE, 201] == judge.answers[CLOSE, 200] == 48


async def test_look_ups_of_a_hub(judge: Judge, url: str) -> None:
    async with judge.client_of(url) as hum, SessionHub(hum, signals=False) as hub:
        ids = [hub.lookup(magic(Magic.SERVED, number)) for number in range(21, 26)]
        events = [event async for event in hub.subscribe(*ids)]
    ended = [event.data["outcome"] for event in events if event.kind == "done"]
    assert ended == ["SERVED"] * 5
    assert not judge.objections


# --- that it would object -------------------------------------------------------------------------


@POLLING
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"street1": "1 Oak St"},
        {"street1": "1 Oak St", "city": "Detroit"},
        {"street1": "", "zip": "48226"},
        {"street1": "   ", "zip": "48226"},
        {"street1": "1" * 101, "zip": "48226"},
        {"street1": "1 Oak St", "zip": 48226},
        {"street1": "1 Oak St", "zip": "4822"},
        {"street1": "1 Oak St", "zip": "48226", "state": "DC"},
        {"street1": "1 Oak St", "zip": "48226", "latitude": "42.3"},
        {"street1": "1 Oak St", "zip": "48226", "longitude": 181},
        {"street1": "1 Oak St", "zip": "48226", "sync": ["geocoding"]},
        [],
    ],
    ids=str,
)
async def test_it_objects_to_a_broken_address(
    judge: Judge, url: str, simulator: Simulator, body: Any
) -> None:
    before = len(simulator.requests(method="POST"))
    async with judge.client_of(url) as hum:
        with pytest.raises(HumError):
            await hum.request("POST", "/sessions", json=body)
    assert len(judge.objections) == 1
    assert len(simulator.requests(method="POST")) == before


@POLLING
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sessions/a-b"),
        ("GET", "/sessions/a%2Fb/services/internet"),
        ("GET", "/sessions/abc/services/tv"),
        ("PATCH", "/sessions/abc"),
        ("GET", "/sessions"),
    ],
)
async def test_it_objects_to_a_route_or_token_that_nothing_describes(
    judge: Judge, url: str, method: str, path: str
) -> None:
    async with judge.client_of(url, retry=ONCE) as hum:
        with pytest.raises(ApiError):
            await hum.request(method, path)
    assert len(judge.objections) == 1


@pytest.mark.parametrize("fault", ["wrong_type", "truncated", "malformed", "request_timeout"])
async def test_it_objects_to_broken_answers(judge: Judge, fault: str) -> None:
    with (
        serve_simulator(faults=Faults(**{fault: 1.0}), seed=3) as simulator,
        PrismServer(DOCUMENT, before=simulator.url) as prism,
    ):
        sent = 0
        async with judge.client_of(prism.url, retry=ONCE) as hum:
            for _ in range(10):  # with other fields of other types
                token = simulator.add_session()
                for call in (
                    hum.ping(),
                    hum.create_session(magic(Magic.SERVED)),
                    hum.get_session(token),
                    hum.get_internet(token),
                    hum.close_session(token),
                ):
                    with pytest.raises(HumError):
                        await call
                    sent += 1
        assert len(simulator.requests()) == sent
    assert len(judge.objections) == sent
    assert not judge.answers
