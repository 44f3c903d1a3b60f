"""One span for each look-up, watched session, job and call; its requests are events."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from listening import Listening, events
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from hum_async import (
    Address,
    AsyncSessionWatcher,
    AuthenticationError,
    ConnectFailed,
    HumClient,
    HumError,
    Outcome,
    RateLimiter,
    SessionHub,
    SessionLimitReached,
    qualify,
    sync,
)
from hum_async.models import RawResponse
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

pytestmark = pytest.mark.virtual

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
HOME = Address("4711 Canary Row", city="Canarytown", state="MI", zip="48226")
OTHER = Address("12 Other St", zip="48226")
SERVED = json_response(
    200,
    session_json(
        TOKEN, providers=[{"provider_name": "X"}], geocoding="matched", internet="matched"
    ),
)
OPENED = json_response(201, session_json(TOKEN, geocoding="pending", internet="pending"))
PENDING = json_response(202, session_json(TOKEN, geocoding="matched", internet="processing"))
BUSY = json_response(429, {"message": "4711 Canary Row"}, headers={"Retry-After": "1"})
Answer = RawResponse | HumError


def usual(request: SentRequest) -> RawResponse:
    return OPENED if request.method == "POST" else SERVED


def client(*answers: Answer, then: Callable[[SentRequest], Answer] = usual) -> HumClient:
    left = iter(answers)
    transport = ScriptedTransport(lambda request: next(left, None) or then(request))
    return HumClient("sk_canary", transport=transport, limiter=RateLimiter(rate=100))


def parent_of(span: ReadableSpan) -> int:
    assert span.parent is not None
    return span.parent.span_id


def id_of(span: ReadableSpan) -> int:
    context = span.get_span_context()
    assert context is not None
    return context.span_id


async def test_a_look_up_is_one_span_and_its_requests_are_events(heard: Listening) -> None:
    async with heard.to(client(OPENED, PENDING)) as hum:
        await hum.lookup(HOME)
    span = heard.span("hum.lookup")
    assert events(span) == [
        ("hum.create", 201),
        ("hum.poll", 202),
        ("hum.poll", 200),
        ("hum.close", 200),
    ]
    assert dict(span.attributes or {}) == {
        "server.address": "api.letshum.com",
        "server.port": 443,
        "hum.owner": "client",
        "hum.outcome": "SERVED",
        "hum.requests": 4,
        "hum.polls": 2,
        "hum.retries": 0,
    }
    assert (span.kind, span.status.status_code) == (SpanKind.INTERNAL, StatusCode.UNSET)
    assert heard.spans() == [span]


async def test_what_is_sent_again_is_an_event_with_its_reason(heard: Listening) -> None:
    answers = [BUSY, ConnectFailed("no route to 4711 Canary Row"), OPENED, BUSY]
    async with heard.to(client(*answers, json_response(500, {"message": TOKEN}))) as hum:
        assert (await hum.lookup(HOME)).outcome == Outcome.SERVED
    span = heard.span("hum.lookup")
    assert events(span) == [
        ("hum.create", 429),
        ("hum.retry", "429"),
        ("hum.create", "ConnectFailed"),
        ("hum.retry", "ConnectFailed"),
        ("hum.create", 201),
        ("hum.poll", 429),
        ("hum.retry", "429"),
        ("hum.poll", 500),
        ("hum.retry", "500"),
        ("hum.poll", 200),
        ("hum.close", 200),
    ]
    again = [dict(event.attributes or {}) for event in span.events if event.name == "hum.retry"]
    assert [told["http.request.resend_count"] for told in again] == [1, 2, 1, 2]


async def test_an_answer_that_cannot_be_read_is_named_by_its_error(heard: Listening) -> None:
    broken = RawResponse(200, {}, b'{"message": "4711 Canary Row"')
    async with heard.to(client(OPENED, broken)) as hum:
        await hum.lookup(HOME)
    assert events(heard.span("hum.lookup"))[1:4] == [
        ("hum.poll", 200),
        ("exception", "ResponseError"),
        ("hum.retry", "ResponseError"),
    ]


async def test_answers_that_cannot_be_read_one_after_another_are_counted(
    heard: Listening,
) -> None:
    broken = RawResponse(200, {}, b"{")
    failed = json_response(500, {})
    async with heard.to(client(OPENED, broken, failed, broken, broken, PENDING, broken)) as hum:
        await hum.lookup(HOME)
    again = [
        dict(event.attributes or {})
        for event in heard.span("hum.lookup").events
        if event.name == "hum.retry"
    ]
    assert [(told["http.request.resend_count"], told["error.type"]) for told in again] == [
        (1, "ResponseError"),
        (2, "500"),
        (3, "ResponseError"),
        (4, "ResponseError"),
        (1, "ResponseError"),
    ]


async def test_a_failure_is_told_by_its_class_alone(heard: Listening) -> None:
    refusal = json_response(422, {"message": "4711 Canary Row is no address, sk_canary"})
    async with heard.to(client(refusal)) as hum:
        assert (await hum.lookup(HOME)).outcome == Outcome.INVALID_ADDRESS
    span = heard.span("hum.lookup")
    assert events(span) == [("hum.create", 422), ("exception", "hum_async.errors.InvalidAddress")]
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert (span.attributes or {})["error.type"] == "InvalidAddress"


async def test_a_refused_key_ends_the_span(heard: Listening) -> None:
    async with heard.to(client(then=lambda _: json_response(401))) as hum:
        with pytest.raises(AuthenticationError):
            await hum.lookup(HOME)
    span = heard.span("hum.lookup")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "AuthenticationError"
    assert heard.values("hum.lookups.active") == {("client",): 0}


async def test_a_cancelled_look_up_is_no_error(heard: Listening) -> None:
    async with heard.to(client(OPENED, then=lambda _: PENDING)) as hum:
        task = asyncio.create_task(hum.lookup(HOME))
        await asyncio.sleep(6)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    span = heard.span("hum.lookup")
    assert span.status.status_code is StatusCode.UNSET
    assert (span.attributes or {})["error.type"] == "CancelledError"
    assert heard.values("hum.lookups.active") == {("client",): 0}


async def test_a_single_call_is_a_span_of_its_route(heard: Listening) -> None:
    async with heard.to(client(json_response(500, {"message": TOKEN}))) as hum:
        await hum.get_internet(TOKEN)
        await hum.request("GET", f"/sessions/{TOKEN}?of={TOKEN}")
    first, second = heard.spans()
    assert first.name == "GET /sessions/{token}/services/internet"
    assert first.kind is SpanKind.CLIENT
    assert events(first) == [
        ("hum.request", 500),
        ("hum.retry", "500"),
        ("hum.request", 200),
    ]
    assert second.name == "GET /sessions/..."


async def test_the_span_of_the_caller_is_the_parent(heard: Listening) -> None:
    async with heard.to(client()) as hum:
        with heard.tracer.start_as_current_span("caller"):
            await asyncio.gather(hum.lookup(HOME), hum.get_session(TOKEN))
    caller = id_of(heard.span("caller"))
    assert parent_of(heard.span("hum.lookup")) == caller
    assert parent_of(heard.span("GET /sessions/{token}")) == caller


async def test_each_watched_session_is_a_span_under_the_call_of_watch(heard: Listening) -> None:
    async with (
        heard.to(client(PENDING, BUSY)) as hum,
        AsyncSessionWatcher(hum) as watcher,
    ):
        with heard.tracer.start_as_current_span("caller"):
            stream = watcher.watch([TOKEN])
        assert [update.kind async for update in stream] == ["CHANGED", "COMPLETED"]
    span = heard.span("hum.watch")
    assert parent_of(span) == id_of(heard.span("caller"))
    assert (span.attributes or {})["hum.outcome"] == "COMPLETED"
    assert events(span) == [
        ("hum.poll", 202),
        ("hum.poll", 429),
        ("hum.retry", "429"),
        ("hum.poll", 200),
    ]


@pytest.mark.parametrize("leave", ["discard", "close", "exit"])
async def test_a_session_that_is_not_watched_any_more_ends_its_span(
    heard: Listening, leave: str
) -> None:
    async with heard.to(client(then=lambda _: PENDING)) as hum:
        async with AsyncSessionWatcher(hum) as watcher:
            stream = watcher.watch([TOKEN])
            await anext(stream)
            if leave == "discard":
                stream.discard(TOKEN)
            elif leave == "close":
                stream.close()
            await asyncio.sleep(10)
        assert len(heard.spans("hum.watch")) == 1
    assert "hum.outcome" not in (heard.span("hum.watch").attributes or {})
    assert heard.values("hum.lookups.active") == {("watcher",): 0}


async def test_the_look_ups_of_a_job_are_children_of_its_span(heard: Listening) -> None:
    async with heard.to(client()) as hum:
        with heard.tracer.start_as_current_span("caller"):
            stream = qualify(hum, [HOME, OTHER])
            assert [row.outcome async for row in stream] == [Outcome.SERVED] * 2
    job, lookups = heard.span("hum.qualify"), heard.spans("hum.lookup")
    assert parent_of(job) == id_of(heard.span("caller"))
    assert [parent_of(span) for span in lookups] == [id_of(job)] * 2
    assert {(span.attributes or {})["hum.owner"] for span in lookups} == {"job"}
    assert job.status.status_code is StatusCode.UNSET


async def test_what_ends_a_job_is_told_by_its_class(heard: Listening) -> None:
    async with heard.to(client()) as hum:
        with pytest.raises(SessionLimitReached):
            _ = [row async for row in qualify(hum, [HOME, OTHER], max_sessions=1)]
    assert (heard.span("hum.qualify").attributes or {})["error.type"] == "SessionLimitReached"
    assert len(heard.spans("hum.lookup")) == 1


async def test_a_job_that_is_left_ends_its_spans(heard: Listening) -> None:
    async with heard.to(client(OPENED, then=lambda _: PENDING)) as hum:
        stream = qualify(hum, [HOME])
        asking = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(6)
        asking.cancel()
        await stream.aclose()
    assert [span.name for span in heard.spans()] == ["hum.lookup", "hum.qualify"]
    assert heard.values("hum.lookups.active") == {("job",): 0}


async def test_a_row_that_the_journal_answers_makes_no_span(
    heard: Listening, tmp_path: Path
) -> None:
    async with heard.to(client()) as hum:
        for _ in range(2):
            _ = [row async for row in qualify(hum, [HOME], journal=tmp_path / "job.sqlite")]
    assert len(heard.spans("hum.lookup")) == 1
    assert len(heard.spans("hum.qualify")) == 2
    assert heard.values("hum.bulk.rows") == {("SERVED",): 2}


@pytest.mark.parametrize("kept", [None, "ledger.sqlite"])
async def test_the_request_that_began_a_hubs_look_up_is_its_parent_and_others_are_linked(
    heard: Listening, tmp_path: Path, kept: str | None
) -> None:
    hum = client(OPENED, PENDING)
    if kept is not None:
        transport = ScriptedTransport(usual, latency=0.5)
        hum = HumClient(transport=transport, purchases=tmp_path / kept)
    async with heard.to(hum), SessionHub(hum, signals=False) as hub:
        with heard.tracer.start_as_current_span("first"):
            one = hub.lookup(HOME)
        with heard.tracer.start_as_current_span("second"):
            assert hub.lookup(HOME) == one
        events_seen = [event.kind async for event in hub.subscribe(one)]
    assert events_seen[-1] == "done"
    span = heard.span("hum.lookup")
    assert parent_of(span) == id_of(heard.span("first"))
    assert [link.context.span_id for link in span.links] == [id_of(heard.span("second"))]
    assert {"hum.owner": "hub", "hum.outcome": "SERVED"}.items() <= dict(
        span.attributes or {}
    ).items()


@pytest.mark.parametrize("end", ["time", "browser", "hub"])
async def test_a_hubs_look_up_that_comes_to_nothing_ends_its_span(
    heard: Listening, end: str
) -> None:
    async with heard.to(client(OPENED, then=lambda _: PENDING)) as hum:
        hub = SessionHub(
            hum,
            signals=False,
            timeout=5.0 if end == "time" else 120.0,
            on_abandon="close" if end == "browser" else "keep",
            abandon_after=1.0,
        )
        async with hub:
            stream = hub.subscribe(hub.lookup(HOME))
            await anext(stream)
            if end == "browser":
                await stream.aclose()
            await asyncio.sleep(0.1 if end == "hub" else 20.0)
    span = heard.span("hum.lookup")
    assert (span.attributes or {}).get("hum.outcome") == ("TIMED_OUT" if end == "time" else None)
    assert heard.values("hum.lookups.active") == {("hub",): 0}


async def test_copies_of_the_client_are_heard_too(heard: Listening) -> None:
    async with heard.to(client()) as hum:
        await hum.with_options(timeout=3.0).ping()
    assert heard.span("GET /ping")


async def test_without_recording_nothing_is_kept_and_all_works() -> None:
    # The API alone, as in a program that has not set the SDK up.
    from hum_async.otel import instrument  # noqa: PLC0415

    async with instrument(client()) as hum:
        assert (await hum.lookup(HOME)).outcome == Outcome.SERVED
        async for row in qualify(hum, [HOME]):
            assert row.outcome == Outcome.SERVED


def test_the_package_does_not_load_opentelemetry() -> None:
    code = (
        "import sys, hum_async; from hum_async import HumClient, AsyncSessionWatcher, qualify, "
        "SessionHub; print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout == "False\n"


def test_a_missing_extra_is_named() -> None:
    code = "import sys; sys.modules['opentelemetry'] = None; import hum_async.otel"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert "hum_async.otel needs: pip install opentelemetry-api" in ran.stderr


def test_scripts_without_async_are_heard_under_their_own_span(heard: Listening) -> None:
    with heard.tracer.start_as_current_span("script"):
        sync.lookup(Address(""), client=lambda: heard.to(client()))
        (row,) = sync.qualify([Address("")], client=lambda: heard.to(client()))
    assert row.outcome == Outcome.INVALID_ADDRESS
    script = id_of(heard.span("script"))
    assert parent_of(heard.span("hum.lookup")) == script
    assert parent_of(heard.span("hum.qualify")) == script
