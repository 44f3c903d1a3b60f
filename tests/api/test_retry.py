"""Whether and when again: never a POST that may have taken effect, never on an unreadable hint."""

import math
from datetime import UTC, datetime, timedelta

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
from hum_async._limits.rate_limit_headers import parse_retry_after

CERTAIN = [ConnectFailed("x"), RateLimited(429), ServerError(503, retry_after=0.0)]
CERTAIN += [InvalidAddress(422), ApiError(404), AuthenticationError(401), ApiError(302)]
UNCERTAIN = [RequestTimeout("x"), TransportError("x"), ResponseError("x"), ServerError(200)]
UNCERTAIN += [ServerError(status) for status in (500, 501, 502, 503, 504, 599)]
PASSING = [ConnectFailed("x"), RequestTimeout("x"), TransportError("x"), ResponseError("x")]
PASSING += [ServerError(500), ServerError(503, retry_after=1.0)]
LASTING = [AuthenticationError(401), SessionGone(410), SessionNotFound(404), InvalidAddress(422)]
LASTING += [ApiError(400), ConfigurationError("x"), AddressError("x")]
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


# --- Retry-After ----------------------------------------------------------------------------------

NOW = datetime(2025, 4, 2, 12, 0, tzinfo=UTC)
DATE = "Wed, 02 Apr 2025 12:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("410400", 410400.0),
        ("Wed, 02 Apr 2025 12:00:07 GMT", 7.0),
        ("Wednesday, 02-Apr-25 12:00:07 GMT", 7.0),
        ("Wed Apr  2 12:00:07 2025", 7.0),
        ("Wed, 02 Apr 2025 11:00:00 GMT", 0.0),
    ],
)
def test_seconds_and_every_form_of_http_date_are_read(value: str, seconds: float) -> None:
    assert parse_retry_after({"retry-after": value}, now=NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "-1",
        "NaN",
        "nan",
        "inf",
        "Infinity",
        "-inf",
        "1_000",
        "soon",
        "1s",
        "0x10",
        "1e400",
        "32 Foo 2025",
        "Wed, 99 Apr 2025 12:00:00 GMT",
        "Wed, 02 Apr 2025 12:00:00 +2500",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "٤",
    ],
)
def test_what_is_neither_is_no_hint(value: str) -> None:
    assert parse_retry_after({"retry-after": value}, now=NOW) is None


def test_there_may_be_no_hint() -> None:
    assert parse_retry_after({}) is None


def test_a_date_is_held_against_the_clock_of_the_server() -> None:
    headers = {"retry-after": "Wed, 02 Apr 2025 12:00:05 GMT", "date": DATE}
    assert parse_retry_after(headers, now=NOW.replace(year=2031)) == 5.0
    assert parse_retry_after({**headers, "date": "broken"}, now=NOW) == 5.0


DATELIKE = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Mon", "Wednesday", "X", ""]),
    st.integers(-5, 10**25),
    st.sampled_from(["Jan", "apr", "Foo", "13"]),
    st.integers(-1, 10**25),
    st.integers(-1, 10**25),
    st.integers(0, 99),
    st.integers(0, 99),
    st.sampled_from(["GMT", "+0000", "-9999", "+99999999999999999999", "EST", "Z", ""]),
)
HINTS = st.text(max_size=40) | DATELIKE | st.floats().map(str) | st.integers().map(str)


@given(HINTS, HINTS)
def test_no_text_at_all_breaks_retry_after(value: str, date: str) -> None:
    seconds = parse_retry_after({"retry-after": value, "date": date})
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0.0)


@given(st.integers(-(10**9), 10**11))
def test_every_http_date_gives_the_seconds_until_then(seconds_ahead: int) -> None:
    moment = NOW + timedelta(seconds=seconds_ahead)
    value = moment.strftime("%a, %d %b ") + f"{moment.year:04} " + moment.strftime("%H:%M:%S GMT")
    seconds = parse_retry_after({"retry-after": value, "date": DATE})
    assert seconds == max(0.0, (moment - NOW).total_seconds())
