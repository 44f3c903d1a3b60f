"""What Prism thinks of the exchanges of a client."""

import os
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Self

import aiohttp
import pytest
from document import TOKEN
from yarl import URL

from hum_async import Address, HumClient, RateLimiter

NEEDS_PRISM = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("PRISM"), reason="PRISM names no executable: .ci/contract installs Prism"
    ),
]

PING, CREATE = "GET /ping", "POST /sessions"
SESSION, INTERNET = "GET /sessions/{token}", "GET /sessions/{token}/services/internet"
CLOSE = "DELETE /sessions/{token}"
ADDRESS = Address("18 Elm St", "Apt 4", "Cambridge", "MA", "02139", 42.365, -71.104)
METHODS: dict[str, Callable[[HumClient], Awaitable[Any]]] = {
    PING: lambda hum: hum.ping(),
    CREATE: lambda hum: hum.create_session(ADDRESS, campaign_id="summer-2026"),
    SESSION: lambda hum: hum.get_session(TOKEN),
    INTERNET: lambda hum: hum.get_internet(TOKEN),
    CLOSE: lambda hum: hum.close_session(TOKEN),
}
"""Every operation, by its route."""


def route_of(method: str, url: URL) -> str:
    """Return a route as the document names it."""
    return f"{method} {re.sub('^/sessions/[^/]+', '/sessions/{token}', url.raw_path)}"


class Judge:
    """Sees every exchange of the clients that borrow `session`, which it opens and closes.

    Attributes:
        prefer: By route, the header with which Prism chooses among the answers of the document.
        answers: How often each route was answered with each status, by the API or in its place.
        objections: What Prism says is not as the document has it, a sentence for each exchange.
    """

    def __init__(self) -> None:
        self.prefer: dict[str, str] = {}
        self.answers: Counter[tuple[str, int]] = Counter()
        self.objections: list[str] = []

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._ask)
        trace.on_request_end.append(self._hear)
        self.session = aiohttp.ClientSession(trace_configs=[trace])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    def client_of(self, url: str, key: str = "any-key", **arguments: Any) -> HumClient:
        """Return a client of an API, whose exchanges are seen here."""
        usual = {"session": self.session, "limiter": RateLimiter(rate=500)}
        return HumClient(key, base_url=url, **(usual | arguments))

    async def _ask(self, *given: object) -> None:
        request = given[-1]
        assert isinstance(request, aiohttp.TraceRequestStartParams)
        preferred = self.prefer.get(route_of(request.method, request.url))
        if preferred:
            request.headers["Prefer"] = preferred

    async def _hear(self, *given: object) -> None:
        exchange = given[-1]
        assert isinstance(exchange, aiohttp.TraceRequestEndParams)
        answer = exchange.response
        route = route_of(exchange.method, exchange.url)
        # Prism's own words are problems (RFC 9457); those of the API are not.
        violations = answer.headers.get("sl-violations")
        if violations or answer.content_type == "application/problem+json":
            self.objections.append(f"{route}: {answer.status} {violations or ''}")
        else:
            self.answers[route, answer.status] += 1
