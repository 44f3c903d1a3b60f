"""A `SessionHub` in a Starlette application; for FastAPI see `hum_async.web.fastapi`.

::

    from starlette.applications import Starlette

    from hum_async.web.starlette import hub_lifespan, hub_routes

    app = Starlette(routes=hub_routes(), lifespan=hub_lifespan())

Routes of your own do the same with `hub_of`, `read_address`, `read_ids` and `EventsResponse`::

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from hum_async.web.starlette import EXCEPTION_HANDLERS, hub_lifespan, hub_of, read_address


    async def start(request: Request) -> JSONResponse:
        lookup_id = hub_of(request).lookup(await read_address(request))
        return JSONResponse({"id": lookup_id}, status_code=201)


    app = Starlette(
        routes=[Route("/mine", start, methods=["POST"])],
        lifespan=hub_lifespan(),
        exception_handlers=EXCEPTION_HANDLERS,
    )

Applications that are mounted in one with `hub_lifespan` use its hub.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Unpack

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hum_async.client import HumClient
from hum_async.errors import AddressError, ConfigurationError, HubError
from hum_async.models import Address
from hum_async.web._asgi import send_events
from hum_async.web._lifespan import HubLifespan
from hum_async.web._subscription import EventStream
from hum_async.web.http import (
    LookupRequest,
    address_from_json,
    lookup_from_json,
    read_body,
    read_ids,
    refusal,
)
from hum_async.web.hub import HubOptions, SessionHub
from hum_async.web.sse import PING_INTERVAL, SSE_HEADERS

__all__ = [
    "EXCEPTION_HANDLERS",
    "EventsResponse",
    "get_hub",
    "hub_lifespan",
    "hub_of",
    "hub_routes",
    "read_address",
    "read_ids",
    "read_lookup",
    "start_lookup",
    "stream_events",
]

_STATE = "hum_hub"
"""Where the state of a lifespan holds the hub, which mounted applications see as well."""

_NO_HUB = (
    "no hub runs for this application, because no lifespan that starts one was run. A server runs "
    "only the lifespan of the application that it serves, not of one that is mounted in it: give "
    "the outer one `lifespan=hub_lifespan()` (mounted ones then use its hub), or include "
    "hub_router() in it. A lifespan of your own must yield what that of hub_lifespan() yields, a "
    "test must enter it (`with TestClient(app)`), and uvicorn must not be told `--lifespan off`."
)


def hub_lifespan(
    client: Callable[[], HumClient] = HumClient, **options: Unpack[HubOptions]
) -> Callable[[Starlette], AbstractAsyncContextManager[Mapping[str, Any]]]:
    """Return a lifespan that runs a hub as ``app.state.hub``.

    In an application that has one already it runs no other, and takes no arguments. It yields the
    state by which mounted applications find the hub; a lifespan of your own passes that on::

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
            async with hub_lifespan()(app) as state, my_database():
                yield state

    Args:
        client: Makes the client when the application starts.
        options: Keyword arguments of `SessionHub`.

    Raises:
        ConfigurationError: When the application starts: it has a hub, and there are arguments.
    """
    shared = HubLifespan(client, options)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[Mapping[str, Any]]:
        async with shared.run(getattr(app.state, "hub", None)) as hub:
            app.state.hub = hub
            yield {_STATE: hub}

    return lifespan


def hub_of(connection: HTTPConnection) -> SessionHub:
    """Return the hub of the application that a request or WebSocket belongs to.

    It is the application's own, or that of the one in which the application is mounted.

    Raises:
        ConfigurationError: There is none.
    """
    hub = getattr(connection.app.state, "hub", None) or getattr(connection.state, _STATE, None)
    if not isinstance(hub, SessionHub):
        raise ConfigurationError(_NO_HUB)
    return hub


def hub_routes() -> list[Route]:
    """Return ``POST /lookups`` and ``GET /events``, which answer what the hub refuses as well."""
    return [
        Route("/lookups", start_lookup, methods=["POST"]),
        Route("/events", stream_events, methods=["GET"]),
    ]


async def start_lookup(request: Request) -> Response:
    """Start the look-up that a request asks for: 201 ``{"id": ...}``, or a refusal as JSON."""
    return await answer_start(request, hub_of(request))


async def stream_events(request: Request) -> Response:
    """Answer ``?ids=a,b`` with the events of these look-ups, or with a refusal as JSON."""
    return await answer_events(request, hub_of(request))


async def answer_start(request: Request, hub: SessionHub) -> Response:
    """Answer as `start_lookup`, of a hub."""
    try:
        wanted = await read_lookup(request)
        lookup_id = hub.lookup(wanted.address, retry=wanted.retry)
    except (HubError, AddressError) as error:
        return await _refuse(request, error)
    return JSONResponse({"id": lookup_id}, status_code=201)


async def answer_events(request: Request, hub: SessionHub) -> Response:
    """Answer as `stream_events`, of a hub."""
    try:
        ids = read_ids(request.query_params.get("ids", ""))
        last = request.headers.get("last-event-id")
        return EventsResponse(hub.subscribe(*ids, last_event_id=last))
    except (HubError, AddressError) as error:
        return await _refuse(request, error)


async def get_hub(connection: HTTPConnection) -> SessionHub:
    """Return the hub: a dependency of FastAPI, ``Annotated[SessionHub, Depends(get_hub)]``."""
    # FastAPI would run one that is no coroutine in a thread, for each request.
    return hub_of(connection)


async def read_lookup(request: Request) -> LookupRequest:
    """Return the look-up that a request's JSON body asks for; also a FastAPI dependency.

    Raises:
        BadRequest: There is none, or the body is too large.
        AddressError: Its address cannot be read.
    """
    return lookup_from_json(await read_body(request.stream()), request.headers.get("content-type"))


async def read_address(request: Request) -> Address:
    """Return the address in a request's JSON body; also a FastAPI dependency.

    Raises:
        BadRequest: There is none, or the body is too large.
        AddressError: It cannot be read.
    """
    return address_from_json(await read_body(request.stream()), request.headers.get("content-type"))


class EventsResponse(Response):
    """Server-Sent Events.

    Args:
        events: What `SessionHub.subscribe` returned.
        status_code: The status, if the browser has not got everything already: then it is 204.
        ping: Seconds without an event after which a comment is sent.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: EventStream, status_code: int = 200, *, ping: float = PING_INTERVAL
    ) -> None:
        headers = None if events.over else SSE_HEADERS
        super().__init__(status_code=204 if events.over else status_code, headers=headers)
        # A stream has no length, and nothing has no type.
        del self.headers["content-type" if events.over else "content-length"]
        self._events = events
        self._ping = ping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, as every ASGI application does."""
        await send_events(
            self._events,
            scope,
            receive,
            send,
            ping=self._ping,
            status=self.status_code,
            headers=self.raw_headers,
        )
        if self.background is not None:
            await self.background()


async def _refuse(request: Request, error: HubError | AddressError) -> Response:
    answer = refusal(error, http_version=request.scope["http_version"])
    return Response(answer.body, answer.status, headers=dict(answer.headers))


EXCEPTION_HANDLERS: Final[
    dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]]
] = {HubError: _refuse, AddressError: _refuse}
"""Answers what a hub refuses, for the argument ``exception_handlers`` of an application."""
