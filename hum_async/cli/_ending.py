"""Lets signals end a command while it is prepared, which has no event loop."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from hum_async.cli._exit_codes import ExitCode

CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
"""The signals that end a command, and what it exits with."""
if sys.platform != "win32":
    CODES[signal.SIGHUP] = ExitCode.HUNG_UP

_SOON = 0.01
"""Seconds after which a signal that was swallowed is raised again."""


class Ended(BaseException):
    """A signal came while a command was being prepared.

    Like KeyboardInterrupt it is no Exception, which somebody's clean-up might suppress.
    """

    def __init__(self, code: ExitCode) -> None:
        super().__init__(code)
        self.code = code


if sys.platform == "win32":  # pragma: no cover

    def _raise_after(_: float) -> bool:
        """Return False: this system has no alarm."""
        return False
else:

    def _raise_after(seconds: float) -> bool:
        """Let the alarm go off, or take it back with 0; return True."""
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return True


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise `Ended` in the block when a signal comes that ends a command.

    A handler may run while an object is being deleted, where Python swallows whatever is raised;
    then it is raised once more. What is ignored stays so: under nohup a lost terminal must not end
    a job.
    """
    heeded = [number for number in CODES if signal.getsignal(number) != signal.SIG_IGN]
    code: list[ExitCode] = []
    report = sys.unraisablehook

    def end(number: int, _: FrameType | None) -> None:
        code.append(CODES.get(signal.Signals(number), ExitCode.TERMINATED))
        raise Ended(code[0])

    def again(swallowed: Any) -> None:
        if not (issubclass(swallowed.exc_type, Ended) and _raise_after(_SOON)):
            report(swallowed)

    if hasattr(signal, "SIGALRM"):
        heeded.append(signal.SIGALRM)
    usual = {number: signal.signal(number, end) for number in heeded}
    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = report
        _raise_after(0.0)
        for number, handler in usual.items():
            signal.signal(number, handler)
