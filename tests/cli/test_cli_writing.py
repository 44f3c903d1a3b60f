"""What the name of an output decides, and what messages may never do to a command."""

from __future__ import annotations

import asyncio
import bz2
import csv
import gzip
import json
import lzma
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async._purchases.sqlite.lock import LockFile
from hum_async.bulk.tables import UnwritableName, format_of, open_sink
from hum_async.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hum_async.simulator import Simulator

ROOT = Path(__file__).parent.parent.parent
ROWS = [("1", "a,b"), ("2", "c\td")]
posix = pytest.mark.skipif(sys.platform == "win32", reason="links and /dev are POSIX's")


def written(path: Path) -> bytes:
    sink = open_sink(str(path), header=("id", "text"), added=())
    for row in ROWS:
        sink.write(row, {})
    sink.close()
    return path.read_bytes()


def test_tsv_is_tabs(tmp_path: Path) -> None:
    text = written(tmp_path / "o.tsv").decode()
    assert text.splitlines()[0] == "id\ttext"
    assert [tuple(row) for row in csv.reader(text.splitlines(), delimiter="\t")][1:] == ROWS


def test_json_is_an_array(tmp_path: Path) -> None:
    assert [tuple(row.values()) for row in json.loads(written(tmp_path / "o.json"))] == ROWS
    open_sink(str(tmp_path / "none.json"), header=("id",), added=()).close()
    assert json.loads((tmp_path / "none.json").read_bytes()) == []


@pytest.mark.parametrize(
    ("ending", "unpack"),
    [(".gz", gzip.decompress), (".bz2", bz2.decompress), (".XZ", lzma.decompress)],
)
def test_compressed_names_are_compressed(
    tmp_path: Path, ending: str, unpack: Callable[[bytes], bytes]
) -> None:
    plain = written(tmp_path / "o.csv")
    packed = written(tmp_path / f"o.csv{ending}")
    assert packed != plain
    assert unpack(packed) == plain


@pytest.mark.parametrize("name", ["x.foo", "x.xls", "x.foo.gz", "x.xlsx.gz", "x.parquet.xz"])
def test_other_names_are_refused_with_the_list(name: str) -> None:
    with pytest.raises(UnwritableName, match=r"\.tsv.*\.json.*\.parquet"):
        format_of(name)


def test_the_format_overrules_the_name() -> None:
    assert format_of("x.foo", "csv") == "csv"


@posix
def test_outputs_heed_the_umask_and_locks_are_private(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        written(tmp_path / "o.csv")
        os.umask(0)
        lock = LockFile(tmp_path / "j")
        modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("o.csv", "j.lock")]
        lock.release()
    finally:
        os.umask(before)
    assert modes == [0o644, 0o600]


@posix
def test_a_lock_is_not_opened_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "j.lock").symlink_to(victim)
    with pytest.raises(JournalError, match="remove it"):
        LockFile(tmp_path / "j")
    assert victim.read_text() == "precious"


@pytest.mark.parametrize(
    "arguments", [("qualify", "--foo", "in.csv"), ("check", "--foo"), ("qualify", "--foo")]
)
def test_an_unknown_option_is_a_usage_error(
    call: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    ended = call(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "cannot read" not in ended.err


@posix
@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", "2>/dev/null"])
@pytest.mark.slow
def test_nobody_need_read_the_messages(redirected: str) -> None:
    ended = subprocess.run(  # noqa: S602  our own line
        f"'{sys.executable}' -m hum_async ping --simulate {redirected}",
        shell=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0
    assert ended.stdout.startswith(b"up, and the key is valid")


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "in.csv").write_text("id,street,zip\n1,100 Main St,48226\n")
    files = ("qualify", str(tmp_path / "in.csv"), "-o", str(tmp_path / "o.csv"))
    return [*files, "--simulate", "--speed", "1000"]


def test_a_foreign_output_is_not_replaced(
    call: Callable[..., Any], command: list[str], tmp_path: Path
) -> None:
    (tmp_path / "o.csv").write_text("hello")
    ended = call(*command)
    assert ended.code == 2
    assert "--overwrite" in ended.err
    assert (tmp_path / "o.csv").read_text() == "hello"
    assert not (tmp_path / "o.journal.sqlite").exists()
    assert call(*command, "--overwrite").code in {0, 3}
    assert (tmp_path / "o.csv").read_text() != "hello"


def test_outputs_of_one_job_in_several_formats_are_all_its_own(
    call: Callable[..., Any], command: list[str], tmp_path: Path
) -> None:
    as_lines = [word.replace("o.csv", "o.jsonl") for word in command]
    long = [*command, "--long", str(tmp_path / "long.csv")]
    for each in (command, as_lines, command, long, as_lines, long):
        ended = call(*each)
        assert ended.code in {0, 3}, ended.err
    with (tmp_path / "o.jsonl").open("a") as stream:
        stream.write("mine")
    assert call(*as_lines).code == 2


def test_an_edited_output_is_not_replaced_and_an_unchanged_one_is(
    call: Callable[..., Any], command: list[str], tmp_path: Path
) -> None:
    assert call(*command).code in {0, 3}
    assert call(*command).code in {0, 3}
    with (tmp_path / "o.csv").open("a") as stream:
        stream.write("my notes\n")
    assert call(*command).code == 2
    assert (tmp_path / "o.csv").read_text().endswith("my notes\n")


@posix
@pytest.mark.parametrize(
    "redirected",
    [
        "2>&-",
        "2>/dev/full",
        "2> >(exec true)",
    ],
)
@pytest.mark.slow
async def test_a_job_whose_messages_nobody_reads_writes_every_row(
    quick: Simulator, command: list[str], tmp_path: Path, redirected: str
) -> None:
    files = shlex.join(command[1:4])
    line = f"'{sys.executable}' -m hum_async qualify {files} --base-url {quick.url} {redirected}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", line),
        env={**os.environ, "HUM_API_KEY": "any-key", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert (process.returncode, out) == (0, b"")
    with (tmp_path / "o.csv").open(newline="") as stream:
        assert [row["id"] for row in csv.DictReader(stream)] == ["1"]
