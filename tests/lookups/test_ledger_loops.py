"""A client's ledger outlives an event loop that ends in the middle of a commit."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from hum_async import Address, HumClient, Outcome, RateLimiter
from hum_async._purchases.sqlite.journal import Journal
from hum_async.testing import (
    ScriptedTransport,
    SentRequest,
    VirtualTimeLoop,
    json_response,
    session_json,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from hum_async.models import RawResponse


def served(request: SentRequest) -> RawResponse:
    token = "token-of-a-session" if request.method == "POST" else request.path.split("/")[2]
    provider = {"provider_name": "Fiber", "offerings": []}
    body = session_json(token, providers=[provider], geocoding="matched", internet="matched")
    return json_response(201 if request.method == "POST" else 200, body)


def test_a_loop_that_ends_during_a_commit_leaves_the_ledger_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport, apply = ScriptedTransport(served), Journal.apply
    hum = HumClient(
        transport=transport, limiter=RateLimiter(rate=100), purchases=tmp_path / "hum.sqlite"
    )
    begun = []

    def slow(self: Journal, *args: Any, **options: Any) -> None:
        begun.append(True)
        time.sleep(0.2)
        apply(self, *args, **options)

    async def interrupted() -> None:
        looking = asyncio.ensure_future(hum.lookup(Address("1 A St", zip="48226")))
        while not begun:  # noqa: ASYNC110  a thread begins it
            await asyncio.sleep(0.01)
        # Its end cancels what runs: the look-up, and the task that writes.
        del looking

    async def later() -> list[Outcome]:
        found = [
            (await hum.lookup(Address(street, zip="48226"), timeout=None)).outcome
            for street in ("1 A St", "2 A St")
        ]
        await hum.aclose()
        return found

    monkeypatch.setattr(Journal, "apply", slow)
    asyncio.run(interrupted())
    monkeypatch.setattr(Journal, "apply", apply)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(later()) == [Outcome.SERVED, Outcome.SERVED]
    posts = [request for request in transport.requests if request.method == "POST"]
    assert len(posts) == 2
