"""When a job looks at its sessions: by the work that is left, and by what earlier looks taught."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import Poll
from hum_async.bulk.job_polling import JobPolling

if TYPE_CHECKING:
    from collections.abc import Callable

    from hum_async import PollPolicy

MUCH, LITTLE, HELD_UP = 10**6, 3, None


class Job:
    """A job with so much work left."""

    def __init__(self, left: int | None = MUCH) -> None:
        self.left = left
        self.polling = JobPolling(lambda: self.left)

    def first(self, left: int | None) -> float:
        """Return the delay to the first poll of a session that is opened now."""
        self.left = left
        return self.polling.session().first()

    def look(self, left: int | None, ready: Callable[[float], bool], *, then: int | None) -> bool:
        """Open a session and look at it, while other work is left by then."""
        self.left = left
        session = self.polling.session()
        gap = session.first()
        self.left = then
        session.after(Poll(1, 0, gap, gap, found := ready(gap)))
        return found


def test_the_first_look_is_late_while_much_is_left_and_early_for_the_last_sessions() -> None:
    job = Job()
    assert [job.first(left) for left in (MUCH, 20, 19, 1, 0)] == [14.0, 14.0, 5.0, 5.0, 5.0]
    # Too few may be open, or rows come slowly: as if nobody knew.
    assert job.first(HELD_UP) == 8.0


@pytest.mark.parametrize(("left", "gap"), [(MUCH, 4.0), (HELD_UP, 4.0), (LITTLE, 2.5)])
def test_another_look_follows_soon_whatever_is_left(left: int | None, gap: float) -> None:
    job = Job()
    session = job.polling.session()
    planned = session.first()
    job.left = left
    late = Poll(1, 0, planned, planned + 9.0)
    assert session.after(late) == gap
    assert session.budget == 30.0


def test_each_delay_settles_where_it_finds_as_many_as_it_shall_though_they_take_turns() -> None:
    dice = random.Random(7)  # noqa: S311
    job = Job()
    ways = (LITTLE, HELD_UP, MUCH)
    found: dict[int | None, list[bool]] = {left: [] for left in ways}
    for number in range(9000):
        left, then = ways[number % 3], ways[dice.randrange(3)]
        found[left].append(job.look(left, lambda gap: dice.uniform(5.0, 15.0) <= gap, then=then))
    shares = [sum(ready[1000:]) / 2000 for ready in found.values()]
    assert shares == [pytest.approx(p, abs=0.04) for p in (0.3, 0.8, 0.97)]


LEFT = st.sampled_from([MUCH, LITTLE, HELD_UP])


@given(st.lists(st.tuples(LEFT, LEFT, st.booleans()), max_size=60), LEFT)
def test_a_look_teaches_only_the_delay_with_which_it_was_planned(
    looks: list[tuple[int | None, int | None, bool]], asked: int | None
) -> None:
    job = Job()
    alone = Job()
    for left, then, ready in looks:
        job.look(left, lambda _, ready=ready: ready, then=then)  # type: ignore[misc]
        if left == asked:
            alone.look(left, lambda _, ready=ready: ready, then=left)  # type: ignore[misc]
    assert job.first(asked) == alone.first(asked)


@given(st.lists(st.tuples(LEFT, st.integers(1, 3), st.booleans(), st.floats(0.0, 20.0))))
def test_delays_stay_within_their_bounds(
    polls: list[tuple[int | None, int, bool, float]],
) -> None:
    job = Job()
    session: PollPolicy = job.polling.session()
    planned = 0.0
    for left, number, ready, late in polls:
        job.left = left
        if number == 1:
            session = job.polling.session()
            planned = session.first()
        planned = session.after(Poll(number, 0, planned, planned + late, ready))
        assert 2.0 <= planned <= 28.0
        assert 2.0 <= job.first(left) <= 28.0


def test_the_look_at_a_session_that_was_taken_over_teaches_nothing() -> None:
    job = Job()
    session = job.polling.session()
    assert session.after(Poll(1, 0, 0.0, 0.0)) == 4.0
    assert job.first(MUCH) == 14.0
