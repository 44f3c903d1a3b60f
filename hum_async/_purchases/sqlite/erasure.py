"""Erases results from a journal, and leaves a receipt of each purchase."""

import contextlib
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from hum_async._purchases.codec import receipt_of
from hum_async._purchases.records import FORGOTTEN
from hum_async._purchases.sqlite.lock import lock_journal
from hum_async._purchases.sqlite.schema import add_missing_columns, check_header, damaged
from hum_async._purchases.sqlite.soundness import check_sound
from hum_async.errors import JournalError
from hum_async.models import Outcome


def forget(
    path: Path, *, digests: Collection[bytes] | None = None, before: str | None = None
) -> int:
    """Erase results; return their number.

    A receipt stays: when the purchase was asked for, its token, its outcome and its requests. The
    address counts as never bought.

    Args:
        path: The journal.
        digests: The addresses; None for all.
        before: Only results of what was asked for before this time (ISO 8601, UTC); uncertain
            purchases are kept, because their addresses must not be bought again unasked. None
            for any time.

    Raises:
        JournalError: Another process uses the journal, or it cannot be read or written.
    """
    check_header(path, must_exist=True)
    with lock_journal(path), _mapped(path), contextlib.closing(_connected(path)) as db:
        check_sound(path, db)
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        add_missing_columns(db)
        found = [
            number
            for number, address, at, outcome in db.execute(_RESULTS, (FORGOTTEN,))
            if (digests is None or address in digests)
            and (before is None or (at < before and outcome != Outcome.UNCERTAIN))
        ]
        for number in found:
            packed, address = db.execute(_RESULT, (number,)).fetchone()
            db.execute(_FORGET, (receipt_of(packed, address), FORGOTTEN, number))
        db.execute("COMMIT")
        _overwrite(path, db, forgotten=len(found))
    return len(found)


_RESULTS = (
    "SELECT id, address, asked_at, outcome FROM purchase "
    "WHERE result IS NOT NULL AND superseded IS NOT ?"
)
_RESULT = "SELECT result, address FROM purchase WHERE id = ?"
_FORGET = "UPDATE purchase SET result = ?, superseded = ? WHERE id = ?"


def _overwrite(path: Path, db: sqlite3.Connection, *, forgotten: int) -> None:
    """Let neither free pages nor the write-ahead log keep what was there.

    It is done even if nothing was forgotten now, because an earlier call may not have come so far.

    Raises:
        JournalError: It could not be done.
    """
    why: object = "another process reads it"
    try:
        db.execute("VACUUM")
        busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError as exc:
        busy, why = 1, exc
    if busy:
        raise JournalError(
            f"{forgotten:,} results of {path} are forgotten, but not yet overwritten in the file: "
            f"{why}; run the same again"
        )


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=5.0)


@contextlib.contextmanager
def _mapped(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        raise JournalError(f"cannot change the journal {path}: {exc}; nothing was erased") from exc
    except (sqlite3.Error, ValueError, TypeError) as exc:
        raise damaged(path, exc) from None
