"""The results of a job that were not read yet, and the one who reads them."""

import asyncio
from collections import deque

from hum_async._lookups.lookup import Lookup
from hum_async.models import Qualification


class UnreadResults:
    """Results in the order in which they are read.

    `taken` is the number of those that were.
    """

    def __init__(self) -> None:
        self.taken = 0
        # One comes with its look-up if reading it makes it safe.
        self._results: deque[tuple[Qualification, Lookup | None]] = deque()
        self._last_read: Lookup | None = None
        self._reader: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._results)

    def put(self, result: Qualification, lookup: Lookup | None = None) -> None:
        """Add a result.

        Args:
            result: The result.
            lookup: Its look-up, if only the reader can make the result safe.
        """
        self._results.append((result, lookup))
        self.wake()

    def take(self) -> Qualification:
        """Take the oldest result."""
        result, self._last_read = self._results.popleft()
        self.taken += 1
        return result

    def acknowledged(self) -> Lookup | None:
        """Return the look-up of the result that was taken last, once: its reader comes again."""
        lookup, self._last_read = self._last_read, None
        return lookup

    async def wait(self) -> None:
        """Wait for a result, or for `wake`."""
        self._reader = asyncio.get_running_loop().create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def wake(self) -> None:
        """Let the reader look again."""
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
