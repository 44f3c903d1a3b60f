"""One subscriber: how far it has read the replay buffers of its look-ups, and its event stream."""

import asyncio
import contextlib
import heapq
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from itertools import count
from typing import Any

from hum_async._polling.stream import Stream
from hum_async.web._replay_buffer import ReplayBuffer
from hum_async.web.events import FAREWELL, EventKind, HubEvent


class Subscription:
    """How far one subscriber has read.

    Args:
        buffers: The replay buffers that it reads.
        position: Position of the last event that it has read already; -1 for none.
        on_leave: Called once, when it reads no more.
        on_rest: Called when its reader has left its loop.
        on_resume: Called when that one reads on.
    """

    def __init__(
        self,
        buffers: Iterable[ReplayBuffer],
        *,
        position: int,
        on_leave: Callable[[], None],
        on_rest: Callable[[], None],
        on_resume: Callable[[], None],
    ) -> None:
        self.left = self.resting = False
        self._on_leave = on_leave
        self._on_rest = on_rest
        self._on_resume = on_resume
        self._dismissed = False
        self._news = asyncio.Event()
        # The next event of each buffer that has one, the oldest first. The second number tells
        # apart what cannot be compared.
        self._next: list[tuple[int, int, ReplayBuffer, HubEvent]] = []
        self._planned = count()
        # The others, and up to where they were read; those of which nothing is known yet.
        self._waiting: dict[ReplayBuffer, int] = {}
        self._unknown: set[ReplayBuffer] = set()
        for buffer in buffers:
            if not buffer.ended or buffer.after(position) is not None:
                buffer.readers.add(self)
                self._await(buffer, position)

    @property
    def over(self) -> bool:
        """Whether no event is left or to come."""
        return not (self._next or self._waiting)

    def wake(self, buffer: ReplayBuffer) -> None:
        """Look at a buffer again, because it has a new event."""
        if buffer in self._waiting:
            self._await(buffer, self._waiting.pop(buffer))
            self._news.set()

    def dismiss(self) -> None:
        """End with a farewell after the events that are there."""
        self._dismissed = True
        self._news.set()

    def leave(self) -> None:
        """Read no more. Idempotent."""
        if not self.left:
            self.left = True
            for buffer in self._buffers():
                buffer.readers.discard(self)
            self._waiting.clear()
            self._next.clear()
            self._unknown.clear()
            self._on_leave()
            self._news.set()

    def rest(self) -> None:
        """Count as no reader, because its own has left, until `resume`."""
        if not (self.resting or self.over):
            self.resting = True
            for buffer in self._buffers():
                buffer.readers.discard(self)
            self._on_rest()

    def resume(self) -> None:
        """Count as a reader again."""
        if self.resting:
            self.resting = False
            waiting, self._waiting = self._waiting, {}
            for buffer, position in waiting.items():
                self._await(buffer, position)
            for buffer in self._buffers():
                buffer.readers.add(self)
            self._on_resume()

    async def get(self) -> HubEvent:
        """Return the next event, in the order of their positions.

        Raises:
            StopAsyncIteration: No event is left or to come.
        """
        while not self.over:
            # What is unknown may have older events, and who comes back names the newest one alone.
            if self._next and not self._unknown:
                return self._take()
            if self._dismissed:
                self.leave()
                return FAREWELL
            self._news.clear()
            await self._news.wait()
        raise StopAsyncIteration

    async def get_within(self, seconds: float) -> HubEvent | None:
        """Return the next event as `get`; None if there is none after that time."""
        try:
            async with asyncio.timeout(seconds):
                return await self.get()
        except TimeoutError:
            return None

    def _buffers(self) -> list[ReplayBuffer]:
        """Return the buffers that are not read to their end."""
        return [*self._waiting, *(buffer for _, _, buffer, _ in self._next)]

    def _await(self, buffer: ReplayBuffer, position: int) -> None:
        """Plan the next event of a buffer, or wait for one."""
        event = buffer.after(position)
        (self._unknown.discard if buffer.begun else self._unknown.add)(buffer)
        if event is None and buffer.ended:
            # Its end was seen before, on another worker.
            buffer.readers.discard(self)
            if self.over:
                self.leave()
        elif event is None:
            self._waiting[buffer] = position
        else:
            heapq.heappush(self._next, (event.position, next(self._planned), buffer, event))

    def _take(self) -> HubEvent:
        position, _, buffer, event = heapq.heappop(self._next)
        if event.kind != EventKind.DONE:
            self._await(buffer, position)
        else:
            buffer.readers.discard(self)
            if self.over:
                self.leave()
        return event


class EventStream(Stream[HubEvent]):
    """What `SessionHub.subscribe` returns: an async iterator of `HubEvent`.

    Drop it, `break` out of its loop or close it; nothing else needs to be done. It ends when every
    look-up is done, or with a farewell when the hub shuts down.
    """

    __slots__ = ("_loop", "_subscription", "gone")

    def __init__(self, subscription: Subscription, *, gone: asyncio.Future[None]) -> None:
        super().__init__(subscription, opened_by="subscribe()")
        # Done when the application cannot wait any longer for a reader to take its farewell.
        self.gone = gone
        self._loop = asyncio.get_running_loop()
        self._subscription = subscription

    def __del__(self) -> None:
        # Perhaps in another thread, perhaps when the loop is gone.
        subscription = getattr(self, "_subscription", None)
        if subscription is not None and not subscription.over and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(subscription.leave)

    def next_within(self, seconds: float) -> Coroutine[Any, Any, HubEvent | None]:
        """Return the next event; None if there is none after that time."""
        return self.next_by(partial(self._subscription.get_within, seconds))

    @property
    def over(self) -> bool:
        """Whether no event is left or to come; a reconnecting browser gets 204 then."""
        return self._subscription.over

    def close(self) -> None:
        """End the stream now. Idempotent; the look-ups go on."""
        self._subscription.leave()
