"""A client's ledger outlives an event loop that ends in the middle of a commit."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, JournalError, Outcome, RateLimiter
from hum_async._purchases.ledger import Ledger
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

    from hum_async.models import RawResponse


def served(request: SentRequest) -> RawResponse:
    token = "token-of-a-session" if request.method == "POST" else request.path.split("/")[2]
    provider = {"provider_name": "Fiber", "offerings": []}
    body = session_json(token, providers=[provider], geocoding="matched", internet="matched")
    return json_response(201 if request.method == "POST" else 200, body)


def test_a_loop_that_ends_while_the_ledger_opens_leaves_it_usable(tmp_path: Path) -> None:
    hum = HumClient(
        transport=ScriptedTransport(served),
        limiter=RateLimiter(rate=100),
        purchases=tmp_path / "hum.sqlite",
    )
    address = Address("1 A St", zip="48226")

    async def interrupted() -> None:
        looking = asyncio.ensure_future(hum.lookup(address))
        await asyncio.sleep(0)
        # Its end cancels what runs: the look-up, and the task that opens.
        del looking

    async def later() -> Outcome:
        found = await hum.lookup(address)
        await hum.aclose()
        return found.outcome

    asyncio.run(interrupted())
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(later()) == Outcome.SERVED


async def test_who_begins_anew_at_once_shares_the_store_with_all_who_come_later() -> None:
    stores: list[Any] = []

    class Store:
        failed = False

        async def left_open(self) -> list[Any]:
            return []

    async def open_store() -> Any:
        await asyncio.sleep(0)
        stores.append(Store())
        if len(stores) == 1:
            raise JournalError("the disk is full")
        return stores[-1]

    ledger = Ledger(open_store, max_age=60.0)

    async def persistent() -> Any:
        while True:
            with suppress(JournalError):
                return await ledger.open()

    async def patient() -> Any:
        with pytest.raises(JournalError):
            await ledger.open()
        return await ledger.open()

    found = await asyncio.gather(persistent(), patient(), persistent())
    assert len(stores) == 2
    assert found == [stores[1]] * 3


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
