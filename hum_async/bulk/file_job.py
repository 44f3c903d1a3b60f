"""A qualification job from a table to files, through a journal."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Self

from hum_async._purchases.lots import MAX_TRIES, JobLots, Lot, LotsSetAside
from hum_async._purchases.store import JobStore
from hum_async._tasks import end_tasks, failed, run_in_thread, wait_for_tasks
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.files.compose import Composed, Outputs, compose, next_rows
from hum_async.bulk.files.manifest import note_manifest
from hum_async.bulk.files.own_files import OwnFiles
from hum_async.bulk.job_engine import JobEngine
from hum_async.bulk.journal_opening import open_journal
from hum_async.bulk.lot_rows import Chunk, LotRows, input_digest
from hum_async.bulk.options import JobOptions
from hum_async.bulk.outage_breaker import OutageBreaker
from hum_async.bulk.qualification import QualificationStream
from hum_async.bulk.report import JobReport
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.result_schema import SERVED_LEVELS, ServiceLevel
from hum_async.bulk.tables import Cell, Sink, Table
from hum_async.client import HumClient
from hum_async.errors import JournalError
from hum_async.models import Address, Qualification

_TICK = 0.5
_NOTE_EVERY = 4
"""Ticks between two notes of the progress in the journal."""
_LOOK_EVERY = 10
"""Ticks between two looks at what other workers have done."""

OnResult = Callable[[int, Qualification, dict[str, Any]], None]


class FileJob:
    """Looks up every row of a table.

    Args:
        client: Whose API, key and limiter are used.
        table: The input.
        columns: Where its rows hold the address.
        options: How to go about it; a journal is needed.
        api: Name of the API, which a journal holds the results of.
        levels: The levels of service that have a column.
        stream_to: A sink that gets rows as they are done, in the table's order; None if the output
            is only composed in the end.
        on_result: Called with each row's number, result and result columns.
        on_progress: Called after each row, and twice a second whatever happens.

    Use `run`, then `compose`.
    """

    buys_every_row = False
    """Whether only rows are read that need a purchase; `JobEngine` says what follows."""

    def __init__(  # noqa: PLR0913  the parts of a job, each given by name
        self,
        client: HumClient,
        *,
        table: Table,
        columns: AddressColumns,
        options: JobOptions,
        api: str,
        levels: tuple[ServiceLevel, ...] = SERVED_LEVELS,
        stream_to: Sink | None = None,
        on_result: OnResult = lambda *_: None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self.report = JobReport(total=table.count)
        self._client = client
        self._table = table
        self._columns = columns
        self._options = options
        self._api = api
        self._levels = levels
        self._in_order = None if stream_to is None else _InOrder(table, stream_to)
        self._on_result = on_result
        self.on_progress = on_progress
        self._breaker = OutageBreaker()
        self._stream: QualificationStream[int] | None = None
        self._store: JobStore | None = None
        self._lots: JobLots | None = None
        self._lot_rows: LotRows | None = None
        self._began = 0.0
        self._set_aside: tuple[Lot, ...] = ()
        self.stopped = False

    async def __aenter__(self) -> Self:
        """Open the journal.

        Raises:
            JournalError: It cannot be used.
        """
        options = self._options
        if options.journal is None:
            raise ValueError("a file job needs a journal")
        self._store = await open_journal(options.journal, options, api=self._api)
        try:
            if options.forget_open:
                await self._store.forget_open()
            await self._join(self._store)
        except BaseException:
            await self._store.aclose()
            raise
        return self

    async def _join(self, store: JobStore) -> None:
        """Share the rows with other workers, if the journal is in a database.

        Raises:
            JournalError: The job has another input.
        """
        if (lots := store.share_input()) is None:
            return
        options = self._options
        digest = await run_in_thread(lambda: input_digest(self._table, self._columns))
        again = bool(options.retry) or options.max_age is not None or options.forget_open
        await lots.lay_out(digest=digest, rows=self._table.count, again=again)
        self._lots, self._lot_rows = lots, LotRows(lots, self._table)
        await self._look_at_others()
        self.report.elsewhere_before = self.report.elsewhere

    async def __aexit__(self, *_: object) -> None:
        if self._lots is not None:
            # If it fails, the lots are free when the lease has run out.
            try:
                with contextlib.suppress(JournalError):
                    await self._lots.give_back()
            finally:
                await self._opened.aclose()
        else:
            await self._opened.aclose()

    @property
    def _opened(self) -> JobStore:
        if self._store is None:
            raise RuntimeError("enter the job first: async with FileJob(...) as job")
        return self._store

    def stop(self) -> None:
        """Buy nothing more; `run` returns when what is under way has been looked up."""
        self.stopped = True
        if self._stream is not None:
            self._stream.stop()

    async def run(self) -> None:
        """Look up every row, or what is left of them.

        Raises:
            AuthenticationError: The key is not accepted.
            SessionLimitReached: Rows are left, and no more sessions may be bought.
            ApiUnavailable: Every one of the last look-ups failed by fault of the API, or it asks
                to wait for long.
            JournalError: The journal cannot be written any more, or lots were set aside.
            InputError: The output that rows are streamed to cannot be written any more.
        """
        store = self._opened
        engine = JobEngine(
            self._client.sender,
            self._addresses(),
            options=self._options,
            store=nullcontext(store),
            buys_every_row=self.buys_every_row,
        )
        self._stream = stream = QualificationStream[int](engine)
        self._began = self._clock()
        ticker = asyncio.create_task(self._tick(store))
        try:
            async for result in stream:
                self._take(result)
        finally:
            try:
                await end_tasks([ticker])
                if self._in_order is not None:
                    self._in_order.flush()
            finally:
                await stream.aclose()
                self._measure()
                with contextlib.suppress(JournalError):
                    if self._lot_rows is not None:
                        await self._lot_rows.flush()
                    await self._note(store)
                    await self._look_at_others()
        self._breaker.check(done=self.report.total - self.report.left, total=self.report.total)
        if self._set_aside and not self.stopped:
            raise LotsSetAside(
                f"set aside, because {MAX_TRIES} workers died at each: "
                f"{', '.join(map(str, self._set_aside))}; see what ended them, and run the same "
                "command again to try once more"
            )

    async def note_files(self, files: OwnFiles) -> None:
        """Record in the journal what the outputs hold that the job may replace."""
        await self._opened.work(files.record)

    async def compose(self, outputs: Outputs, files: OwnFiles | None = None) -> Composed | None:
        """Write the outputs: every row that has a result, in the table's order.

        Args:
            outputs: The open outputs.
            files: What they may replace; None for whatever is there.

        Raises:
            InputError: An output cannot be written. The results are safe in the journal.
        """
        stop = threading.Event()
        own = OwnFiles() if files is None else files
        store = self._opened
        writing = asyncio.ensure_future(
            store.work(
                lambda journal: compose(
                    self._table,
                    self._columns,
                    journal.find,
                    dedupe=journal.dedupe,
                    outputs=outputs,
                    stop=stop,
                    before_naming=lambda sealed: own.record(journal, sealed),
                )
            )
        )
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            stop.set()
            await wait_for_tasks([writing])
            raise
        finally:
            # Nobody has taken them if the journal could not be opened.
            if writing.done() and failed(writing):
                outputs.discard()

    async def note_manifest(self, path: Path) -> None:
        """Record where the manifest of the outputs is, for `hum verify`."""
        await self._opened.work(lambda journal: note_manifest(journal, path))

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()

    def _measure(self) -> None:
        if self._stream is not None:
            self.report.measure(self._stream.statistics(), self._clock() - self._began)

    def _take(self, result: Qualification) -> None:
        if not isinstance(result.key, int):
            raise TypeError("rows are numbered")
        values = result_values(result, row=result.key + 1, levels=self._levels)
        self.report.count(result, values)
        self._breaker.record(result)
        if self._lot_rows is not None:
            self._lot_rows.has_result(result.key)
        if self._breaker.tripped and self.report.left:
            self.stop()
        if self._in_order is not None:
            self._in_order.put(result.key, values)
        self._on_result(result.key, result, values)
        self._measure()
        self.on_progress()

    async def _tick(self, store: JobStore) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(_TICK)
            self._measure()
            self.on_progress()
            ticks += 1
            # A journal that fails is reported by the next change that needs it.
            with contextlib.suppress(JournalError):
                if self._lot_rows is not None:
                    await self._lot_rows.flush()
                if ticks % _NOTE_EVERY == 0:
                    await self._note(store)
                if ticks % _LOOK_EVERY == 0:
                    await self._look_at_others()

    async def _look_at_others(self) -> None:
        """Count what the other workers have done."""
        if self._lots is None or self._lot_rows is None:
            return
        counts = await self._lots.counts()
        self.report.elsewhere = self._lot_rows.done_by_others(counts)
        self.report.workers = await self._lots.others()
        self._set_aside = counts.set_aside

    async def _note(self, store: JobStore) -> None:
        report = self.report
        await store.note_progress(
            done=report.done, reused=report.reused, total=report.total, seconds=report.elapsed
        )

    async def _addresses(self) -> AsyncIterator[tuple[int, Address]]:
        chunks = self._whole_table() if self._lot_rows is None else self._lot_rows.chunks()
        async with aclosing(chunks):
            async for chunk in chunks:
                for number, cells in enumerate(chunk.rows, chunk.first):
                    reading = self._columns.read(cells)
                    if self._in_order is not None:
                        restored = self._columns.restored(cells)
                        self._in_order.expect(number, restored, note=reading.note)
                    yield number, reading.address

    async def _whole_table(self) -> AsyncGenerator[Chunk]:
        rows = self._table.rows()
        number = 0
        # A thread reads ahead a little: a disk may be slow, and the event loop must not wait.
        while found := await run_in_thread(partial(next_rows, rows, self._table.name)):
            yield Chunk(number, found)
            number += len(found)


class _InOrder:
    """Holds back rows that are done before those above them."""

    def __init__(self, table: Table, sink: Sink) -> None:
        self._kept = table.kept
        self._sink = sink
        self._cells: dict[int, list[Cell]] = {}
        self._notes: dict[int, str] = {}
        self._ready: dict[int, dict[str, Any]] = {}
        self._next = 0

    def expect(self, number: int, cells: list[Cell], *, note: str | None) -> None:
        self._cells[number] = [cells[at] for at in self._kept]
        if note is not None:
            self._notes[number] = note

    def put(self, number: int, values: dict[str, Any]) -> None:
        self._ready[number] = values
        while self._next in self._ready:
            self._write(self._next)
            self._next += 1

    def flush(self) -> None:
        """Write what is done, gaps or not."""
        for number in sorted(self._ready):
            self._write(number)

    def _write(self, number: int) -> None:
        noted = {"hum_note": self._notes.pop(number, None)}
        self._sink.write(self._cells.pop(number), self._ready.pop(number) | noted)
