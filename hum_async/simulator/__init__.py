"""A local Hum API for tests and for trying things out: no key, no cost, no network.

    async with Simulator(speed=60, rate=20) as simulator:
        ...  # talk to simulator.url with any non-empty bearer token

The key `bad-key` answers 401 and `forbidden-key` 403. What becomes of an address is decided by the
seed and the address; the addresses in `MAGIC` have a fixed fate, such as "100 Never Done Dr". The
table of them is in `hum_async.simulator._fates`.

Searches, lifetimes and `advance` are in simulated seconds; the rate limit, `Retry-After` and slow
bodies are in seconds of the event loop. All time comes from the event loop.
"""

from hum_async.simulator._fates import MAGIC, Magic
from hum_async.simulator._faults import Faults
from hum_async.simulator._request_log import RequestRecord, Statistics
from hum_async.simulator.server import Simulator

__all__ = ["MAGIC", "Faults", "Magic", "RequestRecord", "Simulator", "Statistics"]
