"""Notices that the process is asked to end, before the server waits for its open responses.

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

_MAX_LOOKS = 20
"""How often a task of hypercorn is looked for, in a program that may only have imported it."""


class ShutdownNotice:
    """Calls a function on SIGINT and SIGTERM, and then the handler that was there before.

    Args:
        on_signal: Called from a signal handler; may only do what is safe there.
    """

    def __init__(self, on_signal: Callable[[], None]) -> None:
        self._on_signal: Callable[[], None] | None = on_signal
        self._before: dict[signal.Signals, Any] = {}
        self._looks_left = _MAX_LOOKS

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

    def watch_hypercorn(self) -> None:
        """Watch for the shutdown of a hypercorn worker, which gets no signal, once it serves.

        It waits for a task, then for all its connections: from Python 3.12 on for ever
        (``asyncio.Server.wait_closed``). A later hypercorn may name that task otherwise; then our
        streams end when it cancels them.
        """
        if self._looks_left == 0 or "hypercorn" not in sys.modules:
            return
        self._looks_left -= 1
        for task in asyncio.all_tasks():
            if getattr(task.get_coro(), "__qualname__", "") == "raise_shutdown":
                task.add_done_callback(self._on_shutdown_task)
                self._looks_left = 0

    def _on_shutdown_task(self, _: "asyncio.Task[Any]") -> None:
        if self._on_signal is not None:
            self._on_signal()

    def remove(self) -> None:
        """Restore the earlier handlers, unless another one was installed after ours."""
        self._on_signal = None
        with contextlib.suppress(ValueError):  # not in the main thread
            for number, before in self._before.items():
                if signal.getsignal(number) == self._handle:
                    signal.signal(number, before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._on_signal is not None:
            self._on_signal()
        before = self._before.get(signal.Signals(number))
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            # The default action: the process ends as it would have without us.
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
