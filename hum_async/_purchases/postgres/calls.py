"""Calls a database from code that blocks: commands that only read, and the writing of outputs."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from hum_async._purchases.postgres.connection import Connection, Database
from hum_async._purchases.postgres.url import DatabaseUrl

T = TypeVar("T")

_PATIENCE = 5.0
"""Seconds for which a database that cannot be reached is tried again: somebody waits."""


class DatabaseCalls:
    """Calls a database from code that blocks, by an event loop in a thread of its own.

    Args:
        url: Where it is.

    A context manager; who enters it closes it. Its thread keeps no process alive: whoever is
    interrupted while it begins or closes can do neither.
    """

    def __init__(self, url: DatabaseUrl) -> None:
        self._database = Database(url, connections=1, patience=_PATIENCE)
        # Sockets need a loop that waits for them, whatever the policy of this process makes.
        self._loop = asyncio.SelectorEventLoop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="hum-database", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End its thread and its connections. Idempotent."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do work in a transaction; return its result.

        Raises:
            JournalError: The database refuses it, or cannot be reached.
        """
        found: T = self._call(self._database.run, work)
        return found

    def vacuum(self, table: str) -> None:
        """Let the server remove the rows of a table that nobody can see any more.

        Raises:
            JournalError: The database refuses it, or cannot be reached.
        """
        self._call(self._database.vacuum, table)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_closed())

    async def _until_closed(self) -> None:
        await self._stop.wait()
        await self._database.aclose()

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        calling = asyncio.run_coroutine_threadsafe(function(*arguments), self._loop)
        try:
            return calling.result()
        finally:
            calling.cancel()  # of no effect unless the caller was interrupted
