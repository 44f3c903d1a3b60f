"""Buys look-ups: one purchase per address, from the POST to the DELETE, each step recorded.

What each free slot is used for is decided in `_turns`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Hashable
from typing import Any, Protocol

import attrs

from hum_async._api.sender import RequestSender
from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async._polling.due_queue import DueQueue
from hum_async._polling.policies import PollPolicy
from hum_async._purchases.records import (
    Asked,
    Copied,
    Entry,
    Opened,
    Settled,
    Withdrawn,
)
from hum_async._purchases.resume_rules import ResumeAction, ResumeRules, written_off
from hum_async._purchases.store import PurchaseStore
from hum_async.bulk.dedupe import SeenAddresses
from hum_async.bulk.slot_scheduling import SlotScheduler, SlotUse
from hum_async.errors import ApiUnavailable, AuthenticationError, ConfigurationError
from hum_async.limiter import ResumableLimiter
from hum_async.models import Address, Outcome, Qualification, SessionUpdate

__all__ = ["MAX_TOLD_PAUSE", "PLENTY", "Purchase", "Purchasing", "ResultSink", "Terms"]

PLENTY = 32
"""Addresses that wait to be bought from which on no more need to be at hand."""

MAX_TOLD_PAUSE = 120.0
"""Seconds that a job with a journal waits for at most when the API asks it to. A limit per minute
asks for less; more means a quota of hours, or maintenance, and whoever runs the job can do better
than to let it hang. Besides, no pause of the limiter is longer than five minutes, so that a job
would come back too early again and again."""

OnUpdate = Callable[[Hashable, SessionUpdate], None]


@attrs.frozen(kw_only=True)
class Terms:
    """How a job goes about it.

    Attributes:
        policy: When to poll.
        max_open: Sessions that are open, or answered and not yet read, at the same time.
        close: End each session when its result is safe.
        retry: Outcomes of earlier runs that are looked up anew.
        max_sessions: Sessions bought in all, earlier runs included; None for no bound.
        on_update: Called with a row's key and what its session told.
        max_pause: Seconds; a job with a journal ends if the API asks it to wait for longer. None:
            it waits. Without a journal it always does, because open sessions would be lost.
    """

    policy: PollPolicy
    max_open: int
    close: bool = True
    retry: Collection[Outcome] = ()
    max_sessions: int | None = None
    on_update: OnUpdate | None = None
    max_pause: float | None = MAX_TOLD_PAUSE


class ResultSink(Protocol):
    """Whoever wants results."""

    def deliver(self, result: Qualification, purchase: "Purchase | None") -> None:
        """Take a result; give the purchase back with `Purchasing.close` once the result is safe."""

    def fail(self, exc: Exception) -> None:
        """Hear that nothing can go on."""

    def wake(self) -> None:
        """Hear that there is something to do, or room for more."""


@attrs.define(eq=False, repr=False)
class Purchase:
    """One address that is being looked up, and the other rows that wait for it."""

    digest: bytes
    lookup: Lookup
    instead_of: str | None = None
    rows: list[tuple[Hashable, Address]] = attrs.field(factory=list)


class Purchasing:
    """The purchases of one job, as the dispatcher sees them.

    Args:
        caller: Sends the requests.
        terms: How to go about it.
        store: Where purchases and results are recorded.
        customer: Who gets the results.
    """

    def __init__(
        self, caller: RequestSender, terms: Terms, store: PurchaseStore, customer: ResultSink
    ) -> None:
        self.requests = self.sessions = self.reused = self.adopted = 0
        self.open = self.in_flight = 0
        # Nothing is sent before it is set to False, and nothing new is begun once `stopping` is.
        self.holding = True
        self.stopping = False
        self.failed = False
        self._caller = caller
        self._terms = terms
        self._store = store
        self._customer = customer
        self._rules = ResumeRules(store.run, terms.retry, store.taken_since)
        self._heap: DueQueue[Purchase] = DueQueue()
        self._closing: deque[Purchase] = deque()
        self._running: dict[bytes, Purchase] = {}
        self._fresh: deque[Purchase] = deque()
        self._gave_up = False
        self._joined = 0
        self._spent = store.spent
        self._met = SeenAddresses()
        self._turns = SlotScheduler()
        self._finder = caller.limiter if isinstance(caller.limiter, ResumableLimiter) else None

    def resume(self) -> None:
        """Begin as fast as the last run found out that the API allows."""
        if self._finder is not None and self._store.found_rate is not None:
            self._finder.resume(self._store.found_rate)

    @property
    def waiting(self) -> int:
        """Addresses that are still to be bought."""
        return len(self._fresh)

    @property
    def unmet(self) -> int:
        """Addresses that earlier runs knew and whose rows have not been read yet."""
        return self._store.known - len(self._met)

    @property
    def left(self) -> bool:
        """Whether addresses were taken that have no result."""
        return bool(self._fresh) or self._gave_up

    @property
    def rows(self) -> int:
        """Rows that are looked up, wait for another row's look-up, or are still to be bought."""
        return self.open + self._joined + len(self._fresh)

    def is_done(self) -> bool:
        """Whether nothing is under way, and nothing can be begun."""
        busy = self.open or self.in_flight or self._closing or len(self._heap)
        return not busy and not self._may_admit()

    def is_barred(self) -> bool:
        """Whether addresses are left that may not be bought any more."""
        return bool(self._fresh) and not self._may_buy()

    def new_trip(self, key: Hashable, address: Address) -> Lookup:
        """Return the lookup of a row; one that cannot be sent has its result at once."""
        return Lookup(
            key=key,
            address=address,
            policy=self._terms.policy,
            retry=self._caller.retry,
            close=self._terms.close,
        )

    def joins(self, digest: bytes, lookup: Lookup) -> bool:
        """Let a row wait for the look-up of its address, if there is one under way."""
        purchase = self._running.get(digest)
        if purchase is None:
            return False
        purchase.rows.append((lookup.key, lookup.address))
        self._joined += 1
        return True

    async def begin(self, digest: bytes, lookup: Lookup, entry: Entry | None) -> None:
        """Do what an address needs, by what is known of it."""
        need, reason = self._rules.need(entry)
        if entry is not None and not entry.copied and self._rules.is_earlier(entry):
            self._met.first(digest, 1)
        if need is ResumeAction.BUY or entry is None:
            # What only another job's journal holds is not there to be replaced.
            mine = entry is not None and not entry.copied
            self._buy(Purchase(digest, lookup, instead_of=reason if mine else None))
        elif need is ResumeAction.TAKE:
            await self._take_over(digest, lookup, entry)
        elif need is ResumeAction.ADOPT:
            self._adopt(Purchase(digest, lookup), entry)
        else:
            result = written_off(entry, key=lookup.key, address=lookup.address)
            await self._store.record(Settled(digest, result))
            self.reused += 1
            self._customer.deliver(result, None)

    async def _take_over(self, digest: bytes, lookup: Lookup, entry: Entry) -> None:
        """Hand out a result that is there already."""
        if entry.copied:
            self._store.record(Copied(digest, entry))
        result = await self._store.result(entry, key=lookup.key, address=lookup.address)
        if self._rules.is_earlier(entry):
            self.reused += 1
            self._customer.deliver(result, None)
        else:
            self._customer.deliver(_shared(result, lookup.key, lookup.address), None)

    def _buy(self, purchase: Purchase) -> None:
        if self.is_barred() and len(self._fresh) >= PLENTY:
            # It could only wait; those behind it may need nothing but to be handed out.
            self._gave_up = True
            return
        self._running[purchase.digest] = purchase
        self._fresh.append(purchase)

    def _adopt(self, purchase: Purchase, entry: Entry) -> None:
        lookup = purchase.lookup
        lookup.adopt(entry.token or "", *self._caller.clocks(), requests=entry.requests)
        self._running[purchase.digest] = purchase
        self.open += 1
        self.adopted += 1
        self._heap.push(lookup.due, purchase)

    def close(self, purchase: Purchase) -> None:
        """Close a session, as soon as there is nothing more urgent: its result is safe."""
        if purchase.lookup.step is LookupStep.CLOSE:
            self._closing.append(purchase)
            self._customer.wake()

    # --- WorkSource, for the dispatcher -----------------------------------------------------------------

    def ready_at(self, now: float) -> float | None:
        """Return when there is something to send."""
        if self.failed or self.holding:
            return None
        due = self._heap.next_due()
        if (due is not None and due <= now) or self._closing or self._may_admit():
            return now
        return due

    def take(self, now: float) -> Coroutine[Any, Any, None] | None:
        """Choose between due polls, DELETEs and new sessions."""
        if self.failed:
            return None
        purchase = self._next(now)
        if purchase is None or self._dropped(purchase):
            return None
        self._customer.wake()
        return self._advance(purchase)

    def _next(self, now: float) -> Purchase | None:
        due = self._heap.next_due()
        turn = self._turns.next(
            late=None if due is None or due > now else now - due,
            closing=len(self._closing),
            in_progress=self.open,
            may_open=self._may_admit(),
        )
        if turn is SlotUse.POLL:
            return self._heap.pop()
        if turn is SlotUse.CLOSE:
            return self._closing.popleft()
        if turn is SlotUse.OPEN:
            self.open += 1
            self._spent += 1
            return self._fresh.popleft()
        return None

    def _may_admit(self) -> bool:
        return bool(self._fresh) and not self.stopping and self._may_buy()

    def _may_buy(self) -> bool:
        most = self._terms.max_sessions
        return most is None or self._spent < most

    def _dropped(self, purchase: Purchase) -> bool:
        """Give a purchase up that would only now be begun, if nothing new is to be begun."""
        if not (self.stopping and purchase.lookup.step is LookupStep.CREATE):
            return False
        self._gave_up = True
        self.open -= 1
        self._spent -= 1
        self._joined -= len(purchase.rows)
        del self._running[purchase.digest]
        self._customer.wake()
        return True

    # --- sending ----------------------------------------------------------------------------------

    async def _advance(self, purchase: Purchase) -> None:
        """Do the next step of an address under a slot, and record what came of it."""
        step = purchase.lookup.step
        self.in_flight += 1
        try:
            created = step is LookupStep.CREATE
            await self._send(purchase, creates=created)
            if step is not LookupStep.CLOSE:
                await self._record(purchase, created=created)
                self._tell(purchase)
                self._place(purchase, created=created)
            elif purchase.lookup.step is not None:
                self._heap.push(purchase.lookup.due, purchase)
            self._heed(purchase.lookup.asked_to_wait)
        except Exception as exc:  # noqa: BLE001  the key, the client, the journal; the reader sees it
            self._customer.fail(exc)
        finally:
            self.in_flight -= 1
            self._customer.wake()

    async def _send(self, purchase: Purchase, *, creates: bool) -> None:
        lookup = purchase.lookup
        if creates:
            await self._ask(purchase)
        sent = lookup.requests
        try:
            await self._caller.advance(lookup)
        except (AuthenticationError, ConfigurationError):
            if creates:
                self._store.record(Withdrawn(purchase.digest))
            raise
        finally:
            self.requests += lookup.requests - sent
            self._store.requests = self.requests
            if self._finder is not None:
                self._store.found_rate = self._finder.found_rate

    async def _ask(self, purchase: Purchase) -> None:
        """Record that a POST is about to be sent: should we die now, it may have been."""
        try:
            await self._store.record(Asked(purchase.digest, purchase.instead_of))
        except asyncio.CancelledError:
            self._store.record(Withdrawn(purchase.digest))
            raise
        purchase.instead_of = None

    async def _record(self, purchase: Purchase, *, created: bool) -> None:
        """Make safe what the answer said, before anything is done that builds on it."""
        lookup, digest = purchase.lookup, purchase.digest
        self.sessions += created and lookup.token is not None
        if lookup.result is not None:
            await self._store.record(Settled(digest, lookup.result))
        elif created and lookup.token is not None:
            await self._store.record(Opened(digest, lookup.token, lookup.requests))
        elif created:
            self._store.record(Withdrawn(digest))

    def _heed(self, asked: float | None) -> None:
        """End a job that can go on later, rather than wait very long.

        Raises:
            ApiUnavailable: The API asks to wait for longer than the job does.
        """
        most = self._terms.max_pause
        if asked is None or most is None or asked <= most or not self._store.durable:
            return
        raise ApiUnavailable(
            f"the API asks to wait {asked:,.0f} seconds; stopped, everything so far is in the "
            "journal: run the same again after that time, and the job goes on where it was",
            retry_after=asked,
        )

    def _tell(self, purchase: Purchase) -> None:
        update, listener = purchase.lookup.update, self._terms.on_update
        if update is not None and listener is not None:
            for key in (purchase.lookup.key, *(key for key, _ in purchase.rows)):
                listener(key, update)

    def _place(self, purchase: Purchase, *, created: bool) -> None:
        """Put an address where its next step will be found."""
        lookup = purchase.lookup
        if lookup.result is not None:
            self._settle(purchase, lookup.result)
        elif lookup.step is LookupStep.CREATE and not created:
            # The session that was taken over is gone: buying another one is a new decision.
            purchase.instead_of = "gone"
            self.open -= 1
            self._fresh.appendleft(purchase)
        else:
            self._heap.push(lookup.due, purchase)

    def _settle(self, purchase: Purchase, result: Qualification) -> None:
        self._turns.settled(result.requests + (purchase.lookup.step is LookupStep.CLOSE))
        self.open -= 1
        self._spent -= result.token is None and result.outcome is not Outcome.UNCERTAIN
        self._joined -= len(purchase.rows)
        del self._running[purchase.digest]
        shared = [_shared(result, key, address) for key, address in purchase.rows]
        purchase.rows.clear()
        *first, last = [result, *shared]
        for row in first:
            self._customer.deliver(row, None)
        # Where only the reader can make a result safe, the session is closed when it has read the
        # last of its rows.
        self._customer.deliver(last, None if self._store.durable else purchase)
        if self._store.durable:
            self.close(purchase)


def _shared(result: Qualification, key: Hashable, address: Address) -> Qualification:
    """Return a result for another row of the same address, which cost nothing."""
    return attrs.evolve(result, key=key, address=address, requests=0, elapsed=0.0)
