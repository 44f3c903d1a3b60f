"""Shows how jobs stand: what a journal or a database tells of them, and who is at them."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Column, Table

from hum_async._purchases.lots import MAX_TRIES
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.reader import JobSummary, WorkerStatus
from hum_async._wording import counted
from hum_async.bulk.job_status import JobStatus
from hum_async.cli._console import data, escaped
from hum_async.cli._durations import format_duration
from hum_async.models import Outcome

_WIDE = 100
"""Columns of a terminal from which on a table shows all that it has."""
_NARROW = 60
"""Columns below which it shows the least."""


def show_jobs(
    database: DatabaseUrl, jobs: Sequence[JobSummary], *, console: Console = data
) -> None:
    """Print a line for each job of a database."""
    console.print(f"{escaped(database.label)}: {counted(len(jobs), 'job')}")
    if jobs:
        console.print(_jobs(jobs, console.width), soft_wrap=False)


def show_status(found: JobStatus, *, console: Console = data) -> None:
    """Print how a job stands."""
    console.print(f"{escaped(str(found.place))}: {_state(found)}")
    if found.api:
        console.print(f"Results of {escaped(found.api)}")
    _show_progress(found, console)
    _show_lots(found, console)
    if found.workers:
        _show_workers(found.workers, console)
    _show_addresses(found, console)
    _show_purchases(found, console)


def _show_progress(found: JobStatus, console: Console) -> None:
    if found.rows_total is not None and found.rows_done is not None:
        console.print(f"Rows: {found.rows_done:,} of {found.rows_total:,}, as of {found.seen_at}")
    if found.rate is not None:
        left = "" if found.eta is None else f", {format_duration(found.eta)} left"
        console.print(f"Rate: {found.rate:.1f} rows/s{left}")
    if found.found_rate is not None:
        console.print(f"Limit found: {found.found_rate:.1f} requests/s")


def _show_addresses(found: JobStatus, console: Console) -> None:
    columns = ("outcome", Column("addresses", justify="right"))
    table = Table(*columns, title="Distinct addresses", title_justify="left")
    for outcome in Outcome:
        if found.outcomes[outcome]:
            table.add_row(outcome, f"{found.outcomes[outcome]:,}")
    table.add_row("being looked up", f"{found.tally.open:,}")
    console.print(table, soft_wrap=False)


def _show_purchases(found: JobStatus, console: Console) -> None:
    tally = found.tally
    unsure = "being asked for or uncertain" if found.holder else "uncertain"
    console.print(f"Sessions: {tally.bought:,} bought, {tally.uncertain:,} {unsure}")
    _show_cost(found, console)
    if tally.copied:
        console.print(f"Copied from another job: {counted(tally.copied, 'result')}")
    if found.superseded:
        why = ", ".join(f"{count:,} {reason}" for reason, count in found.superseded.most_common())
        console.print(f"Looked up anew: {why}")
    if found.forgotten:
        console.print(f"Forgotten: {found.forgotten:,}")
    console.print(f"Requests: {found.requests:,} in {counted(len(found.runs), 'run')}")


def _show_lots(found: JobStatus, console: Console) -> None:
    lots = found.lots
    if lots is None:
        return
    console.print(
        f"Lots of {lots.layout.size:,} rows: {lots.done:,} of {lots.layout.lots:,} done, "
        f"{lots.in_hand:,} in hand"
    )
    for lot in lots.set_aside:
        console.print(
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


def _show_workers(workers: Sequence[WorkerStatus], console: Console) -> None:
    """Print those that live or died; of those that left only how many they are."""
    shown = [worker for worker in workers if worker.state != "left"]
    if shown:
        console.print(_workers(shown, console.width), soft_wrap=False)
    if left := len(workers) - len(shown):
        console.print(f"{counted(left, 'worker')} came and left")


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


def _show_cost(found: JobStatus, console: Console) -> None:
    if found.cost is not None:
        console.print(
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
