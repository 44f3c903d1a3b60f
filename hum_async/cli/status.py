"""``hum status``: prints the status of a job from its journal, or of the jobs of a database."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.table import Column, Table

from hum_async._purchases.journals import jobs_in
from hum_async._purchases.lots import MAX_TRIES
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.reader import JobSummary, WorkerStatus
from hum_async._wording import counted
from hum_async.bulk.job_status import JobStatus, status_of
from hum_async.cli._console import data, escaped
from hum_async.cli._database import DatabaseOptions
from hum_async.cli._durations import format_duration
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._json_output import AsJson, jobs_values, print_json, status_values
from hum_async.cli._run import UsageError, run
from hum_async.models import Outcome

_DEFAULT_DATABASE = DatabaseOptions()
_WIDE = 100
"""Columns of a terminal from which on a table shows all that it has."""
_NARROW = 60
"""Columns below which it shows the least."""


def status(
    journal: Path | None = None,
    /,
    *,
    json: AsJson = False,
    database: DatabaseOptions = _DEFAULT_DATABASE,
) -> int:
    """Show how a job stands: counts, rate, time left, requests and sessions bought.

    Works while the job runs, too. For a job in a database it shows all workers; without a job, all
    jobs of the database. The exit code is 1 if lots of the job were set aside.

    Args:
        journal: The job's journal, usually OUT.journal.sqlite beside its output.
        json: Print one JSON object.
        database: Or the job in a database.
    """

    def prepare() -> ExitCode:
        url = None if journal is not None else database.url(needs_job=False)
        if url is not None and url.job is None:
            return _list_jobs(url, json=json)
        place = database.place(journal)
        if place is None:
            raise UsageError("name a journal, or a database with --database")
        found = status_of(place)
        if json:
            print_json(status_values(found))
        else:
            _show(found)
        aside = found.lots is not None and found.lots.set_aside
        return ExitCode.COULD_NOT_RUN if aside else ExitCode.OK

    return run(prepare)


def _list_jobs(database: DatabaseUrl, *, json: bool) -> ExitCode:
    jobs = jobs_in(database)
    if json:
        print_json(jobs_values(database, jobs))
        return ExitCode.OK
    data.print(f"{escaped(database.label)}: {counted(len(jobs), 'job')}")
    if jobs:
        data.print(_jobs(jobs, data.width), soft_wrap=False)
    return ExitCode.OK


def _show(found: JobStatus) -> None:
    data.print(f"{escaped(str(found.place))}: {_state(found)}")
    if found.api:
        data.print(f"Results of {escaped(found.api)}")
    _show_progress(found)
    _show_lots(found)
    if found.workers:
        _show_workers(found.workers)
    _show_addresses(found)
    _show_purchases(found)


def _show_progress(found: JobStatus) -> None:
    if found.rows_total is not None and found.rows_done is not None:
        data.print(f"Rows: {found.rows_done:,} of {found.rows_total:,}, as of {found.seen_at}")
    if found.rate is not None:
        left = "" if found.eta is None else f", {format_duration(found.eta)} left"
        data.print(f"Rate: {found.rate:.1f} rows/s{left}")
    if found.found_rate is not None:
        data.print(f"Limit found: {found.found_rate:.1f} requests/s")


def _show_addresses(found: JobStatus) -> None:
    columns = ("outcome", Column("addresses", justify="right"))
    table = Table(*columns, title="Distinct addresses", title_justify="left")
    for outcome in Outcome:
        if found.outcomes[outcome]:
            table.add_row(outcome, f"{found.outcomes[outcome]:,}")
    table.add_row("being looked up", f"{found.tally.open:,}")
    data.print(table, soft_wrap=False)


def _show_purchases(found: JobStatus) -> None:
    tally = found.tally
    unsure = "being asked for or uncertain" if found.holder else "uncertain"
    data.print(f"Sessions: {tally.bought:,} bought, {tally.uncertain:,} {unsure}")
    _show_cost(found)
    if tally.copied:
        data.print(f"Copied from another job: {counted(tally.copied, 'result')}")
    if found.superseded:
        why = ", ".join(f"{count:,} {reason}" for reason, count in found.superseded.most_common())
        data.print(f"Looked up anew: {why}")
    if found.forgotten:
        data.print(f"Forgotten: {found.forgotten:,}")
    data.print(f"Requests: {found.requests:,} in {counted(len(found.runs), 'run')}")


def _show_lots(found: JobStatus) -> None:
    lots = found.lots
    if lots is None:
        return
    data.print(
        f"Lots of {lots.layout.size:,} rows: {lots.done:,} of {lots.layout.lots:,} done, "
        f"{lots.in_hand:,} in hand"
    )
    for lot in lots.set_aside:
        data.print(
            f"[red]Set aside: {lot}; {MAX_TRIES} workers died at it. Run the job again to try it "
            "again[/]"
        )


_Cell = Callable[[WorkerStatus], str]
_WORKER_CELLS: dict[str, _Cell] = {
    "worker": lambda each: f"{escaped(each.host)}/{each.pid}",
    "state": lambda each: each.state,
    "since": lambda each: each.began_at[:19],
    "rows/s": lambda each: "" if each.rate is None else f"{each.rate:.1f}",
    "lots": lambda each: f"{each.lots:,}",
    "open": lambda each: f"{each.open:,}",
    "spent": lambda each: f"{each.spent:,}",
    "uncertain": lambda each: f"{each.uncertain:,}",
}
_TEXTS = ("worker", "state", "since")
_FEW = ("worker", "state", "rows/s")


def _show_workers(workers: Sequence[WorkerStatus]) -> None:
    """Print those that live or died; of those that left only how many they are."""
    shown = [worker for worker in workers if worker.state != "left"]
    if shown:
        data.print(_workers(shown, data.width), soft_wrap=False)
    if left := len(workers) - len(shown):
        data.print(f"{counted(left, 'worker')} came and left")


def _workers(workers: Sequence[WorkerStatus], width: int) -> Table:
    """Return what each worker is at; a narrow terminal shows the least."""
    names = [name for name in _WORKER_CELLS if width >= _WIDE or name != "since"]
    if width < _NARROW:
        names = list(_FEW)
    table = Table(title="Workers", title_justify="left")
    for name in names:
        table.add_column(name, overflow="fold", justify="left" if name in _TEXTS else "right")
    for worker in workers:
        table.add_row(*(_WORKER_CELLS[name](worker) for name in names))
    return table


_JOB_CELLS: dict[str, Callable[[JobSummary], str]] = {
    "job": lambda job: escaped(job.name),
    "state": lambda job: _summary(job),  # noqa: PLW0108  it is defined below
    "lots done": lambda job: f"{job.lots_done:,}/{job.lots:,}" if job.lots else "",
    "rows": lambda job: "" if job.rows is None else f"{job.rows:,}",
    "workers": lambda job: f"{job.workers:,}",
    "begun": lambda job: job.created_at[:19],
    "last seen": lambda job: (job.seen_at or "")[:19],
}


def _jobs(jobs: Sequence[JobSummary], width: int) -> Table:
    """Return a line for each job; a narrow terminal shows the least."""
    names = list(_JOB_CELLS)[: 7 if width >= _WIDE else 5 if width >= _NARROW else 3]
    table = Table()
    for name in names:
        right = name in {"lots done", "rows", "workers"}
        table.add_column(name, overflow="fold", justify="right" if right else "left")
    for job in jobs:
        table.add_row(*(_JOB_CELLS[name](job) for name in names))
    return table


def _summary(job: JobSummary) -> str:
    if job.ledger:
        return "ledger"
    if job.workers:
        return "running"
    return "finished" if job.finished_at else "stopped"


def _show_cost(found: JobStatus) -> None:
    if found.cost is not None:
        data.print(
            f"Cost: ${found.cost:,f}, ${found.cost_today:,f} of it today (UTC); a session costs "
            f"${found.price:,f}"
        )


def _state(found: JobStatus) -> str:
    if (alive := len(found.alive)) and (found.ledger or alive > 1):
        used = "a ledger, used by" if found.ledger else "running on"
        return f"{used} {counted(alive, 'worker')}"
    if found.holder is not None:
        holder = found.holder
        used = "a ledger, used by" if found.ledger else "running as"
        return (
            f"{used} process {holder.get('pid')} on {escaped(str(holder.get('host')))} "
            f"since {holder.get('since')}"
        )
    if found.ledger:
        return "a ledger, not in use"
    if found.finished_at is not None:
        return f"finished {found.finished_at}"
    return "stopped; run the same command again to go on"
