"""``hum watch``: polls sessions and shows their agents in a live table."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.measure import Measurement
from rich.table import Table

from hum_async._polling.policies import GuidedPolling
from hum_async._redact import mask_token
from hum_async._wording import counted
from hum_async.cli._api import ApiOptions, open_client, read_key
from hum_async.cli._console import data, escaped
from hum_async.cli._durations import Patience
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import WORK
from hum_async.cli._run import Command, UsageError, run
from hum_async.models import SessionUpdate, UpdateKind
from hum_async.watcher import AsyncSessionWatcher

_DEFAULT_API = ApiOptions()
_ANY_WIDTH = 10_000
_NOTHING_NAMED = "name at least one session token, or - to read them from a pipe"


def watch(
    *tokens: Annotated[str, Parameter(allow_leading_hyphen=True)],
    source: Annotated[Literal["session", "internet"], Parameter(group=WORK)] = "session",
    budget: Annotated[Patience, Parameter(group=WORK)] = 30.0,
    api: ApiOptions = _DEFAULT_API,
) -> int:
    """Follow sessions by their tokens until their agents are done.

    Args:
        tokens: Session tokens; - reads them from standard input, one on a line.
        source: Endpoint to poll: the session, or its internet services.
        budget: How long to poll each session, as 45s or 2m.
        api: How to reach the API.
    """

    def prepare() -> Command:
        _check_arguments(tokens)
        # Where both come from standard input, the key is its first line.
        key = read_key(api)
        return _watch(_tokens(tokens), source=source, budget=budget, api=api, key=key)

    return run(prepare)


async def _watch(
    tokens: list[str],
    *,
    source: Literal["session", "internet"],
    budget: float,
    api: ApiOptions,
    key: str | None,
) -> ExitCode:
    view = SessionsView(tokens)
    async with (
        open_client(api, key=key) as client,
        AsyncSessionWatcher(client, policy=GuidedPolling(budget=budget), source=source) as watcher,
    ):
        with Live(view, console=data) if data.is_terminal else nullcontext() as live:
            async for update in watcher.watch(tokens):
                view.show(update)
                if live is not None:
                    live.update(view)
                else:
                    data.print(escaped(view.line(update)))
    return ExitCode.FAILED_ROWS if view.failed else ExitCode.OK


def _check_arguments(arguments: tuple[str, ...]) -> None:
    for argument in arguments:
        if argument.startswith("-") and argument != "-":
            raise UsageError(f"there is no option {argument}; see hum watch --help")
    if not arguments:
        raise UsageError(_NOTHING_NAMED)


def _tokens(arguments: tuple[str, ...]) -> list[str]:
    tokens: dict[str, None] = {}
    for argument in arguments:
        tokens |= dict.fromkeys(_standard_input() if argument == "-" else [argument])
    if not tokens:
        raise UsageError(_NOTHING_NAMED)
    return list(tokens)


def _standard_input() -> list[str]:
    return [] if sys.stdin is None else sys.stdin.read().split()


class SessionsView:
    """The last update of each token."""

    def __init__(self, tokens: list[str]) -> None:
        self._updates: dict[str, SessionUpdate | None] = dict.fromkeys(tokens)

    @property
    def failed(self) -> bool:
        """Whether a session is not completed."""
        updates = self._updates.values()
        return any(update is None or update.kind != UpdateKind.COMPLETED for update in updates)

    def show(self, update: SessionUpdate) -> None:
        """Take an update as the last one of its token."""
        self._updates[update.token] = update

    def line(self, update: SessionUpdate) -> str:
        """Return an update as one line, for where there is no terminal."""
        agents = update.session.agents if update.session else {}
        states = " ".join(f"{agent}={status}" for agent, status in agents.items())
        error = f" {update.error}" if update.error else ""
        return f"{mask_token(update.token)} {update.kind} {update.elapsed:.1f}s {states}{error}"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._table()
        wide = options.update(width=_ANY_WIDTH)
        if Measurement.get(console, wide, table).maximum <= options.max_width:
            yield table
        else:
            yield from self._lines()

    def _lines(self) -> Iterator[str]:
        """Yield the table as a few lines for each token, for a narrow terminal."""
        for token, update in self._updates.items():
            told = f", {counted(update.polls, 'poll')}, {update.elapsed:.1f} s" if update else ""
            yield f"{escaped(mask_token(token))} {_state(update)}{told}"
            if update and update.session:
                for agent, status in update.session.agents.items():
                    yield f"  {escaped(agent)} {escaped(status)}"

    def _table(self) -> Table:
        agents = self._agents()
        table = Table("session", "state", *map(escaped, agents), "polls", "seconds")
        for token, update in self._updates.items():
            session = update.session if update else None
            states = [escaped(session.agents.get(agent, "")) if session else "" for agent in agents]
            known = (str(update.polls), f"{update.elapsed:.1f}") if update else ("0", "")
            table.add_row(escaped(mask_token(token)), _state(update), *states, *known)
        return table

    def _agents(self) -> list[str]:
        sessions = (update.session for update in self._updates.values() if update)
        named = [agent for session in sessions if session for agent in session.agents]
        return list(dict.fromkeys(["geocoding", "internet", *named]))


def _state(update: SessionUpdate | None) -> str:
    if update is None:
        return "[dim]waiting[/]"
    colours = {UpdateKind.COMPLETED: "green", UpdateKind.CHANGED: "yellow"}
    return f"[{colours.get(update.kind, 'red')}]{update.kind}[/]"
