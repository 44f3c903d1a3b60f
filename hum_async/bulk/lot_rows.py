"""Reads the rows of a table by the lots that one worker of a job takes in hand."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncGenerator, Iterator
from functools import partial
from itertools import islice

import attrs

from hum_async._purchases.lots import JobLots, LotCounts
from hum_async._tasks import run_in_thread
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.files.compose import next_rows
from hum_async.bulk.files.own_files import checksum
from hum_async.bulk.tables import Cell, Table
from hum_async.errors import InputError

_LOOK_AGAIN = 1.0
"""Seconds after which a worker that has nothing to do looks for a lot that is free again."""


def input_digest(table: Table, columns: AddressColumns) -> str:
    """Return a digest of a table and of how its rows are read, which all workers must share.

    Raises:
        InputError: The input cannot be read any more.
    """
    how = {
        "content": checksum(table.path),
        "sheet": table.sheet,
        "header_row": table.header_row,
        "columns": columns.mapping(table.header),
    }
    return hashlib.sha256(json.dumps(how, sort_keys=True).encode()).hexdigest()


@attrs.frozen
class Chunk:
    """Some rows, one after another.

    Attributes:
        first: Number of the first row, from 0.
        rows: Their cells.
    """

    first: int
    rows: list[list[Cell]]


class LotRows:
    """The rows of the lots of one worker, and which of its lots are done.

    Args:
        lots: The lots of the job.
        table: The input.
    """

    def __init__(self, lots: JobLots, table: Table) -> None:
        self.own_rows = 0
        self._lots = lots
        self._table = table
        self._rows: Iterator[list[Cell]] = iter(())
        # Rows of the table that were passed already: nothing is open yet.
        self._at = table.count + 1
        # Rows without a result, by the number of the lot.
        self._left: dict[int, int] = {}
        self._ended: list[int] = []
        self._news = asyncio.Event()

    async def chunks(self) -> AsyncGenerator[Chunk]:
        """Yield the rows of one lot after another, until nobody needs another worker any more.

        While others have the rest in hand, it waits for what becomes free.

        Raises:
            JournalError: The database cannot be used.
            InputError: The input was changed, or cannot be read any more.
        """
        while True:
            lot = await self._lots.claim()
            if lot is None:
                self._news.clear()
                await self.flush()
                if (await self._lots.counts()).over:
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN):
                        await self._news.wait()
                continue
            self._left[lot.number] = lot.end - lot.first
            at = lot.first
            while at < lot.end:
                chunk = Chunk(at, await run_in_thread(partial(self._read, at, lot.end)))
                at += len(chunk.rows)
                yield chunk

    def has_result(self, row: int) -> None:
        """Note that a row has its result, which is in the database."""
        number = self._lots.layout.lot_of(row)
        self._left[number] -= 1
        if not self._left[number]:
            self._ended.append(number)
            self._news.set()

    async def flush(self) -> None:
        """Note in the database which lots are done.

        Raises:
            JournalError: The database cannot be used.
        """
        ended, self._ended = self._ended, []
        if not ended:
            return
        try:
            await self._lots.done(ended)
        except BaseException:
            self._ended += ended
            raise
        lots = (self._lots.layout.lot(number) for number in ended)
        self.own_rows += sum(lot.end - lot.first for lot in lots)

    def done_by_others(self, counts: LotCounts) -> int:
        """Return the number of rows of the lots that are done, but for those of this worker."""
        return max(0, counts.rows_done - self.own_rows)

    def _read(self, first: int, end: int) -> list[list[Cell]]:
        """Return the next rows up to `end`, from `first` on. It blocks."""
        if self._at > first:
            self._rows, self._at = self._table.rows(), 0
        if self._at < first:
            # Other workers have these.
            next(islice(self._rows, first - self._at, first - self._at), None)
            self._at = first
        rows = next_rows(self._rows, self._table.name, most=end - first)
        if not rows:
            raise InputError(f"{self._table.name} was changed while it was read; run again")
        self._at += len(rows)
        return rows
