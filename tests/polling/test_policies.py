"""Who next, and when a session is looked at."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import GuidedPolling, LearnedPolling, Poll
from hum_async._polling.due_queue import DueQueue


def poll(number: int = 1, *, unchanged: int = 0, waited: float = 0.0, **fields: bool) -> Poll:
    return Poll(number, unchanged, waited, waited, **fields)


# --- the heap -------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.0, 10.0)))
def test_items_come_by_due_time_and_equal_ones_in_order_of_arrival(dues: list[float]) -> None:
    heap: DueQueue[int] = DueQueue()
    for index, due in enumerate(dues):
        heap.push(due, index)
    assert heap.size == len(dues)
    expected = [index for index, _ in sorted(enumerate(dues), key=lambda pair: pair[1])]
    assert [heap.pop() for _ in dues] == expected
    assert heap.next_due() is None


def test_the_first_can_be_seen_before_it_is_taken() -> None:
    heap: DueQueue[str] = DueQueue()
    heap.push(2.0, "later")
    heap.push(1.0, "sooner")
    assert (heap.next_due(), heap.first(), heap.size) == (1.0, "sooner", 2)
    assert heap.pop() == "sooner"
    assert (heap.next_due(), heap.first(), heap.size) == (2.0, "later", 1)
    heap.clear()
    assert (heap.next_due(), heap.size) == (None, 0)


# --- the API's own guidance -----------------------------------------------------------------------


def test_the_guidance_polls_at_once_then_slower_and_slower_while_nothing_changes() -> None:
    policy = GuidedPolling(jitter=0.0)
    assert policy.first() == 0.0
    delays = [policy.after(poll(unchanged=unchanged)) for unchanged in range(5)]
    assert delays == [2.5, 3.75, 5.625, 8.4375, 10.0]


def test_a_change_starts_the_backoff_again() -> None:
    policy = GuidedPolling(jitter=0.0)
    policy.after(poll(5, unchanged=4))
    assert policy.after(poll(6, unchanged=0)) == 2.5


def test_by_default_the_first_delay_is_two_to_three_seconds() -> None:
    for number, expected in ((0.0, 2.0), (0.5, 2.5), (1.0, 3.0)):
        assert GuidedPolling(random=lambda n=number: n).after(poll()) == pytest.approx(expected)  # type: ignore[misc]


@given(
    st.floats(0.001, 1e6),
    st.floats(0.0, 1.0),
    st.floats(1.0, 1e9),
    st.floats(0.001, 1e6),
    st.integers(0, 10_000),
    st.floats(0.0, 1.0),
)
def test_a_guided_delay_is_within_its_bounds(  # noqa: PLR0913, PLR0917
    interval: float,
    jitter: float,
    backoff: float,
    max_interval: float,
    unchanged: int,
    number: float,
) -> None:
    policy = GuidedPolling(
        interval=interval,
        jitter=jitter,
        backoff=backoff,
        max_interval=max_interval,
        random=lambda: number,
    )
    delay = policy.after(poll(unchanged=unchanged))
    least = min(interval, max_interval) * (1.0 - jitter)
    assert least * (1 - 1e-9) <= delay <= max_interval


@pytest.mark.parametrize(
    "wrong",
    [
        {"interval": 0.0},
        {"interval": math.nan},
        {"jitter": -0.1},
        {"jitter": 1.1},
        {"backoff": 0.9},
        {"max_interval": 0.0},
        {"budget": -1.0},
        {"budget": math.nan},
    ],
)
def test_a_guidance_that_polls_without_a_pause_or_never_is_refused(
    wrong: dict[str, float],
) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        GuidedPolling(**wrong)  # type: ignore[arg-type]


# --- learned delays -------------------------------------------------------------------------------


def test_the_first_delays_are_as_told() -> None:
    policy = LearnedPolling()
    assert (policy.first(), policy.after(poll(1, waited=0.0)), policy.budget) == (8.0, 4.0, 30.0)


def test_a_poll_that_finds_nothing_lengthens_the_gap_and_one_that_finds_it_shortens_it() -> None:
    policy = LearnedPolling(p=0.8)
    policy.after(poll(1, waited=8.0))
    step = 1.2 / (1 + 1 / 50)
    assert policy.first() == pytest.approx(8.0 + 0.8 * step)
    policy.after(poll(1, waited=policy.first(), ready=True))
    assert policy.first() == pytest.approx(8.0 + 0.8 * step - 0.2 * 1.2 / (1 + 2 / 50))


def test_first_and_later_gaps_are_learned_apart() -> None:
    policy = LearnedPolling()
    assert policy.after(poll(2, waited=4.0)) > 4.0
    assert policy.first() == 8.0


@pytest.mark.parametrize(
    "ignored",
    [
        Poll(1, 0, planned=8.0, waited=10.0),
        Poll(1, 0, planned=5.0, waited=8.0),
        Poll(1, 0, planned=0.0, waited=0.0),
        Poll(1, 0, planned=8.0, waited=8.0, answered=False),
    ],
)
def test_late_stale_and_failed_polls_teach_nothing(ignored: Poll) -> None:
    policy = LearnedPolling()
    policy.after(ignored)
    assert (policy.first(), policy.after(ignored)) == (8.0, 4.0)


BOUNDS = st.tuples(
    st.floats(0.001, 50.0), st.floats(0.001, 50.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0)
)


@given(
    BOUNDS,
    st.floats(0.01, 0.99),
    st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.floats(-5.0, 5.0)), max_size=80),
)
def test_a_learned_gap_stays_within_its_bounds(
    bounds: tuple[float, float, float, float], p: float, polls: list[tuple[int, bool, float]]
) -> None:
    least, most = sorted(bounds[:2])
    first, later = (min(most, least + (most - least) * share) for share in bounds[2:])
    policy = LearnedPolling(p=p, first=first, later=later, min_interval=least, max_interval=most)
    planned = policy.first()
    for number, ready, off in polls:
        gap = policy.first() if number == 1 else planned
        planned = policy.after(Poll(number, 0, gap, max(0.0, gap + off), ready))
        assert least <= planned <= most
        assert least <= policy.first() <= most


@pytest.mark.parametrize("p", [0.3, 0.5, 0.8])
def test_the_gap_settles_where_a_poll_finds_the_answer_as_often_as_asked(p: float) -> None:
    dice = random.Random(7)  # noqa: S311
    policy = LearnedPolling(p=p)
    found = []
    for _ in range(4000):
        gap = policy.first()
        ready = dice.uniform(5.0, 15.0) <= gap
        policy.after(Poll(1, 0, gap, gap, ready))
        found.append(ready)
    assert sum(found[1000:]) / 3000 == pytest.approx(p, abs=0.04)
    gaps = [policy.first() for _ in range(2)]
    assert all(earlier == later for earlier, later in pairwise(gaps))


@pytest.mark.parametrize(
    "wrong",
    [
        {"p": 0.0},
        {"p": 1.0},
        {"first": 1.0},
        {"later": 21.0},
        {"budget": -1.0},
        {"min_interval": 0.0},
        {"min_interval": 30.0},
    ],
)
def test_learning_with_impossible_bounds_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be from"):
        LearnedPolling(**wrong)


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans())))
def test_items_that_were_discarded_are_passed_over(planned: list[tuple[float, bool]]) -> None:
    queue: DueQueue[int] = DueQueue()
    for item, (due, _) in enumerate(planned):
        queue.push(due, item)
    for item, (_, kept) in enumerate(planned):
        if not kept:
            queue.discard(item)
    left = sorted((due, item) for item, (due, kept) in enumerate(planned) if kept)
    for due, item in left:
        assert (queue.next_due(), queue.first(), queue.pop()) == (due, item, item)
    assert (queue.size, queue.next_due()) == (0, None)
