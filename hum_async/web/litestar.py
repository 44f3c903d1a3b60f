"""A `SessionHub` in a Litestar application.

::

    @post("/lookups")
    async def start(request: Request, hub: NamedDependency[SessionHub]) -> dict[str, str]:
        return {"id": hub.lookup(await read_address(request))}


    @get("/events")
    async def events(request: Request, hub: NamedDependency[SessionHub]) -> ASGIApp:
        ids = read_ids(request.query_params.get("ids", ""))
        last = request.headers.get("last-event-id")
        return events_response(hub.subscribe(*ids, last_event_id=last))


    app = Litestar(
        [start, events],
        lifespan=[hub_lifespan()],
        dependencies={"hub": Provide(provide_hub, sync_to_thread=False)},
        exception_handlers=EXCEPTION_HANDLERS,
    )
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Unpack

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.types import ASGIApp, Receive, Scope, Send

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
    "events_response",
    "hub_lifespan",
    "provide_hub",
    "read_address",
    "read_ids",
]


def hub_lifespan(
    client: Callable[[], HumClient] = HumClient, **options: Unpack[HubOptions]
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Return a lifespan that runs a hub; arguments as `hum_async.web.starlette.hub_lifespan`."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        async with run_hub(client, options) as hub:
            app.state.hub = hub
            yield

    return lifespan


def provide_hub(state: State) -> SessionHub:
    """Return the application's hub: a dependency."""
    hub: SessionHub = state.hub
    return hub


async def read_address(request: Request[Any, Any, Any]) -> Address:
    """Return the address in a request's JSON body.

    Raises:
        BadRequest: There is none, or the body is too large.
        AddressError: It cannot be read.
    """
    return address_from_json(await read_body(request.stream()), request.headers.get("content-type"))


def events_response(events: EventStream, *, ping: float = PING_INTERVAL) -> ASGIApp:
    """Return Server-Sent Events as a response; 204 if the browser has got everything already."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        await send_events(events, scope, receive, send, ping=ping)  # type: ignore[arg-type]

    return respond


def _refuse(request: Request[Any, Any, Any], error: HubError | AddressError) -> Response[bytes]:
    answer = refusal(error, http_version=request.scope["http_version"])
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


EXCEPTION_HANDLERS: Final[Mapping[Any, Any]] = {HubError: _refuse, AddressError: _refuse}
"""Answers what a hub refuses, for the argument ``exception_handlers`` of an application."""
