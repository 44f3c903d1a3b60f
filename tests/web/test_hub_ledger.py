"""A hub on its client's ledger: it buys nothing that look-ups, jobs or its own past have bought."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, JournalError, Outcome, RateLimiter, SessionHub
from hum_async._purchases.sqlite.journal import Journal
from hum_async.bulk import qualify
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from hum_async.models import RawResponse

pytestmark = [pytest.mark.virtual, pytest.mark.busy]

ADDRESS = Address("20 Main Street #4", zip="48226")
AGENTS_TAKE = 4.0


class Api:
    """Sessions that are settled after some seconds, over any number of clients."""

    def __init__(self) -> None:
        self.transport = ScriptedTransport(self.answer, latency=0.05)
        self.begun: dict[str, float] = {}

    def count(self, method: str) -> int:
        return sum(request.method == method for request in self.transport.requests)

    def answer(self, request: SentRequest) -> RawResponse:
        if request.method == "POST":
            token = f"token-of-session-{len(self.begun)}"
            self.begun[token] = request.at
            return json_response(201, session_json(token, geocoding="pending", internet="pending"))
        token = request.path.split("/")[2]
        if request.method == "DELETE":
            return json_response(200, {"message": "closed"})
        if request.at - self.begun[token] < AGENTS_TAKE:
            return json_response(202, session_json(token, geocoding="matched", internet="pending"))
        provider = {"provider_name": "Fiber", "offerings": []}
        return json_response(
            200, session_json(token, providers=[provider], geocoding="matched", internet="matched")
        )


@pytest.fixture
async def api() -> Api:
    return Api()


@pytest.fixture
def opened(api: Api, tmp_path: Path) -> Callable[..., Any]:
    """Open a client and a hub with the test's ledger, as a process does."""

    @asynccontextmanager
    async def opened(**options: Any) -> AsyncIterator[tuple[HumClient, SessionHub]]:
        limiter = RateLimiter(rate=100)
        async with (
            HumClient(
                transport=api.transport, limiter=limiter, purchases=tmp_path / "hum.sqlite"
            ) as hum,
            SessionHub(hum, signals=False, **options) as hub,
        ):
            yield hum, hub

    return opened


async def done(hub: SessionHub, address: Address = ADDRESS) -> dict[str, Any]:
    """Look an address up as a browser does; return what its last event says."""
    events = [event async for event in hub.subscribe(hub.lookup(address))]
    assert [event.kind for event in events][::-1][:1] == ["done"]
    return {"kinds": [str(event.kind) for event in events], **json.loads(events[-1].payload)}


async def test_one_address_is_bought_once_by_hub_look_ups_and_jobs(
    api: Api, opened: Callable[..., Any]
) -> None:
    async with opened() as (hum, hub):
        assert (await done(hub))["outcome"] == "SERVED"
        assert (await hum.lookup(ADDRESS)).requests == 0
        assert [each.requests async for each in qualify(hum, [ADDRESS])] == [0]
    # Another process, long after the first hub has forgotten it.
    async with opened(reuse_for=0) as (hum, hub):
        told = await done(hub, Address("20 MAIN ST APT 4", zip="48226"))
        assert (told["outcome"], told["elapsed"]) == ("SERVED", 0.0)
        assert told["kinds"] == ["snapshot", "providers", "done"]
        for _ in range(2):
            assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED
    assert api.count("POST") == api.count("DELETE") == 1


async def test_a_look_up_that_a_restart_cut_off_is_taken_up(
    api: Api, opened: Callable[..., Any]
) -> None:
    async with opened() as (_, hub):
        hub.lookup(ADDRESS)
        await asyncio.sleep(2)
    async with opened() as (_, hub):
        assert (await done(hub))["outcome"] == "SERVED"
    assert api.count("POST") == 1


async def test_hub_look_up_and_job_at_the_same_time_are_one(
    api: Api, opened: Callable[..., Any]
) -> None:
    async with opened() as (hum, hub):
        job = asyncio.ensure_future(anext(qualify(hum, [ADDRESS])))
        found = await asyncio.gather(done(hub), hum.lookup(ADDRESS), job, done(hub))
    assert found[0]["outcome"] == found[1].outcome == found[2].outcome == "SERVED"
    assert api.count("POST") == 1


@pytest.mark.parametrize("after", [0.0, 0.01, 0.06, 2.0])
async def test_a_look_up_that_nobody_waits_for_leaves_its_address_to_others(
    api: Api, opened: Callable[..., Any], after: float
) -> None:
    async with opened(on_abandon="close", abandon_after=0.0) as (hum, hub):
        stream = hub.subscribe(hub.lookup(ADDRESS))
        await asyncio.sleep(after)
        await stream.aclose()
        await asyncio.sleep(0.001)
        found = await hum.lookup(ADDRESS)
    assert found.outcome in {Outcome.SERVED, Outcome.UNCERTAIN}
    assert api.count("POST") <= 2


async def test_the_time_for_a_look_up_counts_while_it_waits_for_another(
    api: Api, opened: Callable[..., Any]
) -> None:
    async with opened(timeout=1.0) as (hum, hub):
        looking = asyncio.ensure_future(hum.lookup(ADDRESS))
        await asyncio.sleep(0.2)
        told = await done(hub)
        assert told["outcome"] == "TIMED_OUT"
        assert (await looking).outcome == Outcome.SERVED
    assert api.count("POST") == 1


async def test_a_ledger_that_fails_is_told_to_browsers_and_nothing_is_bought(
    api: Api, opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise JournalError("the disk is on fire")

    async with opened() as (_, hub):
        monkeypatch.setattr(Journal, "find", fail)
        assert (await done(hub))["outcome"] == "FAILED"
        monkeypatch.undo()
        assert (await done(hub))["outcome"] == "SERVED"
    assert api.count("POST") == 1
