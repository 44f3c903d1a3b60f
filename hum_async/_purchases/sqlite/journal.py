"""The journal of a job: what was bought and what came of it, in one SQLite file.

Synchronous; one thread at a time. `apply` is one transaction, on disk when it returns.

A purchase is a row from the moment its POST is about to be sent, and a unique index allows one
purchase per address that is not superseded: nothing is bought twice, whatever the code above does.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hum_async._purchases.codec import pack
from hum_async._purchases.records import (
    Asked,
    Change,
    Copied,
    Entry,
    Opened,
    Settled,
    Tally,
    Withdrawn,
)
from hum_async._purchases.sqlite.lock import LockFile
from hum_async._purchases.sqlite.schema import (
    APPLICATION_ID,
    SCHEMA,
    VERSION,
    check_api,
    check_header,
    damaged,
    find,
    found_rate,
    setting,
    tally,
)
from hum_async._version import __version__
from hum_async.errors import JournalError

_RATE_HOLDS = timedelta(days=1)
"""How old a rate that was found may be: limits change with plans and hours, and finding one out
anew takes seconds."""


class Journal:
    """An open journal, locked against other processes.

    Args:
        path: The file; made if there is none. It must be on a disk of this machine.
        api: Which API the results are from; a journal holds those of one.
        create: Make the file if there is none.

    Raises:
        JournalError: Another process has it; it is no journal, of another version or another API;
            or it cannot be read or written. The file is then as it was.
    """

    def __init__(self, path: Path, *, api: str | None = None, create: bool = True) -> None:
        self.path = path
        check_header(path, must_exist=not create)
        try:
            self._lock = LockFile(path)
        except OSError as exc:
            raise JournalError(f"cannot write beside {path}: {exc.strerror or exc}") from exc
        try:
            with self._telling():
                self._db = _connect(path)
                try:
                    self._begin(api)
                except BaseException:
                    self._db.close()
                    raise
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Close the file and let go of the lock. Idempotent."""
        try:
            with self._telling():
                self._db.close()
        finally:
            self._lock.release()

    def find(self, addresses: Sequence[bytes]) -> dict[bytes, Entry]:
        """Return what is known of these addresses."""
        with self._telling():
            return find(self._db, addresses)

    def apply(self, changes: Sequence[Change], *, requests: int | None = None) -> None:
        """Make changes in order, in one transaction; on disk when this returns.

        Args:
            changes: What happened.
            requests: Sent by this run so far.

        Raises:
            JournalError: They could not be written; none of them was.
        """
        with self._telling(), self._transaction():
            for change in changes:
                self._make(change)
            if requests is not None:
                self._db.execute("UPDATE run SET requests = ? WHERE id = ?", (requests, self.run))

    def note_progress(self, *, done: int, reused: int, total: int | None, seconds: float) -> None:
        """Write down how far this run is, for whoever asks meanwhile."""
        with self._telling(), self._transaction():
            self._db.execute(
                "UPDATE run SET rows_done = ?, rows_reused = ?, rows_total = ?, seconds = ?, "
                "seen_at = ? WHERE id = ?",
                (done, reused, total, seconds, _now(), self.run),
            )

    def tally(self) -> Tally:
        """Return what it adds up to."""
        with self._telling():
            return tally(self._db)

    def setting(self, name: str) -> Any:
        """Return a value that was set, None if it was not."""
        with self._telling():
            return setting(self._db, name)

    def set(self, name: str, value: Any) -> None:
        """Remember a value."""
        with self._telling(), self._transaction():
            self._db.execute("REPLACE INTO setting VALUES (?, ?)", (name, value))

    def note_rate(self, rate: float) -> None:
        """Write down how many requests per second were found to hold."""
        with self._telling(), self._transaction():
            self._db.execute("REPLACE INTO setting VALUES ('found_rate', ?)", (float(rate),))
            self._db.execute("REPLACE INTO setting VALUES ('found_rate_at', ?)", (_now(),))

    def found_rate(self) -> float | None:
        """Return the rate that was noted, unless it is old; None if none was."""
        with self._telling():
            found = found_rate(self._db)
        now = datetime.now(UTC)
        return found[0] if found is not None and now - found[1] <= _RATE_HOLDS else None

    def begin_job(self, max_age: float | None) -> str | None:
        """Return from when on results of earlier jobs are taken, None for whenever.

        A job may take several runs. The limit is fixed when it begins, lest the job's own results
        grow too old while it lasts.

        Args:
            max_age: Age in seconds up to which results are taken.
        """
        finished = self.setting("finished_at") is not None
        since = None if finished else self.setting("taken_since")
        if since is None and max_age is not None:
            since = (datetime.now(UTC) - timedelta(seconds=max_age)).isoformat()
        self.set("taken_since", since)
        self.set("finished_at", None)
        return None if since is None else str(since)

    def finish_job(self) -> None:
        """Write down that every row has its result."""
        self.set("finished_at", _now())

    def forget_open(self) -> None:
        """Give up the sessions that earlier runs left open, and the POSTs without an answer."""
        with self._telling(), self._transaction():
            self._db.execute(
                "UPDATE purchase SET superseded = 'gone' "
                "WHERE outcome IS NULL AND superseded IS NULL AND run <> ?",
                (self.run,),
            )

    def check(self) -> list[str]:
        """Return what SQLite finds damaged in the file; nothing if it is sound."""
        with self._telling():
            found = [str(row[0]) for row in self._db.execute("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def _begin(self, api: str | None) -> None:
        if not self._db.execute("PRAGMA user_version").fetchone()[0]:
            with self._transaction():
                self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                self._db.execute(f"PRAGMA user_version = {VERSION}")
                for statement in SCHEMA.split(";\n"):
                    self._db.execute(statement)
        check_api(self.path, setting(self._db, "api"), api)
        if self._db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise JournalError(f"{self.path} must be on a disk of this machine, not on a network's")
        self._db.execute("PRAGMA synchronous = FULL")
        with self._transaction():
            if api is not None:
                self._db.execute("REPLACE INTO setting VALUES ('api', ?)", (api,))
            cursor = self._db.execute(
                "INSERT INTO run (began_at, library_version) VALUES (?, ?)", (_now(), __version__)
            )
            self.run = int(cursor.lastrowid or 0)

    def _make(self, change: Change) -> None:
        match change:
            case Asked():
                self._supersede(change.address, change.instead_of)
                self._db.execute(
                    "INSERT INTO purchase (address, run, asked_at) VALUES (?, ?, ?)",
                    (change.address, self.run, _now()),
                )
            case Withdrawn():
                self._on_live("DELETE FROM purchase", (), change.address)
            case Opened():
                self._on_live(
                    "UPDATE purchase SET token = ?, requests = ?",
                    (change.token, change.requests),
                    change.address,
                )
            case Settled():
                self._settle(change)
            case Copied():
                self._supersede(change.address, change.instead_of)
                self._copy(change)

    def _supersede(self, address: bytes, reason: str | None) -> None:
        if reason is not None:
            self._on_live("UPDATE purchase SET superseded = ?", (reason,), address)

    def _settle(self, change: Settled) -> None:
        result = change.result
        self._on_live(
            "UPDATE purchase SET token = ?, outcome = ?, requests = ?, observed_at = ?, result = ?",
            (
                result.token,
                str(result.outcome),
                result.requests,
                result.observed_at and result.observed_at.astimezone(UTC).isoformat(),
                pack(result),
            ),
            change.address,
        )

    def _copy(self, change: Copied) -> None:
        entry = change.entry
        self._db.execute(
            "INSERT INTO purchase (address, run, asked_at, outcome, observed_at, result, copied) "
            "VALUES (?, ?, ?, ?, ?, ?, 1)",
            (
                change.address,
                self.run,
                _now(),
                str(entry.outcome),
                entry.observed_at,
                entry.packed,
            ),
        )

    def _on_live(self, statement: str, values: Sequence[Any], address: bytes) -> None:
        cursor = self._db.execute(
            f"{statement} WHERE address = ? AND superseded IS NULL", (*values, address)
        )
        if cursor.rowcount != 1:
            raise RuntimeError(f"{cursor.rowcount} purchases where one was expected")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
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
    def _telling(self) -> Iterator[None]:
        """Turn what SQLite says into words for whoever runs the job."""
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


def remove_journal(path: Path) -> None:
    """Remove a journal and all that SQLite keeps beside it.

    Raises:
        JournalError: Another process has it, or it cannot be removed.
    """
    try:
        lock = LockFile(path)
        try:
            # The journal last: what is left of an attempt that fails is still a journal.
            for end in ("-shm", "-wal", ""):
                path.with_name(path.name + end).unlink(missing_ok=True)
        finally:
            lock.release()
    except OSError as exc:
        raise JournalError(f"cannot remove {path}: {exc.strerror or exc}") from exc


def _connect(path: Path) -> sqlite3.Connection:
    # Results and tokens are nobody else's business.
    path.touch(mode=0o600)
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
