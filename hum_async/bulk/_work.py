"""The work of one job: reads rows, has their addresses looked up, hands results out.

For each free slot: a due poll, then a finished session's DELETE, and only then a new session.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterable, Callable, Collection, Coroutine, Hashable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs

from hum_async._caller import Caller
from hum_async._dispatch import Dispatcher, end_tasks
from hum_async._schedule import DueHeap, PollPolicy
from hum_async._trip import Step, Trip
from hum_async.bulk._need import Need, Rules, written_off
from hum_async.bulk._purchases import (
    Asked,
    Copied,
    Entry,
    Opened,
    Settled,
    Withdrawn,
    address_digest,
)
from hum_async.bulk._rows_in import Row, RowsIn
from hum_async.bulk._store import Store
from hum_async.errors import (
    AuthenticationError,
    ConfigurationError,
    SessionLimitReached,
    StreamBusy,
)
from hum_async.models import Address, Outcome, Qualification, SessionUpdate

__all__ = ["Job", "JobStatistics", "Row", "Terms"]

OnUpdate = Callable[[Hashable, SessionUpdate], None]

_CHUNK = 256
_AHEAD = 64


@attrs.frozen
class JobStatistics:
    """A job at one moment.

    Attributes:
        delivered: Rows handed out.
        open: Sessions that are being looked up.
        requests: HTTP requests sent, retries and DELETEs included.
        sessions: Sessions that the API created.
        reused: Rows whose result was in the journal already.
        adopted: Sessions of an earlier run that were taken over.
    """

    delivered: int
    open: int
    requests: int
    sessions: int
    reused: int = 0
    adopted: int = 0


@attrs.frozen(kw_only=True)
class Terms:
    """How a job goes about it.

    Attributes:
        policy: When to poll.
        max_open: Sessions that are open, or answered and not yet read, at the same time.
        close: End each session when its result is safe.
        retry: Outcomes of earlier runs that are looked up anew.
        max_sessions: Sessions bought in all, earlier runs included; None for no bound.
        on_update: Called with a row's key and what its session told.
    """

    policy: PollPolicy
    max_open: int
    close: bool = True
    retry: Collection[Outcome] = ()
    max_sessions: int | None = None
    on_update: OnUpdate | None = None


@attrs.define(eq=False, repr=False)
class _Purchase:
    """One address that is being looked up, and the other rows that wait for it."""

    digest: bytes
    trip: Trip
    instead_of: str | None = None
    rows: list[tuple[Hashable, Address]] = attrs.field(factory=list)


class Job:
    """The work of one `qualify`, as its reader and the dispatcher see it.

    Args:
        caller: Sends the requests.
        addresses: The rows.
        terms: How to go about it.
        store: Opens where purchases and results are kept.
    """

    def __init__(
        self,
        caller: Caller,
        addresses: Iterable[Row] | AsyncIterable[Row],
        *,
        terms: Terms,
        store: AbstractAsyncContextManager[Store],
    ) -> None:
        self._caller = caller
        self._terms = terms
        self._opening = store
        self._rows = RowsIn(addresses)
        self._heap: DueHeap[_Purchase] = DueHeap()
        self._closing: deque[_Purchase] = deque()
        self._running: dict[bytes, _Purchase] = {}
        self._fresh: deque[_Purchase] = deque()
        self._results: deque[tuple[Qualification, _Purchase | None]] = deque()
        self._unsafe: _Purchase | None = None
        self._open = self._joined = self._in_flight = self._spent = 0
        self._delivered = self._requests = self._sessions = self._reused = self._adopted = 0
        self._exhausted = self._stopping = self._ended = False
        # Until the rows that are settled already have been handed out, nothing is sent.
        self._replaying = True
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._store: Store
        self._rules: Rules
        self._dispatcher = Dispatcher(caller.limiter, work=self)

    # --- for the stream ---------------------------------------------------------------------------

    async def next_result(self) -> Qualification:
        """Return the next result; raise StopAsyncIteration after the last."""
        if self._reader is not None:
            raise StreamBusy("another task is reading these results; read them in one place")
        self._start()
        self._acknowledge()
        while not self._results:
            if self._ended or self._is_over():
                await self._end()
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
        """Return how far the job is."""
        return JobStatistics(
            self._delivered,
            self._open,
            self._requests,
            self._sessions,
            self._reused,
            self._adopted,
        )

    def stop(self) -> None:
        """Begin nothing new; what is under way is finished."""
        self._stopping = True
        self._wake()
        self._wake_reader()

    def abandon(self) -> None:
        """Cancel without waiting, from whatever thread."""
        for task in self._tasks:
            loop = task.get_loop()
            if not task.done() and not loop.is_closed():
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(task.cancel)

    async def aclose(self) -> None:
        """Stop at once; what is recorded is safe when this returns."""
        self._ended = True
        await end_tasks(self._tasks)

    async def _end(self) -> None:
        if self._failure is None and self._fresh and not self._stopping and not self._ended:
            self._failure = SessionLimitReached(
                f"this job has bought the {self._terms.max_sessions} sessions that it may; to go "
                "on, raise max_sessions and run it again with the same journal"
            )
        whole = self._exhausted and not self._fresh and not self._ended
        if whole and self._failure is None:
            await self._store.finish()
        await self.aclose()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _start(self) -> None:
        if self._tasks or self._ended:
            return
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._supervise(), name="hum-qualify"))
        if self._rows.fed:
            self._tasks.append(loop.create_task(self._feed(), name="hum-feed"))

    def _acknowledge(self) -> None:
        """The reader is done with its last row: only now its session may be closed."""
        purchase, self._unsafe = self._unsafe, None
        if purchase is not None:
            self._close_later(purchase)

    def _is_over(self) -> bool:
        if self._in_flight:
            return False
        if self._failure is not None:
            return True
        if self._replaying or self._open or self._closing or len(self._heap):
            return False
        if self._stopping:
            return True
        return not self._may_buy() if self._fresh else self._exhausted

    # --- Work, for the dispatcher -----------------------------------------------------------------

    def ready_at(self, now: float) -> float | None:
        """Return when there is something to send."""
        if self._failure is not None or self._replaying:
            return None
        due = self._heap.next_due()
        if (due is not None and due <= now) or self._closing or self._may_admit():
            return now
        return due

    def take(self, now: float) -> Coroutine[Any, Any, None] | None:
        """Choose: a due poll, a DELETE, a new session."""
        if self._failure is not None:
            return None
        purchase = self._heap.pop_due(now)
        if purchase is None and self._closing:
            purchase = self._closing.popleft()
        if purchase is None and self._may_admit():
            purchase = self._fresh.popleft()
            self._open += 1
            self._spent += 1
        if purchase is None or self._dropped(purchase):
            return None
        self._room.set()
        return self._advance(purchase)

    def _may_admit(self) -> bool:
        return bool(self._fresh) and not self._stopping and self._may_buy()

    def _may_buy(self) -> bool:
        most = self._terms.max_sessions
        return most is None or self._spent < most

    def _dropped(self, purchase: _Purchase) -> bool:
        """Give a purchase up that would only now be begun, if nothing new is to be begun."""
        if not (self._stopping and purchase.trip.step is Step.CREATE):
            return False
        self._open -= 1
        self._spent -= 1
        self._joined -= len(purchase.rows)
        del self._running[purchase.digest]
        self._wake_reader()
        return True

    # --- machinery --------------------------------------------------------------------------------

    def _wake(self) -> None:
        self._room.set()
        self._dispatcher.wake()

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _fail(self, exc: Exception) -> None:
        if self._failure is None:
            self._failure = exc
        self._wake_reader()

    async def _supervise(self) -> None:
        try:
            async with self._opening as self._store:
                self._rules = Rules(self._store.run, self._terms.retry, self._store.taken_since)
                self._spent = self._store.spent
                # Rows that are fed may come at any time; there is no waiting for all of them.
                self._replaying = self._store.resumed and not self._rows.fed
                reading = asyncio.create_task(self._read(), name="hum-read")
                try:
                    await self._dispatcher.run()
                finally:
                    await end_tasks([reading])
        except Exception as exc:  # noqa: BLE001  the journal's, or a bug; the reader sees it
            self._fail(exc)
        finally:
            self._ended = True
            self._wake_reader()

    async def _feed(self) -> None:
        try:
            await self._rows.feed(on_row=self._room.set)
        except Exception as exc:  # noqa: BLE001  of the user's own iterable; the reader sees it
            self._fail(exc)
        finally:
            self._room.set()

    # --- reading ----------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Take rows as there is room for them, and sort them in."""
        try:
            while not self._stopping:
                self._room.clear()
                space = self._space()
                chunk = self._rows.take(min(_CHUNK, space))
                if chunk:
                    await self._sort_in(chunk)
                elif space > 0 and self._rows.at_end():
                    self._exhausted = True
                    break
                else:
                    self._end_replay()
                    await self._room.wait()
        except Exception as exc:  # noqa: BLE001  of the user's own iterable, or the journal's
            self._fail(exc)
        self._end_replay()
        self._wake_reader()

    def _end_replay(self) -> None:
        self._replaying = False
        self._dispatcher.wake()

    def _space(self) -> int:
        """Rows that may be read now.

        Those in hand are being looked up, wait for another row's look-up, or are not read yet.
        """
        held = self._open + self._joined + len(self._results)
        space = self._terms.max_open - held - len(self._fresh)
        return space if self._replaying else min(space, _AHEAD - len(self._fresh))

    async def _sort_in(self, chunk: list[tuple[Hashable, Address]]) -> None:
        unknown: list[tuple[bytes, Trip]] = []
        for key, address in chunk:
            trip = self._trip(key, address)
            if trip.result is not None:
                self._deliver(trip.result, None)
                continue
            digest = address_digest(trip.address)
            # Before anything is waited for: what is looked up now may be settled after that.
            if not self._joins(digest, trip):
                unknown.append((digest, trip))
        found = await self._store.find([digest for digest, _ in unknown]) if unknown else {}
        for digest, trip in unknown:
            if not self._joins(digest, trip):
                await self._begin(digest, trip, found.get(digest))
        self._wake()

    def _joins(self, digest: bytes, trip: Trip) -> bool:
        """Let a row wait for the look-up of its address, if there is one under way."""
        purchase = self._running.get(digest)
        if purchase is None:
            return False
        purchase.rows.append((trip.key, trip.address))
        self._joined += 1
        return True

    async def _begin(self, digest: bytes, trip: Trip, entry: Entry | None) -> None:
        need, reason = self._rules.need(entry)
        if need is Need.BUY or entry is None:
            self._buy(_Purchase(digest, trip, instead_of=reason))
        elif need is Need.TAKE:
            await self._take_over(digest, trip, entry)
        elif need is Need.ADOPT:
            self._adopt(_Purchase(digest, trip), entry)
        else:
            result = written_off(trip, entry)
            await self._store.record(Settled(digest, result))
            self._reused += 1
            self._deliver(result, None)

    async def _take_over(self, digest: bytes, trip: Trip, entry: Entry) -> None:
        """Hand out a result that is there already."""
        if entry.copied:
            self._store.record(Copied(digest, entry))
        result = await self._store.result(entry, key=trip.key, address=trip.address)
        if self._rules.is_earlier(entry):
            self._reused += 1
            self._deliver(result, None)
        else:
            self._deliver(_shared(result, trip.key, trip.address), None)

    def _buy(self, purchase: _Purchase) -> None:
        self._running[purchase.digest] = purchase
        self._fresh.append(purchase)

    def _adopt(self, purchase: _Purchase, entry: Entry) -> None:
        trip = purchase.trip
        trip.adopt(entry.token or "", *self._caller.clocks(), requests=entry.requests)
        self._running[purchase.digest] = purchase
        self._open += 1
        self._adopted += 1
        self._heap.push(trip.due, purchase)

    def _trip(self, key: Hashable, address: Address) -> Trip:
        return Trip(
            key=key,
            address=address,
            policy=self._terms.policy,
            retry=self._caller.retry,
            close=self._terms.close,
        )

    def _deliver(self, result: Qualification, purchase: _Purchase | None) -> None:
        self._results.append((result, purchase))
        self._wake_reader()

    # --- buying -----------------------------------------------------------------------------------

    async def _advance(self, purchase: _Purchase) -> None:
        """Do the next step of an address under a slot, and record what came of it."""
        step = purchase.trip.step
        self._in_flight += 1
        try:
            created = step is Step.CREATE
            await self._send(purchase, creates=created)
            if step is not Step.CLOSE:
                await self._record(purchase, created=created)
                self._tell(purchase)
                self._place(purchase, created=created)
            elif purchase.trip.step is not None:
                self._heap.push(purchase.trip.due, purchase)
        except Exception as exc:  # noqa: BLE001  the key, the client, the journal; the reader sees it
            self._fail(exc)
        finally:
            self._in_flight -= 1
            self._wake()
            self._wake_reader()

    async def _send(self, purchase: _Purchase, *, creates: bool) -> None:
        trip = purchase.trip
        if creates:
            await self._ask(purchase)
        sent = trip.requests
        try:
            await self._caller.advance(trip)
        except (AuthenticationError, ConfigurationError):
            if creates:
                self._store.record(Withdrawn(purchase.digest))
            raise
        finally:
            self._requests += trip.requests - sent
            self._store.requests = self._requests

    async def _ask(self, purchase: _Purchase) -> None:
        """Record that a POST is about to be sent: should we die now, it may have been."""
        try:
            await self._store.record(Asked(purchase.digest, purchase.instead_of))
        except asyncio.CancelledError:
            self._store.record(Withdrawn(purchase.digest))
            raise
        purchase.instead_of = None

    async def _record(self, purchase: _Purchase, *, created: bool) -> None:
        """Make safe what the answer said, before anything is done that builds on it."""
        trip, digest = purchase.trip, purchase.digest
        self._sessions += created and trip.token is not None
        if trip.result is not None:
            await self._store.record(Settled(digest, trip.result))
        elif created and trip.token is not None:
            await self._store.record(Opened(digest, trip.token, trip.requests))
        elif created:
            self._store.record(Withdrawn(digest))

    def _tell(self, purchase: _Purchase) -> None:
        update, listener = purchase.trip.update, self._terms.on_update
        if update is not None and listener is not None:
            for key in (purchase.trip.key, *(key for key, _ in purchase.rows)):
                listener(key, update)

    def _place(self, purchase: _Purchase, *, created: bool) -> None:
        """Put an address where its next step will be found."""
        trip = purchase.trip
        if trip.result is not None:
            self._settle(purchase, trip.result)
        elif trip.step is Step.CREATE and not created:
            # The session that was taken over is gone: buying another one is a new decision.
            purchase.instead_of = "gone"
            self._open -= 1
            self._fresh.appendleft(purchase)
        else:
            self._heap.push(trip.due, purchase)

    def _settle(self, purchase: _Purchase, result: Qualification) -> None:
        self._open -= 1
        self._spent -= result.token is None and result.outcome is not Outcome.UNCERTAIN
        self._joined -= len(purchase.rows)
        del self._running[purchase.digest]
        shared = [_shared(result, key, address) for key, address in purchase.rows]
        purchase.rows.clear()
        *first, last = [result, *shared]
        for row in first:
            self._deliver(row, None)
        # Where only the reader can make a result safe, the session is closed when it has read the
        # last of its rows.
        self._deliver(last, None if self._store.durable else purchase)
        if self._store.durable:
            self._close_later(purchase)

    def _close_later(self, purchase: _Purchase) -> None:
        if purchase.trip.step is Step.CLOSE:
            self._closing.append(purchase)
            self._wake()


def _shared(result: Qualification, key: Hashable, address: Address) -> Qualification:
    """Return a result for another row of the same address, which cost nothing."""
    return attrs.evolve(result, key=key, address=address, requests=0, elapsed=0.0)
