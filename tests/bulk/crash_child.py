"""A process that runs jobs in children of its own, as often as it is told to.

It reads JSON lines: what to run. For each it forks, so that a run costs no start of Python, and
answers with the child's process id and then with how the child ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from hum_async._polling.policies import GuidedPolling
from hum_async._purchases.sqlite.journal import Journal
from hum_async.bulk.columns import find_columns
from hum_async.bulk.files.outputs import JobOutputs
from hum_async.bulk.options import JobOptions
from hum_async.bulk.tables import open_table
from hum_async.cli._api import SimulatedApiOptions
from hum_async.cli._input import InputOptions
from hum_async.cli._qualify_command import QualifyCommand, open_events
from hum_async.cli._run import run
from hum_async.models import Outcome


def command_of(order: dict[str, Any]) -> QualifyCommand:
    folder = Path(order["folder"])
    table = open_table(str(folder / "in.csv"))
    columns = find_columns(table.header)
    output = str(folder / "out.csv")
    journal, events = folder / "out.journal.sqlite", folder / "events.jsonl"
    outputs = JobOutputs(table=table, columns=columns, target=output, long=str(folder / "long.csv"))
    return QualifyCommand(
        outputs=outputs,
        own=outputs.check(journal=journal),
        options=JobOptions(
            journal=journal,
            retry=frozenset(Outcome(name) for name in order["retry"]),
            # The simulated agents are as fast; a second of theirs is some milliseconds here.
            policy=GuidedPolling(
                interval=0.05, jitter=0.2, backoff=1.2, max_interval=0.2, budget=10.0
            ),
            **order.get("terms", {}),
        ),
        journal=journal,
        keeps_journal=True,
        shared=False,
        works_only=False,
        pipes=outputs.open_pipes(),
        events=events,
        log=open_events(str(events), contextlib.ExitStack()),
        api=SimulatedApiOptions(base_url=order["url"], rate=order["rate"]),
        key="any-key",
        input=InputOptions(),
        quiet=True,
    )


def slow_down_commits(seconds: float) -> None:
    """Make every commit of a journal take so much longer."""
    apply = Journal.apply

    def slowly(self: Journal, *args: Any, **kwargs: Any) -> None:
        time.sleep(seconds / 2)
        apply(self, *args, **kwargs)
        time.sleep(seconds / 2)

    Journal.apply = slowly  # type: ignore[method-assign]  # a slow disk cannot be had otherwise


def die_at(name: str, *, named: bool) -> None:
    """Be killed when a file gets its name: after that, or right before."""
    replace = Path.replace

    def die(self: Path, target: Path) -> Path:
        dies = Path(target).name == name
        if named or not dies:
            replace(self, target)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return Path(target)

    Path.replace = die  # type: ignore[method-assign]  # nothing else hits exactly this moment


def child(order: dict[str, Any]) -> int:
    if name := order.get("die_at"):
        die_at(name, named=order["named"])
    if order["commit_delay"]:
        slow_down_commits(order["commit_delay"])
    return int(run(lambda: command_of(order).run()))


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            code = 99
            try:
                code = child(order)
            except BaseException:  # noqa: BLE001  whatever it is, it must be seen
                traceback.print_exc()
            finally:
                os._exit(code)
        print(json.dumps({"pid": pid}), flush=True)  # noqa: T201  it is how we answer
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"ended": status}), flush=True)  # noqa: T201  as above


if __name__ == "__main__":
    main()
