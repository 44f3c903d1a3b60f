"""Starts the server and the clients as processes, and ends them whatever happens."""

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from contention.scenario import Scenario

__all__ = ["MissingPeer", "RunningServer", "run_client", "running_server"]

_HERE = Path(__file__).parent.parent
_GRACE = 10.0
"""Seconds after its limit in which a client may end by itself."""


class MissingPeer(Exception):
    """The client cannot be run, because a package is not installed."""


@attrs.frozen
class RunningServer:
    """The server's process, as the benchmark talks to it."""

    origin: str

    def start(self, scenario: Scenario) -> None:
        """Forget the last run and begin another, now."""
        self._ask(f"start?tokens={scenario.tokens}&seed={scenario.seed}", method="POST")

    def report(self) -> dict[str, Any]:
        """Return what the server saw since."""
        return self._ask("report", method="GET")

    def _ask(self, order: str, *, method: str) -> dict[str, Any]:
        url = f"{self.origin}/control/{order}"
        request = urllib.request.Request(url, method=method)  # noqa: S310  our own server
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  as above
            return json.load(answer)


@contextlib.contextmanager
def _process(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a module of ours, out of reach of the terminal's Ctrl-C, and end it at the end."""
    process = subprocess.Popen(  # noqa: S603  our own modules
        [sys.executable, "-m", *arguments],
        cwd=_HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_GRACE)
                process.kill()


@contextlib.contextmanager
def running_server() -> Iterator[RunningServer]:
    """Serve in a process of its own as long as the block lasts."""
    with _process("contention.server") as process:
        port = int(process.stdout.readline())  # type: ignore[union-attr]  it is a pipe
        yield RunningServer(f"http://127.0.0.1:{port}")


def run_client(name: str, scenario: Scenario, server: RunningServer) -> dict[str, Any]:
    """Give one run to one client; return what client and server tell of it.

    Raises:
        MissingPeer: A package of the client is not installed.
    """
    arguments = (server.origin, scenario.tokens, scenario.interval, scenario.limit)
    with _process("contention.child", name, *map(str, arguments)) as child:
        ready = json.loads(child.stdout.readline() or "{}")  # type: ignore[union-attr]  a pipe
        if "missing" in ready:
            raise MissingPeer(ready["missing"])
        server.start(scenario)
        told = ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            told, _ = child.communicate("go\n", timeout=scenario.limit + _GRACE)
    seen = server.report()
    lost = {"the client told nothing": scenario.tokens - seen["done"]}
    return {**seen, **(json.loads(told.splitlines()[-1]) if told else {"failures": lost})}
