"""What may stand in place of a file, and the names that a file may have."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.bulk.files.compose import next_rows
from hum_async.bulk.tables import open_sink, open_table
from hum_async.cli._command_line import same_command
from hum_async.errors import InputError

if TYPE_CHECKING:
    from hum_async.simulator import Simulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and /dev are POSIX's")
HUM = f"'{sys.executable}' -m hum_async"
ROOT = Path(__file__).parent.parent.parent
Shell = Callable[[str], Awaitable[tuple[int, str]]]


@pytest.fixture
def shell(tmp_path: Path, quick: Simulator) -> Shell:
    """Run a line in bash beside a table of three rows; return its exit code and messages.

    HUM and JOB stand for the commands.
    """
    rows = "".join(f"{number},{number} Served St,00501\n" for number in range(3))
    (tmp_path / "in.csv").write_text(f"id,street,zip\n{rows}")
    to_simulator = f"-q --base-url {quick.url} --rate 1000"

    async def shell(line: str) -> tuple[int, str]:
        line = line.replace("JOB", f"HUM qualify {to_simulator}").replace("HUM", HUM)
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", f"set -o pipefail; {line}"),
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "80", "HUM_API_KEY": "any-key", "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _, messages = await process.communicate()
        return process.returncode or 0, messages.decode()

    return shell


GONE = "> >(exec true)"
slow = pytest.mark.slow


@pytest.mark.parametrize(
    "line",
    [
        "JOB in.csv -o -",
        pytest.param("HUM check in.csv 2>/dev/null", marks=slow),
        pytest.param("JOB in.csv -o o.csv --events -", marks=slow),
        pytest.param("HUM check in.csv --report - 2>/dev/null", marks=slow),
        pytest.param("HUM qualify --help", marks=slow),
        pytest.param("HUM --version", marks=slow),
        pytest.param("HUM lookup '1 Served St, 00501' --json --simulate 2>/dev/null", marks=slow),
    ],
)
async def test_a_reader_that_has_seen_enough_ends_a_command_without_a_word(
    shell: Shell, line: str
) -> None:
    # The reader is gone before anything is written.
    assert await shell(f"sleep 0.1; {line} {GONE}") == (141, "")


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        pytest.param("JOB in.csv -o >(cat >o.csv); wait $!", [], marks=slow),
        pytest.param("JOB in.csv -o /dev/stdout | cat >o.csv", [], marks=slow),
        pytest.param("echo kept >o.csv; JOB in.csv -o /dev/stdout >>o.csv", ["kept"], marks=slow),
        ("echo kept >o.csv; JOB in.csv -o /dev/fd/3 3>>o.csv", ["kept"]),
        pytest.param("JOB in.csv -o o2.csv --long >(cat >o.csv); wait $!", [], marks=slow),
        pytest.param("mkfifo p; cat p >o.csv & JOB in.csv -o p; wait $!", [], marks=slow),
        pytest.param("JOB <(cat in.csv) -o o.csv", [], marks=slow),
        pytest.param("cat in.csv | JOB /dev/stdin -o o.csv", [], marks=slow),
    ],
)
async def test_pipes_and_descriptors_stand_in_for_files(
    shell: Shell, tmp_path: Path, line: str, kept: list[str]
) -> None:
    assert await shell(line) == (0, "")
    with (tmp_path / "o.csv").open(newline="") as stream:
        first = [row[0] for row in csv.reader(stream)]
    assert first[: len(kept) + 1] == [*kept, "id"]
    assert set(first[len(kept) + 1 :]) == {"0", "1", "2"}


@pytest.mark.parametrize("option", ["-o", pytest.param("--events", marks=slow)])
async def test_waiting_for_somebody_who_reads_a_pipe_can_be_stopped(
    start: Any,
    quick: Simulator,
    addresses: Callable[..., str],
    tmp_path: Path,
    option: str,
) -> None:
    os.mkfifo(tmp_path / "pipe")
    output = () if option == "-o" else ("-o", str(tmp_path / "o.csv"))
    job = ("qualify", addresses("100 Served St"), *output, option, str(tmp_path / "pipe"))
    child = await start(*job, "--base-url", quick.url)
    # What it says of the columns comes just before.
    while b"carried" not in await child.process.stderr.readline():
        pass
    await asyncio.sleep(0.2)
    child.interrupt()
    assert (await child.end()).code == 130
    assert not quick.sessions_bought


@slow
async def test_a_descriptor_that_is_closed_is_told_in_a_line(shell: Shell) -> None:
    told = "hum: error: cannot write /dev/fd/9: Bad file descriptor\n"
    assert await shell("JOB in.csv -o /dev/fd/9") == (1, told)


@pytest.mark.parametrize("length", [235, pytest.param(255, marks=slow)])
def test_the_longest_names_work_and_the_job_goes_on(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path, length: int
) -> None:
    job = addresses("100 Served St")
    for end in "ab":
        name = "é" * ((length - 5) // 2) + f"{end}.csv"
        assert len(os.fsencode(name)) == length
        command = ("qualify", job, "-o", str(tmp_path / name), "--simulate")
        assert call(*command).code == 0
        assert "1 row was in the journal already" in call(*command).err
        assert (tmp_path / name).is_file()
    # Each output has a journal and a manifest of its own.
    assert len([*tmp_path.glob("*.journal.sqlite")]) == 2
    assert len([*tmp_path.glob("*.manifest.json")]) == 2
    assert not [*tmp_path.glob(".*partial")]


@pytest.mark.parametrize(
    "options",
    [
        ("-o", "x" * 252 + ".csv"),
        ("-o", "o.csv", "--journal", "x" * 256),
        ("-o", "o.csv", "--long", "x" * 252 + ".csv"),
        ("-o", "o.csv", "--events", "x" * 256),
    ],
)
def test_a_name_that_is_too_long_is_told_in_a_line_before_anything_is_bought(
    call: Callable[..., Any],
    addresses: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = call("qualify", addresses("100 Served St"), "-q", *options, "--simulate")
    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1
    assert "File name too long" in ended.err
    assert not [*tmp_path.glob("*.sqlite")]


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8")
def test_names_need_not_be_utf_8(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path
) -> None:
    strange = os.fsdecode(b"caf\xe9")
    source = tmp_path / f"{strange}.csv"
    os.rename(addresses("100 Served St"), source)  # noqa: PTH104  a name of bytes
    target = tmp_path / f"{strange}.results.csv"
    ended = call("qualify", str(source), "-o", str(target), "--simulate")
    assert (ended.code, target.is_file()) == (0, True)
    manifest = json.loads((tmp_path / f"{strange}.results.manifest.json").read_bytes())
    assert manifest["files"]["input"]["name"] == source.name
    ended = call("verify", str(tmp_path / f"{strange}.results.journal.sqlite"))
    assert (ended.code, "problem" in ended.out) == (0, False)


@slow
async def test_an_input_that_is_gone_when_the_rows_are_written_loses_nothing(
    start: Any, quick: Simulator, until: Any, addresses: Callable[..., str], tmp_path: Path
) -> None:
    source = addresses("100 Served St")
    content = (tmp_path / "in.csv").read_bytes()
    command = ("qualify", source, "-q", "-o", str(tmp_path / "o.csv"), "--base-url", quick.url)
    child = await start(*command, "--rate", "5")
    await until(lambda: quick.requests(method="POST"))
    (tmp_path / "in.csv").unlink()
    ended = await child.end()
    assert ended.code == 1
    assert ended.err == f"hum: error: cannot read {source}: No such file or directory\n"
    (tmp_path / "in.csv").write_bytes(content)
    assert (await (await start(*command)).end()).code == 0
    assert quick.sessions_bought == 1


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.json"])
def test_an_input_that_turned_into_something_else_is_an_error_of_one_line(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    sink = open_sink(str(path), header=("street", "zip"), added=())
    sink.write(("100 Main St", "48226"), {})
    sink.close()
    table = open_table(str(path))
    path.write_bytes(b"\x00\xff\xfe{\n" * 10)
    with pytest.raises(InputError, match=name):
        next_rows(table.rows(), table.name)


@pytest.mark.parametrize("option", ["--report", "--corrected"])
def test_check_replaces_nothing_unless_told_to(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path, option: str
) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("hello")
    command = ("check", addresses("100 Served St"), option, str(mine))
    ended = call(*command)
    assert ended.code == 2
    assert "--overwrite" in ended.err
    assert mine.read_text() == "hello"
    assert call(*command, "--overwrite").code == 0
    assert mine.read_text() != "hello"


def test_check_never_replaces_its_input(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    source = addresses("100 Served St")
    ended = call("check", source, "--corrected", source, "--overwrite")
    assert ended.code == 1
    assert "same file" in ended.err


@pytest.mark.parametrize("name", ["long.csv", "out.failed.csv"])
def test_no_output_of_a_job_replaces_a_foreign_file(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("hello")
    files = ("-o", str(tmp_path / "out.csv"), "--long", str(tmp_path / "long.csv"))
    command = ("qualify", addresses("100 Served St"), *files, "--simulate", "--speed", "1000")
    ended = call(*command)
    assert ended.code == 2
    assert name in ended.err
    assert (tmp_path / name).read_text() == "hello"
    assert call(*command, "--overwrite").code == 0


@pytest.mark.parametrize(
    "name", [b"it's.csv", b"caf\xe9 1.csv", b"a\tb\\c'\"$x`.csv", b"\xc3\xa9.csv"]
)
def test_the_command_that_goes_on_can_be_pasted_whatever_the_name(
    monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    monkeypatch.setattr(sys, "argv", ["/bin/hum", "qualify", os.fsdecode(name), "--fresh"])
    pasted = same_command()
    assert pasted.isprintable()
    read = subprocess.run(  # noqa: S603  our own line
        ["bash", "-c", f"printf '%s\\0' {pasted}"],  # noqa: S607  our own line
        capture_output=True,
        check=True,
    )
    assert read.stdout.split(b"\0") == [b"hum", b"qualify", name, b""]


def test_outputs_of_one_stem_share_the_journal_and_have_a_manifest_each(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path
) -> None:
    name = addresses("1 Elm St", "2 Elm St")
    job = ("qualify", name, "--simulate", "--speed", "1000")

    def described(manifest: str) -> str:
        return str(json.loads((tmp_path / manifest).read_text())["files"]["output"]["name"])

    for ending, sessions in (("csv", 2), ("parquet", 0), ("csv", 0), ("parquet", 0)):
        ended = call(*job, "-o", str(tmp_path / f"r.{ending}"))
        assert ended.code == 0, ended.err
        assert f"{sessions} sessions bought" in ended.err
    ended = call("compose", name, "-o", str(tmp_path / "r.tsv"))
    assert ended.code == 0, ended.err
    found = {path.name: described(path.name) for path in tmp_path.glob("*.manifest.json")}
    assert found == {
        "r.manifest.json": "r.csv",
        "r.parquet.manifest.json": "r.parquet",
        "r.tsv.manifest.json": "r.tsv",
    }
    settings = json.loads((tmp_path / "r.tsv.manifest.json").read_text())["settings"]
    assert settings["concurrency"] == 32
    assert call("verify", str(tmp_path / "r.journal.sqlite")).code == 0
    # Without the first one, its manifest is that of the output of this name.
    (tmp_path / "r.csv").unlink()
    assert call(*job, "-o", str(tmp_path / "r.parquet")).code == 0
    assert described("r.manifest.json") == "r.parquet"
