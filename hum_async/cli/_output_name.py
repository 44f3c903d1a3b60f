"""The name of the output of ``hum qualify`` where the user names none."""

import os
import sys
from pathlib import Path

from hum_async.bulk.files.outputs import beside
from hum_async.bulk.tables import (
    LONGEST_NAME,
    STANDARD,
    Table,
    UnwritableName,
    descriptor_of,
    format_of,
    is_stream,
    stem_of,
)
from hum_async.cli._run import UsageError

_ENDINGS = {
    "csv": ".csv",
    "tsv": ".tsv",
    "json": ".json",
    "jsonl": ".jsonl",
    "geojson": ".geojson",
    "excel": ".xlsx",
    "parquet": ".parquet",
    "geoparquet": ".geo.parquet",
}
_READ_AS = {"tsv": "csv", "json": "jsonl", "geojson": "jsonl", "geoparquet": "parquet"}
"""Formats that are read as another one."""
_STDOUT = 1


def is_standard(target: str | None) -> bool:
    """Whether an output is standard output, by whatever name."""
    return target == STANDARD or (target is not None and descriptor_of(target) == _STDOUT)


def check_standard(**outputs: str | None) -> None:
    """Check that one output at most goes to standard output.

    Args:
        outputs: The outputs by role.

    Raises:
        UsageError: Two do.
    """
    roles = [role.replace("_", " ") for role, target in outputs.items() if is_standard(target)]
    if len(roles) > 1:
        raise UsageError(
            f"{roles[0]} and {roles[1]} cannot both go to standard output; name a file, such as "
            "-o FILE for the results"
        )


def output_name(table: Table, source: str, *, output: str | None, fmt: str | None) -> str:
    """Return the output of a job: where standard output is a terminal, a file beside the input.

    Elsewhere standard output is a pipe or a file that the user named for the rows.

    Args:
        table: The input.
        source: What the user calls it.
        output: What the user calls the output; None if the user does not name it.
        fmt: Format of the output; None for that of the input.

    Raises:
        UsageError: The input is a pipe, so that no name can be taken from it.
    """
    if output is not None:
        return STANDARD if is_standard(output) else output
    if sys.stdout is None or not sys.stdout.isatty():
        return STANDARD
    if source == STANDARD or is_stream(source):
        raise UsageError("name a file for the results with -o FILE, or -o - for the terminal")
    path = Path(source)
    end = f".results{_ending(table, path, fmt)}"
    name = path.with_name(f"{stem_of(path)}{end}")
    # A long name is cut where it leaves no room for the end.
    return str(name if len(os.fsencode(name.name)) <= LONGEST_NAME else beside(path, end))


def check_names(*targets: str | None, fmt: str | None = None) -> None:
    """Check by their names alone that outputs can be written, before anything else is said.

    Args:
        targets: The outputs; None for one that is not named.
        fmt: Their format; None for what the names say.

    Raises:
        UnwritableName: A name says a format that cannot be written.
    """
    for target in targets:
        if target is not None and not is_standard(target):
            format_of(target, fmt)


def _ending(table: Table, path: Path, fmt: str | None) -> str:
    """Return the ending of the input if it can be written, or else that of its format."""
    ending = path.name[len(stem_of(path)) :]
    try:
        # Of the name alone: nothing need be there.
        named = format_of(path.name) if ending else None
    except UnwritableName:
        named = None
    if fmt is None and _READ_AS.get(named or "", named) == table.format:
        return ending
    return _ENDINGS[fmt or table.format]
