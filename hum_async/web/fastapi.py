"""A `SessionHub` in a FastAPI application.

::

    from fastapi import FastAPI

    from hum_async.web.fastapi import hub_router

    app = FastAPI()
    app.include_router(hub_router())

That is ``POST /lookups`` and ``GET /events``, a hub that runs as long as the application, and all
of it in ``/openapi.json``. Routes of your own take the hub as a dependency::

    from typing import Annotated

    from fastapi import Depends, FastAPI

    from hum_async import SessionHub
    from hum_async.web.fastapi import get_hub, hub_router

    app = FastAPI()
    app.include_router(hub_router(max_running=64), prefix="/internet")


    @app.get("/health")
    async def health(hub: Annotated[SessionHub, Depends(get_hub)]) -> dict[str, int]:
        return {"running": hub.statistics().running}
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, Unpack

from fastapi import APIRouter, Depends, Request, Response
from pydantic import TypeAdapter

from hum_async.client import HumClient
from hum_async.web import _openapi
from hum_async.web._openapi import Answer
from hum_async.web._schemas import EventData, HubRefusal
from hum_async.web.hub import HubOptions, SessionHub
from hum_async.web.starlette import (
    EXCEPTION_HANDLERS,
    EventsResponse,
    answer_events,
    answer_start,
    get_hub,
    hub_lifespan,
    hub_of,
    read_address,
    read_ids,
    read_lookup,
)

__all__ = [
    "EXCEPTION_HANDLERS",
    "EventsResponse",
    "get_hub",
    "hub_lifespan",
    "hub_of",
    "hub_router",
    "read_address",
    "read_ids",
    "read_lookup",
]


def hub_router(
    client: Callable[[], HumClient] = HumClient, **options: Unpack[HubOptions]
) -> APIRouter:
    """Return a router with ``POST /lookups`` and ``GET /events``, for ``app.include_router``.

    It runs a hub as long as the application that includes it, beside that application's own
    lifespan, unless there is one already (`hub_lifespan`). ``include_router`` takes a prefix, tags,
    and dependencies, such as who may ask.

    Args:
        client: Makes the client when the application starts.
        options: Keyword arguments of `SessionHub`.

    Raises:
        ConfigurationError: When the application starts: it has a hub, and there are arguments.
    """
    router = APIRouter(lifespan=hub_lifespan(client, **options))
    router.add_api_route(
        "/lookups",
        start_lookup,
        methods=["POST"],
        status_code=201,
        response_model=_openapi.STARTED.schema,
        response_description=_openapi.STARTED.description,
        responses={status: _by_model(answer) for status, answer in _openapi.START_REFUSALS.items()},
        summary=_openapi.START_SUMMARY,
        description=_openapi.START_DESCRIPTION,
        openapi_extra={"requestBody": _REQUEST_BODY},
    )
    router.add_api_route(
        "/events",
        stream_events,
        methods=["GET"],
        response_class=EventsResponse,
        response_description=_openapi.STREAM,
        responses={
            200: {"model": EventData},
            204: {"description": _openapi.NOTHING_LEFT},
            **{status: _by_schema(answer) for status, answer in _openapi.EVENTS_REFUSALS.items()},
        },
        summary=_openapi.EVENTS_SUMMARY,
        description=_openapi.EVENTS_DESCRIPTION,
        openapi_extra={"parameters": _EVENTS_PARAMETERS, "responses": _EVENTS_RESPONSES},
    )
    return router


# Tests may replace it: `app.dependency_overrides[get_hub]`.
_Hub = Annotated[SessionHub, Depends(get_hub)]


async def start_lookup(request: Request, hub: _Hub) -> Response:
    """Start the look-up that a request asks for."""
    return await answer_start(request, hub)


async def stream_events(request: Request, hub: _Hub) -> Response:
    """Answer with the events of look-ups."""
    return await answer_events(request, hub)


_REQUEST_BODY: Final = {
    "required": True,
    "content": {"application/json": {"schema": _openapi.LOOKUP_REQUEST}},
}
_EVENTS_PARAMETERS: Final = [
    {
        "name": _openapi.IDS,
        "in": "query",
        "required": True,
        "description": _openapi.IDS_DESCRIPTION,
        "schema": {"type": "string"},
    },
    {
        "name": _openapi.LAST_EVENT_ID,
        "in": "header",
        "description": _openapi.LAST_EVENT_ID_DESCRIPTION,
        "schema": {"type": "string"},
    },
]
# FastAPI takes what is not JSON for text.
_EVENTS_RESPONSES: Final = {
    "200": {"content": {"text/event-stream": {"schema": {"type": "object", "title": "EventData"}}}}
}


def _by_model(answer: Answer) -> dict[str, Any]:
    """Describe an answer by a type, which FastAPI writes in the media type of the route."""
    return {"model": answer.schema, **_words(answer)}


def _by_schema(answer: Answer) -> dict[str, Any]:
    """Describe a JSON answer of a route whose media type is another."""
    schema = (
        # FastAPI writes it for the other route.
        {"$ref": f"#/components/schemas/{HubRefusal.__name__}"}
        if answer.schema is HubRefusal
        else TypeAdapter(answer.schema).json_schema()
    )
    return {"content": {"application/json": {"schema": schema}}, **_words(answer)}


def _words(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.retry:
        seconds = {
            "description": _openapi.RETRY_AFTER_DESCRIPTION,
            "schema": {"type": "integer"},
        }
        described["headers"] = {_openapi.RETRY_AFTER: seconds}
    return described
