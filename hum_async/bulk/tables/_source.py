"""The file of an input; standard input and pipes are copied to a temporary file."""

import atexit
import contextlib
import errno
import shutil
import sys
import tempfile
from pathlib import Path

STANDARD = "-"
"""The name of standard input and output."""


def readable_twice(source: str) -> Path:
    """Return a path that can be read more than once.

    Raises:
        OSError: The source cannot be read.
    """
    path = Path(source)
    if source == STANDARD:
        if sys.stdin is None:
            raise OSError(errno.EBADF, "it is closed")
    elif path.is_file() or not path.exists():
        return path
    elif path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a directory")
    with contextlib.ExitStack() as stack:
        pipe = sys.stdin.buffer if source == STANDARD else stack.enter_context(path.open("rb"))
        with tempfile.NamedTemporaryFile(prefix="hum-", suffix=".input", delete=False) as copy:
            path = Path(copy.name)
            atexit.register(path.unlink, missing_ok=True)
            shutil.copyfileobj(pipe, copy)
    return path
