"""The shared rate-limit semaphore: concurrency, pace and pause in one strictly fair queue."""

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from hum_async import (
    Address,
    AsyncSessionWatcher,
    ConfigurationError,
    HumClient,
    HumError,
    Limiter,
    Outcome,
    Priority,
    RateLimiter,
    RawResponse,
    RequestTimeout,
    RetryPolicy,
    UpdateKind,
)
from hum_async.bulk import qualify
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

virtual = pytest.mark.virtual


def now() -> float:
    return asyncio.get_running_loop().time()


class Crowd:
    """Tasks that each take one slot; remembers who went when."""

    def __init__(self, limiter: RateLimiter, *, hold: float = 0.0) -> None:
        self.limiter = limiter
        self.hold = hold
        self.went: list[tuple[int, float]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def _go(self, who: int) -> None:
        async with self.limiter.slot():
            self.went.append((who, now()))
            await asyncio.sleep(self.hold)

    def join(self, size: int = 1) -> list[asyncio.Task[None]]:
        new = [
            asyncio.get_running_loop().create_task(self._go(len(self.tasks) + index))
            for index in range(size)
        ]
        self.tasks += new
        return new

    async def done(self) -> list[float]:
        await asyncio.gather(*self.tasks, return_exceptions=True)
        return self.times

    @property
    def times(self) -> list[float]:
        return [when for _, when in self.went]

    @property
    def order(self) -> list[int]:
        return [who for who, _ in self.went]


@asynccontextmanager
async def held(limiter: RateLimiter) -> AsyncIterator[None]:
    async with limiter.slot():
        yield


@virtual
async def test_slots_follow_the_rate_one_after_the_other() -> None:
    crowd = Crowd(RateLimiter(rate=10))
    crowd.join(5)
    assert await crowd.done() == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert crowd.order == [0, 1, 2, 3, 4]


@virtual
async def test_a_burst_goes_together_after_a_rest() -> None:
    crowd = Crowd(RateLimiter(rate=10, burst=3))
    crowd.join(5)
    assert await crowd.done() == pytest.approx([0.0, 0.0, 0.0, 0.1, 0.2])


@virtual
async def test_no_more_are_under_way_than_the_concurrency() -> None:
    crowd = Crowd(RateLimiter(rate=math.inf, concurrency=2), hold=1.0)
    crowd.join(6)
    await asyncio.sleep(0.5)
    statistics = crowd.limiter.statistics()
    assert (statistics.in_use, statistics.waiting, statistics.rate) == (2, 4, None)
    assert await crowd.done() == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]


@virtual
async def test_who_comes_first_goes_first_whatever_happens_meanwhile() -> None:
    crowd = Crowd(RateLimiter(rate=7, concurrency=3), hold=0.3)
    for _ in range(10):
        crowd.join(4)
        await asyncio.sleep(0.11)
    crowd.limiter.throttled(1.0)
    crowd.join(4)
    await crowd.done()
    assert crowd.order == list(range(44))


@virtual
async def test_time_lost_to_concurrency_is_not_made_up_for_in_one_go() -> None:
    limiter = RateLimiter(rate=50, concurrency=10)
    first, then = Crowd(limiter, hold=2.0), Crowd(limiter)
    first.join(10)
    await asyncio.sleep(0.5)
    then.join(30)
    await first.done()
    times = sorted(await then.done())
    # Never two of them closer than the rate of 50/s allows.
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.02 - 1e-6


@virtual
@pytest.mark.parametrize("cancelled", [0, 1, 5])
async def test_holders_that_end_together_are_not_followed_by_a_herd(cancelled: int) -> None:
    limiter = RateLimiter(rate=50, concurrency=10)
    at: list[float] = []

    async def go() -> None:
        async with limiter.slot():
            at.append(now())
            await asyncio.sleep(2.0 - now() if now() < 2.0 else 0.0)

    tasks = [asyncio.get_running_loop().create_task(go()) for _ in range(40)]
    await asyncio.sleep(1.0)
    for task in tasks[10 : 10 + cancelled]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(at) == 40 - cancelled
    assert min(later - earlier for earlier, later in itertools.pairwise(at)) >= 0.02 - 1e-6


# --- pauses ---------------------------------------------------------------------------------------


@virtual
async def test_a_throttle_pauses_everybody_for_as_long_as_asked_and_a_little_jitter() -> None:
    crowd = Crowd(RateLimiter(rate=10))
    crowd.join(3)
    await asyncio.sleep(0.05)
    crowd.limiter.throttled(4.0)
    assert 4.0 <= crowd.limiter.statistics().pause_left <= 4.4
    times = await crowd.done()
    assert times[0] == 0.0
    assert 4.05 <= times[1] <= 4.46
    assert times[2] - times[1] >= 0.1 - 1e-6


@virtual
async def test_a_shorter_pause_never_opens_the_gate_early() -> None:
    limiter = RateLimiter(rate=10)
    limiter_bound = Crowd(limiter)
    limiter_bound.join()
    await limiter_bound.done()
    limiter.throttled(10.0)
    await asyncio.sleep(1.0)
    limiter.throttled(0.0)
    limiter.throttled(None)
    crowd = Crowd(limiter)
    crowd.join()
    assert (await crowd.done())[0] >= 10.0


@virtual
@pytest.mark.parametrize("asked", [301.0, 410_400.0, math.inf])
async def test_no_pause_is_longer_than_five_minutes(asked: float) -> None:
    crowd = Crowd(RateLimiter(rate=10))
    async with crowd.limiter.slot():
        crowd.limiter.throttled(asked)
    crowd.join()
    assert (await crowd.done())[0] <= 300.1


@virtual
async def test_paused_seconds_add_up_and_show_in_the_statistics() -> None:
    limiter = RateLimiter(rate=10)
    async with held(limiter):
        assert limiter.paused_seconds() == 0.0
        for _ in range(3):
            limiter.throttled(2.0)
            left = limiter.statistics().pause_left
            await asyncio.sleep(left / 2)
            limiter.throttled(0.0)
            await asyncio.sleep(left / 2)
            await asyncio.sleep(5.0)
        statistics = limiter.statistics()
    assert statistics.throttled == 6
    assert statistics.paused_seconds == pytest.approx(limiter.paused_seconds())
    assert 6.0 <= statistics.paused_seconds <= 6.6
    assert statistics.pause_left == 0.0


@virtual
@pytest.mark.parametrize("burst", [1, 5])
async def test_the_end_of_a_pause_is_no_herd(burst: int) -> None:
    crowd = Crowd(RateLimiter(rate=10, burst=burst, concurrency=50))
    async with crowd.limiter.slot():
        await asyncio.sleep(10.0)
        crowd.limiter.throttled(2.0)
    crowd.join(10)
    times = await crowd.done()
    assert times[0] >= 12.0
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) >= 0.1 - 1e-6


@virtual
@pytest.mark.parametrize("burst", [1, 5])
async def test_the_end_of_a_pause_is_no_herd_at_a_discovered_rate_either(burst: int) -> None:
    crowd = Crowd(RateLimiter(burst=burst, concurrency=50))
    async with crowd.limiter.slot():
        await asyncio.sleep(10.0)
        crowd.limiter.throttled(2.0)
    crowd.join(10)
    times = await crowd.done()
    # 5/s, cut to 3.5/s by the throttle.
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) >= 1 / 3.5 - 1e-6


@virtual
async def test_slots_that_a_throttle_takes_back_in_the_same_tick_are_not_saved_up() -> None:
    limiter = RateLimiter(rate=10, burst=5, concurrency=5)
    crowd = Crowd(limiter)

    async def hold(end: float, *, throttle: bool) -> None:
        async with limiter.slot():
            await asyncio.sleep(end - now())
            if throttle:
                limiter.throttled(2.0)

    await asyncio.sleep(1.0)
    holders = [
        asyncio.get_running_loop().create_task(hold(10.0, throttle=index == 4))
        for index in range(5)
    ]
    await asyncio.sleep(1.0)
    crowd.join(10)
    await asyncio.gather(*holders)
    times = await crowd.done()
    inside = [when for when in times if 10.0 < when < 12.0]
    assert not inside
    after = [when for when in times if when >= 12.0]
    gaps = [later - earlier for earlier, later in itertools.pairwise(after)]
    assert len(after) >= 6
    assert min(gaps) >= 0.1 - 1e-6
    assert crowd.order == list(range(10))


# --- cancellation ---------------------------------------------------------------------------------


@virtual
async def test_a_cancelled_waiter_costs_nothing() -> None:
    crowd = Crowd(RateLimiter(rate=10))
    crowd.join(5)
    await asyncio.sleep(0.05)
    for index in (1, 3):
        crowd.tasks[index].cancel()
    assert await crowd.done() == pytest.approx([0.0, 0.1, 0.2])
    assert crowd.order == [0, 2, 4]
    statistics = crowd.limiter.statistics()
    assert (statistics.granted, statistics.in_use, statistics.waiting) == (3, 0, 0)


@virtual
async def test_a_waiter_that_is_released_and_cancelled_in_the_same_tick_gives_its_slot_back() -> (
    None
):
    limiter = RateLimiter(rate=10, concurrency=1)
    crowd = Crowd(limiter)
    async with limiter.slot():
        first, second = crowd.join(2)
        await asyncio.sleep(1.0)
    # Leaving the block has granted the first waiter, which has not run yet.
    assert limiter.statistics().in_use == 1
    first.cancel()
    assert await crowd.done() == [1.0]
    assert second.done()
    assert crowd.order == [1]
    statistics = limiter.statistics()
    assert (statistics.granted, statistics.in_use, statistics.waiting) == (2, 0, 0)


@virtual
async def test_a_waiter_that_is_cancelled_and_then_released_in_the_same_tick_costs_nothing() -> (
    None
):
    limiter = RateLimiter(rate=10, concurrency=1)
    crowd = Crowd(limiter)
    async with limiter.slot():
        first, _ = crowd.join(2)
        await asyncio.sleep(1.0)
        # From here on its future is cancelled, but it has not run yet when the slot is given back.
        first.cancel()
    assert await crowd.done() == [1.0]
    assert crowd.order == [1]
    statistics = limiter.statistics()
    assert (statistics.granted, statistics.in_use, statistics.waiting) == (2, 0, 0)


@virtual
async def test_a_waiter_that_is_cancelled_in_the_tick_of_the_timer_costs_nothing() -> None:
    limiter = RateLimiter(rate=1)
    crowd = Crowd(limiter)

    def cancel_second() -> None:
        crowd.tasks[1].cancel()

    # Made before the pacer's timer, and due with it.
    asyncio.get_running_loop().call_at(1.0, cancel_second)
    crowd.join(3)
    times = await crowd.done()
    assert crowd.order == [0, 2]
    assert times == pytest.approx([0.0, 1.0])
    statistics = limiter.statistics()
    assert (statistics.granted, statistics.in_use, statistics.waiting) == (2, 0, 0)


@virtual
async def test_a_waiter_that_the_timer_released_and_somebody_cancelled_gives_its_pace_back() -> (
    None
):
    limiter = RateLimiter(rate=1)
    crowd = Crowd(limiter)
    crowd.join(3)
    # This timer is due with the pacer's, and made after it: it runs in the same tick.
    await asyncio.sleep(0.5)
    asyncio.get_running_loop().call_at(1.0, crowd.tasks[1].cancel)
    times = await crowd.done()
    assert crowd.order in ([0, 2], [0, 1, 2])
    if crowd.order == [0, 2]:
        assert times == pytest.approx([0.0, 1.0])
    assert limiter.statistics().granted == len(times)


@virtual
async def test_cancelling_a_crowd_of_waiters_leaves_nothing_behind() -> None:
    asyncio.get_running_loop().set_debug(False)
    limiter = RateLimiter(rate=1)
    crowd = Crowd(limiter)
    crowd.join(10_000)
    await asyncio.sleep(2.5)
    for task in crowd.tasks[:-1]:
        task.cancel()
    await crowd.done()
    assert crowd.times == [0.0, 1.0, 2.0, 3.0]
    statistics = limiter.statistics()
    assert (statistics.granted, statistics.waiting, statistics.in_use) == (4, 0, 0)


@virtual
async def test_an_error_in_the_body_gives_the_slot_back() -> None:
    limiter = RateLimiter(rate=math.inf, concurrency=1)
    for _ in range(3):
        with pytest.raises(KeyError):
            async with limiter.slot():
                raise KeyError
    assert limiter.statistics().in_use == 0


# --- a slot that is entered again -----------------------------------------------------------------


@virtual
async def test_a_slot_that_is_entered_again_goes_to_the_front() -> None:
    limiter = RateLimiter(rate=10)
    crowd = Crowd(limiter)
    slot = limiter.slot()
    async with slot:
        crowd.join(5)
        await asyncio.sleep(0.05)
        limiter.throttled(1.0)
    async with slot:
        assert not crowd.went
        assert now() >= 1.05
    await crowd.done()
    assert crowd.order == [0, 1, 2, 3, 4]


@virtual
async def test_a_slot_keeps_its_place_from_when_it_was_asked_for() -> None:
    limiter = RateLimiter(rate=math.inf, concurrency=1)
    early = limiter.slot()
    order: list[str] = []
    crowd = Crowd(limiter)

    async def enter_early() -> None:
        async with early:
            order.append("early")
            assert not crowd.went

    async with limiter.slot():
        crowd.join(2)
        await asyncio.sleep(0.1)
        task = asyncio.get_running_loop().create_task(enter_early())
        await asyncio.sleep(0.1)
    await task
    await crowd.done()
    assert order == ["early"]


# --- discovery ------------------------------------------------------------------------------------


@virtual
async def test_an_unknown_limit_is_found_and_mostly_used() -> None:
    loop = asyncio.get_running_loop()
    loop.set_debug(False)
    limiter = RateLimiter(concurrency=200)
    limit, tokens, filled = 50.0, 50.0, 0.0
    answers: list[tuple[float, int]] = []

    async def request() -> None:
        nonlocal tokens, filled
        slot = limiter.slot()
        while True:
            async with slot:
                await asyncio.sleep(0.05)
                tokens, filled = min(limit, tokens + (now() - filled) * limit), now()
                if tokens >= 1:
                    tokens -= 1
                    answers.append((now(), 200))
                    return
                answers.append((now(), 429))
                limiter.throttled(1.0)

    tasks = [loop.create_task(request()) for _ in range(3000)]
    await asyncio.gather(*tasks)
    throttled = sum(status == 429 for _, status in answers)
    assert throttled / len(answers) < 0.03
    assert 3000 / answers[-1][0] > 0.5 * limit
    assert limiter.statistics().throttled == throttled


@virtual
async def test_discovery_starts_at_five_a_second_and_doubles() -> None:
    crowd = Crowd(RateLimiter())
    crowd.join(200)
    times = await crowd.done()
    per_second = [sum(second <= when < second + 1 for when in times) for second in range(4)]
    assert per_second[0] == pytest.approx(5, abs=1)
    assert per_second[1] == pytest.approx(10, abs=1)
    assert per_second[2] == pytest.approx(20, abs=2)
    assert per_second[3] == pytest.approx(40, abs=3)


@virtual
async def test_a_bound_on_discovery_holds() -> None:
    crowd = Crowd(RateLimiter(max_rate=8))
    crowd.join(60)
    await crowd.done()
    assert crowd.limiter.statistics().rate == 8


# --- the object -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"concurrency": 0},
        {"burst": 0},
        {"rate": 0.0},
        {"rate": -1.0},
        {"rate": math.nan},
        {"max_rate": 0.0},
    ],
)
def test_a_limiter_that_could_never_grant_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RateLimiter(**wrong)  # type: ignore[arg-type]


def test_it_can_be_looked_at_before_and_outside_of_any_loop() -> None:
    limiter = RateLimiter(rate=20)
    assert limiter.paused_seconds() == 0.0
    assert limiter.statistics().granted == 0
    assert "rate=20" in repr(limiter)


def test_a_limiter_may_serve_one_loop_after_the_other() -> None:
    limiter = RateLimiter(rate=100)

    async def use() -> None:
        async with limiter.slot():
            limiter.throttled(250.0)

    async def pass_through() -> None:
        async with limiter.slot():
            pass

    asyncio.run(use())
    asyncio.run(asyncio.wait_for(pass_through(), 5.0))
    assert limiter.statistics().granted == 2


def test_a_limiter_in_use_on_one_loop_is_refused_on_another() -> None:
    limiter = RateLimiter()

    async def enter() -> None:
        async with limiter.slot():
            pass

    async def outer() -> None:
        async with limiter.slot():
            with pytest.raises(ConfigurationError, match="another event loop"):
                await asyncio.to_thread(asyncio.run, enter())

    asyncio.run(outer())


async def test_a_free_slot_is_granted_without_a_trip_through_the_loop() -> None:
    limiter = RateLimiter(rate=math.inf)
    ran: list[int] = []
    asyncio.get_running_loop().call_soon(ran.append, 1)
    async with limiter.slot():
        assert not ran


def test_it_works_on_uvloop_whose_timers_do_not_tell_when_they_fire() -> None:
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")

    async def use() -> int:
        limiter = RateLimiter(rate=2_000, concurrency=4)

        async def attempt() -> None:
            async with limiter.slot():
                await asyncio.sleep(0)

        await asyncio.gather(*(attempt() for _ in range(200)))
        return limiter.statistics().granted

    loop = uvloop.new_event_loop()
    try:
        assert loop.run_until_complete(use()) == 200
    finally:
        loop.close()


# --- between the grant and the start --------------------------------------------------------------


@virtual
async def test_a_refusal_between_the_grant_and_the_start_of_an_attempt_holds_it_back() -> None:
    limiter = RateLimiter(rate=1000, concurrency=1)
    crowd = Crowd(limiter)
    async with held(limiter):
        crowd.join()
        await asyncio.sleep(0.5)
    # Leaving the block has granted the waiter, which has not run yet.
    assert limiter.statistics().in_use == 1
    limiter.throttled(5.0)
    (went,) = await crowd.done()
    assert 5.5 <= went <= 6.0 + 1e-6


# --- a limiter of one's own -----------------------------------------------------------------------


class OneAtATime(Limiter):
    """A limiter that says nothing but who may go."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()

    def slot(self) -> AbstractAsyncContextManager[object]:
        return self.lock


class Listening(OneAtATime):
    """One that writes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []

    def throttled(self, retry_after: float | None) -> None:
        self.told.append(retry_after)


class Informed(Listening):
    """One that hears of every answer."""

    def answered(self, **answer: Any) -> None:
        self.told.append(answer)


def served(request: SentRequest) -> RawResponse:
    token = "new" if request.method == "POST" else request.path.split("/")[2]
    return json_response(
        200, session_json(token, providers=[], geocoding="matched", internet="failed")
    )


REFUSED = json_response(429, {"message": "slow"}, headers={"Retry-After": "7"})
BROKEN = json_response(500, {"message": "broken"})


def in_turn(*answers: RawResponse | HumError) -> ScriptedTransport:
    left = list(answers)
    return ScriptedTransport(lambda sent: left.pop(0) if left else served(sent), latency=1.0)


@virtual
async def test_slot_is_all_that_a_limiter_of_ones_own_needs() -> None:
    transport = in_turn(REFUSED, BROKEN)
    address = Address("1 Main St", zip="48226")
    async with HumClient(transport=transport, limiter=OneAtATime()) as hum:
        assert (await hum.get_session("a")).agents["internet"] == "failed"
        async with AsyncSessionWatcher(hum) as watcher:
            ends = [update async for update in watcher.watch(["b", "c"]) if update.is_terminal]
        assert {update.kind for update in ends} == {UpdateKind.COMPLETED}
        assert (await hum.lookup(address)).outcome == Outcome.NO_PROVIDERS
        (found,) = [found async for found in qualify(hum, [address])]
        assert found.outcome == Outcome.NO_PROVIDERS
    assert transport.most_in_flight == 1


class CountingSlots(RateLimiter):
    """A limiter whose user has changed nothing but `slot`."""

    slots = 0

    def slot(self, *, priority: Priority = Priority.NORMAL) -> Any:
        self.slots += 1
        return super().slot(priority=priority)


@virtual
async def test_who_overrides_slot_is_asked_for_every_slot() -> None:
    limiter, transport = CountingSlots(rate=1000), in_turn()
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum) as watcher,
    ):
        ends = [update async for update in watcher.watch(["b", "c"]) if update.is_terminal]
    assert len(ends) == 2
    assert limiter.slots >= len(transport.requests) == 2


@virtual
async def test_by_default_a_limiter_hears_of_refusals_alone() -> None:
    limiter = Listening()
    throttle = json_response(503, headers={"Retry-After": "3"})
    transport = in_turn(REFUSED, BROKEN, throttle, json_response(429), json_response(503))
    async with HumClient(transport=transport, limiter=limiter) as hum:
        await hum.get_session("a")
    assert limiter.told == [7.0, 3.0, None]


@virtual
async def test_a_limiter_hears_of_each_answer_once_in_order_and_of_nothing_else() -> None:
    limiter = Informed()
    transport = in_turn(REFUSED, BROKEN, RequestTimeout("too late"))
    async with HumClient(transport=transport, limiter=limiter, retry=RetryPolicy(base=0.0)) as hum:
        await hum.get_session("a")
    sent = [request.at for request in transport.requests]
    assert [(told["sent"], told["status"]) for told in limiter.told] == [
        (sent[0], 429),
        (sent[1], 500),
        (sent[3], 200),
    ]
    assert [(told["refused"], told["retry_after"]) for told in limiter.told] == [
        (True, 7.0),
        (False, None),
        (False, None),
    ]
    assert limiter.told[0]["headers"]["retry-after"] == "7"


# --- priorities -----------------------------------------------------------------------------------


@virtual
async def test_urgent_ones_go_first_and_equals_in_order_and_nobody_starves() -> None:
    limiter = RateLimiter(rate=10)
    went: list[tuple[Priority, int]] = []

    async def go(priority: Priority, number: int) -> None:
        async with limiter.slot(priority=priority):
            went.append((priority, number))

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            for priority in reversed(Priority):
                group.create_task(go(priority, number))
    for priority in Priority:
        assert [number for each, number in went if each is priority] == list(range(50))
    # 50 urgent ones are 80 % of the first 62 turns.
    first = Counter(priority for priority, _ in went[:62])
    assert first[Priority.INTERACTIVE] >= 49
    assert min(first[Priority.NORMAL], first[Priority.BULK]) >= 5
    assert now() == pytest.approx(14.9)


@virtual
async def test_an_urgent_one_that_comes_late_goes_next_and_costs_the_others_no_time() -> None:
    limiter = RateLimiter(rate=10)
    went: list[tuple[str, float]] = []

    async def go(who: str, priority: Priority, after: float = 0.0) -> None:
        await asyncio.sleep(after)
        async with limiter.slot(priority=priority):
            went.append((who, now()))

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(go(str(number), Priority.BULK))
        group.create_task(go("person", Priority.INTERACTIVE, after=0.55))
    assert [who for who, _ in went[5:8]] == ["5", "person", "6"]
    assert [at for _, at in went] == [pytest.approx(number / 10) for number in range(21)]


@virtual
async def test_a_throttled_request_goes_to_the_front_of_its_own_priority() -> None:
    limiter = RateLimiter(rate=10, least_share=0.0)
    went: list[str] = []
    slot = limiter.slot(priority=Priority.BULK)
    async with slot:
        limiter.throttled(1.0)

    async def go(who: str, slot: AbstractAsyncContextManager[object]) -> None:
        async with slot:
            went.append(who)

    async with asyncio.TaskGroup() as group:
        group.create_task(go("bulk", limiter.slot(priority=Priority.BULK)))
        group.create_task(go("urgent", limiter.slot(priority=Priority.INTERACTIVE)))
        group.create_task(go("throttled", slot))
    assert went == ["urgent", "throttled", "bulk"]


@virtual
async def test_urgent_ones_that_give_up_leave_their_turns_to_the_others() -> None:
    limiter = RateLimiter(rate=10)
    async with asyncio.TaskGroup() as group:
        urgent = [group.create_task(_take(limiter, Priority.INTERACTIVE, [])) for _ in range(100)]
        went: list[float] = []
        for _ in range(5):
            group.create_task(_take(limiter, Priority.BULK, went))
        await asyncio.sleep(0.35)
        for task in urgent:
            task.cancel()
    assert went == [pytest.approx(0.4 + number / 10) for number in range(5)]
    assert limiter.statistics().waiting == 0


async def _take(limiter: RateLimiter, priority: Priority, went: list[float]) -> None:
    async with limiter.slot(priority=priority):
        went.append(now())


@virtual
async def test_a_limiter_of_ones_own_that_knows_no_priorities_is_asked_without() -> None:
    class Plain(Limiter):
        def __init__(self) -> None:
            self.slots = 0

        def slot(self) -> AbstractAsyncContextManager[object]:  # type: ignore[override]
            self.slots += 1
            return asyncio.Lock()

    class Asked(Limiter):
        def __init__(self) -> None:
            self.priorities: list[Priority] = []

        def slot(
            self, *, priority: Priority = Priority.NORMAL
        ) -> AbstractAsyncContextManager[object]:
            self.priorities.append(priority)
            return asyncio.Lock()

    plain, asked = Plain(), Asked()
    for limiter in (plain, asked):
        async with HumClient(transport=ScriptedTransport(served_at_once), limiter=limiter) as hum:
            await hum.get_session("a-token")
            await hum.lookup(Address("1 A St", zip="48226"))
            await hum.with_options(priority=Priority.BULK).get_session("a-token")
            async for _ in qualify(hum, [Address("2 A St", zip="48226")]):
                pass
            async with AsyncSessionWatcher(hum) as watcher:
                async for _ in watcher.watch(["a-token"]):
                    pass
    assert plain.slots == len(asked.priorities)
    assert [priority for priority, _ in itertools.groupby(asked.priorities)] == [
        Priority.NORMAL,
        Priority.INTERACTIVE,
        Priority.BULK,
        Priority.NORMAL,
    ]


def served_at_once(request: SentRequest) -> RawResponse:
    token = "a-token" if request.method == "POST" else request.path.split("/")[2]
    provider = {"provider_name": "Fiber", "offerings": []}
    body = session_json(token, providers=[provider], geocoding="matched", internet="matched")
    return json_response(201 if request.method == "POST" else 200, body)


@pytest.mark.parametrize("share", [-0.1, 0.34, math.nan])
def test_a_share_that_cannot_be_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="least_share"):
        RateLimiter(least_share=share)
