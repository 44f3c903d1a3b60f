"""The ids of a hub's look-ups in its ledger, by which browsers ask again after a restart."""

from datetime import UTC, datetime, timedelta

import attrs

from hum_async._purchases.ledger import Ledger
from hum_async._purchases.publications import Published, Told
from hum_async._purchases.records import address_digest
from hum_async._purchases.store import ClosableStore
from hum_async.models import SESSION_LIFETIME, Address, Qualification

NOT_KEPT = Address("1 Address That Was Not Kept", zip="00000")
"""Stands for the address of a look-up of an earlier process: a ledger keeps none."""


@attrs.frozen
class KnownId:
    """An id that an earlier process gave.

    Attributes:
        id: The id.
        digest: The address, as in the ledger.
        told: Position of the event that told its result; None if it was not told.
        result: The result that was told; None if it was not, or is not kept any more.
    """

    id: str
    digest: bytes
    told: int | None
    result: Qualification | None


class PublicIds:
    """Gives ids that outlive the process.

    Args:
        ledger: Where they are recorded.
        keep_for: Seconds for which an ended look-up can be read.
    """

    def __init__(self, ledger: Ledger, keep_for: float) -> None:
        self._ledger = ledger
        self._keep_for = max(keep_for, SESSION_LIFETIME.total_seconds())
        self._store: ClosableStore | None = None

    async def open(self) -> tuple[str, int]:
        """Open the ledger; return the epoch of event ids, and where their positions go on.

        Raises:
            JournalError: The ledger cannot be used.
        """
        self._store = await self._ledger.open()
        # Positions begin at the time in milliseconds: no hub tells a thousand events each second.
        return await self._store.epoch(), int(datetime.now(UTC).timestamp() * 1000)

    async def known(self) -> list[KnownId]:
        """Return the ids of earlier processes."""
        store = self._opened()
        since = datetime.now(UTC) - timedelta(seconds=self._keep_for)
        published = await store.published(since=since.isoformat())
        entries = await store.find([(each.address, NOT_KEPT) for each in published])
        found = []
        for each in published:
            entry, result = entries.get(each.address), None
            if each.told is not None and entry is not None and entry.outcome is not None:
                result = await store.result(entry, key=each.id, address=NOT_KEPT)
            found.append(KnownId(each.id, each.address, each.told, result))
        return found

    def publish(self, lookup_id: str, address: Address) -> bytes:
        """Record an id before anything is bought under it; return the digest of its address."""
        store = self._opened()
        digest = address_digest(address, store.dedupe)
        store.record(Published(lookup_id, digest, datetime.now(UTC).isoformat()))
        return digest

    def told(self, lookup_id: str, position: int) -> None:
        """Record that a result was told."""
        self._opened().record(Told(lookup_id, position))

    def _opened(self) -> ClosableStore:
        if self._store is None:
            raise RuntimeError("ids are given after the ledger was opened")
        return self._store
