"""Prism between every client and every simulator of this process, whoever started them.

A request goes through Prism before the simulator sees it, and its answer before it is sent. Prism
knows one upstream, so that it is a server of ours, which hands what Prism passes on to the
simulator that waits for it. This must be the same as what went in, so that the simulator can go on
to work on the connection of its client, where resets and slow bodies arrive as they are meant.
"""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import Future, wait
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from unittest import mock

import aiohttp
import attrs
import orjson
from aiohttp import web
from anyio.from_thread import start_blocking_portal
from judge import route_of
from openapi_file import DOCUMENT
from servers import HOST, PrismServer
from yarl import URL

from hum_async.simulator import _control
from hum_async.simulator._http_app import HttpApp
from hum_async.testing import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

T = TypeVar("T")

_NUMBER, _VIOLATIONS = "X-Exchange", "sl-violations"
_PATIENCE = 20.0
"""Seconds that Prism may take for a request or an answer; usually it takes milliseconds."""
_OF_THE_CONNECTION = {"host", "connection", "content-length", "transfer-encoding"}
_HUGE = 1 << 20
"""Bytes of the header in which Prism lists its objections."""


@attrs.frozen
class Message:
    """A request, with its method and path, or an answer, with its status."""

    head: tuple[str, str] | int
    headers: Mapping[str, str]
    body: bytes

    def is_same(self, other: Message) -> bool:
        """Return whether two messages say the same, in whatever spelling."""
        return self.head == other.head and _content(self.body) == _content(other.body)


UNHEARD = Message(
    503, {"Content-Type": "application/json"}, b'{"message": "", "request_status": "error"}'
)
"""What Prism is told where the simulator's own answer does not reach its client."""


class _Promise(Generic[T]):
    """A value that a thread gives to the event loop in which this was made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self._loop.create_future()

    def give(self, value: T) -> None:
        """Give the value; a second one is ignored."""

        def give() -> None:
            if not self._future.done():
                self._future.set_result(value)

        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(give)

    async def kept(self) -> T:
        """Return the value when it is there."""
        return await self._future


class Exchange:
    """A request on its way through Prism, and its answer on the way back.

    Attributes:
        request: What the client sent.
        passed: Kept when Prism has passed the request on, or will not.
        judged: Kept when Prism has passed the answer on, or will not.
        upstream: Where Prism waits for the answer; None before it has passed the request on.
        answer: What Prism was told.
        objections: What is not as the document has it.
        limit: Ends an exchange in which Prism does not go on.
    """

    def __init__(self, request: Message) -> None:
        self.request = request
        self.passed: _Promise[None] = _Promise()
        self.judged: _Promise[None] = _Promise()
        self.upstream: _Promise[Message] | None = None
        self.answer: Message | None = None
        self.objections: list[str] = []
        self.limit = asyncio.timeout(None)


class Passage:
    """Runs Prism, and the server that is its upstream in a thread.

    Attributes:
        count: Exchanges so far.
        objections: What there is against them, a sentence for each.
    """

    def __init__(self) -> None:
        self.count = 0
        self.objections: list[str] = []
        self._numbers = itertools.count()
        self._open: dict[str, Exchange] = {}
        self._tasks: set[Future[None]] = set()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal("asyncio"))
            enter = self._portal.wrap_async_context_manager
            upstream = stack.enter_context(enter(_served(self._answer)))
            prism = stack.enter_context(PrismServer(DOCUMENT, before=upstream, errors=False))
            self._url = prism.url
            self._session = stack.enter_context(enter(_session()))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.settle()
        self._stack.close()

    def settle(self) -> None:
        """Wait until all exchanges are judged that have begun."""
        wait(self._tasks)

    async def send(self, request: Message) -> Exchange:
        """Send a request through Prism; return when it has come out."""
        exchange = Exchange(request)
        task = self._portal.start_task_soon(self._ask, exchange)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.count += 1
        try:
            await exchange.passed.kept()
        except BaseException:
            self.leave(exchange)
            raise
        return exchange

    async def send_back(self, exchange: Exchange, answer: Message) -> None:
        """Send an answer through Prism; return when it has come out."""
        self._give(exchange, answer)
        await exchange.judged.kept()

    def leave(self, exchange: Exchange) -> None:
        """Let an exchange end whose answer, if there is none yet, does not reach its client."""
        if exchange.answer is None:
            self._give(exchange, UNHEARD)

    def _give(self, exchange: Exchange, answer: Message) -> None:
        exchange.answer = answer
        if exchange.upstream is not None:
            exchange.upstream.give(answer)

    async def _ask(self, exchange: Exchange) -> None:
        number = str(next(self._numbers))
        self._open[number] = exchange
        try:
            async with asyncio.timeout(_PATIENCE) as exchange.limit:
                await self._pass(exchange, number)
        except (TimeoutError, aiohttp.ClientError) as error:
            exchange.objections.append(f"request: Prism fails over it, {type(error).__name__}")
        finally:
            del self._open[number]
            name = _name(exchange)
            self.objections += [f"{name}: {objection}" for objection in exchange.objections]
            exchange.passed.give(None)
            exchange.judged.give(None)

    async def _pass(self, exchange: Exchange, number: str) -> None:
        request = exchange.request
        method, path = _request_line(request)
        async with self._session.request(
            method,
            URL(self._url + path, encoded=True),
            headers={**_end_to_end(request.headers), _NUMBER: number},
            data=request.body or None,
            allow_redirects=False,
        ) as response:
            come_out = Message(response.status, response.headers, await response.read())
        violations = orjson.loads(response.headers.get(_VIOLATIONS, "[]"))
        exchange.objections += [
            objection
            for objection in map(_sentence, violations)
            if exchange.answer is not UNHEARD or objection.startswith("request")
        ]
        if exchange.answer is None:
            exchange.objections.append(f"request: Prism does not pass it on: {come_out.body!r}")
        elif response.content_type == "application/problem+json":
            exchange.objections.append(f"response: Prism does not pass it on: {come_out.body!r}")
        elif not come_out.is_same(exchange.answer):
            exchange.objections.append("response: Prism passes something else on")

    async def _answer(self, received: web.BaseRequest) -> web.Response:
        exchange = self._open[received.headers[_NUMBER]]
        come_out = Message(
            (received.method, received.raw_path), received.headers, await received.read()
        )
        if not come_out.is_same(exchange.request):
            exchange.objections.append("request: Prism passes something else on")
        exchange.limit.reschedule(None)
        exchange.upstream = _Promise()
        if exchange.answer is not None:  # the client has left
            exchange.upstream.give(exchange.answer)
        exchange.passed.give(None)
        answer = await exchange.upstream.kept()
        exchange.limit.reschedule(asyncio.get_running_loop().time() + _PATIENCE)
        assert isinstance(answer.head, int)
        return web.Response(
            status=answer.head, headers=_end_to_end(answer.headers), body=answer.body
        )


@contextmanager
def led_through(passage: Passage) -> Iterator[None]:
    """Lead what every simulator of this process hears and says through Prism.

    On virtual time the clock stands still while Prism, which is a process, has a message.
    """
    respond, send_slowly = HttpApp._respond, HttpApp._send_slowly  # noqa: SLF001
    under_way: dict[int, Exchange] = {}  # requests cannot be hashed

    async def respond_through(app: HttpApp, request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path.startswith(_control.PREFIX):
            return await respond(app, request)
        message = Message((request.method, request.raw_path), request.headers, await request.read())
        with _stopped_clock():
            exchange = under_way[id(request)] = await passage.send(message)
        try:
            response = await respond(app, request)
            if isinstance(response, web.Response) and _is_open(request):
                assert response.body is None or isinstance(response.body, bytes)
                answer = Message(response.status, response.headers, response.body or b"")
                with _stopped_clock():
                    await passage.send_back(exchange, answer)
        finally:
            del under_way[id(request)]
            passage.leave(exchange)
        return response

    async def send_slowly_through(
        app: HttpApp, request: web.BaseRequest, response: web.StreamResponse, *, content: bytes
    ) -> None:
        answer = Message(response.status, response.headers, content)
        with _stopped_clock():
            await passage.send_back(under_way[id(request)], answer)
        await send_slowly(app, request, response, content=content)

    with mock.patch.multiple(HttpApp, _respond=respond_through, _send_slowly=send_slowly_through):
        yield


@contextmanager
def _stopped_clock() -> Iterator[None]:
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        yield
        return
    loop.threads += 1
    try:
        yield
    finally:
        loop.threads -= 1


@asynccontextmanager
async def _served(
    handle: Callable[[web.BaseRequest], Awaitable[web.Response]],
) -> AsyncIterator[str]:
    """Serve HTTP on a free port; the value is the URL."""
    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    forever = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        connector=connector, max_field_size=_HUGE, timeout=forever
    ) as session:
        yield session


def _is_open(request: web.BaseRequest) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _request_line(request: Message) -> tuple[str, str]:
    assert isinstance(request.head, tuple)
    return request.head


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: each for name, each in headers.items() if name.lower() not in _OF_THE_CONNECTION}


def _content(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body


def _sentence(violation: Mapping[str, Any]) -> str:
    return f"{'.'.join(map(str, violation['location']))}: {violation['message']}"


def _name(exchange: Exchange) -> str:
    method, path = _request_line(exchange.request)
    status = "" if exchange.answer is None else f" {exchange.answer.head}"
    return route_of(method, URL(path, encoded=True)) + status
