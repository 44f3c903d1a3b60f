"""How many changes are found with how many purchases, by the order in which is asked again.

    python benchmarks/requalify_order.py [--addresses 2000] [--zips 100] [--seeds 20] [--drift 0.1]

The world is the simulator's (`Simulator(drift=0.1)`), the answers are its own, and the order knows
only what the older results say and what it finds on the way. No requests are sent.
"""

import argparse
import random
import statistics
from collections.abc import Callable, Iterator

from hum_async.bulk.requalify.order import Candidate, RequalifyOrder, kind_of_result
from hum_async.models import Outcome
from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._drift import drifted
from hum_async.simulator._fates import Fate, decide_fate
from hum_async.simulator._providers import PROVIDERS

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.75)
AT_ONCE = 16
"""The part of the budget of which the answers are not known yet."""


def outcome_of(fate: Fate) -> Outcome:
    """Return the outcome of a look-up."""
    if fate.geocoding != "matched":
        multiple = fate.geocoding == "multiple"
        return Outcome.AMBIGUOUS_ADDRESS if multiple else Outcome.ADDRESS_NOT_FOUND
    return Outcome.SERVED if fate.providers else Outcome.NO_PROVIDERS


def has_fiber(fate: Fate) -> bool:
    """Return whether a provider offers fiber."""
    return any("Fiber" in PROVIDERS[at].technologies for at in fate.providers)


class World:
    """Addresses in an epoch and the next one.

    Args:
        addresses: Number of addresses.
        zips: Number of ZIP codes that they are in.
        seed: Seed of the simulator.
        drift: Share that changes.
    """

    def __init__(self, addresses: int, zips: int, *, seed: int, drift: float = 0.1) -> None:
        self.candidates, self.changed = [], {}
        for number in range(addresses):
            zip5 = f"{48000 + number % zips:05}"
            address = PostedAddress(street1=f"{number} Main St", state="MI", zip=zip5)
            old = decide_fate(address, seed=seed)
            new = drifted(old, address, seed=seed, drift=drift, epoch=1)
            self.changed[number] = old != new
            self.candidates.append(
                Candidate(
                    number=number,
                    kind=kind_of_result(outcome_of(old), fiber=has_fiber(old)),
                    age=30 * 86400.0,
                    area=("MI", zip5[:3], zip5),
                )
            )

    def learned(self, share: float) -> Iterator[int]:
        """Yield the addresses by the order of the library, with a budget of this share."""
        order = RequalifyOrder(self.candidates)
        budget = int(share * len(self.candidates))
        waiting: list[int] = []
        for _ in range(budget):
            if len(waiting) >= max(1, budget // AT_ONCE):
                answered = waiting.pop(0)
                order.found(answered, changed=self.changed[answered])
            number = order.next()
            if number is None:
                return
            waiting.append(number)
            yield number

    def by_kind(self, share: float) -> Iterator[int]:
        """Yield the addresses by their kind alone."""
        order = RequalifyOrder(self.candidates)
        for _ in range(int(share * len(self.candidates))):
            if (number := order.next()) is not None:
                yield number

    def at_random(self, share: float) -> Iterator[int]:
        """Yield the addresses in any order."""
        numbers = sorted(self.changed)
        random.Random(0).shuffle(numbers)  # noqa: S311  the same in every run
        yield from numbers[: int(share * len(numbers))]

    def found(self, order: Callable[[float], Iterator[int]], share: float) -> float:
        """Return which share of the changes an order finds."""
        return sum(self.changed[number] for number in order(share)) / sum(self.changed.values())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--addresses", type=int, default=2000)
    parser.add_argument("--zips", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--drift", type=float, default=0.1)
    given = parser.parse_args()
    worlds = [
        World(given.addresses, given.zips, seed=seed, drift=given.drift)
        for seed in range(given.seeds)
    ]
    changed = statistics.mean(sum(world.changed.values()) for world in worlds)
    print(f"{changed / given.addresses:.1%} have changed")
    print("bought    " + "".join(f"{share:>9.0%}" for share in SHARES))
    for name in ("learned", "by_kind", "at_random"):
        rows = [[world.found(getattr(world, name), share) for world in worlds] for share in SHARES]
        print(f"{name:10}" + "".join(f"{statistics.mean(row):>9.1%}" for row in rows))
        print(f"{'  lowest':10}" + "".join(f"{min(row):>9.1%}" for row in rows))


if __name__ == "__main__":
    main()
