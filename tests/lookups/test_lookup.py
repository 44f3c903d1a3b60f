"""One address from POST to its result, decided without I/O and without a clock."""

import math
from datetime import UTC, datetime

import attrs
import pytest

from hum_async import (
    Address,
    AddressError,
    AgentStatus,
    ApiError,
    ConnectFailed,
    GuidedPolling,
    HumError,
    InvalidAddress,
    Outcome,
    Provider,
    Qualification,
    RateLimited,
    RequestTimeout,
    ResponseError,
    RetryPolicy,
    ServerError,
    ServiceAddress,
    Session,
    SessionGone,
    SessionNotFound,
    TransportError,
)
from hum_async._lookups.lookup import Lookup, LookupStep, outcome_of

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
ADDRESS = Address("29090 Tiffany Drive E", zip="48034")
PROVIDERS = (Provider("Frontier"),)


def session(processing: bool = False, **agents: str) -> Session:  # noqa: FBT001, FBT002
    statuses = {name: AgentStatus(value) for name, value in agents.items()}
    return Session(TOKEN, processing=processing, agents=statuses, data_set="v.1006")


SENT_AT = datetime(2025, 5, 24, tzinfo=UTC)
CREATED = session(geocoding="pending", internet="pending")
PENDING = session(processing=True, geocoding="matched", internet="pending")
MATCHED = session(geocoding="matched", internet="matched")
SERVED = attrs.evolve(MATCHED, providers=PROVIDERS)


class Driver:
    """Gives a lookup its answers one after the other; each takes no time."""

    def __init__(self, *, close: bool = False, retry: RetryPolicy | None = None) -> None:
        self.lookup = Lookup(
            key="row 7",
            address=ADDRESS,
            policy=GuidedPolling(jitter=0.0),
            retry=retry or RetryPolicy(),
            close=close,
        )
        self.now = 50.0
        self.log: list[str] = []

    def give(self, *answers: Session | HumError | None) -> Qualification | None:
        for answer in answers:
            self._one(answer)
        return self.lookup.result

    def _one(self, answer: Session | HumError | None) -> None:
        lookup = self.lookup
        self.now = max(self.now, lookup.due)
        step = lookup.step
        assert step is not None
        self.log.append(step.name if step is not LookupStep.POLL else lookup.source)
        lookup.sent(self.now, self.now, SENT_AT)
        if isinstance(answer, HumError):
            lookup.failed(answer, self.now, self.now, random=1.0)
        elif step is LookupStep.CREATE:
            assert answer is not None
            lookup.created(answer, self.now, self.now)
        elif step is LookupStep.POLL:
            assert answer is not None
            lookup.polled(answer, self.now, self.now)
        else:
            lookup.closed()


def test_an_address_that_cannot_be_sent_is_a_result_without_a_request() -> None:
    lookup = Lookup(
        key=1, address=Address("", zip="48034"), policy=GuidedPolling(), retry=RetryPolicy()
    )
    assert lookup.step is None
    assert lookup.result is not None
    assert lookup.result.outcome == Outcome.INVALID_ADDRESS
    assert isinstance(lookup.result.error, AddressError)
    assert (lookup.result.requests, lookup.result.token, lookup.result.elapsed) == (0, None, 0.0)


def test_the_newest_generation_costs_one_request_and_one_to_close() -> None:
    driver = Driver(close=True)
    result = driver.give(attrs.evolve(CREATED, agents={}, providers=PROVIDERS))
    assert result is not None
    assert (result.outcome, result.providers, result.token) == (Outcome.SERVED, PROVIDERS, TOKEN)
    assert driver.lookup.step is LookupStep.CLOSE
    assert driver.give(None).requests == 2  # type: ignore[union-attr]
    assert driver.lookup.step is None
    assert driver.log == ["CREATE", "CLOSE"]


def test_the_polling_generations_poll_the_services_until_the_providers_are_there() -> None:
    driver = Driver()
    result = driver.give(CREATED, PENDING, SERVED)
    assert driver.log == ["CREATE", "internet", "internet"]
    assert result is not None
    assert (result.outcome, result.key, result.requests) == (Outcome.SERVED, "row 7", 3)
    assert (result.data_set, result.elapsed) == ("v.1006", 2.5)


def test_the_result_says_when_and_where() -> None:
    moment = datetime(2025, 5, 23, tzinfo=UTC)
    place = ServiceAddress("somewhere")
    result = Driver().give(
        CREATED, attrs.evolve(SERVED, responded_at=moment, service_address=place)
    )
    assert result is not None
    assert (result.observed_at, result.service_address) == (moment, place)
    other = Driver().give(CREATED, SERVED)
    assert other is not None
    assert other.observed_at == SENT_AT
    assert other.observed_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("agents", "outcome"),
    [
        ({"geocoding": "multiple", "internet": "pending"}, Outcome.AMBIGUOUS_ADDRESS),
        ({"geocoding": "failed", "internet": "pending"}, Outcome.ADDRESS_NOT_FOUND),
        ({"geocoding": "matched", "internet": "failed"}, Outcome.NO_PROVIDERS),
    ],
)
def test_agents_decide_the_outcome_where_there_are_no_providers(
    agents: dict[str, str], outcome: Outcome
) -> None:
    result = Driver().give(CREATED, session(processing=True, **agents))
    assert result is not None
    assert (result.outcome, result.providers, result.error) == (outcome, (), None)
    immediate = Driver().give(attrs.evolve(CREATED, providers=()), session(**agents))
    assert immediate is not None
    assert immediate.outcome == outcome


def test_providers_decide_before_agents() -> None:
    assert outcome_of(attrs.evolve(SERVED, agents={})) == Outcome.SERVED
    assert outcome_of(session()) is None


def test_an_immediate_answer_without_providers_is_explained_by_the_session() -> None:
    driver = Driver()
    result = driver.give(attrs.evolve(CREATED, providers=()), session(), session())
    assert driver.log == ["CREATE", "session", "internet"]
    assert result is not None
    assert result.outcome == Outcome.NO_PROVIDERS


def test_a_match_without_providers_anywhere_is_a_failure_and_not_a_negative_result() -> None:
    driver = Driver()
    empty = attrs.evolve(MATCHED, providers=())
    result = driver.give(CREATED, empty, empty, empty)
    assert driver.log == ["CREATE", "internet", "session", "internet"]
    assert result is not None
    assert result.outcome == Outcome.FAILED
    assert isinstance(result.error, ResponseError)


def test_an_empty_list_that_came_too_early_is_asked_for_again() -> None:
    driver = Driver()
    early = Session("token", providers=())
    result = driver.give(CREATED, early, MATCHED, SERVED)
    assert driver.log == ["CREATE", "internet", "session", "internet"]
    assert result is not None
    assert result.outcome == Outcome.SERVED


def test_a_search_that_never_ends_times_out_after_its_budget_with_a_last_look() -> None:
    driver = Driver(close=True)
    result = driver.give(CREATED, *[PENDING] * 6)
    assert result is not None
    assert (result.outcome, result.requests, result.elapsed) == (Outcome.TIMED_OUT, 7, 30.0)
    # Its session may be taken up again.
    assert driver.lookup.step is None


def test_the_budget_counts_from_the_answer_to_the_post() -> None:
    driver = Driver()
    driver.lookup.sent(50.0, 50.0)
    driver.lookup.created(CREATED, 110.0, 110.0)
    assert driver.lookup.due == 110.0
    driver.now = 110.0
    result = driver.give(*[PENDING] * 6)
    assert result is not None
    assert (result.outcome, result.elapsed) == (Outcome.TIMED_OUT, 90.0)


@pytest.mark.parametrize("error", [InvalidAddress(422), InvalidAddress(400)])
def test_a_refused_address_is_invalid(error: HumError) -> None:
    result = Driver(close=True).give(error)
    assert result is not None
    assert (result.outcome, result.error, result.token) == (Outcome.INVALID_ADDRESS, error, None)


@pytest.mark.parametrize(
    "error",
    [RequestTimeout("x"), TransportError("x"), ResponseError("x")]
    + [ServerError(status) for status in (500, 502, 503, 504)],
    ids=repr,
)
def test_a_post_that_may_have_bought_a_session_is_never_sent_again(error: HumError) -> None:
    driver = Driver(close=True)
    result = driver.give(error)
    assert result is not None
    assert (result.outcome, result.error, result.requests) == (Outcome.UNCERTAIN, error, 1)
    assert driver.lookup.step is None


def test_a_post_without_a_connection_is_sent_again_and_fails_in_the_end() -> None:
    driver = Driver()
    assert driver.give(ConnectFailed("x")) is None
    assert driver.lookup.due == 50.5
    result = driver.give(*[ConnectFailed("x")] * 3)
    assert result is not None
    assert (result.outcome, result.requests) == (Outcome.FAILED, 4)


def test_a_refused_post_is_a_failure() -> None:
    result = Driver().give(ApiError(404))
    assert result is not None
    assert result.outcome == Outcome.FAILED


@pytest.mark.parametrize("error", [RateLimited(429), ServerError(503, retry_after=1.0)])
def test_a_throttled_step_goes_again_at_once_and_is_no_try(error: HumError) -> None:
    driver = Driver(retry=RetryPolicy(attempts=1))
    assert driver.give(error, error) is None
    assert driver.lookup.throttled
    result = driver.give(CREATED, error, SERVED)
    assert not driver.lookup.throttled
    assert result is not None
    assert (result.outcome, result.requests) == (Outcome.SERVED, 5)


def test_patience_with_throttles_has_an_end() -> None:
    retry = RetryPolicy(throttles=2)
    result = Driver(retry=retry).give(*[RateLimited(429)] * 3)
    assert result is not None
    assert (result.outcome, type(result.error)) == (Outcome.FAILED, RateLimited)
    polled = Driver(retry=retry).give(CREATED, *[RateLimited(429)] * 3)
    assert polled is not None
    assert (polled.outcome, polled.token) == (Outcome.FAILED, TOKEN)


def test_a_session_that_is_gone_has_expired_and_is_not_closed() -> None:
    driver = Driver(close=True)
    result = driver.give(CREATED, PENDING, SessionGone(410))
    assert result is not None
    assert (result.outcome, type(result.error)) == (Outcome.EXPIRED, SessionGone)
    assert driver.lookup.step is None


def test_an_unknown_session_has_a_grace_then_fails() -> None:
    driver = Driver()
    assert driver.give(CREATED, SessionNotFound(404)) is None
    assert driver.give(SessionNotFound(404), SessionNotFound(404)) is not None
    assert driver.lookup.result is not None
    assert driver.lookup.result.outcome == Outcome.FAILED


def test_trouble_between_polls_does_not_show_in_the_result() -> None:
    result = Driver().give(CREATED, ServerError(500), ResponseError("x"), SERVED)
    assert result is not None
    assert (result.outcome, result.error, result.requests) == (Outcome.SERVED, None, 4)


def test_providers_that_were_seen_are_kept_when_a_later_answer_leaves_them_out() -> None:
    early = attrs.evolve(PENDING, providers=PROVIDERS)
    result = Driver().give(CREATED, early, MATCHED)
    assert result is not None
    assert (result.outcome, result.providers) == (Outcome.SERVED, PROVIDERS)


@pytest.mark.parametrize("error", [ApiError(400), SessionNotFound(404), RateLimited(429)])
def test_a_delete_that_fails_changes_no_result(error: HumError) -> None:
    driver = Driver(close=True, retry=RetryPolicy(attempts=1, throttles=0))
    result = driver.give(CREATED, SERVED, error)
    assert result is not None
    assert (result.outcome, result.error, result.requests) == (Outcome.SERVED, None, 3)
    assert driver.lookup.step is None


def test_a_delete_is_tried_again_while_that_may_help() -> None:
    driver = Driver(close=True)
    driver.give(CREATED, SERVED, ServerError(500))
    assert driver.lookup.step is LookupStep.CLOSE
    driver.give(None)
    assert driver.lookup.step is None


def test_the_first_step_is_due_at_once() -> None:
    assert Driver().lookup.due == -math.inf


def test_refusals_between_polls_that_are_answered_never_add_up() -> None:
    driver = Driver(retry=RetryPolicy(throttles=2))
    for _ in range(5):
        assert driver.give(*([CREATED] if driver.lookup.token is None else [])) is None
        assert driver.give(RateLimited(429), PENDING) is None
    assert driver.give(SERVED) is not None


def test_the_wait_after_a_refused_poll_is_not_charged_to_the_budget() -> None:
    driver = Driver(retry=RetryPolicy(throttles=100))
    driver.give(CREATED)
    for _ in range(20):
        driver.give(RateLimited(429))
        driver.now += 10.0  # in the queue, behind others
    assert driver.give(PENDING) is None


def test_a_refused_poll_is_due_since_when_it_was_due() -> None:
    driver = Driver()
    driver.give(CREATED, PENDING)
    due = driver.lookup.due
    driver.now = due + 7.0
    driver.give(RateLimited(429))
    assert driver.lookup.due == due


def test_an_adopted_session_that_is_gone_is_begun_anew_with_a_post() -> None:
    driver = Driver()
    driver.lookup.adopt(TOKEN, 50.0, 50.0, requests=2)
    assert driver.give(SessionGone(410)) is None
    result = driver.give(attrs.evolve(CREATED, agents={}, providers=PROVIDERS))
    assert result is not None
    assert (result.outcome, result.requests) == (Outcome.SERVED, 4)
    assert driver.log == ["internet", "CREATE"]


def test_the_second_endpoint_is_polled_with_what_the_first_has_left_of_the_budget() -> None:
    driver = Driver()
    driver.give(attrs.evolve(CREATED, providers=()), PENDING, PENDING, PENDING, MATCHED)
    while (result := driver.lookup.result) is None:
        driver.give(PENDING)
    assert result.outcome == Outcome.TIMED_OUT
    assert result.elapsed == pytest.approx(30.0)
    assert {"session", "internet"} < set(driver.log)


def test_refusals_of_a_post_add_up_only_in_a_row() -> None:
    driver = Driver(retry=RetryPolicy(throttles=2))
    refusals = [RateLimited(429)] * 2
    assert driver.give(*refusals, ConnectFailed("x"), *refusals, CREATED) is None
    assert driver.lookup.token == TOKEN
