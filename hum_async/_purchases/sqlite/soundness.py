"""Checks the content of a journal when it is opened: what is damaged must not be bought again."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from hum_async._purchases.sqlite.schema import (
    ADDRESS_KEY,
    REQUIRED_SETTINGS,
    address_key_of,
    columns_of,
    damaged,
)

_TABLES = frozenset({"setting", "run", "purchase", "one_purchase"})
"""Tables, and the index, that every journal has."""
_ADDED = frozenset({"token_sum", "published"})
"""Tables that a journal has once it notes how its runs compare addresses."""

THOROUGH = 1024**3
"""Bytes up to which a whole journal is compared with its index when it is opened: 3 s for a million
rows (600 MB). Of a larger one the pages are checked and the entries are counted: 0.7 s for a
million rows. Both are measured with the file in the cache."""


def check_sound(path: Path, db: sqlite3.Connection, *, thorough: int = THOROUGH) -> None:
    """Check the content of a journal when it is opened.

    A damaged index would hide purchases, and so would an address that is none, rules of comparison
    that are not those of the journal, or a mark that a purchase does not count. Their addresses
    would be bought again.

    Args:
        path: The file.
        db: The open file.
        thorough: Bytes up to which every entry of the index is compared.

    Raises:
        JournalError: It is damaged.
    """
    pages, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
    )
    check = "integrity_check" if pages * size <= thorough else "quick_check"
    found = db.execute(f"PRAGMA {check}(1)").fetchone()[0]
    if found == "ok" and check == "quick_check":
        rows, entries = (
            db.execute(query).fetchone()[0]
            for query in (
                "SELECT count(*) FROM purchase NOT INDEXED WHERE superseded IS NULL",
                "SELECT count(*) FROM purchase INDEXED BY one_purchase WHERE superseded IS NULL",
            )
        )
        found = found if rows == entries else f"its index has {entries:,} of {rows:,} entries"
    if found != "ok":
        raise damaged(path, " ".join(str(found).split()))
    for fault in _faults(db):
        raise damaged(path, fault)


def _faults(db: sqlite3.Connection) -> Iterator[str]:
    """Yield what is wrong with the content; what comes later relies on what came before.

    A journal of an older version lacks what that version did not write.
    """
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    noted = set()
    if ADDRESS_KEY in columns_of(db, "run"):
        noted = {row[0] for row in db.execute("SELECT DISTINCT address_key FROM run")} - {None}
    if lost := (_TABLES | _ADDED if noted else _TABLES) - names:
        yield f"it lacks {', '.join(sorted(lost))}"
    if noted:
        settings = {row[0] for row in db.execute("SELECT name FROM setting")}
        if unset := set(REQUIRED_SETTINGS) - settings:
            yield f"it lacks the settings {', '.join(sorted(unset))}"
        if noted != {address_key_of(db)}:
            yield "its runs compared addresses otherwise than it says"
        if count := db.execute(_UNBOUND).fetchone()[0]:
            yield f"open sessions without a checksum of their token: {count:,}"
    for count, what in zip(db.execute(_COUNTS).fetchone(), _COUNTED, strict=True):
        if count:
            yield f"purchases {what}: {count:,}"


_COUNTS = """
WITH superseded AS (
  SELECT superseded, outcome, max(id) FROM purchase
  WHERE address IN (SELECT address FROM purchase WHERE superseded IS NOT NULL) GROUP BY address
)
SELECT
  count(*) FILTER (WHERE typeof(address) <> 'blob' OR length(address) <> 16),
  count(*) FILTER (WHERE (outcome IS NULL) <> (result IS NULL)),
  count(*) FILTER (WHERE run NOT IN (SELECT id FROM run)),
  (
    SELECT count(*) FROM superseded WHERE superseded <> 'forgotten'
    AND NOT (superseded = 'gone' AND outcome IS NULL)
  )
FROM purchase NOT INDEXED
"""
# https://www.sqlite.org/lang_select.html#bareagg: the columns beside max() are those of its row.
_COUNTED = (
    "with an address of the wrong length",
    "with a result without its outcome, or the other way round",
    "of no run",
    "that do not count, although none replaces them",
)
_UNBOUND = """
SELECT count(*) FROM purchase NOT INDEXED
WHERE run IN (SELECT id FROM run WHERE address_key IS NOT NULL)
  AND superseded IS NULL AND token IS NOT NULL AND NOT copied
  AND (outcome IS NULL OR outcome IN ('FAILED', 'TIMED_OUT'))
  AND NOT EXISTS (SELECT 1 FROM token_sum WHERE token_sum.purchase = purchase.id)
"""
