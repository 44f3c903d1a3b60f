"""Several limiters share one limit: in virtual time, through a store in memory."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from counting import jain, most_in, per_second
from memory_register import MemoryStore

from hum_async import ConfigurationError, HumClient, LimiterStatistics, Priority, RateLimiter
from hum_async.shared import SharedRateLimiter
from hum_async.testing import ScriptedTransport

pytestmark = [pytest.mark.virtual, pytest.mark.busy]


@attrs.define
class Fleet:
    """Processes under load, and what each of them has sent."""

    limiters: list[SharedRateLimiter]
    sent: list[list[float]]

    def times(self) -> list[float]:
        return [at for each in self.sent for at in each]


async def send_until(
    end: float, limiter: RateLimiter, sent: list[float], priority: Priority = Priority.BULK
) -> None:
    loop = asyncio.get_running_loop()
    while loop.time() < end:
        async with limiter.slot(priority=priority):
            sent.append(loop.time())
            await asyncio.sleep(0.02)


@asynccontextmanager
async def saturated(
    store: MemoryStore, processes: int, seconds: float, **options: Any
) -> AsyncIterator[Fleet]:
    """Run processes with more to send than they may, until `seconds`."""
    limiters = [SharedRateLimiter(store.register(), **options) for _ in range(processes)]
    fleet = Fleet(limiters, [[] for _ in limiters])
    end = asyncio.get_running_loop().time() + seconds
    async with asyncio.TaskGroup() as tasks:
        for limiter, sent in zip(limiters, fleet.sent, strict=True):
            for _ in range(40):
                tasks.create_task(send_until(end, limiter, sent))
        yield fleet
    for limiter in limiters:
        await limiter.aclose()


@pytest.mark.parametrize("round_trip", [0.001, 0.04])
async def test_processes_share_one_rate_evenly(round_trip: float) -> None:
    store = MemoryStore(round_trip=round_trip)
    async with saturated(store, 4, 8.0, rate=200.0) as fleet:
        await asyncio.sleep(4.0)
        assert [each.statistics().processes for each in fleet.limiters] == [4] * 4
    assert all(190 <= each <= 210 for each in per_second(fleet.times(), 8)[1:])
    assert most_in(fleet.times(), 1.0) <= 215
    assert jain([len(each) for each in fleet.sent]) >= 0.99
    exchanges = sum(each.statistics().exchanges for each in fleet.limiters)
    assert exchanges <= 15 * 8


async def test_an_interactive_request_of_one_process_goes_before_the_jobs_of_all() -> None:
    store, loop = MemoryStore(), asyncio.get_running_loop()
    limiter = SharedRateLimiter(store.register(), rate=200.0)
    async with saturated(store, 3, 10.0, rate=200.0) as fleet, limiter:
        waits = []
        while loop.time() < 9.0:
            asked = loop.time()
            async with limiter.slot(priority=Priority.INTERACTIVE):
                waits.append(loop.time() - asked)
            await asyncio.sleep(0.17)
    assert sorted(waits)[int(0.95 * len(waits))] <= 0.3
    assert sum(per_second(fleet.times(), 10)) >= 0.95 * 200 * 10 - len(waits)


async def test_a_saturated_hub_leaves_jobs_of_other_processes_a_tenth() -> None:
    store = MemoryStore()
    hub, sent = SharedRateLimiter(store.register(), rate=100.0), list[float]()
    async with saturated(store, 2, 10.0, rate=100.0) as fleet, asyncio.TaskGroup() as tasks:
        for _ in range(40):
            tasks.create_task(send_until(10.0, hub, sent, Priority.INTERACTIVE))
    await hub.aclose()
    jobs = [at for at in fleet.times() if 3.0 <= at < 10.0]
    people = [at for at in sent if 3.0 <= at < 10.0]
    assert len(jobs) + len(people) >= 0.95 * 700
    assert 0.05 * 700 <= len(jobs) <= 0.35 * 700


async def test_a_refusal_pauses_every_process() -> None:
    store, loop = MemoryStore(), asyncio.get_running_loop()
    async with saturated(store, 3, 6.0, rate=100.0) as fleet:
        await asyncio.sleep(2.0)
        fleet.limiters[0].throttled(2.0)
    assert loop.time() >= 6.0
    quiet = [at for at in fleet.times() if 2.45 <= at < 4.0]
    assert not quiet
    assert [at for at in fleet.sent[1] if 4.0 <= at < 5.0]
    assert all(1.5 <= each.paused_seconds() <= 2.3 for each in fleet.limiters)
    assert [each.statistics().throttled for each in fleet.limiters] == [1, 0, 0]


async def test_an_unknown_limit_is_found_together() -> None:
    store, loop = MemoryStore(), asyncio.get_running_loop()
    limiters = [SharedRateLimiter(store.register(), concurrency=64) for _ in range(3)]
    level, served_at, refused = [0.0, 10.0], list[float](), list[float]()

    async def request(limiter: SharedRateLimiter) -> None:
        async with limiter.slot(priority=Priority.BULK):
            sent = loop.time()
            await asyncio.sleep(0.01)
            now = loop.time()
            level[:] = now, min(10.0, level[1] + (now - level[0]) * 40.0)
            (served_at if level[1] >= 1.0 else refused).append(now)
            served = level[1] >= 1.0
            level[1] -= served
            await asyncio.sleep(0.01)
            limiter.answered(
                sent=sent,
                status=200 if served else 429,
                headers={},
                refused=not served,
                retry_after=None if served else 1.0,
            )

    async def work(limiter: SharedRateLimiter) -> None:
        while loop.time() < 40.0:
            await request(limiter)

    async with asyncio.TaskGroup() as tasks:
        for limiter in limiters:
            for _ in range(40):
                tasks.create_task(work(limiter))
    second_half = [at for at in served_at if 20.0 <= at < 40.0]
    assert len(second_half) >= 0.9 * 40 * 20
    assert len(refused) <= 0.03 * len(served_at)
    for limiter in limiters:
        found = limiter.found_rate
        assert found is not None
        assert 30 <= found <= 50
        await limiter.aclose()


async def test_a_lost_store_is_no_error_and_each_goes_on_with_its_share(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "hum_async.limits")
    store = MemoryStore()
    async with saturated(store, 4, 16.0, rate=200.0) as fleet:
        await asyncio.sleep(4.0)
        store.lost, store.state = True, None
        await asyncio.sleep(3.0)
        alone = fleet.limiters[0].statistics()
        assert alone.alone is not None
        assert 2.0 <= alone.alone <= 3.0
        assert (alone.processes, alone.rate) == (4, 200.0)
        await asyncio.sleep(3.0)
        store.lost = False
        await asyncio.sleep(3.0)
        assert fleet.limiters[0].statistics().alone is None
    assert all(180 <= each <= 240 for each in per_second(fleet.times(), 16)[1:])
    said = [record.message for record in caplog.records]
    assert sum("goes on alone, as one of 4" in each for each in said) == 4
    assert sum("is back" in each for each in said) == 4


async def test_the_first_one_back_restores_what_was_found() -> None:
    store = MemoryStore()
    async with SharedRateLimiter(store.register()) as one:
        one.resume(70.0)
        async with one.slot():
            pass
        assert one.statistics().rate == 70.0
        store.state = None
        await asyncio.sleep(30.0)  # it is heard of again, without a request
        async with SharedRateLimiter(store.register()) as other:
            async with other.slot():
                pass
            assert other.statistics().rate == 70.0
            assert other.statistics().processes == 2


async def test_a_pause_outlives_the_store() -> None:
    store, loop = MemoryStore(), asyncio.get_running_loop()
    async with SharedRateLimiter(store.register(), rate=50.0) as limiter:
        async with limiter.slot():
            pass
        limiter.throttled(10.0)
        await asyncio.sleep(0.1)
        store.state, store.offset = None, 5e8  # another server, with another clock
        async with limiter.slot():
            assert 10.0 <= loop.time() <= 11.5


async def test_a_clock_that_is_set_back_stops_nobody() -> None:
    store, loop = MemoryStore(), asyncio.get_running_loop()
    async with SharedRateLimiter(store.register(), rate=50.0) as limiter:
        async with limiter.slot():
            pass
        store.offset -= 3600.0
        await asyncio.sleep(1.0)
        for _ in range(50):
            async with limiter.slot():
                pass
        assert loop.time() <= 2.5


async def test_instants_that_pass_unused_are_made_up_for() -> None:
    store, loop = MemoryStore(), asyncio.get_running_loop()
    sent: list[float] = []
    limiters = [SharedRateLimiter(store.register(), rate=100.0) for _ in range(2)]

    async def stalls() -> None:
        # A busy process: its loop is late by a tenth of a second, again and again.
        assert hasattr(loop, "jump")
        while loop.time() < 10.0:
            await asyncio.sleep(0.3)
            loop.jump(0.1)

    async with asyncio.TaskGroup() as tasks:
        for limiter in limiters:
            for _ in range(40):
                tasks.create_task(send_until(10.0, limiter, sent))
        tasks.create_task(stalls())
    assert sum(per_second(sent, 10)) >= 0.9 * 100 * 10
    assert most_in(sent, 1.0) <= 125
    for limiter in limiters:
        await limiter.aclose()


async def test_the_lowest_rate_that_a_process_gives_holds() -> None:
    store, loop = MemoryStore(), asyncio.get_running_loop()
    async with SharedRateLimiter(store.register(), rate=10.0) as slow:
        async with slow.slot():
            pass
        async with SharedRateLimiter(store.register(), rate=100.0) as quick:
            began = loop.time()
            for _ in range(11):
                async with quick.slot():
                    pass
            assert loop.time() - began >= 0.9
            assert quick.statistics().rate == 10.0


async def test_its_statistics_are_those_of_a_rate_limiter_and_more() -> None:
    limiter = SharedRateLimiter(MemoryStore().register(), rate=20.0)
    async with limiter, limiter.slot():
        now = limiter.statistics()
    assert isinstance(now, LimiterStatistics)
    assert (now.in_use, now.granted, now.rate, now.processes, now.alone) == (1, 1, 20.0, 1, None)
    assert now.exchanges >= 1
    assert "processes=" in repr(limiter)
    assert isinstance(limiter, RateLimiter)


async def test_a_cancelled_waiter_costs_nothing() -> None:
    store, loop = MemoryStore(), asyncio.get_running_loop()
    async with SharedRateLimiter(store.register(), rate=10.0) as limiter:

        async def one() -> None:
            async with limiter.slot():
                pass

        await one()
        waiting = [asyncio.create_task(one()) for _ in range(20)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        began = loop.time()
        await one()
        assert loop.time() - began <= 0.5
        assert limiter.statistics().in_use == limiter.statistics().waiting == 0


async def test_without_saturation_a_request_waits_for_the_store_only() -> None:
    store, loop = MemoryStore(round_trip=0.01), asyncio.get_running_loop()
    async with SharedRateLimiter(store.register(), rate=50.0) as limiter:
        for _ in range(5):
            began = loop.time()
            async with limiter.slot():
                assert loop.time() - began <= 0.05
            await asyncio.sleep(1.0)
        assert limiter.has_room()


async def test_there_is_no_room_while_all_is_leased() -> None:
    store = MemoryStore()
    async with saturated(store, 2, 3.0, rate=50.0) as fleet:
        await asyncio.sleep(2.0)
        assert not fleet.limiters[0].has_room()


async def test_it_goes_on_after_it_was_closed() -> None:
    store = MemoryStore()
    limiter = SharedRateLimiter(store.register(), rate=50.0)
    await limiter.aclose()
    for _ in range(2):
        async with limiter.slot():
            pass
        await limiter.aclose()
        await limiter.aclose()
    assert limiter.statistics().granted == 2
    assert store.state is not None
    assert b'"members":{}' in store.state


async def test_who_has_closed_it_does_not_come_back_by_itself() -> None:
    store = MemoryStore()
    limiter = SharedRateLimiter(store.register(), rate=50.0)
    async with limiter.slot():
        await limiter.aclose()
    exchanges = limiter.statistics().exchanges
    await asyncio.sleep(60.0)
    assert limiter.statistics().exchanges == exchanges
    assert store.state is not None
    assert b'"members":{}' in store.state
    async with limiter.slot():
        await asyncio.sleep(60.0)
    assert limiter.statistics().exchanges > exchanges + 2
    await limiter.aclose()


async def test_those_who_close_it_at_the_same_time_close_it_once() -> None:
    store = MemoryStore(round_trip=0.01)
    limiter = SharedRateLimiter(store.register(), rate=50.0)
    for _ in range(2):
        async with limiter.slot():
            now = asyncio.get_running_loop().time()
            limiter.answered(sent=now, status=200, headers={}, refused=False, retry_after=None)
        exchanges = limiter.statistics().exchanges
        # Errors that nobody saw fail a test when it ends.
        await asyncio.gather(*(limiter.aclose() for _ in range(3)))
        assert limiter.statistics().exchanges <= exchanges + 2
    assert limiter.statistics().alone is None
    assert store.state is not None
    assert b'"members":{}' in store.state


def test_it_is_closed_on_another_loop_than_it_was_used_on() -> None:
    store = MemoryStore()
    limiter = SharedRateLimiter(store.register(), rate=50.0)

    async def once() -> None:
        async with limiter.slot():
            pass

    asyncio.run(once())
    asyncio.run(limiter.aclose())
    assert store.state is not None
    assert b'"members":{}' in store.state


def test_one_loop_after_another_may_use_it() -> None:
    store = MemoryStore()
    limiter = SharedRateLimiter(store.register(), rate=50.0)

    async def once() -> None:
        async with limiter, limiter.slot():
            pass

    for _ in range(2):
        asyncio.run(once())
    assert limiter.statistics().granted == 2


async def test_a_state_that_something_else_wrote_is_begun_again() -> None:
    for state in (b"", b"nonsense", b"[]", b'{"version": 1}', b'{"version": 1, "members": 7}'):
        store = MemoryStore()
        store.state = state
        async with SharedRateLimiter(store.register(), rate=50.0) as limiter:
            async with limiter.slot():
                pass
            assert limiter.statistics().alone is None


@pytest.mark.parametrize(
    "damage",
    [
        {"members": None},
        {"demand": ["x", "y", "z"]},
        {"hungry": []},
        {"unused": None},
        {"controller": {}},
        {"seen": 1e308},
    ],
)
async def test_a_damaged_state_is_begun_again(damage: dict[str, Any]) -> None:
    store = MemoryStore()
    limiter = SharedRateLimiter(store.register(), rate=50.0)
    async with limiter.slot():
        pass
    assert store.state is not None
    store.state = json.dumps(json.loads(store.state) | damage).encode()
    async with SharedRateLimiter(store.register(), rate=50.0) as other:
        for _ in range(3):
            async with other.slot():
                pass
        assert other.statistics().alone is None
    await limiter.aclose()
    assert limiter.statistics().alone is None


async def test_a_state_of_another_version_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    store.state = b'{"version": 1000}'
    async with SharedRateLimiter(store.register(), rate=50.0) as limiter:
        async with limiter.slot():
            pass
        assert limiter.statistics().alone is not None
    assert store.state == b'{"version": 1000}'
    assert "written by another version" in caplog.text


async def test_clients_of_one_key_and_host_share_a_limit_whose_name_tells_neither() -> None:
    names = []
    for key, url in [("k1", "http://127.0.0.1:1"), ("k1", "http://127.0.0.1:1/"),
                     ("k2", "http://127.0.0.1:1"), ("k1", "http://127.0.0.1:2")]:  # fmt: skip
        limiter = RememberingLimiter()
        async with HumClient(key, base_url=url, limiter=limiter, transport=ScriptedTransport([])):
            pass
        names += limiter.accounts
    assert names[0] == names[1]
    assert len(set(names)) == 3
    assert not any("k1" in each or "127" in each for each in names)


class RememberingLimiter(RateLimiter):
    def __init__(self) -> None:
        super().__init__()
        self.accounts: list[str] = []

    def serves(self, account: str) -> None:
        self.accounts.append(account)


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/db", "redis", "", "redis://u:hunter2@h:port/0", "http://[::1"]
)
def test_a_store_that_is_not_known_is_said_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"use redis://.* or postgresql://") as caught:
        SharedRateLimiter(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "valkey", "postgresql"])
def test_no_password_is_shown(scheme: str) -> None:
    pytest.importorskip("redis")
    pytest.importorskip("asyncpg")
    limiter = SharedRateLimiter(f"{scheme}://user:hunter2@cache:6379/0?password=hunter2")
    assert repr(limiter).startswith(f"<SharedRateLimiter {scheme}://cache:6379/0 Shared")
    assert "hunter2" not in repr(vars(limiter))
