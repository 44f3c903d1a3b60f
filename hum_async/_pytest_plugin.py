"""The package's pytest plugin: the fixture ``hum_simulator``, for tests under pytest-asyncio.

::

    @pytest.mark.hum_simulator(speed=100, rate=50)
    async def test_my_backend(hum_simulator):
        async with HumClient("any-key", base_url=hum_simulator.url) as hum: ...
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hum_async.simulator import Simulator

try:
    import pytest_asyncio
except ModuleNotFoundError:  # the fixture is of no use then, and no other test may suffer from it
    pytest_asyncio = None  # type: ignore[assignment]


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that carries the simulator's arguments."""
    config.addinivalue_line(
        "markers", "hum_simulator(**arguments): arguments of the hum_simulator fixture's Simulator"
    )


if pytest_asyncio is not None:

    @pytest_asyncio.fixture
    async def hum_simulator(request: pytest.FixtureRequest) -> AsyncIterator["Simulator"]:
        """Run a simulated Hum API on this machine for one test; its ``url`` is the base URL."""
        # Imported late: a plugin is loaded in every test run of an environment.
        from hum_async.simulator import Simulator  # noqa: PLC0415

        marker = request.node.get_closest_marker("hum_simulator")
        async with Simulator(**(marker.kwargs if marker else {})) as simulator:
            yield simulator
