"""What all streams have in common: plain iterator objects that may be left at any moment.

They are no async generators: one that is left by ``break`` while it is suspended in a task group
or cancel scope would cancel its reader (PEP 789).
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Generic, Self, TypeVar

from hum_async.errors import StreamBusy

T = TypeVar("T")


class ClosableIterator(ABC, Generic[T]):
    """An async iterator that is also an async context manager."""

    __slots__ = ("__weakref__",)

    def __aiter__(self) -> Self:
        return self

    @abstractmethod
    async def __anext__(self) -> T:
        """Return the next item, or raise StopAsyncIteration."""

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


class Stream(ClosableIterator[T]):
    """A closable iterator with one reader at a time.

    Args:
        get: Returns the next item, or raises StopAsyncIteration.
        opened_by: The call that opens a stream, for the message to a second reader.
    """

    __slots__ = ("_get", "_opened_by", "_reading")

    def __init__(self, get: Callable[[], Awaitable[T]], *, opened_by: str) -> None:
        self._get = get
        self._opened_by = opened_by
        self._reading = False

    async def __anext__(self) -> T:
        """Return the next item.

        Raises:
            StopAsyncIteration: The stream has ended.
            StreamBusy: Another task is reading this stream.
        """
        if self._reading:
            raise StreamBusy(
                f"another task is reading this stream; call {self._opened_by} once per consumer"
            )
        self._reading = True
        try:
            return await self._get()
        finally:
            self._reading = False
