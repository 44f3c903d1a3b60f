"""The clients to compare with: each gets the sessions of a list in turn, with so many workers."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, Self

import aiohttp
from yarl import URL

from cpu.measuring import Job, Measured, Meter

__all__ = ["HEADERS", "bare_aiohttp", "in_turn", "lean_aiohttp", "raw_httptools", "with_httpx"]

HEADERS = {"Authorization": "Bearer key", "Accept": "application/json", "User-Agent": "bench"}
"""What hum_async sends as well."""

Get = Callable[[int], Awaitable[object]]


async def in_turn(job: Job, get: Get) -> Measured:
    """Warm up, then measure: workers that get one session after the other.

    Args:
        job: How many of what.
        get: Gets the session of this number; raises unless that was answered 202.
    """
    await _work(get, job, job.warmup)
    meter = Meter(job)
    await _work(get, job, job.requests)
    return meter.read(job.requests)


async def _work(get: Get, job: Job, count: int) -> None:
    numbers = itertools.count()

    async def worker() -> None:
        while (number := next(numbers)) < count:
            await get(number % job.tokens)

    await asyncio.gather(*(worker() for _ in range(job.concurrency)))


def check(status: int) -> None:
    """Refuse to measure the wrong answers."""
    if status != 202:
        raise RuntimeError(f"the server answered {status} instead of 202")


async def bare_aiohttp(job: Job) -> Measured:
    """What a program writes: a session with its defaults, an address as text."""
    urls = job.urls()
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def get(number: int) -> bytes:
            async with session.get(urls[number]) as response:
                check(response.status)
                return await response.read()

        return await in_turn(job, get)


async def lean_aiohttp(job: Job) -> Measured:
    """Everything that can be had ahead or left out: parsed addresses, no cookies, no pool limit."""
    urls = [URL(url, encoded=True) for url in job.urls()]
    async with aiohttp.ClientSession(
        headers=HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:

        async def get(number: int) -> bytes:
            async with session.get(urls[number], allow_redirects=False) as response:
                check(response.status)
                return await response.read()

        return await in_turn(job, get)


async def with_httpx(job: Job) -> Measured:
    """The same with httpx and its defaults."""
    import httpx  # noqa: PLC0415  it may not be installed

    urls = job.urls()
    async with httpx.AsyncClient(headers=HEADERS, trust_env=False) as client:

        async def get(number: int) -> bytes:
            response = await client.get(urls[number])
            check(response.status_code)
            return response.content

        return await in_turn(job, get)


# --- the floor ------------------------------------------------------------------------------------


class _Parser(Protocol):
    def feed_data(self, data: bytes) -> None: ...
    def get_status_code(self) -> int: ...


class _Connection(asyncio.Protocol):
    """One keep-alive connection: bytes out, status and body in, nothing else."""

    def __init__(self, make_parser: Callable[[Self], _Parser]) -> None:
        self._make_parser = make_parser
        self._parser: _Parser
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[tuple[int, bytes]]
        self._body: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._answer.set_result((self._parser.get_status_code(), b"".join(self._body)))

    async def get(self, request: bytes) -> tuple[int, bytes]:
        """Send a request that is ready to be sent; return status and body of its answer."""
        self._body.clear()
        self._parser = self._make_parser(self)
        self._answer = self._loop.create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self._transport.close()


async def raw_httptools(job: Job) -> Measured:
    """The floor: asyncio's transport and a parser in C, without time-outs, pool or headers."""
    import httptools  # noqa: PLC0415  it may not be installed

    address = URL(job.url)
    headers = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    requests = [
        f"GET {URL(url).raw_path} HTTP/1.1\r\nHost: {address.authority}\r\n{headers}\r\n".encode()
        for url in job.urls()
    ]
    loop = asyncio.get_running_loop()
    idle: list[_Connection] = []
    for _ in range(job.concurrency):
        _, connection = await loop.create_connection(
            lambda: _Connection(httptools.HttpResponseParser), address.host, address.port
        )
        idle.append(connection)

    async def get(number: int) -> bytes:
        connection = idle.pop()
        status, body = await connection.get(requests[number])
        idle.append(connection)
        check(status)
        return body

    try:
        return await in_turn(job, get)
    finally:
        for connection in idle:
            connection.close()
