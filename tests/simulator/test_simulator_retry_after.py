"""The Retry-After header of a 429."""

from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from simulator_support import Ask

from hum_async.simulator import Simulator


@pytest.mark.parametrize(
    ("value", "header"),
    [(3, "3"), (0.5, "0.5"), (0, "0"), (1_234_567, "1234567"), (1e-9, "0")],
)
async def test_retry_after_can_be_a_number(value: float, header: str, ask: Ask) -> None:
    async with Simulator(rate=0.001, retry_after=value) as simulator:
        await ask(simulator, "GET", "/ping")
        reply = await ask(simulator, "GET", "/ping")
    assert reply.headers["Retry-After"] == header


@pytest.mark.parametrize(("value", "ahead"), [("date", 1), (timedelta(seconds=7), 7)])
async def test_retry_after_can_be_a_date_ahead_of_the_answer(
    value: Any, ahead: int, ask: Ask
) -> None:
    async with Simulator(rate=0.001, retry_after=value) as simulator:
        await ask(simulator, "GET", "/ping")
        reply = await ask(simulator, "GET", "/ping")
    gap = parsedate_to_datetime(reply.headers["Retry-After"]) - parsedate_to_datetime(
        reply.headers["Date"]
    )
    assert abs(gap.total_seconds() - ahead) <= 1
