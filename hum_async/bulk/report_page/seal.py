"""Knows its own reports: one that nobody has edited since may be replaced by a new one.

The last line of a report is a comment with two SHA-256: that of the name of its source, and that of
all lines before it. Jobs know their outputs by a journal; a report stands alone.
"""

import re
from hashlib import sha256
from pathlib import Path

from hum_async.bulk.files.own_files import OutputExists, holds_something
from hum_async.bulk.tables import STANDARD, is_stream, mapped_os_errors

_SEAL = re.compile(rb"<!-- hum report ([0-9a-f]{64}) ([0-9a-f]{64}) -->\n\Z")
_LARGEST = 10_000_000
"""Bytes; a larger file is no report."""


def sealed(text: str, *, source: str | None) -> str:
    """Return a report with its last line.

    Args:
        text: The report.
        source: Name of its source.
    """
    body = text if text.endswith("\n") else f"{text}\n"
    return f"{body}<!-- hum report {_digest(source or '')} {_digest(body)} -->\n"


def check_replaceable(path: Path, *, source: str | None) -> None:
    """Check that a report may be written to a path.

    Args:
        path: The path.
        source: Name of the report's source.

    Raises:
        OutputExists: There is something else, or a report of another source or one that was edited.
        InputError: What is there cannot be read.
    """
    if str(path) == STANDARD or is_stream(str(path)) or not holds_something(path):
        return
    with mapped_os_errors(f"read {path}"):
        content = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
    found = _SEAL.search(content)
    if found is None or found.groups() != (
        _digest(source or "").encode(),
        sha256(content[: found.start()]).hexdigest().encode(),
    ):
        raise OutputExists(
            f"{path} is there already, and it is no report of the same results as it was written; "
            "rename it, name another output with -o, or say --overwrite"
        )


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
