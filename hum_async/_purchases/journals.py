"""Opens, erases and removes journals, whatever they are kept in."""

import contextlib
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from hum_async._addresses.usps_key import Dedupe
from hum_async._purchases.place import Place
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.reader import JobSummary, JournalFiles, JournalReader
from hum_async._purchases.records import Copied
from hum_async._purchases.sqlite.erasure import forget as forget_in_file
from hum_async._purchases.sqlite.journal import Journal
from hum_async._purchases.sqlite.journal import remove_journal as remove_file
from hum_async._purchases.sqlite.reader import SqliteReader
from hum_async._purchases.sqlite.schema import VERSION, version_of


def open_reader(journal: Place, *, api: str | None = None) -> JournalReader:
    """Open a journal read-only, also while a job writes to it.

    Args:
        journal: Where it is.
        api: Name of the API whose results it must hold; None for any.

    Raises:
        JournalError: It is no journal, belongs to another version or API, or cannot be read.
        ConfigurationError: It is in a database, and its driver is not installed.
    """
    if isinstance(journal, DatabaseUrl):
        # Only who has the extra can read a database.
        from hum_async._purchases.postgres.reader import PostgresReader  # noqa: PLC0415

        return PostgresReader(journal, api=api)
    return SqliteReader(journal, api=api)


def open_files(database: DatabaseUrl) -> AbstractContextManager[JournalFiles]:
    """Open a job in a database to read it, and to note what its outputs hold.

    Raises:
        JournalError: The database cannot be reached, or has no such job.
    """
    from hum_async._purchases.postgres.files import PostgresFiles  # noqa: PLC0415  see above

    return PostgresFiles(database)


def is_there(journal: Place) -> bool:
    """Whether there is a journal.

    Raises:
        JournalError: The database cannot be reached.
    """
    if isinstance(journal, DatabaseUrl):
        return journal.job in {job.name for job in jobs_in(journal)}
    return journal.exists()


def jobs_in(database: DatabaseUrl) -> tuple[JobSummary, ...]:
    """Return the jobs and ledgers of a database, those begun last at the end.

    Raises:
        JournalError: It cannot be read.
    """
    from hum_async._purchases.postgres.reader import summaries  # noqa: PLC0415  see above

    return summaries(database)


def forget(
    journal: Place, *, digests: Collection[bytes] | None = None, before: str | None = None
) -> int:
    """Erase results; return their number.

    Args:
        journal: Where they are.
        digests: The addresses; None for all.
        before: Only results of what was asked for before this time (ISO 8601, UTC), and no
            uncertain purchases; None for any time.

    Raises:
        JournalError: Another process uses the file, or it cannot be read or written.
    """
    if isinstance(journal, DatabaseUrl):
        from hum_async._purchases.postgres.erasure import forget as erase  # noqa: PLC0415

        return erase(journal, digests=digests, before=before)
    return forget_in_file(journal, digests=digests, before=before)


def remove_journal(journal: Place) -> None:
    """Remove a journal with all that it holds.

    Raises:
        JournalError: Another process uses it, or it cannot be removed.
    """
    if isinstance(journal, DatabaseUrl):
        from hum_async._purchases.postgres.erasure import remove_job  # noqa: PLC0415

        remove_job(journal)
    else:
        remove_file(journal)


def is_of_this_version(journal: Path) -> bool:
    """Whether a journal has the format of this version.

    Raises:
        JournalError: It is no journal, or there is none.
    """
    return version_of(journal, must_exist=True) == VERSION


CARRIED_OVER = "carried_over"
"""Name of the setting of a journal that has got all that another one had."""


def carry_over(
    journal: Path,
    copies: Callable[[Journal], Iterable[Sequence[Copied]]],
    *,
    api: str,
    dedupe: Dedupe | None = None,
) -> None:
    """Give a journal the results of another one, in a run of its own, once.

    Args:
        journal: Its file, which is made if it is missing.
        copies: Returns what it gets, in parts.
        api: Name of the API.
        dedupe: How addresses are compared; None as the journal does.

    Raises:
        JournalError: It cannot be used.
    """
    if journal.exists():
        with SqliteReader(journal, api=api) as reader:
            if reader.setting(CARRIED_OVER):
                return
    with contextlib.closing(Journal(journal, api=api, dedupe=dedupe, ledger=False)) as target:
        for part in copies(target):
            target.apply(part)
        target.set(CARRIED_OVER, 1)
