"""Tells the format of an input by its content and its name."""

import re
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
_JSON = re.compile(r'\s*(?:\{\s*"|\{\s*\}|\[\s*[\[{"])')
_HTML = re.compile(r"(?i)\s*<(?:!doctype|html|head|body|table|meta|script|\?xml|workbook)\b")


def format_of_content(path: Path, source: str, *, name: str) -> str:
    """Return the format of a file: ``csv``, ``jsonl``, ``excel`` or ``parquet``.

    Raises:
        InputError: The file is a web page.
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(1 << 10)
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
