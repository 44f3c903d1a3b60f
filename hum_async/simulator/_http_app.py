"""The HTTP face: carries requests to the desk and answers back, and waits where one must wait."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import attrs
from aiohttp import web

from hum_async.simulator import _control
from hum_async.simulator._handlers import NO_ANSWER, Answer, RequestHandler, SimulatedRequest
from hum_async.simulator._request_log import RequestLog, RequestRecord
from hum_async.simulator._retry_after import RetryAfter, retry_after_headers
from hum_async.simulator._routes import Route, find_route

if TYPE_CHECKING:
    from hum_async.simulator._bucket import TokenBucket
    from hum_async.simulator._clock import SimulatedClock
    from hum_async.simulator._faults import Faults

_JSON = "application/json; charset=utf-8"
_DRIBBLES = 8


@attrs.define(kw_only=True)
class Settings:
    """What may change while the simulator runs."""

    faults: Faults
    bucket: TokenBucket
    retry_after: RetryAfter


class HttpApp:
    """Handles the requests of the web server.

    Args:
        desk: Decides the answers.
        clock: The simulated clock.
        journal: Where requests are noted.
        knobs: Rate limit and faults.
        control: The simulator's own endpoints.
        seed: Makes request ids differ between simulators.
    """

    def __init__(  # noqa: PLR0913 - it is where all parts meet
        self,
        desk: RequestHandler,
        *,
        clock: SimulatedClock,
        journal: RequestLog,
        knobs: Settings,
        control: _control.Control,
        seed: int,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._journal = journal
        self._knobs = knobs
        self._control = control
        self._ids = (f"req_{seed & 0xFFFFFFFF:08x}{n:08x}" for n in itertools.count(1))
        self._tasks: set[asyncio.Task[object]] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of the web server."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is always handled in a task")
        self._tasks.add(task)
        try:
            return await self._respond(request)
        finally:
            self._tasks.discard(task)

    async def cancel(self) -> None:
        """Cancel the requests in progress and wait until they are gone."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read() if request.body_exists else b""
        path = request.raw_path
        if path.startswith(_control.PREFIX):
            status, content = self._control.answer(request.method, path=path, body=body)
            return web.Response(status=status, body=content, headers=self._headers(_JSON))
        authorization = request.headers.get("Authorization", "")
        call = SimulatedRequest(
            method=request.method, path=path, authorization=authorization, body=body
        )
        number, answer = self._take(call)
        if answer.ready_at is not None:
            await self._clock.sleep_until(answer.ready_at)
            answer = self._desk.resume(answer, now=self._clock.now)
        self._journal.settle(number, status=answer.status)
        return await self._send(request, answer)

    def _take(self, call: SimulatedRequest) -> tuple[int, Answer]:
        """Decide the answer and note the request."""
        now, loop_now = self._clock.now, self._clock.loop_now
        route = find_route(call.method, path=call.path)
        answer = self._decide(call, route=route, now=now, loop_now=loop_now)
        record = RequestRecord(
            at=now,
            sent_at=loop_now,
            method=call.method,
            path=call.path,
            route=route.name,
            token=route.token or answer.token,
            address_key=answer.address_key,
            fault=answer.fault,
        )
        return self._journal.add(record), answer

    def _decide(
        self, call: SimulatedRequest, *, route: Route, now: float, loop_now: float
    ) -> Answer:
        knobs = self._knobs
        refusal = self._desk.refuse(call, bucket=knobs.bucket, at=loop_now)
        if refusal is None:
            return self._desk.answer(call, route=route, faults=knobs.faults, now=now)
        if refusal.status == web.HTTPTooManyRequests.status_code:
            return attrs.evolve(refusal, headers=retry_after_headers(knobs.retry_after))
        return refusal

    async def _send(self, request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        if answer.status == NO_ANSWER:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        content = self._desk.encode(answer)
        content_type = "text/html" if answer.fault == "malformed" else _JSON
        headers = self._headers(content_type) | dict(answer.headers)
        if answer.fault == "slow_body":
            return await self._dribble(request, answer.status, content=content, headers=headers)
        return web.Response(status=answer.status, body=content, headers=headers)

    async def _dribble(
        self, request: web.BaseRequest, status: int, *, content: bytes, headers: dict[str, str]
    ) -> web.StreamResponse:
        pause = self._knobs.faults.slow_seconds / _DRIBBLES
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(content)
        await response.prepare(request)
        size = -(-len(content) // _DRIBBLES)
        for start in range(0, len(content), size):
            await asyncio.sleep(pause)
            await response.write(content[start : start + size])
        await response.write_eof()
        return response

    def _headers(self, content_type: str) -> dict[str, str]:
        return {"Content-Type": content_type, "X-Request-Id": next(self._ids)}
