"""How every command runs: exit codes, errors as one line, Ctrl-C and SIGTERM alike."""

import asyncio
import signal
from collections.abc import Coroutine
from enum import IntEnum
from typing import Any

from rich.markup import escape

from hum_async.bulk.columns import MappingError
from hum_async.cli._console import messages
from hum_async.errors import AuthenticationError, HumError

__all__ = ["ExitCode", "run"]


class ExitCode(IntEnum):
    """What the exit code of `hum` says."""

    OK = 0
    COULD_NOT_RUN = 1
    USAGE = 2
    FAILED_ROWS = 3
    AUTHENTICATION = 4
    INTERRUPTED = 130
    TERMINATED = 143


_SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


def run(command: Coroutine[Any, Any, ExitCode]) -> ExitCode:
    """Run a command; return its exit code.

    Ctrl-C and SIGTERM cancel it, so that both leave through the same clean-up.
    """
    with asyncio.Runner() as runner:
        return runner.run(_guarded(command))


async def _guarded(command: Coroutine[Any, Any, ExitCode]) -> ExitCode:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(command)
    received: list[ExitCode] = []

    def stop(code: ExitCode) -> None:
        received.append(code)
        task.cancel()

    for number, code in _SIGNALS.items():
        loop.add_signal_handler(number, stop, code)
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            return received[0]
        raise
    except MappingError as exc:
        return _tell(exc, ExitCode.USAGE)
    except AuthenticationError as exc:
        return _tell(exc, ExitCode.AUTHENTICATION)
    except HumError as exc:
        return _tell(exc, ExitCode.COULD_NOT_RUN)
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


def _tell(exc: Exception, code: ExitCode) -> ExitCode:
    messages.print(f"[bold red]hum: error:[/] {escape(str(exc))}", highlight=False, soft_wrap=True)
    return code
