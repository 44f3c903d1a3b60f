"""The server of the live page: whom it answers, and what it knows of its data."""

import runpy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import web
from asgi_request import ask
from web_servers import LIVE
from web_support import KEY

from hum_async.simulator import Simulator


@pytest.fixture
def live_page(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LIVE_LOOKUP_HOSTS", "lookup.example.com, other.example.com")
    return runpy.run_path(str(LIVE / "app.py"))["app"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/static/app.js"), ("POST", "/lookups"), ("GET", "/events"),
     ("GET", "/favicon.svg"), ("GET", "/about"), ("GET", "/nowhere")],
)  # fmt: skip
async def test_the_live_page_and_its_interface_are_guarded(
    live_page: Any, method: str, path: str
) -> None:
    answer = await ask(live_page, "evil.example", path=path, method=method)
    assert answer.status == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8401", "localhost", "lookup.example.com"])
async def test_the_live_page_is_served_under_its_own_names(live_page: Any, host: str) -> None:
    answer = await ask(live_page, host)
    assert (answer.status, answer.body[:15]) == (200, b"<!doctype html>")
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/static/style.css"])
async def test_a_browser_never_runs_files_of_two_versions_together(
    live_page: Any, path: str
) -> None:
    answer = await ask(live_page, "localhost", path=path)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.headers["etag"]


def test_nothing_is_inline_on_the_live_page() -> None:
    html = (LIVE / "static" / "index.html").read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "<style" not in html
    assert " style=" not in html
    assert " on" not in "".join(part.partition(">")[0] for part in html.split("<"))
    assert "://" not in html


@asynccontextmanager
async def running(app: Any, api: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    monkeypatch.setenv("HUM_API_KEY", KEY)
    monkeypatch.setenv("HUM_BASE_URL", api)
    async with app.router.lifespan_context(app):
        yield app


async def about(app: Any) -> Any:
    return orjson.loads((await ask(app, "localhost", path="/about")).body)


async def test_it_knows_that_a_simulator_answers(
    live_page: Any, hum_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(live_page, hum_simulator.url, monkeypatch):
        assert await about(live_page) == {"simulated": True}
        assert await about(live_page) == {"simulated": True}
    assert [record.path for record in hum_simulator.journal] == ["/ping"]


async def test_it_knows_that_another_api_answers_once_it_can_be_reached(
    live_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = [503, 200]

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.json_response({"data": "pong"}, status=statuses.pop(0))

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with running(live_page, f"http://{host}:{port}", monkeypatch):
        assert await about(live_page) == {"simulated": None}
        assert await about(live_page) == {"simulated": False}
    await runner.cleanup()
