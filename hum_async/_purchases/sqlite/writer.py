"""A journal in a thread of its own: whatever is to be written meanwhile goes in one commit."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import attrs

from hum_async._purchases.codec import unpack
from hum_async._purchases.records import Change, Entry, Tally
from hum_async._purchases.sqlite.journal import Journal
from hum_async._purchases.sqlite.schema import find, open_reading
from hum_async._tasks import wait_for_tasks
from hum_async.errors import JournalError
from hum_async.models import Address, Qualification

T = TypeVar("T")


class JournalStore:
    """A journal, used from one thread; whatever is to be written meanwhile goes in one commit.

    Args:
        journal: The open journal.
        executor: Its thread.
        tally: What it holds from earlier runs.
        taken_since: From when on results of earlier jobs are taken.
        earlier: Another job's journal, where results are looked for as well.
    """

    durable = True

    def __init__(
        self,
        journal: Journal,
        executor: ThreadPoolExecutor,
        tally: Tally,
        *,
        taken_since: str | None = None,
        earlier: sqlite3.Connection | None = None,
    ) -> None:
        self.requests = 0
        self.path = journal.path
        self.run = journal.run
        self.taken_since = taken_since
        self.found_rate = journal.found_rate()
        self.known = tally.known
        self.resumed = tally.known > 0
        self.spent = tally.spent
        self._journal = journal
        self._executor = executor
        self._earlier = earlier
        self._waiting: list[tuple[Change, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._written = 0

    async def find(self, addresses: Sequence[bytes]) -> dict[bytes, Entry]:
        """Return what is known of these addresses; changes that are not written yet left out."""
        return await self.work(lambda: self._find(addresses))

    async def result(self, entry: Entry, *, key: Any, address: Address) -> Qualification:
        """Return the result of an entry that has one, for a row."""
        return unpack(entry.packed or b"", key=key, address=address)

    def record(self, *changes: Change) -> asyncio.Future[None]:
        """Write changes in order with the next commit; the future is done when they are on disk.

        Once a commit has failed, every later one does: the order of things must not get holes.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        # Nobody has to look at it: a failure is told to whoever writes next.
        done.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        if self._failure is not None:
            done.set_exception(self._failure)
            return done
        self._waiting.extend((change, done) for change in changes)
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write_all(), name="hum-journal")
        return done

    async def work(self, work: Callable[[], T]) -> T:
        """Do something with the journal in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def find_now(self, addresses: Sequence[bytes]) -> dict[bytes, Entry]:
        """Return what is known of these addresses; for `work`, which is in the thread already."""
        return self._journal.find(addresses)

    async def note_progress(
        self, *, done: int, reused: int, total: int | None, seconds: float
    ) -> None:
        """Write down how far the run is, and what it found out."""
        await self.work(
            lambda: self._journal.note_progress(
                done=done, reused=reused, total=total, seconds=seconds
            )
        )
        await self._note_rate()

    async def set(self, name: str, value: str) -> None:
        """Remember a value."""
        await self.work(lambda: self._journal.set(name, value))

    async def forget_open(self) -> None:
        """Give up the sessions of earlier runs: they are known to be lost."""
        await self.work(self._journal.forget_open)

    async def finish(self) -> None:
        """Write down that every row has its result."""
        await self.work(self._journal.finish_job)

    async def aclose(self) -> None:
        """Write what is waiting, close the journal and let go of its lock."""
        # In a task of its own: a caller that is cancelled leaves it running, and waits again.
        closing = asyncio.get_running_loop().create_task(self._close(), name="hum-journal-close")
        await wait_for_tasks([closing])
        closing.result()

    async def _note_rate(self) -> None:
        rate = self.found_rate
        # What was only taken over and not tried must not look new.
        if rate is not None and self.requests:
            await self.work(lambda: self._journal.note_rate(rate))

    def _find(self, addresses: Sequence[bytes]) -> dict[bytes, Entry]:
        found = self._journal.find(addresses)
        if self._earlier is not None:
            missing = [address for address in addresses if address not in found]
            for address, entry in find(self._earlier, missing).items():
                if entry.reusable:
                    found[address] = attrs.evolve(entry, copied=True)
        return found

    def close_now(self) -> None:
        """Close without waiting for anything; for a store that was never used."""
        self._close_files()
        self._executor.shutdown(wait=False)

    def _close_files(self) -> None:
        if self._earlier is not None:
            self._earlier.close()
        self._journal.close()

    async def _close(self) -> None:
        try:
            if self._writer is not None:
                await asyncio.wait([self._writer])
            if self._failure is None and self.requests != self._written:
                await self._apply([])
            if self._failure is None:
                # It only saves the next run some seconds: no reason to fail this one.
                with contextlib.suppress(JournalError):
                    await self._note_rate()
        finally:
            try:
                await self.work(self._close_files)
            finally:
                self._executor.shutdown(wait=False)

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._apply([change for change, _ in batch])
            except Exception as exc:  # noqa: BLE001  told to everyone who waits or writes later
                self._failure = exc
                self._waiting, batch = [], batch + self._waiting
            for _, done in batch:
                if done.done():
                    continue
                if self._failure is None:
                    done.set_result(None)
                else:
                    done.set_exception(self._failure)

    async def _apply(self, changes: list[Change]) -> None:
        requests = self.requests
        await self.work(lambda: self._journal.apply(changes, requests=requests))
        self._written = requests


async def open_journal(
    path: Path, *, api: str | None, max_age: float | None = None, reuse_from: Path | None = None
) -> JournalStore:
    """Open a journal in a thread of its own.

    Args:
        path: The journal; made if there is none.
        api: Which API is asked.
        max_age: Seconds; results of earlier jobs that are older are not taken.
        reuse_from: Journal of another job, whose results are taken for addresses that are new here.

    Raises:
        JournalError: A journal cannot be used.
    """
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hum-journal")

    def opened() -> JournalStore:
        earlier = open_reading(reuse_from, api=api) if reuse_from else None
        with contextlib.ExitStack() as undo:
            if earlier is not None:
                undo.callback(earlier.close)
            journal = Journal(path, api=api)
            undo.callback(journal.close)
            since = journal.begin_job(max_age)
            store = JournalStore(
                journal, executor, journal.tally(), taken_since=since, earlier=earlier
            )
            undo.pop_all()
        return store

    opening = asyncio.get_running_loop().run_in_executor(executor, opened)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_late)
        raise
    except BaseException:
        executor.shutdown(wait=False)
        raise


def _close_late(opening: asyncio.Future[JournalStore]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close_now()
