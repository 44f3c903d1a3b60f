"""A lock file that lets one process at a time use the file beside it.

The operating system holds the lock and releases it when the process ends, however it ends. On Linux
and macOS it is that of flock(2), which belongs to the open file, so that it lasts when the process
opens and closes the same file elsewhere. On Windows it is that of LockFile, which belongs to the
handle, and holds against every other one. There, nobody can remove or rename what is open, so that
the file that is locked is always the one of that name; elsewhere that is checked. For the same
reason the lock file of a process that ended may stay there; it is free.
"""

import contextlib
import errno
import json
import os
import socket
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self

from hum_async.errors import JournalError

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    _BEYOND = 0x7FFF0000
    """Where the byte is that is locked: beyond the text, which other processes read."""

    def _try_lock(stream: IO[str]) -> None:
        _at_that_byte(stream, msvcrt.LK_NBLCK)

    def _unlock(stream: IO[str]) -> None:
        # After a close the system takes its time.
        _at_that_byte(stream, msvcrt.LK_UNLCK)

    def _at_that_byte(stream: IO[str], mode: int) -> None:
        stream.flush()
        os.lseek(stream.fileno(), _BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(stream.fileno(), mode, 1)
        finally:
            os.lseek(stream.fileno(), 0, os.SEEK_SET)

    def _is_named(stream: IO[str], path: Path) -> bool:  # noqa: ARG001  as elsewhere
        # It is, see above; and the system tells the numbers of a file in two ways.
        return True
else:
    import fcntl

    def _try_lock(stream: IO[str]) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(stream: IO[str]) -> None:
        fcntl.flock(stream, fcntl.LOCK_UN)

    def _is_named(stream: IO[str], path: Path) -> bool:
        try:
            return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
        except OSError:
            return False


def lock_path(guarded: Path) -> Path:
    """Return the path of a file's lock file."""
    return guarded.with_name(guarded.name + ".lock")


class LockFile:
    """Holds the lock of a file until `release`.

    Args:
        guarded: The file that only one process may use.

    Raises:
        JournalError: Another process holds the lock; the message names the process.
        JournalError: In the lock file's place there is a link or something else.
        OSError: The lock file cannot be created.
    """

    def __init__(self, guarded: Path) -> None:
        self._path = lock_path(guarded)
        while True:
            stream = _opened(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, "a+", guarded)
            try:
                _try_lock(stream)
            except OSError:
                stream.close()
                raise JournalError(_in_use(guarded)) from None
            # The last holder may have removed the file between our open and our lock.
            if _is_named(stream, self._path):
                break
            stream.close()
        self._stream: IO[str] | None = stream
        stream.truncate(0)
        json.dump(_this_process(), stream)
        stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Release the lock. Idempotent."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            with contextlib.suppress(OSError):
                _unlock(self._stream)
            self._stream.close()
            self._stream = None


def lock_journal(path: Path) -> LockFile:
    """Lock a journal that is to be written to.

    Raises:
        JournalError: Another process uses it, or the lock file cannot be created.
    """
    try:
        return LockFile(path)
    except OSError as exc:
        raise JournalError(f"cannot write beside {path}: {exc.strerror or exc}") from exc


def holder_of(guarded: Path) -> dict[str, Any] | None:
    """Return the process that holds the lock of a file (pid, host, since); None if it is free."""
    path = lock_path(guarded)
    try:
        with _opened(path, os.O_RDWR, "r+", guarded) as stream:
            try:
                _try_lock(stream)
            except OSError:
                return _read_holder(path)
            _unlock(stream)
            return None
    except (OSError, JournalError):
        return None


def _opened(path: Path, flags: int, mode: str, guarded: Path) -> IO[str]:
    """Open a lock file, for its owner alone and never through a link.

    Raises:
        JournalError: There is a link, a folder, a pipe or a device in its place.
    """
    # Windows lacks these flags; creating links needs rights there. A pipe must not block the open.
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_NONBLOCK", 0)
    problem = f"{path} is not a lock file of {guarded}; remove it and run again"
    if path.is_symlink():
        raise JournalError(problem)
    try:
        number = os.open(path, flags, 0o600)
    except OSError as exc:
        if exc.errno in {errno.ELOOP, errno.EISDIR, errno.ENXIO}:
            raise JournalError(problem) from None
        raise
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise JournalError(problem)
    return os.fdopen(number, mode, encoding="utf-8")


def _this_process() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _read_holder(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    return found if isinstance(found, dict) else {}


def _in_use(guarded: Path) -> str:
    holder = _read_holder(lock_path(guarded))
    who = "another process"
    if holder:
        who = f"process {holder.get('pid')} on {holder.get('host')} since {holder.get('since')}"
    return f"{guarded} is in use by {who}; wait until it has ended, or stop it"
