"""Whose turn a slot is, and what a job makes of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import Address, HumClient, LearnedPolling, Outcome, RateLimiter
from hum_async._lookups.slot_order import SlotUse
from hum_async.bulk import qualify
from hum_async.bulk.slot_scheduling import SlotScheduler
from hum_async.testing import (
    ScriptedTransport,
    SentRequest,
    json_response,
    session_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hum_async.models import RawResponse

LATE = st.none() | st.floats(0.0, 60.0)
COUNT = st.integers(0, 3000)
SITUATIONS = st.lists(st.tuples(LATE, COUNT, COUNT, st.booleans()), max_size=200)


def turns_of(situations: list[tuple[float | None, int, int, bool]]) -> list[SlotUse | None]:
    turns = SlotScheduler(many=0)
    return [
        turns.next(late=late, closing=closing, in_progress=in_progress, may_create=may_create)
        for late, closing, in_progress, may_create in situations
    ]


@given(SITUATIONS)
def test_a_slot_is_used_if_there_is_anything_to_do_and_for_something_there_is(
    situations: list[tuple[float | None, int, int, bool]],
) -> None:
    for turn, (late, closing, _, may_create) in zip(turns_of(situations), situations, strict=True):
        there_is = {
            SlotUse.POLL: late is not None,
            SlotUse.CLOSE: closing > 0,
            SlotUse.CREATE: may_create,
            None: late is None and not closing and not may_create,
        }
        assert there_is[turn]


@given(SITUATIONS, st.floats(3.001, 1e6), COUNT, COUNT)
def test_a_poll_that_is_late_goes_before_everything(
    before: list[tuple[float | None, int, int, bool]], late: float, closing: int, in_progress: int
) -> None:
    assert turns_of([*before, (late, closing, in_progress, True)])[-1] is SlotUse.POLL


@given(SITUATIONS, st.sampled_from([None, 0.0, 2.9]), st.integers(1, 300), st.integers(1, 12))
def test_openings_get_their_share_of_the_slots_and_no_more_whatever_was_before(
    before: list[tuple[float | None, int, int, bool]], late: float | None, slots: int, cost: int
) -> None:
    turns = SlotScheduler(many=0)
    for situation in before:
        turns.next(
            **dict(zip(("late", "closing", "in_progress", "may_create"), situation, strict=True))
        )  # type: ignore[arg-type]
    turns.cost = float(cost)
    given_ = Counter(
        turns.next(late=late, closing=10**6 + 1, in_progress=10**6, may_create=True)
        for _ in range(slots)
    )
    assert slots / cost - 1.01 <= given_[SlotUse.CREATE] <= slots / cost + SlotScheduler.MAX_CREDIT


@given(SITUATIONS)
def test_deletes_do_not_pile_up_beyond_twice_what_was_ever_open(
    before: list[tuple[float | None, int, int, bool]],
) -> None:
    most = max((in_progress for _, _, in_progress, _ in before), default=0)
    crowd = (None, max(1, 2 * most), 0, True)
    assert turns_of([*before, *[crowd] * 10])[len(before) :] == [SlotUse.CLOSE] * 10


@given(SITUATIONS, st.integers(0, 10**6))
def test_deletes_are_put_off_up_to_as_many_as_were_open_while_sessions_can_be_opened(
    before: list[tuple[float | None, int, int, bool]], closing: int
) -> None:
    turns = SlotScheduler(many=0)
    for late, closed, in_progress, may_create in before:
        turns.next(late=late, closing=closed, in_progress=in_progress, may_create=may_create)
    options: dict[str, Any] = {"late": None, "in_progress": 10**6 + 1}
    assert turns.next(closing=closing, may_create=True, **options) is SlotUse.CREATE
    # Nothing is left to be opened: the slots are theirs.
    use = turns.next(closing=closing, may_create=False, **options)
    assert use is (SlotUse.CLOSE if closing else None)


@given(st.lists(st.integers(0, 10**6), max_size=100), st.integers(1, 10))
def test_the_cost_of_an_address_is_learned_and_stays_within_reason(
    before: list[int], requests: int
) -> None:
    turns = SlotScheduler(many=0)
    for spent in before:
        turns.settled(spent)
        assert 1.0 <= turns.cost <= SlotScheduler.MAX_COST
    for _ in range(3000):
        turns.settled(requests)
    assert turns.cost == pytest.approx(requests, abs=0.1)


# --- in a job -------------------------------------------------------------------------------------


class Looked:
    """An API whose sessions are ready after some time, and when it was asked what.

    Args:
        ready: Seconds from POST to the answer; 0: the POST carries it.
        spread: Returns the same for each session, if they differ.
    """

    def __init__(self, ready: float, spread: Callable[[], float] | None = None) -> None:
        self.transport = ScriptedTransport(self._answer, latency=0.05)
        self.ready = ready
        self.spread = (lambda: ready) if spread is None else spread
        self.takes: dict[str, float] = {}
        # Seconds from POST to the poll that found the answer.
        self.found: dict[str, float] = {}
        self.calls: list[tuple[str, float]] = []
        self.opened: dict[str, float] = {}

    def _answer(self, request: SentRequest) -> RawResponse:
        now = asyncio.get_running_loop().time()
        self.calls.append((request.method, now))
        if request.method == "DELETE":
            return json_response(200, {"message": "closed"})
        token = request.path.split("/")[2] if request.method == "GET" else ""
        if not token:
            token = f"token{len(self.opened):017}"
            self.opened[token] = now
            self.takes[token] = self.spread()
        if now - self.opened[token] >= self.takes[token]:
            self.found[token] = now - self.opened[token]
            provider = {"provider_name": "Great Lakes Fiber"}
            found = session_json(
                token, providers=[provider], geocoding="matched", internet="matched"
            )
            return json_response(201 if request.method == "POST" else 200, found)
        status = 201 if request.method == "POST" else 202
        return json_response(status, session_json(token, geocoding="matched", internet="pending"))

    def per(self, seconds: float, method: str = "") -> list[int]:
        """Return how many requests came in each so many seconds."""
        found = Counter(int(at / seconds) for name, at in self.calls if method in {"", name})
        return [found[number] for number in range(max(found) + 1)]


async def looked_up(api: Looked, count: int, *, rate: float = 50.0, **options: Any) -> float:
    """Look up so many addresses; return how long that took."""
    limiter = RateLimiter(rate=rate, concurrency=256)
    rows = [Address(f"{number} Main St", zip="48226") for number in range(count)]
    async with HumClient(transport=api.transport, limiter=limiter) as client:
        async for found in qualify(client, rows, **options):
            assert found.outcome is Outcome.SERVED
    assert [name for name, _ in api.calls].count("DELETE") == count
    return asyncio.get_running_loop().time()


@pytest.mark.virtual
@pytest.mark.busy
@pytest.mark.slow
async def test_sessions_are_opened_evenly_and_no_slot_is_idle_before_the_end() -> None:
    api = Looked(9.0)
    took = await looked_up(api, 3000, rate=100.0)
    # The first are opened as fast as can be, there being nothing else to do, and their polls are
    # worked off; then a third of all slots goes to new ones.
    opened = api.per(5.0, "POST")
    assert all(120 <= count <= 220 for count in opened[9:-1])
    used = api.per(5.0)
    assert all(count >= 0.99 * 500 for count in used[: int(took / 5.0) - 3])
    assert took <= 1.15 * len(api.calls) / 100.0


@pytest.mark.virtual
@pytest.mark.busy
@pytest.mark.slow
async def test_a_wave_of_polls_is_worked_off_with_little_delay() -> None:
    api = Looked(0.5)
    late: list[float] = []

    class Told(LearnedPolling):
        def after(self, poll: Any) -> float:
            late.append(poll.waited - poll.planned)
            return super().after(poll)

    policy = Told(first=10.0, later=10.0, min_interval=10.0)
    await looked_up(api, 4000, rate=200.0, policy=policy)
    assert max(late) <= SlotScheduler.OVERDUE + 2.0
    assert sorted(late)[len(late) // 2] <= 1.0


@pytest.mark.virtual
@pytest.mark.busy
@pytest.mark.slow
async def test_addresses_that_take_many_polls_are_opened_as_much_more_slowly() -> None:
    api = Looked(19.0)
    policy = LearnedPolling(first=2.0, later=2.0, max_interval=2.0)
    took = await looked_up(api, 1000, rate=200.0, policy=policy)
    # Eight requests per address: openings take as much less.
    assert all(count <= 200 for count in api.per(5.0, "POST")[4:])
    assert all(count >= 0.99 * 1000 for count in api.per(5.0)[: int(took / 5.0) - 1])


@pytest.mark.virtual
@pytest.mark.busy
async def test_a_long_job_needs_hardly_more_than_one_poll_for_an_address() -> None:
    dice = random.Random(3)  # noqa: S311
    api = Looked(9.0, spread=lambda: 9.0 * dice.lognormvariate(0.0, 0.38))
    took = await looked_up(api, 1500)
    assert len(api.calls) / 1500 <= 3.12
    # DELETEs were put off, so that no slot is idle until the last sessions are ready.
    assert took <= 1.04 * len(api.calls) / 50.0
    # To look late brings hardly any answer beyond the 30 s for which the API asks to poll.
    assert sum(after > 30.1 for after in api.found.values()) <= 0.004 * 1500


@pytest.mark.virtual
@pytest.mark.parametrize(("count", "polls"), [(1, 3), (3, 9), (40, 60)])
async def test_few_sessions_are_looked_at_often_and_many_seldom(count: int, polls: int) -> None:
    api = Looked(9.0)
    await looked_up(api, count)
    assert len(api.calls) <= 2 * count + polls
    assert max(api.found.values()) - 9.0 <= (3.5 if count < 20 else 8.0)


@pytest.mark.virtual
async def test_sessions_that_keep_others_out_are_looked_at_as_ever() -> None:
    api = Looked(9.0)
    # Thirty at a time are too few for 50 requests/s: to look late would only take longer.
    took = await looked_up(api, 300, max_open=30)
    assert took <= 300 / 30 * 13.0


@pytest.mark.virtual
@pytest.mark.busy
async def test_answers_that_come_at_once_cost_no_slot_more() -> None:
    api = Looked(0.0)
    assert await looked_up(api, 1000) <= 1000 * 2 / 50.0 + 1.0


@pytest.mark.virtual
@pytest.mark.busy
async def test_sharing_opens_no_more_sessions_than_allowed() -> None:
    api = Looked(9.0)
    limiter = RateLimiter(rate=50.0)
    rows = [Address(f"{number} Main St", zip="48226") for number in range(300)]
    async with HumClient(transport=api.transport, limiter=limiter) as client:
        stream = qualify(client, rows, max_open=20)
        async for _ in stream:
            assert stream.statistics().open <= 20


def test_few_sessions_are_finished_before_new_ones_are_begun() -> None:
    turns = SlotScheduler()
    for in_progress in (0, 10, 255):
        for _ in range(20):
            options = {"in_progress": in_progress, "may_create": True}
            assert turns.next(late=0.0, closing=3, **options) is SlotUse.POLL
            assert turns.next(late=None, closing=3, **options) is SlotUse.CLOSE
            assert turns.next(late=None, closing=0, **options) is SlotUse.CREATE
