"""One subscriber: a plain async iterator over the stories of the look-ups that it asked for."""

import asyncio
import contextlib
import heapq
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from hum_async.errors import StreamBusy
from hum_async.web._replay_buffer import ReplayBuffer
from hum_async.web.events import FAREWELL, EventKind, HubEvent

__all__ = ["EventStream", "Subscription"]


class Subscription:
    """How far one subscriber has read.

    Args:
        stories: What it reads.
        position: Up to where it has read them already; -1 for nothing.
        on_leave: Called once, when it reads no more.
    """

    def __init__(
        self,
        stories: Iterable[ReplayBuffer],
        *,
        position: int,
        on_leave: Callable[[], None],
    ) -> None:
        self.left = False
        self._on_leave = on_leave
        self._dismissed = False
        self._news = asyncio.Event()
        self._busy = False
        # The next event of each story that has one, the oldest first. No two have one position.
        self._next: list[tuple[int, ReplayBuffer, HubEvent]] = []
        # The others, and up to where they were read.
        self._waiting: dict[ReplayBuffer, int] = {}
        for story in stories:
            if not story.ended or story.after(position) is not None:
                story.readers.add(self)
                self._await(story, position)

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return not (self._next or self._waiting)

    def wake(self, story: ReplayBuffer) -> None:
        """Look at a story again."""
        if story in self._waiting:
            self._await(story, self._waiting.pop(story))
            self._news.set()

    def dismiss(self) -> None:
        """End with a farewell after what there is to read."""
        self._dismissed = True
        self._news.set()

    def leave(self) -> None:
        """Read no more. Idempotent."""
        if not self.left:
            self.left = True
            for story in (*self._waiting, *(story for _, story, _ in self._next)):
                story.readers.discard(self)
            self._waiting.clear()
            self._next.clear()
            self._on_leave()
            self._news.set()

    async def get(self) -> HubEvent:
        """Return the next event, in the order in which things happened."""
        if self._busy:
            raise StreamBusy(
                "another task is reading this stream; call subscribe() once per consumer"
            )
        self._busy = True
        try:
            while not self.over:
                if self._next:
                    return self._take()
                if self._dismissed:
                    self.leave()
                    return FAREWELL
                self._news.clear()
                await self._news.wait()
            raise StopAsyncIteration
        finally:
            self._busy = False

    def _await(self, story: ReplayBuffer, position: int) -> None:
        """Plan the next event of a story, or wait for one."""
        event = story.after(position)
        if event is None:
            self._waiting[story] = position
        else:
            heapq.heappush(self._next, (event.position, story, event))

    def _take(self) -> HubEvent:
        position, story, event = heapq.heappop(self._next)
        if event.kind != EventKind.DONE:
            self._await(story, position)
        else:
            story.readers.discard(self)
            if self.over:
                self.leave()
        return event


class EventStream:
    """What `SessionHub.subscribe` returns: an async iterator of `HubEvent`.

    Drop it, `break` out of its loop or close it; nothing else needs to be done.
    """

    __slots__ = ("__weakref__", "_channel", "_loop", "gone")

    def __init__(self, channel: Subscription, *, gone: asyncio.Future[None]) -> None:
        # Done when the application cannot wait any longer for a reader to take its farewell.
        self.gone = gone
        self._loop = asyncio.get_running_loop()
        self._channel = channel

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
        if channel is not None and not channel.over and not self._loop.is_closed():
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
