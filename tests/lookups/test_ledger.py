"""One ledger: an address is bought once by all that a client does, over crashes too."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from timed_api import TimedApi

from hum_async import Address, HumClient, JournalError, Outcome, Qualification, RateLimiter
from hum_async.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectFailed,
    HumError,
    RequestTimeout,
)
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from hum_async.models import RawResponse

    Open = Callable[..., Any]

pytestmark = pytest.mark.virtual

ADDRESS = Address("20 Main Street #4", city="Detroit", state="MI", zip="48226")
SPELLINGS = [
    ADDRESS,
    Address("20 MAIN ST APT 4", city="Detroit", state="MI", zip="48226"),
    Address("20 Main St", "Unit 4", "DETROIT", "MI", "48226-1234"),
]


@pytest.fixture
async def api() -> TimedApi:
    return TimedApi()


@pytest.fixture
def opened(api: TimedApi, tmp_path: Path) -> Open:
    """Open a client with the test's ledger; a new one each time stands for a new process."""

    @asynccontextmanager
    async def opened(**options: Any) -> AsyncIterator[HumClient]:
        named = {"purchases": tmp_path / "hum.sqlite", "transport": api.transport} | options
        async with HumClient(limiter=RateLimiter(rate=100), **named) as client:
            yield client

    return opened


async def crash(task: asyncio.Task[Any]) -> None:
    """End a look-up without a word to anybody, as a crash does."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_without_a_ledger_each_look_up_buys(api: TimedApi) -> None:
    async with HumClient(transport=api.transport) as hum:
        for _ in range(2):
            await hum.lookup(ADDRESS)
    assert api.count("POST") == 2


async def test_an_address_is_bought_once_however_it_is_spelled(api: TimedApi, opened: Open) -> None:
    async with opened() as hum:
        first = await hum.lookup(ADDRESS)
        assert first.outcome == Outcome.SERVED
        for spelling in SPELLINGS:
            found = await hum.lookup(spelling)
            assert (found.requests, found.elapsed, found.address) == (0, 0.0, spelling)
            assert found == attrs.evolve(first, address=spelling, requests=0, elapsed=0.0)
    sent = len(api.transport.requests)
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS)).providers == first.providers
    assert len(api.transport.requests) == sent
    assert api.count("POST") == api.count("DELETE") == 1


async def test_look_ups_of_one_address_at_the_same_time_are_one(
    api: TimedApi, opened: Open
) -> None:
    async with opened() as hum:
        copy = hum.with_options(timeout=5.0)
        found = await asyncio.gather(
            *[client.lookup(spelling) for client in (hum, copy) for spelling in SPELLINGS]
        )
    assert {each.outcome for each in found} == {Outcome.SERVED}
    assert sum(each.requests > 0 for each in found) == 1
    assert api.count("POST") == 1


async def test_who_waits_for_another_goes_on_when_that_one_is_cancelled(
    api: TimedApi, opened: Open
) -> None:
    async with opened() as hum:
        first = asyncio.ensure_future(hum.lookup(ADDRESS))
        await asyncio.sleep(1)
        second = asyncio.ensure_future(hum.lookup(ADDRESS))
        await asyncio.sleep(0.5)
        await crash(first)
        found = await second
    assert found.outcome == Outcome.SERVED
    assert api.count("POST") == 1


async def test_a_caller_whose_time_is_over_stops_waiting_and_the_other_goes_on(
    api: TimedApi, opened: Open
) -> None:
    async with opened() as hum:
        first = asyncio.ensure_future(hum.lookup(ADDRESS))
        await asyncio.sleep(0.5)
        impatient = await hum.lookup(ADDRESS, timeout=1.0)
        assert (impatient.outcome, impatient.requests) == (Outcome.TIMED_OUT, 0)
        assert (await first).outcome == Outcome.SERVED
    assert api.count("POST") == 1


async def test_whoever_waits_for_a_look_up_whose_time_is_over_goes_on(
    api: TimedApi, opened: Open
) -> None:
    async with opened() as hum:
        found = await asyncio.gather(hum.lookup(ADDRESS, timeout=2), hum.lookup(ADDRESS))
    assert [each.outcome for each in found] == [Outcome.TIMED_OUT, Outcome.SERVED]
    assert api.count("POST") == 1


async def test_an_old_answer_is_bought_again(api: TimedApi, opened: Open) -> None:
    async with opened() as hum:
        await hum.lookup(ADDRESS)
    async with opened(max_age=0.0) as hum:
        assert (await hum.lookup(ADDRESS)).requests > 0
        assert (await hum.lookup(ADDRESS)).requests > 0
    assert api.count("POST") == 3


@pytest.mark.parametrize("clock", ["2024-09-20T23:13:31.179Z", "2099-01-01T00:00:00Z"])
async def test_the_age_of_an_answer_counts_by_our_own_clock(
    api: TimedApi, opened: Open, clock: str
) -> None:
    api.responded_at = clock
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS)).requests > 0
        assert (await hum.lookup(ADDRESS)).requests == 0
    async with opened(max_age=0.0) as hum:
        assert (await hum.lookup(ADDRESS)).requests > 0
    assert api.count("POST") == 2


async def test_a_session_that_a_crash_left_open_is_taken_up(api: TimedApi, opened: Open) -> None:
    async with opened() as hum:
        task = asyncio.ensure_future(hum.lookup(ADDRESS))
        await asyncio.sleep(2)
        await crash(task)
    async with opened() as hum:
        found = await hum.lookup(SPELLINGS[1])
    assert (found.outcome, found.token) == (Outcome.SERVED, "token-of-session-0")
    assert api.count("POST") == 1


async def test_a_session_that_is_gone_meanwhile_is_replaced(api: TimedApi, opened: Open) -> None:
    async with opened() as hum:
        task = asyncio.ensure_future(hum.lookup(ADDRESS))
        await asyncio.sleep(2)
        await crash(task)
    api.closed.add("token-of-session-0")
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED
        assert (await hum.lookup(ADDRESS)).requests == 0
    assert api.count("POST") == 2


async def test_an_unanswered_post_is_uncertain_and_nobody_buys_it_again(
    api: TimedApi, opened: Open
) -> None:
    async with opened() as hum:
        task = asyncio.ensure_future(hum.lookup(ADDRESS))
        while not api.count("POST"):  # noqa: ASYNC110  it is on its way
            await asyncio.sleep(0.001)
        await crash(task)
        for _ in range(2):
            assert (await hum.lookup(ADDRESS)).outcome == Outcome.UNCERTAIN
    async with opened() as hum:
        found = await hum.lookup(SPELLINGS[2])
        assert (found.outcome, found.address) == (Outcome.UNCERTAIN, SPELLINGS[2])
    assert api.count("POST") == 1


async def break_off(api: TimedApi, opened: Open) -> None:
    """Crash while the request that creates a session is under way."""
    posts = api.count("POST")
    async with opened() as hum:
        task = asyncio.ensure_future(hum.lookup(ADDRESS, retry={Outcome.UNCERTAIN}))
        while api.count("POST") == posts and not task.done():  # noqa: ASYNC110  it is on its way
            await asyncio.sleep(0.001)
        await crash(task)


async def test_who_asks_for_it_buys_an_uncertain_address_again_once(
    api: TimedApi, opened: Open
) -> None:
    await break_off(api, opened)
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.UNCERTAIN
        # What was asked for anew is another thing.
        assert (await hum.lookup(ADDRESS, retry=[Outcome.FAILED])).outcome == Outcome.UNCERTAIN
        assert api.count("POST") == 1
        found = await hum.lookup(SPELLINGS[1], retry={Outcome.UNCERTAIN})
        assert (found.outcome, api.count("POST")) == (Outcome.SERVED, 2)
        for retry in (set[Outcome](), {Outcome.UNCERTAIN}):
            again = await hum.lookup(ADDRESS, retry=retry)
            assert (again.outcome, again.requests) == (Outcome.SERVED, 0)
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS)).requests == 0
    assert api.count("POST") == 2


async def test_a_second_purchase_that_breaks_off_is_uncertain_again(
    api: TimedApi, opened: Open
) -> None:
    await break_off(api, opened)
    await break_off(api, opened)
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.UNCERTAIN
        assert api.count("POST") == 2
        assert (await hum.lookup(ADDRESS, retry={Outcome.UNCERTAIN})).outcome == Outcome.SERVED
    assert api.count("POST") == 3


async def test_a_second_purchase_that_cost_nothing_leaves_the_first_uncertain(
    api: TimedApi, opened: Open
) -> None:
    await break_off(api, opened)
    async with opened() as hum:
        waiting = await hum.lookup(ADDRESS, retry={Outcome.UNCERTAIN}, timeout=0.0)
        assert (waiting.outcome, waiting.token) == (Outcome.TIMED_OUT, None)
        api.instead = [json_response(401, {"message": "no"})]
        with pytest.raises(AuthenticationError):
            await hum.lookup(ADDRESS, retry={Outcome.UNCERTAIN})
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.UNCERTAIN
    assert api.count("POST") == 2


@pytest.mark.parametrize("asking", ["together", "in a row"])
async def test_whoever_asks_for_it_at_the_same_time_buys_it_once(
    api: TimedApi, opened: Open, asking: str
) -> None:
    await break_off(api, opened)
    async with opened() as hum:
        # The first only reads that it is uncertain, and must not answer for the others.
        plain = asyncio.ensure_future(hum.lookup(ADDRESS))
        if asking == "in a row":
            await asyncio.sleep(0)
        tasks = [hum.lookup(each, retry={Outcome.UNCERTAIN}) for each in SPELLINGS]
        found = await asyncio.gather(*tasks)
        assert (await plain).outcome == Outcome.UNCERTAIN
    assert [each.outcome for each in found] == [Outcome.SERVED] * 3
    assert api.count("POST") == 2


async def test_a_purchase_that_breaks_off_meanwhile_is_not_one_to_buy_again(
    api: TimedApi, opened: Open
) -> None:
    api.instead = [RequestTimeout("no answer")]
    async with opened() as hum:
        found = await asyncio.gather(
            hum.lookup(ADDRESS), hum.lookup(ADDRESS, retry={Outcome.UNCERTAIN})
        )
    assert [each.outcome for each in found] == [Outcome.UNCERTAIN] * 2
    assert api.count("POST") == 1


async def test_any_outcome_can_be_looked_up_anew_and_nothing_else(
    api: TimedApi, opened: Open
) -> None:
    async with opened() as hum:
        for _ in range(2):
            found = await hum.lookup(ADDRESS, retry={Outcome.SERVED})
            assert (found.outcome, found.requests > 0) == (Outcome.SERVED, True)
        with pytest.raises(ValueError, match="not a valid Outcome"):
            await hum.lookup(ADDRESS, retry="UNCERTAIN")  # type: ignore[arg-type]
    assert api.count("POST") == 2


async def test_a_post_that_the_deadline_cuts_off_is_uncertain_from_then_on(
    api: TimedApi, opened: Open
) -> None:
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS, timeout=0.03)).outcome == Outcome.UNCERTAIN
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.UNCERTAIN
    assert api.count("POST") == 1


async def test_a_look_up_that_ran_out_of_time_is_taken_up(api: TimedApi, opened: Open) -> None:
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS, timeout=2.0)).outcome == Outcome.TIMED_OUT
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED
    assert api.count("POST") == 1


@pytest.mark.parametrize(
    "trouble", [ConnectFailed("no"), json_response(400, {"message": "no such street"})]
)
async def test_what_failed_and_cost_nothing_is_asked_again(
    api: TimedApi, opened: Open, trouble: RawResponse | HumError
) -> None:
    api.instead = [trouble] * 4
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS)).token is None
        api.instead = []
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED


async def test_a_post_that_may_have_been_taken_is_not_sent_again(
    api: TimedApi, opened: Open
) -> None:
    api.instead = [RequestTimeout("no answer")]
    async with opened() as hum:
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.UNCERTAIN
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.UNCERTAIN
    assert api.count("POST") == 1


async def test_an_address_that_cannot_be_sent_is_not_recorded(opened: Open, tmp_path: Path) -> None:
    async with opened() as hum:
        assert (await hum.lookup(Address("1 A St"))).outcome == Outcome.INVALID_ADDRESS
    with sqlite3.connect(tmp_path / "hum.sqlite") as db:
        assert db.execute("SELECT count(*) FROM purchase").fetchone() == (0,)
    db.close()


async def test_one_process_at_a_time_has_a_ledger(opened: Open) -> None:
    async with opened() as hum:
        with pytest.raises(JournalError, match="in use by process"):
            async with opened():
                pass
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED


async def test_a_client_that_is_not_entered_opens_its_ledger_when_it_needs_it(
    api: TimedApi, tmp_path: Path
) -> None:
    hum = HumClient(transport=api.transport, purchases=str(tmp_path / "hum.sqlite"))
    assert not (tmp_path / "hum.sqlite").exists()
    assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED
    await hum.aclose()
    await hum.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await hum.lookup(ADDRESS)


async def test_a_ledger_that_cannot_be_written_is_told(
    api: TimedApi, opened: Open, tmp_path: Path
) -> None:
    (tmp_path / "hum.sqlite").write_text("my diary")
    with pytest.raises(JournalError, match="not a journal"):
        async with opened():
            pass
    assert not api.transport.requests
    with pytest.raises(ConfigurationError, match="max_age"):
        HumClient(transport=api.transport, purchases="x.sqlite", max_age=-1)


async def test_cancellations_at_any_moment_leave_no_claim_and_buy_once(
    api: TimedApi, opened: Open
) -> None:
    async with opened() as hum:
        for delay in range(60):
            task = asyncio.ensure_future(hum.lookup(ADDRESS))
            await asyncio.sleep(delay * 0.001)
            await crash(task)
        found: Qualification = await hum.lookup(ADDRESS)
    assert found.outcome in {Outcome.SERVED, Outcome.UNCERTAIN}
    assert api.count("POST") <= 1
