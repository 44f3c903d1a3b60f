"""What `hum` says of itself. After a change: HUM_UPDATE_GOLDEN=1 python -m pytest tests/cli."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
COMMANDS = [
    "",
    "check",
    "qualify",
    "status",
    "verify",
    "lookup",
    "watch",
    "ping",
    "simulate",
    "demo",
]
# Read before the fixtures clear what begins with HUM_.
UPDATE = bool(os.environ.get("HUM_UPDATE_GOLDEN"))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_as_it_was(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    ended = call(*([command] if command else []), "--help")
    text = "".join(f"{line.rstrip()}\n" for line in ended.out.splitlines())
    golden = GOLDEN / f"{command or 'hum'}.txt"
    if UPDATE:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert ended.code == 0
    assert ended.err == ""
    assert text == golden.read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_version_is_told(call: Callable[..., Any]) -> None:
    ended = call("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"hum {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [("bogus",), ("qualify",), ("qualify", "a.csv", "--bogus"), ("ping", "extra"), ("--bogus",)],
)
def test_a_usage_error_is_2_and_goes_to_standard_error(
    call: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    ended = call(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err


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
    assert "pip install 'hum-async[cli]'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_library_itself_needs_no_extra() -> None:
    ended = run(
        "import sys; sys.modules['cyclopts'] = sys.modules['rich'] = None\n"
        "import hum_async, hum_async.bulk, hum_async.simulator"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
