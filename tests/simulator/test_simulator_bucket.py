"""The token bucket: what it admits and what a refusal costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async.simulator._bucket import TokenBucket

GAPS = st.lists(st.floats(0, 3), max_size=80)


@given(gaps=GAPS, rate=st.floats(0.1, 50), burst=st.floats(1, 20))
def test_no_window_admits_more_than_the_burst_and_what_flows_in(
    gaps: list[float], rate: float, burst: float
) -> None:
    bucket = TokenBucket(rate=rate, burst=burst)
    now, admitted = 100.0, []
    for gap in gaps:
        now += gap
        if bucket.take(now):
            admitted.append(now)
    for first, start in enumerate(admitted):
        for last in range(first, len(admitted)):
            allowed = burst + (admitted[last] - start) * rate
            assert last - first + 1 <= allowed + 1e-6


@given(rate=st.floats(0.1, 50), refusals=st.integers(1, 50))
def test_a_refused_request_costs_nothing(rate: float, refusals: int) -> None:
    bucket = TokenBucket(rate=rate, burst=1)
    assert bucket.take(10.0)
    assert not any(bucket.take(10.0) for _ in range(refusals))
    assert bucket.take(10.0 + 1.001 / rate)


def test_without_a_rate_everything_is_admitted() -> None:
    bucket = TokenBucket()
    assert all(bucket.take(0.0) for _ in range(1000))


@pytest.mark.parametrize(("rate", "burst"), [(20, 20), (0.5, 1)])
def test_the_burst_is_one_second_of_the_rate_but_at_least_one(rate: float, burst: int) -> None:
    bucket = TokenBucket(rate=rate)
    assert sum(bucket.take(1.0) for _ in range(100)) == burst


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        TokenBucket(rate=rate)


def test_a_burst_below_one_would_admit_nothing_and_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        TokenBucket(rate=1, burst=0.5)


@pytest.mark.parametrize(
    "arguments",
    [{"rate": 10**400}, {"rate": 1, "burst": 10**400}, {"rate": float("nan")}],
    ids=["rate", "burst", "nan"],
)
def test_numbers_that_arithmetic_cannot_take_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="pass"):
        TokenBucket(**arguments)


def test_a_bucket_that_is_empty_at_first_fills_from_the_first_request_on() -> None:
    bucket = TokenBucket(rate=2, full=False)
    assert [bucket.take(now) for now in (50.0, 50.25, 50.5, 50.5)] == [False, False, True, False]
