"""Records the look-ups of a client or hub in its ledger, and answers from it what was bought."""

import asyncio

import attrs

from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async._lookups.queue import LookupObserver
from hum_async._purchases.ledger import Claim, Ledger, given_again
from hum_async._purchases.records import (
    Asked,
    Closed,
    Entry,
    Opened,
    Settled,
    Withdrawn,
    address_digest,
)
from hum_async._purchases.resume_rules import ResumeAction, written_off
from hum_async._purchases.store import PurchaseStore
from hum_async.errors import HumError, ResponseError
from hum_async.models import Outcome, Qualification


@attrs.define(eq=False, repr=False)
class _Held:
    """A look-up that holds the claim on its address."""

    claim: Claim
    store: PurchaseStore
    instead_of: str | None = None
    asked: bool = False

    def withdrawn(self) -> Withdrawn:
        self.asked = False
        return Withdrawn(self.claim.digest, restores=self.instead_of is not None)


class PurchaseRecorder(LookupObserver):
    """Makes each step of a purchase safe before the next one.

    Args:
        ledger: Where it is recorded.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._held: dict[Lookup, _Held] = {}

    async def begin(self, lookup: Lookup, now: float, active: float) -> Qualification | None:
        """Return the result of an address that was bought lately; None if it is to be looked up.

        Waits for whoever is buying it. A session that an earlier process left open is adopted.

        Raises:
            JournalError: The store cannot be used.
        """
        store = await self._ledger.open()
        digest = address_digest(lookup.address, store.dedupe)
        return await self.take_up(lookup, digest, now, active)

    async def take_up(
        self, lookup: Lookup, digest: bytes, now: float, active: float
    ) -> Qualification | None:
        """Do as `begin` for a look-up that may know no more of its address than this digest."""
        store = await self._ledger.open()
        while (other := self._ledger.claimed(digest)) is not None:
            other.waiting += 1
            shared = await asyncio.shield(other.ended)
            if shared is not None:
                return given_again(shared, key=lookup.key, address=lookup.address)
        held = _Held(self._ledger.claim(digest), store)
        try:
            found = await self._ledger.find([(digest, lookup.address)])
            result = await self._known(lookup, found.get(digest), held, now, active)
        except BaseException:
            held.claim.give_back()
            raise
        if result is None:
            self._held[lookup] = held
        else:
            held.claim.give_back(result)
        return result

    async def _known(
        self, lookup: Lookup, entry: Entry | None, held: _Held, now: float, active: float
    ) -> Qualification | None:
        """Return what the store knows of an address, or prepare the look-up."""
        action, held.instead_of = self._ledger.rules().action(entry)
        if action is ResumeAction.BUY or entry is None:
            return None if lookup.replace else _not_begun(lookup)
        if action is ResumeAction.ADOPT:
            lookup.adopt(entry.token or "", now, active)
            return None
        if action is ResumeAction.TAKE:
            found = await held.store.result(entry, key=lookup.key, address=lookup.address)
            return given_again(found, key=lookup.key, address=lookup.address)
        result = written_off(entry, key=lookup.key, address=lookup.address)
        await held.store.record(Settled(held.claim.digest, result))
        return result

    async def before_create(self, lookup: Lookup) -> None:
        """Record that a POST is about to be sent."""
        if (held := self._held.get(lookup)) is None:
            return
        held.asked = True
        try:
            await held.store.record(Asked(held.claim.digest, held.instead_of))
        except asyncio.CancelledError:
            held.store.record(held.withdrawn())
            raise

    def create_had_no_effect(self, lookup: Lookup) -> None:
        """Record that a POST had no effect."""
        if (held := self._held.get(lookup)) is not None and held.asked:
            held.store.record(held.withdrawn())

    async def answered(self, lookup: Lookup, step: LookupStep) -> None:
        """Record what an answer showed."""
        held = self._held.get(lookup)
        if held is None:
            return
        if step is LookupStep.CLOSE:
            if lookup.step is None:
                held.store.record(Closed(held.claim.digest, lookup.token or ""))
            return
        digest, created = held.claim.digest, step is LookupStep.CREATE
        if lookup.result is not None:
            try:
                await held.store.record(Settled(digest, lookup.result))
            except ResponseError as error:
                lookup.not_storable(error, asyncio.get_running_loop().time())
                await held.store.record(Settled(digest, lookup.result))
            held.asked = False
            # The others need not wait for its DELETE.
            held.claim.give_back(lookup.result)
        elif created and lookup.token is not None:
            await held.store.record(Opened(digest, lookup.token, lookup.requests))
            held.asked = False
        elif created:
            held.store.record(held.withdrawn())
        elif lookup.step is LookupStep.CREATE:
            # The adopted session is gone: buying another one is a new decision.
            held.instead_of = "gone"

    def is_awaited(self, lookup: Lookup) -> bool:
        """Whether somebody else waits for the result of a look-up."""
        held = self._held.get(lookup)
        return held is not None and held.claim.waiting > 0

    def ended(self, lookup: Lookup) -> None:
        """Give back the claim of a look-up that sends nothing more, whatever ended it."""
        held = self._held.pop(lookup, None)
        if held is None:
            return
        result = lookup.result
        if held.asked and result is not None and result.outcome is Outcome.UNCERTAIN:
            held.store.record(Settled(held.claim.digest, result))
        held.claim.give_back(result)


def _not_begun(lookup: Lookup) -> Qualification:
    """Return the result of a look-up that bought nothing and whose address was not kept."""
    error = HumError("nothing was bought of this look-up before its process ended; ask again")
    return Qualification(lookup.key, lookup.address, Outcome.FAILED, error=error)
