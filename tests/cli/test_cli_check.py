"""`hum check`: what it says, what it writes, and how it ends."""

from __future__ import annotations

import csv
import json
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.bulk.columns import find_columns
from hum_async.bulk.preflight import FindingKind, examine
from hum_async.bulk.tables import open_table
from hum_async.cli._preflight_view import KIND_MEANING, _about

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "addresses.csv"
HEADER = "id,street,city,state,zip"
GOOD = "1,123 Main St,Detroit,MI,48226"
LOST = "2,1 Beacon St,Boston,,2139"
UNKNOWN = "3,1 Main St,Toronto,ON,48226"
ODD = "4,Main St,Detroit,MI,48226"
REPORTED = ["row", "column", "kind", "severity", "message", "fix"]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    """Write a file of rows: `table(GOOD, LOST)` returns its path."""

    def table(*rows: str, name: str = "in.csv") -> str:
        path = tmp_path / name
        path.write_text("".join(f"{row}\n" for row in (HEADER, *rows)), encoding="utf-8")
        return str(path)

    return table


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_a_good_file_is_said_to_be_one(call: Callable[..., Any], table: Any) -> None:
    ended = call("check", table(GOOD))
    assert ended.code == 0
    assert "1 row; street1 = street" in ended.err
    assert ended.out.startswith("1 row\n1 session will be bought")
    assert not re.search("refused|suspicious|row 1", ended.out)


def test_what_is_wrong_is_said_row_by_row_and_counted(call: Callable[..., Any], table: Any) -> None:
    ended = call("check", table(GOOD, LOST, UNKNOWN, ODD, GOOD))
    assert ended.code == 3
    lines = ended.out.splitlines()
    assert lines[0] == "5 rows"
    assert "2 refused, at no cost" in lines
    assert "1 suspicious, bought as it is" in lines
    assert "1 the same address as a row above, at no cost" in lines
    assert "1 cell that hum check --corrected corrects" in lines
    found = [line for line in lines if line.startswith("row ")]
    assert [line[:6] for line in found] == ["row 2:", "row 3:", "row 4:"]
    assert found[0].endswith("leading zeros. Fix: 02139")
    assert "2 sessions will be bought" in ended.out
    assert "\x1b" not in ended.out + ended.err


def test_suspicious_rows_are_no_reason_to_fail(call: Callable[..., Any], table: Any) -> None:
    ended = call("check", table(GOOD, ODD))
    assert ended.code == 0
    assert "no house number" in ended.out


def test_no_key_is_needed_and_a_job_is_estimated(call: Callable[..., Any], table: Any) -> None:
    job = table(*[f"{number},{number} Main St,Detroit,MI,48226" for number in range(1000)])
    ended = call("check", job)
    times = re.findall(r"(\d+ (?:s|min)) at (\d+) requests/s", ended.out)
    assert times == [("10 min", "5"), ("5 min", "10"), ("62 s", "50"), ("16 s", "200")]
    ended = call("check", job, "--rate", "10")
    assert "1,000 sessions will be bought, in about 5 min at 10 requests/s" in ended.out
    assert "at 5 requests/s" not in ended.out


@pytest.mark.parametrize(("limit", "shown"), [("0", 0), ("2", 2), ("30", 30)])
def test_findings_are_shown_up_to_a_limit(
    call: Callable[..., Any], table: Any, limit: str, shown: int
) -> None:
    ended = call("check", table(*[GOOD] * 40, *[UNKNOWN] * 30), "--limit", limit)
    assert ended.out.count("\nrow ") == shown
    assert ("more." in ended.out) == (shown < 30)
    assert f"and {30 - shown} more." in ended.out or shown == 30


def test_a_report_holds_every_finding(call: Callable[..., Any], table: Any, tmp_path: Path) -> None:
    job = table(ODD, *[LOST] * 31)
    ended = call("check", job, "--report", str(tmp_path / "report.csv"))
    header, first, second, *others = rows_of(tmp_path / "report.csv")
    assert header == REPORTED
    assert first[:4] == ["1", "street", "house_number", "suspicious"]
    assert second[:4] == ["2", "zip", "zip_zeros", "refused"]
    assert [first[5], second[5]] == ["", "02139"]
    assert len(others) == 30
    assert "report.csv" in ended.err
    call("check", job, "--report", str(tmp_path / "report.jsonl"))
    lines = (tmp_path / "report.jsonl").read_text(encoding="utf-8").splitlines()
    assert [list(json.loads(line)) for line in lines] == [REPORTED] * 32


def test_a_report_on_standard_output_is_all_that_is_there(
    call: Callable[..., Any], table: Any
) -> None:
    ended = call("check", table(LOST), "--report", "-")
    assert [line.split(",")[0] for line in ended.out.splitlines()] == ["row", "1"]
    assert "1 refused" in ended.err
    assert max(len(line) for line in ended.err.splitlines()) > 80


def test_a_corrected_copy_needs_no_correction_and_keeps_the_rest(
    call: Callable[..., Any], table: Any, tmp_path: Path
) -> None:
    once, twice = tmp_path / "once.csv", tmp_path / "twice.csv"
    spelled = "5, 1  Elm St,Ann Arbor,Michigan,48104"
    ended = call("check", table(GOOD, LOST, UNKNOWN, spelled), "--corrected", str(once))
    assert ended.code == 3
    assert "Corrected 3 cells" in ended.err
    assert rows_of(once) == [
        HEADER.split(","),
        GOOD.split(","),
        ["2", "1 Beacon St", "Boston", "", "02139"],
        UNKNOWN.split(","),
        ["5", "1 Elm St", "Ann Arbor", "MI", "48104"],
    ]
    ended = call("check", str(once), "--corrected", str(twice))
    assert "Corrected 0 cells" in ended.err
    assert once.read_bytes() == twice.read_bytes()


@pytest.mark.parametrize("suffix", ["xlsx", "parquet", "jsonl"])
def test_a_corrected_copy_may_have_another_format(
    call: Callable[..., Any], table: Any, tmp_path: Path, suffix: str
) -> None:
    target = str(tmp_path / f"out.{suffix}")
    assert call("check", table(GOOD, LOST), "--corrected", target).code == 3
    assert [row[4] for row in open_table(target).rows()] == ["48226", "02139"]
    assert call("check", target).code == 0


def test_zip_codes_that_were_numbers_are_text_in_the_corrected_copy(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    row = {"street": "1 Beacon St", "state": "MA", "zip": 2139, "note": None}
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n")
    target = tmp_path / "out.jsonl"
    ended = call("check", str(tmp_path / "in.jsonl"), "--corrected", str(target))
    assert ended.code == 0
    assert "1 ZIP code that was a number" in ended.out
    assert "Corrected 1 cell:" in ended.err
    assert json.loads(target.read_text()) == row | {"zip": "02139"}


@pytest.mark.parametrize("option", ["--report", "--corrected"])
def test_the_input_is_never_overwritten(call: Callable[..., Any], table: Any, option: str) -> None:
    job = table(LOST)
    ended = call("check", job, option, job)
    assert ended.code == 1
    assert "same file" in ended.err
    assert "2139" in open_table(job).path.read_text(encoding="utf-8")


def test_two_outputs_are_two_files(call: Callable[..., Any], table: Any) -> None:
    ended = call("check", table(LOST), "--report", "-", "--corrected", "-")
    assert (ended.code, ended.out) == (2, "")


def test_what_cannot_be_checked_leaves_no_file(
    call: Callable[..., Any], table: Any, files: Any, tmp_path: Path
) -> None:
    wanted = ("--report", str(tmp_path / "report.csv"))
    nowhere = ("--corrected", str(tmp_path / "nowhere" / "out.csv"))
    ended = call("check", table(LOST), *wanted, *nowhere)
    assert ended.code == 1
    assert files() == ["in.csv"]
    assert call("check", str(tmp_path / "missing.csv"), *wanted).code == 1
    assert files() == ["in.csv"]


def test_columns_can_be_named_and_a_wrong_one_is_noticed(
    call: Callable[..., Any], table: Any
) -> None:
    job = table(GOOD, GOOD.replace("123", "124"), GOOD.replace("123", "125"))
    ended = call("check", job, "--map", "street1=city", "--map", "city=street")
    assert ended.code == 2
    assert "table: street1 (column city) and city (column street) look swapped" in ended.out
    assert call("check", job, "--map", "street1=nowhere").code == 2


def test_what_a_file_says_cannot_steer_the_terminal(call: Callable[..., Any], table: Any) -> None:
    ended = call("check", table("1,1 [red]A[/] \x1b[31mSt,Detroit,Mich\x07igan,48226", ODD))
    assert "\x1b" not in ended.out
    assert "\x07" not in ended.out


@pytest.mark.parametrize(("end", "code"), [("interrupt", 130), ("terminate", 143)])
@pytest.mark.slow
async def test_looking_at_a_huge_file_can_be_stopped(  # noqa: PLR0913, PLR0917  fixtures
    start: Any, until: Any, table: Any, files: Any, tmp_path: Path, end: str, code: int
) -> None:
    job = table(*[f"{number},{number} Main St,Detroit,MI,48226" for number in range(200_000)])
    target = tmp_path / "out.csv"
    target.write_text("before")
    # A module may be in the middle of its import then, whose file Python closes with a warning.
    quiet = {"PYTHONWARNINGS": "ignore::ResourceWarning"}
    command = ("check", job, "--corrected", str(target), "--overwrite")
    child = await start(*command, key=None, env=quiet)
    await until(lambda: len(files()) == 3)
    getattr(child, end)()
    ended = await child.end()
    # Python may end by the signal itself, which a shell shows as 130 too.
    assert ended.code in {code, -signal.SIGINT if end == "interrupt" else code}
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert "Exception ignored" not in ended.err
    assert target.read_text() == "before"
    assert files() == ["in.csv", "out.csv"]


async def test_standard_input_is_a_hyphen(start: Any) -> None:
    ended = await (await start("check", "-", key=None)).end(f"{HEADER}\n{GOOD}\n{LOST}\n")
    assert ended.code == 3
    assert "Fix: 02139" in ended.out


def test_standard_output_by_its_path_holds_nothing_else(call: Any, table: Any) -> None:
    ended = call("check", table(GOOD, LOST), "--corrected", "/dev/stdout")
    assert [line.split(",")[0] for line in ended.out.splitlines()] == ["id", "1", "2"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1 Elm St,Boston,MA 02108\n2 Elm St,Boston,MA 02108\n", "street,city,state zip"),
        ("1 Elm St,Boston,MA,02108\n2 Elm St,Boston,MA,02108\n", "street,city,state,zip"),
    ],
)
def test_the_names_that_a_file_without_a_header_needs_read_it(
    call: Callable[..., Any], tmp_path: Path, text: str, names: str
) -> None:
    path = tmp_path / "in.txt"
    path.write_text(text)
    ended = call("check", str(path))
    assert ended.code == 1
    assert f"such as {names}\n" in " ".join(ended.err.split(" "))
    path.write_text(f"{names}\n{text}")
    assert call("check", str(path)).code == 0


def test_a_column_of_zip_codes_without_any_is_named(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_text("street,State/ZIP\n1 Elm St,MA\n")
    ended = call("check", str(path))
    assert ended.code == 3
    assert "State/ZIP holds no ZIP code" in " ".join(ended.out.split())


SUSPICIOUS = """\
street,city,state,zip
1 Elm St,Boston,MA,02108
2 Elm St,Boston,MA,10001
Elm St,Boston,MA,02108
4 Elm St,Boston,XX,02108
5 Elm St,Boston,MA,10001
"""


def test_a_job_says_before_it_buys_what_a_check_finds(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(SUSPICIOUS + "6 Elm St,Boston,MA,10001\n" * 10)
    target = tmp_path / "out.csv"
    job = ["qualify", str(path), "--map", "zip=zip", "--simulate", "--speed", "1000"]
    ended = call(*job, "-o", str(target))
    said = ended.err.partition("Simulated API")[0]
    assert "1 row refused, at no cost; 13 rows suspicious, and bought as they are" in said
    assert (
        "suspicious: the ZIP code is not one of that state: rows 2, 5, 6, 7, 8 and 7 more" in said
    )
    assert "suspicious: a street without a house number: row 3" in said
    assert "refused: not a US state: row 4" in said
    assert f"check --map zip=zip {path}" in said
    assert "Elm" not in ended.err
    # They are bought all the same.
    assert "5 sessions bought" in ended.err
    checked = call("check", str(path)).out
    assert "1 refused, at no cost" in checked
    assert "13 suspicious, bought as they are" in checked
    assert "suspicious" not in call(*job, "-o", str(tmp_path / "again.csv"), "-q").err


def test_a_job_whose_rows_are_sound_says_nothing_of_them(
    call: Callable[..., Any], table: Any
) -> None:
    path = table(GOOD)
    ended = call("qualify", str(path), "--simulate", "--speed", "1000")
    assert ended.code == 0
    assert "hum check" not in ended.err
    assert "More about" not in ended.err


def test_every_kind_of_finding_has_a_meaning() -> None:
    assert set(KIND_MEANING) == set(FindingKind)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (10, "10 s"),
        (89, "89 s"),
        (90, "2 min"),
        (3569, "59 min"),
        (3571, "1 h 00 min"),
        (86_400, "1 d 0 h"),
        (200_000, "2 d 7 h"),
    ],
)
def test_times_are_said_as_people_do(seconds: float, said: str) -> None:
    assert _about(seconds) == said


def test_the_example_is_without_fault(call: Callable[..., Any]) -> None:
    table = open_table(str(EXAMPLE))
    found = examine(table, find_columns(table.header))
    assert (found.refused, found.suspicious, found.kinds) == (0, 0, ())
    assert call("check", str(table.path)).code == 0
