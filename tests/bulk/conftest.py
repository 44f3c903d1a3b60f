from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, Qualification, RateLimiter
from hum_async.bulk import QualificationStream, qualify
from hum_async.errors import HumError
from hum_async.models import RawResponse
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

if TYPE_CHECKING:
    from hum_async.simulator import Simulator

FIBER = {"provider_name": "Great Lakes Fiber", "offerings": []}

MakeAddress = Callable[..., Address]
Answer = RawResponse | HumError | Callable[[SentRequest], RawResponse | HumError]


@pytest.fixture
def at() -> MakeAddress:
    """Make an address that can be sent: `at("100 Served St")`."""

    def at(street1: str, **parts: Any) -> Address:
        return Address(street1, **({"zip": "48226"} | parts))

    return at


@pytest.fixture
def streets() -> Callable[[int], list[Address]]:
    """Make so many different ordinary addresses."""
    return lambda count: [
        Address(f"{number} Main St", zip="48226") for number in range(1, 1 + count)
    ]


@pytest.fixture
async def hum(hum_simulator: Simulator) -> AsyncIterator[HumClient]:
    """Make a client of the test's simulator."""
    async with HumClient("any-key", base_url=hum_simulator.url) as client:
        yield client


class Api:
    """A scripted API: sessions that are polled once, or whatever a test says instead.

    Args:
        polling: A POST answers without providers, and the first poll with them.
        latency: Seconds that each request takes.
        limit: Requests that are served in each second; None: all.
    """

    def __init__(
        self, *, polling: bool = True, latency: float = 0.0, limit: int | None = None
    ) -> None:
        self._limit = limit
        self._in_second: Counter[int] = Counter()
        self.transport = ScriptedTransport(self._answer, latency=latency)
        self.polling = polling
        self.instead: dict[str, list[Answer]] = {}
        self.sessions: dict[str, str] = {}

    def say(self, method: str, *answers: Answer, street1: str = "") -> None:
        """Answer the next requests of a method (for a street) so."""
        self.instead.setdefault(method + street1, []).extend(answers)

    @property
    def calls(self) -> list[str]:
        """What was asked: the method and the street, in order."""
        return [f"{request.method} {self._street(request)}" for request in self.transport.requests]

    def count(self, method: str) -> int:
        return sum(request.method == method for request in self.transport.requests)

    def posts_by_street(self) -> Counter[str]:
        return Counter(call.removeprefix("POST ") for call in self.calls if call[:4] == "POST")

    def _street(self, request: SentRequest) -> str:
        if request.method == "POST":
            return str(request.body["street1"])
        return self.sessions.get(request.path.split("/")[2], "?")

    def _answer(self, request: SentRequest) -> RawResponse | HumError:
        if self._limit is not None:
            second = int(asyncio.get_running_loop().time())
            self._in_second[second] += 1
            if self._in_second[second] > self._limit:
                return json_response(429, {"message": "slow"}, headers={"Retry-After": "1"})
        for name in (request.method + self._street(request), request.method):
            if self.instead.get(name):
                answer = self.instead[name].pop(0)
                return answer(request) if callable(answer) else answer
        if request.method == "POST":
            return self._created(request.body["street1"])
        if request.method == "DELETE":
            return json_response(200, {"message": "closed"})
        token = request.path.split("/")[2]
        return json_response(
            200, session_json(token, providers=[FIBER], geocoding="matched", internet="matched")
        )

    def _created(self, street1: str) -> RawResponse:
        token = f"token{len(self.sessions):017}"
        self.sessions[token] = street1
        if self.polling:
            body = session_json(token, geocoding="pending", internet="pending")
        else:
            body = session_json(token, providers=[FIBER], geocoding="matched", internet="matched")
        return json_response(201, body)


@pytest.fixture
def make_api() -> Callable[..., Api]:
    """Make a scripted API, to be used with `client_of(api)`: `api = make_api(polling=False)`."""
    return Api


@pytest.fixture
def client_of() -> Callable[..., HumClient]:
    """Make a client of a scripted API, as fast as can be unless told otherwise."""

    def client_of(api: Api, *, rate: float = float("inf"), concurrency: int = 32) -> HumClient:
        limiter = RateLimiter(rate=rate, concurrency=concurrency)
        return HumClient(transport=api.transport, limiter=limiter)

    return client_of


@pytest.fixture
def results_of() -> Callable[..., Any]:
    """Run a job to its end: `await results_of(client, addresses)` gives results by key."""

    async def results_of(
        client: HumClient, addresses: Iterable[Any], **options: Any
    ) -> dict[Any, Qualification]:
        stream: QualificationStream = qualify(client, addresses, **options)
        found: dict[Any, Qualification] = {}
        async for result in stream:
            assert result.key not in found, "a row came twice"
            found[result.key] = result
        return found

    return results_of
