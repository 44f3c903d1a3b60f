"""The journal as a `PurchaseStore`: one thread writes it, and groups changes into commits."""

import asyncio
import contextlib
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.codec import prepare, unpack
from hum_async._purchases.earlier import EarlierJournal
from hum_async._purchases.event_log import EventLog
from hum_async._purchases.group_commit import GroupCommits, Recorded, Refused, packed
from hum_async._purchases.prices import Spending
from hum_async._purchases.publications import Publication
from hum_async._purchases.records import (
    Change,
    Closed,
    Entry,
    Tally,
)
from hum_async._purchases.sqlite.journal import Journal
from hum_async._purchases.sqlite.reader import SqliteReader
from hum_async._purchases.sqlite.schema import check_dedupe
from hum_async._tasks import wait_for_tasks
from hum_async.errors import JournalError
from hum_async.models import Address, Qualification

T = TypeVar("T")


class JournalStore:
    """A durable `PurchaseStore` in a journal, which only its thread uses.

    Changes that are recorded during a commit go together into the next one.

    Args:
        journal: The open journal.
        executor: The journal's thread.
        tally: Counts of the purchases of earlier runs.
        taken_since: Earliest time (ISO 8601) at which results of earlier jobs that are taken were
            asked for.
        earlier: Another job's journal, from which results are copied.
    """

    durable = True
    shared = False
    event_log: EventLog | None = None
    """One process at a time uses a file."""

    def __init__(
        self,
        journal: Journal,
        executor: ThreadPoolExecutor,
        tally: Tally,
        *,
        taken_since: str | None = None,
        earlier: EarlierJournal | None = None,
    ) -> None:
        self.requests = 0
        self.path = journal.path
        self.run = journal.run
        self.dedupe: KeyRules = journal.dedupe
        self.taken_since = taken_since
        self.found_rate = journal.found_rate()
        self.known = tally.known
        self.spent = tally.spent
        self._journal = journal
        self._executor = executor
        self._earlier = earlier
        self._commits = GroupCommits(self._apply)
        self._written = 0

    async def find(self, addresses: Sequence[tuple[bytes, Address]]) -> dict[bytes, Entry]:
        """Return the entries of addresses by digest, as of the last commit."""
        return await self.work(lambda journal: self._find(journal, addresses))

    async def result(self, entry: Entry, *, key: Hashable, address: Address) -> Qualification:
        """Return the result of a settled entry with the key and address of a row."""
        return unpack(entry.packed or b"", key=key, address=address, digest=entry.digest)

    def record(self, *changes: Change) -> asyncio.Future[None]:
        """Write changes with the next commit; the future is done when they are on disk.

        Once a commit has failed, every later one fails, because changes must keep their order.
        """
        return self._commits.record(*changes)

    async def note_price(self, price: int, *, today: str) -> Spending:
        """Note what a session costs from now on; return what was spent before."""
        return await self.work(lambda journal: journal.note_price(price, today=today))

    def bound(self, most: int | None) -> None:
        """Do nothing: one process uses the file, and counts by itself."""

    def may_send(self) -> bool:
        """Return True: the lock of the journal keeps others out."""
        return True

    def let_go(self, address: bytes) -> None:
        """Do nothing: there are no others."""

    @property
    def failed(self) -> bool:
        """Whether a commit has failed, after which every later one does."""
        return self._commits.failure is not None

    async def left_open(self) -> list[Closed]:
        """Return the sessions that earlier runs left open although their results are safe."""
        return await self.work(Journal.left_open)

    def check_dedupe(self, wanted: Dedupe | None) -> None:
        """Raise JournalError if addresses shall be compared otherwise than the journal does."""
        check_dedupe(self.path, self.dedupe, wanted)

    async def note_campaign(self, campaign_id: str) -> None:
        """Note the label of what is bought from now on."""
        await self.work(lambda journal: journal.set("campaign_id", campaign_id))

    async def published(self, *, since: str) -> list[Publication]:
        """Return the ids that were given since then, and forget all older ones."""
        return await self.work(lambda journal: journal.published(since))

    async def epoch(self) -> str:
        """Return 8 hexadecimal digits that the journal has kept since it was made."""
        return await self.work(Journal.epoch)

    async def flush(self) -> None:
        """Wait until what was recorded so far is written, or has failed."""
        await self._commits.flush()

    async def work(self, work: Callable[[Journal], T]) -> T:
        """Call `work` with the journal, in the journal's thread; return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, work, self._journal)

    async def finish(self) -> None:
        """Write the recorded changes, then record that every row of the job has its result."""
        await self._commits.writer_ended()
        if self._commits.failure is not None:
            raise self._commits.failure
        await self.work(Journal.finish_job)

    def share_input(self) -> None:
        """Return None: one process at a time uses a file."""
        return

    async def note_progress(
        self, *, done: int, reused: int, total: int | None, seconds: float
    ) -> None:
        """Record the progress of this run, and the found rate."""
        await self.work(
            lambda journal: journal.note_progress(
                done=done, reused=reused, total=total, seconds=seconds
            )
        )
        await self.note_rate()

    async def forget_open(self) -> None:
        """Supersede what earlier runs left without a result: its sessions are lost."""
        await self.work(Journal.forget_open)

    async def note_rate(self) -> None:
        """Record the found rate, if this run has tried it: an untried one must not look recent."""
        rate = self.found_rate
        if rate is not None and self.requests:
            await self.work(lambda journal: journal.note_rate(rate))

    async def aclose(self) -> None:
        """Write the recorded changes, close the journal and release its lock."""
        # In its own task: if the caller is cancelled, closing continues and the caller waits again.
        closing = asyncio.get_running_loop().create_task(self._close(), name="hum-journal-close")
        await wait_for_tasks([closing])
        closing.result()

    def _find(
        self, journal: Journal, addresses: Sequence[tuple[bytes, Address]]
    ) -> dict[bytes, Entry]:
        found = journal.find([digest for digest, _ in addresses])
        if self._earlier is not None:
            missing = [row for row in addresses if row[0] not in found]
            found |= self._earlier.find(missing, dedupe=self.dedupe)
        return found

    def close_now(self) -> None:
        """Close a store that was never used, without waiting for its thread."""
        self._close_files(self._journal)
        self._executor.shutdown(wait=False)

    def _close_files(self, journal: Journal) -> None:
        if self._earlier is not None:
            self._earlier.reader.close()
        journal.close()

    async def _close(self) -> None:
        try:
            await self._commits.writer_ended()
            # Changes are left if the writer was cancelled, as by the end of `asyncio.run`.
            await self._commits.write_all()
            if not self.failed and self.requests != self._written:
                await self._apply([])
            if not self.failed:
                # The rate saves the next run some seconds. That is no reason to fail this one.
                with contextlib.suppress(JournalError):
                    await self.note_rate()
        finally:
            try:
                await self.work(self._close_files)
            finally:
                self._executor.shutdown(wait=False)

    def _apply(self, batch: Sequence[Recorded]) -> asyncio.Future[Refused]:
        """Write changes; the future returns the errors of those that have no stored form."""
        requests = self.requests

        def write(journal: Journal) -> Refused:
            ready, refused = packed(batch)
            changes = [change for each in ready for change in each.changes]
            journal.apply(changes, requests=requests)
            self._written = requests
            return refused

        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._executor, write, self._journal)


async def open_journal(  # noqa: PLR0913  all but the first by name
    path: Path,
    *,
    api: str | None,
    max_age: float | None = None,
    reuse_from: Path | None = None,
    dedupe: Dedupe | None = None,
    campaign_id: str | None = None,
    ledger: bool = False,
) -> JournalStore:
    """Open a journal in a thread of its own.

    Args:
        path: The journal; it is created if it is missing.
        api: Name of the API.
        max_age: Age in seconds up to which results of earlier jobs are taken; None for any age.
        reuse_from: Journal of another job, from which results of new addresses are copied.
        dedupe: How addresses are compared; None as the journal does, which keeps it.
        campaign_id: The caller's label for what this run buys, which the journal notes.
        ledger: Whether it is a client's ledger, not the journal of one job.

    Raises:
        JournalError: One of the journals cannot be used.
    """
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hum-journal")

    def open_store() -> JournalStore:
        # In this thread, and not with the first result on the event loop.
        prepare()
        earlier = None
        with contextlib.ExitStack() as undo:
            if reuse_from is not None:
                reader = undo.enter_context(SqliteReader(reuse_from, api=api))
                reader.check_sound()
                earlier = EarlierJournal(reader, reader.dedupe)
            journal = Journal(path, api=api, dedupe=dedupe, ledger=ledger)
            undo.callback(journal.close)
            since = journal.begin_job(max_age)
            if not ledger:
                journal.set("campaign_id", campaign_id)
            store = JournalStore(
                journal,
                executor,
                journal.tally(),
                taken_since=since,
                earlier=earlier,
            )
            undo.pop_all()
        return store

    opening = asyncio.get_running_loop().run_in_executor(executor, open_store)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # The thread goes on: its journal would keep the lock.
        try:
            await wait_for_tasks([opening])
        finally:
            _close_late(opening)
        raise
    except BaseException:
        executor.shutdown(wait=False)
        raise


def _close_late(opening: asyncio.Future[JournalStore]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close_now()
