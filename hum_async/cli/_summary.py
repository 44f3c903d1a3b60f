"""Prints the summary of a job."""

from collections import Counter
from pathlib import Path

import attrs
from rich.table import Column, Table

from hum_async._purchases.place import Place
from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async._wording import counted
from hum_async.bulk.outcome_meaning import MEANING
from hum_async.bulk.report import JobReport
from hum_async.cli._console import escaped, messages, say
from hum_async.models import Outcome

_TOP = 5
_ROOM_FOR_MEANING = 60


@attrs.frozen(kw_only=True)
class FilesLeft:
    """The files that a job leaves; None for those that it does not.

    Attributes:
        output: The rows with their results.
        failed: The failed rows.
        long: The long table.
        events: The events.
        journal: The purchases.
        manifest: The checksums of the files.
    """

    output: Path | None = None
    failed: Path | None = None
    long: Path | None = None
    events: Path | None = None
    journal: Place | None = None
    manifest: Path | None = None


_LABELS = {
    "output": ("Results", "your columns, then the hum_... columns"),
    "failed": ("Failed rows", "{again} to look them up"),
    "long": ("Long table", "a row for each offering and plan"),
    "events": ("Events", ""),
    "journal": ("Journal", "what was bought; for hum status and hum verify"),
    "manifest": ("Manifest", "checksums of the files, for hum verify"),
}


def show_summary(
    report: JobReport,
    *,
    files: FilesLeft,
    simulated: bool,
    again: str = "run again with --retry-failed",
) -> None:
    """Print the counts of a job and the names of the files that it leaves.

    Args:
        report: The job's report.
        files: The files.
        simulated: The API was simulated.
        again: What to do so that failed rows are looked up.
    """
    state = "" if report.done == report.total else f" of {report.total:,}"
    if report.elsewhere:
        state += f", {report.elsewhere:,} by other workers"
    say(f"[bold]Addresses: {report.done:,}{state}[/]")
    if report.done:
        messages.print(_outcomes(report, wide=messages.width >= _ROOM_FOR_MEANING))
    if report.providers:
        say(f"Providers: {_top(report.providers)}")
        say(f"Technologies: {_top(report.technologies)}")
    per_address = report.requests_per_address
    each = f" ({per_address:.2f} per address)" if per_address else ""
    say(
        f"{counted(report.sessions, 'session')} bought, {counted(report.requests, 'request')}"
        f"{each}, {report.elapsed:.0f} s"
    )
    if report.cost is not None:
        say(
            f"${report.cost:,f} spent in all runs, ${report.cost_today:,f} of it today (UTC); "
            "what is uncertain counts"
        )
    _say_of_sessions(report)
    if left := report.left:
        have = "has" if left == 1 else "have"
        say(f"[yellow]Stopped early: {counted(left, 'row')} {have} no result yet[/]")
    for role, (label, note) in _LABELS.items():
        if (path := getattr(files, role)) is not None:
            shown = note.format(again=again)
            say(f"{label}: {escaped(str(path))}" + (f" [dim]({shown})[/]" if shown else ""))
    if report.outcomes[Outcome.UNCERTAIN]:
        say("Uncertain rows are left alone until you say --retry-uncertain")
    if simulated:
        say("These results are simulated. For real ones set HUM_API_KEY and leave out --simulate.")


def _say_of_sessions(report: JobReport) -> None:
    if report.reused:
        were = "was" if report.reused == 1 else "were"
        say(f"{counted(report.reused, 'row')} {were} in the journal already and cost nothing")
    if report.adopted:
        were = "was" if report.adopted == 1 else "were"
        say(f"{counted(report.adopted, 'open session')} of an earlier run {were} taken over")
    if report.expiring:
        what = "session was" if report.expiring == 1 else "sessions were"
        say(f"{report.expiring:,} {what} not closed and will expire within 30 minutes")


def _outcomes(report: JobReport, *, wide: bool) -> Table:
    columns = [Column("outcome", no_wrap=True), Column("rows", justify="right", no_wrap=True)]
    if wide:
        columns.append(Column("meaning", style="dim"))
    table = Table(*columns)
    for outcome, meaning in MEANING.items():
        if report.outcomes[outcome]:
            cells = (outcome, f"{report.outcomes[outcome]:,}", meaning)
            style = "red" if outcome in FAILED_OUTCOMES else ""
            table.add_row(*cells[: len(columns)], style=style)
    return table


def _top(counter: Counter[str]) -> str:
    most = ", ".join(f"{escaped(name)} {number:,}" for name, number in counter.most_common(_TOP))
    more = len(counter) - _TOP
    return f"{most} and {more} more" if more > 0 else most
