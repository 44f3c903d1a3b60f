"""Which proxy a base URL is reached through, as the environment says it to curl. No I/O."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp
import attrs
from yarl import URL

from hum_async._values import Value
from hum_async.errors import ConfigurationError

_DEFAULT_PORTS = {"http": 80, "https": 443}


@attrs.frozen(eq=False, repr=False)
class Proxy(Value):
    """A proxy that tunnels connections (HTTP CONNECT).

    Attributes:
        url: Where it is, without user and password.
        authorization: The value of ``Proxy-Authorization``; None if it needs none.
    """

    url: str
    authorization: str | None = attrs.field(default=None, repr=False)


def is_loopback(host: str) -> bool:
    """Return whether a host name or IP address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def proxy_for(base_url: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that the environment names for a base URL, or None.

    ``https_proxy`` counts before ``HTTPS_PROXY``, both before ``all_proxy`` and ``ALL_PROXY``, and
    an empty variable is none. ``http_proxy`` is heeded in lower case only, as by curl: a CGI server
    sets ``HTTP_PROXY`` from a header of the request. A loopback host is never proxied.

    Args:
        base_url: A base URL that was checked.
        environ: The environment.

    Raises:
        ConfigurationError: A variable names no proxy that can be used. No message repeats its
            value, which may hold a password.
    """
    target = urlsplit(base_url)
    host = (target.hostname or "").rstrip(".")
    if is_loopback(host):
        return None
    names = [f"{target.scheme}_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    if target.scheme == "http":
        names.remove("HTTPS_PROXY")
    found = next(((name, environ[name].strip()) for name in names if _has(environ, name)), None)
    if found is None:
        return None
    exceptions = next(
        (environ[name] for name in ("no_proxy", "NO_PROXY") if _has(environ, name)), ""
    )
    if _is_excepted(host, target.port or _DEFAULT_PORTS[target.scheme], exceptions):
        return None
    return _read(*found)


def _has(environ: Mapping[str, str], name: str) -> bool:
    return bool(environ.get(name, "").strip())


def _read(name: str, value: str) -> Proxy:
    parts = _split(value if "://" in value else f"http://{value}")
    if parts is None:
        raise ConfigurationError(f"{name} names no proxy; set it to http://HOST:PORT, or unset it")
    if parts.scheme not in _DEFAULT_PORTS:
        raise ConfigurationError(
            f"{name} names a proxy of a kind that is not supported ({parts.scheme}); "
            "set it to an http:// or https:// proxy, or except the host by NO_PROXY"
        )
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    # curl takes 1080 for a proxy without a port, which no proxy of today listens on.
    url = f"{parts.scheme}://{shown}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"
    if parts.username is None:
        return Proxy(url)
    user, password = unquote(parts.username), unquote(parts.password or "")
    try:
        return Proxy(url, aiohttp.encode_basic_auth(user, password))
    except ValueError:
        pass
    raise ConfigurationError(f"the user or password in {name} cannot be sent; percent-encode it")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port, URL.build(scheme="http", host=parts.hostname or "-").host  # no punycode?
    except ValueError:
        return None
    usable = parts.hostname and url.isprintable() and not re.search(r"\s", url)
    return parts if usable else None


def _is_excepted(host: str, port: int, exceptions: str) -> bool:
    return any(_excepts(entry, host, port) for entry in re.split(r"[\s,]+", exceptions) if entry)


def _excepts(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    pattern, only = _host_and_port(entry.lower())
    if only is not None and only != str(port):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = pattern.removeprefix("*").strip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
    try:
        return address in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False


def _host_and_port(entry: str) -> tuple[str, str | None]:
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?", entry)
    if bracketed:
        return bracketed[1], bracketed[2]
    if entry.count(":") == 1:
        host, _, port = entry.partition(":")
        return host, port
    return entry, None
