"""The last answer of a watched token: compared cheaply, kept small, and never told wrongly."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import AgentStatus, GuidedPolling, Session
from hum_async._polling.response_store import ResponseStore, same_but_for_time
from hum_async._polling.watched_session import WatchedSession
from hum_async.testing import session_json

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"


def answer(second: int, *, status: str = "pending", **meta: Any) -> bytes:
    body = session_json(TOKEN, geocoding="matched", internet=status)
    stamp = f"2026-01-01T00:00:{second:02}.000Z"
    body["meta"] = {"responded_at": stamp, **body["meta"], **meta}
    return orjson.dumps(body)


def watched(store: ResponseStore) -> WatchedSession:
    agents = ("geocoding", "internet")
    return WatchedSession(TOKEN, GuidedPolling(), agents, store=store)


def session_of(entry: WatchedSession) -> Session:
    assert entry.session is not None
    return entry.session


# --- the same but for the time --------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.just("responded_at"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4) | st.just("responded_at"), JSON, max_size=4), JSON, JSON)
def test_answers_that_count_as_the_same_differ_in_their_time_at_most(
    rest: dict[str, Any], one: Any, other: Any
) -> None:
    first, second = ({**rest, "responded_at": stamp, "z": rest} for stamp in (one, other))
    if same_but_for_time(orjson.dumps(first), orjson.dumps(second)):
        assert first == second or all(type(value) is str for value in (one, other))


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "matched"},
        {"status": "failedd"},
        {"hum_data_set": "v.1007"},
        {"service_address": "1 Main St"},
        {"session_status": "shut"},
    ],
)
def test_whatever_else_differs_is_a_difference(changed: dict[str, Any]) -> None:
    assert same_but_for_time(answer(1), answer(2))
    assert not same_but_for_time(answer(1), answer(2, **changed))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"", b"x"),
        (b'{"responded_at":null,"a":"1"}', b'{"responded_at":null,"b":"1"}'),
        (b'{"responded_at":1}', b'{"responded_at":2}'),
        (b'{"responded_at":"1', b'{"responded_at":"2'),
        (b'"responded_at"', b'"responded_by"'),
    ],
)
def test_what_is_no_time_is_compared_whole(one: bytes, other: bytes) -> None:
    assert not same_but_for_time(one, other)


# --- kept small -----------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=3000), max_size=8), st.integers(0, 2))
def test_what_is_packed_can_be_unpacked(bodies: list[bytes], few: int) -> None:
    store = ResponseStore(few=few)
    # No answer begins like a packed one, or it would not have been understood.
    bodies = [b"{" + body for body in bodies]
    kept = [store.pack(body, among=1) for body in bodies]
    assert [store.unpack(each) for each in kept] == bodies
    assert few == 0 or kept == bodies


@given(
    st.lists(
        st.lists(
            st.sampled_from('XqCm":, \x01') | st.sampled_from(['"responded_at":"', "XqCm"]),
            max_size=12,
        )
        .map("".join)
        .map(str.encode),
        max_size=6,
    )
)
def test_token_and_time_of_an_answer_are_put_back_where_they_were(bodies: list[bytes]) -> None:
    store = ResponseStore(few=0)
    bodies = [b"{" + body for body in bodies]
    kept = [store.pack(body, among=1, token=b"XqCm") for body in bodies]
    assert [store.unpack(each, token=b"XqCm") for each in kept] == bodies


@given(
    st.dictionaries(st.text(max_size=4) | st.just("responded_at"), JSON, max_size=4),
    JSON | st.just(TOKEN),
    JSON | st.just(TOKEN),
    st.sampled_from([[], [b'{"responded_at":"2026"}']]),
)
def test_packed_answers_are_compared_as_others_are(
    rest: dict[str, Any], one: Any, other: Any, first: list[bytes]
) -> None:
    store = ResponseStore(few=0)
    bodies = [orjson.dumps({**rest, "responded_at": stamp, "z": rest}) for stamp in (one, other)]
    before, body = bodies
    packed = [store.pack(each, among=1, token=TOKEN.encode()) for each in (*first, before)]
    if same_but_for_time(before, body):
        assert store.repeated(packed[-1], body) is not None
    elif store.repeated(packed[-1], body) is not None:
        # Times of another length are times all the same.
        assert all(type(value) is str for value in (one, other))


def test_a_packed_answer_is_told_another_time_in_its_place() -> None:
    store = ResponseStore(few=0)
    kept = store.pack(answer(1), among=1)
    assert store.unpack(store.repeated(kept, answer(2)) or b"") == answer(2)


def test_answers_like_the_first_one_take_a_quarter_of_the_memory() -> None:
    store = ResponseStore(few=0)
    store.pack(answer(1), among=1)
    assert len(store.pack(answer(2, service_address="7 Elm St"), among=1)) < len(answer(1)) / 4


@pytest.mark.parametrize("few", [0, 10])
def test_an_answer_that_comes_again_is_remembered_by_its_time(few: int) -> None:
    entry = watched(ResponseStore(few=few))
    assert entry.session is None
    assert not entry.repeats(answer(1), processing=True)
    entry.keep(answer(1), processing=True, among=5)
    assert session_of(entry).processing
    for second in (2, 3):
        assert entry.repeats(answer(second), processing=True)
        expected = datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)
        assert session_of(entry).responded_at == expected
    assert session_of(entry).agents["internet"] == AgentStatus.PENDING
    assert not entry.repeats(answer(4), processing=False)
    assert not entry.repeats(answer(4, status="matched"), processing=True)
    assert session_of(entry).responded_at == expected
