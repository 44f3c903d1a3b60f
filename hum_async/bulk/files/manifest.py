"""The manifest of a finished output: with what settings it was made, and checksums to prove it."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hum_async._version import __version__
from hum_async.bulk.files.compose import Composed
from hum_async.bulk.job_status import JobStatus
from hum_async.errors import InputError

_FORMAT = 1


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as exc:
        raise InputError(f"cannot read {path}: {exc.strerror or exc}") from exc


def relative(path: Path, beside: Path) -> str:
    """Return how to find a file from the folder of another."""
    return os.path.relpath(path.resolve(), beside.resolve().parent)


def manifest_of(
    status: JobStatus,
    *,
    path: Path,
    files: Mapping[str, tuple[Path, Mapping[str, Any]]],
    composed: Composed,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what there is to say of an output.

    Args:
        status: The job by its journal.
        path: The manifest's own; files are named from its folder.
        files: By role (input, output ...): the file, and what to say of it.
        composed: What was written.
        settings: Of the command.

    Raises:
        InputError: A file cannot be read any more.
    """
    tally = status.tally
    return {
        "format": _FORMAT,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "hum_async": __version__,
            "python": platform.python_version(),
            "runs": sorted({run.library_version for run in status.runs}),
        },
        "api": status.api,
        "finished_at": status.finished_at,
        "settings": dict(settings),
        "files": {
            role: {"name": relative(file, path), "sha256": checksum(file)} | dict(more)
            for role, (file, more) in files.items()
        },
        "addresses_by_outcome": {str(key): count for key, count in status.outcomes.items()},
        "rows_by_data_set": dict(composed.data_sets),
        "observed_at": {
            "first": composed.first and composed.first.isoformat(),
            "last": composed.last and composed.last.isoformat(),
        },
        "sessions": {
            "bought": tally.bought,
            "uncertain": tally.uncertain,
            "copied": tally.copied,
            "bought_again": dict(status.superseded),
        },
        "requests": status.requests,
        "runs": [
            {"began_at": run.began_at, "seen_at": run.seen_at, "requests": run.requests}
            for run in status.runs
        ],
    }


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write a manifest, whole or not at all.

    Raises:
        InputError: It cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
        partial.replace(path)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        raise InputError(f"cannot write {path}: {exc.strerror or exc}") from exc


def read_manifest(path: Path) -> dict[str, Any]:
    """Return what a manifest says.

    Raises:
        InputError: There is none, or it is not one.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"cannot read the manifest {path}: {exc}") from exc
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise InputError(f"{path} is not a manifest that this version can read")
    return found
