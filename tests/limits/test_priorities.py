"""Who goes next: urgent requests first, none starves, and nothing is held back for who is idle."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._limits.priorities import Priority, Turns

ALL = tuple(Priority)
WAITING = st.lists(
    st.sets(st.sampled_from(Priority), min_size=1).map(lambda found: tuple(sorted(found))),
    min_size=1,
    max_size=300,
)


def play(turns: Turns, rounds: list[tuple[Priority, ...]]) -> list[int]:
    """Give a turn in each round to one of those who wait in it."""
    found = []
    for waiting in rounds:
        chosen = turns.next(waiting)
        assert turns.next(waiting) == chosen
        if len(waiting) > 1:
            turns.taken(chosen, waiting)
        found.append(chosen)
    return found


def test_each_class_that_waits_all_the_time_gets_its_share_and_the_first_the_rest() -> None:
    lower = (Priority.NORMAL, Priority.BULK)
    for turns, waiting, wanted in (
        (Turns(), ALL, (800, 100, 100)),
        (Turns(), lower, (0, 900, 100)),
        (Turns(0.25), ALL, (500, 250, 250)),
        (Turns(1 / 3), ALL, (333, 333, 333)),
    ):
        found = Counter(play(turns, [waiting] * 1000))
        # A turn that is not yet whole is still owed.
        assert all(abs(found[each] - wanted[each]) <= 2 for each in Priority), found


def test_without_a_share_the_classes_are_strict() -> None:
    assert set(play(Turns(0.0), [ALL] * 1000)) == {Priority.INTERACTIVE}


@given(rounds=WAITING, share=st.sampled_from([0.0, 0.05, 0.1, 0.2, 1 / 3]))
def test_the_chosen_class_waits_and_the_rules_hold_whoever_comes_and_goes(
    rounds: list[tuple[Priority, ...]], share: float
) -> None:
    found = play(Turns(share), rounds)
    for chosen, waiting in zip(found, rounds, strict=True):
        assert chosen in waiting
    for priority in Priority:
        # Whoever waits without a break gets its share of those turns, less what is not yet whole.
        streak = won = 0
        for chosen, waiting in zip(found, rounds, strict=True):
            if priority not in waiting:
                streak = won = 0
                continue
            streak += 1
            won += chosen == priority
            assert won >= int(streak * share + 1e-6) - 1
    # Lower classes get no more than they are owed.
    for priority in (Priority.NORMAL, Priority.BULK):
        against = [
            chosen for chosen, waiting in zip(found, rounds, strict=True) if waiting[0] < priority
        ]
        before = sum(priority in waiting for waiting in rounds)
        assert against.count(priority) <= before * share + 1


@given(rounds=WAITING)
def test_a_class_that_waits_alone_is_owed_nothing_for_it(
    rounds: list[tuple[Priority, ...]],
) -> None:
    turns = Turns()
    play(turns, [(Priority.BULK,)] * len(rounds))
    found = play(turns, [ALL] * 9)
    assert set(found) == {Priority.INTERACTIVE}


@pytest.mark.parametrize("lower", [Priority.NORMAL, Priority.BULK])
def test_who_is_owed_a_turn_and_goes_away_is_not_owed_more_and_more(lower: Priority) -> None:
    turns = Turns()
    play(turns, [ALL] * 8)
    play(turns, [(Priority.INTERACTIVE,)] * 1000)
    assert play(turns, [(Priority.INTERACTIVE, lower)] * 30).count(lower) <= 4
