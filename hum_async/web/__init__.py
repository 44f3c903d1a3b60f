"""Look-ups inside a web backend: one poll, many browsers.

::

    async with HumClient() as hum, SessionHub(hum) as hub:
        lookup_id = hub.lookup(address)
        async for event in hub.subscribe(lookup_id):
            await response.write(encode_sse(event))

`hum_async.web.fastapi`, `hum_async.web.starlette`, `hum_async.web.litestar` and
`hum_async.web.aiohttp` join it to a framework; none of them is imported before you do.
"""

from hum_async.web._subscription import EventStream
from hum_async.web.events import EventKind, HubEvent
from hum_async.web.hub import HubStatistics, SessionHub
from hum_async.web.sse import PING, SSE_HEADERS, SseStream, encode_json, encode_sse

__all__ = [
    "PING",
    "SSE_HEADERS",
    "EventKind",
    "EventStream",
    "HubEvent",
    "HubStatistics",
    "SessionHub",
    "SseStream",
    "encode_json",
    "encode_sse",
]
