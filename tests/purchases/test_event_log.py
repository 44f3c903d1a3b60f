"""The event log of a ledger in PostgreSQL: one order, one owner, and heard by everybody."""

from __future__ import annotations

import asyncio
import zlib
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from servers import PgBouncer
from stores import another_worker, digest

from hum_async._purchases.event_log import Shown
from hum_async._purchases.postgres import listening
from hum_async._purchases.postgres.connection import Unreachable
from hum_async._purchases.postgres.erasure import forget
from hum_async._purchases.postgres.event_log import PostgresEventLog
from hum_async._purchases.postgres.url import parse_database_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from servers import PostgresServer

    from hum_async._purchases.event_log import EventLog

FIRST = Shown("snapshot", b'{"agents": {}}')
LAST = Shown("done", b'{"outcome": "SERVED"}', ends=True)


def change(number: int) -> Shown:
    return Shown("change", b'{"number": %d}' % number)


@pytest.fixture
async def logs(postgres_url: str) -> AsyncIterator[list[EventLog]]:
    """Open the logs of three workers."""
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(3):
            store: Any = await another_worker(f"{postgres_url}?lease=1")
            stack.push_async_callback(store.aclose)
            found.append(store.event_log)
        secrets = [await log.secret() for log in found]
        assert len({*secrets}) == 1
        assert len(secrets[0]) == 16
        yield found


@asynccontextmanager
async def watching(log: EventLog) -> AsyncIterator[asyncio.Event]:
    woken = asyncio.Event()
    task = asyncio.create_task(log.watch(woken.set))
    yield woken
    task.cancel()
    await asyncio.wait([task])


class Away:
    """A database that cannot be reached."""

    tries = 0

    async def run(self, _: object) -> None:
        self.tries += 1
        await asyncio.sleep(1)
        raise Unreachable("away")


@pytest.mark.virtual
async def test_a_log_that_is_closed_does_not_wait_for_its_database() -> None:
    database: Any = Away()
    log = PostgresEventLog(database, 1, lambda: [1])
    published = log.publish("a", digest(1), FIRST)
    await asyncio.sleep(2.5)
    log.close()
    await asyncio.sleep(0.1)
    assert published.cancelled()
    tries = database.tries
    await asyncio.sleep(10)
    assert database.tries == tries == 3


async def test_all_read_the_same_in_one_order(logs: list[EventLog]) -> None:
    one, other, _ = logs
    assert await one.last() == 0
    await asyncio.gather(*(log.publish(f"id{n}", digest(n), FIRST) for n, log in enumerate(logs)))
    done = [
        log.append(f"id{n}", change(number)) for number in range(50) for n, log in enumerate(logs)
    ]
    assert all(await asyncio.gather(*done))
    assert await one.append("id0", change(50), LAST)
    read = list(await one.read(0))
    assert list(await other.read(0)) == read
    assert [entry.position for entry in read] == sorted({entry.position for entry in read})
    for n in range(3):
        payloads = [entry.payload for entry in read if entry.id == f"id{n}"]
        numbers = range(51 if n == 0 else 50)
        assert payloads[: len(numbers) + 1] == [
            FIRST.payload,
            *(change(x).payload for x in numbers),
        ]
    middle = read[70].position
    assert list(await other.read(middle)) == read[71:]
    whole = [entry for entry in read if entry.position > middle or entry.id == "id1"]
    assert list(await other.read(middle, ["id1", "unknown"])) == whole
    assert await other.last() == read[-1].position


async def test_a_reader_never_finds_an_event_below_one_that_it_has_read(
    logs: list[EventLog],
) -> None:
    for n, log in enumerate(logs[:2]):
        await log.publish(f"id{n}", digest(n), FIRST)
    found: list[int] = []

    async def read() -> None:
        while len(found) < 82:
            found.extend(e.position for e in await logs[2].read(found[-1] if found else 0))

    async def write(n: int) -> None:
        for number in range(40):
            await logs[n].append(f"id{n}", change(number))

    await asyncio.gather(read(), write(0), write(1))
    assert found == sorted(found)
    assert found == [entry.position for entry in await logs[0].read(0)]


async def test_events_are_taken_only_from_the_owner_and_none_after_the_end(
    logs: list[EventLog],
) -> None:
    one, other, _ = logs
    await one.publish("a", digest(1), FIRST)
    assert not await other.append("a", change(1))
    assert not await one.append("unknown", change(1))
    assert await one.append("a", LAST)
    assert not await one.append("a", change(2))
    assert [entry.kind for entry in await other.read(0)] == ["snapshot", "done"]


async def test_look_ups_that_are_given_back_or_left_are_adopted_once(
    logs: list[EventLog], postgres_url: str
) -> None:
    one, *others = logs
    for n in range(4):
        await one.publish(f"id{n}", digest(n), FIRST)
    await one.append("id3", LAST)
    assert not await others[0].adopt(10)
    assert await one.owned() == {"id0", "id1", "id2"}
    await one.release(["id0", "id3", "unknown"])
    assert not await one.append("id0", change(1))
    found = await asyncio.gather(*(other.adopt(10) for other in others))
    assert sorted((each.id, each.address) for some in found for each in some) == [
        ("id0", digest(0))
    ]
    assert await one.owned() == {"id1", "id2"}
    # One who was not heard of for a lease.
    store: Any = await another_worker(f"{postgres_url}?lease=1")
    lost: EventLog = store.event_log
    await lost.publish("id9", digest(9), FIRST)
    store._heart.cancel()  # noqa: SLF001  no heartbeat any more
    adopted: list[Any] = []
    while not adopted:
        await asyncio.sleep(0.1)
        adopted += await others[0].adopt(10)
    assert [each.id for each in adopted] == ["id9"]
    assert not await lost.append("id9", change(1))
    assert await others[0].append("id9", change(1))
    assert not await lost.adopt(10)
    await store.aclose()


async def test_a_commit_that_may_have_been_made_is_made_once(
    logs: list[EventLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    one: Any = logs[0]
    run = one._database.run  # noqa: SLF001

    async def run_twice(work: Callable[[Any], Any], **options: Any) -> Any:
        await run(work, **options)
        return await run(work, **options)

    monkeypatch.setattr(one._database, "run", run_twice)  # noqa: SLF001
    await one.publish("a", digest(1), FIRST)
    assert await one.append("a", change(1))
    assert await one.append("a", change(2), LAST)
    assert not await one.append("a", change(3))
    monkeypatch.undo()
    assert [entry.kind for entry in await one.read(0)] == ["snapshot", "change", "change", "done"]


async def test_a_look_up_is_unread_when_no_process_attends_to_it_any_more(
    logs: list[EventLog],
) -> None:
    one, other, _ = logs
    for n, name in enumerate("abcd"):
        await one.publish(name, digest(n), FIRST)
    await one.attend(["a", "b"], 0.0)
    await other.attend(["b", "c"], 60.0)
    await one.append("c", LAST)
    await one.attend(["b"], 0.0)
    assert await one.unread() == ["a"]
    assert not await other.unread()


async def test_old_look_ups_are_forgotten(logs: list[EventLog]) -> None:
    await logs[0].publish("a", digest(1), FIRST)
    await logs[1].forget(60.0)
    assert len(await logs[2].read(0)) == 1
    await logs[1].forget(0.0)
    assert not await logs[2].read(0)
    assert await logs[2].last() == 1


async def test_what_was_shown_of_an_address_is_erased_with_its_result(
    logs: list[EventLog], postgres_url: str
) -> None:
    for n, name in enumerate("abc"):
        await logs[0].publish(name, digest(n), FIRST)
    for name in "ab":
        await logs[0].append(name, LAST)
    url = parse_database_url(f"{postgres_url}?job=june")
    await asyncio.to_thread(forget, url, digests=[digest(1), digest(2)])
    # What is running has nothing to erase yet.
    assert {entry.id for entry in await logs[1].read(0)} == {"a", "c"}
    await asyncio.to_thread(forget, url, before="2020-01-01T00:00:00+00:00")
    assert {entry.id for entry in await logs[1].read(0)} == {"a", "c"}
    await asyncio.to_thread(forget, url)
    assert {entry.id for entry in await logs[1].read(0)} == {"c"}


async def test_nothing_of_it_is_in_clear(
    logs: list[EventLog], postgres_server: PostgresServer, postgres_url: str
) -> None:
    shown = Shown("change", b'{"street": "1420 WASHINGTON BLVD", "more": "1420 WASHINGTON BLVD"}')
    await logs[0].publish("a", digest(1), FIRST)
    await logs[0].append("a", shown)
    name = postgres_url.rpartition("/")[2]
    kept = postgres_server.query("SELECT payload FROM hum.event ORDER BY position DESC", name)
    first = bytes.fromhex(kept.splitlines()[0].removeprefix("\\x"))
    assert b"WASHINGTON" not in first
    assert zlib.decompress(first) == shown.payload


async def test_a_commit_wakes_the_others(
    logs: list[EventLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "ASK_EVERY", 1000.0)
    monkeypatch.setattr(listening, "TRY_OUT", 1000.0)
    async with watching(logs[1]) as woken:
        await woken.wait()  # it listens, as it has heard itself
        await asyncio.sleep(0.1)
        woken.clear()
        await logs[0].publish("a", digest(1), FIRST)
        await woken.wait()


@pytest.fixture
def pooled(postgres_server: PostgresServer, postgres_url: str) -> AbstractAsyncContextManager[str]:
    @asynccontextmanager
    async def pooled() -> AsyncIterator[str]:
        with PgBouncer(postgres_server) as pooler:
            yield pooler.url(postgres_url.rpartition("/")[2])

    return pooled()


async def test_behind_a_pooler_it_asks_instead(
    pooled: AbstractAsyncContextManager[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "TRY_OUT", 0.1)
    async with pooled as url, AsyncExitStack() as stack:
        stores: list[Any] = [await another_worker(url) for _ in range(2)]
        for store in stores:
            stack.push_async_callback(store.aclose)
            await store.event_log.secret()
        async with watching(stores[1].event_log) as woken:
            for _ in range(3):
                await woken.wait()
                woken.clear()
            await stores[0].event_log.publish("a", digest(1), FIRST)
            assert await stores[0].event_log.append("a", LAST)
            await woken.wait()
            assert len(await stores[1].event_log.read(0)) == 2
