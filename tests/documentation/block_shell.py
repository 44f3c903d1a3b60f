"""Reads blocks of shell: which commands stand in them, and whether `hum` would take its options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from hum_async.cli._app import make_app

_APP = make_app()
_PROMPT = re.compile(r"^\$ ((?:.*\\\n)*.*)", re.MULTILINE)
_BETWEEN = {"&&", "||", "|", ";", "&", "\n", "(", ")"}
_ASSIGNMENT = re.compile(r"^\w+=")
_REDIRECTION = re.compile(r"^[<>]+&?$")


def script_of(language: str, text: str) -> str:
    """Return what a reader types: a script, or what stands behind the prompts of a console."""
    if language == "sh":
        return text
    return "\n".join(_PROMPT.findall(text)) + "\n"


def commands(script: str) -> Iterator[list[str]]:
    """Yield the words of each simple command, without variables and redirections."""
    for line in re.sub(r"\\\n", " ", script).splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        words.commenters = "#"
        command: list[str] = []
        skipped = False
        for word in [*words, "\n"]:
            if word in _BETWEEN:
                if command:
                    yield command
                command = []
            elif skipped or _REDIRECTION.match(word):
                skipped = not skipped
                if skipped and command and command[-1].isdigit():
                    command.pop()
            elif command or not _ASSIGNMENT.match(word):
                command.append(word)


def hum_arguments(command: list[str]) -> list[str] | None:
    """Return the arguments of `hum`, or None if the command runs something else."""
    program, *arguments = command
    if PurePosixPath(program).name == "hum":
        return arguments
    if re.match(r"python[\d.]*$", PurePosixPath(program).name) and arguments[:1] == ["-m"]:
        return arguments[2:] if arguments[1] == "hum_async" else None
    # `watch hum status`, `nohup hum qualify` and the like.
    if program in {"exec", "nohup", "sudo", "time", "watch"} and "hum" in arguments:
        return arguments[arguments.index("hum") + 1 :]
    return None


def parse_hum(arguments: list[str]) -> None:
    """Parse the arguments as `hum` does, without running it.

    Raises:
        cyclopts.CycloptsError: There is no such command or option, or a value is none.
    """
    _APP.parse_args(arguments, exit_on_error=False, print_error=False)
