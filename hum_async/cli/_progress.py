"""Shows the progress of a job: two lines on a terminal, a line every 30 seconds elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async._wording import counted
from hum_async.bulk.report import JobReport
from hum_async.cli._console import messages, say
from hum_async.cli._durations import format_duration
from hum_async.models import Outcome

LINE_EVERY = 30.0
"""Seconds between two lines without a terminal."""
_LONGEST_BAR = 60
_SHORTEST_BAR = 5
_SPINNER = 2

_WORDS = {
    Outcome.SERVED: "served",
    Outcome.NO_PROVIDERS: "no providers",
    Outcome.AMBIGUOUS_ADDRESS: "ambiguous",
    Outcome.ADDRESS_NOT_FOUND: "not found",
    Outcome.INVALID_ADDRESS: "invalid",
    Outcome.TIMED_OUT: "timed out",
    Outcome.EXPIRED: "expired",
    Outcome.UNCERTAIN: "uncertain",
    Outcome.FAILED: "failed",
}


def position(report: JobReport, *, others: bool = True) -> str:
    """Return how many rows are done, and the time left, as text.

    Args:
        report: The report.
        others: Say how many other workers there are.
    """
    eta = report.eta if report.done else None
    left = "" if eta is None else f", {format_duration(eta)} left"
    beside = f", {counted(report.workers, 'other worker')}" if others and report.workers else ""
    return f"{report.total - report.left:,} of {report.total:,}{beside}{left}"


@attrs.frozen
class Count:
    """A number of rows.

    Attributes:
        rows: The number.
        what: What became of them.
        failed: They failed.
    """

    rows: int
    what: str
    failed: bool = False

    def __str__(self) -> str:
        return f"{self.rows:,} {self.what}"


def counts(report: JobReport) -> list[Count]:
    """Return the numbers of rows by outcome: failures first, and the more common ones before."""
    found = [
        Count(rows, _WORDS[outcome], outcome in FAILED_OUTCOMES)
        for outcome, rows in report.outcomes.most_common()
    ]
    return sorted(found, key=lambda count: not count.failed)


def fitting_counts(report: JobReport, width: int) -> Text:
    """Return the numbers of rows by outcome on one line.

    Where they do not fit, all failures are one number, and then the least common ones another.
    """
    cost = [] if report.cost is None else [f"${report.cost:,f}"]
    if not report.done:
        open_ = f"{counted(report.open, 'session')} open"
        whole = _line([], *cost, f"waiting for answers, {open_}")
        return whole if whole.cell_len <= width else _line([], *cost, open_)
    every = counts(report)
    settled = [count for count in every if not count.failed]
    failed = [Count(report.failed, "failed", failed=True)] if report.failed else []
    rate = f"{report.rate:.1f} rows/s"
    lines = [_line(every, *cost, rate), _line(every, *cost), _line([*failed, *settled], *cost)]
    # What was spent is shown however narrow the screen is.
    for kept in range(len(settled) - 1, -1 if cost else 0, -1):
        other = Count(sum(count.rows for count in settled[kept:]), "other")
        lines.append(_line([*failed, *settled[:kept], other], *cost))
    return next((line for line in lines if line.cell_len <= width), lines[-1])


def _line(each: list[Count], *more: str) -> Text:
    texts = [Text(str(count), style="red" if count.failed else "") for count in each]
    return Text(", ").join([*texts, *map(Text, more)])


class ProgressScreen:
    """The two lines of a job's progress: bar, rows and time left; then the counts.

    Args:
        report: The report, which the job keeps current.
    """

    def __init__(self, report: JobReport) -> None:
        self._report = report
        self._spinner = Spinner("dots", style="green")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        report, width = self._report, options.max_width
        told = position(report)
        if len(told) > width - _SPINNER:
            told = position(report, others=False)
        if len(told) > width - _SPINNER:
            told = told.replace(" of ", "/")
        words = Text(told, no_wrap=True, overflow="ellipsis")
        line = Table.grid(padding=(0, 1))
        room = min(width - _SPINNER - words.cell_len - 1, _LONGEST_BAR)
        if room >= _SHORTEST_BAR:
            bar = ProgressBar(total=report.total, completed=report.total - report.left, width=room)
            line.add_row(self._spinner, bar, words)
        else:
            line.add_row(self._spinner, words)
        yield line
        below = fitting_counts(report, width - _SPINNER)
        yield Text.assemble(" " * _SPINNER, below, no_wrap=True, overflow="ellipsis")


class ProgressView:
    """Shows the current counts of a report where no terminal shows them by itself.

    Args:
        report: The report, which the job keeps current.
        lines: Print a line now and then.
    """

    def __init__(self, report: JobReport, *, lines: bool) -> None:
        self._report = report
        self._lines = lines
        self._printed_at = time.monotonic()

    def update(self) -> None:
        """Print the current counts if it is time."""
        if self._lines and time.monotonic() - self._printed_at >= LINE_EVERY:
            self._printed_at = time.monotonic()
            say(f"hum: {line_of(self._report)}")


def line_of(report: JobReport) -> str:
    """Return the whole progress as one line of text."""
    cost = "" if report.cost is None else f"; ${report.cost:,f}"
    if not report.done:
        open_ = f"waiting for answers, {counted(report.open, 'session')} open"
        return f"{position(report)}; {open_}{cost}"
    found = ", ".join(map(str, counts(report)))
    return f"{position(report)}: {found}; {report.rate:.1f} rows/s{cost}"


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
        yield ProgressView(report, lines=not quiet)
        return
    screen = ProgressScreen(report)
    with Live(screen, console=messages, transient=True, refresh_per_second=10):
        yield ProgressView(report, lines=False)
