from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import pytest

if TYPE_CHECKING:
    from hum_async.simulator import Simulator


class Reply(NamedTuple):
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def token(self) -> str:
        token: str = self.body["meta"]["session_token"]
        return token

    @property
    def agents(self) -> dict[str, str]:
        agents: dict[str, str] = self.body["meta"]["agent_status"]
        return agents


Ask = Callable[..., Coroutine[Any, Any, Reply]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Ask a simulator over real HTTP: `await ask(simulator, "GET", "/ping")`."""
    async with aiohttp.ClientSession() as http:

        async def ask(
            simulator: Simulator, method: str, path: str, *, key: str | None = "k", **options: Any
        ) -> Reply:
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            url = simulator.url + path
            async with http.request(method, url, headers=headers, **options) as response:
                text = await response.text()
                is_json = response.content_type == "application/json"
                body = await response.json() if is_json and text.endswith("}") else text
                return Reply(response.status, body, response.headers)

        yield ask


@pytest.fixture
def post(ask: Ask) -> Ask:
    """Create a session: `await post(simulator, "100 Served St")`."""

    async def post(simulator: Simulator, street1: str, **fields: Any) -> Reply:
        body = {"street1": street1, "zip": "48226"} | fields
        return await ask(simulator, "POST", "/sessions", json=body)

    return post


@pytest.fixture
def arrived() -> Callable[..., Awaitable[None]]:
    """Wait until requests have arrived: `await arrived(simulator, 3)`."""

    async def arrived(simulator: Simulator, count: int = 1) -> None:
        for _ in range(2000):
            if len(simulator.journal) >= count:
                return
            await asyncio.sleep(0.001)
        raise AssertionError(f"{len(simulator.journal)} of {count} requests arrived")

    return arrived
