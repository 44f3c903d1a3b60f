"""Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import asyncio
from collections.abc import Coroutine, Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from hum_async._polling.stream import ClosableIterator
from hum_async.web._subscription import EventStream
from hum_async.web.events import HubEvent

__all__ = ["PING", "SSE_HEADERS", "SseStream", "encode_json", "encode_sse"]

PING: Final = b": ping\n"
"""A comment: tells proxies that the stream is alive, and us that the browser is.

No empty line ends it: some readers, such as httpx-sse, would take that for the end of an event.
"""

PING_INTERVAL: Final = 15.0
"""Seconds; below the idle time-outs that are common in proxies."""

RECONNECT: Final = 2.0
"""Seconds after which a browser that lost its stream comes back."""

SSE_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-cache",
        "X-Accel-Buffering": "no",  # nginx would collect the events
    }
)


def encode_sse(event: HubEvent) -> bytes:
    """Return an event as a browser's ``EventSource`` reads it; ``event.data`` there is JSON."""
    head = f"id: {event.id}\nevent: {event.kind}" if event.id else f"event: {event.kind}"
    return b"%b\ndata: %b\n\n" % (head.encode(), event.payload)


def encode_json(event: HubEvent) -> str:
    """Return an event as one JSON text, for a WebSocket: ``{"id", "event", "data"}``."""
    return orjson.dumps(
        {"id": event.id, "event": event.kind, "data": orjson.Fragment(event.payload)}
    ).decode()


class SseStream(ClosableIterator[bytes]):
    """A subscription as the bytes of one response; a plain async iterator.

    Args:
        events: What `SessionHub.subscribe` returned; it is closed with this stream.
        ping: Seconds without an event after which a comment is sent, above 0.
        retry: Seconds after which a browser that lost the stream shall come back.
    """

    __slots__ = ("_events", "_first", "_ping")

    def __init__(
        self, events: EventStream, *, ping: float = PING_INTERVAL, retry: float = RECONNECT
    ) -> None:
        if ping <= 0:
            raise ValueError("ping must be above 0 seconds")
        self._events = events
        self._ping = ping
        # No empty line ends it, as none ends a PING.
        self._first: bytes | None = b"retry: %d\n" % round(retry * 1000)

    def __anext__(self) -> Coroutine[Any, Any, bytes]:
        """Return the next bytes to write."""
        # At once, so that the browser knows that it is connected.
        first, self._first = self._first, None
        return _next_bytes(first, self._events, self._ping)

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done when the application cannot wait any longer for this stream."""
        return self._events.gone

    @property
    def over(self) -> bool:
        """Whether no event is left or to come."""
        return self._events.over

    def close(self) -> None:
        """End the stream now. Idempotent."""
        self._events.close()


async def _next_bytes(first: bytes | None, events: EventStream, ping: float) -> bytes:
    if first is not None:
        return first
    try:
        # It is no reader that leaves, if nothing happens for a while.
        event = await events.next_within(ping)
        return PING if event is None else encode_sse(event)
    finally:
        # The traceback of an exception that somebody keeps must not keep the subscription.
        del events
