"""A hub on a simulated API, and the live page in a browser."""

from collections.abc import AsyncIterator

import pytest
from page_support import browser, show
from web_support import KEY

from hum_async import HumClient
from hum_async.simulator import Simulator
from hum_async.web import SessionHub

__all__ = ["browser", "show"]  # fixtures


@pytest.fixture
async def client(hum_simulator: Simulator) -> AsyncIterator[HumClient]:
    async with HumClient(KEY, base_url=hum_simulator.url) as client:
        yield client


@pytest.fixture
async def hub(client: HumClient) -> AsyncIterator[SessionHub]:
    async with SessionHub(client, signals=False) as hub:
        yield hub
