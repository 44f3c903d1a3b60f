"""How every command runs: exit codes, errors as one line, Ctrl-C and SIGTERM alike."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextvars import ContextVar
from enum import IntEnum
from types import FrameType
from typing import Any

import anyio

from hum_async.bulk.files.columns import MappingError
from hum_async.cli._console import say, shown
from hum_async.errors import AddressError, AuthenticationError, HumError, SessionLimitReached


class ExitCode(IntEnum):
    """What the exit code of `hum` says."""

    OK = 0
    COULD_NOT_RUN = 1
    USAGE = 2
    FAILED_ROWS = 3
    AUTHENTICATION = 4
    SESSION_LIMIT = 5
    INTERRUPTED = 130
    TERMINATED = 143


_SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class UsageError(HumError):
    """The arguments of a command do not make sense."""


class _Stopping:
    """What the signals that came so far mean, and who would rather end by itself."""

    def __init__(self) -> None:
        self.received: list[ExitCode] = []
        self.gently: Callable[[], None] | None = None


_stopping: ContextVar[_Stopping] = ContextVar("stopping")


@contextlib.contextmanager
def gentle_stop(stop: Callable[[], None]) -> Iterator[list[ExitCode]]:
    """Let the first Ctrl-C or SIGTERM call `stop` and not cancel the command; the second does.

    Yields a list that holds the exit code of the signal once it came.
    """
    stopping = _stopping.get()
    stopping.gently = stop
    try:
        yield stopping.received
    finally:
        stopping.gently = None


class _Terminated(Exception):
    """SIGTERM came while a command was reading what it needs."""


def run(prepare: Callable[[], Coroutine[Any, Any, ExitCode]]) -> ExitCode:
    """Run a command; return its exit code.

    Args:
        prepare: Reads what the command needs and returns its coroutine. It may block, for instance
            on standard input: no event loop runs yet that would keep Ctrl-C from ending it.

    Ctrl-C and SIGTERM cancel the coroutine, so that both leave through the same clean-up.
    """
    usual = signal.signal(signal.SIGTERM, _terminate)
    try:
        command = prepare()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except _Terminated:
        return ExitCode.TERMINATED
    except (HumError, MappingError) as exc:
        return _tell(exc)
    finally:
        signal.signal(signal.SIGTERM, usual)
    with asyncio.Runner() as runner:
        return runner.run(_guarded(command))


def _terminate(_: int, __: FrameType | None) -> None:
    raise _Terminated


async def _guarded(command: Coroutine[Any, Any, ExitCode]) -> ExitCode:
    stopping = _Stopping()
    _stopping.set(stopping)
    task = asyncio.ensure_future(command)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C is a KeyboardInterrupt
            signals = stack.enter_context(anyio.open_signal_receiver(*_SIGNALS))
            stopper = asyncio.ensure_future(_stop_on(signals, task, stopping))
            stack.callback(stopper.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            if stopping.received:
                return stopping.received[0]
            raise
        except (HumError, MappingError) as exc:
            return _tell(exc)


async def _stop_on(
    signals: AsyncIterator[signal.Signals],
    task: asyncio.Future[ExitCode],
    stopping: _Stopping,
) -> None:
    async for number in signals:
        stopping.received.append(_SIGNALS[number])
        if len(stopping.received) == 1 and stopping.gently is not None:
            stopping.gently()
        else:
            task.cancel()


def _tell(exc: Exception) -> ExitCode:
    say(f"[bold red]hum: error:[/] {shown(str(exc))}")
    if isinstance(exc, MappingError | AddressError | UsageError):
        return ExitCode.USAGE
    if isinstance(exc, AuthenticationError):
        return ExitCode.AUTHENTICATION
    if isinstance(exc, SessionLimitReached):
        return ExitCode.SESSION_LIMIT
    return ExitCode.COULD_NOT_RUN
