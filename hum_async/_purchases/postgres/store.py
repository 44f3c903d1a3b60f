"""A job in PostgreSQL as a `PurchaseStore`, for any number of processes on any number of machines.

Each process is a worker with a lease on the server's clock. Each commit proves that the lease still
holds and renews it. Whoever is not heard of for a lease is taken for dead, its sessions are adopted
and its unanswered claims are `UNCERTAIN`. If it was alive after all, its next commit finds that
out: it writes what it knows all the same, and goes on as a new worker.
"""

import asyncio
import contextlib
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import attrs

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.codec import prepare as prepare_codec
from hum_async._purchases.codec import unpack
from hum_async._purchases.earlier import EarlierJournal
from hum_async._purchases.event_log import EventLog
from hum_async._purchases.group_commit import GroupCommits, Recorded, Refused, packed
from hum_async._purchases.postgres import changes as batches
from hum_async._purchases.postgres import job as jobs
from hum_async._purchases.postgres import taking_over
from hum_async._purchases.postgres.connection import Connection, Database
from hum_async._purchases.postgres.event_log import PostgresEventLog
from hum_async._purchases.postgres.files import PostgresFiles
from hum_async._purchases.postgres.lots import Lots, counts_of
from hum_async._purchases.postgres.schema import ALIVE, prepare
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.prices import PRICES, Prices, Spending
from hum_async._purchases.publications import Publication
from hum_async._purchases.reader import FINISHED_AT
from hum_async._purchases.records import (
    FAILED_OUTCOMES,
    MAY_LIVE,
    Asked,
    Change,
    Closed,
    Entry,
    Released,
    Settled,
    Withdrawn,
)
from hum_async._tasks import wait_for_tasks
from hum_async.errors import ConfigurationError, JournalError
from hum_async.models import Address, Outcome, Qualification

T = TypeVar("T")

_MOST = 2000
"""Calls in one commit at most: more would hold the locks of the rows for long."""

_BEATS = 4
"""How often a lease is renewed before it would run out."""

_GOODBYE = 5.0
"""Seconds for which a worker tries to tell the others that it leaves."""

_LEFT_OPEN = """
SELECT address, token FROM purchase WHERE job = $1 AND asked_at >= $2 AND superseded IS NULL
  AND token IS NOT NULL AND NOT closed AND NOT copied AND outcome = ANY($3::text[])
ORDER BY id DESC
"""

_NOTE = """
UPDATE worker SET rows_done = $2, rows_reused = $3, rows_total = $4, seen_at = clock_timestamp()
WHERE id = $1
"""

_FORGET_OPEN = f"""
UPDATE purchase SET superseded = 'gone'
WHERE job = $1 AND outcome IS NULL AND superseded IS NULL
  AND worker IN (SELECT w.id FROM worker w WHERE w.job = $1 AND NOT {ALIVE})
"""

_ANSWERS = [str(outcome) for outcome in set(Outcome) - FAILED_OUTCOMES]


class PostgresStore:
    """A durable `PurchaseStore` in a database that others use at the same time.

    Args:
        database: The database, which the store closes.
        member: The worker that this process is.
        taking: How it takes part.
        until: Time of the event loop at which its lease runs out.
        earlier: Another job's journal, from which results are copied.
    """

    durable = True
    shared = True

    def __init__(
        self,
        database: Database,
        member: jobs.Membership,
        taking: jobs.Taking,
        *,
        until: float,
        earlier: EarlierJournal | None = None,
    ) -> None:
        self.requests = 0
        self.run = member.run
        self.dedupe: KeyRules = member.dedupe
        self.taken_since = member.taken_since
        self.found_rate = member.found_rate
        self.known = member.known
        self.spent = member.spent
        self._database = database
        self._url = database.url
        self._member = member
        self._taking = taking
        self._earlier = earlier
        self._commits = GroupCommits(self._write, most=_MOST)
        # The worker that this process is now, and all that it has been.
        self._worker = member.worker
        self._own = [member.worker]
        self._batch = 0
        self._sent_before = 0
        # Numbers of the purchases that this process is making, by address.
        self._claims: dict[bytes, int] = {}
        # When the lease runs out, by the clock of the event loop that noted it.
        self._lease_until = until
        self._heart: asyncio.Task[None] | None = None
        self._event_log = PostgresEventLog(database, member.job, lambda: self._own)
        self._closed = False
        self._beat_on()

    @property
    def failed(self) -> bool:
        """Whether a commit has failed, after which every later one does."""
        return self._commits.failure is not None

    @property
    def event_log(self) -> EventLog | None:
        """The events of all processes."""
        return self._event_log

    async def find(self, addresses: Sequence[tuple[bytes, Address]]) -> dict[bytes, Entry]:
        """Return the entries of addresses by digest; what dead workers were at is taken over."""
        self._beat_on()
        # What was withdrawn a moment ago must not look like a POST without an answer.
        await self._commits.flush()
        try:
            found = await self._find(addresses)
        except batches.WorkerLost:
            # The commit finds it out as well, and goes on as a new worker.
            await self._commits.record()
            found = await self._find(addresses)
        for digest, entry in found.items():
            if entry.outcome is None and not entry.live:
                self._claims[digest] = entry.number
        missing = [row for row in addresses if row[0] not in found]
        if self._earlier is not None and missing:
            find = partial(self._earlier.find, missing, dedupe=self.dedupe)
            found |= await asyncio.to_thread(find)
        return found

    async def result(self, entry: Entry, *, key: Hashable, address: Address) -> Qualification:
        """Return the result of a settled entry with the key and address of a row."""
        return unpack(entry.packed or b"", key=key, address=address, digest=entry.digest)

    def record(self, *changes: Change) -> "asyncio.Future[None]":
        """Write changes with the next commit; the future is done when they are safe.

        While the database cannot be reached they wait. Once a commit has failed, every later one
        fails, because changes must keep their order.
        """
        self._beat_on()
        return self._commits.record(*changes)

    async def note_price(self, price: int, *, today: str) -> Spending:
        """Note what a session costs from now on; return what was spent before."""
        job, since = self._member.job, datetime.fromisoformat(today).replace(tzinfo=UTC)

        async def work(connection: Connection) -> Spending:
            await connection.execute("SELECT 1 FROM job WHERE id = $1 FOR UPDATE", job)
            spent = await jobs.spent(connection, job)
            known = (await jobs.settings_of(connection, job)).get(PRICES)
            prices = Prices.read(known).since(spent, price)
            await jobs.set_setting(connection, job, PRICES, prices.stored())
            count: int = await connection.fetchval(jobs.SPENT_SINCE, job, since)
            return Spending(spent, count, prices)

        return await self._database.run(work)

    def bound(self, most: int | None) -> None:
        """Refuse claims, of whichever worker, beyond so many sessions in all."""
        self._taking = attrs.evolve(self._taking, max_sessions=most)

    def may_send(self) -> bool:
        """Return whether the lease still holds, by a clock that nobody sets."""
        return asyncio.get_running_loop().time() < self._lease_until

    def let_go(self, address: bytes) -> None:
        """Leave a purchase without a result to others, because nobody in this process is at it."""
        if address in self._claims and not self._closed:
            self.record(Released(address))

    async def left_open(self) -> list[Closed]:
        """Return the sessions that earlier runs left open although their results are safe.

        Only the first worker of a run closes them.
        """
        if not self._member.alone:
            return []
        since = datetime.now(UTC) - MAY_LIVE
        rows = await self._database.run(
            lambda c: c.fetch(_LEFT_OPEN, self._member.job, since, _ANSWERS)
        )
        return [Closed(row["address"], row["token"]) for row in rows]

    def check_dedupe(self, wanted: Dedupe | None) -> None:
        """Raise JournalError if addresses shall be compared otherwise than the job does."""
        jobs.check_dedupe(self._url, self.dedupe, wanted)

    async def note_campaign(self, campaign_id: str) -> None:
        """Note the label of what is bought from now on."""
        await self._set("campaign_id", campaign_id)

    async def published(self, *, since: str) -> list[Publication]:
        """Return the ids that were given since then, and forget all older ones."""
        job, at = self._member.job, datetime.fromisoformat(since).astimezone(UTC)

        async def work(connection: Connection) -> list[Publication]:
            await connection.execute("DELETE FROM published WHERE job = $1 AND at < $2", job, at)
            rows = await connection.fetch(
                "SELECT id, address, told FROM published WHERE job = $1 ORDER BY at", job
            )
            return [Publication(*row) for row in rows]

        return await self._database.run(work)

    async def epoch(self) -> str:
        """Return 8 hexadecimal digits that the job has kept since somebody asked first."""
        return await self._database.run(lambda c: jobs.epoch(c, self._member.job))

    async def note_progress(
        self, *, done: int, reused: int, total: int | None, seconds: float
    ) -> None:
        """Record the progress of this worker, and the found rate. The server knows the time."""
        del seconds

        async def work(connection: Connection) -> None:
            await connection.execute(_NOTE, self._worker, done, reused, total)
            await self._note_rate(connection)

        await self._database.run(work)

    async def forget_open(self) -> None:
        """Supersede what workers that are gone left without a result: its sessions are lost."""
        await self._database.run(lambda c: c.execute(_FORGET_OPEN, self._member.job))

    async def work(self, work: Callable[[PostgresFiles], T]) -> T:
        """Call what blocks with the job's files, in another thread; return its result."""

        def call() -> T:
            with PostgresFiles(self._url) as files:
                return work(files)

        return await asyncio.to_thread(call)

    def share_input(self) -> Lots:
        """Read a part of the input alone; return the lots by which the workers share it."""
        # Each reads few of the addresses that earlier runs have bought.
        self.known = 0
        return Lots(
            self._database,
            job=self._member.job,
            worker=lambda: self._worker,
            label=str(self._url),
        )

    async def flush(self) -> None:
        """Wait until what was recorded so far is written, or has failed."""
        await self._commits.flush()

    async def finish(self) -> None:
        """Write the recorded changes, then record that every row of the job has its result."""
        await self._commits.writer_ended()
        if self._commits.failure is not None:
            raise self._commits.failure
        counts = await self._database.run(lambda c: counts_of(c, self._member.job))
        if counts is None or counts.done == counts.layout.lots:
            await self._set(FINISHED_AT, datetime.now(UTC).isoformat(timespec="milliseconds"))

    async def aclose(self) -> None:
        """Write the recorded changes, tell the others that this worker leaves, and close."""
        # In its own task: if the caller is cancelled, closing continues and the caller waits again.
        closing = asyncio.get_running_loop().create_task(self._close(), name="hum-journal-close")
        await wait_for_tasks([closing])
        closing.result()

    # --- commits ----------------------------------------------------------------------------------

    def _write(self, batch: Sequence[Recorded]) -> "asyncio.Future[Refused]":
        return asyncio.get_running_loop().create_task(self._commit(batch), name="hum-commit")

    async def _commit(self, batch: Sequence[Recorded]) -> Refused:
        """Write a batch, as a new worker if this one was taken for dead."""
        loop = asyncio.get_running_loop()
        ready, refused = await loop.run_in_executor(None, packed, batch)
        changes = [change for each in ready for change in each.changes]
        while True:
            try:
                written = await self._database.run(lambda c: self._apply(c, changes))
                break
            except batches.WorkerLost:
                await self._enrol_again()
        self._batch += 1
        self._note(changes, written)
        for each in ready:
            for change in each.changes:
                if isinstance(change, Asked) and change.address in written.refused:
                    refused[each.done] = written.refused[change.address]
        return refused

    async def _find(self, addresses: Sequence[tuple[bytes, Address]]) -> dict[bytes, Entry]:
        return await self._database.run(
            lambda c: taking_over.find(c, self._member.job, self._own, addresses)
        )

    async def _apply(self, connection: Connection, changes: Sequence[Change]) -> batches.Written:
        began = asyncio.get_running_loop().time()
        batch = batches.Batch(
            job=self._member.job,
            worker=self._worker,
            number=self._batch + 1,
            requests=self.requests - self._sent_before,
            changes=changes,
            claims=self._claims,
            max_sessions=self._taking.max_sessions,
            own=self._own,
        )
        written = await batches.write(connection, batch)
        if written.renewed:
            # Too early rather than too late: the server counts from a later moment.
            self._lease_until = began + self._url.lease
        return written

    def _note(self, changes: Sequence[Change], written: batches.Written) -> None:
        """Remember which purchases this process is making."""
        self._claims |= written.won
        for change in changes:
            if isinstance(change, Settled | Withdrawn | Released):
                self._claims.pop(change.address, None)
        if written.spent is not None:
            self.spent = written.spent

    async def _enrol_again(self) -> None:
        """Go on as a new worker, with what nobody has taken over yet."""
        run, job = self._member.run, self._member.job

        async def work(connection: Connection) -> int:
            worker = await jobs.enrol(connection, self._url, job=job, run=run)
            making = list(self._claims.values())
            await taking_over.move(connection, making, old=self._own, new=worker)
            return worker

        self._worker = await self._database.run(work)
        self._own.append(self._worker)
        self._batch, self._sent_before = 0, self.requests

    # --- the lease --------------------------------------------------------------------------------

    def _beat_on(self) -> None:
        """Keep the lease alive, on the event loop that runs now."""
        loop = asyncio.get_running_loop()
        if self._heart is None or self._heart.get_loop() is not loop:
            if self._heart is not None:
                # Its loop has ended, and another clock says nothing of the lease.
                self._lease_until = loop.time()
            self._heart = loop.create_task(self._beat(), name="hum-heartbeat")

    async def _beat(self) -> None:
        clock, lease = asyncio.get_running_loop().time, self._url.lease
        while not self.failed:
            await asyncio.sleep(lease / _BEATS)
            if self._lease_until - clock() < lease * (1 - 0.9 / _BEATS):
                await asyncio.wait([self._commits.record()])

    # --- the rest ---------------------------------------------------------------------------------

    async def _set(self, name: str, value: object) -> None:
        await self._database.run(lambda c: jobs.set_setting(c, self._member.job, name, value))

    async def _close(self) -> None:
        self._closed = True
        try:
            await self._end_heart()
            self._event_log.close()
            await self._commits.writer_ended()
            # Changes are left if the writer was cancelled, as by the end of `asyncio.run`.
            await self._commits.write_all()
            # Nobody is harmed if it fails: the lease runs out.
            with contextlib.suppress(JournalError):
                await self._database.run(self._leave, patience=_GOODBYE)
        finally:
            if self._earlier is not None:
                self._earlier.reader.close()
            await self._database.aclose()

    async def _end_heart(self) -> None:
        heart, self._heart = self._heart, None
        if heart is not None and heart.get_loop() is asyncio.get_running_loop():
            heart.cancel()
            await asyncio.wait([heart])

    async def _leave(self, connection: Connection) -> None:
        await connection.execute(
            "UPDATE worker SET ended_at = clock_timestamp(), requests = $2 "
            "WHERE id = $1 AND NOT lost",
            self._worker,
            self.requests - self._sent_before,
        )
        await self._note_rate(connection)

    async def _note_rate(self, connection: Connection) -> None:
        # An untried rate must not look recent.
        if self.found_rate is not None and self.requests:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            job = self._member.job
            await jobs.set_setting(connection, job, "found_rate", float(self.found_rate))
            await jobs.set_setting(connection, job, "found_rate_at", now)


async def open_database(
    url: DatabaseUrl, taking: jobs.Taking, *, earlier: EarlierJournal | None = None
) -> PostgresStore:
    """Take part in a job.

    Args:
        url: The database and the name of the job.
        taking: How to take part.
        earlier: Another job's journal, from which results are copied; the store closes it.

    Raises:
        ConfigurationError: The driver is not installed, or no job is named.
        JournalError: The database cannot be used, or the job was begun otherwise.
    """
    if url.job is None:
        raise ConfigurationError(
            f"name the job in the database {url.label}: write ?job=NAME at the end of its URL"
        )
    database = Database(url)
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await loop.run_in_executor(None, prepare_codec)
        await database.run(lambda c: prepare(c, url), patience=_FIRST)
        began = loop.time()
        member = await database.run(lambda c: jobs.join(c, url, taking), patience=_FIRST)
    except BaseException:
        await database.aclose()
        raise
    return PostgresStore(database, member, taking, until=began + url.lease, earlier=earlier)


_FIRST = 10.0
"""Seconds for which the first connection is tried: what is wrong with it shows at the start."""
