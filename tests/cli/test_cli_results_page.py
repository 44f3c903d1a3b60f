"""docs/results.md is true: its tables are the schema, and its blocks run on what a job wrote."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.bulk.files.long_table import long_columns
from hum_async.bulk.result_schema import SCHEMA_VERSION, kind_of, result_columns

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = (Path(__file__).parent.parent.parent / "docs" / "results.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_page_names_the_version_and_each_column_with_its_type_in_order() -> None:
    assert f"version {SCHEMA_VERSION} of their schema" in PAGE
    rows = re.findall(
        r"^\| `(hum_\w+)` \| ([a-z ]+) \|", section("The columns of an output"), re.MULTILINE
    )
    assert rows == [(name, str(kind_of(name))) for name in result_columns()]


def test_the_page_names_each_column_of_the_long_table() -> None:
    named = re.findall(r"`(hum_[a-z_0-9]+)`", section("The long table"))
    assert set(long_columns()) <= set(named)


def test_the_page_names_each_type_in_each_format() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \|.*\|$", section("The types in each format"), re.MULTILINE)
    assert set(rows) - {"type"} == {str(kind_of(name)) for name in result_columns()}


WRITTEN: list[Path] = []
"""The folder of the jobs, which are run once."""


@pytest.fixture(name="results")
def _results(
    call: Callable[..., Any],
    addresses: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Make what the page is about the working directory."""
    if WRITTEN:
        monkeypatch.chdir(WRITTEN[0])
        return
    monkeypatch.chdir(tmp_path)
    job = addresses("100 Served St", "100 No Providers Ave", "100 Ambiguous Rd")
    usual = ("qualify", job, "--simulate", "--speed", "1000", "-q")
    assert call(*usual, "-o", "results.parquet", "--long", "long.parquet").code == 0
    journal = ("--journal", "results.journal.sqlite")
    assert call(*usual, "-o", "results.csv", *journal).code == 0
    WRITTEN.append(tmp_path)


# What is printed by the block that begins with these words.
SHOWN = {
    "import duckdb\n\nprint": "hum_has_fiber",
    "import duckdb\n\ncheapest": "usd",
    "import polars\n\nprint(polars.scan": "shape: (1,",
    "import polars\n\nprint(polars.read": "00501",
    "from hum_async.bulk import read_results\n\nresults": "1 NO_PROVIDERS []",
    "from hum_async.bulk import read_results\n\noffers": "hum_provider",
}


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize("start", SHOWN)
def test_a_block_runs_on_what_a_job_wrote(start: str, capsys: pytest.CaptureFixture[str]) -> None:
    for library in re.findall(r"^import (duckdb|polars)$", start, re.MULTILINE):
        pytest.importorskip(library, reason=f"{library} is not installed")
    if "to_polars" in start or "offers" in start:
        pytest.importorskip("polars", reason="polars is not installed")
    (block,) = [block for block in BLOCKS if block.startswith(start)]
    exec(compile(block, "docs/results.md", "exec"), {})  # noqa: S102  our own page
    assert SHOWN[start] in capsys.readouterr().out


def test_every_block_is_run_here_or_beside_the_library() -> None:
    rest = [block for block in BLOCKS if not block.startswith(tuple(SHOWN))]
    assert len(BLOCKS) == len(SHOWN) + len(rest)
    # That one needs the API; tests of `show_progress` run it.
    assert ["show_progress" in block for block in rest] == [True]
