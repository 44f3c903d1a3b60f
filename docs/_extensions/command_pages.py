"""The page of the command `hum`, which is its man page as well: what `--help` says, as Markdown."""

import io
import re
from typing import Any

from cyclopts.help import HelpEntry, HelpPanel
from rich.console import Console, ConsoleOptions

from hum_async.cli._app import EXAMPLES, make_app
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._front_page import ABOUT, COMMANDS, EPILOGUE
from hum_async.cli._help import full_text, plain

ENVIRONMENT = {
    "HUM_API_KEY": "The key of the API.",
    "HUM_BASE_URL": "Where the API is, in place of `--base-url`.",
    "HUM_DATABASE": "PostgreSQL that machines share a job by, in place of `--database`.",
    "HUM_LIMITER": "What processes share the rate limit by, in place of `--limiter`.",
    "HUM_LOG": "Level of the log: debug, info, warning or error.",
}


class _Recorder:
    """Takes down the parts of a page of help, as cyclopts gives them to be printed."""

    def __init__(self) -> None:
        self.usage = ""
        self.description = ""
        self.panels: list[HelpPanel] = []

    def render_usage(self, _: Console, __: ConsoleOptions, usage: Any) -> None:
        self.usage = plain(usage)

    def render_description(self, _: Console, __: ConsoleOptions, description: Any) -> None:
        self.description = full_text(description)

    def __call__(self, _: Console, __: ConsoleOptions, panel: HelpPanel) -> None:
        if panel.entries:
            self.panels.append(panel)


def commands_page() -> str:
    """Return the page: every command with its options, the environment, and the exit codes."""
    parts = [
        "# The command `hum`",
        f"{ABOUT}\n\n`hum COMMAND [OPTIONS]`",
        _exit_codes(),
        "## Environment",
        "\n\n".join(f"`{name}`\n: {told}" for name, told in ENVIRONMENT.items()),
    ]
    for name in [*sorted(COMMANDS), "config show", "journal copy"]:
        parts += _command(name)
    return "\n\n".join(parts) + "\n"


def _exit_codes() -> str:
    told = EPILOGUE.partition("Exit codes: ")[2].rstrip(".")
    found = {
        int(code): words for code, words in re.findall(r"(?:^|, )(\d+) (.*?)(?=, \d+ |$)", told)
    }
    if set(found) != set(ExitCode):
        raise ValueError("the help does not name each exit code")
    lines = "\n\n".join(
        f"`{code}`\n: {words[:1].upper()}{words[1:]}." for code, words in found.items()
    )
    return f"## Exit codes\n\n{lines}"


def _command(name: str) -> list[str]:
    app = make_app()
    recorder = _Recorder()
    app.help_formatter = recorder
    silent = Console(file=io.StringIO(), width=100)
    app.help_print(name.split(), console=silent)
    parts = [
        f"## hum {name}",
        f"`{recorder.usage.removeprefix('Usage: ')}`",
        *(" ".join(part.split()) for part in recorder.description.split("\n\n") if part.strip()),
    ]
    for panel in recorder.panels:
        parts.append(f"### {plain(panel.title)}")
        parts.append("\n\n".join(_definition(item) for item in panel.entries))
    if name in EXAMPLES:
        parts.append(f"### Examples\n\n```sh\n{EXAMPLES[name]}\n```")
    return parts


def _definition(item: HelpEntry) -> str:
    told = plain(item.description)
    if item.choices:
        told += f" One of {', '.join(item.choices)}."
    if item.default is not None:
        told += f" Default: {item.default}."
    if item.required:
        told += " Required."
    label = ", ".join(item.display_labels_with_metavar)
    return f"`{label}`\n: {_escaped(told)}"


def _escaped(text: str) -> str:
    return re.sub(r"([*_<>\[\]\\])", r"\\\1", text)
