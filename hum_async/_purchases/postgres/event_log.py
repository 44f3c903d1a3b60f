"""The event log of a ledger in PostgreSQL: each commit of events is heard by all processes.

The place of an event is taken from one row, which stays locked up to the commit. So events become
visible in the order of their places, and who has read up to one place will find none below it.

Rows hold what browsers were shown, compressed: that holds the address as Hum understood it and the
providers, as the results of the ledger do, and neither a token nor a key.
"""

import asyncio
import itertools
import secrets
import zlib
from collections.abc import Callable, Collection, Sequence
from typing import Any

import attrs

from hum_async._purchases.event_log import Logged, Orphan, Shown
from hum_async._purchases.postgres import job as jobs
from hum_async._purchases.postgres.connection import Connection, Database, Unreachable
from hum_async._purchases.postgres.listening import channel_of, watch
from hum_async._purchases.postgres.schema import ALIVE
from hum_async._tasks import end_tasks, failed

_LEVEL = 1
_MOST = 500
"""Calls in one commit at most."""

_PUBLISH = """
INSERT INTO shown_lookup (job, id, address, worker)
SELECT $1, u.id, u.address, $2 FROM unnest($3::text[], $4::bytea[]) AS u (id, address)
ON CONFLICT (job, id) DO NOTHING
"""

# In one order for all processes, so that none waits for another that waits for it.
_OURS = """
SELECT id FROM shown_lookup
WHERE job = $1 AND id = ANY($2::text[]) AND worker = ANY($3::bigint[]) AND NOT ended
ORDER BY id FOR UPDATE
"""

_THERE = "SELECT serial FROM event WHERE source = $1 AND serial = ANY($2::bigint[])"

_END = "UPDATE shown_lookup SET ended = true WHERE job = $1 AND id = ANY($2::text[])"

_FIRST_PLACE = "INSERT INTO event_place (job) VALUES ($1) ON CONFLICT (job) DO NOTHING"

_TAKE_PLACES = "UPDATE event_place SET last = last + $2 WHERE job = $1 RETURNING last"

_APPEND = """
INSERT INTO event (job, position, id, kind, payload, source, serial)
SELECT $1, u.position, u.id, u.kind, u.payload, $2, u.serial
FROM unnest($3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::bigint[])
  AS u (position, id, kind, payload, serial)
"""

_READ = """
SELECT position, id, kind, payload FROM event WHERE job = $1 AND position > $2
UNION ALL
SELECT position, id, kind, payload FROM event
WHERE job = $1 AND id = ANY($3::text[]) AND position <= $2
ORDER BY position
"""

_OWNED = """
SELECT id FROM shown_lookup WHERE job = $1 AND worker = ANY($2::bigint[]) AND NOT ended
"""

# Those of a process that went on as another worker.
_KEEP = """
UPDATE shown_lookup SET worker = $2
WHERE job = $1 AND worker = ANY($3::bigint[]) AND worker <> $2 AND NOT ended
"""

_LOSE = f"""
UPDATE worker w SET lost = true
WHERE w.job = $1 AND NOT w.lost AND w.ended_at IS NULL AND NOT {ALIVE}
  AND EXISTS (SELECT 1 FROM shown_lookup l WHERE l.job = $1 AND l.worker = w.id AND NOT l.ended)
"""

_ADOPT = f"""
UPDATE shown_lookup a SET worker = $2
WHERE a.job = $1 AND EXISTS (SELECT 1 FROM worker w WHERE w.id = $2 AND {ALIVE}) AND a.id IN (
  SELECT l.id FROM shown_lookup l LEFT JOIN worker o ON o.id = l.worker
  WHERE l.job = $1 AND NOT l.ended
    AND (l.worker IS NULL OR o.id IS NULL OR o.lost OR o.ended_at IS NOT NULL)
  ORDER BY l.began_at LIMIT $3 FOR UPDATE OF l SKIP LOCKED)
RETURNING a.id, a.address
"""

_RELEASE = """
UPDATE shown_lookup SET worker = NULL
WHERE job = $1 AND id = ANY($2::text[]) AND worker = ANY($3::bigint[]) AND NOT ended
"""

_ATTEND = """
UPDATE shown_lookup
SET read_until = greatest(read_until, clock_timestamp() + make_interval(secs => $3))
WHERE job = $1 AND NOT ended AND id IN (
  SELECT id FROM shown_lookup WHERE job = $1 AND id = ANY($2::text[]) ORDER BY id FOR UPDATE)
"""

_UNREAD = """
SELECT id FROM shown_lookup
WHERE job = $1 AND worker = ANY($2::bigint[]) AND NOT ended AND read_until < clock_timestamp()
"""

_FORGET = """
DELETE FROM shown_lookup
WHERE job = $1 AND began_at < clock_timestamp() - make_interval(secs => $2)
"""


@attrs.frozen(eq=False)
class _Appended:
    """Events of one call, and the future that the call returned."""

    id: str
    serials: Sequence[int]
    events: Sequence[Shown]
    done: "asyncio.Future[Any]"
    address: bytes | None = None
    """Its digest, if the look-up is published with these events."""


class PostgresEventLog:
    """The `EventLog` of a ledger in PostgreSQL.

    Args:
        database: The database, which somebody else closes.
        job: Number of the ledger.
        workers: Returns all workers that this process has been; the last one is what it is.
    """

    def __init__(self, database: Database, job: int, workers: Callable[[], Sequence[int]]) -> None:
        self._database = database
        self._job = job
        self._workers = workers
        # By these a commit that may have been made before is known again.
        self._source = secrets.randbits(62)
        self._serials = itertools.count()
        self._waiting: list[_Appended] = []
        self._writer: asyncio.Task[None] | None = None

    async def secret(self) -> bytes:
        """Return 16 bytes that all processes with this ledger know and nobody else."""

        async def work(connection: Connection) -> str:
            await connection.execute(_FIRST_PLACE, self._job)
            return await jobs.kept(connection, self._job, "id_secret", secrets.token_hex(16))

        return bytes.fromhex(await self._database.run(work))

    async def last(self) -> int:
        """Return the position of the last event so far."""
        place: int = await self._database.run(
            lambda c: c.fetchval("SELECT last FROM event_place WHERE job = $1", self._job)
        )
        return place

    def publish(self, lookup_id: str, address: bytes, first: Shown) -> "asyncio.Future[None]":
        """Record a look-up with its first event."""
        return self._add(lookup_id, [first], address)

    def append(self, lookup_id: str, *events: Shown) -> "asyncio.Future[bool]":
        """Append events; False if the look-up has ended or belongs to another process."""
        return self._add(lookup_id, events)

    async def read(self, after: int, whole: Collection[str] = ()) -> Sequence[Logged]:
        """Return the events beyond a position, and all events of some look-ups."""
        rows = await self._database.run(lambda c: c.fetch(_READ, self._job, after, list(whole)))
        return [
            Logged(row["position"], row["id"], row["kind"], zlib.decompress(row["payload"]))
            for row in rows
        ]

    async def owned(self) -> Collection[str]:
        """Return the look-ups without an end that belong to this process."""
        workers = list(self._workers())
        rows = await self._database.run(lambda c: c.fetch(_OWNED, self._job, workers))
        return {row["id"] for row in rows}

    async def adopt(self, limit: int) -> Sequence[Orphan]:
        """Take look-ups whose process is gone or gave them back."""

        async def work(connection: Connection) -> list[Orphan]:
            *_, present = workers = list(self._workers())
            await connection.execute(_KEEP, self._job, present, workers)
            await connection.execute(_LOSE, self._job)
            rows = await connection.fetch(_ADOPT, self._job, present, limit)
            return [Orphan(row["id"], row["address"]) for row in rows]

        return await self._database.run(work)

    async def release(self, ids: Collection[str]) -> None:
        """Give look-ups back that have no end."""
        workers = list(self._workers())
        await self._database.run(lambda c: c.execute(_RELEASE, self._job, list(ids), workers))

    async def attend(self, ids: Collection[str], seconds: float) -> None:
        """Record that look-ups are read now, and count as read for some seconds more."""
        await self._database.run(lambda c: c.execute(_ATTEND, self._job, list(ids), seconds))

    async def unread(self) -> Sequence[str]:
        """Return look-ups of this process without an end that were read, and no longer are."""
        workers = list(self._workers())
        rows = await self._database.run(lambda c: c.fetch(_UNREAD, self._job, workers))
        return [row["id"] for row in rows]

    async def forget(self, age: float) -> None:
        """Forget the look-ups that were published more than so many seconds ago."""
        await self._database.run(lambda c: c.execute(_FORGET, self._job, age))

    async def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever something may have changed, until this is cancelled."""
        await watch(self._database, self._job, wake)

    def close(self) -> None:
        """Write nothing more: whoever had the look-ups has gone."""
        if self._writer is not None and not self._writer.get_loop().is_closed():
            self._writer.cancel()

    # --- commits ----------------------------------------------------------------------------------

    def _add(
        self, lookup_id: str, events: Sequence[Shown], address: bytes | None = None
    ) -> "asyncio.Future[Any]":
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        # A future that is not awaited must not warn.
        done.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        serials = [next(self._serials) for _ in events]
        self._waiting.append(_Appended(lookup_id, serials, events, done, address))
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write_all(), name="hum-events")
        return done

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            writing = asyncio.ensure_future(self._written(batch))
            try:
                await asyncio.wait([writing])
            except asyncio.CancelledError:
                # Not to be waited for: it goes on until the database is there.
                try:
                    await end_tasks([writing])
                finally:
                    failed(writing)
                    for each in (*batch, *self._waiting):
                        each.done.cancel()
                raise
            failure = writing.exception()
            for each in batch:
                if each.done.done():
                    continue
                if failure is not None:
                    each.done.set_exception(failure)
                elif each.address is None:
                    each.done.set_result(each.id in writing.result())
                else:
                    each.done.set_result(None)

    async def _written(self, batch: Sequence[_Appended]) -> Collection[str]:
        """Write a batch, however long the database is away; return whose events were taken."""
        tries = itertools.count()

        async def work(connection: Connection) -> Collection[str]:
            return await self._commit(connection, batch, again=next(tries) > 0)

        while True:
            try:
                return await self._database.run(work)
            except Unreachable:
                continue

    async def _commit(
        self, connection: Connection, batch: Sequence[_Appended], *, again: bool
    ) -> Collection[str]:
        *_, present = workers = list(self._workers())
        there: set[int] = set()
        if again:
            serials = [serial for each in batch for serial in each.serials]
            rows = await connection.fetch(_THERE, self._source, serials)
            there = {row["serial"] for row in rows}
        left = [each for each in batch if not there.issuperset(each.serials)]
        new = [each for each in left if each.address is not None]
        if new:
            await connection.execute(
                _PUBLISH,
                self._job,
                present,
                [each.id for each in new],
                [each.address for each in new],
            )
        ids = list({each.id for each in left})
        ours = {row["id"] for row in await connection.fetch(_OURS, self._job, ids, workers)}
        ended = {each.id for each in left if each.events[-1].ends} & ours
        if ended:
            await connection.execute(_END, self._job, list(ended))
        await self._append(connection, [each for each in left if each.id in ours])
        return ours | {each.id for each in batch if each not in left}

    async def _append(self, connection: Connection, taken: Sequence[_Appended]) -> None:
        rows = [
            (each.id, event.kind, zlib.compress(event.payload, _LEVEL), serial)
            for each in taken
            for event, serial in zip(each.events, each.serials, strict=True)
        ]
        if not rows:
            return
        ids, kinds, payloads, serials = map(list, zip(*rows, strict=True))
        # Last of all, because everybody else waits for it up to the commit.
        last = await connection.fetchval(_TAKE_PLACES, self._job, len(rows))
        places = list(range(last - len(rows) + 1, last + 1))
        await connection.execute(
            _APPEND, self._job, self._source, places, ids, kinds, payloads, serials
        )
        await connection.execute("SELECT pg_notify($1, '')", channel_of(self._database, self._job))
