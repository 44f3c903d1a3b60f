"""What the tests of the web part have in common."""

import contextlib
import json
from collections.abc import AsyncIterable
from typing import Any

import aiohttp
import attrs

from hum_async import Address
from hum_async.web import EventKind, HubEvent, SessionHub

KEY = "key-that-no-browser-may-see"


def served(number: int = 100, street: str = "Served St") -> Address:
    return Address(f"{number} {street}", city="Detroit", state="MI", zip="48226")


async def told(hub: SessionHub, *ids: str, last_event_id: str | None = None) -> list[HubEvent]:
    """Return all events up to the end of the stream."""
    return [event async for event in hub.subscribe(*ids, last_event_id=last_event_id)]


def kinds(events: list[HubEvent], lookup: str | None = None) -> list[str]:
    return [str(event.kind) for event in events if lookup in (None, event.lookup)]


def outcome(events: list[HubEvent], lookup: str | None = None) -> str:
    (done,) = (
        event.data["outcome"]
        for event in events
        if event.kind == EventKind.DONE and lookup in (None, event.lookup)
    )
    return str(done)


@attrs.frozen
class Received:
    """One event as a browser understands it."""

    event: str
    id: str | None
    data: Any


class SseReader:
    """Reads Server-Sent Events from bytes as the standard says, independent of what wrote them."""

    def __init__(self) -> None:
        self._rest = b""
        self._event = "message"
        self._data: list[str] = []
        self._seen_id = False
        self.last_id: str | None = None
        self.retry: int | None = None
        self.comments = 0

    def feed(self, chunk: bytes) -> list[Received]:
        """Take bytes; return the events that they complete."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [event for line in lines if (event := self._take(line.decode())) is not None]

    def _take(self, line: str) -> Received | None:
        if not line:
            return self._dispatch()
        if line.startswith(":"):
            self.comments += 1
            return None
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._event = value
        elif field == "data":
            self._data.append(value)
        elif field == "id":
            self.last_id, self._seen_id = value, True
        elif field == "retry":
            self.retry = int(value)
        return None

    def _dispatch(self) -> Received | None:
        event, data, seen = self._event, self._data, self._seen_id
        self._event, self._data, self._seen_id = "message", [], False
        if not data:
            return None
        return Received(event, self.last_id if seen else None, json.loads("\n".join(data)))


async def read_sse(chunks: AsyncIterable[bytes]) -> list[Received]:
    """Return all events of a stream that ends, well or cut off: a browser sees no difference."""
    reader = SseReader()
    events: list[Received] = []
    with contextlib.suppress(aiohttp.ClientPayloadError):
        async for chunk in chunks:
            events += reader.feed(chunk)
    return events
