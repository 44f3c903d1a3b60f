"""``hum status``: prints the status of a job from its journal."""

from pathlib import Path

from rich.table import Column, Table

from hum_async._wording import counted
from hum_async.bulk.job_status import JobStatus, status_of
from hum_async.cli._console import data, escaped
from hum_async.cli._durations import format_duration
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._json_output import AsJson, print_json, status_values
from hum_async.cli._run import run
from hum_async.models import Outcome


def status(journal: Path, /, *, json: AsJson = False) -> int:
    """Show how a job stands: counts, rate, time left, requests and sessions bought.

    Works while the job runs, too.

    Args:
        journal: The job's journal, usually OUT.journal.sqlite beside its output.
        json: Print one JSON object.
    """

    def prepare() -> ExitCode:
        found = status_of(journal)
        if json:
            print_json(status_values(found))
        else:
            _show(found)
        return ExitCode.OK

    return run(prepare)


def _show(found: JobStatus) -> None:
    tally, run_ = found.tally, found.runs[-1]
    data.print(f"{escaped(str(found.path))}: {_state(found)}")
    if found.api:
        data.print(f"Results of {escaped(found.api)}")
    if run_.rows_total is not None:
        data.print(f"Rows: {run_.rows_done:,} of {run_.rows_total:,}, as of {run_.seen_at}")
    if found.rate is not None:
        left = "" if found.eta is None else f", {format_duration(found.eta)} left"
        data.print(f"Rate: {found.rate:.1f} rows/s{left}")
    if found.found_rate is not None:
        data.print(f"Limit found: {found.found_rate:.1f} requests/s")
    columns = ("outcome", Column("addresses", justify="right"))
    table = Table(*columns, title="Distinct addresses", title_justify="left")
    for outcome in Outcome:
        if found.outcomes[outcome]:
            table.add_row(outcome, f"{found.outcomes[outcome]:,}")
    table.add_row("being looked up", f"{tally.open:,}")
    data.print(table, soft_wrap=False)
    unsure = "being asked for or uncertain" if found.holder else "uncertain"
    data.print(f"Sessions: {tally.bought:,} bought, {tally.uncertain:,} {unsure}")
    if tally.copied:
        data.print(f"Copied from another job: {counted(tally.copied, 'result')}")
    if found.superseded:
        why = ", ".join(f"{count:,} {reason}" for reason, count in found.superseded.most_common())
        data.print(f"Looked up anew: {why}")
    if found.forgotten:
        data.print(f"Forgotten: {found.forgotten:,}")
    data.print(f"Requests: {found.requests:,} in {counted(len(found.runs), 'run')}")


def _state(found: JobStatus) -> str:
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
