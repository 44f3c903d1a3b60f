"""The manifest beside an output: the settings of the job, and checksums of its files."""

import json
import os
import platform
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hum_async._purchases.place import Place
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.reader import MANIFEST, DamagedJournal, JournalFiles, JournalReader
from hum_async._version import __version__
from hum_async.bulk.files.compose import Composed
from hum_async.bulk.files.own_files import Contents, OutputExists, checksum, relative
from hum_async.bulk.job_status import JobStatus
from hum_async.bulk.result_schema import RESULT_COLUMNS, SCHEMA_VERSION, described
from hum_async.bulk.tables import Output, mapped_os_errors
from hum_async.errors import InputError

_FORMAT = 1
_SURROGATE = re.compile("[\ud800-\udfff]")


def manifest_of(  # noqa: PLR0913  what it tells, by name
    status: JobStatus,
    *,
    path: Path,
    files: Mapping[str, tuple[Path, Mapping[str, Any]]],
    composed: Composed,
    settings: Mapping[str, Any],
    columns: Iterable[str] = RESULT_COLUMNS,
) -> dict[str, Any]:
    """Return the content of the manifest.

    Args:
        status: Status of the job.
        path: Path of the manifest; it names the files relative to its folder.
        files: The files and further entries about them, by role (input, output ...).
        composed: Counts of the rows that were written.
        settings: Settings of the command.
        columns: The result columns of the output.

    Raises:
        InputError: A file cannot be read.
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
        **_journal_of(status.place, path.parent),
        "finished_at": status.finished_at,
        "settings": dict(settings),
        "results": {"schema_version": SCHEMA_VERSION, "columns": described(columns)}
        | ({"long_columns": described(composed.long_columns)} if composed.long_columns else {}),
        "files": {
            role: {"name": relative(file, path.parent), "sha256": checksum(file)} | dict(more)
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
        **({} if status.cost is None else {"cost": f"{status.cost:f}"}),
        "requests": status.requests,
        "runs": [
            {"began_at": run.began_at, "seen_at": run.seen_at, "requests": run.requests}
            for run in status.runs
        ],
    }


def note_manifest(journal: JournalFiles, path: Path) -> None:
    """Note in a journal where the manifest of the outputs is, for `hum verify`."""
    name = relative(path, journal.folder)
    try:
        name.encode()
    except UnicodeEncodeError:
        # A name that is not UTF-8 is no text to SQLite.
        journal.set(MANIFEST, os.fsencode(name))
    else:
        journal.set(MANIFEST, name)


def _journal_of(place: Place, folder: Path) -> dict[str, Any]:
    if isinstance(place, DatabaseUrl):
        database = {"server": place.label, "schema": place.schema, "job": place.job}
        return {"journal": None, "database": database}
    return {"journal": relative(place, folder)}


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write a manifest, whole or not at all.

    Raises:
        InputError: The file cannot be written.
    """
    with mapped_os_errors(f"write {path}"):
        output = Output(str(path))
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    # A file's name need not be UTF-8. Python has surrogates for such bytes, and so has JSON.
    output.put(_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")
    output.close()


def manifest_in(journal: JournalReader) -> Path | None:
    """Return the path of the manifest that a journal names; None if it names none.

    Raises:
        DamagedJournal: What it names is no path.
    """
    name = journal.setting(MANIFEST)
    if name is None:
        return None
    if not isinstance(name, str | bytes):
        raise DamagedJournal(f"the journal {journal.name} is damaged (a manifest without a name)")
    # A name that is not UTF-8 is kept as bytes.
    return journal.folder / os.fsdecode(name)


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the content of a manifest.

    Raises:
        InputError: The file is missing, or is no manifest.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"cannot read the manifest {path}: {exc}") from exc
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise InputError(f"{path} is not a manifest that this version can read")
    return found


def check_is_manifest(path: Path) -> None:
    """Check that a manifest may be written to a path: what is there must be one.

    Raises:
        OutputExists: It is another file.
    """
    if not path.is_file() or not path.stat().st_size:
        return
    try:
        read_manifest(path)
    except InputError as exc:
        raise OutputExists.of(path) from exc


def output_in(path: Path) -> Path | None:
    """Return the output that a manifest is about; None if it is about none, or cannot be read."""
    try:
        return path.parent / str(read_manifest(path)["files"]["output"]["name"])
    except (InputError, KeyError, TypeError):
        return None


def written_contents(path: Path) -> Contents:
    """Return what a manifest says of the outputs; nothing without one that can be read."""
    try:
        files = read_manifest(path)["files"]
        return {
            (path.resolve().parent / file["name"]).resolve(): [file["sha256"]]
            for role, file in files.items()
            if role != "input"
        }
    except (InputError, KeyError, TypeError, AttributeError):
        return {}
