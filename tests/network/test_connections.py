"""Which connection carries a request, over real sockets: what arrived unasked answers nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from hum_async import (
    Address,
    AiohttpTransport,
    HumClient,
    HumError,
    RateLimiter,
    RetryPolicy,
    TransportError,
)

ADDRESS = Address("29090 Tiffany Dr E", zip="48034")
Answers = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def answer(token: str, *, message: str = "ok") -> bytes:
    body = json.dumps(
        {
            "message": message,
            "request_status": "ok",
            "data": {"session_token": token},
            "timestamp": "2024-09-20T23:13:31Z",
            "meta": {"session_token": token, "agent_status": {"geocoding": "pending"}},
        }
    ).encode()
    return b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Server:
    """Answers each request, and counts requests and connections."""

    def __init__(self, answers: Answers) -> None:
        self.connections = self.requests = 0
        self.carriers: list[asyncio.StreamWriter] = []
        self._answers = answers
        self._tasks: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._tasks.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = [
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ]
                await reader.readexactly(size[0] if size else 0)
                self.requests += 1
                self.carriers.append(writer)
                await self._answers(head, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in filter(None, self._tasks):
                task.cancel()
            await asyncio.gather(*filter(None, self._tasks), return_exceptions=True)


CALLS: dict[str, Callable[[HumClient], Awaitable[Any]]] = {
    "ping": lambda hum: hum.ping(),
    "get": lambda hum: hum.get_session("GOOD"),
    "create": lambda hum: hum.create_session(ADDRESS),
}


@pytest.mark.parametrize("borrowed", [False, True])
@pytest.mark.parametrize("call", CALLS)
async def test_an_answer_that_nobody_asked_for_answers_no_later_request(
    call: str, *, borrowed: bool
) -> None:
    rounds = 100 if call == "create" else 20
    sent = asyncio.Event()

    async def answers(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("GOOD"))
        await writer.drain()
        await asyncio.sleep(0.001)
        writer.write(answer("EVIL", message="EVIL"))
        await writer.drain()
        sent.set()

    server = Server(answers)
    async with server.running() as url, aiohttp.ClientSession() as lent:
        session = lent if borrowed else None
        limiter, retry = RateLimiter(rate=100_000), RetryPolicy(attempts=1)
        async with HumClient(
            "k", base_url=url, limiter=limiter, retry=retry, session=session
        ) as hum:
            for _ in range(rounds):
                got = await CALLS[call](hum)
                assert "EVIL" not in (getattr(got, "message", None), getattr(got, "token", None))
                await sent.wait()
                sent.clear()
                await asyncio.sleep(0)  # the unasked answer is in the kernel, or here already
                if call != "create":
                    await asyncio.sleep(0.001)
    assert server.requests == server.connections == rounds


async def test_what_a_lender_leaves_on_a_connection_answers_no_request() -> None:
    sent = asyncio.Event()

    async def answers(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("GOOD"))
        await writer.drain()
        if b"/theirs" in head:
            await asyncio.sleep(0.001)
            writer.write(answer("EVIL"))
            await writer.drain()
            sent.set()

    server = Server(answers)
    async with server.running() as url, aiohttp.ClientSession() as lent:
        hum = HumClient("k", base_url=url, limiter=RateLimiter(rate=100_000), session=lent)
        for _ in range(50):
            async with lent.get(f"{url}/theirs") as response:
                await response.read()
            await sent.wait()
            sent.clear()
            # The unasked answer is in the kernel.
            assert (await hum.create_session(ADDRESS)).token == "GOOD"
        await hum.aclose()
    assert server.requests == 100


async def test_dropped_connections_carry_no_later_request_and_break_none_under_way() -> None:
    go, arrived = asyncio.Event(), asyncio.Event()

    async def answers(head: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/slow" in head:
            arrived.set()
            await go.wait()
        writer.write(answer("GOOD"))
        await writer.drain()

    server = Server(answers)
    async with server.running() as url:
        transport = AiohttpTransport(url, api_key="k")
        await transport.send("GET", "/", timeout=5)
        await transport.send("GET", "/", timeout=5)
        assert server.connections == 1
        transport.drop_connections()
        await transport.send("GET", "/", timeout=5)
        assert server.connections == 2
        slow = asyncio.create_task(transport.send("GET", "/slow", timeout=5))
        await arrived.wait()
        transport.drop_connections()
        await transport.send("GET", "/", timeout=5)
        assert server.connections == 3
        go.set()
        assert (await slow).status == 201
        await transport.send("GET", "/", timeout=5)
        await transport.send("GET", "/", timeout=5)
        assert server.connections == 3
        assert server.carriers[-1] is server.carriers[-2] is server.carriers[-3]
        assert server.carriers[-4] is not server.carriers[-3]  # the slow one, which was dropped
        await transport.aclose()


@pytest.mark.parametrize("call", CALLS)
async def test_an_attempt_is_one_request_even_if_a_kept_connection_breaks(call: str) -> None:
    async def answers(_: bytes, writer: asyncio.StreamWriter) -> None:
        if server.requests == 1:
            writer.write(answer("GOOD"))
        else:
            writer.transport.abort()

    server = Server(answers)
    async with server.running() as url:
        retry = RetryPolicy(attempts=1)
        async with HumClient("k", base_url=url, retry=retry) as hum:
            await CALLS[call](hum)
            with pytest.raises(TransportError, match="broke off"):
                await CALLS[call](hum)
    assert server.requests == 2


async def test_a_server_that_speaks_first_on_every_connection_gets_no_request() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("EVIL"))
        try:
            await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with HumClient("k", base_url=url, retry=RetryPolicy(attempts=1)) as hum:
        try:
            session = await hum.get_session("GOOD")
        except HumError:
            pass
        else:
            pytest.fail(f"{session} was taken for the answer")
    server.close()
