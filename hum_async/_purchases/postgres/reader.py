"""The purchases of one job in PostgreSQL, as a `JournalReader`. It changes nothing."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import orjson

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.lots import LotCounts
from hum_async._purchases.postgres.calls import DatabaseCalls
from hum_async._purchases.postgres.connection import Connection
from hum_async._purchases.postgres.job import SPENT_SINCE, check_dedupe
from hum_async._purchases.postgres.lots import counts_of
from hum_async._purchases.postgres.schema import ALIVE, check_version, version_of
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.reader import (
    DamagedJournal,
    JobSummary,
    RunStatus,
    StoredPurchase,
    WorkerStatus,
)
from hum_async._purchases.records import ADDRESS_KEYS, Entry, Tally
from hum_async._purchases.tally import TALLY
from hum_async.errors import JournalError
from hum_async.models import Outcome

_BATCH = 5000
_PAGE = 1000


class PostgresReader:
    """Reads the purchases of one job, also while workers make them.

    Args:
        url: The database and the job.
        api: Name of the API whose results it must hold; None for any.

    Raises:
        JournalError: The database cannot be reached, has no such job, was made by a newer version,
            or holds results of another API.
    """

    def __init__(self, url: DatabaseUrl, *, api: str | None = None) -> None:
        self.url = url
        self.name = str(url)
        # Outputs may be anywhere: their names are whole.
        self.folder = Path(Path.cwd().anchor)
        self._calls = DatabaseCalls(url)
        try:
            self._job = self._calls.run(partial(job_of, url=url))
            self._check_api(api)
        except BaseException:
            self._calls.close()
            raise

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close it. Idempotent."""
        self._calls.close()

    # --- what it is -------------------------------------------------------------------------------

    @property
    def api(self) -> str | None:
        """Name of the API whose results it holds; None if nothing was asked yet."""
        name: str | None = self.setting("api")
        return name

    @property
    def dedupe(self) -> KeyRules:
        """How its addresses are compared."""
        named = self.setting("address_key")
        for rules, name in ADDRESS_KEYS.items():
            if name == named:
                return rules
        raise JournalError(
            f"{self.name} compares addresses by rules of another version of hum_async; use that "
            "version, or give the job another name"
        )

    @property
    def ledger(self) -> bool:
        """Whether it is the ledger of a client, and not the journal of one job."""
        found: bool = self._value("SELECT ledger FROM job WHERE id = $1")
        return found

    def check_dedupe(self, wanted: Dedupe | None) -> None:
        """Raise JournalError if addresses shall be compared otherwise than it does."""
        check_dedupe(self.url, self.dedupe, wanted)

    def setting(self, name: str) -> Any:
        """Return the value of a setting; None if it is not set."""
        raw = self._value("SELECT value FROM setting WHERE job = $1 AND name = $2", name)
        return None if raw is None else orjson.loads(raw)

    def _check_api(self, wanted: str | None) -> None:
        known = self.api
        if known is not None and wanted is not None and known != wanted:
            raise JournalError(
                f"{self.name} holds results of {known}, and this job asks {wanted}; name another"
            )

    # --- its purchases ----------------------------------------------------------------------------

    def find(self, addresses: Sequence[bytes], *, receipts: bool = False) -> dict[bytes, Entry]:
        """Return the entries of these addresses, by address digest."""
        found: dict[bytes, Entry] = {}
        for at in range(0, len(addresses), _BATCH):
            batch = list(addresses[at : at + _BATCH])
            for query in (_FIND_RECEIPTS, _FIND) if receipts else (_FIND,):
                for row in self._rows(query, batch):
                    found[row["address"]] = self._entry(row)
        return found

    def settled(self) -> Iterator[Entry]:
        """Yield the entries with a result, in the order in which they were asked for."""
        last = 0
        while rows := self._rows(_SETTLED, last, _PAGE):
            last = rows[-1]["id"]
            yield from map(self._entry, rows)

    def purchases(self) -> Iterator[StoredPurchase]:
        """Yield all purchases, superseded ones too, in the order in which they were asked for."""
        last = 0
        while rows := self._rows(_PURCHASES, last, _PAGE):
            last = rows[-1]["id"]
            for row in rows:
                values = dict(row)
                del values["id"]
                outcome = values.pop("outcome")
                with self._told():
                    known = None if outcome is None else Outcome(outcome)
                asked_at = _iso(values.pop("asked_at"))
                yield StoredPurchase(outcome=known, asked_at=asked_at, **values)

    def check_tokens(self, entries: Mapping[bytes, Entry]) -> None:
        """Do nothing: the server sees to it that its rows are what was written."""

    def check_every_token(self) -> None:
        """Do nothing, as `check_tokens`."""

    # --- counts -----------------------------------------------------------------------------------

    def tally(self) -> Tally:
        """Return the counts of the purchases."""
        return Tally(*self._rows(_TALLY)[0])

    def spent_since(self, moment: str) -> int:
        """Return how many sessions may have been billed that were asked for since."""
        found: int = self._value(SPENT_SINCE, datetime.fromisoformat(moment).replace(tzinfo=UTC))
        return found

    def outcomes(self) -> Counter[Outcome]:
        """Return the number of addresses by outcome."""
        with self._told():
            return Counter({Outcome(outcome): count for outcome, count in self._rows(_OUTCOMES)})

    def superseded(self) -> Counter[str]:
        """Return the number of superseded purchases by reason, forgotten ones among them."""
        return Counter(dict(self._rows(_SUPERSEDED)))

    def without_result(self) -> tuple[int, int]:
        """Return how many sessions have no result yet, and how many requests for one no answer."""
        open_, asked = self._rows(_WITHOUT_RESULT)[0]
        return open_, asked

    def bought_twice(self) -> int:
        """Return the number of addresses with two purchases that count."""
        twice: int = self._value(_BOUGHT_TWICE)
        return twice

    # --- its runs ---------------------------------------------------------------------------------

    def runs(self) -> tuple[RunStatus, ...]:
        """Return the runs, the oldest first: in each, any number of workers shared the job."""
        runs = [
            RunStatus(
                began_at=_iso(row["began_at"]),
                seen_at=_iso(row["seen_at"]),
                library_version=row["library_version"],
                requests=row["requests"],
                rows_done=row["rows_done"],
                rows_reused=row["rows_reused"],
                rows_total=row["rows_total"],
                seconds=row["seconds"],
            )
            for row in self._rows(_RUNS)
        ]
        return tuple(runs)

    def holder(self) -> dict[str, Any] | None:
        """Return the oldest process that lives (pid, host, since); None if there is none."""
        alive = [each for each in self.workers() if each.state == "alive"]
        if not alive:
            return None
        return {"pid": alive[0].pid, "host": alive[0].host, "since": alive[0].began_at}

    def workers(self) -> tuple[WorkerStatus, ...]:
        """Return the workers that share the job, the oldest first."""
        return tuple(map(_worker_of, self._rows(_WORKERS)))

    def lots(self) -> LotCounts | None:
        """Return how far the lots of the job are; None if it is not divided into lots."""
        return self._calls.run(partial(counts_of, job=self._job))

    # --- its soundness ----------------------------------------------------------------------------

    def check_sound(self) -> None:
        """Check that the index is there without which addresses might be bought twice."""
        if found := self.damage():
            raise DamagedJournal(f"{self.name} is damaged ({found[0]}); restore it from a backup")

    def damage(self) -> list[str]:
        """Return what is missing or contradicts itself; an empty list if nothing does."""
        found = []
        if not self._value(_HAS_INDEX, self.url.schema):
            found.append("the index one_purchase is missing, which refuses a second purchase")
        if count := self._value(_CONTRADICTIONS):
            found.append(f"purchases with a result without its outcome or the reverse: {count:,}")
        return found

    def _rows(self, query: str, *values: Any) -> list[Any]:
        async def fetch(connection: Connection) -> list[Any]:
            found: list[Any] = await connection.fetch(query, self._job, *values)
            return found

        return self._calls.run(fetch)

    def _value(self, query: str, *values: Any) -> Any:
        found = self._rows(query, *values)
        return found[0][0] if found else None

    def _entry(self, row: Any) -> Entry:
        with self._told():
            return Entry(
                row["token"],
                None if row["outcome"] is None else Outcome(row["outcome"]),
                row["run"] or 0,
                row["requests"],
                row["observed_at"],
                row["result"],
                digest=row["address"],
                asked_at=_iso(row["asked_at"]),
                live=row["outcome"] is None and bool(row["alive"]),
                number=row["id"],
            )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Raise what damaged content leads to as DamagedJournal."""
        try:
            yield
        except ValueError as exc:
            reason = type(exc).__name__
            raise DamagedJournal(f"{self.name} holds what no version writes ({reason})") from None


async def job_of(connection: Connection, url: DatabaseUrl) -> int:
    """Return the number of a job.

    Raises:
        JournalError: There is no such job, or a newer version of this library made the tables.
    """
    version = await version_of(connection, url)
    number: int | None = None
    if version is not None:
        check_version(version, url)
        number = await connection.fetchval("SELECT id FROM job WHERE name = $1", url.job)
    if number is None:
        raise JournalError(
            f"there is no job {url.job!r} in {url.label}; hum status --database lists the jobs"
        )
    return number


def summaries(url: DatabaseUrl) -> tuple[JobSummary, ...]:
    """Return the jobs and ledgers in a database, those begun last at the end.

    Raises:
        JournalError: The database cannot be reached, or a newer version made its tables.
    """

    async def fetch(connection: Connection) -> list[Any]:
        version = await version_of(connection, url)
        if version is None:
            return []
        check_version(version, url)
        found: list[Any] = await connection.fetch(_JOBS)
        return found

    with DatabaseCalls(url) as calls:
        return tuple(map(_summary_of, calls.run(fetch)))


def _summary_of(row: Any) -> JobSummary:
    values = dict(row)
    finished = values.pop("finished_at")
    values |= {name: values[name] and _iso(values[name]) for name in ("created_at", "seen_at")}
    return JobSummary(**values, finished_at=None if finished is None else orjson.loads(finished))


def _worker_of(row: Any) -> WorkerStatus:
    values = dict(row)
    alive, ended = values.pop("alive"), values.pop("ended")
    values |= {name: _iso(values[name]) for name in ("began_at", "seen_at")}
    return WorkerStatus(state="alive" if alive else "left" if ended else "lost", **values)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


_ENTRY = (
    "SELECT p.id, p.address, p.token, p.outcome, w.run, p.requests, p.observed_at, p.asked_at, "
    f"p.result, {ALIVE} AS alive "
    "FROM purchase p LEFT JOIN worker w ON w.id = p.worker WHERE p.job = $1"
)
_FIND = f"{_ENTRY} AND p.superseded IS NULL AND p.address = ANY($2::bytea[])"
_FIND_RECEIPTS = (
    f"{_ENTRY} AND p.superseded = 'forgotten' AND p.address = ANY($2::bytea[]) ORDER BY p.id"
)
_SETTLED = (
    f"{_ENTRY} AND p.superseded IS NULL AND p.result IS NOT NULL AND p.id > $2 "
    "ORDER BY p.id LIMIT $3"
)
_PURCHASES = (
    "SELECT id, address, asked_at, token, outcome, requests, observed_at, result, copied, "
    "superseded, closed FROM purchase WHERE job = $1 AND id > $2 ORDER BY id LIMIT $3"
)
_TALLY = f"{TALLY} WHERE job = $1"
_OUTCOMES = (
    "SELECT outcome, count(*) FROM purchase "
    "WHERE job = $1 AND superseded IS NULL AND outcome IS NOT NULL GROUP BY outcome"
)
_SUPERSEDED = (
    "SELECT superseded, count(*) FROM purchase "
    "WHERE job = $1 AND superseded IS NOT NULL GROUP BY superseded"
)
_WITHOUT_RESULT = (
    "SELECT count(token), count(*) - count(token) FROM purchase "
    "WHERE job = $1 AND superseded IS NULL AND outcome IS NULL"
)
_BOUGHT_TWICE = (
    "SELECT count(*) FROM (SELECT 1 FROM purchase WHERE job = $1 AND superseded IS NULL "
    "GROUP BY address HAVING count(*) > 1) AS twice"
)
_RUNS = """
SELECT min(began_at) AS began_at, max(seen_at) AS seen_at, max(library_version) AS library_version,
  sum(requests)::bigint AS requests, sum(rows_done)::bigint AS rows_done,
  sum(rows_reused)::bigint AS rows_reused, max(rows_total) AS rows_total,
  extract(epoch FROM max(seen_at) - min(began_at))::float8 AS seconds
FROM worker WHERE job = $1 GROUP BY run ORDER BY run
"""
_WORKERS = f"""
WITH at AS (
  SELECT worker,
    count(*) FILTER (WHERE token IS NOT NULL AND outcome IS NULL) AS open,
    count(*) FILTER (WHERE outcome = 'UNCERTAIN') AS uncertain
  FROM purchase WHERE job = $1 AND superseded IS NULL
    AND (outcome IS NULL OR outcome = 'UNCERTAIN')
  GROUP BY worker
), held AS (
  SELECT worker, count(*) AS lots FROM lot WHERE job = $1 AND NOT done GROUP BY worker
)
SELECT w.host, w.pid, w.began_at, w.seen_at, {ALIVE} AS alive, w.ended_at IS NOT NULL AS ended,
  w.library_version, w.requests, w.rows_done, w.rows_reused,
  extract(epoch FROM w.seen_at - w.began_at)::float8 AS seconds, coalesce(held.lots, 0) AS lots,
  coalesce(at.open, 0) AS open, coalesce(at.uncertain, 0) AS uncertain, w.spent
FROM worker w LEFT JOIN at ON at.worker = w.id LEFT JOIN held ON held.worker = w.id
WHERE w.job = $1 ORDER BY w.id
"""
_JOBS = f"""
SELECT j.name, j.ledger, j.created_at, j.input_rows AS rows,
  (SELECT count(*) FROM lot WHERE lot.job = j.id) AS lots,
  (SELECT count(*) FROM lot WHERE lot.job = j.id AND done) AS lots_done,
  (SELECT count(*) FROM worker w WHERE w.job = j.id AND {ALIVE}) AS workers,
  (SELECT max(seen_at) FROM worker w WHERE w.job = j.id) AS seen_at,
  (SELECT value FROM setting s WHERE s.job = j.id AND s.name = 'finished_at') AS finished_at
FROM job j ORDER BY j.id
"""
_HAS_INDEX = (
    "SELECT $1::bigint IS NOT NULL AND EXISTS (SELECT 1 FROM pg_index i "
    "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relname = 'one_purchase' AND n.nspname = $2 AND i.indisunique AND i.indisvalid)"
)
_CONTRADICTIONS = (
    "SELECT count(*) FROM purchase WHERE job = $1 AND (outcome IS NULL) <> (result IS NULL)"
)
