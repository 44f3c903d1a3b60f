"""Shows the progress of a job: a bar on a terminal, a line every 30 seconds elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Column

from hum_async.bulk.report import JobReport
from hum_async.cli._console import messages, say
from hum_async.cli._durations import format_duration

_ROOM_FOR_BAR = 80
LINE_EVERY = 30.0
"""Seconds between two lines without a terminal."""


def counts(report: JobReport) -> str:
    """Return the numbers of rows by outcome as text."""
    return ", ".join(
        f"{number:,} {outcome.lower().replace('_', ' ')}"
        for outcome, number in report.outcomes.most_common()
    )


def figures(report: JobReport) -> str:
    """Return rate, requests per address and remaining time as text."""
    if not report.done:
        return f"waiting for the first answers, {report.open:,} sessions open"
    eta = report.eta
    left = "" if eta is None else f", {format_duration(eta)} left"
    return f"{report.rate:.1f} rows/s, {report.requests_per_address:.2f} requests per address{left}"


class ProgressView:
    """Shows the current counts of a report.

    Args:
        report: The report, which the job keeps current.
        progress: The bar; None without a terminal.
        quiet: Print no lines without a terminal.
    """

    def __init__(
        self, report: JobReport, *, progress: Progress | None = None, quiet: bool = False
    ) -> None:
        self._report = report
        self._progress = progress
        self._quiet = quiet
        self._printed_at = time.monotonic()
        if progress is not None:
            self._task = progress.add_task("", total=report.total, counts="", figures="")

    def update(self) -> None:
        """Show the current counts."""
        report = self._report
        if self._progress is not None:
            self._progress.update(
                self._task, completed=report.done, counts=counts(report), figures=figures(report)
            )
        elif not self._quiet and time.monotonic() - self._printed_at >= LINE_EVERY:
            self._printed_at = time.monotonic()
            found = f": {counts(report)}" if report.done else ""
            say(f"hum: {report.done:,} of {report.total:,} rows{found}; {figures(report)}")


@contextmanager
def showing_progress(
    report: JobReport, *, quiet: bool, rows_on_screen: bool = False
) -> Iterator[ProgressView]:
    """Show a job's progress while the block runs.

    Args:
        report: The job's report.
        quiet: Show nothing.
        rows_on_screen: The terminal shows the rows; a bar would mix with them.
    """
    if quiet or rows_on_screen or not messages.file.isatty():
        yield ProgressView(report, quiet=quiet)
        return
    # Always one line: if it does not fit, its end is cut, which is the least important part.
    words = TextColumn(
        "{task.completed:,}/{task.total:,}  {task.fields[figures]}  [dim]{task.fields[counts]}",
        table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
    )
    bar = [BarColumn(bar_width=20)] if messages.width >= _ROOM_FOR_BAR else []
    columns = (SpinnerColumn(), *bar, words)
    with Progress(*columns, console=messages, transient=True, expand=True) as progress:
        yield ProgressView(report, progress=progress)
