"""A `SessionHub` in a Litestar application.

::

    from litestar import Litestar

    from hum_async.web.litestar import HubPlugin

    app = Litestar(plugins=[HubPlugin()])

That is ``POST /lookups`` and ``GET /events``, a hub that runs as long as the application, all of it
in ``/schema``, and the dependency ``hub`` for handlers of your own::

    from typing import Any

    from litestar import Litestar, Request, post
    from litestar.di import NamedDependency

    from hum_async import SessionHub
    from hum_async.web.litestar import HubPlugin, read_address


    @post("/mine")
    async def start(
        request: Request[Any, Any, Any], hub: NamedDependency[SessionHub]
    ) -> dict[str, str]:
        return {"id": hub.lookup(await read_address(request))}


    app = Litestar([start], plugins=[HubPlugin(path="/internet", max_running=64)])
"""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Unpack, cast

from litestar import Litestar, Request, Response, Router, get, post
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)
from litestar.plugins import InitPlugin
from litestar.types import ASGIApp, Receive, Scope, Send

from hum_async.client import HumClient
from hum_async.errors import AddressError, ConfigurationError, HubError
from hum_async.models import Address
from hum_async.web import _openapi
from hum_async.web._asgi import send_events
from hum_async.web._lifespan import HubLifespan
from hum_async.web._openapi import Answer
from hum_async.web._schemas import EventData, LookupStarted
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
from hum_async.web.sse import PING_INTERVAL

__all__ = [
    "EXCEPTION_HANDLERS",
    "HubPlugin",
    "events_response",
    "hub_lifespan",
    "hub_of",
    "provide_hub",
    "read_address",
    "read_ids",
    "read_lookup",
]

logger = logging.getLogger("hum_async.web")

_NO_HUB = (
    "no hub runs for this application, because no lifespan that starts one was run. A server runs "
    "only the lifespan of the application that it serves, not of one that is mounted in it: give "
    "the outer one `plugins=[HubPlugin()]`, with its `path` for the routes; a test must enter the "
    "lifespan (`with TestClient(app)`)"
)


def hub_lifespan(
    client: Callable[[], HumClient] = HumClient, **options: Unpack[HubOptions]
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Return a lifespan that runs a hub; arguments as `hum_async.web.starlette.hub_lifespan`."""
    shared = HubLifespan(client, options)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        async with shared.run(app.state.get("hub")) as hub:
            app.state.hub = hub
            yield

    return lifespan


def hub_of(app: Litestar) -> SessionHub:
    """Return the hub of an application, such as ``request.app``.

    Raises:
        ConfigurationError: There is none.
    """
    return provide_hub(app.state)


def provide_hub(state: State) -> SessionHub:
    """Return the application's hub: a dependency.

    Raises:
        ConfigurationError: There is none.
    """
    hub = state.get("hub")
    if not isinstance(hub, SessionHub):
        # Litestar logs an exception of a handler only in its debug mode.
        logger.error(_NO_HUB)
        raise ConfigurationError(_NO_HUB)
    return hub


async def read_lookup(request: Request[Any, Any, Any]) -> LookupRequest:
    """Return the look-up that a request's JSON body asks for.

    Raises:
        BadRequest: There is none, or the body is too large.
        AddressError: Its address cannot be read.
    """
    return lookup_from_json(await read_body(request.stream()), request.headers.get("content-type"))


async def read_address(request: Request[Any, Any, Any]) -> Address:
    """Return the address in a request's JSON body.

    Raises:
        BadRequest: There is none, or the body is too large.
        AddressError: It cannot be read.
    """
    return address_from_json(await read_body(request.stream()), request.headers.get("content-type"))


def events_response(events: EventStream, *, ping: float = PING_INTERVAL) -> ASGIApp:
    """Return Server-Sent Events as a response; 204 if the browser has got everything already.

    Args:
        events: What `SessionHub.subscribe` returned.
        ping: Seconds without an event after which a comment is sent.
    """

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        await send_events(events, scope, receive, send, ping=ping)  # type: ignore[arg-type]

    return respond


def _refuse(request: Request[Any, Any, Any], error: HubError | AddressError) -> Response[bytes]:
    answer = refusal(error, http_version=request.scope["http_version"])
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


EXCEPTION_HANDLERS: Final[
    dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]]
] = {HubError: _refuse, AddressError: _refuse}
"""Answers what a hub refuses, for the argument ``exception_handlers`` of an application."""


class HubPlugin(InitPlugin):
    """Adds ``POST /lookups``, ``GET /events``, the dependency ``hub``, and the hub itself.

    An application that has a hub (`hub_lifespan`), a dependency of that name, or handlers for what
    a hub refuses, keeps them.

    Args:
        client: Makes the client when the application starts.
        path: Where the routes are.
        options: Keyword arguments of `SessionHub`.

    Raises:
        ConfigurationError: When the application starts: it has a hub, and there are arguments.
    """

    def __init__(
        self,
        client: Callable[[], HumClient] = HumClient,
        *,
        path: str = "/",
        **options: Unpack[HubOptions],
    ) -> None:
        self._lifespan = hub_lifespan(client, **options)
        self._path = path

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add them, as Litestar asks of every plugin."""
        config: Any = app_config  # Litestar's types leave some of their arguments out
        config.lifespan.append(self._lifespan)
        config.dependencies.setdefault("hub", Provide(provide_hub, sync_to_thread=False))
        config.exception_handlers = {**EXCEPTION_HANDLERS, **config.exception_handlers}
        routes = Router(self._path, route_handlers=[_start_lookup, _stream_events])
        config.route_handlers.append(routes)
        return app_config


class _LookupRequest(Schema):
    """Says what we read of a body ourselves."""

    def to_schema(self) -> dict[str, Any]:
        return _openapi.LOOKUP_REQUEST


def _tell_when_to_come_back(operation: Operation, answers: dict[int, Answer]) -> None:
    # A ResponseSpec has no place for headers.
    for status, answer in answers.items():
        described = (operation.responses or {}).get(str(status))
        if answer.retry and isinstance(described, OpenAPIResponse):
            seconds = Schema(type=OpenAPIType.INTEGER)
            header = OpenAPIHeader(schema=seconds, description=_openapi.RETRY_AFTER_DESCRIPTION)
            described.headers = {**(described.headers or {}), _openapi.RETRY_AFTER: header}


@dataclass
class _StartOperation(Operation):
    def __post_init__(self) -> None:
        _tell_when_to_come_back(self, _openapi.START_REFUSALS)
        content = {"application/json": OpenAPIMediaType(schema=_LookupRequest())}
        self.request_body = RequestBody(content, required=True)


@dataclass
class _EventsOperation(Operation):
    def __post_init__(self) -> None:
        _tell_when_to_come_back(self, _openapi.EVENTS_REFUSALS)
        text = Schema(type=OpenAPIType.STRING)
        self.parameters = [
            Parameter(
                _openapi.IDS, "query", text, description=_openapi.IDS_DESCRIPTION, required=True
            ),
            Parameter(
                _openapi.LAST_EVENT_ID,
                "header",
                text,
                description=_openapi.LAST_EVENT_ID_DESCRIPTION,
                required=False,
            ),
        ]


def _specified(answers: dict[int, Answer]) -> dict[int, ResponseSpec]:
    return {
        status: ResponseSpec(answer.schema, generate_examples=False, description=answer.description)
        for status, answer in answers.items()
    }


@post(
    "/lookups",
    summary=_openapi.START_SUMMARY,
    description=_openapi.START_DESCRIPTION,
    response_description=_openapi.STARTED.description,
    responses=_specified(_openapi.START_REFUSALS),
    operation_class=_StartOperation,
)
async def _start_lookup(request: Request[Any, Any, Any]) -> LookupStarted:
    hub, wanted = hub_of(request.app), await read_lookup(request)
    return LookupStarted(hub.lookup(wanted.address, retry=wanted.retry))


@get(
    "/events",
    summary=_openapi.EVENTS_SUMMARY,
    description=_openapi.EVENTS_DESCRIPTION,
    responses={
        200: ResponseSpec(
            cast("Any", EventData),  # Litestar reads unions, though it does not say so
            generate_examples=False,
            description=_openapi.STREAM,
            media_type="text/event-stream",
        ),
        204: ResponseSpec(None, description=_openapi.NOTHING_LEFT),
        **_specified(_openapi.EVENTS_REFUSALS),
    },
    operation_class=_EventsOperation,
)
async def _stream_events(request: Request[Any, Any, Any]) -> ASGIApp:
    hub, ids = hub_of(request.app), read_ids(request.query_params.get("ids", ""))
    last = request.headers.get("last-event-id")
    return events_response(hub.subscribe(*ids, last_event_id=last))
