"""One process that shares a limit: ``python member.py NAME STORE API SECONDS RATE LOAD``.

RATE 0 finds the limit. LOAD is ``bulk``, which always has requests waiting, or ``person``, which
sends one about every third of a second. It begins when a line arrives, and prints what it has seen.
"""

import asyncio
import json
import random
import sys

from hum_async import HumClient, Priority, RetryPolicy
from hum_async.shared import SharedRateLimiter


async def main() -> None:
    """Send until the time is over."""
    name, store, api, seconds, rate, load = sys.argv[1:]
    loop, waits = asyncio.get_running_loop(), list[float]()
    async with (
        SharedRateLimiter(store, rate=float(rate) or None, concurrency=64) as limiter,
        HumClient("key", base_url=api, limiter=limiter, retry=RetryPolicy(attempts=1)) as client,
    ):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        end = loop.time() + float(seconds)

        async def send(hum: HumClient) -> None:
            await hum.request("GET", f"/{name}")

        async def keep_sending() -> None:
            hum = client.with_options(priority=Priority.BULK)
            while loop.time() < end:
                await send(hum)

        try:
            async with asyncio.timeout(float(seconds) + 1.0):
                if load == "bulk":
                    await asyncio.gather(*(keep_sending() for _ in range(64)))
                else:
                    hum = client.with_options(priority=Priority.INTERACTIVE)
                    while loop.time() < end:
                        asked = loop.time()
                        await send(hum)
                        waits.append(loop.time() - asked)
                        await asyncio.sleep(0.66 * random.random())  # noqa: S311  an even spread
        except TimeoutError:
            pass
        now = limiter.statistics()
    print(json.dumps({"waits": waits, "exchanges": now.exchanges, "throttled": now.throttled}))


asyncio.run(main())
