"""A `SessionHub` in a Starlette or FastAPI application.

::

    app = FastAPI(lifespan=hub_lifespan(), exception_handlers=EXCEPTION_HANDLERS)


    @app.post("/lookups", status_code=201)
    async def start(request: Request) -> dict[str, str]:
        return {"id": hub_of(request).lookup(await read_address(request))}


    @app.get("/events")
    async def events(request: Request, ids: str) -> EventsResponse:
        last = request.headers.get("last-event-id")
        return EventsResponse(hub_of(request).subscribe(*read_ids(ids), last_event_id=last))
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Unpack

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hum_async.client import HumClient
from hum_async.errors import AddressError, HubError
from hum_async.models import Address
from hum_async.web._asgi import send_events
from hum_async.web._subscription import EventStream
from hum_async.web.http import address_from_json, read_body, read_ids, refusal
from hum_async.web.hub import HubOptions, SessionHub, run_hub
from hum_async.web.sse import PING_INTERVAL

__all__ = [
    "EXCEPTION_HANDLERS",
    "EventsResponse",
    "get_hub",
    "hub_lifespan",
    "hub_of",
    "read_address",
    "read_ids",
]


def hub_lifespan(
    client: Callable[[], HumClient] = HumClient, **options: Unpack[HubOptions]
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """Return a lifespan that runs a hub as ``app.state.hub``.

    Args:
        client: Makes the client when the application starts.
        options: Keyword arguments of `SessionHub`.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        async with run_hub(client, options) as hub:
            app.state.hub = hub
            yield

    return lifespan


def hub_of(connection: HTTPConnection) -> SessionHub:
    """Return the hub of the application that a request or WebSocket belongs to."""
    hub: SessionHub = connection.app.state.hub
    return hub


async def get_hub(connection: HTTPConnection) -> SessionHub:
    """Return the hub: a dependency of FastAPI, ``Annotated[SessionHub, Depends(get_hub)]``."""
    # FastAPI would run one that is no coroutine in a thread, for each request.
    return hub_of(connection)


async def read_address(request: Request) -> Address:
    """Return the address in a request's JSON body; also a FastAPI dependency.

    Raises:
        BadRequest: There is none, or the body is too large.
        AddressError: It cannot be read.
    """
    return address_from_json(await read_body(request.stream()), request.headers.get("content-type"))


class EventsResponse(Response):
    """Server-Sent Events; 204 if the browser has got everything already.

    Args:
        events: What `SessionHub.subscribe` returned.
        ping: Seconds without an event after which a comment is sent.
    """

    media_type = "text/event-stream"

    def __init__(self, events: EventStream, *, ping: float = PING_INTERVAL) -> None:
        super().__init__(status_code=204 if events.over else 200)
        self._events = events
        self._ping = ping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, as every ASGI application does."""
        await send_events(self._events, scope, receive, send, ping=self._ping)
        if self.background is not None:
            await self.background()


async def _refuse(request: Request, error: Exception) -> Response:
    if not isinstance(error, HubError | AddressError):
        raise error
    answer = refusal(error, http_version=request.scope["http_version"])
    return Response(answer.body, answer.status, headers=dict(answer.headers))


EXCEPTION_HANDLERS: Final[Mapping[Any, Any]] = {HubError: _refuse, AddressError: _refuse}
"""Answers what a hub refuses, for the argument ``exception_handlers`` of an application."""
