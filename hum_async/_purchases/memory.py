"""A purchase store in memory, for one run."""

import asyncio
from collections.abc import Hashable, Sequence

import attrs

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.prices import Prices, Spending
from hum_async._purchases.records import Change, Closed, Entry, Settled
from hum_async.models import Address, Qualification


class MemoryStore:
    """A `PurchaseStore` that keeps the results of one run, for later rows of the same address.

    Args:
        dedupe: How addresses are compared.
    """

    durable = False
    shared = False
    known = 0
    spent = 0
    run = 0
    taken_since: str | None = None
    found_rate: float | None = None

    def __init__(self, dedupe: Dedupe = "usps") -> None:
        self.dedupe: KeyRules = dedupe
        self.requests = 0
        self._results: dict[bytes, Qualification] = {}

    async def note_price(self, price: int, *, today: str) -> Spending:  # noqa: ARG002  no run was before
        """Return that nothing was spent."""
        return Spending(prices=Prices().since(0, price))

    def bound(self, most: int | None) -> None:
        """Do nothing: one run uses it."""

    async def find(self, addresses: Sequence[tuple[bytes, Address]]) -> dict[bytes, Entry]:
        """Return the entries of these addresses. Only settled addresses have one."""
        return {
            address: Entry(None, found.outcome, 0, found.requests, None, address)
            for address, _ in addresses
            if (found := self._results.get(address)) is not None
        }

    async def result(self, entry: Entry, *, key: Hashable, address: Address) -> Qualification:
        """Return the result of an entry with the key and address of a row."""
        return attrs.evolve(self._results[entry.packed or b""], key=key, address=address)

    def record(self, *changes: Change) -> asyncio.Future[None]:
        """Keep the results; within one run, the engine remembers all other changes itself."""
        for change in changes:
            if isinstance(change, Settled):
                self._results[change.address] = change.result
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def may_send(self) -> bool:
        """Return True: nobody else has the store."""
        return True

    def let_go(self, address: bytes) -> None:
        """Do nothing: there are no others."""

    async def left_open(self) -> list[Closed]:
        """Return nothing: no run was before this one."""
        return []

    async def finish(self) -> None:
        """Do nothing: the results are lost when the run ends."""
