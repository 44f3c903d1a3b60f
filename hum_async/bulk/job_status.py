"""The status of a job, read from its journal, also while another process runs the job."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs

from hum_async._purchases.journals import open_reader
from hum_async._purchases.lots import LotCounts
from hum_async._purchases.place import Place
from hum_async._purchases.prices import PRICES, Prices, Spending, decimal_of
from hum_async._purchases.reader import (
    FINISHED_AT,
    DamagedJournal,
    JournalReader,
    RunStatus,
    WorkerStatus,
    found_rate,
)
from hum_async._purchases.records import FORGOTTEN, Tally
from hum_async.models import Outcome


@attrs.frozen
class JobStatus:
    """The status of a job.

    Attributes:
        place: The journal, or the job in a database.
        api: Name of the API.
        holder: The process that runs the job (pid, host, since), or the oldest of several; None if
            it is not running.
        finished_at: Time at which every row had its result, ISO 8601; None if rows have none.
        tally: Counts of the purchases.
        outcomes: Number of addresses by outcome.
        superseded: Number of superseded purchases by reason.
        forgotten: Number of purchases whose results were erased.
        runs: The runs, the oldest first.
        found_rate: The found rate in requests per second; None if there is none.
        ledger: It is the ledger of a client, which has no end.
        workers: Those who share the job in a database, the oldest first.
        lots: How far its lots are; None if it is not divided into lots.
        cost: What the sessions cost that may have been billed; None if no run had a price.
        cost_today: What those of them cost that were asked for today, in UTC.
        price: What a session costs, as the last run with a price was told.
    """

    place: Place
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
    workers: tuple[WorkerStatus, ...] = ()
    lots: LotCounts | None = None
    cost: Decimal | None = None
    cost_today: Decimal | None = None
    price: Decimal | None = None

    @property
    def requests(self) -> int:
        """Number of HTTP requests of all runs."""
        return sum(run.requests for run in self.runs)

    @property
    def rows_done(self) -> int | None:
        """Rows with a result: of the last run, or of all lots that are done; None if not known."""
        if self.lots is not None:
            return self.lots.rows_done
        return self.runs[-1].rows_done if self.runs else None

    @property
    def rows_total(self) -> int | None:
        """Rows of the input; None if it is not known."""
        if self.lots is not None:
            return self.lots.layout.rows
        return self.runs[-1].rows_total if self.runs else None

    @property
    def seen_at(self) -> str | None:
        """Time at which the last run recorded its progress, ISO 8601; None if it has not yet."""
        return self.runs[-1].seen_at if self.runs else None

    @property
    def alive(self) -> tuple[WorkerStatus, ...]:
        """Those workers that live."""
        return tuple(worker for worker in self.workers if worker.state == "alive")

    @property
    def rate(self) -> float | None:
        """Rows looked up per second by the last run, or by the workers that live; None for none."""
        if self.alive:
            return sum(worker.rate or 0.0 for worker in self.alive) or None
        if not self.runs:
            return None
        run = self.runs[-1]
        looked_up = run.rows_done - run.rows_reused
        return looked_up / run.seconds if run.seconds and looked_up else None

    @property
    def eta(self) -> float | None:
        """Seconds until the job is done at this rate; None if it is not running or has no rate."""
        done, total = self.rows_done, self.rows_total
        if self.holder is None or self.rate is None or total is None or done is None:
            return None
        return (total - done) / self.rate


def status_of(place: Place) -> JobStatus:
    """Return the status of the job of a journal.

    Args:
        place: Its file, or the job in a database.

    Raises:
        JournalError: The file is no journal, or cannot be read.
    """
    with open_reader(place) as journal:
        superseded = journal.superseded()
        rate = found_rate(journal)
        tally, spending = journal.tally(), spending_of(journal)
        priced = spending.prices.last
        return JobStatus(
            place=place,
            api=journal.api,
            holder=journal.holder(),
            finished_at=journal.setting(FINISHED_AT),
            tally=tally,
            outcomes=journal.outcomes(),
            forgotten=superseded.pop(FORGOTTEN, 0),
            superseded=superseded,
            runs=journal.runs(),
            found_rate=None if rate is None else rate[0],
            ledger=journal.ledger,
            workers=journal.workers(),
            lots=journal.lots(),
            cost=None if priced is None else decimal_of(spending.cost),
            cost_today=None if priced is None else decimal_of(spending.cost_today),
            price=None if priced is None else decimal_of(priced),
        )


def spending_of(journal: JournalReader) -> Spending:
    """Return what was spent on the sessions of a journal.

    Raises:
        DamagedJournal: It holds no such prices.
    """
    try:
        prices = Prices.read(journal.setting(PRICES))
    except ValueError as exc:
        raise DamagedJournal(f"{journal.name} is damaged: {exc}") from None
    today = datetime.now(UTC).date().isoformat()
    return Spending(journal.tally().spent, journal.spent_since(today), prices)
