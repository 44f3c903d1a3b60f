"""The status of a job, read from its journal, also while another process runs the job."""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import attrs

from hum_async._purchases.records import Tally
from hum_async._purchases.sqlite.lock import holder_of
from hum_async._purchases.sqlite.schema import (
    FORGOTTEN,
    LEDGER,
    damaged,
    found_rate,
    open_reading,
    setting,
    tally,
)
from hum_async.models import Outcome


@attrs.frozen
class RunStatus:
    """One run of a job.

    Attributes:
        began_at: Time of its start, ISO 8601.
        seen_at: Time at which it last recorded its progress, ISO 8601; None if it has not yet.
        library_version: Version of hum_async.
        requests: Number of HTTP requests sent.
        rows_done: Number of rows with a result.
        rows_reused: Number of those rows whose result an earlier run had recorded.
        rows_total: Number of rows of the input; None if it is not known.
        seconds: Seconds from `began_at` to `seen_at`.
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
    db = open_reading(path)
    try:
        return _read(path, db)
    except sqlite3.Error as exc:
        raise damaged(path, exc) from exc
    except (ValueError, TypeError) as exc:  # values that no journal writes
        raise damaged(path, exc) from None
    finally:
        db.close()


def _read(path: Path, db: sqlite3.Connection) -> JobStatus:
    outcomes = db.execute(
        "SELECT outcome, count(*) FROM purchase "
        "WHERE superseded IS NULL AND outcome IS NOT NULL GROUP BY outcome"
    )
    superseded = db.execute(
        "SELECT superseded, count(*) FROM purchase WHERE superseded IS NOT NULL GROUP BY superseded"
    ).fetchall()
    runs = db.execute(
        "SELECT began_at, seen_at, library_version, requests, rows_done, rows_reused, "
        "rows_total, seconds FROM run ORDER BY id"
    )
    rate = found_rate(db)
    return JobStatus(
        path=path,
        api=setting(db, "api"),
        holder=holder_of(path),
        finished_at=setting(db, "finished_at"),
        tally=tally(db),
        outcomes=Counter({Outcome(outcome): count for outcome, count in outcomes}),
        superseded=Counter(
            {str(reason): count for reason, count in superseded if reason != FORGOTTEN}
        ),
        forgotten=sum(count for reason, count in superseded if reason == FORGOTTEN),
        runs=tuple(RunStatus(*run) for run in runs),
        found_rate=None if rate is None else rate[0],
        ledger=setting(db, LEDGER) is not None,
    )
