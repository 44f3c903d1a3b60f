"""The screens of a job and of `hum watch` at three widths, as a terminal shows them.

After a change: HUM_UPDATE_GOLDEN=1 python -m pytest tests/cli, then look at tests/cli/golden.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from hum_async import (
    Address,
    Money,
    Offering,
    Outcome,
    Provider,
    Qualification,
    Session,
    SessionUpdate,
    UpdateKind,
)
from hum_async._purchases.lots import LotCounts, LotLayout
from hum_async._purchases.postgres.url import parse_database_url
from hum_async._purchases.reader import JobSummary, RunStatus, WorkerStatus
from hum_async._purchases.records import Tally
from hum_async.bulk import WrittenReport, diff_results
from hum_async.bulk.job_status import JobStatus
from hum_async.bulk.preflight import decide_columns, examine
from hum_async.bulk.report import JobReport
from hum_async.bulk.tables import open_table
from hum_async.cli._console import messages
from hum_async.cli._diff_view import show_diff
from hum_async.cli._preflight_view import show_preflight
from hum_async.cli._progress import ProgressScreen
from hum_async.cli._status_view import show_jobs, show_status
from hum_async.cli._summary import FilesLeft, show_summary
from hum_async.cli.report import show_written
from hum_async.cli.watch import SessionsView

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
# Read before the fixtures clear what begins with HUM_.
UPDATE = bool(os.environ.get("HUM_UPDATE_GOLDEN"))
STYLES = re.compile(r"\x1b\[[\d;]*m")
OUTCOMES = {
    Outcome.SERVED: 3900,
    Outcome.NO_PROVIDERS: 250,
    Outcome.TIMED_OUT: 61,
    Outcome.INVALID_ADDRESS: 30,
    Outcome.AMBIGUOUS_ADDRESS: 9,
}
TABLE = """id,street,city,state,zip
1,1 Main St,Detroit,MI,2139
2,Main St,Detroit,MI,48226
3,PO Box 4,Detroit,Mich.,48226
4,5 Main Street,Detroit,MI,48226
5,5 Main St.,Detroit,MI,48226
6,,Detroit,MI,48226
"""
FILES = FilesLeft(
    output=Path("customers.results.csv"),
    failed=Path("customers.results.failed.csv"),
    long=Path("long.csv"),
    events=Path("events.jsonl"),
    journal=Path("customers.results.journal.sqlite"),
    manifest=Path("customers.results.manifest.json"),
)


def job(**changed: Any) -> JobReport:
    usual: dict[str, Any] = {
        "total": 12_345,
        "done": 4_250,
        "outcomes": Counter(OUTCOMES),
        "providers": Counter({"Spectrum": 1200, "AT&T": 31, "Rocket Fiber": 5}),
        "technologies": Counter({"Cable": 1200, "Fiber": 36}),
        "requests": 9_000,
        "sessions": 4_000,
        "reused": 247,
        "adopted": 3,
        "open": 32,
        "elapsed": 300.0,
    }
    return JobReport(**{**usual, **changed})


REPORT = WrittenReport(
    rows=12_345,
    shown=2_000,
    size=312_345,
    missing=(
        "A long table holds only the rows that have providers; a report of the output or of the "
        "journal shows all."
    ),
)
PROGRESS = {
    "progress, first answers not there yet": job(done=0, outcomes=Counter(), elapsed=0.0),
    "progress": job(),
    "progress beside other workers": job(elsewhere=2_000, elsewhere_before=500, workers=3),
    "progress of a huge job": job(total=12_345_678, done=10_000_000, elapsed=1e6),
    "progress with a price": job(cost=Decimal("212.50"), cost_today=Decimal("12.50")),
    "progress with a price, first answers not there yet": job(
        done=0, outcomes=Counter(), elapsed=0.0, cost=Decimal("1.60"), cost_today=Decimal("1.60")
    ),
    "progress without failures": job(done=4_150, outcomes=Counter({Outcome.SERVED: 4_150})),
}


def shared_job() -> JobStatus:
    """Return the status of a job that three workers share, and what a database has."""
    host = "worker-with-a-long-name.example.com"
    usual: dict[str, Any] = {
        "host": host, "pid": 4242, "began_at": "2026-06-01T08:00:00.000+00:00",
        "seen_at": "2026-06-01T09:00:00.000+00:00", "state": "alive", "library_version": "1",
        "requests": 37_200, "rows_done": 12_400, "rows_reused": 400, "seconds": 3600.0, "lots": 2,
        "open": 64, "uncertain": 0, "spent": 12_000,
    }  # fmt: skip
    left = usual | {"state": "left", "lots": 0, "open": 0}
    dead = usual | {"state": "lost", "host": "other", "uncertain": 31, "open": 0}
    layout = LotLayout(1_000_000, 1000)
    run = RunStatus(usual["began_at"], usual["seen_at"], "1", 93_000, 31_000, 1_000, 10**6, 3600.0)
    return JobStatus(
        place=parse_database_url("postgresql://db.example.com/hum?job=june"),
        api="hum.example",
        holder={"pid": 4242, "host": host, "since": usual["began_at"]},
        finished_at=None,
        tally=Tally(30_000, 31, 128, 29_800, 0, 29_959),
        outcomes=Counter({Outcome.SERVED: 29_000, Outcome.NO_PROVIDERS: 800}),
        superseded=Counter(),
        forgotten=0,
        runs=(run,),
        workers=tuple(WorkerStatus(**each) for each in (usual, dead, usual, left)),
        lots=LotCounts(layout, 29, 4, 29_000, (layout.lot(17),)),
    )


def status_screen(width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    found = shared_job()
    show_status(found, console=console)
    ledger = False
    times = ("2026-06-01T08:00:00.000+00:00", "2026-06-02T08:00:00.000+00:00")
    jobs = (
        JobSummary("may", ledger, times[0], 250_000, 250, 250, 0, times[1], times[1]),
        JobSummary("june", ledger, times[0], 1_000_000, 1000, 29, 3, times[1], None),
        JobSummary("ledger", not ledger, times[0], None, 0, 0, 1, times[1], None),
    )
    show_jobs(found.place, jobs, console=console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def sessions() -> SessionsView:
    view = SessionsView(["wait-1", "busy-2", "done-3", "slow-4"])
    for token, kind, internet in (
        ("busy-2", UpdateKind.CHANGED, "in_progress"),
        ("done-3", UpdateKind.COMPLETED, "completed"),
        ("slow-4", UpdateKind.TIMED_OUT, "in_progress"),
    ):
        session = Session(token, agents={"geocoding": "completed", "internet": internet})  # type: ignore[dict-item]
        view.show(SessionUpdate(token, kind, session, polls=4, elapsed=7.25))
    return view


def drawn(screen: Any, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(screen)
    # The spinner turns.
    return re.sub("[\u2800-\u28ff]", "*", console.file.getvalue())  # type: ignore[attr-defined]


def checked(folder: Path, width: int) -> str:
    path = folder / "in.csv"
    path.write_text(TABLE)
    table = open_table(str(path))
    found = examine(table, decide_columns(table).columns)
    console = Console(file=io.StringIO(), width=width, highlight=False, force_terminal=True)
    show_preflight(found, console=console)
    return STYLES.sub("", console.file.getvalue())  # type: ignore[attr-defined]


def compared(width: int) -> str:
    def results(seen: int, *served: Provider) -> list[Qualification[int]]:
        streets = ("1420 Washington Blvd", "2 Main St", "3 Main St", "4 Main St")
        return [
            Qualification(
                key=number,
                address=Address(street, "Apt 4", city="Detroit", state="MI", zip="48226"),
                outcome=Outcome.SERVED if number < len(served) else Outcome.NO_PROVIDERS,
                providers=served[number : number + 1],
                data_set="25041808" if number == 3 and seen == 10 else "v.1006",
                observed_at=datetime(2026, seen, 1 + number, tzinfo=UTC),
            )
            for number, street in enumerate(streets)
        ]

    slow = Provider("Spectrum", min_price=Money(4999), offerings=(Offering("Cable", "", 300, 20),))
    fast = Provider("AT&T", min_price=Money(2999), offerings=(Offering("Fiber", "", 1000, 999),))
    found = diff_results(results(9, slow), results(10, fast, slow))
    console = Console(file=io.StringIO(), width=width, highlight=False, force_terminal=True)
    show_diff(found.summary, found.changes[:2], left=1, console=console)
    return STYLES.sub("", console.file.getvalue())  # type: ignore[attr-defined]


def said(monkeypatch: pytest.MonkeyPatch, width: int, say: Callable[[], None]) -> str:
    """Return messages as a terminal of this width shows them."""
    master, slave = os.openpty()
    with open(slave, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:  # noqa: PTH123  a descriptor
        patch.setattr(sys, "stderr", terminal)
        patch.setattr(messages, "width", width)
        say()
    shown = b""
    # A terminal that nobody has open any more has reached its end.
    with contextlib.suppress(OSError):
        while part := os.read(master, 1 << 16):
            shown += part
    os.close(master)
    return STYLES.sub("", shown.decode().replace("\r\n", "\n"))


def summary(
    monkeypatch: pytest.MonkeyPatch, width: int, report: JobReport, files: FilesLeft
) -> str:
    """Return a summary as a terminal of this width shows it."""
    return said(monkeypatch, width, lambda: show_summary(report, files=files, simulated=False))


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX's")
@pytest.mark.usefixtures("screen")
@pytest.mark.parametrize("width", [40, 80, 120])
def test_screens_are_as_they_were(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int
) -> None:
    screens = {name: drawn(ProgressScreen(report), width) for name, report in PROGRESS.items()}
    screens["watch"] = drawn(sessions(), width)
    screens["status of a job that is shared"] = status_screen(width)
    screens["check"] = checked(tmp_path, width)
    screens["diff"] = compared(width)
    screens["end"] = summary(monkeypatch, width, job(), FILES)
    priced = job(cost=Decimal("212.50"), cost_today=Decimal("12.50"))
    mine = job(total=6_250, elsewhere=2_000, workers=1)
    place = parse_database_url("postgresql://db.example.com/hum?job=june")
    screens["end beside other workers"] = summary(
        monkeypatch, width, mine, FilesLeft(journal=place)
    )
    screens["end with a price"] = summary(monkeypatch, width, priced, FilesLeft())
    screens["end before the first row"] = summary(
        monkeypatch,
        width,
        JobReport(total=12_345, sessions=3, requests=4, elapsed=2.0),
        FilesLeft(journal=FILES.journal),
    )
    screens["report"] = said(
        monkeypatch, width, lambda: show_written(REPORT, "customers.results.report.html")
    )
    assert max(len(line) for text in screens.values() for line in text.splitlines()) <= width
    text = "".join(
        f"--- {name}\n" + "".join(f"{line.rstrip()}\n" for line in screen.splitlines())
        for name, screen in screens.items()
    )
    golden = GOLDEN / f"screens-{width}.txt"
    if UPDATE:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
