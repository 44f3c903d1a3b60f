"""What sessions cost: amounts as whole millionths, and the prices of a journal's sessions.

Nothing here is a float. Amounts are in whatever currency the price is in.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

Amount = Decimal | int | str | float
"""An amount of money as users give it; a float stands for the digits that Python shows of it."""

PRICES = "prices"
"""Name of the setting that says what the sessions of a journal cost."""

_PLACES = 6
_MICROS = 10**_PLACES
_MOST = 10**12
"""Units of a currency; more is a slip of the pen."""


def micros_of(amount: Amount) -> int:
    """Return an amount of money in millionths.

    Raises:
        ValueError: It is not above 0, has more than six digits behind the point, or is no number.
    """
    try:
        exact = Decimal(str(amount))
        found = exact.scaleb(_PLACES)
    except InvalidOperation:
        raise ValueError(f"write an amount of money as 0.05 or 25.00, not {amount!r}") from None
    if isinstance(amount, bool) or not (exact.is_finite() and 0 < exact < _MOST):
        raise ValueError(f"an amount of money must be above 0, not {amount!r}")
    if found != found.to_integral_value():
        raise ValueError(f"an amount of money has six digits behind the point, not {amount!r}")
    return int(found)


def decimal_of(micros: int) -> Decimal:
    """Return an amount in units of its currency, with two digits behind the point or more."""
    exact = Decimal(micros).scaleb(-_PLACES)
    cents = exact.quantize(Decimal("0.01"))
    return cents if cents == exact else exact.normalize()


def amount_text(micros: int) -> str:
    """Return an amount for people: $1,234.50."""
    return f"${decimal_of(micros):,f}"


@attrs.frozen
class Prices:
    """What the sessions of a journal cost, which were bought one after the other.

    Attributes:
        steps: From which session on, counted from 0, one costs how many millionths; ascending.
    """

    steps: tuple[tuple[int, int], ...] = ()

    @classmethod
    def read(cls, stored: Any) -> "Prices":
        """Return the prices that a setting holds.

        Raises:
            ValueError: It holds none.
        """
        if stored is None:
            return cls()
        try:
            steps = tuple((int(first), int(price)) for first, price in json.loads(stored))
        except (TypeError, ValueError):
            raise ValueError("a setting holds no prices") from None
        if any(price < 0 for _, price in steps) or list(steps) != sorted(steps):
            raise ValueError("a setting holds no prices")
        return cls(steps)

    def stored(self) -> str:
        """Return what a setting holds."""
        return json.dumps(self.steps)

    @property
    def last(self) -> int | None:
        """What a session costs now, in millionths; None if that was never said."""
        return self.steps[-1][1] if self.steps else None

    def since(self, sessions: int, price: int) -> "Prices":
        """Return the prices with another one for all sessions but the first ones.

        Sessions from before there was a price are taken to have cost the first one.

        Args:
            sessions: Number of the sessions that are bought already.
            price: What each further one costs, in millionths.
        """
        if price == self.last:
            return self
        kept = [step for step in self.steps if step[0] < sessions]
        return Prices((*kept, (sessions if kept else 0, price)))

    def cost(self, sessions: int) -> int:
        """Return what the first sessions cost together, in millionths."""
        ends = (*(first for first, _ in self.steps[1:]), max(sessions, 0))
        return sum(
            max(0, min(end, sessions) - first) * price
            for (first, price), end in zip(self.steps, ends, strict=False)
        )


@attrs.frozen
class Spending:
    """What was spent before a run of a job began.

    Attributes:
        sessions: Sessions that may have been billed.
        on_this_day: Number of those that were asked for today, in UTC.
        prices: What they cost.
    """

    sessions: int = 0
    on_this_day: int = 0
    prices: Prices = Prices()

    @property
    def cost(self) -> int:
        """What all of them cost, in millionths."""
        return self.prices.cost(self.sessions)

    @property
    def cost_today(self) -> int:
        """What those of today cost, in millionths: they are the last ones."""
        return self.cost - self.prices.cost(self.sessions - self.on_this_day)
