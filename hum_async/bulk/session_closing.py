"""Ends the sessions of a job whose results are safe: at once, in idle slots, or not at all."""

from collections.abc import Callable

from hum_async._api.sender import RequestSender
from hum_async._lookups.left_open import LeftOpen
from hum_async._lookups.lookup import UNANSWERED, Lookup, LookupStep
from hum_async._lookups.queue import LookupQueue
from hum_async._polling.dispatcher import Dispatcher, WorkSource
from hum_async._purchases.records import Closed
from hum_async._purchases.store import PurchaseStore
from hum_async.bulk.idle_closing import IdleClosing
from hum_async.bulk.options import Close
from hum_async.bulk.under_way import Purchase
from hum_async.models import Qualification


class SessionClosing:
    """Sends the DELETEs of a job, as its option `close` says.

    Args:
        sender: Sends those that are in nobody's way.
        queue: The look-ups of the job, among whose requests the other DELETEs are sent.
        dispatcher: Sends the requests of the job.
        close: When a session is ended whose result is safe.
        goes_on: Returns whether the job still sends anything.
        has_work: Returns whether the job has more to do than DELETEs that need not be sent.
        wake: Called when a DELETE has ended.

    `expiring` counts the sessions with a safe result that are left to expire by themselves.
    """

    def __init__(  # noqa: PLR0913  all but the first three by name
        self,
        sender: RequestSender,
        queue: LookupQueue,
        dispatcher: Dispatcher,
        *,
        close: Close,
        goes_on: Callable[[], bool],
        has_work: Callable[[], bool],
        wake: Callable[[], None],
    ) -> None:
        self.expiring = 0
        self._queue = queue
        self._dispatcher = dispatcher
        self._when = close
        self._left_open = LeftOpen(sender, goes_on=goes_on)
        self._idle_closing = IdleClosing(
            sender,
            queue,
            goes_on=lambda: goes_on() and has_work(),
            on_closed=self._closed_after_all,
            wake=wake,
        )
        self._store: PurchaseStore | None = None
        # Those with a result, up to the end of their sessions.
        self._purchases: dict[Lookup, Purchase] = {}

    @property
    def work(self) -> WorkSource:
        """The requests of the job, with DELETEs in the slots that they leave idle."""
        return self._idle_closing

    @property
    def requests(self) -> int:
        """DELETEs sent that are not among the requests of the queue."""
        return self._left_open.requests + self._idle_closing.requests

    @property
    def in_flight(self) -> int:
        """Those of them that are under way in idle slots."""
        return self._idle_closing.in_flight

    def open(self, store: PurchaseStore) -> None:
        """Record in a store from now on what is closed."""
        self._store = store

    async def tidy_up(self, store: PurchaseStore) -> None:
        """See to the sessions that earlier runs have left open.

        Raises:
            JournalError: The store cannot be read.
        """
        if self._when == "always":
            await self._left_open.close(store)
        elif self._when == "idle":
            left = await store.left_open()
            self.expiring += len(left)
            self._idle_closing.add(left)

    def is_due(self, lookup: Lookup) -> bool:
        """Whether the session of a look-up with a result takes a DELETE for certain."""
        return self._when == "always" and lookup.step is LookupStep.CLOSE

    def add(self, purchase: Purchase, result: Qualification) -> None:
        """Take a purchase that has its result. `close` ends its session when that is safe."""
        lookup = purchase.lookup
        if lookup.step is LookupStep.CLOSE:
            self._purchases[lookup] = purchase
        is_left = result.token is not None and result.outcome not in UNANSWERED
        self.expiring += is_left and not self.is_due(lookup)

    def close(self, lookup: Lookup) -> None:
        """End the session of a look-up whose result is safe, now or when a slot is idle."""
        if self._when == "always":
            self._queue.close(lookup)
        elif (purchase := self._purchases.pop(lookup, None)) is not None:
            self._idle_closing.add([Closed(purchase.digest, lookup.token or "")])
            self._dispatcher.wake()

    async def answered(self, lookup: Lookup, step: LookupStep) -> None:
        """Record what the answer to a DELETE showed."""
        if step is LookupStep.CLOSE and lookup.step is None and lookup in self._purchases:
            await self._purchases.pop(lookup).answered(lookup, step)

    def _closed_after_all(self, session: Closed) -> None:
        self.expiring -= 1
        if self._store is not None:
            self._store.record(session)
