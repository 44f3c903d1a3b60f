"""Writes what has changed to a file: a table in any format, or a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from hum_async.bulk.diff.compare import AddressChange
from hum_async.bulk.diff.page import MOST_ROWS, diff_page
from hum_async.bulk.diff.summary import DiffSummary
from hum_async.bulk.diff.tabular import DIFF_COLUMNS, change_values
from hum_async.bulk.files.own_files import OutputExists
from hum_async.bulk.tables import (
    STANDARD,
    Output,
    Sink,
    UnwritableName,
    format_of,
    is_stream,
    mapped_os_errors,
    open_sink,
)
from hum_async.errors import InputError

_PAGES = frozenset({".html", ".htm"})


class ChangeSink(Protocol):
    """Writes changes, one after the other."""

    def write(self, change: AddressChange) -> None:
        """Write what has changed at an address.

        Raises:
            InputError: The output cannot be written.
        """

    def close(self, summary: DiffSummary) -> None:
        """Finish the output: only now a file appears under its name.

        Raises:
            InputError: The output cannot be written.
        """

    def discard(self) -> None:
        """Drop what was written; a file that was there before stays as it was."""


class _TableOfChanges:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, change: AddressChange) -> None:
        self._sink.write([], change_values(change))

    def close(self, summary: DiffSummary) -> None:  # noqa: ARG002  a page shows it
        self._sink.close()

    def discard(self) -> None:
        self._sink.discard()


class _PageOfChanges:
    def __init__(self, target: str) -> None:
        self._output = Output(target)
        self._listed: list[AddressChange] = []
        self._left = 0

    def write(self, change: AddressChange) -> None:
        if len(self._listed) < MOST_ROWS:
            self._listed.append(change)
        else:
            self._left += 1

    def close(self, summary: DiffSummary) -> None:
        self._output.put(diff_page(summary, self._listed, left=self._left))
        self._output.close()

    def discard(self) -> None:
        self._output.discard()


def open_changes(
    target: str, *, sources: Sequence[Path] = (), overwrite: bool = False
) -> ChangeSink:
    """Open an output of changes.

    Args:
        target: Path of the file, or ``-`` for standard output, which gets CSV.
        sources: Files that must not be replaced.
        overwrite: Replace a file that is there.

    Raises:
        OutputExists: The file is there.
        UnwritableName: The name says a format that cannot be written.
        InputError: The file cannot be written, or it is one of the sources.
    """
    page = Path(target).suffix.casefold() in _PAGES
    if not page:
        try:
            format_of(target)
        except UnwritableName as exc:
            raise UnwritableName(f"{exc}; a page is .html") from None
    if target != STANDARD and not is_stream(target):
        path = Path(target)
        if any(path.exists() and path.samefile(source) for source in sources):
            raise InputError(f"{target} is one of the results; name another output")
        if path.exists() and not overwrite:
            raise OutputExists(f"{target} is there already; name another file, or say --overwrite")
    with mapped_os_errors(f"write {target}"):
        if page:
            return _PageOfChanges(target)
        return _TableOfChanges(open_sink(target, header=[], added=DIFF_COLUMNS))
