"""Which proxy the environment names, and a request through a proxy that tunnels, over TLS."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hum_async import Address, ConfigurationError, ConnectFailed, HumClient, RetryPolicy
from hum_async._network.certificates import trusted
from hum_async._network.proxies import Proxy, proxy_for

API = "https://api.letshum.com"
PROXY = {"HTTPS_PROXY": "http://proxy.example:3128"}


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": " http://p:1 "}, "http://p:1"),
        ({"https_proxy": "http://p:1"}, "http://p:1"),
        ({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:1"}, "http://low:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://up:1"}, "http://up:1"),
        ({"ALL_PROXY": "http://all:1"}, "http://all:1"),
        ({"all_proxy": "http://all:1"}, "http://all:1"),
        ({"HTTPS_PROXY": "http://p:1", "all_proxy": "http://all:1"}, "http://p:1"),
        ({"HTTP_PROXY": "http://p:1", "http_proxy": "http://p:1"}, None),
        ({"HTTPS_PROXY": "p.example:3128"}, "http://p.example:3128"),
        ({"HTTPS_PROXY": "p.example"}, "http://p.example:80"),
        ({"HTTPS_PROXY": "https://p.example/"}, "https://p.example:443"),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, "http://[::1]:3128"),
    ],
)
def test_the_environment_names_the_proxy_as_to_curl(
    environ: Mapping[str, str], url: str | None
) -> None:
    found = proxy_for(API, environ)
    assert (None if found is None else found.url) == url


@pytest.mark.parametrize(
    ("exceptions", "base_url", "proxied"),
    [
        ("", API, True),
        ("*", API, False),
        ("api.letshum.com", API, False),
        ("letshum.com", API, False),
        (".letshum.com", API, False),
        ("*.letshum.com", API, False),
        ("LetsHum.COM.", API, False),
        ("shum.com", API, True),
        ("api.letshum.com.example", API, True),
        ("other.example, letshum.com", API, False),
        ("other.example letshum.com", API, False),
        ("letshum.com:443", API, False),
        ("letshum.com:8443", API, True),
        ("letshum.com:8443", f"{API}:8443", False),
        (",, .,", API, True),
        ("10.0.0.0/8", "https://10.1.2.3", False),
        ("10.1.2.3", "https://10.1.2.3", False),
        ("10.1.2.4", "https://10.1.2.3", True),
        ("10.1.2.3:443", "https://10.1.2.3", False),
        ("fd00::/8", "https://[fd00::1]", False),
        ("[fd00::1]:443", "https://[fd00::1]", False),
        ("[fd00::1]", "https://[fd00::2]", True),
        ("not/a/network", "https://10.1.2.3", True),
    ],
)
def test_no_proxy_excepts_hosts_domains_and_networks(
    exceptions: str, base_url: str, *, proxied: bool
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        assert (proxy_for(base_url, {**PROXY, name: exceptions}) is not None) is proxied


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_loopback_host_is_never_proxied(scheme: str, host: str) -> None:
    every = dict.fromkeys(("http_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://p:1")
    assert proxy_for(f"{scheme}://{host}:8080", every) is None


@pytest.mark.parametrize(
    "value",
    [
        "socks5://u:hunter2@p:1080",
        "socks5h://p",
        "ftp://p",
        "http://",
        "http://p:port",
        "http://[",
        "http://u:hunter2@p:99999",
        "http://a b",
        "http://u:hunter2@xn--.example:80",
        "://",
    ],
)
def test_what_is_no_usable_proxy_is_refused_without_repeating_it(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    monkeypatch.delenv("https_proxy", raising=False)
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        HumClient("k", base_url=API)
    assert "hunter2" not in str(caught.value)
    # Nobody who runs a simulator has to mend it first.
    HumClient("k", base_url="http://127.0.0.1:1")


def test_user_and_password_of_a_proxy_are_shown_nowhere() -> None:
    found = proxy_for(API, {"HTTPS_PROXY": "http://me:hunter%402@p:1"})
    assert found == Proxy("http://p:1", "Basic bWU6aHVudGVyQDI=")
    for secret in ("hunter", "bWU6"):
        assert secret not in repr(found)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_are_not_there_are_told_at_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "missing"))
    with pytest.raises(ConfigurationError, match=name):
        HumClient("k", base_url=API)


def test_a_file_that_holds_no_certificate_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
        trusted({"SSL_CERT_FILE": str(file)})
    assert trusted({}) is None


# --- a tunnel -------------------------------------------------------------------------------------

CERTIFICATE = Path(__file__).parent / "hum_test.pem"
ANSWER = b'{"message": "hi", "request_status": "ok", "timestamp": "2024-09-20T23:13:31Z"}'


@asynccontextmanager
async def api() -> AsyncIterator[int]:
    """Serve /ping over TLS."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ANSWER))
                writer.write(ANSWER)
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class TunnelProxy:
    """Answers CONNECT with a status, and then passes everything on to a port."""

    def __init__(self, port: int, *, status: str = "200 OK") -> None:
        self.port, self.status = port, status
        self.heads: list[str] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._tasks.add(asyncio.current_task())
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"HTTP/1.1 {self.status}\r\n\r\n".encode())
        if self.status.startswith("200"):
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            self._writers.append(back)
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.gather(*filter(None, self._tasks), return_exceptions=True)


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def client_of_proxy() -> HumClient:
    return HumClient("k", base_url="https://hum.test", retry=RetryPolicy(attempts=1))


async def test_requests_go_through_the_proxy_and_only_their_tunnel_shows_its_password(
    clean: pytest.MonkeyPatch,
) -> None:
    async with api() as port, (proxy := TunnelProxy(port)).running() as at:
        clean.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{at}")
        clean.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        async with HumClient("sk_key", base_url="https://hum.test") as hum:
            # Both are read once.
            clean.delenv("HTTPS_PROXY")
            assert (await hum.ping()).message == "hi"
            assert (await hum.ping()).message == "hi"
            assert "hunter2" not in repr(hum.sender.transport) + repr(hum)
    (head,) = proxy.heads
    assert head.startswith("CONNECT hum.test:443 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic bWU6aHVudGVyMg==" in head
    assert "sk_key" not in head


@pytest.mark.parametrize(
    ("status", "advice"),
    [("407 Proxy Authentication Required", "password"), ("502 No", "NO_PROXY")],
)
async def test_a_proxy_that_refuses_is_named(
    clean: pytest.MonkeyPatch, status: str, advice: str
) -> None:
    proxy = TunnelProxy(0, status=status)
    async with proxy.running() as at:
        clean.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{at}")
        async with HumClient(
            "k", base_url="https://hum.test", retry=RetryPolicy(attempts=1)
        ) as hum:
            with pytest.raises(
                ConnectFailed, match=f"the proxy http://127.0.0.1:{at} .*{advice}"
            ) as caught:
                await hum.ping()
    assert "hunter2" not in str(caught.value)


async def test_a_proxy_that_wants_a_password_is_asked_once(clean: pytest.MonkeyPatch) -> None:
    proxy = TunnelProxy(0, status="407 Proxy Authentication Required")
    async with proxy.running() as at:
        clean.setenv("HTTPS_PROXY", f"http://127.0.0.1:{at}")
        async with HumClient("k", base_url="https://hum.test") as hum:
            with pytest.raises(ConnectFailed, match="password"):
                await hum.ping()
    assert len(proxy.heads) == 1


async def test_a_proxy_that_hangs_up_has_passed_nothing_on(clean: pytest.MonkeyPatch) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    at = server.sockets[0].getsockname()[1]
    clean.setenv("https_proxy", f"http://127.0.0.1:{at}")
    async with client_of_proxy() as hum:
        for call in (hum.ping(), hum.create_session(Address("1 Main St", zip="02139"))):
            with pytest.raises(ConnectFailed, match=f"through the proxy http://127.0.0.1:{at}"):
                await call
    server.close()


async def test_a_proxy_that_is_not_there_is_named(clean: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        at = free.getsockname()[1]
    clean.setenv("ALL_PROXY", f"127.0.0.1:{at}")
    async with client_of_proxy() as hum:
        with pytest.raises(ConnectFailed, match=f"the proxy http://127.0.0.1:{at}"):
            await hum.ping()
