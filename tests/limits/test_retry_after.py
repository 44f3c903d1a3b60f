"""How long a server asks to wait: seconds, or any form of HTTP date by its own clock."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._limits.rate_limit_headers import parse_retry_after

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
