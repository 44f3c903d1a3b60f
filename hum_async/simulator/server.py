"""`Simulator`: the local Hum API as one object that starts, stops and can be inspected."""

import ipaddress
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Literal, Self

import attrs
from aiohttp import web

from hum_async.simulator._address_rules import AddressRejected, parse_address
from hum_async.simulator._assertions import (
    check_nothing_inside_a_pause,
    check_one_post_per_address,
)
from hum_async.simulator._bucket import TokenBucket
from hum_async.simulator._checks import require
from hum_async.simulator._clock import SimulatedClock
from hum_async.simulator._control import Control
from hum_async.simulator._faults import FaultInjector, Faults
from hum_async.simulator._handlers import RequestHandler
from hum_async.simulator._http_app import HttpApp, Settings
from hum_async.simulator._request_log import RequestLog, RequestRecord, Statistics
from hum_async.simulator._retry_after import RetryAfter, check_retry_after
from hum_async.simulator._scenarios import Generation, Scenario, find_scenario
from hum_async.simulator._session_store import SessionStore

_BACKLOG = 1024
_SHUTDOWN_SECONDS = 0.1


class Simulator:
    """A local Hum API: stateful, seeded, on a clock of its own.

    Use it as an async context manager, or call `start` and `aclose`. After `aclose`, `start` brings
    it back on the same port with all its sessions, as after an outage.

    Args:
        host: A loopback address, or "localhost".
        port: TCP port; 0 picks a free one.
        seed: Seed of fates, tokens, spellings and faults.
        scenario: Name of a scenario in `SCENARIOS`. Arguments that are given come before its own.
        speed: Simulated seconds per event-loop second, above 0 and at most 1,000,000; `None` means
            that of the scenario, or 1.
        generation: "polling" (a POST answers at once and clients poll) or "immediate" (a POST
            waits for the providers and carries them); `None` means that of the scenario, or
            "polling".
        median: Median time of a search, simulated seconds, 0 or more.
        sigma: Standard deviation of the logarithm of that time, 0 or more; with 0 every search
            takes `median`.
        rate: Requests admitted per event-loop second, above 0; `None` for no limit,
            unless the scenario has one.
        burst: Requests admitted at once, 1 or more; `None` means ``max(1, rate)``.
        retry_after: The Retry-After header of a 429: `None` for no header, a number of seconds (0
            or more), a `datetime.timedelta` for an HTTP-date that far ahead, "date" for an
            HTTP-date one second ahead.
        lifetime: Simulated seconds without a request until a session answers 410, above 0
            (hum-api 5).
        faults: Probabilities of faults; `None` for no faults, unless the scenario has some.
        drift: Share of the addresses that change from one epoch to the next, 0 to 1: providers come
            and go, fiber arrives, prices move, and mostly where networks are built.
        epoch: Epochs for which the world has drifted, 0 or more; `epoch` can be assigned later.

    Raises:
        TypeError: An argument that has to be a number is none.
        ValueError: An argument is out of range; no duration may be above a hundred years.
    """

    _usual_speed: ClassVar[float] = 1.0
    _usual_generation: ClassVar[Generation] = "polling"

    def __init__(  # noqa: PLR0913  one argument for each thing a test may want to choose
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        scenario: str = "usual",
        speed: float | None = None,
        generation: Generation | None = None,
        median: float = 9.0,
        sigma: float = 0.4,
        rate: float | None = None,
        burst: float | None = None,
        retry_after: RetryAfter = None,
        lifetime: float = 1800.0,
        faults: Faults | None = None,
        drift: float = 0.0,
        epoch: int = 0,
    ) -> None:
        if generation not in {"polling", "immediate", None}:
            raise ValueError(f'generation={generation!r}: pass "polling" or "immediate"')
        found = find_scenario(scenario)
        self._host = _checked_host(host)
        self._port = port
        self._speed = self._usual_speed if speed is None else speed
        self._generation = generation or self._usual_generation
        self._clock = SimulatedClock(speed=self._speed)
        self._request_log = RequestLog()
        self._store = SessionStore(
            seed=seed, median=median, sigma=sigma, lifetime=lifetime, drift=drift
        )
        self.epoch = epoch
        self._handler = RequestHandler(
            self._store,
            fault_injector=FaultInjector(seed=seed),
            epoch=self._clock.epoch,
            immediate=self._generation == "immediate",
        )
        self._settings = Settings(
            faults=Faults() if faults is None else faults,
            bucket=TokenBucket(rate=rate, burst=burst),
            retry_after=check_retry_after(retry_after),
        )
        self._usual = attrs.evolve(self._settings)
        self._set_scenario(
            attrs.evolve(
                found,
                speed=found.speed if speed is None else speed,
                generation=generation or found.generation,
                rate=found.rate if rate is None else None,
                retry_after=found.retry_after if retry_after is None else None,
                faults=found.faults if faults is None else faults,
            )
        )
        self._app = HttpApp(
            self._handler,
            clock=self._clock,
            request_log=self._request_log,
            settings=self._settings,
            control=Control(self._request_log, statistics=self.statistics, clock=self._clock),
            seed=seed,
        )
        self._runner: web.ServerRunner | None = None

    def __repr__(self) -> str:
        state = self.url if self._runner is not None else "not running"
        sessions, requests = len(self._store), len(self._request_log)
        return f"<Simulator {state}, {sessions} sessions, {requests} requests>"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def start(self) -> None:
        """Start the clock and listen; does nothing if the simulator already runs.

        Raises:
            OSError: The port is taken.
        """
        if self._runner is not None:
            return
        self._clock.start()
        server = web.Server(self._app.handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_SECONDS)
        try:
            await self._runner.setup()
            await web.TCPSite(self._runner, self._host, self._port, backlog=_BACKLOG).start()
        except BaseException:
            await self.aclose()
            raise
        self._port = self._runner.addresses[0][1]

    async def aclose(self) -> None:
        """Stop listening, drop every connection and stop the clock. Idempotent."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        self._clock.stop()
        try:
            for site in runner.sites:
                await site.stop()
            await self._app.cancel()
        finally:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """Base URL, "http://127.0.0.1:PORT".

        Raises:
            RuntimeError: `port` is 0 and the simulator has not been started yet.
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
        """Move the simulated clock ahead; answers that become due are sent.

        Args:
            seconds: Simulated seconds, 0 or more; in all, at most a hundred years.

        Raises:
            TypeError: `seconds` is not a number.
            ValueError: `seconds` is out of range.
        """
        self._clock.advance(seconds)

    @property
    def env(self) -> dict[str, str]:
        """Environment variables that point a `HumClient` without arguments to this simulator.

        A new dict each time, with HUM_API_KEY and HUM_BASE_URL.

        Raises:
            RuntimeError: The simulator has no port yet.
        """
        return {"HUM_API_KEY": "simulated", "HUM_BASE_URL": self.url}

    def play(self, scenario: str) -> None:
        """Go on with another scenario; the sessions that exist keep their fates.

        Its settings replace those of the scenario before and come before the arguments of the
        simulator. "usual" goes back to these.

        Args:
            scenario: Name of a scenario in `SCENARIOS`.

        Raises:
            ValueError: There is no such scenario; the message lists them.
        """
        self._set_scenario(find_scenario(scenario))

    def _set_scenario(self, scenario: Scenario) -> None:
        self._store.every_address = scenario.every_address
        self._handler.immediate = (scenario.generation or self._generation) == "immediate"
        self._clock.set_speed(self._speed if scenario.speed is None else scenario.speed)
        settings, usual = self._settings, self._usual
        settings.faults = usual.faults if scenario.faults is None else scenario.faults
        no_rate, no_header = scenario.rate is None, scenario.retry_after is None
        bucket = usual.bucket if no_rate else TokenBucket(rate=scenario.rate, full=False)
        settings.bucket = bucket
        settings.retry_after = usual.retry_after if no_header else scenario.retry_after

    @property
    def epoch(self) -> int:
        """Epochs for which the world has drifted; sessions that exist keep their fates."""
        return self._store.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        if isinstance(epoch, bool) or not isinstance(epoch, int):
            raise TypeError(f"epoch={epoch!r}: assign a whole number")
        if epoch < 0:
            raise ValueError(f"epoch={epoch!r}: it must be 0 or more")
        self._store.epoch = epoch

    @property
    def faults(self) -> Faults:
        """The probabilities of faults; assign another `Faults` at any time."""
        return self._settings.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        if not isinstance(faults, Faults):
            raise TypeError(f"faults={faults!r}: assign a Faults value")
        self._settings.faults = faults

    def set_rate(
        self, rate: float | None, *, burst: float | None = None, retry_after: RetryAfter = None
    ) -> None:
        """Replace the rate limit by a new one with a full bucket.

        Args:
            rate: Requests admitted per event-loop second, above 0; `None` for no limit.
            burst: Requests admitted at once, 1 or more; `None` means ``max(1, rate)``.
            retry_after: The Retry-After header of a 429, as for the constructor.

        Raises:
            ValueError: An argument is out of range.
        """
        self._settings.bucket = TokenBucket(rate=rate, burst=burst)
        self._settings.retry_after = check_retry_after(retry_after)

    def add_session(self, address: Mapping[str, Any] | None = None, **fields: Any) -> str:
        """Create a session without a request: it is neither in the journal nor bought.

        Args:
            address: JSON fields of a POST; `None` makes up an ordinary address, a new one each
                time.
            **fields: Fields that replace those of the address.

        Returns:
            The session token.

        Raises:
            ValueError: The address breaks a rule for POST (hum-api 2.2).
        """
        if address is None:
            street1 = f"{len(self._store) + 1} Main St"
            address = {"street1": street1, "city": "Detroit", "state": "MI", "zip": "48226"}
        try:
            posted = parse_address({**address, **fields})
        except AddressRejected as rejected:
            raise ValueError(rejected.message) from rejected
        return self._store.create(posted, now=self.now).token

    def expire(self, token: str) -> None:
        """Make a session answer 410, as if its lifetime had passed.

        Args:
            token: Session token.

        Raises:
            KeyError: The token is unknown.
        """
        self._store.end(token, how="expired")

    def close(self, token: str) -> None:
        """Make a session answer 410, as if another client had closed it.

        Args:
            token: Session token.

        Raises:
            KeyError: The token is unknown.
        """
        self._store.end(token, how="closed")

    @property
    def journal(self) -> Sequence[RequestRecord]:
        """Every request in order of arrival; a live view that cannot be modified."""
        return self._request_log

    def requests(
        self,
        *,
        method: str | None = None,
        path: str | None = None,
        route: str | None = None,
        token: str | None = None,
        status: int | None = None,
    ) -> list[RequestRecord]:
        """Return the requests that match every argument; `None` matches any.

        Args:
            method: HTTP method.
            path: Path as sent, percent-encoded.
            route: For example "GET /sessions/{token}".
            token: Session token.
            status: HTTP status of the answer; 0 for requests without one.
        """
        return self._request_log.select(
            method=method, path=path, route=route, token=token, status=status
        )

    def one_post_per_address(self) -> Literal[True]:
        """Check that no address was bought, or may have been bought, twice.

        Returns:
            True, so that it can stand behind `assert`.

        Raises:
            AssertionError: An address was posted again after a POST that created a session or got
                no answer; the message names the requests by their index in `journal`.
        """
        check_one_post_per_address(self._request_log[:])
        return True

    def nothing_inside_a_pause(self, *, grace: float = 0.25) -> Literal[True]:
        """Check that no request came before the Retry-After of a 429 was over.

        Args:
            grace: Event-loop seconds after a 429 in which requests that were sent before it may
                still arrive, 0 or more.

        Returns:
            True, so that it can stand behind `assert`.

        Raises:
            AssertionError: A request came too early; the message names both by their index in
                `journal`.
            ValueError: `grace` is out of range.
        """
        check_nothing_inside_a_pause(self._request_log[:], grace=require("grace", grace))
        return True

    @property
    def sessions_bought(self) -> int:
        """Sessions created by POST, answered or not: the number that Hum may bill."""
        return self._handler.sessions_bought

    def statistics(self) -> Statistics:
        """Return the figures since the first start."""
        by_status = self._request_log.by_status()
        sessions = self._store.count(now=self.now)
        return Statistics(
            requests=len(self._request_log),
            by_method=self._request_log.by_method(),
            by_status=by_status,
            throttled=by_status.get(HTTPStatus.TOO_MANY_REQUESTS, 0),
            sessions_created=len(self._store),
            sessions_open=sessions["open"],
            sessions_closed=sessions["closed"],
            sessions_expired=sessions["expired"],
            sessions_bought=self.sessions_bought,
        )


def _checked_host(host: str) -> str:
    """Return a numeric loopback address: asyncio would resolve a name in a thread."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise ValueError(f"host={host!r}: the simulator listens on loopback addresses only")
