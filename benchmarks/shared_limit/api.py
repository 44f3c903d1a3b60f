"""An API that records when requests arrive: ``python api.py RATE BURST``, or 0 0 for no limit.

It prints its port. A line on its standard input ends it; then it prints what it has recorded: of
each request its time, the member that sent it, and whether it was served.
"""

import asyncio
import json
import sys

from aiohttp import web


class Recorder:
    """A token bucket, or no limit at all."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.level, self.at = burst, 0.0
        self.log: list[tuple[float, str, bool]] = []

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Serve or refuse a request."""
        now = asyncio.get_running_loop().time()
        served = True
        if self.rate:
            self.level = min(self.burst, self.level + (now - self.at) * self.rate)
            self.at, served = now, self.level >= 1.0
            self.level -= served
        self.log.append((now, request.path[1:], served))
        if served:
            return web.json_response({})
        return web.json_response({}, status=429, headers={"Retry-After": "1"})


async def main() -> None:
    """Serve until a line arrives."""
    recorder = Recorder(float(sys.argv[1]), float(sys.argv[2]))
    runner = web.ServerRunner(web.Server(recorder.answer, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await runner.cleanup()
    print(json.dumps(recorder.log))


asyncio.run(main())
