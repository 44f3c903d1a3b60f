"""A token that waits for its next poll is packed, and nothing of it is lost by that."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from hum_async import GuidedPolling, SessionUpdate, UpdateKind
from hum_async._api.decoding import decode_session
from hum_async._polling.response_store import ResponseStore
from hum_async._polling.watched_session import WatchedSession
from hum_async._polling.watched_token import WatchedToken
from hum_async.errors import HumError, RateLimited, RequestTimeout
from hum_async.testing import session_json

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
POLICY = GuidedPolling(budget=60.0, random=lambda: 0.3)


def answer(status: str, second: int) -> bytes:
    body = session_json(TOKEN, geocoding="matched", internet=status)
    body["meta"]["responded_at"] = f"2026-01-01T00:00:{second:02}.000Z"
    return orjson.dumps(body)


def new(store: ResponseStore) -> WatchedSession:
    return WatchedSession(TOKEN, POLICY, ("geocoding", "internet"), store=store)


class Polled:
    """A watched token that is polled, and perhaps sleeps in between."""

    def __init__(self, *, sleeps: bool) -> None:
        self.entry = WatchedToken(TOKEN, ())
        self.store = ResponseStore(few=0)
        self._sleeps = sleeps

    def poll(
        self, what: bytes | HumError, sent: float, answered: float, paused: float
    ) -> SessionUpdate | None:
        state = self.entry.awake = self.entry.awake or self.entry.unpacked(new(self.store))
        state.sent(sent, sent - paused)
        update = self._heed(state, what, answered, answered - paused)
        if self._sleeps and not state.ended:
            self.entry.sleep()
        return update

    def _heed(
        self, state: WatchedSession, what: bytes | HumError, now: float, active: float
    ) -> SessionUpdate | None:
        if isinstance(what, RateLimited):
            return state.throttled(now)
        if isinstance(what, HumError):
            return state.failed(what, now, active)
        processing = b'"pending"' in what
        if state.repeats(what, processing=processing):
            return state.unchanged(now, active)
        session = decode_session(what, token=TOKEN, processing=processing)
        update = state.answered(session, now, active)
        if not state.ended:
            state.keep(what, processing=processing, among=1)
        return update

    def known(self, now: float) -> Any:
        entry = self.entry
        state = entry.awake or entry.unpacked(new(self.store))
        return state.current(now), entry.due, entry.sent_at, entry.throttled


def test_the_budget_of_who_sleeps_is_charged_for_the_delays_that_were_planned() -> None:
    polled = Polled(sleeps=True)
    updates = []
    for second in range(60):
        sent = polled.entry.due
        updates.append(polled.poll(answer("pending", second), sent, sent + 0.1, 0.0))
        if updates[-1] is not None and updates[-1].is_terminal:
            break
    assert updates[-1] is not None
    assert updates[-1].kind is UpdateKind.TIMED_OUT
    assert 60.0 <= updates[-1].elapsed < 60.5


ANSWERS = st.sampled_from(["pending", "pending", "searching", "matched"])
ERRORS = st.sampled_from([RateLimited(429, "later"), RequestTimeout("too long")])
POLLS = st.lists(
    st.tuples(ANSWERS | ERRORS, st.floats(0, 5), st.floats(0, 2), st.floats(0, 1)), max_size=12
)


@given(POLLS)
def test_who_sleeps_between_polls_tells_what_others_tell(polls: list[Any]) -> None:
    sleeper, other = Polled(sleeps=True), Polled(sleeps=False)
    now = paused = 0.0
    for second, (what, late, takes, pause) in enumerate(polls):
        sent = max(now, sleeper.entry.due) + late
        now, paused = sent + takes, paused + pause
        content = answer(what, second) if isinstance(what, str) else what
        update = sleeper.poll(content, sent, now, paused)
        assert update == other.poll(content, sent, now, paused)
        if update is not None and update.kind is not UpdateKind.CHANGED:
            return
        assert sleeper.known(now) == other.known(now)


def test_asleep_a_token_takes_few_bytes() -> None:
    polled = Polled(sleeps=True)
    polled.poll(answer("pending", 0), 0.0, 0.5, 0.0)
    polled.poll(answer("pending", 1), 3.0, 3.5, 0.0)
    assert polled.entry.awake is None
    assert polled.entry.due > 3.5
    assert polled.entry.sent_at == 3.0


def test_a_token_that_was_refused_stays_awake_because_it_is_due_at_once() -> None:
    polled = Polled(sleeps=True)
    polled.poll(answer("pending", 0), 0.0, 0.5, 0.0)
    polled.poll(RateLimited(429, "later"), 3.0, 3.5, 0.0)
    assert polled.entry.throttled
    assert polled.entry.due < 3.5


def test_a_state_that_is_used_again_says_nothing_of_the_token_before() -> None:
    other = "Yq" + TOKEN[2:]
    polled = Polled(sleeps=True)
    polled.poll(answer("searching", 0), 0.0, 0.5, 0.0)
    polled.poll(answer("pending", 1), 3.0, 3.5, 0.0)
    state = WatchedSession(other, POLICY, ("geocoding", "internet"), store=polled.store)
    body = answer("searching", 2).replace(TOKEN.encode(), other.encode())
    state.sent(7.0, 7.0)
    state.answered(decode_session(body, token=other, processing=True), 7.5, 7.5)
    state.keep(body, processing=True, among=1)
    assert other in state.request().path
    assert state.session is not None
    told, *_ = polled.known(4.0)
    state = polled.entry.unpacked(state)
    assert state.current(4.0) == told
    assert TOKEN in state.request().path
