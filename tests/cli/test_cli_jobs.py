"""What operations people do with a job: stop it, resume it, look at it, prove it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter

from hum_async._purchases.sqlite.journal import Journal
from hum_async.bulk import read_results
from hum_async.bulk.tables import open_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hum_async.simulator import Simulator

STREETS = ("100 Served St", "100 Not Found Ln", "", "100 SERVED st.")


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Read an output of whatever format."""
    table = open_table(str(path))
    return [dict(zip(table.header, row, strict=True)) for row in table.rows()]


@pytest.fixture
def qualify(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path
) -> Callable[..., Any]:
    """Run a simulated job on `STREETS`: `qualify("-o", "out.csv", ...)`, on virtual time."""

    def qualify(*arguments: str, streets: tuple[str, ...] = STREETS) -> Any:
        words = [
            str(tmp_path / word) if re.search(r"\.[a-z]", word) else word for word in arguments
        ]
        return call("qualify", addresses(*streets), "--simulate", *words)

    return qualify


# --- running again --------------------------------------------------------------------------------


def test_an_empty_journal_is_refused_unless_it_is_to_be_a_fresh_one(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    assert qualify("-o", "out.csv").code == 3
    (tmp_path / "out.journal.sqlite").write_bytes(b"")
    ended = qualify("-o", "out.csv")
    assert ended.code == 1
    assert "is empty" in " ".join(ended.err.split())
    assert qualify("-o", "out.csv", "--fresh").code == 2
    assert qualify("-o", "out.csv", "--fresh", "--yes").code == 3


def test_the_same_command_again_buys_nothing_and_gives_the_same(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    first = qualify("-o", "out.csv")
    assert (first.code, first.out) == (3, "")
    assert "2 sessions bought" in first.err
    before = (tmp_path / "out.csv").read_bytes()
    second = qualify("-o", "out.csv")
    assert second.code == 3
    assert "0 sessions bought, 0 requests" in second.err
    assert (tmp_path / "out.csv").read_bytes() == before


def test_failed_rows_are_looked_up_again_where_they_were_and_not_without_being_asked_to(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    streets = ("100 Served St", "100 Never Done Dr", "101 Served St")
    first = qualify("-o", "out.csv", streets=streets)
    assert first.code == 3
    assert "out.failed.csv" in first.err
    assert "--retry-failed" in first.err
    assert [row["id"] for row in rows_of(tmp_path / "out.failed.csv")] == ["2"]
    assert "0 sessions bought" in qualify("-o", "out.csv", streets=streets).err
    again = qualify("-o", "out.csv", "--retry-failed", streets=streets)
    assert "1 session bought" in again.err
    # The failed rows are an input of their own; corrected, they go where they were.
    streets = ("100 Served St", "102 Served St", "101 Served St")
    assert qualify("-o", "out.csv", streets=streets).code == 0
    rows = rows_of(tmp_path / "out.csv")
    assert [(row["id"], row["hum_outcome"]) for row in rows] == [
        ("1", "SERVED"),
        ("2", "SERVED"),
        ("3", "SERVED"),
    ]
    assert not (tmp_path / "out.failed.csv").exists()


def test_no_more_sessions_than_allowed_and_that_is_5(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    streets = tuple(f"{number} Served St" for number in range(10))
    for _ in range(2):
        ended = qualify("-o", "out.csv", "--max-sessions", "4", streets=streets)
        assert ended.code == 5
        assert "raise" in ended.err
        assert [row["id"] for row in rows_of(tmp_path / "out.csv")] == ["1", "2", "3", "4"]
    ended = qualify("-o", "out.csv", "--max-sessions", "10", streets=streets)
    assert ended.code == 0
    assert "6 sessions bought" in ended.err


def test_no_more_is_spent_than_allowed_and_that_is_5(
    qualify: Callable[..., Any], call: Callable[..., Any], tmp_path: Path
) -> None:
    streets = tuple(f"{number} Served St" for number in range(10))
    price = ("--price-per-session", "0.05")
    for _ in range(2):
        ended = qualify("-o", "out.csv", *price, "--max-cost", "$0.24", streets=streets)
        assert ended.code == 5
        assert "spent $0.20 of the $0.24" in ended.err.replace("\n", " ")
        assert "raise --max-cost and" in ended.err.replace("\n", " ")
        assert "$0.20 spent in all runs" in ended.err
        assert [row["id"] for row in rows_of(tmp_path / "out.csv")] == ["1", "2", "3", "4"]
    manifest = json.loads((tmp_path / "out.manifest.json").read_text())
    assert manifest["cost"] == "0.20"
    assert manifest["settings"]["price_per_session"] == "0.05"
    assert manifest["settings"]["max_cost"] == "0.24"
    journal = str(tmp_path / "out.journal.sqlite")
    assert "Cost: $0.20, $0.20 of it today (UTC); a session costs $0.05" in (
        call("status", journal).out
    )
    told = json.loads(call("status", journal, "--json").out)
    assert (told["cost"], told["cost_today"], told["price_per_session"]) == ("0.20", "0.20", "0.05")
    for bound, sessions in (("--max-cost", 1), ("--max-cost-per-day", 2)):
        dry = qualify("-o", "out.csv", *price, bound, f"0.{20 + 5 * sessions}", "--dry-run")
        assert f"{sessions} session" in dry.out
        assert f"${sessions * 0.05:.2f}" in dry.out
    ended = qualify("-o", "out.csv", *price, "--max-cost-per-day", "0.31", streets=streets)
    assert ended.code == 5
    assert "after midnight UTC" in ended.err.replace("\n", " ")
    assert len(rows_of(tmp_path / "out.csv")) == 6
    assert qualify("-o", "out.csv", "--max-cost", "1", streets=streets).code == 2
    assert qualify("-o", "out.csv", *price, "--max-cost", "x", streets=streets).code == 2
    # A comma is a decimal point to many people: no bound becomes a hundred times what was meant.
    comma = qualify("-o", "out.csv", *price, "--max-cost", "25,00", streets=streets)
    assert comma.code == 2
    assert "without commas" in comma.err
    ended = qualify("-o", "out.csv", *price, "--max-cost", "1", streets=streets)
    assert ended.code == 0
    assert "$0.50 spent in all runs" in ended.err
    assert call("verify", journal).code == 0


def test_starting_over_says_what_is_lost_and_asks(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    qualify("-o", "out.csv")
    journal = tmp_path / "out.journal.sqlite"
    before = journal.read_bytes()
    refused = qualify("-o", "out.csv", "--fresh")
    assert refused.code == 2
    assert "2 results that took 2 paid sessions" in refused.err
    assert "--yes" in refused.err
    assert journal.read_bytes() == before
    ended = qualify("-o", "out.csv", "--fresh", "--yes")
    assert "2 results that took 2 paid sessions" in ended.err
    assert "2 sessions bought" in ended.err


def test_a_damaged_journal_is_told_and_can_be_started_over(
    qualify: Callable[..., Any], call: Callable[..., Any], tmp_path: Path
) -> None:
    qualify("-o", "out.csv")
    journal = tmp_path / "out.journal.sqlite"
    content = journal.read_bytes()
    journal.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    looks = [call(command, str(journal)) for command in ("status", "verify")]
    for ended in (qualify("-o", "out.csv"), *looks):
        assert ended.code == 1
        assert "damaged" in ended.err
        assert "--fresh" in ended.err
    assert qualify("-o", "out.csv", "--fresh", "--yes").code == 3


def test_a_journal_of_another_version_can_be_started_over_and_another_file_cannot(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    qualify("-o", "out.csv")
    journal = tmp_path / "out.journal.sqlite"
    with sqlite3.connect(journal) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    ended = qualify("-o", "out.csv")
    assert ended.code == 1
    assert "newer version" in ended.err
    again = qualify("-o", "out.csv", "--fresh", "--yes")
    assert again.code == 3
    assert "another version" in again.err
    journal.write_text("my diary")
    ended = qualify("-o", "out.csv", "--fresh", "--yes")
    assert ended.code == 1
    assert "not a journal" in ended.err
    assert journal.read_text() == "my diary"


def test_events_that_cannot_be_written_are_told_in_a_line(qualify: Callable[..., Any]) -> None:
    ended = qualify("-o", "out", "--events", "/dev/full")
    assert ended.code == 1
    assert "cannot write events to /dev/full" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(("answer", "code"), [("n\n", 2), ("\n", 2), ("y\n", 3)])
@pytest.mark.slow
def test_somebody_at_a_terminal_is_asked(
    qualify: Callable[..., Any], tmp_path: Path, answer: str, code: int
) -> None:
    # No row needs a request, so that it takes no time.
    qualify("-o", "out.csv", streets=("",))
    ours, theirs = pty.openpty()
    command = ["-m", "hum_async", "qualify", str(tmp_path / "in.csv")]
    command += ["-o", str(tmp_path / "out.csv"), "--simulate", "--fresh"]
    with subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, *command],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        os.write(ours, answer.encode())
        out, told = child.communicate(timeout=500)
    os.close(ours)
    os.close(theirs)
    assert child.returncode == code
    assert b"[y/N]" in told
    assert b"[y/N]" not in out  # which may be a table


def test_results_of_another_job_are_taken(qualify: Callable[..., Any]) -> None:
    qualify("-o", "one.csv")
    ended = qualify("-o", "two.csv", "--reuse-from", "one.journal.sqlite", "--reuse", "24h")
    assert "0 sessions bought" in ended.err


@pytest.mark.parametrize("age", ["24x", "h", "1w"])
def test_an_age_that_makes_no_sense_is_told(qualify: Callable[..., Any], age: str) -> None:
    ended = qualify("-o", "out.csv", "--reuse", age)
    assert ended.code == 2
    assert "24h" in ended.err


def test_a_journal_of_other_results_is_refused(
    qualify: Callable[..., Any], files: Callable[[], list[str]]
) -> None:
    qualify("-o", "out.csv")
    before = files()
    ended = qualify("-o", "out.csv", "--seed", "5")
    assert ended.code == 1
    assert files() == before
    assert "seed 0" in ended.err
    assert "--fresh" in ended.err


def test_a_dry_run_sends_nothing_and_leaves_nothing(
    qualify: Callable[..., Any], files: Callable[[], list[str]]
) -> None:
    ended = qualify("-o", "out.csv", "--dry-run")
    assert ended.code == 3
    assert "2 sessions will be bought" in ended.out
    assert files() == ["in.csv"]


def test_a_dry_run_counts_what_the_job_would_buy(
    qualify: Callable[..., Any], tmp_path: Path, files: Callable[[], list[str]]
) -> None:
    qualify("-o", "out.csv")
    before = files()
    ended = qualify("-o", "out.csv", "--dry-run")
    assert "2 addresses in the journal already, at no cost" in ended.out
    assert "0 sessions will be bought" in ended.out
    assert files() == before
    # What it says is what happens.
    assert "0 sessions bought" in qualify("-o", "out.csv").err
    ended = qualify("-o", "two.csv", "--reuse-from", "out.journal.sqlite", "--dry-run")
    assert "2 addresses in the journal of --reuse-from, at no cost" in ended.out
    assert "0 sessions will be bought" in ended.out
    for options in (["--fresh"], ["--journal", "new.sqlite"]):
        assert "2 sessions will be bought" in qualify("-o", "out.csv", "--dry-run", *options).out
    ended = qualify("-o", "out.csv", "--dry-run", "--reuse", "0s")
    assert "2 addresses in the journal, and bought again" in ended.out
    assert "2 sessions will be bought" in ended.out
    assert "1 session will be bought" in qualify("--dry-run", "--max-sessions", "1").out
    ended = qualify("-o", "out.csv", "--dry-run", "--max-sessions", "2", "--reuse", "0s")
    assert "0 sessions will be bought" in ended.out
    assert files() == before
    with contextlib.closing(sqlite3.connect(tmp_path / "out.journal.sqlite")) as db, db:
        db.execute("DELETE FROM token_sum")
        db.execute("UPDATE purchase SET superseded = 'retried'")
    ended = qualify("-o", "out.csv", "--dry-run")
    assert ended.code == 1
    assert "is damaged" in ended.err


@pytest.mark.parametrize(
    ("change", "options", "told", "sessions"),
    [
        ("outcome = NULL, result = NULL", [], "1 address with an open session", 0),
        (
            "outcome = NULL, result = NULL, asked_at = '2020-01-01T00:00:00.000+00:00'",
            [],
            "1 address in the journal with a session that has ended, and bought again",
            1,
        ),
        (
            "outcome = NULL, result = NULL, token = NULL",
            [],
            "1 address uncertain, and left alone without --retry-uncertain",
            0,
        ),
        (
            "outcome = NULL, result = NULL, token = NULL",
            ["--retry-uncertain"],
            "1 address in the journal, and bought again",
            1,
        ),
        ("outcome = 'EXPIRED'", [], "2 addresses in the journal already", 0),
        ("outcome = 'EXPIRED'", ["--retry-failed"], "1 address in the journal, and bought", 1),
        ("outcome = 'FAILED'", ["--retry-failed"], "1 address with an open session", 0),
    ],
)
def test_a_dry_run_knows_what_earlier_runs_left(  # noqa: PLR0913, PLR0917  fixtures
    qualify: Callable[..., Any],
    call: Callable[..., Any],
    tmp_path: Path,
    change: str,
    options: list[str],
    told: str,
    sessions: int,
) -> None:
    qualify("-o", "out.csv")
    with contextlib.closing(sqlite3.connect(tmp_path / "out.journal.sqlite")) as db, db:
        # A journal of before there were checksums of tokens.
        db.execute("UPDATE run SET address_key = NULL")
        db.execute(f"UPDATE purchase SET {change} WHERE id = 1")  # noqa: S608  our own
    out, source = str(tmp_path / "out.csv"), str(tmp_path / "in.csv")
    ended = call("qualify", source, "-o", out, "--dry-run", *options)
    assert told in ended.out
    assert f"{sessions} session" in ended.out


# --- looking at it --------------------------------------------------------------------------------


def test_status_tells_how_a_job_stands(
    qualify: Callable[..., Any], call: Callable[..., Any], tmp_path: Path
) -> None:
    qualify("-o", "out.csv")
    journal = str(tmp_path / "out.journal.sqlite")
    ended = call("status", journal)
    assert ended.code == 0
    for part in ("finished", "Rows: 4 of 4", "SERVED", "2 bought", "Requests: ", "in 1 run\n"):
        assert part in ended.out
    held = Journal(tmp_path / "out.journal.sqlite")
    running = call("status", journal)
    held.close()
    assert f"running as process {os.getpid()}" in running.out
    missing = call("status", str(tmp_path / "none.sqlite"))
    assert (missing.code, missing.out) == (1, "")


def test_a_second_job_with_the_same_output_is_refused_while_the_first_runs(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    held = Journal(tmp_path / "out.journal.sqlite")
    ended = qualify("-o", "out.csv")
    held.close()
    assert ended.code == 1
    assert f"in use by process {os.getpid()}" in ended.err


def test_verify_finds_a_finished_job_sound(
    qualify: Callable[..., Any], call: Callable[..., Any], tmp_path: Path
) -> None:
    qualify("-o", "out.csv", "--long", "long.csv")
    ended = call("verify", str(tmp_path / "out.journal.sqlite"))
    assert ended.code == 0
    assert ended.out.count("ok ") == 5


def test_verify_takes_typed_cells_as_the_output_writes_them(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    book = xlsxwriter.Workbook(tmp_path / "in.xlsx", {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["street", "zip", "since", "active", "floors"])
    sheet.write_row(1, 0, ["100 Served St", "48226", date(2024, 2, 29), True, 3])
    book.close()
    ended = call(
        "qualify", str(tmp_path / "in.xlsx"), "--simulate", "-o", str(tmp_path / "out.csv")
    )
    assert ended.code == 0
    assert call("verify", str(tmp_path / "out.journal.sqlite")).code == 0


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda text: text.replace("SERVED", "NO_PROVIDERS", 1), "changed"),
        (lambda text: text.replace("100 Served St", "101 Served St", 1), "is not row 1"),
        (lambda text: "".join(text.splitlines(keepends=True)[:-1]), "ends before row 4"),
        (lambda text: text + text.splitlines(keepends=True)[-1], "1 row more"),
        (lambda text: text.replace("hum_outcome", "outcome", 1), "no column hum_outcome"),
    ],
    ids=["outcome", "cell", "missing", "extra", "column"],
)
def test_verify_finds_what_was_changed(
    qualify: Callable[..., Any],
    call: Callable[..., Any],
    tmp_path: Path,
    damage: Callable[[str], str],
    problem: str,
) -> None:
    qualify("-o", "out.csv")
    output = tmp_path / "out.csv"
    output.write_text(damage(output.read_text()))
    ended = call("verify", str(tmp_path / "out.journal.sqlite"))
    assert ended.code == 3
    assert "the output" in ended.out
    assert problem in " ".join(ended.out.split())


@pytest.mark.parametrize("files", ['["output"]', '{"output": {}}', '{"output": {"name": "x"}}'])
def test_verify_tells_of_a_manifest_that_is_none(
    qualify: Callable[..., Any], call: Callable[..., Any], tmp_path: Path, files: str
) -> None:
    qualify("-o", "out.csv")
    manifest = tmp_path / "out.manifest.json"
    content = json.loads(manifest.read_text()) | {"files": json.loads(files)}
    manifest.write_text(json.dumps(content))
    (tmp_path / "x").touch()
    ended = call("verify", str(tmp_path / "out.journal.sqlite"))
    assert ended.code == 3
    assert "out.manifest.json is damaged" in "".join(ended.out.splitlines())
    assert read_results(tmp_path / "out.journal.sqlite")


def test_verify_of_a_job_that_is_not_finished_says_so(
    qualify: Callable[..., Any], call: Callable[..., Any], tmp_path: Path
) -> None:
    streets = tuple(f"{number} Served St" for number in range(4))
    qualify("-o", "out.csv", "--max-sessions", "2", streets=streets)
    ended = call("verify", str(tmp_path / "out.journal.sqlite"))
    assert ended.code == 3
    assert "not finished" in ended.out


def test_the_manifest_tells_how_the_numbers_came_about(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    qualify("-o", "out.csv", "--long", "long.csv", "--max-sessions", "9")
    manifest = json.loads((tmp_path / "out.manifest.json").read_text())
    assert manifest["settings"]["max_sessions"] == 9
    assert manifest["settings"]["simulated"] is True
    assert set(manifest["files"]) == {"input", "output", "failed", "long"}
    assert manifest["files"]["output"]["rows"] == 4
    assert manifest["files"]["failed"]["rows"] == 1
    assert manifest["addresses_by_outcome"] == {"ADDRESS_NOT_FOUND": 1, "SERVED": 1}
    assert manifest["sessions"]["bought"] == 2
    assert manifest["requests"] > 2
    assert sum(manifest["rows_by_data_set"].values()) == 3
    assert manifest["observed_at"]["first"] <= manifest["observed_at"]["last"]


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["csv", "jsonl", "xlsx", "parquet"])
@pytest.mark.parametrize("target", ["csv", "jsonl", "xlsx", "parquet"])
def test_every_format_in_and_out_keeps_columns_and_zeros(
    call: Callable[..., Any],
    left_by: Callable[..., Path],
    tmp_path: Path,
    source: str,
    target: str,
) -> None:
    # An output is an input: its result columns are dropped.
    made = left_by("100 Served St", output=f"made.{source}") / f"made.{source}"
    out = tmp_path / f"out.{target}"
    again = call("qualify", str(made), "--simulate", "-o", str(out))
    assert again.code == 0
    (row,) = rows_of(out)
    assert list(row)[:4] == ["id", "street", "zip", "hum_outcome"]
    assert (str(row["id"]), row["street"], row["zip"]) == ("1", "100 Served St", "00501")
    assert row["hum_outcome"] == "SERVED"
    assert call("verify", str(tmp_path / "out.journal.sqlite")).code == 0


def test_the_long_table_has_a_row_for_each_offering_and_plan(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    qualify("-o", "out.csv", "--long", "long.csv")
    rows = rows_of(tmp_path / "long.csv")
    assert {row["id"] for row in rows} == {"1", "4"}
    assert {row["hum_record"] for row in rows} >= {"offering", "plan"}
    served = rows_of(tmp_path / "out.csv")[0]
    providers = {row["hum_provider"] for row in rows if row["id"] == "1"}
    assert providers == set(served["hum_providers"].split("; "))


def test_events_are_json_lines_and_results_go_elsewhere(qualify: Callable[..., Any]) -> None:
    ended = qualify("-o", "out.csv", "--events", "-")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["event"] for line in lines][:1] == ["started"]
    assert [line["event"] for line in lines][-1:] == ["ended"]
    assert sorted(line["row"] for line in lines if line["event"] == "result") == [1, 2, 3, 4]
    both = qualify("--events", "-")
    assert both.code == 2
    assert "-o FILE" in both.err


def test_standard_output_leaves_nothing_behind_unless_a_journal_is_named(
    qualify: Callable[..., Any], files: Callable[[], list[str]]
) -> None:
    ended = qualify()
    assert len(list(csv.reader(io.StringIO(ended.out)))) == 5
    assert files() == ["in.csv"]
    first = qualify("--journal", "job.sqlite", streets=STREETS[:3])
    assert files() == ["in.csv", "job.sqlite"]
    second = qualify("--journal", "job.sqlite", streets=STREETS[:3])
    assert "0 sessions bought" in second.err
    assert first.out == second.out


@pytest.mark.parametrize("target", ["out.xlsx", "out.parquet"])
def test_what_cannot_go_to_standard_output_is_refused_before_anything_is_spent(
    call: Callable[..., Any], addresses: Callable[..., str], target: str
) -> None:
    fmt = {"out.xlsx": "excel", "out.parquet": "parquet"}[target]
    ended = call("qualify", addresses("100 Served St"), "--simulate", "--format", fmt)
    assert ended.code == 1
    assert "-o" in ended.err
    assert "Simulated API" not in ended.err


def test_an_output_that_cannot_be_written_is_refused_before_anything_is_spent(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path
) -> None:
    job = addresses("100 Served St")
    for target in (tmp_path, tmp_path / "missing" / "out.csv"):
        ended = call("qualify", job, "--simulate", "-o", str(target))
        assert ended.code == 1
        assert "cannot write" in ended.err
        assert "Simulated API" not in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", "out.csv", "--long", "out.csv"),
        ("-o", "out.csv", "--long", "in.csv"),
        ("-o", "out.csv", "--long", "out.failed.csv"),
        ("-o", "out.csv", "--journal", "out.csv"),
        ("-o", "out.csv", "--journal", "in.csv"),
        ("-o", "out.csv", "--events", "in.csv"),
        ("-o", "out.csv", "--events", "out.journal.sqlite"),
        ("-o", "in.csv"),
        ("-o", "link.csv", "--long", "out.csv"),
    ],
    ids=" ".join,
)
def test_no_file_of_a_job_may_be_another(
    qualify: Callable[..., Any], files: Callable[[], list[str]], tmp_path: Path, arguments: Any
) -> None:
    (tmp_path / "link.csv").symlink_to("out.csv")
    ended = qualify(*arguments)
    assert ended.code == 1
    assert "are the same file" in ended.err
    assert files() == ["in.csv", "link.csv"]
    assert len(rows_of(tmp_path / "in.csv")) == len(STREETS)


def test_the_file_of_failed_rows_is_not_lost_when_it_is_the_input(
    qualify: Callable[..., Any], call: Callable[..., Any], tmp_path: Path
) -> None:
    qualify("-o", "out.csv")
    failed = tmp_path / "out.failed.csv"
    before = failed.read_text()
    ended = call("qualify", str(failed), "-o", str(tmp_path / "out.csv"), "--simulate")
    assert ended.code == 1
    assert "the input and the file of failed rows are the same file" in ended.err
    assert failed.read_text() == before


# --- a full disk ----------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """Mount a disk of 600 KB; skip where that is not allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(  # noqa: S603  our own folder
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)],  # noqa: S607  of the system
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607  as above


@pytest.mark.slow
async def test_a_full_disk_is_told_and_the_job_goes_on_when_there_is_room(
    start: Any, quick: Simulator, addresses: Callable[..., str], small_disk: Path
) -> None:
    streets = [f"{number} Served St" for number in range(150)]
    job = addresses(*streets)
    output = small_disk / "out.csv"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 450_000)
    command = ("qualify", job, "-o", str(output), "--base-url", quick.url)
    ended = await (await start(*command)).end()
    assert ended.code == 1
    assert "cannot use the journal" in ended.err
    assert "Traceback" not in ended.err
    assert not output.exists()
    bought = quick.sessions_bought
    assert bought < 150
    ballast.unlink()
    subprocess.run(  # noqa: S603, ASYNC221  it takes no time
        ["mount", "-o", "remount,size=8m", str(small_disk)],  # noqa: S607  of the system
        check=True,
    )
    ended = await (await start(*command)).end()
    assert ended.code in {0, 3}
    rows = rows_of(output)
    assert len(rows) == 150
    uncertain = sum(row["hum_outcome"] == "UNCERTAIN" for row in rows)
    # What was in flight when the disk was full.
    assert uncertain <= 32
    assert quick.sessions_bought <= 150
    posts = [record.address_key for record in quick.requests(method="POST")]
    assert len(posts) == len(set(posts))


@pytest.mark.slow
async def test_a_job_that_is_asked_to_wait_for_long_writes_what_it_has_and_goes_on_later(
    start: Any, quick: Simulator, addresses: Callable[..., str], tmp_path: Path
) -> None:
    output = tmp_path / "out.csv"
    job = addresses(*(f"{number} Instant St" for number in range(20)))
    command = ("qualify", job, "-o", str(output), "--base-url", quick.url, "--rate", "50")
    quick.set_rate(0.01, burst=12, retry_after=3600)
    ended = await (await start(*command)).end()
    assert ended.code == 1
    for part in ("the API asks to wait 3,600 seconds", "Stopped early", "run it again"):
        assert part in ended.err
    assert 0 < len(rows_of(output)) < 20
    quick.set_rate(None)
    ended = await (await start(*command)).end()
    assert ended.code == 0
    assert len(rows_of(output)) == 20
    posts = [record.address_key for record in quick.requests(method="POST") if record.status < 300]
    assert len(posts) == len(set(posts)) == 20


@pytest.mark.slow
async def test_a_disk_that_cannot_be_written_is_refused_before_anything_is_spent(
    start: Any, quick: Simulator, addresses: Callable[..., str], small_disk: Path, tmp_path: Path
) -> None:
    def remount(how: str) -> None:
        command = ["mount", "-o", f"remount,{how}", str(small_disk)]
        subprocess.run(command, check=True)  # noqa: S603  our own disk

    job = addresses("100 Served St", "101 Served St")
    output = small_disk / "out.csv"
    command = ("qualify", job, "-o", str(output), "--base-url", quick.url)
    remount("ro")
    for more in ((), ("--journal", str(tmp_path / "job.sqlite"))):
        ended = await (await start(*command, *more)).end()
        assert ended.code == 1
        assert "cannot write" in ended.err
        assert "Read-only file system" in ended.err
    assert not quick.requests(method="POST")
    remount("rw")
    assert (await (await start(*command)).end()).code == 0
    # Once it is done, everything is in the journal, wherever the output cannot be written.
    output.unlink()
    moved = ("--journal", str(small_disk / "out.journal.sqlite"))
    ended = await (
        await start(*command[:2], "-o", str(tmp_path / "b.csv"), *command[4:], *moved)
    ).end()
    assert ended.code == 0
    assert quick.sessions_bought == 2
    assert len(rows_of(tmp_path / "b.csv")) == 2


@pytest.mark.slow
async def test_an_input_that_is_edited_while_the_job_runs_is_told(
    start: Any, quick: Simulator, until: Any, addresses: Callable[..., str], tmp_path: Path
) -> None:
    job = addresses(*[f"{number} Served St" for number in range(10)])
    command = ("qualify", job, "-o", str(tmp_path / "out.csv"), "--base-url", quick.url)
    child = await start(*command, "--rate", "20")
    await until(lambda: len(quick.requests(method="POST")) >= 3)
    with (tmp_path / "in.csv").open("a") as stream:
        stream.write("11,100 Served St,00501\n")
    ended = await child.end()
    assert ended.code == 1
    assert "changed while the job ran; run the same command again" in ended.err
    ended = await (await start(*command)).end()
    assert ended.code == 0
    assert "10 rows were in the journal already" in ended.err
    assert len(rows_of(tmp_path / "out.csv")) == 11


@pytest.mark.parametrize(
    ("option", "close"),
    [
        ((), "always"),
        (("--close",), "always"),
        (("--close", "always"), "always"),
        (("--close", "idle"), "idle"),
        (("--close=never",), "never"),
        (("--no-close",), "never"),
    ],
)
def test_how_sessions_are_closed_is_an_option_and_noted_in_the_manifest(
    qualify: Callable[..., Any], tmp_path: Path, option: tuple[str, ...], close: str
) -> None:
    ended = qualify("-o", "out.csv", *option)
    manifest = json.loads((tmp_path / "out.manifest.json").read_text())
    assert manifest["settings"]["close"] == close
    left = "not closed and will expire within 30 minutes"
    if close != "idle":  # which goes by the slots
        assert (left in ended.err) == (close == "never")


def test_another_way_to_close_is_refused_before_anything_is_done(
    qualify: Callable[..., Any], tmp_path: Path
) -> None:
    ended = qualify("-o", "out.csv", "--close", "later")
    assert (ended.code, ended.out) == (2, "")
    assert '"always", "idle", "never"' in ended.err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("option", "own", "other"),
    [
        ((), "5 min at 10", "With --close idle or --close never: about 4 min at 10"),
        (("--close", "idle"), "4 min at 10", "With --close always: about 5 min at 10"),
        (("--no-close",), "4 min at 10", "With --close always: about 5 min at 10"),
    ],
)
def test_a_dry_run_says_what_each_way_to_close_sessions_takes(
    qualify: Callable[..., Any], option: tuple[str, ...], own: str, other: str
) -> None:
    streets = tuple(f"{number} Served St" for number in range(1000))
    ended = qualify("--dry-run", "--rate", "10", *option, streets=streets)
    text = " ".join(ended.out.split())
    assert f"1,000 sessions will be bought, in about {own} requests/s" in text
    assert f"{other} requests/s. A DELETE ends a session" in text
    assert "expire by themselves after 30 minutes" in text
    # Where it makes no difference, nothing is said of it.
    ended = qualify("--dry-run", "--rate", "10", *option, streets=streets[:4])
    assert "--close" not in ended.out
