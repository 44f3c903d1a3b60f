"""What a server says of its limit, in every dialect, and nothing where it says nothing sensible."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._limits.rate_limit_headers import RateLimitHeaders, read_rate_limit_headers

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
LEFT = {"x-ratelimit-remaining": "5"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"content-type": "application/json"}, None),
        # draft-ietf-httpapi-ratelimit-headers-10
        (
            {"ratelimit": '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60'},
            RateLimitHeaders(100, 60, 50, 30),
        ),
        ({"ratelimit-policy": '"default";q=100;w=10'}, RateLimitHeaders(limit=100, window=10)),
        ({"ratelimit": '"default";r=7'}, RateLimitHeaders(remaining=7)),
        # Bytes are not requests.
        ({"ratelimit-policy": '"size";q=65535;qu="content-bytes";w=10'}, None),
        # Of several the tightest.
        (
            {
                "ratelimit": '"minute";r=50;t=10, "hour";r=3,"x"',
                "ratelimit-policy": '"minute";q=100;w=60, "hour";q=1000;w=3600',
            },
            RateLimitHeaders(1000, 3600, 3, None),
        ),
        # The drafts up to 07
        (
            {"ratelimit": "limit=100, remaining=50, reset=20", "ratelimit-policy": "100;w=60"},
            RateLimitHeaders(100, 60, 50, 20),
        ),
        (
            {
                "ratelimit-limit": "100, 100;w=60",
                "ratelimit-remaining": "7",
                "ratelimit-reset": "20",
            },
            RateLimitHeaders(100, 60, 7, 20),
        ),
        # Everybody's own
        (
            {
                "x-ratelimit-limit": "100",
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": "12",
            },
            RateLimitHeaders(100, None, 0, 12),
        ),
        (LEFT | {"x-ratelimit-reset": str(EPOCH + 9)}, RateLimitHeaders(remaining=5, reset=9)),
        (
            LEFT | {"x-ratelimit-reset": str((EPOCH + 9) * 1000)},
            RateLimitHeaders(remaining=5, reset=9),
        ),
        (LEFT | {"x-ratelimit-reset": str(EPOCH - 9)}, RateLimitHeaders(remaining=5, reset=0)),
        (
            LEFT | {"x-ratelimit-reset": "1700000010", "date": "Tue, 14 Nov 2023 22:13:20 GMT"},
            RateLimitHeaders(remaining=5, reset=10),
        ),
    ],
)
def test_what_a_server_says_is_read(
    headers: dict[str, str], expected: RateLimitHeaders | None
) -> None:
    assert read_rate_limit_headers(headers, now=NOW) == expected


@pytest.mark.parametrize(
    "value",
    ["", "-5", "nan", "inf", "1e3", "5s", "ten", "0x10", "9" * 40, "٣", '"'],
)
def test_what_is_malformed_counts_as_not_said(value: str) -> None:
    names = ("ratelimit-remaining", "ratelimit-reset", "x-ratelimit-remaining", "x-ratelimit-reset")
    assert read_rate_limit_headers(dict.fromkeys(names, value), now=NOW) is None
    assert read_rate_limit_headers({"ratelimit": f'"a";r={value};t={value}'}, now=NOW) is None


@pytest.mark.parametrize("letters", ["a" * 100_000, "a=" * 50_000, ";" * 100_000, '"' * 99_999])
def test_a_very_long_header_is_not_read_to_its_end(letters: str) -> None:
    # Looked at letter by letter, each from there to the end, one would take minutes.
    names = ("ratelimit", "ratelimit-policy", "ratelimit-limit")
    assert read_rate_limit_headers(dict.fromkeys(names, letters), now=NOW) is None


def test_a_quota_for_a_day_says_nothing_of_how_fast_to_go() -> None:
    quota = read_rate_limit_headers(
        {"x-ratelimit-remaining": "5000", "x-ratelimit-reset": "80000"}, now=NOW
    )
    assert quota == RateLimitHeaders(remaining=5000)
    assert quota.rate is None


@pytest.mark.parametrize(
    ("quota", "rate"),
    [
        # Others have had their share.
        (RateLimitHeaders(100, 60, 15, 20), 0.75),
        (RateLimitHeaders(100, 50, 100, 10), 2.0),
        (RateLimitHeaders(100, 50, 1e6, 50), 2.0),
        (RateLimitHeaders(remaining=60, reset=20), 3.0),
        # A reset of whole seconds says nothing of the rate near the end of a window.
        (RateLimitHeaders(20, 1, 3, 1), 20.0),
        (RateLimitHeaders(100, 50, 50, 9), 2.0),
        (RateLimitHeaders(remaining=60, reset=1), None),
        (RateLimitHeaders(100, 50, 0, 10), 2.0),
        (RateLimitHeaders(remaining=10), None),
        (RateLimitHeaders(reset=10), None),
        (RateLimitHeaders(limit=10), None),
        (RateLimitHeaders(limit=0, window=0), None),
    ],
)
def test_the_rate_is_what_is_left_of_the_window_or_the_whole_of_it(
    quota: RateLimitHeaders, rate: float | None
) -> None:
    assert quota.rate == rate


NAMES = ("ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining")
LETTERS = st.text('0123456789rtqw="; ,-.limtremainst', max_size=40) | st.text(max_size=20)


@given(st.dictionaries(st.sampled_from([*NAMES, *(f"x-{n}" for n in NAMES), "date"]), LETTERS))
def test_no_header_breaks_the_reader_or_makes_an_impossible_rate(headers: dict[str, str]) -> None:
    quota = read_rate_limit_headers(headers, now=NOW)
    if quota is not None:
        assert quota.reset is None or 0 <= quota.reset <= 3600
        assert quota.rate is None or (quota.rate >= 0 and math.isfinite(quota.rate))
