"""What `hum` says of itself. After a change: HUM_UPDATE_GOLDEN=1 python -m pytest tests/cli."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import __version__
from hum_async.cli._app import EXAMPLES, make_app
from hum_async.cli._console import pages
from hum_async.cli._durations import seconds_of
from hum_async.cli._front_page import front_page

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
COMMANDS = [
    "",
    "check",
    "qualify",
    "compose",
    "diff",
    "requalify",
    "report",
    "status",
    "verify",
    "forget",
    "lookup",
    "watch",
    "ping",
    "simulate",
    "demo",
    "doctor",
    "mcp",
    "completion",
    "config show",
    "journal copy",
]
# Read before the fixtures clear what begins with HUM_.
UPDATE = bool(os.environ.get("HUM_UPDATE_GOLDEN"))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_as_it_was(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    ended = call(*command.split(), "--help")
    text = "".join(f"{line.rstrip()}\n" for line in ended.out.splitlines())
    golden = GOLDEN / f"{command.replace(' ', '-') or 'hum'}.txt"
    if UPDATE:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert ended.code == 0
    assert ended.err == ""
    assert text == golden.read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_options_are_in_groups_and_say_no_empty_default(call: Callable[..., Any]) -> None:
    text = call("qualify", "--help").out
    groups = ("Files", "How the input is read", "Journal and purchases", "API", "Simulated API")
    places = [text.index(f"\n{group}:\n") for group in groups]
    assert places == sorted(places)
    assert text.index("--map") < text.index("--journal") < text.index("--base-url")
    assert "()" not in text
    assert "False" not in text


@pytest.mark.parametrize("command", EXAMPLES)
def test_each_command_has_examples_that_can_be_typed(command: str) -> None:
    examples = EXAMPLES[command].splitlines()
    assert len(examples) >= 2
    for example in examples:
        hum, *words = shlex.split(re.split("[<>]", example)[0])
        assert hum == "hum"
        called, *_ = make_app().parse_args(words, exit_on_error=False, print_error=False)
        assert called.__name__ == words[0] == command


def test_help_fits_a_narrow_terminal(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "width", 40)
    for command in COMMANDS:
        lines = call(*command.split(), "--help").out.splitlines()
        assert max(map(len, lines)) <= 40


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("30m", 1800), ("24h", 86400), ("7d", 604800), ("1.5H", 5400), ("45", 45)],
)
def test_durations_are_typed_as_people_write_them(written: str, seconds: float) -> None:
    assert seconds_of(written) == seconds
    _, bound, _ = make_app().parse_args(["qualify", "in.csv", "--reuse", written])
    assert bound.arguments["journal"].reuse == seconds


@pytest.mark.parametrize("written", ["24x", "h", "-5m", "1h30m", "", "nan", "1e9", "9" * 30])
def test_what_is_no_duration_is_a_usage_error(call: Callable[..., Any], written: str) -> None:
    ended = call("qualify", "in.csv", f"--reuse={written}")
    assert (ended.code, ended.out) == (2, "")
    assert "24h" in ended.err


def test_the_version_is_told(call: Callable[..., Any]) -> None:
    ended = call("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"hum {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("bogus",),
        ("qualify",),
        ("qualify", "a.csv", "--bogus"),
        ("qualify", "--bogus", "a.csv"),
        ("qualify", "a.csv", "-o"),
        ("qualify", "a.csv", "--format", "x" * 100),
        ("qualify", "a.csv", "--rate", "0"),
        ("qualify", "a.csv", "--reuse", "soon"),
        ("check", "a.csv", "--limit", "[bold]"),
        ("qualify", "a.csv", "--header-row", "0"),
        ("watch", "a-token", "--bogus"),
        ("simulate", "--retry-after", "-1"),
        ("ping", "extra"),
        ("--bogus",),
    ],
)
def test_a_usage_error_is_2_and_goes_to_standard_error(
    call: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    ended = call(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    [line] = ended.err.splitlines()
    assert line.startswith("hum: error: ")
    assert re.search(r"see hum( \w+)? --help$", line)


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a child process."""
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(  # noqa: S603  our own lines
        [sys.executable, "-c", code],
        env=known | env,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent.parent,
    )


def test_help_comes_without_the_network_library() -> None:
    ended = run(
        "import sys; from hum_async.cli._app import make_app; make_app()(['--help'])\n"
        "print('aiohttp' in sys.modules, file=sys.stderr)"
    )
    assert "Commands" in ended.stdout
    assert ended.stderr == "False\n"


@pytest.mark.parametrize("width", [60, 80, 131])
def test_the_front_page_is_that_of_the_application(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(pages, "width", width)
    drawn = call("--help").out
    assert front_page(width) == "".join(f"{line.rstrip()}\n" for line in drawn.splitlines())


FRONT_PAGE = """
import sys; sys.argv = ['hum', {option!r}]
from hum_async.cli import main
code = main()
print({{'cyclopts', 'rich'}} & sys.modules.keys() or 'neither', file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_front_page_comes_without_the_libraries_that_draw_the_others(option: str) -> None:
    ended = run(FRONT_PAGE.format(option=option), COLUMNS="70")
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "neither\n", front_page(70))


@pytest.mark.parametrize("variables", [{"FORCE_COLOR": "1"}, {"COLUMNS": "40"}], ids=str)
def test_in_colour_or_on_a_narrow_terminal_they_draw_it_too(variables: dict[str, str]) -> None:
    assert "rich" in run(FRONT_PAGE.format(option="--help"), **variables).stderr


def test_without_its_extra_it_says_what_to_install() -> None:
    ended = run(
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in {'cyclopts', 'rich'}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Hidden())\n"
        "sys.argv = ['hum', 'ping']\n"
        "from hum_async.cli import main\n"
        "sys.exit(main())\n"
    )
    assert ended.returncode == 1
    assert ended.stderr == "hum needs: pip install cyclopts platformdirs rich\n"
    assert "Traceback" not in ended.stderr


def test_the_library_itself_needs_no_extra() -> None:
    ended = run(
        "import sys; sys.modules['cyclopts'] = sys.modules['rich'] = None\n"
        "import hum_async, hum_async.bulk, hum_async.simulator"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
