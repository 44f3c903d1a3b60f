"""Decides whether a job may buy another session: by their number, and by what they cost."""

from datetime import date
from decimal import Decimal

import attrs

from hum_async._purchases.prices import Spending, amount_text, micros_of
from hum_async.bulk.options import JobOptions


@attrs.define
class SpendingLimit:
    """The bounds of a job's purchases, and what counts towards them.

    Whoever asks counts the sessions that may have been billed, those of earlier runs and those that
    are being asked for included. So a bound holds whatever becomes of them.

    Attributes:
        day: The day in UTC whose purchases count towards the bound of a day.
    """

    day: date
    _options: JobOptions = attrs.field(repr=False)
    _spending: Spending
    _before_today: int = attrs.field(init=False)
    # In millionths.
    _price: int | None = attrs.field(init=False)
    _max_cost: int | None = attrs.field(init=False)
    _max_per_day: int | None = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Count from what earlier runs have spent."""
        self._before_today = self._spending.cost - self._spending.cost_today
        options = self._options
        self._price = _micros(options.price_per_session)
        self._max_cost = _micros(options.max_cost)
        self._max_per_day = _micros(options.max_cost_per_day)

    @property
    def by_day(self) -> bool:
        """Whether there is a bound for each day."""
        return self._max_per_day is not None

    @property
    def most(self) -> int | None:
        """Sessions that may be bought in all, those of earlier runs included; None for any."""
        bounds = [self._options.max_sessions, self._of_cost(), self._of_day()]
        return min((bound for bound in bounds if bound is not None), default=None)

    def may_buy(self, spent: int) -> bool:
        """Return whether another session may be bought.

        Args:
            spent: Sessions that may have been billed, or are being asked for.
        """
        most = self.most
        return most is None or spent < most

    def begin_day(self, day: date, spent: int, asking: int) -> None:
        """Begin to count for another day.

        Args:
            day: The day, in UTC.
            spent: Sessions that may have been billed, or are being asked for.
            asking: Number of those that are being asked for. They count for both days, because the
                journal may note either.
        """
        self.day = day
        self._before_today = self._cost(spent - asking)

    def cost(self, spent: int) -> int | None:
        """Return what so many sessions cost, in millionths; None if there is no price."""
        return None if self._price is None else self._cost(spent)

    def cost_today(self, spent: int) -> int | None:
        """Return what those of them cost that were bought today; None if there is no price."""
        return None if self._price is None else self._cost(spent) - self._before_today

    def reason(self, spent: int) -> str:
        """Return why no more sessions may be bought, and what to do to go on."""
        # The tightest bound; another process may know of more than is known here.
        tightest = self.most
        if tightest is not None and tightest == self._options.max_sessions:
            return (
                f"this job has bought the {tightest} sessions that it may; "
                "to go on, raise max_sessions and run it again with the same journal"
            )
        price = amount_text(self._price or 0)
        if tightest == self._of_cost():
            return (
                f"this job has spent {amount_text(self._cost(spent))} of the "
                f"{amount_text(self._max_cost or 0)} that it may, and another session costs "
                f"{price}; to go on, raise max_cost and run it again with the same journal"
            )
        return (
            f"this job has spent {amount_text(self.cost_today(spent) or 0)} of the "
            f"{amount_text(self._max_per_day or 0)} that it may a day, and another session costs "
            f"{price}; to go on, run it again with the same journal after midnight UTC, or raise "
            "max_cost_per_day"
        )

    def _cost(self, spent: int) -> int:
        more = spent - self._spending.sessions
        if more >= 0:
            return self._spending.cost + more * (self._price or 0)
        return self._spending.prices.cost(spent)

    def _of_cost(self) -> int | None:
        most = self._max_cost
        return None if most is None else self._sessions_for(most - self._spending.cost)

    def _of_day(self) -> int | None:
        most = self._max_per_day
        if most is None:
            return None
        return self._sessions_for(most - (self._spending.cost - self._before_today))

    def _sessions_for(self, left: int) -> int:
        """Return how many sessions may be bought in all, if so much was left at the beginning."""
        return self._spending.sessions + left // (self._price or 1)


def _micros(amount: Decimal | None) -> int | None:
    return None if amount is None else micros_of(amount)
