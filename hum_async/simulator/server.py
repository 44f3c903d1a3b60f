"""The simulator: a local Hum API over real HTTP."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Literal, Self

from aiohttp import web

from hum_async.simulator._address_rules import AddressRejected, read_address
from hum_async.simulator._bucket import TokenBucket
from hum_async.simulator._clock import SimulatedClock
from hum_async.simulator._control import Control
from hum_async.simulator._faults import FaultDice, Faults
from hum_async.simulator._handlers import RequestHandler
from hum_async.simulator._http_app import HttpApp, Settings
from hum_async.simulator._request_log import RequestLog, RequestRecord, Statistics
from hum_async.simulator._retry_after import RetryAfter, check_retry_after
from hum_async.simulator._session_store import SessionStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

Generation = Literal["polling", "immediate"]

_BACKLOG = 1024
_SHUTDOWN_SECONDS = 0.1


class Simulator:
    """A local Hum API: stateful, seeded, on a clock of its own.

    Use it as an async context manager, or call `start` and `aclose`. Closed and started again it
    comes back on the same port with all its sessions, as after an outage.

    Args:
        host: A loopback address; anything else is refused.
        port: TCP port; 0 picks a free one.
        seed: Seed of outcomes, tokens, variants and faults.
        speed: Simulated seconds per event-loop second, above 0.
        generation: "polling" (a POST answers at once and clients poll) or "immediate" (a POST
            waits for the providers and carries them).
        median: Median time of a search, simulated seconds, 0 or more.
        sigma: Spread of the logarithm of that time, 0 or more; 0 makes all searches take `median`.
        rate: Most requests per event-loop second; `None` for no limit.
        burst: Most requests at once, 1 or more; `None` means `max(1, rate)`.
        retry_after: What a 429 says: `None` nothing, a number of seconds, a `timedelta` an
            HTTP-date that far ahead, "date" an HTTP-date one second ahead.
        lifetime: Simulated seconds without a request until a session answers 410 (hum-api 5).
        faults: What goes wrong, and how often; `None` for nothing.
    """

    def __init__(  # noqa: PLR0913 - one argument for each thing a test may want to choose
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        speed: float = 1.0,
        generation: Generation = "polling",
        median: float = 9.0,
        sigma: float = 0.4,
        rate: float | None = None,
        burst: float | None = None,
        retry_after: RetryAfter = None,
        lifetime: float = 1800.0,
        faults: Faults | None = None,
    ) -> None:
        if generation not in {"polling", "immediate"}:
            raise ValueError(f'generation={generation!r}: pass "polling" or "immediate"')
        self._host = _loopback(host)
        self._port = port
        self._clock = SimulatedClock(speed=speed)
        self._journal = RequestLog()
        self._world = SessionStore(seed=seed, median=median, sigma=sigma, lifetime=lifetime)
        self._desk = RequestHandler(
            self._world,
            dice=FaultDice(seed=seed),
            epoch=self._clock.epoch,
            immediate=generation == "immediate",
        )
        self._knobs = Settings(
            faults=Faults() if faults is None else faults,
            bucket=TokenBucket(rate=rate, burst=burst),
            retry_after=check_retry_after(retry_after),
        )
        self._face = HttpApp(
            self._desk,
            clock=self._clock,
            journal=self._journal,
            knobs=self._knobs,
            control=Control(self._journal, statistics=self.statistics, clock=self._clock),
            seed=seed,
        )
        self._runner: web.ServerRunner | None = None

    def __repr__(self) -> str:
        state = self.url if self._runner is not None else "not running"
        return f"<Simulator {state}, {len(self._world)} sessions, {len(self._journal)} requests>"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def start(self) -> None:
        """Listen; does nothing when it already does.

        Raises:
            OSError: The port is taken.
        """
        if self._runner is not None:
            return
        self._clock.start()
        server = web.Server(self._face.handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_SECONDS)
        try:
            await self._runner.setup()
            await web.TCPSite(self._runner, self._host, self._port, backlog=_BACKLOG).start()
        except BaseException:
            await self.aclose()
            raise
        self._port = self._runner.addresses[0][1]

    async def aclose(self) -> None:
        """Stop listening and drop every connection; does nothing when not running."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        self._clock.stop()
        try:
            for site in runner.sites:
                await site.stop()
            await self._face.cancel()
        finally:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """Base URL, "http://127.0.0.1:PORT".

        Raises:
            RuntimeError: No port has been picked yet.
        """
        if not self._port:
            raise RuntimeError("the simulator has no port yet: start it first")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def now(self) -> float:
        """Simulated seconds since the first start."""
        return self._clock.now

    def advance(self, seconds: float) -> None:
        """Jump the simulated clock ahead and wake whoever waits for an instant of it.

        Args:
            seconds: Simulated seconds, 0 or more.
        """
        self._clock.advance(seconds)

    @property
    def faults(self) -> Faults:
        """What goes wrong from now on; assign another `Faults` at any time."""
        return self._knobs.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        if not isinstance(faults, Faults):
            raise TypeError(f"faults={faults!r}: assign a Faults value")
        self._knobs.faults = faults

    def set_rate(
        self, rate: float | None, *, burst: float | None = None, retry_after: RetryAfter = None
    ) -> None:
        """Replace the rate limit by a fresh one.

        Args:
            rate: Requests per event-loop second; `None` for no limit.
            burst: Most requests at once; `None` means `max(1, rate)`.
            retry_after: As for the constructor.
        """
        self._knobs.bucket = TokenBucket(rate=rate, burst=burst)
        self._knobs.retry_after = check_retry_after(retry_after)

    def add_session(self, address: Mapping[str, Any] | None = None, **fields: Any) -> str:
        """Create a session without a request; it is not in the journal and not bought.

        Args:
            address: JSON fields of a POST; `None` invents an ordinary address, another each time.
            **fields: Fields that replace those of the address.

        Returns:
            Its token.

        Raises:
            ValueError: A POST with this address would be refused.
        """
        if address is None:
            street1 = f"{len(self._world) + 1} Main St"
            address = {"street1": street1, "city": "Detroit", "state": "MI", "zip": "48226"}
        try:
            posted = read_address({**address, **fields})
        except AddressRejected as rejected:
            raise ValueError(rejected.message) from rejected
        return self._world.create(posted, now=self.now).token

    def expire(self, token: str) -> None:
        """Make a session answer 410, as if its time had run out; `KeyError` if there is none."""
        self._world.end(token, how="expired")

    def close(self, token: str) -> None:
        """Make a session answer 410, as if closed by someone else; `KeyError` if there is none."""
        self._world.end(token, how="closed")

    @property
    def journal(self) -> Sequence[RequestRecord]:
        """Every request in order of arrival, live."""
        return self._journal

    def requests(
        self,
        *,
        method: str | None = None,
        path: str | None = None,
        route: str | None = None,
        token: str | None = None,
        status: int | None = None,
    ) -> list[RequestRecord]:
        """List the requests that match everything given.

        Args:
            method: HTTP method.
            path: Path as sent.
            route: Such as "GET /sessions/{token}".
            token: SimulatedSession token.
            status: Status of the answer; 0 for those without one.
        """
        return self._journal.select(
            method=method, path=path, route=route, token=token, status=status
        )

    @property
    def sessions_bought(self) -> int:
        """Sessions created by POST: what a provider may bill, answered or not."""
        return self._desk.bought

    def statistics(self) -> Statistics:
        """Compute the figures over everything since the start."""
        by_status = self._journal.by_status()
        sessions = self._world.count(now=self.now)
        return Statistics(
            requests=len(self._journal),
            by_method=self._journal.by_method(),
            by_status=by_status,
            throttled=by_status.get(429, 0),
            sessions_created=len(self._world),
            sessions_open=sessions["open"],
            sessions_closed=sessions["closed"],
            sessions_expired=sessions["expired"],
            sessions_bought=self.sessions_bought,
        )


def _loopback(host: str) -> str:
    """Return a loopback address, numeric so that nothing is resolved in a thread."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise ValueError(f"host={host!r}: the simulator listens on loopback addresses only")
