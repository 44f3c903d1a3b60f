"""Raises system errors and missing extras as InputError."""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from hum_async.errors import InputError

_PACKAGES = {"excel": "python-calamine xlsxwriter", "parquet": "pyarrow"}
"""What each extra installs: this works from a clone, too."""


class ReaderLeft(InputError):
    """The reader of a pipe has gone, as `head` does when it has seen enough."""


@contextlib.contextmanager
def mapped_os_errors(action: str, advice: str = "") -> Iterator[None]:
    """Raise an OSError of the block as InputError, and one of a broken pipe as ReaderLeft.

    Args:
        action: What failed, after "cannot": ``read in.csv``.
        advice: Text that follows the system's reason.
    """
    try:
        yield
    except OSError as exc:
        kind = ReaderLeft if isinstance(exc, BrokenPipeError) else InputError
        raise kind(f"cannot {action}: {exc.strerror or exc}{advice}") from exc


def library(name: str, *, extra: str, what: str) -> Any:
    """Import a library of an extra.

    Raises:
        InputError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        raise InputError(f"{what} needs: pip install {_PACKAGES[extra]}") from exc
