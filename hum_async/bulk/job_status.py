"""How a job stands, by its journal alone; also while another process runs it."""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import attrs

from hum_async._purchases.records import Tally
from hum_async._purchases.sqlite.lock import holder_of
from hum_async._purchases.sqlite.schema import damaged, found_rate, open_reading, setting, tally
from hum_async.models import Outcome


@attrs.frozen
class RunStatus:
    """One run of a job.

    Attributes:
        began_at: When it began, ISO 8601.
        seen_at: When it last said how far it is.
        library_version: Version of hum_async that it used.
        requests: HTTP requests it has sent.
        rows_done: Rows with a result.
        rows_reused: Of these, rows whose result was there when it began.
        rows_total: Rows of its input; None if it did not know.
        seconds: How long it ran until `seen_at`.
    """

    began_at: str
    seen_at: str | None
    library_version: str
    requests: int
    rows_done: int
    rows_reused: int
    rows_total: int | None
    seconds: float


@attrs.frozen
class JobStatus:
    """A job by its journal.

    Attributes:
        path: The journal.
        api: Whose results it holds.
        holder: Who runs it at the moment (pid, host, since); None if nobody does.
        finished_at: When every row had its result, ISO 8601; None if some have none.
        tally: What was bought.
        outcomes: Addresses by outcome.
        superseded: Purchases that do not count any more, by reason.
        runs: Its runs, the oldest first.
        found_rate: Requests per second that were found to hold when nobody told; None if not.
    """

    path: Path
    api: str | None
    holder: dict[str, Any] | None
    finished_at: str | None
    tally: Tally
    outcomes: Counter[Outcome]
    superseded: Counter[str]
    runs: tuple[RunStatus, ...]
    found_rate: float | None = None

    @property
    def requests(self) -> int:
        """HTTP requests of all runs."""
        return sum(run.requests for run in self.runs)

    @property
    def rate(self) -> float | None:
        """Rows per second that the last run looked up; None while that cannot be said."""
        run = self.runs[-1]
        looked_up = run.rows_done - run.rows_reused
        return looked_up / run.seconds if run.seconds and looked_up else None

    @property
    def eta(self) -> float | None:
        """Seconds that are left at this rate, if the job is running."""
        run = self.runs[-1]
        if self.holder is None or self.rate is None or run.rows_total is None:
            return None
        return (run.rows_total - run.rows_done) / self.rate


def status_of(path: Path) -> JobStatus:
    """Return how the job of a journal stands.

    Raises:
        JournalError: It is no journal, or cannot be read.
    """
    db = open_reading(path)
    try:
        return _read(path, db)
    except sqlite3.Error as exc:
        raise damaged(path, exc) from exc
    finally:
        db.close()


def _read(path: Path, db: sqlite3.Connection) -> JobStatus:
    live = db.execute(
        "SELECT outcome, count(*) FROM purchase "
        "WHERE superseded IS NULL AND outcome IS NOT NULL GROUP BY outcome"
    )
    outcomes = Counter({Outcome(outcome): count for outcome, count in live})
    superseded = Counter(
        dict(
            db.execute(
                "SELECT superseded, count(*) FROM purchase "
                "WHERE superseded IS NOT NULL GROUP BY superseded"
            ).fetchall()
        )
    )
    runs = db.execute(
        "SELECT began_at, seen_at, library_version, requests, rows_done, rows_reused, "
        "rows_total, seconds FROM run ORDER BY id"
    ).fetchall()
    return JobStatus(
        path=path,
        api=setting(db, "api"),
        holder=holder_of(path),
        finished_at=setting(db, "finished_at"),
        tally=tally(db),
        outcomes=outcomes,
        superseded=superseded,
        runs=tuple(RunStatus(*run) for run in runs),
        found_rate=found[0] if (found := found_rate(db)) is not None else None,
    )
