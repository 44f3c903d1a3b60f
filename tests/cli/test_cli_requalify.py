"""`hum requalify`: asks again what is due, carries the rest over, and says what has changed."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.bulk import ChangeKind, diff_results, read_results
from hum_async.bulk.job_status import status_of

if TYPE_CHECKING:
    from collections.abc import Callable

FAST = ("--simulate", "--speed", "1000")


@pytest.fixture(name="old")
def _old(
    call: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Make earlier results of so many addresses in ten ZIP codes."""
    monkeypatch.chdir(tmp_path)

    def old(count: int, *more: str) -> Path:
        lines = [f"{at},{at} Elm St,{48201 + at % 10}\n" for at in range(count)]
        (tmp_path / "in.csv").write_text("id,street,zip\n" + "".join([*lines, *more]))
        ended = call("qualify", "in.csv", "-o", "old.csv", "-q", *FAST)
        assert ended.code in {0, 3}, ended.err
        return tmp_path / "old.csv"

    return old


def rows(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def carried_over() -> int:
    """Return how many results the new journal has from the old one."""
    return status_of(Path("new.journal.sqlite")).tally.copied


def test_all_that_is_old_is_asked_for_again_and_the_output_is_whole(
    old: Callable[..., Path], call: Callable[..., Any]
) -> None:
    old(20, "x,,48201\n", "y,1 ELM STREET,48202\n")
    ended = call(
        "requalify", "old.csv", "-o", "new.csv", "--older-than", "0s", "--epoch", "1",
        "--changes", "changes.html", "--price-per-session", "0.05", *FAST,
    )  # fmt: skip
    assert ended.code == 3, ended.err  # one row has no address
    assert "20 sessions bought" in ended.err
    assert "--retry-failed" not in ended.err  # requalify has no such option
    assert "requalify this output to look them up" in ended.err
    assert "$1.00 spent in all runs" in ended.err
    assert "20 addresses in both" in ended.out
    new = rows("new.csv")
    assert [row["id"] for row in new] == [row["id"] for row in rows("old.csv")]
    found = diff_results("old.csv", "new.csv")
    assert carried_over() == 0
    assert {*found.summary.kinds} - {ChangeKind.NOT_COMPARABLE}
    assert "<!doctype html>" in Path("changes.html").read_text(encoding="utf-8")
    assert call("verify", "new.journal.sqlite").code == 0
    assert read_results("new.csv").complete
    # What is there can be asked again, and nothing is bought twice.
    again = call(
        "requalify", "old.csv", "-o", "new.csv", "--older-than", "1d", "--epoch", "1", *FAST
    )
    assert again.code == 3, again.err
    assert "0 sessions bought" in again.err
    assert rows("new.csv") == new


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("typed", ["", "\n", "n\n", "what?\n"])
def test_only_yes_is_yes(
    old: Callable[..., Path],
    call: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
) -> None:
    old(2)
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    ended = call("requalify", "old.csv", "-o", "new.csv", "--older-than", "0s", *FAST)
    assert ended.code == 2
    assert "Go on? [y/N]" in ended.err
    assert "nothing was bought" in ended.err
    assert not Path("new.csv").exists()
    ended = call("qualify", "in.csv", "-o", "old.csv", "--fresh", *FAST)
    assert ended.code == 2
    assert "Start over? [y/N]" in ended.err
    assert "Start over" not in ended.out
    assert status_of(Path("old.journal.sqlite")).tally.settled == 2


@pytest.mark.slow
def test_a_budget_is_kept_and_the_rest_is_carried_over_with_its_time(
    old: Callable[..., Path], call: Callable[..., Any]
) -> None:
    old(24)
    terms = ("--older-than", "0s", "--budget", "9", "--epoch", "2")
    for _ in range(2):
        ended = call("requalify", "old.csv", "-o", "new.csv", *terms, *FAST)
        assert ended.code == 0, ended.err
        found = diff_results("old.csv", "new.csv")
        assert found.summary.both == 24
        assert carried_over() == 15
    assert "0 sessions bought" in ended.err
    before = {row["id"]: row["hum_observed_at"] for row in rows("old.csv")}
    same = [row for row in rows("new.csv") if row["hum_observed_at"] == before[row["id"]]]
    assert len(same) >= 15
    # The next one goes on from there: what was carried over is the oldest.
    ended = call(
        "requalify", "new.csv", "-o", "next.csv", "--older-than", "0s", "--budget", "15",
        "--epoch", "2", *FAST,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    bought = {row["id"] for row in rows("next.csv")} - {
        row["id"]
        for row, earlier in zip(rows("next.csv"), rows("new.csv"), strict=True)
        if row["hum_observed_at"] == earlier["hum_observed_at"]
    }
    assert len(bought & {row["id"] for row in same}) > 9


def test_what_is_young_is_left_alone_and_what_failed_is_not(
    old: Callable[..., Path], call: Callable[..., Any]
) -> None:
    old(6, "f,100 Expired Ct,48226\n", "u,100 Vanished Blvd,48226\n")
    outcomes = {row["id"]: row["hum_outcome"] for row in rows("old.csv")}
    assert (outcomes["f"], outcomes["u"]) == ("EXPIRED", "UNCERTAIN")
    ended = call("requalify", "old.csv", "-o", "n.csv", "--older-than", "30d", "--dry-run", *FAST)
    assert ended.code == 0
    assert "1 of 8 addresses" in ended.err
    assert "1 is uncertain and left alone" in ended.err
    assert "1 session will be bought" in ended.err
    assert not Path("n.csv").exists()
    ended = call("requalify", "old.csv", "-o", "new.csv", "--older-than", "30d", *FAST)
    assert ended.code == 3
    assert "1 session bought" in ended.err
    assert carried_over() == 7
    assert {row["id"]: row["hum_outcome"] for row in rows("new.csv")} == outcomes


def test_a_bound_in_money_ends_it_and_the_same_command_goes_on(
    old: Callable[..., Path], call: Callable[..., Any]
) -> None:
    old(10)
    terms = ("--older-than", "0s", "--price-per-session", "0.10", "--epoch", "1", *FAST)
    for bound, code, carried in (("0.35", 5, 7), ("0.35", 5, 7), ("9.00", 0, 0)):
        ended = call("requalify", "old.csv", "-o", "new.csv", *terms, "--max-cost", bound)
        assert ended.code == code, ended.err
        assert carried_over() == carried
    manifest = json.loads(Path("new.manifest.json").read_text())
    assert manifest["cost"] == "1.00"
    assert call("verify", "new.journal.sqlite").code == 0


@pytest.mark.parametrize(("most", "bought"), [("0.05", 0), ("0.30", 3), ("2.00", 20)])
@pytest.mark.slow
def test_a_bound_in_money_below_the_budget_ends_it_too(
    old: Callable[..., Path], call: Callable[..., Any], most: str, bought: int
) -> None:
    old(60)
    terms = ("--older-than", "0s", "--price-per-session", "0.10", "--budget", "40", *FAST)
    ended = call("requalify", "old.csv", "-o", "new.csv", *terms, "--max-cost", most)
    assert ended.code == 5, ended.err
    assert f"{bought} sessions bought" in ended.err
    assert "raise --max-cost and" in ended.err
    assert len(rows("new.csv")) == 60
    assert carried_over() == 60 - bought


def test_a_journal_alone_will_do(old: Callable[..., Path], call: Callable[..., Any]) -> None:
    old(5)
    ended = call(
        "requalify", "old.journal.sqlite", "-o", "new.jsonl", "--older-than", "0s", "-q", *FAST
    )
    assert ended.code == 0, ended.err
    assert diff_results("old.csv", "new.jsonl").summary.both == 5


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("in.csv", "-o", "new.csv"), 1, "no output of hum qualify"),
        (("old.csv", "-o", "old.csv"), 1, "same file"),
        (("old.csv", "-o", "-"), 2, "writes files"),
        (("old.csv", "-o", "new.csv", "--max-cost", "1"), 2, "--price-per-session"),
        (("alone.csv", "-o", "new.csv"), 1, "has no journal"),
        (("old.journal.sqlite", "-o", "old.csv"), 1, "same file"),
        (("old.csv", "-o", "new.csv", "--changes", "new.csv"), 1, "same file"),
        (("old.csv", "-o", "new.csv", "--changes", "in.csv"), 2, "is there already"),
        (("old.csv", "-o", "new.csv", "--seed", "7"), 1, "another output"),
    ],
)
def test_what_cannot_be_asked_again_says_why(
    old: Callable[..., Path],
    call: Callable[..., Any],
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    path = old(2)
    (path.parent / "alone.csv").write_text(path.read_text())
    before = {each: each.read_bytes() for each in path.parent.iterdir()}
    ended = call("requalify", *arguments, "--older-than", "30d", *FAST)
    assert ended.code == code, ended.err
    assert words in ended.err.replace("\n", " ")
    assert {each: each.read_bytes() for each in path.parent.iterdir()} == before


def test_a_dry_run_says_what_the_bounds_in_money_allow(
    old: Callable[..., Path], call: Callable[..., Any]
) -> None:
    old(9)
    terms = ("--older-than", "0s", "--budget", "8", "--price-per-session", "0.05", "--dry-run")
    for bound in ("--max-cost", "--max-cost-per-day"):
        ended = call("requalify", "old.csv", "-o", "new.csv", *terms, bound, "0.29")
        assert "5 sessions will be bought, for $0.25" in ended.err


UNCERTAIN = "outcome = 'UNCERTAIN'"
UNANSWERED = "token = NULL, outcome = NULL, result = NULL, observed_at = NULL, requests = 0"


@pytest.mark.parametrize("left", [UNCERTAIN, UNANSWERED], ids=["recorded", "killed in its POST"])
def test_uncertain_ones_are_asked_for_again_only_on_demand(
    old: Callable[..., Path], call: Callable[..., Any], left: str
) -> None:
    old(3)
    with contextlib.closing(sqlite3.connect("old.journal.sqlite")) as db, db:
        db.execute(f"UPDATE purchase SET {left} WHERE id = 1")  # noqa: S608  our own text
    terms = ("--older-than", "30d", *FAST)
    for more, bought in ((), 0), (("--retry-uncertain",), 1):
        dry = call("requalify", "old.csv", "-o", "new.csv", *terms, "--dry-run", *more)
        assert f"\n{bought} session" in dry.err
        ended = call("requalify", "old.csv", "-o", "new.csv", *terms, *more)
        assert f"\n{bought} session" in ended.err
        outcomes = [row["hum_outcome"] for row in rows("new.csv")]
        assert len(outcomes) == 3
        if left == UNANSWERED:  # the other one's result says still what it said
            assert outcomes.count("UNCERTAIN") == 1 - bought
