"""``hum report``: the results of a job, from any of its files, as one page."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet
from report_cases import ReadPage

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent.parent
STREETS = ("100 Served St", "100 No Providers Ave", "", "100 Ambiguous Rd", "100 SERVED ST.")


@pytest.fixture(name="out")
def _out(call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path) -> Path:
    out = tmp_path / "out.csv"
    long = tmp_path / "long.parquet"
    ended = call(
        "qualify", addresses(*STREETS), "--simulate", "--speed", "1000", "-q",
        "-o", str(out), "--long", str(long),
    )  # fmt: skip
    assert ended.code == 3, ended.err
    return out


def page_of(path: Path) -> ReadPage:
    return ReadPage(path.read_text("utf-8"))


def test_an_output_and_its_journal_give_the_same_report(
    call: Callable[..., Any], out: Path, tmp_path: Path
) -> None:
    pages = []
    for name in ("out.csv", "out.journal.sqlite"):
        report = tmp_path / f"{name}.html"
        ended = call("report", str(out.with_name(name)), "-o", str(report))
        assert (ended.code, ended.out) == (0, "")
        assert f"Report of 5 addresses: {report}" in ended.err
        pages.append(page_of(report))
    for page in pages:
        assert page.texts["count-served"] == "2"
        assert page.texts["count-unserved"] == "1"
        assert len(page.data["rows"]) == 5
        assert "These results are simulated" in page.words
    assert pages[0].data == pages[1].data


def test_a_long_table_gives_the_same_speeds_and_prices_of_the_rows_that_it_has(
    call: Callable[..., Any], out: Path, tmp_path: Path
) -> None:
    whole, long = tmp_path / "whole.html", tmp_path / "long.html"
    call("report", str(out), "-o", str(whole))
    ended = call("report", str(out.with_name("long.parquet")), "-o", str(long))
    assert ended.code == 0
    assert "only the rows that have providers" in ended.err
    assert "only the rows that have providers" in page_of(long).texts["missing"]
    speeds = [[row[4:8] for row in page_of(path).data["rows"]] for path in (whole, long)]
    assert speeds[1] == [row for row in speeds[0] if row[1] is not None]
    assert len(speeds[1]) == 2
    assert page_of(long).named("circle") == page_of(whole).named("circle")


def test_a_table_alone_says_what_its_columns_say_and_that_there_is_no_journal(
    call: Callable[..., Any], out: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "elsewhere" / "out.csv"
    alone.parent.mkdir()
    shutil.copy(out, alone)
    report = tmp_path / "report.html"
    ended = call("report", str(alone), "-o", str(report))
    assert ended.code == 0
    assert "--journal" in ended.err
    page = page_of(report)
    assert page.texts["count-served"] == "2"
    assert "Without the journal of the job" in page.texts["missing"]
    journal = out.with_name("out.journal.sqlite")
    ended = call("report", str(alone), "-o", str(report), "--journal", str(journal))
    assert "--journal" not in ended.err
    assert "missing" not in page_of(report).texts


def test_title_and_levels_of_service_are_options(
    call: Callable[..., Any], out: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    call(
        "report", str(out), "-o", str(report), "--title", "North <side>", "--served", "9999/7,50/5"
    )
    page = page_of(report)
    assert page.texts["upper-text"] == "9,999/7"
    assert page.texts["lower-text"] == "50/5"
    assert "North <side>" in page.words
    assert (page.texts["count-served"], page.texts["count-underserved"]) == ("0", "2")
    assert call("report", str(out), "--served", "fast").code == 2


def test_what_has_changed_since_older_results_is_a_section(
    call: Callable[..., Any], addresses: Callable[..., str], out: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.csv"
    streets = ("100 Served St", "300 Gone St")
    usual = ("--simulate", "--speed", "1000", "-q")
    assert call("qualify", addresses(*streets), "-o", str(old), *usual).code == 0
    report = tmp_path / "report.html"
    ended = call("report", str(out), "-o", str(report), "--since", str(old))
    assert ended.code == 0, ended.err
    page = page_of(report)
    assert page.texts["changes"] == "What has changed"
    assert {"href": "#changes"} in page.named("a")
    assert "300 Gone St" in page.words
    assert len(page.named("style")) == 2
    assert len(page.data["rows"]) == 5


def test_without_a_name_it_goes_where_the_shell_says(call: Callable[..., Any], out: Path) -> None:
    ended = call("report", str(out), "-q")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("<!doctype html>")
    assert len(ReadPage(ended.out).data["rows"]) == 5


def test_another_file_is_not_replaced(call: Callable[..., Any], out: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("mine")
    ended = call("report", str(out), "-o", str(report))
    assert (ended.code, report.read_text()) == (2, "mine")
    assert "--overwrite" in ended.err
    assert call("report", str(out), "-o", str(report), "--overwrite").code == 0
    assert call("report", str(out), "-o", str(report)).code == 0
    for same in (out, out.with_name("out.journal.sqlite")):
        before = same.read_bytes()
        ended = call("report", str(same), "-o", str(same), "--overwrite")
        assert ended.code != 0
        assert same.read_bytes() == before


def test_results_without_rows_are_reported_as_none(
    call: Callable[..., Any], out: Path, tmp_path: Path
) -> None:
    header = tmp_path / "none.csv"
    header.write_text(out.read_text().splitlines()[0] + "\n")
    none = tmp_path / "none.parquet"
    parquet.write_table(parquet.read_table(tmp_path / "long.parquet").slice(0, 0), none)
    for path in (header, none):
        report = tmp_path / f"{path.name}.html"
        ended = call("report", str(path), "-o", str(report))
        assert ended.code == 0, ended.err
        assert "Report of 0 addresses" in ended.err
        assert page_of(report).data["rows"] == []
        # Nothing can be asked for, though, in a table without rows.
        ended = call("check", str(path))
        assert (ended.code, "a header and no rows below it" in ended.err) == (1, True)


@pytest.mark.parametrize("content", ["a,b\n1,2\n", ""])
def test_what_holds_no_results_is_an_error(
    call: Callable[..., Any], tmp_path: Path, content: str
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(content)
    ended = call("report", str(path), "-o", str(tmp_path / "report.html"))
    assert ended.code == 1
    assert ended.err.startswith("hum: error: ")
    assert not (tmp_path / "report.html").exists()


def test_the_help_does_not_import_the_template_library() -> None:
    code = (
        "import sys; from hum_async.cli._app import make_app; make_app()(['--help'])\n"
        "import hum_async.bulk\n"
        "print('jinja2' in sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert ended.stderr == "False\n"


@pytest.mark.parametrize("name", ["report.pdf", "report.XLSX", "report.csv"])
def test_a_name_that_promises_another_kind_of_file_is_refused(
    call: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    source = tmp_path / "out.csv"
    source.write_text("street,hum_outcome\n1 Main St,SERVED\n")
    ended = call("report", str(source), "-o", str(tmp_path / name))
    assert ended.code == 1
    assert "name it report.html" in ended.err
    assert not (tmp_path / name).exists()
