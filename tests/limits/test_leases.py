"""What members of a shared limit may send: times and decisions, without clocks or stores."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._limits.lease_reports import Answer, Bounds, Lease, Report
from hum_async._limits.leases import SharedLimit
from hum_async._limits.pacing import RateController
from hum_async._limits.priorities import Priority
from hum_async._limits.server_clock import ServerClock

RATE = Bounds(rate=100.0)
BULK = (0, 0, 1000)


def most_in_a_second(instants: list[float]) -> int:
    ordered = sorted(instants)
    return max(
        (sum(at <= each < at + 1.0 for each in ordered) for at in ordered),
        default=0,
    )


def through_json(limit: SharedLimit, **options: float) -> SharedLimit:
    return SharedLimit.load(json.loads(json.dumps(limit.dump())), **options)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.floats(0.0, 0.3),
            st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 50)),
            st.integers(0, 3),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_together_members_never_get_more_than_the_rate(
    exchanges: list[tuple[int, float, tuple[int, int, int], int]],
) -> None:
    limit, now, instants, unused = SharedLimit(RATE), 0.0, list[float](), 0
    for who, passes, wants, lost in exchanges:
        now += passes
        limit = through_json(limit)
        report = Report(f"m{who}", RATE, wants, unused=lost)
        lease = limit.exchange(now, report)
        unused += lost
        assert list(lease.instants) == sorted(lease.instants)
        assert all(at >= now for at in lease.instants)
        assert len(lease.instants) <= sum(wants)
        assert set(lease.urgent) <= set(lease.instants)
        instants += lease.instants
    # An instant that is made up for is a second one in some second; so are returned ones.
    assert most_in_a_second(instants) <= 101 + unused


def test_who_asks_with_each_turn_gets_the_same_as_the_others() -> None:
    limit, got = SharedLimit(RATE), [0, 0, 0, 0]
    now, next_asks = 0.0, [0.0, 0.01, 0.02, 0.03]
    while now < 20.0:
        who = min(range(4), key=next_asks.__getitem__)
        now = next_asks[who]
        lease = limit.exchange(now, Report(f"m{who}", RATE, BULK))
        got[who] += len(lease.instants)
        # It asks again when half of what it has is used.
        used = lease.instants[len(lease.instants) // 2] if lease.instants else lease.again_at
        next_asks[who] = max(used, now + 0.001)
    assert max(got) <= 1.1 * min(got)
    assert 0.95 * 2000 <= sum(got) <= 1.05 * 2000 + 4 * 40


def test_the_state_goes_on_as_itself_after_it_was_written_down() -> None:
    written, kept = SharedLimit(), SharedLimit()
    now = 1000.0
    for step in range(300):
        now += 0.03
        answers = [Answer(now, now - 0.01)] if step % 40 else [
            Answer(now, now - 0.01, refused=True, retry_after=0.1)
        ]  # fmt: skip
        report = Report(f"m{step % 3}", Bounds(), (step % 2, 0, 9), answers=answers)
        written = through_json(written)
        one, other = written.exchange(now, report), kept.exchange(now, report)
        assert one.instants == pytest.approx(other.instants, abs=1e-3)
        assert one.rate == pytest.approx(other.rate, rel=1e-3)
    assert len(json.dumps(written.dump())) < 2000


def test_times_move_with_the_clock() -> None:
    limit = SharedLimit(RATE)
    limit.exchange(
        50.0, Report("m", RATE, BULK, answers=[Answer(50.0, 49.9, refused=True, retry_after=10.0)])
    )
    assert limit.exchange(51.0, Report("m", RATE)).paused_until == 60.0
    moved = through_json(limit, shift=1000.0)
    assert moved.exchange(1052.0, Report("m", RATE)).paused_until == 1060.0
    set_back = through_json(limit, now=11.0)
    assert set_back.exchange(11.0, Report("m", RATE)).paused_until == 20.0


def test_a_member_tells_and_hears_times_of_its_own_clock() -> None:
    limit = SharedLimit(RATE)
    lease = limit.exchange(1000.0, Report("m", RATE, (0, 0, 3)), shift=990.0)
    assert lease.instants == pytest.approx((10.0, 10.01, 10.02))


def test_an_urgent_request_goes_between_the_leases_of_saturated_members() -> None:
    limit = SharedLimit(Bounds(rate=200.0))
    for wants in ((0, 0, 0), BULK, BULK):
        for who in "abc":
            lease = limit.exchange(10.0, Report(who, Bounds(rate=200.0), wants))
    row_ends = lease.row_ends
    urgent = limit.exchange(10.001, Report("d", Bounds(rate=200.0), (1, 0, 0)))
    assert urgent.urgent == urgent.instants
    assert urgent.instants[0] <= 10.001 + 0.2 < row_ends


def test_free_instants_that_nobody_needs_are_leased_after_all() -> None:
    limit, got, now = SharedLimit(RATE), list[float](), 0.0
    while now < 10.0:
        for who in "ab":
            got += limit.exchange(now, Report(who, RATE, (0, 0, 20))).instants
            now += 0.05
        # Both ask often enough to be held back by the row alone.
        now = max(now, max(got) - 0.3)
    assert len([at for at in got if 1.0 <= at < 9.0]) >= 0.96 * 800


def test_nothing_is_leased_during_a_pause_and_nothing_made_up_after_it() -> None:
    limit = SharedLimit(RATE)
    limit.exchange(0.0, Report("a", RATE, BULK))
    refusal = Answer(0.1, 0.05, refused=True, retry_after=2.0)
    paused = limit.exchange(0.1, Report("a", RATE, BULK, answers=[refusal], unused=20))
    assert paused.instants == ()
    assert paused.again_at == paused.paused_until == pytest.approx(2.1)
    assert limit.exchange(1.0, Report("b", RATE, BULK)).instants == ()
    after = limit.exchange(2.1, Report("b", RATE, BULK)).instants
    assert after[0] >= 2.1
    assert most_in_a_second(list(after)) <= 101


def test_members_that_are_away_keep_their_share_until_they_are_back() -> None:
    limit = SharedLimit(RATE)
    for who in "abcd":
        limit.exchange(0.0, Report(who, RATE, BULK))
    limit = through_json(limit, shift=1000.0)
    limit.restored(1005.0)
    assert limit.members == 4
    now, got = 1005.0, list[float]()
    while now < 1007.0:
        lease = limit.exchange(now, Report("a", RATE, BULK))
        got += lease.instants
        now = lease.instants[len(lease.instants) // 2] if lease.instants else lease.again_at
    assert 0.2 <= len(got) / (got[-1] - got[0]) / 100.0 <= 0.3
    back = limit.exchange(now, Report("b", RATE, BULK)).instants
    assert back[0] <= now + 0.1


def test_a_member_that_leaves_gives_its_instants_to_the_others() -> None:
    limit = SharedLimit(RATE)
    lease = limit.exchange(0.0, Report("a", RATE, BULK))
    limit.exchange(0.0, Report("b", RATE, BULK))
    limit.exchange(0.01, Report("a", RATE, returned=lease.instants[5:], leaving=True))
    assert limit.members == 1
    again = limit.exchange(0.02, Report("b", RATE, BULK))
    assert again.instants[0] < lease.instants[-1]


@pytest.mark.parametrize(
    ("asked", "rate"),
    [
        ([Bounds(rate=30.0), Bounds(rate=20.0), Bounds()], 20.0),
        ([Bounds(), Bounds(max_rate=3.0)], 3.0),
        ([Bounds(rate=30.0)], 30.0),
    ],
)
def test_of_several_bounds_the_lowest_holds(asked: list[Bounds], rate: float) -> None:
    limit = SharedLimit(asked[0])
    for number, bounds in enumerate(asked):
        lease = limit.exchange(0.0, Report(f"m{number}", bounds))
    assert lease.rate == rate
    # Members that are gone ask for nothing.
    lease = limit.exchange(100.0, Report("new", Bounds(rate=50.0)))
    assert (lease.rate, lease.members) == (50.0, 1)


def test_what_is_no_dump_is_said() -> None:
    dump = SharedLimit().dump()
    for broken in ({}, dump | {"version": 7}, dump | {"members": 3}, dump | {"controller": {}}):
        with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
            SharedLimit.load(broken)


Step = Callable[[RateController, float], object]
STEPS: list[Step] = [
    lambda controller, now: controller.take(now, now - 0.1),
    lambda controller, now: controller.answered(now, now - 0.05),
    lambda controller, now: controller.throttled(now, 1.0, sent=now - 0.05),
    lambda controller, now: controller.throttled(now, None, sent=None),
    lambda controller, now: controller.give_back(),  # noqa: ARG005  one signature for all
]


@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.floats(0.0, 2.0)), max_size=60),
    st.sampled_from([None, 20.0]),
    st.floats(-1000.0, 1000.0),
)
def test_a_controller_goes_on_on_another_clock(
    steps: list[tuple[Step, float]], rate: float | None, shift: float
) -> None:
    controller, now = RateController(rate=rate, max_rate=500.0, burst=2), 100.0
    for number, (step, passes) in enumerate(steps):
        now += passes
        step(controller, now)
        if number == len(steps) // 2:
            loaded = RateController.load(json.loads(json.dumps(controller.dump())), shift=shift)
        elif number > len(steps) // 2:
            step(loaded, now + shift)
            assert loaded.rate == pytest.approx(controller.rate)
            ready = controller.ready_at(now) + shift
            assert loaded.ready_at(now + shift) == pytest.approx(ready, abs=1e-3)


@given(
    st.lists(st.tuples(st.floats(0.0001, 0.5), st.floats(0.0, 1.0)), min_size=1, max_size=40),
    st.floats(-1e6, 1e6),
)
def test_a_server_clock_is_known_as_well_as_the_best_round_trip_allows(
    trips: list[tuple[float, float]], shift: float
) -> None:
    clock, now = ServerClock(), 0.0
    for took, part in trips:
        clock.observe(asked=now, server=now + took * part + shift, heard=now + took)
        now += took
    recent = [took for took, _ in trips[-16:]]
    assert abs(clock.shift - shift) <= min(recent) / 2 + 1e-4 * 16 * 0.5 + 1e-6


def test_a_server_clock_that_was_set_is_followed_at_once() -> None:
    clock = ServerClock()
    clock.observe(asked=0.0, server=100.0, heard=0.01)
    clock.observe(asked=1.0, server=41.0, heard=1.3)
    assert clock.shift == pytest.approx(39.85)


def lease_of(limit: SharedLimit, priority: Priority, now: float) -> Lease:
    wants = [0, 0, 0]
    wants[priority] = 1000
    return limit.exchange(now, Report(priority.name, RATE, tuple(wants)))


@pytest.mark.parametrize("lower", [Priority.NORMAL, Priority.BULK])
def test_a_saturated_higher_priority_leaves_a_lower_one_a_tenth(lower: Priority) -> None:
    limit, got = SharedLimit(RATE), {Priority.INTERACTIVE: 0, lower: 0}
    asks = dict.fromkeys(got, 0.0)
    while (now := min(asks.values())) < 20.0:
        who = min(asks, key=asks.__getitem__)
        lease = lease_of(limit, who, now)
        got[who] += len(lease.instants)
        used = lease.instants[len(lease.instants) // 2] if lease.instants else lease.again_at
        asks[who] = max(used, now + 0.005)
    assert sum(got.values()) >= 0.93 * 2000
    assert 0.05 <= got[lower] / sum(got.values()) <= 0.3
