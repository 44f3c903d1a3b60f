"""The interface of the outputs of rows, and the base class of those in files."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hum_async.bulk.tables._cells import Cell
from hum_async.bulk.tables._output import Output, SealedFile


class Finished(Protocol):
    """An output that is finished in two steps, or dropped."""

    def seal(self) -> SealedFile | None:
        """Finish writing, and name no file yet; return the file, None for a stream or no file.

        Raises:
            InputError: The output cannot be written.
        """

    def close(self) -> None:
        """Finish the output: only now a file appears under its name."""

    def discard(self) -> None:
        """Drop the rows; a file that was there before stays as it was."""


class Sink(Finished, Protocol):
    """Writes rows, one after the other."""

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row.

        Args:
            cells: Cells of the input's columns.
            values: Values of the added columns, by name.

        Raises:
            InputError: The output cannot be written, or its format cannot hold the row.
        """


class FileSink:
    """Base class of the sinks that write to an `Output`.

    Args:
        target: Path of the file, or ``-`` for standard output.
        added: Names of the added columns.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, target: str, added: Sequence[str]) -> None:
        self._output = Output(target)
        self._added = added
        self._sealed = False

    def seal(self) -> SealedFile | None:
        """Finish writing."""
        if not self._sealed:
            self._sealed = True
            self._write_end()
        return self._output.seal()

    def close(self) -> None:
        """Finish the file."""
        self.seal()
        self._output.close()

    def discard(self) -> None:
        """Drop the rows."""
        self._output.discard()

    def _write_end(self) -> None:
        """Write what a format has behind its last row."""

    def _added_values(self, values: Mapping[str, Any]) -> list[Any]:
        return [values.get(name) for name in self._added]
