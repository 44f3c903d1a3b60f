"""What every purchase store guarantees: in memory, in SQLite and in PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from stores import Stores, at, digest, home, result, schema_of

from hum_async import Address, Outcome
from hum_async._purchases.prices import Prices, Spending
from hum_async._purchases.records import (
    Asked,
    Closed,
    Copied,
    Entry,
    Opened,
    Published,
    Settled,
    Told,
    Withdrawn,
    address_digest,
)
from hum_async.errors import JournalError, ResponseError, TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

EVERY = ["memory", "sqlite", "postgres"]
DURABLE = EVERY[1:]


@pytest.fixture
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    place: Path | str | None = None
    if request.param == "sqlite":
        place = tmp_path / "job.sqlite"
    elif request.param == "postgres":
        place = schema_of(request.getfixturevalue("postgres_server"))
    async with Stores(place) as found:
        yield found


every = pytest.mark.parametrize("stores", EVERY, indirect=True)
durable = pytest.mark.parametrize("stores", DURABLE, indirect=True)


@every
async def test_a_result_is_found_by_its_address_and_given_to_any_row(stores: Stores) -> None:
    store = await stores.open()
    await store.record(Asked(digest(1)))
    await store.record(Opened(digest(1), "token-1"))
    await store.record(Settled(digest(1), result(1)))
    found = await store.find([at(1), at(2)])
    assert list(found) == [digest(1)]
    assert (found[digest(1)].outcome, found[digest(1)].live) == (Outcome.SERVED, False)
    other = Address("1 MAIN STREET", zip="48226")
    given = await store.result(found[digest(1)], key="row", address=other)
    assert (given.key, given.address, given.token) == ("row", other, "token-1")


@every
async def test_a_post_that_is_recorded_may_be_sent(stores: Stores) -> None:
    store = await stores.open()
    await store.record(Asked(digest(1)))
    assert store.may_send()


@every
async def test_nobody_was_before_the_first_run(stores: Stores) -> None:
    store = await stores.open()
    assert (store.known, store.spent, store.requests) == (0, 0, 0)
    assert await store.left_open() == []
    await store.finish()


@durable
async def test_what_is_recorded_is_there_for_the_next_process(stores: Stores) -> None:
    first = await stores.open()
    for change in (
        Asked(digest(1)),
        Asked(digest(2)),
        Opened(digest(2), "token-2", requests=2),
        Asked(digest(3)),
        Opened(digest(3), "token-3"),
        Settled(digest(3), result(3, outcome=Outcome.NO_PROVIDERS)),
    ):
        await first.record(change)
    second = await stores.open()
    found = await second.find([at(n) for n in range(1, 5)])
    assert {key: (entry.token, entry.run == first.run) for key, entry in found.items()} == {
        digest(1): (None, True),
        digest(2): ("token-2", True),
        digest(3): ("token-3", True),
    }
    assert found[digest(3)].outcome is Outcome.NO_PROVIDERS
    assert found[digest(2)].outcome is None
    # An answer that never came is uncertain, whoever says so.
    assert found[digest(1)].outcome in {None, Outcome.UNCERTAIN}
    assert not any(entry.live for entry in found.values())
    assert (second.known, second.spent) == (3, 3)


@durable
async def test_what_was_spent_keeps_its_price_and_its_day(stores: Stores) -> None:
    today = datetime.now(UTC).date().isoformat()
    first = await stores.open()
    assert await first.note_price(50_000, today=today) == Spending(prices=Prices(((0, 50_000),)))
    # What was answered, what may have been, and what certainly was not.
    await first.record(Asked(digest(1)))
    await first.record(Opened(digest(1), "token-1"))
    await first.record(Asked(digest(2)))
    await first.record(Asked(digest(3)))
    await first.record(Withdrawn(digest(3)))
    second = await stores.open()
    found = await second.note_price(70_000, today=today)
    assert (found.sessions, found.on_this_day) == (2, 2)
    assert (found.cost, found.cost_today) == (100_000, 100_000)
    await second.record(Asked(digest(4)))
    third = await stores.open()
    found = await third.note_price(70_000, today="2100-01-01")
    assert (found.cost, found.cost_today) == (170_000, 0)
    third.bound(3)


@durable
async def test_changes_take_effect_in_the_order_of_the_calls(stores: Stores) -> None:
    store = await stores.open()
    recorded = [
        store.record(change)
        for change in (
            Asked(digest(1)),
            Withdrawn(digest(1)),
            Asked(digest(1)),
            Opened(digest(1), "token-1"),
            Settled(digest(1), result(1)),
            Closed(digest(1), "token-1"),
        )
    ]
    await asyncio.gather(*recorded)
    found = await store.find([at(1)])
    assert found[digest(1)].outcome is Outcome.SERVED
    again = await stores.open()
    assert await again.left_open() == []
    assert again.spent == 1


@durable
async def test_changes_of_one_call_keep_their_order_too(stores: Stores) -> None:
    store = await stores.open()
    await store.record(
        Asked(digest(1)), Opened(digest(1), "token-1"), Settled(digest(1), result(1))
    )
    assert (await store.find([at(1)]))[digest(1)].outcome is Outcome.SERVED


@durable
async def test_a_purchase_that_was_withdrawn_never_was(stores: Stores) -> None:
    store = await stores.open()
    await store.record(Asked(digest(1)))
    await store.record(Withdrawn(digest(1)))
    assert await store.find([at(1)]) == {}
    assert (await stores.open()).spent == 0


@durable
async def test_a_purchase_that_is_replaced_counts_again_if_nothing_was_bought(
    stores: Stores,
) -> None:
    store = await stores.open()
    await store.record(Asked(digest(1)))
    failed = result(1, outcome=Outcome.FAILED, token=None, error=TransportError("broke"))
    await store.record(Settled(digest(1), failed))
    before = (await store.find([at(1)]))[digest(1)]
    await store.record(Asked(digest(1), "retried", replaces=before.number))
    assert (await store.find([at(1)]))[digest(1)].outcome is None
    await store.record(Withdrawn(digest(1), restores=True))
    assert (await store.find([at(1)]))[digest(1)].outcome is Outcome.FAILED


@durable
async def test_only_what_may_be_billed_counts_as_spent(stores: Stores) -> None:
    store = await stores.open()
    for number in (1, 2, 3, 4):
        await store.record(Asked(digest(number)))
    await store.record(Settled(digest(1), result(1)))
    await store.record(Settled(digest(2), result(2, outcome=Outcome.UNCERTAIN, token=None)))
    await store.record(Settled(digest(3), result(3, outcome=Outcome.INVALID_ADDRESS, token=None)))
    # The fourth has no answer.
    assert (await stores.open()).spent == 3


@durable
async def test_a_result_without_a_stored_form_fails_alone(stores: Stores) -> None:
    store = await stores.open()
    await store.record(Asked(digest(1)))
    await store.record(Asked(digest(2)))
    odd = result(1, error=TransportError(object()))  # type: ignore[arg-type]
    bad, good = store.record(Settled(digest(1), odd)), store.record(Settled(digest(2), result(2)))
    with pytest.raises(ResponseError, match="cannot be stored"):
        await bad
    await good
    found = await store.find([at(1), at(2)])
    assert found[digest(1)].outcome is None
    assert found[digest(2)].outcome is Outcome.SERVED
    assert not store.failed


@durable
async def test_sessions_whose_results_are_safe_are_left_to_be_closed(stores: Stores) -> None:
    store = await stores.open()
    for number in (1, 2, 3):
        await store.record(Asked(digest(number)))
        await store.record(Opened(digest(number), f"token-{number}"))
    await store.record(Settled(digest(1), result(1)))
    await store.record(Settled(digest(2), result(2), expires=True))
    again = await stores.open()
    assert await again.left_open() == [Closed(digest(1), "token-1")]


@durable
async def test_a_copied_result_is_used_but_was_not_bought_here(stores: Stores) -> None:
    store = await stores.open()
    await store.record(Asked(digest(1)))
    await store.record(Settled(digest(1), result(1)))
    entry = (await store.find([at(1)]))[digest(1)]
    theirs = address_digest(home(1), "exact")
    await store.record(Copied(theirs, entry))
    again = await stores.open()
    copy = (await again.find([(theirs, home(1))]))[theirs]
    assert (copy.token, copy.outcome, copy.asked_at) == (None, Outcome.SERVED, entry.asked_at)
    assert (await again.result(copy, key=0, address=home(1))).token == "token-1"
    assert again.spent == 1


@durable
async def test_a_result_is_bound_to_its_address(stores: Stores) -> None:
    store = await stores.open()
    await store.record(Asked(digest(1)))
    await store.record(Settled(digest(1), result(1)))
    entry = (await store.find([at(1)]))[digest(1)]
    wrong = Entry(None, entry.outcome, 0, 0, None, entry.packed, digest=digest(2))
    with pytest.raises(JournalError, match="checksum"):
        await store.result(wrong, key=0, address=home(2))


@durable
async def test_a_job_keeps_how_addresses_are_compared_and_which_api_it_asks(
    stores: Stores,
) -> None:
    store = await stores.open(dedupe="exact")
    assert store.dedupe == "exact"
    store.check_dedupe("exact")
    with pytest.raises(JournalError, match="--dedupe exact"):
        store.check_dedupe("usps")
    assert (await stores.open()).dedupe == "exact"
    with pytest.raises(JournalError, match="--dedupe exact"):
        await stores.open(dedupe="usps")


@durable
async def test_the_ledger_of_a_client_is_no_journal_of_a_job(stores: Stores) -> None:
    store = await stores.open(ledger=True)
    await store.record(Asked(digest(1)))
    with pytest.raises(JournalError, match="ledger of a HumClient"):
        await stores.open()


@durable
async def test_the_journal_of_a_job_is_no_ledger(stores: Stores) -> None:
    store = await stores.open()
    await store.record(Asked(digest(1)))
    with pytest.raises(JournalError, match="journal of a job"):
        await stores.open(ledger=True)


@durable
async def test_a_job_that_goes_on_takes_results_from_the_time_of_its_beginning(
    stores: Stores,
) -> None:
    first = await stores.open(max_age=3600.0)
    assert first.taken_since is not None
    assert (await stores.open(max_age=1.0)).taken_since == first.taken_since
    last = await stores.open()
    await last.finish()
    assert (await stores.open(max_age=1.0)).taken_since > first.taken_since
    await (await stores.open()).finish()
    assert (await stores.open(max_age=None)).taken_since is None


@durable
async def test_a_found_rate_is_there_for_the_next_run(stores: Stores) -> None:
    store = await stores.open()
    store.found_rate = 12.5
    # One that was not tried must not look recent.
    store = await stores.open()
    assert store.found_rate is None
    store.found_rate, store.requests = 12.5, 3
    assert (await stores.open()).found_rate == 12.5


@durable
async def test_ids_of_look_ups_are_kept_until_they_are_old(stores: Stores) -> None:
    store = await stores.open(ledger=True)
    await store.record(Published("new", digest(1), "2026-05-02T00:00:00+00:00"))
    await store.record(Published("old", digest(2), "2026-05-01T00:00:00+00:00"))
    await store.record(Told("new", 7))
    again = await stores.open(ledger=True)
    (kept,) = await again.published(since="2026-05-01T12:00:00+00:00")
    assert (kept.id, kept.address, kept.told) == ("new", digest(1), 7)
    assert len(await again.published(since="2026-04-01T00:00:00+00:00")) == 1


@durable
async def test_a_store_keeps_its_epoch(stores: Stores) -> None:
    store = await stores.open(ledger=True)
    epoch = await store.epoch()
    assert len(epoch) == 8
    assert await (await stores.open(ledger=True)).epoch() == epoch


@durable
async def test_many_changes_at_once_are_all_there(stores: Stores) -> None:
    store = await stores.open()
    numbers = range(300)
    await asyncio.gather(*(store.record(Asked(digest(n))) for n in numbers))
    await asyncio.gather(*(store.record(Opened(digest(n), f"token-{n}")) for n in numbers))
    await asyncio.gather(*(store.record(Settled(digest(n), result(n))) for n in numbers))
    found = await store.find([at(n) for n in numbers])
    assert {entry.token for entry in found.values()} == {f"token-{n}" for n in numbers}
