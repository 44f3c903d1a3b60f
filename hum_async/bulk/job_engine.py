"""One job as its consumer sees it: rows go in as there is room for them, results come out."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterable, Hashable, Iterable
from contextlib import AbstractAsyncContextManager

import attrs

from hum_async._api.sender import RequestSender
from hum_async._polling.dispatcher import Dispatcher, end_tasks
from hum_async._purchases.records import address_digest
from hum_async._purchases.store import PurchaseStore
from hum_async.bulk.input_rows import InputRows, Row
from hum_async.bulk.purchasing import PLENTY, Purchase, Purchasing, Terms
from hum_async.errors import ApiUnavailable, JournalError, SessionLimitReached, StreamBusy
from hum_async.models import Address, Qualification

__all__ = ["Job", "JobStatistics"]

_CHUNK = 256


@attrs.frozen
class JobStatistics:
    """A job at one moment.

    Attributes:
        delivered: Rows handed out.
        open: Sessions that are being looked up.
        requests: HTTP requests sent, retries and DELETEs included.
        sessions: Sessions that the API created.
        reused: Rows whose result was in the journal already.
        adopted: Sessions of an earlier run that were taken over.
    """

    delivered: int
    open: int
    requests: int
    sessions: int
    reused: int = 0
    adopted: int = 0


class Job:
    """The work of one `qualify`.

    Args:
        caller: Sends the requests.
        addresses: The rows.
        terms: How to go about it.
        store: Opens where purchases and results are kept.
    """

    def __init__(
        self,
        caller: RequestSender,
        addresses: Iterable[Row] | AsyncIterable[Row],
        *,
        terms: Terms,
        store: AbstractAsyncContextManager[PurchaseStore],
    ) -> None:
        self._caller = caller
        self._terms = terms
        self._opening = store
        self._rows = InputRows(addresses)
        self._purchasing: Purchasing | None = None
        self._dispatcher: Dispatcher | None = None
        self._store: PurchaseStore | None = None
        self._results: deque[tuple[Qualification, Purchase | None]] = deque()
        self._unsafe: Purchase | None = None
        self._delivered = 0
        self._exhausted = self._stopping = self._ended = False
        self._failure: Exception | None = None
        self._consumer: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # --- for the stream ---------------------------------------------------------------------------

    async def next_result(self) -> Qualification:
        """Return the next result; raise StopAsyncIteration after the last."""
        if self._consumer is not None:
            raise StreamBusy("another task is reading these results; read them in one place")
        self._start()
        self._acknowledge()
        while not self._results:
            if self._ended or self._is_over():
                await self._end()
                raise StopAsyncIteration
            self._consumer = asyncio.get_running_loop().create_future()
            try:
                await self._consumer
            finally:
                self._consumer = None
        result, self._unsafe = self._results.popleft()
        self._delivered += 1
        self.wake()
        return result

    def statistics(self) -> JobStatistics:
        """Return how far the job is."""
        work = self._purchasing
        if work is None:
            return JobStatistics(self._delivered, 0, 0, 0)
        return JobStatistics(
            self._delivered, work.open, work.requests, work.sessions, work.reused, work.adopted
        )

    def stop(self) -> None:
        """Begin nothing new; what is under way is finished."""
        self._stopping = True
        if self._purchasing is not None:
            self._purchasing.stopping = True
        self.wake()

    def abandon(self) -> None:
        """Cancel without waiting, from whatever thread."""
        for task in self._tasks:
            loop = task.get_loop()
            if not task.done() and not loop.is_closed():
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(task.cancel)

    async def aclose(self) -> None:
        """Stop at once; what is recorded is safe when this returns."""
        self._ended = True
        await end_tasks(self._tasks)

    def _start(self) -> None:
        if self._tasks or self._ended:
            return
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._supervise(), name="hum-qualify"))
        if self._rows.fed:
            self._tasks.append(loop.create_task(self._feed(), name="hum-feed"))

    def _acknowledge(self) -> None:
        """The consumer is done with its last row: only now its session may be closed."""
        purchase, self._unsafe = self._unsafe, None
        if purchase is not None and self._purchasing is not None:
            self._purchasing.close(purchase)

    def _is_over(self) -> bool:
        work = self._purchasing
        if work is None or work.in_flight:
            return False
        if self._failure is not None:
            return True
        if work.holding or not work.is_done():
            return False
        return self._stopping or self._exhausted or (work.is_barred() and work.unmet <= 0)

    def _has_all_results(self) -> bool:
        work = self._purchasing
        return work is not None and self._exhausted and not work.rows and not work.left

    async def _end(self) -> None:
        """Close everything; raise what ended the job, if it was not its end."""
        work = self._purchasing
        if isinstance(self._failure, ApiUnavailable) and self._has_all_results():
            # Only DELETEs are left, and sessions expire by themselves.
            self._failure = None
        if self._failure is None and not self._ended and work is not None and self._store:
            if self._exhausted and not work.left:
                try:
                    await self._store.finish()
                except JournalError as exc:
                    self._failure = exc
            elif not self._stopping:
                self._failure = SessionLimitReached(
                    f"this job has bought the {self._terms.max_sessions} sessions that it may; to "
                    "go on, raise max_sessions and run it again with the same journal"
                )
        await self.aclose()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    # --- for whoever buys -------------------------------------------------------------------------

    def deliver(self, result: Qualification, purchase: Purchase | None) -> None:
        """Take a result."""
        self._results.append((result, purchase))
        self._wake_consumer()

    def fail(self, exc: Exception) -> None:
        """Take what ends the job; the first one counts."""
        if self._failure is None:
            self._failure = exc
        if self._purchasing is not None:
            self._purchasing.failed = True
        self._wake_consumer()

    def wake(self) -> None:
        """Look again whether there is something to do."""
        self._room.set()
        if self._dispatcher is not None:
            self._dispatcher.wake()
        self._wake_consumer()

    def _wake_consumer(self) -> None:
        if self._consumer is not None and not self._consumer.done():
            self._consumer.set_result(None)

    # --- tasks ------------------------------------------------------------------------------------

    async def _supervise(self) -> None:
        try:
            async with self._opening as store:
                await self._serve(store)
        except Exception as exc:  # noqa: BLE001  the journal's, or a bug; the consumer sees it
            self.fail(exc)
        finally:
            self._ended = True
            self._wake_consumer()

    async def _serve(self, store: PurchaseStore) -> None:
        work = Purchasing(self._caller, self._terms, store, self)
        self._store, self._purchasing = store, work
        work.resume()
        work.stopping, work.failed = self._stopping, self._failure is not None
        # What is settled comes first. Rows that are fed may come at any time, and there is no
        # waiting for all of them.
        work.holding = store.resumed and not self._rows.fed
        self._dispatcher = Dispatcher(self._caller.limiter, work=work)
        reading = asyncio.create_task(self._read(work, store), name="hum-read")
        try:
            await self._dispatcher.run()
        finally:
            await end_tasks([reading])

    async def _feed(self) -> None:
        try:
            await self._rows.feed(on_row=self._room.set)
        except Exception as exc:  # noqa: BLE001  of the user's own iterable; the consumer sees it
            self.fail(exc)
        finally:
            self._room.set()

    async def _read(self, work: Purchasing, store: PurchaseStore) -> None:
        """Take rows as there is room for them, and sort them in."""
        try:
            while not self._stopping:
                self._room.clear()
                space = self._space(work)
                chunk = self._rows.take(min(_CHUNK, space))
                if chunk:
                    await self._sort_in(chunk, work, store)
                elif space > 0 and self._rows.at_end():
                    self._exhausted = True
                    break
                else:
                    self._let_go(work)
                    await self._room.wait()
        except Exception as exc:  # noqa: BLE001  of the user's own iterable, or the journal's
            self.fail(exc)
        self._let_go(work)
        self._wake_consumer()

    def _let_go(self, work: Purchasing) -> None:
        """Begin to send: all rows that are settled already, as far as there was room, are out."""
        work.holding = False
        if self._dispatcher is not None:
            self._dispatcher.wake()

    def _space(self, work: Purchasing) -> int:
        """Rows that may be read now."""
        space = self._terms.max_open - work.rows - len(self._results)
        if work.holding:
            return space
        if work.waiting > PLENTY:
            # Where no more may be bought, rows further down may still need nothing but reading.
            return space if work.is_barred() and work.unmet > 0 else 0
        # Many at a time: each lot costs a look into the journal.
        return min(space, 2 * PLENTY - work.waiting)

    async def _sort_in(
        self, chunk: list[tuple[Hashable, Address]], work: Purchasing, store: PurchaseStore
    ) -> None:
        unknown = []
        for key, address in chunk:
            lookup = work.new_trip(key, address)
            if lookup.result is not None:
                self.deliver(lookup.result, None)
                continue
            digest = address_digest(lookup.address)
            # Before anything is waited for: what is looked up now may be settled after that.
            if not work.joins(digest, lookup):
                unknown.append((digest, lookup))
        found = await store.find([digest for digest, _ in unknown]) if unknown else {}
        for digest, lookup in unknown:
            if not work.joins(digest, lookup):
                await work.begin(digest, lookup, found.get(digest))
        self.wake()
