"""A hub on a simulated API, and a client for the bytes that browsers get."""

from collections.abc import AsyncIterator

import pytest
from web_support import KEY

from hum_async import HumClient
from hum_async.simulator import Simulator
from hum_async.web import SessionHub


@pytest.fixture
async def client(hum_simulator: Simulator) -> AsyncIterator[HumClient]:
    async with HumClient(KEY, base_url=hum_simulator.url) as client:
        yield client


@pytest.fixture
async def hub(client: HumClient) -> AsyncIterator[SessionHub]:
    async with SessionHub(client, signals=False) as hub:
        yield hub
