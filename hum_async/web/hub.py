"""`SessionHub`: one poll per look-up, however many browsers watch it. Knows no web framework."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Literal, Self

from hum_async._addresses.usps_key import address_key
from hum_async._api.addresses import checked
from hum_async._api.campaigns import checked_campaign_id
from hum_async._api.running_loop import any_loop, running_loop
from hum_async._lookups.lookup import Lookup
from hum_async._lookups.queue import LookupObserver, LookupQueue
from hum_async._polling.dispatcher import Dispatcher
from hum_async._polling.policies import PollPolicy
from hum_async._tasks import end_tasks
from hum_async.client import HumClient
from hum_async.errors import (
    BadRequest,
    HubBusy,
    HubClosed,
    LookupElsewhere,
    LookupNotFound,
)
from hum_async.limiter import Priority
from hum_async.models import Address, Outcome, Qualification
from hum_async.web._event_writer import EventWriter
from hum_async.web._hub_options import HubOptions, HubStatistics, check_numbers, check_seconds
from hum_async.web._keeper import NOT_KEPT, Keeper
from hum_async.web._recorder import HubRecorder
from hum_async.web._registry import HubLookup, Registry
from hum_async.web._replay_buffer import PlacedEvent
from hum_async.web._signals import ShutdownNotice
from hum_async.web._subscription import EventStream, Subscription
from hum_async.web._timers import Timers
from hum_async.web._worker_notice import WorkerNotice
from hum_async.web.events import HubEvent

__all__ = ["HubOptions", "HubStatistics", "SessionHub"]

logger = logging.getLogger("hum_async.web")

BUSY_RETRY = 5.0
"""Seconds after which a refused browser may ask again: about what a look-up takes (hum-api 5)."""

AWAITED_RETRY = 1.0
"""Seconds after which is looked again whether others still wait for a look-up that no browser
reads, at least."""

FAREWELL_GRACE = 0.5
"""Seconds in which a browser must take its farewell; then its response is cut off."""


class SessionHub:
    """Runs look-ups for browsers. One per application; an async context manager.

    Args:
        client: Whose API, key, limiter and retry policy are used; it is not closed.
        policy: When to poll; None learns it, together with the look-ups of the client.
        max_running: Look-ups without a result at the same time, at least 1; one more is refused.
        max_subscribers: Streams open at the same time, at least 1; one more is refused.
        max_ended: Ended look-ups that are remembered at most; the oldest are forgotten first.
        reuse_for: Seconds from its beginning in which a look-up answers for the same address; 0
            for never.
        keep_for: Seconds from its end in which a look-up can still be read.
        on_abandon: What becomes of a running look-up whose last subscriber has left: ``keep`` lets
            it run to its end, because it is paid for; ``close`` ends its session.
        abandon_after: Seconds in which a subscriber may come back before that.
        close: End the session of a look-up when its result is there.
        signals: Handle SIGINT and SIGTERM, to end streams before the server waits for them. The
            handlers that were there before run as well.
        priority: How urgent its requests are among all that share the limiter; None for
            `INTERACTIVE`, or what the client was given by `with_options`.
        timeout: Seconds for a whole look-up, waiting for the rate limit and pauses included; as of
            `HumClient.lookup`. None for no bound.
        campaign_id: Your own label for its look-ups, 1 to 100 characters.

    Raises:
        ConfigurationError: The campaign_id cannot be sent.
        ValueError: An argument is out of its range.

    Sessions that are open when the hub is left are not closed; they expire by themselves. With a
    ledger the next hub or job takes them up, and closes those whose result is safe. Hubs with one
    ledger in PostgreSQL serve each other's look-ups at any time.
    """

    def __init__(  # noqa: PLR0913  each by name, all with a default
        self,
        client: HumClient,
        *,
        policy: PollPolicy | None = None,
        max_running: int = 256,
        max_subscribers: int = 10_000,
        max_ended: int = 2_000,
        reuse_for: float = 300.0,
        keep_for: float = 600.0,
        on_abandon: Literal["keep", "close"] = "keep",
        abandon_after: float = 10.0,
        close: bool = True,
        signals: bool = True,
        priority: Priority | None = None,
        timeout: float | None = 120.0,
        campaign_id: str | None = None,
    ) -> None:
        check_numbers(max_running, max_subscribers, max_ended)
        check_seconds(reuse_for, keep_for, abandon_after, timeout=timeout)
        if on_abandon not in {"keep", "close"}:
            raise ValueError(f"on_abandon must be 'keep' or 'close', not {on_abandon!r}")
        self._sender = client.sender
        self._policy: PollPolicy = client.lookup_policy if policy is None else policy
        self._close = close
        self._timeout = timeout
        self._campaign_id = checked_campaign_id(campaign_id)
        self._max_running = max_running
        self._max_subscribers = max_subscribers
        self._abandon_after = abandon_after if on_abandon == "close" else None
        self._registry = Registry(reuse_for=reuse_for, keep_for=keep_for, max_ended=max_ended)
        self._events = EventWriter(self._sender.key)
        urgency = self._sender.priority_of(Priority.INTERACTIVE, priority)
        self._dispatcher = Dispatcher(self._sender.limiter, urgency, waited=self._sender.waited)
        # What it does without a ledger is nothing.
        self._purchases = LookupObserver()
        self._parts = None
        if (ledger := client.ledger) is not None:
            # Imported here, because a hub without a ledger needs nothing of what keeps purchases.
            from hum_async._lookups.recording import PurchaseRecorder  # noqa: PLC0415
            from hum_async.web._ledger_keeper import LedgerParts  # noqa: PLC0415

            self._purchases = PurchaseRecorder(ledger, urgency)
            self._parts = LedgerParts(
                hub=self,
                ledger=ledger,
                purchases=self._purchases,
                sender=self._sender,
                events=self._events,
                keep_for=keep_for,
                close=close,
                abandon_after=self._abandon_after,
            )
        self._keeper = Keeper(self, self._events)
        self._recorder = HubRecorder(self, self._purchases)
        self._lookups = LookupQueue(
            self._sender,
            observer=self._recorder,
            wake=self._dispatcher.wake,
            owner="hub",
        )
        self._notice = ShutdownNotice(self._close_soon) if signals else None
        self._workers = WorkerNotice()
        self._subscriptions: set[Subscription] = set()
        # Of look-ups that nobody reads, and of the time for each.
        self._abandoning, self._deadlines = Timers(), Timers()
        self._forgetting: asyncio.TimerHandle | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gone: asyncio.Future[None] | None = None
        self._closing = False
        self._started = self._reused = self._refused = self._abandoned = 0

    def __repr__(self) -> str:
        return f"<SessionHub {self.statistics()}>"

    # --- lifetime ---------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._supervisor is not None:
            raise RuntimeError("a hub can be entered once; create another one")
        self._loop = running_loop()
        self._gone = self._loop.create_future()
        await self._open_keeper()
        self._supervisor = self._loop.create_task(self._supervise(), name="hum-hub")
        if self._notice is not None:
            self._notice.install()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Say farewell and stop; no task is running any more when this returns. Idempotent."""
        if self._supervisor is None:
            return
        self.close()
        if self._notice is not None:
            self._notice.remove()
        self._abandoning.stop_all()
        self._deadlines.stop_all()
        if self._forgetting is not None:
            self._forgetting.cancel()
        try:
            await end_tasks([*self._keeper.tasks(), self._supervisor])
        finally:
            # Their sessions go on, and whoever asks for an address next takes its session up.
            self._purchases.end_all()
            self._lookups.end_all()
            await self._keeper.aclose()

    def close(self) -> None:
        """Begin nothing new and end all streams with a farewell; open sessions are polled on.

        SIGINT and SIGTERM do this by themselves. A server that is stopped in another way should
        call it before it waits for its open responses.
        """
        if self._closing or self._loop is None:
            return
        self._closing = True
        self._lookups.stop()
        for subscription in tuple(self._subscriptions):
            subscription.dismiss()
        self._loop.call_later(FAREWELL_GRACE, self._cut_off)

    @property
    def closed(self) -> bool:
        """Whether it takes no look-up: it was not entered yet, or is shutting down."""
        return self._supervisor is None or self._closing or self._supervisor.done()

    # --- what applications call -------------------------------------------------------------------

    def lookup(
        self,
        address: Address,
        *,
        campaign_id: str | None = None,
        retry: Collection[Outcome] = (),
    ) -> str:
        """Start a look-up, which Hum may bill; return its public id at once.

        The same address, however it is spelled and labelled, is answered from an earlier look-up
        while that is running or fresh. The id cannot be guessed: who knows it may read the look-up.

        Args:
            address: The address to look up.
            campaign_id: Your own label for it, 1 to 100 characters; None for the hub's.
            retry: Outcomes of earlier look-ups after which the address is looked up anew, although
                they are fresh or the client's ledger knows them; ``{Outcome.UNCERTAIN}`` may buy a
                second session. Failures are looked up anew anyway.

        Raises:
            AddressError: The address cannot be sent; nothing was started.
            ConfigurationError: The campaign_id cannot be sent; nothing was started.
            HubBusy: As many look-ups as may run at a time are running.
            HubClosed: The hub is not running, or shutting down.
            RuntimeError: Called from another thread or event loop than the hub's.
            ValueError: Something in `retry` is no outcome.
        """
        loop, _ = self._check_running()
        label = checked_campaign_id(campaign_id) or self._campaign_id
        retried = frozenset(map(Outcome, retry))
        address = checked(address)
        key, now = address_key(address), loop.time()
        known = self._registry.reusable(key, now)
        if known is not None and known.outcome not in retried:
            self._reused += 1
            if known.work is not None:
                # It may be about to find in the ledger what is to be looked up anew.
                known.work.retried |= retried
                self._lookups.joined(known.work)
            if known in self._abandoning or self._keeper.shared:
                # Whoever asks for it now has yet to subscribe.
                self._abandon_later(known)
            return known.id
        if self._registry.running >= self._max_running:
            self._refused += 1
            raise HubBusy(
                f"as many look-ups as may run at a time are running ({self._max_running}); "
                "try again in a moment",
                status=HTTPStatus.TOO_MANY_REQUESTS,
                retry_after=BUSY_RETRY,
            )
        lookup = self._new_lookup(address, key, now, campaign_id=label, retried=retried)
        self._registry.add(lookup)
        self._started += 1
        if lookup.work is not None:
            self._lookups.begin(lookup.work)
            self._keeper.start(lookup, lookup.work, address)
            self._bound(loop, lookup, lookup.work)
        return lookup.id

    def subscribe(self, *ids: str, last_event_id: str | None = None) -> EventStream:
        """Return the events of look-ups; iterate over them with ``async for``.

        Of each look-up first comes a snapshot, then what changes, the providers, and one ``done``;
        the stream ends after the last of these.

        Args:
            ids: What `lookup` returned; at least one.
            last_event_id: Id of the last event that a reconnecting client has got of these same
                look-ups: then it gets those that it missed and no snapshot. Anything else but an
                id of this hub is ignored.

        Raises:
            LookupElsewhere: Another worker of this machine has some of the look-ups.
            LookupNotFound: Some of the look-ups are not known (any more).
            HubBusy: As many streams as may be open at a time are open.
            HubClosed: The hub is not running, or shutting down.
            BadRequest: No id is given.
            RuntimeError: Called from another thread or event loop than the hub's.
        """
        gone = self._check_running()[1]
        if not ids:
            raise BadRequest("name at least one look-up", status=HTTPStatus.BAD_REQUEST)
        known, keeper = self._registry, self._keeper
        lookups = {one: known.get(one) or keeper.find(one) for one in ids}
        if unknown := tuple(lookup_id for lookup_id, lookup in lookups.items() if lookup is None):
            if elsewhere := tuple(filter(self._registry.is_elsewhere, unknown)):
                self._workers.give()
                raise LookupElsewhere(elsewhere)
            raise LookupNotFound(unknown)
        if len(self._subscriptions) >= self._max_subscribers:
            self._refused += 1
            raise HubBusy(
                f"as many streams as may be open at a time are open ({self._max_subscribers}); "
                "try again in a moment",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                retry_after=BUSY_RETRY,
            )
        found = [lookup for lookup in lookups.values() if lookup is not None]
        subscription = Subscription(
            [lookup.buffer for lookup in found],
            position=self._events.position_of(last_event_id),
            on_leave=lambda: self._left(subscription, found),
            on_rest=lambda: self._abandon_unread(found),
            on_resume=lambda: self._keep(found),
        )
        if not subscription.over:
            self._subscriptions.add(subscription)
            self._count_subscribers(1)
        self._keep(found)
        if self._notice is not None:
            self._notice.watch_hypercorn()
        return EventStream(subscription, gone=gone)

    def statistics(self) -> HubStatistics:
        """Return what the hub is doing now."""
        return HubStatistics(
            running=self._registry.running,
            remembered=len(self._registry),
            subscribers=len(self._subscriptions),
            started=self._started,
            reused=self._reused,
            refused=self._refused,
            abandoned=self._abandoned,
            requests=self._lookups.requests + self._keeper.requests,
        )

    # --- what its keeper tells -------------------------------------------------------------------

    async def _open_keeper(self) -> None:
        try:
            if self._parts is not None:
                from hum_async.web._open_keeper import open_keeper  # noqa: PLC0415  with a ledger

                self._keeper = await open_keeper(self._parts)
                await self._keeper.open()
        finally:
            if not self._keeper.shared:
                self._workers.at_start(ledger=self._parts is not None)

    def begin(self, work: Lookup) -> None:
        """Send the requests of a look-up."""
        self._lookups.add(work)

    def close_session(self, work: Lookup) -> None:
        """Send the DELETE of a look-up, if it needs one."""
        self._lookups.close(work)

    def begin_again(self, work: Lookup) -> None:
        """Ask the ledger again for the address of a look-up: another process was first with it."""
        lookup = self._registry.get(str(work.key))
        if lookup is None or lookup.work is not work:
            self._purchases.ended(work)  # abandoned
        else:
            self._keeper.begin_again(lookup, work)

    def failed(self, work: Lookup, error: Exception) -> None:
        """Tell that a look-up failed."""
        self._recorder.failed(work, error)

    def take_up(self, lookup_id: str, digest: bytes) -> None:
        """Go on with the look-up of another process, whose address is known by its digest alone."""
        now = self._now()
        lookup = self._new_lookup(NOT_KEPT, f"#{lookup_id}", now, known_as=lookup_id)
        if (known := self._registry.get(lookup_id)) is not None:
            if known.work is not None or known.outcome is not None:
                return  # it came back to where it was
            known.work, known.outlet, lookup = lookup.work, lookup.outlet, known
        self._registry.add(lookup)
        if lookup.work is not None:
            self._keeper.resume(lookup, lookup.work, digest)
            self._bound(asyncio.get_running_loop(), lookup, lookup.work)

    def restore(self, lookup_id: str, result: Qualification, told: int) -> None:
        """Remember a look-up whose result an earlier process told, as the event at a position."""
        now, buffer = self._now(), self._events.restored(lookup_id, result, told)
        lookup = HubLookup(lookup_id, f"#{lookup_id}", now, buffer, buffer)
        self._registry.add(lookup)
        self._registry.end(lookup, result.outcome, now)

    def follow(self, lookup_id: str) -> HubLookup:
        """Remember a look-up that another worker has, and return it."""
        buffer = self._keeper.buffer(lookup_id)
        lookup = HubLookup(lookup_id, f"#{lookup_id}", self._now(), buffer, buffer)
        self._registry.follow(lookup)
        return lookup

    def hear(self, lookup_id: str, events: Sequence[PlacedEvent]) -> None:
        """Show events that some worker has told, if their look-up is known here."""
        lookup = self._registry.get(lookup_id)
        if lookup is not None and lookup.buffer.hear(events) and lookup.buffer.ended:
            self.lose(lookup.id)
            self._end(lookup, Outcome(events[-1][0].data["outcome"]))

    def end(self, event: HubEvent) -> None:
        """End a look-up, if it is known here, by an event that no log holds."""
        lookup = self._registry.get(event.lookup or "")
        if lookup is not None and not lookup.buffer.ended:
            lookup.buffer.add(event)
            self.lose(lookup.id)
            self._end(lookup, Outcome.FAILED)

    def lose(self, lookup_id: str) -> None:
        """Send nothing more for a look-up: another worker has it now."""
        lookup = self._registry.get(lookup_id)
        if lookup is not None and (work := lookup.work) is not None:
            self._abandoning.stop(lookup)
            self._deadlines.stop(lookup)
            self._registry.give_up(lookup)
            if not self._lookups.let_go(work):
                self._purchases.ended(work)

    def read(self) -> list[str]:
        """Return the look-ups without a result that browsers read here."""
        looked_up = self._registry.all()
        return [one.id for one in looked_up if one.outcome is None and one.buffer.readers]

    def abandon(self, lookup_id: str) -> None:
        """End a look-up of this hub, because no browser reads it anywhere."""
        if (lookup := self._registry.get(lookup_id)) is not None and not lookup.buffer.readers:
            self._abandon(lookup)

    def running(self) -> list[str]:
        """Return the look-ups of this hub that have no result."""
        return [lookup.id for lookup in self._registry.all() if lookup.work is not None]

    def room(self) -> int:
        """Return how many more look-ups it can run."""
        return 0 if self._closing else max(self._max_running - self._registry.running, 0)

    # --- what the queue reports -------------------------------------------------------------------

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
        lookup_id = known_as or self._keeper.new_id()
        buffer = self._keeper.buffer(lookup_id)
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
        outlet = self._keeper.outlet(lookup_id, buffer)
        return HubLookup(lookup_id, key, now, buffer, outlet, work)

    def record(self, work: Lookup, *, ends: bool = True) -> None:
        """Write the events that an answer makes.

        Args:
            work: The look-up.
            ends: Whether nothing more is heard of it once it has its result.
        """
        lookup = self._registry.get(str(work.key))
        if lookup is None or lookup.work is not work:
            self._purchases.ended(work)
            return  # abandoned
        if work.session is not None:
            before = lookup.last_sent or self._events.shown(lookup.buffer)
            lookup.last_sent = self._events.write_state(
                lookup.outlet, lookup.id, before, work.session
            )
        if (result := work.result) is not None:
            told = self._events.write_result(lookup.outlet, lookup.id, result)
            self._keeper.told(lookup.id, told)
            if result.error is not None:
                logger.warning("a look-up ended %s: %s", result.outcome, result.error)
            if ends:
                self._purchases.ended(work)
            self._end(lookup, result.outcome)
            self._keeper.finish(lookup.id, work)

    def record_failure(self, work: Lookup) -> None:
        """Write that no answer will end a look-up."""
        self._purchases.ended(work)
        lookup = self._registry.get(str(work.key))
        if lookup is not None and lookup.work is work:
            self._events.write_failure(lookup.outlet, lookup.id)
            self._end(lookup, Outcome.FAILED)

    def _end(self, lookup: HubLookup, outcome: Outcome) -> None:
        self._abandoning.stop(lookup)
        self._deadlines.stop(lookup)
        if lookup.work is not None:
            self._lookups.ended(lookup.work)
        lookup.work = lookup.last_sent = None
        lookup.outcome = outcome
        # The events of a shared ledger are shown when they are read there.
        if lookup.buffer.ended:
            self._registry.end(lookup, outcome, self._now())
            self._forget_old()

    # --- forgetting -------------------------------------------------------------------------------

    def _forget_old(self) -> None:
        """Forget what has been kept long enough, and come again."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        when = self._registry.forget_old(self._now())
        # The first of many that end together takes the others with it.
        self._forgetting = (
            self._loop.call_at(when, self._forget_old)
            if when is not None and self._loop is not None and not self._closing
            else None
        )

    def _left(self, subscription: Subscription, lookups: list[HubLookup]) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
            self._count_subscribers(-1)
        self._abandon_unread(lookups)

    def _count_subscribers(self, change: int) -> None:
        if (telemetry := self._sender.telemetry) is not None:
            telemetry.subscribers(change)

    def _keep(self, lookups: list[HubLookup]) -> None:
        for lookup in lookups:
            self._abandoning.stop(lookup)

    def _abandon_unread(self, lookups: list[HubLookup]) -> None:
        for lookup in lookups:
            if lookup.outcome is None and not lookup.buffer.readers:
                self._abandon_later(lookup)

    def _abandon_later(self, lookup: HubLookup, *, at_least: float = 0.0) -> None:
        if self._abandon_after is None or self._loop is None or self._closing:
            return
        self._keeper.attend(lookup.id)
        if not self._keeper.shared:
            when = self._loop.time() + max(self._abandon_after, at_least)
            self._abandoning.start(self._loop, lookup, when, self._abandon)

    def _bound(self, loop: asyncio.AbstractEventLoop, lookup: HubLookup, work: Lookup) -> None:
        """End a look-up when its time is over."""
        if self._timeout is not None:
            self._deadlines.start(loop, lookup, work.until, self._expire)

    def _expire(self, lookup: HubLookup) -> None:
        if (work := lookup.work) is not None and self._timeout is not None:
            self._lookups.expire(work, self._timeout)
            # The answer to what is under way will show what was bought.
            self.record(work, ends=not self._lookups.is_sending(work))

    def _abandon(self, lookup: HubLookup) -> None:
        if lookup.work is not None and self._purchases.is_awaited(lookup.work):
            # Others with this ledger wait for it, perhaps not to its end.
            self._abandon_later(lookup, at_least=AWAITED_RETRY)
            return
        self._deadlines.stop(lookup)
        if lookup.work is not None:
            self._abandoned += 1
            work, lookup.work = lookup.work, None
            # A reader that rests may come back.
            self._events.write_failure(lookup.outlet, lookup.id)
            if lookup.buffer.ended:
                self._registry.drop(lookup)
            else:
                self._end(lookup, Outcome.FAILED)
            if not self._lookups.abandon(work):
                self._purchases.ended(work)

    # --- machinery --------------------------------------------------------------------------------

    def _check_running(self) -> tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]:
        if self._loop is None or self._gone is None or self._supervisor is None:
            raise HubClosed("the hub is not running; use `async with SessionHub(...)`", status=503)
        if self.closed:
            raise HubClosed(
                "the application is shutting down; try again in a moment",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                retry_after=BUSY_RETRY,
            )
        if any_loop() is not self._loop:
            raise RuntimeError(
                "a SessionHub is used on the event loop that it was entered on; make the handler "
                "`async def`, because frameworks run others in a thread"
            )
        return self._loop, self._gone

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _close_soon(self) -> None:
        """Close from a signal handler."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
                self._loop.call_soon_threadsafe(self.close)

    def _cut_off(self) -> None:
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    async def _supervise(self) -> None:
        try:
            await self._dispatcher.run(self._lookups)
        except Exception:
            logger.exception("the hub stopped by a bug of hum_async; please report it")
        finally:
            self.close()
