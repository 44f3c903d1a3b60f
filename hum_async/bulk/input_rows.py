"""The input rows of a job: addresses with their keys, read from any iterable."""

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Hashable, Iterable
from typing import Any

from hum_async._polling.intake import Intake, feed
from hum_async.models import Address

Row = Address | tuple[Hashable, Address]


class InputRows:
    """Reads the rows of an iterable only as fast as the job takes them.

    Args:
        rows: The iterable. The key of a row without one is its position.

    `room` is set when there may be something to take, or room for it.
    """

    def __init__(self, rows: Iterable[Row] | AsyncIterable[Row]) -> None:
        self.room = asyncio.Event()
        self._source = rows if isinstance(rows, AsyncIterable) else None
        self._intake: Intake[Row] = (
            Intake(fed=True) if isinstance(rows, AsyncIterable) else Intake(rows)
        )
        self._position = 0
        self._put_back: deque[tuple[Hashable, Address]] = deque()

    @property
    def fed(self) -> bool:
        """Whether the rows come from an async iterable, so that `feed` must run."""
        return self._source is not None

    async def feed(self) -> None:
        """Read the async iterable a few rows ahead."""
        if self._source is not None:
            await feed(self._source, self._intake, on_item=self.room.set)

    def take(self, most: int) -> list[tuple[Hashable, Address]]:
        """Return at most so many rows, fewer if no more are available now.

        Raises:
            TypeError: A row is neither an address nor a pair of key and address.
            Exception: Any error of the user's iterable.
        """
        taken: list[tuple[Hashable, Address]] = []
        while len(taken) < most and self._put_back:
            taken.append(self._put_back.popleft())
        while len(taken) < most and (row := self._intake.take()) is not None:
            taken.append(_keyed(row, self._position))
            self._position += 1
        return taken

    @property
    def came_back(self) -> bool:
        """Whether a row waits to be taken again."""
        return bool(self._put_back)

    def put_back(self, key: Hashable, address: Address) -> None:
        """Let a row be taken again, before all others."""
        self._put_back.append((key, address))
        self.room.set()

    def look_ahead(self) -> bool:
        """Read one row ahead if none is buffered; return whether more rows are left or may come."""
        return bool(self._put_back) or self._intake.peek() is not None or self._intake.fed


def _keyed(row: Any, position: int) -> tuple[Hashable, Address]:
    if isinstance(row, Address):
        return position, row
    if isinstance(row, tuple) and len(row) == 2 and isinstance(row[1], Address):  # noqa: PLR2004  a pair
        return row
    raise TypeError(f"qualify() takes Address or (key, Address), not {type(row).__name__}")
