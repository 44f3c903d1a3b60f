"""Requests over real sockets: ids, shutdown and leaks."""

import asyncio
import subprocess
import sys

import aiohttp
import pytest
from simulator_support import Arrived, Ask

from hum_async.simulator import Simulator


@pytest.mark.virtual
async def test_closing_is_quick_with_requests_still_waiting(post: Ask, arrived: Arrived) -> None:
    simulator = Simulator(generation="immediate")
    await simulator.start()
    before = asyncio.all_tasks()
    waiting = [asyncio.create_task(post(simulator, f"{n} Never Done Dr")) for n in range(20)]
    await arrived(simulator, len(waiting))
    loop = asyncio.get_running_loop()
    start = loop.time()
    await simulator.aclose()
    assert loop.time() - start < 0.5
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, aiohttp.ClientConnectionError) for result in results)
    assert asyncio.all_tasks() == before


async def test_every_answer_has_a_request_id_of_its_own(ask: Ask) -> None:
    async with Simulator() as simulator:
        replies = [await ask(simulator, "GET", path) for path in ("/ping", "/x", "/sessions/y")]
        replies.append(await ask(simulator, "GET", "/ping", key="bad-key"))
    assert len({reply.headers["X-Request-Id"] for reply in replies}) == 4


SCRIPT = """
import asyncio, math, aiohttp
from hum_async.simulator import Faults, Simulator

async def main():
    # Debug mode reports a slow machine on stderr; that is no finding here.
    asyncio.get_running_loop().slow_callback_duration = math.inf
    faults = Faults(reset_after=0.2, slow_body=0.2, slow_seconds=30.0)
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer k"}) as http:
        async with Simulator(generation="immediate", faults=faults) as simulator:
            async def post(n):
                try:
                    url = f"{simulator.url}/sessions"
                    street1 = f"{n} Never Done Dr" if n % 2 else f"{n} Instant St"
                    async with http.post(url, json={"street1": street1, "zip": "48226"}) as r:
                        await r.read()
                except aiohttp.ClientError:
                    pass
            tasks = [asyncio.create_task(post(n)) for n in range(50)]
            await asyncio.sleep(0.2)
            for task in tasks[:10]:
                task.cancel()
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks, return_exceptions=True)

asyncio.run(main())
"""


def test_nothing_is_leaked_or_warned_about_under_development_mode() -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
