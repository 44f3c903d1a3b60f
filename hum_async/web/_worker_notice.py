"""Says once that a hub is one of several workers that share nothing."""

import itertools
import logging
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

logger = logging.getLogger("hum_async.web")

NOTICE = (
    "several workers run, and each knows only its own look-ups: an address may be bought once by "
    "each of them, and a browser must find the worker of its look-up; run one worker "
    "(--workers 1), which is enough for thousands of browsers, or give all of them a ledger in "
    'PostgreSQL: HumClient(purchases="postgresql://...")'
)

LEDGER_NOTICE = (
    "several workers are started, and one process at a time can use a ledger in a file: the others "
    "will not start; run one worker (--workers 1), which is enough for thousands of browsers, or "
    'keep the ledger in PostgreSQL: HumClient(purchases="postgresql://...")'
)

_SERVERS = {"uvicorn", "gunicorn", "hypercorn", "granian", "fastapi", "litestar"}
_COUNT_OPTIONS = ("--workers", "-w", "--web-concurrency", "-W")
_COUNT_VARIABLES = ("UVICORN_WORKERS", "GRANIAN_WORKERS", "WEB_CONCURRENCY")


class WorkerNotice:
    """Logs the notice, at most once."""

    def __init__(self) -> None:
        self._given = False

    def at_start(self, *, ledger: bool) -> None:
        """Give notice if this process is seen to be one of several workers.

        Args:
            ledger: Whether its client has a ledger.
        """
        count = configured_workers(sys.argv, os.environ)
        if count is None and _is_child_of_server(os.environ):
            count = 1 + living_siblings()
        if count is not None and count > 1:
            self.give(LEDGER_NOTICE if ledger else NOTICE)

    def give(self, notice: str = NOTICE) -> None:
        """Give notice: another worker was seen."""
        if not self._given:
            self._given = True
            logger.warning(notice)


def configured_workers(argv: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """Return the number of workers that a server was told to run; None if nothing says it.

    Args:
        argv: The command line. The processes that a server starts have that of the server.
        environ: The environment.
    """
    own = list(argv) if _SERVERS & set(re.split(r"[/\\.]", argv[0] if argv else "")) else []
    for words in (own, environ.get("GUNICORN_CMD_ARGS", "").split()):
        for word, following in itertools.pairwise([*words, ""]):
            for option in _COUNT_OPTIONS:
                value = following if word == option else word.removeprefix(option).lstrip("=")
                if word.startswith(option) and value.isdecimal():
                    return int(value)
    for name in _COUNT_VARIABLES:
        if (value := environ.get(name, "").strip()).isdecimal():
            return int(value)
    return None


def _is_child_of_server(environ: Mapping[str, str]) -> bool:
    gunicorn = environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
    # Whoever was started by `multiprocessing` has imported it; the others need not.
    module = sys.modules.get("multiprocessing")
    return gunicorn or (module is not None and module.parent_process() is not None)


def living_siblings() -> int:
    """Return how many processes live that this one's parent started with the same command line.

    0 where the system does not tell.
    """
    parent, own = os.getppid(), _command(os.getpid())
    if own is None:
        return 0
    try:
        children = [
            int(pid)
            for tasks in Path(f"/proc/{parent}/task").glob("*/children")
            for pid in tasks.read_text(encoding="ascii").split()
        ]
    except OSError:
        return 0
    return sum(pid != os.getpid() and _command(pid) == own for pid in children)


def _command(pid: int) -> bytes | None:
    """Return a process's command line but for numbers, which name its pipes."""
    try:
        return re.sub(rb"\d+", b"", Path(f"/proc/{pid}/cmdline").read_bytes()) or None
    except OSError:
        return None
