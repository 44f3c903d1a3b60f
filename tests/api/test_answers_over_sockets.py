"""Odd answers over real connections: what a client makes of them, and of their connection."""

# ruff: noqa: ARG001  what an answer depends on differs

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import warnings
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from hum_async import (
    Address,
    ApiError,
    HumClient,
    Outcome,
    RateLimiter,
    ResponseError,
    RetryPolicy,
    TransportError,
)
from hum_async.testing import session_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ADDRESS = Address("1 A St", zip="48226")
TOKEN = "tCCDr74LjVPByvGAomPD9wBa"
OTHER = "bbbbbbbbbbbbbbbbbbbbbbbb"
SETTLED = {"geocoding": "matched", "internet": "matched"}
CREATED = session_json(TOKEN, geocoding="pending", internet="pending") | {"message": "caf\xe9"}
PLAIN = json.dumps(CREATED).encode()
DONE = json.dumps(session_json(TOKEN, providers=[{"provider_name": "A"}], **SETTLED)).encode()
FOREIGN = json.dumps(session_json(OTHER, providers=[{"provider_name": "B"}], **SETTLED)).encode()


def http(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@attrs.define
class Server:
    url: str = ""
    # The method of each request, and the number of its connection.
    requests: list[tuple[str, int]] = attrs.field(factory=list)


@asynccontextmanager
async def serving(
    answer: Callable[[str, int], bytes], *, hangs_up: bool = False
) -> AsyncIterator[Server]:
    """Serve HTTP; `answer` gets the method of a request and how many came before it.

    With `hangs_up` each connection is closed after its answer.
    """
    found, connections = Server(), 0
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        number = connections
        writers.append(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                for line in head.split("\r\n"):
                    if line.lower().startswith("content-length:"):
                        await reader.readexactly(int(line.split(":")[1]))
                method = head.split(" ")[0]
                found.requests.append((method, number))
                writer.write(answer(method, len(found.requests) - 1))
                if hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()
        for writer in writers:
            if not writer.is_closing():
                writer.transport.abort()
        await asyncio.sleep(0)


def client(server: Server, **options: Any) -> HumClient:
    retry = RetryPolicy(base=0.0)
    limiter = RateLimiter(rate=1000.0)
    return HumClient("a-key", base_url=server.url, limiter=limiter, retry=retry, **options)


async def test_after_another_sessions_answer_the_connection_is_not_used_again() -> None:
    def answer(method: str, before: int) -> bytes:
        return http(200, FOREIGN if before == 1 else DONE)

    async with serving(answer) as server, client(server) as hum:
        await hum.get_session(TOKEN)
        session = await hum.get_internet(TOKEN)
        await hum.get_session(TOKEN)
    assert session.providers is not None
    assert [provider.name for provider in session.providers] == ["A"]
    assert server.requests == [("GET", 1), ("GET", 1), ("GET", 2), ("GET", 2)]


async def test_a_dropped_connection_breaks_no_request_under_way() -> None:
    def answer(method: str, before: int) -> bytes:
        return http(200, FOREIGN if before == 3 else DONE)

    async with serving(answer) as server, client(server) as hum:
        sessions = await asyncio.gather(*[hum.get_internet(TOKEN) for _ in range(20)])
    assert {session.providers[0].name for session in sessions if session.providers} == {"A"}
    assert len(server.requests) == 21


async def test_an_answer_that_is_always_another_sessions_is_an_error() -> None:
    async with serving(lambda *_: http(200, FOREIGN)) as server, client(server) as hum:
        for call in (hum.get_session, hum.get_internet, hum.close_session):
            with pytest.raises(ResponseError) as caught:
                await call(TOKEN)
            assert caught.value.path == "$.meta.session_token"
            assert OTHER not in str(caught.value)
    assert len(server.requests) == len({connection for _, connection in server.requests}) == 12


@pytest.mark.parametrize("odd", ["404", "410", "400", "500", "unreadable"])
async def test_another_sessions_error_ends_nothing(odd: str) -> None:
    strange = json.loads(FOREIGN) | {"data": 7}
    error = http(200 if odd == "unreadable" else int(odd), json.dumps(strange).encode())

    def answer(method: str, before: int) -> bytes:
        return error if before == 1 else http(200, DONE)

    async with serving(answer) as server, client(server) as hum:
        await hum.get_session(TOKEN)
        assert (await hum.get_internet(TOKEN)).providers
    assert server.requests == [("GET", 1), ("GET", 1), ("GET", 2)]


@pytest.mark.parametrize(
    "created",
    [
        http(200, PLAIN),
        http(202, PLAIN),
        http(206, PLAIN),
        http(207, PLAIN, "Content-Type: text/html"),
        http(201, b"\xef\xbb\xbf" + PLAIN),
        http(201, gzip.compress(PLAIN), "Content-Encoding: x-gzip"),
        http(201, gzip.compress(PLAIN), "Content-Encoding: gzip"),
        http(201, gzip.compress(PLAIN)),
        http(
            201,
            json.dumps(CREATED, ensure_ascii=False).encode("latin-1"),
            "Content-Type: application/json; charset=iso-8859-1",
        ),
        http(201, PLAIN.replace(b'"v.1006"', b'["v"]')),
        http(201, PLAIN.replace(b'"open"', b"null").replace(b'"pending"', b"7")),
        http(201, json.dumps({"data": {"session_token": TOKEN}}).encode()),
        http(201, json.dumps({"data": {"session_token": TOKEN}, "meta": []}).encode()),
    ],
)
async def test_a_paid_session_is_polled_however_odd_the_answer_that_named_it(
    created: bytes,
) -> None:
    def answer(method: str, before: int) -> bytes:
        return created if method == "POST" else http(200, DONE)

    async with serving(answer) as server, client(server) as hum:
        # The first look of a look-up is seconds after its POST.
        session = await hum.create_session(ADDRESS)
        assert session.token == TOKEN
        assert (await hum.get_internet(session.token)).providers
    assert [method for method, _ in server.requests] == ["POST", "GET"]


WHOLE = http(201, PLAIN)
CHUNKED = b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(PLAIN) + PLAIN


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(WHOLE[: WHOLE.index(TOKEN.encode()) + len(TOKEN) + 1], id="in the JSON"),
        pytest.param(http(201, PLAIN + b" " * 9)[:-5], id="behind the JSON"),
        pytest.param(CHUNKED, id="without the last chunk"),
        pytest.param(
            http(201, gzip.compress(PLAIN + b" " * 9), "Content-Encoding: gzip")[:-4], id="packed"
        ),
        pytest.param(CHUNKED + b"\r\n500000\r\n" + b" " * 0x400001, id="too large"),
    ],
)
async def test_a_paid_session_is_polled_if_the_answer_breaks_off_behind_its_token(
    cut: bytes,
) -> None:
    def answer(method: str, before: int) -> bytes:
        return cut if method == "POST" else http(200, DONE)

    async with serving(answer, hangs_up=True) as server, client(server) as hum:
        assert (await hum.create_session(ADDRESS)).token == TOKEN
        with pytest.raises((TransportError, ResponseError)):
            await hum.request("POST", "/sessions", json={})
        assert (await hum.get_internet(TOKEN)).providers
    # None of the connections that broke off is used again.
    assert server.requests == [("POST", 1), ("POST", 2), ("GET", 3)]


async def test_a_paid_session_is_polled_if_its_answer_never_ends() -> None:
    def answer(method: str, before: int) -> bytes:
        return CHUNKED if method == "POST" else http(200, DONE)

    async with serving(answer) as server, client(server, create_timeout=0.1) as hum:
        assert (await hum.create_session(ADDRESS)).token == TOKEN
        assert (await hum.get_internet(TOKEN)).providers
    assert server.requests == [("POST", 1), ("GET", 2)]


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(WHOLE[: WHOLE.index(TOKEN.encode()) + len(TOKEN)], id="in the token"),
        pytest.param(
            http(201, PLAIN.replace(b'"meta"', b'"x":{"session_token":"another"},"meta"'))[:-1],
            id="behind two tokens",
        ),
        pytest.param(WHOLE[: WHOLE.index(b"{")], id="before the body"),
    ],
)
async def test_an_answer_that_breaks_off_without_one_token_is_uncertain(cut: bytes) -> None:
    async with serving(lambda *_: cut, hangs_up=True) as server, client(server) as hum:
        found = await hum.lookup(ADDRESS)
        assert (found.outcome, type(found.error)) == (Outcome.UNCERTAIN, TransportError)
        assert "may have taken effect" in str(found.error)
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"\x8b\x02\x80{}\x03"])
async def test_a_paid_answer_without_a_token_is_uncertain(body: bytes) -> None:
    async with serving(lambda *_: http(201, body)) as server, client(server) as hum:
        assert (await hum.lookup(ADDRESS)).outcome is Outcome.UNCERTAIN
    assert len(server.requests) == 1


async def test_the_connection_of_an_answer_that_changes_the_protocol_is_given_back() -> None:
    upgrade = b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    asyncio.get_running_loop().set_debug(True)  # so that aiohttp tells of what is left open
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        async with serving(lambda *_: upgrade) as server, client(server) as hum:
            with pytest.raises(ApiError) as caught:
                await hum.ping()
            gc.collect()
    assert caught.value.status == 101
    assert [connection for _, connection in server.requests] == [1, 2, 3, 4]
    assert not told
