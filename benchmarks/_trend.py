"""Whether something grows: robust slopes of samples, and the bounds that they must keep to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from statistics import median

import attrs

__all__ = ["Ends", "Trend", "slope", "trends"]


def slope(points: Iterable[tuple[float, float]]) -> float:
    """Return how much y grows for each unit of x, by Theil and Sen; 0 if nothing can be said.

    It is the median of the slopes between any two points, so that it does not hear of a few that
    lie far off.
    """
    slopes = [
        (second[1] - first[1]) / (second[0] - first[0])
        for first, second in combinations(points, 2)
        if first[0] != second[0]
    ]
    return median(slopes) if slopes else 0.0


@attrs.frozen
class Trend:
    """How one figure went.

    Attributes:
        name: What was counted.
        first: The figure at the end of the warm-up.
        last: The figure at the end.
        per_minute: Its slope after the warm-up.
        bound: The largest slope that is no leak.
    """

    name: str
    first: float
    last: float
    per_minute: float
    bound: float

    @property
    def leaks(self) -> bool:
        """Whether it grows more than noise would let it."""
        return self.per_minute > self.bound


def trends(
    samples: Sequence[tuple[float, Mapping[str, float]]],
    noise: Mapping[str, float],
    *,
    warm_up: float,
) -> list[Trend]:
    """Return the trend of each figure whose noise is known.

    The longer the samples, the smaller the slope that stands out from the noise.

    Args:
        samples: Seconds and figures, in order.
        noise: By how much each figure may differ between two samples without any leak.
        warm_up: Share of the time, 0 to 1, whose samples do not count.

    Raises:
        ValueError: Fewer than three samples count.
    """
    begin = samples[0][0] + warm_up * (samples[-1][0] - samples[0][0]) if samples else 0.0
    counted = [sample for sample in samples if sample[0] >= begin]
    if len(counted) < 3:
        raise ValueError(f"{len(counted)} samples say nothing: run for longer")
    minutes = (counted[-1][0] - counted[0][0]) / 60.0
    return [
        Trend(
            name,
            counted[0][1][name],
            counted[-1][1][name],
            slope((at / 60.0, figures[name]) for at, figures in counted),
            most / minutes,
        )
        for name, most in noise.items()
    ]


class Ends:
    """Counts whether everything that was begun came to its end exactly once.

    Attributes:
        begun: What was to end.
        ended: What ended, whatever had begun it.
    """

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self._faults: Counter[str] = Counter()

    def check(self, expected: Iterable[str], ended: Iterable[str]) -> None:
        """Count those that ended once, never, more than once, and that nobody had begun."""
        wanted, found = set(expected), Counter(ended)
        self.begun += len(wanted)
        self.ended += found.total()
        for name in wanted | found.keys():
            if name not in wanted:
                self._faults["unknown"] += 1
            elif found[name] != 1:
                self._faults["never" if not found[name] else "twice or more"] += 1

    @property
    def faults(self) -> dict[str, int]:
        """How many ended never, more than once, or were not begun; empty if all is well."""
        return dict(self._faults)
