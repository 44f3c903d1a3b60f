"""The command line: in a child process where exit codes and streams count, else in this one.

In this process it runs on virtual time, so that polling costs nothing.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from hum_async.cli._app import make_app
from hum_async.simulator import Simulator
from hum_async.testing import VirtualTimeLoop

ROOT = Path(__file__).parent.parent.parent
HEADER = "id,street,zip\n"


@attrs.frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class VirtualPolicy(asyncio.DefaultEventLoopPolicy):
    """What `asyncio.Runner` asks for a loop."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = VirtualTimeLoop()
        # The simulator of a command is asked over sockets, to which the kernel delivers.
        loop.grace = 0.0001
        return loop


def run_here(*arguments: str) -> int:
    """Run a command in this process on virtual time; return its exit code."""
    before = asyncio.get_event_loop_policy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        asyncio.set_event_loop_policy(VirtualPolicy())
    try:
        with pytest.MonkeyPatch.context() as patch:
            # Other tests import it, and its mere presence doubles the work of the parser.
            patch.delitem(sys.modules, "pydantic", raising=False)
            return int(make_app()(list(arguments)) or 0)
    except SystemExit as exc:
        return int(exc.code or 0)
    finally:
        asyncio.set_event_loop_policy(before)


def fix_screen(patch: pytest.MonkeyPatch) -> None:
    """Fix what a terminal would say of itself."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "LINES", "PYTHONASYNCIODEBUG"):
        patch.delenv(name, raising=False)
    patch.setenv("COLUMNS", "80")
    patch.setenv("TERM", "xterm-256color")


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_screen(monkeypatch)


@pytest.fixture(scope="module")
def left_by(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return the folder of a job that runs once for all tests of a module, which change nothing.

    `left_by("100 Served St", output="out.csv")` leaves in.csv, the output and its journal.
    """

    @functools.cache
    def left_by(*streets: str, output: str) -> Path:
        folder = tmp_path_factory.mktemp("job")
        write_addresses(folder / "in.csv", streets)
        names = (str(folder / "in.csv"), "-q", "-o", str(folder / output))
        with pytest.MonkeyPatch.context() as patch:
            fix_screen(patch)
            patch.setenv("XDG_CONFIG_HOME", os.devnull)
            assert run_here("qualify", *names, "--simulate", "--speed", "1000") == 0
        return folder

    return left_by


def write_addresses(path: Path, streets: tuple[str, ...]) -> None:
    lines = (f"{number},{street},00501\n" for number, street in enumerate(streets, 1))
    path.write_text(HEADER + "".join(lines))


@pytest.fixture
def call(screen: None, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:  # noqa: ARG001
    """Run a command in this process on virtual time: `call("lookup", "...", "--simulate")`."""

    def call(*arguments: str) -> Ended:
        code = run_here(*arguments)
        found = capsys.readouterr()
        return Ended(code, found.out, found.err)

    capsys.readouterr()
    return call


# The last one lets coverage look into children, where it is measured.
KEPT = ("PATH", "HOME", "LANG", "XDG_CONFIG_HOME", "COVERAGE_PROCESS_CONFIG")


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return (
        kept
        | {"COLUMNS": "80", "TERM": "xterm-256color", "PYTHONWARNINGS": "error::ResourceWarning"}
        | more
    )


class Child:
    """A `python -m hum_async` that runs beside the test."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    async def end(self, text: str | None = None) -> Ended:
        """Wait for its end, with this on standard input."""
        sent = None if text is None else text.encode()
        out, err = await self.process.communicate(sent)
        assert self.process.returncode is not None
        return Ended(self.process.returncode, (out or b"").decode(), (err or b"").decode())


StartChild = Callable[..., Any]


@pytest.fixture
async def start() -> AsyncIterator[StartChild]:
    """Start a command as a child: `child = await start("ping", key="k")`."""
    children: list[asyncio.subprocess.Process] = []

    async def start(
        *arguments: str,
        key: str | None = "any-key",
        env: dict[str, str] | None = None,
        program: tuple[str, ...] = ("-m", "hum_async"),
        **streams: Any,
    ) -> Child:
        known = {} if key is None else {"HUM_API_KEY": key}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *program,
            *arguments,
            # No time goes into finding out how fast the simulator may be asked.
            *(
                ("--rate", "1000")
                if "--base-url" in arguments and "--rate" not in arguments
                else ()
            ),
            env=environment(**known, **(env or {})),
            cwd=ROOT,
            **{
                "stdin": subprocess.PIPE,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                **streams,
            },
        )
        children.append(process)
        return Child(process)

    yield start
    for process in children:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
async def quick() -> AsyncIterator[Simulator]:
    """Run a simulator whose POST carries the answer within milliseconds."""
    async with Simulator(generation="immediate", speed=1000) as simulator:
        yield simulator


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait for a condition: `await until(lambda: ...)`; the time limit is the test's own."""

    async def until(condition: Callable[[], object]) -> None:
        while not condition():  # noqa: ASYNC110  another process makes it true
            await asyncio.sleep(0.01)

    return until


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], list[str]]:
    """List the files that are in the test's folder, hidden ones too."""
    return lambda: sorted(path.name for path in tmp_path.iterdir())


@pytest.fixture
def addresses(tmp_path: Path) -> Callable[..., str]:
    """Write a file of streets: `addresses("100 Served St", ...)` returns its path."""

    def addresses(*streets: str) -> str:
        path = tmp_path / "in.csv"
        write_addresses(path, streets)
        return str(path)

    return addresses
