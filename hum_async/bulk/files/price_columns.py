"""The columns of the long table that hold the prices of plans: two for each name of a price.

The names differ from provider to provider and are not documented (hum-api 3.3), so the columns are
those of the names that occur.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from hum_async.bulk.result_columns import in_units
from hum_async.models import Plan, Qualification

_MOST = 100
"""Prices that get columns of their own; an Excel sheet has 16,384 columns."""
_LONGEST = 60
OTHER = "hum_other_prices"
"""The column of the prices beyond that, as JSON."""

Price = tuple[str, str]
"""Name and currency."""


@attrs.frozen
class PriceColumns:
    """The columns of the prices that occur.

    Attributes:
        names: Column of the amount in units of its currency, by price.
        others: Whether there are prices without columns of their own.
    """

    names: Mapping[Price, str] = attrs.field(factory=dict)
    others: bool = False

    @classmethod
    def of(cls, counts: Counter[Price]) -> "PriceColumns":
        """Return the columns of the prices that occur most often, in the order of their names."""
        ranked = sorted(counts, key=lambda price: (-counts[price], price))
        names: dict[Price, str] = {}
        for price in sorted(ranked[:_MOST]):
            names[price] = _unused(price, names.values())
        return cls(names, len(ranked) > _MOST)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, in order."""
        pairs = (column for name in self.names.values() for column in (name, cents_of(name)))
        return (*pairs, OTHER) if self.others else tuple(pairs)

    def values(self, plan: Plan) -> dict[str, Any]:
        """Return the values of the columns."""
        found: dict[str, Any] = {}
        others = {}
        for name, money in plan.pricing.items():
            column = self.names.get((name, money.currency))
            if column is None:
                others[name] = {"amount_cents": money.amount_cents, "currency": money.currency}
                continue
            found |= {
                column: in_units(money.amount_cents),
                cents_of(column): money.amount_cents,
            }
        if others and self.others:
            found[OTHER] = json.dumps(others, ensure_ascii=False)
        return found


NO_PRICES = PriceColumns()


def count_prices(results: Iterable[Qualification]) -> Counter[Price]:
    """Return how often each price occurs in the plans of results."""
    return Counter(
        (name, money.currency)
        for result in results
        for provider in result.providers
        for plan in provider.catalog
        for name, money in plan.pricing.items()
    )


def cents_of(column: str) -> str:
    """Return the column of the cents beside that of an amount; cents of dollars go unsaid."""
    return f"{column.removesuffix('_usd')}_cents"


def _unused(price: Price, used: Iterable[str]) -> str:
    name, currency = (_word(part) for part in price)
    taken = {each for column in used for each in (column, cents_of(column))}
    number, column = 1, f"hum_price_{name}_{currency}"
    while taken & {column, cents_of(column)}:
        number += 1
        column = f"hum_price_{name}_{number}_{currency}"
    return column


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")[:_LONGEST] or "unnamed"
