"""What a job has done so far, in figures."""

from collections import Counter
from typing import Any

import attrs

from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async.bulk.job_engine import JobStatistics
from hum_async.errors import ConnectFailed
from hum_async.models import Outcome, Qualification


@attrs.define
class JobReport:
    """What a job has done so far; it grows while the job runs.

    Attributes:
        total: Rows of the input.
        done: Rows with a result.
        reused: Of these, rows whose result was there from an earlier run.
        outcomes: Rows by outcome.
        providers: Rows by name of provider.
        technologies: Rows by technology.
        requests: HTTP requests sent by this run.
        sessions: Sessions bought by this run.
        adopted: Sessions of an earlier run that were taken over.
        open: Sessions that are being looked up.
        elapsed: Seconds since the run began.
        unreachable: Rows that failed because no connection could be made.
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
    open: int = 0
    elapsed: float = 0.0
    unreachable: int = 0

    @property
    def failed(self) -> int:
        """Rows that got no answer about their address."""
        return sum(self.outcomes[outcome] for outcome in FAILED_OUTCOMES)

    @property
    def rate(self) -> float:
        """Rows per second, those left out that cost nothing."""
        return (self.done - self.reused) / self.elapsed if self.elapsed else 0.0

    @property
    def requests_per_address(self) -> float:
        """HTTP requests of this run per address, those that are being looked up included."""
        begun = max(self.done - self.reused, self.sessions + self.adopted)
        return self.requests / begun if begun else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds that are left at this rate; None while that cannot be said."""
        # The first answers take as long as a look-up takes, which says nothing of the rate.
        looked_up, left = self.done - self.reused, self.total - self.done
        if not left:
            return 0.0
        if not self.rate or looked_up < min((looked_up + left) / 10, 100):
            return None
        return left / self.rate

    def count(self, result: Qualification, values: dict[str, Any]) -> None:
        """Count one row."""
        self.done += 1
        self.outcomes[result.outcome] += 1
        self.providers.update(values["hum_providers"])
        self.technologies.update(values["hum_technologies"])
        self.unreachable += isinstance(result.error, ConnectFailed)

    def measure(self, statistics: JobStatistics, elapsed: float) -> None:
        """Take over what the pipeline says of itself."""
        self.requests, self.sessions = statistics.requests, statistics.sessions
        self.open, self.reused = statistics.open, statistics.reused
        self.adopted = statistics.adopted
        self.elapsed = elapsed
