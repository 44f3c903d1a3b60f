"""How the public API is meant to be used, for type checkers. Never executed."""

from collections.abc import AsyncIterator, Hashable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, assert_type

import aiohttp
from aiohttp import web
from fastapi import FastAPI
from litestar import Litestar
from starlette.applications import Starlette

from hum_async import (
    DEFAULT_AGENTS,
    PRODUCTION,
    SANDBOX,
    Address,
    AddressError,
    AgentChange,
    AgentStatus,
    AiohttpTransport,
    ApiError,
    ApiUnavailable,
    AsyncSessionWatcher,
    AuthenticationError,
    BadRequest,
    ConfigurationError,
    ConnectFailed,
    GuidedPolling,
    HubBusy,
    HubClosed,
    HubError,
    HumClient,
    HumError,
    InputError,
    InvalidAddress,
    JournalError,
    LearnedPolling,
    Limiter,
    LimiterStatistics,
    LookupElsewhere,
    LookupNotFound,
    Money,
    Offering,
    Outcome,
    Ping,
    Plan,
    Poll,
    PollPolicy,
    Priority,
    Promo,
    Provider,
    Qualification,
    RateLimited,
    RateLimiter,
    RawResponse,
    RequestTimeout,
    ResponseError,
    RetryPolicy,
    ServerError,
    ServiceAddress,
    Session,
    SessionGone,
    SessionHub,
    SessionLimitReached,
    SessionNotFound,
    SessionUpdate,
    SpeedRange,
    StreamBusy,
    Transport,
    TransportError,
    UnusableKey,
    UpdateKind,
    WatcherClosed,
    WatcherFailed,
    WatcherStatistics,
    WatchStream,
    __version__,
    qualify,
)
from hum_async.bulk import (
    FrameColumns,
    ReportSection,
    Results,
    WrittenReport,
    address_columns,
    qualify_frame,
    read_results,
    report_html,
    result_meta,
    show_progress,
    spark_schema,
    to_arrow,
    to_pandas,
    to_polars,
    write_report,
)
from hum_async.testing import (
    ScriptedTransport,
    SentRequest,
    VirtualTimeLoop,
    json_response,
    session_json,
)
from hum_async.web import (
    EventKind,
    EventStream,
    HubEvent,
    HubStatistics,
    SseStream,
    encode_json,
    encode_sse,
)
from hum_async.web import aiohttp as aiohttp_hub
from hum_async.web import fastapi as fastapi_hub
from hum_async.web import litestar as litestar_hub
from hum_async.web import starlette as starlette_hub
from hum_async.web.page_guard import PageGuard

constants: list[str] = [__version__, PRODUCTION, SANDBOX, *DEFAULT_AGENTS]


async def client(http: aiohttp.ClientSession, transport: Transport, limiter: Limiter) -> None:
    HumClient()
    HumClient("key", base_url=SANDBOX, session=http, limiter=limiter, timeout=5, create_timeout=60)
    HumClient(transport=transport, retry=RetryPolicy(attempts=2, base=0.1, cap=1, throttles=3))
    async with HumClient("key") as hum:
        assert_type(hum, HumClient)
        address = Address("29090 Tiffany Drive E", zip="48034")
        session = await hum.create_session(address, campaign_id="summer")
        assert_type(session, Session)
        assert_type(await hum.get_session("token"), Session)
        assert_type(await hum.get_internet("token"), Session)
        assert_type(await hum.ping(), Ping)
        assert_type(await hum.lookup(address, timeout=None, close=False), Qualification)
        await hum.lookup(address, campaign_id="summer", retry={Outcome.UNCERTAIN})
        response = await hum.request("GET", "/ping", json={"any": ["thing"]})
        assert_type(response, RawResponse)
        assert_type(response.status, int)
        assert_type(response.headers, Mapping[str, str])
        assert_type(response.body, bytes)
        assert_type(hum.limiter, Limiter)
        await hum.close_session(session.token)
    await hum.aclose()


def values(session: Session, found: Qualification, provider: Provider, plan: Plan) -> None:
    assert_type(session.token, str)
    assert_type(session.processing, bool)
    assert_type(session.settled, bool)
    assert_type(session.settled_for(("tv",)), bool)
    assert_type(session.agents, Mapping[str, AgentStatus])
    assert_type(session.providers, tuple[Provider, ...] | None)
    assert_type(session.service_address, ServiceAddress | None)
    assert_type(session.responded_at, datetime | None)
    assert_type(session.expires_at, datetime | None)
    assert_type(session.request_id, str | None)
    assert_type(found.key, Hashable)
    assert_type(found.request_ids, tuple[str, ...])
    assert_type(session.params, Mapping[str, Any])
    assert_type(provider.min_price, Money | None)
    assert_type(provider.promos, tuple[Promo, ...])
    assert_type(provider.offerings, tuple[Offering, ...])
    assert_type(provider.catalog, tuple[Plan, ...])
    assert_type(plan.download, SpeedRange | None)
    assert_type(plan.pricing, Mapping[str, Money])
    assert_type(found.outcome, Outcome)
    assert_type(found.providers, tuple[Provider, ...])
    assert_type(found.error, HumError | None)
    assert_type(AgentStatus("anything"), AgentStatus)


async def watch(
    hum: HumClient,
    source: AsyncIterator[str],
    lazy: Iterator[str],
    sessions: AsyncIterator[Session],
    session: Session,
) -> None:
    async with AsyncSessionWatcher(hum) as watcher:
        assert_type(watcher, AsyncSessionWatcher)
        assert_type(watcher.statistics(), WatcherStatistics)
        async for update in watcher.watch(["a", "b"]):
            assert_type(update, SessionUpdate)
            assert_type(update.token, str)
            assert_type(update.kind, UpdateKind)
            assert_type(update.session, Session | None)
            assert_type(update.previous, Session | None)
            assert_type(update.changes, tuple[AgentChange, ...])
            assert_type(update.polls, int)
            assert_type(update.elapsed, float)
            assert_type(update.skipped, int)
            assert_type(update.error, HumError | None)
            assert_type(update.is_terminal, bool)
        async with watcher.watch(source) as stream:
            assert_type(stream, WatchStream)
            assert_type(await anext(stream), SessionUpdate)
            stream.add("c", "d", session)
            stream.discard("c", session)
            stream.close()
            await stream.aclose()
        watcher.watch(lazy)
        watcher.watch(sessions)
        watcher.watch([session])
        watcher.watch(["a", session])
        watcher.watch({"a": 1})
    AsyncSessionWatcher(hum, policy=GuidedPolling(budget=None), agents=["internet"])
    AsyncSessionWatcher(hum, policy=LearnedPolling(p=0.3), source="internet")
    AsyncSessionWatcher(hum, policy=EverySecond())


class EverySecond:
    """A policy of one's own is three members and no base class."""

    budget: float | None = 60.0

    def first(self) -> float:
        return 0.0

    def after(self, poll: Poll) -> float:
        assert_type(poll.ready, bool)
        return 1.0


class Fixed:
    """A transport of one's own."""

    async def send(
        self, method: str, path: str, *, body: bytes | None = None, timeout: float
    ) -> RawResponse:
        return RawResponse(200, {}, body or f"{method} {path} {timeout}".encode())

    async def aclose(self) -> None: ...


def protocols() -> None:
    policies: list[PollPolicy] = [GuidedPolling(), LearnedPolling(), EverySecond()]
    transports: list[Transport] = [
        Fixed(),
        AiohttpTransport("https://api.letshum.com", api_key="key"),
        ScriptedTransport(lambda _: json_response(200)),
    ]
    limiters: list[Limiter] = [RateLimiter(), RateLimiter(rate=20, concurrency=4, burst=2)]
    assert_type(RateLimiter(max_rate=100).statistics(), LimiterStatistics)
    HumClient(transport=transports[0], limiter=limiters[0])
    LearnedPolling(
        p=0.8, first=8.0, later=4.0, min_interval=2.0, max_interval=20.0, budget=policies[0].budget
    )


async def bring_your_own(anybodys: Limiter) -> None:
    anybodys.answered(sent=1.0, status=202, headers={}, refused=False, retry_after=None)
    assert_type(anybodys.found_rate, float | None)
    anybodys.resume(20.0)
    assert_type(anybodys.concurrency, int | None)


async def attempt(limiter: RateLimiter, hum: HumClient) -> None:
    urgent = hum.with_options(timeout=5.0, retry=RetryPolicy(), priority=Priority.INTERACTIVE)
    assert_type(urgent, HumClient)
    async with limiter.slot(priority=Priority.BULK):
        limiter.throttled(None)
    assert_type(limiter.paused_seconds(), float)
    await bring_your_own(limiter)
    assert_type(limiter.concurrency, int)


async def many(
    hum: HumClient,
    rows: AsyncIterator[Address],
    keyed: AsyncIterator[tuple[bytes, Address]],
    both: list[Address | tuple[Hashable, Address]],
) -> None:
    address = Address("1 Main St", zip="02139")
    async for numbered in qualify(hum, [address], max_open=10):
        assert_type(numbered, Qualification[int])
        assert_type(numbered.key, int)
    async for named in qualify(hum, [("row 1", address)], close=False):
        assert_type(named, Qualification[str])
        assert_type(named.key, str)
    async for seven in qualify(hum, [(7, address)]):
        assert_type(seven, Qualification[int])
    async for lazy in qualify(hum, ((("a", n), address) for n in range(2)), journal="job.sqlite"):
        assert_type(lazy.key, tuple[str, int])
    async for streamed in qualify(hum, keyed):
        assert_type(streamed.key, bytes)
    async for either in qualify(hum, both):
        assert_type(either.key, Hashable)
    seen: list[Any] = []
    job = qualify(
        hum,
        rows,
        journal="job.sqlite",
        retry={Outcome.UNCERTAIN},
        max_age=86400.0,
        reuse_from="other.sqlite",
        max_sessions=100,
        price_per_session="0.05",
        max_cost=Decimal(25),
        max_cost_per_day=5,
        campaign_id="summer",
        on_update=lambda key, update: seen.append((key, update.kind)),
    )
    async with job:
        try:
            async for found in job:
                assert_type(found, Qualification[int])
                assert_type(found.library_version, str)
                job.stop()
        except (ApiUnavailable, JournalError, SessionLimitReached, UnusableKey) as exc:
            assert_type(exc.args, tuple[Any, ...])
    async for found in qualify(hum, rows, policy=LearnedPolling()):
        assert_type(found, Qualification[int])


async def hub(hum: HumClient, address: Address) -> None:
    async with SessionHub(hum, max_running=10, on_abandon="close", campaign_id="autumn") as hub:
        lookup_id = hub.lookup(address)
        hub.lookup(address, campaign_id="summer", retry=[Outcome.UNCERTAIN])
        assert_type(lookup_id, str)
        async with hub.subscribe(lookup_id, last_event_id=None) as stream:
            assert_type(stream, EventStream)
            assert_type(stream.over, bool)
            async for event in stream:
                assert_type(event, HubEvent)
                assert_type(event.kind, EventKind)
                assert_type(event.data, dict[str, Any])
                assert_type(encode_sse(event), bytes)
                assert_type(encode_json(event), str)
        async for chunk in SseStream(hub.subscribe(lookup_id), ping=15.0):
            assert_type(chunk, bytes)
        assert_type(hub.statistics(), HubStatistics)


def page(app: FastAPI) -> None:
    app.add_middleware(PageGuard, hosts=["lookup.example.com"])
    PageGuard(app, hosts=("lookup.example.com",))


def errors(error: HumError) -> float | None:
    match error:
        case LookupNotFound() | LookupElsewhere():
            assert_type(error.ids, tuple[str, ...])
            return None
        case HubBusy() | HubClosed() | BadRequest() | HubError():
            assert_type(error.status, int)
            return error.retry_after
        case RateLimited() | ServerError():
            return error.retry_after
        case AuthenticationError() | SessionGone() | SessionNotFound() | InvalidAddress():
            assert_type(error.status, int)
        case ApiError():
            assert_type(error.request_id, str | None)
            assert_type(error.message, str)
        case AddressError():
            assert_type(error.field, str | None)
        case ResponseError():
            assert_type(error.path, str)
        case RequestTimeout() | ConnectFailed() | TransportError():
            pass
        case InputError() | ConfigurationError() | WatcherClosed() | WatcherFailed() | StreamBusy():
            pass
        case _:
            pass
    return None


async def read_back(hum: HumClient, address: Address) -> None:
    results = read_results("results.csv", journal="job.sqlite")
    assert_type(results, Results[int])
    assert_type(results[0], Qualification[int])
    assert_type(results[:2], tuple[Qualification[int], ...])
    assert_type(results[0].to_dict(), dict[str, Any])
    to_arrow(results, long=True, served=["100/20"])
    section = ReportSection("changes", "What changed", "Nothing", style=".mine { color: red }")
    written = write_report(
        results,
        "report.html",
        title="North side",
        served=["100/20"],
        source="results.csv",
        sections=[section],
        overwrite=True,
    )
    assert_type(written, WrittenReport)
    assert_type(report_html(results[:2]), str)
    columns: FrameColumns = address_columns(object(), map={"street1": "a"}, ignore=["b"])
    frame: tuple[int, ...] = qualify_frame(
        (1,), journal="job.sqlite", map=columns, limiter="redis://cache", retry={Outcome.FAILED}
    )
    result_meta(frame, served=["100/20"])
    spark_schema(object())
    to_polars([results[0]])
    to_pandas(results)
    async for found in show_progress(qualify(hum, [("row 1", address)]), total=1):
        assert_type(found, Qualification[str])


def kit(request: SentRequest) -> RawResponse:
    assert_type(request.at, float)
    assert_type(VirtualTimeLoop().time(), float)
    body = session_json("token", providers=[{"provider_name": "X"}], internet="matched")
    return json_response(200, body, headers={"X-Request-Id": "r1"})


def web_applications() -> tuple[FastAPI, Starlette, Litestar, web.Application]:
    """Frameworks take what is made for them, without a cast."""
    fastapi = FastAPI(
        lifespan=starlette_hub.hub_lifespan(max_running=8),
        exception_handlers=fastapi_hub.EXCEPTION_HANDLERS,
    )
    fastapi.include_router(fastapi_hub.hub_router(HumClient, timeout=30.0))
    starlette = Starlette(
        routes=starlette_hub.hub_routes(),
        lifespan=starlette_hub.hub_lifespan(),
        exception_handlers=starlette_hub.EXCEPTION_HANDLERS,
    )
    litestar = Litestar(
        lifespan=[litestar_hub.hub_lifespan()],
        plugins=[litestar_hub.HubPlugin(path="/api")],
        exception_handlers=litestar_hub.EXCEPTION_HANDLERS,
    )
    aiohttp_web = web.Application()
    aiohttp_hub.setup_hub(aiohttp_web, HumClient, routes=True, close=False)
    assert_type(litestar_hub.hub_of(litestar), SessionHub)
    return fastapi, starlette, litestar, aiohttp_web
