"""The addresses that a job looks up: each step is recorded before the next one begins.

The intent is safe before the POST, the token before the first poll, the result before the DELETE.
"""

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterable
from functools import partial

from hum_async._api.retry import refuses_every_post
from hum_async._api.sender import RequestSender
from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async._lookups.observer import LookupObserver
from hum_async._lookups.queue import LookupQueue
from hum_async._polling.dispatcher import Dispatcher
from hum_async._purchases.ledger import Ledger, given_again
from hum_async._purchases.refusals import BoundReached, ClaimRefused
from hum_async._purchases.store import PurchaseStore
from hum_async.bulk.input_rows import InputRows
from hum_async.bulk.job_spending import JobSpending
from hum_async.bulk.job_state import JobState
from hum_async.bulk.options import JobOptions
from hum_async.bulk.refused_posts import RefusedPosts
from hum_async.bulk.session_closing import SessionClosing
from hum_async.bulk.shared_purchases import SharedPurchases
from hum_async.bulk.slot_scheduling import SlotScheduler
from hum_async.bulk.under_way import Purchase, PurchasesUnderWay
from hum_async.bulk.unread_results import UnreadResults
from hum_async.errors import ApiError, ApiUnavailable, InvalidAddress
from hum_async.limiter import Priority
from hum_async.models import Address, Qualification

logger = logging.getLogger("hum_async.bulk")
logger.addHandler(logging.NullHandler())

PLENTY = 32
"""Addresses waiting to be bought from which on no more rows need to be read."""


class JobPurchases(LookupObserver):
    """Buys addresses, records what is shown of them, and hands out their results.

    Args:
        sender: Sends the requests.
        options: How to go about it.
        ledger: What the job shares with others; None for a job with a store of its own.
        urgency: How urgent the job is.
        state: The state of the job.
        rows: Takes back rows whose address is to be looked at again.
        results: Gets the results.
        dispatcher: Sends the requests when there is a slot for them.
        has_work: Returns whether the job has more to do than DELETEs that need not be sent.
        read_again: Called when rows are to be read again that had been read.
        wake: Called when there is something to do, or room for more.

    `sessions` counts the sessions that the API created.
    """

    def __init__(  # noqa: PLR0913  all but the first two by name
        self,
        sender: RequestSender,
        options: JobOptions,
        *,
        ledger: Ledger | None,
        urgency: Priority,
        state: JobState,
        rows: InputRows,
        results: UnreadResults,
        dispatcher: Dispatcher,
        has_work: Callable[[], bool],
        read_again: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        self.sessions = 0
        self._sender = sender
        self._options = options
        self._state = state
        self._rows = rows
        self._results = results
        self._read_again = read_again
        self._wake = wake
        self._store: PurchaseStore | None = None
        self._order = SlotScheduler()
        self.queue = LookupQueue(
            sender,
            observer=self,
            order=self._order,
            wake=wake,
            may_create=self._may_buy,
            owner="job",
        )
        self.queue.hold()
        self.shared = SharedPurchases(ledger, urgency, on_wanted=self._let_go)
        self.under_way = PurchasesUnderWay()
        self.spending = JobSpending(options, self.queue)
        self.closing = SessionClosing(
            sender,
            self.queue,
            dispatcher,
            close=options.close,
            goes_on=lambda: state.goes_on,
            has_work=has_work,
            wake=wake,
        )
        self.refused = RefusedPosts()

    # --- the job as a whole -----------------------------------------------------------------------

    async def open(self, store: PurchaseStore) -> None:
        """Record everything in a store from now on.

        Raises:
            JournalError: The store cannot be used.
        """
        self._store = store
        await self.spending.go_on_from(store)
        self.closing.open(store)

    def release(self) -> None:
        """Send requests, as far as the state of the job lets it."""
        if self._state.may_send:
            self.queue.release()

    def rest(self) -> None:
        """Send nothing but what is under way."""
        self._state.resting = True
        self.queue.hold()
        self._leave_to_others()

    def stop(self) -> None:
        """Begin nothing new; look-ups under way are finished."""
        self._state.stopping = True
        self.queue.stop()
        self._leave_to_others()

    def fail(self, exc: Exception) -> None:
        """Send nothing more, because of an error; the first one counts."""
        if self._state.failure is None:
            self._state.failure = exc
            # The name of its class alone: a message may come from the user's own iterable.
            logger.warning("the job sends nothing more: %s", type(exc).__name__)
        self.queue.hold()
        self._leave_to_others()
        self._results.wake()

    @property
    def requests(self) -> int:
        """Number of HTTP requests sent, retries and DELETEs included."""
        return self.queue.requests + self.closing.requests

    @property
    def waiting(self) -> int:
        """Addresses that wait to be bought, those included that may not be."""
        return self.queue.waiting + len(self.shared.barred)

    @property
    def rows(self) -> int:
        """Rows that have no result yet."""
        begun = self.queue.in_progress + self.queue.waiting
        return begun + self.under_way.joined + self.shared.waiting

    @property
    def left(self) -> bool:
        """Whether rows are left without a result at the end."""
        return bool(self.waiting) or self._state.gave_up

    def has_all_results(self) -> bool:
        """Return whether every row has its result."""
        left = self.under_way or self.shared.barred or self._state.gave_up or self.refused
        return self._state.exhausted and not left

    def is_barred(self) -> bool:
        """Return whether addresses wait that may not be bought."""
        return bool(self.queue.waiting or self.shared.barred) and not self._may_buy()

    def note_spending(self) -> None:
        """Tell the store how many requests were sent, and which rate was found."""
        store = self._opened()
        store.requests = self.requests
        store.found_rate = self._sender.limiter.found_rate

    # --- addresses come and go --------------------------------------------------------------------

    def join(self, digest: bytes, lookup: Lookup) -> bool:
        """Let a row wait for the look-up of its address; return whether one is under way."""
        purchase = self.under_way.at(digest)
        if purchase is None:
            return False
        self.under_way.join(purchase, lookup.key, lookup.address)
        return True

    def buy(self, purchase: Purchase) -> None:
        """Look an address up that takes a new session, unless it was refused or may not be bought.

        In that case its row is left open.
        """
        if purchase.digest in self.refused:
            self.shared.give_back(purchase.digest)
        elif self.shared.shares and not self._may_buy() and len(self.shared.barred) < PLENTY:
            self.shared.give_back(purchase.digest)
            self.shared.barred += purchase.rows
        elif self.is_barred() and self.waiting >= PLENTY:
            # It could only wait; the results of later rows may be in the store.
            self._state.gave_up = True
            self.shared.give_back(purchase.digest)
        else:
            self.add(purchase)

    def add(self, purchase: Purchase) -> None:
        """Look an address up, of which no purchase is under way."""
        self.under_way.add(purchase)
        self.queue.add(purchase.lookup)
        self._let_go_if_wanted(purchase)

    def _may_buy(self) -> bool:
        return self.spending.may_buy()

    def _leave_to_others(self) -> None:
        """Let others have what this job will not buy, or may never do."""
        if self.shared.shares:
            for purchase in self.under_way:
                self._let_go(purchase.digest)

    def _sort_out(self, purchase: Purchase) -> None:
        """Undo the sorting in of an address of which no request is under way."""
        self.under_way.remove(purchase)
        back = [partial(self._rows.put_back, *row) for row in purchase.rows]
        self.shared.hand_over(purchase.digest, back)
        self._read_again()
        self._unbar()

    def _give_up(self, purchase: Purchase) -> None:
        """Leave the rows of an address without a result."""
        self.under_way.remove(purchase)
        self.shared.give_back(purchase.digest)
        self._state.gave_up = True

    def _bar(self) -> None:
        """Let others have the addresses that may not be bought."""
        for purchase in self.under_way:
            if self.queue.withdraw_new(purchase.lookup):
                self.under_way.remove(purchase)
                self.shared.give_back(purchase.digest)
                self.shared.barred += purchase.rows

    def _unbar(self) -> None:
        """Read rows again that may be bought after all, because a POST has bought nothing."""
        if self.shared.barred and self._may_buy():
            barred, self.shared.barred = self.shared.barred, []
            self._put_back(barred)

    def _put_back(self, rows: Iterable[tuple[Hashable, Address]]) -> None:
        """Let rows be taken again, before all others."""
        for row in rows:
            self._rows.put_back(*row)
        self._read_again()

    def _let_go(self, digest: bytes) -> None:
        """Let somebody else have an address, as soon as that is possible.

        A job that was stopped finishes what it has begun.
        """
        purchase, state = self.under_way.at(digest), self._state
        if state.ended or purchase is None:
            # Of an address that is being sorted in, `add` sees that it is wanted.
            return
        begun = purchase.lookup.step is not LookupStep.CREATE
        if state.stopping and begun and not state.resting and state.failure is None:
            return
        if self.queue.withdraw(purchase.lookup):
            if state.failure is not None or (state.stopping and not begun):
                self._give_up(purchase)
            else:
                self._sort_out(purchase)

    def _let_go_if_wanted(self, purchase: Purchase) -> None:
        over = self._state.winds_down
        if (over and self.shared.shares) or self.shared.is_wanted(purchase.digest):
            # Not at once: the queue or the reader is in the middle of something.
            asyncio.get_running_loop().call_soon(self._let_go, purchase.digest)

    # --- what the queue reports -------------------------------------------------------------------

    async def before_create(self, lookup: Lookup) -> None:
        """Record that a POST is about to be sent."""
        if self.shared.shares and self.is_barred():
            self._bar()
        await self._purchase_of(lookup).before_create()

    def claim_refused(self, lookup: Lookup, refusal: ClaimRefused) -> None:
        """Look at the rows of an address again: another process was first."""
        purchase = self._purchase_of(lookup)
        self.under_way.remove(purchase)
        self.shared.give_back(purchase.digest)
        if isinstance(refusal, BoundReached):
            self.shared.barred += purchase.rows
            # Sessions of this job may turn out to be none before the store knows of it.
            asyncio.get_running_loop().call_soon(self._unbar)
        else:
            self._put_back(purchase.rows)
        self._wake()

    def create_had_no_effect(self, lookup: Lookup) -> None:
        """Record that a POST had no effect."""
        purchase = self._purchase_of(lookup)
        purchase.had_no_effect()
        self._let_go_if_wanted(purchase)

    async def answered(self, lookup: Lookup, step: LookupStep) -> None:
        """Record what an answer showed, before anything is done that builds on it."""
        self.note_spending()
        purchase = self.under_way.of(lookup)
        if purchase is not None and step is LookupStep.CREATE and self._set_aside(purchase):
            purchase = None
        if purchase is None:
            await self.closing.answered(lookup, step)
        else:
            self.sessions += step is LookupStep.CREATE and lookup.token is not None
            await purchase.answered(lookup, step)
            self._report_update(purchase)
            if lookup.result is not None:
                self._settle(purchase, lookup.result)
            else:
                self._let_go_if_wanted(purchase)
        self._heed_pause(lookup.asked_to_wait)

    def dropped(self, lookup: Lookup) -> None:
        """Forget a look-up that is not begun, because the job was stopped."""
        self._give_up(self._purchase_of(lookup))
        self.spending.not_billed()
        self._wake()

    def failed(self, lookup: Lookup, error: Exception) -> None:
        """End the job: the key, the client or the store fails, or it is a bug."""
        if (purchase := self.under_way.of(lookup)) is not None:
            self._give_up(purchase)
        self.fail(error)

    def _purchase_of(self, lookup: Lookup) -> Purchase:
        purchase = self.under_way.of(lookup)
        if purchase is None:
            raise RuntimeError("a look-up is under way without its purchase")
        return purchase

    def _opened(self) -> PurchaseStore:
        if self._store is None:
            raise RuntimeError("requests are sent only while the store is open")
        return self._store

    def _report_update(self, purchase: Purchase) -> None:
        update, listener = purchase.lookup.update, self._options.on_update
        if update is not None and listener is not None:
            for key, _ in purchase.rows:
                listener(key, update)

    def _settle(self, purchase: Purchase, result: Qualification) -> None:
        lookup = purchase.lookup
        self._order.settled(result.requests + self.closing.is_due(lookup))
        self.spending.settled(result)
        self._unbar()
        self.under_way.remove(purchase)
        self.closing.add(purchase, result)
        self.shared.settled(purchase.digest, result)
        shared = [given_again(result, key=key, address=address) for key, address in purchase.others]
        *first, last = [result, *shared]
        for row in first:
            self._results.put(row)
        if self._opened().durable:
            self._results.put(last)
            self.closing.close(lookup)
        else:
            # Only the reader can make the result safe: its session is closed when the last of its
            # rows has been read.
            self._results.put(last, lookup)

    def _set_aside(self, purchase: Purchase) -> bool:
        """Leave the rows of a POST open that was refused for no reason of its address.

        Returns:
            Whether it was.

        Raises:
            ApiUnavailable: Every POST is refused. The purchase is withdrawn, as any other.
        """
        lookup = purchase.lookup
        error = None if lookup.result is None else lookup.result.error
        if not isinstance(error, ApiError) or not refuses_every_post(error):
            if lookup.token is not None or isinstance(error, InvalidAddress):
                self.refused.accepted()
            return False
        purchase.had_no_effect()
        self.refused.refused(purchase.digest, error)
        self.under_way.remove(purchase)
        self.shared.give_back(purchase.digest)
        self.spending.not_billed()
        self._unbar()
        return True

    def _heed_pause(self, asked: float | None) -> None:
        """End a job that can go on later, rather than wait very long.

        Raises:
            ApiUnavailable: The API asks to wait for longer than the job does.
        """
        most = self._options.max_pause
        if asked is None or most is None or asked <= most or not self._opened().durable:
            return
        raise ApiUnavailable(
            f"the API asks to wait {asked:,.0f} seconds; stopped, everything so far is in the "
            "journal: run the same again after that time, and the job goes on where it was",
            retry_after=asked,
        )
