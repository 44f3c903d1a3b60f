"""The journal of a job: purchases and results in one SQLite file, written synchronously.

Only one thread at a time may use a journal. `apply` is one transaction, on disk when it returns.

The row of a purchase exists before its POST is sent, and a unique index allows one purchase per
address that is not superseded. So no address is bought twice, whatever error the callers have.
"""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.codec import pack, rebind
from hum_async._purchases.prices import PRICES, Prices, Spending
from hum_async._purchases.publications import Publication, Published, Told
from hum_async._purchases.reader import FINISHED_AT, TAKEN_SINCE, found_rate, taken_since
from hum_async._purchases.records import (
    ADDRESS_KEYS,
    MAY_LIVE,
    Asked,
    Change,
    Closed,
    Copied,
    Entry,
    Opened,
    Released,
    Settled,
    Tally,
    Withdrawn,
)
from hum_async._purchases.sqlite.lock import LockFile, lock_journal
from hum_async._purchases.sqlite.schema import (
    ADDRESS_KEY,
    APPLICATION_ID,
    BINDINGS,
    LEDGER,
    PUBLISHED,
    REQUIRED_SETTINGS,
    SCHEMA,
    VERSION,
    add_missing_columns,
    check_api,
    check_dedupe,
    check_header,
    check_kind,
    check_tokens,
    damaged,
    dedupe_of,
    find,
    is_bound,
    left_open,
    setting,
    spent_since,
    tally,
    token_sum,
)
from hum_async._purchases.sqlite.soundness import check_sound
from hum_async._version import __version__
from hum_async.errors import JournalError

_RATE_HOLDS = timedelta(days=1)
"""Age up to which a found rate is used. Limits change with plans and hours, and finding one again
takes only seconds."""


class Journal:
    """An open journal, locked against other processes.

    Args:
        path: The file. It must be on a disk of this machine.
        api: Name of the API; a journal holds the results of one API.
        create: Create the file if it is missing.
        dedupe: How addresses are compared. A journal keeps what it was begun with; None takes that,
            and USPS Publication 28 for a new one.
        ledger: Whether it is a client's ledger, not the journal of one job; None for either.

    Attributes:
        dedupe: How its addresses are compared.

    Raises:
        JournalError: Another process uses the file; it is no journal, or belongs to another
            version or API, or compares addresses otherwise; or it cannot be read or written. The
            file is then unchanged.
    """

    def __init__(
        self,
        path: Path,
        *,
        api: str | None = None,
        create: bool = True,
        dedupe: Dedupe | None = None,
        ledger: bool | None = None,
    ) -> None:
        self.path = path
        self.folder = path.parent
        check_header(path, must_exist=not create)
        self._lock = lock_journal(path)
        with contextlib.ExitStack() as undo:
            undo.callback(self._lock.release)
            with self._mapped_errors():
                if not path.exists():
                    create_journal(path, dedupe or "usps")
                self._db = connect(path)
                undo.callback(self._db.close)
                check_sound(path, self._db)
                check_kind(path, self._db, ledger=ledger)
                self._begin(api, dedupe, ledger=ledger is True)
            undo.pop_all()

    def close(self) -> None:
        """Close the file and release the lock. Idempotent."""
        try:
            with self._mapped_errors():
                self._db.close()
        finally:
            self._lock.release()

    def find(self, addresses: Sequence[bytes]) -> dict[bytes, Entry]:
        """Return the entries of these addresses, by address digest."""
        with self._mapped_errors():
            entries = find(self._db, addresses)
            check_tokens(self.path, self._db, entries)
            return entries

    def apply(self, changes: Sequence[Change], *, requests: int | None = None) -> None:
        """Apply changes in order, in one transaction; they are on disk when this returns.

        Args:
            changes: Changes of purchases.
            requests: HTTP requests sent by this run so far.

        Raises:
            JournalError: The changes could not be written. None of them was.
        """
        with self._transaction():
            for change in changes:
                self._apply_change(change)
            if requests is not None:
                self._db.execute("UPDATE run SET requests = ? WHERE id = ?", (requests, self.run))

    def note_progress(self, *, done: int, reused: int, total: int | None, seconds: float) -> None:
        """Record the progress of this run, for `hum status`."""
        with self._transaction():
            self._db.execute(
                "UPDATE run SET rows_done = ?, rows_reused = ?, rows_total = ?, seconds = ?, "
                "seen_at = ? WHERE id = ?",
                (done, reused, total, seconds, _now(), self.run),
            )

    def tally(self) -> Tally:
        """Return the counts of the purchases."""
        with self._mapped_errors():
            return tally(self._db)

    def note_price(self, price: int, *, today: str) -> Spending:
        """Note what a session costs from now on, in millionths; return what was spent before.

        Args:
            price: The price.
            today: The day (ISO 8601, UTC).
        """
        with self._transaction():
            spent = tally(self._db).spent
            prices = Prices.read(setting(self._db, PRICES)).since(spent, price)
            self._db.execute("REPLACE INTO setting VALUES (?, ?)", (PRICES, prices.stored()))
            return Spending(spent, spent_since(self._db, today), prices)

    def setting(self, name: str) -> Any:
        """Return the value of a setting; None if it is not set."""
        with self._mapped_errors():
            return setting(self._db, name)

    def set(self, name: str, value: Any) -> None:
        """Set the value of a setting."""
        with self._transaction():
            self._db.execute("REPLACE INTO setting VALUES (?, ?)", (name, value))

    def note_rate(self, rate: float) -> None:
        """Record the found rate in requests per second."""
        values = {"found_rate": float(rate), "found_rate_at": _now()}
        with self._transaction():
            self._db.executemany("REPLACE INTO setting VALUES (?, ?)", values.items())

    def found_rate(self) -> float | None:
        """Return the recorded rate in requests per second; None if there is none or it is old."""
        found = found_rate(self)
        now = datetime.now(UTC)
        return found[0] if found is not None and now - found[1] <= _RATE_HOLDS else None

    def begin_job(self, max_age: float | None) -> str | None:
        """Begin or resume a job; return the earliest time of results that it takes (ISO 8601).

        The first run of a job fixes this time, so that the job's own results cannot become too old
        while it lasts.

        Args:
            max_age: Age in seconds up to which results of earlier jobs are taken; None for any age.
        """
        since = taken_since(self, max_age)
        self.set(TAKEN_SINCE, since)
        self.set(FINISHED_AT, None)
        return since or None

    def finish_job(self) -> None:
        """Record that every row has its result."""
        self.set(FINISHED_AT, _now())

    def left_open(self) -> list[Closed]:
        """Return the sessions of settled purchases that were not closed and may still live."""
        with self._mapped_errors():
            return left_open(self._db, since=_before(MAY_LIVE))

    def published(self, since: str) -> list[Publication]:
        """Return the ids that were given since then, and forget all older ones."""
        with self._transaction():
            self._db.execute("DELETE FROM published WHERE at < ?", (since,))
            rows = self._db.execute("SELECT id, address, told FROM published ORDER BY at")
            return [Publication(*row) for row in rows]

    def epoch(self) -> str:
        """Return 8 hexadecimal digits that the journal has kept since it was made."""
        if (known := self.setting("epoch")) is None:
            known = secrets.token_hex(4)
            self.set("epoch", known)
        return str(known)

    def forget_open(self) -> None:
        """Supersede every purchase of an earlier run that has no result: its session is lost."""
        with self._transaction():
            self._db.execute(
                "UPDATE purchase SET superseded = 'gone' "
                "WHERE outcome IS NULL AND superseded IS NULL AND run <> ?",
                (self.run,),
            )

    def _begin(self, api: str | None, dedupe: Dedupe | None, *, ledger: bool) -> None:
        self.dedupe: KeyRules = dedupe_of(self.path, self._db)
        check_dedupe(self.path, self.dedupe, dedupe)
        check_api(self.path, setting(self._db, "api"), api)
        if self._db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise JournalError(f"{self.path} must be on a disk of this machine, not on a network's")
        self._db.execute("PRAGMA synchronous = FULL")
        with self._transaction():
            add_missing_columns(self._db)
            self._db.execute(BINDINGS)
            self._db.execute(PUBLISHED)
            self._db.executemany(
                "INSERT OR IGNORE INTO setting VALUES (?, ?)",
                [(name, None) for name in REQUIRED_SETTINGS if name != ADDRESS_KEY]
                + [(ADDRESS_KEY, ADDRESS_KEYS[self.dedupe])],
            )
            if api is not None:
                self._db.execute("REPLACE INTO setting VALUES ('api', ?)", (api,))
            if ledger:
                self._db.execute("REPLACE INTO setting VALUES (?, 1)", (LEDGER,))
            cursor = self._db.execute(
                "INSERT INTO run (began_at, library_version, address_key) VALUES (?, ?, ?)",
                (_now(), __version__, ADDRESS_KEYS[self.dedupe]),
            )
            self.run = int(cursor.lastrowid or 0)

    def _apply_change(self, change: Change) -> None:
        match change:
            case Asked():
                self._ask(change)
            case Withdrawn():
                self._change_live("DELETE FROM purchase", (), change.address)
                if change.restores:
                    self._db.execute(
                        "UPDATE purchase SET superseded = NULL "
                        "WHERE id = (SELECT max(id) FROM purchase WHERE address = ?)",
                        (change.address,),
                    )
            case Opened():
                self._change_live(
                    "UPDATE purchase SET token = ?, requests = ?",
                    (change.token, change.requests),
                    change.address,
                )
                self._bind(change.token, change.address)
            case Settled():
                self._settle(change)
            case Released():
                pass  # one process at a time has the file
            case Closed():
                self._db.execute(
                    "UPDATE purchase SET closed = 1 "
                    "WHERE address = ? AND superseded IS NULL AND token = ?",
                    (change.address, change.token),
                )
            case Copied():
                self._copy(change)
            case Published() | Told():
                self._publish(change)

    def _publish(self, change: Published | Told) -> None:
        if isinstance(change, Told):
            statement = "UPDATE published SET told = ? WHERE id = ?"
            self._db.execute(statement, (change.position, change.id))
        else:
            statement = "INSERT INTO published (id, address, at) VALUES (?, ?, ?)"
            self._db.execute(statement, (change.id, change.address, change.at))

    def _ask(self, change: Asked) -> None:
        if change.instead_of is not None:
            superseded = "UPDATE purchase SET superseded = ?"
            self._change_live(superseded, (change.instead_of,), change.address)
        self._db.execute(
            "INSERT INTO purchase (address, run, asked_at) VALUES (?, ?, ?)",
            (change.address, self.run, _now()),
        )

    def _settle(self, change: Settled) -> None:
        result = change.result
        self._change_live(
            "UPDATE purchase SET run = ?, token = ?, outcome = ?, requests = ?, observed_at = ?, "
            "result = ?, closed = ?",
            (
                self.run,
                result.token,
                result.outcome,
                result.requests,
                result.observed_at and result.observed_at.astimezone(UTC).isoformat(),
                change.packed or pack(result, digest=change.address),
                change.expires,
            ),
            change.address,
        )
        if result.token is not None and is_bound(result.token, result.outcome):
            self._bind(result.token, change.address)

    def _bind(self, token: str, address: bytes) -> None:
        self._db.execute(
            "REPLACE INTO token_sum SELECT id, ? FROM purchase "
            "WHERE address = ? AND superseded IS NULL",
            (token_sum(token, address), address),
        )

    def _copy(self, change: Copied) -> None:
        entry = change.entry
        packed = entry.packed and rebind(entry.packed, old=entry.digest, new=change.address)
        self._db.execute(
            "INSERT INTO purchase (address, run, asked_at, outcome, observed_at, result, copied) "
            "VALUES (?, ?, ?, ?, ?, ?, 1)",
            (change.address, self.run, entry.asked_at, entry.outcome, entry.observed_at, packed),
        )

    def _change_live(self, statement: str, values: Sequence[Any], address: bytes) -> None:
        cursor = self._db.execute(
            f"{statement} WHERE address = ? AND superseded IS NULL", (*values, address)
        )
        if cursor.rowcount != 1:
            raise damaged(self.path, f"{cursor.rowcount} purchases where one was expected")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._mapped_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _mapped_errors(self) -> Iterator[None]:
        """Raise the errors of SQLite as JournalError, with advice for the user."""
        try:
            yield
        except sqlite3.IntegrityError as exc:
            raise JournalError(
                f"{self.path} refuses a second purchase of one address; please report it"
            ) from exc
        except sqlite3.OperationalError as exc:
            raise JournalError(
                f"cannot use the journal {self.path}: {exc}; what was committed to it is safe: "
                "make room or mend the cause, then run the same command again"
            ) from exc
        except sqlite3.Error as exc:
            raise damaged(self.path, exc) from exc
        except (ValueError, TypeError, OverflowError) as exc:
            # A damaged row holds values of other types, or text that is none.
            raise damaged(self.path, exc) from None


def remove_journal(path: Path) -> None:
    """Remove a journal and the files that SQLite keeps beside it.

    Raises:
        JournalError: Another process uses the journal, or it cannot be removed.
    """
    try:
        with LockFile(path):
            # The journal last: if removing fails, what is left is still a journal.
            for end in ("-shm", "-wal", ""):
                path.with_name(path.name + end).unlink(missing_ok=True)
    except OSError as exc:
        raise JournalError(f"cannot remove {path}: {exc.strerror or exc}") from exc


def create_journal(path: Path, dedupe: Dedupe) -> None:
    """Create a journal without purchases.

    It gets its name when it is complete, so that an empty file is never a journal to be.
    """
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        # Other users of the machine must not read results and tokens.
        new.touch(mode=0o600)
        with contextlib.closing(connect(new)) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {VERSION}")
            for statement in (*SCHEMA.split(";\n"), BINDINGS, PUBLISHED):
                db.execute(statement)
            values = (ADDRESS_KEY, ADDRESS_KEYS[dedupe])
            db.execute("REPLACE INTO setting VALUES (?, ?)", values)
            db.execute("COMMIT")
        new.replace(path)
        sync_folder(path.parent)
    except OSError as exc:
        raise JournalError(f"cannot create the journal {path}: {exc.strerror or exc}") from exc


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder safe against a power cut, where that can be done."""
    with contextlib.suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection that begins no transaction by itself."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)


def _before(age: timedelta) -> str:
    return (datetime.now(UTC) - age).isoformat(timespec="milliseconds")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
