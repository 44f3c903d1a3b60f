"""The package's pytest plugin: the fixture ``hum_simulator``, for tests of any kind.

::

    @pytest.mark.hum_simulator("429 storm")
    def test_my_backend(hum_simulator): ...

docs/testing.md shows it with the usual frameworks.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hum_async.simulator import Simulator


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that carries the simulator's arguments."""
    config.addinivalue_line(
        "markers",
        "hum_simulator(scenario, **arguments): name of a scenario, and arguments of the "
        "hum_simulator fixture's Simulator",
    )


@pytest.fixture
def hum_simulator(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator["Simulator"]:
    """Run a simulated Hum API in a thread of its own for one test; its ``url`` is the base URL.

    HUM_API_KEY and HUM_BASE_URL name it for the time of the test, as its ``env`` does.
    """
    # Imported late: a plugin is loaded in every test run of an environment.
    from hum_async.simulator import serve_simulator  # noqa: PLC0415

    marker = request.node.get_closest_marker("hum_simulator")
    positional, named = (marker.args, marker.kwargs) if marker else ((), {})
    with serve_simulator(*positional, **named) as simulator:
        for name, value in simulator.env.items():
            monkeypatch.setenv(name, value)
        yield simulator
