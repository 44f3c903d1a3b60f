"""The consoles of `hum`: data goes to standard output, messages go to standard error.

A message is best effort: that nobody can read it must neither end a job nor change its exit code.
"""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import IO, Any, TextIO

from rich.console import Console
from rich.markup import escape

from hum_async.errors import InputError


class _BestEffort(io.TextIOBase):
    """Standard error as it is at each moment; what cannot be written to it is dropped."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(_beneath(sys.stderr), "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        try:
            return _beneath(sys.stderr).isatty()
        except (AttributeError, ValueError, OSError):
            return False

    def fileno(self) -> int:
        try:
            return _beneath(sys.stderr).fileno()
        except AttributeError:
            raise io.UnsupportedOperation("standard error is closed") from None

    def write(self, text: str) -> int:
        try:
            _beneath(sys.stderr).write(_writable(text, _beneath(sys.stderr)))
        except (AttributeError, ValueError, OSError):
            _silence_stderr()
        return len(text)

    def flush(self) -> None:
        try:
            _beneath(sys.stderr).flush()
        except (AttributeError, ValueError, OSError):
            _silence_stderr()

    def close(self) -> None:
        """Leave it open: it is not ours, and Python closes this object when modules are gone."""


class _AnyEncoding(io.TextIOBase):
    """Standard output as it is at each moment; a character that it lacks becomes ``?``."""

    failure: OSError | ValueError | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(_beneath(sys.stdout), "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        return _beneath(sys.stdout) is not None and _beneath(sys.stdout).isatty()

    def fileno(self) -> int:
        if _beneath(sys.stdout) is None:
            raise io.UnsupportedOperation("standard output is closed")
        return _beneath(sys.stdout).fileno()

    def write(self, text: str) -> int:
        with self._noting_failure():
            if _beneath(sys.stdout) is None:
                raise OSError(errno.EBADF, "it is closed")
            _beneath(sys.stdout).write(_writable(text, _beneath(sys.stdout)))
        return len(text)

    def flush(self) -> None:
        with self._noting_failure():
            if _beneath(sys.stdout) is not None:
                _beneath(sys.stdout).flush()

    @contextlib.contextmanager
    def _noting_failure(self) -> Iterator[None]:
        """Keep what prevents writing until rich has emptied its buffer; a reader may leave."""
        try:
            yield
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as exc:
            self.failure = exc
            silence_stdout()

    def close(self) -> None:
        """Leave it open, as `_BestEffort.close` does."""


def not_written(exc: OSError | ValueError) -> InputError:
    """Return the error of a standard output that cannot be written."""
    reason = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
    return InputError(f"cannot write standard output: {reason}")


def _beneath(stream: TextIO | Any) -> TextIO | Any:
    """Return the stream below the one that a live display of rich puts in its place.

    That one hands all text back to the console, which would write to it again without end.
    """
    found: TextIO | Any = getattr(stream, "rich_proxied_file", stream)
    return found


def _writable(text: str, stream: Any) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _silence_stderr() -> None:
    """Drop what is buffered for standard error: it would raise again when Python exits."""
    old: IO[str] | None = sys.stderr
    try:
        if old is not None:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, old.fileno())
            os.close(silent)
            return
    except (ValueError, OSError):
        pass
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  until the end


def silence_stdout() -> None:
    """Drop what is buffered for standard output: it would raise again when Python exits."""
    with contextlib.suppress(AttributeError, ValueError, OSError):
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, _beneath(sys.stdout).fileno())
        os.close(silent)


class NobodyReads(Exception):
    """The reader of standard output has gone, as `head` does when it has seen enough."""


class _DataConsole(Console):
    """Prints to standard output, whose reader may leave."""

    def on_broken_pipe(self) -> None:
        raise NobodyReads

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*objects, **options)
        self._raise_failure()

    def out(self, *objects: Any, **options: Any) -> None:
        super().out(*objects, **options)
        self._raise_failure()

    def _raise_failure(self) -> None:
        if isinstance(self.file, _AnyEncoding) and (failure := self.file.failure) is not None:
            self.file.failure = None
            raise not_written(failure) from failure


data = _DataConsole(file=_AnyEncoding(), soft_wrap=True, highlight=False)  # type: ignore[arg-type]
pages = _DataConsole(file=_AnyEncoding(), highlight=False)  # type: ignore[arg-type]
"""For texts that are wrapped at words, such as help."""
usage_messages = Console(file=_BestEffort(), stderr=True, soft_wrap=True, highlight=False)  # type: ignore[arg-type]
"""For usage errors, each on one line."""
messages = Console(file=_BestEffort(), stderr=True, highlight=False)  # type: ignore[arg-type]


def escaped(text: str) -> str:
    """Escape a text from a file or the API: without markup, and without control characters."""
    return escape("".join(letter if letter.isprintable() else " " for letter in text))


def announce(line: str) -> None:
    """Print what a server says of itself; nobody need read it for the server to work."""
    with contextlib.suppress(InputError):
        data.print(line)


def confirmed(question: str) -> bool:
    """Ask the user; return whether the answer was yes. No answer, as by Ctrl-D, is none."""
    try:
        # On standard error, because standard output may be the table.
        answer = messages.input(f"{question} \\[y/N] ")
    except EOFError:
        messages.print()
        return False
    return answer.strip().casefold() in {"y", "yes"}


def say(markup: str) -> None:
    """Print a message: wrapped at words on a terminal, on one line elsewhere."""
    messages.print(markup, soft_wrap=not messages.is_terminal)
