"""What a server that shows a page to browsers must refuse, and what it must say, in plain ASGI.

::

    app.add_middleware(PageGuard, hosts=["lookup.example.com"])  # Starlette, FastAPI
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import orjson

from hum_async.web._asgi import Message, Receive, Scope, Send

__all__ = ["CONTENT_SECURITY_POLICY", "PageGuard"]

ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Files of the server itself and its interface alone: nothing inline, nothing from elsewhere."""

_HEADERS: Final = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    # The same as frame-ancestors, for what is older than it.
    b"x-frame-options": b"DENY",
    # The address of a stream holds ids, which open look-ups.
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
}

_HOST: Final = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[^:\[\]\s]+))(?::[0-9]*)?")

_READING: Final = {"GET", "HEAD", "OPTIONS"}

_REFUSAL: Final = orjson.dumps(
    {"error": "this server does not answer to this host name; add it to the hosts of its PageGuard"}
)


class PageGuard:
    """ASGI middleware: answers only to its own names, and tells browsers what a page may do.

    A site can let its own name point to this machine, and a visitor's browser then treats the page
    and its interface as that site's (DNS rebinding). The browser still sends the site's name as
    Host. So only names of this machine pass: ``localhost`` and names below it, loopback addresses,
    the address that the connection came to, and `hosts`. All else is answered 403. So is what may
    change something (a WebSocket, a POST) when a page of another name (Origin) sends it: browsers
    ask nobody before they open a WebSocket.

    A response that sets one of the headers itself keeps it.

    Args:
        app: The application.
        hosts: Further names, without ports, by which browsers reach this server: its public name,
            or the one that a proxy passes on.

    Raises:
        ValueError: One of `hosts` is no name.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] = ()) -> None:
        self._app = app
        names = [hosts] if isinstance(hosts, str) else list(hosts)
        self._hosts = frozenset(_name(host) for host in names)
        if "" in self._hosts:
            raise ValueError(f"hosts must be names such as 'lookup.example.com', not {names!r}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, as every ASGI application does."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                present = {bytes(name).lower() for name, _ in headers}
                headers += [pair for pair in _HEADERS.items() if pair[0] not in present]
                message = {**message, "headers": headers}
            await send(message)

        if self._is_own(scope):
            await self._app(scope, receive, send_guarded)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # which a server answers by 403
        else:
            await send_guarded(
                {
                    "type": "http.response.start",
                    "status": 403,
                    "headers": [
                        (b"content-type", b"application/json"),
                        (b"content-length", str(len(_REFUSAL)).encode()),
                    ],
                }
            )
            await send_guarded({"type": "http.response.body", "body": _REFUSAL})

    def _is_own(self, scope: Scope) -> bool:
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        if len(hosts) != 1 or not self._is_own_name(_name(hosts[0]), scope):
            return False
        if scope["type"] == "http" and scope["method"] in _READING:
            return True
        # "null" is what a page in a sandbox sends.
        return all(
            self._is_own_name(_name(origin.partition("://")[2]), scope) for origin in origins
        )

    def _is_own_name(self, name: str, scope: Scope) -> bool:
        if name in self._hosts or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or str(address) == (scope.get("server") or ("",))[0]


def _values(scope: Scope, header: bytes) -> list[str]:
    return [
        bytes(value).decode("latin-1")
        for name, value in scope["headers"]
        if bytes(name).lower() == header
    ]


def _name(host: str) -> str:
    """Return the name in a Host header, without its port; "" if it is none (RFC 9110 7.2)."""
    found = _HOST.fullmatch(host.strip().lower())
    return "" if found is None else (found["ipv6"] or found["name"]).removesuffix(".")
