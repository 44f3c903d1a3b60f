"""Draws the screen of a job: what `hum qualify --simulate` shows on a terminal at one moment.

The command itself runs, on virtual time and against its simulated API, so that the same moment
always shows the same. What is on its screen then becomes an SVG without fonts from elsewhere.

    python tools/job_screen.py
"""

import asyncio
import contextlib
import io
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from rich.console import Console
from rich.text import Text

from hum_async.bulk.report import JobReport
from hum_async.cli import _qualify_command
from hum_async.cli._app import make_app
from hum_async.cli._progress import ProgressScreen
from hum_async.testing import VirtualTimeLoop

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "pictures" / "job.svg"
COMMAND = "hum qualify examples/addresses.csv --simulate -o results.csv"
MOMENT = 18.5
"""Seconds after the first request."""
WIDTH = 80

# Lines that were shown for a while: the cursor is hidden, and they are erased in the end.
_PASSING = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h(?:\r|\x1b\[2K|\x1b\[1A)*", re.DOTALL)
_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")
# As rich draws it, but with the fonts of the machine.
_FONT = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'
_SVG = (
    '<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">\n'
    "<style>\n"
    ".{unique_id}-matrix {{ font-size: {char_height}px; line-height: {line_height}px;"
    f" font-family: {_FONT}; }}}}\n"
    ".{unique_id}-title {{ font-size: 18px; font-family: sans-serif; }}\n"
    "{styles}\n"
    "</style>\n"
    '<defs><clipPath id="{unique_id}-clip-terminal">'
    '<rect width="{terminal_width}" height="{terminal_height}"/></clipPath>\n'
    "{lines}\n"
    "</defs>\n"
    "{chrome}\n"
    '<g transform="translate({terminal_x}, {terminal_y})"'
    ' clip-path="url(#{unique_id}-clip-terminal)">\n'
    '{backgrounds}\n<g class="{unique_id}-matrix">\n{matrix}\n</g>\n</g>\n</svg>\n'
)


class _Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def draw(grace: float = 0.005) -> str:
    """Run the job; return what its terminal shows at `MOMENT`, as an SVG.

    Args:
        grace: Seconds of real time that each moment waits for what sockets bring.
    """
    terminal = _Terminal()
    drawn: list[str] = []
    show = _qualify_command.showing_progress

    def look(before: str, report: JobReport) -> None:
        drawn.append(_drawing(_PASSING.sub("", before), ProgressScreen(report)))

    def showing_progress(report: JobReport, **options: Any) -> Any:
        asyncio.get_running_loop().call_later(MOMENT, look, terminal.getvalue(), report)
        return show(report, **options)

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            loop = VirtualTimeLoop()
            loop.grace = grace
            return loop

    with (
        _a_folder_with_examples(),
        mock.patch.dict(os.environ, COLUMNS=str(WIDTH), TERM="xterm-256color"),
        mock.patch.object(_qualify_command, "showing_progress", showing_progress),
        contextlib.redirect_stdout(terminal),
        contextlib.redirect_stderr(terminal),
        _loops_of(Policy),
    ):
        make_app()(COMMAND.split()[1:])
    return drawn[0]


@contextlib.contextmanager
def _a_folder_with_examples() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "examples").mkdir()
        shutil.copy(ROOT / "examples" / "addresses.csv", Path(folder) / "examples")
        with contextlib.chdir(folder):
            yield


@contextlib.contextmanager
def _loops_of(policy: type[asyncio.DefaultEventLoopPolicy]) -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of policies, from Python 3.14 on
        before = asyncio.get_event_loop_policy()
        asyncio.set_event_loop_policy(policy())
        try:
            yield
        finally:
            asyncio.set_event_loop_policy(before)


def _drawing(before: str, progress: ProgressScreen) -> str:
    console = Console(
        width=WIDTH, record=True, file=io.StringIO(), force_terminal=True,
        color_system="truecolor", get_time=lambda: 0.0,
    )  # fmt: skip
    console.print(Text.assemble(("$ ", "bold green"), (COMMAND, "bold")))
    # The simulated API takes a free port, another one each time.
    console.print(Text.from_ansi(_PORT.sub("8400", before).rstrip("\n")))
    console.print(progress)
    console.print()
    return console.export_svg(title="hum qualify", code_format=_SVG, unique_id="job")


def main() -> None:
    """Draw it."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(draw(), "utf-8")


if __name__ == "__main__":
    main()
