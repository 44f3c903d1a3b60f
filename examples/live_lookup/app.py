"""Look-ups live in a browser: a FastAPI application of one page.

    HUM_API_KEY=... uvicorn --app-dir examples/live_lookup app:app

or, with a simulated API behind it, ``hum demo --web``. These routes are the whole interface, and
the pattern for an application of your own:

    POST /lookups         a JSON address, perhaps with "retry" -> 201 {"id": "..."}
    GET  /events?ids=a,b  Server-Sent Events: snapshot, change, providers, done; farewell
    GET  /about           {"simulated": ...}: whether what the page shows is made up
    GET  /                the page

It answers to the names of this machine. Under a name of its own, or behind a proxy that passes the
name on, start it with ``LIVE_LOOKUP_HOSTS=lookup.example.com``, several with commas between.
``LIVE_LOOKUP_LEDGER=hum.sqlite`` records in that file what is bought, so that look-ups survive a
restart. With ``LIVE_LOOKUP_LEDGER='postgresql://localhost/hum?job=web&lease=5'`` and ``uvicorn
--workers 4`` they survive the death of a worker, because any worker serves any look-up.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from hum_async import HumClient, HumError, RetryPolicy
from hum_async.simulator import SIMULATED
from hum_async.web.fastapi import hub_router
from hum_async.web.page_guard import PageGuard

STATIC = Path(__file__).parent / "static"

HOSTS = [name for name in os.environ.get("LIVE_LOOKUP_HOSTS", "").split(",") if name.strip()]


class Revalidated(StaticFiles):
    """Files that a browser asks for again, so that it never runs those of two versions together."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with a file, as `StaticFiles` does."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def new_client() -> HumClient:
    app.state.hum = hum = HumClient(purchases=os.environ.get("LIVE_LOOKUP_LEDGER") or None)
    return hum


app = FastAPI(
    title="Live look-up",
    # The interactive documents load scripts from elsewhere, which PageGuard forbids; the
    # description itself is at /openapi.json.
    docs_url=None,
    redoc_url=None,
)
app.state.simulated = None
app.include_router(hub_router(new_client))
app.add_middleware(PageGuard, hosts=HOSTS)
app.mount("/static", Revalidated(directory=STATIC), name="static")


@app.get("/about")
async def about() -> dict[str, bool | None]:
    """Tell whether the API is a simulated one; null as long as it cannot be reached."""
    if app.state.simulated is None:
        once = app.state.hum.with_options(timeout=3.0, retry=RetryPolicy(attempts=1))
        with suppress(HumError):
            answer = await once.request("GET", "/ping")
            app.state.simulated = SIMULATED in answer.headers
    return {"simulated": app.state.simulated}


@app.get("/")
async def page() -> FileResponse:
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


@app.get("/favicon.svg", include_in_schema=False)
async def icon() -> FileResponse:
    return FileResponse(STATIC / "icon.svg")
