"""Keeps a hub's look-ups in a ledger that several workers share: each serves those of all.

A look-up belongs to the worker that was asked for it. That one sends its requests and appends its
events to the ledger's `EventLog`; it shows them to its own browsers only when it reads them there,
as every other worker does. So an event has the same id and the same place on all of them, and a
browser may come back to any. A worker reads the whole log from the moment of its start, and the
past of a look-up when the first browser asks for it.

A worker that is gone is found by the others, who look for its look-ups once a second: whoever is
first adopts them, by their tokens, as after a restart.
"""

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress

from hum_async._lookups.lookup import Lookup
from hum_async._purchases.event_log import EventLog, Logged, Shown
from hum_async._purchases.records import address_digest
from hum_async._purchases.store import ClosableStore
from hum_async.errors import HumError
from hum_async.models import SESSION_LIFETIME, Address
from hum_async.web._given_ids import GivenIds
from hum_async.web._ledger_keeper import LedgerKeeper, LedgerParts
from hum_async.web._registry import HubLookup
from hum_async.web._replay_buffer import Outlet, PlacedEvent, ReplayBuffer
from hum_async.web.events import EventKind, HubEvent

logger = logging.getLogger("hum_async.web")

LOOK_AROUND = 1.0
"""Seconds after which is looked for look-ups of workers that are gone."""

MISSING = 15.0
"""Seconds for which an id that is not in the log may still come: the worker that gave it was just
about to record it. A look-up that does not come was not begun, and nothing was bought of it."""

FORGETTING = 600.0
"""Seconds after which old look-ups are forgotten."""

LINGER = 300.0
"""Seconds for which a look-up is in the log after its id has ceased to be good."""

AWAY = 0.5
"""Seconds after which a ledger that failed is tried again."""

BEYOND_ALL = 10**18
"""A position beyond those of any log."""

LAST_WORDS = 2.0
"""Seconds for what is left to be recorded when the hub ends."""


class LogOutlet:
    """Appends the events of a look-up of this hub to the log.

    Args:
        keeper: Whose log it is.
        lookup_id: The look-up.
    """

    def __init__(self, keeper: "SharedKeeper", lookup_id: str) -> None:
        self._keeper = keeper
        self._id = lookup_id

    def add(self, event: HubEvent, *, snapshot: HubEvent | None = None) -> None:
        """Append an event; the log gives it its place, and a snapshot is made where it is read."""
        del snapshot
        shown = Shown(event.kind, event.payload, ends=event.kind == EventKind.DONE)
        self._keeper.append(self._id, shown)


class SharedKeeper(LedgerKeeper):
    """Keeps look-ups in a ledger that several workers share.

    Args:
        parts: The ledger, and what it is used with.
        store: Its store.
        log: The events of all workers.
    """

    shared = True

    def __init__(self, parts: LedgerParts, store: ClosableStore, log: EventLog) -> None:
        super().__init__(parts, store)
        self._log = log
        self._ids: GivenIds | None = None
        self._position = 0
        self._woken = asyncio.Event()
        # Whose past is to be read; what was not there, and since when it is missed.
        self._asked_for: set[str] = set()
        self._missed: dict[str, float] = {}
        # Look-ups that are on their way there.
        self._publishing: set[str] = set()
        # Look-ups that count as read, whoever reads them.
        self._attended: set[str] = set()
        # Events on their way to the log, and the ends among them.
        self._appending: set[asyncio.Future[bool]] = set()
        self._ends: dict[str, asyncio.Future[bool]] = {}
        self._running: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Join the other workers."""
        keep_for = max(self._parts.keep_for, SESSION_LIFETIME.total_seconds())
        self._ids = GivenIds(await self._log.secret(), keep_for)
        self._position = await self._log.last()
        # All positions are the log's own.
        self._parts.events.go_on(await self._store.epoch(), BEYOND_ALL)
        self._running = [
            asyncio.create_task(self._log.watch(self._wake), name="hum-watch-log"),
            asyncio.create_task(self._read_on(), name="hum-read-log"),
            asyncio.create_task(self._look_around(), name="hum-adopt"),
            asyncio.create_task(self._forget_old(keep_for + LINGER), name="hum-forget"),
        ]
        for task in self._running:
            task.add_done_callback(self._stopped)
        await super().open()

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return what it does in the background."""
        return [*super().tasks(), *self._running]

    async def aclose(self) -> None:
        """Give back what has no result, so that another worker goes on with it at once."""
        with suppress(HumError, TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                if self._appending:
                    await asyncio.wait(self._appending)
                await self._log.release(self._hub.running())

    def _stopped(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (bug := task.exception()) is not None:
            logger.error("the hub stopped by a bug of hum_async; please report it", exc_info=bug)
            self._hub.close()

    # --- look-ups of this hub ---------------------------------------------------------------------

    def new_id(self) -> str:
        """Return an id that every worker knows for one that was given."""
        if self._ids is None:
            raise RuntimeError("ids are given after the ledger was opened")
        return self._ids.new()

    def buffer(self, lookup_id: str) -> ReplayBuffer:
        """Return an empty buffer: it is filled from the log."""
        del lookup_id
        return ReplayBuffer(None)

    def outlet(self, lookup_id: str, buffer: ReplayBuffer) -> Outlet:
        """Return the log as the place where the events of a look-up are written."""
        del buffer
        return LogOutlet(self, lookup_id)

    def start(self, lookup: HubLookup, work: Lookup, address: Address) -> None:
        """Begin a look-up, as soon as every worker can know of it."""
        digest = address_digest(address, self._store.dedupe)
        first = Shown(EventKind.SNAPSHOT, self._parts.events.first_payload(lookup.id))
        published = self._log.publish(lookup.id, digest, first)
        self._publishing.add(lookup.id)
        published.add_done_callback(lambda _: self._publishing.discard(lookup.id))
        self.begin_soon(lookup, work, digest, published)

    def resume(self, lookup: HubLookup, work: Lookup, digest: bytes) -> None:
        """Go on with a look-up of another worker."""
        if not lookup.buffer.begun:
            self._ask_for(lookup.id)
        super().resume(lookup, work, digest)

    def append(self, lookup_id: str, event: Shown) -> None:
        """Append an event; it is shown when it is read."""
        appending = self._log.append(lookup_id, event)
        self._appending.add(appending)
        appending.add_done_callback(lambda done: self._appended(lookup_id, done))
        if event.ends:
            self._ends[lookup_id] = appending

    def finish(self, lookup_id: str, work: Lookup) -> None:
        """Close the session of a look-up, unless another worker has adopted that and polls it."""

        def close(ended: asyncio.Future[bool]) -> None:
            if not ended.cancelled() and ended.exception() is None and ended.result():
                self._hub.close_session(work)

        if (ended := self._ends.get(lookup_id)) is not None:
            ended.add_done_callback(close)

    def _appended(self, lookup_id: str, done: asyncio.Future[bool]) -> None:
        self._appending.discard(done)
        if self._ends.get(lookup_id) is done:
            del self._ends[lookup_id]
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            logger.error("events of a look-up are lost: %s", error)
            self._end_here(lookup_id)
        elif not done.result():
            # This worker was taken for dead, or the look-up was ended by another.
            self._hub.lose(lookup_id)

    def attend(self, lookup_id: str) -> None:
        """Count a look-up as read for a while, on all workers."""
        self._attended.add(lookup_id)

    # --- look-ups of all workers ------------------------------------------------------------------

    def find(self, lookup_id: str) -> HubLookup | None:
        """Return a look-up that another worker has, or this one in an earlier life."""
        if self._ids is None or not self._ids.knows(lookup_id):
            return None
        self._ask_for(lookup_id)
        return self._hub.follow(lookup_id)

    def _wake(self) -> None:
        """Look for what is new; what was bought may be what a look-up here waits for."""
        self._woken.set()
        self._parts.ledger.elsewhere.wake()

    def _ask_for(self, lookup_id: str) -> None:
        self._asked_for.add(lookup_id)
        self._woken.set()

    async def _read_on(self) -> None:
        """Read the log, whenever there is something new."""
        away = False
        while True:
            self._woken.clear()
            asked_for, self._asked_for = self._asked_for, set()
            try:
                entries = await self._log.read(self._position, asked_for)
            except HumError as error:
                # Streams stay open meanwhile, and go on where they were.
                self._asked_for |= asked_for
                if not away:
                    logger.warning("look-ups of other workers are not heard of now: %s", error)
                away = True
                await asyncio.sleep(AWAY)
                continue
            away = False
            self._show(entries, asked_for)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AROUND):
                    await self._woken.wait()

    def _show(self, entries: Collection[Logged], asked_for: Collection[str]) -> None:
        """Show events to those who read their look-ups; all at once, so that order holds."""
        now = asyncio.get_running_loop().time()
        came: dict[str, list[PlacedEvent]] = {}
        for entry in entries:
            self._position = max(self._position, entry.position)
            came.setdefault(entry.id, []).append(self._parts.events.logged(entry))
        for lookup_id, events in came.items():
            self._missed.pop(lookup_id, None)
            self._hub.hear(lookup_id, events)
        for lookup_id in asked_for:
            if lookup_id not in came:
                self._missed.setdefault(lookup_id, now)
        for lookup_id, since in tuple(self._missed.items()):
            if now - since > MISSING:
                del self._missed[lookup_id]
                self._end_here(lookup_id)

    def _end_here(self, lookup_id: str) -> None:
        """End a look-up for the browsers of this worker alone."""
        self._hub.end(self._parts.events.failure(lookup_id, self._position))

    async def _look_around(self) -> None:
        """Adopt the look-ups of workers that are gone; end those that all browsers have left."""
        while True:
            with suppress(HumError):
                await self._lose_what_others_have()
                for orphan in await self._log.adopt(self._hub.room()):
                    self._hub.take_up(orphan.id, orphan.address)
                if (seconds := self._parts.abandon_after) is not None:
                    await self._abandon(seconds)
            await asyncio.sleep(LOOK_AROUND)

    async def _lose_what_others_have(self) -> None:
        """Send nothing more for what others adopted, because this worker was stopped for long."""
        # What is on its way to the log now may be missing from what is read there.
        running = set(self._hub.running()) - self._publishing
        if running:
            for lookup_id in running.difference(await self._log.owned()):
                self._hub.lose(lookup_id)

    async def _abandon(self, seconds: float) -> None:
        attended, self._attended = self._attended, set()
        if ids := attended.union(self._hub.read()):
            # A little more: others come to read it before that is recorded.
            await self._log.attend(ids, seconds + LOOK_AROUND)
        for lookup_id in await self._log.unread():
            self._hub.abandon(lookup_id)

    async def _forget_old(self, age: float) -> None:
        while True:
            with suppress(HumError):
                await self._log.forget(age)
            await asyncio.sleep(FORGETTING)
