"""How well a hidden limit is found and used: the real decisions against every kind of limit.

    python benchmarks/bench_limits.py [--seconds 600] [--rates 10 50 200] [--quick]

A simulation without I/O: `RateController`, which decides for `RateLimiter`, sends as fast as it may, to
token buckets of one request up to one second's worth and to fixed and sliding windows of 1, 10 and
60 seconds; each with a true Retry-After in whole seconds, one that always says 1, and none; each
with round trips of 5, 50 and 200 ms. "Used" is the share of the limit's requests that were served.
"""

import argparse
import heapq
import math
import multiprocessing
import random
from collections.abc import Callable, Iterable, Iterator
from statistics import mean
from typing import Any

import attrs
from _limits import FixedWindow, Limit, SlidingWindow, TokenBucket
from _report import publish

from hum_async._limits.rate_controller import RateController

WARM = 0.2
"""Share of a run after which it is taken to be steady."""

RETRY_AFTER: dict[str, Callable[[float], float | None]] = {
    "true": lambda wait: float(max(1, math.ceil(wait - 1e-9))),
    "1": lambda _: 1.0,
    "none": lambda _: None,
}
ROUND_TRIPS = (0.005, 0.05, 0.2)
FRACTIONS = {"R/10": 0.1, "R/4": 0.25, "R": 1.0}


@attrs.frozen
class Case:
    """One server as seen by one client; times in seconds."""

    rate: float
    kind: str
    retry_after: str = "true"
    round_trip: float = 0.05
    jitter: float = 0.0


@attrs.frozen
class Found:
    """What a client made of a server."""

    used: float
    steady: float
    refused: float


def limit_of(case: Case) -> Limit:
    """Return the limit of a case, untouched."""
    name, size = case.kind.split()
    if name == "bucket":
        fraction = FRACTIONS.get(size)
        return TokenBucket(case.rate, float(size) if fraction is None else fraction * case.rate)
    return (FixedWindow if name == "fixed" else SlidingWindow)(case.rate, float(size))


def kinds(rate: float) -> Iterator[str]:
    """Return the limits that are tried at a rate."""
    for size in ("1", "2", "5", *FRACTIONS):
        if FRACTIONS.get(size, 1.0) * rate >= 1:
            yield f"bucket {size}"
    for name in ("fixed", "sliding"):
        for seconds in (1, 10, 60):
            yield f"{name} {seconds}"


Event = tuple[float, int, float, bool, float | None]
"""When, a number to tell equal ones apart, when it was sent, whether it is an answer (or a request
that reaches the server), and how long to wait if it is a refusal."""


class Client:
    """Sends as fast as it may; there is always somebody who waits."""

    def __init__(self, case: Case) -> None:
        self.served: list[float] = []
        self.refused = 0
        self._case = case
        self._limit = limit_of(case)
        self._told = RETRY_AFTER[case.retry_after]
        self._throttle = RateController()
        self._dice = random.Random(1)  # noqa: S311  a simulation
        self._free = max(32, int(2 * case.rate * case.round_trip))
        self._since = 0.0
        self._number = 0
        self._events: list[Event] = []

    def run(self, seconds: float) -> Found:
        """Run for so many seconds of simulated time."""
        now = 0.0
        while now < seconds:
            ready = max(now, self._throttle.ready_at(self._since)) if self._free else math.inf
            if self._events and self._events[0][0] <= ready:
                event = heapq.heappop(self._events)
                now = event[0]
                (self._hear if event[3] else self._serve)(event)
            else:
                now = ready
                self._send(now)
        return self._found(seconds)

    def _found(self, seconds: float) -> Found:
        warm = WARM * seconds
        steady = sum(at >= warm for at in self.served)
        rate = self._case.rate
        return Found(
            used=len(self.served) / seconds / rate,
            steady=steady / (seconds - warm) / rate,
            refused=self.refused / (self.refused + len(self.served)),
        )

    def _send(self, now: float) -> None:
        self._throttle.take(now, self._since)
        self._since = now
        self._free -= 1
        self._number += 1
        delay = self._case.round_trip / 2 + self._dice.random() * self._case.jitter
        heapq.heappush(self._events, (now + delay, self._number, now, False, None))

    def _serve(self, event: Event) -> None:
        at, number, sent, *_ = event
        wait = self._limit.admit(at)
        if wait is None:
            self.served.append(at)
        else:
            self.refused += 1
        heapq.heappush(self._events, (at + self._case.round_trip / 2, number, sent, True, wait))

    def _hear(self, event: Event) -> None:
        now, _, sent, _, wait = event
        if not self._free:
            self._since = now
        self._free += 1
        if wait is None:
            self._throttle.answered(now, sent)
        else:
            told, jitter = self._told(wait), self._dice.random()
            self._throttle.throttled(now, told, sent=sent, jitter=jitter)


def _measure(work: tuple[Case, float]) -> Found:
    case, seconds = work
    return Client(case).run(seconds)


def measure(cases: Iterable[Case], seconds: float) -> list[tuple[Case, Found]]:
    """Run every case, on all processors."""
    cases = list(cases)
    with multiprocessing.Pool() as pool:
        found = pool.map(_measure, [(case, seconds) for case in cases], chunksize=4)
    return list(zip(cases, found, strict=True))


def summary(found: list[tuple[Case, Found]], by: Callable[[Case], str]) -> list[dict[str, Any]]:
    """Return one row for each group of cases."""
    groups: dict[str, list[Found]] = {}
    for case, one in found:
        groups.setdefault(by(case), []).append(one)
    return [
        {
            "limit": name,
            "cases": len(group),
            "used": mean(one.used for one in group),
            "used, steady": mean(one.steady for one in group),
            "worst": min(one.steady for one in group),
            "429 %": 100 * mean(one.refused for one in group),
            "most": 100 * max(one.refused for one in group),
        }
        for name, group in groups.items()
    ]


def main() -> None:
    """Print the tables; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rates", type=float, nargs="+", default=[10.0, 50.0, 200.0])
    parser.add_argument("--quick", action="store_true", help="one rate and one round trip")
    arguments = parser.parse_args()
    rates = [50.0] if arguments.quick else arguments.rates
    round_trips = ROUND_TRIPS[1:2] if arguments.quick else ROUND_TRIPS
    cases = [
        Case(rate, kind, retry_after, round_trip)
        for rate in rates
        for kind in kinds(rate)
        for retry_after in RETRY_AFTER
        for round_trip in round_trips
    ]
    found = measure(cases, arguments.seconds)
    shaky = [Case(rate, kind, jitter=0.02) for rate in rates for kind in kinds(rate)]
    publish(
        __file__,
        {
            "by limit": summary(found, lambda case: case.kind),
            "by rate": summary(found, lambda case: f"{case.rate:g}/s"),
            "by Retry-After": summary(found, lambda case: case.retry_after),
            "all": summary(found, lambda _: "all"),
            "requests take up to 20 ms longer by chance": summary(
                measure(shaky, arguments.seconds), lambda case: f"{case.kind}, {case.rate:g}/s"
            ),
        },
    )


if __name__ == "__main__":
    main()
