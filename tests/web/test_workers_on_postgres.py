"""Several workers on one PostgreSQL: hubs in one process, and the processes of a server."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from web_support import KEY, served

from hum_async import GuidedPolling, HumClient, SessionHub
from hum_async.web import _shared_keeper

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from servers import PostgresServer

    from hum_async.simulator import Simulator
    from hum_async.web import HubEvent

pytestmark = pytest.mark.hum_simulator(speed=40)

Start = "Callable[..., Awaitable[SessionHub]]"


@pytest.fixture
async def start(
    hum_simulator: Simulator, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Start]:
    """Start a hub with a client of its own, as each worker does."""
    monkeypatch.setattr(_shared_keeper, "LOOK_AROUND", 0.2)
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> SessionHub:
            client = HumClient(KEY, base_url=hum_simulator.url, purchases=f"{postgres_url}?lease=1")
            hum = await stack.enter_async_context(client)
            hub = SessionHub(hum, policy=GuidedPolling(interval=0.05), signals=False, **options)
            return await stack.enter_async_context(hub)

        yield start


async def told(hub: SessionHub, *ids: str, last_event_id: str | None = None) -> list[HubEvent]:
    return [event async for event in hub.subscribe(*ids, last_event_id=last_event_id)]


def shown(events: list[HubEvent]) -> list[tuple[str | None, bytes]]:
    return [(event.id, event.payload) for event in events if event.kind != "snapshot"]


def outcomes(events: list[HubEvent]) -> dict[str | None, str]:
    return {one.lookup: json.loads(one.payload)["outcome"] for one in events if one.kind == "done"}


async def test_any_worker_serves_any_look_up(start: Start, hum_simulator: Simulator) -> None:
    one, other = await start(), await start()
    ids = [hub.lookup(served(100 + n)) for n, hub in enumerate([one, other] * 5)]
    here, there = await asyncio.gather(told(one, *ids), told(other, *ids))
    assert outcomes(here) == dict.fromkeys(ids, "SERVED")
    assert shown(here)[-5:] == shown(there)[-5:]
    middle = here[len(here) // 2].id
    rest = [await told(hub, *ids, last_event_id=middle) for hub in (one, other, await start())]
    assert rest[0] == rest[1] == rest[2]
    assert hum_simulator.sessions_bought == 10


async def test_an_address_is_bought_once_by_all_workers(
    start: Start, hum_simulator: Simulator
) -> None:
    hubs = [await start() for _ in range(3)]
    ids = [hub.lookup(served()) for hub in hubs]
    found = await asyncio.gather(*(told(hubs[0], each) for each in ids))
    assert [outcomes(events) for events in found] == [{each: "SERVED"} for each in ids]
    assert hum_simulator.sessions_bought == 1


async def test_a_hub_that_ends_hands_over_at_once(start: Start, hum_simulator: Simulator) -> None:
    one, other = await start(), await start()
    ids = [one.lookup(served(100 + n, street="Slow Pl")) for n in range(3)]

    # A session is polled when its token is safe; before that its POST would be uncertain.
    def polled() -> int:
        return len({each.token for each in hum_simulator.requests(method="GET")})

    while polled() < len(ids):  # noqa: ASYNC110  it tells of no event
        await asyncio.sleep(0.01)
    stream = asyncio.ensure_future(told(other, *ids))
    await one.aclose()
    assert outcomes(await stream) == dict.fromkeys(ids, "SERVED")
    assert hum_simulator.sessions_bought == 3


@pytest.mark.slow
async def test_streams_go_on_after_a_crash_of_the_database(
    start: Start, hum_simulator: Simulator, postgres_server: PostgresServer
) -> None:
    one, other = await start(), await start()
    ids = [one.lookup(served(100 + n)) for n in range(5)]
    streams = [asyncio.ensure_future(told(hub, *ids)) for hub in (one, other)]
    while hum_simulator.sessions_bought < 3:  # noqa: ASYNC110  it tells of no event
        await asyncio.sleep(0.01)
    postgres_server.crash()
    during = one.lookup(served(300))
    streams.append(asyncio.ensure_future(told(other, during)))
    await asyncio.sleep(0.3)
    postgres_server.start()
    *both, last = [outcomes(await stream) for stream in streams]
    assert both == [dict.fromkeys(ids, "SERVED")] * 2
    assert last == {during: "SERVED"}
    assert hum_simulator.sessions_bought == 6
