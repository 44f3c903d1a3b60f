"""What a job shares with others through its client's ledger."""

from collections.abc import Callable

from hum_async._purchases.ledger import Claim, Ledger
from hum_async._purchases.records import Entry
from hum_async._purchases.resume_rules import ResumeRules
from hum_async._purchases.store import PurchaseStore
from hum_async.bulk.options import JobOptions
from hum_async.models import Qualification


class SharedPurchases:
    """The addresses that a job has claimed, and its rows that wait for the claims of others.

    Args:
        ledger: The ledger; None for a job that shares nothing, which claims nothing.

    `waiting` is the number of rows that wait for others.
    """

    def __init__(self, ledger: Ledger | None) -> None:
        self.waiting = 0
        self._ledger = ledger
        self._claims: dict[bytes, Claim] = {}
        # Addresses that the job has bought: the ledger does not tell them from those of others.
        self._bought: set[bytes] = set()

    @property
    def shares(self) -> bool:
        """Whether there are others that may wait for an address."""
        return self._ledger is not None

    def rules(self, store: PurchaseStore, options: JobOptions) -> ResumeRules:
        """Return which purchases of earlier runs, or of others, still count."""
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
            self._claims[digest] = self._ledger.claim(digest)
            return False
        self.waiting += 1
        other.waiting += 1
        other.ended.add_done_callback(lambda _: self._free(then))
        return True

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
        if (claim := self._claims.pop(digest, None)) is not None:
            claim.give_back(result)

    def give_all_back(self) -> None:
        """Let everybody go on: the job has ended."""
        for digest in tuple(self._claims):
            self.give_back(digest)

    def _free(self, then: Callable[[], object]) -> None:
        self.waiting -= 1
        then()
