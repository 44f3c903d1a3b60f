"""A worker of a shared job: one process of several.

Usage: shared_worker.py JOURNAL API FIRST LAST [RATE [MAX_SESSIONS]]

It looks up the houses from FIRST to LAST, each tenth of them a second time, and prints a line for
each row that it delivers.
"""

from __future__ import annotations

import asyncio
import json
import sys

from hum_async import Address, HumClient, RateLimiter
from hum_async._polling.policies import GuidedPolling
from hum_async.bulk import qualify
from hum_async.errors import SessionLimitReached

POLICY = GuidedPolling(interval=0.05, jitter=0.2, backoff=1.2, max_interval=0.2, budget=10.0)


def rows(first: int, last: int) -> list[tuple[int, Address]]:
    """Return the rows of a worker: houses, every tenth of which another worker has too."""
    houses = [number // 10 * 10 if number % 10 == 9 else number for number in range(first, last)]
    return [
        (at, Address(f"{house} Main St", zip="48226")) for at, house in enumerate(houses, first)
    ]


def say(what: object) -> None:
    """Write a line of JSON at once."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def main() -> None:
    journal, api, first, last, *more = sys.argv[1:]
    rate = float(more[0]) if more else 300.0
    bound = int(more[1]) if len(more) > 1 else None
    async with HumClient("key", base_url=api, limiter=RateLimiter(rate=rate)) as hum:
        job = qualify(
            hum,
            rows(int(first), int(last)),
            journal=journal,
            policy=POLICY,
            max_sessions=bound,
            max_open=200,
        )
        try:
            async for result in job:
                say([result.key, str(result.outcome)])
        except SessionLimitReached:
            say("bound")


if __name__ == "__main__":
    asyncio.run(main())
