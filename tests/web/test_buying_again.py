"""A browser that asks to buy an address again whose purchase a crash left uncertain."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from fastapi import FastAPI
from in_process import INSTANT, Browser, served
from litestar import Litestar
from starlette.applications import Starlette

from hum_async import Address, HumClient
from hum_async.simulator import Simulator
from hum_async.testing import ScriptedTransport, json_response
from hum_async.web.aiohttp import setup_hub
from hum_async.web.fastapi import hub_router
from hum_async.web.litestar import HubPlugin
from hum_async.web.starlette import hub_lifespan, hub_routes

pytestmark = pytest.mark.hum_simulator(speed=1000, generation="immediate")

Client = Callable[[], HumClient]


def fastapi_app(client: Client) -> FastAPI:
    app = FastAPI()
    app.include_router(hub_router(client))
    return app


def aiohttp_app(client: Client) -> web.Application:
    app = web.Application()
    setup_hub(app, client, routes=True)
    return app


APPLICATIONS: dict[str, Callable[[Client], Any]] = {
    "fastapi": fastapi_app,
    "starlette": lambda client: Starlette(routes=hub_routes(), lifespan=hub_lifespan(client)),
    "litestar": lambda client: Litestar(plugins=[HubPlugin(client)], logging_config=None),
    "aiohttp": aiohttp_app,
}


async def crash_in_the_post(client: HumClient, transport: ScriptedTransport) -> None:
    """End while the request that creates a session is under way."""
    async with client:
        looking = asyncio.ensure_future(client.lookup(Address(**INSTANT)))
        while not transport.requests and not looking.done():  # noqa: ASYNC110  it is on its way
            await asyncio.sleep(0.001)
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    assert len(transport.requests) == 1


async def outcome(browser: Browser, **more: Any) -> str:
    status, answer = await browser.post("/lookups", {**INSTANT, **more})
    assert status == 201, answer
    events = await browser.story(f"/events?ids={answer['id']}")
    return str(events[-1].data["outcome"])


@pytest.mark.parametrize("framework", APPLICATIONS)
@pytest.mark.slow
async def test_an_uncertain_address_is_bought_again_when_a_browser_asks_for_it_and_once(
    framework: str, hum_simulator: Simulator, tmp_path: Path
) -> None:
    def client(transport: ScriptedTransport | None = None) -> HumClient:
        return HumClient(
            "any-key",
            base_url=hum_simulator.url,
            purchases=tmp_path / "hum.sqlite",
            transport=transport,
        )

    stuck = ScriptedTransport(lambda _: json_response(503), latency=1000)
    await crash_in_the_post(client(stuck), stuck)
    async with served(APPLICATIONS[framework](client)) as browser:
        for more in ({}, {"retry": []}, {"retry": ["FAILED"]}):
            assert await outcome(browser, **more) == "UNCERTAIN"
        status, refused = await browser.post("/lookups", {**INSTANT, "retry": ["SERVED"]})
        assert (status, "UNCERTAIN" in refused["error"]) == (422, True)
        assert hum_simulator.sessions_bought == 0
        assert await outcome(browser, retry=["UNCERTAIN"]) == "SERVED"
        assert await outcome(browser, retry=["UNCERTAIN"]) == "SERVED"
    # Another process answers from the ledger.
    async with served(APPLICATIONS[framework](client)) as browser:
        assert await outcome(browser) == "SERVED"
        assert await outcome(browser, retry=["UNCERTAIN"]) == "SERVED"
    assert hum_simulator.sessions_bought == 1
