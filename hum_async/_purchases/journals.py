"""Opens, erases and removes journals, whatever they are kept in."""

from collections.abc import Collection
from pathlib import Path

from hum_async._purchases.reader import JournalReader
from hum_async._purchases.sqlite.erasure import forget as forget_in_file
from hum_async._purchases.sqlite.journal import remove_journal as remove_file
from hum_async._purchases.sqlite.reader import SqliteReader
from hum_async._purchases.sqlite.schema import VERSION, version_of


def open_reader(journal: Path, *, api: str | None = None) -> JournalReader:
    """Open a journal read-only, also while a job writes to it.

    Args:
        journal: Its file.
        api: Name of the API whose results it must hold; None for any.

    Raises:
        JournalError: It is no journal, belongs to another version or API, or cannot be read.
    """
    return SqliteReader(journal, api=api)


def forget(
    journal: Path, *, digests: Collection[bytes] | None = None, before: str | None = None
) -> int:
    """Erase results; return their number.

    Args:
        journal: Its file.
        digests: The addresses; None for all.
        before: Only results of what was asked for before this time (ISO 8601, UTC), and no
            uncertain purchases; None for any time.

    Raises:
        JournalError: Another process uses the journal, or it cannot be read or written.
    """
    return forget_in_file(journal, digests=digests, before=before)


def remove_journal(journal: Path) -> None:
    """Remove a journal with all that it holds.

    Raises:
        JournalError: Another process uses it, or it cannot be removed.
    """
    remove_file(journal)


def is_of_this_version(journal: Path) -> bool:
    """Whether a journal has the format of this version.

    Raises:
        JournalError: It is no journal, or there is none.
    """
    return version_of(journal, must_exist=True) == VERSION
