"""Whether and when again: never a POST that may have taken effect."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import (
    AddressError,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConnectFailed,
    HumError,
    InvalidAddress,
    RateLimited,
    RequestTimeout,
    ResponseError,
    RetryPolicy,
    ServerError,
    SessionGone,
    SessionNotFound,
    TransportError,
)
from hum_async._api.retry import is_throttle, may_have_created, retry_delay

CERTAIN = [ConnectFailed("x"), RateLimited(429), ServerError(503, retry_after=0.0)]
CERTAIN += [InvalidAddress(422), ApiError(404), AuthenticationError(401), ApiError(302)]
UNCERTAIN = [RequestTimeout("x"), TransportError("x"), ResponseError("x"), ServerError(200)]
UNCERTAIN += [ServerError(status) for status in (500, 501, 502, 503, 504, 599)]
PASSING = [ConnectFailed("x"), RequestTimeout("x"), TransportError("x"), ResponseError("x")]
PASSING += [ServerError(500), ServerError(503, retry_after=1.0), InvalidAddress(422)]
PASSING += [ApiError(status) for status in (302, 400, 402, 405, 408, 409, 421, 425, 440, 460, 499)]
LASTING = [AuthenticationError(401), SessionGone(410), SessionNotFound(404)]
LASTING += [ApiError(404), ConfigurationError("x"), AddressError("x")]
ANY = st.sampled_from([*CERTAIN, *UNCERTAIN, *PASSING, *LASTING])
POLICIES = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 10_000),
    base=st.floats(0.0, 100.0),
    cap=st.floats(0.0, 100.0),
)


@pytest.mark.parametrize("error", CERTAIN, ids=repr)
def test_what_certainly_had_no_effect_creates_nothing(error: HumError) -> None:
    assert not may_have_created(error)


@pytest.mark.parametrize("error", UNCERTAIN, ids=repr)
def test_what_broke_after_it_was_sent_is_uncertain(error: HumError) -> None:
    assert may_have_created(error)


@given(ANY, st.integers(1, 10_000), POLICIES, st.floats(0.0, 1.0))
def test_a_post_is_sent_again_only_if_it_certainly_had_no_effect(
    error: HumError, tries: int, policy: RetryPolicy, random: float
) -> None:
    delay = retry_delay(error, tries=tries, policy=policy, creates=True, random=random)
    if may_have_created(error):
        assert delay is None


@given(ANY, st.integers(1, 10_000), POLICIES, st.booleans(), st.floats(0.0, 1.0))
def test_a_delay_is_within_its_bounds_and_tries_are_counted(
    error: HumError,
    tries: int,
    policy: RetryPolicy,
    creates: bool,  # noqa: FBT001
    random: float,
) -> None:
    delay = retry_delay(error, tries=tries, policy=policy, creates=creates, random=random)
    if delay is not None:
        assert tries < policy.attempts
        bound = policy.base * 2.0 ** (tries - 1) if tries < 1000 else math.inf
        assert 0.0 <= delay <= min(policy.cap, bound)


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_what_may_pass_is_tried_again(error: HumError) -> None:
    args = {"policy": RetryPolicy(), "creates": False, "random": 1.0}
    delays = [retry_delay(error, tries=tries, **args) for tries in (1, 2, 3, 4)]  # type: ignore[arg-type]
    assert delays == [0.5, 1.0, 2.0, None]


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_what_will_not_change_is_not(error: HumError) -> None:
    args = {"policy": RetryPolicy(), "creates": False, "random": 1.0}
    assert retry_delay(error, tries=1, **args) is None  # type: ignore[arg-type]


def test_one_attempt_means_no_retry() -> None:
    policy = RetryPolicy(attempts=1)
    error = ConnectFailed("x")
    assert retry_delay(error, tries=1, policy=policy, creates=False, random=1.0) is None


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"base": -1.0}, {"cap": -0.1}, {"base": math.nan}, {"throttles": -1}]
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


def test_the_rate_limit_of_the_server_is_told_by_429_or_by_503_with_retry_after() -> None:
    assert is_throttle(RateLimited(429))
    assert is_throttle(ServerError(503, retry_after=0.0))
    assert not is_throttle(ServerError(503))
    assert not is_throttle(ServerError(500, retry_after=1.0))
    assert not is_throttle(ConnectFailed("x"))
