"""Writes a batch of changes in one transaction: one statement for each kind, for all of them.

Changes of one address keep their order: the second one goes into another wave of statements. Within
a wave no address occurs twice, so that the order of the kinds does not matter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import attrs

from hum_async._purchases.codec import rebind
from hum_async._purchases.postgres import job as jobs
from hum_async._purchases.postgres.connection import Connection
from hum_async._purchases.publications import Published, Told
from hum_async._purchases.records import (
    FAILED_OUTCOMES,
    FORGOTTEN,
    Asked,
    Change,
    Closed,
    Copied,
    Opened,
    Released,
    Settled,
    Withdrawn,
)
from hum_async._purchases.refusals import BoundReached, ClaimRefused, Taken
from hum_async.errors import JournalError
from hum_async.models import Outcome

ChangeT = TypeVar("ChangeT", bound=Change)

# The fence and the heartbeat in one: a worker that was taken for dead writes nothing more as such,
# and nobody takes it for dead while this transaction lasts. A batch that is there already is not
# written again.
_FENCE = """
UPDATE worker SET lease_until = clock_timestamp() + make_interval(secs => lease),
  seen_at = clock_timestamp(), batch = $2, requests = $3
WHERE id = $1 AND NOT lost AND ended_at IS NULL AND batch < $2 RETURNING id
"""

_STATE = "SELECT lost OR ended_at IS NOT NULL AS lost, batch FROM worker WHERE id = $1"

# Only the purchase that was seen, and none that somebody is making.
_SUPERSEDE = """
UPDATE purchase p SET superseded = u.reason
FROM unnest($2::bytea[], $3::text[], $4::bigint[]) AS u (address, reason, number)
WHERE p.job = $1 AND p.address = u.address AND p.superseded IS NULL
  AND (u.number = 0 OR p.id = u.number) AND (p.outcome IS NOT NULL OR p.worker = $5)
"""

# In one order for all workers, so that none waits for another that waits for it.
_CLAIM = """
INSERT INTO purchase (job, address, worker)
SELECT $1, address, $3 FROM unnest($2::bytea[]) AS address ORDER BY address
ON CONFLICT (job, address) WHERE superseded IS NULL DO NOTHING RETURNING address, id
"""

_CLAIMED = """
SELECT address, id FROM purchase
WHERE job = $1 AND address = ANY($2::bytea[]) AND worker = $3 AND superseded IS NULL
"""

_NUMBERS = """
SELECT address, id FROM purchase
WHERE job = $1 AND address = ANY($2::bytea[]) AND superseded IS NULL
"""

# A token that comes late, after its claim was written off, makes the purchase open again.
_OPEN = """
UPDATE purchase p
SET token = u.token, requests = u.requests, worker = $1, outcome = NULL, result = NULL
FROM unnest($2::bigint[], $3::text[], $4::integer[]) AS u (id, token, requests)
WHERE p.id = u.id AND p.token IS NULL
"""

# What another worker knows of the address is not replaced, unless it is no answer.
_SETTLE = """
UPDATE purchase p SET worker = $1, token = u.token, outcome = u.outcome, requests = u.requests,
  observed_at = u.observed_at, result = u.result, closed = u.expires
FROM unnest($2::bigint[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::bytea[],
  $8::boolean[]) AS u (id, token, outcome, requests, observed_at, result, expires)
WHERE p.id = u.id AND p.superseded IS DISTINCT FROM $9
  AND (p.worker = $1 OR p.outcome IS NULL OR p.outcome = ANY($10::text[]))
"""

_WITHDRAW = "DELETE FROM purchase WHERE id = ANY($1::bigint[]) AND token IS NULL RETURNING id"

_RESTORE = """
UPDATE purchase SET superseded = NULL WHERE id IN (
  SELECT max(id) FROM purchase WHERE job = $1 AND address = ANY($2::bytea[]) GROUP BY address
  HAVING count(*) FILTER (WHERE superseded IS NULL) = 0)
"""

_RELEASE = """
UPDATE purchase SET released = true
WHERE id = ANY($1::bigint[]) AND outcome IS NULL AND worker = $2
"""

_CLOSE = """
UPDATE purchase p SET closed = true FROM unnest($2::bytea[], $3::text[]) AS u (address, token)
WHERE p.job = $1 AND p.address = u.address AND p.superseded IS NULL AND p.token = u.token
"""

_COPY = """
INSERT INTO purchase (job, worker, address, asked_at, outcome, observed_at, result, copied)
SELECT $1, $2, u.address, u.asked_at, u.outcome, u.observed_at, u.result, true
FROM unnest($3::bytea[], $4::timestamptz[], $5::text[], $6::text[], $7::bytea[])
  AS u (address, asked_at, outcome, observed_at, result) ORDER BY u.address
ON CONFLICT (job, address) WHERE superseded IS NULL DO NOTHING
"""

_PUBLISH = """
INSERT INTO published (job, id, address, at)
SELECT $1, * FROM unnest($2::text[], $3::bytea[], $4::timestamptz[])
ON CONFLICT (job, id) DO NOTHING
"""

_TELL = """
UPDATE published p SET told = u.told FROM unnest($2::text[], $3::bigint[]) AS u (id, told)
WHERE p.job = $1 AND p.id = u.id
"""


class WorkerLost(Exception):
    """Another worker took this one for dead. What it was at is in the hands of others."""


@attrs.frozen
class Batch:
    """What is written at once.

    Attributes:
        job: Number of the job.
        worker: Number of this worker.
        number: Number of the batch, from 1 for each worker.
        requests: HTTP requests that this worker has sent.
        changes: The changes; results are packed.
        claims: Numbers of the purchases that this process is making, by address.
        max_sessions: Sessions that all workers may buy; None for no bound.
        own: Numbers of all workers that this process has been.
    """

    job: int
    worker: int
    number: int
    requests: int
    changes: Sequence[Change]
    claims: Mapping[bytes, int]
    max_sessions: int | None
    own: Sequence[int]


@attrs.define
class Written:
    """What became of a batch.

    Attributes:
        won: Numbers of the new purchases by address.
        refused: Why addresses may not be bought.
        spent: Sessions for which others may have been billed; None if nobody asked.
        renewed: Whether the lease of the worker was renewed just now.
    """

    won: dict[bytes, int] = attrs.field(factory=dict)
    refused: dict[bytes, ClaimRefused] = attrs.field(factory=dict)
    spent: int | None = None
    renewed: bool = True


async def write(connection: Connection, batch: Batch) -> Written:
    """Write a batch in a transaction, once, however often it is called with it.

    Raises:
        WorkerLost: This worker is no longer alive to the others. Nothing was written.
        JournalError: A purchase that is changed does not exist.
    """
    fenced = await connection.fetchval(_FENCE, batch.worker, batch.number, batch.requests)
    if fenced is None:
        return await _written_before(connection, batch)
    writing = _Writing(connection, batch)
    for wave in _waves(batch.changes):
        await writing.write(wave)
    if batch.max_sessions is not None:
        spent = await jobs.spent(connection, batch.job, without=batch.own)
        writing.written.spent = spent
    if writing.spent:
        await connection.execute(
            "UPDATE worker SET spent = spent + $2 WHERE id = $1", batch.worker, writing.spent
        )
    return writing.written


async def _written_before(connection: Connection, batch: Batch) -> Written:
    """Return what became of a batch whose commit succeeded although its answer was lost."""
    state = await connection.fetchrow(_STATE, batch.worker)
    if state is None or state["lost"] or state["batch"] < batch.number:
        raise WorkerLost
    addresses = [change.address for change in batch.changes if isinstance(change, Asked)]
    rows = await connection.fetch(_CLAIMED, batch.job, addresses, batch.worker)
    won = {row["address"]: row["id"] for row in rows}
    refused: dict[bytes, ClaimRefused] = {each: Taken() for each in addresses if each not in won}
    return Written(won, refused, renewed=False)


def _waves(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield the changes in their order, in parts in which no address occurs twice."""
    wave: list[Change] = []
    seen: set[object] = set()
    for change in changes:
        subject = change.id if isinstance(change, Published | Told) else change.address
        if subject in seen:
            yield wave
            wave, seen = [], set()
        wave.append(change)
        seen.add(subject)
    yield wave


class _Writing:
    """Writes the waves of a batch in a transaction.

    `spent` is the number of sessions by which the worker may be billed for more.
    """

    def __init__(self, connection: Connection, batch: Batch) -> None:
        self.written = Written()
        self.spent = 0
        self._db = connection
        self._batch = batch

    async def write(self, wave: Sequence[Change]) -> None:
        """Write changes in which no address occurs twice."""
        if asked := _of(Asked, wave):
            await self._claim(asked)
        if opened := _of(Opened, wave):
            await self._open(opened)
        if settled := _of(Settled, wave):
            await self._settle(settled)
        if withdrawn := _of(Withdrawn, wave):
            await self._withdraw(withdrawn)
        if released := _of(Released, wave):
            await self._release(released)
        if closed := _of(Closed, wave):
            await self._close(closed)
        if copied := _of(Copied, wave):
            await self._copy(copied)
        if published := _of(Published, wave):
            await self._publish(published)
        if told := _of(Told, wave):
            await self._tell(told)

    async def _claim(self, asked: list[Asked]) -> None:
        asked = await self._within_bound(asked)
        replacing = [each for each in asked if each.instead_of is not None]
        if replacing:
            columns = _columns((each.address, each.instead_of, each.replaces) for each in replacing)
            await self._db.execute(_SUPERSEDE, self._batch.job, *columns, self._batch.worker)
        addresses = [change.address for change in asked]
        rows = await self._db.fetch(_CLAIM, self._batch.job, addresses, self._batch.worker)
        won = {row["address"]: row["id"] for row in rows}
        self.written.won |= won
        self.written.refused |= {each: Taken() for each in addresses if each not in won}
        self.spent += len(won)

    async def _within_bound(self, asked: list[Asked]) -> list[Asked]:
        """Return the claims that the bound of the job leaves room for, the first ones first."""
        most = self._batch.max_sessions
        if most is None:
            return asked
        # One worker at a time counts and claims.
        await self._db.execute("SELECT 1 FROM job WHERE id = $1 FOR UPDATE", self._batch.job)
        room = max(0, most - self.spent - await jobs.spent(self._db, self._batch.job))
        self.written.refused |= {each.address: BoundReached() for each in asked[room:]}
        return asked[:room]

    async def _open(self, opened: list[Opened]) -> None:
        numbers = await self._numbers([change.address for change in opened])
        columns = _columns((each.token, each.requests) for each in opened)
        await self._db.execute(_OPEN, self._batch.worker, numbers, *columns)

    async def _settle(self, settled: list[Settled]) -> None:
        numbers = await self._numbers([change.address for change in settled])
        columns = _columns(map(_settled, settled))
        await self._db.execute(
            _SETTLE, self._batch.worker, numbers, *columns, FORGOTTEN, _NO_ANSWERS
        )
        self.spent -= sum(self._was_free(change) for change in settled)

    async def _withdraw(self, withdrawn: list[Withdrawn]) -> None:
        # A claim that was refused needs no withdrawal.
        numbers = [self._claim_of(change.address) for change in withdrawn]
        deleted = await self._db.fetch(_WITHDRAW, [each for each in numbers if each is not None])
        self.spent -= len(deleted)
        if restored := [change.address for change in withdrawn if change.restores]:
            await self._db.execute(_RESTORE, self._batch.job, restored)

    async def _release(self, released: list[Released]) -> None:
        numbers = [self._claim_of(change.address) for change in released]
        own = [each for each in numbers if each is not None]
        await self._db.execute(_RELEASE, own, self._batch.worker)

    async def _close(self, closed: list[Closed]) -> None:
        columns = _columns((each.address, each.token) for each in closed)
        await self._db.execute(_CLOSE, self._batch.job, *columns)

    async def _copy(self, copied: list[Copied]) -> None:
        columns = _columns(map(_copied, copied))
        await self._db.execute(_COPY, self._batch.job, self._batch.worker, *columns)

    async def _publish(self, published: list[Published]) -> None:
        columns = _columns((each.id, each.address, _time(each.at)) for each in published)
        await self._db.execute(_PUBLISH, self._batch.job, *columns)

    async def _tell(self, told: list[Told]) -> None:
        columns = _columns((each.id, each.position) for each in told)
        await self._db.execute(_TELL, self._batch.job, *columns)

    def _claim_of(self, address: bytes) -> int | None:
        """Return the number of the purchase of an address that this process is making."""
        won = self.written.won.get(address)
        return self._batch.claims.get(address) if won is None else won

    def _was_free(self, change: Settled) -> bool:
        """Whether a purchase that was counted turned out to be none."""
        billed = change.result.token is not None or change.result.outcome is Outcome.UNCERTAIN
        return not billed and self._claim_of(change.address) is not None

    async def _numbers(self, addresses: list[bytes]) -> list[int]:
        """Return the numbers of the purchases that are meant, in the order of their addresses.

        Raises:
            JournalError: There is none.
        """
        found = {each: self._claim_of(each) for each in addresses}
        unknown = [address for address, number in found.items() if number is None]
        if unknown:
            rows = await self._db.fetch(_NUMBERS, self._batch.job, unknown)
            found |= {row["address"]: row["id"] for row in rows}
        numbers = [number for address in addresses if (number := found[address]) is not None]
        if len(numbers) < len(addresses):
            raise JournalError(
                "the database lacks a purchase that was recorded; after a fail-over to a replica "
                "that lagged behind, check it with hum verify, and run the same again"
            )
        return numbers


def _of(kind: type[ChangeT], changes: Sequence[Change]) -> list[ChangeT]:
    return [change for change in changes if isinstance(change, kind)]


def _settled(change: Settled) -> tuple[Any, ...]:
    result = change.result
    return (
        result.token,
        str(result.outcome),
        result.requests,
        _iso(result.observed_at),
        change.packed,
        change.expires,
    )


def _copied(change: Copied) -> tuple[Any, ...]:
    entry = change.entry
    packed = entry.packed and rebind(entry.packed, old=entry.digest, new=change.address)
    outcome = None if entry.outcome is None else str(entry.outcome)
    return change.address, _time(entry.asked_at), outcome, entry.observed_at, packed


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


_NO_ANSWERS = [str(outcome) for outcome in FAILED_OUTCOMES]
