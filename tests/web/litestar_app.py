"""A Litestar application, as the module hum_async.web.litestar shows it."""

from typing import Any

from litestar import Litestar, Request, get, post
from litestar.di import NamedDependency, Provide
from litestar.types import ASGIApp

from hum_async import GuidedPolling
from hum_async.web import SessionHub
from hum_async.web.litestar import (
    EXCEPTION_HANDLERS,
    events_response,
    hub_lifespan,
    provide_hub,
    read_address,
    read_ids,
)

Hub = NamedDependency[SessionHub]


@post("/lookups")
async def start(request: Request[Any, Any, Any], hub: Hub) -> dict[str, str]:
    return {"id": hub.lookup(await read_address(request))}


@get("/events")
async def events(request: Request[Any, Any, Any], hub: Hub) -> ASGIApp:
    ids = read_ids(request.query_params.get("ids", ""))
    last = request.headers.get("last-event-id")
    return events_response(hub.subscribe(*ids, last_event_id=last))


app = Litestar(
    [start, events],
    lifespan=[hub_lifespan(policy=GuidedPolling(interval=0.5))],
    dependencies={"hub": Provide(provide_hub, sync_to_thread=False)},
    exception_handlers=dict(EXCEPTION_HANDLERS),
)
