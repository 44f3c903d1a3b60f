"""A hub on its client's ledger: it buys nothing that look-ups, jobs or its own past have bought."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from timed_api import TimedApi

from hum_async import (
    Address,
    HumClient,
    JournalError,
    LookupNotFound,
    Outcome,
    RateLimiter,
    SessionHub,
)
from hum_async._purchases.sqlite.journal import Journal
from hum_async.bulk import qualify
from hum_async.errors import RequestTimeout
from hum_async.simulator import Simulator
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


virtual = pytest.mark.virtual
busy = pytest.mark.busy
ADDRESS = Address("20 Main Street #4", zip="48226")


@pytest.fixture
async def api(request: pytest.FixtureRequest) -> TimedApi:
    """Make an API; a parameter is the seconds that each request takes."""
    return TimedApi(latency=getattr(request, "param", 0.05))


@pytest.fixture
def opened(api: TimedApi, tmp_path: Path) -> Callable[..., Any]:
    """Open a client and a hub with the test's ledger, as a process does."""

    @asynccontextmanager
    async def opened(
        *, api: TimedApi = api, **options: Any
    ) -> AsyncIterator[tuple[HumClient, SessionHub]]:
        limiter = RateLimiter(rate=100)
        async with (
            HumClient(
                transport=api.transport, limiter=limiter, purchases=tmp_path / "hum.sqlite"
            ) as hum,
            SessionHub(hum, signals=False, **options) as hub,
        ):
            yield hum, hub

    return opened


async def done(hub: SessionHub, address: Address = ADDRESS, **options: Any) -> dict[str, Any]:
    """Look an address up as a browser does; return what its last event says."""
    events = [event async for event in hub.subscribe(hub.lookup(address, **options))]
    assert [event.kind for event in events][::-1][:1] == ["done"]
    return {"kinds": [str(event.kind) for event in events], **json.loads(events[-1].payload)}


@virtual
@busy
async def test_one_address_is_bought_once_by_hub_look_ups_and_jobs(
    api: TimedApi, opened: Callable[..., Any]
) -> None:
    async with opened() as (hum, hub):
        assert (await done(hub))["outcome"] == "SERVED"
        assert (await hum.lookup(ADDRESS)).requests == 0
        assert [each.requests async for each in qualify(hum, [ADDRESS])] == [0]
        await asyncio.sleep(1)  # for its DELETE
    # Another process, long after the first hub has forgotten it.
    async with opened(reuse_for=0) as (hum, hub):
        told = await done(hub, Address("20 MAIN ST APT 4", zip="48226"))
        assert (told["outcome"], told["elapsed"]) == ("SERVED", 0.0)
        assert told["kinds"] == ["snapshot", "providers", "done"]
        for _ in range(2):
            assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED
    assert api.count("POST") == api.count("DELETE") == 1


@virtual
@busy
async def test_a_look_up_that_a_restart_cut_off_is_taken_up(
    api: TimedApi, opened: Callable[..., Any]
) -> None:
    async with opened() as (_, hub):
        hub.lookup(ADDRESS)
        await asyncio.sleep(2)
    async with opened() as (_, hub):
        assert (await done(hub))["outcome"] == "SERVED"
    assert api.count("POST") == 1


@virtual
@busy
async def test_hub_look_up_and_job_at_the_same_time_are_one(
    api: TimedApi, opened: Callable[..., Any]
) -> None:
    async with opened() as (hum, hub):
        job = asyncio.ensure_future(anext(qualify(hum, [ADDRESS])))
        found = await asyncio.gather(done(hub), hum.lookup(ADDRESS), job, done(hub))
    assert found[0]["outcome"] == found[1].outcome == found[2].outcome == "SERVED"
    assert api.count("POST") == 1


@virtual
@busy
async def test_a_hub_whose_end_is_cancelled_leaves_its_addresses_to_others(
    api: TimedApi, opened: Callable[..., Any]
) -> None:
    async with opened() as (hum, hub):
        hub.lookup(ADDRESS)
        await asyncio.sleep(2)
        ending = asyncio.create_task(hub.aclose())
        await asyncio.sleep(0)
        ending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ending
        async with asyncio.timeout(60):
            assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED
    assert api.count("POST") == 1


@virtual
@busy
@pytest.mark.parametrize("after", [0.0, 0.01, 0.06, 2.0])
async def test_a_look_up_that_nobody_waits_for_leaves_its_address_to_others(
    api: TimedApi, opened: Callable[..., Any], after: float
) -> None:
    async with opened(on_abandon="close", abandon_after=0.0) as (hum, hub):
        stream = hub.subscribe(hub.lookup(ADDRESS))
        await asyncio.sleep(after)
        await stream.aclose()
        await asyncio.sleep(0.001)
        found = await hum.lookup(ADDRESS)
    assert found.outcome in {Outcome.SERVED, Outcome.UNCERTAIN}
    assert api.count("POST") <= 2


@virtual
@busy
@pytest.mark.parametrize("who", ["look-up", "job"])
@pytest.mark.parametrize("leaves_first", [False, True])
async def test_a_look_up_is_abandoned_once_nobody_at_all_waits_for_it(
    opened: Callable[..., Any],
    who: str,
    leaves_first: bool,  # noqa: FBT001  a column of the table
) -> None:
    api = TimedApi(agents_take=25.0)
    async with opened(api=api, on_abandon="close", abandon_after=0.5) as (hum, hub):
        stream = hub.subscribe(hub.lookup(ADDRESS))
        await anext(stream)
        await asyncio.sleep(1)
        if leaves_first:
            stream.close()
            await asyncio.sleep(0.2)
        if who == "look-up":
            assert (await hum.lookup(ADDRESS, timeout=1)).outcome == Outcome.TIMED_OUT
        else:
            async with qualify(hum, [ADDRESS]) as job:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(anext(job), 1)
        assert hub.statistics().abandoned == 0
        stream.close()
        await asyncio.sleep(3)
        assert (hub.statistics().abandoned, hub.statistics().running) == (1, 0)
    assert api.count("DELETE") == 1


@virtual
@busy
async def test_the_time_for_a_look_up_counts_while_it_waits_for_another(
    api: TimedApi, opened: Callable[..., Any]
) -> None:
    async with opened(timeout=1.0) as (hum, hub):
        looking = asyncio.ensure_future(hum.lookup(ADDRESS))
        await asyncio.sleep(0.2)
        told = await done(hub)
        assert told["outcome"] == "TIMED_OUT"
        assert (await looking).outcome == Outcome.SERVED
    assert api.count("POST") == 1


@pytest.mark.parametrize("api", [3.0], indirect=True)
@virtual
@busy
async def test_a_token_that_comes_after_the_deadline_is_kept_and_not_uncertain(
    opened: Callable[..., Any], api: TimedApi
) -> None:
    async with opened(timeout=1.0) as (hum, hub):
        assert (await done(hub))["outcome"] == "UNCERTAIN"
        # Whoever has more time waits for the answer, and takes the session up.
        found = await hum.lookup(ADDRESS)
        assert (found.outcome, found.token) == (Outcome.SERVED, "token-of-session-0")
        assert (await hum.lookup(ADDRESS)).requests == 0
    assert api.count("POST") == 1
    assert api.count("DELETE") == 1


@pytest.mark.parametrize("api", [3.0], indirect=True)
@virtual
@busy
async def test_a_session_of_which_nobody_waits_any_more_is_taken_up_after_a_restart(
    opened: Callable[..., Any], api: TimedApi
) -> None:
    async with opened(timeout=1.0) as (_, hub):
        assert (await done(hub))["outcome"] == "UNCERTAIN"
        await asyncio.sleep(10)
    async with opened() as (hum, _):
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED
    assert api.count("POST") == 1


@pytest.mark.parametrize("api", [3.0], indirect=True)
@virtual
@busy
async def test_a_post_that_is_refused_after_the_deadline_has_bought_nothing(
    opened: Callable[..., Any], api: TimedApi
) -> None:
    api.instead = [json_response(503, headers={"Retry-After": "1"})]
    async with opened(timeout=1.0) as (hum, hub):
        assert (await done(hub))["outcome"] == "UNCERTAIN"
        await asyncio.sleep(5)
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED
    assert api.count("POST") == 2


@pytest.mark.parametrize("api", [3.0], indirect=True)
@virtual
@busy
async def test_a_hub_that_ends_before_the_answer_leaves_it_uncertain(
    opened: Callable[..., Any], api: TimedApi
) -> None:
    async with opened(timeout=1.0) as (_, hub):
        assert (await done(hub))["outcome"] == "UNCERTAIN"
    async with opened() as (hum, _):
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.UNCERTAIN
    assert api.count("POST") == 1


@virtual
@busy
async def test_who_asks_for_it_buys_an_uncertain_address_again_once(
    opened: Callable[..., Any], api: TimedApi
) -> None:
    api.instead = [RequestTimeout("no answer")]
    retry = {Outcome.UNCERTAIN}
    async with opened(reuse_for=0) as (_, hub):
        for _ in range(2):
            assert (await done(hub))["outcome"] == "UNCERTAIN"
        assert api.count("POST") == 1
        assert (await done(hub, retry=retry))["outcome"] == "SERVED"
        assert (await done(hub, retry=retry))["elapsed"] == 0.0
        assert (await done(hub))["elapsed"] == 0.0
    async with opened() as (hum, hub):
        assert (await hum.lookup(ADDRESS)).requests == 0
        assert (await done(hub))["elapsed"] == 0.0
    assert api.count("POST") == 2


@virtual
@busy
async def test_who_asks_for_it_while_another_only_asks_is_not_told_that_it_is_uncertain(
    opened: Callable[..., Any], api: TimedApi
) -> None:
    api.instead = [RequestTimeout("no answer")]
    async with opened() as (_, hub):
        assert (await done(hub))["outcome"] == "UNCERTAIN"
        asking = asyncio.ensure_future(done(hub))
        await asyncio.sleep(0)
        assert (await done(hub, retry={Outcome.UNCERTAIN}))["outcome"] == "SERVED"
        assert (await asking)["outcome"] == "SERVED"
    assert api.count("POST") == 2


@virtual
@busy
async def test_a_fresh_answer_is_looked_up_anew_where_that_is_asked_for(
    opened: Callable[..., Any], api: TimedApi
) -> None:
    async with opened() as (_, hub):
        first = hub.lookup(ADDRESS, retry={Outcome.SERVED})
        assert hub.lookup(ADDRESS, retry={Outcome.SERVED}) == first  # it is running
        await events_of(hub.subscribe(first))
        assert hub.lookup(ADDRESS, retry={Outcome.UNCERTAIN}) == first
        assert api.count("POST") == 1
        assert (await done(hub, retry={Outcome.SERVED}))["lookup"] != first
        with pytest.raises(ValueError, match="not a valid Outcome"):
            hub.lookup(ADDRESS, retry={"ANY"})  # type: ignore[arg-type]
    assert api.count("POST") == 2


@virtual
@busy
async def test_a_ledger_that_fails_is_told_to_browsers_and_nothing_is_bought(
    api: TimedApi, opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise JournalError("the disk is on fire")

    async with opened() as (_, hub):
        monkeypatch.setattr(Journal, "find", fail)
        assert (await done(hub))["outcome"] == "FAILED"
        monkeypatch.undo()
        assert (await done(hub))["outcome"] == "SERVED"
    assert api.count("POST") == 1


# --- a hub that survives its process --------------------------------------------------------------


async def events_of(stream: Any) -> list[tuple[str, str, dict[str, Any]]]:
    return [(str(event.kind), event.id, json.loads(event.payload)) async for event in stream]


@virtual
@busy
async def test_ids_are_known_after_a_restart_and_nothing_is_bought_again(
    api: TimedApi, opened: Callable[..., Any]
) -> None:
    addresses = [Address(f"{number} A St", zip="48226") for number in range(50)]
    async with opened() as (_, hub):
        ids = [hub.lookup(address) for address in addresses]
        await asyncio.sleep(2)
        assert hub.statistics().running == 50
    async with opened() as (_, hub):
        told = await events_of(hub.subscribe(*ids))
        assert hub.statistics().running == 0
        await asyncio.sleep(10)
    done = [data for kind, _, data in told if kind == "done"]
    assert sorted(data["lookup"] for data in done) == sorted(ids)
    assert {data["outcome"] for data in done} == {"SERVED"}
    assert api.count("POST") == api.count("DELETE") == 50


@virtual
@busy
async def test_a_browser_that_comes_back_after_a_restart_gets_what_it_missed(
    api: TimedApi, opened: Callable[..., Any]
) -> None:
    other = Address("1 Other St", zip="48226")
    async with opened() as (_, hub):
        ids = [hub.lookup(ADDRESS)]
        first = await events_of(hub.subscribe(*ids))
        ids.append(hub.lookup(other))
        await asyncio.sleep(0.5)
    before, last = first[-2][1], first[-1][1]
    async with opened() as (_, hub):
        # Of the first it has seen all, of the second nothing.
        rest = await events_of(hub.subscribe(*ids, last_event_id=last))
        assert {data["lookup"] for _, _, data in rest} == {ids[1]}
        assert rest[-1][0] == "done"
        # Who has missed the end gets that alone, and who has seen it nothing.
        assert await events_of(hub.subscribe(ids[0], last_event_id=before)) == first[-1:]
        assert hub.subscribe(ids[0], last_event_id=last).over
        # Who has seen nothing gets all of it.
        assert [kind for kind, _, _ in await events_of(hub.subscribe(ids[0]))] == [
            "snapshot",
            "providers",
            "done",
        ]
    assert api.count("POST") == 2


@virtual
@busy
async def test_many_that_are_done_are_told_whole_after_a_restart_wherever_a_browser_was(
    opened: Callable[..., Any],
) -> None:
    addresses = [Address(f"{number} A St", zip="48226") for number in range(5)]
    async with opened() as (_, hub):
        ids = [hub.lookup(address) for address in addresses]
        seen = await events_of(hub.subscribe(*ids))
    async with opened() as (_, hub):
        told = await events_of(hub.subscribe(*ids))
        for got in (seen, told):
            assert len({event_id for _, event_id, _ in told}) == len(told) == 3 * len(ids)
            for number in range(len(got)):
                last = got[number - 1][1] if number else None
                rest = await events_of(hub.subscribe(*ids, last_event_id=last))
                ended = [
                    data["lookup"] for kind, _, data in [*got[:number], *rest] if kind == "done"
                ]
                assert sorted(ended) == sorted(ids)
            assert hub.subscribe(*ids, last_event_id=got[-1][1]).over


@virtual
@busy
async def test_a_clock_that_was_set_back_gives_no_event_id_twice(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    ahead = 10**15
    async with opened() as (_, hub):
        first = await events_of(hub.subscribe(lookup := hub.lookup(ADDRESS)))
    with sqlite3.connect(tmp_path / "hum.sqlite") as db:
        db.execute("UPDATE published SET told = ?", (ahead,))
    db.close()
    async with opened() as (_, hub):
        last = first[-1][1].partition("-")[0] + f"-{ahead}"
        second = hub.lookup(Address("2 A St", zip="48226"))
        rest = await events_of(hub.subscribe(lookup, second, last_event_id=last))
        assert {data["lookup"] for _, _, data in rest} == {second}
        assert rest[0][0] == "snapshot"


@virtual
@busy
async def test_what_a_restart_cannot_take_up_is_told_and_not_bought(
    api: TimedApi, opened: Callable[..., Any], tmp_path: Path
) -> None:
    async with opened() as (_, hub):
        gone, uncertain = hub.lookup(ADDRESS), hub.lookup(Address("2 A St", zip="48226"))
        await asyncio.sleep(1)
        never = hub.lookup(Address("3 A St", zip="48226"))
        # The process ends before the request that creates its session is recorded.
    with sqlite3.connect(tmp_path / "hum.sqlite") as db:
        db.execute("DELETE FROM purchase WHERE token IS NULL")
        last = db.execute("SELECT max(id) FROM purchase").fetchone()[0]
        db.execute("UPDATE purchase SET token = NULL WHERE id = ?", (last,))
        db.execute("DELETE FROM token_sum WHERE purchase = ?", (last,))
    db.close()
    api.begun.clear()
    posts = api.count("POST")
    async with opened() as (_, hub):
        told = await events_of(hub.subscribe(gone, uncertain, never))
    outcomes = {data["lookup"]: data["outcome"] for kind, _, data in told if kind == "done"}
    assert outcomes == {gone: "EXPIRED", uncertain: "UNCERTAIN", never: "FAILED"}
    assert api.count("POST") == posts


@virtual
@busy
async def test_old_ids_are_forgotten(
    api: TimedApi, opened: Callable[..., Any], tmp_path: Path
) -> None:
    async with opened() as (_, hub):
        lookup = hub.lookup(ADDRESS)
        await events_of(hub.subscribe(lookup))
    with sqlite3.connect(tmp_path / "hum.sqlite") as db:
        db.execute("UPDATE published SET at = '2020-01-01T00:00:00+00:00'")
    db.close()
    async with opened() as (_, hub):
        with pytest.raises(LookupNotFound):
            hub.subscribe(lookup)
    with sqlite3.connect(tmp_path / "hum.sqlite") as db:
        assert db.execute("SELECT count(*) FROM published").fetchone() == (0,)
    db.close()
    assert api.count("POST") == 1


PROCESS = """
import asyncio, sys
from hum_async import Address, HumClient, SessionHub

async def main(url, ledger):
    async with HumClient("any-key", base_url=url, purchases=ledger) as hum:
        async with SessionHub(hum, signals=False) as hub:
            ids = [hub.lookup(Address(f"{n} Served St", zip="48226")) for n in range(100, 150)]
            print(*ids, flush=True)
            await asyncio.sleep(1000)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("asked_for", [0, 20, 50])
async def test_a_hub_that_is_killed_goes_on_in_another_process(
    tmp_path: Path, asked_for: int
) -> None:
    ledger = str(tmp_path / "hum.sqlite")
    async with Simulator(speed=20) as simulator:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROCESS, simulator.url, ledger, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        ids = (await process.stdout.readline()).decode().split()
        while simulator.sessions_bought < asked_for:  # noqa: ASYNC110  another process asks
            await asyncio.sleep(0.01)
        # All of them are running, or some are in the middle of being asked for.
        await asyncio.sleep(1.0 if asked_for == 50 else 0.0)
        process.kill()
        await process.wait()
        await asyncio.sleep(0.1)
        bought = simulator.sessions_bought
        async with (
            HumClient("any-key", base_url=simulator.url, purchases=ledger) as hum,
            SessionHub(hum, signals=False) as hub,
        ):
            known = [lookup for lookup in ids if is_known(hub, lookup)]
            told = await events_of(hub.subscribe(*known)) if known else []
            # Nothing is bought again: what was not asked for yet is told as such.
            assert simulator.sessions_bought == bought
            if asked_for == 50:
                # Nor by whoever asks for one of them now.
                one = Address("101 Served St", zip="48226")
                assert [(await hum.lookup(one)).outcome for _ in range(2)] == [Outcome.SERVED] * 2
                assert [each.outcome async for each in qualify(hum, [one])] == [Outcome.SERVED]
                assert (await done(hub, one))["outcome"] == "SERVED"
                assert simulator.sessions_bought == 50
    ended = {data["lookup"]: data["outcome"] for kind, _, data in told if kind == "done"}
    assert ended.keys() == {*known}
    assert set(ended.values()) <= {"SERVED", "UNCERTAIN", "FAILED"}
    assert len(known) >= asked_for
    if asked_for == 50:
        assert list(ended.values()).count("SERVED") == 50


def is_known(hub: SessionHub, lookup: str) -> bool:
    try:
        hub.subscribe(lookup).close()
    except LookupNotFound:
        return False
    return True
