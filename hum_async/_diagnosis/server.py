"""Checks of the way to the API and of what it answers. Nothing is bought."""

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
import statistics
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from yarl import URL

from hum_async._diagnosis.findings import Finding, State
from hum_async._limits.rate_limit_headers import RateLimitHeaders, read_rate_limit_headers
from hum_async._network.certificates import trusted
from hum_async._network.proxies import Proxy, proxy_for
from hum_async._wording import counted
from hum_async.client import HumClient
from hum_async.errors import AuthenticationError, ConfigurationError, ConnectFailed, HumError
from hum_async.models import RawResponse
from hum_async.transport import checked_base_url

_PATIENCE = 10.0
"""Seconds for each step."""
_REQUESTS = 3
_SLOW = 1.0
"""Seconds for an answer to a ping from which on the way there is slow."""
_SKEW = 30.0
"""Seconds between two clocks that make no difference."""
_EXPIRES_SOON = 14
"""Days."""


async def examine_server(client: HumClient) -> AsyncIterator[Finding]:
    """Check the way to the API step by step; end with the step that does not work.

    Args:
        client: Whose API is checked, with its key.
    """
    reached = True
    async for finding in examine_way(client.base_url):
        reached = reached and finding.state is not State.PROBLEM
        yield finding
    if reached:
        async for finding in _examine_answers(client):
            yield finding


async def examine_way(base_url: str) -> AsyncIterator[Finding]:
    """Check the way to the API, for which no key is needed; end with the step that does not work.

    Args:
        base_url: Where the API is.
    """
    try:
        url = URL(checked_base_url(base_url))
        proxy = proxy_for(str(url), os.environ)
        certificates = trusted(os.environ)
    except ConfigurationError as exc:
        yield Finding("settings", State.PROBLEM, str(exc))
        return
    if proxy is not None:
        yield await _examine_proxy(proxy)
        return
    if not _is_address(url.host or ""):
        yield (finding := await _examine_name(url))
        if finding.state is State.PROBLEM:
            return
    yield await _examine_connection(url, certificates or ssl.create_default_context())


async def _examine_proxy(proxy: Proxy) -> Finding:
    """See whether the proxy takes connections; what it makes of them shows with the API."""
    url = URL(proxy.url)
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(url.host, url.port)
    except OSError as exc:  # a TimeoutError too
        return Finding(
            "proxy",
            State.PROBLEM,
            f"no connection to {proxy.url}, which the environment names ({_reason(exc)})",
            "check HTTPS_PROXY, ALL_PROXY and NO_PROXY; unset them where no proxy is needed",
        )
    writer.close()
    return Finding("proxy", State.OK, f"{proxy.url}, as the environment says")


def _reason(exc: OSError) -> str:
    """Return why a host was not found or a connection not made, in the words of who knows."""
    if isinstance(exc, ssl.SSLError):
        # Its number is OpenSSL's, and none of the system's.
        return f"no TLS: {(exc.reason or 'it broke off').lower().replace('_', ' ')}"
    if isinstance(exc, socket.gaierror):
        return exc.strerror or "no answer"
    if exc.errno is None:
        # asyncio puts the failures of several addresses into one error without a number.
        return "no answer" if isinstance(exc, TimeoutError) else "none of its addresses takes it"
    return os.strerror(exc.errno)  # asyncio repeats the address instead


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _examine_name(url: URL) -> Finding:
    host, port = url.host or "", url.port or 443
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
    except OSError as exc:  # a TimeoutError too
        return Finding(
            "DNS",
            State.PROBLEM,
            f"{host} is not found ({_reason(exc)})",
            "check the name and the network; where only a proxy leads out, set HTTPS_PROXY",
        )
    took = (clock() - began) * 1000
    addresses = counted(len({place for *_, place in found}), "address")
    return Finding("DNS", State.OK, f"{host} has {addresses} ({took:.0f} ms)")


async def _examine_connection(url: URL, context: ssl.SSLContext) -> Finding:
    host, port = url.host or "", url.port or 443
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    secure = url.scheme == "https"
    check = "TLS" if secure else "connection"
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(host, port, ssl=context if secure else None)
    except ssl.SSLCertVerificationError as exc:
        return Finding(
            check,
            State.PROBLEM,
            f"the certificate of {host} is not trusted ({exc.verify_message})",
            "where a proxy of your company opens TLS, set SSL_CERT_FILE to its certificate; "
            "otherwise somebody may be listening",
        )
    except OSError as exc:  # a TimeoutError too
        return Finding(
            "TLS" if isinstance(exc, ssl.SSLError) else "connection",
            State.PROBLEM,
            f"no connection to {shown} ({_reason(exc)})",
            "check the base URL, the network and the firewall; where only a proxy leads out, set "
            "HTTPS_PROXY",
        )
    try:
        if not secure:
            return Finding(check, State.OK, f"{shown} takes connections")
        return _certificate(
            writer.get_extra_info("ssl_object").version(), writer.get_extra_info("peercert")
        )
    finally:
        writer.close()


def _certificate(version: str, certificate: dict[str, str]) -> Finding:
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (until - datetime.now(UTC)).days
    told = f"{version}; the certificate is valid until {until:%Y-%m-%d}"
    if days < _EXPIRES_SOON:
        return Finding("TLS", State.WARNING, told, f"tell its owner: it expires in {days} days")
    return Finding("TLS", State.OK, told)


async def _examine_answers(client: HumClient) -> AsyncIterator[Finding]:
    clock = asyncio.get_running_loop().time
    took: list[float] = []
    answers: list[RawResponse] = []
    try:
        while len(answers) < _REQUESTS:
            await _room(client)
            began = clock()
            answers.append(await client.request("GET", "/ping"))
            took.append(clock() - began)
    except AuthenticationError as exc:
        yield Finding("key", State.PROBLEM, str(exc), "take a valid key from your account at Hum")
        return
    except HumError as exc:
        # What was never reached is not Hum's to mend, and the error says what is.
        advice = "" if isinstance(exc, ConnectFailed) else "try again later, or ask Hum"
        yield Finding("API", State.PROBLEM, str(exc), advice)
        return
    median = statistics.median(took)
    told = f"takes the key; an answer takes {median * 1000:.0f} ms"
    slow = median > _SLOW
    advice = "the way is slow: each look-up takes at least three requests" if slow else ""
    yield Finding("API", State.WARNING if slow else State.OK, told, advice)
    yield clock_finding(answers[-1], datetime.now(UTC))
    yield _limit(read_rate_limit_headers(answers[-1].headers, now=datetime.now(UTC)))


async def _room(client: HumClient) -> None:
    """Wait until the limiter lets a request go at once: waiting for it is no way to the API."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while not client.limiter.has_room():  # noqa: ASYNC110  a limiter tells nobody
                await asyncio.sleep(0.05)


def clock_finding(answer: RawResponse, now: datetime) -> Finding:
    """Compare the clock of the server, as an answer tells it, with that of this machine."""
    try:
        ahead = (now - parsedate_to_datetime(answer.headers["date"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return Finding("clock", State.OK, "the API does not tell the time")
    if abs(ahead) <= _SKEW:
        return Finding("clock", State.OK, "agrees with the API's")
    how = "ahead of" if ahead > 0 else "behind"
    return Finding(
        "clock",
        State.WARNING,
        f"is {abs(ahead):,.0f} s {how} the API's",
        "set it by a time server: the ages of results are told by it",
    )


def _limit(told: RateLimitHeaders | None) -> Finding:
    if told is None:
        return Finding("rate limit", State.OK, "the API does not tell; it is found out as you work")
    parts = []
    if told.limit is not None:
        window = "" if told.window is None else f" in {told.window:g} s"
        parts.append(f"{told.limit:g} requests{window}")
    if told.remaining is not None:
        parts.append(f"{told.remaining:g} left")
    if told.reset is not None:
        parts.append(f"renewed in {told.reset:g} s")
    spent = told.remaining == 0
    return Finding(
        "rate limit",
        State.WARNING if spent else State.OK,
        ", ".join(parts),
        "nothing is left: work begins when it is renewed" if spent else "",
    )
