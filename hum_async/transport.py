"""The transport: one attempt of a request, with every aiohttp error mapped to one of ours."""

import asyncio
import math
import os
from http import HTTPStatus
from typing import Any, Protocol, cast, runtime_checkable
from urllib.parse import urlsplit

import aiohttp
import attrs
from multidict import CIMultiDict
from yarl import URL

from hum_async._network.certificates import trusted
from hum_async._network.connections import (
    BrokenExchangeError,
    ConnectionRules,
    UnusableConnectionError,
)
from hum_async._network.deadlines import Deadlines
from hum_async._network.proxies import Proxy, is_loopback, proxy_for
from hum_async._values import unsealed
from hum_async._version import __version__
from hum_async.errors import (
    ConfigurationError,
    ConnectFailed,
    HumError,
    RequestTimeout,
    ResponseError,
    TransportError,
)
from hum_async.models import RawResponse

__all__ = ["MAX_BODY", "AiohttpTransport", "DropsConnections", "Transport"]

MAX_BODY = 4 * 1024 * 1024
"""Maximum size of an answer's body in bytes, after decompression."""

MAX_CONNECT = 10.0
"""Maximum wait for a connection in seconds; less if nine tenths of the time-out are less."""


@attrs.frozen(eq=False, repr=False)
class PartialResponse(RawResponse):
    """The beginning of a successful answer to POST, whose rest did not come or is too large.

    It may name what was created. A transport of your own can return it instead of raising `error`.

    Attributes:
        error: What kept the rest from coming; raised if this part does not say enough.
    """

    error: TransportError | ResponseError = attrs.field(repr=False, eq=False)


class Transport(Protocol):
    """Sends a request once and returns the answer, whatever its status.

    It may be a `DropsConnections` too.
    """

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
    if not isinstance(base_url, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError("the base URL must be a text (str) like https://HOST")
    try:
        parts = urlsplit(base_url.strip())
        host = parts.hostname or ""
        _ = parts.port, URL(base_url.strip()).host  # which may be no punycode
    except ValueError:
        raise ConfigurationError("the base URL is malformed; use https://HOST") from None
    odd = not base_url.strip().isprintable() or any(letter in base_url.strip() for letter in " ?#")
    if odd or parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise ConfigurationError("the base URL must look like https://HOST[:PORT][/PATH]")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("the base URL must not hold user or password; the key is enough")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"http:// to {host} would send the API key in the clear; use https:// "
            "(plain http is for a simulator on this machine)"
        )
    return base_url.strip().rstrip("/")


_Options = dict[str, Any]
"""Arguments of aiohttp that do not change from request to request."""


class AiohttpTransport:
    """The transport of `HumClient`, on aiohttp.

    It may be used on one event loop after another, with connections of their own, and on one at a
    time. An idle connection on which something arrived is dropped.

    Args:
        base_url: Base URL of the API; plain http to a loopback host only.
        api_key: API key, sent as a bearer token and shown nowhere.
        session: A session to borrow, for its connections, tracing and proxy settings. The transport
            neither closes nor alters it, and ignores its cookies, default headers and middlewares.
            None opens connections of its own, through the proxy that ``HTTPS_PROXY``, ``ALL_PROXY``
            and ``NO_PROXY`` name and with the certificates of ``SSL_CERT_FILE`` and
            ``SSL_CERT_DIR``; the environment is read here, once.

    Raises:
        ConfigurationError: The base URL is malformed, or would send the key unencrypted; or the
            environment names a proxy or certificates that cannot be used.
    """

    def __init__(
        self, base_url: str, *, api_key: str, session: aiohttp.ClientSession | None = None
    ) -> None:
        self._rules = ConnectionRules(f"Bearer {api_key}")
        # An error tracker records the variables of each frame that an exception passes.
        del api_key
        self._base_url = checked_base_url(base_url)
        self._base = URL(self._base_url, encoded=True)
        self._lender = session
        owns = session is None
        self._proxy = proxy_for(self._base_url, os.environ) if owns else None
        secure = self._base.scheme == "https"
        self._certificates = trusted(os.environ) if owns and secure else None
        self._base_path = self._base.raw_path.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        # Sessions of loops that have stopped.
        self._left: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}
        self._closed = False
        self._deadlines: Deadlines
        self._prepared: dict[float, _Options] = {}

    def __repr__(self) -> str:
        # It may be asked for when the constructor has failed.
        return f"<AiohttpTransport {getattr(self, '_base_url', '(not set up)')}>"

    async def send(
        self, method: str, path: str, *, body: bytes | None = None, timeout: float
    ) -> RawResponse:
        """Send a request once; see `Transport.send`.

        Raises:
            ConfigurationError: The transport or the borrowed session is closed, or in use on
                another event loop.
        """
        session = self._open()
        if self._left:
            await self._close_dead()
        response: aiohttp.ClientResponse | None = None
        # What comes of the answer to a POST: the token of a paid session may be in it.
        kept: list[bytes] | None = [] if method == "POST" else None
        options: _Options = self._prepared.get(timeout) or self._prepare(timeout)
        if body is not None:
            options = {**options, "data": body, "headers": _JSON}
        try:
            with self._deadlines.within(timeout):
                response = await session.request(method, self._url(path), **options)
                if body is None and _is_whole(response):
                    content = _bounded(response.content.read_nowait())
                else:
                    async with response:
                        content = await _read_answer(response, kept)
            if content is not None:
                answer = _NewRawResponse()
                answer.status, answer.body = response.status, content
                answer.headers = CIMultiDict(response.headers)
                answer.__class__ = RawResponse
                return cast("RawResponse", answer)
            error: HumError = ResponseError(
                f"the answer is larger than {MAX_BODY} bytes and was not read"
            )
        except (*_FOREIGN, RuntimeError) as exc:
            error = self._mapped(exc, timeout)
        if kept and response is not None and isinstance(error, TransportError | ResponseError):
            headers = CIMultiDict(response.headers)
            return PartialResponse(response.status, headers, b"".join(kept), error)
        # The error passes this frame, and variables may be recorded with it. It has no cause and
        # no context, because the frames of aiohttp hold the URL with the session token, and the
        # body.
        del path, body, options, response, kept
        raise error

    def drop_connections(self) -> None:
        """Send no request more over a connection that is open now; break no request under way."""
        self._rules.condemn()

    async def aclose(self) -> None:
        """Close the connections that the transport opened. Idempotent."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            if self._loop is None or self._loop is asyncio.get_running_loop():
                self._deadlines.close()
                await session.close()
            else:
                self._left[self._loop] = session
        await self._close_dead()

    async def _close_dead(self) -> None:
        """Close the sessions of closed loops, and of this one if the transport is closed."""
        here = asyncio.get_running_loop()
        for loop in [
            loop for loop in self._left if loop.is_closed() or (self._closed and loop is here)
        ]:
            await self._left.pop(loop).close()

    def _url(self, path: str) -> URL:
        # The path is encoded already: a token like "../x" stays one segment.
        if "?" in path or "#" in path:
            return URL(self._base_url + path, encoded=True)
        # Parsing the base URL again would cost more than all the rest of this method.
        return self._base.with_path(self._base_path + path, encoded=True)

    def _prepare(self, seconds: float) -> _Options:
        """Prepare what every request with this time-out is given."""
        # `Deadlines` bounds the whole. The shorter limit for the connection tells an attempt
        # without one from a slow answer. Without an infinite threshold aiohttp rounds long
        # time-outs up to whole seconds.
        timeout = aiohttp.ClientTimeout(
            total=None, connect=min(0.9 * seconds, MAX_CONNECT), ceil_threshold=math.inf
        )
        options: _Options = {"allow_redirects": False, "timeout": timeout}
        if self._proxy is not None:
            options["proxy"] = URL(self._proxy.url)
            if self._proxy.authorization is not None:
                options["proxy_headers"] = {"Proxy-Authorization": self._proxy.authorization}
        if len(self._prepared) > 64:  # noqa: PLR2004  enough for every sane use
            self._prepared.clear()
        self._prepared[seconds] = options
        return options

    def _open(self) -> aiohttp.ClientSession:
        """Return the aiohttp session of this event loop, created by its first request."""
        if self._closed:
            raise ConfigurationError("this client is closed; create a new one")
        if self._lender is not None and self._lender.closed:
            raise ConfigurationError("the borrowed aiohttp session is closed; keep it open longer")
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            if self._session is not None and self._loop is not None:
                if self._loop.is_running():
                    raise ConfigurationError(
                        "this client is in use on another event loop that is running; "
                        "create a client for each of them"
                    )
                self._left[self._loop] = self._session
            self._loop = loop
            self._deadlines = Deadlines(loop)
            self._session = self._left.pop(loop, None) or self._new_session()
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        lender = self._lender
        connector: aiohttp.BaseConnector | None
        if lender is None:
            # The limiter bounds concurrency. A wait in aiohttp's pool would cost time-out.
            connector = aiohttp.TCPConnector(limit=0, ssl=self._certificates or True)
        else:
            connector = lender.connector
        return aiohttp.ClientSession(
            headers=_HEADERS,
            connector=connector,
            connector_owner=lender is None,
            trace_configs=None if lender is None else list(lender.trace_configs),
            trust_env=False if lender is None else lender.trust_env,
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=self._rules.request_class,
            middlewares=(self._rules.apply,),
        )

    def _mapped(self, exc: Exception, timeout: float) -> HumError:
        host, kind = self._base_url, type(exc).__name__
        if isinstance(exc, RuntimeError):
            return ConfigurationError(
                f"the connections to {host} cannot be used here ({exc}); use the client, and a "
                "session that it borrows, in the tasks of one event loop at a time"
            )
        if isinstance(exc, aiohttp.ClientHttpProxyError | aiohttp.ClientProxyConnectionError):
            return _proxy_error(exc, self._proxy)
        if self._proxy is not None and isinstance(exc, _NEVER_CONNECTED):
            host = f"{host} through the proxy {self._proxy.url}"
        return _mapped(exc, timeout=timeout, host=host, kind=kind)


_HEADERS = {"Accept": "application/json", "User-Agent": f"hum_async/{__version__}"}

_JSON = {"Content-Type": "application/json"}

_NewRawResponse = unsealed(RawResponse)

_FOREIGN = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


def _is_whole(response: aiohttp.ClientResponse) -> bool:
    """Whether the body has come together with the head, as a small one mostly does.

    aiohttp has taken back the connection by then, and neither the context of the response nor a
    wait for the body, which make up a tenth of a request, has anything left to do. It leaves the
    connection of a 101 to us.
    """
    content = response.content
    return content.is_eof() and response.closed and content.exception() is None


def _bounded(content: bytes) -> bytes | None:
    return content if len(content) <= MAX_BODY else None


async def _read_answer(response: aiohttp.ClientResponse, kept: list[bytes] | None) -> bytes | None:
    """Return the body, None if it is too large; an error's that cannot be read is empty.

    Args:
        response: The answer.
        kept: Gets what comes of a success, even if the rest does not; None to keep nothing.
    """
    if response.status < HTTPStatus.MULTIPLE_CHOICES:
        return await _read(response, kept)
    try:
        return await _read(response, None) or b""
    except _FOREIGN:
        return b""


async def _read(response: aiohttp.ClientResponse, kept: list[bytes] | None) -> bytes | None:
    small = (response.content_length or MAX_BODY + 1) <= MAX_BODY and not _is_packed(response)
    if small and kept is None:
        return await response.read()
    chunks = [] if kept is None else kept
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MAX_BODY:
            break
        chunks.append(chunk)
    content = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    return None if size > MAX_BODY else content


def _is_packed(response: aiohttp.ClientResponse) -> bool:
    # A short body may be a long one after decompression.
    return "Content-Encoding" in response.headers


_NEVER_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    UnusableConnectionError,
)


def _proxy_error(exc: Exception, proxy: Proxy | None) -> ConnectFailed:
    name = "the proxy" if proxy is None else f"the proxy {proxy.url}"
    if not isinstance(exc, aiohttp.ClientHttpProxyError):
        return ConnectFailed(f"cannot connect to {name}; check HTTPS_PROXY, ALL_PROXY and NO_PROXY")
    if exc.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        advice = "put user and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT"
    else:
        advice = "ask who runs it, or except the host by NO_PROXY"
    error = ConnectFailed(f"{name} opens no connection (status {exc.status}); {advice}")
    error.may_pass = exc.status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
    return error


def _mapped(exc: Exception, *, timeout: float, host: str, kind: str) -> HumError:
    if isinstance(exc, aiohttp.InvalidURL):
        return ConfigurationError(f"{host} is not a usable base URL")
    if isinstance(exc, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return ConnectFailed(f"no safe TLS connection to {host}; check its certificate and clock")
    if isinstance(exc, _NEVER_CONNECTED):
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else kind
        if isinstance(exc, UnusableConnectionError):
            reason = str(exc) or "the server speaks before it is asked"
        return ConnectFailed(f"cannot connect to {host} ({reason}); check the network and base URL")
    if isinstance(exc, TimeoutError):
        return RequestTimeout(
            f"no complete answer from {host} within {timeout:g} s; it may have taken effect"
        )
    if isinstance(exc, BrokenExchangeError):
        kind = str(exc)
    return TransportError(f"the exchange with {host} broke off ({kind}); it may have taken effect")
