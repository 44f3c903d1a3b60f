"""``hum compose``: the outputs of a job again, from its input and its journal."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STREETS = ("100 Served St", "100 Not Found Ln", "", "100 SERVED st.", "102 Served St")


@pytest.fixture
def source(addresses: Callable[..., str]) -> str:
    return addresses(*STREETS)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_finished_job_is_composed_again_as_it_was(
    call: Callable[..., Any], source: str, tmp_path: Path
) -> None:
    first, again = tmp_path / "out.csv", tmp_path / "again.csv"
    call("qualify", source, "--simulate", "-o", str(first))
    journal = tmp_path / "out.journal.sqlite"
    ended = call("compose", source, "-o", str(again), "--journal", str(journal))
    assert ended.code == 3, "one row is no address"
    assert "5 rows with a result, 1 of them failed" in ended.err
    assert again.read_bytes() == first.read_bytes()
    assert (tmp_path / "again.failed.csv").read_bytes() == (
        tmp_path / "out.failed.csv"
    ).read_bytes()
    # Its own outputs may be replaced, and the manifest keeps what the job was told.
    assert call("compose", source, "-o", str(first), "-q").err == ""
    manifest = json.loads((tmp_path / "out.manifest.json").read_text())
    assert manifest["settings"]["concurrency"] == 32
    assert call("verify", str(journal)).code == 0


def test_a_job_is_composed_half_way_and_says_what_is_missing(
    call: Callable[..., Any], source: str, tmp_path: Path
) -> None:
    journal, half = str(tmp_path / "job.sqlite"), tmp_path / "half.jsonl"
    options = ("--journal", journal)
    limit = ("--max-sessions", "1")
    assert call("qualify", source, "--simulate", "-o", "-", *options, *limit).code == 5
    ended = call("compose", source, "-o", str(half), *options)
    assert ended.code == 3
    assert "3 rows with a result, 1 of them failed" in ended.err
    assert "2 rows have no result yet: row 2, 5 of the input" in ended.err
    rows = [json.loads(line) for line in half.read_text().splitlines()]
    assert [row["id"] for row in rows] == ["1", "3", "4"]
    # The job goes on, and so does what is composed of it.
    call("qualify", source, "--simulate", "-o", "-", *options)
    assert "5 rows with a result" in call("compose", source, "-o", str(half), *options).err


def test_standard_output_needs_the_name_of_a_journal(
    call: Callable[..., Any], source: str, tmp_path: Path
) -> None:
    call("qualify", source, "--simulate", "-o", str(tmp_path / "out.csv"))
    ended = call("compose", source, "-o", "-")
    assert ended.code == 2
    assert "--journal" in ended.err
    journal = tmp_path / "out.journal.sqlite"
    ended = call("compose", source, "-o", "-", "-q", "--journal", str(journal))
    assert ended.out.replace("\r\n", "\n") == (tmp_path / "out.csv").read_text()


def test_what_somebody_else_wrote_is_not_replaced(
    call: Callable[..., Any], source: str, tmp_path: Path
) -> None:
    call("qualify", source, "--simulate", "-o", str(tmp_path / "out.csv"))
    (tmp_path / "out.csv").write_text("mine")
    ended = call("compose", source, "-o", str(tmp_path / "out.csv"))
    assert ended.code == 2
    assert (tmp_path / "out.csv").read_text() == "mine"
    call("compose", source, "-o", str(tmp_path / "out.csv"), "--overwrite")
    assert len(rows_of(tmp_path / "out.csv")) == len(STREETS)


def test_a_journal_that_is_not_there_is_told(
    call: Callable[..., Any], source: str, tmp_path: Path
) -> None:
    ended = call("compose", source, "-o", str(tmp_path / "out.csv"))
    assert ended.code == 1
    assert "there is no journal" in ended.err
