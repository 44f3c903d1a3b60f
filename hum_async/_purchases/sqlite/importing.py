"""Makes a journal in a file out of another journal."""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hum_async._purchases.reader import JournalReader, StoredPurchase
from hum_async._purchases.sqlite.journal import connect, create_journal, sync_folder
from hum_async._purchases.sqlite.schema import ADDRESS_KEY, LEDGER, is_bound, token_sum
from hum_async.errors import JournalError

_RUN = (
    "INSERT INTO run (began_at, seen_at, library_version, requests, rows_done, rows_reused, "
    "rows_total, seconds, address_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_PURCHASE = (
    "INSERT INTO purchase (run, address, asked_at, token, outcome, requests, observed_at, result, "
    "copied, superseded, closed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def import_journal(path: Path, source: JournalReader, settings: Mapping[str, Any]) -> int:
    """Write a journal with all that another one holds; return the number of its purchases.

    Args:
        path: The file, which is there when it is complete.
        source: The other journal.
        settings: Its settings.

    Raises:
        JournalError: There is a file already, or it cannot be written.
    """
    if path.exists():
        raise JournalError(f"{path} is there already; name another file")
    partial = path.with_name(path.name + ".part")
    try:
        partial.unlink(missing_ok=True)
        create_journal(partial, "usps")
        with contextlib.closing(connect(partial)) as db:
            db.execute("BEGIN IMMEDIATE")
            count = _write(db, source, settings)
            db.execute("COMMIT")
        partial.replace(path)
        sync_folder(path.parent)
    except (OSError, sqlite3.Error) as exc:
        reason = (exc.strerror if isinstance(exc, OSError) else None) or exc
        raise JournalError(f"cannot write the journal {path}: {reason}") from exc
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    return count


def _write(db: sqlite3.Connection, source: JournalReader, settings: Mapping[str, Any]) -> int:
    values = dict(settings) | ({LEDGER: 1} if source.ledger else {})
    db.executemany("REPLACE INTO setting VALUES (?, ?)", values.items())
    key = settings[ADDRESS_KEY]
    run = 0
    for each in source.runs():
        cursor = db.execute(
            _RUN,
            (
                each.began_at,
                each.seen_at,
                each.library_version,
                each.requests,
                each.rows_done,
                each.rows_reused,
                each.rows_total,
                each.seconds,
                key,
            ),
        )
        run = cursor.lastrowid or 0
    count = 0
    for purchase in source.purchases():
        number = db.execute(_PURCHASE, (run, *_values(purchase))).lastrowid
        count += 1
        if _may_be_taken_over(purchase):
            bound = token_sum(purchase.token or "", purchase.address)
            db.execute("REPLACE INTO token_sum VALUES (?, ?)", (number, bound))
    return count


def _values(purchase: StoredPurchase) -> Iterator[Any]:
    yield purchase.address
    yield purchase.asked_at
    yield purchase.token
    yield purchase.outcome
    yield purchase.requests
    yield purchase.observed_at
    yield purchase.result
    yield purchase.copied
    yield purchase.superseded
    yield purchase.closed


def _may_be_taken_over(purchase: StoredPurchase) -> bool:
    counts = purchase.superseded is None and not purchase.copied
    return counts and is_bound(purchase.token, purchase.outcome)
