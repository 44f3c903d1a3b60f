"""A hidden limit: found quickly, used well, never hammered, and never grown into without cause."""

import itertools
import math
import random
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._limits.discovery import AdaptiveRate
from hum_async._limits.pacing import RateController


def use(rate: AdaptiveRate, seconds: float, *, start: float = 0.0) -> list[float]:
    """Send as fast as the rate allows, each answered at once; return the rate second by second."""
    now, seen = start, [rate.rate]
    while now < start + seconds:
        rate.sent(now)
        rate.answered(now, now)
        now += 1.0 / rate.rate
        if now >= start + len(seen):
            seen.append(rate.rate)
    return seen


def refuse_all(
    controller: RateController, start: float, seconds: float, retry_after: float
) -> float:
    """Refuse whatever is sent for so long; return when it is over."""
    now = start
    while now < start + seconds:
        now = max(now, controller.ready_at(0.0))
        controller.take(now, 0.0)
        controller.throttled(now + 0.05, retry_after, sent=now)
    return now


def serve(controller: RateController, start: float, seconds: float) -> int:
    """Serve whatever is sent for so long; return how much that was."""
    now = start = max(start, controller.ready_at(0.0))
    served = 0
    while now < start + seconds:
        now = max(now, controller.ready_at(0.0))
        controller.take(now, 0.0)
        controller.answered(now + 0.05, now)
        served += 1
    return served


def refuse(rate: AdaptiveRate, now: float, *, pause: float = 1.0) -> float:
    rate.throttled(now, sent=now, opens=now + pause)
    return rate.rate


# --- growth ---------------------------------------------------------------------------------------


def test_it_doubles_each_second_while_it_is_used_and_no_round_trip_is_known() -> None:
    rates = use(AdaptiveRate(), 5.0)
    assert [later / earlier for earlier, later in itertools.pairwise(rates[1:])] == [2.0] * 4


@pytest.mark.parametrize(("round_trip", "period"), [(0.001, 0.05), (0.2, 0.4), (9.0, 1.0)])
def test_it_doubles_after_two_round_trips_within_bounds(round_trip: float, period: float) -> None:
    rate = AdaptiveRate(rate=100.0)
    rate.answered(round_trip, 0.0)
    now = 10.0
    while rate.rate == 100.0:
        rate.sent(now)
        now += 0.01
    assert now - 10.0 == pytest.approx(period, abs=0.03)


@given(st.lists(st.floats(0.0, 5.0), max_size=100))
def test_growth_that_nothing_asks_for_does_not_happen(waits: list[float]) -> None:
    rate, now = AdaptiveRate(rate=100.0), 0.0
    for wait in waits:
        # Half as fast as it may, or slower.
        now += max(wait, 0.02)
        rate.sent(now)
    assert rate.rate == 100.0


def test_after_a_refusal_it_holds_then_creeps_and_goes_faster_where_nothing_was_refused() -> None:
    rate = AdaptiveRate(rate=100.0, max_rate=1000.0)
    use(rate, 0.5)
    held = refuse(rate, 0.5)
    assert 60.0 < held <= 70.0
    rates = use(rate, 40.0, start=1.5)
    assert rates[9] == pytest.approx(held)
    near = [value for value in rates if held < value < 1.1 * held]
    assert all(later / earlier < 1.025 for earlier, later in itertools.pairwise(near))
    assert len(near) > 3
    assert rates[-1] > 200.0


# --- refusals -------------------------------------------------------------------------------------


def test_what_was_sent_before_the_last_cut_does_not_cut_again() -> None:
    rate = AdaptiveRate(rate=100.0)
    use(rate, 2.0)
    before = refuse(rate, 2.0)
    use(rate, 3.0, start=3.0)
    for now in (2.1, 4.0, 9.0):
        rate.throttled(now, sent=1.9, opens=now + 1.0)
    assert rate.rate == pytest.approx(before, rel=0.01)


def test_it_cuts_once_a_second_at_most_and_once_in_two_round_trips() -> None:
    rate = AdaptiveRate(rate=100.0)
    use(rate, 0.5)
    before = refuse(rate, 0.5)
    rate.answered(0.6, 0.5)
    assert refuse(rate, 1.4) == before
    slow = AdaptiveRate(rate=100.0)
    slow.answered(3.0, 0.0)
    before = refuse(slow, 3.0)
    slow.answered(6.0, 3.0)
    assert refuse(slow, 8.9) == before
    slow.answered(9.0, 6.0)
    assert refuse(slow, 9.1) < before


def test_a_limit_that_is_where_it_was_is_tried_again_ever_more_rarely() -> None:
    rate, now, gaps = AdaptiveRate(rate=100.0), 0.0, []
    rate.resume(100.0)
    for _ in range(10):
        began = now
        while rate.rate < 101.0 and now < began + 1000.0:
            rate.sent(now)
            rate.answered(now, now)
            now += 1.0 / rate.rate
        gaps.append(now - began)
        refuse(rate, now)
        now += 1.0
    assert gaps[2] < gaps[3] < gaps[4] < gaps[5]
    assert min(gaps[6:]) > 115.0
    assert max(gaps) < 135.0


def test_a_refusal_while_nothing_came_through_asks_for_patience_and_not_for_less() -> None:
    rate = AdaptiveRate(rate=100.0)
    use(rate, 2.0)
    before = refuse(rate, 2.0)
    assert refuse(rate, 4.0, pause=0.5) == before


def test_a_long_pause_means_a_quota_for_a_window() -> None:
    rate = AdaptiveRate(rate=300.0)
    rate.max_rate = 300.0
    use(rate, 2.0)
    assert refuse(rate, 2.0, pause=58.0) == pytest.approx(10.0, rel=0.02)


def test_a_window_that_the_server_does_not_announce_is_estimated_when_pauses_add_up() -> None:
    rate = AdaptiveRate(rate=300.0, max_rate=300.0)
    use(rate, 2.0)
    now = 2.0
    for pause in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0):
        rate.throttled(now, sent=now, opens=now + pause)
        now += pause
    assert 7.0 < rate.rate < 20.0


@pytest.mark.parametrize(("seconds", "retry_after"), [(0.1, 40.0), (20.0, 1.0), (300.0, 10.0)])
def test_refusals_before_anything_was_served_say_nothing_of_the_limit(
    seconds: float, retry_after: float
) -> None:
    controller = RateController(max_rate=100.0)
    end = refuse_all(controller, 0.0, seconds, retry_after)
    # Within a minute as fast as if nothing had been.
    assert serve(controller, end, 60.0) > 0.75 * 100.0 * 60.0
    assert controller.rate == 100.0


def test_an_outage_of_ten_minutes_does_not_cost_an_hour() -> None:
    controller = RateController(max_rate=100.0)
    controller.resume(100.0)
    serve(controller, 0.0, 60.0)
    end = refuse_all(controller, 60.0, 600.0, 10.0)
    assert serve(controller, end, 300.0) > 0.85 * 100.0 * 300.0


def test_an_outage_during_the_search_is_got_over_within_minutes() -> None:
    controller = RateController(max_rate=100.0)
    serve(controller, 0.0, 3.0)
    end = refuse_all(controller, 3.0, 300.0, 10.0)
    serve(controller, end, 420.0)
    assert controller.rate > 90.0


def test_late_refusals_during_a_pause_are_no_quota_for_a_window() -> None:
    # The caller does not say when the refused requests were sent, so each may count.
    rate = AdaptiveRate(rate=100.0)
    rate.sent(0.0)
    rate.throttled(0.1, sent=None, opens=60.0)
    for number in range(20):
        rate.sent(0.2 + number / 100)
        rate.answered(1.0, 0.2)
    rate.throttled(2.0, sent=None, opens=60.0)
    rate.throttled(8.0, sent=None, opens=66.0)
    assert 5.0 < rate.rate < 70.0


# --- whatever happens -----------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["sent", "answered", "throttled"]),
        st.floats(0.0, 30.0),
        st.floats(0.0, 300.0),
    ),
    max_size=100,
)


@given(st.none() | st.floats(0.11, 1000.0), EVENTS)
def test_a_rate_is_never_above_its_bound_nor_next_to_nothing(
    max_rate: float | None, events: list[tuple[str, float, float]]
) -> None:
    rate, now = AdaptiveRate(max_rate=max_rate), 100.0
    for kind, wait, size in events:
        now += wait
        if kind == "sent":
            rate.sent(now)
        elif kind == "answered":
            rate.answered(now, now - min(size, 60.0))
        else:
            rate.throttled(now, sent=now - size if wait > 1.0 else None, opens=now + size)
        assert AdaptiveRate.SLOWEST <= rate.rate <= (math.inf if max_rate is None else max_rate)


@given(st.floats(0.5, 500.0), st.floats(0.0, 100.0))
def test_an_earlier_search_is_taken_up_where_it_ended(found: float, later: float) -> None:
    rate = AdaptiveRate()
    assert rate.found is None
    rate.resume(found)
    # An earlier process found it; requests served at it confirm it.
    assert (rate.rate, rate.found) == (found, None)
    rate.resume(later + 1.0)
    assert rate.rate == found
    for number in range(AdaptiveRate.MIN_SAMPLE):
        rate.answered(number + 0.1, float(number))
    assert rate.found == found


# --- against a server -----------------------------------------------------------------------------


def bucket(rate: float, size: float) -> Callable[[float], bool]:
    level, filled = size, 0.0

    def admit(now: float) -> bool:
        nonlocal level, filled
        level, filled = min(size, level + (now - filled) * rate), now
        if level < 1.0 - 1e-6:
            return False
        level -= 1.0
        return True

    return admit


def drive(admit: Callable[[float], bool], seconds: float, *, lookup: float) -> tuple[int, int]:
    """Send as fast as a `RateController` lets us; return how many were served and refused."""
    controller, dice = RateController(), random.Random(3)  # noqa: S311
    flying: deque[tuple[float, float, bool]] = deque()
    now, since, served, refused = 0.0, 0.0, 0, 0
    while now < seconds:
        ready = max(now, controller.ready_at(since))
        if flying and flying[0][0] <= ready:
            now, sent, good = flying.popleft()
            served, refused = served + good, refused + (not good)
            if good:
                controller.answered(now, sent)
            else:
                controller.throttled(now, 1.0, sent=sent, jitter=dice.random())
            continue
        now = since = ready
        controller.take(now, now)
        flying.append((now + lookup, now, admit(now + lookup / 2)))
    return served, refused


@pytest.mark.parametrize("limit", [10.0, 50.0, 200.0])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_limit_is_used_almost_whole_and_hardly_ever_exceeded(limit: float, share: float) -> None:
    served, refused = drive(bucket(limit, max(1.0, share * limit)), 300.0, lookup=0.05)
    # The first half minute goes by in finding it.
    assert served >= 0.89 * limit * 300.0
    assert refused <= 0.02 * (served + refused)


def test_a_limit_that_is_cut_in_half_is_noticed_within_seconds() -> None:
    before, after = bucket(50.0, 12.0), bucket(25.0, 6.0)
    refusals: list[float] = []

    def admit(now: float) -> bool:
        good = (before if now < 100.0 else after)(now)
        if not good:
            refusals.append(now)
        return good

    served, refused = drive(admit, 200.0, lookup=0.05)
    assert served >= 0.88 * (50.0 * 100.0 + 25.0 * 100.0)
    assert refused <= 0.02 * served
    assert sum(when > 130.0 for when in refusals) <= 20


def test_a_limit_that_is_doubled_is_in_use_within_three_minutes() -> None:
    before, after = bucket(50.0, 12.0), bucket(100.0, 25.0)
    served_late = 0

    def admit(now: float) -> bool:
        nonlocal served_late
        good = (before if now < 300.0 else after)(now)
        served_late += good and now >= 480.0
        return good

    drive(admit, 600.0, lookup=0.05)
    assert served_late >= 0.93 * 100.0 * 120.0


# --- what the documentation says ------------------------------------------------------------------


def test_the_documented_constants_are_those_of_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| `([A-Z_]+)` \| ([\d.]+) \|", page, re.MULTILINE))
    constants = {name: value for name, value in vars(AdaptiveRate).items() if name.isupper()}
    assert {name: float(value) for name, value in documented.items()} == constants
