"""The look-ups of a hub: how each begins, what is told of it, and when it ends or is forgotten."""

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from hum_async._api.sender import RequestSender
from hum_async._lookups.lookup import Lookup
from hum_async._lookups.observer import LookupObserver
from hum_async._lookups.queue import LookupQueue
from hum_async._polling.policies import PollPolicy
from hum_async.limiter import Priority
from hum_async.models import Address, Outcome, Qualification
from hum_async.web._event_writer import EventWriter
from hum_async.web._keeper import NOT_KEPT, Keeper
from hum_async.web._recorder import HubRecorder
from hum_async.web._registry import HubLookup, Registry
from hum_async.web._replay_buffer import PlacedEvent
from hum_async.web._timers import Timers
from hum_async.web.events import HubEvent

if TYPE_CHECKING:
    from hum_async._purchases.ledger import Ledger

logger = logging.getLogger("hum_async.web")

AWAITED_RETRY = 1.0
"""Seconds after which is looked again whether others still wait for a look-up that no browser
reads, at least."""


class HubLookups:
    """Runs the look-ups of a hub. Its keeper and its recorder tell it what others do (`KeptHub`).

    Args:
        sender: Sends the requests.
        ledger: The client's ledger; None for none.
        urgency: How urgent the requests are.
        registry: Knows the look-ups.
        policy: When to poll.
        max_running: Look-ups without a result at the same time.
        keep_for: Seconds from its end in which a look-up can still be read.
        abandon_after: Seconds after which a look-up ends that no browser reads; None for never.
        close: End the session of a look-up when its result is there.
        timeout: Seconds for a whole look-up; None for no bound.
        wake: Called when there may be a request to send.
        on_bug: Called when nothing works any more.

    `abandoned` counts the look-ups that no browser read.
    """

    def __init__(  # noqa: PLR0913  all but the first two by name
        self,
        sender: RequestSender,
        ledger: "Ledger | None",
        *,
        urgency: Priority,
        registry: Registry,
        policy: PollPolicy,
        max_running: int,
        keep_for: float,
        abandon_after: float | None,
        close: bool,
        timeout: float | None,
        wake: Callable[[], None],
        on_bug: Callable[[], None],
    ) -> None:
        self.abandoned = 0
        self.registry = registry
        self.events = EventWriter(sender.key)
        self._sender = sender
        self._policy = policy
        self._max_running = max_running
        self._abandon_after = abandon_after
        self._close = close
        self._timeout = timeout
        self._on_bug = on_bug
        # What it does without a ledger is nothing.
        self._purchases = LookupObserver()
        self._parts = None
        if ledger is not None:
            # Imported here, because a hub without a ledger needs nothing of what keeps purchases.
            from hum_async._lookups.recording import PurchaseRecorder  # noqa: PLC0415
            from hum_async.web._ledger_keeper import LedgerParts  # noqa: PLC0415

            self._purchases = PurchaseRecorder(ledger, urgency)
            self._parts = LedgerParts(
                hub=self,
                ledger=ledger,
                purchases=self._purchases,
                sender=sender,
                events=self.events,
                keep_for=keep_for,
                close=close,
                abandon_after=abandon_after,
            )
        self.keeper = Keeper(self, self.events)
        self._recorder = HubRecorder(self, self._purchases)
        self.queue = LookupQueue(sender, observer=self._recorder, wake=wake, owner="hub")
        # Of look-ups that nobody reads, and of the time for each.
        self._abandoning, self._deadlines = Timers(), Timers()
        self._forgetting: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False

    # --- what the hub does ------------------------------------------------------------------------

    @property
    def kept(self) -> bool:
        """Whether they are kept in a ledger."""
        return self._parts is not None

    @property
    def requests(self) -> int:
        """Requests sent."""
        return self.queue.requests + self.keeper.requests

    async def open(self) -> None:
        """Take up what is left of earlier processes.

        Raises:
            JournalError: The ledger cannot be used.
        """
        self._loop = asyncio.get_running_loop()
        if self._parts is not None:
            from hum_async.web._open_keeper import open_keeper  # noqa: PLC0415  with a ledger

            self.keeper = await open_keeper(self._parts)
            await self.keeper.open()

    def stop(self) -> None:
        """Begin nothing new."""
        self._closing = True
        self.queue.stop()

    def stop_timers(self) -> None:
        """End and forget nothing from now on."""
        self._abandoning.stop_all()
        self._deadlines.stop_all()
        if self._forgetting is not None:
            self._forgetting.cancel()

    async def aclose(self) -> None:
        """Leave what is under way to others. Called when nothing is sent any more."""
        # Their sessions go on, and whoever asks for an address next takes its session up.
        self._purchases.end_all()
        self.queue.end_all()
        await self.keeper.aclose()

    def is_full(self) -> bool:
        """Return whether as many look-ups as may run at a time are running."""
        return self.registry.running >= self._max_running

    def start(
        self,
        address: Address,
        key: str,
        now: float,
        *,
        campaign_id: str | None,
        retried: frozenset[Outcome],
    ) -> HubLookup:
        """Begin a look-up.

        Args:
            address: The address, checked.
            key: What identifies it however it is spelled.
            now: Present time.
            campaign_id: The caller's own label.
            retried: Outcomes after which the address is looked up anew.
        """
        lookup = self._new_lookup(address, key, now, campaign_id=campaign_id, retried=retried)
        self.registry.add(lookup)
        if lookup.work is not None:
            self.queue.begin(lookup.work)
            self.keeper.start(lookup, lookup.work, address)
            self._bound(asyncio.get_running_loop(), lookup, lookup.work)
        return lookup

    def share(self, lookup: HubLookup, retried: frozenset[Outcome]) -> None:
        """Let one more caller have the answer of a look-up."""
        if lookup.work is not None:
            # It may be about to find in the ledger what is to be looked up anew.
            lookup.work.retried |= retried
            self.queue.joined(lookup.work)
        if lookup in self._abandoning or self.keeper.shared:
            # Whoever asks for it now has yet to subscribe.
            self._abandon_later(lookup)

    def find(self, lookup_id: str) -> HubLookup | None:
        """Return a look-up that this worker knows, or can show; None if it cannot."""
        return self.registry.get(lookup_id) or self.keeper.find(lookup_id)

    def keep(self, lookups: Iterable[HubLookup]) -> None:
        """Abandon these look-ups no more: somebody reads them."""
        for lookup in lookups:
            self._abandoning.stop(lookup)

    def abandon_unread(self, lookups: Iterable[HubLookup]) -> None:
        """Abandon those of these look-ups soon that nobody reads."""
        for lookup in lookups:
            if lookup.outcome is None and not lookup.buffer.readers:
                self._abandon_later(lookup)

    # --- what its keeper tells --------------------------------------------------------------------

    def begin(self, work: Lookup) -> None:
        """Send the requests of a look-up."""
        self.queue.add(work)

    def close_session(self, work: Lookup) -> None:
        """Send the DELETE of a look-up, if it needs one."""
        self.queue.close(work)

    def begin_again(self, work: Lookup) -> None:
        """Ask the ledger again for the address of a look-up: another process was first with it."""
        lookup = self.registry.get(str(work.key))
        if lookup is None or lookup.work is not work:
            self._purchases.ended(work)  # abandoned
        else:
            self.keeper.begin_again(lookup, work)

    def failed(self, work: Lookup, error: Exception) -> None:
        """Tell that a look-up failed."""
        self._recorder.failed(work, error)

    def take_up(self, lookup_id: str, digest: bytes) -> None:
        """Go on with the look-up of another process, whose address is known by its digest alone."""
        now = self._now()
        lookup = self._new_lookup(NOT_KEPT, f"#{lookup_id}", now, known_as=lookup_id)
        if (known := self.registry.get(lookup_id)) is not None:
            if known.work is not None or known.outcome is not None:
                return  # it came back to where it was
            known.work, known.outlet, lookup = lookup.work, lookup.outlet, known
        self.registry.add(lookup)
        if lookup.work is not None:
            self.keeper.resume(lookup, lookup.work, digest)
            self._bound(asyncio.get_running_loop(), lookup, lookup.work)

    def restore(self, lookup_id: str, result: Qualification, told: int) -> None:
        """Remember a look-up whose result an earlier process told, as the event at a position."""
        now, buffer = self._now(), self.events.restored(lookup_id, result, told)
        lookup = HubLookup(lookup_id, f"#{lookup_id}", now, buffer, buffer)
        self.registry.add(lookup)
        self.registry.end(lookup, result.outcome, now)

    def follow(self, lookup_id: str) -> HubLookup:
        """Remember a look-up that another worker has, and return it."""
        buffer = self.keeper.buffer(lookup_id)
        lookup = HubLookup(lookup_id, f"#{lookup_id}", self._now(), buffer, buffer)
        self.registry.follow(lookup)
        return lookup

    def hear(self, lookup_id: str, events: Sequence[PlacedEvent]) -> None:
        """Show events that some worker has told, if their look-up is known here."""
        lookup = self.registry.get(lookup_id)
        if lookup is not None and lookup.buffer.hear(events) and lookup.buffer.ended:
            self.lose(lookup.id)
            self._end(lookup, Outcome(events[-1][0].data["outcome"]))

    def end(self, event: HubEvent) -> None:
        """End a look-up, if it is known here, by an event that no log holds."""
        lookup = self.registry.get(event.lookup or "")
        if lookup is not None and not lookup.buffer.ended:
            lookup.buffer.add(event)
            self.lose(lookup.id)
            self._end(lookup, Outcome.FAILED)

    def lose(self, lookup_id: str) -> None:
        """Send nothing more for a look-up: another worker has it now."""
        lookup = self.registry.get(lookup_id)
        if lookup is not None and (work := lookup.work) is not None:
            self._abandoning.stop(lookup)
            self._deadlines.stop(lookup)
            self.registry.give_up(lookup)
            if not self.queue.let_go(work):
                self._purchases.ended(work)

    def read(self) -> list[str]:
        """Return the look-ups without a result that browsers read here."""
        looked_up = self.registry.all()
        return [one.id for one in looked_up if one.outcome is None and one.buffer.readers]

    def abandon(self, lookup_id: str) -> None:
        """End a look-up of this hub, because no browser reads it anywhere."""
        if (lookup := self.registry.get(lookup_id)) is not None and not lookup.buffer.readers:
            self._abandon(lookup)

    def running(self) -> list[str]:
        """Return the look-ups of this hub that have no result."""
        return [lookup.id for lookup in self.registry.all() if lookup.work is not None]

    def room(self) -> int:
        """Return how many more look-ups it can run."""
        return 0 if self._closing else max(self._max_running - self.registry.running, 0)

    def close(self) -> None:
        """End all streams, because nothing works any more."""
        self._on_bug()

    def _new_lookup(  # noqa: PLR0913  the last three by name
        self,
        address: Address,
        key: str,
        now: float,
        *,
        campaign_id: str | None = None,
        retried: frozenset[Outcome] = frozenset(),
        known_as: str | None = None,
    ) -> HubLookup:
        lookup_id = known_as or self.keeper.new_id()
        buffer = self.keeper.buffer(lookup_id)
        work = Lookup(
            key=lookup_id,
            address=address,
            policy=self._policy,
            retry=self._sender.retry,
            close=self._close,
            # It costs one request more, but some answers with providers name no agents.
            first="session",
            campaign_id=campaign_id,
            retried=retried,
            replace=known_as is None,
            until=math.inf if self._timeout is None else now + self._timeout,
        )
        outlet = self.keeper.outlet(lookup_id, buffer)
        return HubLookup(lookup_id, key, now, buffer, outlet, work)

    # --- what the queue reports -------------------------------------------------------------------

    def record(self, work: Lookup, *, ends: bool = True) -> None:
        """Write the events that an answer makes.

        Args:
            work: The look-up.
            ends: Whether nothing more is heard of it once it has its result.
        """
        lookup = self.registry.get(str(work.key))
        if lookup is None or lookup.work is not work:
            self._purchases.ended(work)
            return  # abandoned
        if work.session is not None:
            before = lookup.last_sent or self.events.shown(lookup.buffer)
            lookup.last_sent = self.events.write_state(
                lookup.outlet, lookup.id, before, work.session
            )
        if (result := work.result) is not None:
            told = self.events.write_result(lookup.outlet, lookup.id, result)
            self.keeper.told(lookup.id, told)
            if result.error is not None:
                logger.warning("a look-up ended %s: %s", result.outcome, result.error)
            if ends:
                self._purchases.ended(work)
            self._end(lookup, result.outcome)
            self.keeper.finish(lookup.id, work)

    def record_failure(self, work: Lookup) -> None:
        """Write that no answer will end a look-up."""
        self._purchases.ended(work)
        lookup = self.registry.get(str(work.key))
        if lookup is not None and lookup.work is work:
            self.events.write_failure(lookup.outlet, lookup.id)
            self._end(lookup, Outcome.FAILED)

    def _end(self, lookup: HubLookup, outcome: Outcome) -> None:
        self._abandoning.stop(lookup)
        self._deadlines.stop(lookup)
        if lookup.work is not None:
            self.queue.ended(lookup.work)
        lookup.work = lookup.last_sent = None
        lookup.outcome = outcome
        # The events of a shared ledger are shown when they are read there.
        if lookup.buffer.ended:
            self.registry.end(lookup, outcome, self._now())
            self._forget_old()

    # --- forgetting -------------------------------------------------------------------------------

    def _forget_old(self) -> None:
        """Forget what has been kept long enough, and come again."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        when = self.registry.forget_old(self._now())
        # The first of many that end together takes the others with it.
        self._forgetting = (
            self._loop.call_at(when, self._forget_old)
            if when is not None and self._loop is not None and not self._closing
            else None
        )

    def _abandon_later(self, lookup: HubLookup, *, at_least: float = 0.0) -> None:
        if self._abandon_after is None or self._loop is None or self._closing:
            return
        self.keeper.attend(lookup.id)
        if not self.keeper.shared:
            when = self._loop.time() + max(self._abandon_after, at_least)
            self._abandoning.start(self._loop, lookup, when, self._abandon)

    def _bound(self, loop: asyncio.AbstractEventLoop, lookup: HubLookup, work: Lookup) -> None:
        """End a look-up when its time is over."""
        if self._timeout is not None:
            self._deadlines.start(loop, lookup, work.until, self._expire)

    def _expire(self, lookup: HubLookup) -> None:
        if (work := lookup.work) is not None and self._timeout is not None:
            self.queue.expire(work, self._timeout)
            # The answer to what is under way will show what was bought.
            self.record(work, ends=not self.queue.is_sending(work))

    def _abandon(self, lookup: HubLookup) -> None:
        if lookup.work is not None and self._purchases.is_awaited(lookup.work):
            # Others with this ledger wait for it, perhaps not to its end.
            self._abandon_later(lookup, at_least=AWAITED_RETRY)
            return
        self._deadlines.stop(lookup)
        if lookup.work is not None:
            self.abandoned += 1
            work, lookup.work = lookup.work, None
            # A reader that rests may come back.
            self.events.write_failure(lookup.outlet, lookup.id)
            if lookup.buffer.ended:
                self.registry.drop(lookup)
            else:
                self._end(lookup, Outcome.FAILED)
            if not self.queue.abandon(work):
                self._purchases.ended(work)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
