"""How the world drifts from epoch to epoch: providers come and go, fiber arrives, prices move.

In each epoch networks are built in a fifth of the ZIP codes, and about nine of ten changes happen
there. Within one, addresses that lack fiber or have no provider at all change nearly three times as
often as the others. Elsewhere a tenth of the usual share changes. The seed, the epoch and the
address decide, whatever the order of requests; magic streets do not drift.
"""

import random

import attrs

from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._fates import Fate
from hum_async.simulator._providers import PROVIDERS

_BUILT = 0.2
"""Share of the ZIP codes where networks are built in an epoch."""
_ELSEWHERE = 0.1
"""What changes elsewhere, as a part of the drift."""
_WITHOUT_FIBER, _WITH_FIBER = 1.6, 0.6
"""How often these change where networks are built, for one average address."""
_MOST_PROVIDERS = 6
_PRICE_MOVES = (-1000, -500, 500, 1000, 1500)
"""US cents a month."""
_FIBER = tuple(at for at, isp in enumerate(PROVIDERS) if "Fiber" in isp.technologies)


def drifted(fate: Fate, address: PostedAddress, *, seed: int, drift: float, epoch: int) -> Fate:
    """Return the fate of an address after some epochs.

    Args:
        fate: Its fate in epoch 0.
        address: The address.
        seed: Seed of the simulator.
        drift: Share of the addresses that change in an epoch, about; 0 to 1.
        epoch: Number of epochs.
    """
    if fate.magic is not None or not drift:
        return fate
    area = (address.zip or "")[:5] or f"{address.city}, {address.state}".upper()
    for number in range(1, epoch + 1):
        place = random.Random(f"{seed}/built/{number}/{area}")  # noqa: S311  reproducible
        rng = random.Random(f"{seed}/drift/{number}/{address.key}")  # noqa: S311  reproducible
        if rng.random() < drift * _rate(fate, built=place.random() < _BUILT):
            fate = _changed(fate, rng)
    return fate


def _rate(fate: Fate, *, built: bool) -> float:
    if not built:
        return _ELSEWHERE
    average = (1 - (1 - _BUILT) * _ELSEWHERE) / _BUILT
    return average * (_WITH_FIBER if _has_fiber(fate) else _WITHOUT_FIBER)


def _has_fiber(fate: Fate) -> bool:
    return not set(fate.providers).isdisjoint(_FIBER)


def _changed(fate: Fate, rng: random.Random) -> Fate:
    dice = rng.random()
    if not fate.providers:
        count = rng.randint(1, 3)
        found = tuple(rng.sample(range(len(PROVIDERS)), count))
        return attrs.evolve(fate, geocoding="matched", internet="matched", providers=found)
    if not _has_fiber(fate) and dice < 0.6:  # noqa: PLR2004  the most frequent change
        return attrs.evolve(fate, providers=(rng.choice(_FIBER), *fate.providers))
    others = [at for at in range(len(PROVIDERS)) if at not in fate.providers]
    if dice < 0.3 and len(fate.providers) < _MOST_PROVIDERS:  # noqa: PLR2004  one comes
        return attrs.evolve(fate, providers=(*fate.providers, rng.choice(others)))
    if dice < 0.6 and len(fate.providers) > 1:  # noqa: PLR2004  one goes
        gone = rng.choice(fate.providers)
        return attrs.evolve(fate, providers=tuple(at for at in fate.providers if at != gone))
    return attrs.evolve(fate, price_moves=fate.price_moves + rng.choice(_PRICE_MOVES))
