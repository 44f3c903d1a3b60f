"""What a person sees: a command on a pseudo-terminal."""

from __future__ import annotations

import asyncio
import os
import re
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Terminal:
    """A pseudo-terminal and all that was written to it."""

    def __init__(self, *, columns: int = 80) -> None:
        self.master, self.slave = os.openpty()
        termios.tcsetwinsize(self.slave, (24, columns))
        os.set_blocking(self.master, False)
        self._shown = b""
        asyncio.get_running_loop().add_reader(self.master, self._read)

    @property
    def shown(self) -> str:
        return self._shown.decode(errors="replace")

    def _read(self) -> None:
        try:
            self._shown += os.read(self.master, 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            asyncio.get_running_loop().remove_reader(self.master)

    def close(self) -> None:
        self._read()
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)
        os.close(self.slave)


@contextmanager
def terminal(*, columns: int = 80) -> Iterator[Terminal]:
    found = Terminal(columns=columns)
    try:
        yield found
    finally:
        found.close()


# Moving the cursor or clearing: what makes a bar a bar. Colours end in "m".
MOVES = re.compile(r"\x1b\[[\d;?]*[A-Zhl]")
STYLES = re.compile(r"\x1b\[[\d;]*m")
# Bold and dim are no colours (https://no-color.org); 30 to 107 are.
COLOURS = re.compile(r"\x1b\[(?:\d;)*(?:[349]\d|10[0-7])[\d;]*m")
UNSIZED = {"COLUMNS": ""}


async def test_a_bar_shows_on_the_terminal_and_nothing_of_it_goes_to_standard_output(
    start: Any, quick: Simulator, until: Any, addresses: Callable[..., str]
) -> None:
    job = addresses("100 Served St", "101 Served St", "100 Never Done Dr")
    with terminal() as screen:
        child = await start("qualify", job, "--base-url", quick.url, stderr=screen.slave)
        await until(lambda: "2 of 3" in screen.shown)
        assert "2 served" in STYLES.sub("", screen.shown)
        child.interrupt()
        await until(lambda: "Stopping" in screen.shown)
        child.interrupt()
        ended = await child.end()
        await until(lambda: "sessions bought" in screen.shown)
        assert ended.code == 130
        assert "\x1b" not in ended.out
        assert [line.split(",")[0] for line in ended.out.splitlines()] == ["id", "1", "2"]
        assert MOVES.search(screen.shown)
        # The cursor is shown again.
        assert screen.shown.rindex("\x1b[?25h") > screen.shown.rindex("\x1b[?25l")


@pytest.mark.parametrize(
    ("env", "colours"), [({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({}, True)]
)
@pytest.mark.slow
async def test_no_color_and_dumb_terminals_are_respected(  # noqa: PLR0913, PLR0917  fixtures
    start: Any,
    quick: Simulator,
    until: Any,
    addresses: Callable[..., str],
    env: dict[str, str],
    colours: bool,  # noqa: FBT001  a column of the table above
) -> None:
    with terminal() as screen:
        job = addresses("100 Served St", "100 Invalid Way")
        args = ("qualify", job, "--base-url", quick.url)
        child = await start(*args, env=env, stderr=screen.slave)
        ended = await child.end()
        await until(lambda: "session bought" in screen.shown)
        assert ended.code == 3
        assert bool(COLOURS.search(screen.shown)) == colours
        if env.get("TERM") == "dumb":
            assert "\x1b" not in screen.shown


async def test_rows_on_the_same_terminal_as_the_bar_are_whole_lines(
    start: Any, quick: Simulator, until: Any, addresses: Callable[..., str]
) -> None:
    job = addresses(*[f"{number} Served St" for number in range(1, 20)])
    with terminal(columns=400) as screen:
        streams = {"stdout": screen.slave, "stderr": screen.slave}
        args = ("qualify", job, "-o", "-", "--base-url", quick.url)
        child = await start(*args, env=UNSIZED, **streams)
        assert (await child.end()).code == 0
        await until(lambda: "sessions bought" in screen.shown)
        text = MOVES.sub("", STYLES.sub("", screen.shown))
        rows = [line for line in re.split(r"[\r\n]+", text) if ",SERVED," in line]
        assert [row.split(",")[0] for row in rows] == [str(number) for number in range(1, 20)]


@pytest.mark.slow
async def test_without_an_output_a_terminal_is_left_a_file_and_its_journal(
    start: Any,
    quick: Simulator,
    until: Any,
    addresses: Callable[..., str],
    files: Callable[[], list[str]],
) -> None:
    job = addresses("100 Served St")
    for _ in range(2):
        with terminal(columns=400) as screen:
            streams = {"stdout": screen.slave, "stderr": screen.slave}
            args = ("qualify", job, "--base-url", quick.url)
            child = await start(*args, env=UNSIZED, **streams)
            assert (await child.end()).code == 0
            await until(lambda: "in.results.csv" in screen.shown)
            assert ",SERVED," not in screen.shown
    beside = ["in.results.csv", "in.results.journal.sqlite", "in.results.manifest.json"]
    assert files() == ["in.csv", *beside]
    assert quick.sessions_bought == 1


@pytest.mark.parametrize("columns", [40, pytest.param(72, marks=pytest.mark.slow)])
async def test_the_progress_fits_on_two_lines_of_a_narrow_terminal(
    start: Any, quick: Simulator, until: Any, addresses: Callable[..., str], columns: int
) -> None:
    job = addresses("100 Served St", "100 Invalid Way", "100 Not Found Ln", "100 Never Done Dr")
    with terminal(columns=columns) as screen:
        args = ("qualify", job, "--base-url", quick.url)
        child = await start(*args, env=UNSIZED, stderr=screen.slave)
        await until(lambda: len(quick.requests(method="DELETE")) == 2)
        await asyncio.sleep(0.3)
        child.interrupt()
        await until(lambda: "Stopping" in screen.shown)
        child.interrupt()
        await child.end()
        frames = MOVES.sub("\n", STYLES.sub("", screen.shown)).splitlines()
        bars = [frame for frame in frames if " of 4" in frame]
        assert "3 of 4" in bars[-1]
        below = [frame for frame in frames if frame.startswith("  1 invalid, 1 ")]
        assert below
        assert max(len(frame) for frame in (*bars, *below)) <= columns


async def test_watch_shows_a_live_table_of_masked_tokens(start: Any, until: Any) -> None:
    async with Simulator(median=0) as simulator:
        tokens = [simulator.add_session() for _ in range(3)]
        with terminal() as screen:
            args = ("watch", *tokens, "--base-url", simulator.url)
            child = await start(*args, stdout=screen.slave)
            ended = await child.end()
            await until(lambda: screen.shown.count("COMPLETED") >= 3)
            assert (ended.code, ended.err) == (0, "")
            assert not [token for token in tokens if token in screen.shown]
            assert all(token[:4] in screen.shown for token in tokens)
