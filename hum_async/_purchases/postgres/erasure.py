"""Erases results from a database, and whole jobs."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any

from hum_async._purchases.codec import receipt_of
from hum_async._purchases.postgres.calls import DatabaseCalls
from hum_async._purchases.postgres.connection import Connection
from hum_async._purchases.postgres.reader import job_of
from hum_async._purchases.postgres.schema import ALIVE
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._wording import counted
from hum_async.errors import JournalError

_PAGE = 500


def forget(
    url: DatabaseUrl, *, digests: Collection[bytes] | None = None, before: str | None = None
) -> int:
    """Erase results of a job or ledger; return their number.

    Workers may be at it, except at one whose rows they share: they would buy what is forgotten
    again at once, and so write it down anew.

    A receipt stays, and the address counts as never bought, as in a file. The old rows are gone
    from the table when the server has vacuumed it, which is asked for here; its write-ahead log,
    replicas and backups keep them for as long as they are kept.

    Args:
        url: The database and the job.
        digests: The addresses; None for all.
        before: Only results of what was asked for before this time (ISO 8601, UTC), and no
            uncertain purchases; None for any time.

    Raises:
        JournalError: There is no such job, workers share its rows, or the database cannot be used.
    """
    with DatabaseCalls(url) as calls:
        job = calls.run(partial(_of_nobody, url=url))
        moment = None if before is None else datetime.fromisoformat(before)
        wanted = None if digests is None else list(digests)
        last = count = 0
        while True:
            page = calls.run(
                partial(_forget_page, job=job, last=last, digests=wanted, before=moment)
            )
            if not page:
                break
            last, count = page[-1], count + len(page)
        if count:
            calls.run(partial(_look_again, job=job))
        calls.run(partial(_forget_shown, job=job, digests=wanted, before=moment))
        # Even if nothing was forgotten now: an earlier call may not have come so far.
        calls.vacuum("purchase")
        calls.vacuum("event")
    return count


async def _of_nobody(connection: Connection, *, url: DatabaseUrl) -> int:
    """Return the number of the job, at whose rows nobody is."""
    job = await job_of(connection, url)
    if await connection.fetchval("SELECT EXISTS (SELECT FROM lot WHERE job = $1)", job):
        await _refuse_while_at_work(connection, job, url=url)
    return job


async def _refuse_while_at_work(connection: Connection, job: int, *, url: DatabaseUrl) -> None:
    alive = await connection.fetchval(
        f"SELECT count(*) FROM worker w WHERE w.job = $1 AND {ALIVE}", job
    )
    if alive:
        raise JournalError(
            f"{counted(alive, 'worker')} of {url} live; wait until they have ended, or stop "
            "them: hum status --database says where they are"
        )


async def _forget_page(
    connection: Connection,
    *,
    job: int,
    last: int,
    digests: list[bytes] | None,
    before: datetime | None,
) -> list[int]:
    """Erase the next results; return the numbers of their purchases."""
    rows = await connection.fetch(_RESULTS, job, last, digests, before, _PAGE)
    receipts = [receipt_of(row["result"], row["address"]) for row in rows]
    numbers = [row["id"] for row in rows]
    await connection.execute(_FORGET, numbers, receipts)
    return numbers


async def _forget_shown(
    connection: Connection, *, job: int, digests: list[bytes] | None, before: datetime | None
) -> None:
    """Erase what hubs have shown of look-ups that have ended; their ids are unknown after that."""
    await connection.execute(_FORGET_SHOWN, job, digests, before)


async def _look_again(connection: Connection, job: int) -> None:
    """Let the rows of the job be asked for again when it is run again."""
    await connection.execute("UPDATE lot SET done = false WHERE job = $1 AND done", job)


def remove_job(url: DatabaseUrl) -> None:
    """Remove a job with all that it holds.

    Raises:
        JournalError: There is no such job, or a worker is at it.
    """

    async def remove(connection: Connection) -> Any:
        job = await job_of(connection, url)
        await connection.execute("SELECT 1 FROM job WHERE id = $1 FOR UPDATE", job)
        await _refuse_while_at_work(connection, job, url=url)
        await connection.execute("DELETE FROM purchase WHERE job = $1", job)
        await connection.execute("DELETE FROM job WHERE id = $1", job)

    with DatabaseCalls(url) as calls:
        calls.run(remove)


_RESULTS = """
SELECT id, address, result FROM purchase
WHERE job = $1 AND id > $2 AND result IS NOT NULL AND superseded IS DISTINCT FROM 'forgotten'
  AND ($3::bytea[] IS NULL OR address = ANY($3::bytea[]))
  AND ($4::timestamptz IS NULL OR (asked_at < $4 AND outcome <> 'UNCERTAIN'))
ORDER BY id LIMIT $5 FOR UPDATE
"""
_FORGET = """
UPDATE purchase SET result = forgotten.receipt, superseded = 'forgotten'
FROM unnest($1::bigint[], $2::bytea[]) AS forgotten (id, receipt)
WHERE purchase.id = forgotten.id
"""
_FORGET_SHOWN = """
DELETE FROM shown_lookup WHERE job = $1 AND ended
  AND ($2::bytea[] IS NULL OR address = ANY($2::bytea[]))
  AND ($3::timestamptz IS NULL OR began_at < $3)
"""
