"""``hum watch``: polls sessions and shows their agents in a live table."""

import sys
from contextlib import nullcontext
from typing import Literal

from rich.live import Live
from rich.table import Table

from hum_async._polling.policies import GuidedPolling
from hum_async._redact import mask_token
from hum_async.cli._api import ApiOptions, PathOrDash, Positive, open_client, read_key
from hum_async.cli._console import data, escaped
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._run import UsageError, run
from hum_async.models import SessionUpdate, UpdateKind
from hum_async.watcher import AsyncSessionWatcher

_DEFAULT_API = ApiOptions()


def watch(
    *tokens: PathOrDash,
    source: Literal["session", "internet"] = "session",
    budget: Positive = 30.0,
    api: ApiOptions = _DEFAULT_API,
) -> int:
    """Follow sessions by their tokens until their agents are done.

    Args:
        tokens: Session tokens; - reads them from standard input, one on a line.
        source: Endpoint to poll: the session, or its internet services.
        budget: Seconds of polling per session.
        api: How to reach the API.
    """
    return run(
        lambda: _watch(_tokens(tokens), source=source, budget=budget, api=api, key=read_key(api))
    )


async def _watch(
    tokens: list[str],
    *,
    source: Literal["session", "internet"],
    budget: float,
    api: ApiOptions,
    key: str | None,
) -> ExitCode:
    view = _View(tokens)
    async with (
        open_client(api, key=key) as client,
        AsyncSessionWatcher(client, policy=GuidedPolling(budget=budget), source=source) as watcher,
    ):
        with Live(view.table(), console=data) if data.is_terminal else nullcontext() as live:
            async for update in watcher.watch(tokens):
                view.show(update)
                if live is not None:
                    live.update(view.table())
                else:
                    data.print(escaped(view.line(update)))
    return ExitCode.FAILED_ROWS if view.failed else ExitCode.OK


def _tokens(arguments: tuple[str, ...]) -> list[str]:
    tokens: dict[str, None] = {}
    for argument in arguments:
        tokens |= dict.fromkeys(sys.stdin.read().split() if argument == "-" else [argument])
    if not tokens:
        raise UsageError("name at least one session token, or - to read them from a pipe")
    return list(tokens)


class _View:
    """The last update of each token."""

    def __init__(self, tokens: list[str]) -> None:
        self._updates: dict[str, SessionUpdate | None] = dict.fromkeys(tokens)

    @property
    def failed(self) -> bool:
        updates = self._updates.values()
        return any(update is None or update.kind != UpdateKind.COMPLETED for update in updates)

    def show(self, update: SessionUpdate) -> None:
        self._updates[update.token] = update

    def line(self, update: SessionUpdate) -> str:
        agents = update.session.agents if update.session else {}
        states = " ".join(f"{agent}={status}" for agent, status in agents.items())
        error = f" {update.error}" if update.error else ""
        return f"{mask_token(update.token)} {update.kind} {update.elapsed:.1f}s {states}{error}"

    def table(self) -> Table:
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
