"""Runs a command: exit codes, errors as one line, the same clean-up for Ctrl-C, SIGTERM, SIGHUP."""

import asyncio
import contextlib
import re
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextvars import ContextVar
from typing import Any

import anyio
import attrs

from hum_async.bulk.columns import MappingError
from hum_async.bulk.files.own_files import OutputExists
from hum_async.bulk.tables import ReaderLeft, UnwritableName
from hum_async.cli._console import NobodyReads, escaped, say, silence_stdout
from hum_async.cli._ending import CODES, Ended, ended_by_signals
from hum_async.cli._exit_codes import ExitCode
from hum_async.errors import (
    AddressError,
    AuthenticationError,
    HumError,
    SessionLimitReached,
    UnusableKey,
)

Command = Coroutine[Any, Any, ExitCode]


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
    """Let the first Ctrl-C, SIGTERM or SIGHUP call `stop`; only the second one cancels the command.

    Yields the list of the exit codes of the signals received.
    """
    signals = _signals.get()
    signals.on_first = stop
    try:
        yield signals.received
    finally:
        signals.on_first = None


def run(prepare: Callable[[], Command | ExitCode]) -> ExitCode:
    """Run a command; return its exit code.

    Ctrl-C, SIGTERM and SIGHUP cancel the coroutine, so that both lead to the same clean-up.

    Args:
        prepare: Returns the coroutine of the command, or the exit code of a command that needs no
            event loop. It may block, for instance on standard input, because Ctrl-C ends it.
    """
    try:
        with ended_by_signals():
            command = prepare()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Ended as exc:
        return exc.code
    except (HumError, MappingError, NobodyReads, OSError) as exc:
        return _print_error(exc)
    if isinstance(command, ExitCode):
        return command
    with asyncio.Runner() as runner:
        return runner.run(_guarded(command))


async def _guarded(command: Command) -> ExitCode:
    signals = _Signals()
    _signals.set(signals)
    task = asyncio.ensure_future(command)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C is a KeyboardInterrupt
            heeded = [each for each in CODES if signal.getsignal(each) != signal.SIG_IGN]
            receiver = stack.enter_context(anyio.open_signal_receiver(*heeded))
            stopper = asyncio.ensure_future(_stop_on(receiver, task, signals))
            stack.callback(stopper.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            if signals.received:
                return signals.received[0]
            raise
        except (HumError, MappingError, NobodyReads, OSError) as exc:
            return _print_error(exc)


async def _stop_on(
    receiver: AsyncIterator[signal.Signals], task: asyncio.Future[ExitCode], signals: _Signals
) -> None:
    async for number in receiver:
        signals.received.append(CODES[number])
        if len(signals.received) == 1 and signals.on_first is not None:
            signals.on_first()
        else:
            task.cancel()


def _print_error(exc: HumError | MappingError | NobodyReads | OSError) -> ExitCode:
    """Print an error as one line; return the exit code.

    Raises:
        OSError: It names no file, so that the line would say nothing.
    """
    if isinstance(exc, ReaderLeft | NobodyReads):
        # Whoever reads has seen enough, and says so by leaving.
        silence_stdout()
        return ExitCode.READER_LEFT
    if isinstance(exc, OSError):
        if exc.filename is None:
            raise exc
        say(f"[bold red]hum: error:[/] {escaped(f'{exc.filename}: {exc.strerror}')}")
        return ExitCode.COULD_NOT_RUN
    told = str(exc)
    if isinstance(exc, SessionLimitReached):
        # What is an argument in a program is an option here.
        told = re.sub(r"\bmax_\w+", lambda name: f"--{name[0].replace('_', '-')}", told)
    say(f"[bold red]hum: error:[/] {escaped(told)}")
    if isinstance(exc, MappingError | AddressError | UsageError | UnwritableName | OutputExists):
        return ExitCode.USAGE
    if isinstance(exc, AuthenticationError | UnusableKey):
        return ExitCode.AUTHENTICATION
    if isinstance(exc, SessionLimitReached):
        return ExitCode.SESSION_LIMIT
    return ExitCode.COULD_NOT_RUN
