"""The same with aiohttp.web."""

import sys

import attrs
from aiohttp import web
from probe_app import PING

from hum_async.web.aiohttp import HUB, read_address, read_ids, send_events, setup_hub


async def start(request: web.Request) -> web.Response:
    lookup_id = request.app[HUB].lookup(await read_address(request))
    return web.json_response({"id": lookup_id}, status=201)


async def events(request: web.Request) -> web.StreamResponse:
    ids = read_ids(request.query.get("ids", ""))
    return await send_events(request, request.app[HUB].subscribe(*ids), ping=PING)


async def statistics(request: web.Request) -> web.Response:
    return web.json_response(attrs.asdict(request.app[HUB].statistics()))


app = web.Application()
setup_hub(app)
app.add_routes(
    [web.post("/lookups", start), web.get("/events", events), web.get("/statistics", statistics)]
)

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
