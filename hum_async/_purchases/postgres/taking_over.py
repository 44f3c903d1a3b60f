"""What a database knows of addresses, and what dead workers were at, which is taken over."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import attrs

from hum_async._purchases.codec import pack
from hum_async._purchases.postgres.changes import WorkerLost
from hum_async._purchases.postgres.connection import Connection
from hum_async._purchases.postgres.schema import ALIVE
from hum_async._purchases.records import Entry
from hum_async._purchases.resume_rules import written_off
from hum_async.models import Address, Outcome

_FIND = f"""
SELECT p.id, p.address, p.token, p.outcome, p.requests, p.observed_at, p.asked_at, p.result,
  p.worker, p.released, w.run, {ALIVE} AS alive
FROM purchase p JOIN worker w ON w.id = p.worker
WHERE p.job = $1 AND p.address = ANY($2::bytea[]) AND p.superseded IS NULL
"""

# A worker that commits at this moment holds its row: it is looked at again after that.
_LOSE = f"""
UPDATE worker w SET lost = true WHERE w.id = ANY($1::bigint[]) AND NOT {ALIVE} RETURNING w.id
"""

_STILL_ALIVE = "SELECT 1 FROM worker WHERE id = $1 AND NOT lost AND ended_at IS NULL FOR SHARE"

_ADOPT = """
UPDATE purchase SET worker = $2, released = false
WHERE id = ANY($1::bigint[]) AND (worker = ANY($3::bigint[]) OR released) AND outcome IS NULL
  AND token IS NOT NULL AND superseded IS NULL
"""

_MOVE = """
UPDATE purchase SET worker = $1
WHERE id = ANY($2::bigint[]) AND worker = ANY($3::bigint[]) AND outcome IS NULL
"""

# It stays the purchase of the worker that made it, which may still bring its answer.
_WRITE_OFF = """
UPDATE purchase p SET outcome = 'UNCERTAIN', result = u.result, requests = u.requests
FROM unnest($1::bigint[], $2::bytea[], $3::integer[]) AS u (id, result, requests)
WHERE p.id = u.id AND (p.worker = ANY($4::bigint[]) OR p.released) AND p.outcome IS NULL
  AND p.token IS NULL AND p.superseded IS NULL
"""


async def find(
    connection: Connection,
    job: int,
    own: Sequence[int],
    addresses: Sequence[tuple[bytes, Address]],
) -> dict[bytes, Entry]:
    """Return entries by digest; what dead workers were at is this worker's from now on.

    A session of theirs is adopted by its token. A claim without an answer is `UNCERTAIN`: its POST
    may have been sent.

    Args:
        connection: In a transaction.
        job: Number of the job.
        own: Numbers of all workers that this process has been, and last of the one that it is.
        addresses: Addresses with their digests.

    Raises:
        WorkerLost: This worker is no longer alive to the others, so that it can take over nothing.
    """
    worker = own[-1]
    digests = [digest for digest, _ in addresses]
    rows = await connection.fetch(_FIND, job, digests)
    left = [row for row in rows if row["outcome"] is None and _is_nobodys(row, worker)]
    if left:
        await _take_over(connection, worker, left, dict(addresses))
        again = [row["address"] for row in left]
        fresh = await connection.fetch(_FIND, job, again)
        rows = [row for row in rows if row["address"] not in set(again)] + fresh
    found = {row["address"]: _entry(row, own) for row in rows}
    # To this process they are of the run that began them.
    return found | {
        row["address"]: attrs.evolve(found[row["address"]], run=row["run"])
        for row in left
        if row["address"] in found
    }


async def move(
    connection: Connection, numbers: Sequence[int], *, old: Sequence[int], new: int
) -> None:
    """Give purchases that a process is making from its old workers to its new one.

    Args:
        connection: In a transaction.
        numbers: Their numbers. What others have taken over is theirs.
        old: The workers that the process has been.
        new: The worker that it is.
    """
    await connection.execute(_MOVE, new, list(numbers), list(old))


def _is_nobodys(row: Any, worker: int) -> bool:
    """Whether nobody is at a purchase without a result."""
    return row["released"] or (row["worker"] != worker and not row["alive"])


async def _take_over(
    connection: Connection, worker: int, left: list[Any], addresses: dict[bytes, Address]
) -> None:
    if await connection.fetchval(_STILL_ALIVE, worker) is None:
        raise WorkerLost
    suspects = sorted({row["worker"] for row in left if not row["released"]})
    lost = [row["id"] for row in await connection.fetch(_LOSE, suspects)]
    adopted = [row["id"] for row in left if row["token"] is not None]
    if adopted:
        await connection.execute(_ADOPT, adopted, worker, lost)
    unanswered = [row for row in left if row["token"] is None]
    if unanswered:
        results = [
            written_off(_entry(row, (worker,)), key=0, address=addresses[row["address"]])
            for row in unanswered
        ]
        await connection.execute(
            _WRITE_OFF,
            [row["id"] for row in unanswered],
            [
                pack(result, digest=row["address"])
                for row, result in zip(unanswered, results, strict=True)
            ],
            [result.requests for result in results],
            lost,
        )


def _entry(row: Any, own: Sequence[int]) -> Entry:
    outcome = None if row["outcome"] is None else Outcome(row["outcome"])
    return Entry(
        row["token"],
        outcome,
        row["run"],
        row["requests"],
        row["observed_at"],
        row["result"],
        digest=row["address"],
        asked_at=row["asked_at"].astimezone(UTC).isoformat(timespec="milliseconds"),
        live=outcome is None and row["worker"] != own[-1],
        theirs=row["worker"] not in own,
        number=row["id"],
    )
