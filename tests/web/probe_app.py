"""A Starlette application that pings often and tells how its hub stands."""

import os

import attrs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hum_async import GuidedPolling, HumClient
from hum_async.web.starlette import (
    EXCEPTION_HANDLERS,
    EventsResponse,
    hub_lifespan,
    hub_of,
    read_address,
    read_ids,
)

PING = 0.5


async def start(request: Request) -> Response:
    return JSONResponse({"id": hub_of(request).lookup(await read_address(request))}, 201)


async def events(request: Request) -> Response:
    ids = read_ids(request.query_params.get("ids", ""))
    last = request.headers.get("last-event-id")
    return EventsResponse(hub_of(request).subscribe(*ids, last_event_id=last), ping=PING)


async def statistics(request: Request) -> Response:
    return JSONResponse(attrs.asdict(hub_of(request).statistics()))


app = Starlette(
    routes=[
        Route("/lookups", start, methods=["POST"]),
        Route("/events", events),
        Route("/statistics", statistics),
    ],
    lifespan=hub_lifespan(
        lambda: HumClient(purchases=os.environ.get("PROBE_LEDGER")),
        policy=GuidedPolling(interval=0.5),
    ),
    exception_handlers=dict(EXCEPTION_HANDLERS),
)
