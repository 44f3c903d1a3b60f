"""Sessions whose results are safe are closed: always, in slots that nobody else wants, or never."""

from __future__ import annotations

import asyncio
import contextlib
import random
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, Limiter, Outcome, Priority, RateLimiter
from hum_async.bulk import qualify
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from hum_async.models import RawResponse

pytestmark = [pytest.mark.virtual, pytest.mark.busy]

PROVIDER = {"provider_name": "Great Lakes Fiber"}


class Api:
    """An API whose sessions are ready after some 9 s, and what it was asked when."""

    def __init__(self, *, closes: bool = True) -> None:
        self.transport = ScriptedTransport(self._answer, latency=0.05)
        self._closes = closes
        self.calls: list[tuple[str, float]] = []
        self.closed: list[str] = []
        self._ready: dict[str, float] = {}
        self._dice = random.Random(5)  # noqa: S311

    def count(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    def _answer(self, request: SentRequest) -> RawResponse:
        now = asyncio.get_running_loop().time()
        self.calls.append((request.method, now))
        if request.method == "POST":
            token = f"token{len(self._ready):017}"
            self._ready[token] = now + 9.0 * self._dice.lognormvariate(0.0, 0.38)
            return json_response(201, session_json(token, geocoding="matched", internet="pending"))
        token = request.path.split("/")[2]
        if request.method == "DELETE" and not self._closes:
            return json_response(500)
        if request.method == "DELETE":
            self.closed.append(token)
            return json_response(200, {"message": "closed"})
        if now < self._ready[token]:
            return json_response(202, session_json(token, geocoding="matched", internet="pending"))
        found = session_json(token, providers=[PROVIDER], geocoding="matched", internet="matched")
        return json_response(200, found)


def streets(count: int, *, start: int = 1) -> list[Address]:
    return [Address(f"{number} Main St", zip="48226") for number in range(start, start + count)]


async def run(client: HumClient, rows: Iterable[Any], **options: Any) -> Any:
    """Look up every row; return the job's statistics and how long it took."""
    began = asyncio.get_running_loop().time()
    stream = qualify(client, rows, **options)
    async for found in stream:
        assert found.outcome in {Outcome.SERVED, Outcome.TIMED_OUT}
    return stream.statistics(), asyncio.get_running_loop().time() - began


def client_of(api: Api, **options: Any) -> HumClient:
    limiter = options.pop("limiter", None) or RateLimiter(rate=50.0, concurrency=256)
    return HumClient(transport=api.transport, limiter=limiter, **options)


@pytest.mark.slow
async def test_idle_takes_no_longer_than_never_and_closes_in_the_slots_that_are_left() -> None:
    took, closed = {}, {}
    for close in ("always", "idle", "never"):
        api = Api()
        async with client_of(api) as client:
            statistics, took[close] = await run(client, streets(800), close=close)
        closed[close] = api.count("DELETE")
        assert statistics.requests == len(api.calls)
        assert statistics.expiring == (0 if close == "always" else 800 - closed[close])
        assert len(set(api.closed)) == len(api.closed)
    assert closed["never"] == 0
    assert closed["always"] == 800
    assert 100 <= closed["idle"] <= 800
    assert took["idle"] <= took["never"] + 1.0
    assert took["idle"] <= 0.9 * took["always"]


async def test_while_anything_else_wants_slots_idle_sends_no_delete() -> None:
    api = Api()

    async def rows(client: HumClient) -> AsyncIterator[Address]:
        for address in streets(30):
            yield address
        await asyncio.sleep(20.0)
        # The results of all thirty are safe, and the job itself has nothing to do; but others have.
        before = api.count("DELETE")
        busy = [asyncio.create_task(run(client, streets(400, start=100), close="never"))]
        await asyncio.sleep(5.0)
        assert api.count("DELETE") <= before + 1
        await asyncio.gather(*busy)
        await asyncio.sleep(5.0)

    limiter = RateLimiter(rate=50.0, concurrency=256)
    async with client_of(api, limiter=limiter) as client:
        limits = limiter.statistics().granted
        statistics, _ = await run(client, rows(client), close="idle")
    assert limits == 0
    assert (api.count("DELETE"), statistics.expiring) == (30, 0)


async def test_a_job_that_rests_sends_no_delete() -> None:
    api = Api()
    async with client_of(api) as client:
        stream = qualify(client, streets(30), close="idle")
        read = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(15.0):
                async for _ in stream:
                    read += 1
        assert 0 < read < 30
        await asyncio.sleep(1.0)  # what was under way
        sent = len(api.calls)
        await asyncio.sleep(60.0)
        await stream.aclose()
        assert len(api.calls) == sent


@pytest.mark.parametrize("close", ["idle", "never", False])
async def test_a_later_run_does_not_close_what_was_left_by_choice(
    tmp_path: Path, close: Any
) -> None:
    api, journal = Api(), tmp_path / "job.sqlite"
    async with client_of(api, limiter=RateLimiter(rate=3.0)) as client:
        await run(client, streets(40), journal=journal, close=close)
        deletes = api.count("DELETE")
        assert deletes < 40
        statistics, _ = await run(client, streets(40), journal=journal, close="always")
        assert (statistics.requests, api.count("DELETE")) == (0, deletes)


async def test_idle_closes_what_the_end_of_an_earlier_run_cut_off(tmp_path: Path) -> None:
    api, journal = Api(), tmp_path / "job.sqlite"
    async with client_of(api) as client:
        stream = qualify(client, streets(40), journal=journal)
        async for _ in stream:
            break
        await stream.aclose()
        left = 40 - api.count("DELETE")
        statistics, _ = await run(client, streets(40), journal=journal, close="idle")
        assert left > 0
        assert len(api.closed) == len(set(api.closed)) <= 40
        assert statistics.expiring == 40 - len(api.closed)
        assert api.count("POST") == 40


async def test_a_limiter_that_knows_no_idle_slots_leaves_all_sessions_to_expire() -> None:
    class Bare(Limiter):
        def slot(
            self, *, priority: Priority = Priority.NORMAL
        ) -> AbstractAsyncContextManager[object]:
            del priority
            return nullcontext()

    api = Api()
    async with client_of(api, limiter=Bare()) as client:
        statistics, _ = await run(client, streets(5), close="idle")
    assert (api.count("DELETE"), statistics.expiring) == (0, 5)


async def test_a_delete_that_fails_in_an_idle_slot_is_not_tried_again() -> None:
    api = Api(closes=False)
    async with client_of(api) as client:
        statistics, _ = await run(client, streets(30), close="idle")
    assert statistics.expiring == 30
    sent = [request.path for request in api.transport.requests if request.method == "DELETE"]
    assert 0 < len(sent) == len(set(sent))


async def test_true_is_always_and_anything_else_is_refused_at_once() -> None:
    api = Api()
    async with client_of(api) as client:
        await run(client, streets(3), close=True)
        assert api.count("DELETE") == 3
        for wrong in ("sometimes", "", None, 2):
            with pytest.raises(ValueError, match='close must be "always", "idle" or "never"'):
                qualify(client, streets(3), close=wrong)  # type: ignore[call-overload]
