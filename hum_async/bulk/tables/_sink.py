"""What every output of rows has in common."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hum_async.bulk.tables._cells import Cell
from hum_async.bulk.tables._output import Output


class Sink(Protocol):
    """Where rows go, one after the other."""

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row.

        Args:
            cells: The input's own cells.
            values: The added columns.
        """

    def close(self) -> None:
        """Finish the file: only now it appears under its name."""

    def discard(self) -> None:
        """Leave what was under that name as it was."""


class TextSink:
    """A `Sink` that writes a line per row; how a row reads is for its subclasses to say."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        """Write one row."""
        self._output.put(self._encode(cells, values))

    def close(self) -> None:
        """Finish the file."""
        self._output.close()

    def discard(self) -> None:
        """Leave what was there as it was."""
        self._output.discard()

    def _encode(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> str:
        raise NotImplementedError
