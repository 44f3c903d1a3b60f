"""What is measured of hum_async: its watcher, over sockets and over a transport in memory."""

import asyncio
import itertools
import math

from multidict import CIMultiDict

from cpu.clients import in_turn
from cpu.measuring import Job, Measured, Meter
from cpu.server import TOKEN, stamped
from hum_async import AiohttpTransport, AsyncSessionWatcher, GuidedPolling, HumClient, RateLimiter
from hum_async._api.endpoints import poll_request
from hum_async.models import RawResponse

__all__ = ["decoded", "in_memory", "sent", "transport_alone", "watched", "watched_by_default"]

# A poll is always due, and no session ever ends.
_POLICY = GuidedPolling(interval=0.001, backoff=1.0, jitter=0.0, budget=None)
_LOOK = 0.02
"""Seconds between two looks at how many polls were answered: too few to be seen in the figures."""


async def sent(job: Job) -> Measured:
    """What the transport costs over sockets, with nothing above it."""
    transport, names = AiohttpTransport(job.url, api_key="key"), job.names()

    async def get(number: int) -> bytes:
        response = await transport.send("GET", f"/sessions/{names[number]}", timeout=10.0)
        return response.body

    try:
        return await in_turn(job, get)
    finally:
        await transport.aclose()


async def watched(job: Job) -> Measured:
    """Watch all sessions over sockets under a limiter without a pace, and read the stream."""
    return await _watched(job, RateLimiter(rate=math.inf, concurrency=job.concurrency))


async def watched_by_default(job: Job) -> Measured:
    """The same under the limiter of a client that is told nothing: it finds the limit out."""
    limiter = RateLimiter(concurrency=job.concurrency)
    limiter.resume(10_000.0)
    return await _watched(job, limiter)


async def _watched(job: Job, limiter: RateLimiter) -> Measured:
    async with HumClient("key", base_url=job.url, limiter=limiter) as hum:
        return await _watch(hum, job)


async def _watch(hum: HumClient, job: Job) -> Measured:
    async with AsyncSessionWatcher(hum, policy=_POLICY) as watcher:
        reader = asyncio.create_task(_read(watcher, job.names()))
        await _polled(watcher, job.warmup, reader)
        before, meter = watcher.statistics(), Meter(job)
        if not before.updates:
            raise RuntimeError("no answer was that of its session, so that none was delivered")
        await _polled(watcher, before.polls + job.requests, reader)
        after = watcher.statistics()
        measured = meter.read(after.polls - before.polls, after.updates - before.updates)
        reader.cancel()
        return measured


async def _read(watcher: AsyncSessionWatcher, tokens: list[str]) -> None:
    async for update in watcher.watch(tokens):
        if update.is_terminal:
            raise RuntimeError(f"a session ended: {update}")


async def _polled(watcher: AsyncSessionWatcher, count: int, reader: "asyncio.Task[None]") -> None:
    while watcher.statistics().polls < count:
        if reader.done():
            reader.result()
        await asyncio.sleep(_LOOK)


# --- without a network ----------------------------------------------------------------------------


class MemoryTransport:
    """Answers from memory after one turn of the loop.

    Args:
        count: Different answers, told apart by `responded_at`.
    """

    def __init__(self, count: int) -> None:
        headers = CIMultiDict({"Content-Type": "application/json"})
        bodies = [tuple(stamped(n).encode().split(TOKEN.encode())) for n in range(count)]
        self._headers, self._bodies = headers, itertools.cycle(bodies)

    async def send(
        self,
        method: str,  # noqa: ARG002  the protocol's
        path: str,
        *,
        body: bytes | None = None,  # noqa: ARG002  the protocol's
        timeout: float,  # noqa: ARG002  the protocol's
    ) -> RawResponse:
        """Return an answer that was ready but for the token."""
        await asyncio.sleep(0)
        before, after = next(self._bodies)
        token = path.rpartition("/")[2].encode()
        return RawResponse(202, self._headers, before + token + after)

    async def aclose(self) -> None:
        """Nothing is open."""


def _transport(job: Job) -> MemoryTransport:
    # A prime, lest a session gets the same answer again and again.
    return MemoryTransport(1 if job.url.endswith("same") else 9973)


async def transport_alone(job: Job) -> Measured:
    """What the transport in memory costs."""
    transport, names = _transport(job), job.names()

    async def get(number: int) -> RawResponse:
        return await transport.send("GET", f"/sessions/{names[number]}", timeout=10.0)

    return await in_turn(job, get)


async def decoded(job: Job) -> Measured:
    """What the call and its decoding cost on top."""
    transport, names = _transport(job), job.names()

    async def get(number: int) -> object:
        call = poll_request(names[number])
        return call.decode(await transport.send(call.method, call.path, timeout=10.0))

    return await in_turn(job, get)


async def in_memory(job: Job) -> Measured:
    """What schedule, limiter and delivery cost on top of that."""
    limiter = RateLimiter(rate=math.inf, concurrency=job.concurrency)
    async with HumClient("key", transport=_transport(job), limiter=limiter) as hum:
        return await _watch(hum, job)
