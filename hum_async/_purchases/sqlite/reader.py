"""A journal in a SQLite file, opened read-only, as a `JournalReader`."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.lots import LotCounts
from hum_async._purchases.reader import RunStatus, StoredPurchase, WorkerStatus
from hum_async._purchases.records import Entry, Tally
from hum_async._purchases.sqlite.lock import holder_of
from hum_async._purchases.sqlite.schema import (
    LEDGER,
    check_dedupe,
    check_tokens,
    columns_of,
    damaged,
    dedupe_of,
    find,
    integrity_errors,
    open_reading,
    setting,
    settled,
    spent_since,
    tally,
)
from hum_async._purchases.sqlite.soundness import check_sound
from hum_async.models import Outcome

_PURCHASES = (
    "SELECT address, asked_at, token, outcome, requests, observed_at, result, copied, superseded, "
    "{closed} FROM purchase ORDER BY id"
)


class SqliteReader:
    """Reads a journal in a file, also while another process writes to it.

    Args:
        path: The file.
        api: Name of the API whose results it must hold; None for any.

    Raises:
        JournalError: The file is no journal, belongs to another version or API, or cannot be read.
    """

    def __init__(self, path: Path, *, api: str | None = None) -> None:
        self.path = path
        self.name = str(path)
        self.folder = path.parent
        self._db = open_reading(path, api=api)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close it. Idempotent."""
        self._db.close()

    # --- what it is -------------------------------------------------------------------------------

    @property
    def api(self) -> str | None:
        """Name of the API whose results it holds; None if nothing was asked yet."""
        name: str | None = self.setting("api")
        return name

    @property
    def dedupe(self) -> KeyRules:
        """How its addresses are compared."""
        with self._told():
            return dedupe_of(self.path, self._db)

    @property
    def ledger(self) -> bool:
        """Whether it is the ledger of a client, and not the journal of one job."""
        return self.setting(LEDGER) is not None

    def check_dedupe(self, wanted: Dedupe | None) -> None:
        """Raise JournalError if addresses shall be compared otherwise than it does."""
        check_dedupe(self.path, self.dedupe, wanted)

    def setting(self, name: str) -> Any:
        """Return the value of a setting; None if it is not set."""
        with self._told():
            return setting(self._db, name)

    # --- its purchases ----------------------------------------------------------------------------

    def find(self, addresses: Sequence[bytes], *, receipts: bool = False) -> dict[bytes, Entry]:
        """Return the entries of these addresses, by address digest."""
        with self._told():
            return find(self._db, addresses, receipts=receipts)

    def settled(self) -> Iterator[Entry]:
        """Yield the entries with a result, in the order in which they were asked for."""
        with self._told():
            yield from settled(self._db)

    def purchases(self) -> Iterator[StoredPurchase]:
        """Yield all purchases, superseded ones too, in the order in which they were asked for."""
        with self._told():
            for row in self._db.execute(_PURCHASES.format(closed=self._closed_column())):
                address, asked_at, token, outcome, requests, at, result, copied, why, closed = row
                known = None if outcome is None else Outcome(outcome)
                yield StoredPurchase(
                    address, asked_at, token, known, requests, at, result, bool(copied), why,
                    bool(closed),
                )  # fmt: skip

    def _closed_column(self) -> str:
        """Return what says whether a session was closed; journals had no such column at first."""
        return "closed" if "closed" in columns_of(self._db, "purchase") else "0"

    def check_tokens(self, entries: Mapping[bytes, Entry]) -> None:
        """Check the tokens of sessions that may be taken over, of entries by address digest."""
        with self._told():
            check_tokens(self.path, self._db, entries)

    def check_every_token(self) -> None:
        """Check the tokens of all sessions that may be taken over."""
        with self._told():
            rows = self._db.execute(
                "SELECT address FROM purchase WHERE superseded IS NULL AND token IS NOT NULL"
            )
            check_tokens(self.path, self._db, find(self._db, [address for (address,) in rows]))

    # --- counts -----------------------------------------------------------------------------------

    def tally(self) -> Tally:
        """Return the counts of the purchases."""
        with self._told():
            return tally(self._db)

    def spent_since(self, moment: str) -> int:
        """Return how many sessions may have been billed that were asked for since."""
        with self._told():
            return spent_since(self._db, moment)

    def outcomes(self) -> Counter[Outcome]:
        """Return the number of addresses by outcome."""
        with self._told():
            rows = self._db.execute(
                "SELECT outcome, count(*) FROM purchase "
                "WHERE superseded IS NULL AND outcome IS NOT NULL GROUP BY outcome"
            )
            return Counter({Outcome(outcome): count for outcome, count in rows})

    def superseded(self) -> Counter[str]:
        """Return the number of superseded purchases by reason, forgotten ones among them."""
        with self._told():
            rows = self._db.execute(
                "SELECT superseded, count(*) FROM purchase "
                "WHERE superseded IS NOT NULL GROUP BY superseded"
            )
            return Counter({str(reason): count for reason, count in rows})

    def without_result(self) -> tuple[int, int]:
        """Return how many sessions have no result yet, and how many requests for one no answer."""
        with self._told():
            open_, asked = self._db.execute(
                "SELECT count(token), count(*) - count(token) FROM purchase "
                "WHERE superseded IS NULL AND outcome IS NULL"
            ).fetchone()
            return open_, asked

    def bought_twice(self) -> int:
        """Return the number of addresses with two purchases that count."""
        # The journal's index forbids this. Another program may have written to the file.
        with self._told():
            twice: int = self._db.execute(
                "SELECT count(*) FROM (SELECT 1 FROM purchase WHERE superseded IS NULL "
                "GROUP BY address HAVING count(*) > 1)"
            ).fetchone()[0]
            return twice

    # --- its runs ---------------------------------------------------------------------------------

    def runs(self) -> tuple[RunStatus, ...]:
        """Return the runs, the oldest first."""
        with self._told():
            rows = self._db.execute(
                "SELECT began_at, seen_at, library_version, requests, rows_done, rows_reused, "
                "rows_total, seconds FROM run ORDER BY id"
            )
            return tuple(RunStatus(*row) for row in rows)

    def holder(self) -> dict[str, Any] | None:
        """Return the process that writes to it (pid, host, since); None if there is none."""
        return holder_of(self.path)

    def workers(self) -> tuple[WorkerStatus, ...]:
        """Return nobody: one process at a time uses a file."""
        return ()

    def lots(self) -> LotCounts | None:
        """Return None: there are no lots for one process."""
        return None

    # --- its soundness ----------------------------------------------------------------------------

    def check_sound(self) -> None:
        """Check the content before anything is bought by it."""
        with self._told():
            check_sound(self.path, self._db)

    def damage(self) -> list[str]:
        """Return the damage that SQLite finds in the file; an empty list if there is none."""
        with self._told():
            return integrity_errors(self._db)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Raise what damaged content leads to as DamagedJournal."""
        try:
            yield
        except sqlite3.Error as exc:
            raise damaged(self.path, exc) from exc
        except (ValueError, TypeError, OverflowError) as exc:
            # Values that no journal writes.
            raise damaged(self.path, exc) from None
