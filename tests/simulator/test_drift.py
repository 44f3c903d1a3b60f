"""The world of a simulator that drifts: seeded, plausible, and off by default."""

from __future__ import annotations

import pytest

from hum_async import Address, HumClient
from hum_async.simulator import Simulator
from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._drift import drifted
from hum_async.simulator._fates import Fate, decide_fate


def fates(epoch: int, *, drift: float = 0.1, seed: int = 1) -> dict[str, tuple[Fate, Fate]]:
    found = {}
    for number in range(1500):
        address = PostedAddress(street1=f"{number} Main St", zip=f"{48000 + number % 75:05}")
        old = decide_fate(address, seed=seed)
        new = drifted(old, address, seed=seed, drift=drift, epoch=epoch)
        found[address.key] = old, new
    return found


def test_about_a_tenth_changes_in_an_epoch_and_mostly_where_networks_are_built() -> None:
    found = fates(1)
    changed = [key for key, (old, new) in found.items() if old != new]
    assert 0.07 <= len(changed) / len(found) <= 0.13
    by_zip = [sum(key.endswith(f"{48000 + at}") for key in changed) for at in range(75)]
    assert sum(sorted(by_zip, reverse=True)[:24]) > 0.85 * len(changed)
    kinds = {
        "providers": sum(old.providers != new.providers for old, new in found.values()),
        "prices": sum(old.price_moves != new.price_moves for old, new in found.values()),
        "outcomes": sum(old.internet != new.internet for old, new in found.values()),
    }
    assert min(kinds.values()) > 5
    assert fates(1) == found
    assert fates(1, seed=2) != found


def test_without_drift_and_in_epoch_0_nothing_changes() -> None:
    assert all(old == new for old, new in fates(3, drift=0.0).values())
    assert all(old == new for old, new in fates(0).values())
    two, one = fates(2), fates(1)
    assert sum(old != new for old, new in two.values()) > sum(o != n for o, n in one.values())


def test_magic_streets_do_not_drift() -> None:
    address = PostedAddress(street1="100 Served St", zip="48226")
    fate = decide_fate(address, seed=0)
    assert drifted(fate, address, seed=0, drift=1.0, epoch=9) == fate


@pytest.mark.slow
async def test_a_running_simulator_moves_to_another_epoch() -> None:
    homes = [Address(f"{at} Main St", zip=f"4822{at}") for at in range(6)]

    async def look_up(simulator: Simulator) -> list[object]:
        async with HumClient("any-key", base_url=simulator.url) as hum:
            return [(await hum.lookup(home)).providers for home in homes]

    options = {"generation": "immediate", "speed": 1000.0}
    async with Simulator(drift=1.0, **options) as simulator:  # type: ignore[arg-type]
        first = await look_up(simulator)
        simulator.epoch = 8
        assert simulator.epoch == 8
        later = await look_up(simulator)
    async with Simulator(drift=1.0, epoch=8, **options) as simulator:  # type: ignore[arg-type]
        again = await look_up(simulator)

    def names(found: list[object]) -> list[object]:
        return [sorted((each.name, each.min_price.amount_cents) for each in one) for one in found]  # type: ignore[attr-defined]

    assert names(first) != names(later)
    assert names(later) == names(again)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"drift": 1.5}, ValueError),
        ({"drift": -0.1}, ValueError),
        ({"drift": "much"}, TypeError),
        ({"epoch": -1}, ValueError),
        ({"epoch": 1.5}, TypeError),
    ],
)
def test_what_is_no_drift_is_refused(options: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        Simulator(**options)  # type: ignore[arg-type]
