"""`hum qualify`, as far as one process can tell; signals and streams are in test_cli_signals."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.bulk.result_columns import RESULT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = str(ROOT / "examples" / "addresses.csv")
COLUMNS = list(RESULT_COLUMNS)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_example_gives_every_row_in_order_with_the_columns_that_are_promised(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    target = tmp_path / "out.csv"
    ended = call("qualify", EXAMPLE, "--simulate", "--speed", "1000", "-o", str(target))
    assert ended.code == 0
    assert ended.out == ""
    before = rows_of(Path(EXAMPLE).read_text(encoding="utf-8"))
    after = rows_of(target.read_text(encoding="utf-8"))
    assert len(after) == 201
    assert after[0] == [*before[0], *COLUMNS]
    assert [row[:6] for row in after] == before
    assert "Addresses: 200" in ended.err
    assert "simulated" in ended.err


@pytest.mark.slow
def test_the_same_seed_gives_the_same_results(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    job = addresses(*[f"{number} Main St" for number in range(20)])

    def outcomes(seed: str) -> list[str]:
        ended = call("qualify", job, "--simulate", "--seed", seed, "-q")
        return [row[3] for row in rows_of(ended.out)[1:]]

    assert outcomes("1") == outcomes("1")
    assert outcomes("1") != outcomes("2")


def test_failed_rows_are_rows_and_give_exit_code_3(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    job = addresses("100 Served St", "100 Invalid Way", "", "100 Never Done Dr", "100 Expired Ct")
    ended = call("qualify", job, "--simulate", "-q")
    assert ended.code == 3
    assert ended.err.count("\n") <= 1
    rows = [dict(zip(rows_of(ended.out)[0], row, strict=True)) for row in rows_of(ended.out)[1:]]
    assert [row["hum_outcome"] for row in rows] == [
        "SERVED",
        "INVALID_ADDRESS",
        "INVALID_ADDRESS",
        "TIMED_OUT",
        "EXPIRED",
    ]
    assert [bool(row["hum_error"]) for row in rows] == [False, True, True, True, True]
    assert {row["zip"] for row in rows} == {"00501"}


def test_rows_without_providers_are_no_failure(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    job = addresses("100 No Providers Ave", "100 Ambiguous Rd", "100 Not Found Ln")
    assert call("qualify", job, "--simulate", "-q").code == 0


def test_quiet_says_nothing_but_data(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    ended = call("qualify", addresses("100 Served St"), "--simulate", "--quiet")
    assert ended.err == ""


def test_json_lines_by_option_and_by_name(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path
) -> None:
    job = addresses("100 Served St")
    by_option = call("qualify", job, "--simulate", "--format", "jsonl", "-q")
    call("qualify", job, "--simulate", "-q", "-o", str(tmp_path / "out.jsonl"))
    for text in (by_option.out, (tmp_path / "out.jsonl").read_text()):
        row = json.loads(text)
        assert list(row) == ["id", "street", "zip", *COLUMNS]
        assert row["hum_provider_count"] == len(row["hum_providers"]) > 0


def test_columns_can_be_named(call: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n100 Served St,00501\n")
    arguments = ("qualify", str(tmp_path / "in.csv"), "--simulate", "-q")
    ended = call(*arguments, "--map", "street1=a", "--map", "zip=b")
    assert ended.code == 0
    assert rows_of(ended.out)[1][:3] == ["100 Served St", "00501", "SERVED"]
    refused = call(*arguments)
    assert refused.code == 2
    assert "--map street1=a --map zip=b" in refused.err
    assert refused.out == ""


@pytest.mark.parametrize("option", ["street1", "=a", "street1=", "street=a", "street1=nowhere"])
def test_a_mapping_that_makes_no_sense_is_a_usage_error(
    call: Callable[..., Any], addresses: Callable[..., str], option: str
) -> None:
    ended = call("qualify", addresses("100 Served St"), "--simulate", "--map", option)
    assert ended.code == 2
    assert ended.err.count("\n") == 1


def test_an_old_windows_file_is_taken_and_the_user_is_told(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_bytes("street,zip\n100 Served St,00501,ñ\n".encode("cp1252"))
    arguments = ("qualify", str(tmp_path / "in.csv"), "--simulate")
    ended = call(*arguments)
    assert ended.code == 0
    assert "Windows-1252" in ended.err
    assert rows_of(ended.out)[1][2] == "ñ"
    assert "Windows-1252" not in call(*arguments, "--encoding", "cp1252").err


@pytest.mark.parametrize("content", ["", "street,zip\n", "a,b\n1,2\n"])
def test_a_file_that_cannot_be_used_is_one_line_and_no_output(
    call: Callable[..., Any], tmp_path: Path, content: str
) -> None:
    (tmp_path / "in.csv").write_text(content)
    target = tmp_path / "out.csv"
    ended = call("qualify", str(tmp_path / "in.csv"), "--simulate", "-o", str(target))
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith("hum: error: ")
    assert ended.err.count("\n") == 1
    assert not target.exists()


def test_the_input_is_not_overwritten(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    job = addresses("100 Served St")
    before = Path(job).read_text()
    ended = call("qualify", job, "--simulate", "-o", job)
    assert ended.code == 1
    assert "same file" in ended.err
    assert Path(job).read_text() == before


def test_an_api_that_cannot_be_reached_is_told_and_leaves_no_output(
    call: Callable[..., Any],
    addresses: Callable[..., str],
    files: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("HUM_API_KEY", "very-secret")
    target = str(tmp_path / "out.csv")
    job = addresses("100 Served St")
    ended = call("qualify", job, "-o", target, "--base-url", "http://127.0.0.1:1")
    assert ended.code == 1
    assert "cannot connect to" in ended.err
    assert "very-secret" not in ended.err
    assert files() == ["in.csv"]


def test_an_output_that_cannot_be_written_is_found_out_before_anything_is_bought(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path
) -> None:
    target = str(tmp_path / "missing" / "out.csv")
    ended = call("qualify", addresses("100 Served St"), "--simulate", "-o", target)
    assert ended.code == 1
    assert "cannot write" in ended.err
    assert re.search(r"sessions? bought", ended.err) is None


def test_a_missing_key_says_where_it_is_looked_for(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    job = addresses("100 Served St")
    for command in (("qualify", job), ("watch", "a-token"), ("lookup", "1 Main St, 00501")):
        ended = call(*command)
        assert ended.code == 4
        assert "HUM_API_KEY" in ended.err
        assert "--key-file" in ended.err
        told = "type the same again with --simulate" in ended.err
        assert told == (command[0] != "watch")
        # That is how a program says it.
        assert "api_key" not in ended.err


def test_a_key_file_without_a_key_is_named(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path
) -> None:
    for content, told in ((b" \n", "no API key"), (b"\xff\xfe", "no text"), (None, "No such file")):
        file = tmp_path / f"key-{told[:4]}"
        if content is not None:
            file.write_bytes(content)
        ended = call("qualify", addresses("100 Served St"), "--key-file", str(file))
        assert ended.code == 4
        assert told in ended.err
        assert str(file) in ended.err


@pytest.mark.parametrize("url", ["http://api.example.com", "ftp://127.0.0.1", "https://u:p@host"])
def test_an_unsafe_address_of_the_api_is_refused(
    call: Callable[..., Any], addresses: Callable[..., str], url: str, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("very-secret\n")
    key = ("--key-file", str(tmp_path / "key"))
    ended = call("qualify", addresses("100 Served St"), "--base-url", url, *key)
    assert ended.code == 1
    assert "hum: error: " in ended.err
    assert "very-secret" not in ended.err


@pytest.mark.parametrize(
    "options",
    [
        ("--speed", "0"),
        ("--speed", "-1"),
        ("--speed", "nan"),
        ("--rate", "0"),
        ("--rate", "nan"),
        ("--concurrency", "0"),
        ("--format", "xml"),
        ("--no-such-option",),
    ],
)
def test_a_senseless_option_is_refused_without_a_traceback(
    call: Callable[..., Any], addresses: Callable[..., str], options: tuple[str, ...]
) -> None:
    ended = call("qualify", addresses("100 Served St"), "--simulate", *options)
    assert ended.code in {1, 2}
    assert ended.out == ""
    assert "rror" in ended.err


def test_names_of_files_and_providers_are_shown_as_they_are(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path
) -> None:
    target = tmp_path / "out [bold] [x].csv"
    ended = call("qualify", addresses("100 Served St"), "--simulate", "-o", str(target))
    assert ended.code == 0
    assert "out [bold] [x].csv" in ended.err


def test_without_a_terminal_there_is_no_bar_and_no_escape_code(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    ended = call("qualify", addresses("100 Served St", "100 Slow Pl"), "--simulate")
    assert "\x1b" not in ended.err + ended.out
    assert "\r" not in ended.err


def test_a_table_below_titles_says_how_its_cells_were_read(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    rows = ["1,1 Elm St,NULL,MA,2139", "2,2 Elm St,nan,Mass.,02139.0", "3,3 Elm St,4,MI,2139"]
    text = "A list of streets,,,,\n\nid,street,unit,state,zip\n" + "\n".join(rows) + "\n,,,,\n"
    (tmp_path / "in.csv").write_text(text)
    target = tmp_path / "out.csv"
    ended = call("qualify", str(tmp_path / "in.csv"), "--simulate", "-o", str(target))
    assert ended.code == 3
    assert "The header is row 3; 1 row with text above it is left out" in ended.err
    assert "2 cells that say NULL" in ended.err
    assert "1 row without any text is left out" in ended.err
    header, *found = rows_of(target.read_text())
    assert [",".join(row[:5]) for row in found] == rows
    notes = [row[header.index("hum_note")] for row in found]
    assert notes == ["zip read as 02139", "zip read as 02139; state read as MA", ""]
    assert found[2][header.index("hum_outcome")] == "INVALID_ADDRESS"
    assert "hum check --corrected" in found[2][header.index("hum_error")]
    verified = call("verify", str(target.with_suffix(".journal.sqlite")))
    assert verified.code == 0, verified.out + verified.err
