"""Results of another job's journal, which a job copies where it has none."""

from collections.abc import Sequence

import attrs

from hum_async._addresses.usps_key import KeyRules
from hum_async._purchases.reader import JournalReader
from hum_async._purchases.records import Entry, address_digest
from hum_async.models import Address


@attrs.frozen
class EarlierJournal:
    """The journal of another job, opened read-only.

    Attributes:
        reader: Reads it.
        dedupe: How it compares addresses.
    """

    reader: JournalReader
    dedupe: KeyRules

    def find(
        self, addresses: Sequence[tuple[bytes, Address]], *, dedupe: KeyRules
    ) -> dict[bytes, Entry]:
        """Return results to copy by digest, of addresses with digests that `dedupe` makes."""
        theirs = [
            digest if dedupe == self.dedupe else address_digest(address, self.dedupe)
            for digest, address in addresses
        ]
        entries = self.reader.find(list(dict.fromkeys(theirs)))
        return {
            mine: attrs.evolve(entry, copied=True)
            for (mine, _), digest in zip(addresses, theirs, strict=True)
            if (entry := entries.get(digest)) is not None and entry.reusable
        }
