"""How a command ends: exit codes, signals, and what is then in the output."""

from __future__ import annotations

import asyncio
import csv
import fcntl
import os
import struct
import termios
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

    from hum_async.simulator import Simulator


def rows_of(path: Path) -> list[dict[str, str | None]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


async def until_said(child: Any, words: str) -> None:
    """Read a child's messages until it says this."""
    while words.encode() not in await child.process.stderr.readline():
        pass


def unread(pipe: int) -> int:
    """Return how many bytes of a pipe nobody has read yet."""
    return int(struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0])


STREETS = ("100 Served St", "100 Never Done Dr", "101 Served St", "102 Served St")
LEFT_BEHIND = ["in.csv", "out.csv", "out.journal.sqlite"]


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("interrupt", 130),
        pytest.param("terminate", 143, marks=pytest.mark.slow),
        pytest.param("hang_up", 129, marks=pytest.mark.slow),
    ],
)
async def test_a_job_that_is_stopped_finishes_what_is_open_and_goes_on_when_run_again(  # noqa: PLR0913, PLR0917  fixtures
    start: Any,
    quick: Simulator,
    until: Any,
    addresses: Callable[..., str],
    files: Any,
    tmp_path: Path,
    end: str,
    code: int,
) -> None:
    target = tmp_path / "out.csv"
    streets = [f"{number} Served St" for number in range(40)]
    command = ("qualify", addresses(*streets), "-o", str(target), "--base-url", quick.url)
    child = await start(*command, "--rate", "20")
    await until(lambda: len(quick.requests(method="POST", status=201)) >= 3)
    getattr(child, end)()
    ended = await child.end()
    assert ended.code == code
    assert "Traceback" not in ended.err
    assert "Stopping" in ended.err
    assert f"qualify {command[1]} -o {target}" in ended.err
    bought = quick.sessions_bought
    assert 3 <= bought < 40
    assert len(quick.requests(method="DELETE", status=200)) == bought
    rows = rows_of(target)
    assert [row["id"] for row in rows] == [str(number) for number in range(1, bought + 1)]
    assert {row["hum_outcome"] for row in rows} == {"SERVED"}
    ended = await (await start(*command)).end()
    assert ended.code == 0
    assert f"out.journal.sqlite: of its addresses {bought} with a result\n" in ended.err
    assert f"{bought} rows were in the journal already" in ended.err
    # Every file that is left is named.
    assert not [name for name in files() if str(tmp_path / name) not in ended.err]
    assert [row["id"] for row in rows_of(target)] == [str(number) for number in range(1, 41)]
    assert quick.sessions_bought == 40
    assert files() == ["in.csv", "out.csv", "out.journal.sqlite", "out.manifest.json"]


@pytest.mark.slow
async def test_the_second_signal_stops_at_once_and_what_was_open_is_taken_up(  # noqa: PLR0913, PLR0917  fixtures
    start: Any,
    quick: Simulator,
    until: Any,
    addresses: Callable[..., str],
    files: Any,
    tmp_path: Path,
) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    command = ("qualify", addresses(*STREETS), "-o", str(target), "--base-url", quick.url)
    command = (*command, "--overwrite")
    child = await start(*command)
    # A session is closed only when its row is safe.
    await until(lambda: len(quick.requests(method="DELETE", status=200)) == 3)
    child.interrupt()
    await until_said(child, "Stopping")
    child.interrupt()
    ended = await child.end()
    assert ended.code == 130
    assert "Traceback" not in ended.err
    assert target.read_text() == "before"
    assert files() == LEFT_BEHIND
    ended = await (await start(*command)).end()
    # Nobody saw the answer to its POST.
    assert ended.code == 3
    assert "--retry-uncertain" in ended.err
    assert [(row["id"], row["hum_outcome"]) for row in rows_of(target)] == [
        ("1", "SERVED"),
        ("2", "UNCERTAIN"),
        ("3", "SERVED"),
        ("4", "SERVED"),
    ]
    assert quick.sessions_bought == 4


@pytest.mark.slow
async def test_a_job_that_is_stopped_before_its_first_row_leaves_the_output_as_it_was(  # noqa: PLR0913, PLR0917  fixtures
    start: Any,
    quick: Simulator,
    until: Any,
    addresses: Callable[..., str],
    files: Any,
    tmp_path: Path,
) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    job = addresses("100 Never Done Dr")
    options = ("-o", str(target), "--overwrite")
    to_file = await start("qualify", job, *options, "--base-url", quick.url)
    to_pipe = await start("qualify", job, "--base-url", quick.url)
    await until(lambda: len(quick.requests(method="POST")) == 2)
    for number in range(2):
        to_file.terminate()
        to_pipe.interrupt()
        if not number:
            await until_said(to_file, "Stopping")
            await until_said(to_pipe, "Stopping")
    assert (await to_file.end()).code == 143
    ended = await to_pipe.end()
    assert ended.code == 130
    assert len(ended.out.splitlines()) <= 1
    assert "Traceback" not in ended.err
    assert "Exception ignored" not in ended.err
    assert target.read_text() == "before"
    assert files() == LEFT_BEHIND


@pytest.mark.slow
async def test_a_command_that_waits_for_standard_input_can_be_stopped(
    start: Any, quick: Simulator, until: Any
) -> None:
    async def stopped(*arguments: str) -> Ended:
        reading, writing = os.pipe()
        try:
            os.write(writing, b"abc")
            child = await start(*arguments, "--base-url", quick.url, stdin=reading)
            await until(lambda: not unread(reading))
            child.interrupt()
            return await child.end()
        finally:
            os.close(reading)
            os.close(writing)

    ends = await asyncio.gather(
        stopped("qualify", "-"),
        stopped("ping", "--key-file", "-"),
        stopped("watch", "-"),
        return_exceptions=True,
    )
    assert [getattr(ended, "code", ended) for ended in ends] == [130, 130, 130]
    assert not [ended for ended in ends if "Traceback" in ended.err]


async def test_exit_code_0_when_all_rows_are_settled_and_data_goes_to_standard_output_only(
    start: Any, quick: Simulator, addresses: Callable[..., str]
) -> None:
    job = addresses("100 Served St", "100 Not Found Ln")
    ended = await (await start("qualify", job, "--base-url", quick.url)).end()
    assert ended.code == 0
    assert [line.split(",")[0] for line in ended.out.splitlines()] == ["id", "1", "2"]
    assert "2 rows" in ended.err
    assert "SERVED" in ended.err
    assert "\x1b" not in ended.out + ended.err


async def test_exit_code_4_at_once_when_the_key_is_not_accepted(
    start: Any, quick: Simulator, addresses: Callable[..., str], tmp_path: Path
) -> None:
    target = tmp_path / "out.csv"
    job = addresses(*STREETS)
    child = await start("qualify", job, "-o", str(target), "--base-url", quick.url, key="bad-key")
    ended = await child.end()
    assert ended.code == 4
    assert "HUM_API_KEY" in ended.err
    assert "bad-key" not in ended.err
    assert not target.exists()
    assert not quick.requests(method="POST")


async def test_a_reader_that_goes_away_is_no_traceback(
    start: Any, quick: Simulator, until: Any, addresses: Callable[..., str]
) -> None:
    job = addresses(*[f"{number} Served St" for number in range(100)])
    child = await start("qualify", job, "--base-url", quick.url)
    child.process._transport.get_pipe_transport(1).close()  # noqa: SLF001  as `| head` does
    await until(lambda: child.process.returncode is not None)
    ended = await child.end()
    assert ended.code == 141
    assert "error" not in ended.err
    assert "Traceback" not in ended.err
    assert "Exception ignored" not in ended.err


async def test_a_full_disk_is_told_in_a_line(
    start: Any, quick: Simulator, addresses: Callable[..., str]
) -> None:
    with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230  a device
        child = await start(
            "qualify", addresses(*STREETS[:1]), "--base-url", quick.url, stdout=full
        )
        ended = await child.end()
    assert ended.code == 1
    assert "No space left" in ended.err
    assert "Traceback" not in ended.err
    assert "Exception ignored" not in ended.err


async def test_standard_input_and_output_are_a_hyphen(start: Any, quick: Simulator) -> None:
    child = await start("qualify", "-", "-o", "-", "-q", "--base-url", quick.url)
    ended = await child.end("street,zip\n100 Served St,00501\n")
    assert ended.code == 0
    assert ended.out.splitlines()[1].startswith("100 Served St,00501,SERVED,")
    assert ended.err == ""
