"""Makes a job in a database out of another journal."""

import os
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from hum_async._purchases.postgres.calls import DatabaseCalls
from hum_async._purchases.postgres.connection import Connection
from hum_async._purchases.postgres.job import set_setting
from hum_async._purchases.postgres.schema import prepare
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.reader import JournalReader, RunStatus, StoredPurchase
from hum_async.errors import ConfigurationError, JournalError

_BATCH = 2000
_COLUMNS = (
    "job",
    "worker",
    "address",
    "asked_at",
    "token",
    "outcome",
    "requests",
    "observed_at",
    "result",
    "copied",
    "superseded",
    "closed",
)
_WORKER = """
INSERT INTO worker (job, run, host, pid, library_version, began_at, seen_at, lease, lease_until,
  ended_at, spent, requests, rows_done, rows_reused, rows_total)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $7, $7, $8, $9, $10, $11, $12) RETURNING id
"""


def import_job(url: DatabaseUrl, source: JournalReader, settings: Mapping[str, Any]) -> int:
    """Write a job with all that another journal holds; return the number of its purchases.

    Args:
        url: The database and the name of the job.
        source: The other journal.
        settings: Its settings.

    Raises:
        ConfigurationError: No job is named.
        JournalError: There is such a job already, or the database cannot be used.
    """
    if url.job is None:
        raise ConfigurationError(
            f"name the job in the database {url.label}: write ?job=NAME at the end of its URL"
        )

    async def write(connection: Connection) -> int:
        await prepare(connection, url)
        job = await connection.fetchval(
            "INSERT INTO job (name, ledger, run) VALUES ($1, $2, $3) "
            "ON CONFLICT (name) DO NOTHING RETURNING id",
            url.job,
            source.ledger,
            len(source.runs()),
        )
        if job is None:
            raise JournalError(f"{url} is there already; give the job another name (?job=NAME)")
        for name, value in settings.items():
            await set_setting(connection, job, name, value)
        return await _copy(connection, url, job, source)

    with DatabaseCalls(url) as calls:
        return calls.run(write)


async def _copy(connection: Connection, url: DatabaseUrl, job: int, source: JournalReader) -> int:
    worker, runs = 0, source.runs()
    for number, run in enumerate(runs, 1):
        # What was spent is counted by workers: all of it, by the last one.
        spent = source.tally().spent if number == len(runs) else 0
        values = _worker(run, number, spent)
        worker = await connection.fetchval(_WORKER, job, *values)
    count = 0
    purchases = source.purchases()
    while batch := list(islice(purchases, _BATCH)):
        await connection.copy_records_to_table(
            "purchase",
            records=[(job, worker, *_values(purchase)) for purchase in batch],
            columns=_COLUMNS,
            schema_name=url.schema,
        )
        count += len(batch)
    return count


def _worker(run: RunStatus, number: int, spent: int) -> tuple[Any, ...]:
    began = _time(run.began_at)
    seen = began if run.seen_at is None else _time(run.seen_at)
    return (
        number,
        socket.gethostname(),
        os.getpid(),
        run.library_version,
        began,
        seen,
        spent,
        run.requests,
        run.rows_done,
        run.rows_reused,
        run.rows_total,
    )


def _values(purchase: StoredPurchase) -> Iterator[Any]:
    yield purchase.address
    yield _time(purchase.asked_at)
    yield purchase.token
    yield None if purchase.outcome is None else str(purchase.outcome)
    yield purchase.requests
    yield purchase.observed_at
    yield purchase.result
    yield purchase.copied
    yield purchase.superseded
    yield purchase.closed


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
