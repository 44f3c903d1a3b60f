"""What commands say when standard output takes nothing."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")

COMMANDS = [
    "--help",
    "qualify --help",
    "--version",
    "check {input}",
    "check {input} --json",
    "qualify {input} --dry-run",
    "verify {journal} --json",
    "status {journal}",
    "status {journal} --json",
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("closed", [False, True], ids=["full", "closed"])
@pytest.mark.usefixtures("screen")
def test_an_output_that_takes_nothing_is_told_in_one_line(
    left_by: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    *,
    closed: bool,
) -> None:
    job = left_by("100 Served St", output="out.csv")
    words = command.format(input=job / "in.csv", journal=job / "out.journal.sqlite").split()
    monkeypatch.setattr(sys, "argv", ["hum", *words])
    capsys.readouterr()
    with Path("/dev/full").open("w", encoding="utf-8") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None if closed else full)
        assert main() == 1
    told = capsys.readouterr().err.splitlines()
    why = "it is closed" if closed else "No space left on device"
    assert told[-1] == f"hum: error: cannot write standard output: {why}"
    assert sum("error" in line for line in told) == 1


def test_json_of_a_name_that_is_not_utf_8_is_taken_by_strict_parsers(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"a\xff.csv")  # noqa: PTH118  bytes
    with open(path, "wb") as stream:  # noqa: PTH123  bytes
        stream.write(b"street,zip\n100 Served St,48226\n")
    ended = call("check", os.fsdecode(path), "--json")
    found = json.loads(ended.out)["file"]
    assert found.encode().endswith(b"a\\udcff.csv")


def test_arguments_that_are_too_many_are_named(call: Callable[..., Any]) -> None:
    ended = call("ping", "extra")
    assert "too many arguments: extra; see hum ping --help" in ended.err


def test_an_unwritable_name_is_refused_before_the_columns_are_doubted(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("name,phone\nA,1\n")
    for command in (("qualify", "-o"), ("check", "--corrected"), ("qualify", "--long")):
        ended = call(command[0], str(source), command[1], str(tmp_path / "out.xyz"))
        assert ended.code == 2
        assert "out.xyz: no file of this name" in ended.err
        assert ".txt" in ended.err
        assert ".ndjson" in ended.err
        assert "name," not in ended.err
