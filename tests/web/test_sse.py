"""The bytes that an EventSource and a WebSocket get."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_support import SseReader, read_sse, served, told

from hum_async import GuidedPolling, HumClient
from hum_async.web import (
    PING,
    SSE_HEADERS,
    EventKind,
    HubEvent,
    SessionHub,
    SseStream,
    encode_json,
    encode_sse,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=40)
@given(data=st.dictionaries(st.text(), JSON), cut=st.integers(1, 40))
def test_a_browser_reads_what_was_written_however_it_is_cut(
    data: dict[str, object], cut: int
) -> None:
    payload = json.dumps(data).encode()
    event = HubEvent(EventKind.CHANGE, lookup="a", id="0a0a0a0a-7", payload=payload)
    wire = encode_sse(event)
    reader = SseReader()
    pieces = [wire[start : start + cut] for start in range(0, len(wire), cut)]
    (received,) = [one for piece in pieces for one in reader.feed(piece)]
    assert (received.event, received.id, received.data) == ("change", "0a0a0a0a-7", data)
    assert json.loads(encode_json(event)) == {"id": "0a0a0a0a-7", "event": "change", "data": data}


def test_a_farewell_is_no_place_to_come_back_to() -> None:
    wire = encode_sse(HubEvent(EventKind.FAREWELL))
    assert b"id:" not in wire
    assert SseReader().feed(wire)[0].event == "farewell"


def test_headers_keep_proxies_from_collecting() -> None:
    assert SSE_HEADERS["Cache-Control"] == "no-cache"
    assert SSE_HEADERS["X-Accel-Buffering"] == "no"
    assert SSE_HEADERS["Content-Type"].startswith("text/event-stream")


@pytest.mark.virtual
async def test_a_stream_begins_with_when_to_come_back(hub: SessionHub) -> None:
    stream = SseStream(hub.subscribe(hub.lookup(served())), retry=3.5)
    assert await anext(stream) == b"retry: 3500\n"
    events = await read_sse(stream)
    assert [event.event for event in events][-2:] == ["providers", "done"]


@pytest.mark.virtual
async def test_it_pings_while_nothing_happens_and_loses_nothing(hub: SessionHub) -> None:
    lookup = hub.lookup(served(street="Slow Pl"))
    chunks = [chunk async for chunk in SseStream(hub.subscribe(lookup), ping=0.7)]
    assert chunks.count(PING) > 10
    reader = SseReader()
    received = [event for chunk in chunks for event in reader.feed(chunk)]
    assert [event.id for event in received][1:] == [
        event.id for event in await told(hub, lookup, last_event_id=received[0].id)
    ]
    assert reader.comments == chunks.count(PING)
    # Readers that end an event at every empty line find as many.
    assert b"".join(chunks).count(b"\n\n") == len(received)


@pytest.mark.virtual
async def test_the_ping_comes_after_fifteen_seconds_without_an_event(client: HumClient) -> None:
    async with SessionHub(client, policy=GuidedPolling(budget=100), signals=False) as hub:
        clock = asyncio.get_running_loop().time
        last = clock()
        pings = 0
        async for chunk in SseStream(hub.subscribe(hub.lookup(served(street="Never Done Dr")))):
            if chunk == PING:
                pings += 1
                assert clock() - last == pytest.approx(15)
            last = clock()
    assert pings >= 5


@pytest.mark.virtual
async def test_a_ping_must_take_time(hub: SessionHub) -> None:
    with pytest.raises(ValueError, match="above 0"):
        SseStream(hub.subscribe(hub.lookup(served())), ping=0)
