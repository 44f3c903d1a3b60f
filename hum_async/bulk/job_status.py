"""The status of a job, read from its journal, also while another process runs the job."""

from collections import Counter
from pathlib import Path
from typing import Any

import attrs

from hum_async._purchases.journals import open_reader
from hum_async._purchases.reader import FINISHED_AT, RunStatus, found_rate
from hum_async._purchases.records import FORGOTTEN, Tally
from hum_async.models import Outcome


@attrs.frozen
class JobStatus:
    """The status of a job.

    Attributes:
        path: The journal.
        api: Name of the API.
        holder: The process that runs the job (pid, host, since); None if it is not running.
        finished_at: Time at which every row had its result, ISO 8601; None if rows have none.
        tally: Counts of the purchases.
        outcomes: Number of addresses by outcome.
        superseded: Number of superseded purchases by reason.
        forgotten: Number of purchases whose results were erased.
        runs: The runs, the oldest first.
        found_rate: The found rate in requests per second; None if there is none.
        ledger: It is the ledger of a client, which has no end.
    """

    path: Path
    api: str | None
    holder: dict[str, Any] | None
    finished_at: str | None
    tally: Tally
    outcomes: Counter[Outcome]
    superseded: Counter[str]
    forgotten: int
    runs: tuple[RunStatus, ...]
    found_rate: float | None = None
    ledger: bool = False

    @property
    def requests(self) -> int:
        """Number of HTTP requests of all runs."""
        return sum(run.requests for run in self.runs)

    @property
    def rate(self) -> float | None:
        """Rows per second that the last run looked up; None if it has looked up none."""
        run = self.runs[-1]
        looked_up = run.rows_done - run.rows_reused
        return looked_up / run.seconds if run.seconds and looked_up else None

    @property
    def eta(self) -> float | None:
        """Seconds until the job is done at this rate; None if it is not running or has no rate."""
        run = self.runs[-1]
        if self.holder is None or self.rate is None or run.rows_total is None:
            return None
        return (run.rows_total - run.rows_done) / self.rate


def status_of(path: Path) -> JobStatus:
    """Return the status of the job of a journal.

    Raises:
        JournalError: The file is no journal, or cannot be read.
    """
    with open_reader(path) as journal:
        superseded = journal.superseded()
        rate = found_rate(journal)
        return JobStatus(
            path=path,
            api=journal.api,
            holder=journal.holder(),
            finished_at=journal.setting(FINISHED_AT),
            tally=journal.tally(),
            outcomes=journal.outcomes(),
            forgotten=superseded.pop(FORGOTTEN, 0),
            superseded=superseded,
            runs=journal.runs(),
            found_rate=None if rate is None else rate[0],
            ledger=journal.ledger,
        )
