"""Which connection a request may take, and what it carries there: the hooks that aiohttp offers."""

import asyncio
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import aiohttp

_MOST_DROPPED = 64
"""Connections dropped for one request, before it counts as one that cannot connect."""


class UnusableConnectionError(aiohttp.ClientConnectionError):
    """The connection must not carry another request. Nothing was sent on it."""


class BrokenExchangeError(aiohttp.ClientError):
    """The connection broke during the exchange; the message is the kind of the first error."""


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
        self._used: WeakSet[Any] = WeakSet()
        self._condemned: WeakSet[Any] = WeakSet()
        self.request_class = _request_class(self._admit)

    def __repr__(self) -> str:
        return "<ConnectionRules>"

    def condemn(self) -> None:
        """Let no connection that was used so far carry another request."""
        self._condemned |= self._used
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
        request.headers["Authorization"] = self._authorization
        for _ in range(_MOST_DROPPED):
            try:
                return await handler(request)
            except UnusableConnectionError:
                continue
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
                raise BrokenExchangeError(type(exc).__name__) from exc
        raise UnusableConnectionError

    async def _admit(self, method: str, protocol: Any) -> None:
        if method == "POST" and protocol in self._used:
            # What has reached this machine is handed over first. A POST is worth the wait.
            await asyncio.sleep(0)
        if protocol.should_close or (self._condemned and protocol in self._condemned):
            raise UnusableConnectionError
        self._used.add(protocol)


def _request_class(admit: Callable[[str, Any], Any]) -> type[aiohttp.ClientRequest]:
    class Request(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> aiohttp.ClientResponse:
            # Raising makes aiohttp close the connection.
            await admit(self.method, conn.protocol)
            return await super().send(conn)

    return Request
