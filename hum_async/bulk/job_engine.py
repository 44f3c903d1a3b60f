"""The engine of a job: rows go in as there is room for them, each address is bought once.

Three things run beside each other under one task: an intake sorts rows in by what the purchase
store knows of their address (`row_intake`), a dispatcher sends the requests of the look-up queue,
whose answers are recorded (`job_purchases`), and the consumer takes results. Here they begin and
end.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterable, Iterable
from contextlib import AbstractAsyncContextManager

from hum_async._api.sender import RequestSender
from hum_async._polling.dispatcher import Dispatcher
from hum_async._purchases.ledger import Ledger
from hum_async._purchases.store import PurchaseStore
from hum_async._tasks import end_tasks, keep
from hum_async._telemetry import within
from hum_async.bulk.input_rows import InputRows, Row
from hum_async.bulk.job_purchases import JobPurchases
from hum_async.bulk.job_state import JobState
from hum_async.bulk.job_statistics import JobStatistics
from hum_async.bulk.options import JobOptions
from hum_async.bulk.row_intake import RowIntake
from hum_async.bulk.unread_results import UnreadResults
from hum_async.errors import ApiUnavailable, JournalError, SessionLimitReached
from hum_async.limiter import Priority
from hum_async.models import Qualification


class JobEngine:
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
        self._sender = sender
        self._store_context = store
        self._store: PurchaseStore | None = None
        self._state = state = JobState()
        self._rows = rows = InputRows(addresses)
        self._results = results = UnreadResults()
        urgency = sender.priority_of(Priority.BULK, options.priority)
        self._dispatcher = Dispatcher(sender.limiter, urgency, waited=sender.waited)
        self._purchases = JobPurchases(
            sender,
            options,
            ledger=ledger,
            urgency=urgency,
            state=state,
            rows=rows,
            results=results,
            dispatcher=self._dispatcher,
            has_work=lambda: not self._needs_nothing(),
            read_again=self._read_again,
            wake=self._wake,
        )
        self._intake = RowIntake(
            sender,
            options,
            state=state,
            rows=rows,
            purchases=self._purchases,
            results=results,
            wake=self._wake,
            buys_every_row=buys_every_row,
        )
        self._tidying: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # --- for the stream ---------------------------------------------------------------------------

    async def get(self) -> Qualification:
        """Return the next result; raise StopAsyncIteration after the last."""
        self._start()
        self._acknowledge()
        while not self._results:
            if self._state.ended or self._is_over():
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
        self._purchases.rest()

    def resume(self) -> None:
        """Send again: the reader is back."""
        if self._state.resting:
            self._state.resting = False
            self._purchases.release()
            if self._rows.came_back:
                self._intake.read_again()
            self._wake()

    def statistics(self) -> JobStatistics:
        """Return how far the job is."""
        purchases, intake = self._purchases, self._intake
        return JobStatistics(
            delivered=self._results.taken,
            open=purchases.queue.in_progress,
            requests=purchases.requests,
            sessions=purchases.sessions,
            reused=intake.reused,
            adopted=intake.adopted,
            expiring=purchases.closing.expiring,
            cost=purchases.spending.cost,
            cost_today=purchases.spending.cost_today,
        )

    def stop(self) -> None:
        """Begin nothing new; look-ups under way are finished."""
        self._purchases.stop()
        self._wake()

    def abandon(self) -> None:
        """Cancel without waiting, from whatever thread."""
        self._state.ended = True
        for task in self._tasks:
            if not task.done() and not task.get_loop().is_closed():
                with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
                    task.get_loop().call_soon_threadsafe(task.cancel)

    async def aclose(self) -> None:
        """Stop at once; what is recorded is safe when this returns."""
        self._state.ended = True
        await end_tasks(self._tasks)
        # A task that was cancelled before its first step has not come past its own end.
        self._results.wake()

    def _start(self) -> None:
        if self._tasks or self._state.ended:
            return
        loop = asyncio.get_running_loop()
        self._tasks.append(keep(loop.create_task(self._supervise(), name="hum-qualify")))
        if self._rows.fed:
            # Beside the supervisor: a source that is slow to close must not hold the store open.
            self._tasks.append(keep(loop.create_task(self._intake.feed(), name="hum-feed")))

    def _acknowledge(self) -> None:
        """Close the session of the row that was read last: only now its result is safe."""
        if (lookup := self._results.acknowledged()) is not None:
            self._purchases.closing.close(lookup)

    def _is_over(self) -> bool:
        return not self._purchases.closing.in_flight and self._needs_nothing()

    def _needs_nothing(self) -> bool:
        """Return whether nothing is left but DELETEs that need not be sent."""
        store, state, queue = self._store, self._state, self._purchases.queue
        if store is None or queue.in_flight:
            return False
        if self._tidying is not None and not self._tidying.done() and state.failure is None:
            return False
        if state.failure is not None:
            return True
        if not state.sending or self._intake.sorting or not queue.idle:
            return False
        barred = self._purchases.is_barred() and self._intake.earlier_unread(store) <= 0
        return state.stopping or state.exhausted or barred

    async def _end(self) -> None:
        """Close everything; raise what ended the job, if it was not its end."""
        state, purchases = self._state, self._purchases
        left = purchases.left
        if isinstance(state.failure, ApiUnavailable) and purchases.has_all_results():
            # Only DELETEs are left, and sessions expire by themselves.
            state.failure = None
        if state.failure is None and not state.ended and self._store is not None:
            if state.exhausted and not left:
                try:
                    if not purchases.refused:
                        await self._store.finish()
                    elif not state.stopping:
                        state.failure = purchases.refused.error()
                except JournalError as exc:
                    state.failure = exc
            elif not state.stopping:
                state.failure = SessionLimitReached(purchases.spending.reason())
        await self.aclose()
        failure, state.failure = state.failure, None
        if failure is not None:
            raise failure

    def _read_again(self) -> None:
        self._intake.read_again()

    def _wake(self) -> None:
        """Let everything look again: there is something to do, or room for more."""
        self._rows.room.set()
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
            job.settle(None, self._state.failure)
            job.end()

    async def _work(self) -> None:
        try:
            async with self._store_context as store:
                await self._serve(store)
        except Exception as exc:  # noqa: BLE001  the journal's, or a bug; the consumer sees it
            self._purchases.fail(exc)
        finally:
            self._state.ended = True
            self._purchases.shared.give_all_back()
            self._results.wake()

    async def _serve(self, store: PurchaseStore) -> None:
        self._store = store
        purchases = self._purchases
        await purchases.open(store)
        if store.found_rate is not None:
            self._sender.limiter.resume(store.found_rate)
        self._intake.start(store)
        self._tidying = asyncio.create_task(self._tidy_up(store), name="hum-tidy")
        try:
            await self._dispatcher.run(purchases.closing.work)
        finally:
            purchases.queue.end_all()
            purchases.note_spending()
            try:
                await end_tasks([*self._intake.tasks(), self._tidying])
            finally:
                await purchases.shared.aclose()

    async def _tidy_up(self, store: PurchaseStore) -> None:
        try:
            await self._purchases.closing.tidy_up(store)
        except JournalError as exc:
            self._purchases.fail(exc)
        finally:
            self._results.wake()
