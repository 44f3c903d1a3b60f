"""What a job shares with others: through its client's ledger, or with other processes."""

import asyncio
from collections.abc import Callable, Hashable, Iterable
from functools import partial

from hum_async._purchases.elsewhere import Elsewhere
from hum_async._purchases.ledger import Claim, Ledger
from hum_async._purchases.records import Entry
from hum_async._purchases.resume_rules import ResumeRules
from hum_async._purchases.store import PurchaseStore
from hum_async.bulk.options import JobOptions
from hum_async.limiter import Priority
from hum_async.models import Address, Qualification


class SharedPurchases:
    """The addresses that a job has claimed, and its rows that wait for the claims of others.

    Args:
        ledger: The ledger; None for a job with a store of its own, which claims nothing here.
        priority: How urgent the job is.
        on_wanted: Called with an address that the job has claimed and for which somebody waits who
            is more urgent.

    `waiting` is the number of rows that wait for others, of other processes too, and `barred` are
    rows that may not be bought at present, whose addresses are left to others.
    """

    def __init__(
        self, ledger: Ledger | None, priority: Priority, *, on_wanted: Callable[[bytes], None]
    ) -> None:
        self.waiting = 0
        self.barred: list[tuple[Hashable, Address]] = []
        self._ledger = ledger
        self._priority = priority
        self._on_wanted = on_wanted
        self._wanted: set[bytes] = set()
        self._claims: dict[bytes, Claim] = {}
        # The claims of others for which rows wait, one for each row.
        self._awaited: list[Claim] = []
        # Addresses that the job has bought: the ledger does not tell them from those of others.
        self._bought: set[bytes] = set()
        self._store: PurchaseStore | None = None
        self._elsewhere = None if ledger is None else ledger.elsewhere
        # The rows that wait for other processes.
        self._there: dict[Callable[[], None], bytes] = {}

    @property
    def shares(self) -> bool:
        """Whether others may wait for an address, in this process or another one."""
        return self._store is not None and self._store.shared

    def rules(self, store: PurchaseStore, options: JobOptions) -> ResumeRules:
        """Return which purchases of earlier runs, or of others, still count."""
        self._store = store
        if self._elsewhere is None:
            self._elsewhere = Elsewhere(store.find, store.let_go)
        if self._ledger is None:
            return ResumeRules(store.run, options.retry, store.taken_since)
        return self._ledger.rules(options.retry, options.max_age)

    def waits(self, digest: bytes, then: Callable[[], object]) -> bool:
        """Claim an address; return whether somebody else has, for whom a row has to wait.

        Args:
            digest: The address.
            then: Called when the other claim is given back.
        """
        if self._ledger is None or digest in self._claims:
            return False
        other = self._ledger.claimed(digest)
        if other is None:
            self._claims[digest] = self._ledger.claim(
                digest, priority=self._priority, hand_over=partial(self._want, digest)
            )
            return False
        self.waiting += 1
        other.waiting += 1
        self._awaited.append(other)
        other.ended.add_done_callback(lambda _: self._free_from(other, then))
        return True

    def waits_elsewhere(self, digest: bytes, address: Address, then: Callable[[], object]) -> None:
        """Let a row wait until no other process is at its address.

        Args:
            digest: The address.
            address: The same.
            then: Called when the row is to be looked at again.
        """
        if self._elsewhere is None:
            raise RuntimeError("rows are sorted in only while the store is open")
        self.give_back(digest)

        def free() -> None:
            del self._there[free]
            self._free(then)

        self.waiting += 1
        self._there[free] = digest
        self._elsewhere.add(digest, address, free)

    def has_settled(self, digest: bytes, entry: Entry | None) -> bool:
        """Whether the job itself has this result: a failure of it is not looked up again."""
        return digest in self._bought and entry is not None and entry.outcome is not None

    def settled(self, digest: bytes, result: Qualification) -> None:
        """Record that the job has bought an address, and let others have the result."""
        if self._ledger is not None:
            self._bought.add(digest)
            self.give_back(digest, result)

    def give_back(self, digest: bytes, result: Qualification | None = None) -> None:
        """Let others go on who wait for an address.

        Args:
            digest: The address.
            result: What they get; None lets the first of them look for itself.
        """
        self._wanted.discard(digest)
        if (claim := self._claims.pop(digest, None)) is not None:
            claim.give_back(result)
        elif self._store is not None:
            self._store.let_go(digest)

    def is_wanted(self, digest: bytes) -> bool:
        """Whether somebody who is more urgent waits for an address."""
        return digest in self._wanted

    def hand_over(self, digest: bytes, then: Iterable[Callable[[], object]]) -> None:
        """Give an address back before its end, to whoever has waited for it.

        Args:
            digest: The address.
            then: Called when that one has had the time to claim it, for each row that waits now.
        """
        self.give_back(digest)
        for each in then:
            self.waiting += 1
            asyncio.get_running_loop().call_soon(self._free, each)

    def give_all_back(self) -> None:
        """Let everybody go on, and wait for nobody: the job has ended."""
        for digest in tuple(self._claims):
            self.give_back(digest)
        for other in self._awaited:
            other.waiting -= 1
        self._awaited.clear()
        for then, digest in self._there.items():
            if self._elsewhere is not None:
                self._elsewhere.discard(digest, then)
        self._there.clear()

    async def aclose(self) -> None:
        """End what looks for others, if it is the job's own. Idempotent."""
        if self._ledger is None and self._elsewhere is not None:
            await self._elsewhere.aclose()

    def _want(self, digest: bytes) -> None:
        self._wanted.add(digest)
        self._on_wanted(digest)

    def _free_from(self, other: Claim, then: Callable[[], object]) -> None:
        if other in self._awaited:
            self._awaited.remove(other)
            other.waiting -= 1
        self._free(then)

    def _free(self, then: Callable[[], object]) -> None:
        self.waiting -= 1
        then()
