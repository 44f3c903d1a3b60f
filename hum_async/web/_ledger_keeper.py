"""Keeps a hub's look-ups in its client's ledger: they outlive the process."""

import asyncio
import logging
from datetime import UTC, datetime

import attrs

from hum_async._api.sender import RequestSender
from hum_async._lookups.left_open import LeftOpen
from hum_async._lookups.lookup import Lookup
from hum_async._lookups.observer import LookupObserver
from hum_async._purchases.ledger import Ledger
from hum_async._purchases.store import ClosableStore
from hum_async.errors import HumError
from hum_async.models import Address
from hum_async.web._event_writer import EventWriter
from hum_async.web._keeper import Keeper, KeptHub
from hum_async.web._public_ids import PublicIds
from hum_async.web._registry import HubLookup

logger = logging.getLogger("hum_async.web")


@attrs.frozen
class LedgerParts:
    """What a hub's ledger is used with.

    Attributes:
        hub: Whose look-ups are kept.
        ledger: The ledger.
        purchases: Records purchases in it.
        sender: Sends the requests.
        events: Writes the events.
        keep_for: Seconds for which an ended look-up can be read.
        close: End the session of a look-up when its result is there.
        abandon_after: Seconds after which a look-up ends that no browser reads; None for never.
    """

    hub: KeptHub
    ledger: Ledger
    purchases: LookupObserver
    sender: RequestSender
    events: EventWriter
    keep_for: float
    close: bool
    abandon_after: float | None


class LedgerKeeper(Keeper):
    """Keeps look-ups in a ledger.

    Args:
        parts: The ledger, and what it is used with.
        store: Its store.
    """

    def __init__(self, parts: LedgerParts, store: ClosableStore) -> None:
        super().__init__(parts.hub, parts.events)
        self._parts = parts
        self._store = store
        self._closing = False
        self._left_open = LeftOpen(parts.sender, goes_on=lambda: not self._closing)
        self._beginning: set[asyncio.Task[None]] = set()
        self._tidying: asyncio.Task[None] | None = None

    @property
    def requests(self) -> int:  # type: ignore[override]
        """Requests that it has sent."""
        return self._left_open.requests

    async def open(self) -> None:
        """Take up what an earlier process left.

        Raises:
            JournalError: The ledger cannot be read.
        """
        if self._parts.close:
            self._tidying = asyncio.create_task(self._tidy_up(), name="hum-tidy")

    def resume(self, lookup: HubLookup, work: Lookup, digest: bytes) -> None:
        """Go on with a look-up of another process, unless the ledger knows its answer."""
        self.begin_soon(lookup, work, digest)

    def begin_again(self, lookup: HubLookup, work: Lookup) -> None:
        """Wait for the process that was first with the address, or take its result."""
        self.begin_soon(lookup, work, None)

    def begin_soon(
        self,
        lookup: HubLookup,
        work: Lookup,
        digest: bytes | None,
        published: "asyncio.Future[None] | None" = None,
    ) -> None:
        """Look an address up, unless the ledger knows its answer.

        Args:
            lookup: The look-up.
            work: Its state.
            digest: Its address, as in the ledger; None if the ledger knows it of this look-up.
            published: Done when others can know its id; None if they do.
        """
        beginning = self._begin(lookup, work, digest, published)
        task = asyncio.create_task(beginning, name="hum-begin")
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return what it does in the background."""
        self._closing = True
        return [*self._beginning, *([] if self._tidying is None else [self._tidying])]

    async def _begin(
        self,
        lookup: HubLookup,
        work: Lookup,
        digest: bytes | None,
        published: "asyncio.Future[None] | None",
    ) -> None:
        parts = self._parts
        try:
            if published is not None:
                await published
            known = await parts.purchases.begin(work, *parts.sender.clocks(), digest=digest)
        except Exception as exc:  # noqa: BLE001  the ledger, or a bug; its browsers are told
            parts.hub.failed(work, exc)
            return
        if lookup.work is not work:
            # Its time was over meanwhile, or nobody waited any more.
            parts.purchases.ended(work)
        elif known is not None:
            work.answer(known)
            parts.hub.record(work)
        else:
            parts.hub.begin(work)

    async def _tidy_up(self) -> None:
        """Close the sessions whose DELETE the end of an earlier process cut off."""
        try:
            store = await self._parts.ledger.of_job()
            await self._left_open.close(store)
            store.requests = self._left_open.requests
        except HumError as error:
            logger.warning("sessions of an earlier process are left open: %s", error)


class OwnLedgerKeeper(LedgerKeeper):
    """Keeps look-ups in a ledger that this process alone uses.

    Args:
        parts: The ledger, and what it is used with.
        store: Its store.
    """

    def __init__(self, parts: LedgerParts, store: ClosableStore) -> None:
        super().__init__(parts, store)
        self._ids = PublicIds(store, parts.keep_for)

    async def open(self) -> None:
        """Take up the look-ups of an earlier process; their ids go on to be known."""
        # Positions begin at the time in milliseconds: no hub tells a thousand events each second.
        position = int(datetime.now(UTC).timestamp() * 1000)
        earlier = await self._ids.known()
        # A clock that was set back must not give a position a second time.
        beyond = max([position, *(known.told or 0 for known in earlier)])
        self._parts.events.go_on(await self._store.epoch(), beyond)
        for known in earlier:
            if known.told is None:
                self._hub.take_up(known.id, known.digest)
            elif known.result is not None:
                self._hub.restore(known.id, known.result, known.told)
        await super().open()

    def start(self, lookup: HubLookup, work: Lookup, address: Address) -> None:
        """Begin a look-up; its id is recorded before anything is bought under it."""
        self.begin_soon(lookup, work, self._ids.publish(lookup.id, address))

    def told(self, lookup_id: str, position: int) -> None:
        """Record that a result was told."""
        self._ids.told(lookup_id, position)
