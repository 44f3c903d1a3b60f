"""Measures one client in a process of its own: a job as JSON in, what it needed as JSON out."""

import asyncio
import dataclasses
import json
import sys
from collections.abc import Awaitable, Callable

from cpu import clients, watching
from cpu.measuring import Job, Measured

CLIENTS: dict[str, Callable[[Job], Awaitable[Measured]]] = {
    "aiohttp": clients.bare_aiohttp,
    "aiohttp-lean": clients.lean_aiohttp,
    "httpx": clients.with_httpx,
    "httptools": clients.raw_httptools,
    "hum_async": watching.watched,
    "hum_async-default": watching.watched_by_default,
    "sent": watching.sent,
    "transport": watching.transport_alone,
    "decode": watching.decoded,
    "memory": watching.in_memory,
}


def main() -> None:
    """Print what the client of the job needed."""
    job = Job(**json.loads(sys.argv[1]))

    async def run() -> Measured:
        return await CLIENTS[job.client](job)

    factory = None
    if job.loop == "uvloop":
        import uvloop  # noqa: PLC0415  it may not be installed

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        print(json.dumps(dataclasses.asdict(runner.run(run()))))


if __name__ == "__main__":
    main()
