"""The addresses that a job is looking up, and the rows that wait for each of them."""

from collections.abc import Hashable, Iterator

import attrs

from hum_async._lookups.lookup import Lookup
from hum_async._lookups.recording import RecordedPurchase
from hum_async.models import Address


@attrs.define(eq=False, repr=False)
class Purchase(RecordedPurchase):
    """An address that is being looked up.

    Attributes:
        lookup: Its look-up, for the row that came first.
        others: Key and address of the other rows that wait for its result.
    """

    lookup: Lookup = attrs.field(kw_only=True)
    others: list[tuple[Hashable, Address]] = attrs.field(factory=list, init=False)

    @property
    def rows(self) -> list[tuple[Hashable, Address]]:
        """Key and address of each row, in the order in which they came."""
        return [(self.lookup.key, self.lookup.address), *self.others]


class PurchasesUnderWay:
    """The purchases without a result, by look-up and by address.

    `joined` is the number of rows that wait for the look-up of another row.
    """

    def __init__(self) -> None:
        self.joined = 0
        self._by_lookup: dict[Lookup, Purchase] = {}
        self._by_digest: dict[bytes, Purchase] = {}

    def __len__(self) -> int:
        return len(self._by_lookup)

    def __iter__(self) -> Iterator[Purchase]:
        return iter(tuple(self._by_lookup.values()))

    def of(self, lookup: Lookup) -> Purchase | None:
        """Return the purchase of a look-up; None once it has its result, or is gone."""
        return self._by_lookup.get(lookup)

    def at(self, digest: bytes) -> Purchase | None:
        """Return the purchase of an address; None if it is not under way."""
        return self._by_digest.get(digest)

    def add(self, purchase: Purchase) -> None:
        """Add the purchase of an address of which none is under way."""
        self._by_digest[purchase.digest] = self._by_lookup[purchase.lookup] = purchase

    def join(self, purchase: Purchase, key: Hashable, address: Address) -> None:
        """Let one more row wait for a purchase."""
        purchase.others.append((key, address))
        self.joined += 1

    def remove(self, purchase: Purchase) -> None:
        """Forget a purchase."""
        del self._by_digest[purchase.digest], self._by_lookup[purchase.lookup]
        self.joined -= len(purchase.others)
