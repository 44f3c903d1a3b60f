"""What a job has spent: the sessions that may have been billed, held against its bounds."""

from decimal import Decimal

from hum_async._api.sender import wall_clock
from hum_async._lookups.queue import LookupQueue
from hum_async._purchases.prices import Spending, decimal_of, micros_of
from hum_async._purchases.store import PurchaseStore
from hum_async.bulk.options import JobOptions
from hum_async.bulk.spending_limit import SpendingLimit
from hum_async.models import Outcome, Qualification


class JobSpending:
    """Counts what a job has spent, and decides whether it may buy one more session.

    Args:
        options: The bounds.
        queue: The look-ups of the job. Each one that has begun counts until it is known that it was
            not billed.
    """

    def __init__(self, options: JobOptions, queue: LookupQueue) -> None:
        self._options = options
        self._queue = queue
        self._limit = SpendingLimit(wall_clock().date(), options, Spending())
        self._store: PurchaseStore | None = None
        # Look-ups that had begun, and bought nothing.
        self._not_billed = 0

    async def go_on_from(self, store: PurchaseStore) -> None:
        """Count from what earlier runs have spent.

        Raises:
            JournalError: The store cannot be used.
        """
        self._store = store
        if self._options.price_per_session is None:
            return
        price = micros_of(self._options.price_per_session)
        spending = await store.note_price(price, today=self._limit.day.isoformat())
        self._limit = SpendingLimit(self._limit.day, self._options, spending)
        store.bound(self._limit.most)

    @property
    def sessions(self) -> int:
        """Sessions that may have been billed, or are being asked for."""
        others = 0 if self._store is None else self._store.spent
        return others + self._queue.begun - self._not_billed

    @property
    def cost(self) -> Decimal | None:
        """What they cost; None without a price."""
        cost = self._limit.cost(self.sessions)
        return None if cost is None else decimal_of(cost)

    @property
    def cost_today(self) -> Decimal | None:
        """What those of them cost that were asked for today, in UTC; None without a price."""
        cost = self._limit.cost_today(self.sessions)
        return None if cost is None else decimal_of(cost)

    def may_buy(self) -> bool:
        """Return whether another session may be bought; begin to count for another day."""
        if self._limit.by_day and (today := wall_clock().date()) != self._limit.day:
            self._limit.begin_day(today, self.sessions, self._queue.creating)
            if self._store is not None:
                self._store.bound(self._limit.most)
        return self._limit.may_buy(self.sessions)

    def reason(self) -> str:
        """Return why no more sessions may be bought, and what to do to go on."""
        return self._limit.reason(self.sessions)

    def not_billed(self) -> None:
        """Record that a look-up which had begun has bought nothing."""
        self._not_billed += 1

    def settled(self, result: Qualification) -> None:
        """Record by its result whether a look-up has bought something."""
        self._not_billed += result.token is None and result.outcome is not Outcome.UNCERTAIN
