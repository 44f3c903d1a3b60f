"""One process at a time: a lock file beside the file that it guards.

The operating system holds the lock and lets it go with the process, however that ends.
"""

import contextlib
import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from hum_async.errors import JournalError

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _try_lock(stream: IO[str]) -> None:
        stream.seek(0x7FFF0000)  # beyond the text, which others must be able to read
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        stream.seek(0)
else:
    import fcntl

    def _try_lock(stream: IO[str]) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock_path(guarded: Path) -> Path:
    """Return where the lock of a file is."""
    return guarded.with_name(guarded.name + ".lock")


class LockFile:
    """Holds the lock of a file until it is released.

    Args:
        guarded: The file.

    Raises:
        JournalError: Another process holds it; the message names it.
        OSError: The lock file cannot be made.
    """

    def __init__(self, guarded: Path) -> None:
        self._path = lock_path(guarded)
        while True:
            stream = self._path.open("a+", encoding="utf-8")
            try:
                _try_lock(stream)
            except OSError:
                stream.close()
                raise JournalError(_taken(guarded)) from None
            # Its last holder may have removed it between our open and our lock.
            if _is_still_there(stream, self._path):
                break
            stream.close()
        self._stream: IO[str] | None = stream
        stream.truncate(0)
        json.dump(_about_us(), stream)
        stream.flush()

    def release(self) -> None:
        """Let go; idempotent."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._stream.close()
            self._stream = None


def holder_of(guarded: Path) -> dict[str, Any] | None:
    """Return who holds the lock of a file (pid, host, since); None if nobody does."""
    path = lock_path(guarded)
    try:
        with path.open("r+", encoding="utf-8") as stream:
            try:
                _try_lock(stream)
            except OSError:
                return _read(path)
            return None
    except OSError:
        return None


def _is_still_there(stream: IO[str], path: Path) -> bool:
    try:
        there, ours = path.stat(), os.fstat(stream.fileno())
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def _about_us() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    return found if isinstance(found, dict) else {}


def _taken(guarded: Path) -> str:
    holder = _read(lock_path(guarded))
    who = "another process"
    if holder:
        who = f"process {holder.get('pid')} on {holder.get('host')} since {holder.get('since')}"
    return f"{guarded} is in use by {who}; wait until it has ended, or stop it"
