"""What all streams have in common: plain iterator objects that may be left at any moment.

They are no async generators: one that is left by ``break`` while it is suspended in a task group
or cancel scope would cancel its reader (PEP 789).
"""

import asyncio
import contextlib
import weakref
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Generic, Protocol, Self, TypeVar

from hum_async._api.running_loop import running_task
from hum_async.errors import StreamBusy

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Source(Protocol[T_co]):
    """Where a stream's items come from."""

    async def get(self) -> T_co:
        """Return the next item, or raise StopAsyncIteration. A cancelled call loses nothing."""
        ...

    def rest(self) -> None:
        """Send nothing new for this stream, because its reader has left."""

    def resume(self) -> None:
        """Send again, because somebody reads."""


class ClosableIterator(ABC, Generic[T_co]):
    """An async iterator that is also an async context manager."""

    __slots__ = ("__weakref__",)

    def __aiter__(self) -> AsyncIterator[T_co]:
        return self

    @abstractmethod
    def __anext__(self) -> Coroutine[Any, Any, T_co]:
        """Return the next item, or raise StopAsyncIteration.

        The coroutine lets go of the stream when it ends: whoever keeps an exception keeps the
        frames of its traceback, and would keep a stream alive that nobody reads.
        """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @abstractmethod
    def close(self) -> None:
        """End the stream now. Idempotent."""

    async def aclose(self) -> None:
        """End the stream now, as `close`."""
        self.close()


class Stream(ClosableIterator[T_co]):
    """A closable iterator with one reader at a time.

    A reader that is cancelled, or leaves its loop, puts the stream to rest: until it is read again,
    nothing is sent for it but what is under way. It may never be read again, and be alive all the
    same, because it has a name in a frame, and somebody keeps the exception.

    Args:
        source: Where the items come from.
        opened_by: The call that opens a stream, for the message to a second reader.
    """

    __slots__ = ("_turns",)

    def __init__(self, source: Source[T_co], *, opened_by: str) -> None:
        self._turns: _Turns[Any] = _Turns(source, opened_by)

    def __aiter__(self) -> AsyncIterator[T_co]:
        """Return an iterator for one loop, at whose end the stream goes to rest."""
        return _Loop(self, self._turns)

    def __anext__(self) -> Coroutine[Any, Any, T_co]:
        """Return the next item.

        Raises:
            StopAsyncIteration: The stream has ended.
            StreamBusy: Another task is reading this stream.
            ConfigurationError: It is not asyncio that runs the caller.
        """
        return self._turns.next(self)

    def next_by(self, get: Callable[[], Coroutine[Any, Any, T]]) -> Coroutine[Any, Any, T]:
        """Return what `get` gets of the source, as its one reader at this moment."""
        return self._turns.next(self, get)


class _Loop(AsyncIterator[T]):
    """One loop over a stream.

    The interpreter holds it as long as the loop goes on, and drops it when the loop is left, by
    whatever door: a frame that an exception keeps has its names, but not this.
    """

    __slots__ = ("_stream", "_turns")

    def __init__(self, stream: Stream[T], turns: "_Turns[T]") -> None:
        self._stream = stream
        self._turns = turns

    def __anext__(self) -> Coroutine[Any, Any, T]:
        return self._turns.next(self._stream)

    def __del__(self) -> None:
        self._turns.left()


class _Turns(Generic[T]):
    """Lets one reader at a time take the items of a source."""

    __slots__ = ("__weakref__", "_loop", "_opened_by", "_reader", "_reading", "_reads", "_source")

    def __init__(self, source: Source[T], opened_by: str) -> None:
        self._source = source
        self._opened_by = opened_by
        self._reading = False
        self._reads = 0
        # That of the last reader; None before the first and after the last item.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reader: weakref.ref[asyncio.Task[Any]] | None = None

    async def next(
        self, stream: object, get: Callable[[], Coroutine[Any, Any, T]] | None = None
    ) -> T:
        """Return the next item; `stream` lives as long as it is waited for.

        Args:
            stream: The stream.
            get: Gets the item, in another way than the source's `get`.
        """
        if self._reading:
            raise StreamBusy(
                f"another task is reading this stream; call {self._opened_by} once per consumer"
            )
        task = running_task()
        self._loop = task.get_loop()
        self._reading = True
        self._reads += 1
        self._follow(task)
        self._source.resume()
        try:
            return await (self._source.get() if get is None else get())
        except asyncio.CancelledError:
            self._source.rest()
            raise
        except StopAsyncIteration:
            self._loop = None
            raise
        finally:
            self._reading = False
            del stream, get

    def left(self) -> None:
        """Rest unless it is read again at once: a loop was left, in whatever thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
                self._loop.call_soon_threadsafe(self._rest_after, self._reads)

    def _rest_after(self, reads: int) -> None:
        if self._reads == reads and not self._reading:
            self._source.rest()

    def _follow(self, reader: "asyncio.Task[Any]") -> None:
        """Hear of the end of the task that reads, which may be cancelled or fail between two items.

        A task that runs nothing but `next`, such as `asyncio.wait_for` makes for each item in
        Python 3.11, ends with each item and says nothing of the reader.
        """
        known = self._reader and self._reader()
        if reader is known:
            return
        if getattr(reader.get_coro(), "cr_code", None) is not _Turns.next.__code__:
            self._reader = weakref.ref(reader)
            reader.add_done_callback(_Ended(self))

    def ended(self, reader: "asyncio.Task[Any]") -> None:
        """Rest if it was the last reader: whoever takes the stream over wakes it by reading.

        How the task ended is not asked: that would count its exception as retrieved.
        """
        mine = self._reader is not None and self._reader() is reader
        if mine and not self._reading:
            self._source.rest()


class _Ended:
    """Tells a stream, as long as it lives, that the task of its reader has ended."""

    __slots__ = ("_turns",)

    def __init__(self, turns: _Turns[Any]) -> None:
        self._turns = weakref.ref(turns)

    def __call__(self, reader: "asyncio.Task[Any]") -> None:
        if (turns := self._turns()) is not None:
            turns.ended(reader)
