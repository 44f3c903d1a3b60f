"""A job's progress: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
)
from rich.table import Column

from hum_async.bulk.report import JobReport
from hum_async.cli._console import messages, say
from hum_async.cli._durations import shown_duration

_ROOM_FOR_BAR = 80
LINE_EVERY = 30.0
"""Seconds between two lines where there is no terminal."""


def counts(report: JobReport) -> str:
    """Return the rows by outcome in words."""
    return ", ".join(
        f"{number:,} {outcome.lower().replace('_', ' ')}"
        for outcome, number in report.outcomes.most_common()
    )


def figures(report: JobReport) -> str:
    """Return rate, requests per address and time left in words."""
    if not report.done:
        return f"waiting for the first answers, {report.open:,} sessions open"
    eta = report.eta
    left = "" if eta is None else f", {shown_duration(eta)} left"
    return f"{report.rate:.1f} rows/s, {report.requests_per_address:.2f} requests per address{left}"


class ProgressView:
    """Shows a report that somebody else keeps current.

    Args:
        report: What to show.
        progress: The bar; None where there is no terminal.
    """

    def __init__(self, report: JobReport, *, progress: Progress | None) -> None:
        self._report = report
        self._progress = progress
        self._said_at = time.monotonic()
        if progress is not None:
            self._task = progress.add_task("", total=report.total, counts="", figures="")

    def update(self) -> None:
        """Look at the report again."""
        report = self._report
        if self._progress is not None:
            self._progress.update(
                self._task, completed=report.done, counts=counts(report), figures=figures(report)
            )
        elif time.monotonic() - self._said_at >= LINE_EVERY:
            self._said_at = time.monotonic()
            found = f": {counts(report)}" if report.done else ""
            say(f"hum: {report.done:,} of {report.total:,} rows{found}; {figures(report)}")


@contextmanager
def showing_progress(
    report: JobReport, *, quiet: bool, rows_on_screen: bool = False
) -> Iterator[ProgressView]:
    """Show a job's progress while the block runs.

    Args:
        report: What to show.
        quiet: Show nothing.
        rows_on_screen: The terminal shows the rows themselves; a bar would get between them.
    """
    if quiet or rows_on_screen or not sys.stderr.isatty():
        view = ProgressView(report, progress=None)
        if quiet:
            view.update = lambda: None  # type: ignore[method-assign]
        yield view
        return
    # One line whatever the width: what does not fit is cut at its end, the least important part.
    words = TextColumn(
        "{task.completed:,}/{task.total:,}  {task.fields[figures]}  [dim]{task.fields[counts]}",
        table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
    )
    bar = [BarColumn(bar_width=20)] if messages.width >= _ROOM_FOR_BAR else []
    columns = (SpinnerColumn(), *bar, words)
    with Progress(*columns, console=messages, transient=True, expand=True) as progress:
        yield ProgressView(report, progress=progress)
