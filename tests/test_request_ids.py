"""The server's ids of requests, for a support ticket: on sessions and results, without secrets."""

from pathlib import Path
from typing import Any

import pytest

from hum_async import (
    Address,
    AsyncSessionWatcher,
    HumClient,
    Outcome,
    Qualification,
    RateLimiter,
    Session,
    UpdateKind,
    qualify,
)
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

pytestmark = pytest.mark.virtual

KEY, TOKEN = "key-9f8e7d6c5b4a", "XqCmeTVgYXrbWrZFZEymkD"
ADDRESS = Address("29090 Tiffany Drive E", zip="48034")
FIBER = {"provider_name": "Great Lakes Fiber"}


class Api:
    """Numbers its answers: a POST, a poll that finds nothing new, one more, and the result."""

    def __init__(self, ends_with: int = 4) -> None:
        self.ends_with = ends_with
        self.transport = ScriptedTransport(self)

    def __call__(self, request: SentRequest) -> Any:
        del request
        number = len(self.transport.requests)
        headers = {"x-request-id": f"r{number}"}
        if number < self.ends_with:
            body = session_json(TOKEN, geocoding="pending", internet="pending")
            return json_response(202 if number > 1 else 201, body, headers=headers)
        body = session_json(TOKEN, providers=[FIBER], geocoding="matched", internet="matched")
        return json_response(200, body, headers=headers)

    def client(self) -> HumClient:
        return HumClient(KEY, transport=self.transport, limiter=RateLimiter(rate=1000))


async def test_a_session_names_the_request_that_it_answers() -> None:
    async with Api().client() as hum:
        assert (await hum.create_session(ADDRESS)).request_id == "r1"
        assert (await hum.get_session(TOKEN)).request_id == "r2"
        assert (await hum.get_internet(TOKEN)).request_id == "r3"


async def test_a_server_that_names_no_request_leaves_none() -> None:
    body = session_json(TOKEN, providers=[FIBER], geocoding="matched", internet="matched")
    transport = ScriptedTransport(lambda _: json_response(201, body))
    async with HumClient(transport=transport) as hum:
        assert (await hum.create_session(ADDRESS)).request_id is None
        assert (await hum.lookup(ADDRESS)).request_ids == ()


async def test_a_result_names_the_purchase_and_the_answers_that_showed_anything_new() -> None:
    async with Api().client() as hum:
        found = await hum.lookup(ADDRESS)
    assert found.outcome is Outcome.SERVED
    # The third answer repeats the second.
    assert found.request_ids == ("r1", "r2", "r4")


async def test_the_journal_keeps_them(tmp_path: Path) -> None:
    journal = tmp_path / "job.sqlite"
    for _ in range(2):
        async with Api().client() as hum:
            (found,) = [row async for row in qualify(hum, [ADDRESS], journal=journal)]
        assert found.request_ids[0] == "r1"
        assert len(found.request_ids) > 1


async def test_a_watched_session_that_only_repeats_itself_names_its_last_answer() -> None:
    api = Api(ends_with=99)
    async with api.client() as hum, AsyncSessionWatcher(hum) as watcher:
        updates = [update async for update in watcher.watch([TOKEN])]
    assert [update.kind for update in updates] == [UpdateKind.CHANGED, UpdateKind.TIMED_OUT]
    named = [update.session and update.session.request_id for update in updates]
    assert named == ["r1", f"r{len(api.transport.requests)}"]


@pytest.mark.parametrize("secret", [KEY, TOKEN])
async def test_an_id_never_repeats_the_key_or_the_token(secret: str) -> None:
    body = session_json(TOKEN, geocoding="pending", internet="pending")
    headers = {"X-Request-Id": f"r-{secret}"}
    transport = ScriptedTransport(lambda _: json_response(202, body, headers=headers))
    async with HumClient(KEY, transport=transport) as hum:
        for session in (await hum.get_session(TOKEN), await hum.create_session(ADDRESS)):
            assert session.request_id is not None
            assert secret not in session.request_id


def test_an_id_does_not_tell_sessions_apart() -> None:
    one, other = Session("a", request_id="r1"), Session("a", request_id="r2")
    assert one == other
    assert hash(one) == hash(other)
    assert Qualification(1, ADDRESS, Outcome.SERVED).request_ids == ()
