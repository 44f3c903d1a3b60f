"""The public test kit: a scripted transport, answers for it, and a virtual-time event loop.

The package's pytest plugin adds the fixture ``hum_simulator``; docs/testing.md shows all of them.
"""

import asyncio
import selectors
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
import orjson
from multidict import CIMultiDict

from hum_async.errors import HumError
from hum_async.models import RawResponse

__all__ = [
    "ScriptedTransport",
    "SentRequest",
    "VirtualTimeLoop",
    "json_response",
    "session_json",
]


@attrs.frozen
class SentRequest:
    """A request that a `ScriptedTransport` received.

    Attributes:
        method: HTTP method.
        path: Path below the base URL, percent-encoded.
        body: Decoded JSON; None for a request without a body.
        at: Event-loop seconds of its arrival.
        timeout: Seconds for the whole attempt.
    """

    method: str
    path: str
    body: Any
    at: float
    timeout: float


def json_response(
    status: int, body: Any = None, *, headers: Mapping[str, str] | None = None
) -> RawResponse:
    """Return an answer with a JSON body.

    Args:
        status: HTTP status.
        body: A value to encode as JSON; None for an empty body.
        headers: HTTP headers; None for no headers.
    """
    content = b"" if body is None else orjson.dumps(body)
    return RawResponse(status, CIMultiDict(headers or {}), content)


def session_json(
    token: str,
    *,
    providers: Iterable[Mapping[str, Any]] | None = None,
    address: Any = None,
    **agents: str,
) -> dict[str, Any]:
    """Return the body of an answer of the services endpoint (hum-api 2.4).

    Args:
        token: The session token.
        providers: Providers as JSON objects; None leaves them out.
        address: The service address: None, text or a JSON object.
        **agents: Status by name of agent, such as ``geocoding="matched"``.
    """
    data = {} if providers is None else {"internet": list(providers)}
    meta = {"session_token": token, "session_status": "open", "service_address": address}
    return {
        "message": "ok",
        "request_status": "ok",
        "data": data,
        "meta": {**meta, "agent_status": agents, "hum_data_set": "v.1006"},
    }


class ScriptedTransport:
    """A `Transport` that answers with a function and records every request.

    Args:
        answer: Returns the answer to a request. An error that it returns or raises is raised by
            `send`.
        latency: Event-loop seconds until a request is answered, 0 or more.

    Attributes:
        requests: The requests so far, in order of arrival.
        in_flight: Requests not yet answered.
        most_in_flight: The maximum of `in_flight` so far.
        closed: Whether `aclose` was called.

    ::

        transport = ScriptedTransport(lambda request: json_response(202))
        async with HumClient(transport=transport) as hum: ...
    """

    def __init__(
        self, answer: Callable[[SentRequest], RawResponse | HumError], *, latency: float = 0.0
    ) -> None:
        self.requests: list[SentRequest] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.closed = False
        self._answer = answer
        self._latency = latency

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        timeout: float,
    ) -> RawResponse:
        """Record a request and return its answer; see `hum_async.transport.Transport.send`."""
        at = asyncio.get_running_loop().time()
        request = SentRequest(method, path, orjson.loads(body) if body else None, at, timeout)
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            # Other tasks get a turn even without latency, as with a network.
            await asyncio.sleep(self._latency)
            answer = self._answer(request)
        finally:
            self.in_flight -= 1
        if isinstance(answer, HumError):
            raise answer
        return answer

    async def aclose(self) -> None:
        """Set `closed`."""
        self.closed = True


_SHORTEST_SELECT = 0.001
"""Seconds to which epoll and poll round up what is less."""
_NEVER = threading.Event()


class _VirtualSelector(selectors.DefaultSelector):
    loop: "VirtualTimeLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        if self.loop.threads:
            # A worker thread takes real time, and wakes the loop when it is done.
            return super().select(0.05)
        if timeout is None:
            events = super().select(self.loop.idle_limit)
            if not events:
                raise RuntimeError("nothing left that could wake this virtual-time loop")
            return events
        if self.loop.grace:
            # Data may be on its way through the kernel; it comes before any timer.
            events = self._wait_for_data(self.loop.grace)
        if not events:
            self.loop.jump(timeout)
        return events

    def _wait_for_data(self, seconds: float) -> list[Any]:
        if seconds >= _SHORTEST_SELECT:
            return super().select(seconds)
        _NEVER.wait(seconds)
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time: its clock jumps to the next timer when nothing else can run.

    Waiting costs no real time. Sockets on this machine and worker threads work. For tests only.

    Attributes:
        grace: Real seconds to wait for data on a socket before each jump; 0.0001 lets the kernel
            work. A test that exchanges data with another process needs more.
        idle_limit: Real seconds to wait for data on a socket when there is no timer; after that
            the loop raises `RuntimeError`.
        threads: Worker threads at work; the clock stands still until they are done.
    """

    idle_limit = 5.0
    grace = 0.0

    def __init__(self) -> None:
        self._virtual_now = 0.0
        self.threads = 0
        selector = _VirtualSelector()
        selector.loop = self
        super().__init__(selector)
        # A timer fires exactly at its time, not within the resolution of a real clock.
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Return the virtual seconds since the creation of the loop."""
        return self._virtual_now

    def jump(self, seconds: float) -> None:
        """Move the clock ahead.

        Args:
            seconds: Virtual seconds, 0 or more.
        """
        now = self._virtual_now + seconds
        # The sum of a time and a difference can be a rounding error below the timer from which the
        # difference was computed. A comparison of the two would then wait for ever.
        timers = getattr(self, "_scheduled", None)
        if timers and 0.0 < timers[0].when() - now < 1e-6:  # noqa: PLR2004  a rounding error
            now = timers[0].when()
        self._virtual_now = now

    def run_in_executor(  # type: ignore[override]  # the types of asyncio's own cannot be repeated
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        """Run a function in a worker thread; the clock stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self.threads += 1
        future.add_done_callback(lambda _: setattr(self, "threads", self.threads - 1))
        return future

    async def shutdown_default_executor(self, *args: Any, **kwargs: Any) -> None:
        """Join the worker threads; the clock stands still until they have ended."""
        self.threads += 1
        try:
            await super().shutdown_default_executor(*args, **kwargs)
        finally:
            self.threads -= 1
