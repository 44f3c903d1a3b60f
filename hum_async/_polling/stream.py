"""What all streams have in common: plain iterator objects that may be left at any moment.

They are no async generators: one that is left by ``break`` while it is suspended in a task group
or cancel scope would cancel its reader (PEP 789).
"""

from abc import ABC, abstractmethod
from typing import Generic, Self, TypeVar

from hum_async.errors import StreamBusy

T = TypeVar("T")


class Stream(ABC, Generic[T]):
    """An async iterator that is also an async context manager, with one reader at a time.

    A subclass says how to get the next item (`_get`) and how to end (`close`).
    """

    __slots__ = ("__weakref__", "_reading")

    _opened_by = "the method that opened it"

    def __init__(self) -> None:
        self._reading = False

    def __aiter__(self) -> Self:
        return self

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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @abstractmethod
    async def _get(self) -> T:
        """Return the next item, or raise StopAsyncIteration."""

    @abstractmethod
    def close(self) -> None:
        """End the stream now. Idempotent."""

    async def aclose(self) -> None:
        """End the stream now, as `close`."""
        self.close()
