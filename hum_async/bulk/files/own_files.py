"""Which files a job may replace: those that it wrote, as it wrote them.

The journal knows the SHA-256 of each file before the file gets its name. So a job that is killed
before it has written the manifest of its outputs knows them when it is run again.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import attrs

from hum_async._purchases.journals import open_reader
from hum_async._purchases.place import Place
from hum_async._purchases.reader import OUTPUT_FILES, JournalFiles
from hum_async.bulk.tables import SealedFile, mapped_os_errors
from hum_async.errors import InputError, JournalError

Contents = Mapping[Path, Iterable[str]]
"""SHA-256 of contents, by resolved path."""


class OutputExists(InputError):
    """An output would replace a file that the job did not write, or that was edited since."""

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the error of a path."""
        return cls(
            f"{path} is there already, and this job did not write it as it is now; "
            "rename it, name another output with -o, or say --overwrite"
        )


def holds_something(path: Path) -> bool:
    """Whether writing there would lose a file: an empty one, as mktemp leaves, is no loss."""
    return path.is_file() and path.stat().st_size > 0


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits.

    Raises:
        InputError: The file cannot be read.
    """
    with mapped_os_errors(f"read {path}"), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def relative(path: Path, folder: Path) -> str:
    """Return the path of a file relative to a folder."""
    return os.path.relpath(path.resolve(), folder.resolve())


@attrs.define
class OwnFiles:
    """The outputs of a job, and what they may hold to be replaced.

    Attributes:
        paths: Paths of the outputs.
        replace_all: They are replaced whatever they hold.
    """

    paths: tuple[Path, ...] = ()
    replace_all: bool = True
    _known: dict[Path, set[str]] = attrs.field(factory=dict)

    @classmethod
    def of(cls, paths: Iterable[Path], *contents: Contents, replace_all: bool) -> Self:
        """Return the outputs of a job with all contents that it may replace."""
        known: dict[Path, set[str]] = {}
        for each in contents:
            for path, sums in each.items():
                known.setdefault(path, set()).update(sums)
        return cls(tuple(paths), replace_all, known)

    def check(self) -> None:
        """Check that the outputs may be replaced as they are now.

        Raises:
            OutputExists: One may not.
        """
        # What earlier runs wrote under other names stays known.
        self._known |= {path.resolve(): self._present(path) for path in self.paths}

    def record(self, journal: JournalFiles, sealed: Iterable[SealedFile] = ()) -> None:
        """Record in the journal what the outputs hold, and what they will hold.

        Args:
            journal: The journal of the job.
            sealed: Files that are about to replace outputs.

        Raises:
            OutputExists: Somebody else has written to an output since it was checked.
            JournalError: The journal cannot be written.
        """
        self.check()
        for file in sealed:
            self._known.setdefault(file.target, set()).add(checksum(file.partial))
        names = {
            relative(path, journal.folder): sorted(sums)
            for path, sums in self._known.items()
            if sums
        }
        journal.set(OUTPUT_FILES, json.dumps(names))

    def _present(self, path: Path) -> set[str]:
        """Return the SHA-256 of what an output holds and may be replaced."""
        if not holds_something(path):
            return set()
        found = {checksum(path)} & self._known.get(path.resolve(), set())
        if not found and not self.replace_all:
            raise OutputExists.of(path)
        return found


def recorded_contents(journal: Place) -> Contents:
    """Return what a journal says of the outputs; nothing without a journal that can be read."""
    # What is wrong with a journal is told when the job opens it.
    with (
        contextlib.suppress(JournalError, ValueError, TypeError, AttributeError),
        open_reader(journal) as reader,
    ):
        names = json.loads(reader.setting(OUTPUT_FILES))
        folder = reader.folder.resolve()
        return {(folder / name).resolve(): sums for name, sums in names.items()}
    return {}
