"""Tables in and out: CSV in, CSV and JSON lines out. Everything here blocks; run it in a thread."""

import atexit
import contextlib
import csv
import errno
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import attrs

from hum_async.bulk.rows import RESULT_COLUMNS, spreadsheet_safe
from hum_async.errors import InputError

__all__ = ["CsvTable", "Sink", "open_sink", "open_table"]

_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_DELIMITERS = ",;\t|"
STANDARD = "-"
"""The name of standard input and output."""


@attrs.frozen
class CsvTable:
    """A CSV file that was read once from end to end and found sound.

    Attributes:
        path: Where it is.
        name: What to call it.
        encoding: How its text is encoded.
        delimiter: What separates its cells.
        header: Names of its columns; unnamed ones got a name.
        kept: Positions of the columns that go to the output: all but earlier results.
        count: Rows below the header, blank lines not counted.
    """

    path: Path
    name: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    kept: tuple[int, ...]
    count: int

    def rows(self) -> Iterator[list[str]]:
        """Yield each row, with as many cells as the header."""
        with self._open() as stream:
            reader = csv.reader(stream, delimiter=self.delimiter)
            next(reader, None)
            for cells in reader:
                if cells:
                    yield cells + [""] * (len(self.header) - len(cells))

    def _open(self) -> IO[str]:
        return self.path.open(encoding=self.encoding, newline="")


def open_table(source: str, *, encoding: str | None = None) -> CsvTable:
    """Read a CSV file once, to know before anything is spent that it can be read.

    Args:
        source: Path of the file, or ``-`` for standard input.
        encoding: Of its text; None finds UTF-8 and UTF-16 by themselves.

    Raises:
        InputError: It cannot be opened, is empty, or is not text in that encoding.
    """
    path = _spooled() if source == STANDARD else Path(source)
    name = "standard input" if source == STANDARD else source
    bom = None
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
        bom = next((found for mark, found in _BOMS.items() if start.startswith(mark)), None)
        return _scan(path, name=name, encoding=encoding or bom or "utf-8")
    except OSError as exc:
        raise InputError(f"cannot read {name}: {exc.strerror or exc}") from exc
    except LookupError as exc:
        raise InputError(f"there is no encoding {encoding!r}; try utf-8 or cp1252") from exc
    except UnicodeError as exc:
        raise InputError(
            f"{name} is not {encoding or bom or 'UTF-8'} text (line {_bad_line(path, exc)}); save "
            "it as UTF-8, or say what it is: --encoding cp1252"
        ) from None
    except csv.Error as exc:
        raise InputError(f"{name} is not a CSV file: {exc}") from exc


def _scan(path: Path, *, name: str, encoding: str) -> CsvTable:
    with path.open(encoding=encoding, newline="") as stream:
        first = stream.readline()
        if not first.strip():
            raise InputError(f"{name} is empty; it needs a header and a row for each address")
        delimiter = max(_DELIMITERS, key=first.count)
        stream.seek(0)
        reader = csv.reader(stream, delimiter=delimiter)
        header = next(reader)
        count, width = 0, len(header)
        for cells in reader:
            if cells:
                count += 1
                width = max(width, len(cells))
    if not count:
        raise InputError(f"{name} has a header and no rows below it")
    names = [column.strip() for column in header] + [""] * (width - len(header))
    named = tuple(column or f"column_{number}" for number, column in enumerate(names, 1))
    kept = tuple(at for at, column in enumerate(named) if column not in RESULT_COLUMNS)
    return CsvTable(path, name, encoding, delimiter, named, kept, count)


def _bad_line(path: Path, exc: UnicodeError) -> str:
    if not isinstance(exc, UnicodeDecodeError) or exc.encoding.startswith("utf-16"):
        return "unknown"
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode(exc.encoding)
            except UnicodeDecodeError:
                return str(number)
    return "unknown"


def _spooled() -> Path:
    """Copy standard input to a file: it is read twice."""
    with tempfile.NamedTemporaryFile(prefix="hum-", suffix=".csv", delete=False) as copy:
        while chunk := sys.stdin.buffer.read(1 << 20):
            copy.write(chunk)
    path = Path(copy.name)
    atexit.register(path.unlink, missing_ok=True)
    return path


class Sink(Protocol):
    """Where result rows go."""

    def write(self, cells: Sequence[str], values: dict[str, Any]) -> None:
        """Write one row: the input's own cells and the result columns."""

    def close(self) -> None:
        """Finish the file: only now it appears under its name."""

    def discard(self) -> None:
        """Leave what was under that name as it was."""


def open_sink(target: str, *, table: CsvTable, fmt: str | None = None) -> Sink:
    """Open where results go, before anything is spent.

    Args:
        target: Path of a file, or ``-`` for standard output.
        table: The input, whose columns are repeated.
        fmt: ``csv`` or ``jsonl``; None goes by the file's name.

    Raises:
        InputError: It cannot be written, or would overwrite the input.
    """
    chosen = fmt or ("jsonl" if Path(target).suffix in {".jsonl", ".ndjson"} else "csv")
    if target != STANDARD and Path(target).exists() and Path(target).samefile(table.path):
        raise InputError("input and output are the same file; name another output")
    header = [table.header[at] for at in table.kept]
    try:
        output = _Output(target)
    except OSError as exc:
        raise InputError(f"cannot write {target}: {exc.strerror or exc}") from exc
    return _JsonlSink(output, header) if chosen == "jsonl" else _CsvSink(output, header)


class _Output:
    """Text that goes to standard output, or to a file under a temporary name until it is whole."""

    def __init__(self, target: str) -> None:
        self._name = "standard output" if target == STANDARD else target
        self._target = self._partial = None
        self._broken = False
        if target == STANDARD:
            self.stream: IO[str] = io.TextIOWrapper(
                sys.stdout.buffer, encoding="utf-8", newline="", write_through=True
            )
            return
        # A link stays a link; a device or pipe is written to and not replaced.
        path = Path(target).resolve()
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        if not path.exists() or path.is_file():
            self._target = path
            path = self._partial = path.with_name(f".{path.name}.partial")
        self.stream = path.open("w", encoding="utf-8", newline="")

    def write(self, action: Callable[[IO[str]], object]) -> None:
        """Write something; once that has failed, nothing any more.

        Raises:
            InputError: The disk is full, the reader of the pipe has gone, or the like; it says
                where the rows are.
        """
        if self._broken:
            return
        try:
            action(self.stream)
        except OSError as exc:
            self._broken = True
            kept = f"; the rows written so far are in {self._partial}" if self._partial else ""
            with contextlib.suppress(OSError):
                self._let_go()
            raise InputError(f"cannot write {self._name}: {exc.strerror or exc}{kept}") from exc

    def close(self) -> None:
        self.write(self._finish)

    def _finish(self, stream: IO[str]) -> None:
        stream.flush()
        if self._partial is not None:
            os.fsync(stream.fileno())
        self._let_go()
        if self._partial is not None and self._target is not None:
            self._partial.replace(self._target)

    def discard(self) -> None:
        if self._broken:
            return
        self._let_go()
        if self._partial is not None:
            self._partial.unlink(missing_ok=True)

    def _let_go(self) -> None:
        if self._name == "standard output":
            # Detached, so that our wrapper does not close standard output with itself.
            self.stream.detach()  # type: ignore[attr-defined]  # a TextIOWrapper here
        else:
            self.stream.close()


class _CsvSink:
    def __init__(self, output: _Output, header: Sequence[str]) -> None:
        self._output = output
        self._plain = csv.writer(output.stream, lineterminator="\n")
        self._quoted = csv.writer(output.stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._row([*header, *RESULT_COLUMNS])

    def write(self, cells: Sequence[str], values: dict[str, Any]) -> None:
        self._row([*cells, *(_cell(values[name]) for name in RESULT_COLUMNS)])

    def close(self) -> None:
        self._output.close()

    def discard(self) -> None:
        self._output.discard()

    def _row(self, cells: list[str]) -> None:
        # Older Pythons leave a lone carriage return unquoted, which breaks the row in two.
        alone = any("\r" in cell for cell in cells)
        writer = self._quoted if alone else self._plain
        self._output.write(lambda _: writer.writerow(cells))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return spreadsheet_safe("; ".join(value))
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return spreadsheet_safe(value) if isinstance(value, str) else str(value)


class _JsonlSink:
    def __init__(self, output: _Output, header: Sequence[str]) -> None:
        self._output = output
        names: list[str] = []
        for column in header:
            # A JSON object has each name once, a table may not.
            same = sum(name == column or name.startswith(f"{column}__") for name in names)
            names.append(f"{column}__{same + 1}" if same else column)
        self._names = names

    def write(self, cells: Sequence[str], values: dict[str, Any]) -> None:
        row = {**dict(zip(self._names, cells, strict=True)), **values}
        line = json.dumps(row, ensure_ascii=False) + "\n"
        self._output.write(lambda stream: stream.write(line))

    def close(self) -> None:
        self._output.close()

    def discard(self) -> None:
        self._output.discard()
