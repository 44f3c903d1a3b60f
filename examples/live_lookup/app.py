"""Look-ups live in a browser: a FastAPI application of one page.

    HUM_API_KEY=... uvicorn --app-dir examples/live_lookup app:app

or, with a simulated API behind it, ``hum demo --web``. Three routes are the whole interface, and
the pattern for an application of your own:

    POST /lookups         a JSON address -> 201 {"id": "..."}
    GET  /events?ids=a,b  Server-Sent Events: snapshot, change, providers, done; farewell
    GET  /                the page
"""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Header
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from hum_async import Address
from hum_async.web import SessionHub
from hum_async.web.starlette import (
    EXCEPTION_HANDLERS,
    EventsResponse,
    get_hub,
    hub_lifespan,
    read_address,
    read_ids,
)

STATIC = Path(__file__).parent / "static"

app = FastAPI(
    title="Live look-up", lifespan=hub_lifespan(), exception_handlers=dict(EXCEPTION_HANDLERS)
)
app.mount("/static", StaticFiles(directory=STATIC), name="static")
Hub = Annotated[SessionHub, Depends(get_hub)]


@app.post("/lookups", status_code=201)
async def start(hub: Hub, address: Annotated[Address, Depends(read_address)]) -> dict[str, str]:
    return {"id": hub.lookup(address)}


@app.get("/events", response_class=EventsResponse)
async def events(
    hub: Hub, ids: str = "", last_event_id: Annotated[str | None, Header()] = None
) -> EventsResponse:
    return EventsResponse(hub.subscribe(*read_ids(ids), last_event_id=last_event_id))


@app.get("/")
async def page() -> FileResponse:
    return FileResponse(
        STATIC / "index.html", headers={"Content-Security-Policy": "default-src 'self'"}
    )


@app.get("/favicon.svg", include_in_schema=False)
async def icon() -> FileResponse:
    return FileResponse(STATIC / "icon.svg")
