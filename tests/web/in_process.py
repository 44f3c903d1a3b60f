"""Applications in a server of this process, and a browser for them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import attrs
import uvicorn
from aiohttp import web
from web_support import Received, read_sse

INSTANT = {"street1": "100 Instant St", "zip": "48226"}


@attrs.frozen
class Browser:
    """Asks one application."""

    session: aiohttp.ClientSession
    url: str

    async def post(self, path: str, json: Any = INSTANT, **headers: str) -> tuple[int, Any]:
        async with self.session.post(f"{self.url}{path}", json=json, headers=headers) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(f"{self.url}{path}", headers=headers) as answer:
            return answer.status, await answer.text()

    async def story(self, path: str) -> list[Received]:
        async with self.session.get(f"{self.url}{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await read_sse(answer.content.iter_any())

    async def look_up(self, prefix: str = "") -> list[str]:
        """Look up; return the kinds of the events but for changes, whose number is chance."""
        status, answer = await self.post(f"{prefix}/lookups")
        assert status == 201, answer
        events = await self.story(f"{prefix}/events?ids={answer['id']}")
        return [event.event for event in events if event.event != "change"]


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[Browser]:
    """Serve an ASGI application, or one of aiohttp.web, as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        run = _aiohttp(app, listener) if isinstance(app, web.Application) else _asgi(app, listener)
        async with run, aiohttp.ClientSession() as session:
            yield Browser(session, url)


@asynccontextmanager
async def _aiohttp(app: web.Application, listener: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _asgi(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    server = _Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.stopped.set()
        await running


class _Server(uvicorn.Server):
    """Stops at once; uvicorn looks every tenth of a second whether it shall."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopped = asyncio.Event()

    async def main_loop(self) -> None:
        await self.stopped.wait()
