"""Scenarios by name: what a client meets in each, and what comes before what."""

import pytest
from simulator_support import Ask

from hum_async import Address, HumClient, Outcome
from hum_async.simulator import SCENARIOS, Simulator, serve_simulator

ADDRESS = Address("20 Main St", zip="48226")


async def outcome_in(simulator: Simulator, address: Address = ADDRESS) -> Outcome:
    async with HumClient("any-key", base_url=simulator.url) as hum:
        found = await hum.lookup(address)
    return found.outcome


@pytest.mark.virtual(grace=0.01)
@pytest.mark.parametrize(
    ("scenario", "outcome"),
    [
        ("usual", Outcome.SERVED),
        ("one agent fails", Outcome.NO_PROVIDERS),
        ("429 storm", Outcome.SERVED),
        ("session expires", Outcome.EXPIRED),
        ("immediate", Outcome.SERVED),
        ("slow", Outcome.SERVED),
        ("outage", Outcome.UNCERTAIN),
    ],
)
async def test_a_look_up_ends_as_the_scenario_says(scenario: str, outcome: Outcome) -> None:
    async with Simulator(scenario=scenario) as simulator:
        assert await outcome_in(simulator) == outcome
        statuses = [record.status for record in simulator.requests(method="POST")]
        polls = simulator.requests(method="GET")
    assert statuses[0] == {"429 storm": 429, "outage": 0}.get(scenario, 201)
    assert bool(polls) == (scenario not in {"immediate", "outage"})
    if scenario == "slow":
        assert polls[-1].at >= 25


@pytest.mark.virtual(grace=0.01)
@pytest.mark.parametrize("scenario", ["one agent fails", "session expires", "slow"])
async def test_a_magic_address_keeps_its_fate_in_every_scenario(scenario: str) -> None:
    async with Simulator(scenario=scenario) as simulator:
        served = Address("100 Served St", zip="48226")
        assert await outcome_in(simulator, served) == Outcome.SERVED
        if scenario == "slow":
            # The search of an ordinary address takes 25 seconds.
            assert simulator.requests(method="GET")[-1].at < 25


@pytest.mark.virtual(grace=0.01)
async def test_a_scenario_can_begin_and_end_while_the_simulator_runs() -> None:
    async with Simulator(generation="immediate", speed=100) as simulator:
        simulator.play("one agent fails")
        assert await outcome_in(simulator) == Outcome.NO_PROVIDERS
        simulator.play("429 storm")
        assert await outcome_in(simulator) == Outcome.SERVED
        assert simulator.statistics().throttled == 1
        simulator.play("slow")
        simulator.play("usual")
        before = len(simulator.journal)
        assert await outcome_in(simulator) == Outcome.SERVED
        assert [record.method for record in simulator.journal[before:]] == ["POST", "DELETE"]
        assert simulator.statistics().throttled == 1


@pytest.mark.virtual(grace=0.01)
async def test_arguments_come_before_the_settings_of_the_scenario(ask: Ask) -> None:
    async with Simulator(scenario="429 storm", rate=1, retry_after=7) as simulator:
        assert (await ask(simulator, "GET", "/ping")).status == 200
        reply = await ask(simulator, "GET", "/ping")
        assert (reply.status, reply.headers["Retry-After"]) == (429, "7")
    async with Simulator(scenario="slow", speed=1000, lifetime=1e6) as simulator:
        assert await outcome_in(simulator) == Outcome.SERVED
        assert simulator.now > 1000


@pytest.mark.parametrize("name", ["", "429", "429 Storm", "nonsense", None, 3, []])
async def test_an_unknown_name_is_refused_with_those_that_exist(name: object) -> None:
    for refused in (
        lambda: Simulator(scenario=name),  # type: ignore[arg-type]
        lambda: Simulator().play(name),  # type: ignore[arg-type]
        lambda: serve_simulator(name).__enter__(),  # type: ignore[arg-type]
    ):
        with pytest.raises(ValueError, match="there is no scenario") as caught:
            refused()
        assert all(f'"{known}"' in str(caught.value) for known in SCENARIOS)


def test_every_scenario_says_what_happens() -> None:
    assert all(scenario.description.endswith(".") for scenario in SCENARIOS.values())
