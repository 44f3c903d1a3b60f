"""`hum forget`: nothing of a result can be read any more, and the job still verifies."""

from __future__ import annotations

import re
import sqlite3
import zlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STREETS = ("100 Served St", "101 Served St", "100 Not Found Ln")


@pytest.fixture
def job(call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path) -> Path:
    """Run a job; return its journal."""
    output = tmp_path / "out.csv"
    ended = call("qualify", addresses(*STREETS), "--simulate", "-o", str(output))
    assert ended.code == 0
    return tmp_path / "out.journal.sqlite"


def packed(journal: Path) -> list[bytes]:
    """Return the results in a journal, the oldest purchase first."""
    with sqlite3.connect(journal) as db:
        found = [row[0] for row in db.execute("SELECT result FROM purchase ORDER BY id")]
    db.close()
    return found


def says(result: bytes) -> bytes:
    return zlib.decompressobj().decompress(result).upper()


def traces(result: bytes, journal: Path) -> list[str]:
    """Return the files beside a journal that hold a piece of a result."""
    pieces = [result[at : at + 24] for at in range(0, len(result) - 24, 24)]
    return [
        path.name
        for path in sorted(journal.parent.glob(f"{journal.name}*"))
        if any(piece in path.read_bytes() for piece in pieces)
    ]


def test_one_address_is_forgotten_and_the_others_stay(call: Callable[..., Any], job: Path) -> None:
    before = packed(job)
    named = [b"100 SERVED ST" in says(result) for result in before]
    assert named.count(True) == 1
    mine = before[named.index(True)]
    assert traces(mine, job) == [job.name]
    ended = call("forget", "100 SERVED STREET, 00501", str(job))
    assert (ended.code, ended.out) == (0, "Forgot 1 result\n")
    assert traces(mine, job) == []
    for at, result in enumerate(packed(job)):
        assert (result == before[at]) is not named[at]
        assert b"100 SERVED ST" not in says(result)
    assert call("verify", str(job)).code == 0
    again = call("forget", "100 Served St, 00501", str(job))
    assert (again.code, again.out) == (3, "Forgot 0 results\n")


def test_what_is_old_is_forgotten(call: Callable[..., Any], job: Path) -> None:
    assert call("forget", "--older-than", "30d", str(job)).out == "Forgot 0 results\n"
    with sqlite3.connect(job) as db:
        db.execute("UPDATE purchase SET asked_at = '2020-01-01T00:00:00+00:00'")
    db.close()
    before = packed(job)
    assert call("forget", "--older-than", "30d", str(job)).out == "Forgot 3 results\n"
    assert [traces(result, job) for result in before if b"PROVIDERS" in says(result)] == [[], []]
    for result in packed(job):
        assert not {b"PROVIDERS", b"SERVICE_ADDRESS"} & {*re.findall(rb"[A-Z_]+", says(result))}
    assert call("verify", str(job)).code == 0
    told = call("status", str(job)).out
    assert "Sessions: 3 bought" in told
    assert "Forgotten: 3" in told


def test_a_forgotten_address_is_bought_again_and_counts_once(
    call: Callable[..., Any], job: Path, tmp_path: Path
) -> None:
    call("forget", "100 Served St, 00501", str(job))
    command = ("qualify", str(tmp_path / "in.csv"), "--simulate", "-o", str(tmp_path / "out.csv"))
    ended = call(*command)
    assert ended.code == 0
    assert "1 session" in ended.err
    assert call("verify", str(job)).code == 0


@pytest.mark.parametrize(
    "arguments", [(), ("j.sqlite",), ("1 A St, 48226", "--older-than", "1d", "j")]
)
def test_what_to_forget_must_be_said(call: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    ended = call("forget", *arguments)
    assert ended.code == 2
    assert "hum forget" in ended.err


def test_a_file_that_is_no_journal_is_left_alone(call: Callable[..., Any], tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    diary.write_text("dear diary")
    for path in (diary, tmp_path / "missing"):
        ended = call("forget", "--older-than", "1d", str(path))
        assert ended.code == 1
        assert "Traceback" not in ended.err
    assert diary.read_text() == "dear diary"
    ended = call("forget", "somewhere over the rainbow", str(diary))
    assert ended.code in {1, 2}


@pytest.mark.slow
def test_what_a_reader_keeps_from_being_overwritten_is_told(
    call: Callable[..., Any], job: Path
) -> None:
    before = packed(job)
    reader = sqlite3.connect(job, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM purchase").fetchone()
    ended = call("forget", "100 Served St, 00501", str(job))
    assert ended.code == 1
    assert "not yet overwritten" in " ".join(ended.err.split())
    reader.close()
    # Nothing is left to forget, but to overwrite.
    assert call("forget", "--older-than", "1d", str(job)).code == 0
    mine = next(result for result in before if b"100 SERVED ST" in says(result))
    assert traces(mine, job) == []
