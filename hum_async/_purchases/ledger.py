"""The ledger: the purchases that everything made with one client shares.

Look-ups, hubs and jobs without a journal of their own ask it before they buy. An address that
somebody is buying is waited for, one that was bought lately is answered, and what a crash left is
taken up. The store keeps what is safe; who is buying what at this moment is known here.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from datetime import UTC, datetime, timedelta

import attrs

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.elsewhere import Elsewhere
from hum_async._purchases.prices import Prices, Spending
from hum_async._purchases.records import FAILED_OUTCOMES, Change, Closed, Entry
from hum_async._purchases.resume_rules import ResumeRules
from hum_async._purchases.store import ClosableStore, PurchaseStore
from hum_async._tasks import wait_for_tasks
from hum_async.errors import ConfigurationError, JournalError
from hum_async.limiter import Priority
from hum_async.models import Address, Outcome, Qualification

RETRIED = FAILED_OUTCOMES - {Outcome.UNCERTAIN}
"""Outcomes that are looked up again when they are asked for again."""

_NO_RUN = -1
"""Every purchase that nobody is making at this moment counts as made earlier."""


@attrs.define(eq=False, repr=False)
class Claim:
    """The right to buy an address: while it is held, everybody else waits for its end.

    Attributes:
        digest: The address.
        ended: Done when the claim is given back; its result is there if there is one to share.
        priority: How urgent its holder is.
        hand_over: Asks the holder to give the claim back before its end; None if it does not.
        waiting: How many wait for its end.
    """

    digest: bytes
    ended: "asyncio.Future[Qualification | None]"
    _claims: dict[bytes, "Claim"]
    _let_go: Callable[[bytes], None]
    priority: Priority = Priority.INTERACTIVE
    hand_over: Callable[[], None] | None = None
    waiting: int = 0
    _waiters: list["asyncio.Future[Qualification | None]"] = attrs.field(factory=list, init=False)

    async def end(self, priority: Priority) -> Qualification | None:
        """Wait until the claim is given back; return the result, if there is one to share.

        If there is none, the first that has waited here finds the address unclaimed.

        Args:
            priority: How urgent the caller is. A less urgent holder is asked to hand over.
        """
        self.waiting += 1
        if self.hand_over is not None and priority < self.priority:
            self.hand_over()
        if self.ended.done():
            self.waiting -= 1
            return self.ended.result()
        waiter: asyncio.Future[Qualification | None] = self.ended.get_loop().create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        finally:
            self.waiting -= 1
            self._waiters.remove(waiter)

    def give_back(self, result: Qualification | None = None) -> None:
        """Let the others go on. Idempotent.

        Args:
            result: What they get; None lets the first of them look for itself.
        """
        if self._claims.get(self.digest) is self:
            del self._claims[self.digest]
            self._let_go(self.digest)
        if not self.ended.done() and not self.ended.get_loop().is_closed():
            # Those before the callbacks of `ended`, by which rows of jobs come back.
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(result)
            self.ended.set_result(result)


class Ledger:
    """One store of purchases for all that one client does, in one process.

    Args:
        open_store: Opens the store.
        max_age: Seconds up to which an answer is given again.

    `elsewhere` waits for what other processes buy that have the same store.
    """

    def __init__(self, open_store: Callable[[], Awaitable[ClosableStore]], max_age: float) -> None:
        self._open_store = open_store
        self._max_age = max_age
        self._claims: dict[bytes, Claim] = {}
        self._opening: asyncio.Task[ClosableStore] | None = None
        self._closed = False
        # Sessions that earlier processes left open: what is still in here, nobody closes yet.
        self._left_open: list[Closed] | None = None
        self.elsewhere = Elsewhere(self.find, self._let_go)

    async def find(self, addresses: Sequence[tuple[bytes, Address]]) -> dict[bytes, Entry]:
        """Return entries by digest, of addresses that the caller has claimed.

        Whoever held the claim before may have recorded something in its last moment.
        """
        store = await self.open()
        await store.flush()
        return await store.find(addresses)

    async def open(self) -> ClosableStore:
        """Return the store, opened once.

        Raises:
            ConfigurationError: The client was closed.
            JournalError: The store cannot be used.
        """
        while True:
            if self._closed:
                raise ConfigurationError("this client was closed; create another one")
            opening = self._opening
            if opening is None or opening.cancelled():
                # It was cancelled if its event loop ended meanwhile.
                opening = self._opening = asyncio.ensure_future(self._opened())
            try:
                # Whoever is cancelled must not cancel the opening for the others.
                store = await asyncio.shield(opening)
            except Exception:
                # The reason may go away, such as another process that uses the file. Somebody may
                # have begun anew already.
                if self._opening is opening:
                    self._opening = None
                raise
            if not store.failed:
                return store
            if self._opening is opening:
                # What made it fail may be over, such as a full disk.
                self._opening = asyncio.ensure_future(_reopened(store, self._open_store))

    async def of_job(
        self, *, dedupe: Dedupe | None = None, campaign_id: str | None = None
    ) -> "JobLedger":
        """Return the store for one job, or for another that buys.

        Args:
            dedupe: How the job compares addresses; None as the ledger does.
            campaign_id: The caller's label for what the job buys, which the ledger notes.

        Raises:
            JournalError: The store cannot be used, or compares addresses otherwise.
        """
        store = await self.open()
        store.check_dedupe(dedupe)
        if campaign_id is not None:
            await store.note_campaign(campaign_id)
        return JobLedger(self, store)

    async def left_open(self) -> list[Closed]:
        """Return the list of the sessions that earlier processes left open, for all to take from.

        What was open when the ledger was opened, and is in it, is nobody's.
        """
        await self.open()
        return [] if self._left_open is None else self._left_open

    async def aclose(self, *, found_rate: float | None = None) -> None:
        """Write what is recorded and close the store. Idempotent.

        Args:
            found_rate: The found rate in requests per second, which the store notes.
        """
        self._closed = True
        # Whoever is cancelled meanwhile leaves a store that is closed all the same.
        closing = asyncio.get_running_loop().create_task(self._close(found_rate))
        await wait_for_tasks([closing])
        closing.result()

    async def _close(self, found_rate: float | None) -> None:
        await self.elsewhere.aclose()
        for claim in tuple(self._claims.values()):
            claim.give_back()
        opening, self._opening = self._opening, None
        if opening is not None:
            await wait_for_tasks([opening])
            if not opening.cancelled() and opening.exception() is None:
                store = opening.result()
                if found_rate is not None:
                    store.found_rate = found_rate
                await store.aclose()

    def rules(self, retry: Collection[Outcome] = (), max_age: float | None = None) -> ResumeRules:
        """Return what counts of what the store holds, at this moment.

        Args:
            retry: Outcomes that are looked up again besides failures.
            max_age: Seconds up to which an answer is given again; None as for all others.
        """
        seconds = self._max_age if max_age is None else max_age
        since = datetime.now(UTC) - timedelta(seconds=seconds)
        return ResumeRules(_NO_RUN, RETRIED | {*retry}, since.isoformat())

    def claimed(self, digest: bytes) -> Claim | None:
        """Return the claim that somebody holds on an address."""
        claim = self._claims.get(digest)
        if claim is not None and claim.ended.get_loop() is not asyncio.get_running_loop():
            # Its event loop has ended, and nobody is left on it.
            del self._claims[digest]
            self._let_go(digest)
            return None
        return claim

    def claim(
        self,
        digest: bytes,
        *,
        priority: Priority = Priority.INTERACTIVE,
        hand_over: Callable[[], None] | None = None,
    ) -> Claim:
        """Claim an address that nobody has claimed; arguments as of `Claim`."""
        ended = asyncio.get_running_loop().create_future()
        claim = Claim(digest, ended, self._claims, self._let_go, priority, hand_over)
        self._claims[digest] = claim
        return claim

    def _let_go(self, digest: bytes) -> None:
        """Leave a purchase to other processes, if it has no result."""
        opening = self._opening
        if opening is None or not opening.done() or opening.cancelled():
            return
        if opening.exception() is None:
            opening.result().let_go(digest)

    async def _opened(self) -> ClosableStore:
        store = await self._open_store()
        if self._left_open is None:
            try:
                self._left_open = await store.left_open()
            except BaseException:
                with contextlib.suppress(JournalError):
                    await store.aclose()
                raise
        return store


async def _reopened(
    failed: ClosableStore, open_store: Callable[[], Awaitable[ClosableStore]]
) -> ClosableStore:
    with contextlib.suppress(JournalError):
        await failed.aclose()
    return await open_store()


def given_again(result: Qualification, *, key: Hashable, address: Address) -> Qualification:
    """Return a result for another row or call, which cost nothing."""
    return attrs.evolve(result, key=key, address=address, requests=0, elapsed=0.0)


class JobLedger:
    """A ledger as the `PurchaseStore` of one job. What the job bounds counts from its beginning.

    Args:
        ledger: The ledger.
        store: Its store.
    """

    durable = True
    shared = True
    known = 0
    spent = 0
    run = _NO_RUN
    taken_since: str | None = None
    dedupe: KeyRules

    def __init__(self, ledger: Ledger, store: PurchaseStore) -> None:
        self.ledger = ledger
        self.dedupe = store.dedupe
        self._store = store
        self._requests = 0

    @property
    def requests(self) -> int:
        """HTTP requests sent by this job so far; the ledger counts those of all."""
        return self._requests

    @requests.setter
    def requests(self, number: int) -> None:
        self._store.requests += number - self._requests
        self._requests = number

    @property
    def found_rate(self) -> float | None:
        """Found rate in requests per second, of whoever has found one last."""
        return self._store.found_rate

    @found_rate.setter
    def found_rate(self, rate: float | None) -> None:
        if rate is not None:
            self._store.found_rate = rate

    async def note_price(self, price: int, *, today: str) -> Spending:  # noqa: ARG002  as below
        """Return that nothing was spent: what the job bounds counts from its beginning."""
        return Spending(prices=Prices().since(0, price))

    def bound(self, most: int | None) -> None:
        """Do nothing: a job bounds what it buys itself."""

    async def find(self, addresses: Sequence[tuple[bytes, Address]]) -> dict[bytes, Entry]:
        """Return entries by digest."""
        return await self.ledger.find(addresses)

    async def result(self, entry: Entry, *, key: Hashable, address: Address) -> Qualification:
        """Return the result of a settled entry, which costs this job nothing."""
        found = await self._store.result(entry, key=key, address=address)
        return given_again(found, key=key, address=address)

    def record(self, *changes: Change) -> asyncio.Future[None]:
        """Store changes."""
        return self._store.record(*changes)

    def may_send(self) -> bool:
        """Return whether a POST that is recorded may still leave."""
        return self._store.may_send()

    def let_go(self, address: bytes) -> None:
        """Do nothing: whoever gives a claim of the ledger back lets go of its purchase."""

    async def left_open(self) -> list[Closed]:
        """Return what earlier processes left open, and nobody has closed yet."""
        return await self.ledger.left_open()

    async def finish(self) -> None:
        """Do nothing: a ledger has no end."""
