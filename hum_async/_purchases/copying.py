"""Copies a journal whole: from a file into a database, and back."""

import contextlib
import os
from pathlib import Path
from typing import Any

from hum_async._purchases.journals import open_reader
from hum_async._purchases.place import Place
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.prices import PRICES
from hum_async._purchases.reader import (
    FINISHED_AT,
    MANIFEST,
    TAKEN_SINCE,
    JournalReader,
)
from hum_async._purchases.records import ADDRESS_KEYS
from hum_async._purchases.sqlite.importing import import_journal
from hum_async._purchases.sqlite.lock import lock_journal
from hum_async._wording import counted
from hum_async.errors import JournalError

_SETTINGS = (
    "api",
    TAKEN_SINCE,
    FINISHED_AT,
    "campaign_id",
    "found_rate",
    "found_rate_at",
    PRICES,
)


def copy_journal(source: Place, target: Place) -> int:
    """Copy all purchases of a journal with their results, and what it knows of its runs.

    Open sessions, uncertain purchases and receipts are copied as well, so that a job goes on in the
    target where it was. The source stays as it is: go on with one of them alone, since what one
    buys from now on the other does not know.

    Args:
        source: The journal.
        target: Where there is none yet.

    Returns:
        The number of purchases.

    Raises:
        JournalError: The source cannot be read or somebody is at it, or the target is there.
    """
    with contextlib.ExitStack() as opened:
        if isinstance(source, Path) and source.exists():
            opened.enter_context(lock_journal(source))
        journal = opened.enter_context(open_reader(source))
        journal.check_sound()
        if workers := sum(worker.state == "alive" for worker in journal.workers()):
            raise JournalError(
                f"{counted(workers, 'worker')} of {journal.name} live; wait until they have ended, "
                "or stop them"
            )
        settings = _settings_of(journal, target)
        if isinstance(target, DatabaseUrl):
            # Only who has the extra can write to a database.
            from hum_async._purchases.postgres.importing import import_job  # noqa: PLC0415

            return import_job(target, journal, settings)
        return import_journal(target, journal, settings)


def _settings_of(journal: JournalReader, target: Place) -> dict[str, Any]:
    settings = {name: journal.setting(name) for name in _SETTINGS}
    settings["address_key"] = ADDRESS_KEYS[journal.dedupe]
    if isinstance(name := journal.setting(MANIFEST), str):
        # It is named relative to where the journal is.
        folder = target.parent if isinstance(target, Path) else Path(Path.cwd().anchor)
        settings[MANIFEST] = os.path.relpath((journal.folder / name).resolve(), folder.resolve())
    return settings
