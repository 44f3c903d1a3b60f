"""A `SessionHub` in an ``aiohttp.web`` application.

::

    async def start(request: web.Request) -> web.Response:
        lookup_id = request.app[HUB].lookup(await read_address(request))
        return web.json_response({"id": lookup_id}, status=201)


    async def events(request: web.Request) -> web.StreamResponse:
        ids, last = read_ids(request.query.get("ids", "")), request.headers.get("Last-Event-ID")
        return await send_events(request, request.app[HUB].subscribe(*ids, last_event_id=last))


    app = web.Application()
    setup_hub(app)
    app.add_routes([web.post("/lookups", start), web.get("/events", events)])
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Unpack

from aiohttp import web

from hum_async.client import HumClient
from hum_async.errors import AddressError, HubError
from hum_async.models import Address
from hum_async.web._stream_writer import write_stream
from hum_async.web._subscription import EventStream
from hum_async.web.http import address_from_json, read_body, read_ids, refusal
from hum_async.web.hub import HubOptions, SessionHub, run_hub
from hum_async.web.sse import PING_INTERVAL, SSE_HEADERS, SseStream

__all__ = ["HUB", "read_address", "read_ids", "send_events", "setup_hub"]

HUB = web.AppKey("HUB", SessionHub)
"""Where an application keeps its hub."""


def setup_hub(
    app: web.Application, client: Callable[[], HumClient] = HumClient, **options: Unpack[HubOptions]
) -> None:
    """Run a hub as long as the application runs, and answer what it refuses.

    Args:
        app: The application, before it starts.
        client: Makes the client when the application starts.
        options: Keyword arguments of `SessionHub`.
    """

    async def keep_hub(app: web.Application) -> AsyncIterator[None]:
        async with run_hub(client, options) as hub:
            app[HUB] = hub
            yield

    app.cleanup_ctx.append(keep_hub)
    # For applications that are stopped without a signal.
    app.on_shutdown.append(_say_farewell)
    app.middlewares.append(_refuse)


async def read_address(request: web.Request) -> Address:
    """Return the address in a request's JSON body.

    Raises:
        BadRequest: There is none, or the body is too large.
        AddressError: It cannot be read.
    """
    body = await read_body(request.content.iter_any())
    return address_from_json(body, request.headers.get("Content-Type"))


async def send_events(
    request: web.Request, events: EventStream, *, ping: float = PING_INTERVAL
) -> web.StreamResponse:
    """Answer with Server-Sent Events; with 204 if the browser has got everything already.

    Args:
        request: The request.
        events: What `SessionHub.subscribe` returned.
        ping: Seconds without an event after which a comment is sent.
    """
    if events.over:
        return web.Response(status=204)
    if request.method == "HEAD":
        events.close()
        return web.Response(headers=SSE_HEADERS)
    response = web.StreamResponse(headers=SSE_HEADERS)
    stream = SseStream(events, ping=ping)
    try:
        await response.prepare(request)
    except BaseException:
        stream.close()
        raise
    await write_stream(stream, response.write)
    return response


async def _say_farewell(app: web.Application) -> None:
    app[HUB].close()


@web.middleware
async def _refuse(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except (HubError, AddressError) as error:
        answer = refusal(error)
        response = web.Response(body=answer.body, status=answer.status, headers=answer.headers)
        if "Connection" in answer.headers:
            response.force_close()
        return response
