"""A local Hum API over real HTTP, for tests and trials: no key, no cost, no network.

    async with Simulator(speed=60, rate=20) as simulator:
        ...  # send requests to simulator.url with any non-empty bearer token

The key ``bad-key`` is answered 401 and ``forbidden-key`` 403. The seed and the address decide the
fate of an address; the addresses in `MAGIC`, such as "100 Never Done Dr", have a fixed fate, which
docs/testing.md lists.

Search times, lifetimes and `advance` are in simulated seconds. The rate limit, ``Retry-After`` and
slow bodies are in seconds of the event loop. All time comes from the event loop, so the simulator
also runs on a virtual-time loop. `serve_simulator` runs one in a thread of its own instead, for
code without a loop. Every answer has the header `SIMULATED`; the real API sends none.
"""

from hum_async.simulator._fates import MAGIC, Magic
from hum_async.simulator._faults import Faults
from hum_async.simulator._http_app import SIMULATED
from hum_async.simulator._request_log import RequestRecord, Statistics
from hum_async.simulator._scenarios import SCENARIOS, Scenario
from hum_async.simulator._threads import serve_simulator
from hum_async.simulator.server import Simulator

__all__ = [
    "MAGIC",
    "SCENARIOS",
    "SIMULATED",
    "Faults",
    "Magic",
    "RequestRecord",
    "Scenario",
    "Simulator",
    "Statistics",
    "serve_simulator",
]
