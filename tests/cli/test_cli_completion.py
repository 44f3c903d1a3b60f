"""``hum completion``: what a shell makes of it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMPLETE = """
source {script}
COMP_WORDS=({words} "{prefix}")
COMP_CWORD={at}
_hum
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes(call: Callable[..., Any], tmp_path: Path) -> None:
    script = tmp_path / "hum.bash"
    script.write_text(call("completion", "bash").out, encoding="utf-8")
    for words, prefix, expected in (
        ("hum", "qu", "qualify"),
        ("hum", "do", "doctor"),
        ("hum qualify", "--max-s", "--max-sessions"),
        ("hum config", "s", "show"),
    ):
        line = COMPLETE.format(script=script, words=words, prefix=prefix, at=len(words.split()))
        shell = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)  # noqa: S603, S607
        assert expected in shell.stdout.split()
        assert shell.stderr == ""


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
@pytest.mark.slow
def test_other_shells_have_one_too(call: Callable[..., Any], shell: str) -> None:
    ended = call("completion", shell)
    assert ended.code == 0
    assert "qualify" in ended.out
    assert call("completion", "csh").code != 0
