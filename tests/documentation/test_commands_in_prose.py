"""Commands and options that the pages name between backticks exist."""

from __future__ import annotations

import re

import pytest
from block_shell import commands, hum_arguments, parse_hum
from cyclopts import MissingArgumentError
from documented_blocks import PAGES, ROOT

from hum_async.cli._app import make_app
from hum_async.cli._front_page import COMMANDS

FENCED = re.compile(r"^ *(`{3,}).*?^ *\1 *$", re.DOTALL | re.MULTILINE)
# What was true of an earlier version may be said there.
PROSE = [page for page in PAGES if page.name != "CHANGELOG.md"]
OTHERS = {"--workers", "--workers-kill-timeout"}
"""Options of web servers, which docs/web.md speaks of."""


def named(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", code) for code in re.findall(r"`([^`]+)`", FENCED.sub("", text))]


def options() -> set[str]:
    """Return every option of every command."""
    found = {"--help", "--version"}
    for command in [*COMMANDS, "config show", "journal copy"]:
        app = make_app()
        for word in command.split():
            app = app[word]
        for argument in app.assemble_argument_collection(parse_docstring=False):
            found |= set(argument.names)
    return found


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_command_that_is_named_can_be_typed(page: object) -> None:
    for code in named(page.read_text("utf-8")):  # type: ignore[attr-defined]
        if not re.match(r"hum [a-z]", code):
            continue
        # "[...]" is what may be left out, "..." what is not said.
        for command in commands(re.sub(r"\[(?=-)|(?<=\w)\]|\.\.\.", "", code)):
            arguments = hum_arguments(command)
            if arguments is None:
                continue
            try:
                parse_hum(arguments)
            except MissingArgumentError:
                pass  # it is named, not shown
            except Exception as exc:  # noqa: BLE001  whatever it says
                pytest.fail(f"{code}: {exc}")


def test_each_option_that_is_named_exists() -> None:
    known = options() | OTHERS
    pages = [page for page in PROSE if page.parent.name in {"docs", ROOT.name}]
    for page in pages:
        for code in named(page.read_text("utf-8")):
            if code.startswith("--"):
                for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", code):
                    assert option in known, f"{page.name}: {code}"
