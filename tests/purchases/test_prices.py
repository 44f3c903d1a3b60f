"""What sessions cost: amounts are exact, and bounds in money hold whatever the prices were."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._purchases.prices import Prices, Spending, amount_text, decimal_of, micros_of
from hum_async.bulk.options import JobOptions
from hum_async.bulk.spending_limit import SpendingLimit

DAY = date(2026, 11, 27)
amounts = st.integers(1, 10**9)
counts = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("amount", "micros", "text"),
    [
        ("0.05", 50_000, "$0.05"),
        (0.05, 50_000, "$0.05"),
        (0.1 + 0.2, None, ""),
        (Decimal("25.00"), 25_000_000, "$25.00"),
        (25, 25_000_000, "$25.00"),
        ("1234.5", 1_234_500_000, "$1,234.50"),
        ("0.000001", 1, "$0.000001"),
        ("0.0125", 12_500, "$0.0125"),
        ("1e-3", 1000, "$0.001"),
    ],
)
def test_amounts_are_exact(amount: Any, micros: int | None, text: str) -> None:
    if micros is None:
        with pytest.raises(ValueError, match="six digits"):
            micros_of(amount)
        return
    assert micros_of(amount) == micros
    assert amount_text(micros) == text
    assert micros_of(decimal_of(micros)) == micros


@pytest.mark.parametrize("amount", ["", "five", "0", 0, -1, "-0.05", "nan", "inf", True, 1e13])
def test_what_is_no_amount_is_refused(amount: Any) -> None:
    with pytest.raises(ValueError, match="amount of money"):
        micros_of(amount)


@pytest.mark.parametrize("stored", ["nonsense", "[[0]]", "5", '[[0, "x"]]', "[[0, -1]]", b"\xff"])
def test_a_setting_that_holds_no_prices_is_damage(stored: Any) -> None:
    with pytest.raises(ValueError, match="holds no prices"):
        Prices.read(stored)


@given(st.lists(st.tuples(counts, amounts), max_size=8))
def test_each_session_costs_what_it_cost_when_it_was_bought(bought: list[tuple[int, int]]) -> None:
    prices, each = Prices(), []
    for count, price in bought:
        prices = prices.since(len(each), price)
        each += [price] * count
        assert Prices.read(prices.stored()) == prices
        assert prices.cost(len(each)) == sum(each)
        assert prices.cost(len(each) // 2) == sum(each[: len(each) // 2])


def test_sessions_from_before_there_was_a_price_cost_the_first_one() -> None:
    assert Prices().since(10, 5).cost(12) == 60
    assert Prices().since(10, 5).since(12, 7).cost(13) == 67
    assert Prices().cost(5) == 0


@given(
    earlier=st.lists(st.tuples(st.integers(0, 50), amounts), max_size=4),
    today=st.integers(0, 50),
    price=amounts,
    bounds=st.tuples(st.none() | amounts, st.none() | amounts, st.none() | st.integers(1, 60)),
    days=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=4),
)
def test_no_bound_is_ever_exceeded(
    earlier: list[tuple[int, int]],
    today: int,
    price: int,
    bounds: tuple[int | None, int | None, int | None],
    days: list[tuple[int, int]],
) -> None:
    most, per_day, sessions = bounds
    prices, spent = Prices(), 0
    for count, former in earlier:
        prices, spent = prices.since(spent, former), spent + count
    prices = prices.since(spent, price)
    spending = Spending(spent, min(today, spent), prices)
    options = JobOptions(
        max_sessions=sessions,
        price_per_session=decimal_of(price),
        max_cost=None if most is None else decimal_of(most),
        max_cost_per_day=None if per_day is None else decimal_of(per_day),
    )
    limit = SpendingLimit(DAY, options, spending)
    of_day = spending.cost_today
    for number, (wanted, open_) in enumerate(days):
        if number:
            # What is being asked for at midnight may be noted on either day.
            asking = min(open_, spent - spending.sessions)
            limit.begin_day(date(2027, 1, number), spent, asking)
            of_day = asking * price
        for _ in range(wanted):
            if not limit.may_buy(spent):
                assert limit.reason(spent)
                break
            spent += 1
            of_day += price
            assert most is None or prices.cost(spent) <= most
            assert per_day is None or of_day <= per_day
            assert sessions is None or spent <= sessions
        else:
            continue
        # It stops because of a bound, and not earlier than that.
        assert (
            (most is not None and prices.cost(spent) + price > most)
            or (per_day is not None and of_day + price > per_day)
            or (sessions is not None and spent >= sessions)
        )
    assert limit.cost(spent) == prices.cost(spent)
    assert limit.cost_today(spent) == of_day


def test_a_bound_needs_a_price() -> None:
    with pytest.raises(ValueError, match="price_per_session"):
        JobOptions(max_cost="25.00")
    with pytest.raises(ValueError, match="price_per_session"):
        JobOptions(max_cost_per_day=5)
    limit = SpendingLimit(datetime(2026, 1, 1, tzinfo=UTC).date(), JobOptions(), Spending())
    assert limit.cost(5) is limit.cost_today(5) is limit.most is None
