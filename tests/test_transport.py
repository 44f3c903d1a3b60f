"""One attempt over a real network: what breaks, and as what it arrives. Servers are on loopback."""

import asyncio
import gzip
import socket
import ssl
import struct
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from hum_async import (
    AiohttpTransport,
    ConfigurationError,
    ConnectFailed,
    HumError,
    RequestTimeout,
    ResponseError,
    TransportError,
)
from hum_async.transport import MAX_BODY, PartialResponse, checked_base_url

KEY = "sk_live_0123456789abcdef"
TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
PATH = f"/sessions/{TOKEN}"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(handler: Handler) -> AsyncIterator[str]:
    """Serve raw TCP; the handler is called once for each request head."""
    writers: list[asyncio.StreamWriter] = []
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        tasks.add(asyncio.current_task())
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await handler(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)


@asynccontextmanager
async def web_server(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    runner = web.ServerRunner(
        web.Server(handler, access_log=None),  # type: ignore[arg-type]
        shutdown_timeout=0.1,
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def transport_to(
    url: str, *, session: aiohttp.ClientSession | None = None
) -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport(url, api_key=KEY, session=session)
    try:
        yield transport
    finally:
        await transport.aclose()


def says(answer: bytes, *, then: str = "nothing") -> Handler:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        if then == "close":
            writer.close()
        elif then == "reset":
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    return handle


def shown(error: BaseException) -> str:
    """Return all that a traceback or a log line could show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__cause__)


def assert_discreet(error: BaseException) -> None:
    for secret in (KEY, TOKEN):
        assert secret not in shown(error)


async def broken(handler: Handler, *, timeout: float = 5.0, method: str = "GET") -> HumError:
    async with raw_server(handler) as url, transport_to(url) as transport:
        try:
            answer = await transport.send(method, PATH, body=b"{}", timeout=timeout)
        except HumError as exc:
            error: HumError = exc
        else:
            # What has come of the answer to a POST may name what was created.
            assert isinstance(answer, PartialResponse)
            error = answer.error
    assert_discreet(error)
    return error


async def test_an_answer_comes_back_as_it_is() -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        assert await request.read() == b'{"a":1}'
        return web.Response(status=422, body=b"no", headers={"X-Request-Id": "r1"})

    async with web_server(handler) as url, transport_to(f"{url}/") as transport:
        response = await transport.send("POST", "/sessions", body=b'{"a":1}', timeout=5)
    assert (response.status, response.body) == (422, b"no")
    assert response.headers["x-request-id"] == response.headers["X-Request-ID"] == "r1"
    (request,) = seen
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"].startswith("hum_async/")


async def test_a_request_without_a_body_has_no_content_type() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response(dict(request.headers))

    async with web_server(handler) as url, transport_to(url) as transport:
        assert b"Content-Type" not in (await transport.send("GET", "/", timeout=5)).body


async def test_a_path_arrives_as_it_was_encoded() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=request.raw_path)

    async with web_server(handler) as url, transport_to(f"{url}/v1") as transport:
        for path in ("/sessions/..%2Fping", "/sessions/a%20b%3Fc%23", "/sessions/%C3%A4"):
            response = await transport.send("GET", path, timeout=5)
            assert response.body.decode() == f"/v1{path}"


async def test_no_line_break_gets_into_the_request() -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(str(request.headers))
        return web.Response()

    async with web_server(handler) as url, transport_to(url) as transport:
        with suppress(HumError):
            await transport.send("GET", "/x HTTP/1.1\r\nX-Evil: 1\r\n\r\n", timeout=5)
    assert "X-Evil" not in "".join(seen)


async def test_chunked_and_compressed_answers_are_read_whole() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        if "gzip" in request.path:
            response.headers["Content-Encoding"] = "gzip"
        await response.prepare(request)
        content = b"x" * 300_000
        if "gzip" in request.path:
            content = gzip.compress(content)
        for start in range(0, len(content), 50_000):
            await response.write(content[start : start + 50_000])
        await response.write_eof()
        return response

    async with web_server(handler) as url, transport_to(url) as transport:
        for path in ("/plain", "/gzip"):
            assert (await transport.send("GET", path, timeout=5)).body == b"x" * 300_000


async def test_connections_are_kept_for_the_next_request() -> None:
    peers: set[object] = set()

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response()

    async with web_server(handler) as url, transport_to(url) as transport:
        for _ in range(5):
            await transport.send("GET", "/", timeout=5)
    assert len(peers) == 1


async def test_concurrency_is_not_bounded_here() -> None:
    waiting = 0
    everybody = asyncio.Event()

    async def handler(_: web.Request) -> web.Response:
        nonlocal waiting
        waiting += 1
        if waiting == 120:
            everybody.set()
        await everybody.wait()
        return web.Response()

    async with web_server(handler) as url, transport_to(url) as transport:
        await asyncio.gather(*[transport.send("GET", "/", timeout=20) for _ in range(120)])


# --- what breaks ----------------------------------------------------------------------------------


async def test_nobody_listening_is_a_failed_connection() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        async with transport_to(url) as transport:
            with pytest.raises(ConnectFailed) as caught:
                await transport.send("POST", PATH, timeout=5)
    assert_discreet(caught.value)


@pytest.mark.virtual(grace=0.05)
async def test_a_connection_that_is_never_accepted_is_a_failed_connection_too() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        address = sock.getsockname()
        fill = [socket.socket() for _ in range(4)]
        for other in fill:
            other.settimeout(0.0)
            other.connect_ex(address)
        await asyncio.sleep(0.05)
        try:
            async with transport_to(f"http://127.0.0.1:{address[1]}") as transport:
                with pytest.raises(ConnectFailed) as caught:
                    await transport.send("POST", PATH, timeout=0.3)
        finally:
            for other in fill:
                other.close()
    assert_discreet(caught.value)


@pytest.mark.virtual(grace=0.05)
async def test_tls_that_is_not_safe_is_a_failed_connection() -> None:
    async with (
        raw_server(says(b"")) as url,
        transport_to(url.replace("http", "https")) as transport,
    ):
        with pytest.raises(ConnectFailed) as caught:
            await transport.send("POST", PATH, timeout=1)
    assert_discreet(caught.value)


async def test_a_server_whose_certificate_nobody_vouches_for_gets_no_request() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(Path(__file__).with_name("self_signed.pem"))

    def serve_once(listener: socket.socket) -> bytes:
        try:
            with tls.wrap_socket(listener.accept()[0], server_side=True) as connection:
                return connection.recv(1)
        except OSError:  # the client has hung up
            return b""

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(asyncio.to_thread(serve_once, listener))
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        async with transport_to(url) as transport:
            with pytest.raises(ConnectFailed, match="no safe TLS") as caught:
                await transport.send("POST", PATH, timeout=60)
        assert await serving == b""
    assert_discreet(caught.value)


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=["nothing", "half a head", "half a body", "half a chunk"],
)
async def test_an_answer_that_breaks_off_may_have_taken_effect(answer: bytes, then: str) -> None:
    error = await broken(says(answer, then=then), method="POST")
    assert type(error) is TransportError
    assert "may have taken effect" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 4\r\n\r\nnope",
    ],
    ids=["bytes", "ssh", "status", "length", "long header", "chunk", "gzip", "deflate"],
)
async def test_what_is_no_http_is_a_broken_exchange(answer: bytes) -> None:
    assert type(await broken(says(answer, then="close"))) is TransportError


@pytest.mark.virtual(grace=0.05)
@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"],
    ids=["silence", "half a head", "half a body"],
)
async def test_an_answer_that_does_not_come_in_time_is_a_timeout(answer: bytes) -> None:
    error = await broken(says(answer), timeout=0.15)
    assert type(error) is RequestTimeout
    assert isinstance(error, TimeoutError)
    assert "0.15 s" in str(error)


@pytest.mark.virtual(grace=0.05)
async def test_a_body_that_drips_is_a_timeout_all_the_same() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _number in range(100):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    assert type(await broken(drip, timeout=0.2)) is RequestTimeout


async def test_a_body_beyond_the_cap_is_not_read() -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while sent < 100 * 1024 * 1024:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    error = await broken(flood)
    assert type(error) is ResponseError
    assert sent < MAX_BODY * 4


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (64 * 1024 * 1024))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    assert type(await broken(says(head.encode() + bomb))) is ResponseError


async def test_a_body_up_to_the_cap_is_read() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * MAX_BODY)

    async with web_server(handler) as url, transport_to(url) as transport:
        assert len((await transport.send("GET", "/", timeout=20)).body) == MAX_BODY


async def test_a_redirect_is_an_answer_and_the_key_goes_nowhere_else() -> None:
    visited: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        visited.append(request.path)
        return web.Response()

    async with web_server(elsewhere) as other:

        async def handler(_: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{other}/caught"})

        async with web_server(handler) as url, transport_to(url) as transport:
            assert (await transport.send("POST", "/", body=b"{}", timeout=5)).status == 307
    assert not visited


async def test_a_connection_that_breaks_while_the_transport_is_closed_is_ours_to_tell() -> None:
    async with raw_server(says(b"")) as url:
        transport = AiohttpTransport(url, api_key=KEY)
        request = asyncio.ensure_future(transport.send("GET", PATH, timeout=5))
        await asyncio.sleep(0.05)
        await transport.aclose()
        with pytest.raises(TransportError) as caught:
            await request
        assert_discreet(caught.value)


# --- sessions, own and borrowed -------------------------------------------------------------------


async def test_a_borrowed_session_is_neither_closed_nor_altered_and_its_cookies_stay_at_home() -> (
    None
):
    seen: list[dict[str, str]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        response = web.Response()
        response.set_cookie("planted", "by the server")
        return response

    async with web_server(handler) as url:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(
            headers={"X-Mine": "1"}, cookie_jar=jar, base_url="http://127.0.0.1:9/"
        ) as session:
            jar.update_cookies({"mine": "secret"}, aiohttp.client.URL(url))
            before = (dict(session.headers), session.timeout, len(jar))
            async with transport_to(url, session=session) as transport:
                for _ in range(2):
                    assert (await transport.send("GET", "/", timeout=5)).status == 200
            assert not session.closed
            assert (dict(session.headers), session.timeout, len(jar)) == before
            async with session.get(f"{url}/still-works") as response:
                assert response.status == 200
            assert "Cookie" in seen[-1]
    assert len(seen) == 3
    for headers in seen[:2]:
        assert not {"Cookie", "X-Mine"} & headers.keys()


async def test_cookies_of_the_server_are_not_kept() -> None:
    seen: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        response = web.Response()
        response.set_cookie("planted", "x")
        return response

    # By name, because nobody keeps the cookies of a bare address.
    async with (
        web_server(handler) as url,
        transport_to(url.replace("127.0.0.1", "localhost")) as transport,
    ):
        for _ in range(2):
            await transport.send("GET", "/", timeout=5)
    assert seen == [None, None]


async def test_a_borrowed_session_lends_its_tracing_and_keeps_its_middlewares() -> None:
    traced: list[str] = []

    async def middleware(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        traced.append("middleware")
        return await handler(request)

    async def on_start(*args: object) -> None:
        traced.append(type(args[-1]).__name__)

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(on_start)

    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    async with (
        web_server(handler) as url,
        aiohttp.ClientSession(trace_configs=[trace], middlewares=(middleware,)) as session,
        transport_to(url, session=session) as transport,
    ):
        await transport.send("GET", "/", timeout=5)
    assert traced == ["TraceRequestStartParams"]


async def test_a_borrowed_session_that_is_closed_is_a_mistake_of_the_set_up() -> None:
    session = aiohttp.ClientSession()
    async with transport_to("http://127.0.0.1:9", session=session) as transport:
        await session.close()
        with pytest.raises(ConfigurationError, match="borrowed"):
            await transport.send("GET", "/", timeout=1)


async def test_closing_is_idempotent_and_final() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    async with web_server(handler) as url:
        transport = AiohttpTransport(url, api_key=KEY)
        await transport.send("GET", "/", timeout=5)
        await transport.aclose()
        await transport.aclose()
        with pytest.raises(ConfigurationError, match="closed"):
            await transport.send("GET", "/", timeout=5)


def test_a_transport_that_was_never_used_needs_no_loop_and_no_closing() -> None:
    transport = AiohttpTransport("https://api.letshum.com", api_key=KEY)
    assert KEY not in repr(transport)
    assert "api.letshum.com" in repr(transport)


# --- base URLs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.letshum.com", "https://api.letshum.com"),
        (" https://api.letshum.com/ ", "https://api.letshum.com"),
        ("https://proxy.example:8443/hum/", "https://proxy.example:8443/hum"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_base_url_is_absolute_and_safe(given: str, kept: str) -> None:
    assert checked_base_url(given) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.letshum.com",
        "ftp://api.letshum.com",
        "https://",
        "https://:443",
        "http://api.letshum.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "https://user:password@api.letshum.com",
        "https://api.letshum.com?x=1",
        "https://api.letshum.com#x",
        "https://api.letshum.com:port",
        "https://api.letshum.com:99999",
        "https://[::1",
        "https://xn--.example",
        "file:///etc/passwd",
        "https://ex ample.com",
        "https://exa\nmple.com",
        "https://example\x00.com",
    ],
)
def test_another_base_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked_base_url(url)
    assert "password" not in str(caught.value).replace("user or password", "")
