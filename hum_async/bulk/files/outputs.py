"""The files that a job writes: the rows, those that failed, the long table, the manifest."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from hum_async.bulk.files.columns import AddressColumns
from hum_async.bulk.files.compose import Outputs
from hum_async.bulk.files.long_table import LONG_COLUMNS
from hum_async.bulk.result_columns import RESULT_COLUMNS
from hum_async.bulk.tables import STANDARD, Cell, Sink, Table, format_of, open_sink
from hum_async.errors import InputError


def beside(output: str | Path, suffix: str) -> Path:
    """Return the name of a file that goes with an output: ``results.csv``, ``results.SUFFIX``."""
    path = Path(output)
    return path.with_name(path.stem + suffix)


def is_stream(target: str) -> bool:
    """Whether a path is a pipe or a device, which takes what is written as it comes."""
    path = Path(target)
    return path.exists() and not path.is_file() and not path.is_dir()


@attrs.frozen(kw_only=True)
class JobOutputs:
    """Where a job's rows go.

    Attributes:
        table: The input, whose columns are repeated.
        columns: Where its rows hold the address.
        target: The output; ``-`` for standard output.
        fmt: Its format; None goes by its name.
        long: File for a row per offering and plan; None for none.
    """

    table: Table
    columns: AddressColumns
    target: str
    fmt: str | None = None
    long: str | None = None

    @property
    def streams(self) -> bool:
        """Whether rows go out one by one: to standard output, a pipe or a device."""
        return self.target == STANDARD or is_stream(self.target)

    @property
    def failed(self) -> Path | None:
        """The file of the rows that failed; there is none beside a stream."""
        return None if self.streams else beside(self.target, ".failed.csv")

    @property
    def manifest(self) -> Path | None:
        """The manifest's file; there is none beside a stream."""
        return None if self.streams else beside(self.target, ".manifest.json")

    def check(self, **others: Path | None) -> None:
        """Find out before anything is spent that every file can be written.

        Args:
            others: More files of the job by what to call them; none may be another's.

        Raises:
            InputError: One cannot be written, or two are the same.
        """
        _check_distinct(
            {
                "input": self.table.path,
                "output": None if self.streams else Path(self.target),
                "long table": None if self.long in {None, STANDARD} else Path(str(self.long)),
                "file of failed rows": self.failed,
                "manifest": self.manifest,
                **others,
            }
        )
        format_of(self.target, self.fmt)
        self.open(rows=not self.streams).discard()

    def open_rows(self) -> Sink:
        """Open the output alone."""
        return self._sink(self.target, RESULT_COLUMNS, self.fmt)

    def open(self, *, rows: bool) -> Outputs:
        """Open the files; without the output itself, if somebody else writes it.

        Raises:
            InputError: One cannot be written.
        """
        with contextlib.ExitStack() as undo:
            opened: dict[str, Sink] = {}
            if rows:
                opened["rows"] = self.open_rows()
                undo.callback(opened["rows"].discard)
            if self.long is not None:
                opened["long"] = self._sink(self.long, LONG_COLUMNS, None)
                undo.callback(opened["long"].discard)
            if self.failed is not None:
                opened["failed"] = _OnDemand(self.failed, self._open_failed)
            undo.pop_all()
        return Outputs(**opened)

    def _open_failed(self) -> Sink:
        return self._sink(str(self.failed), RESULT_COLUMNS, "csv")

    def _sink(self, target: str, added: Sequence[str], fmt: str | None) -> Sink:
        zip_at = self.columns.at.get("zip")
        return open_sink(
            target,
            header=[self.table.header[at] for at in self.table.kept],
            added=added,
            fmt=fmt,
            source=self.table,
            text=() if zip_at is None else (self.table.header[zip_at],),
        )


def _check_distinct(files: Mapping[str, Path | None]) -> None:
    seen: dict[Path, str] = {}
    for role, path in files.items():
        if path is None or is_stream(str(path)):
            continue
        known = next((name for other, name in seen.items() if _is_same(path, other)), None)
        if known is not None:
            raise InputError(f"the {known} and the {role} are the same file, {path}; name another")
        seen[path] = role


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


class _OnDemand:
    """A file that there is only if there are rows for it; an older one goes."""

    def __init__(self, path: Path, opened: Callable[[], Sink]) -> None:
        self._path = path
        self._opened = opened
        self._sink: Sink | None = None

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        if self._sink is None:
            self._sink = self._opened()
        self._sink.write(cells, values)

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()
        else:
            self._path.unlink(missing_ok=True)

    def discard(self) -> None:
        if self._sink is not None:
            self._sink.discard()
