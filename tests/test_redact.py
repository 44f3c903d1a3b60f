"""What may be shown of what came from outside."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._redact import HIDDEN, mask_token, redact, safe_request_id

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Interrupt what does not come back; generous, as it tells minutes from milliseconds."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_a_token_shows_its_first_four_characters() -> None:
    assert mask_token(TOKEN) == "XqCm\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.parametrize(
    "message",
    [
        "Service coverage for 29090 TIFFANY DR E, SOUTHFIELD, MI 48034",
        "cannot geocode '1420 Washington Blvd, Detroit, MI 48201'",
        "1420 Washington Blvd, Detroit, MI, 48201-1234 has several matches",
        "no such place: 1001 woodward ave",
        "100-B Old Mill Creek Rd. is ambiguous",
    ],
)
def test_addresses_are_hidden_even_if_nobody_said_which(message: str) -> None:
    shown = redact(message).lower()
    for word in ("tiffany", "29090", "washington", "1420", "woodward", "1001", "mill", "48034"):
        assert word not in shown


@pytest.mark.parametrize("token", [TOKEN, "tCCDr74LjVPByvGAomPD9wBa", "a" * 18, "x-y_z" * 12])
def test_whatever_looks_like_a_token_is_hidden(token: str) -> None:
    assert redact(f"session {token} is closed") == f"session {HIDDEN} is closed"
    assert redact(f"session={token}") == HIDDEN


def test_plain_words_stay() -> None:
    assert redact("Session expired after 30 minutes") == "Session expired after 30 minutes"


def test_every_word_of_a_secret_is_hidden_in_any_case() -> None:
    shown = redact(
        "Invalid: TIFFANY (drive) near southfield; key sk-LIVE-77",
        ["29090 Tiffany Drive E", "Southfield", "sk-live-77"],
    )
    assert shown == "Invalid: *** (***) near ***; key ***-***-***"


def test_white_space_is_folded_and_long_messages_are_cut() -> None:
    assert redact("a \n\t b") == "a b"
    shown = redact("word " * 500)
    assert len(shown) == 300
    assert shown.endswith("...")


def test_a_secret_across_the_cut_does_not_show_its_beginning() -> None:
    for before in range(270, 300):
        shown = redact("x " * (before // 2) + "Tiffany Drive", ["Tiffany Drive"])
        assert "Ti" not in shown


@pytest.mark.parametrize(
    "piece", ["1-", "1 ", "1a ", "9 a.b ", "a", "1 a", ".", "12345 ", "AB 1234 ", " ", "-", "1.a "]
)
def test_a_long_message_of_any_shape_is_redacted_in_linear_time(piece: str) -> None:
    # An answer may have 4 MiB (transport.MAX_BODY), and the event loop stands still meanwhile.
    with at_most(3):
        assert len(redact(piece * (4 * 1024 * 1024 // len(piece)), ["12 Main St"])) <= 300


@given(st.text(max_size=200), st.lists(st.text(min_size=2, max_size=20), max_size=3))
def test_redaction_never_fails_and_is_never_long(message: str, secrets: list[str]) -> None:
    assert len(redact(message, secrets)) <= 300


@given(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=5, max_size=30),
    st.text(" .,:;!?()'\"", max_size=5),
    st.text(" .,:;!?()'\"", max_size=5),
)
def test_a_secret_between_any_punctuation_is_gone(secret: str, left: str, right: str) -> None:
    assert secret not in redact(f"word {left}{secret}{right} word", [secret])


REQUEST_IDS = [
    "0c970c65-7b01-3fc4-91ee-4ecb31f2acb8",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "req_0123456789",
    "Root=1-67891233-abcdef012345678912345678",
    "r1",
]


@pytest.mark.parametrize("request_id", REQUEST_IDS)
def test_an_id_of_a_request_is_repeated_without_the_secrets_it_holds(request_id: str) -> None:
    assert safe_request_id(request_id, ["", "secret"]) == request_id
    assert safe_request_id(f"{request_id}/{TOKEN}", [TOKEN, ""]) == f"{request_id}/{HIDDEN}"
    # The token of another request too.
    assert TOKEN not in safe_request_id(f"{request_id}/{TOKEN}", [])


@pytest.mark.parametrize(
    "request_id",
    [
        "29090 TIFFANY DR E",
        "for 1 Main St, Detroit, MI 48226",
        "29090_TIFFANY_DR_E",
        "1-main-st",
        "x" * 129,
    ],
)
def test_what_is_no_id_of_a_request_is_not_repeated(request_id: str) -> None:
    assert safe_request_id(request_id, []) == HIDDEN


@pytest.mark.parametrize(
    "message",
    ["no coverage in Southfield, MI", "Grand Rapids, MI 49503: none", "SOUTHFIELD, MI, 48034"],
)
def test_a_city_with_its_state_is_hidden(message: str) -> None:
    shown = redact(message).lower()
    for word in ("southfield", "grand", "rapids", "49503", "48034"):
        assert word not in shown


def test_a_secret_where_a_very_long_message_ends_does_not_show_its_beginning() -> None:
    for length in range(1980, 2001):
        shown = redact("a" * length + " Tiffany Drive", ["29090 Tiffany Drive"])
        assert "T" not in shown
