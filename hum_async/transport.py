"""The transport: one attempt of a request, with every aiohttp error mapped to one of ours."""

import ipaddress
import math
from collections import Counter
from http import HTTPStatus
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from hum_async._version import __version__
from hum_async.errors import (
    ConfigurationError,
    ConnectFailed,
    RequestTimeout,
    ResponseError,
    TransportError,
)
from hum_async.models import RawResponse

__all__ = ["MAX_BODY", "AiohttpTransport", "Transport"]

MAX_BODY = 4 * 1024 * 1024
"""Maximum size of an answer's body in bytes, after decompression."""

MAX_CONNECT = 10.0
"""Maximum wait for a connection in seconds; less if nine tenths of the time-out are less."""


class Transport(Protocol):
    """Sends a request once and returns the answer, whatever its status."""

    async def send(
        self, method: str, path: str, *, body: bytes | None = None, timeout: float
    ) -> RawResponse:
        """Send a request once.

        Args:
            method: HTTP method.
            path: Path below the base URL, percent-encoded, beginning with a slash.
            body: JSON, or None for a request without a body.
            timeout: Seconds for the whole attempt, above 0.

        Raises:
            ConnectFailed: No connection was established; the request has not taken effect.
            RequestTimeout: No complete answer came within `timeout`.
            TransportError: The connection broke.
            ResponseError: The body is larger than `MAX_BODY`.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections that the transport opened. Idempotent."""


@runtime_checkable
class DropsConnections(Protocol):
    """A transport that can leave the connections it has. Optional for a transport of your own."""

    def drop_connections(self) -> None:
        """Send no request more over a connection that is open now; break no request under way.

        Called when an answer belongs to another request: its connection cannot be trusted.
        """
        ...


def checked_base_url(base_url: str) -> str:
    """Return the base URL without a trailing slash.

    Args:
        base_url: An absolute https URL, or an http URL of a loopback host.

    Raises:
        ConfigurationError: The URL is malformed, or would send the key unencrypted.
    """
    try:
        parts = urlsplit(base_url.strip())
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise ConfigurationError("the base URL is malformed; use https://HOST") from None
    odd = not base_url.strip().isprintable() or any(letter in base_url.strip() for letter in " ?#")
    if odd or parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise ConfigurationError("the base URL must look like https://HOST[:PORT][/PATH]")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("the base URL must not hold user or password; pass api_key")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(
            f"http:// to {host} would send the API key in the clear; use https:// "
            "(plain http is for a simulator on this machine)"
        )
    return base_url.strip().rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class AiohttpTransport:
    """The transport of `HumClient`, on aiohttp.

    Args:
        base_url: Base URL of the API; plain http to a loopback host only.
        api_key: API key, sent as a bearer token and shown nowhere.
        session: A session to borrow, for its connections, tracing and proxy settings. The transport
            neither closes nor alters it, and ignores its cookies and default headers. None opens
            connections of its own.

    Raises:
        ConfigurationError: The base URL is malformed, or would send the key unencrypted.
    """

    def __init__(
        self, base_url: str, *, api_key: str, session: aiohttp.ClientSession | None = None
    ) -> None:
        self._base_url = checked_base_url(base_url)
        self._base = URL(self._base_url, encoded=True)
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Accept": "application/json",
            "User-Agent": f"hum_async/{__version__}",
        }
        self._lender = session
        self._session: aiohttp.ClientSession | None = None
        # Sessions whose connections are not used again, and the requests that each still has.
        self._dropped: set[aiohttp.ClientSession] = set()
        self._under_way: Counter[aiohttp.ClientSession] = Counter()
        self._closed = False
        self._timeouts: dict[float, aiohttp.ClientTimeout] = {}

    def __repr__(self) -> str:
        return f"<AiohttpTransport {self._base_url}>"

    async def send(
        self, method: str, path: str, *, body: bytes | None = None, timeout: float
    ) -> RawResponse:
        """Send a request once; see `Transport.send`.

        Raises:
            ConfigurationError: The transport or the borrowed session is closed.
        """
        session = self._open()
        self._under_way[session] += 1
        try:
            async with session.request(
                method,
                self._url(path),
                data=body,
                headers=None if body is None else _JSON,
                allow_redirects=False,
                timeout=self._timeout(timeout),
            ) as response:
                content = await _read_answer(response)
                return RawResponse(response.status, CIMultiDict(response.headers), content)
        except _FOREIGN as exc:
            error = _mapped(exc, timeout=timeout, host=self._base_url)
            # The message of some aiohttp errors contains the URL, and with it the session token.
            cause = None if path in str(exc) else exc
        finally:
            await self._close_dropped(session)
        # Outside the `except`, so that `__context__` holds no aiohttp error with the request's
        # headers, and with them the key.
        raise error from cause

    async def aclose(self) -> None:
        """Close the connections that the transport opened. Idempotent."""
        self._closed = True
        sessions, self._dropped = self._dropped, set()
        if self._session is not None:
            sessions.add(self._session)
        self._session = None
        for session in sessions:
            await session.close()

    def drop_connections(self) -> None:
        """Send no request more over a connection that is open now; break no request under way.

        Connections that are borrowed stay: they are not ours to close.
        """
        if self._session is not None and self._lender is None:
            self._dropped.add(self._session)
            self._session = None

    async def _close_dropped(self, session: aiohttp.ClientSession) -> None:
        """Count a request of a session as ended, and close dropped sessions that have no other."""
        self._under_way[session] -= 1
        for idle in [other for other in self._dropped if not self._under_way[other]]:
            self._dropped.discard(idle)
            del self._under_way[idle]
            await idle.close()

    def _url(self, path: str) -> URL:
        # The path is encoded already: a token like "../x" stays one segment.
        if "?" in path or "#" in path:
            return URL(self._base_url + path, encoded=True)
        # Parsing the base URL again would cost more than all the rest of this method.
        return self._base.with_path(self._base.raw_path.rstrip("/") + path, encoded=True)

    def _timeout(self, seconds: float) -> aiohttp.ClientTimeout:
        if seconds not in self._timeouts:
            if len(self._timeouts) > 64:  # noqa: PLR2004  enough for every sane use
                self._timeouts.clear()
            # Without an infinite threshold aiohttp rounds long time-outs up to whole seconds.
            # The shorter limit for the connection tells an attempt without one from a slow answer.
            self._timeouts[seconds] = aiohttp.ClientTimeout(
                total=seconds, connect=min(0.9 * seconds, MAX_CONNECT), ceil_threshold=math.inf
            )
        return self._timeouts[seconds]

    def _open(self) -> aiohttp.ClientSession:
        """Return the aiohttp session, created by the first request as it needs a running loop."""
        if self._closed:
            raise ConfigurationError("this client is closed; create a new one")
        if self._lender is not None and self._lender.closed:
            raise ConfigurationError("the borrowed aiohttp session is closed; keep it open longer")
        if self._session is None:
            lender = self._lender
            if lender is None:
                # The limiter bounds concurrency. A wait in aiohttp's pool would cost time-out.
                connector: aiohttp.BaseConnector | None = aiohttp.TCPConnector(limit=0)
                owner = True
                traces, trust_env = None, False
            else:
                connector, owner = lender.connector, False
                traces, trust_env = list(lender.trace_configs), lender.trust_env
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                connector=connector,
                connector_owner=owner,
                trace_configs=traces,
                trust_env=trust_env,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


_JSON = {"Content-Type": "application/json"}

_FOREIGN = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


async def _read_answer(response: aiohttp.ClientResponse) -> bytes:
    """Return the body; an error whose body cannot be read keeps its status and has no body."""
    try:
        return await _read(response)
    except (*_FOREIGN, ResponseError):
        if response.status < HTTPStatus.MULTIPLE_CHOICES:
            raise
        return b""


async def _read(response: aiohttp.ClientResponse) -> bytes:
    if (response.content_length or MAX_BODY + 1) <= MAX_BODY and not _is_packed(response):
        return await response.read()
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MAX_BODY:
            raise ResponseError(f"the answer is larger than {MAX_BODY} bytes and was not read")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _is_packed(response: aiohttp.ClientResponse) -> bool:
    # A short body may be a long one after decompression.
    return "Content-Encoding" in response.headers


_NEVER_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientProxyConnectionError,
)


def _mapped(exc: Exception, *, timeout: float, host: str) -> TransportError | ConfigurationError:
    kind = type(exc).__name__
    if isinstance(exc, aiohttp.InvalidURL):
        return ConfigurationError(f"{host} is not a usable base URL")
    if isinstance(exc, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return ConnectFailed(f"no safe TLS connection to {host}; check its certificate and clock")
    if isinstance(exc, _NEVER_CONNECTED):
        return ConnectFailed(f"cannot connect to {host} ({kind}); check the network and base URL")
    if isinstance(exc, TimeoutError):
        return RequestTimeout(
            f"no complete answer from {host} within {timeout:g} s; it may have taken effect"
        )
    return TransportError(f"the exchange with {host} broke off ({kind}); it may have taken effect")
