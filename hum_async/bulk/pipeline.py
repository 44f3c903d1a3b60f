"""`qualify`: many addresses under one limit, each bought once.

For each free slot: a due poll, then a finished session's DELETE, and only then a new session.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterable, Coroutine, Hashable, Iterable
from types import TracebackType
from typing import Any, Self

import attrs

from hum_async._address import address_key
from hum_async._dispatch import Dispatcher, end_tasks
from hum_async._intake import Intake, feed
from hum_async._schedule import DueHeap, LearnedPolling, PollPolicy
from hum_async._trip import Step, Trip
from hum_async.client import HumClient
from hum_async.errors import AuthenticationError, ConfigurationError, StreamBusy
from hum_async.models import Address, Qualification

__all__ = ["JobStatistics", "QualificationStream", "qualify"]

MAX_OPEN = 2000
"""Sessions that are open, or answered and not yet read, at the same time."""

Row = Address | tuple[Hashable, Address]


@attrs.frozen
class JobStatistics:
    """A job at one moment.

    Attributes:
        delivered: Rows handed out.
        open: Sessions that are being looked up.
        requests: HTTP requests sent, retries and DELETEs included.
        sessions: Sessions that the API created.
    """

    delivered: int
    open: int
    requests: int
    sessions: int


def qualify(  # noqa: PLR0913  pinned; all but two by name
    client: HumClient,
    addresses: Iterable[Row] | AsyncIterable[Row],
    *,
    journal: str | None = None,
    policy: PollPolicy | None = None,
    max_open: int | None = None,
    close: bool = True,
) -> "QualificationStream":
    """Look up many addresses; iterate over the results with ``async for``.

    Args:
        client: Whose API, key and limiter are used; it is not closed.
        addresses: `Address` or ``(key, Address)``, any iterable or async iterable; read only as
            fast as sessions can be opened. Without a key a row's key is its position.
        journal: Not supported yet; leave it None.
        policy: When to poll; None learns it (`LearnedPolling`).
        max_open: Sessions open at the same time at most; None for 2,000.
        close: End each session, once its row has been read and the next one was asked for.

    Returns:
        An async iterator of `Qualification`, in order of completion. What happens to a row is told
        as its `Outcome`. The same address is bought once; each of its rows gets the result. Close
        it, or use it as async context manager, if you may leave before its end.

    Raises:
        AuthenticationError: While iterating: the key is not accepted. Nothing more is sent; what
            is under way is waited for first, because it may have been paid.
        ConfigurationError: The client cannot work, or a journal was asked for.
    """
    if journal is not None:
        raise ConfigurationError("journal= is not supported yet; leave it out")
    if max_open is not None and max_open < 1:
        raise ValueError("max_open must be at least 1")
    return QualificationStream(
        _Job(
            client,
            addresses,
            policy=LearnedPolling() if policy is None else policy,
            max_open=MAX_OPEN if max_open is None else max_open,
            close=close,
        )
    )


class QualificationStream:
    """What `qualify` returns: an async iterator of `Qualification`."""

    __slots__ = ("__weakref__", "_job")

    def __init__(self, job: "_Job") -> None:
        self._job = job

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Qualification:
        """Return the next result; asking for it tells that the one before is safe."""
        return await self._job.next_result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._job.abandon()

    def statistics(self) -> JobStatistics:
        """Return how far the job is."""
        return self._job.statistics()

    async def aclose(self) -> None:
        """Stop at once; open sessions are left to expire. Idempotent."""
        await self._job.aclose()


@attrs.define(eq=False, repr=False)
class _Purchase:
    """One address that is being, or has been, looked up, and the rows that wait for it."""

    trip: Trip
    rows: list[tuple[Hashable, Address]] = attrs.field(factory=list)


class _Job:
    """The work of one `qualify`, as the dispatcher sees it."""

    def __init__(
        self,
        client: HumClient,
        addresses: Iterable[Row] | AsyncIterable[Row],
        *,
        policy: PollPolicy,
        max_open: int,
        close: bool,
    ) -> None:
        self._caller = client.caller
        self._policy = policy
        self._max_open = max_open
        self._close = close
        self._feed_from = addresses if isinstance(addresses, AsyncIterable) else None
        self._intake: Intake[Row] = (
            Intake(fed=True) if isinstance(addresses, AsyncIterable) else Intake(addresses)
        )
        self._position = 0
        self._heap: DueHeap[_Purchase] = DueHeap()
        self._closing: deque[_Purchase] = deque()
        self._bought: dict[str, _Purchase] = {}
        self._fresh: _Purchase | None = None
        self._results: deque[tuple[Qualification, _Purchase | None]] = deque()
        self._unsafe: _Purchase | None = None
        self._open = self._joined = self._in_flight = 0
        self._delivered = self._requests = self._sessions = 0
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._dispatcher: Dispatcher | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = False

    # --- for the stream ---------------------------------------------------------------------------

    async def next_result(self) -> Qualification:
        if self._reader is not None:
            raise StreamBusy("another task is reading these results; read them in one place")
        self._start()
        self._acknowledge()
        while not self._results:
            if self._ended or self._is_over():
                failure, self._failure = self._failure, None
                await self.aclose()
                if failure is not None:
                    raise failure
                raise StopAsyncIteration
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        result, self._unsafe = self._results.popleft()
        self._delivered += 1
        self._wake()
        return result

    def statistics(self) -> JobStatistics:
        return JobStatistics(self._delivered, self._open, self._requests, self._sessions)

    def abandon(self) -> None:
        """Cancel without waiting, from whatever thread."""
        for task in self._tasks:
            loop = task.get_loop()
            if not task.done() and not loop.is_closed():
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(task.cancel)

    async def aclose(self) -> None:
        self._ended = True
        await end_tasks(self._tasks)

    def _start(self) -> None:
        if self._tasks or self._ended:
            return
        self._dispatcher = Dispatcher(self._caller.limiter, work=self)
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._supervise(self._dispatcher), name="hum-qualify"))
        if self._feed_from is not None:
            self._tasks.append(loop.create_task(self._feed(self._feed_from), name="hum-feed"))

    def _acknowledge(self) -> None:
        """The reader is done with its last row: only now its session may be closed."""
        purchase, self._unsafe = self._unsafe, None
        if purchase is not None and purchase.trip.step is Step.CLOSE:
            self._closing.append(purchase)
            self._wake()

    def _is_over(self) -> bool:
        if self._in_flight:
            return False
        if self._failure is not None:
            return True
        idle = not (self._open or self._closing or len(self._heap) or self._fresh)
        return idle and self._intake.drained()

    # --- Work, for the dispatcher -----------------------------------------------------------------

    def ready_at(self, now: float) -> float | None:
        """Return when there is something to send."""
        if self._failure is not None:
            return None
        due = self._heap.next_due()
        if (due is not None and due <= now) or self._closing or self._admit():
            return now
        return due

    def take(self, now: float) -> Coroutine[Any, Any, None] | None:
        """Choose: a due poll, a DELETE, a new session."""
        if self._failure is not None:
            return None
        purchase = self._heap.pop_due(now)
        if purchase is None and self._closing:
            purchase = self._closing.popleft()
        if purchase is None and self._admit():
            purchase, self._fresh = self._fresh, None
            self._open += 1
        return None if purchase is None else self._advance(purchase)

    # --- machinery --------------------------------------------------------------------------------

    @property
    def _held(self) -> int:
        """Rows in hand: being looked up, waiting for another row's look-up, or not read yet."""
        return self._open + self._joined + len(self._results)

    def _wake(self) -> None:
        if self._dispatcher is not None:
            self._dispatcher.wake()

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _supervise(self, dispatcher: Dispatcher) -> None:
        try:
            await dispatcher.run()
        except Exception as exc:  # noqa: BLE001  a bug; the reader sees it
            self._failure = exc
        finally:
            self._ended = True
            self._wake_reader()

    async def _feed(self, rows: AsyncIterable[Row]) -> None:
        def on_item() -> None:
            self._wake()
            self._wake_reader()

        try:
            await feed(rows, self._intake, on_item=on_item)
        except Exception as exc:  # noqa: BLE001  of the user's own iterable; the reader sees it
            self._fail(exc)
        finally:
            on_item()

    def _fail(self, exc: Exception) -> None:
        if self._failure is None:
            self._failure = exc
        self._wake_reader()

    def _admit(self) -> bool:
        """Have one new address at hand that has to be bought, if there is room and any is left."""
        while self._fresh is None and self._held < self._max_open:
            try:
                row = self._intake.take()
                if row is None:
                    # The reader may have been waiting for exactly this end.
                    self._wake_reader()
                    return False
                self._sort_in(row)
            except Exception as exc:  # noqa: BLE001  of the user's own iterable; the reader sees it
                self._fail(exc)
                return False
        return self._fresh is not None

    def _sort_in(self, row: Row) -> None:
        key, address = _keyed(row, self._position)
        self._position += 1
        trip = Trip(
            key=key,
            address=address,
            policy=self._policy,
            retry=self._caller.retry,
            close=self._close,
        )
        if trip.result is not None:
            self._deliver(trip.result, None)
            return
        same = address_key(trip.address)
        purchase = self._bought.get(same)
        if purchase is None:
            self._fresh = self._bought[same] = _Purchase(trip)
        elif (found := purchase.trip.result) is not None:
            self._deliver(_shared(found, key, trip.address), None)
        else:
            purchase.rows.append((key, trip.address))
            self._joined += 1

    def _deliver(self, result: Qualification, purchase: _Purchase | None) -> None:
        self._results.append((result, purchase))
        self._wake_reader()

    async def _advance(self, purchase: _Purchase) -> None:
        trip = purchase.trip
        settled = trip.result is not None
        sent = trip.requests
        created = trip.token is not None
        self._in_flight += 1
        try:
            await self._caller.advance(trip)
        except (AuthenticationError, ConfigurationError) as exc:
            self._fail(exc)
        else:
            self._place(purchase, settled=settled)
        finally:
            self._in_flight -= 1
            self._requests += trip.requests - sent
            self._sessions += trip.token is not None and not created
            self._wake_reader()

    def _place(self, purchase: _Purchase, *, settled: bool) -> None:
        """Put an address where its next step will be found."""
        trip = purchase.trip
        result = trip.result
        if result is not None and not settled:
            self._open -= 1
            self._joined -= len(purchase.rows)
            shared = [_shared(result, key, address) for key, address in purchase.rows]
            purchase.rows.clear()
            *first, last = [result, *shared]
            for row in first:
                self._deliver(row, None)
            # With the last of its rows the session may be closed.
            self._deliver(last, purchase)
        elif trip.step is not None:
            self._heap.push(trip.due, purchase)
        self._wake()


def _keyed(row: Any, position: int) -> tuple[Hashable, Address]:
    if isinstance(row, Address):
        return position, row
    if isinstance(row, tuple) and len(row) == 2 and isinstance(row[1], Address):  # noqa: PLR2004
        return row
    raise TypeError(f"qualify() takes Address or (key, Address), not {type(row).__name__}")


def _shared(result: Qualification, key: Hashable, address: Address) -> Qualification:
    """Return a result for another row of the same address, which cost nothing."""
    return attrs.evolve(result, key=key, address=address, requests=0, elapsed=0.0)
