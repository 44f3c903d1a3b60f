"""The counts of a running or finished job."""

from collections import Counter, deque
from decimal import Decimal
from typing import Any

import attrs

from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async.bulk.job_statistics import JobStatistics
from hum_async.errors import ConnectFailed
from hum_async.models import Outcome, Qualification

_RECENT = 300.0
"""Seconds by whose rate the time that is left is told."""
_MARK_EVERY = 10.0
_FEW = 100
"""Rows that say nothing of a rate."""


@attrs.define
class JobReport:
    """The counts of a job, which change while it runs.

    Attributes:
        total: Number of rows of the input.
        done: Number of rows with a result.
        reused: Number of those rows whose result an earlier run had recorded.
        outcomes: Number of rows by outcome.
        providers: Number of rows by name of provider.
        technologies: Number of rows by technology.
        requests: Number of HTTP requests sent by this run.
        sessions: Number of sessions that this run created.
        adopted: Number of sessions that this run adopted from an earlier one.
        expiring: Number of sessions with a result that were left to expire by themselves.
        open: Number of open sessions.
        elapsed: Seconds since this run began.
        unreachable: Number of rows that failed because no connection could be made.
        cost: What the sessions of all runs cost that may have been billed; None without a price.
        cost_today: What those of them cost that were asked for today, in UTC.
        elsewhere: Number of rows with a result of other workers, which share the job.
        elsewhere_before: Number of those when this run began.
        workers: Number of other workers that live.
    """

    total: int
    done: int = 0
    reused: int = 0
    outcomes: Counter[Outcome] = attrs.field(factory=Counter)
    providers: Counter[str] = attrs.field(factory=Counter)
    technologies: Counter[str] = attrs.field(factory=Counter)
    requests: int = 0
    sessions: int = 0
    adopted: int = 0
    expiring: int = 0
    open: int = 0
    elapsed: float = 0.0
    unreachable: int = 0
    cost: Decimal | None = None
    cost_today: Decimal | None = None
    elsewhere: int = 0
    elsewhere_before: int = 0
    workers: int = 0
    _marks: deque[tuple[float, int]] = attrs.field(
        factory=lambda: deque([(0.0, 0)]), init=False, repr=False, eq=False
    )

    @property
    def left(self) -> int:
        """Number of rows that have no result yet, as far as this worker knows."""
        return max(0, self.total - self.done - self.elsewhere)

    @property
    def failed(self) -> int:
        """Number of rows whose address got no answer."""
        return sum(self.outcomes[outcome] for outcome in FAILED_OUTCOMES)

    @property
    def rate(self) -> float:
        """Rows per second that this run looked up; reused rows do not count."""
        return (self.done - self.reused) / self.elapsed if self.elapsed else 0.0

    @property
    def requests_per_address(self) -> float:
        """HTTP requests of this run per address that has a session; 0.0 if none has.

        Rows that were refused, or have the address of another row, have none.
        """
        looked_up = self.sessions + self.adopted
        return self.requests / looked_up if looked_up else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds until the job is done at the rate of the last five minutes.

        None while the rate is not yet meaningful.
        """
        # The delay of the first answers is that of one look-up, and says nothing about the rate.
        looked_up = self._looked_up
        if not self.left:
            return 0.0
        if (
            not self.elapsed
            or looked_up <= 0
            or looked_up < min((looked_up + self.left) / 10, _FEW)
        ):
            return None
        # A long job may have been faster, or slower, hours ago. One that has hardly moved takes the
        # rate that it had: nobody knows when it goes on.
        since, before = self._marks[0]
        if looked_up - before < _FEW:
            since, before = 0.0, 0
        return self.left * (self.elapsed - since) / (looked_up - before)

    @property
    def _looked_up(self) -> int:
        """Rows that were looked up since this run began, by whichever worker."""
        return self.done - self.reused + self.elsewhere - self.elsewhere_before

    def count(self, result: Qualification, values: dict[str, Any]) -> None:
        """Count a row.

        Args:
            result: Result of the row.
            values: Values of its result columns.
        """
        self.done += 1
        self.outcomes[result.outcome] += 1
        self.providers.update(values["hum_providers"])
        self.technologies.update(values["hum_technologies"])
        self.unreachable += isinstance(result.error, ConnectFailed)

    def measure(self, statistics: JobStatistics, elapsed: float) -> None:
        """Copy the statistics of the job engine; `elapsed` is in seconds."""
        self.requests, self.sessions = statistics.requests, statistics.sessions
        self.open, self.reused = statistics.open, statistics.reused
        self.adopted, self.expiring = statistics.adopted, statistics.expiring
        self.cost, self.cost_today = statistics.cost, statistics.cost_today
        self.elapsed = elapsed
        marks = self._marks
        if elapsed - marks[-1][0] >= _MARK_EVERY:
            marks.append((elapsed, self._looked_up))
            while elapsed - marks[0][0] > _RECENT and len(marks) > 1:
                marks.popleft()
