"""The HTTP side: reads requests, logs them, waits where an answer takes time, and sends answers."""

import asyncio
import itertools
from http import HTTPStatus

import attrs
from aiohttp import web

from hum_async.simulator import _control
from hum_async.simulator._bucket import TokenBucket
from hum_async.simulator._clock import SimulatedClock
from hum_async.simulator._faults import Faults
from hum_async.simulator._handlers import NO_ANSWER, Answer, RequestHandler, SimulatedRequest
from hum_async.simulator._request_log import RequestLog, RequestRecord
from hum_async.simulator._retry_after import RetryAfter, pause_of, retry_after_headers
from hum_async.simulator._routes import Route, find_route
from hum_async.simulator._visitors import refusal_of

SIMULATED = "X-Hum-Simulated"
"""Header of every answer: what shows data to people can tell that they are made up."""

_JSON = "application/json; charset=utf-8"
_SLOW_BODY_CHUNKS = 8
_TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS


@attrs.define(kw_only=True)
class Settings:
    """The settings that may change while the simulator runs."""

    faults: Faults
    bucket: TokenBucket
    retry_after: RetryAfter


class HttpApp:
    """Serves the requests of an aiohttp web server.

    Args:
        handler: Decides the answers.
        clock: The simulated clock.
        request_log: Records the requests.
        settings: Rate limit and faults.
        control: Answers the control interface.
        seed: Makes request ids differ between simulators.
    """

    def __init__(  # noqa: PLR0913  this is where all parts meet
        self,
        handler: RequestHandler,
        *,
        clock: SimulatedClock,
        request_log: RequestLog,
        settings: Settings,
        control: _control.Control,
        seed: int,
    ) -> None:
        self._handler = handler
        self._clock = clock
        self._request_log = request_log
        self._settings = settings
        self._control = control
        self._request_ids = (f"req_{seed & 0xFFFFFFFF:08x}{n:08x}" for n in itertools.count(1))
        self._tasks: set[asyncio.Task[object]] = set()

    async def handle(self, http_request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to one request of the web server."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("the web server handles every request in a task")
        self._tasks.add(task)
        try:
            return await self._respond(http_request)
        finally:
            self._tasks.discard(task)

    async def cancel(self) -> None:
        """Cancel the requests in progress and wait until they have ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _respond(self, http_request: web.BaseRequest) -> web.StreamResponse:
        body = await http_request.read() if http_request.body_exists else b""
        method, path = http_request.method, http_request.raw_path
        if path.startswith(_control.PREFIX):
            refusal = refusal_of(
                hosts=http_request.headers.getall("Host", []),
                origins=http_request.headers.getall("Origin", []),
                fetch_sites=http_request.headers.getall("Sec-Fetch-Site", []),
            )
            status, content = (
                self._control.answer(method, path=path, body=body)
                if refusal is None
                else self._control.refuse(refusal)
            )
            return web.Response(status=status, body=content, headers=self._headers(_JSON))
        authorization = http_request.headers.get("Authorization", "")
        request = SimulatedRequest(method=method, path=path, authorization=authorization, body=body)
        index, answer = self._answer_and_log(request)
        if answer.ready_at is not None:
            await self._clock.sleep_until(answer.ready_at)
            answer = self._handler.complete(answer, now=self._clock.now)
        self._request_log.set_status(index, status=answer.status)
        return await self._send(http_request, answer)

    def _answer_and_log(self, request: SimulatedRequest) -> tuple[int, Answer]:
        """Return the index of the request in the log, and its answer."""
        now, loop_now = self._clock.now, self._clock.loop_now
        route = find_route(request.method, path=request.path)
        answer = self._answer(request, route=route, now=now, loop_now=loop_now)
        record = RequestRecord(
            at=now,
            sent_at=loop_now,
            method=request.method,
            path=request.path,
            route=route.name,
            token=route.token or answer.token,
            address_key=answer.address_key,
            fault=answer.fault,
            pause=pause_of(answer.headers) if answer.status == _TOO_MANY else None,
        )
        return self._request_log.add(record), answer

    def _answer(
        self, request: SimulatedRequest, *, route: Route, now: float, loop_now: float
    ) -> Answer:
        settings = self._settings
        rejection = self._handler.reject(request, bucket=settings.bucket, at=loop_now)
        if rejection is None:
            return self._handler.answer(request, route=route, faults=settings.faults, now=now)
        if rejection.status == _TOO_MANY:
            return attrs.evolve(rejection, headers=retry_after_headers(settings.retry_after))
        return rejection

    async def _send(self, http_request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        if answer.status == NO_ANSWER:
            return _reset(http_request)
        content = self._handler.encode(answer)
        content_type = "text/html" if answer.fault == "malformed" else _JSON
        headers = self._headers(content_type) | dict(answer.headers)
        if answer.fault != "slow_body":
            return web.Response(status=answer.status, body=content, headers=headers)
        response = web.StreamResponse(status=answer.status, headers=headers)
        try:
            await self._send_slowly(http_request, response, content=content)
        except ConnectionError:
            # The client has left. aiohttp handles that for the responses that it sends itself; for
            # one that a handler sends it would log an error and try to answer 500.
            return _reset(http_request)
        return response

    async def _send_slowly(
        self, http_request: web.BaseRequest, response: web.StreamResponse, *, content: bytes
    ) -> None:
        pause = self._settings.faults.slow_seconds / _SLOW_BODY_CHUNKS
        response.content_length = len(content)
        await response.prepare(http_request)
        size = -(-len(content) // _SLOW_BODY_CHUNKS)
        for start in range(0, len(content), size):
            await asyncio.sleep(pause)
            await response.write(content[start : start + size])
        await response.write_eof()

    def _headers(self, content_type: str) -> dict[str, str]:
        return {
            "Content-Type": content_type,
            "X-Request-Id": next(self._request_ids),
            SIMULATED: "yes",
        }


def _reset(http_request: web.BaseRequest) -> web.Response:
    """Reset the connection and return a response that aiohttp finds impossible to send."""
    if http_request.transport is not None:
        http_request.transport.abort()
    return web.Response()
