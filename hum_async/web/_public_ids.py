"""The ids of a hub's look-ups in its ledger, by which browsers ask again after a restart."""

from datetime import UTC, datetime, timedelta

import attrs

from hum_async._purchases.publications import Published, Told
from hum_async._purchases.records import address_digest
from hum_async._purchases.store import ClosableStore
from hum_async.models import SESSION_LIFETIME, Address, Qualification
from hum_async.web._keeper import NOT_KEPT


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
        store: Where they are recorded.
        keep_for: Seconds for which an ended look-up can be read.
    """

    def __init__(self, store: ClosableStore, keep_for: float) -> None:
        self._keep_for = max(keep_for, SESSION_LIFETIME.total_seconds())
        self._store = store

    async def known(self) -> list[KnownId]:
        """Return the ids of earlier processes.

        Raises:
            JournalError: The ledger cannot be read.
        """
        store = self._store
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
        digest = address_digest(address, self._store.dedupe)
        self._store.record(Published(lookup_id, digest, datetime.now(UTC).isoformat()))
        return digest

    def told(self, lookup_id: str, position: int) -> None:
        """Record that a result was told."""
        self._store.record(Told(lookup_id, position))
