"""How fast: never above the rate, never inside a pause."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._limits.pacing import CATCH_UP, MAX_PAUSE, TICK, Pacer, PauseGate, RateController
from hum_async._limits.rate_limit_headers import RateLimitHeaders

RATES = st.floats(0.1, 500.0)
BURSTS = st.integers(1, 50)
WAITS = st.lists(st.floats(0.0, 5.0), min_size=1, max_size=60)


def sends(pacer: Pacer, arrivals: list[float], *, late: float = 0.0) -> list[float]:
    """Send each arrival as soon as the pacer lets it, first in first out, `late` seconds late."""
    times: list[float] = []
    now = -math.inf
    for since in arrivals:
        now = max(now, pacer.ready_at(since) + late)
        pacer.take(now, since)
        times.append(now)
    return times


def arrivals_of(waits: list[float]) -> list[float]:
    times: list[float] = []
    for wait in waits:
        times.append((times[-1] if times else 100.0) + wait)
    return times


def most_above(times: list[float], rate: float) -> float:
    """Return by how many sends some window exceeds its rate, at most."""
    return max(
        last - first + 1 - rate * (times[last] - times[first])
        for first in range(len(times))
        for last in range(first, len(times))
    )


@given(RATES, BURSTS, WAITS)
def test_no_window_holds_more_than_its_rate_and_one_burst(
    rate: float, burst: int, waits: list[float]
) -> None:
    times = sends(Pacer(rate, burst), arrivals_of(waits))
    assert most_above(times, rate) <= burst + 1e-6


@given(RATES, BURSTS, WAITS, st.floats(0.0, 3.0))
def test_lateness_is_made_up_for_within_bounds(
    rate: float, burst: int, waits: list[float], late: float
) -> None:
    times = sends(Pacer(rate, burst), arrivals_of(waits), late=late)
    assert most_above(times, rate) <= burst + rate * min(late, CATCH_UP) + 1e-6


@given(RATES, BURSTS, WAITS)
def test_nobody_waits_longer_than_the_rate_demands(
    rate: float, burst: int, waits: list[float]
) -> None:
    arrivals = arrivals_of(waits)
    times = sends(Pacer(rate, burst), arrivals)
    for index, when in enumerate(times):
        assert arrivals[index] <= when
        if index:
            assert when <= max(arrivals[index], times[index - 1] + 1 / rate) + 1e-6


def test_a_burst_goes_together_after_a_rest() -> None:
    assert sends(Pacer(2.0, 3), [10.0] * 6) == [10.0, 10.0, 10.0, 10.5, 11.0, 11.5]


def test_without_a_rate_nobody_waits() -> None:
    assert sends(Pacer(math.inf), [1.0] * 3) == [1.0] * 3


def test_a_rest_is_not_saved_up_beyond_the_burst() -> None:
    pacer = Pacer(1.0, 1)
    assert sends(pacer, [0.0, 100.0, 100.0, 100.0]) == [0.0, 100.0, 101.0, 102.0]


def test_a_send_that_is_given_back_costs_nothing() -> None:
    pacer = Pacer(1.0)
    pacer.take(0.0, 0.0)
    pacer.give_back()
    assert sends(pacer, [0.0, 0.0]) == [0.0, 1.0]


@given(RATES, BURSTS, st.integers(1, 10))
def test_the_end_of_a_pause_releases_one_send_and_not_a_herd(
    rate: float, burst: int, waiting: int
) -> None:
    pacer = Pacer(rate, burst)
    pacer.restart(50.0)
    times = sends(pacer, [0.0] * waiting)
    assert times[0] >= 50.0 - 1e-6
    assert most_above(times, rate) <= 1 + 1e-6


# --- the pause ------------------------------------------------------------------------------------

PAUSES = st.lists(
    st.tuples(
        st.floats(0.0, 30.0),
        st.none() | st.floats(0.0, 1e6) | st.sampled_from([math.inf, math.nan, -1.0]),
        st.floats(0.0, 1.0),
    ),
    max_size=30,
)


@given(PAUSES)
def test_a_pause_is_never_shortened_and_never_endless(
    pauses: list[tuple[float, float | None, float]],
) -> None:
    gate, now, until = PauseGate(), 0.0, -math.inf
    for wait, retry_after, jitter in pauses:
        now += wait
        opened = gate.pause(now, retry_after, jitter=jitter)
        assert opened == gate.until
        assert opened >= max(until, now)
        assert opened <= max(until, now + MAX_PAUSE)
        # To wait no time at all is what a server says that does not know: see the next test.
        if retry_after is not None and 0 < retry_after <= MAX_PAUSE:
            assert opened >= now + retry_after
            assert opened <= max(until, now + retry_after + min(1.0, 0.1 * retry_after) + 1e-9)
        until = opened


def test_a_server_that_asks_to_wait_no_time_is_left_alone_all_the_same() -> None:
    gate = PauseGate()
    assert gate.pause(0.0, 0.0) == 1.0
    assert gate.pause(1.0, 0.0) == 3.0


@given(PAUSES, st.lists(st.floats(0.0, 30.0), max_size=5))
def test_paused_seconds_are_the_measure_of_the_time_in_which_the_gate_was_closed(
    pauses: list[tuple[float, float | None, float]], after: list[float]
) -> None:
    gate, now = PauseGate(), 0.0
    closed: list[tuple[float, float]] = []
    for wait, retry_after, jitter in pauses:
        now += wait
        closed.append((now, gate.pause(now, retry_after, jitter=jitter)))
    for wait in after:
        now += wait
        total, end = 0.0, -math.inf
        for start, stop in closed:
            total += max(0.0, min(stop, now) - max(start, end))
            end = max(end, stop)
        assert gate.paused_seconds(now) == pytest.approx(total, abs=1e-6)


def test_time_paused_grows_with_time_and_stops_with_the_pause() -> None:
    gate = PauseGate()
    assert gate.paused_seconds(5.0) == 0.0
    gate.pause(10.0, 4.0)
    gate.pause(11.0, 1.0)
    assert [gate.paused_seconds(now) for now in (10.0, 12.0, 14.0, 20.0)] == [0.0, 2.0, 4.0, 4.0]


def test_a_server_that_does_not_say_how_long_is_left_alone_for_longer_each_time() -> None:
    gate, now, pauses = PauseGate(), 0.0, []
    for _ in range(8):
        until = gate.pause(now, None)
        assert gate.pause(now + 0.1, None) == pytest.approx(max(until, now + 0.1 + until - now))
        pauses.append(until - now)
        now = gate.until
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60])
    assert gate.pause(now + 11.0, None) == now + 12.0


def test_a_server_that_refuses_again_after_the_pause_that_it_asked_for_is_left_alone_longer() -> (
    None
):
    gate, pauses = PauseGate(), []
    gate.pause(0.0, 1.0, sent=0.0)
    for _ in range(5):
        now = gate.until
        pauses.append(gate.pause(now + 0.1, 1.0, sent=now) - now - 0.1)
    assert pauses == pytest.approx([2, 4, 8, 16, 32])
    gate.answered(gate.until)
    now = gate.until + 0.1
    assert gate.pause(now, 1.0, sent=now) == now + 1.0
    assert gate.pause(gate.until, 7.0, sent=gate.until) == pytest.approx(now + 8.0)


def test_a_pause_without_a_refusal_counts_as_paused_and_is_bounded() -> None:
    gate = PauseGate()
    gate.hold(10.0, 2.0)
    assert gate.paused_seconds(20.0) == 2.0
    gate.hold(20.0, 1e9)
    assert gate.until == 20.0 + MAX_PAUSE


# --- both together --------------------------------------------------------------------------------


def test_the_first_send_after_a_pause_goes_alone() -> None:
    throttle = RateController()
    throttle.resume(100.0)
    throttle.take(0.0, 0.0)
    throttle.answered(0.2, 0.0)
    throttle.throttled(0.2, 1.0, sent=0.1)
    assert throttle.ready_at(0.0) == pytest.approx(1.2)
    throttle.take(1.2, 0.0)
    # One and a half round trips, so that its answer is known before the next is sent.
    assert throttle.ready_at(0.0) == pytest.approx(1.5)
    throttle.take(1.5, 0.0)
    assert throttle.ready_at(0.0) < 1.52


def test_a_given_rate_is_neither_cut_nor_found_nor_resumed() -> None:
    throttle = RateController(rate=50.0)
    throttle.resume(5.0)
    throttle.throttled(1.0, 1.0, sent=0.5)
    throttle.advised(3.0, RateLimitHeaders(limit=10, window=10.0), sent=2.9)
    assert (throttle.rate, throttle.found) == (50.0, None)


def test_nothing_left_of_a_quota_pauses_until_it_is_renewed() -> None:
    throttle = RateController(rate=50.0)
    throttle.advised(10.0, RateLimitHeaders(remaining=0, reset=4.0), sent=9.9, jitter=0.5)
    assert throttle.ready_at(0.0) == pytest.approx(14.2)


def test_a_server_that_always_says_that_nothing_is_left_is_not_believed_for_ever() -> None:
    throttle, now = RateController(rate=50.0), 0.0
    for _ in range(20):
        now = max(now + 0.1, throttle.ready_at(0.0))
        throttle.take(now, 0.0)
        throttle.advised(now + 0.05, RateLimitHeaders(remaining=0, reset=60.0), sent=now)
    assert 100.0 < now < 200.0


def test_a_server_s_word_bounds_the_rate_for_as_long_as_it_holds_and_is_not_taken_for_ours() -> (
    None
):
    throttle = RateController()
    throttle.resume(100.0)
    throttle.advised(0.0, RateLimitHeaders(limit=20, window=1.0), sent=-0.1)
    assert throttle.rate == 20.0
    throttle.take(0.5, 0.5)
    throttle.take(1.1, 1.1)
    assert throttle.rate == pytest.approx(100.0)
    throttle.advised(
        2.0, RateLimitHeaders(limit=1, window=3000.0, remaining=1, reset=3000.0), sent=1.9
    )
    assert throttle.rate == 0.1


def test_what_was_found_survives_a_change_of_clocks_and_times_do_not() -> None:
    throttle = RateController(max_rate=40.0, burst=3)
    throttle.resume(30.0)
    throttle.throttled(1e6, 200.0, sent=None)
    fresh = throttle.restarted()
    assert fresh.rate == throttle.rate
    assert fresh.ready_at(0.0) == 0.0


def test_the_pause_has_one_home_and_nothing_is_ready_before_it_ends() -> None:
    controller = RateController(rate=10.0)
    controller.take(0.0, 0.0)
    controller.throttled(1.0, 5.0)
    assert controller.ready_at(1.0) == controller.gate.until == 6.0
    assert controller.ready_at(7.0) == 7.0


def test_a_server_that_says_truly_that_nothing_is_left_is_believed_every_time() -> None:
    controller = RateController(rate=1000.0)
    now = 0.0
    for _ in range(10):
        controller.advised(now, RateLimitHeaders(remaining=1.0, reset=10.0), sent=now)
        controller.advised(now, RateLimitHeaders(remaining=0.0, reset=10.0), sent=now)
        assert controller.ready_at(now) >= now + 10.0
        now += 11.0


def test_a_server_that_always_says_that_nothing_is_left_is_believed_no_more() -> None:
    controller = RateController(rate=1000.0)
    now = 0.0
    for _ in range(10):
        controller.advised(now, RateLimitHeaders(remaining=0.0, reset=10.0), sent=now)
        now += 11.0
    assert controller.ready_at(now) == now


@pytest.mark.parametrize("rate", [2_000.0, 5_000.0, 40_000.0])
def test_a_pace_finer_than_a_clock_is_kept_from_tick_to_tick(rate: float) -> None:
    pacer = Pacer(rate)
    sent = 0
    for tick in range(1_000):
        now = 100.0 + tick * TICK
        while pacer.ready_at(now) <= now:
            pacer.take(now, now)
            sent += 1
        # Never more than a tick ahead of its time.
        assert sent <= rate * (tick + 1) * TICK + 2
    assert sent >= rate - 2


def test_no_pace_that_a_clock_can_tell_apart_goes_ahead_of_its_time() -> None:
    pacer = Pacer(1_000.0)
    pacer.take(1.0, 1.0)
    assert pacer.ready_at(1.0) == pytest.approx(1.001)
