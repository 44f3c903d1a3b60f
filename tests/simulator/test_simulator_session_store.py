"""Sessions: the same for the same seed, and their lifetime."""

import asyncio

import pytest
from simulator_support import Arrived, Ask

from hum_async.simulator import Simulator
from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._session_store import SessionStore

ADDRESS = PostedAddress(street1="29090 Served St", zip="02139")


def test_stores_of_the_same_seed_create_the_same_sessions() -> None:
    one, two = (SessionStore(seed=0, median=9.0, sigma=0.4, lifetime=1800.0) for _ in range(2))
    for now in (0.0, 5.0):
        first, second = one.create(ADDRESS, now=now), two.create(ADDRESS, now=now + 1)
        assert (first.token, first.dialect, first.fate) == (
            second.token,
            second.dialect,
            second.fate,
        )


@pytest.mark.virtual
async def test_a_session_lives_as_long_as_it_is_asked_for(ask: Ask) -> None:
    async with Simulator(lifetime=100) as simulator:
        path = f"/sessions/{simulator.add_session()}"
        statuses = []
        for idle in (0, 90, 90, 90, 101, 1):
            simulator.advance(idle)
            statuses.append((await ask(simulator, "GET", path)).status)
        assert simulator.statistics().sessions_expired == 1
    assert statuses == [202, 200, 200, 200, 410, 410]


@pytest.mark.virtual
async def test_waiting_for_an_immediate_post_does_not_use_up_the_lifetime(
    ask: Ask, post: Ask, arrived: Arrived
) -> None:
    async with Simulator(generation="immediate", lifetime=20) as simulator:
        posting = asyncio.create_task(post(simulator, "100 Slow Pl"))
        await arrived(simulator)
        simulator.advance(26)
        created = await posting
        reply = await ask(simulator, "GET", f"/sessions/{created.token}")
    assert reply.status == 200


async def test_sessions_can_be_expired_and_closed_by_force(ask: Ask) -> None:
    async with Simulator() as simulator:
        tokens = [simulator.add_session() for _ in range(3)]
        simulator.expire(tokens[0])
        simulator.close(tokens[1])
        statuses = [(await ask(simulator, "GET", f"/sessions/{t}")).status for t in tokens]
        with pytest.raises(KeyError):
            simulator.close("no such token")
    assert statuses[:2] == [410, 410]
    assert statuses[2] in {200, 202}


async def test_added_sessions_are_as_good_as_posted_ones(ask: Ask) -> None:
    async with Simulator() as simulator:
        tokens = {simulator.add_session() for _ in range(1000)}
        slow = simulator.add_session({"street1": "5 Main St", "zip": "02139"}, street1="5 Slow Pl")
        assert (await ask(simulator, "GET", f"/sessions/{slow}")).status == 202
        simulator.advance(25)
        assert (await ask(simulator, "GET", f"/sessions/{slow}")).status == 200
        assert len(simulator.journal) == 2
    assert len(tokens) == 1000
    assert simulator.sessions_bought == 0


def test_a_session_can_be_added_before_the_start_but_not_with_a_wrong_address() -> None:
    simulator = Simulator()
    assert len(simulator.add_session(street1="100 Instant St")) in {22, 24}
    with pytest.raises(ValueError, match="zip"):
        simulator.add_session(zip="1")
