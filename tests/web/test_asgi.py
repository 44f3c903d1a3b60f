"""Event streams over plain ASGI: what is over, HEAD, and browsers that leave or break off."""

import asyncio
from typing import Any

import attrs
import pytest
from web_support import SseReader, kinds, served, told

from hum_async.web import SessionHub
from hum_async.web._asgi import send_events

pytestmark = pytest.mark.virtual


@attrs.define
class Browser:
    """The other end of a request: what it was sent, and when it leaves."""

    method: str = "GET"
    leaves: asyncio.Event = attrs.field(factory=asyncio.Event)
    sent: list[Any] = attrs.field(factory=list)
    breaks: bool = False

    async def receive(self) -> dict[str, Any]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.breaks:
            raise ConnectionResetError
        self.sent.append(message)

    async def ask(self, hub: SessionHub, lookup: str, last: str | None = None) -> None:
        events = hub.subscribe(lookup, last_event_id=last)
        scope = {"type": "http", "method": self.method}
        await send_events(events, scope, self.receive, self.send, ping=15.0)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])


async def test_a_browser_gets_the_whole_story_and_then_the_end(hub: SessionHub) -> None:
    browser = Browser()
    await browser.ask(hub, hub.lookup(served()))
    assert (browser.status, browser.sent[-1]) == (
        200,
        {"type": "http.response.body", "body": b""},
    )
    assert [event.event for event in SseReader().feed(browser.body)][-2:] == ["providers", "done"]


async def test_where_nothing_is_left_to_tell_a_browser_shall_not_come_back(
    hub: SessionHub,
) -> None:
    lookup = hub.lookup(served())
    (*_, done) = await told(hub, lookup)
    assert kinds([done]) == ["done"]
    browser = Browser()
    await browser.ask(hub, lookup, last=done.id)
    assert (browser.status, browser.body, browser.sent[0]["headers"]) == (204, b"", [])


async def test_head_holds_no_stream_open(hub: SessionHub) -> None:
    browser = Browser("HEAD")
    await browser.ask(hub, hub.lookup(served(street="Slow Pl")))
    assert (browser.status, browser.body) == (200, b"")
    assert hub.statistics().subscribers == 0


async def test_a_browser_that_leaves_ends_its_stream_alone(hub: SessionHub) -> None:
    staying, leaving = Browser(), Browser()
    lookup = hub.lookup(served(street="Slow Pl"))
    asyncio.get_running_loop().call_later(1.0, leaving.leaves.set)
    await asyncio.gather(staying.ask(hub, lookup), leaving.ask(hub, lookup))
    assert [event.event for event in SseReader().feed(staying.body)][-1] == "done"
    assert [event.event for event in SseReader().feed(leaving.body)][-1] != "done"


async def test_a_connection_that_breaks_at_the_first_byte_leaves_no_stream(
    hub: SessionHub,
) -> None:
    browser = Browser(breaks=True)
    with pytest.raises(ConnectionResetError):
        await browser.ask(hub, hub.lookup(served(street="Slow Pl")))
    assert hub.statistics().subscribers == 0
