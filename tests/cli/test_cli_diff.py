"""`hum diff`: what has changed between two results."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from hum_async.bulk import ChangeKind, diff_results, read_results
from hum_async.bulk.tables import open_table

if TYPE_CHECKING:
    from collections.abc import Callable

STREETS = ("1 Elm St", "2 Elm St", "3 Elm St", "", "4 Elm St", "1 ELM STREET")
ENDINGS = ("csv", "tsv.gz", "jsonl", "json", "geojson", "xlsx", "parquet", "geo.parquet")


@pytest.fixture(name="job")
def _job(call: Callable[..., Any], addresses: Callable[..., str]) -> Callable[..., None]:
    def job(*options: str, streets: tuple[str, ...] = STREETS) -> None:
        name = addresses(*streets)
        ended = call("qualify", name, "--simulate", "--speed", "1000", "-q", *options)
        assert ended.code in {0, 3}, ended.err

    return job


@pytest.mark.parametrize("ending", ["csv", "jsonl", "xlsx", "parquet"])
def test_every_file_of_a_job_shows_the_same_as_every_other(
    job: Callable[..., None], tmp_path: Path, ending: str
) -> None:
    old, other = (tmp_path / f"{stem}.{ending}" for stem in ("old", "other"))
    job("-o", str(old))
    whole, journal = read_results(old), tmp_path / "old.journal.sqlite"
    for left, right in ((old, journal), (journal, whole), (old, whole)):
        found = diff_results(left, right)
        assert found.summary.both == 4
        assert found.summary.carried == found.summary.unchanged == 4, found.changes
    job("-o", str(other), "--seed", "7")
    one, another = diff_results(old, other), diff_results(whole, read_results(other))
    assert one.changes == another.changes
    assert one.summary.both == 4
    assert one.summary.changed + one.summary.not_comparable > 0


def test_a_journal_alone_is_matched_by_digests(
    job: Callable[..., None], call: Callable[..., Any], tmp_path: Path
) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    job("-o", str(old))
    job("-o", str(new), "--seed", "7")
    expected = diff_results(old, new).summary
    # What would show the addresses of the journal's rows is gone.
    (tmp_path / "in.csv").unlink()
    (tmp_path / "new.manifest.json").unlink()
    found = diff_results(old, tmp_path / "new.journal.sqlite")
    assert found.summary.both == expected.both == 4
    assert found.summary.kinds == expected.kinds
    assert {change.label for change in found.changes} <= {f"{street}, 00501" for street in STREETS}
    exact = call("diff", str(old), str(tmp_path / "new.journal.sqlite"), "--dedupe", "exact")
    assert exact.code == 1
    assert "compares addresses by other rules" in exact.err


def test_an_address_that_only_a_journal_has_is_said_to_have_no_name_there(
    job: Callable[..., None], call: Callable[..., Any], tmp_path: Path
) -> None:
    job("-o", str(tmp_path / "old.csv"))
    job("-o", str(tmp_path / "new.csv"), streets=(*STREETS, "100 Ambiguous Rd"))
    (tmp_path / "in.csv").unlink()
    sides = [str(tmp_path / f"{stem}.journal.sqlite") for stem in ("old", "new")]
    page = tmp_path / "page.html"
    ended = call("diff", *sides, "-o", str(page))
    assert ended.code == 0, ended.err
    assert "no address in the journal" in ended.out
    assert "?" not in ended.out
    assert "no address in the journal" in page.read_text("utf-8")


def test_changes_are_written_in_every_format(
    job: Callable[..., None], call: Callable[..., Any], tmp_path: Path
) -> None:
    old, new = str(tmp_path / "old.csv"), str(tmp_path / "new.csv")
    job("-o", old)
    job("-o", new, "--seed", "7", streets=(*STREETS[:2], "9 Elm St"))
    found = diff_results(old, new, any_data=True)
    assert len(found.changes) == 5
    for ending in ENDINGS:
        out = tmp_path / f"changes.{ending}"
        ended = call("diff", old, new, "-o", str(out), "--any-data")
        assert ended.code == 0, ended.err
        assert out.name in ended.out.replace("\n", "")
        table = open_table(str(out))
        at = table.header.index("hum_address")
        told = [cells[at] for cells in table.rows()]
        assert told == [each.label for each in found.changes], ending
    rows = pq.read_table(tmp_path / "changes.parquet").to_pylist()
    assert rows[-1]["hum_change"] == ["REMOVED"]
    assert rows[0]["hum_observed_at"].tzinfo is not None
    assert rows[2]["hum_old_outcome"] is None


def test_the_page_and_json_tell_the_same(
    job: Callable[..., None], call: Callable[..., Any], tmp_path: Path
) -> None:
    old, new, page = (str(tmp_path / name) for name in ("old.csv", "new.csv", "changes.html"))
    job("-o", old)
    job("-o", new, "--seed", "7")
    ended = call("diff", old, new, "--json", "-o", page, "--any-data")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told == json.loads(json.dumps(diff_results(old, new, any_data=True).to_dict()))
    text = (tmp_path / "changes.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert all(f"<td>{change['address']}</td>" in text for change in told["changes"])
    again = call("diff", old, new, "-o", page)
    assert again.code == 2
    assert "--overwrite" in again.err
    assert call("diff", old, new, "-o", page, "--overwrite").code == 0


def test_the_screen_shows_so_many_and_counts_the_rest(
    job: Callable[..., None], call: Callable[..., Any], tmp_path: Path
) -> None:
    old, new = str(tmp_path / "old.csv"), str(tmp_path / "new.csv")
    job("-o", old)
    job("-o", new, streets=(*STREETS, "9 Elm St", "10 Elm St"))
    ended = call("diff", old, new, "--limit", "1")
    assert ended.code == 0
    assert "4 addresses in both: 0 changed, 4 unchanged" in ended.out
    assert "9 Elm St, 00501" in ended.out
    assert "... and 1 more address;" in ended.out
    assert "1 row of an address above, 1 row without a usable address" in ended.out
    rows = call("diff", old, new, "-o", "-")
    assert [row["hum_change"] for row in csv.DictReader(rows.out.splitlines())] == ["ADDED"] * 2


@pytest.mark.parametrize(
    ("left", "right", "options", "code", "words"),
    [
        ("missing.csv", "old.csv", (), 1, "missing.csv"),
        ("in.csv", "old.csv", (), 1, "holds no results"),
        ("old.csv", "old.csv", ("-o", "changes.doc"), 2, ".html"),
        ("old.csv", "old.csv", ("-o", "old.csv"), 1, "one of the results"),
        ("old.csv", "old.csv", ("-o", "-", "--json"), 2, "standard output"),
        ("old.csv", "old.csv", ("-o", "/dev/stdout", "--json"), 2, "standard output"),
        ("old.csv", "other.sqlite", (), 1, "not a journal"),
        ("old.csv", "long.csv", (), 1, "is a long table"),
    ],
)
def test_what_cannot_be_compared_says_why_and_prints_nothing(  # noqa: PLR0913, PLR0917  fixtures
    job: Callable[..., None],
    call: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    left: str,
    right: str,
    options: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    job("-o", "old.csv", "--long", "long.csv", streets=("100 Served St",))
    (tmp_path / "other.sqlite").write_bytes(b"SQLite format 3\0" + bytes(200))
    ended = call("diff", left, right, *options)
    assert (ended.code, ended.out) == (code, "")
    assert words in ended.err.replace("\n", " ")


def test_an_outcome_that_no_version_has_written_is_refused(
    job: Callable[..., None], call: Callable[..., Any], tmp_path: Path
) -> None:
    old = tmp_path / "old.csv"
    job("-o", str(old), streets=("100 Served St",))
    old.write_text(old.read_text().replace("SERVED", "SOMETHING"))
    ended = call("diff", str(old), str(old))
    assert ended.code == 1
    assert "hum_outcome" in ended.err


def test_the_page_names_every_change() -> None:
    page = Path(__file__).parent.parent.parent / "docs" / "diff.md"
    text = page.read_text(encoding="utf-8")
    assert all(f"`{kind}`" in text for kind in ChangeKind)
