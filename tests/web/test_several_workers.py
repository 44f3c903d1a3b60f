"""Several hubs on one ledger: each serves the look-ups of all, with the same events."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from memory_log import MemoryLog, SharedEvents
from timed_api import TimedApi
from web_support import served

from hum_async import HumClient, JournalError, LookupNotFound, RateLimiter, SessionHub
from hum_async.errors import RequestTimeout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from hum_async.web import HubEvent

pytestmark = [pytest.mark.virtual, pytest.mark.busy]


class Workers:
    """Hubs on one client, which share a log as processes on one ledger do."""

    def __init__(self, api: TimedApi, hum: HumClient, stack: AsyncExitStack) -> None:
        self.api = api
        self.shared = SharedEvents()
        self._hum = hum
        self._stack = stack
        self._count = 0

    async def start(self, **options: Any) -> SessionHub:
        ledger = self._hum.ledger
        assert ledger is not None
        store: Any = await ledger.open()
        self._count += 1
        store.event_log = MemoryLog(self.shared, self._count)
        hub = SessionHub(self._hum, signals=False, **options)
        return await self._stack.enter_async_context(hub)

    def kill(self, hub: SessionHub, worker: int) -> None:
        """End a hub as a signal 9 does: it says nothing to anybody."""
        inside: Any = vars(hub)
        lookups = inside["_lookups"]
        for task in [*lookups.keeper.tasks(), inside["_supervisor"]]:
            task.cancel()
        vars(lookups)["_purchases"].end_all()
        self.shared.lost.add(worker)


@pytest.fixture
async def api(request: pytest.FixtureRequest) -> TimedApi:
    """Make an API; a parameter is the seconds that each request takes."""
    return TimedApi(latency=getattr(request, "param", 0.05))


@pytest.fixture
async def workers(api: TimedApi, tmp_path: Path) -> AsyncIterator[Workers]:
    async with AsyncExitStack() as stack:
        client = HumClient(
            transport=api.transport,
            limiter=RateLimiter(rate=100),
            purchases=tmp_path / "hum.sqlite",
        )
        yield Workers(api, await stack.enter_async_context(client), stack)


async def told(hub: SessionHub, *ids: str, last_event_id: str | None = None) -> list[HubEvent]:
    return [event async for event in hub.subscribe(*ids, last_event_id=last_event_id)]


def seen(events: list[HubEvent]) -> list[tuple[str, str | None, bytes]]:
    return [(str(event.kind), event.id, event.payload) for event in events]


def outcomes(events: list[HubEvent]) -> dict[str | None, str]:
    return {one.lookup: one.data["outcome"] for one in events if one.kind == "done"}


async def test_each_worker_tells_the_same_of_a_look_up(api: TimedApi, workers: Workers) -> None:
    hubs = [await workers.start() for _ in range(3)]
    # Nobody waits until the others can know of it.
    lookup = hubs[0].lookup(served())
    streams = [asyncio.ensure_future(told(hub, lookup)) for hub in hubs]
    first, *others = [seen(await stream) for stream in streams]
    assert [kind for kind, _, _ in first] == ["snapshot", "change", "change", "providers", "done"]
    assert others == [first, first]
    # Who comes when it is over gets where it stood at last, and its end.
    late = seen(await told(await workers.start(), lookup))
    assert [kind for kind, _, _ in late] == ["snapshot", "providers", "done"]
    assert late[1:] == first[3:]
    assert api.count("POST") == 1


async def test_a_browser_goes_on_at_any_worker_where_it_was(workers: Workers) -> None:
    hubs = [await workers.start() for _ in range(3)]
    ids = [hubs[number % 3].lookup(served(number)) for number in range(6)]
    whole = await told(hubs[0], *ids)
    assert len({event.id for event in whole}) == len(whole)
    hubs.append(await workers.start())
    for number in range(1, len(whole)):
        at = whole[number - 1].id
        first, *others = [await told(hub, *ids, last_event_id=at) for hub in hubs]
        assert [seen(other) for other in others] == [seen(first)] * 3
        # Of what it has not seen at all it gets where that stands now.
        assert {event.id for event in first} <= {event.id for event in whole[number:]}
        ends = [event.lookup for event in [*whole[:number], *first] if event.kind == "done"]
        assert sorted(ends, key=str) == sorted(ids)
    assert await told(await workers.start(), *ids, last_event_id=whole[-1].id) == []


async def test_a_browser_that_changes_workers_in_the_middle_misses_nothing(
    workers: Workers,
) -> None:
    hubs = [await workers.start() for _ in range(2)]
    ids = [hubs[number % 2].lookup(served(number)) for number in range(4)]
    whole = asyncio.ensure_future(told(hubs[0], *ids))
    got: list[HubEvent] = []
    while len(got) < 4 or got[-1].kind != "done" or len(outcomes(got)) < 4:
        last = got[-1].id if got else None
        # It may be told of one by a worker that has not heard of the others yet.
        async with hubs[len(got) % 2].subscribe(*ids, last_event_id=last) as stream:
            got.append(await anext(stream))
    assert [one.id for one in got] == [one.id for one in await whole]


async def test_an_id_is_known_everywhere_before_it_is_recorded(
    api: TimedApi, workers: Workers
) -> None:
    workers.shared.delay = 3.0
    one, other = await workers.start(), await workers.start()
    lookup = one.lookup(served())
    stream = other.subscribe(lookup)
    assert api.count("POST") == 0
    assert outcomes([event async for event in stream]) == {lookup: "SERVED"}
    assert api.count("POST") == 1


async def test_an_id_that_nobody_gave_is_unknown_at_once(workers: Workers) -> None:
    one, other = await workers.start(), await workers.start()
    lookup = one.lookup(served())
    tag, _, token = lookup.partition(".")
    for wrong in ("unknown", "", ".", f"{tag}.{token[:-1]}", f"{tag}", f"A{tag[1:]}é.{token}"):
        with pytest.raises(LookupNotFound) as caught:
            other.subscribe(lookup, wrong)
        assert caught.value.ids == (wrong,)


async def test_an_old_id_is_unknown(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_790_000_000.0
    monkeypatch.setattr("hum_async.web._given_ids._now", lambda: now)
    one, other = await workers.start(), await workers.start()
    lookup = one.lookup(served())
    now += 29 * 60
    other.subscribe(lookup).close()
    now -= 60 * 60  # a clock that is behind
    (await workers.start()).subscribe(lookup).close()
    now += 62 * 60
    with pytest.raises(LookupNotFound):
        (await workers.start()).subscribe(lookup)


async def test_a_look_up_that_was_never_recorded_ends(
    api: TimedApi, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await workers.start(), await workers.start()
    with monkeypatch.context() as patch:
        never = asyncio.get_running_loop().create_future()
        patch.setattr(MemoryLog, "publish", lambda *_: never)
        lost = one.lookup(served(1))
    kept = other.lookup(served(2))
    workers.kill(one, 1)
    events = await told(other, lost, kept)
    assert outcomes(events) == {lost: "FAILED", kept: "SERVED"}
    assert api.count("POST") == 1


async def test_the_look_ups_of_a_worker_that_dies_are_adopted(
    api: TimedApi, workers: Workers
) -> None:
    one, *others = [await workers.start() for _ in range(3)]
    ids = [one.lookup(served(number)) for number in range(40)]
    streams = [asyncio.ensure_future(told(hub, *ids)) for hub in others]
    await asyncio.sleep(2)
    assert api.count("POST") == 40
    workers.kill(one, 1)
    first, second = [await stream for stream in streams]
    assert seen(first) == seen(second)
    # Nothing is told again.
    changes = [one.data["changes"] for one in first if one.kind == "change"]
    assert sum(change[0]["before"] is None for change in changes) == 40
    assert outcomes(first) == dict.fromkeys(ids, "SERVED")
    assert sum(hub.statistics().running for hub in others) == 0
    await asyncio.sleep(2)
    assert api.count("POST") == api.count("DELETE") == 40


async def test_a_hub_that_ends_hands_its_look_ups_over(api: TimedApi, workers: Workers) -> None:
    one, other = await workers.start(), await workers.start()
    ids = [one.lookup(served(number)) for number in range(5)]
    stream = asyncio.ensure_future(told(other, *ids))
    await asyncio.sleep(2)
    await one.aclose()
    assert outcomes(await stream) == dict.fromkeys(ids, "SERVED")
    await asyncio.sleep(2)
    assert api.count("POST") == api.count("DELETE") == 5


@pytest.mark.parametrize("api", [0.05, 1.5], indirect=True)
async def test_a_worker_that_was_taken_for_dead_polls_no_more(
    api: TimedApi, workers: Workers
) -> None:
    api.never_done = True
    one, other = await workers.start(), await workers.start()
    lookup = one.lookup(served())
    while not api.count("GET"):  # noqa: ASYNC110  on virtual time
        await asyncio.sleep(0.01)
    workers.shared.lost.add(1)
    await asyncio.sleep(4)
    assert (one.statistics().running, other.statistics().running) == (0, 1)
    before = api.count("GET")
    polled_by_one = one.statistics().requests
    streams = [asyncio.ensure_future(told(hub, lookup)) for hub in (one, other)]
    await asyncio.sleep(10)
    assert one.statistics().requests == polled_by_one
    assert api.count("GET") > before
    api.never_done = False
    first, second = [await stream for stream in streams]
    assert outcomes(first) == {lookup: "SERVED"}
    assert seen(first) == seen(second)
    await asyncio.sleep(2)
    assert api.count("POST") == api.count("DELETE") == 1


async def test_a_worker_that_was_taken_for_dead_closes_no_session_that_another_one_polls(
    api: TimedApi, workers: Workers
) -> None:
    one, other = await workers.start(), await workers.start()
    lookup = one.lookup(served())
    stream = asyncio.ensure_future(told(other, lookup))
    while api.count("GET") < 2:  # noqa: ASYNC110  on virtual time
        await asyncio.sleep(0.001)
    # It gets the answer, and learns later that the look-up is not its own any more.
    workers.shared.owners[lookup] = None
    assert outcomes(await stream) == {lookup: "SERVED"}
    await asyncio.sleep(5)
    assert api.count("DELETE") == 0


async def test_streams_go_on_when_the_server_was_away(api: TimedApi, workers: Workers) -> None:
    one, other = await workers.start(), await workers.start()
    ids = [one.lookup(served(number)) for number in range(3)]
    streams = [asyncio.ensure_future(told(hub, *ids)) for hub in (one, other)]
    await asyncio.sleep(1)
    workers.shared.back.clear()
    during = one.lookup(served(9))
    stream = asyncio.ensure_future(told(other, during))
    await asyncio.sleep(10)
    assert not any(each.done() for each in (*streams, stream))
    assert api.count("POST") == 3
    workers.shared.back.set()
    assert [outcomes(await each) for each in streams] == [dict.fromkeys(ids, "SERVED")] * 2
    assert outcomes(await stream) == {during: "SERVED"}
    assert api.count("POST") == 4


async def test_a_log_that_refuses_to_be_read_is_reported_once_and_read_again(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = await workers.start(), await workers.start()
    lookup = one.lookup(served())
    stream = asyncio.ensure_future(told(other, lookup))
    await asyncio.sleep(1)

    async def refuse(*_: object) -> None:
        raise JournalError("the table is gone")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryLog, "read", refuse)
        await asyncio.sleep(10)
    assert outcomes(await stream) == {lookup: "SERVED"}
    # Each of both.
    assert caplog.text.count("not heard of now: the table is gone") == 2


async def test_events_that_are_refused_end_the_look_up_here(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = await workers.start()
    lookup = one.lookup(served())
    await asyncio.sleep(1)
    refused = asyncio.get_running_loop().create_future()
    refused.set_exception(JournalError("the disk is full"))
    monkeypatch.setattr(MemoryLog, "append", lambda *_: refused)
    assert outcomes(await told(one, lookup)) == {lookup: "FAILED"}
    assert "events of a look-up are lost: the disk is full" in caplog.text
    assert one.statistics().running == 0


async def test_a_failure_is_told_everywhere(api: TimedApi, workers: Workers) -> None:
    api.instead = [RequestTimeout("no answer")]
    one, other = await workers.start(), await workers.start()
    lookup = one.lookup(served())
    assert outcomes(await told(other, lookup)) == {lookup: "UNCERTAIN"}
    bounded = await workers.start(timeout=1.0)
    lookup = bounded.lookup(served(2))
    assert outcomes(await told(other, lookup)) == {lookup: "TIMED_OUT"}


async def test_events_hold_no_token(api: TimedApi, workers: Workers) -> None:
    one = await workers.start()
    lookup = one.lookup(served())
    await told(one, lookup)
    (token,) = api.begun
    kept = b"".join(entry.payload for entry in workers.shared.entries)
    assert token.encode() not in kept
    assert json.loads(workers.shared.entries[-1].payload)["lookup"] == lookup


async def test_workers_that_share_are_not_told_to_be_one(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sys.argv", ["uvicorn", "app:app", "--workers", "4"])
    one, other = await workers.start(), await workers.start()
    await told(other, one.lookup(served()))
    assert caplog.text == ""


async def test_a_look_up_is_abandoned_once_the_browsers_of_all_workers_have_left(
    workers: Workers,
) -> None:
    api = workers.api
    api.never_done = True
    options: dict[str, Any] = {"on_abandon": "close", "abandon_after": 3.0}
    one, other = [await workers.start(**options) for _ in range(2)]
    lookup, unread = one.lookup(served()), one.lookup(served(2))
    here, there = one.subscribe(lookup), other.subscribe(lookup)
    for stream in (here, there):
        await anext(stream)
    here.close()
    await asyncio.sleep(8)
    assert one.statistics().running == 2
    there.close()
    await asyncio.sleep(2)
    # It comes back, to any of them.
    back = one.subscribe(lookup)
    await asyncio.sleep(8)
    assert one.statistics().abandoned == 0
    back.close()
    watching = asyncio.ensure_future(told(await workers.start(), lookup))
    await asyncio.sleep(8)
    # One that nobody has ever read goes on; and the last one does not care who leaves.
    assert (one.statistics().abandoned, one.statistics().running) == (1, 1)
    assert outcomes(await watching) == {lookup: "FAILED"}
    await asyncio.sleep(2)
    assert api.count("DELETE") == 1
    del unread
