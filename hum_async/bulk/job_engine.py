"""The engine of a job: rows go in as there is room for them, each address is bought once.

Three things run beside each other under one task: a reader sorts rows in by what the purchase store
knows of their address, a dispatcher sends the requests of the look-up queue, and the consumer takes
results. Each step of a purchase is recorded in the store before the next one begins: the intent
before its POST, the token before its first poll, the result before its DELETE.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterable, Hashable, Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial

from hum_async._api.retry import refuses_every_post
from hum_async._api.sender import RequestSender
from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async._lookups.queue import LookupObserver, LookupQueue
from hum_async._lookups.recording import known_result
from hum_async._polling.dispatcher import Dispatcher
from hum_async._purchases.ledger import Ledger, given_again
from hum_async._purchases.records import Copied, Entry, address_digest
from hum_async._purchases.refusals import BoundReached, ClaimRefused
from hum_async._purchases.resume_rules import ResumeAction, ResumeRules
from hum_async._purchases.store import PurchaseStore
from hum_async._tasks import end_tasks, keep
from hum_async._telemetry import within
from hum_async.bulk.dedupe import SeenAddresses
from hum_async.bulk.input_rows import InputRows, Row
from hum_async.bulk.job_polling import JobPolling
from hum_async.bulk.job_spending import JobSpending
from hum_async.bulk.job_statistics import JobStatistics
from hum_async.bulk.options import JobOptions
from hum_async.bulk.refused_posts import RefusedPosts
from hum_async.bulk.session_closing import SessionClosing
from hum_async.bulk.shared_purchases import SharedPurchases
from hum_async.bulk.slot_scheduling import SlotScheduler
from hum_async.bulk.under_way import Purchase, PurchasesUnderWay
from hum_async.bulk.unread_results import UnreadResults
from hum_async.errors import (
    ApiError,
    ApiUnavailable,
    InvalidAddress,
    JournalError,
    SessionLimitReached,
)
from hum_async.limiter import Priority
from hum_async.models import Address, Qualification

logger = logging.getLogger("hum_async.bulk")
logger.addHandler(logging.NullHandler())

_PLENTY = 32
"""Addresses waiting to be bought from which on no more rows need to be read."""

_CHUNK = 256
"""Rows that are sorted in together: each chunk costs a look into the journal."""


class JobEngine(LookupObserver):
    """The work of one `qualify`.

    Args:
        sender: Sends the requests.
        addresses: The rows.
        options: How to go about it.
        store: Opens the store of purchases.
        ledger: What the job shares with others, if the store is a part of it.
        buys_every_row: Whether no row can be answered by what the store holds, so that there is
            nothing left to read when no more may be bought.
    """

    def __init__(  # noqa: PLR0913  keyword-only
        self,
        sender: RequestSender,
        addresses: Iterable[Row] | AsyncIterable[Row],
        *,
        options: JobOptions,
        store: AbstractAsyncContextManager[PurchaseStore],
        ledger: Ledger | None = None,
        buys_every_row: bool = False,
    ) -> None:
        self._buys_every_row = buys_every_row
        self._sender = sender
        urgency = sender.priority_of(Priority.BULK, options.priority)
        self._shared = SharedPurchases(ledger, urgency, on_wanted=self._let_go)
        self._options = options
        self._polling = JobPolling(self._sessions_left)
        self._store_context = store
        self._rows = InputRows(addresses)
        self._order = SlotScheduler()
        self._queue = LookupQueue(
            sender,
            observer=self,
            order=self._order,
            wake=self._wake,
            may_create=self._may_buy,
            owner="job",
        )
        self._queue.hold()
        self._dispatcher = Dispatcher(sender.limiter, urgency, waited=sender.waited)
        self._store: PurchaseStore | None = None
        self._rules = ResumeRules(run=0)
        self._under_way = PurchasesUnderWay()
        # Addresses that earlier runs knew, as far as rows with them were read.
        self._earlier_read = SeenAddresses()
        # Addresses whose result was copied by this run; the store may not know all of them yet.
        self._copied = SeenAddresses()
        self._spending = JobSpending(options, self._queue)
        self._closing = SessionClosing(
            sender,
            self._queue,
            self._dispatcher,
            close=options.close,
            goes_on=self._goes_on,
            has_work=lambda: not self._needs_nothing(),
            wake=self._wake,
        )
        self._tidying: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._sessions = self._reused = self._adopted = 0
        self._results = UnreadResults()
        self._room = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        # Rows are being sorted in; all settled rows are out, so that requests may be sent.
        self._sorting = self._sending = False
        # The reader was cancelled and has not come back.
        self._resting = False
        # No row is left to read; `stop` was called; some addresses will not be bought; it is over.
        self._exhausted = self._stopping = self._gave_up = self._ended = False
        self._refused = RefusedPosts()
        self._failure: Exception | None = None

    # --- for the stream ---------------------------------------------------------------------------

    async def get(self) -> Qualification:
        """Return the next result; raise StopAsyncIteration after the last."""
        self._start()
        self._acknowledge()
        while not self._results:
            if self._ended or self._is_over():
                await self._end()
                raise StopAsyncIteration
            await self._results.wait()
        result = self._results.take()
        if (telemetry := self._sender.telemetry) is not None:
            telemetry.row(result.outcome)
        self._wake()
        return result

    def rest(self) -> None:
        """Send nothing but what is under way, because the reader was cancelled."""
        self._resting = True
        self._queue.hold()
        self._leave_to_others()

    def resume(self) -> None:
        """Send again: the reader is back."""
        if self._resting:
            self._resting = False
            self._release()
            if self._rows.came_back:
                self._read_again()
            self._wake()

    def statistics(self) -> JobStatistics:
        """Return how far the job is."""
        return JobStatistics(
            delivered=self._results.taken,
            open=self._queue.in_progress,
            requests=self._requests,
            sessions=self._sessions,
            reused=self._reused,
            adopted=self._adopted,
            expiring=self._closing.expiring,
            cost=self._spending.cost,
            cost_today=self._spending.cost_today,
        )

    @property
    def _requests(self) -> int:
        return self._queue.requests + self._closing.requests

    def stop(self) -> None:
        """Begin nothing new; look-ups under way are finished."""
        self._stopping = True
        self._queue.stop()
        self._leave_to_others()
        self._wake()

    def abandon(self) -> None:
        """Cancel without waiting, from whatever thread."""
        self._ended = True
        for task in self._tasks:
            if not task.done() and not task.get_loop().is_closed():
                with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
                    task.get_loop().call_soon_threadsafe(task.cancel)

    async def aclose(self) -> None:
        """Stop at once; what is recorded is safe when this returns."""
        self._ended = True
        await end_tasks(self._tasks)
        # A task that was cancelled before its first step has not come past its own end.
        self._results.wake()

    def _start(self) -> None:
        if self._tasks or self._ended:
            return
        loop = asyncio.get_running_loop()
        self._tasks.append(keep(loop.create_task(self._supervise(), name="hum-qualify")))
        if self._rows.fed:
            # Beside the supervisor: a source that is slow to close must not hold the store open.
            self._tasks.append(keep(loop.create_task(self._feed(), name="hum-feed")))

    def _acknowledge(self) -> None:
        """Close the session of the row that was read last: only now its result is safe."""
        if (lookup := self._results.acknowledged()) is not None:
            self._closing.close(lookup)

    def _is_over(self) -> bool:
        return not self._closing.in_flight and self._needs_nothing()

    def _needs_nothing(self) -> bool:
        """Return whether nothing is left but DELETEs that need not be sent."""
        store = self._store
        if store is None or self._queue.in_flight:
            return False
        if self._tidying is not None and not self._tidying.done() and self._failure is None:
            return False
        if self._failure is not None:
            return True
        if not self._sending or self._sorting or not self._queue.idle:
            return False
        barred = self._is_barred() and self._earlier_unread(store) <= 0
        return self._stopping or self._exhausted or barred

    async def _end(self) -> None:
        """Close everything; raise what ended the job, if it was not its end."""
        left = bool(self._queue.waiting or self._shared.barred) or self._gave_up
        if isinstance(self._failure, ApiUnavailable) and self._has_all_results():
            # Only DELETEs are left, and sessions expire by themselves.
            self._failure = None
        if self._failure is None and not self._ended and self._store is not None:
            if self._exhausted and not left:
                try:
                    if not self._refused:
                        await self._store.finish()
                    elif not self._stopping:
                        self._failure = self._refused.error()
                except JournalError as exc:
                    self._failure = exc
            elif not self._stopping:
                self._failure = SessionLimitReached(self._spending.reason())
        await self.aclose()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _has_all_results(self) -> bool:
        left = self._under_way or self._shared.barred or self._gave_up or self._refused
        return self._exhausted and not left

    def _fail(self, exc: Exception) -> None:
        """Record what ends the job; the first error counts."""
        if self._failure is None:
            self._failure = exc
            # The name of its class alone: a message may come from the user's own iterable.
            logger.warning("the job sends nothing more: %s", type(exc).__name__)
        self._queue.hold()
        self._leave_to_others()
        self._results.wake()

    def _wake(self) -> None:
        """Let everything look again: there is something to do, or room for more."""
        self._room.set()
        self._dispatcher.wake()
        self._results.wake()

    # --- tasks ------------------------------------------------------------------------------------

    async def _supervise(self) -> None:
        if (telemetry := self._sender.telemetry) is None:
            await self._work()
            return
        job = telemetry.job()
        try:
            # Its tasks begin within it, so that their look-ups belong to it.
            await within(job, self._work())
        finally:
            job.settle(None, self._failure)
            job.end()

    async def _work(self) -> None:
        try:
            async with self._store_context as store:
                await self._serve(store)
        except Exception as exc:  # noqa: BLE001  the journal's, or a bug; the consumer sees it
            self._fail(exc)
        finally:
            self._ended = True
            self._shared.give_all_back()
            self._results.wake()

    async def _serve(self, store: PurchaseStore) -> None:
        self._store = store
        self._rules = self._shared.rules(store, self._options)
        await self._spending.go_on_from(store)
        self._closing.open(store)
        if store.found_rate is not None:
            self._sender.limiter.resume(store.found_rate)
        # Settled rows come first. Rows of an async iterable may come at any time, and there is no
        # waiting for all of them.
        if not store.known or self._rows.fed:
            self._send_from_now_on()
        self._reading = asyncio.create_task(self._read(store), name="hum-read")
        self._tidying = asyncio.create_task(self._tidy_up(store), name="hum-tidy")
        try:
            await self._dispatcher.run(self._closing.work)
        finally:
            self._queue.end_all()
            self._note_spending(store)
            try:
                await end_tasks([self._reading, self._tidying])
            finally:
                await self._shared.aclose()

    async def _tidy_up(self, store: PurchaseStore) -> None:
        try:
            await self._closing.tidy_up(store)
        except JournalError as exc:
            self._fail(exc)
        finally:
            self._results.wake()

    def _goes_on(self) -> bool:
        return not (self._stopping or self._resting or self._ended) and self._failure is None

    async def _feed(self) -> None:
        try:
            await self._rows.feed(on_row=self._room.set)
        except Exception as exc:  # noqa: BLE001  of the user's own iterable; the consumer sees it
            self._fail(exc)
        finally:
            self._room.set()

    async def _read(self, store: PurchaseStore) -> None:
        """Take rows as there is room for them, and sort them in."""
        try:
            while not self._stopping:
                self._room.clear()
                space = 0 if self._resting else self._space(store)
                chunk = self._rows.take(min(_CHUNK, space))
                if chunk:
                    self._sorting = True
                    await self._sort_in(chunk, store)
                    self._sorting = False
                elif space > 0 and not self._shared.waiting and not self._rows.look_ahead():
                    self._exhausted = True
                    break
                else:
                    # All settled rows are out, as far as there was room for them.
                    self._send_from_now_on()
                    await self._room.wait()
        except Exception as exc:  # noqa: BLE001  of the user's own iterable, or the journal's
            self._fail(exc)
        self._send_from_now_on()
        self._results.wake()

    def _read_again(self) -> None:
        """Go on reading where all rows had been read: some are to come back."""
        if self._reading is not None and self._reading.done():
            self._exhausted = False
            self._reading = asyncio.create_task(self._read(self._opened()), name="hum-read")

    def _send_from_now_on(self) -> None:
        self._sending = True
        self._release()

    def _release(self) -> None:
        if self._sending and self._failure is None and not self._resting:
            self._queue.release()

    # --- rows in ----------------------------------------------------------------------------------

    def _space(self, store: PurchaseStore) -> int:
        """Return how many rows may be read now."""
        space = self._options.max_open - self._rows_under_way() - len(self._results)
        waiting = self._queue.waiting + len(self._shared.barred)
        if self._is_barred():
            # Rows that may not be bought must not keep others out that need no purchase.
            space += self._queue.waiting + self._under_way.joined
        if not self._sending:
            return space
        if waiting > _PLENTY:
            # Where no more may be bought, the result of a later row may still be in the store.
            return space if self._is_barred() and self._earlier_unread(store) > 0 else 0
        return min(space, 2 * _PLENTY - waiting)

    def _sessions_left(self) -> int | None:
        """Return how many sessions are open or wait to be opened; None if not the limit holds up.

        Slots are idle however much work there is if no more sessions may be open at the same time,
        or the rows come slowly.
        """
        in_progress, waiting = self._queue.in_progress, self._queue.waiting
        if not waiting and not self._exhausted and not self._stopping:
            return None
        return in_progress + waiting

    def _rows_under_way(self) -> int:
        begun = self._queue.in_progress + self._queue.waiting
        return begun + self._under_way.joined + self._shared.waiting

    def _earlier_unread(self, store: PurchaseStore) -> int:
        """Return how many addresses of earlier runs may be in a row that was not read."""
        if self._buys_every_row:
            return 0
        return store.known - len(self._earlier_read)

    async def _sort_in(self, chunk: list[tuple[Hashable, Address]], store: PurchaseStore) -> None:
        unknown: list[tuple[bytes, Lookup]] = []
        for key, address in chunk:
            lookup = Lookup(
                key=key,
                address=address,
                policy=self._options.policy
                if self._options.policy is not None
                else self._polling.session(),
                retry=self._sender.retry,
                close=self._options.close != "never",
                campaign_id=self._options.campaign_id,
            )
            if lookup.result is not None:
                self._results.put(lookup.result)
                continue
            digest = address_digest(lookup.address, store.dedupe)
            # Before the store is asked: a look-up under way may be settled after that.
            back = partial(self._comes_back, key, address)
            if not self._joins(digest, lookup) and not self._shared.waits(digest, back):
                unknown.append((digest, lookup))
        asked = [(digest, lookup.address) for digest, lookup in unknown]
        found = await store.find(asked) if asked else {}
        begun: set[bytes] = set()
        for digest, lookup in unknown:
            if self._joins(digest, lookup):
                continue
            if digest in begun:
                # A row of this chunk had the same address: its purchase has changed since.
                found |= await store.find([(digest, lookup.address)])
            begun.add(digest)
            await self._begin(digest, lookup, found.get(digest), store)
        self._wake()

    def _joins(self, digest: bytes, lookup: Lookup) -> bool:
        """Let a row wait for the look-up of its address, if one is under way."""
        purchase = self._under_way.at(digest)
        if purchase is None:
            return False
        self._under_way.join(purchase, lookup.key, lookup.address)
        return True

    def _leave_to_others(self) -> None:
        """Let others have what this job will not buy, or may never do."""
        if self._shared.shares:
            for purchase in self._under_way:
                self._let_go(purchase.digest)

    def _sort_out(self, purchase: Purchase) -> None:
        """Undo the sorting in of an address of which no request is under way."""
        self._under_way.remove(purchase)
        back = [partial(self._comes_back, *row) for row in purchase.rows]
        self._shared.hand_over(purchase.digest, back)
        self._read_again()
        self._unbar()

    def _give_up(self, purchase: Purchase) -> None:
        """Leave the rows of an address without a result."""
        self._under_way.remove(purchase)
        self._shared.give_back(purchase.digest)
        self._gave_up = True

    def _bar(self) -> None:
        """Let others have the addresses that may not be bought."""
        for purchase in self._under_way:
            if self._queue.withdraw_new(purchase.lookup):
                self._under_way.remove(purchase)
                self._shared.give_back(purchase.digest)
                self._shared.barred += purchase.rows

    def _unbar(self) -> None:
        """Read rows again that may be bought after all, because a POST has bought nothing."""
        if self._shared.barred and self._may_buy():
            barred, self._shared.barred = self._shared.barred, []
            for row in barred:
                self._comes_back(*row)
            self._read_again()

    def _comes_back(self, key: Hashable, address: Address) -> None:
        self._rows.put_back(key, address)
        self._room.set()

    def _let_go(self, digest: bytes) -> None:
        """Let somebody else have an address, as soon as that is possible.

        A job that was stopped finishes what it has begun.
        """
        purchase = self._under_way.at(digest)
        if self._ended or purchase is None:
            # Of an address that is being sorted in, `_add` sees that it is wanted.
            return
        begun = purchase.lookup.step is not LookupStep.CREATE
        if self._stopping and begun and not self._resting and self._failure is None:
            return
        if self._queue.withdraw(purchase.lookup):
            if self._failure is not None or (self._stopping and not begun):
                self._give_up(purchase)
            else:
                self._sort_out(purchase)

    def _let_go_if_wanted(self, purchase: Purchase) -> None:
        over = self._resting or self._stopping or self._failure is not None
        if (over and self._shared.shares) or self._shared.is_wanted(purchase.digest):
            # Not at once: the queue or the reader is in the middle of something.
            asyncio.get_running_loop().call_soon(self._let_go, purchase.digest)

    async def _begin(
        self, digest: bytes, lookup: Lookup, entry: Entry | None, store: PurchaseStore
    ) -> None:
        """Do what an address needs, by what is known of it."""
        action, reason = self._rules.action(entry)
        if self._shared.has_settled(digest, entry):
            # An earlier row's failure is not looked up again for a later one.
            action = ResumeAction.TAKE
        if entry is not None and not entry.copied and self._rules.is_earlier(entry):
            self._earlier_read.first(digest, 1)
        if action is ResumeAction.BUY or entry is None:
            if digest in self._refused:
                self._shared.give_back(digest)
            else:
                self._buy(self._purchase(digest, store, lookup, entry, reason))
        elif action is ResumeAction.WAIT:
            back = partial(self._comes_back, lookup.key, lookup.address)
            self._shared.waits_elsewhere(digest, lookup.address, back)
        elif action is ResumeAction.ADOPT:
            lookup.adopt(entry.token or "", *self._sender.clocks(), requests=entry.requests)
            self._adopted += 1
            self._add(self._purchase(digest, store, lookup, entry))
        else:
            await self._take(digest, lookup, entry, store, action)

    def _purchase(
        self,
        digest: bytes,
        store: PurchaseStore,
        lookup: Lookup,
        entry: Entry | None,
        instead_of: str | None = None,
    ) -> Purchase:
        expires = self._options.close != "always"
        replaces = 0 if entry is None else entry.number
        return Purchase(
            digest, store, instead_of, replaces=replaces, expires=expires, lookup=lookup
        )

    async def _take(
        self,
        digest: bytes,
        lookup: Lookup,
        entry: Entry,
        store: PurchaseStore,
        action: ResumeAction,
    ) -> None:
        """Hand out a result that takes no request."""
        if entry.copied and self._copied.first(digest, 1) is None:
            store.record(Copied(digest, entry))
        result = await known_result(action, entry, lookup, digest=digest, store=store)
        # Of what is written off, nothing was sent now.
        written_off = action is ResumeAction.WRITE_OFF
        self._shared.give_back(digest, _again(result, lookup) if written_off else result)
        if entry.theirs or self._rules.is_earlier(entry):
            self._reused += 1
            self._results.put(result)
        else:
            self._results.put(_again(result, lookup))

    def _buy(self, purchase: Purchase) -> None:
        if self._shared.shares and not self._may_buy() and len(self._shared.barred) < _PLENTY:
            self._shared.give_back(purchase.digest)
            self._shared.barred += purchase.rows
        elif self._is_barred() and len(self._shared.barred) + self._queue.waiting >= _PLENTY:
            # It could only wait; the results of later rows may be in the store.
            self._gave_up = True
            self._shared.give_back(purchase.digest)
        else:
            self._add(purchase)

    def _add(self, purchase: Purchase) -> None:
        self._under_way.add(purchase)
        self._queue.add(purchase.lookup)
        self._let_go_if_wanted(purchase)

    # --- purchases --------------------------------------------------------------------------------

    def _may_buy(self) -> bool:
        return self._spending.may_buy()

    def _is_barred(self) -> bool:
        """Return whether addresses wait that may not be bought."""
        return bool(self._queue.waiting or self._shared.barred) and not self._may_buy()

    async def before_create(self, lookup: Lookup) -> None:
        """Record that a POST is about to be sent."""
        if self._shared.shares and self._is_barred():
            self._bar()
        await self._purchase_of(lookup).before_create()

    def claim_refused(self, lookup: Lookup, refusal: ClaimRefused) -> None:
        """Look at the rows of an address again: another process was first."""
        purchase = self._purchase_of(lookup)
        self._under_way.remove(purchase)
        self._shared.give_back(purchase.digest)
        if isinstance(refusal, BoundReached):
            self._shared.barred += purchase.rows
            # Sessions of this job may turn out to be none before the store knows of it.
            asyncio.get_running_loop().call_soon(self._unbar)
        else:
            for row in purchase.rows:
                self._comes_back(*row)
            self._read_again()
        self._wake()

    def create_had_no_effect(self, lookup: Lookup) -> None:
        """Record that a POST had no effect."""
        purchase = self._purchase_of(lookup)
        purchase.had_no_effect()
        self._let_go_if_wanted(purchase)

    async def answered(self, lookup: Lookup, step: LookupStep) -> None:
        """Record what an answer showed, before anything is done that builds on it."""
        store = self._opened()
        self._note_spending(store)
        purchase = self._under_way.of(lookup)
        if purchase is not None and step is LookupStep.CREATE and self._set_aside(purchase):
            purchase = None
        if purchase is None:
            await self._closing.answered(lookup, step)
        else:
            self._sessions += step is LookupStep.CREATE and lookup.token is not None
            await purchase.answered(lookup, step)
            self._report_update(purchase)
            if lookup.result is not None:
                self._settle(purchase, lookup.result, store)
            else:
                self._let_go_if_wanted(purchase)
        self._heed_pause(lookup.asked_to_wait, store)

    def dropped(self, lookup: Lookup) -> None:
        """Forget a look-up that is not begun, because the job was stopped."""
        self._give_up(self._purchase_of(lookup))
        self._spending.not_billed()
        self._wake()

    def failed(self, lookup: Lookup, error: Exception) -> None:
        """End the job: the key, the client or the store fails, or it is a bug."""
        if (purchase := self._under_way.of(lookup)) is not None:
            self._give_up(purchase)
        self._fail(error)

    def _purchase_of(self, lookup: Lookup) -> Purchase:
        purchase = self._under_way.of(lookup)
        if purchase is None:
            raise RuntimeError("a look-up is under way without its purchase")
        return purchase

    def _note_spending(self, store: PurchaseStore) -> None:
        store.requests = self._requests
        store.found_rate = self._sender.limiter.found_rate

    def _opened(self) -> PurchaseStore:
        if self._store is None:
            raise RuntimeError("requests are sent only while the store is open")
        return self._store

    def _report_update(self, purchase: Purchase) -> None:
        update, listener = purchase.lookup.update, self._options.on_update
        if update is not None and listener is not None:
            for key, _ in purchase.rows:
                listener(key, update)

    def _settle(self, purchase: Purchase, result: Qualification, store: PurchaseStore) -> None:
        lookup = purchase.lookup
        self._order.settled(result.requests + self._closing.is_due(lookup))
        self._spending.settled(result)
        self._unbar()
        self._under_way.remove(purchase)
        self._closing.add(purchase, result)
        self._shared.settled(purchase.digest, result)
        shared = [given_again(result, key=key, address=address) for key, address in purchase.others]
        *first, last = [result, *shared]
        for row in first:
            self._results.put(row)
        if store.durable:
            self._results.put(last)
            self._closing.close(lookup)
        else:
            # Only the reader can make the result safe: `_acknowledge` closes the session when the
            # last of its rows has been read.
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
                self._refused.accepted()
            return False
        purchase.had_no_effect()
        self._refused.refused(purchase.digest, error)
        self._under_way.remove(purchase)
        self._shared.give_back(purchase.digest)
        self._spending.not_billed()
        self._unbar()
        return True

    def _heed_pause(self, asked: float | None, store: PurchaseStore) -> None:
        """End a job that can go on later, rather than wait very long.

        Raises:
            ApiUnavailable: The API asks to wait for longer than the job does.
        """
        most = self._options.max_pause
        if asked is None or most is None or asked <= most or not store.durable:
            return
        raise ApiUnavailable(
            f"the API asks to wait {asked:,.0f} seconds; stopped, everything so far is in the "
            "journal: run the same again after that time, and the job goes on where it was",
            retry_after=asked,
        )


def _again(result: Qualification, lookup: Lookup) -> Qualification:
    return given_again(result, key=lookup.key, address=lookup.address)
