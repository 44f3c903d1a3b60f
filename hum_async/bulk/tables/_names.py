"""Decides by an output's name what is written to it: the format, and the compression."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from hum_async.bulk.tables._source import STANDARD
from hum_async.bulk.tables._streams import is_stream
from hum_async.errors import InputError

_FORMATS = {
    "": "csv",
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".geojson": "geojson",
    ".xlsx": "excel",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".geo.parquet": "geoparquet",
    ".geoparquet": "geoparquet",
}
_PACKERS: dict[str, Callable[[IO[bytes]], Any]] = {
    # Without name and time, the same rows are the same bytes.
    ".gz": lambda stream: gzip.GzipFile("", "wb", fileobj=stream, mtime=0),
    ".bz2": lambda stream: bz2.BZ2File(stream, "wb"),
    ".xz": lambda stream: lzma.LZMAFile(stream, "wb"),  # noqa: SIM115  the caller closes it
}
_CONTAINERS = frozenset({"excel", "parquet", "geoparquet"})
"""Formats that are compressed within."""

WRITABLE = (
    ".csv, .txt, .tsv, .json, .jsonl, .ndjson, .geojson (each also with .gz, .bz2 or .xz after "
    "it), .xlsx, .parquet or .geo.parquet"
)
"""The endings of names that can be written, for messages."""


class UnwritableName(InputError):
    """The name of an output says a format that cannot be written."""


def packer_of(target: str) -> Callable[[IO[bytes]], Any] | None:
    """Return the function that wraps a stream for the compression a name says; None for none."""
    return None if target == STANDARD else _PACKERS.get(Path(target).suffix.casefold())


def stem_of(path: Path) -> str:
    """Return a name without the endings of compression and format: ``out`` of ``out.csv.gz``."""
    inner = Path(path.stem) if path.suffix.casefold() in _PACKERS else path
    return inner.name[: -len(suffix)] if (suffix := _suffix_of(inner)) else inner.name


def _suffix_of(path: Path) -> str:
    """Return the ending of a name, as it is written; ``.geo.parquet`` is one."""
    two = "".join(path.suffixes[-2:])
    return two if two.casefold() in _FORMATS else path.suffix


def format_of(target: str, fmt: str | None = None) -> str:
    """Return the format of an output: `fmt`, else the one that its name says.

    A name without an ending is CSV, and so are standard output, pipes and devices.

    Raises:
        UnwritableName: The name says a format that cannot be written.
        InputError: Standard output cannot take the format.
    """
    if target == STANDARD:
        if fmt in _CONTAINERS:
            raise InputError(f"{fmt} cannot go to standard output; name a file with -o")
        return fmt or "csv"
    path = Path(target)
    packed = path.suffix.casefold() in _PACKERS
    suffix = _suffix_of(Path(path.stem) if packed else path).casefold()
    if fmt is None and is_stream(target):
        return _FORMATS.get(suffix, "csv")
    chosen = fmt or _FORMATS.get(suffix)
    if chosen is None or (packed and chosen in _CONTAINERS):
        raise UnwritableName(
            f"{path.name}: no file of this name can be written; end it in {WRITABLE}, or say "
            "its --format"
        )
    return chosen
