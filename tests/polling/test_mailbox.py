"""What a stream still has to take and to read: one terminal update per token, whoever is slow."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hum_async import AsyncSessionWatcher, GuidedPolling, HumClient, RawResponse, UpdateKind
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

pytestmark = pytest.mark.virtual


def done(request: SentRequest) -> RawResponse:
    token = request.path.split("/")[2]
    return json_response(200, session_json(token, geocoding="matched", internet="failed"))


async def test_a_token_that_has_ended_and_comes_again_has_no_second_terminal_update() -> None:
    async def tokens() -> AsyncIterator[str]:
        yield "a"
        await asyncio.sleep(3)
        yield "a"
        yield "b"

    transport = ScriptedTransport(done)
    async with HumClient(transport=transport) as hum, AsyncSessionWatcher(hum) as watcher:
        updates = [update async for update in watcher.watch(tokens())]
    assert [update.token for update in updates if update.is_terminal] == ["a", "b"]
    assert len(transport.requests) == 2


async def test_a_reader_that_comes_late_gets_one_update_that_says_all_it_missed() -> None:
    def answer(request: SentRequest) -> RawResponse:
        geocoding = "matched" if request.at > 1 else "pending"
        internet = "matched" if request.at > 4 else "pending"
        body = session_json("a", geocoding=geocoding, internet=internet)
        return json_response(200 if request.at > 4 else 202, body)

    policy = GuidedPolling(jitter=0.0)
    async with (
        HumClient(transport=ScriptedTransport(answer)) as hum,
        AsyncSessionWatcher(hum, policy=policy) as watcher,
    ):
        stream = watcher.watch(["a"])
        await asyncio.sleep(20)
        (update,) = [update async for update in stream]
    assert (update.kind, update.skipped, update.previous) == (UpdateKind.COMPLETED, 2, None)
    assert [(change.agent, change.after) for change in update.changes] == [
        ("geocoding", "matched"),
        ("internet", "matched"),
    ]
