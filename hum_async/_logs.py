"""The log for people: what `HUM_LOG` asks for, where nobody has set logging up."""

import logging
import os
from collections.abc import Mapping

from hum_async.errors import ConfigurationError

VARIABLE = "HUM_LOG"
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_LEVELS = ("debug", "info", "warning", "error")


def asked_level(environ: Mapping[str, str]) -> int | None:
    """Return the level that the environment asks for; None if it asks for nothing.

    Raises:
        ConfigurationError: There is no such level.
    """
    value = environ.get(VARIABLE, "").strip().lower()
    if not value:
        return None
    if value not in _LEVELS:
        raise ConfigurationError(f"{VARIABLE} must be one of {', '.join(_LEVELS)}")
    return logging.getLevelNamesMapping()[value.upper()]


def log_as_asked() -> None:
    """Write the log to standard error if the environment asks for it and nobody else writes it.

    Raises:
        ConfigurationError: There is no such level.
    """
    level = asked_level(os.environ)
    if level is not None:
        write_log(logging.StreamHandler(), level)


def write_log(handler: logging.Handler, level: int) -> None:
    """Give the log of this library to a handler, unless somebody has set logging up.

    Args:
        handler: Where it goes.
        level: Level from which on lines are written.
    """
    logger = logging.getLogger("hum_async")
    if logger.hasHandlers():
        return
    handler.setFormatter(logging.Formatter(LINE))
    logger.addHandler(handler)
    logger.setLevel(level)
