"""Which connection a request may take, and what it carries there: the hooks that aiohttp offers."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from weakref import ref

import aiohttp
from aiohttp.hdrs import AUTHORIZATION

_MOST_DROPPED = 64
"""Connections dropped for one request, before it counts as one that cannot connect."""

_MANY = 256
"""Connections remembered, before those that are closed are forgotten."""


class UnusableConnectionError(aiohttp.ClientConnectionError):
    """The connection must not carry another request. Nothing was sent on it."""


class BrokenExchangeError(aiohttp.ClientError):
    """The connection broke during the exchange; the message is the kind of the first error."""


class _Request(aiohttp.ClientRequest):
    """A request that knows whether any of it may have been sent."""

    admitted = False


class ConnectionRules:
    """Keeps requests off connections that may answer them with something else.

    aiohttp reuses an idle connection without regard to what has arrived on it meanwhile, and the
    answer to an earlier request, or one that nobody asked for, becomes the answer to the next. The
    rules are applied by a request class and a middleware, which a session takes whether its
    connector is its own or borrowed.

    Args:
        authorization: Value of the ``Authorization`` header. It is added here, to the request that
            goes out, and so is a local variable of no frame.
    """

    def __init__(self, authorization: str) -> None:
        self._authorization = authorization
        # Weak references: a `WeakSet` costs ten times as much, and each request pays it.
        self._used: set[ref[Any]] = set()
        self._condemned: set[ref[Any]] = set()
        self.request_class = _request_class(self)

    def __repr__(self) -> str:
        return "<ConnectionRules>"

    def condemn(self) -> None:
        """Let no connection that was used so far carry another request."""
        self._condemned = _alive(self._condemned | self._used)
        self._used.clear()

    async def apply(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request once, on a connection that may carry it; a middleware of aiohttp.

        Raises:
            UnusableConnectionError: There was no such connection. Nothing was sent.
            BrokenExchangeError: The connection broke. aiohttp itself would send some requests
                again, unseen by limiter and retry policy.
        """
        request.headers[AUTHORIZATION] = self._authorization
        for _ in range(_MOST_DROPPED):
            try:
                return await handler(request)
            except UnusableConnectionError:
                continue
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
                if isinstance(request, _Request) and not request.admitted:
                    # Such as a proxy that hangs up before it has opened the tunnel.
                    raise UnusableConnectionError(type(exc).__name__) from exc
                raise BrokenExchangeError(type(exc).__name__) from exc
        raise UnusableConnectionError

    def admit(self, protocol: Any) -> None:
        """Let a connection carry a request.

        Raises:
            UnusableConnectionError: It must not.
        """
        connection = ref(protocol)
        if protocol.should_close or connection in self._condemned:
            raise UnusableConnectionError
        if connection not in self._used:
            if len(self._used) >= _MANY:
                self._used = _alive(self._used)
            self._used.add(connection)


def _alive(connections: set[ref[Any]]) -> set[ref[Any]]:
    return {connection for connection in connections if connection() is not None}


def _request_class(rules: ConnectionRules) -> type[aiohttp.ClientRequest]:
    send = aiohttp.ClientRequest.send

    class Request(_Request):
        # Not `async` itself, because each GET would pay for one coroutine more.
        def send(self, conn: Any) -> Any:
            return self._send_later(conn) if self.method == "POST" else self._send(conn)

        async def _send_later(self, conn: Any) -> aiohttp.ClientResponse:
            # What has reached this machine is handed over first, also on a connection that is
            # new to us: the lender of a session may have used it. A POST is worth the wait.
            await asyncio.sleep(0)
            return await self._send(conn)

        def _send(self, conn: Any) -> Coroutine[Any, Any, aiohttp.ClientResponse]:
            # Raising makes aiohttp close the connection.
            rules.admit(conn.protocol)
            self.admitted = True
            return send(self, conn)

    return Request
