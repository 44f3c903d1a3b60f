"""A `SessionHub` in an ``aiohttp.web`` application.

::

    from aiohttp import web

    from hum_async.web.aiohttp import setup_hub

    app = web.Application()
    setup_hub(app, routes=True)

That is ``POST /lookups`` and ``GET /events``, and a hub that runs as long as the application, or as
the one that it becomes a sub-application of. Handlers of your own find the hub with `hub_of`::

    from aiohttp import web

    from hum_async.web.aiohttp import hub_of, read_address, setup_hub


    async def start(request: web.Request) -> web.Response:
        lookup_id = hub_of(request).lookup(await read_address(request))
        return web.json_response({"id": lookup_id}, status=201)


    app = web.Application()
    setup_hub(app)
    app.router.add_post("/mine", start)
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Unpack

from aiohttp import web

from hum_async.client import HumClient
from hum_async.errors import AddressError, ConfigurationError, HubError
from hum_async.models import Address
from hum_async.web._lifespan import run_hub
from hum_async.web._stream_writer import write_stream
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
from hum_async.web.sse import PING_INTERVAL, SSE_HEADERS, SseStream

__all__ = [
    "HUB",
    "hub_of",
    "read_address",
    "read_ids",
    "read_lookup",
    "send_events",
    "setup_hub",
    "start_lookup",
    "stream_events",
]

HUB = web.AppKey("HUB", SessionHub)
"""Where an application keeps its hub."""


def setup_hub(
    app: web.Application,
    client: Callable[[], HumClient] = HumClient,
    *,
    routes: bool = False,
    **options: Unpack[HubOptions],
) -> None:
    """Run a hub as long as the application runs, and answer what it refuses.

    Sub-applications use it too.

    Args:
        app: The application, before it starts.
        client: Makes the client when the application starts.
        routes: Add ``POST /lookups`` and ``GET /events``. To have them elsewhere, set up a
            `aiohttp.web.Application` and add it with ``add_subapp("/path", ...)``.
        options: Keyword arguments of `SessionHub`.

    Raises:
        ConfigurationError: The application has a hub already.
    """
    if _say_farewell in app.on_shutdown:
        raise ConfigurationError("setup_hub() was called for this application before; call it once")

    async def keep_hub(app: web.Application) -> AsyncIterator[None]:
        async with run_hub(client, options) as hub:
            app[HUB] = hub
            yield

    app.cleanup_ctx.append(keep_hub)
    # For applications that are stopped without a signal.
    app.on_shutdown.append(_say_farewell)
    app.middlewares.append(_refuse)
    if routes:
        app.router.add_post("/lookups", start_lookup)
        app.router.add_get("/events", stream_events)


def hub_of(request: web.Request) -> SessionHub:
    """Return the hub of a request's application, or of one that this is a sub-application of.

    Raises:
        ConfigurationError: There is none.
    """
    hub = request.config_dict.get(HUB)
    if hub is None:
        raise ConfigurationError(
            "no hub runs for this application: call setup_hub() for it, or for the application "
            "that it is a sub-application of, before the server starts"
        )
    return hub


async def start_lookup(request: web.Request) -> web.Response:
    """Start the look-up that a request asks for: 201 ``{"id": ...}``."""
    wanted = await read_lookup(request)
    lookup_id = hub_of(request).lookup(wanted.address, retry=wanted.retry)
    return web.json_response({"id": lookup_id}, status=201)


async def stream_events(request: web.Request) -> web.StreamResponse:
    """Answer ``?ids=a,b`` with the events of these look-ups."""
    hub, ids = hub_of(request), read_ids(request.query.get("ids", ""))
    last = request.headers.get("Last-Event-ID")
    return await send_events(request, hub.subscribe(*ids, last_event_id=last))


async def read_lookup(request: web.Request) -> LookupRequest:
    """Return the look-up that a request's JSON body asks for.

    Raises:
        BadRequest: There is none, or the body is too large.
        AddressError: Its address cannot be read.
    """
    body = await read_body(request.content.iter_any())
    return lookup_from_json(body, request.headers.get("Content-Type"))


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
