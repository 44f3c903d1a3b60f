"""Counts the instructions that a client spends on a request, with Valgrind's callgrind.

Other than times they hardly depend on what else the machine does: the same code gives the same
count to about one in a hundred. What the kernel does is not counted. The child stops before and
after what is measured, and the counter is turned on and off from here.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["available", "counted", "of_process"]

_COLLECTED = re.compile(r"Collected : (\d+)")


def available() -> bool:
    """Whether callgrind and its control are installed (Debian: apt-get install valgrind)."""
    return all(shutil.which(name) for name in ("valgrind", "callgrind_control"))


def of_process(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Return the instructions of a whole process, from its start to its end.

    Args:
        command: Program and arguments.
        env: Its environment.

    Raises:
        RuntimeError: It ended with an error.
    """
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}"]
    ended = subprocess.run(  # noqa: S603  our own
        [*valgrind, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**env, "PYTHONHASHSEED": "0"},
    )
    found = _COLLECTED.search(ended.stderr)
    if ended.returncode or found is None:
        raise RuntimeError(f"the measured process failed:\n{ended.stderr}")
    return int(found[1])


def counted(command: Sequence[str], cwd: Path) -> tuple[int, str]:
    """Run a command that stops with a line before and after what it measures.

    Args:
        command: Program and arguments; it prints a line and reads one, twice.
        cwd: Where it runs.

    Returns:
        The instructions between its two stops, and the last line that it printed.

    Raises:
        RuntimeError: It ended with an error.
    """
    with tempfile.TemporaryDirectory(prefix="hum-bench-") as place:
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no"]
        with subprocess.Popen(  # noqa: S603  our own
            [*valgrind, f"--callgrind-out-file={place}/out", *command],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        ) as child:
            assert child.stdin is not None  # noqa: S101  pipes are open
            assert child.stdout is not None  # noqa: S101
            for switch in ("on", "off"):
                if not child.stdout.readline():
                    break  # the errors below say why
                _control(switch, child.pid)
                with contextlib.suppress(BrokenPipeError):
                    child.stdin.write("\n")
                    child.stdin.flush()
            printed, errors = child.communicate()
    found = _COLLECTED.search(errors)
    if child.returncode or found is None:
        raise RuntimeError(f"the measured process failed:\n{errors}")
    return int(found[1]), printed.strip().splitlines()[-1]


def _control(switch: str, pid: int) -> None:
    command = ["callgrind_control", "-i", switch, str(pid)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own
