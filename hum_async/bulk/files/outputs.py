"""The names of a job's outputs, the check that they can be written, and their opening."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import attrs

from hum_async._purchases.place import Place
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.files.compose import Composed, Outputs
from hum_async.bulk.files.long_output import LongOutput
from hum_async.bulk.files.manifest import check_is_manifest, output_in, written_contents
from hum_async.bulk.files.own_files import OwnFiles, recorded_contents
from hum_async.bulk.result_schema import SERVED_LEVELS, ServiceLevel, result_columns
from hum_async.bulk.tables import (
    STANDARD,
    Cell,
    Output,
    SealedFile,
    Sink,
    Table,
    format_of,
    is_stream,
    mapped_os_errors,
    open_sink,
    stem_of,
)
from hum_async.errors import InputError

_MANIFEST = ".manifest.json"
_LONGEST_STEM = 255 - len(".journal.sqlite.new-journal")
"""Bytes of a stem to which every suffix of a job can be added, those of SQLite included."""


def beside(output: str | Path, suffix: str) -> Path:
    """Return the name of a file beside an output: ``out.csv`` gives ``out{suffix}``.

    A stem that leaves no room for the suffix is cut, and a digest keeps it apart from others.
    """
    path = Path(output)
    return path.with_name(_roomy(stem_of(path)) + suffix)


def _roomy(stem: str) -> str:
    encoded = os.fsencode(stem)
    if len(encoded) <= _LONGEST_STEM:
        return stem
    digest = hashlib.sha256(encoded).hexdigest()[:8]
    cut = encoded[: _LONGEST_STEM - len(digest) - 1].decode(errors="ignore")
    return f"{cut}~{digest}"


def file_of(target: str | None) -> Path | None:
    """Return the path of an output; None for a stream and for no output."""
    if target is None or target == STANDARD or is_stream(target):
        return None
    return Path(target)


@attrs.frozen(kw_only=True)
class JobOutputs:
    """The outputs of a job, by name.

    Attributes:
        table: The input, whose columns the output repeats.
        columns: Columns of the address.
        target: Path of the output; ``-`` for standard output.
        fmt: Format of the output; None decides by the suffix.
        long: Path of the long table, ``-`` for standard output; None for no long table.
        levels: The levels of service that have a column.
    """

    table: Table
    columns: AddressColumns
    target: str
    fmt: str | None = None
    long: str | None = None
    levels: tuple[ServiceLevel, ...] = SERVED_LEVELS

    @property
    def added(self) -> tuple[str, ...]:
        """The result columns."""
        return result_columns(self.levels)

    @property
    def streams(self) -> bool:
        """Whether rows are written one by one: to standard output, a pipe or a device."""
        return self.target == STANDARD or is_stream(self.target)

    @property
    def failed(self) -> Path | None:
        """The file of the failed rows; None beside a stream."""
        return None if self.streams else beside(self.target, ".failed.csv")

    @property
    def manifest(self) -> Path | None:
        """The file of the manifest; None beside a stream.

        Outputs of one stem, such as out.csv and out.parquet, share the journal, but each has a
        manifest: the second one is out.parquet.manifest.json.
        """
        if self.streams:
            return None
        usual, target = beside(self.target, _MANIFEST), Path(self.target)
        described = output_in(usual)
        if described is None or described.resolve() == target.resolve() or not described.exists():
            return usual
        return target.with_name(_roomy(target.name) + _MANIFEST)

    def check(self, *, journal: Place, overwrite: bool = False, **others: Path | None) -> OwnFiles:
        """Check that every output can be written, before anything is bought.

        Args:
            journal: The journal of the job, or the job in a database.
            overwrite: Replace files that this job did not write, or that were edited since.
            others: Further files of the job, by role. All files must be different.

        Returns:
            What the job may replace.

        Raises:
            OutputExists: A file would be replaced that is not what this job wrote.
            InputError: A file cannot be written, or two files are the same.
        """
        check_distinct(
            {
                "input": self.table.path,
                "output": file_of(self.target),
                "long table": file_of(self.long),
                "file of failed rows": self.failed,
                "manifest": self.manifest,
                "journal": journal if isinstance(journal, Path) else None,
                **others,
            }
        )
        format_of(self.target, self.fmt)
        targets = (file_of(self.target), file_of(self.long), self.failed)
        own = OwnFiles.of(
            (path for path in targets if path is not None),
            {} if self.manifest is None else written_contents(self.manifest),
            recorded_contents(journal),
            replace_all=overwrite,
        )
        own.check()
        if self.manifest is not None and not overwrite:
            check_is_manifest(self.manifest)
        # What is written to a stream, even the header, cannot be taken back.
        if not self.streams:
            self.open_rows().discard()
        if file_of(self.long) is not None and (long := self._long()) is not None:
            long.prepare(Counter())
            long.discard()
        return own

    def open_rows(self) -> Sink:
        """Open the output of the rows alone."""
        return self._sink(self.target, self.added, self.fmt)

    def open(self, *, rows: bool) -> Outputs:
        """Open the outputs.

        Args:
            rows: Open the output of the rows, too.

        Raises:
            InputError: An output cannot be written.
        """
        output = self.open_rows() if rows else None
        failed = None
        if (path := self.failed) is not None:
            failed = _OnDemand(path, lambda: self._sink(str(path), self.added, "csv"))
        return Outputs(rows=output, long=self._long(), failed=failed, levels=self.levels)

    def open_pipes(self) -> Outputs:
        """Open the outputs that are named pipes or the like, which waits until somebody reads them.

        Raises:
            InputError: An output cannot be written.
        """
        rows = self.open_rows() if is_stream(self.target) else None
        if self.long is None or not is_stream(self.long):
            return Outputs(rows=rows)
        with mapped_os_errors(f"write {self.long}"):
            held = Output(self.long)
        return Outputs(rows=rows, long=self._long(held))

    def described(
        self, composed: Composed, *, encoding: str | None
    ) -> dict[str, tuple[Path, dict[str, Any]]]:
        """Return the files of the job and what a manifest tells of them, by role.

        Args:
            composed: Counts of the rows that were written.
            encoding: Encoding of the input, if the user has named it.
        """
        table = self.table
        files: dict[str, tuple[Path, dict[str, Any]]] = {
            "output": (
                Path(self.target),
                {"format": format_of(self.target, self.fmt), "rows": composed.rows},
            )
        }
        if table.name == str(table.path):
            source = {
                "format": table.format,
                "encoding": encoding,
                "sheet": table.sheet,
                "header_row": table.header_row,
                "rows": table.count,
                "columns": self.columns.mapping(table.header),
            }
            files["input"] = (table.path, source)
        if self.failed is not None and composed.failed:
            files["failed"] = (self.failed, {"rows": composed.failed})
        if (long := file_of(self.long)) is not None:
            files["long"] = (long, {"rows": composed.long})
        return files

    def _long(self, held: Output | None = None) -> LongOutput | None:
        target = self.long
        if target is None:
            return None
        return LongOutput(lambda added: self._sink(target, added, None), self.levels, held)

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


def check_distinct(files: Mapping[str, Path | None]) -> None:
    """Check that no two files, by role, are the same.

    Raises:
        InputError: Two are.
    """
    named = [(role, path) for role, path in files.items() if path and not is_stream(str(path))]
    for (known, other), (role, path) in combinations(named, 2):
        if _is_same(path, other):
            raise InputError(f"the {known} and the {role} are the same file, {path}; name another")


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


class _OnDemand:
    """A file that is created with its first row; without rows, an older file is removed."""

    def __init__(self, path: Path, open_file: Callable[[], Sink]) -> None:
        self._path = path
        self._open_file = open_file
        self._sink: Sink | None = None

    def write(self, cells: Sequence[Cell], values: Mapping[str, Any]) -> None:
        if self._sink is None:
            self._sink = self._open_file()
        self._sink.write(cells, values)

    def seal(self) -> SealedFile | None:
        return None if self._sink is None else self._sink.seal()

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()
        else:
            self._path.unlink(missing_ok=True)

    def discard(self) -> None:
        if self._sink is not None:
            self._sink.discard()
