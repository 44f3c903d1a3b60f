"""Fixtures for the tests of the simulator: requests over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from simulator_support import Arrived, Ask, Reply, until

from hum_async.simulator import Simulator
from hum_async.testing import VirtualTimeLoop


@pytest.fixture(autouse=True)
async def loop_that_waits_for_sockets() -> None:
    """Give a busy kernel time to deliver data before virtual time jumps to the next timer."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualTimeLoop):
        loop.grace = 0.0001


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Send a request to a simulator: `await ask(simulator, "GET", "/ping")`."""
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
def arrived() -> Arrived:
    """Wait until requests have arrived: `await arrived(simulator, 3)`."""

    async def arrived(simulator: Simulator, count: int = 1) -> None:
        await until(lambda: len(simulator.journal) >= count)

    return arrived
