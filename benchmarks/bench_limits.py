"""How well a hidden limit is found and used: the real decisions against every kind of limit.

    python benchmarks/bench_limits.py [--seconds 600] [--rates 10 50 200] [--quick]
    python benchmarks/bench_limits.py --plot docs/limits/discovery.svg

A simulation without I/O: `RateController`, which decides for `RateLimiter`, sends as fast as it may
to token buckets of one request up to one second's worth and to fixed and sliding windows of 1, 10
and 60 seconds; each with a true Retry-After in whole seconds, one that always says 1, and none;
each with round trips of 5, 50 and 200 ms. "Used" is the share of the limit's requests that were
served. In the last table several clients share one limit. ``--plot`` draws the rate over time for
three of these servers instead.
"""

import argparse
import heapq
import math
import multiprocessing
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import attrs
from _drawing import path, picture, text
from _limits import FixedWindow, Limit, SlidingWindow, TokenBucket
from _report import publish

from hum_async._limits.pacing import RateController

WARM_UP = 0.2
"""Share of a run after which the figures count as steady."""

RETRY_AFTER: dict[str, Callable[[float], float | None]] = {
    "true": lambda wait: float(max(1, math.ceil(wait - 1e-9))),
    "1": lambda _: 1.0,
    "none": lambda _: None,
}
ROUND_TRIPS = (0.005, 0.05, 0.2)
FRACTIONS = {"R/10": 0.1, "R/4": 0.25, "R": 1.0}


@attrs.frozen
class Case:
    """One server as one client sees it; times in seconds."""

    rate: float
    kind: str
    retry_after: str = "true"
    round_trip: float = 0.05
    jitter: float = 0.0


@attrs.frozen
class Result:
    """What a client got from a server: shares of the limit, and the share of requests refused."""

    used: float
    steady: float
    refused: float


@attrs.define
class Trace:
    """A run as it is drawn; times in seconds from its start, rates in requests per second."""

    rates: list[tuple[float, float]] = attrs.field(factory=list)
    """Each change of the rate."""
    refusals: list[tuple[float, float]] = attrs.field(factory=list)
    """Each refusal, with the rate before it."""
    pauses: list[tuple[float, float]] = attrs.field(factory=list)
    """Start and end of each pause."""


def limit_of(case: Case) -> Limit:
    """Return the limit of a case, unused."""
    name, size = case.kind.split()
    if name == "bucket":
        fraction = FRACTIONS.get(size)
        return TokenBucket(case.rate, float(size) if fraction is None else fraction * case.rate)
    return (FixedWindow if name == "fixed" else SlidingWindow)(case.rate, float(size))


def kinds(rate: float) -> Iterator[str]:
    """Yield the limits that are measured at a rate."""
    for size in ("1", "2", "5", *FRACTIONS):
        if FRACTIONS.get(size, 1.0) * rate >= 1:
            yield f"bucket {size}"
    for name in ("fixed", "sliding"):
        for seconds in (1, 10, 60):
            yield f"{name} {seconds}"


Event = tuple[float, int, float, bool, float | None]
"""Time, serial number, when the request was sent, whether this is its answer (or the request that
reaches the server), and the seconds to wait if the answer is a refusal."""


class Client:
    """Sends as fast as it may; requests are always waiting."""

    def __init__(self, case: Case, *, limit: Limit | None = None, seed: int = 1) -> None:
        self.now = 0.0
        self.served: list[float] = []
        self.refused = 0
        self.trace = Trace()
        self._case = case
        self._limit = limit_of(case) if limit is None else limit
        self._retry_after = RETRY_AFTER[case.retry_after]
        self._controller = RateController()
        self._random = random.Random(seed)  # noqa: S311  a simulation
        self._free = max(32, int(2 * case.rate * case.round_trip))
        self._since = 0.0
        self._number = 0
        self._events: list[Event] = []

    def run(self, seconds: float) -> Result:
        """Run for so many seconds of simulated time."""
        while self.now < seconds:
            self.step()
        return self._result(seconds)

    def next_step(self) -> float:
        """Return when the next request or answer is due."""
        return min(self._ready(), self._events[0][0] if self._events else math.inf)

    def step(self) -> None:
        """Go on to the next request or answer."""
        ready = self._ready()
        if self._events and self._events[0][0] <= ready:
            event = heapq.heappop(self._events)
            self.now = event[0]
            (self._receive if event[3] else self._serve)(event)
        else:
            self.now = ready
            self._send(ready)
        self._record_rate()

    def _ready(self) -> float:
        if not self._free:
            return math.inf
        return max(self.now, self._controller.ready_at(self._since))

    def _result(self, seconds: float) -> Result:
        warm = WARM_UP * seconds
        steady = sum(at >= warm for at in self.served)
        rate = self._case.rate
        return Result(
            used=len(self.served) / seconds / rate,
            steady=steady / (seconds - warm) / rate,
            refused=self.refused / (self.refused + len(self.served)),
        )

    def _send(self, now: float) -> None:
        self._controller.take(now, self._since)
        self._since = now
        self._free -= 1
        self._number += 1
        delay = self._case.round_trip / 2 + self._random.random() * self._case.jitter
        heapq.heappush(self._events, (now + delay, self._number, now, False, None))

    def _serve(self, event: Event) -> None:
        at, number, sent, *_ = event
        wait = self._limit.admit(at)
        if wait is None:
            self.served.append(at)
        else:
            self.refused += 1
        heapq.heappush(self._events, (at + self._case.round_trip / 2, number, sent, True, wait))

    def _receive(self, event: Event) -> None:
        now, _, sent, _, wait = event
        if not self._free:
            self._since = now
        self._free += 1
        if wait is None:
            self._controller.answered(now, sent)
            return
        self.trace.refusals.append((now, self._controller.rate))
        retry_after, jitter = self._retry_after(wait), self._random.random()
        self._controller.throttled(now, retry_after, sent=sent, jitter=jitter)
        self.trace.pauses.append((now, self._controller.ready_at(now)))

    def _record_rate(self) -> None:
        rates, rate = self.trace.rates, self._controller.rate
        if not rates or rates[-1][1] != rate:
            rates.append((self.now, rate))


def _measure(work: tuple[Case, float]) -> Result:
    case, seconds = work
    return Client(case).run(seconds)


def measure(cases: Iterable[Case], seconds: float) -> list[tuple[Case, Result]]:
    """Run every case, on all processors."""
    cases = list(cases)
    with multiprocessing.Pool() as pool:
        results = pool.map(_measure, [(case, seconds) for case in cases], chunksize=4)
    return list(zip(cases, results, strict=True))


def shared(number: int, rate: float, seconds: float) -> dict[str, Any]:
    """Let several clients that know nothing of each other use one token bucket."""
    case = Case(rate, "bucket R/4")
    limit = limit_of(case)
    clients = [Client(case, limit=limit, seed=seed) for seed in range(number)]
    while (client := min(clients, key=Client.next_step)).next_step() < seconds:
        client.step()
    served = [len(client.served) for client in clients]
    refused = sum(client.refused for client in clients)
    return {
        "limit": f"{rate:g}/s",
        "clients": number,
        "used": sum(served) / seconds / rate,
        "least": min(served) * number / sum(served),
        "most": max(served) * number / sum(served),
        "429 %": 100 * refused / (refused + sum(served)),
    }


def summary(results: list[tuple[Case, Result]], by: Callable[[Case], str]) -> list[dict[str, Any]]:
    """Return one row for each group of cases."""
    groups: dict[str, list[Result]] = {}
    for case, one in results:
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


# --- plot -----------------------------------------------------------------------------------------


@attrs.frozen
class Panel:
    """One server of the plot."""

    title: str
    case: Case
    seconds: float


PANELS = (
    Panel("Token bucket, 20/s, no Retry-After", Case(20.0, "bucket R/4", "none"), 300.0),
    Panel("Token bucket, 200/s, Retry-After: 1", Case(200.0, "bucket R/4", "1"), 300.0),
    Panel("Sliding window, 600 per minute, true Retry-After", Case(10.0, "sliding 60"), 300.0),
)

WIDTH, PANEL_HEIGHT, HEADER, FOOTER = 480.0, 208.0, 58.0, 2.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 458.0, 50.0, 174.0
"""The plotting area of a panel, in the plot's units."""
EARLY_SECONDS, EARLY_END, LATE_START = 6.0, 190.0, 202.0
"""The first seconds of a run have a wide time scale of their own, left of the gap."""
HEADROOM = 1.6
"""Top of the rate axis as a multiple of the limit."""


def _x(at: float, seconds: float) -> float:
    if at <= EARLY_SECONDS:
        return LEFT + (EARLY_END - LEFT) * at / EARLY_SECONDS
    share = (at - EARLY_SECONDS) / (seconds - EARLY_SECONDS)
    return LATE_START + (RIGHT - LATE_START) * share


def _y(rate: float, limit: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * rate / limit / HEADROOM


def _cross(x: float, y: float) -> str:
    return path("refusal", f"M{x - 3.5:.1f} {y - 3.5:.1f}l7 7m0 -7l-7 7")


def _axes(limit: float, seconds: float) -> Iterator[str]:
    yield path("axis", f"M{LEFT} {TOP}V{BOTTOM}H{EARLY_END}M{LATE_START} {BOTTOM}H{RIGHT}V{TOP}")
    yield path("axis", f"M{EARLY_END} {BOTTOM}V{TOP}M{LATE_START} {BOTTOM}V{TOP}")
    for share in (0.0, 0.5, 1.0, 1.5):
        y = _y(share * limit, limit)
        yield text(LEFT - 6.0, y + 4.5, f"{share * limit:g}", "faint end")
        yield path("axis", f"M{LEFT - 3.0} {y:.1f}h3")
    for at in (0.0, 2.0, 4.0, 6.0, *(60.0 * minute for minute in range(1, int(seconds / 60) + 1))):
        x = _x(at, seconds)
        yield text(x, BOTTOM + 17.0, f"{at:g}", "faint middle")
        yield path("axis", f"M{x:.1f} {BOTTOM}v4")


def _pauses(trace: Trace, seconds: float) -> Iterator[str]:
    until = 0.0
    for start, end in trace.pauses:
        began, until = max(start, until), max(until, min(end, seconds))
        # The gap between the two time scales stays empty.
        for low, high in ((0.0, EARLY_SECONDS), (EARLY_SECONDS + 1e-9, seconds)):
            left, right = _x(max(began, low), seconds), _x(min(until, high), seconds)
            if right > left and max(began, low) < min(until, high):
                yield (
                    f'<rect class="pause" x="{left:.1f}" y="{TOP}" '
                    f'width="{max(right - left, 0.8):.1f}" height="{BOTTOM - TOP}"/>'
                )


def _curve(trace: Trace, limit: float, seconds: float) -> str:
    """Return the rate as steps, in two pieces with the gap between them."""
    ends = [*(at for at, _ in trace.rates[1:]), seconds]
    pieces = {True: "", False: ""}
    for (start, rate), end in zip(trace.rates, ends, strict=True):
        y = _y(rate, limit)
        for early, low, high in (
            (True, 0.0, EARLY_SECONDS),
            (False, EARLY_SECONDS + 1e-9, seconds),
        ):
            begin, stop = max(start, low), min(end, high)
            if begin < stop:
                move = "L" if pieces[early] else "M"
                pieces[early] += f"{move}{_x(begin, seconds):.1f} {y:.1f}H{_x(stop, seconds):.1f}"
    return path("rate", pieces[True] + pieces[False])


def _refusals(trace: Trace, limit: float, seconds: float) -> Iterator[str]:
    until = -math.inf
    for (at, rate), (_, opens) in zip(trace.refusals, trace.pauses, strict=True):
        # Requests that were under way when a pause began are part of the refusal that began it.
        if at >= until:
            yield _cross(_x(at, seconds), max(TOP, _y(rate, limit)))
        until = max(until, opens)


def _panel(panel: Panel) -> Iterator[str]:
    client, limit, seconds = Client(panel.case), panel.case.rate, panel.seconds
    result, trace = client.run(seconds), client.trace
    shown = [(at, rate) for at, rate in trace.rates if at < seconds]
    trace = attrs.evolve(trace, rates=shown)
    yield text(LEFT, TOP - 31.0, panel.title, "ink title")
    total = len(client.served) + client.refused
    first = f"first refusal at {trace.refusals[0][1]:,g}/s"
    used = f"{100 * result.used:.0f} % used, {client.refused} of {total:,} refused"
    yield text(LEFT, TOP - 13.0, f"{used}, {first}", "faint")
    yield from _pauses(trace, seconds)
    yield from _axes(limit, seconds)
    for left, right in ((LEFT, EARLY_END), (LATE_START, RIGHT)):
        yield path("limit", f"M{left} {_y(limit, limit):.1f}H{right}")
    yield f'<g clip-path="url(#area)">{_curve(trace, limit, seconds)}</g>'
    yield from _refusals(trace, limit, seconds)


def _legend() -> Iterator[str]:
    yield text(LEFT, 22.0, "Discovery of a hidden limit: requests/s over seconds", "ink title")
    y = 42.0
    yield path("rate", f"M{LEFT} {y}h20")
    yield text(LEFT + 26.0, y + 4.5, "rate")
    yield path("limit", f"M{LEFT + 70.0} {y}h24")
    yield text(LEFT + 100.0, y + 4.5, "hidden limit")
    yield _cross(LEFT + 198.0, y)
    yield text(LEFT + 208.0, y + 4.5, "refusal (429)")
    yield f'<rect class="pause" x="{LEFT + 306.0}" y="{y - 6.0}" width="20" height="12"/>'
    yield text(LEFT + 332.0, y + 4.5, "pause")


def plot(panels: Sequence[Panel] = PANELS) -> str:
    """Return an SVG picture of the rate over time, one panel for each server."""
    height = HEADER + PANEL_HEIGHT * len(panels) + FOOTER
    described = "; ".join(panel.title for panel in panels)
    area = f'width="{WIDTH:g}" height="{BOTTOM - TOP + 2.0:g}"'
    lines = [
        f'<clipPath id="area"><rect x="0" y="{TOP}" {area}/></clipPath>',
        *_legend(),
    ]
    for number, panel in enumerate(panels):
        lines.append(f'<g transform="translate(0 {HEADER + number * PANEL_HEIGHT:g})">')
        lines.extend(_panel(panel))
        lines.append("</g>")
    return picture(
        lines,
        size=(WIDTH, height),
        title="Discovery of a hidden rate limit over time",
        told=f"The rate grows, is refused, is cut and stays near: {described}.",
    )


# --- command --------------------------------------------------------------------------------------


def print_tables(arguments: argparse.Namespace) -> None:
    """Measure all cases, print the tables and write them as JSON beside this file."""
    rates = [50.0] if arguments.quick else arguments.rates
    round_trips = ROUND_TRIPS[1:2] if arguments.quick else ROUND_TRIPS
    cases = [
        Case(rate, kind, retry_after, round_trip)
        for rate in rates
        for kind in kinds(rate)
        for retry_after in RETRY_AFTER
        for round_trip in round_trips
    ]
    results = measure(cases, arguments.seconds)
    jittered = [Case(rate, kind, jitter=0.02) for rate in rates for kind in kinds(rate)]
    publish(
        __file__,
        {
            "by limit": summary(results, lambda case: case.kind),
            "by rate": summary(results, lambda case: f"{case.rate:g}/s"),
            "by Retry-After": summary(results, lambda case: case.retry_after),
            "all": summary(results, lambda _: "all"),
            "requests take up to 20 ms longer by chance": summary(
                measure(jittered, arguments.seconds), lambda case: f"{case.kind}, {case.rate:g}/s"
            ),
            "clients that share a bucket of R/4; least and most in multiples of a fair share": [
                shared(number, rate, arguments.seconds) for rate in rates for number in (1, 2, 4)
            ],
        },
    )


def main() -> None:
    """Print the tables, or draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rates", type=float, nargs="+", default=[10.0, 50.0, 200.0])
    parser.add_argument("--quick", action="store_true", help="one rate and one round trip")
    parser.add_argument("--plot", type=Path, metavar="SVG", help="draw three servers instead")
    arguments = parser.parse_args()
    if arguments.plot is None:
        print_tables(arguments)
        return
    arguments.plot.parent.mkdir(parents=True, exist_ok=True)
    arguments.plot.write_text(plot(), encoding="utf-8")
    print(f"written: {arguments.plot}")


if __name__ == "__main__":
    main()
