"""Calls a database from code that blocks: commands that only read, and the writing of outputs."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from anyio.from_thread import start_blocking_portal

from hum_async._purchases.postgres.connection import Connection, Database
from hum_async._purchases.postgres.url import DatabaseUrl

T = TypeVar("T")

_PATIENCE = 5.0
"""Seconds for which a database that cannot be reached is tried again: somebody waits."""


class DatabaseCalls:
    """Calls a database from code that blocks, by an event loop in a thread of its own.

    Args:
        url: Where it is.

    A context manager; who enters it closes it.
    """

    def __init__(self, url: DatabaseUrl) -> None:
        self._database = Database(url, connections=1, patience=_PATIENCE)
        self._stack = contextlib.ExitStack()
        # Sockets need a loop that waits for them, whatever the policy of this process makes.
        options = {"loop_factory": asyncio.SelectorEventLoop}
        self._portal = self._stack.enter_context(
            start_blocking_portal("asyncio", backend_options=options)
        )
        self._stack.callback(lambda: self._portal.call(self._database.aclose))

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End its thread and its connections. Idempotent."""
        self._stack.close()

    def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do work in a transaction; return its result.

        Raises:
            JournalError: The database refuses it, or cannot be reached.
        """
        found: T = self._portal.call(self._database.run, work)
        return found

    def vacuum(self, table: str) -> None:
        """Let the server remove the rows of a table that nobody can see any more.

        Raises:
            JournalError: The database refuses it, or cannot be reached.
        """
        self._portal.call(self._database.vacuum, table)
