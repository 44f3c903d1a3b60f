"""The caller's label (``campaign_id``): on every way to buy a session, and checked before it."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from hum_async import Address, ConfigurationError, HumClient, RateLimiter, SessionHub, qualify
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

pytestmark = pytest.mark.virtual

ADDRESSES = [Address(f"{number} Main St", zip="48226") for number in (1, 2)]
FIBER = {"provider_name": "Great Lakes Fiber"}
UNUSABLE: list[Any] = ["", "x" * 101, "\udcff", 7, b"summer"]


@asynccontextmanager
async def api() -> AsyncIterator[tuple[HumClient, ScriptedTransport]]:
    def answer(request: SentRequest) -> Any:
        token = f"token{len(transport.requests)}" if request.method == "POST" else "token1"
        return json_response(201, session_json(token, providers=[FIBER], internet="matched"))

    transport = ScriptedTransport(answer)
    async with HumClient(transport=transport, limiter=RateLimiter(rate=1000)) as hum:
        yield hum, transport


def labels(transport: ScriptedTransport) -> list[str | None]:
    posts = [request for request in transport.requests if request.method == "POST"]
    return [request.body.get("campaign_id") for request in posts]


async def test_a_look_up_carries_its_label() -> None:
    async with api() as (hum, transport):
        for label in ("s", "x" * 100, None):
            await hum.lookup(ADDRESSES[0], campaign_id=label, close=False)
    assert labels(transport) == ["s", "x" * 100, None]


async def test_every_session_of_a_job_carries_its_label() -> None:
    async with api() as (hum, transport):
        assert len([row async for row in qualify(hum, ADDRESSES, campaign_id="summer")]) == 2
    assert labels(transport) == ["summer", "summer"]


async def test_the_journal_notes_the_label_of_its_last_run(tmp_path: Path) -> None:
    journal = tmp_path / "job.sqlite"
    for rows, label in ((ADDRESSES[:1], "summer"), (ADDRESSES, "autumn"), (ADDRESSES, None)):
        async with api() as (hum, _):
            async for _result in qualify(hum, rows, journal=journal, campaign_id=label):
                pass
        with closing(sqlite3.connect(journal)) as db:
            found = db.execute("SELECT value FROM setting WHERE name = 'campaign_id'").fetchone()
        assert found == (label,)


async def test_a_look_up_of_a_hub_carries_its_own_label_or_else_the_hubs() -> None:
    async with (
        api() as (hum, transport),
        SessionHub(hum, campaign_id="site", close=False, signals=False) as hub,
    ):
        ids = [hub.lookup(ADDRESSES[0]), hub.lookup(ADDRESSES[1], campaign_id="banner")]
        async with hub.subscribe(*ids) as events:
            async for _ in events:
                pass
        # Another label is no reason to buy the same address again.
        assert hub.lookup(ADDRESSES[0], campaign_id="banner") == ids[0]
    assert labels(transport) == ["site", "banner"]


@pytest.mark.parametrize("label", UNUSABLE, ids=repr)
async def test_a_label_that_cannot_be_sent_is_refused_before_anything_is(label: Any) -> None:
    async with api() as (hum, transport):
        calls: list[Callable[[], Any]] = [
            lambda: qualify(hum, ADDRESSES, campaign_id=label),
            lambda: SessionHub(hum, campaign_id=label, signals=False),
        ]
        for call in calls:
            with pytest.raises(ConfigurationError, match="campaign_id"):
                call()
        for ask in (hum.lookup, hum.create_session):
            with pytest.raises(ConfigurationError, match="campaign_id"):
                await ask(ADDRESSES[0], campaign_id=label)
        async with SessionHub(hum, campaign_id="site", signals=False) as hub:
            with pytest.raises(ConfigurationError, match="campaign_id"):
                hub.lookup(ADDRESSES[0], campaign_id=label)
            assert hub.statistics().started == 0
    assert not transport.requests
