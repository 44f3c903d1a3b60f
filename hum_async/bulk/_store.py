"""Where a job keeps what it bought: what it asks of such a place, and the one in memory."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import attrs

from hum_async.bulk._purchases import Change, Entry, Settled
from hum_async.models import Address, Qualification

__all__ = ["MemoryStore", "Store"]


class Store(Protocol):
    """What a job needs of it.

    Attributes:
        requests: Sent by this run so far; kept current by the job.
        run: Number of this run.
        found_rate: Requests per second that were found to hold by the last run, if it is not too
            long ago, and then by this one; kept current by the job.
        taken_since: Results that were observed earlier (ISO 8601) are not taken; None: all are.
    """

    requests: int
    run: int
    found_rate: float | None
    taken_since: str | None

    @property
    def durable(self) -> bool:
        """Whether what was recorded survives this process."""
        ...

    @property
    def resumed(self) -> bool:
        """Whether there is anything in it from an earlier run."""
        ...

    @property
    def known(self) -> int:
        """Addresses of which earlier runs left something that counts."""
        ...

    @property
    def spent(self) -> int:
        """Sessions that earlier runs may have been billed for."""
        ...

    async def find(self, addresses: Sequence[bytes]) -> dict[bytes, Entry]:
        """Return what is known of these addresses."""
        ...

    async def result(self, entry: Entry, *, key: Any, address: Address) -> Qualification:
        """Return the result of an entry that has one, for a row."""
        ...

    def record(self, *changes: Change) -> asyncio.Future[None]:
        """Make changes; the future is done when they are safe. It need not be awaited."""
        ...

    async def finish(self) -> None:
        """Tell that every row has its result."""


class MemoryStore:
    """Keeps the results of one run for the rows that ask for the same address."""

    durable = False
    resumed = False
    known = 0
    spent = 0
    run = 0
    taken_since: str | None = None
    found_rate: float | None = None

    def __init__(self) -> None:
        self.requests = 0
        self._results: dict[bytes, Qualification] = {}

    async def find(self, addresses: Sequence[bytes]) -> dict[bytes, Entry]:
        """Return what is known of these addresses."""
        return {
            address: Entry(None, found.outcome, 0, found.requests, None, address)
            for address in addresses
            if (found := self._results.get(address)) is not None
        }

    async def result(self, entry: Entry, *, key: Any, address: Address) -> Qualification:
        """Return the result of an entry, for a row."""
        return attrs.evolve(self._results[entry.packed or b""], key=key, address=address)

    def record(self, *changes: Change) -> asyncio.Future[None]:
        """Keep results; all else need not be kept."""
        for change in changes:
            if isinstance(change, Settled):
                self._results[change.address] = change.result
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def finish(self) -> None:
        """Do nothing: the results go with the job."""
