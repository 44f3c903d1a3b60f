"""Records look-ups in a store, each step before the next, and answers them from a ledger."""

import asyncio
from weakref import WeakKeyDictionary

import attrs

from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async._lookups.observer import LookupObserver
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
from hum_async._purchases.refusals import ClaimRefused, Taken
from hum_async._purchases.resume_rules import ResumeAction, written_off
from hum_async._purchases.store import PurchaseStore
from hum_async.errors import HumError, ResponseError
from hum_async.limiter import Priority
from hum_async.models import Outcome, Qualification


@attrs.define(eq=False, repr=False)
class RecordedPurchase:
    """The purchase of one address, each step of which is safe before the next one.

    Attributes:
        digest: The address.
        store: Where it is recorded.
        instead_of: Reason to supersede an earlier purchase; None if there is none.
        replaces: Number of the earlier purchase in the store, 0 if there is none or it has no
            numbers.
        expires: Its session is left to expire by itself once there is a result.
        asked: It is recorded that a POST is about to be sent, and not what came of it.
    """

    digest: bytes
    store: PurchaseStore
    instead_of: str | None = None
    replaces: int = attrs.field(default=0, kw_only=True)
    expires: bool = attrs.field(default=False, kw_only=True)
    asked: bool = attrs.field(default=False, init=False)

    async def before_create(self) -> None:
        """Record that a POST is about to be sent: should the process die now, it may have been.

        Raises:
            ClaimRefused: It must not be sent, because of another process.
        """
        self.asked = True
        try:
            await self.store.record(Asked(self.digest, self.instead_of, self.replaces))
        except asyncio.CancelledError:
            self.had_no_effect()
            raise
        except ClaimRefused:
            self.asked = False
            raise
        if not self.store.may_send():
            # This process was stopped for long: others may hold its claims for uncertain by now.
            self.had_no_effect()
            raise Taken

    def had_no_effect(self) -> None:
        """Record that the POST had no effect: what it was to replace counts again."""
        if self.asked:
            self.asked = False
            self.store.record(Withdrawn(self.digest, restores=self.instead_of is not None))

    async def answered(self, lookup: Lookup, step: LookupStep) -> None:
        """Record what the answer to a step showed, before anything is done that builds on it."""
        if step is LookupStep.CLOSE:
            if lookup.step is None:
                self.store.record(Closed(self.digest, lookup.token or ""))
        elif lookup.result is not None:
            await self._settle(lookup, lookup.result)
        elif step is LookupStep.CREATE and lookup.token is not None:
            await self.store.record(Opened(self.digest, lookup.token, lookup.requests))
            self.asked = False
        elif step is LookupStep.CREATE:
            self.had_no_effect()
        elif lookup.step is LookupStep.CREATE:
            # The adopted session is gone: buying another one is a new decision.
            self.instead_of = "gone"

    async def _settle(self, lookup: Lookup, result: Qualification) -> None:
        try:
            await self.store.record(Settled(self.digest, result, expires=self.expires))
        except ResponseError as error:
            lookup.not_storable(error, asyncio.get_running_loop().time())
            await self.store.record(
                Settled(self.digest, lookup.result or result, expires=self.expires)
            )
        self.asked = False


async def known_result(
    action: ResumeAction, entry: Entry, lookup: Lookup, *, digest: bytes, store: PurchaseStore
) -> Qualification:
    """Return the result of an address that needs no request, once it is safe.

    Args:
        action: `ResumeAction.TAKE` or `WRITE_OFF`, as the rules have decided by the entry.
        entry: What the store knows of the address.
        lookup: Whose key and address the result has.
        digest: The address.
        store: The store.

    Raises:
        JournalError: The store cannot be used.
    """
    if action is ResumeAction.TAKE:
        return await store.result(entry, key=lookup.key, address=lookup.address)
    result = written_off(entry, key=lookup.key, address=lookup.address)
    await store.record(Settled(digest, result))
    return result


@attrs.define(eq=False, repr=False)
class _Held(RecordedPurchase):
    """The purchase of a look-up that holds the claim on its address."""

    claim: Claim = attrs.field(kw_only=True)


class PurchaseRecorder(LookupObserver):
    """Answers look-ups from a ledger, and makes each step of their purchases safe in it.

    Args:
        ledger: The ledger.
        priority: How urgent the look-ups are.
    """

    def __init__(self, ledger: Ledger, priority: Priority) -> None:
        self._ledger = ledger
        self._priority = priority
        self._held: dict[Lookup, _Held] = {}
        # Those that have ended except for their DELETE, which may never be sent.
        self._closing: WeakKeyDictionary[Lookup, _Held] = WeakKeyDictionary()

    async def begin(
        self, lookup: Lookup, now: float, active: float, *, digest: bytes | None = None
    ) -> Qualification | None:
        """Return the result of an address that was bought lately; None if it is to be looked up.

        Waits for whoever is buying it, in this process or another one. A session that an earlier
        process left open is adopted. May be called again when a claim was refused.

        Raises:
            JournalError: The store cannot be used.
        """
        store = await self._ledger.open()
        if (refused := self._held.pop(lookup, None)) is not None:
            digest = refused.digest
            refused.claim.give_back()
        elif digest is None:
            digest = address_digest(lookup.address, store.dedupe)
        while (other := self._ledger.claimed(digest)) is not None:
            shared = await other.end(self._priority)
            if shared is not None and not _is_retried(lookup, shared):
                return given_again(shared, key=lookup.key, address=lookup.address)
        held = _Held(digest, store, expires=not lookup.close, claim=self._ledger.claim(digest))
        try:
            entry = await self._entry(digest, lookup)
            result = await self._known(lookup, entry, held, now, active)
        except BaseException:
            held.claim.give_back()
            raise
        if result is None:
            self._held[lookup] = held
        else:
            held.claim.give_back(given_again(result, key=result.key, address=result.address))
        return result

    async def _entry(self, digest: bytes, lookup: Lookup) -> Entry | None:
        """Return what the store knows of an address that no other process is at."""
        while True:
            entry = (await self._ledger.find([(digest, lookup.address)])).get(digest)
            if entry is None or not entry.live:
                return entry
            # Others of this process wait for this one.
            await self._ledger.elsewhere.end(digest, lookup.address)

    async def _known(
        self, lookup: Lookup, entry: Entry | None, held: _Held, now: float, active: float
    ) -> Qualification | None:
        """Return what the store knows of an address, or prepare the look-up."""
        action, held.instead_of = self._ledger.rules(lookup.retried).action(entry)
        held.replaces = 0 if entry is None else entry.number
        if action is ResumeAction.BUY or entry is None:
            return None if lookup.replace else _not_begun(lookup)
        if action is ResumeAction.ADOPT:
            lookup.adopt(entry.token or "", now, active)
            return None
        result = await known_result(action, entry, lookup, digest=held.digest, store=held.store)
        if action is ResumeAction.WRITE_OFF:
            return result
        return given_again(result, key=lookup.key, address=lookup.address)

    async def before_create(self, lookup: Lookup) -> None:
        """Record that a POST is about to be sent."""
        if (held := self._held.get(lookup)) is not None:
            await held.before_create()

    def create_had_no_effect(self, lookup: Lookup) -> None:
        """Record that a POST had no effect."""
        if (held := self._held.get(lookup)) is not None:
            held.had_no_effect()

    async def answered(self, lookup: Lookup, step: LookupStep) -> None:
        """Record what an answer showed."""
        held = self._held.get(lookup) or self._closing.get(lookup)
        if held is None:
            return
        held.store.requests += 1
        await held.answered(lookup, step)
        if lookup.result is None or lookup not in self._held:
            return
        if lookup.ran_out:
            # Whoever asks for the address next takes its session up.
            lookup.leave_open()
        # The others need not wait for its DELETE.
        self._give_back(lookup, held)

    def is_awaited(self, lookup: Lookup) -> bool:
        """Whether somebody else waits for the result of a look-up."""
        held = self._held.get(lookup)
        return held is not None and held.claim.waiting > 0

    def ended(self, lookup: Lookup) -> None:
        """Give back the claim of a look-up that buys nothing more, whatever ended it."""
        held = self._held.pop(lookup, None)
        if held is None:
            return
        if lookup.step is LookupStep.CLOSE:
            self._closing[lookup] = held
        result = lookup.result
        if held.asked and result is not None and result.outcome is Outcome.UNCERTAIN:
            held.store.record(Settled(held.digest, result))
        self._give_back(lookup, held)

    def end_all(self) -> None:
        """Give back all claims, because nothing more is sent."""
        for lookup in tuple(self._held):
            self.ended(lookup)

    def _give_back(self, lookup: Lookup, held: _Held) -> None:
        # Who waits for a look-up whose time was over may have more of it.
        held.claim.give_back(None if lookup.ran_out else lookup.result)


def _is_retried(lookup: Lookup, shared: Qualification) -> bool:
    """Whether a result that somebody else found in the ledger is one to look up anew.

    One that was bought meanwhile is not: whoever asked knows nothing of it.
    """
    return not shared.requests and shared.outcome in lookup.retried


def _not_begun(lookup: Lookup) -> Qualification:
    """Return the result of a look-up that bought nothing and whose address was not kept."""
    error = HumError("nothing was bought of this look-up before its process ended; ask again")
    return Qualification(lookup.key, lookup.address, Outcome.FAILED, error=error)
