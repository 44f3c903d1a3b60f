"""``hum doctor``: says what keeps `hum` from working on this machine, and what to do about it."""

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter
from rich.table import Column, Table

from hum_async._diagnosis.findings import Finding, State
from hum_async._diagnosis.journal_place import examine_place
from hum_async._diagnosis.machine import examine_installation
from hum_async._diagnosis.server import examine_server, examine_way
from hum_async._wording import counted
from hum_async.cli._api import SimulatedApiOptions, open_client, read_key
from hum_async.cli._console import data, escaped
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import FILES
from hum_async.cli._json_output import AsJson, print_json
from hum_async.cli._run import Command, run
from hum_async.client import PRODUCTION
from hum_async.errors import ConfigurationError

_DEFAULT_API = SimulatedApiOptions()
_STYLES = {State.OK: "green", State.WARNING: "yellow", State.PROBLEM: "bold red"}
_WIDEST = max(map(len, State))


def doctor(
    *,
    journal: Annotated[
        Path | None,
        Parameter(
            group=FILES, help="Journal, or its folder, whose place is checked; default: here."
        ),
    ] = None,
    json: AsJson = False,
    api: SimulatedApiOptions = _DEFAULT_API,
) -> int:
    """Check key, network, API, clock and disk, and say what to do about each problem.

    Args:
        journal: Journal, or its folder, whose place is checked.
        json: Print one JSON object.
        api: How to reach the API.
    """

    def prepare() -> Command:
        place = journal or Path()
        folder = place if place.is_dir() else place.parent
        findings = [examine_installation(), *examine_place(folder.absolute())]
        return _told(findings, _of_server(api), json=json)

    return run(prepare)


async def _told(
    findings: Sequence[Finding], more: AsyncIterator[Finding], *, json: bool
) -> ExitCode:
    """Print findings as they come; return the exit code."""
    found = []
    async for finding in _all(findings, more):
        found.append(finding)
        if not json:
            _show(finding)
    problems = [finding for finding in found if finding.state is State.PROBLEM]
    if json:
        print_json({"ok": not problems, "findings": [attrs.asdict(each) for each in found]})
    elif problems:
        data.print(f"[bold red]{counted(len(problems), 'problem')}[/]")
    else:
        data.print("[green]Nothing stands in the way.[/]")
    if any(finding.check == "key" for finding in problems):
        return ExitCode.AUTHENTICATION
    return ExitCode.COULD_NOT_RUN if problems else ExitCode.OK


async def _all(first: Sequence[Finding], more: AsyncIterator[Finding]) -> AsyncIterator[Finding]:
    for finding in first:
        yield finding
    async for finding in more:
        yield finding


async def _of_server(api: SimulatedApiOptions) -> AsyncIterator[Finding]:
    check = "key"
    try:
        key = read_key(api)
        check = "settings"
        async with open_client(api, key=key, quiet=True) as client:
            async for finding in examine_server(client):
                yield finding
    except ConfigurationError as exc:
        problem = Finding(check, State.PROBLEM, str(exc))
        yield problem
        if api.simulate:
            return
        # Whoever has no key yet may have a second problem, which a key does not mend.
        url = api.base_url or os.environ.get("HUM_BASE_URL") or PRODUCTION
        async for finding in examine_way(url):
            if finding != problem:
                yield finding


def _show(finding: Finding) -> None:
    table = Table.grid(Column(width=_WIDEST), Column(overflow="fold"), padding=(0, 1))
    state = f"[{_STYLES[finding.state]}]{finding.state}[/]"
    table.add_row(state, f"{finding.check}: {escaped(finding.told)}")
    if finding.advice:
        table.add_row("", escaped(finding.advice))
    data.print(table, soft_wrap=False)
