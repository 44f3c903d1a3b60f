"""The file format of a journal: its schema and version, its checks and its read-only queries."""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.reader import DamagedJournal
from hum_async._purchases.records import (
    ADDRESS_KEYS,
    FAILED_OUTCOMES,
    Closed,
    Entry,
    Tally,
)
from hum_async._purchases.sqlite.lock import holder_of
from hum_async._purchases.tally import TALLY
from hum_async.errors import JournalError
from hum_async.models import Outcome

APPLICATION_ID = 0x48756D4A
VERSION = 1
SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  began_at TEXT NOT NULL,
  seen_at TEXT,
  library_version TEXT NOT NULL,
  requests INTEGER NOT NULL DEFAULT 0,
  rows_done INTEGER NOT NULL DEFAULT 0,
  rows_reused INTEGER NOT NULL DEFAULT 0,
  rows_total INTEGER,
  seconds REAL NOT NULL DEFAULT 0,
  address_key TEXT
);
CREATE TABLE purchase (
  id INTEGER PRIMARY KEY,
  address BLOB NOT NULL,
  run INTEGER NOT NULL REFERENCES run,
  asked_at TEXT NOT NULL,
  token TEXT,
  outcome TEXT,
  requests INTEGER NOT NULL DEFAULT 0,
  observed_at TEXT,
  result BLOB,
  copied INTEGER NOT NULL DEFAULT 0,
  superseded TEXT,
  closed INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX one_purchase ON purchase (address) WHERE superseded IS NULL;
"""
BINDINGS = """
CREATE TABLE IF NOT EXISTS token_sum (purchase INTEGER PRIMARY KEY, sum BLOB NOT NULL)
"""
"""Added to every journal that is written to. It binds the token of a session that is not settled to
its address, as its result will be. A damaged token would find no session, and another be bought."""
PUBLISHED = """
CREATE TABLE IF NOT EXISTS published (
  id TEXT PRIMARY KEY, address BLOB NOT NULL, at TEXT NOT NULL, told INTEGER
) WITHOUT ROWID
"""
"""Added to every journal that is written to: the ids by which look-ups are known to browsers."""
LEDGER = "ledger"
"""Name of the setting that a ledger has, and the journal of a job has not."""
ADDRESS_KEY = "address_key"
"""Name of the setting that says how addresses are compared: one of `ADDRESS_KEYS`."""
REQUIRED_SETTINGS = (ADDRESS_KEY, "api", "taken_since", "finished_at")
"""Names of the settings that every journal has since its runs note how they compare addresses."""
_FIND = (
    "SELECT address, token, outcome, run, requests, id, observed_at, asked_at, result "
    "FROM purchase WHERE superseded IS NULL AND address IN ({marks})"
)
_FIND_RECEIPTS = (
    "SELECT address, token, outcome, run, requests, id, observed_at, asked_at, result "
    "FROM purchase WHERE superseded = 'forgotten' AND address IN ({marks}) ORDER BY id"
)
_SETTLED = (
    "SELECT address, token, outcome, run, requests, id, observed_at, asked_at, result "
    "FROM purchase WHERE superseded IS NULL AND result IS NOT NULL ORDER BY id"
)
_SUMS = (
    "SELECT address, sum FROM purchase JOIN token_sum ON token_sum.purchase = purchase.id "
    "WHERE superseded IS NULL AND address IN ({marks})"
)
_BATCH = 500  # every SQLite takes at least 999 variables in a statement


def add_missing_columns(db: sqlite3.Connection) -> None:
    """Add the columns that journals had not at first; versions from then ignore them."""
    if "closed" not in columns_of(db, "purchase"):
        db.execute("ALTER TABLE purchase ADD COLUMN closed INTEGER NOT NULL DEFAULT 0")
    if ADDRESS_KEY not in columns_of(db, "run"):
        db.execute("ALTER TABLE run ADD COLUMN address_key TEXT")


def columns_of(db: sqlite3.Connection, table: str) -> set[str]:
    """Return the names of the columns of a table; none if there is no such table."""
    return {row[1] for row in db.execute(f"PRAGMA table_info({table})")}


def check_header(path: Path, *, must_exist: bool) -> None:
    """Check the header of a journal without opening it as a database, which could change it.

    Raises:
        JournalError: The file is no journal, has another version, or is missing.
    """
    version = version_of(path, must_exist=must_exist)
    if version is not None and version != VERSION:
        age = "a newer" if version > VERSION else "an older"
        raise JournalError(
            f"{path} was written by {age} version of hum_async (format {version}, this one uses "
            f"{VERSION}); use that version, or start over with --fresh or another file"
        )


def version_of(path: Path, *, must_exist: bool) -> int | None:
    """Return the format version of a journal; None if there is no journal yet.

    Raises:
        JournalError: The file is no journal, or it is missing and `must_exist`.
    """
    try:
        if path.exists() and not path.is_file():
            # Reading a pipe would wait for its writer.
            raise JournalError(f"{path} is not a file, which a journal is; name another")
        with path.open("rb") as stream:
            header = stream.read(100)
    except FileNotFoundError:
        if must_exist:
            raise JournalError(f"there is no journal {path}") from None
        return None
    except OSError as exc:
        raise JournalError(f"cannot read the journal {path}: {exc.strerror or exc}") from exc
    if not header:
        # Not ours to fill: the purchases of the journal that was here may be billed already.
        raise JournalError(
            f"{path} is empty, and a journal never is: restore it from a backup, name another "
            "file, or start over with --fresh, which buys everything again"
        )
    # Positions of both numbers: https://www.sqlite.org/fileformat.html#the_database_header
    version, application = (int.from_bytes(header[at : at + 4], "big") for at in (60, 68))
    if not header.startswith(b"SQLite format 3\0") or application != APPLICATION_ID:
        raise JournalError(f"{path} is not a journal of hum_async; name another file")
    return version


def check_api(path: object, known: str | None, api: str | None) -> None:
    """Raise JournalError if a journal holds the results of another API."""
    if known is not None and api is not None and known != api:
        raise JournalError(
            f"{path} holds results of {known}, and this job asks {api}; use another output or "
            "journal, or start over with --fresh"
        )


def dedupe_of(path: Path, db: sqlite3.Connection) -> KeyRules:
    """Return how the addresses of a journal are compared.

    Raises:
        JournalError: It compares them by rules that this version does not know.
    """
    return rules_of(address_key_of(db), path)


def rules_of(name: Any, journal: object) -> KeyRules:
    """Return the rules of comparison that a journal calls so.

    Args:
        name: Their name.
        journal: The journal, for messages.

    Raises:
        JournalError: This version does not know them.
    """
    for rules, known in ADDRESS_KEYS.items():
        if known == name:
            return rules
    raise JournalError(
        f"{journal} compares addresses by rules of another version of hum_async; use that version, "
        "or start over with --fresh or another file"
    )


def address_key_of(db: sqlite3.Connection) -> Any:
    """Return what a journal calls the rules by which it compares addresses."""
    # A journal from before there were rules to choose from names none.
    return setting(db, ADDRESS_KEY) or ADDRESS_KEYS["exact"]


def check_kind(path: Path, db: sqlite3.Connection, *, ledger: bool | None) -> None:
    """Raise JournalError if a ledger is used as the journal of a job, or the other way round.

    Args:
        path: The file.
        db: The open file.
        ledger: Whether it is to be a ledger; None does not matter.
    """
    known = setting(db, LEDGER) is not None
    if ledger is None or known == ledger:
        return
    if known:
        raise JournalError(
            f"{path} is the ledger of a HumClient (purchases=), not the journal of a job; name "
            "another file"
        )
    if db.execute("SELECT 1 FROM run LIMIT 1").fetchone() is not None:
        raise JournalError(
            f"{path} is the journal of a job, which a ledger would change after its end; give "
            "purchases= another file"
        )


def check_dedupe(path: object, known: KeyRules, wanted: Dedupe | None) -> None:
    """Raise JournalError if addresses shall be compared otherwise than a journal does."""
    begun: Dedupe = "exact" if known == "exact" else "usps"
    if wanted is not None and wanted != begun:
        raise JournalError(
            f"{path} was begun with --dedupe {begun}, which a journal keeps; leave --dedupe "
            f"{wanted} out, or start over with --fresh or another file"
        )


class _Reading(sqlite3.Connection):
    """A read-only connection, which leaves no files behind that were not there before.

    Reading a WAL database makes two files beside it, and only who may write removes them.
    """

    tidied: Path | None = None
    """The journal, if nobody else had it open."""

    def close(self) -> None:
        super().close()
        path, self.tidied = self.tidied, None
        if path is None or not has_wal(path) or holder_of(path) is not None:
            return
        # SQLite removes them when the last connection closes, and knows which is the last.
        with contextlib.suppress(sqlite3.Error):
            writing = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
            with contextlib.closing(writing):
                writing.execute("SELECT count(*) FROM sqlite_master").fetchone()


def has_wal(path: Path) -> bool:
    """Whether there is a write-ahead log beside a database."""
    return path.with_name(f"{path.name}-wal").exists()


def open_reading(path: Path, *, api: str | None = None) -> sqlite3.Connection:
    """Open a journal read-only, also while a job writes to it.

    Raises:
        JournalError: The file is no journal, belongs to another version or API, or cannot be read.
    """
    check_header(path, must_exist=True)
    try:
        # A second connection is safe: what can damage a WAL database up to SQLite 3.51.2 takes two
        # that write or checkpoint (https://www.sqlite.org/wal.html), and this one can do neither.
        alone = not has_wal(path)
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            check_same_thread=False,
            timeout=5.0,
            factory=_Reading,
        )
        db.tidied = path if alone else None
        try:
            check_api(path, setting(db, "api"), api)
        except BaseException:
            db.close()
            raise
    except sqlite3.OperationalError as exc:
        raise JournalError(f"cannot read the journal {path}: {exc}") from exc
    except sqlite3.Error as exc:
        raise damaged(path, exc) from exc
    return db


def damaged(path: Path, exc: Exception | str) -> DamagedJournal:
    """Return the error of a journal whose content is damaged."""
    if not isinstance(exc, sqlite3.Error | str):
        exc = type(exc).__name__  # its message may quote a token
    return DamagedJournal(
        f"the journal {path} is damaged ({exc}); restore it from a backup, or start over with "
        "--fresh, which buys everything again"
    )


def find(
    db: sqlite3.Connection, addresses: Sequence[bytes], *, receipts: bool = False
) -> dict[bytes, Entry]:
    """Return the entries of these addresses, by address digest.

    Args:
        db: The journal.
        addresses: The digests.
        receipts: Return what is left of a result that was erased, where there is no other.
    """
    found: dict[bytes, Entry] = {}
    for at in range(0, len(addresses), _BATCH):
        batch = addresses[at : at + _BATCH]
        marks = ", ".join("?" * len(batch))
        for query in (_FIND_RECEIPTS, _FIND) if receipts else (_FIND,):
            for row in db.execute(query.format(marks=marks), batch):
                found[row[0]] = _entry(*row)
    return found


def settled(db: sqlite3.Connection) -> Iterator[Entry]:
    """Yield the entries with a result, in the order in which they were asked for."""
    for row in db.execute(_SETTLED):
        yield _entry(*row)


def check_tokens(path: Path, db: sqlite3.Connection, entries: Mapping[bytes, Entry]) -> None:
    """Check the tokens of sessions that may be taken over.

    Args:
        path: The journal.
        db: The open journal.
        entries: Its entries, by address digest.

    Raises:
        JournalError: A token is not that of its address.
    """
    open_ = [digest for digest, entry in entries.items() if is_bound(entry.token, entry.outcome)]
    for at in range(0, len(open_), _BATCH):
        batch = open_[at : at + _BATCH]
        for address, found in db.execute(_SUMS.format(marks=", ".join("?" * len(batch))), batch):
            if found != token_sum(entries[address].token or "", address):
                raise damaged(path, "a token is not that of its address")


def is_bound(token: str | None, outcome: Outcome | None) -> bool:
    """Whether a purchase has a session that may be taken over, so that its token has a checksum."""
    return token is not None and outcome in {None, Outcome.FAILED, Outcome.TIMED_OUT}


def token_sum(token: str, address: bytes) -> bytes:
    """Return the checksum that binds a token to an address."""
    return blake2b(token.encode(), key=address, digest_size=8).digest()


def _entry(address: Any, token: Any, outcome: Any, *rest: Any) -> Entry:
    """Return the entry of a row.

    Raises:
        ValueError: A value has another type than a journal gives it.
    """
    for value, kind in zip((token, outcome, *rest), _KINDS, strict=True):
        if not isinstance(value, kind):
            raise ValueError("a value has the wrong type")  # noqa: TRY004  damage, not a bug
    known = None if outcome is None else Outcome(outcome)
    if (known is None) != (rest[-1] is None):
        raise ValueError("a result without its outcome, or the other way round")
    run, requests, number, observed_at, asked_at, packed = rest
    return Entry(
        token,
        known,
        run,
        requests,
        observed_at,
        packed,
        digest=address,
        asked_at=asked_at,
        number=number,
    )


_NULL = type(None)
_KINDS = (str | _NULL, str | _NULL, int, int, int, str | _NULL, str, bytes | _NULL)


def left_open(db: sqlite3.Connection, *, since: str) -> list[Closed]:
    """Return the sessions of answered purchases that were not closed.

    Args:
        db: The journal.
        since: Time (ISO 8601, UTC) from which on they were asked for.
    """
    found = []
    rows = db.execute(
        "SELECT asked_at, address, token, outcome, closed, copied FROM purchase "
        "WHERE superseded IS NULL ORDER BY id DESC"
    )
    for asked_at, address, token, outcome, closed, copied in rows:
        # Later purchases have higher numbers: what is older than this one is of no use.
        if asked_at < since and not copied:
            break
        if token is not None and not (closed or copied) and outcome in _ANSWERED:
            found.append(Closed(address, token))
    return found


_ANSWERED = frozenset(set(Outcome) - FAILED_OUTCOMES)


def tally(db: sqlite3.Connection) -> Tally:
    """Return the counts of the purchases."""
    return Tally(*db.execute(TALLY).fetchone())


def spent_since(db: sqlite3.Connection, moment: str) -> int:
    """Return how many sessions may have been billed that were asked for since (ISO 8601, UTC)."""
    found: int = db.execute(
        "SELECT count(*) FROM purchase WHERE asked_at >= ? AND NOT copied "
        "AND (token IS NOT NULL OR outcome IS NULL OR outcome = 'UNCERTAIN')",
        (moment,),
    ).fetchone()[0]
    return found


def setting(db: sqlite3.Connection, name: str) -> Any:
    """Return the value of a setting; None if it is not set."""
    row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def integrity_errors(db: sqlite3.Connection) -> list[str]:
    """Return the damage that SQLite finds in the file; an empty list if there is none."""
    found = [str(row[0]) for row in db.execute("PRAGMA integrity_check")]
    return [] if found == ["ok"] else found
