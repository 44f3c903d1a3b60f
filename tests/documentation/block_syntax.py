"""Checks a block of each language without running it."""

import ast
import configparser
import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from block_shell import commands, hum_arguments, parse_hum, script_of

TYPES = Path(__file__).parents[2] / "docs" / "events.d.ts"
_OPENED = {")": "(", "]": "[", "}": "{"}
_MERMAID = {"flowchart", "sequenceDiagram", "stateDiagram-v2", "classDiagram", "gantt", "erDiagram"}
_DOCKER = re.compile(
    "ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|RUN|SHELL|STOPSIGNAL|USER"
    "|VOLUME|WORKDIR"
)


def check(language: str, text: str) -> None:
    """Check a block.

    Raises:
        KeyError: Nothing checks this language. Add it to `_CHECKS`, or take another.
        Exception: It is not written in that language, or names what does not exist.
    """
    _CHECKS[language](text)


def _python(text: str) -> None:
    compile(text, "block", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def _prompts(text: str) -> None:
    assert ">>> " in text


def _shell(language: str) -> Callable[[str], None]:
    def check_script(text: str) -> None:
        script = script_of(language, text)
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)  # noqa: S607  the one on the path
        found = list(commands(script))
        assert found
        for command in found:
            if (arguments := hum_arguments(command)) is not None:
                parse_hum(arguments)

    return check_script


def _json(text: str) -> None:
    for each in _commands_within(json.loads(text)):
        parse_hum(each)


def _commands_within(value: Any) -> list[list[str]]:
    """Return the arguments of each `hum` that JSON or YAML tells somebody to start."""
    if isinstance(value, list):
        return [found for each in value for found in _commands_within(each)]
    if not isinstance(value, dict):
        return []
    found = _commands_within(list(value.values()))
    command, arguments = value.get("command"), value.get("args", [])
    words = [*command, *arguments] if isinstance(command, list) else [command, *arguments]
    if words[0] == "hum":
        found.append([str(word) for word in words[1:]])
    return found


def _yaml(text: str) -> None:
    for document in yaml.safe_load_all(text):
        for each in _commands_within(document):
            parse_hum(each)


def _ini(text: str) -> None:
    """Check a unit of systemd, whose keys may be repeated."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    for section in parser.sections():
        for name, value in parser[section].items():
            if name.startswith("Exec"):
                _shell("sh")(value.replace("%", "") + "\n")


def _docker(text: str) -> None:
    for line in re.sub(r"\\\n", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        assert _DOCKER.fullmatch(word), line
        if word in {"CMD", "ENTRYPOINT"} and rest.startswith("["):
            program, *arguments = json.loads(rest)
            if program == "hum" and arguments:
                parse_hum(arguments)


def _typescript(text: str) -> None:
    """Check that it takes from the types what is there, and that brackets close."""
    _brackets(text)
    for names in re.findall(r'^import type \{([^}]+)\} from "\./events"', text, re.MULTILINE):
        for name in names.split(","):
            assert re.search(
                rf"^export \w+ {name.strip()}\b", TYPES.read_text("utf-8"), re.MULTILINE
            )


def _mermaid(text: str) -> None:
    assert text.split(maxsplit=1)[0] in _MERMAID, text.split(maxsplit=1)[0]
    _brackets(re.sub(r'"[^"\n]*"|--+[)x>]|-\)', "", text))


def _brackets(text: str) -> None:
    opened: list[str] = []
    for character in re.sub(r'"[^"\n]*"|=>', "", text):
        if character in _OPENED.values():
            opened.append(character)
        elif character in _OPENED:
            assert opened.pop() == _OPENED[character]
    assert not opened


_CHECKS: dict[str, Callable[[str], None]] = {
    "console": _shell("console"),
    "dockerfile": _docker,
    "ini": _ini,
    "js": _brackets,
    "json": _json,
    "mermaid": _mermaid,
    "nginx": _brackets,
    "pycon": _prompts,
    "python": _python,
    "sh": _shell("sh"),
    "sql": _brackets,
    "toml": lambda text: tomllib.loads(text) and None,
    "ts": _typescript,
    "yaml": _yaml,
}
LANGUAGES = frozenset(_CHECKS)
"""The languages that a block may be written in."""
