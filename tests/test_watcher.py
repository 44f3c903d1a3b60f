"""`AsyncSessionWatcher`: what is polled when, and what each stream is told."""

import asyncio
import contextlib
import math
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest

from hum_async import (
    AgentChange,
    AgentStatus,
    ApiError,
    AsyncSessionWatcher,
    AuthenticationError,
    ConnectFailed,
    GuidedPolling,
    HumClient,
    HumError,
    LearnedPolling,
    Poll,
    RateLimited,
    RateLimiter,
    RawResponse,
    RetryPolicy,
    ServerError,
    Session,
    SessionNotFound,
    SessionUpdate,
    UpdateKind,
    WatcherClosed,
    WatcherFailed,
    WatchStream,
)
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

pytestmark = pytest.mark.virtual

Answer = Callable[[SentRequest], RawResponse | HumError]
PLAIN = GuidedPolling(jitter=0.0)
FREE = {"rate": math.inf, "concurrency": 1000}


def now() -> float:
    return asyncio.get_running_loop().time()


def token_of(request: SentRequest) -> str:
    return request.path.split("/")[2]


def pending(token: str, **agents: str) -> RawResponse:
    agents = {"geocoding": "pending", "internet": "pending", **agents}
    return json_response(202, session_json(token, **agents))


def done(token: str) -> RawResponse:
    agents = {"geocoding": "matched", "internet": "matched", "checkout": "pending"}
    return json_response(200, session_json(token, **agents))


class Hum:
    """Sessions that end some seconds after they were first asked about."""

    def __init__(self, seconds: float | Callable[[str], float] = 0.0) -> None:
        self.seconds = seconds
        self.first: dict[str, float] = {}

    def __call__(self, request: SentRequest) -> RawResponse | HumError:
        token = token_of(request)
        since = self.first.setdefault(token, request.at)
        seconds = self.seconds(token) if callable(self.seconds) else self.seconds
        return done(token) if request.at - since >= seconds - 1e-9 else pending(token)


@asynccontextmanager
async def watching(
    answer: Answer,
    *,
    latency: float = 0.0,
    limiter: RateLimiter | None = None,
    policy: Any = PLAIN,
    retry: RetryPolicy | None = None,
    **arguments: Any,
) -> AsyncIterator[tuple[AsyncSessionWatcher, ScriptedTransport]]:
    transport = ScriptedTransport(answer, latency=latency)
    limiter = RateLimiter(**FREE) if limiter is None else limiter  # type: ignore[arg-type]
    async with (
        HumClient(transport=transport, limiter=limiter, retry=retry) as hum,
        AsyncSessionWatcher(hum, policy=policy, **arguments) as watcher,
    ):
        yield watcher, transport
    assert transport.in_flight == 0
    assert limiter.statistics().in_use == limiter.statistics().waiting == 0


async def collect(stream: WatchStream) -> list[SessionUpdate]:
    return [update async for update in stream]


def kinds(updates: list[SessionUpdate]) -> dict[str, list[UpdateKind]]:
    found: dict[str, list[UpdateKind]] = defaultdict(list)
    for update in updates:
        found[update.token].append(update.kind)
    return dict(found)


def terminal_of(updates: list[SessionUpdate]) -> dict[str, SessionUpdate]:
    found = [update for update in updates if update.is_terminal]
    assert len({update.token for update in found}) == len(found)
    return {update.token: update for update in found}


# --- one token ------------------------------------------------------------------------------------


async def test_a_session_is_polled_by_the_guidance_and_looked_at_once_more_at_the_deadline() -> (
    None
):
    async with watching(lambda _: pending("a")) as (watcher, transport):
        updates = await collect(watcher.watch(["a"]))
    times = [request.at for request in transport.requests]
    assert times == pytest.approx([0.0, 2.5, 6.25, 11.875, 20.3125, 30.0])
    assert [update.kind for update in updates] == [UpdateKind.CHANGED, UpdateKind.TIMED_OUT]
    assert updates[-1].polls == 6
    assert updates[-1].elapsed == pytest.approx(30.0)
    assert updates[-1].session is not None


async def test_every_change_is_told_and_what_stays_the_same_is_not() -> None:
    answers = [
        pending("a"),
        pending("a"),
        pending("a", geocoding="matched"),
        pending("a", geocoding="matched"),
        done("a"),
    ]
    async with watching(lambda _: answers.pop(0)) as (watcher, _):
        updates = await collect(watcher.watch(["a"]))
    assert kinds(updates) == {"a": [UpdateKind.CHANGED] * 2 + [UpdateKind.COMPLETED]}
    assert [update.polls for update in updates] == [1, 3, 5]
    matched = AgentStatus.MATCHED
    assert updates[1].changes == (AgentChange("geocoding", AgentStatus.PENDING, matched),)
    assert updates[2].previous == updates[1].session
    assert all(update.skipped == 0 and update.error is None for update in updates)


async def test_an_immediate_end_is_one_update() -> None:
    async with watching(lambda _: done("a")) as (watcher, transport):
        (update,) = await collect(watcher.watch(["a"]))
    assert (update.kind, update.polls, len(transport.requests)) == (UpdateKind.COMPLETED, 1, 1)


async def test_an_expired_session_is_gone() -> None:
    answers = [pending("a"), json_response(410)]
    async with watching(lambda _: answers.pop(0)) as (watcher, _):
        updates = await collect(watcher.watch(["a"]))
    assert kinds(updates) == {"a": [UpdateKind.CHANGED, UpdateKind.GONE]}
    assert updates[-1].session == updates[0].session


async def test_an_unknown_token_gets_five_seconds_of_grace_then_fails() -> None:
    async with watching(lambda _: json_response(404)) as (watcher, transport):
        (update,) = await collect(watcher.watch(["a"]))
    assert (update.kind, type(update.error)) == (UpdateKind.FAILED, SessionNotFound)
    assert [request.at for request in transport.requests] == pytest.approx([0.0, 3.75, 9.375])


async def test_a_token_that_becomes_known_within_the_grace_is_followed() -> None:
    answers = [json_response(404), pending("a"), done("a")]
    async with watching(lambda _: answers.pop(0)) as (watcher, _):
        updates = await collect(watcher.watch(["a"]))
    assert updates[-1].kind == UpdateKind.COMPLETED


@pytest.mark.parametrize("status", [400, 409, 422, 302])
async def test_a_refused_token_fails_alone(status: int) -> None:
    def answer(request: SentRequest) -> RawResponse:
        return json_response(status) if token_of(request) == "bad" else done("good")

    async with watching(answer) as (watcher, _):
        ends = terminal_of(await collect(watcher.watch(["bad", "good"])))
    assert ends["good"].kind == UpdateKind.COMPLETED
    assert ends["bad"].kind == UpdateKind.FAILED
    assert isinstance(ends["bad"].error, ApiError)


@pytest.mark.parametrize(
    "trouble",
    [
        json_response(500),
        ConnectFailed("x"),
        json_response(200, ["nonsense"]),
        json_response(200, {"request_status": "error", "message": "agents on strike"}),
    ],
    ids=["500", "no connection", "not understood", "200 that says error"],
)
async def test_trouble_is_borne_until_the_budget_is_spent(trouble: RawResponse | HumError) -> None:
    async with watching(lambda _: trouble) as (watcher, transport):
        (update,) = await collect(watcher.watch(["a"]))
    assert update.kind == UpdateKind.FAILED
    assert update.error is not None
    assert transport.requests[-1].at == pytest.approx(30.0)


async def test_trouble_that_passes_is_not_told() -> None:
    answers = [json_response(500), RawResponse(200, {}, b"{"), done("a")]
    async with watching(lambda _: answers.pop(0)) as (watcher, _):
        (update,) = await collect(watcher.watch(["a"]))
    assert (update.kind, update.error, update.polls) == (UpdateKind.COMPLETED, None, 3)


@pytest.mark.parametrize("token", ["\udcff", "", ".", "..", "a/../../ping", "?x", "a b#c"])
async def test_a_token_that_no_url_can_hold_fails_alone(token: str) -> None:
    def answer(request: SentRequest) -> RawResponse:
        return done("good") if request.path == "/sessions/good" else json_response(404)

    async with watching(answer) as (watcher, transport):
        ends = terminal_of(await collect(watcher.watch([token, "good"])))
    assert ends["good"].kind == UpdateKind.COMPLETED
    assert ends[token].kind == UpdateKind.FAILED
    assert all(request.path.count("/") == 2 for request in transport.requests)
    assert not any("?" in request.path or "#" in request.path for request in transport.requests)


async def test_from_the_services_endpoint_the_last_answer_carries_the_providers() -> None:
    answers = [
        json_response(202, session_json("a", geocoding="matched", internet="matched")),
        json_response(
            200,
            session_json(
                "a", providers=[{"provider_name": "X"}], geocoding="matched", internet="matched"
            ),
        ),
    ]
    async with watching(lambda _: answers.pop(0), source="internet") as (watcher, transport):
        updates = await collect(watcher.watch(["a"]))
    assert {request.path for request in transport.requests} == {"/sessions/a/services/internet"}
    assert kinds(updates) == {"a": [UpdateKind.CHANGED, UpdateKind.COMPLETED]}
    assert updates[-1].session is not None
    assert updates[-1].session.providers


async def test_other_agents_can_be_awaited() -> None:
    answers = [
        json_response(
            202, session_json("a", geocoding="matched", internet="matched", tv="pending")
        ),
        json_response(202, session_json("a", geocoding="matched", internet="matched", tv="failed")),
    ]
    async with watching(lambda _: answers.pop(0), agents=["tv"]) as (watcher, _):
        updates = await collect(watcher.watch(["a"]))
    assert [update.kind for update in updates] == [UpdateKind.CHANGED, UpdateKind.COMPLETED]


# --- many tokens ----------------------------------------------------------------------------------


@pytest.mark.busy
@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_very_many_tokens_wait_for_their_turn_and_none_expires_in_our_own_queue(
    count: int,
) -> None:
    tokens = [f"token-{index}" for index in range(count)]
    limiter = RateLimiter(rate=20)
    hum = Hum(lambda token: 2.0 + int(token.partition("-")[2]) % 7)
    watched: list[int] = []
    late = 0.0
    async with watching(hum, latency=0.05, limiter=limiter, policy=GuidedPolling()) as (
        watcher,
        transport,
    ):
        seen: Counter[str] = Counter()
        async for update in watcher.watch(tokens):
            if update.is_terminal:
                assert update.kind == UpdateKind.COMPLETED
                assert update.elapsed <= 30.0
                seen[update.token] += 1
                if len(seen) % 100 == 0:
                    watched.append(watcher.statistics().watched)
                    late = max(late, watcher.statistics().oldest_due_age)
    assert seen == Counter(tokens)
    assert watched == sorted(watched, reverse=True)
    assert watched[0] == pytest.approx(count - 100, abs=100)
    assert late < 5.0
    times = [request.at for request in transport.requests]
    most = times[: len(times) * 4 // 5]  # the last tokens leave slots idle
    assert len(most) / most[-1] == pytest.approx(20, rel=0.01)
    assert all(later - earlier >= 0.05 - 1e-6 for earlier, later in pairwise(times))


async def test_tokens_are_admitted_in_order_as_fast_as_the_limit_allows() -> None:
    tokens = [f"t{index}" for index in range(100)]
    async with watching(Hum(), limiter=RateLimiter(rate=10)) as (watcher, transport):
        await collect(watcher.watch(tokens))
    assert [token_of(request) for request in transport.requests] == tokens


async def test_duplicates_count_once() -> None:
    async with watching(Hum()) as (watcher, transport):
        updates = await collect(watcher.watch(["a", "b", "a", "b", "a"]))
    assert sorted(update.token for update in updates) == ["a", "b"]
    assert len(transport.requests) == 2


async def test_no_tokens_is_an_empty_stream() -> None:
    async with watching(Hum()) as (watcher, transport):
        for nothing in ([], (), set(), iter([]), {}):
            assert await collect(watcher.watch(nothing)) == []
        assert not transport.requests


async def test_a_lazy_iterable_is_read_only_as_fast_as_admitted() -> None:
    taken: list[float] = []

    def endless() -> Iterator[str]:
        while True:
            taken.append(now())
            yield f"t{len(taken)}"

    async with watching(Hum(), limiter=RateLimiter(rate=10)) as (watcher, _):
        stream = watcher.watch(endless())
        async for update in stream:
            if update.token == "t20":
                break
        assert len(taken) <= 25
        stream.close()


async def test_an_async_iterable_of_unbounded_length_is_read_only_as_fast_as_admitted() -> None:
    taken = 0
    closed = []

    async def endless() -> AsyncIterator[str]:
        nonlocal taken
        try:
            while True:
                taken += 1
                yield f"t{taken}"
        finally:
            closed.append(now())

    async with watching(Hum(), limiter=RateLimiter(rate=10)) as (watcher, _):
        async with watcher.watch(endless()) as stream:
            async for update in stream:
                if update.token == "t50":
                    break
        assert taken <= 50 + 40
        await asyncio.sleep(1.0)
        assert closed


async def test_an_async_iterable_that_is_slow_keeps_the_stream_open() -> None:
    async def slow() -> AsyncIterator[str]:
        for token in ("a", "b", "c"):
            await asyncio.sleep(60.0)
            yield token

    async with watching(Hum()) as (watcher, transport):
        updates = await collect(watcher.watch(slow()))
    assert [update.token for update in updates] == ["a", "b", "c"]
    assert [request.at for request in transport.requests] == pytest.approx([60, 120, 180])


async def test_an_error_of_the_source_reaches_its_reader_and_nobody_else() -> None:
    async def broken() -> AsyncIterator[str]:
        yield "a"
        raise KeyError("the database")

    def broken_too() -> Iterator[str]:
        yield "b"
        raise KeyError("the file")

    async with watching(Hum(1.0)) as (watcher, _):
        other = asyncio.ensure_future(collect(watcher.watch(["c"])))
        for source in (broken(), broken_too()):
            with pytest.raises(KeyError):
                await collect(watcher.watch(source))
        assert len(await other) == 2


@pytest.mark.parametrize("first", [[], ["a"]], ids=["at once", "after a token that has ended"])
async def test_an_error_of_the_source_is_not_lost_when_no_token_is_under_way(
    first: list[str],
) -> None:
    async def broken() -> AsyncIterator[str]:
        for token in first:
            yield token
        await asyncio.sleep(5.0)
        raise KeyError("the database")

    def broken_too() -> Iterator[str]:
        yield from first
        raise KeyError("the file")

    async with watching(Hum(), limiter=RateLimiter(rate=1)) as (watcher, _):
        for source in (broken(), broken_too()):
            with pytest.raises(KeyError):
                await collect(watcher.watch(source))


async def test_an_error_of_the_source_is_not_lost_when_closing_it_takes_time() -> None:
    class Rows:
        left = 1

        def __aiter__(self) -> "Rows":
            return self

        async def __anext__(self) -> str:
            if self.left:
                self.left -= 1
                return "a"
            await asyncio.sleep(1.0)
            raise KeyError("the database")

        async def aclose(self) -> None:
            await asyncio.sleep(1.0)

    async with watching(Hum()) as (watcher, _):
        with pytest.raises(KeyError):
            await collect(watcher.watch(Rows()))


async def test_sessions_can_be_watched_in_place_of_their_tokens() -> None:
    async def source() -> AsyncIterator[str | Session]:
        yield Session("a")
        yield "b"
        yield Session("b", processing=True)

    def lazy() -> Iterator[str | Session]:
        yield "b"
        yield Session("a")
        yield "a"

    for make in (lambda: [Session("a"), "a", "b", Session("b")], lazy, source):
        async with watching(Hum(3.0)) as (watcher, transport):
            updates = await collect(watcher.watch(make()))
        assert set(terminal_of(updates)) == {"a", "b"}
        polls = Counter(token_of(request) for request in transport.requests)
        assert polls == {"a": 3, "b": 3}


async def test_sessions_can_be_added_and_discarded_in_place_of_their_tokens() -> None:
    async with watching(Hum(6.0)) as (watcher, transport):
        other = asyncio.ensure_future(collect(watcher.watch([Session("a")])))
        stream = watcher.watch([Session("b"), "c", Session("d")])
        await asyncio.sleep(1.0)
        stream.discard(Session("b"), Session("c"), "d")
        stream.add(Session("a"), Session("c"))
        with pytest.raises(TypeError):
            stream.add("e", 5)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            stream.discard(b"a")  # type: ignore[arg-type]
        updates = await collect(stream)
        assert updates[0].token == "a"
        assert set(terminal_of(updates)) == {"a", "c"} == {update.token for update in updates}
        assert set(terminal_of(await other)) == {"a"}
    assert "e" not in {token_of(request) for request in transport.requests}


async def test_sessions_that_must_have_expired_are_told_once_for_a_stream(
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = [Session(f"old-{n}", created_at=datetime(2025, 1, 1, tzinfo=UTC)) for n in range(3)]
    just_now = datetime.now(UTC) - timedelta(minutes=29)
    young = Session("young", created_at=old[0].created_at, responded_at=just_now)

    async def source() -> AsyncIterator[Session]:
        for session in old:
            yield session

    async with watching(Hum()) as (watcher, _):
        await collect(watcher.watch(["a", young, Session("ageless")]))
        assert not caplog.records
        for count, sessions in enumerate((old, iter(old), source()), start=1):
            assert set(terminal_of(await collect(watcher.watch(sessions)))) == {
                session.token for session in old
            }
            assert len(caplog.records) == count
        stream = watcher.watch(["a"])
        stream.add(*old)
        await collect(stream)
    assert len(caplog.records) == 4
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert "30 minutes" in caplog.text
    assert "old" not in caplog.text


@pytest.mark.parametrize("wrong", [[1], [None], ["a", b"b"]])
async def test_what_is_no_text_is_no_token(wrong: Any) -> None:
    async with watching(Hum()) as (watcher, _):
        with pytest.raises(TypeError):
            await collect(watcher.watch(wrong))

        async def source() -> AsyncIterator[Any]:
            for item in wrong:
                yield item

        with pytest.raises(TypeError):
            await collect(watcher.watch(source()))


async def test_one_string_or_session_or_nothing_iterable_is_refused_at_once() -> None:
    async with watching(Hum()) as (watcher, _):
        for wrong in ("token", b"token", Session("token"), 5, None):
            with pytest.raises(TypeError):
                watcher.watch(wrong)  # type: ignore[arg-type]


# --- several streams ------------------------------------------------------------------------------


async def test_the_same_token_on_two_streams_is_polled_once_and_each_gets_every_update() -> None:
    async with watching(Hum(5.0)) as (watcher, transport):
        one, two = watcher.watch(["a", "b"]), watcher.watch(["b", "c"])
        first, second = await asyncio.gather(collect(one), collect(two))
    assert kinds(first)["b"] == kinds(second)["b"] == [UpdateKind.CHANGED, UpdateKind.COMPLETED]
    polls = Counter(token_of(request) for request in transport.requests)
    assert polls == {"a": 3, "b": 3, "c": 3}


async def test_who_joins_late_gets_the_current_state_first() -> None:
    answers = {0.0: pending("a"), 2.5: pending("a", geocoding="matched")}

    def answer(request: SentRequest) -> RawResponse:
        return answers.get(request.at) or (done("a") if request.at > 9 else answers[2.5])

    async with watching(answer) as (watcher, transport):
        early = asyncio.ensure_future(collect(watcher.watch(["a"])))
        await asyncio.sleep(4.0)
        late = watcher.watch(["a"])
        state = await anext(late)
        assert now() == 4.0
        assert (state.kind, state.polls, state.previous) == (UpdateKind.CHANGED, 2, None)
        assert state.session is not None
        assert state.session.agents["geocoding"] == "matched"
        rest = await collect(late)
        assert [update.kind for update in rest] == [UpdateKind.COMPLETED]
        assert len(await early) == 3
    assert len({request.at for request in transport.requests}) == len(transport.requests)


async def test_who_joins_before_the_first_answer_gets_no_empty_state() -> None:
    async with watching(Hum(1.0), latency=0.5) as (watcher, _):
        early = asyncio.ensure_future(collect(watcher.watch(["a"])))
        await asyncio.sleep(0.2)
        late = await collect(watcher.watch(["a"]))
        assert late == await early


async def test_a_token_that_has_ended_is_polled_again_for_a_new_stream() -> None:
    async with watching(Hum()) as (watcher, transport):
        for _ in range(2):
            assert len(await collect(watcher.watch(["a"]))) == 1
    assert len(transport.requests) == 2


async def test_streams_take_turns() -> None:
    async with watching(Hum(), limiter=RateLimiter(rate=10)) as (watcher, transport):
        long = asyncio.ensure_future(collect(watcher.watch([f"a{n}" for n in range(100)])))
        await asyncio.sleep(1.0)
        started = now()
        await collect(watcher.watch([f"b{n}" for n in range(5)]))
        assert now() - started < 2.0
        await long
    assert len(transport.requests) == 105


async def test_a_stream_that_is_closed_does_not_disturb_the_other() -> None:
    async with watching(Hum(8.0)) as (watcher, transport):
        one, two = watcher.watch(["a", "b"]), watcher.watch(["b"])
        await anext(one)
        one.close()
        assert [update.kind for update in await collect(two)][-1] == UpdateKind.COMPLETED
        with pytest.raises(StopAsyncIteration):
            await anext(one)
    assert Counter(token_of(request) for request in transport.requests)["a"] == 1


# --- a slow reader --------------------------------------------------------------------------------


async def test_a_slow_reader_gets_the_newest_of_each_token_and_how_many_it_missed() -> None:
    states = ["pending", "searching", "still searching", "matched"]

    def answer(request: SentRequest) -> RawResponse:
        index = min(int(request.at // 2.5), 3)
        status = 200 if index == 3 else 202
        return json_response(status, session_json("a", geocoding="matched", internet=states[index]))

    async with watching(answer) as (watcher, _):
        stream = watcher.watch(["a"])
        first = await anext(stream)
        await asyncio.sleep(60.0)
        (rest,) = await collect(stream)
    assert (first.skipped, rest.skipped, rest.kind) == (0, 2, UpdateKind.COMPLETED)
    assert rest.previous == first.session
    assert rest.changes == (AgentChange("internet", AgentStatus.PENDING, AgentStatus.MATCHED),)
    assert rest.polls == 4


async def test_a_reader_that_never_reads_blocks_nobody_and_costs_one_update_per_token() -> None:
    async with watching(Hum(5.0)) as (watcher, _):
        lazy = watcher.watch(["a", "b"])
        assert len(await collect(watcher.watch(["b", "c"]))) == 4
        await asyncio.sleep(100.0)
        updates = await collect(lazy)
    assert [(update.token, update.kind, update.skipped) for update in updates] == [
        ("a", UpdateKind.COMPLETED, 1),
        ("b", UpdateKind.COMPLETED, 1),
    ]


async def test_a_stream_that_is_closed_gives_nothing_more_not_even_what_was_unread() -> None:
    async with watching(Hum()) as (watcher, _):
        stream = watcher.watch(["a"])
        await asyncio.sleep(1.0)
        stream.close()
        assert await collect(stream) == []


# --- add and discard ------------------------------------------------------------------------------


async def test_tokens_can_be_added_and_discarded_while_it_runs() -> None:
    async with watching(Hum(6.0)) as (watcher, transport):
        stream = watcher.watch(["a", "b"])
        updates = [await anext(stream)]
        stream.add("c", "a")
        stream.discard("b", "never heard of")
        updates += await collect(stream)
    assert set(terminal_of(updates)) == {"a", "c"}
    assert Counter(token_of(request) for request in transport.requests)["b"] == 1


async def test_a_token_that_is_discarded_before_its_turn_is_never_polled() -> None:
    async with watching(Hum(), limiter=RateLimiter(rate=1)) as (watcher, transport):
        stream = watcher.watch(["a", "b", "c"])
        stream.discard("b")
        await collect(stream)
    assert [token_of(request) for request in transport.requests] == ["a", "c"]


async def test_discarding_the_last_token_ends_the_stream() -> None:
    async with watching(lambda _: pending("a")) as (watcher, _):
        stream = watcher.watch(["a"])
        await anext(stream)
        reader = asyncio.ensure_future(collect(stream))
        await asyncio.sleep(1.0)
        stream.discard("a")
        assert await reader == []
        assert now() == 1.0


async def test_a_discarded_token_may_come_back() -> None:
    async with watching(Hum(3.0)) as (watcher, _):
        stream = watcher.watch(["a", "b"])
        await anext(stream)
        stream.discard("a")
        stream.add("a")
        assert set(terminal_of(await collect(stream))) == {"a", "b"}


async def test_an_added_token_that_another_stream_follows_gives_its_state_at_once() -> None:
    async with watching(Hum(6.0)) as (watcher, _):
        other = asyncio.ensure_future(collect(watcher.watch(["a"])))
        stream = watcher.watch(["b"])
        await anext(stream)
        await asyncio.sleep(1.0)
        stream.add("a")
        update = await anext(stream)
        assert (update.token, update.kind, now()) == ("a", UpdateKind.CHANGED, 1.0)
        stream.close()
        await other


async def test_nothing_can_be_added_to_a_stream_that_has_ended() -> None:
    async with watching(Hum()) as (watcher, _):
        stream = watcher.watch(["a"])
        await collect(stream)
        with pytest.raises(WatcherClosed):
            stream.add("b")
        stream.discard("a")
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_only_text_can_be_added() -> None:
    async with watching(Hum(5.0)) as (watcher, _):
        stream = watcher.watch(["a"])
        with pytest.raises(TypeError):
            stream.add(5)  # type: ignore[arg-type]
        assert len(await collect(stream)) == 2


async def test_discarding_all_that_waits_ends_the_stream_even_in_a_pause() -> None:
    limiter = RateLimiter(rate=10)
    async with watching(Hum(50.0), limiter=limiter) as (watcher, _):
        stream = watcher.watch(["a", "b", "c"])
        await anext(stream)
        limiter.throttled(200.0)
        reader = asyncio.ensure_future(collect(stream))
        await asyncio.sleep(1.0)
        stream.discard("a", "b", "c")
        await asyncio.wait_for(reader, 10.0)


# --- throttling -----------------------------------------------------------------------------------


async def test_a_429_pauses_everything_and_nothing_is_sent_inside_the_pause() -> None:
    throttled: list[float] = []

    def answer(request: SentRequest) -> RawResponse:
        if 12.0 <= request.at < 13.0:
            throttled.append(now())
            return json_response(429, headers={"Retry-After": "7"})
        return done(token_of(request)) if request.at > 30 else pending(token_of(request))

    policy = GuidedPolling(jitter=0.0, budget=120.0)
    tokens = [f"t{index}" for index in range(40)]
    async with watching(answer, latency=0.2, limiter=RateLimiter(rate=15), policy=policy) as (
        watcher,
        transport,
    ):
        updates = await collect(watcher.watch(tokens))
        assert watcher.statistics().throttled == len(throttled) > 0
    assert len(terminal_of(updates)) == 40
    opened = max(throttled) + 7.0
    assert not [r.at for r in transport.requests if throttled[0] < r.at < opened]
    after = [request.at for request in transport.requests if request.at >= opened]
    # Not all at once when it is over.
    assert min(later - earlier for earlier, later in pairwise(after)) >= 1 / 15 - 1e-6


async def test_a_throttled_poll_goes_first_after_the_pause_and_counts_no_poll() -> None:
    def answer(request: SentRequest) -> RawResponse:
        if request.at == 0.0 and token_of(request) == "a":
            return json_response(429, headers={"Retry-After": "5"})
        return done(token_of(request))

    async with watching(answer, limiter=RateLimiter(rate=1)) as (watcher, transport):
        updates = await collect(watcher.watch(["a", "b", "c"]))
    assert [token_of(request) for request in transport.requests] == ["a", "a", "b", "c"]
    assert transport.requests[1].at >= 5.0
    assert [update.polls for update in updates] == [1, 1, 1]


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "20"}, 20.0, 21.0),
        ({"Retry-After": "1000000"}, 300.0, 300.0),
        ({"Retry-After": "nonsense"}, 1.0, 1.1),
        ({}, 1.0, 1.1),
    ],
)
async def test_the_pause_is_as_long_as_asked_up_to_five_minutes(
    headers: dict[str, str], least: float, most: float
) -> None:
    answers = [json_response(429, headers=headers), done("a")]
    async with watching(lambda _: answers.pop(0)) as (watcher, transport):
        await collect(watcher.watch(["a"]))
    assert least <= transport.requests[1].at <= most + 1e-6


async def test_a_date_is_held_against_the_date_of_the_answer_and_not_our_clock() -> None:
    served = datetime(1999, 12, 31, 23, 59, 50, tzinfo=UTC)
    headers = {
        "retry-after": format_datetime(served + timedelta(seconds=30), usegmt=True),
        "date": format_datetime(served, usegmt=True),
    }
    answers = [json_response(429, headers=headers), done("a")]
    async with watching(lambda _: answers.pop(0)) as (watcher, transport):
        await collect(watcher.watch(["a"]))
    assert 30.0 <= transport.requests[1].at <= 31.0


async def test_a_503_with_retry_after_is_a_throttle_and_without_is_trouble() -> None:
    answers = [json_response(503, headers={"Retry-After": "9"}), json_response(503), done("a")]
    async with watching(lambda _: answers.pop(0)) as (watcher, transport):
        (update,) = await collect(watcher.watch(["a"]))
    assert update.polls == 2
    assert 9.0 <= transport.requests[1].at <= 10.0


async def test_the_budget_stands_still_during_a_pause() -> None:
    def answer(_: SentRequest) -> RawResponse:
        if len(transport.requests) == 2:
            return json_response(429, headers={"Retry-After": "120"})
        return pending("a")

    async with watching(answer) as (watcher, transport):
        updates = await collect(watcher.watch(["a"]))
    assert updates[-1].kind == UpdateKind.TIMED_OUT
    assert updates[-1].elapsed == pytest.approx(30.0 + 120.0, abs=1.1)
    assert updates[-1].polls == 6


async def test_patience_with_429_ends_with_the_token_and_its_error() -> None:
    def answer(request: SentRequest) -> RawResponse:
        if token_of(request) == "a":
            return json_response(429, headers={"Retry-After": "1"})
        return done(token_of(request))

    retry = RetryPolicy(throttles=3)
    async with watching(answer, retry=retry) as (watcher, transport):
        ends = terminal_of(await collect(watcher.watch(["a", "b"])))
    assert ends["a"].kind == UpdateKind.FAILED
    assert isinstance(ends["a"].error, RateLimited)
    assert ends["b"].kind == UpdateKind.COMPLETED
    assert Counter(token_of(request) for request in transport.requests)["a"] == 4


async def test_a_hint_that_overflows_a_date_kills_nothing() -> None:
    hint = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
    answers = [json_response(429, headers={"Retry-After": hint, "Date": hint}), done("a")]
    async with watching(lambda _: answers.pop(0)) as (watcher, _):
        (update,) = await collect(watcher.watch(["a"]))
    assert update.kind == UpdateKind.COMPLETED


# --- the end of everything ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_ends_every_stream_but_not_the_watcher(status: int) -> None:
    refuse = True

    def answer(request: SentRequest) -> RawResponse:
        return json_response(status) if refuse and request.at >= 2.0 else pending("")

    async with watching(answer) as (watcher, transport):
        streams = [watcher.watch([f"{n}a", f"{n}b"]) for n in range(3)]
        found = await asyncio.gather(*map(collect, streams), return_exceptions=True)
        assert [type(error) for error in found] == [AuthenticationError] * 3
        assert len({id(error) for error in found}) == 3
        assert len(transport.requests) <= 12
        assert watcher.statistics().watched == 0
        refuse = False
        assert len(await collect(watcher.watch(["again"]))) == 2


async def test_an_authentication_error_lets_go_of_the_sources() -> None:
    closed: list[float] = []

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield f"t{now()}-{len(closed)}"
                await asyncio.sleep(0.0)
        finally:
            closed.append(now())

    async with watching(lambda _: json_response(401)) as (watcher, _):
        stream = watcher.watch(endless())
        with pytest.raises(AuthenticationError):
            await collect(stream)
        await asyncio.sleep(1.0)
        assert closed


async def test_a_client_that_is_closed_meanwhile_ends_every_stream() -> None:
    async with (
        HumClient("any-key", base_url="http://127.0.0.1:9") as hum,
        AsyncSessionWatcher(hum) as watcher,
    ):
        await hum.aclose()
        with pytest.raises(HumError, match="closed"):
            await collect(watcher.watch(["a"]))


class Broken:
    budget: float | None = 30.0

    def first(self) -> float:
        return 0.0

    def after(self, poll: Poll) -> float:
        raise ZeroDivisionError(poll.number)


async def test_a_policy_that_dies_takes_the_watcher_with_it_and_says_why() -> None:
    async with watching(Hum(5.0), policy=Broken()) as (watcher, _):
        one, two = watcher.watch(["a"]), watcher.watch(["b"])
        for stream in (one, two):
            with pytest.raises(WatcherFailed) as caught:
                await collect(stream)
            assert isinstance(caught.value.__cause__, ZeroDivisionError)
        with pytest.raises(WatcherFailed):
            watcher.watch(["c"])
        with pytest.raises(WatcherFailed):
            one.add("c")


async def test_a_watcher_that_died_unseen_says_so_when_it_is_left() -> None:
    kept: list[WatchStream] = []

    async def live() -> None:
        async with watching(Hum(5.0), policy=Broken()) as (watcher, _):
            kept.append(watcher.watch(["a"]))
            await asyncio.sleep(1.0)

    with pytest.raises(WatcherFailed) as caught:
        await live()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


async def test_the_error_of_the_body_goes_before_that_of_the_watcher() -> None:
    kept: list[WatchStream] = []

    async def live() -> None:
        async with watching(Hum(5.0), policy=Broken()) as (watcher, _):
            kept.append(watcher.watch(["a"]))
            await asyncio.sleep(1.0)
            raise KeyError

    with pytest.raises(KeyError):
        await live()


async def test_a_watcher_that_is_left_before_it_could_begin_leaves_no_reader_waiting() -> None:
    async with HumClient(transport=ScriptedTransport(Hum())) as hum:
        watcher = AsyncSessionWatcher(hum)
        async with watcher:
            stream = watcher.watch(["a"])
        with pytest.raises(WatcherClosed):
            await asyncio.wait_for(anext(stream), 10.0)


# --- the object -----------------------------------------------------------------------------------


async def test_a_watcher_must_be_entered_and_not_left() -> None:
    async with HumClient(transport=ScriptedTransport(Hum())) as hum:
        watcher = AsyncSessionWatcher(hum)
        with pytest.raises(WatcherClosed):
            watcher.watch(["a"])
        async with watcher:
            pass
        with pytest.raises(WatcherClosed):
            watcher.watch(["a"])
        with pytest.raises(RuntimeError, match="once"):
            await watcher.__aenter__()
        await watcher.aclose()


async def test_a_watcher_is_refused_what_makes_no_sense() -> None:
    async with HumClient(transport=ScriptedTransport(Hum())) as hum:
        for wrong in ({"source": "tv"}, {"agents": ()}, {"agents": "internet"}):
            with pytest.raises(ValueError, match=r"source|agents"):
                AsyncSessionWatcher(hum, **wrong)  # type: ignore[arg-type]


async def test_statistics_and_repr_tell_what_is_going_on() -> None:
    async with watching(Hum(5.0), latency=0.5) as (watcher, _):
        assert "running" in repr(watcher)
        stream = watcher.watch(["a", "b"])
        await asyncio.sleep(0.25)
        assert (watcher.statistics().watched, watcher.statistics().in_flight) == (2, 2)
        await collect(stream)
        end = watcher.statistics()
    assert (end.watched, end.admitted, end.in_flight) == (0, 0, 0)
    assert (end.polls, end.updates, end.throttled, end.oldest_due_age) == (6, 4, 0, 0.0)
    assert "closed" in repr(watcher)


async def test_a_stream_that_nobody_reads_any_more_is_polled_no_more() -> None:
    async with watching(Hum(20.0)) as (watcher, transport):
        async for _ in watcher.watch(["a", "b"]):
            break
        await asyncio.sleep(0.1)
        assert watcher.statistics().watched == 0
        sent = len(transport.requests)
        await asyncio.sleep(60.0)
        assert len(transport.requests) == sent


async def test_two_watchers_share_one_limit() -> None:
    limiter = RateLimiter(rate=10)
    transport = ScriptedTransport(Hum())
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum) as one,
        AsyncSessionWatcher(hum) as two,
    ):
        await asyncio.gather(
            collect(one.watch([f"a{n}" for n in range(30)])),
            collect(two.watch([f"b{n}" for n in range(30)])),
        )
    times = [request.at for request in transport.requests]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.1 - 1e-6
    first_half = Counter(token_of(request)[0] for request in transport.requests[:30])
    assert min(first_half.values()) >= 12


async def test_direct_calls_and_a_watcher_share_one_queue_fairly() -> None:
    limiter = RateLimiter(rate=10)
    async with watching(Hum(), limiter=limiter) as (watcher, transport):
        stream = watcher.watch([f"t{n}" for n in range(100)])
        reader = asyncio.ensure_future(collect(stream))
        await asyncio.sleep(2.01)
        client = HumClient(transport=transport, limiter=limiter)
        await client.get_session("mine")
        assert now() <= 2.31
        await reader


async def test_learned_polling_learns_from_session_to_session() -> None:
    policy = LearnedPolling(first=4.0, later=4.0)
    async with watching(Hum(6.0), policy=policy) as (watcher, transport):
        await collect(watcher.watch([f"t{n}" for n in range(50)]))
    polls = Counter(token_of(request) for request in transport.requests)
    assert max(polls.values()) <= 4


async def test_a_server_error_on_one_token_does_not_slow_the_others_down() -> None:
    def answer(request: SentRequest) -> RawResponse | HumError:
        return ServerError(500) if token_of(request) == "bad" else done(token_of(request))

    async with watching(answer) as (watcher, _):
        stream = watcher.watch(["bad", "a", "b"])
        seen = [(update.token, now()) async for update in stream]
    assert [token for token, when in seen if when < 1.0] == ["a", "b"]
    assert seen[-1][0] == "bad"


# --- under a limit --------------------------------------------------------------------------------


async def test_nobody_is_looked_at_again_within_3_s_while_others_were_never_looked_at() -> None:
    tokens = [f"t{number:02}" for number in range(20)]
    eager = GuidedPolling(interval=0.1, backoff=1.0, jitter=0.0)
    async with watching(Hum(60.0), policy=eager, limiter=RateLimiter(rate=8)) as (
        watcher,
        transport,
    ):
        stream = watcher.watch(tokens)
        reader = asyncio.create_task(collect(stream))
        await asyncio.sleep(9.0)
        stream.close()
        await reader
    asked = [(token_of(request), request.at) for request in transport.requests]
    first = {token: min(at for other, at in asked if other == token) for token, _ in asked}
    assert len(first) == len(tokens)
    last: dict[str, float] = {}
    for token, at in asked:
        if token in last and at < max(first.values()):
            assert at - last[token] >= 3.0 - 1e-6
        last[token] = at


async def test_an_answer_that_differs_only_in_its_time_is_no_change_and_its_time_is_told() -> None:
    def answer(request: SentRequest) -> RawResponse:
        body = session_json(token_of(request), geocoding="matched", internet="pending")
        body["meta"]["responded_at"] = f"2026-01-01T00:00:{int(request.at):02}.000Z"
        return json_response(202, body)

    async with watching(answer) as (watcher, _):
        first, last = await collect(watcher.watch(["a"]))
    assert (first.kind, last.kind, last.changes) == (UpdateKind.CHANGED, UpdateKind.TIMED_OUT, ())
    assert first.session is not None
    assert last.session is not None
    assert [s.responded_at and s.responded_at.second for s in (first.session, last.session)] == [
        0,
        30,
    ]


@pytest.mark.slow
async def test_very_many_tokens_are_told_of_as_few_are() -> None:
    def answer(request: SentRequest) -> RawResponse:
        token = token_of(request)
        if request.at > 9.0:
            return done(token)
        number = int(token)
        return pending(token, geocoding="matched" if request.at > 5.0 + number % 3 else "pending")

    asyncio.get_running_loop().set_debug(False)
    tokens = [f"{number:05}" for number in range(6_000)]
    async with watching(answer, policy=GuidedPolling(backoff=1.0, jitter=0.0)) as (watcher, _):
        updates = await collect(watcher.watch(tokens))
    seen: dict[str, SessionUpdate] = {}
    for update in updates:
        assert update.session is not None
        assert update.session.token == update.token
        if (before := seen.get(update.token)) is not None:
            assert update.previous == before.session
        seen[update.token] = update
    expected = [UpdateKind.CHANGED, UpdateKind.CHANGED, UpdateKind.COMPLETED]
    assert all(found == expected for found in kinds(updates).values())
    assert len(seen) == len(tokens)


async def test_of_very_many_tokens_a_stream_may_join_those_that_wait_for_their_next_poll() -> None:
    tokens = [f"{number:05}" for number in range(1_100)]

    def answer(request: SentRequest) -> RawResponse:
        return done(token_of(request)) if request.at > 4.0 else pending(token_of(request))

    policy = GuidedPolling(backoff=1.0, jitter=0.0)
    async with watching(answer, policy=policy, latency=0.01) as (watcher, transport):
        everything = asyncio.create_task(collect(watcher.watch(tokens)))
        await asyncio.sleep(1.0)
        assert watcher.statistics().polls == len(tokens)
        joined = watcher.watch(tokens[-3:])
        first = [await anext(joined) for _ in range(3)]
        assert [update.token for update in first] == tokens[-3:]
        assert all(update.polls == 1 and update.session is not None for update in first)
        # What they joined in the middle of a poll goes on, too.
        await asyncio.sleep(1.515)
        assert watcher.statistics().in_flight
        late = await anext(watcher.watch(tokens[-1:]))
        assert late.polls == 1
        updates = await everything
    last = [update for update in updates if update.is_terminal]
    assert {update.token for update in last} == set(tokens)
    assert {update.polls for update in last} == {3}
    assert len(transport.requests) == 3 * len(tokens)


@pytest.mark.slow
async def test_a_watched_token_takes_few_bytes() -> None:
    asyncio.get_running_loop().set_debug(False)
    count = 5_000
    policy = GuidedPolling(interval=9.0, backoff=1.0, jitter=0.1)

    def answer(request: SentRequest) -> RawResponse:
        return pending(token_of(request), geocoding="matched" if request.at > 5.0 else "pending")

    async def read(stream: WatchStream) -> None:
        with contextlib.suppress(WatcherClosed):
            async for _ in stream:
                pass

    async with watching(answer, policy=policy) as (watcher, transport):
        tracemalloc.start()
        try:
            reader = asyncio.create_task(read(watcher.watch(f"{n:022}" for n in range(count))))
            await asyncio.sleep(15.0)
            own = tracemalloc.take_snapshot().filter_traces(
                [tracemalloc.Filter(inclusive=True, filename_pattern="*hum_async/_polling/*")]
            )
        finally:
            tracemalloc.stop()
    await reader
    # 64 the token's object, 170 what is packed, 17 the queue, and up to 130 what finds it again.
    assert sum(trace.size for trace in own.traces) / count < 450
    assert len(transport.requests) >= 2 * count
