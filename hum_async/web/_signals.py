"""Hears that the process is asked to end, before the server has waited for its open responses.

Servers first wait for open responses and only then run what an application does at its end, so a
stream that waits for that would hold them up for ever. The server's own handler still runs.
"""

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_MOST_LOOKS = 20
"""How often a task of hypercorn is looked for, in a program that may only have imported it."""


class ShutdownNotice:
    """Calls a function on SIGINT and SIGTERM, and then whoever handled them before.

    Args:
        heard: Called from a signal handler: it may do no more than what is safe there.
    """

    def __init__(self, heard: Callable[[], None]) -> None:
        self._heard: Callable[[], None] | None = heard
        self._before: dict[signal.Signals, Any] = {}
        self._looks_left = _MOST_LOOKS

    def install(self) -> None:
        """Listen from now on. Only the main thread may; in another one this does nothing."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            before = signal.getsignal(number)
            # None: set by something that is not Python, and could not be put back.
            if before is not None and before != signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, self._handle)

    def hear_hypercorn(self) -> None:
        """Hear of the shutdown of a hypercorn worker, which gets no signal, once it serves.

        It waits for a task, then for all its connections: from Python 3.12 on for ever
        (``asyncio.Server.wait_closed``). A later hypercorn may name that task otherwise; then our
        streams end when it cancels them.
        """
        if self._looks_left == 0 or "hypercorn" not in sys.modules:
            return
        self._looks_left -= 1
        for task in asyncio.all_tasks():
            if getattr(task.get_coro(), "__qualname__", "") == "raise_shutdown":
                task.add_done_callback(self._hear_task)
                self._looks_left = 0

    def _hear_task(self, _: "asyncio.Task[Any]") -> None:
        if self._heard is not None:
            self._heard()

    def remove(self) -> None:
        """Put back what was there, unless somebody else came after us and relies on us."""
        self._heard = None
        with contextlib.suppress(ValueError):  # not in the main thread
            for number, before in self._before.items():
                if signal.getsignal(number) == self._handle:
                    signal.signal(number, before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._heard is not None:
            self._heard()
        before = self._before.get(signal.Signals(number))
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            # Nobody else cares: end as the process would have ended without us.
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
