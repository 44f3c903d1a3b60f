"""Writes an output: to a file that appears under its name once it is whole, or to a stream."""

import contextlib
import errno
import hashlib
import os
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import attrs

from hum_async.bulk.tables._errors import mapped_os_errors
from hum_async.bulk.tables._names import packer_of
from hum_async.bulk.tables._source import STANDARD
from hum_async.bulk.tables._streams import descriptor_of, is_stream

LONGEST_NAME = 255
"""Bytes of a name that the usual file systems take."""


@attrs.frozen
class SealedFile:
    """A file that is complete on disk and gets its name with the next step.

    Attributes:
        target: The path that it gets.
        partial: The path that it has.
    """

    target: Path
    partial: Path


class Output:
    """A file that is replaced as a whole, or a stream that is written as it goes.

    Args:
        target: Path of the file, or ``-`` for standard output.

    Raises:
        OSError: The target cannot be opened.
    """

    def __init__(self, target: str) -> None:
        self._file: IO[bytes] | None = None
        self._name = "standard output" if target == STANDARD else target
        self._target: Path | None = None
        self.partial: Path | None = None
        self._removal: weakref.finalize[[Path], Output] | None = None
        self._broken = False
        if target == STANDARD:
            if sys.stdout is None:
                raise OSError(errno.EBADF, "it is closed")
            self._stream: Any = sys.stdout.buffer
            return
        self._file = self._stream = self._open(target)
        if (pack := packer_of(target)) is not None:
            self._stream = pack(self._file)

    def _open(self, target: str) -> IO[bytes]:
        if (descriptor := descriptor_of(target)) is not None:
            return os.fdopen(os.dup(descriptor), "wb")
        if is_stream(target):
            return Path(target).open("wb")
        # A symbolic link stays one.
        path = Path(target).resolve()
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        self._target = path
        self.partial = path.with_name(_partial_name(path.name))
        # Before it is there: whatever ends the command next must not leave it behind.
        self._removal = weakref.finalize(self, _remove, self.partial)
        return self.partial.open("wb")

    @property
    def stream(self) -> Any:
        """The stream, for libraries that write to it within `attempt`."""
        return self._stream

    def put(self, text: str) -> None:
        """Write text; a stream is flushed after it."""
        self.attempt(self._write, text.encode())

    def seal(self) -> SealedFile | None:
        """Write everything to disk, but do not give a file its name yet; `close` does.

        Returns:
            The file; None for a stream.
        """
        self.attempt(self._seal)
        if self.partial is None or self._target is None:
            return None
        return SealedFile(self._target, self.partial)

    def close(self) -> None:
        """Finish the output: only now a file appears under its name, safely on disk."""
        self.seal()
        self.attempt(self._publish)

    def discard(self) -> None:
        """Remove the temporary file; a file that was there before stays as it was."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._close()
        if self._removal is not None:
            self._removal()

    def attempt(self, action: Callable[..., object], *args: object) -> None:
        """Call a function that writes; do nothing if an earlier one has failed.

        Raises:
            ReaderLeft: The reader of the pipe has gone.
            InputError: The disk is full, or the like.
        """
        if self._broken:
            return
        with mapped_os_errors(f"write {self._name}"):
            try:
                action(*args)
            except OSError:
                self._broken = True
                if self._name == "standard output":
                    # The rest of the buffer would raise again when the interpreter exits.
                    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                else:
                    self.discard()
                raise

    def _write(self, content: bytes) -> None:
        self._stream.write(content)
        if self.partial is None:
            self._stream.flush()

    def _seal(self) -> None:
        if self._file is None or self._file.closed:
            return
        if self.partial is not None:
            if self._file is not self._stream:
                self._stream.close()
            self._file.flush()
            os.fsync(self._file.fileno())
        self._close()

    def _publish(self) -> None:
        if self.partial is not None and self._target is not None:
            self.partial.replace(self._target)
            if self._removal is not None:
                self._removal.detach()

    def _close(self) -> None:
        # Closing what compresses writes its end, and leaves the file below it open.
        try:
            self._stream.close()
        finally:
            if self._file is not None:
                self._file.close()


def _remove(partial: Path) -> None:
    with contextlib.suppress(OSError):
        partial.unlink()


def _partial_name(name: str) -> str:
    """Return the name of the temporary file: two jobs with one output must not mix their rows."""
    partial = f".{name}.{os.getpid()}.partial"
    if len(os.fsencode(partial)) <= LONGEST_NAME or len(os.fsencode(name)) > LONGEST_NAME:
        return partial
    return f".{hashlib.sha256(os.fsencode(name)).hexdigest()}.{os.getpid()}.partial"
