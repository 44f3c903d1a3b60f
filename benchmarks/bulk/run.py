"""One bulk job on virtual time, and its figures."""

import asyncio
import random
import time
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

import attrs
from _limits import FixedWindow, Limit, SlidingWindow, TokenBucket
from _report import percentile
from bulk.laws import LAWS
from bulk.server import HINTS, Server

from hum_async import Address, HumClient, Outcome, RateLimiter, qualify
from hum_async.testing import VirtualTimeLoop

__all__ = ["LIMITS", "Case", "run"]

Close = Literal["always", "idle", "never"]

LIMITS: dict[str, Callable[[float], Limit]] = {
    "bucket, burst 1": lambda rate: TokenBucket(rate, burst=1.0),
    "bucket, burst R/4": lambda rate: TokenBucket(rate, burst=max(1.0, rate / 4)),
    "bucket, burst R": lambda rate: TokenBucket(rate, burst=rate),
    "fixed window 1 s": lambda rate: FixedWindow(rate, window=1.0),
    "fixed window 10 s": lambda rate: FixedWindow(rate, window=10.0),
    "sliding window 1 s": lambda rate: SlidingWindow(rate, window=1.0),
    "sliding window 10 s": lambda rate: SlidingWindow(rate, window=10.0),
}

START = 3.7
"""Seconds on the server's clock when the job begins: not at the edge of one of its windows."""


@attrs.frozen(kw_only=True)
class Case:
    """One job.

    Attributes:
        law: How long sessions take, a name in `LAWS`.
        rate: Requests per second that the server allows.
        addresses: How many are looked up.
        limit: How the server keeps its limit, a name in `LIMITS`.
        hint: What Retry-After says, a name in `HINTS`.
        told: The client knows the rate.
        immediate: POST carries the answer.
        close: When sessions are ended with a DELETE, as `qualify` takes it.
    """

    law: str
    rate: float
    addresses: int
    limit: str = "bucket, burst R/4"
    hint: str = "1"
    told: bool = False
    immediate: bool = False
    close: Close = "always"

    @property
    def bound(self) -> float:
        """Addresses per second of a client that knows when each answer is ready, and the limit.

        A DELETE is a part of it unless there is none at all.
        """
        return self.rate / ((1 if self.immediate else 2) + (self.close != "never"))


@attrs.define
class _Job:
    """What came of a case: when its rows were delivered, and what they were."""

    case: Case
    server: Server
    began: float = 0.0
    cpu: float = 0.0
    delivered: "array[float]" = attrs.field(factory=lambda: array("d"))
    outcomes: Counter[Outcome] = attrs.field(factory=Counter)

    def used(self, times: "array[float]", since: float, until: float) -> float:
        """Return the share of the limit that requests took between two instants."""
        count = bisect_left(times, until) - bisect_left(times, since)
        return count / (self.case.rate * (until - since))

    def figures(self) -> dict[str, Any]:
        """Return the row of a table, by the server's own count."""
        case, server, count = self.case, self.server, len(self.delivered)
        # The last DELETE may come after the last row, and is paid for as well.
        began, end = self.began, max(self.delivered[-1], server.accepted[-1])
        since, until = self.delivered[count // 10], self.delivered[count * 9 // 10]
        steady = count * 9 // 10 - count // 10
        accepted, refused = server.accepted, server.refused
        refused_steady = self.used(refused, since, until)
        used_steady = self.used(accepted, since, until)
        return {
            "of_bound": count / (end - began) / case.bound,
            "of_bound_steady": steady / (until - since) / case.bound,
            "requests": len(accepted) / count,
            "with_429": (len(accepted) + len(refused)) / count,
            "polls": server.polls / count,
            "share_429": len(refused) / (len(accepted) + len(refused)),
            "share_429_steady": refused_steady / (used_steady + refused_steady),
            "limit_used": self.used(accepted, began, end),
            "limit_used_steady": used_steady,
            "detect_p50_s": percentile(server.detection, 0.5) if server.detection else None,
            "detect_p95_s": percentile(server.detection, 0.95) if server.detection else None,
            "beyond_30_s": (server.late + self.outcomes[Outcome.TIMED_OUT]) / count,
            "never_in_30_s": server.never_in_time / count,
            "other_than_served": 1
            - (self.outcomes[Outcome.SERVED] + self.outcomes[Outcome.TIMED_OUT]) / count,
            "seconds": end - began,
            "cpu_us": 1e6 * self.cpu / count,
        }


async def _run(case: Case) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    server = Server(
        LIMITS[case.limit](case.rate),
        LAWS[case.law],
        case.addresses,
        immediate=case.immediate,
        hint=HINTS[case.hint],
    )
    await asyncio.sleep(START)
    limiter = RateLimiter(concurrency=256, rate=case.rate if case.told else None)
    rows = (Address(f"{number} Main St", zip="48226") for number in range(case.addresses))
    job = _Job(case, server, began=loop.time(), cpu=time.process_time())
    async with (
        HumClient(transport=server, limiter=limiter) as hum,
        qualify(hum, rows, close=case.close) as results,
    ):
        async for result in results:
            job.delivered.append(loop.time())
            job.outcomes[result.outcome] += 1
    job.cpu = time.process_time() - job.cpu
    return job.figures()


def run(case: Case) -> dict[str, Any]:
    """Run a case on virtual time, the same way each time; return its figures."""
    random.seed(1)  # the client's own jitter
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(_run(case))
