"""The public test kit: a scripted transport, an event loop on virtual time, answers to script with.

The package's pytest plugin adds the fixture ``hum_simulator`` (see `hum_async._pytest_plugin`).
"""

import asyncio
import selectors
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
    """A request that reached a `ScriptedTransport`; `at` is event loop time in seconds."""

    method: str
    path: str
    body: Any
    at: float
    timeout: float


def json_response(
    status: int, body: Any = None, *, headers: Mapping[str, str] | None = None
) -> RawResponse:
    """Return an answer with a JSON body; None gives an empty one."""
    content = b"" if body is None else orjson.dumps(body)
    return RawResponse(status, CIMultiDict(headers or {}), content)


def session_json(
    token: str,
    *,
    providers: Iterable[Mapping[str, Any]] | None = None,
    address: Any = None,
    **agents: str,
) -> dict[str, Any]:
    """Return the body of an answer about a session, as the services endpoint words it.

    Args:
        token: The session token.
        providers: Providers as JSON objects; None leaves them out.
        address: The service address: None, text or an object.
        agents: Status by name of agent, such as ``geocoding="matched"``.
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
    """A `Transport` that answers by a function of yours and remembers what was sent.

    Args:
        answer: From a request to its answer; an error that it returns or raises is the request's.
        latency: Seconds that each request takes.

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
        """Answer one request; see `hum_async.transport.Transport.send`."""
        at = asyncio.get_running_loop().time()
        request = SentRequest(method, path, orjson.loads(body) if body else None, at, timeout)
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            # Even without latency somebody else gets a turn, as with a network.
            await asyncio.sleep(self._latency)
            answer = self._answer(request)
        finally:
            self.in_flight -= 1
        if isinstance(answer, HumError):
            raise answer
        return answer

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True


class _VirtualSelector(selectors.DefaultSelector):
    loop: "VirtualTimeLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        if self.loop.threads:
            # A worker thread will wake the loop; that takes real time.
            return super().select(0.05)
        if timeout is None:
            events = super().select(self.loop.idle_limit)
            if not events:
                raise RuntimeError("nothing left that could wake this virtual-time loop")
            return events
        # A socket may have data on its way through the kernel; it goes before any timer.
        events = super().select(self.loop.grace)
        if not events:
            self.loop.jump(timeout)
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still while anything can happen, and jumps when nothing can.

    Waiting costs no real time. Sockets on this machine and worker threads work. For tests only.
    """

    idle_limit = 5.0
    grace = 0.0

    def __init__(self) -> None:
        self._virtual_now = 0.0
        self.threads = 0
        selector = _VirtualSelector()
        selector.loop = self
        super().__init__(selector)
        # Timers are due exactly, not within the resolution of a real clock.
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._virtual_now

    def jump(self, seconds: float) -> None:
        """Move the clock ahead."""
        now = self._virtual_now + seconds
        # The sum of a time and a difference may end a float's breadth before the timer that it was
        # computed from; whoever then compares the two waits for an instant that never comes.
        timers = getattr(self, "_scheduled", None)
        if timers and 0.0 < timers[0].when() - now < 1e-6:  # noqa: PLR2004  float dust
            now = timers[0].when()
        self._virtual_now = now

    def run_in_executor(  # type: ignore[override]  # the types of asyncio's own cannot be repeated
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        """Count the worker threads under way, so that time waits for them."""
        future = super().run_in_executor(executor, func, *args)
        self.threads += 1
        future.add_done_callback(lambda _: setattr(self, "threads", self.threads - 1))
        return future

    async def shutdown_default_executor(self, *args: Any, **kwargs: Any) -> None:
        """Let time wait for the worker threads to be joined."""
        self.threads += 1
        try:
            await super().shutdown_default_executor(*args, **kwargs)
        finally:
            self.threads -= 1
