"""The rows of a job as they come in: any iterable, each with its key."""

from collections.abc import AsyncIterable, Callable, Hashable, Iterable
from typing import Any

from hum_async._polling.intake import Intake, feed
from hum_async.models import Address

Row = Address | tuple[Hashable, Address]


class InputRows:
    """Rows that are taken as there is room for them.

    Args:
        rows: Where they come from. Without a key, a row's position is its key.
    """

    def __init__(self, rows: Iterable[Row] | AsyncIterable[Row]) -> None:
        self._source = rows if isinstance(rows, AsyncIterable) else None
        self._intake: Intake[Row] = (
            Intake(fed=True) if isinstance(rows, AsyncIterable) else Intake(rows)
        )
        self._position = 0

    @property
    def fed(self) -> bool:
        """Whether `feed` has to run: rows come when they like."""
        return self._source is not None

    async def feed(self, *, on_row: Callable[[], None]) -> None:
        """Read the async iterable, a few rows ahead; tell of each, and of the end."""
        if self._source is not None:
            await feed(self._source, self._intake, on_item=on_row)

    def take(self, most: int) -> list[tuple[Hashable, Address]]:
        """Return up to so many rows, fewer if no more are there now.

        Raises:
            TypeError: A row is no address.
            Exception: Whatever the user's own iterable raises.
        """
        taken: list[tuple[Hashable, Address]] = []
        while len(taken) < most and (row := self._intake.take()) is not None:
            taken.append(_keyed(row, self._position))
            self._position += 1
        return taken

    def look_ahead(self) -> bool:
        """Read one row ahead if none is at hand; return whether any is left or may still come."""
        return self._intake.peek() is not None or self._intake.fed


def _keyed(row: Any, position: int) -> tuple[Hashable, Address]:
    if isinstance(row, Address):
        return position, row
    if isinstance(row, tuple) and len(row) == 2 and isinstance(row[1], Address):  # noqa: PLR2004
        return row
    raise TypeError(f"qualify() takes Address or (key, Address), not {type(row).__name__}")
