"""What is asked for again first: what has probably changed, by all that is known so far."""

from __future__ import annotations

import importlib.util
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import Outcome
from hum_async.bulk.requalify.order import (
    CHANCE,
    Candidate,
    Kind,
    RequalifyOrder,
    kind_of_result,
)

DAY = 86400.0
HERE, THERE = ("MI", "482", "48226"), ("MI", "482", "48201")
FAR = ("OH", "441", "44101")


def due(number: int, kind: Kind = Kind.WITHOUT_FIBER, age: float = 30, area: Any = HERE) -> Any:
    return Candidate(number=number, kind=kind, age=age * DAY, area=area)


def all_of(order: RequalifyOrder) -> list[int]:
    found = []
    while (number := order.next()) is not None:
        found.append(number)
    return found


def test_the_kind_goes_by_the_answer() -> None:
    kinds = [
        kind_of_result(Outcome.FAILED),
        kind_of_result(Outcome.UNCERTAIN),
        kind_of_result(Outcome.NO_PROVIDERS, fiber=False),
        kind_of_result(Outcome.ADDRESS_NOT_FOUND),
        kind_of_result(Outcome.SERVED, fiber=False),
        kind_of_result(Outcome.SERVED),
        kind_of_result(Outcome.SERVED, fiber=True),
    ]
    assert kinds == [
        Kind.UNANSWERED,
        Kind.UNANSWERED,
        Kind.WITHOUT_PROVIDERS,
        Kind.WITHOUT_PROVIDERS,
        Kind.WITHOUT_FIBER,
        Kind.UNKNOWN,
        Kind.WITH_FIBER,
    ]


def test_what_changes_soonest_goes_first_and_of_that_the_oldest() -> None:
    order = RequalifyOrder([due(at, kind) for at, kind in enumerate(reversed(Kind))])
    kinds = [list(reversed(Kind))[at] for at in all_of(order)]
    assert [CHANCE[kind] for kind in kinds] == sorted(CHANCE.values(), reverse=True)
    ages = RequalifyOrder([due(at, age=age) for at, age in enumerate((10, 90, 30, 60))])
    assert all_of(ages) == [1, 3, 2, 0]
    # Very old fiber before younger places without it.
    mixed = RequalifyOrder([due(1, age=30), due(2, Kind.WITH_FIBER, 365), due(3, age=30)])
    assert all_of(mixed)[0] == 2


def test_where_something_has_changed_the_neighbours_go_first() -> None:
    areas = {0: HERE, 1: THERE, 2: FAR, 3: FAR, 4: THERE, 5: HERE, 6: HERE}
    order = RequalifyOrder([due(at, area=area) for at, area in areas.items()])
    assert [order.next(), order.next(), order.next()] == [0, 1, 2]
    before = order.chance(5)
    order.found(0, changed=False)
    order.found(1, changed=False)
    order.found(2, changed=True)
    assert order.chance(5) < before < order.chance(3)
    assert order.next() == 3


def test_what_an_earlier_run_has_asked_for_is_left_out() -> None:
    order = RequalifyOrder([due(at) for at in range(4)])
    order.skip(1)
    order.found(1, changed=True)
    assert all_of(order) == [0, 2, 3]
    assert RequalifyOrder(()).next() is None


candidates = st.lists(
    st.builds(
        Candidate,
        number=st.integers(0, 10**6),
        kind=st.sampled_from(Kind),
        age=st.floats(0, 1e9),
        area=st.sampled_from([(), ("MI",), HERE, THERE, FAR, ("OH", "dayton")]),
    ),
    unique_by=lambda each: each.number,
    max_size=40,
)


@given(candidates, st.lists(st.booleans(), min_size=40, max_size=40), st.integers(1, 8))
def test_everything_is_asked_for_once_whatever_is_found(
    given_: list[Candidate], changed: list[bool], at_once: int
) -> None:
    order = RequalifyOrder(given_)
    of = {each.number: each for each in given_}
    asked: list[int] = []
    answered = 0
    while (number := order.next()) is not None:
        asked.append(number)
        if len(asked) - answered > at_once:
            order.found(asked[answered], changed=changed[answered])
            answered += 1
    assert sorted(asked) == sorted(of)
    # Among results that differ in nothing else, the oldest goes first.
    for kind in Kind:
        for area in {each.area for each in given_}:
            alike = [of[at] for at in asked if (of[at].kind, of[at].area) == (kind, area)]
            ages = [each.age for each in alike]
            assert ages == sorted(ages, reverse=True)


@given(candidates, st.data())
def test_a_change_never_lowers_and_a_disappointment_never_raises_a_chance(
    given_: list[Candidate], data: st.DataObject
) -> None:
    if not given_:
        return
    order = RequalifyOrder(given_)
    number = data.draw(st.sampled_from(sorted(each.number for each in given_)))
    before = order.chance(number)
    changed = data.draw(st.booleans())
    order.found(number, changed=changed)
    after = order.chance(number)
    assert after >= before if changed else after <= before
    assert 0 <= after <= 1


def test_chances_are_proportions() -> None:
    assert list(CHANCE) == list(Kind)
    assert list(CHANCE.values()) == sorted(CHANCE.values(), reverse=True)


@pytest.fixture(name="bench", scope="module")
def _bench() -> Any:
    path = Path(__file__).parent.parent.parent / "benchmarks" / "requalify_order.py"
    spec = importlib.util.spec_from_file_location("requalify_order", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_half_of_the_purchases_find_nine_tenths_of_the_changes(bench: Any) -> None:
    worlds = [bench.World(1000, 50, seed=seed) for seed in range(3)]
    changed = [sum(world.changed.values()) for world in worlds]
    assert 60 <= statistics.mean(changed) <= 140
    found = [world.found(world.learned, 0.5) for world in worlds]
    assert statistics.mean(found) >= 0.9, found
    assert min(found) >= 0.8, found
    # It is what was found on the way that does it.
    by_kind = statistics.mean(world.found(world.by_kind, 0.5) for world in worlds)
    at_random = statistics.mean(world.found(world.at_random, 0.5) for world in worlds)
    assert at_random < by_kind < statistics.mean(found) - 0.1
