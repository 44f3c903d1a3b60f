"""The metrics: their names, units, and what they count."""

import asyncio

import pytest
from listening import Listening

from hum_async import Address, AsyncSessionWatcher, HumClient, RateLimiter, SessionHub, qualify
from hum_async.models import RawResponse
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

pytestmark = pytest.mark.virtual

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
HOMES = [Address(f"{number} Main St", zip="48226") for number in range(1, 6)]


def answer(request: SentRequest) -> RawResponse:
    if request.method == "POST":
        return json_response(201, session_json(TOKEN, geocoding="pending"))
    providers, token = [{"provider_name": "X"}], request.path.split("/")[2]
    told = session_json(token, providers=providers, geocoding="matched", internet="matched")
    return json_response(200, told)


def client(**limits: float) -> HumClient:
    transport = ScriptedTransport(answer, latency=0.25)
    return HumClient("sk", transport=transport, limiter=RateLimiter(rate=limits.get("rate", 1000)))


async def test_a_look_up_is_measured_from_its_beginning_to_its_result(heard: Listening) -> None:
    async with heard.to(client()) as hum:
        result = await hum.lookup(HOMES[0])
    ((duration),) = heard.points("hum.lookup.duration")
    assert dict(duration.attributes) == {"hum.owner": "client", "hum.outcome": "SERVED"}
    # With the DELETE, for which the caller waits as well.
    assert duration.sum == pytest.approx(result.elapsed + 0.25, abs=0.01)
    assert heard.values("hum.lookup.polls") == {("SERVED", "client"): 1}


async def test_retries_are_counted_by_their_reason(heard: Listening) -> None:
    answers = iter([json_response(429, headers={"Retry-After": "1"}), json_response(503)])
    transport = ScriptedTransport(lambda request: next(answers, None) or answer(request))
    async with heard.to(HumClient("sk", transport=transport)) as hum:
        await hum.get_session(TOKEN)
    assert heard.values("hum.lookup.retries") == {("429", "client"): 1, ("503", "client"): 1}


async def test_active_look_ups_go_up_and_down(heard: Listening) -> None:
    async with heard.to(client()) as hum:
        running = [asyncio.create_task(hum.lookup(home)) for home in HOMES]
        await asyncio.sleep(1)
        assert heard.values("hum.lookups.active") == {("client",): 5}
        await asyncio.gather(*running)
    assert heard.values("hum.lookups.active") == {("client",): 0}


# Callers beside each other wait for 0, 0.5, 1 and 1.5 s; a dispatcher asks for one slot after
# another, and a job's polls come when slots are free again.
@pytest.mark.parametrize(("owner", "waits"), [("client", 3.0), ("watcher", 1.5), ("job", 0.5)])
async def test_each_slot_of_the_limiter_is_measured(
    heard: Listening, owner: str, waits: float
) -> None:
    async with heard.to(client(rate=2.0)) as hum:
        if owner == "client":
            await asyncio.gather(*(hum.get_session(TOKEN) for _ in range(4)))
        elif owner == "watcher":
            async with AsyncSessionWatcher(hum) as watcher:
                async for _ in watcher.watch([f"{TOKEN}{number}" for number in range(4)]):
                    pass
        else:
            _ = [row async for row in qualify(hum, HOMES[:2], close="never")]
    (wait,) = heard.points("hum.rate_limiter.wait")
    assert wait.count == 4
    assert wait.sum == pytest.approx(waits, abs=0.01)


async def test_rows_are_counted_by_outcome(heard: Listening) -> None:
    async with heard.to(client()) as hum:
        rows = [*HOMES, HOMES[0], Address("no zip and no city")]
        _ = [row async for row in qualify(hum, rows)]
    assert heard.values("hum.bulk.rows") == {("SERVED",): 6, ("INVALID_ADDRESS",): 1}


async def test_streams_of_a_hub_are_counted(heard: Listening) -> None:
    async with heard.to(client()) as hum, SessionHub(hum, signals=False) as hub:
        one = hub.lookup(HOMES[0])
        streams = [hub.subscribe(one), hub.subscribe(one)]
        assert heard.values("hum.stream.subscribers") == {(): 2}
        await streams[0].aclose()
        assert heard.values("hum.stream.subscribers") == {(): 1}
        _ = [event async for event in streams[1]]
        _ = [event async for event in hub.subscribe(one)]
    assert heard.values("hum.stream.subscribers") == {(): 0}


async def test_names_and_units_are_those_of_the_documentation(heard: Listening) -> None:
    answers = iter([json_response(503)])
    transport = ScriptedTransport(lambda request: next(answers, None) or answer(request))
    async with heard.to(HumClient("sk", transport=transport)) as hum:
        await hum.get_session(TOKEN)
        async with SessionHub(hum, signals=False) as hub:
            _ = [event async for event in hub.subscribe(hub.lookup(HOMES[0]))]
        _ = [row async for row in qualify(hum, HOMES[:1])]
    assert heard.units() == {
        "hum.bulk.rows": "{row}",
        "hum.lookup.duration": "s",
        "hum.lookup.polls": "{poll}",
        "hum.lookup.retries": "{request}",
        "hum.lookups.active": "{lookup}",
        "hum.rate_limiter.wait": "s",
        "hum.stream.subscribers": "{stream}",
    }
