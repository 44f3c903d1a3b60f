"""Prism, which knows nothing of us, judges the client and the simulator by `docs/openapi.yaml`."""

from collections.abc import AsyncIterator

import pytest
from judge import Judge


@pytest.fixture
async def judge() -> AsyncIterator[Judge]:
    async with Judge() as judge:
        yield judge
