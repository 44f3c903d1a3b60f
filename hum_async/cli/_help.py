"""How `hum` explains itself: groups of options, the pages of `--help`, and usage errors."""

import inspect
import io
from typing import Any

from cyclopts import CycloptsError, Group, UnusedCliTokensError
from cyclopts.help import HelpEntry, HelpPanel
from rich.console import Console, ConsoleOptions
from rich.text import Text

from hum_async.cli._page_text import entry, wrapped

FILES = Group("Files", sort_key=1)
READING = Group("How the input is read", sort_key=2)
WORK = Group("What is done", sort_key=3)
PURCHASES = Group("Journal and purchases", sort_key=4)
API = Group("API", sort_key=5)
SIMULATED = Group("Simulated API", sort_key=6)

_ANY_WIDTH = 100_000


def shown_default(value: Any) -> str | None:
    """Return what help says of a default; None for those that say nothing, such as off."""
    if value is None or isinstance(value, bool) or value in ((), inspect.Parameter.empty):
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)


def usage_error(error: CycloptsError) -> Text:
    """Return a usage error as one line that says where to look."""
    told = " ".join(str(error).split())
    if isinstance(error, UnusedCliTokensError):
        told = f"too many arguments: {' '.join(error.unused_tokens or ())}"
    command = " ".join(["hum", *(error.command_chain or ())])
    line = Text("hum: error: ", style="bold red")
    line.append(
        f"{told[:1].lower()}{told[1:].rstrip('., ')}; see {command} --help", style="default"
    )
    return line


class HelpPage:
    """Prints the parts of a page: options in a column, their descriptions in another."""

    def render_usage(self, console: Console, _: ConsoleOptions, usage: Any) -> None:
        """Print the usage."""
        console.print(Text(f"Usage: {plain(usage).removeprefix('Usage: ')}\n"))

    def render_description(self, console: Console, _: ConsoleOptions, description: Any) -> None:
        """Print what the command is for."""
        for paragraph in _paragraphs(description):
            console.print(Text(wrapped(paragraph, console.width) + "\n"))

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print a group of options or commands."""
        if not panel.entries:
            return
        console.print(Text(f"{plain(panel.title)}:", style="bold"))
        for item in panel.entries:
            console.print(Text(_entry(item, options.max_width)))
        console.print()


def _entry(item: HelpEntry, width: int) -> str:
    label = "  " + ", ".join(item.display_labels_with_metavar)
    told = [plain(item.description)]
    if item.choices:
        told.append(f"[{' | '.join(item.choices)}]")
    if item.default is not None:
        told.append(f"[default: {item.default}]")
    if item.required:
        told.append("[required]")
    return entry(label, " ".join(filter(None, told)), width)


def _paragraphs(content: Any) -> list[str]:
    return [" ".join(part.split()) for part in full_text(content).split("\n\n") if part.strip()]


def plain(content: Any) -> str:
    """Return what a part of help says, on one line."""
    return " ".join(full_text(content).split())


def full_text(content: Any) -> str:
    """Return what a part of help says, whatever it is drawn with."""
    if content is None or isinstance(content, str):
        return content or ""
    drawn = io.StringIO()
    Console(file=drawn, width=_ANY_WIDTH, no_color=True, highlight=False).print(content)
    return "\n".join(line.rstrip() for line in drawn.getvalue().splitlines())
