"""What people wait for beside jobs on one key, and when a hub learns of results.

    python benchmarks/bench_one_key.py [--people 20] [--lookups 2000] [--quick]

On virtual time: the figures do not depend on the machine.
"""

import argparse
import asyncio
import math
import random
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from hum_async import Address, GuidedPolling, HumClient, PollPolicy, RateLimiter, SessionHub
from hum_async.bulk import qualify
from hum_async.models import RawResponse
from hum_async.testing import (
    ScriptedTransport,
    SentRequest,
    VirtualTimeLoop,
    json_response,
    session_json,
)

RATE = 20.0
MEDIAN, SIGMA = 9.0, 0.35
"""Seconds that agents take: log-normal, most of them 5 to 15 s (hum-api 5)."""


class Api:
    """Sessions that are settled when their agents are done."""

    def __init__(self) -> None:
        self._dice = random.Random(3)  # noqa: S311  the same agents in each run
        self.done_at: dict[str, float] = {}
        self.polls = 0
        self.transport = ScriptedTransport(self._answer, latency=0.05)

    def _answer(self, request: SentRequest) -> RawResponse:
        if request.method == "POST":
            token = f"{request.body['street1'].replace(' ', '-')}-token"
            takes = math.exp(self._dice.gauss(math.log(MEDIAN), SIGMA))
            self.done_at[token] = request.at + takes
            return json_response(201, session_json(token, geocoding="pending", internet="pending"))
        token = request.path.split("/")[2]
        if request.method == "DELETE":
            return json_response(200, {"message": "closed"})
        self.polls += 1
        if request.at < self.done_at[token]:
            return json_response(202, session_json(token, geocoding="matched", internet="pending"))
        provider = {"provider_name": "Fiber", "offerings": []}
        return json_response(
            200, session_json(token, providers=[provider], geocoding="matched", internet="matched")
        )


async def look_up(hub: SessionHub, street: str) -> float:
    """Look an address up as a browser does; return when it was told its result."""
    async for _ in hub.subscribe(hub.lookup(Address(street, zip="48226"))):
        pass
    return asyncio.get_running_loop().time()


async def read(rows: AsyncIterator[Any]) -> None:
    """Read a job to its end."""
    async for _ in rows:
        pass


async def people(jobs: int, count: int) -> list[float]:
    """Return how long each of some people waits beside saturated jobs."""
    api, clock = Api(), asyncio.get_running_loop().time
    async with AsyncExitStack() as stack:
        limiter = RateLimiter(rate=RATE)
        hum = await stack.enter_async_context(HumClient(transport=api.transport, limiter=limiter))
        reading = []
        for job in range(jobs):
            rows = (Address(f"{job}0{number} B St", zip="48226") for number in range(100_000))
            stream = await stack.enter_async_context(qualify(hum, rows))
            reading.append(asyncio.ensure_future(read(stream)))
        await asyncio.sleep(60)
        hub = await stack.enter_async_context(SessionHub(hum, signals=False))
        began = clock()
        told = await asyncio.gather(*(look_up(hub, f"{number} A St") for number in range(count)))
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    return [at - began for at in told]


async def delays(policy: PollPolicy | None, count: int) -> tuple[float, list[float]]:
    """Return polls per look-up, and the seconds from each result to its browser."""
    api, late = Api(), []
    async with (
        HumClient(transport=api.transport, limiter=RateLimiter(rate=1000)) as hum,
        SessionHub(hum, policy=policy, signals=False) as hub,
    ):
        for first in range(0, count, 100):
            streets = [f"{number} A St" for number in range(first, first + 100)]
            told = await asyncio.gather(*(look_up(hub, street) for street in streets))
            ready = [api.done_at[f"{street.replace(' ', '-')}-token"] for street in streets]
            late += [at - done for at, done in zip(told, ready, strict=True)]
    return api.polls / count, late


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--lookups", type=int, default=2000)
    parser.add_argument("--quick", action="store_true", help="only show that it runs")
    options = parser.parse_args()
    if options.quick:
        options.people, options.lookups = 5, 100
    for jobs in (0, 1, 3):
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            times = runner.run(people(jobs, options.people))
        print(
            f"{options.people} people beside {jobs} jobs: "
            f"p50 {statistics.median(times):.1f} s, last {max(times):.1f} s"
        )
    for name, policy in (("learned", None), ("guided", GuidedPolling())):
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            polls, late = runner.run(delays(policy, options.lookups))
        p95 = statistics.quantiles(late, n=20)[-1]
        print(
            f"a hub's look-ups, {name}: {polls:.2f} polls each, told after "
            f"p50 {statistics.median(late):.1f} s, p95 {p95:.1f} s"
        )


if __name__ == "__main__":
    main()
