"""A qualification job from a table to a table, in the table's order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import Any

import attrs

from hum_async._schedule import PollPolicy
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.pipeline import JobStatistics, qualify
from hum_async.bulk.rows import FAILED_OUTCOMES, result_values
from hum_async.bulk.tables import CsvTable, Sink
from hum_async.client import HumClient
from hum_async.errors import ConnectFailed
from hum_async.models import Address, Outcome, Qualification

__all__ = ["JobReport", "run_job"]

_CHUNK = 256
_TICK = 0.5


@attrs.define
class JobReport:
    """What a job has done so far; it grows while the job runs.

    Attributes:
        total: Rows of the input.
        done: Rows with a result.
        outcomes: Rows by outcome.
        providers: Rows by name of provider.
        technologies: Rows by technology.
        requests: HTTP requests sent.
        sessions: Sessions bought.
        open: Sessions that were still being looked up.
        elapsed: Seconds since the job began.
        unreachable: Rows that failed because no connection could be made.
    """

    total: int
    done: int = 0
    outcomes: Counter[Outcome] = attrs.field(factory=Counter)
    providers: Counter[str] = attrs.field(factory=Counter)
    technologies: Counter[str] = attrs.field(factory=Counter)
    requests: int = 0
    sessions: int = 0
    open: int = 0
    elapsed: float = 0.0
    unreachable: int = 0

    @property
    def failed(self) -> int:
        """Rows that got no answer about their address."""
        return sum(self.outcomes[outcome] for outcome in FAILED_OUTCOMES)

    @property
    def rate(self) -> float:
        """Rows per second."""
        return self.done / self.elapsed if self.elapsed else 0.0

    @property
    def requests_per_row(self) -> float:
        """HTTP requests per address, those that are still being looked up included."""
        begun = max(self.done, self.sessions)
        return self.requests / begun if begun else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds that are left at this rate; None while that cannot be said."""
        # The first answers take as long as a look-up takes, which says nothing of the rate.
        if self.done < min(self.total / 10, 100):
            return None
        return (self.total - self.done) / self.rate

    def count(self, result: Qualification, values: dict[str, Any]) -> None:
        """Count one row."""
        self.done += 1
        self.outcomes[result.outcome] += 1
        self.providers.update(values["hum_providers"])
        self.technologies.update(values["hum_technologies"])
        self.unreachable += isinstance(result.error, ConnectFailed)

    def measure(self, statistics: JobStatistics, elapsed: float) -> None:
        """Take over what the pipeline says of itself."""
        self.requests, self.sessions = statistics.requests, statistics.sessions
        self.open = statistics.open
        self.elapsed = elapsed


async def run_job(  # noqa: PLR0913  the parts of a job, each given by name
    client: HumClient,
    *,
    table: CsvTable,
    columns: AddressColumns,
    sink: Sink,
    report: JobReport,
    policy: PollPolicy | None = None,
    close: bool = True,
    on_progress: Callable[[], None] = lambda: None,
) -> None:
    """Look up every row of a table and write it with its result, in the table's order.

    Args:
        client: Whose API, key and limiter are used.
        table: The input.
        columns: Where its rows hold the address.
        sink: The output. It is finished with all rows that are done, however this ends, or left
            as it was if there are none.
        report: Is kept current.
        policy: When to poll; None learns it.
        close: End each session when its row has been read.
        on_progress: Called after each row, and twice a second whatever happens.

    Raises:
        AuthenticationError: The key is not accepted.
        InputError: The output cannot be written any more.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    writer = _InOrder(table, sink)
    addresses = _addresses(table, columns, writer)
    stream = qualify(client, addresses, policy=policy, close=close)

    def progress() -> None:
        report.measure(stream.statistics(), clock() - began)
        on_progress()

    ticker = asyncio.create_task(_tick(progress))
    try:
        async for result in stream:
            report.count(result, writer.put(result))
            progress()
    finally:
        ticker.cancel()
        try:
            # Written first: whatever joining may meet, the rows that are done are safe.
            writer.flush()
            if report.done:
                sink.close()
            else:
                sink.discard()
        finally:
            await stream.aclose()
            report.measure(stream.statistics(), clock() - began)


async def _tick(progress: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(_TICK)
        progress()


async def _addresses(
    table: CsvTable, columns: AddressColumns, writer: "_InOrder"
) -> AsyncIterator[tuple[int, Address]]:
    rows = table.rows()
    number = 0
    # A thread reads ahead a little: a disk may be slow, and the event loop must not wait for it.
    while chunk := await asyncio.to_thread(_chunk, rows):
        for cells in chunk:
            writer.expect(number, cells)
            yield number, columns.address(cells)
            number += 1


def _chunk(rows: Iterator[list[str]]) -> list[list[str]]:
    return list(islice(rows, _CHUNK))


class _InOrder:
    """Holds back rows that are done before those above them, where the output cannot order them."""

    def __init__(self, table: CsvTable, sink: Sink) -> None:
        self._kept = table.kept
        self._sink = sink
        self._cells: dict[int, list[str]] = {}
        self._ready: dict[int, dict[str, Any]] = {}
        self._next = 0

    def expect(self, number: int, cells: list[str]) -> None:
        self._cells[number] = [cells[at] for at in self._kept]

    def put(self, result: Qualification) -> dict[str, Any]:
        values = result_values(result)
        if not isinstance(result.key, int):
            raise TypeError("rows are numbered")
        self._ready[result.key] = values
        if self._sink.any_order:
            # At once: when the next row is asked for, this one's session is closed.
            self._write(result.key)
        while self._next in self._ready:
            self._write(self._next)
            self._next += 1
        return values

    def flush(self) -> None:
        """Write what is done, gaps or not."""
        for number in sorted(self._ready):
            self._write(number)

    def _write(self, number: int) -> None:
        self._sink.write(self._cells.pop(number), self._ready.pop(number), number=number)
