"""Event streams over plain ASGI, for every framework that stands on it."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from hum_async.web._stream_writer import write_stream
from hum_async.web._subscription import EventStream
from hum_async.web.sse import SSE_HEADERS, SseStream

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


_STREAM_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SSE_HEADERS.items()]


async def send_events(  # noqa: PLR0913  the last three by name
    events: EventStream,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    ping: float,
    status: int = 200,
    headers: Iterable[tuple[bytes, bytes]] | None = None,
) -> None:
    """Answer a request with events.

    Args:
        events: What `SessionHub.subscribe` returned. If no event is left, the answer is 204,
            after which a browser does not come back.
        scope: The request's.
        receive: The request's.
        send: The request's.
        ping: Seconds without an event after which a comment is sent.
        status: The status, unless it is 204.
        headers: Those of the answer; None for what a stream needs.
    """
    over, head = events.over, scope["method"] == "HEAD"
    if headers is None:
        headers = [] if over else _STREAM_HEADERS
    start = {"status": 204 if over else status, "headers": headers}
    try:
        await send({"type": "http.response.start", **start})
        if over or head:
            await send({"type": "http.response.body", "body": b""})
    except BaseException:
        events.close()
        raise
    if over or head:
        events.close()
        return
    stream = SseStream(events, ping=ping)

    async def write(chunk: bytes) -> None:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})

    if await write_stream(stream, write, left=_disconnected(receive)):
        await send({"type": "http.response.body", "body": b""})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
