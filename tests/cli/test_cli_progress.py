"""How far a job is, told to a person."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Outcome
from hum_async.bulk.file_job import JobReport
from hum_async.bulk.job_statistics import JobStatistics
from hum_async.bulk.outcome_meaning import MEANING
from hum_async.cli import _progress
from hum_async.cli._progress import line_of, showing_progress
from hum_async.cli._summary import FilesLeft, show_summary

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def report() -> JobReport:
    return JobReport(
        total=1000,
        done=250,
        outcomes=Counter({Outcome.SERVED: 200, Outcome.NO_PROVIDERS: 50}),
        providers=Counter({"Spectrum": 120}),
        technologies=Counter({"Cable": 120}),
        requests=800,
        sessions=250,
        elapsed=50.0,
    )


@pytest.fixture
def written(screen: None, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:  # noqa: ARG001
    """Return what went to standard error, which is no terminal."""
    return lambda: capsys.readouterr().err


def test_the_progress_is_told_in_words(report: JobReport) -> None:
    assert line_of(report) == "250 of 1,000, 2:30 left: 200 served, 50 no providers; 5.0 rows/s"


def test_failures_are_told_first(report: JobReport) -> None:
    report.outcomes[Outcome.TIMED_OUT] = 3
    assert ": 3 timed out, 200 served," in line_of(report)


def test_a_job_that_has_just_begun_divides_nothing_by_zero() -> None:
    assert line_of(JobReport(total=10)) == "0 of 10; waiting for answers, 0 sessions open"


def test_hours_are_told_as_hours(report: JobReport) -> None:
    report.total = 100_000
    assert "100,000, 5:32:30 left" in line_of(report)


def test_off_a_terminal_there_is_a_line_now_and_then(
    report: JobReport, written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress, "LINE_EVERY", 0.0)
    with showing_progress(report, quiet=False) as view:
        view.update()
        view.update()
    first, second = written().splitlines()
    assert first == second
    assert first == f"hum: {line_of(report)}"


def test_off_a_terminal_a_short_job_is_not_told_of_on_the_way(
    report: JobReport, written: Callable[[], str]
) -> None:
    with showing_progress(report, quiet=False) as view:
        view.update()
    assert written() == ""


def test_a_quiet_job_says_nothing(
    report: JobReport, written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress, "LINE_EVERY", 0.0)
    with showing_progress(report, quiet=True) as view:
        view.update()
    assert written() == ""


def test_every_outcome_has_a_meaning() -> None:
    assert set(MEANING) == set(Outcome)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_word_in_the_progress(outcome: Outcome) -> None:
    assert line_of(JobReport(total=2, done=1, outcomes=Counter([outcome]))).startswith("1 of 2: 1 ")


def test_the_summary_tells_what_was_found_and_where_it_is(
    report: JobReport, written: Callable[[], str]
) -> None:
    report.total = 250
    show_summary(report, files=FilesLeft(output=Path("out.csv")), simulated=False)
    text = written()
    for part in ("SERVED", "200", "Spectrum 120", "250 sessions bought, 800 requests", "out.csv"):
        assert part in text
    assert "simulated" not in text


def at_the_time(seconds: float, done: int, report: JobReport) -> float | None:
    """Return the time that is left after a second in which the job came so far."""
    report.done = done
    counts = JobStatistics(delivered=done, open=1, requests=done, sessions=done)
    report.measure(counts, seconds)
    return report.eta


def test_the_time_left_follows_the_last_five_minutes() -> None:
    report = JobReport(total=1_000_000)
    for second in range(1, 1001):
        left = at_the_time(second, 200 * second, report)
    assert left == pytest.approx(800_000 / 200)
    # The limit was lowered: soon the job is told to take four times as long, not two times.
    for second in range(1, 401):
        left = at_the_time(1000 + second, 200_000 + 50 * second, report)
    assert left == pytest.approx((1_000_000 - 220_000) / 50)
    # A pause, in which nothing is done: nobody knows when it ends.
    for second in range(1, 601):
        left = at_the_time(1400 + second, 220_000, report)
    assert left == pytest.approx(780_000 * 2000 / 220_000)


def test_the_time_left_of_a_short_job_is_that_of_its_whole_run() -> None:
    report = JobReport(total=1000)
    assert at_the_time(9.0, 0, report) is None  # the first answers take as long as a look-up
    for second in range(10, 201):
        left = at_the_time(second, 4 * (second - 9), report)
    assert left == pytest.approx((1000 - 764) * 200 / 764)


@pytest.mark.parametrize("name", ["Fiber [beta]", "[/x]", "[bold]", "[link=file:/x]y"])
def test_a_name_that_looks_like_markup_is_shown_as_it_is(
    report: JobReport, written: Callable[[], str], name: str
) -> None:
    report.providers = Counter({name: 3})
    report.technologies = Counter({name: 2})
    show_summary(report, files=FilesLeft(journal=Path("j"), output=Path(name)), simulated=False)
    assert written().count(name) == 3


def test_no_name_can_steer_the_terminal(report: JobReport, written: Callable[[], str]) -> None:
    name: Any = "A\x1b[2J\x1b]0;title\x07\x9b"
    report.providers = Counter({name: 3})
    show_summary(report, files=FilesLeft(), simulated=False)
    assert not set("\x1b\x07\x9b") & set(written())
