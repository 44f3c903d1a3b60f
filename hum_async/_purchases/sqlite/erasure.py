"""Erases results from a journal, and leaves a receipt of each purchase."""

import contextlib
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from hum_async._purchases.codec import pack, unpack
from hum_async._purchases.sqlite.lock import LockFile
from hum_async._purchases.sqlite.schema import (
    FORGOTTEN,
    add_missing_columns,
    check_header,
    check_sound,
    damaged,
)
from hum_async.errors import JournalError
from hum_async.models import Address, Outcome, Qualification

_NOBODY = Address("")


def forget(
    path: Path, *, digests: Collection[bytes] | None = None, before: str | None = None
) -> int:
    """Erase results; return their number.

    A receipt stays: when the purchase was asked for, its token, its outcome and its requests. The
    address counts as never bought.

    Args:
        path: The journal.
        digests: The addresses; None for all.
        before: Only results that the API gave before this time (ISO 8601, UTC); uncertain purchases
            are kept, because their addresses must not be bought again unasked. None for any time.

    Raises:
        JournalError: Another process uses the journal, or it cannot be read or written.
    """
    check_header(path, must_exist=True)
    with _locked(path), _mapped(path), contextlib.closing(_connected(path)) as db:
        check_sound(path, db)
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        add_missing_columns(db)
        found = _matching(db, digests, before)
        for number, address, packed in found:
            db.execute(
                "UPDATE purchase SET result = ?, superseded = coalesce(superseded, ?) WHERE id = ?",
                (_receipt(packed, address), FORGOTTEN, number),
            )
        db.execute("COMMIT")
        # Neither free pages nor the write-ahead log may keep what was there.
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(found)


def _matching(
    db: sqlite3.Connection, digests: Collection[bytes] | None, before: str | None
) -> list[tuple[int, bytes, bytes]]:
    rows = db.execute(
        "SELECT id, address, result, outcome, coalesce(observed_at, asked_at), superseded "
        "FROM purchase WHERE result IS NOT NULL"
    )
    return [
        (number, address, packed)
        for number, address, packed, outcome, at, superseded in rows
        if superseded != FORGOTTEN
        and (digests is None or address in digests)
        and (before is None or (at < before and outcome != Outcome.UNCERTAIN))
    ]


def _receipt(packed: bytes, digest: bytes) -> bytes:
    """Return a result without anything that it says of its address or its providers."""
    known = unpack(packed, key=None, address=_NOBODY, digest=digest)
    receipt = Qualification(
        key=None,
        address=_NOBODY,
        outcome=known.outcome,
        token=known.token,
        requests=known.requests,
        elapsed=known.elapsed,
        data_set=known.data_set,
        observed_at=known.observed_at,
    )
    return pack(receipt, digest=digest)


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=5.0)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        lock = LockFile(path)
    except OSError as exc:
        raise JournalError(f"cannot write beside {path}: {exc.strerror or exc}") from exc
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _mapped(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        raise JournalError(f"cannot change the journal {path}: {exc}; nothing was erased") from exc
    except (sqlite3.Error, ValueError, TypeError) as exc:
        raise damaged(path, exc) from None
