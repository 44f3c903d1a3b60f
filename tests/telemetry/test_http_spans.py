"""The spans that OpenTelemetry makes of aiohttp hold whole URLs: `url_filter` takes tokens out."""

import contextlib
from collections.abc import Iterator

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from listening import Listening
from opentelemetry.instrumentation.aiohttp_client import (
    AioHttpClientInstrumentor,
    create_trace_config,
)
from yarl import URL

from hum_async import Address, ConnectFailed, HumClient, HumError, RateLimiter, RetryPolicy
from hum_async.otel import url_filter
from hum_async.simulator import Simulator

HOME = Address("100 Served St", zip="48226")
TOKEN = "canaryTOKEN0123456789ab"
KEY = "sk_canary_0123456789abcdef"


@pytest.fixture(params=["filtered", "stock"])
def instrumented(heard: Listening, request: pytest.FixtureRequest) -> Iterator[bool]:
    """Instrument aiohttp, with the filter or as it is."""
    filtered = request.param == "filtered"
    stock = AioHttpClientInstrumentor()
    stock.instrument(
        tracer_provider=heard.tracers,
        meter_provider=heard.meters,
        url_filter=url_filter if filtered else None,
    )
    yield filtered
    stock.uninstrument()


async def use(hum: HumClient) -> str:
    """Ask each endpoint, and return the token of a session."""
    await hum.ping()
    session = await hum.create_session(HOME)
    await hum.request("GET", f"/sessions/{session.token}?of={TOKEN}")
    for token in (session.token, TOKEN):
        for call in (hum.get_session, hum.get_internet, hum.close_session):
            with contextlib.suppress(HumError):
                await call(token)
    return session.token


async def test_no_token_is_in_the_spans_of_requests(heard: Listening, instrumented: bool) -> None:  # noqa: FBT001  a fixture
    limiter = RateLimiter(rate=1000)
    async with (
        Simulator(speed=1000) as api,
        HumClient(KEY, base_url=api.url, limiter=limiter) as hum,
    ):
        tokens = TOKEN, await use(hum)
    assert len(heard.spans()) >= 8
    told = heard.everything()
    assert KEY not in told
    # As it is it tells them, so that this test would see it.
    assert any(token in told for token in tokens) is not instrumented
    if instrumented:
        urls = {(span.attributes or {})["http.url"] for span in heard.spans()}
        paths = {str(url).removeprefix(api.url) for url in urls}
        assert paths == {
            "/ping",
            "/sessions",
            "/sessions/{token}",
            "/sessions/{token}/services/internet",
        }


async def test_no_token_is_in_the_spans_of_requests_that_fail(
    heard: Listening,
    instrumented: bool,  # noqa: FBT001  a fixture
) -> None:
    retry = RetryPolicy(attempts=1)
    async with HumClient(KEY, base_url="http://127.0.0.1:9", retry=retry) as hum:
        with pytest.raises(ConnectFailed):
            await hum.get_session(TOKEN)
    assert (TOKEN in heard.everything()) is not instrumented


async def test_a_borrowed_session_brings_its_own_tracing(heard: Listening) -> None:
    tracing = create_trace_config(url_filter=url_filter, tracer_provider=heard.tracers)
    async with (
        Simulator(speed=1000, generation="immediate") as api,
        aiohttp.ClientSession(trace_configs=[tracing]) as session,
        heard.to(HumClient(KEY, base_url=api.url, session=session)) as hum,
    ):
        result = await hum.lookup(HOME)
    lookup = heard.span("hum.lookup")
    assert lookup.context is not None
    requests = [span for span in heard.spans() if span is not lookup]
    assert [span.name for span in requests] == ["POST", "DELETE"]
    assert {span.parent.span_id for span in requests if span.parent} == {lookup.context.span_id}
    assert result.token is not None
    assert result.token not in heard.everything()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.letshum.com/ping", "https://api.letshum.com/ping"),
        ("https://api.letshum.com/sessions", "https://api.letshum.com/sessions"),
        ("https://api.letshum.com/sessions/", "https://api.letshum.com/sessions/"),
        ("https://api.letshum.com/sessions/abc", "https://api.letshum.com/sessions/{token}"),
        ("https://h:8443/v1/sessions/abc/x?y=abc#abc", "https://h:8443/v1/sessions/{token}/x"),
        ("https://user:secret@h/sessions/abc", "https://h/sessions/{token}"),
        ("https://h/sessions/..%2Fabc", "https://h/sessions/{token}"),
        ("https://h/sessions/sessions/abc", "https://h/sessions/{token}/{token}"),
        ("/sessions/abc", "/sessions/{token}"),
    ],
)
def test_a_url_is_shown_without_its_token(url: str, shown: str) -> None:
    assert url_filter(URL(url, encoded=True)) == shown


@given(st.text(min_size=6).filter(lambda token: token.strip("./")))
def test_no_token_passes_whatever_it_is(token: str) -> None:
    base = URL("https://api.letshum.com/sessions")
    try:
        url = base / token.replace("/", "")
    except (UnicodeError, ValueError):
        return  # no URL can hold it
    shown = url_filter(url)
    assert shown in {"https://api.letshum.com/sessions/{token}", str(base)}
