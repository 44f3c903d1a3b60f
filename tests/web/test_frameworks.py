"""The two routes in one line, in applications as people build them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from aiohttp import web
from asgi_request import ask
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from in_process import INSTANT, served
from litestar import Litestar, asgi, get
from litestar.di import NamedDependency
from starlette.applications import Starlette
from starlette.routing import Mount

from hum_async import ConfigurationError, HumClient, SessionHub
from hum_async.simulator import Simulator
from hum_async.web import aiohttp as for_aiohttp
from hum_async.web import fastapi as for_fastapi
from hum_async.web import litestar as for_litestar
from hum_async.web.fastapi import get_hub, hub_lifespan, hub_of, hub_router
from hum_async.web.starlette import EventsResponse, hub_routes

pytestmark = [
    pytest.mark.hum_simulator(speed=1000, generation="immediate"),
    pytest.mark.usefixtures("account"),
]

STORY = ["snapshot", "providers", "done"]


@pytest.fixture
def account(hum_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    monkeypatch.setenv("HUM_API_KEY", "any-key")
    monkeypatch.setenv("HUM_BASE_URL", hum_simulator.url)
    return hum_simulator


def fastapi_app() -> FastAPI:
    app = FastAPI()
    app.include_router(hub_router())
    return app


def aiohttp_app() -> web.Application:
    app = web.Application()
    for_aiohttp.setup_hub(app, routes=True)
    return app


def litestar_app(handlers: list[Any], **options: Any) -> Litestar:
    # Its logging would replace that of the tests.
    plugin = for_litestar.HubPlugin(**options)
    return Litestar(handlers, plugins=[plugin], logging_config=None)


APPLICATIONS = {
    "fastapi": fastapi_app,
    "starlette": lambda: Starlette(routes=hub_routes(), lifespan=hub_lifespan()),
    "litestar": lambda: litestar_app([]),
    "aiohttp": aiohttp_app,
}


@pytest.mark.parametrize("framework", APPLICATIONS)
async def test_one_line_gives_both_routes_and_their_refusals(
    framework: str, account: Simulator
) -> None:
    async with served(APPLICATIONS[framework]()) as browser:
        assert await browser.look_up() == STORY
        assert account.sessions_bought == 1
        status, refused = await browser.post("/lookups", {"street1": "1 Main St"})
        assert (status, list(refused)) == (422, ["error"])
        status, refused = await browser.post("/lookups", **{"Content-Type": "text/plain"})
        assert (status, list(refused)) == (415, ["error"])
        assert (await browser.get("/events?ids=nobody"))[0] == 404
        assert (await browser.get("/events"))[0] == 400
    assert account.sessions_bought == 1


async def test_the_hub_lives_beside_the_lifespans_of_an_application_and_its_routers() -> None:
    said: list[str] = []

    def lifespan(name: str) -> Any:
        @asynccontextmanager
        async def run(_: Any) -> AsyncIterator[Mapping[str, str]]:
            said.append(f"{name} starts")
            yield {name: "there"}
            said.append(f"{name} ends")

        return run

    app, api = FastAPI(lifespan=lifespan("app")), APIRouter(lifespan=lifespan("api"))
    api.include_router(hub_router(), prefix="/v1")
    app.include_router(api, prefix="/api")

    @app.get("/running")
    async def running(hub: Annotated[SessionHub, Depends(get_hub)]) -> int:
        return hub.statistics().started

    async with served(app) as browser:
        assert await browser.look_up("/api/v1") == STORY
        assert await browser.get("/running") == (200, "1")
        assert said == ["app starts", "api starts"]
    assert said == ["app starts", "api starts", "api ends", "app ends"]


async def test_who_may_not_ask_buys_nothing(account: Simulator) -> None:
    async def nobody() -> None:
        raise HTTPException(401)

    app = FastAPI()
    app.include_router(hub_router(), dependencies=[Depends(nobody)])
    async with served(app) as browser:
        assert (await browser.post("/lookups"))[0] == 401
        assert (await browser.get("/events?ids=a"))[0] == 401
    assert account.sessions_bought == 0


async def test_a_test_may_give_the_routes_another_hub(account: Simulator) -> None:
    app = fastapi_app()
    async with HumClient("k", base_url=account.url) as hum, SessionHub(hum, signals=False) as other:
        app.dependency_overrides[get_hub] = lambda: other
        async with served(app) as browser:
            assert await browser.look_up() == STORY
        assert other.statistics().started == 1


async def test_a_router_that_is_included_twice_has_one_hub(account: Simulator) -> None:
    app, router = FastAPI(), hub_router(max_running=5)
    app.include_router(router, prefix="/a")
    app.include_router(router, prefix="/b")
    async with served(app) as browser:
        (_, first), (_, second) = await browser.post("/a/lookups"), await browser.post("/b/lookups")
        assert first == second
        assert await browser.story(f"/b/events?ids={first['id']}")
    assert account.sessions_bought == 1


async def test_a_router_uses_the_hub_that_the_application_has() -> None:
    app = FastAPI(lifespan=hub_lifespan(max_subscribers=7))
    app.include_router(hub_router())
    async with served(app) as browser:
        assert await browser.look_up() == STORY
        assert hub_of_app(app).statistics().started == 1


def hub_of_app(app: Any) -> SessionHub:
    hub = app.state.hub
    assert isinstance(hub, SessionHub)
    return hub


@pytest.mark.parametrize("second", [hub_router(lambda: HumClient("k")), hub_router(max_running=1)])
async def test_arguments_for_a_second_hub_are_refused_at_the_start(second: APIRouter) -> None:
    app = FastAPI(lifespan=hub_lifespan())
    app.include_router(second)
    with pytest.raises(ConfigurationError, match="has a hub already"):
        async with app.router.lifespan_context(app):
            pass


async def test_an_application_can_start_again_after_its_end() -> None:
    app = fastapi_app()
    for _ in range(2):
        async with served(app) as browser:
            assert (await browser.post("/lookups"))[0] == 201


# --- mounted applications -------------------------------------------------------------------------


async def test_mounted_applications_use_the_hub_of_the_outer_one(account: Simulator) -> None:
    outer = FastAPI(lifespan=hub_lifespan())
    outer.mount("/fastapi", fastapi_app())
    outer.mount("/starlette", Starlette(routes=[Mount("/deep", routes=hub_routes())]))
    async with served(outer) as browser:
        assert await browser.look_up("/fastapi") == STORY
        assert await browser.look_up("/starlette/deep") == STORY
    # The second found the answer of the first.
    assert account.sessions_bought == 1


async def test_a_lifespan_of_ones_own_may_run_the_hub_for_mounted_applications() -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        async with hub_lifespan()(app) as state:
            yield {**state, "mine": 1}

    outer = FastAPI(lifespan=lifespan)
    outer.mount("/api", fastapi_app())
    async with served(outer) as browser:
        assert await browser.look_up("/api") == STORY


@pytest.mark.parametrize("path", ["/lookups", "/events"])
async def test_a_mounted_application_whose_lifespan_is_not_run_says_what_to_do(path: str) -> None:
    outer = FastAPI()
    outer.mount("/api", fastapi_app())
    with pytest.raises(ConfigurationError, match=r"outer one `lifespan=hub_lifespan\(\)`"):
        await ask(outer, path=f"/api{path}", method="POST" if path == "/lookups" else "GET")


async def test_litestar_says_the_same_to_whoever_reads_its_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inner = litestar_app([])
    outer = Litestar([asgi("/inner", is_mount=True, copy_scope=True)(inner)], logging_config=None)
    async with served(outer) as browser:
        assert (await browser.post("/inner/lookups"))[0] == 500
    assert "plugins=[HubPlugin()]" in caplog.text


async def test_litestar_has_routes_at_a_path_and_the_hub_as_a_dependency() -> None:
    @get("/started")
    async def started(hub: NamedDependency[SessionHub]) -> int:
        return hub.statistics().started

    app = litestar_app([started], path="/api", max_running=3)
    async with served(app) as browser:
        assert await browser.look_up("/api") == STORY
        assert await browser.get("/started") == (200, "1")


async def test_a_sub_application_of_aiohttp_runs_its_own_hub_or_that_of_its_parent() -> None:
    own, parents, outer = aiohttp_app(), web.Application(), web.Application()
    parents.router.add_post("/lookups", for_aiohttp.start_lookup)
    parents.router.add_get("/events", for_aiohttp.stream_events)
    outer.add_subapp("/own", own)
    async with served(outer) as browser:
        assert await browser.look_up("/own") == STORY
    outer = web.Application()
    for_aiohttp.setup_hub(outer)
    outer.add_subapp("/parents", parents)
    async with served(outer) as browser:
        assert await browser.look_up("/parents") == STORY


async def test_aiohttp_says_where_a_hub_is_missing_or_there_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = web.Application()
    app.router.add_post("/lookups", for_aiohttp.start_lookup)
    async with served(app) as browser:
        assert (await browser.session.post(f"{browser.url}/lookups", json=INSTANT)).status == 500
    assert "call setup_hub()" in caplog.text
    app = aiohttp_app()
    with pytest.raises(ConfigurationError, match="once"):
        for_aiohttp.setup_hub(app)


# --- responses ------------------------------------------------------------------------------------


async def test_what_an_application_adds_to_the_response_is_sent() -> None:
    app = fastapi_app()

    @app.get("/mine")
    async def mine(hub: Annotated[SessionHub, Depends(get_hub)], ids: str) -> EventsResponse:
        response = EventsResponse(hub.subscribe(ids), 203)
        response.set_cookie("seen", "1")
        return response

    async with served(app) as browser:
        _, started = await browser.post("/lookups")
        url = f"{browser.url}/mine?ids={started['id']}"
        async with browser.session.get(url) as answer:
            last = (await answer.text()).rpartition("id: ")[2].split()[0]
            assert (answer.status, answer.cookies["seen"].value) == (203, "1")
            assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert "Content-Length" not in answer.headers
        assert await browser.get(f"/events?ids={started['id']}", **{"Last-Event-ID": last}) == (
            204,
            "",
        )


def test_the_module_for_fastapi_has_all_that_applications_of_their_own_need() -> None:
    assert {*for_fastapi.__all__} >= {"EventsResponse", "get_hub", "read_address", "read_ids"}
    assert for_fastapi.hub_of is hub_of
