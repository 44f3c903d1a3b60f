"""Runs a command: exit codes, errors as one line, the same clean-up for Ctrl-C and SIGTERM."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextvars import ContextVar
from enum import IntEnum
from types import FrameType
from typing import Any

import anyio
import attrs

from hum_async.bulk.files.columns import MappingError
from hum_async.cli._console import escaped, say
from hum_async.errors import AddressError, AuthenticationError, HumError, SessionLimitReached


class ExitCode(IntEnum):
    """The exit codes of `hum`."""

    OK = 0
    COULD_NOT_RUN = 1
    USAGE = 2
    FAILED_ROWS = 3
    AUTHENTICATION = 4
    SESSION_LIMIT = 5
    INTERRUPTED = 130
    TERMINATED = 143


Command = Coroutine[Any, Any, ExitCode]

_SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class UsageError(HumError):
    """The arguments of a command contradict each other."""


@attrs.define
class _Signals:
    """The exit codes of the signals received, and the command's handler of the first one."""

    received: list[ExitCode] = attrs.field(factory=list)
    on_first: Callable[[], None] | None = None


_signals: ContextVar[_Signals] = ContextVar("signals")


@contextlib.contextmanager
def gentle_stop(stop: Callable[[], None]) -> Iterator[list[ExitCode]]:
    """Let the first Ctrl-C or SIGTERM call `stop`; only the second one cancels the command.

    Yields the list of the exit codes of the signals received.
    """
    signals = _signals.get()
    signals.on_first = stop
    try:
        yield signals.received
    finally:
        signals.on_first = None


class _Terminated(Exception):
    """SIGTERM came while a command was being prepared."""


def run(prepare: Callable[[], Command | ExitCode]) -> ExitCode:
    """Run a command; return its exit code.

    Ctrl-C and SIGTERM cancel the coroutine, so that both lead to the same clean-up.

    Args:
        prepare: Returns the coroutine of the command, or the exit code of a command that needs no
            event loop. It may block, for instance on standard input, because Ctrl-C ends it.
    """
    usual = signal.signal(signal.SIGTERM, _terminate)
    try:
        command = prepare()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except _Terminated:
        return ExitCode.TERMINATED
    except (HumError, MappingError) as exc:
        return _print_error(exc)
    finally:
        signal.signal(signal.SIGTERM, usual)
    if isinstance(command, ExitCode):
        return command
    with asyncio.Runner() as runner:
        return runner.run(_guarded(command))


def _terminate(_: int, __: FrameType | None) -> None:
    raise _Terminated


async def _guarded(command: Command) -> ExitCode:
    signals = _Signals()
    _signals.set(signals)
    task = asyncio.ensure_future(command)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C is a KeyboardInterrupt
            receiver = stack.enter_context(anyio.open_signal_receiver(*_SIGNALS))
            stopper = asyncio.ensure_future(_stop_on(receiver, task, signals))
            stack.callback(stopper.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            if signals.received:
                return signals.received[0]
            raise
        except (HumError, MappingError) as exc:
            return _print_error(exc)


async def _stop_on(
    receiver: AsyncIterator[signal.Signals], task: asyncio.Future[ExitCode], signals: _Signals
) -> None:
    async for number in receiver:
        signals.received.append(_SIGNALS[number])
        if len(signals.received) == 1 and signals.on_first is not None:
            signals.on_first()
        else:
            task.cancel()


def _print_error(exc: Exception) -> ExitCode:
    say(f"[bold red]hum: error:[/] {escaped(str(exc))}")
    if isinstance(exc, MappingError | AddressError | UsageError):
        return ExitCode.USAGE
    if isinstance(exc, AuthenticationError):
        return ExitCode.AUTHENTICATION
    if isinstance(exc, SessionLimitReached):
        return ExitCode.SESSION_LIMIT
    return ExitCode.COULD_NOT_RUN
