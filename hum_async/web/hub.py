"""`SessionHub`: one poll per look-up, however many browsers watch it. Knows no web framework."""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from http import HTTPStatus
from typing import Literal, Self

from hum_async._addresses.usps_key import address_key
from hum_async._api.addresses import checked
from hum_async._api.campaigns import checked_campaign_id
from hum_async._api.running_loop import any_loop, running_loop
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
from hum_async.models import Address, Outcome
from hum_async.web._hub_lookups import HubLookups
from hum_async.web._hub_options import HubOptions, HubStatistics, check_numbers, check_seconds
from hum_async.web._registry import HubLookup, Registry
from hum_async.web._signals import ShutdownNotice
from hum_async.web._subscription import EventStream, Subscription
from hum_async.web._worker_notice import WorkerNotice

__all__ = ["HubOptions", "HubStatistics", "SessionHub"]

logger = logging.getLogger("hum_async.web")

BUSY_RETRY = 5.0
"""Seconds after which a refused browser may ask again: about what a look-up takes (hum-api 5)."""

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
        self._campaign_id = checked_campaign_id(campaign_id)
        self._max_running = max_running
        self._max_subscribers = max_subscribers
        self._registry = Registry(reuse_for=reuse_for, keep_for=keep_for, max_ended=max_ended)
        urgency = self._sender.priority_of(Priority.INTERACTIVE, priority)
        self._dispatcher = Dispatcher(self._sender.limiter, urgency, waited=self._sender.waited)
        self._lookups = HubLookups(
            self._sender,
            client.ledger,
            urgency=urgency,
            registry=self._registry,
            policy=client.lookup_policy if policy is None else policy,
            max_running=max_running,
            keep_for=keep_for,
            abandon_after=abandon_after if on_abandon == "close" else None,
            close=close,
            timeout=timeout,
            wake=self._dispatcher.wake,
            on_bug=self.close,
        )
        self._notice = ShutdownNotice(self._close_soon) if signals else None
        self._workers = WorkerNotice()
        self._subscriptions: set[Subscription] = set()
        self._supervisor: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gone: asyncio.Future[None] | None = None
        self._closing = False
        self._started = self._reused = self._refused = 0

    def __repr__(self) -> str:
        return f"<SessionHub {self.statistics()}>"

    # --- lifetime ---------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._supervisor is not None:
            raise RuntimeError("a hub can be entered once; create another one")
        self._loop = running_loop()
        self._gone = self._loop.create_future()
        try:
            await self._lookups.open()
        finally:
            if not self._lookups.keeper.shared:
                self._workers.at_start(ledger=self._lookups.kept)
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
        self._lookups.stop_timers()
        try:
            await end_tasks([*self._lookups.keeper.tasks(), self._supervisor])
        finally:
            await self._lookups.aclose()

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
            self._lookups.share(known, retried)
            return known.id
        if self._lookups.is_full():
            self._refused += 1
            raise HubBusy(
                f"as many look-ups as may run at a time are running ({self._max_running}); "
                "try again in a moment",
                status=HTTPStatus.TOO_MANY_REQUESTS,
                retry_after=BUSY_RETRY,
            )
        self._started += 1
        return self._lookups.start(address, key, now, campaign_id=label, retried=retried).id

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
        lookups = {one: self._lookups.find(one) for one in ids}
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
            position=self._lookups.events.position_of(last_event_id),
            on_leave=lambda: self._left(subscription, found),
            on_rest=lambda: self._lookups.abandon_unread(found),
            on_resume=lambda: self._lookups.keep(found),
        )
        if not subscription.over:
            self._subscriptions.add(subscription)
            self._count_subscribers(1)
        self._lookups.keep(found)
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
            abandoned=self._lookups.abandoned,
            requests=self._lookups.requests,
        )

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

    def _left(self, subscription: Subscription, lookups: list[HubLookup]) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
            self._count_subscribers(-1)
        self._lookups.abandon_unread(lookups)

    def _count_subscribers(self, change: int) -> None:
        if (telemetry := self._sender.telemetry) is not None:
            telemetry.subscribers(change)

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
            await self._dispatcher.run(self._lookups.queue)
        except Exception:
            logger.exception("the hub stopped by a bug of hum_async; please report it")
        finally:
            self.close()
