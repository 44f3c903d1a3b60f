"""One subscriber: a plain async iterator over the stories of the look-ups that it asked for."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from hum_async.errors import StreamBusy
from hum_async.web._story import Story
from hum_async.web.events import FAREWELL, EventKind, HubEvent

__all__ = ["Channel", "EventStream"]


class Channel:
    """How far one subscriber has read.

    Args:
        stories: What it reads.
        position: Up to where it has read them already; -1 for nothing.
        on_leave: Called once, when it reads no more.
    """

    def __init__(
        self,
        stories: Iterable[Story],
        *,
        position: int,
        on_leave: Callable[["Channel"], None],
    ) -> None:
        self.stories = tuple(stories)
        self._places = {story: position for story in self.stories if not _is_read(story, position)}
        self._on_leave = on_leave
        self._dismissed = False
        self._news = asyncio.Event()
        self._busy = False
        self.left = False
        for story in self._places:
            story.readers.add(self)

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return self.left or not self._places

    def wake(self) -> None:
        """Look again."""
        self._news.set()

    def dismiss(self) -> None:
        """End with a farewell after what there is to read."""
        self._dismissed = True
        self.wake()

    def leave(self) -> None:
        """Read no more. Idempotent."""
        if not self.left:
            self.left = True
            for story in self._places:
                story.readers.discard(self)
            self._places.clear()
            self._on_leave(self)
            self.wake()

    async def get(self) -> HubEvent:
        """Return the next event, in the order in which things happened."""
        if self._busy:
            raise StreamBusy(
                "another task is reading this stream; call subscribe() once per consumer"
            )
        self._busy = True
        try:
            while not self.over:
                if (event := self._next()) is not None:
                    return event
                self._news.clear()
                await self._news.wait()
            raise StopAsyncIteration
        finally:
            self._busy = False

    def _next(self) -> HubEvent | None:
        found: Story | None = None
        first: HubEvent | None = None
        for story, position in self._places.items():
            event = story.after(position)
            if event is not None and (first is None or event.position < first.position):
                found, first = story, event
        if found is not None and first is not None:
            self._places[found] = first.position
            if first.kind == EventKind.DONE:
                found.readers.discard(self)
                del self._places[found]
                self._leave_if_read()
            return first
        if self._dismissed:
            self.leave()
            return FAREWELL
        return None

    def _leave_if_read(self) -> None:
        if not self._places:
            self.leave()


def _is_read(story: Story, position: int) -> bool:
    return story.ended and story.after(position) is None


class EventStream:
    """What `SessionHub.subscribe` returns: an async iterator of `HubEvent`.

    Drop it, `break` out of its loop or close it; nothing else needs to be done.
    """

    __slots__ = ("__weakref__", "_channel", "_loop", "gone")

    def __init__(self, channel: Channel, *, gone: asyncio.Future[None]) -> None:
        # Done when the application cannot wait any longer for a reader to take its farewell.
        self.gone = gone
        self._channel = channel
        self._loop = asyncio.get_running_loop()

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> HubEvent:
        """Return the next event.

        Raises:
            StopAsyncIteration: Every look-up is done, the hub said farewell, or it was closed.
            StreamBusy: Another task is reading.
        """
        return await self._channel.get()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Perhaps in another thread, perhaps when the loop is gone.
        channel = getattr(self, "_channel", None)
        if channel is not None and not channel.left and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(channel.leave)

    @property
    def over(self) -> bool:
        """Whether nothing will come any more; a reconnecting browser is told so by 204."""
        return self._channel.over

    def close(self) -> None:
        """End the stream now. Idempotent; the look-ups go on."""
        self._channel.leave()

    async def aclose(self) -> None:
        """End the stream now, as `close`."""
        self.close()
