"""Checks of the folder that a journal shall be in: is it safe there, and fast enough?"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hum_async._diagnosis.findings import Finding, State
from hum_async._purchases.sqlite.journal import Journal
from hum_async.errors import JournalError

_NETWORK = {
    *("9p", "afs", "ceph", "cifs", "davfs", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "lustre"),
    *("nfs", "nfs4", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs"),
}
"""Types of file systems that other machines may write to at the same time."""

_IN_MEMORY = {"ramfs", "tmpfs"}

_GIGABYTE = 1e9
_SCARCE, _TOO_LITTLE = _GIGABYTE, 0.05 * _GIGABYTE
"""Bytes that are free. 1,000,000 addresses with their results take about 0.7 GB."""

_COMMITS = 5
_SLOW = 0.1
"""Seconds for a commit from which on a job may wait for its disk."""


def examine_place(folder: Path) -> Iterator[Finding]:
    """Check a folder; yield what is found, one check after the other.

    Args:
        folder: Where the journal is, or will be.
    """
    if not folder.is_dir():
        yield Finding(
            "folder", State.PROBLEM, f"{folder} is no folder", "make it, or name another one"
        )
        return
    yield _file_system(folder)
    yield _free_space(folder)
    yield _trial(folder)


def _file_system(folder: Path) -> Finding:
    kind = file_system_of(folder)
    if kind in _NETWORK:
        return Finding(
            "file system",
            State.PROBLEM,
            f"{folder} is on a network's file system ({kind}), whose locks cannot be relied on",
            "put the journal on a disk of this machine with --journal; several machines share a "
            "job through PostgreSQL",
        )
    if kind in _IN_MEMORY:
        return Finding(
            "file system",
            State.WARNING,
            f"{folder} is in memory ({kind})",
            "a journal there is lost with the power: put it on a disk",
        )
    return Finding("file system", State.OK, kind or "not known on this system")


def _free_space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    told = f"{free / _GIGABYTE:.1f} GB free in {folder}"
    if free >= _SCARCE:
        return Finding("disk space", State.OK, told)
    advice = "make room: 1,000,000 addresses take about 0.7 GB"
    return Finding(
        "disk space", State.PROBLEM if free < _TOO_LITTLE else State.WARNING, told, advice
    )


def _trial(folder: Path) -> Finding:
    """Write a journal and remove it."""
    try:
        with tempfile.TemporaryDirectory(prefix=".hum-doctor-", dir=folder) as trial:
            seconds = _seconds_per_commit(Path(trial) / "journal.sqlite")
    except (OSError, JournalError) as exc:
        reason = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        return Finding(
            "journal",
            State.PROBLEM,
            f"no journal can be written in {folder}: {reason}",
            "name a folder that you may write to with --journal",
        )
    told = f"can be written; a commit takes {seconds * 1000:.1f} ms"
    if seconds > _SLOW:
        advice = "purchases wait for the disk: put the journal on a faster one"
        return Finding("journal", State.WARNING, told, advice)
    return Finding("journal", State.OK, told)


def _seconds_per_commit(path: Path) -> float:
    journal = Journal(path)
    try:
        took = []
        for number in range(_COMMITS):
            began = time.perf_counter()
            journal.set("trial", number)
            took.append(time.perf_counter() - began)
        return statistics.median(took)
    finally:
        journal.close()


def file_system_of(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """Return the type of the file system that a folder is on; None if the system does not say.

    Args:
        folder: The folder.
        mounts: The kernel's table of mounts (proc(5), mountinfo).
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    place = folder.resolve()
    found: tuple[int, str] | None = None
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        if len(fields) < 5 or not kinds:  # noqa: PLR2004  the fifth is the mount point
            continue
        point = Path(_unescaped(fields[4]))
        # The last of several at one point hides those before it.
        if place.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), kinds[0]
    return found and found[1]


def _unescaped(text: str) -> str:
    for escaped, letter in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        text = text.replace(escaped, letter)
    return text
