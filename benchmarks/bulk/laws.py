"""How long sessions take from POST until their answer is ready: laws that no client is told."""

import random
from collections.abc import Callable

__all__ = ["LAWS", "Law"]

Law = Callable[[random.Random, float], float]
"""From dice and the share of the run that is over (0 to 1) to seconds."""

SIGMA = 0.38


def _lognormal(dice: random.Random, median: float) -> float:
    return median * dice.lognormvariate(0.0, SIGMA)


LAWS: dict[str, Law] = {
    "median 4": lambda dice, _: _lognormal(dice, 4.0),
    "median 9": lambda dice, _: _lognormal(dice, 9.0),
    "median 14": lambda dice, _: _lognormal(dice, 14.0),
    "drift slower": lambda dice, over: _lognormal(dice, 5.0 + 9.0 * over),
    "drift faster": lambda dice, over: _lognormal(dice, 14.0 - 9.0 * over),
    "30 % at once": lambda dice, _: 0.0 if dice.random() < 0.3 else _lognormal(dice, 9.0),
    "gamma": lambda dice, _: dice.gammavariate(4.0, 9.0 / 4.0),
}
