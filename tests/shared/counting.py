"""How evenly requests went out: what the tests and the benchmark of a shared limit look at."""

from collections.abc import Sequence


def per_second(times: Sequence[float], seconds: int) -> list[int]:
    """Return how many of the times lie in each second from 0 on."""
    counts = [0] * seconds
    for at in times:
        if 0 <= at < seconds:
            counts[int(at)] += 1
    return counts


def most_in(times: Sequence[float], seconds: float) -> int:
    """Return the most times in any window of that length."""
    ordered, most, first = sorted(times), 0, 0
    for index, at in enumerate(ordered):
        while ordered[first] <= at - seconds:
            first += 1
        most = max(most, index - first + 1)
    return most


def jain(shares: Sequence[float]) -> float:
    """Return Jain's index of fairness: 1 if all shares are equal, 1/n if one has all."""
    return float(sum(shares)) ** 2 / (len(shares) * sum(each * each for each in shares))
