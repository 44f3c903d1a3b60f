"""Where a job keeps what it bought: what it asks of such a place, and the one in memory."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from hum_async._purchases.records import Change, Entry
from hum_async.models import Address, Qualification


class PurchaseStore(Protocol):
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
