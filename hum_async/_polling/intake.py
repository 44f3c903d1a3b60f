"""The input of a stream or job: an iterable of any length, read only as fast as it is used."""

import asyncio
import operator
from collections import deque
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_AHEAD = 32


class Intake(Generic[T]):
    """Items that wait to be taken.

    Args:
        items: Where they come from, lazily; nothing if they are fed by `feed`.
        fed: More items will be offered; set to False by `feed` at the end.
    """

    __slots__ = ("_added", "_source", "_space", "fed")

    def __init__(self, items: Iterable[T] = (), *, fed: bool = False) -> None:
        self.fed = fed
        self._source: Iterator[T] | None = iter(items)
        self._added: deque[T] = deque()
        self._space: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """Items that wait, as far as that is known without taking them."""
        hint = operator.length_hint(self._source) if self._source is not None else 0
        return len(self._added) + hint

    def offer(self, item: T) -> None:
        """Append an item."""
        self._added.append(item)

    def take(self) -> T | None:
        """Return the next item, or None if there is none now.

        Raises:
            Exception: Whatever the user's own iterable raises.
        """
        if self._added:
            if self._space is not None and not self._space.done():
                self._space.set_result(None)
            return self._added.popleft()
        if self._source is not None:
            for item in self._source:
                if item is None:
                    raise TypeError("None was given where something to look up was expected")
                return item
            self._source = None
        return None

    def peek(self) -> T | None:
        """Return the next item without taking it, or None if there is none now.

        Raises:
            Exception: Whatever the user's own iterable raises.
        """
        if not self._added and (item := self.take()) is not None:
            self._added.append(item)
        return self._added[0] if self._added else None

    async def room(self) -> None:
        """Wait until few enough items wait."""
        while len(self._added) >= _AHEAD:
            self._space = asyncio.get_running_loop().create_future()
            try:
                await self._space
            finally:
                self._space = None


async def feed(source: AsyncIterable[T], intake: Intake[T], *, on_item: Callable[[], None]) -> None:
    """Read an async iterable into an intake.

    Args:
        source: Read as fast as items are taken, a few ahead.
        intake: Where they wait.
        on_item: Called after each item.
    """
    items = aiter(source)
    try:
        async for item in items:
            if item is None:
                raise TypeError("None was given where something to look up was expected")
            intake.offer(item)
            on_item()
            await intake.room()
    finally:
        try:
            # A generator that is left half-way would be finalised by the event loop, some time.
            if (close := getattr(items, "aclose", None)) is not None:
                await close()
        finally:
            intake.fed = False
