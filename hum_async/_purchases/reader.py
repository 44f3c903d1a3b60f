"""The interface of a journal that is only read, and what it tells."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, Self

import attrs

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.lots import LotCounts
from hum_async._purchases.records import Entry, Tally
from hum_async.errors import JournalError
from hum_async.models import Outcome

FINISHED_AT = "finished_at"
"""Name of the setting that says when every row of the job had its result."""
MANIFEST = "manifest"
"""Name of the setting that says where the manifest of the outputs is."""
TAKEN_SINCE = "taken_since"
"""Name of the setting that says from when on the job takes results."""
OUTPUT_FILES = "output_files"
"""Name of the setting that says what the outputs hold."""


class DamagedJournal(JournalError):
    """A journal holds what no version of this library writes."""


@attrs.frozen
class RunStatus:
    """One run of a job.

    Attributes:
        began_at: Time of its start, ISO 8601.
        seen_at: Time at which it last recorded its progress, ISO 8601; None if it has not yet.
        library_version: Version of hum_async.
        requests: Number of HTTP requests sent.
        rows_done: Number of rows with a result.
        rows_reused: Number of those rows whose result an earlier run had recorded.
        rows_total: Number of rows of the input; None if it is not known.
        seconds: Seconds from `began_at` to `seen_at`.
    """

    began_at: str
    seen_at: str | None
    library_version: str
    requests: int
    rows_done: int
    rows_reused: int
    rows_total: int | None
    seconds: float


@attrs.frozen
class WorkerStatus:
    """A process that is or was at a job in a database.

    Attributes:
        host: The machine that it runs on.
        pid: Its number there.
        began_at: Time of its start, ISO 8601.
        seen_at: Time at which it was last heard of, ISO 8601.
        state: ``alive``, ``left`` or ``lost``: not heard of for longer than its lease.
        library_version: Version of hum_async.
        requests: Number of HTTP requests sent.
        rows_done: Number of rows with a result.
        rows_reused: Number of those rows whose result was in the database already.
        seconds: Seconds from `began_at` to `seen_at`.
        lots: Number of lots that it has in hand.
        open: Number of its sessions that have no result yet.
        uncertain: Number of its purchases that may or may not have created a session.
        spent: Number of sessions that it may be billed for.
    """

    host: str
    pid: int
    began_at: str
    seen_at: str
    state: str
    library_version: str
    requests: int
    rows_done: int
    rows_reused: int
    seconds: float
    lots: int
    open: int
    uncertain: int
    spent: int

    @property
    def rate(self) -> float | None:
        """Rows per second that it looked up; None if it has looked up none."""
        looked_up = self.rows_done - self.rows_reused
        return looked_up / self.seconds if self.seconds and looked_up > 0 else None


@attrs.frozen
class JobSummary:
    """A job or ledger of a database, in a line.

    Attributes:
        name: Its name.
        ledger: It is a ledger, which has no end.
        created_at: Time at which it was begun, ISO 8601.
        rows: Number of rows of its input; None without one.
        lots: Number of lots that the input is divided into.
        lots_done: Number of those whose rows have all their results.
        workers: Number of workers that live.
        seen_at: Time at which a worker was last heard of, ISO 8601; None if there was none.
        finished_at: Time at which every row had its result, ISO 8601; None if rows have none.
    """

    name: str
    ledger: bool
    created_at: str
    rows: int | None
    lots: int
    lots_done: int
    workers: int
    seen_at: str | None
    finished_at: str | None


@attrs.frozen
class StoredPurchase:
    """A purchase with all that a journal holds of it, whether it counts or not.

    Attributes:
        address: Digest of the address.
        asked_at: Time at which it was asked for, ISO 8601 in UTC.
        token: Token of the session; None while no answer to the POST is recorded.
        outcome: Outcome of the result; None while there is no result.
        requests: HTTP requests spent on it.
        observed_at: Time at which the API gave the result, ISO 8601 in UTC.
        result: The packed result.
        copied: The result comes from another job's journal.
        superseded: Why it does not count; None if it does.
        closed: The session was closed, or is left to expire.
    """

    address: bytes
    asked_at: str
    token: str | None = attrs.field(repr=False)
    outcome: Outcome | None
    requests: int
    observed_at: str | None
    result: bytes | None = attrs.field(repr=False)
    copied: bool
    superseded: str | None
    closed: bool


class Settings(Protocol):
    """What has settings."""

    def setting(self, name: str) -> Any:
        """Return the value of a setting; None if it is not set."""
        ...


def taken_since(journal: Settings | None, max_age: float | None) -> str:
    """Return the earliest time (ISO 8601, UTC) of results that a job takes; empty for any.

    The first run of a job fixes it, so that its own results cannot become too old while it lasts.

    Args:
        journal: The journal; None for a job that begins.
        max_age: Age in seconds up to which results of earlier jobs are taken; None for any age.
    """
    known = None
    if journal is not None and journal.setting(FINISHED_AT) is None:
        known = journal.setting(TAKEN_SINCE)
    if known is not None:
        return str(known)
    return "" if max_age is None else (datetime.now(UTC) - timedelta(seconds=max_age)).isoformat()


def found_rate(journal: Settings) -> tuple[float, datetime] | None:
    """Return the found rate in requests per second and its time; None if there is none."""
    rate, at = journal.setting("found_rate"), journal.setting("found_rate_at")
    if not isinstance(rate, float | int) or not 0.0 < rate < math.inf:
        return None
    try:
        return float(rate), datetime.fromisoformat(at).astimezone(UTC)
    except (TypeError, ValueError):
        # Another version wrote it in another form; the rate can be found again.
        return None


class JournalReader(Settings, Protocol):
    """Reads a journal, also while somebody writes to it. Every call blocks.

    One thread at a time may use it. It is a context manager that closes it.

    Every method raises JournalError if the journal cannot be read, and DamagedJournal if it holds
    what no journal holds.

    Attributes:
        name: What messages call it, without any secret.
        folder: The folder that the names of files in its settings are relative to.
    """

    name: str
    folder: Path

    def __enter__(self) -> Self:
        """Return it."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close it."""
        ...

    def close(self) -> None:
        """Close it. Idempotent."""
        ...

    # --- what it is -------------------------------------------------------------------------------

    @property
    def api(self) -> str | None:
        """Name of the API whose results it holds; None if nothing was asked yet."""
        ...

    @property
    def dedupe(self) -> KeyRules:
        """How its addresses are compared.

        Raises:
            JournalError: By rules that this version does not know.
        """
        ...

    @property
    def ledger(self) -> bool:
        """Whether it is the ledger of a client, and not the journal of one job."""
        ...

    def check_dedupe(self, wanted: Dedupe | None) -> None:
        """Raise JournalError if addresses shall be compared otherwise than it does."""
        ...

    # --- its purchases ----------------------------------------------------------------------------

    def find(self, addresses: Sequence[bytes], *, receipts: bool = False) -> dict[bytes, Entry]:
        """Return the entries of these addresses, by address digest.

        Args:
            addresses: The digests.
            receipts: Return what is left of a result that was erased, where there is no other.
        """
        ...

    def settled(self) -> Iterator[Entry]:
        """Yield the entries with a result, in the order in which they were asked for."""
        ...

    def purchases(self) -> Iterator[StoredPurchase]:
        """Yield all purchases, superseded ones too, in the order in which they were asked for."""
        ...

    def check_tokens(self, entries: Mapping[bytes, Entry]) -> None:
        """Check the tokens of sessions that may be taken over, of entries by address digest.

        Raises:
            DamagedJournal: A token is not that of its address.
        """
        ...

    def check_every_token(self) -> None:
        """Check the tokens of all sessions that may be taken over, as `check_tokens` does."""
        ...

    # --- counts -----------------------------------------------------------------------------------

    def tally(self) -> Tally:
        """Return the counts of the purchases."""
        ...

    def spent_since(self, moment: str) -> int:
        """Return how many sessions may have been billed that were asked for since then.

        Args:
            moment: The time (ISO 8601, UTC).
        """
        ...

    def outcomes(self) -> Counter[Outcome]:
        """Return the number of addresses by outcome."""
        ...

    def superseded(self) -> Counter[str]:
        """Return the number of superseded purchases by reason, forgotten ones among them."""
        ...

    def without_result(self) -> tuple[int, int]:
        """Return how many sessions have no result yet, and how many requests for one no answer."""
        ...

    def bought_twice(self) -> int:
        """Return the number of addresses with two purchases that count, which should be 0."""
        ...

    # --- its runs ---------------------------------------------------------------------------------

    def runs(self) -> tuple[RunStatus, ...]:
        """Return the runs, the oldest first."""
        ...

    def holder(self) -> dict[str, Any] | None:
        """Return the process that writes to it (pid, host, since); None if there is none."""
        ...

    def workers(self) -> tuple[WorkerStatus, ...]:
        """Return the workers that share the job, the oldest first; none if it is a file's."""
        ...

    def lots(self) -> LotCounts | None:
        """Return how far the lots of the job are; None if it is not divided into lots."""
        ...

    # --- its soundness ----------------------------------------------------------------------------

    def check_sound(self) -> None:
        """Check the content before anything is bought by it.

        Raises:
            DamagedJournal: Its content is damaged, so that addresses might be bought again.
        """
        ...

    def damage(self) -> list[str]:
        """Return the damage of the file or the tables; an empty list if there is none."""
        ...


class JournalFiles(Protocol):
    """What the outputs of a job are composed of, and where is noted what they hold.

    Attributes:
        folder: The folder that the names of files in its settings are relative to.
    """

    folder: Path

    @property
    def dedupe(self) -> KeyRules:
        """How addresses are compared."""
        ...

    def find(self, addresses: Sequence[bytes]) -> dict[bytes, Entry]:
        """Return the entries of these addresses, by address digest."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Set the value of a setting."""
        ...
