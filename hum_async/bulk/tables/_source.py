"""Where an input comes from: a file, or a stream that is copied to one."""

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
    """Return a path that can be read twice: standard input and pipes are copied to a file.

    Raises:
        OSError: It cannot be read.
    """
    if source != STANDARD and (Path(source).is_file() or not Path(source).exists()):
        return Path(source)
    if source != STANDARD and Path(source).is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a directory")
    if source == STANDARD and sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    with contextlib.ExitStack() as stack:
        pipe = (
            sys.stdin.buffer if source == STANDARD else stack.enter_context(Path(source).open("rb"))
        )
        with tempfile.NamedTemporaryFile(prefix="hum-", suffix=".input", delete=False) as copy:
            path = Path(copy.name)
            atexit.register(path.unlink, missing_ok=True)
            shutil.copyfileobj(pipe, copy)
    return path
