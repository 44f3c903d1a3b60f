"""Tells the format of an input by its content and its name."""

import re
import zipfile
from pathlib import Path, PurePosixPath

from hum_async.bulk.tables._text import encoding_of
from hum_async.errors import InputError

_SUFFIXES = {
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".geojson": "jsonl",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_MARKS = {b"PK\x03\x04": "excel", b"\xd0\xcf\x11\xe0": "excel", b"PAR1": "parquet"}
_NO_TABLES = {
    b"%PDF": "a PDF document: copy its table into a spreadsheet",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"II*\0": "a picture (TIFF)",
    b"MM\0*": "a picture (TIFF)",
    b"SQLite format 3\0": "a database (SQLite): export its table",
    b"\0\1\0\0Standard ": "a database (Access): export its table",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it",
    b"Rar!": "a RAR archive: unpack it",
    b"ARROW1": "an Arrow (Feather) file: convert it",
    b"ORC": "an ORC file: convert it",
    b"Obj\1": "an Avro file: convert it",
    b"$FL2": "an SPSS file: export its table",
    b"<stata_dta>": "a Stata file: export its table",
    b"\0\0\x27\x0a": "a shapefile: export its table",
    b"{\\rtf": "a text document (RTF): copy its table into a spreadsheet",
    b"\x7fELF": "a program",
    b"MZ\x90\0": "a program",
    b"\xca\xfe\xba\xbe": "a program",
}
"""What files that are no tables begin with, and what they are."""
_TAR = slice(257, 262)
_NO_TEXT = bytes({*range(0x02, 0x09), *range(0x0E, 0x1A), 0x1B, 0x7F})
"""Bytes that no text has, without those that separate cells or pad files."""
_LEAST_BINARY = 16
_DOCUMENTS = {"word/": "a Word document", "ppt/": "a PowerPoint file", "META-INF/": "a program"}
_JSON = re.compile(r'\s*(?:\{\s*"|\{\s*\}|\[\s*[\[{"])')
_HTML = re.compile(r"(?i)\s*<(?:!doctype|html|head|body|table|meta|script|\?xml|workbook)\b")


def format_of_content(path: Path, source: str, *, name: str) -> str:
    """Return the format of a file: ``csv``, ``jsonl``, ``excel`` or ``parquet``.

    Raises:
        InputError: The file is no table, but a web page, a document, a picture, or the like.
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(1 << 10)
    _refuse_what_is_no_table(path, start, name)
    by_name = _SUFFIXES.get(PurePosixPath(source).suffix.casefold())
    for mark, fmt in _MARKS.items():
        if start.startswith(mark):
            return fmt
    encoding = encoding_of(path, None)
    text = start.decode(encoding.name, "replace").lstrip("\ufeff")
    if _HTML.match(text):
        raise InputError(
            f"{name} is a web page (HTML or XML), whatever its name says; open it in a spreadsheet "
            "and save it as .xlsx or CSV"
        )
    if _JSON.match(text):
        return "jsonl"
    if by_name in {"excel", "parquet"} and text.strip() and "\0" not in text:
        return "csv"
    return by_name or "csv"


def _refuse_what_is_no_table(path: Path, start: bytes, name: str) -> None:
    found = next((what for mark, what in _NO_TABLES.items() if start.startswith(mark)), None)
    if start[_TAR] == b"ustar":
        found = "a tar archive: unpack it"
    elif start.startswith(b"PK\x03\x04"):
        found = _document(path)
    elif found is None and not start.startswith(tuple(_MARKS)) and _is_binary(path, start):
        found = "binary data"
    if found is not None:
        kind, _, way = found.partition(": ")
        way = f"{way}, and save it" if way else "export or save what it holds"
        raise InputError(f"{name} is no table but {kind}; {way} as CSV or .xlsx")


def _document(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.namelist()
    except zipfile.BadZipFile:
        return None
    for folder, what in _DOCUMENTS.items():
        if any(part.startswith(folder) for part in parts) and "mimetype" not in parts:
            return what
    return None


def _is_binary(path: Path, start: bytes) -> bool:
    if encoding_of(path, None).name.startswith(("utf-16", "utf-32")):
        return False
    odd = len(start) - len(start.translate(None, _NO_TEXT))
    return odd >= _LEAST_BINARY and odd * 20 > len(start)
