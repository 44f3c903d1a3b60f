"""Where a command writes its log."""

import logging
import os
from pathlib import Path

from hum_async._logs import asked_level, write_log
from hum_async.cli._console import escaped, messages
from hum_async.errors import ConfigurationError


class _AboveTheScreen(logging.Handler):
    """Prints lines above what is drawn anew all the time."""

    def emit(self, record: logging.LogRecord) -> None:
        messages.print(escaped(self.format(record)), highlight=False, soft_wrap=True)


def start_log(file: Path | None) -> None:
    """Write the log to a file, or to standard error if only the environment asks for it.

    Args:
        file: The file, which is appended to; None for none.

    Raises:
        ConfigurationError: The environment asks for a level that there is none of, or the file
            cannot be written.
    """
    level = asked_level(os.environ)
    if file is not None:
        try:
            handler = logging.FileHandler(file, encoding="utf-8")
        except OSError as exc:
            raise ConfigurationError(f"cannot write the log {file}: {exc.strerror}") from exc
        write_log(handler, level or logging.DEBUG)
    elif level is not None:
        write_log(_AboveTheScreen(), level)
