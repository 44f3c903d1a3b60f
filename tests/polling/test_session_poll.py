"""What an answer means to somebody who follows a session: decided without I/O or a clock."""

import itertools

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import (
    AgentChange,
    AgentStatus,
    ApiError,
    AuthenticationError,
    ConnectFailed,
    GuidedPolling,
    HumError,
    InvalidAddress,
    Poll,
    Provider,
    RateLimited,
    RequestTimeout,
    ResponseError,
    ServerError,
    ServiceAddress,
    Session,
    SessionGone,
    SessionNotFound,
    SessionUpdate,
    UpdateKind,
)
from hum_async._api.endpoints import Source
from hum_async._polling.session_poll import NOT_FOUND_GRACE, SessionPoll, changes_between, merged

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
AGENTS = ("geocoding", "internet")
PLAIN = GuidedPolling(jitter=0.0)


def session(processing: bool = True, **agents: str) -> Session:  # noqa: FBT001, FBT002
    statuses = {name: AgentStatus(value) for name, value in agents.items()}
    return Session(TOKEN, processing=processing, agents=statuses)


PENDING = session(geocoding="pending", internet="pending")
GEOCODED = session(geocoding="matched", internet="pending")
DONE = session(processing=False, geocoding="matched", internet="matched")


def follow(source: Source = "session", **policy: float | None) -> SessionPoll:
    return SessionPoll(TOKEN, attrs.evolve(PLAIN, **policy), AGENTS, source=source)


class Clock:
    """Drives one follow as a watcher would, with answers that take no time."""

    def __init__(self, of: SessionPoll) -> None:
        self.of = of
        self.now = 100.0
        self.paused = 0.0
        self.polled_at: list[float] = []

    def poll(self, answer: Session | HumError) -> SessionUpdate | None:
        self.now = max(self.now, self.of.due)
        self.polled_at.append(self.now - 100.0)
        self.of.sent(self.now, self.now - self.paused)
        active = self.now - self.paused
        if isinstance(answer, HumError):
            return self.of.failed(answer, self.now, active)
        return self.of.answered(answer, self.now, active)

    def until_terminal(self, answer: Session | HumError) -> SessionUpdate:
        for _ in range(1000):
            update = self.poll(answer)
            if update is not None and update.is_terminal:
                return update
        raise AssertionError("never ends")


def test_polls_follow_the_guidance_with_a_last_look_at_the_deadline() -> None:
    clock = Clock(follow())
    update = clock.until_terminal(PENDING)
    assert update.kind == UpdateKind.TIMED_OUT
    assert clock.polled_at == [0.0, 2.5, 6.25, 11.875, 20.3125, 30.0]
    assert (update.polls, update.elapsed, update.session) == (6, 30.0, PENDING)


def test_the_time_that_polls_take_counts_against_the_budget() -> None:
    of, now, polled_at = follow(), 0.0, []
    while not of.ended:
        now = max(now, of.due)
        polled_at.append(now)
        of.sent(now, now)
        now += 1.5
        of.answered(PENDING, now, now)
    assert polled_at[-1] == pytest.approx(30.0)


def test_a_refused_poll_and_its_wait_in_our_queue_cost_no_budget() -> None:
    of = follow()
    of.sent(0.0, 0.0)
    of.answered(PENDING, 0.0, 0.0)
    of.sent(2.5, 2.5)
    of.throttled(2.5)
    of.sent(9.0, 9.0)
    assert of.spent(9.0) == 2.5


def test_a_change_starts_the_backoff_again() -> None:
    clock = Clock(follow())
    for answer in (PENDING, PENDING, GEOCODED, GEOCODED):
        clock.poll(answer)
    assert clock.polled_at == [0.0, 2.5, 6.25, 8.75]


def test_the_first_observation_and_every_difference_is_an_update_and_the_rest_is_none() -> None:
    clock = Clock(follow())
    first = clock.poll(PENDING)
    assert first is not None
    assert (first.kind, first.previous, first.polls) == (UpdateKind.CHANGED, None, 1)
    assert first.changes == (
        AgentChange("geocoding", None, AgentStatus.PENDING),
        AgentChange("internet", None, AgentStatus.PENDING),
    )
    assert clock.poll(PENDING) is None
    second = clock.poll(GEOCODED)
    assert second is not None
    assert (second.previous, second.session, second.elapsed) == (PENDING, GEOCODED, 6.25)
    assert second.changes == (AgentChange("geocoding", AgentStatus.PENDING, AgentStatus.MATCHED),)


def test_a_new_service_address_is_a_change() -> None:
    clock = Clock(follow())
    clock.poll(GEOCODED)
    update = clock.poll(attrs.evolve(GEOCODED, service_address=ServiceAddress("somewhere")))
    assert update is not None
    assert (update.kind, update.changes) == (UpdateKind.CHANGED, ())


def test_a_changed_message_or_time_is_no_change() -> None:
    clock = Clock(follow())
    clock.poll(GEOCODED)
    assert clock.poll(attrs.evolve(GEOCODED, message="new", extra={"a": 1})) is None


@pytest.mark.parametrize(
    "answer",
    [
        DONE,
        session(geocoding="matched", internet="matched"),
        session(geocoding="matched", internet="failed", checkout="pending"),
        session(geocoding="failed", internet="pending"),
        session(geocoding="multiple", internet="pending"),
        session(processing=False),
        session(processing=False, geocoding="matched", internet="partial"),
    ],
)
def test_a_settled_session_is_complete_at_once(answer: Session) -> None:
    update = Clock(follow()).poll(answer)
    assert update is not None
    assert (update.kind, update.is_terminal, update.error) == (UpdateKind.COMPLETED, True, None)


@pytest.mark.parametrize(
    "answer",
    [
        session(processing=False, geocoding="matched", internet="pending"),
        session(),
        session(geocoding="matched", internet="partial"),
    ],
)
def test_a_pending_session_is_not(answer: Session) -> None:
    update = Clock(follow()).poll(answer)
    assert update is not None
    assert update.kind == UpdateKind.CHANGED


def test_from_the_services_endpoint_a_match_is_complete_only_with_its_providers() -> None:
    clock = Clock(follow("internet"))
    first = clock.poll(session(geocoding="matched", internet="matched"))
    assert first is not None
    assert first.kind == UpdateKind.CHANGED
    last = clock.poll(attrs.evolve(DONE, providers=(Provider("X"),)))
    assert last is not None
    assert last.kind == UpdateKind.COMPLETED
    failed = Clock(follow("internet")).poll(session(geocoding="matched", internet="failed"))
    assert failed is not None
    assert failed.kind == UpdateKind.COMPLETED


def test_gone_is_terminal_and_keeps_the_last_session() -> None:
    clock = Clock(follow())
    clock.poll(GEOCODED)
    update = clock.poll(SessionGone(410))
    assert update is not None
    assert (update.kind, update.session, update.error) == (UpdateKind.GONE, GEOCODED, None)


@pytest.mark.parametrize("error", [ApiError(404), AuthenticationError(401)])
def test_an_answer_that_will_not_change_fails_the_token_at_once(error: HumError) -> None:
    update = Clock(follow()).poll(error)
    assert update is not None
    assert (update.kind, update.error, update.session) == (UpdateKind.FAILED, error, None)


@pytest.mark.parametrize(
    "error",
    [
        *(ServerError(500), ConnectFailed("x"), RequestTimeout("x"), ResponseError("x")),
        *(ApiError(status) for status in (302, 400, 408, 409, 418, 421, 425, 460, 494, 499)),
        InvalidAddress(422),
    ],
    ids=repr,
)
def test_trouble_that_may_pass_fails_the_token_only_when_the_budget_is_spent(
    error: HumError,
) -> None:
    clock = Clock(follow())
    update = clock.until_terminal(error)
    assert (update.kind, update.error) == (UpdateKind.FAILED, error)
    assert clock.polled_at[-1] == 30.0
    assert clock.polled_at[1] == 3.75


def test_trouble_that_passes_leaves_no_trace() -> None:
    clock = Clock(follow())
    assert clock.poll(ServerError(500)) is None
    update = clock.poll(DONE)
    assert update is not None
    assert (update.kind, update.error, update.polls) == (UpdateKind.COMPLETED, None, 2)


def test_an_unknown_token_has_a_grace_that_never_starts_again() -> None:
    clock = Clock(follow())
    update = clock.until_terminal(SessionNotFound(404))
    assert (update.kind, type(update.error)) == (UpdateKind.FAILED, SessionNotFound)
    assert clock.polled_at[-2] < NOT_FOUND_GRACE <= clock.polled_at[-1] < 10.0
    clock = Clock(follow())
    assert clock.poll(SessionNotFound(404)) is None
    assert clock.poll(ServerError(500)) is None
    late = clock.poll(SessionNotFound(404))
    assert late is not None
    assert late.kind == UpdateKind.FAILED


def test_a_token_that_was_known_has_no_grace() -> None:
    clock = Clock(follow())
    clock.poll(PENDING)
    update = clock.poll(SessionNotFound(404))
    assert update is not None
    assert (update.kind, update.session) == (UpdateKind.FAILED, PENDING)


def test_the_budget_stands_still_while_everything_is_paused() -> None:
    clock = Clock(follow())
    clock.poll(PENDING)
    clock.now += 120.0
    clock.paused += 120.0
    update = clock.until_terminal(PENDING)
    assert update.kind == UpdateKind.TIMED_OUT
    assert update.elapsed == pytest.approx(150.0)


def test_a_throttled_poll_goes_again_at_once_and_counts_nothing() -> None:
    of = follow()
    of.sent(100.0, 100.0)
    of.throttled(100.1)
    assert (of.due <= 100.1, of.polls, of.throttles) == (True, 0, 1)
    of.sent(105.0, 100.1)
    of.answered(PENDING, 105.0, 100.1)
    assert (of.polls, of.throttles) == (1, 0)


def test_patience_with_throttles_ends_by_giving_up() -> None:
    of = follow()
    of.sent(100.0, 100.0)
    error = RateLimited(429)
    update = of.give_up(error, 100.0)
    assert (update.kind, update.error, of.ended) == (UpdateKind.FAILED, error, True)


def test_without_a_budget_it_goes_on() -> None:
    clock = Clock(follow(budget=None))
    for _ in range(500):
        clock.poll(PENDING)
    assert not clock.of.ended


def test_a_budget_of_nothing_is_one_look() -> None:
    clock = Clock(follow(budget=0.0))
    assert clock.until_terminal(PENDING).polls == 1


def test_who_joins_late_gets_the_state_first() -> None:
    clock = Clock(follow())
    assert clock.of.current(100.0) is None
    clock.poll(GEOCODED)
    state = clock.of.current(101.0)
    assert state is not None
    assert (state.kind, state.session, state.previous) == (UpdateKind.CHANGED, GEOCODED, None)
    assert (state.polls, state.elapsed, len(state.changes)) == (1, 1.0, 2)


def test_a_missed_update_is_merged_into_the_newer() -> None:
    clock = Clock(follow())
    first, second, third = clock.poll(PENDING), clock.poll(GEOCODED), clock.poll(DONE)
    assert first
    assert second
    assert third
    both = merged(merged(first, second), third)
    assert (both.kind, both.skipped, both.previous) == (UpdateKind.COMPLETED, 2, None)
    assert both.changes == changes_between(None, DONE)
    later = merged(second, third)
    assert (later.previous, later.skipped) == (PENDING, 1)
    assert later.changes == changes_between(PENDING, DONE)


def test_an_agent_that_disappears_is_a_change() -> None:
    assert changes_between(DONE, session(geocoding="matched")) == (
        AgentChange("internet", AgentStatus.MATCHED, None),
    )


class Told:
    """A policy that remembers what it was told."""

    budget: float | None = 30.0

    def __init__(self) -> None:
        self.polls: list[Poll] = []

    def first(self) -> float:
        return 3.0

    def after(self, poll: Poll) -> float:
        self.polls.append(poll)
        return 4.0


def test_a_policy_is_told_what_it_planned_and_what_came_of_it() -> None:
    policy = Told()
    of = SessionPoll(TOKEN, policy, AGENTS)
    of.plan_first(100.0, policy.first())
    of.sent(103.5, 103.5)
    of.answered(PENDING, 104.0, 104.0)
    of.sent(108.0, 108.0)
    of.failed(ServerError(500), 108.0, 108.0)
    of.sent(112.0, 112.0)
    of.answered(DONE, 112.0, 112.0)
    assert policy.polls == [
        Poll(1, 0, planned=3.0, waited=3.5),
        Poll(2, 1, planned=4.0, waited=4.0, answered=False),
        Poll(3, 0, planned=4.0, waited=4.0, ready=True),
    ]


ANSWERS = st.sampled_from(
    [PENDING, GEOCODED, DONE, SessionGone(410), SessionNotFound(404), ServerError(500)]
)


@given(
    st.lists(
        st.tuples(ANSWERS, st.floats(0.0, 5.0), st.floats(0.0, 3.0)), min_size=60, max_size=60
    ),
    st.floats(0.0, 60.0),
)
def test_every_history_ends_within_the_budget_with_one_terminal_update(
    history: list[tuple[Session | HumError, float, float]], budget: float
) -> None:
    of = follow(budget=budget)
    now, terminal, spent, queued = 0.0, 0, [], 0.0
    for answer, late, latency in history:
        now = max(now, of.due) + late
        of.sent(now, now)
        # What a poll waits beyond its time is our own queue's and not the session's.
        queued += late
        spent.append(now - queued)
        now += latency
        update = (
            of.failed(answer, now, now)
            if isinstance(answer, HumError)
            else of.answered(answer, now, now)
        )
        assert of.due >= now or of.ended
        if update is not None and update.is_terminal:
            terminal += 1
            break
    assert terminal == 1
    assert all(when - spent[0] < budget + 1e-6 for when in spent[:-1])


@given(
    st.floats(0.0, 60.0),
    st.lists(st.floats(2.0, 20.0), min_size=1, max_size=40),
    st.floats(2.0, 20.0),
)
def test_no_two_looks_are_closer_than_2_s_nor_further_apart_than_asked_and_the_last_is_on_time(
    budget: float, gaps: list[float], first: float
) -> None:
    @attrs.define
    class Listed:
        budget: float
        gaps: list[float]

        def first(self) -> float:
            return first

        def after(self, _: Poll) -> float:
            return self.gaps.pop(0) if len(self.gaps) > 1 else self.gaps[0]

    of = SessionPoll(TOKEN, Listed(budget, list(gaps)), AGENTS, charged_until=100.0)
    of.plan_first(100.0, first)
    clock = Clock(of)
    assert clock.until_terminal(PENDING).kind == UpdateKind.TIMED_OUT
    assert clock.polled_at[-1] == pytest.approx(budget)
    apart = [later - earlier for earlier, later in itertools.pairwise([0.0, *clock.polled_at])]
    assert max(apart) <= 20.0 + 1e-6
    assert budget < 4.0 or min(apart[1:], default=2.0) >= 2.0 - 1e-6
