"""Prints the summary of a job."""

from collections import Counter
from pathlib import Path

from rich.table import Column, Table

from hum_async.bulk.report import JobReport
from hum_async.cli._console import escaped, messages, say
from hum_async.models import Outcome

MEANING = {
    Outcome.SERVED: "at least one provider serves the address",
    Outcome.NO_PROVIDERS: "the address was found; no provider was reported",
    Outcome.AMBIGUOUS_ADDRESS: "several addresses match: add the unit or the ZIP code",
    Outcome.ADDRESS_NOT_FOUND: "no such address is known",
    Outcome.INVALID_ADDRESS: "the row is not an address that can be asked for: see hum_error",
    Outcome.TIMED_OUT: "no answer in time: try again",
    Outcome.EXPIRED: "the session ended too early: try again",
    Outcome.UNCERTAIN: "a session may or may not have been bought: see hum_error",
    Outcome.FAILED: "no answer: see hum_error",
}
_TOP = 5


def show_summary(
    report: JobReport, *, output: str | None, failed: Path | None, simulated: bool
) -> None:
    """Print the counts of a job and the names of its outputs.

    Args:
        report: The job's report.
        output: The file of the rows; None if no file was written.
        failed: The file of the failed rows; None if no row failed.
        simulated: The API was simulated.
    """
    state = "" if report.done == report.total else f" of {report.total:,}"
    columns = ("outcome", Column("rows", justify="right"), Column("meaning", style="dim"))
    title = f"Addresses: {report.done:,}{state}"
    table = Table(*columns, title=title, title_justify="left")
    for outcome, meaning in MEANING.items():
        if report.outcomes[outcome]:
            table.add_row(outcome, f"{report.outcomes[outcome]:,}", meaning)
    messages.print(table)
    if report.providers:
        say(f"Providers: {_top(report.providers)}")
        say(f"Technologies: {_top(report.technologies)}")
    say(
        f"{report.sessions:,} sessions bought, {report.requests:,} requests "
        f"({report.requests_per_address:.2f} per address), {report.elapsed:.0f} s"
    )
    if report.reused:
        say(f"{report.reused:,} rows were in the journal already and cost nothing")
    if report.done < report.total:
        say(f"[yellow]Stopped early: {report.total - report.done:,} rows have no result yet[/]")
    if output is not None:
        say(f"Results: {escaped(output)} (your columns, then the hum_... columns)")
    if failed is not None:
        say(f"Failed rows: {escaped(str(failed))}; run again with --retry-failed to look them up")
    if report.outcomes[Outcome.UNCERTAIN]:
        say("Uncertain rows are left alone until you say --retry-uncertain")
    if simulated:
        say("These results are simulated. For real ones set HUM_API_KEY and leave out --simulate.")


def _top(counter: Counter[str]) -> str:
    most = ", ".join(f"{escaped(name)} {number:,}" for name, number in counter.most_common(_TOP))
    more = len(counter) - _TOP
    return f"{most} and {more} more" if more > 0 else most
