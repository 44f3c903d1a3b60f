"""The command line that was typed, to be shown again with other options, ready to paste."""

import os
import shlex
import string
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

_PLAIN = frozenset(string.ascii_letters + string.digits + " /._-+=:,@%")
_ONCE = {"--fresh"}
"""Options that are not for the next run. What --yes said of columns holds for it, too."""


def same_command() -> str:
    """Return the command line that does the same again, without what is done once."""
    program, arguments = _typed()
    return _joined(program, [word for word in arguments if word not in _ONCE])


def command_with(
    *, mapping: Mapping[str, str], ignored: Collection[str] = (), yes: bool = False
) -> str:
    """Return the command line with these columns in place of those that it names.

    Args:
        mapping: What `--map` says, by field.
        ignored: Further names for `--ignore-column`.
        yes: Go on as guessed.
    """
    program, arguments = _typed()
    command, kept = arguments[:1], _without_map(arguments[1:], mapping.keys())
    options = [word for field, name in mapping.items() for word in ("--map", f"{field}={name}")]
    for name in ignored:
        # What begins with a hyphen would be taken for an option.
        option = "--ignore-column"
        options += [f"{option}={name}"] if name.startswith("-") else [option, name]
    if yes and not {"--yes", "-y"} & {*kept}:
        options.append("--yes")
    return _joined(program, [*command, *options, *kept])


def other_command(*words: str) -> str:
    """Return the command line of another command of the same program."""
    return _joined(_typed()[0], words)


def _without_map(arguments: Sequence[str], fields: Collection[str]) -> list[str]:
    """Return the arguments without the mappings of these fields."""
    kept = []
    words = iter(arguments)
    for word in words:
        if word == "--map":
            value = next(words, "")
            if value.partition("=")[0].strip() not in fields:
                kept += [word, value]
        elif not (word.startswith("--map=") and word.split("=", 2)[1].strip() in fields):
            kept.append(word)
    return kept


def _typed() -> tuple[list[str], list[str]]:
    program, *arguments = sys.argv
    name = Path(program).name
    # `python -m hum_async` runs a file of this name.
    return (["python", "-m", "hum_async"] if name == "__main__.py" else [name]), arguments


def _joined(program: Sequence[str], arguments: Sequence[str]) -> str:
    return " ".join(map(_quoted, [*program, *arguments]))


def _quoted(word: str) -> str:
    """Return a word for a shell, with octal digits for what cannot be shown."""
    if word.isprintable():
        return shlex.quote(word)
    plain = (chr(byte) if chr(byte) in _PLAIN else f"\\{byte:03o}" for byte in os.fsencode(word))
    return f"$'{''.join(plain)}'"
