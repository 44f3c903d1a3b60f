"""Tables in and out: CSV in, CSV and JSON lines out. Everything here blocks; run it in a thread."""

import atexit
import codecs
import contextlib
import csv
import errno
import io
import json
import os
import shutil
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
        with self.path.open(encoding=self.encoding, newline="") as stream:
            rows = _filled_rows(stream, self.delimiter)
            next(rows, None)
            for cells in rows:
                yield cells + [""] * (len(self.header) - len(cells))


def open_table(source: str, *, encoding: str | None = None) -> CsvTable:
    """Read a CSV file once, to know before anything is spent that it can be read.

    Args:
        source: Path of the file, or ``-`` for standard input.
        encoding: Of its text; None finds UTF-8 and UTF-16 by themselves.

    Raises:
        InputError: It cannot be opened, is empty, or is not text in that encoding.
    """
    name = "standard input" if source == STANDARD else source
    try:
        path = _readable_twice(source)
        found = _encoding(path, encoding)
    except OSError as exc:
        raise InputError(f"cannot read {name}: {exc.strerror or exc}") from exc
    except LookupError as exc:
        raise InputError(f"there is no encoding {encoding!r}; try utf-8 or cp1252") from exc
    try:
        return _scan(path, name=name, encoding=found)
    except UnicodeError:
        hint = (
            "say what it is, for instance: --encoding cp1252"
            if not encoding
            else ("name another --encoding")
        )
        raise InputError(
            f"{name} is not {found} text (line {_bad_line(path, found)}); save it as UTF-8, or "
            f"{hint}"
        ) from None
    except csv.Error as exc:
        raise InputError(f"{name} is not a CSV file: {exc}") from exc


def _encoding(path: Path, encoding: str | None) -> str:
    with path.open("rb") as stream:
        start = stream.read(4)
    marked = next((found for mark, found in _BOMS.items() if start.startswith(mark)), None)
    if encoding is None:
        return marked or "utf-8"
    named = codecs.lookup(encoding).name
    "a".encode(encoding)  # refuses codecs that are no text encodings
    # The mark at the beginning is no part of the first column's name.
    return "utf-8-sig" if named == "utf-8" and marked == "utf-8-sig" else encoding


def _scan(path: Path, *, name: str, encoding: str) -> CsvTable:
    with path.open(encoding=encoding, newline="") as stream:
        first = next((line for line in stream if line.strip()), "")
        if not first:
            raise InputError(f"{name} is empty; it needs a header and a row for each address")
        delimiter = max(_DELIMITERS, key=first.count)
        stream.seek(0)
        rows = _filled_rows(stream, delimiter)
        header = next(rows)
        count, width = 0, len(header)
        for cells in rows:
            count += 1
            width = max(width, len(cells))
    if not count:
        raise InputError(f"{name} has a header and no rows below it")
    names = [column.strip() for column in header] + [""] * (width - len(header))
    named = tuple(column or f"column_{number}" for number, column in enumerate(names, 1))
    kept = tuple(at for at, column in enumerate(named) if column not in RESULT_COLUMNS)
    return CsvTable(path, name, encoding, delimiter, named, kept, count)


def _filled_rows(stream: IO[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the rows that are not blank lines.

    Raises:
        csv.Error: Quotation marks do not match; a lenient reader would mix cells up or swallow all
            rows below.
    """
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if cells:
                yield cells
    except csv.Error as exc:
        raise csv.Error(f"{exc} (in line {reader.line_num}; check its quotation marks)") from None


def _bad_line(path: Path, encoding: str) -> str:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode(encoding)
            except UnicodeError:
                # Where a character has two bytes, a line of bytes is not a line of text.
                return "unknown" if encoding.startswith("utf-16") else str(number)
    return "unknown"


def _readable_twice(source: str) -> Path:
    """Return a path that can be read twice: standard input and pipes are copied to a file."""
    if source != STANDARD and (Path(source).is_file() or not Path(source).exists()):
        return Path(source)
    if source != STANDARD and Path(source).is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a directory")
    if source == STANDARD and sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    pipe = sys.stdin.buffer if source == STANDARD else Path(source).open("rb")  # noqa: SIM115
    with tempfile.NamedTemporaryFile(prefix="hum-", suffix=".csv", delete=False) as copy:
        shutil.copyfileobj(pipe, copy)
    if source != STANDARD:
        pipe.close()
    path = Path(copy.name)
    atexit.register(path.unlink, missing_ok=True)
    return path


class Sink(Protocol):
    """Where result rows go."""

    @property
    def any_order(self) -> bool:
        """Whether rows may come in any order, because they are put in order in the end."""
        ...

    def write(self, cells: Sequence[str], values: dict[str, Any], *, number: int = 0) -> None:
        """Write one row; when this returns, the operating system has it.

        Args:
            cells: The input's own cells.
            values: The result columns.
            number: Position of the row.
        """

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
    header = [table.header[at] for at in table.kept]
    try:
        if target != STANDARD and Path(target).exists() and Path(target).samefile(table.path):
            raise InputError("input and output are the same file; name another output")
        output = _Output(target)
    except OSError as exc:
        raise InputError(f"cannot write {target}: {exc.strerror or exc}") from exc
    return _JsonlSink(output, header) if chosen == "jsonl" else _CsvSink(output, header)


class _Output:
    """Bytes that go to standard output, or to a file under a temporary name until it is whole."""

    def __init__(self, target: str) -> None:
        self._name = "standard output" if target == STANDARD else target
        self._target = self._partial = None
        self._broken = False
        # Number, offset and length of what was written.
        self._places: list[tuple[int, int, int]] = []
        self._size = 0
        if target == STANDARD:
            if sys.stdout is None:
                raise OSError(errno.EBADF, "it is closed")
            self._stream: IO[bytes] = sys.stdout.buffer
            return
        # A link stays a link; a device or pipe is written to and not replaced.
        path = Path(target).resolve()
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        if not path.exists() or path.is_file():
            self._target = path
            # Two jobs with one output do not mix their rows.
            path = self._partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        self._stream = path.open("wb")

    @property
    def any_order(self) -> bool:
        return self._partial is not None

    def put(self, text: str, number: int) -> None:
        """Write a piece; pieces of a file are put in the order of their numbers in the end."""
        content = text.encode()

        def write() -> None:
            self._stream.write(content)
            # A row must survive us: its session is closed once it is here.
            self._stream.flush()

        self._attempt(write)
        if self._partial is not None:
            self._places.append((number, self._size, len(content)))
            self._size += len(content)

    def close(self) -> None:
        self._attempt(self._finish)

    def discard(self) -> None:
        if self._partial is not None and not self._broken:
            self._stream.close()
            self._partial.unlink(missing_ok=True)

    def _attempt(self, action: Callable[[], object]) -> None:
        """Write; once that has failed, nothing any more.

        Raises:
            InputError: The disk is full, the reader of the pipe has gone, or the like; it says
                where the rows are.
        """
        if self._broken:
            return
        try:
            action()
        except OSError as exc:
            self._broken = True
            kept = f"; the rows written so far are in {self._partial}" if self._partial else ""
            if self._name == "standard output":
                # What is still buffered would fail once more when the interpreter ends.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            else:
                with contextlib.suppress(OSError):
                    self._stream.close()
            raise InputError(f"cannot write {self._name}: {exc.strerror or exc}{kept}") from exc

    def _finish(self) -> None:
        if self._name == "standard output":
            return
        if self._partial is None or self._target is None:
            self._stream.close()
            return
        whole = self._in_order(self._partial)
        self._stream.close()
        whole.replace(self._target)
        self._partial.unlink(missing_ok=True)

    def _in_order(self, partial: Path) -> Path:
        """Return a file with all pieces in order, safely on disk."""
        ordered = sorted(self._places)
        if ordered == self._places:
            os.fsync(self._stream.fileno())
            return partial
        whole = partial.with_suffix(".ordered")
        with partial.open("rb") as pieces, whole.open("wb") as copy:
            for _, offset, length in ordered:
                pieces.seek(offset)
                copy.write(pieces.read(length))
            copy.flush()
            os.fsync(copy.fileno())
        return whole


class _Sink:
    """A `Sink` on an output; how a row is written is for its subclasses to say."""

    def __init__(self, output: _Output) -> None:
        self._output = output

    @property
    def any_order(self) -> bool:
        return self._output.any_order

    def write(self, cells: Sequence[str], values: dict[str, Any], *, number: int = 0) -> None:
        self._output.put(self._encode(cells, values), number)

    def close(self) -> None:
        self._output.close()

    def discard(self) -> None:
        self._output.discard()

    def _encode(self, cells: Sequence[str], values: dict[str, Any]) -> str:
        raise NotImplementedError


class _CsvSink(_Sink):
    def __init__(self, output: _Output, header: Sequence[str]) -> None:
        super().__init__(output)
        output.put(_csv_line([*header, *RESULT_COLUMNS]), -1)

    def _encode(self, cells: Sequence[str], values: dict[str, Any]) -> str:
        return _csv_line([*cells, *(_cell(values[name]) for name in RESULT_COLUMNS)])


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO(newline="")
    # Older Pythons leave a lone carriage return unquoted, which breaks the row in two.
    if any("\r" in cell for cell in cells):
        csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    else:
        csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return spreadsheet_safe("; ".join(value))
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return spreadsheet_safe(value) if isinstance(value, str) else str(value)


class _JsonlSink(_Sink):
    def __init__(self, output: _Output, header: Sequence[str]) -> None:
        super().__init__(output)
        names: list[str] = []
        for column in header:
            # A JSON object has each name once, a table may not.
            name, number = column, 1
            while name in names or (number > 1 and name in header):
                number += 1
                name = f"{column}__{number}"
            names.append(name)
        self._names = names

    def _encode(self, cells: Sequence[str], values: dict[str, Any]) -> str:
        row = {**dict(zip(self._names, cells, strict=True)), **values}
        return json.dumps(row, ensure_ascii=False) + "\n"
