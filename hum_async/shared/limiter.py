"""`SharedRateLimiter`: a `RateLimiter` whose limit any number of processes and machines share."""

import asyncio
import logging
import math
import secrets
from typing import Self

import attrs

from hum_async._limits.lease_holder import LeaseHolder
from hum_async._limits.lease_reports import Bounds
from hum_async._limits.priorities import LEAST_SHARE
from hum_async._redact import Secret
from hum_async._tasks import keep, wait_for_tasks
from hum_async.limiter import LimiterStatistics, RateLimiter, _Waiter
from hum_async.shared.exchanges import Exchanges
from hum_async.shared.register import Register, StoreError
from hum_async.shared.stores import check_store, register_in, shown

logger = logging.getLogger("hum_async.limits")

_ANSWER_SECONDS = 0.5
"""Seconds after which a store that does not answer counts as lost."""

_CONNECT_SECONDS = 2.0
"""The same where a connection has to be made first."""

_ANYBODY = "default"
"""Whose limit it is if nobody says so."""


@attrs.frozen
class SharedLimiterStatistics(LimiterStatistics):
    """A shared limiter at one moment: `rate` is that of all processes, the rest of this one.

    Attributes:
        processes: Processes that share the limit, as far as was known at the last exchange.
        alone: Seconds since the store was lost, and this process goes on alone; None if it is not.
        exchanges: Exchanges with the store so far.
    """

    processes: int
    alone: float | None
    exchanges: int


class SharedRateLimiter(RateLimiter):
    """Bounds the requests of all processes and machines that name the same store.

    Args:
        store: ``redis://``, ``rediss://``, ``valkey://`` or ``unix://`` (the extra ``redis``),
            ``postgresql://`` (the extra ``postgres``), or a `Register` of your own.
        name: Whose limit it is. None: that of the first client which uses the limiter, under a
            digest of its key and host, so that other keys have limits of their own.
        concurrency: Attempts under way at the same time in this process, at least 1.
        rate: Attempts per second of all processes together; None finds the server's limit out. Of
            several processes the lowest rate that is given holds.
        max_rate: Upper bound of a rate that is found out; None for none. The lowest holds.
        burst: Attempts that may go together after a rest, at least 1. The lowest holds.
        least_share: As of `RateLimiter`, within this process.

    Raises:
        ConfigurationError: No such store is known, or its library is not installed.
        ValueError: An argument is out of its range.

    Use it as ``async with SharedRateLimiter(...) as limiter:``, or call `aclose` in the end. It
    works as `RateLimiter` does, on one event loop at a time. ``INTERACTIVE`` attempts of any
    process go before the ``BULK`` ones of all.

    Only the store's clock counts; those of the machines may be wrong. A store that is lost is no
    error: each process goes on with its share of the rate until the store is back, and the first
    one restores what it held.
    """

    def __init__(  # noqa: PLR0913  all but the store by name, as of `RateLimiter`
        self,
        store: str | Register,
        *,
        name: str | None = None,
        concurrency: int = 32,
        rate: float | None = None,
        max_rate: float | None = None,
        burst: int = 1,
        least_share: float = LEAST_SHARE,
    ) -> None:
        super().__init__(
            concurrency=concurrency,
            rate=rate,
            max_rate=max_rate,
            burst=burst,
            least_share=least_share,
        )
        self._own_register = isinstance(store, str)
        self._store: Secret | Register
        if isinstance(store, str):
            # An error tracker records the variables of each frame that an exception passes.
            url, store = Secret(store), ""
            check_store(url)
            self._store, self._where = url, shown(url)
        else:
            self._store, self._where = store, type(store).__name__
        self._name = name
        member = secrets.token_hex(4)
        self._controller = LeaseHolder(member, Bounds(rate, max_rate, burst))
        self._exchanges: Exchanges | None = None
        self._exchange: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._closing = False
        # Nobody has asked for a slot since it was closed.
        self._closed = False
        self._ask_timer: asyncio.TimerHandle | None = None
        self._ask_timer_at = math.inf

    def __repr__(self) -> str:
        # It may be asked for when the constructor has failed.
        if not hasattr(self, "_exchanges"):
            return "<SharedRateLimiter (not set up)>"
        return f"<SharedRateLimiter {self._where} {self.statistics()}>"

    async def __aenter__(self) -> Self:
        self._bind_running()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Tell the others that this process is gone, and close the connection. Idempotent.

        What still waits for a slot goes on, and opens the connection again.

        Raises:
            ConfigurationError: It is in use on another event loop.
        """
        if self._loop is None or self._exchanges is None:
            return
        loop = self._bind_running()
        if self._closer is None or self._closer.done():
            self._closer = keep(loop.create_task(self._close()))
        closer = self._closer
        await wait_for_tasks([closer])
        closer.result()

    def serves(self, account: str) -> None:
        """Take the first account that uses it for the name of the limit, unless one was given."""
        if self._name is None:
            self._name = account

    def has_room(self) -> bool:
        """Whether a slot is probably to be had at once."""
        if self._waiting or self._in_use >= self.concurrency:
            return False
        now = self._now()
        self._holder.drop_late(now)
        return self._holder.seems_free(now)

    def statistics(self) -> SharedLimiterStatistics:
        """Return what the limiter is doing now."""
        holder = self._holder
        common = super().statistics()
        return SharedLimiterStatistics(
            **{each.name: getattr(common, each.name) for each in attrs.fields(LimiterStatistics)},
            processes=holder.members,
            alone=None if holder.lost_at is None else self._now() - holder.lost_at,
            exchanges=holder.exchanges,
        )

    # --- what differs from a limiter of one process

    @property
    def _holder(self) -> LeaseHolder:
        assert isinstance(self._controller, LeaseHolder)  # noqa: S101  set in the constructor
        return self._controller

    def _bind(self, loop: asyncio.AbstractEventLoop) -> None:
        super()._bind(loop)
        # Connections, timers and tasks belong to the loop before.
        self._exchanges = self._exchange = self._closer = self._ask_timer = None
        self._ask_timer_at, self._closing, self._closed = math.inf, False, False

    def _bind_running(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._bind(loop)
        return loop

    def _take_at_once(self) -> float | None:
        self._holder.drop_late(self._bind_running().time())
        self._closed = False
        granted = super()._take_at_once()
        if granted is not None:
            self._ask()
        return granted

    def _grant_waiting(self, waiting: list[list[_Waiter]] | None = None) -> None:
        self._holder.drop_late(self._now())
        super()._grant_waiting(waiting)
        self._ask()

    # --- exchanges with the store

    def _ask(self) -> None:
        """Begin an exchange if one is due, or set the timer for it."""
        if self._loop is None or self._exchange is not None or self._closing:
            return
        if self._closed and not self._waiting:
            return  # it has left, and must not say that it is there
        now = self._loop.time()
        when = self._holder.ask_at(now, self._waiting_by_priority, self._room)
        if when <= now:
            exchange = keep(self._loop.create_task(self._exchange_once()))
            # Where tasks are eager it may have ended already, and another one begun.
            if not exchange.done():
                self._exchange = exchange
        elif when != self._ask_timer_at or self._ask_timer is None:
            self._stop_asking()
            if when < math.inf:
                self._ask_timer, self._ask_timer_at = self._loop.call_at(when, self._wake_up), when

    def _wake_up(self) -> None:
        self._ask_timer = None
        self._grant_waiting()

    def _stop_asking(self) -> None:
        if self._ask_timer is not None:
            self._ask_timer.cancel()
            self._ask_timer = None

    @property
    def _room(self) -> int:
        return self._concurrency - self._in_use

    async def _exchange_once(self) -> None:
        try:
            await self._talk(leaving=False)
        finally:
            self._exchange = None
        self._grant_waiting()

    async def _talk(self, *, leaving: bool) -> None:
        """Have one exchange with the store, or go on alone."""
        holder, exchanges = self._holder, self._opened()
        now = self._now()
        warm = holder.exchanges and holder.lost_at is None
        patience = _ANSWER_SECONDS if warm else _CONNECT_SECONDS
        report = holder.report(now, self._waiting_by_priority, self._room, leaving=leaving)
        try:
            lease, took = await exchanges.exchange(report, patience=patience)
        except Exception as exc:  # noqa: BLE001  whatever it is, requests have to go on
            self._lost(exc, exchanges)
            return
        if holder.lost_at is not None:
            logger.info("the shared limit is back: %s", self._where)
        holder.leased(self._now(), report, lease, took=took)

    def _lost(self, exc: Exception, exchanges: Exchanges) -> None:
        holder = self._holder
        known = holder.lost_at is not None
        holder.lost(
            self._now(),
            exchanges.copy,
            shift=exchanges.copy_shift,
            waits=bool(self._waiting),
        )
        if not known:
            logger.warning(
                "the shared limit cannot be reached at %s (%s): this process goes on alone, as one "
                "of %d; check that the store runs, and that user, password and options of its URL "
                "are right",
                self._where,
                exc if isinstance(exc, StoreError) else type(exc).__name__,
                holder.members,
            )

    def _opened(self) -> Exchanges:
        if self._exchanges is None:
            register = (
                register_in(self._store, self._name or _ANYBODY)
                if isinstance(self._store, Secret)
                else self._store
            )
            self._exchanges = Exchanges(register)
        return self._exchanges

    async def _close(self) -> None:
        self._closing = True
        try:
            await self._leave()
        finally:
            try:
                if self._exchanges is not None and self._own_register:
                    await self._exchanges.aclose()
            finally:
                self._closing, self._closed = False, True
        self._grant_waiting()

    async def _leave(self) -> None:
        """Tell the others that this process is gone, once it is known what it has."""
        self._stop_asking()
        if self._exchange is not None:
            await asyncio.wait([self._exchange])
        if self._holder.exchanges and self._holder.lost_at is None:
            await self._talk(leaving=True)
