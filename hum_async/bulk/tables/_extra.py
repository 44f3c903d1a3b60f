"""The libraries of the extras, or a word on how to get them."""

import importlib
from typing import Any

from hum_async.errors import InputError


def library(name: str, *, extra: str, what: str) -> Any:
    """Import a library that an extra brings.

    Raises:
        InputError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        raise InputError(f"{what} needs: pip install 'hum-async[{extra}]'") from exc
