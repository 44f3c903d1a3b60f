"""`HumClient`: the Hum API, one method per endpoint."""

import asyncio
import hmac
import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import attrs
from yarl import URL

from hum_async._api.addresses import checked
from hum_async._api.campaigns import checked_campaign_id
from hum_async._api.endpoints import (
    close_request,
    create_request,
    ping_request,
    poll_request,
    raw_request,
)
from hum_async._api.retry import RetryPolicy
from hum_async._api.running_loop import running_loop
from hum_async._api.sender import RequestSender
from hum_async._api.warming import decoder_is_warm
from hum_async._logs import log_as_asked
from hum_async._lookups.lookup import Lookup
from hum_async._lookups.queue import LookupQueue
from hum_async._polling.policies import LearnedPolling, PollPolicy
from hum_async._redact import Secret
from hum_async.errors import ConfigurationError, UnusableKey
from hum_async.limiter import Limiter, Priority, RateLimiter
from hum_async.models import Address, Outcome, Ping, Qualification, RawResponse, Session
from hum_async.transport import AiohttpTransport, Transport, checked_base_url

if TYPE_CHECKING:
    from hum_async._purchases.ledger import Ledger
    from hum_async._purchases.place import Place

__all__ = ["PRODUCTION", "SANDBOX", "HumClient"]

PRODUCTION = "https://api.letshum.com"
SANDBOX = "https://api-sandbox.letshum.com"


class HumClient:
    """An asynchronous client for the Hum API.

    Args:
        api_key: The bearer token; None reads the environment variable ``HUM_API_KEY``.
        base_url: Where the API is; None reads ``HUM_BASE_URL``, then takes production. Plain http
            is refused unless the host is this machine.
        session: An aiohttp session to borrow connections from; never closed or altered.
        limiter: What every attempt passes; share one among all clients of a key. None: an own
            `RateLimiter` that finds the limit out.
        retry: How often a failed request is sent again; None for the default `RetryPolicy`. A
            request that creates a session is sent again only if it certainly had no effect.
        timeout: Seconds per attempt.
        create_timeout: Seconds per attempt to create a session, which may take long when its
            answer already carries the providers.
        transport: Replaces the network, for tests; then no key is needed.
        purchases: A file, made if there is none, or a database
            ``"postgresql://host/database?job=NAME"``, in which `lookup`, hubs and jobs without a
            journal of their own record what they buy. The same address, however it is spelled, is
            then answered from it without a request while it is young, waited for while somebody
            buys it, and taken up after a crash. An unanswered request to create a session is
            `UNCERTAIN` from then on, and not sent again unless ``retry={Outcome.UNCERTAIN}`` of
            `lookup`, `SessionHub.lookup` or `qualify` says so. One process at a time may use a
            file, and any number of processes on any number of machines a database: they wait for
            each other's results, and take up what those leave that die. Without ``job`` it is the
            job ``ledger``, without ``schema`` the schema ``hum``; a password comes from
            ``PGPASSWORD``, ``~/.pgpass`` or a service file. None: each `lookup` buys.
        max_age: Seconds, from when it was asked for, up to which an answer in `purchases` is young.

    Raises:
        UnusableKey: There is no key, or none that can be sent.
        ConfigurationError: A base URL that is malformed or not safe, or an environment that
            names a proxy or certificates which cannot be used.

    Use it as ``async with HumClient() as hum:``, or call `aclose` in the end. One client per
    application is enough; it is safe to use from many tasks of one event loop, and on one event
    loop after another.

    Without ``session=`` it goes through the proxy that the environment names: ``HTTPS_PROXY``,
    ``ALL_PROXY`` and ``NO_PROXY``, in either case, and never to a loopback host. ``SSL_CERT_FILE``
    and ``SSL_CERT_DIR`` name other certificates to trust. ``HUM_LOG=debug`` (or info, warning,
    error) writes the log to standard error, unless logging is set up. All are read by the
    constructor.
    """

    def __init__(  # noqa: PLR0913  pinned; all but the key by name
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        session: aiohttp.ClientSession | None = None,
        limiter: Limiter | None = None,
        retry: RetryPolicy | None = None,
        timeout: float = 10.0,
        create_timeout: float = 90.0,
        transport: Transport | None = None,
        purchases: str | os.PathLike[str] | None = None,
        max_age: float = 86_400.0,
    ) -> None:
        log_as_asked()
        secret = Secret(os.environ.get("HUM_API_KEY", "") if api_key is None else api_key)
        problem = _kind_problem(api_key)
        # An error tracker records the variables of each frame that an exception passes.
        del api_key
        place = None
        if purchases is not None:
            # As all that keeps purchases, not needed without a ledger.
            from hum_async._purchases.place import named, place_of  # noqa: PLC0415

            kept_in = named(purchases)
            del purchases
            place = place_of(kept_in)
        if problem:
            raise ConfigurationError(problem)
        if not (timeout > 0 and create_timeout > 0):
            raise ConfigurationError("timeout and create_timeout must be above 0 seconds")
        # Callers without a type checker would learn of it only at the first request.
        if not isinstance(limiter, Limiter | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(
                "limiter must be a hum_async.Limiter: subclass it, and override at least slot()"
            )
        url = os.environ.get("HUM_BASE_URL") or PRODUCTION if base_url is None else base_url
        self._base_url = checked_base_url(url)
        if transport is None:
            secret = _checked_key(secret)
            transport = AiohttpTransport(url, api_key=secret.reveal(), session=session)
        # One policy for all look-ups of this client: each learns from those before it.
        self._lookup_policy = LearnedPolling(p=0.3, first=5.0, later=3.0)
        self._sender = RequestSender(
            transport=transport,
            limiter=RateLimiter() if limiter is None else limiter,
            retry=RetryPolicy() if retry is None else retry,
            timeout=timeout,
            create_timeout=create_timeout,
            key=secret.reveal().strip(),
        )
        self._sender.limiter.serves(_account(secret, self.base_url))
        self._ledger = None if place is None else self._ledger_in(place, max_age)
        self._lookups = self._new_queue(self._sender)
        # Whether connections belong to the client that this one is a copy of.
        self._borrowed = False

    def __repr__(self) -> str:
        # It may be asked for when the constructor has failed.
        return f"<HumClient {getattr(self, '_base_url', '(not set up)')}>"

    def __reduce__(self) -> Any:
        """Refuse to be pickled: a client holds a key and connections."""
        raise TypeError("a HumClient cannot be pickled; create one where it is needed")

    def _ledger_in(self, place: "Place", max_age: float) -> "Ledger":
        from hum_async._purchases.ledger import Ledger  # noqa: PLC0415  see above
        from hum_async._purchases.opening import open_ledger  # noqa: PLC0415
        from hum_async._purchases.store import api_name  # noqa: PLC0415

        if not max_age >= 0:
            raise ConfigurationError(f"max_age must be 0 seconds or more, not {max_age!r}")
        api = api_name(self.base_url)
        return Ledger(lambda: open_ledger(place, api=api), max_age)

    def _new_queue(self, sender: RequestSender) -> LookupQueue:
        if self._ledger is None:
            return LookupQueue(sender)
        from hum_async._lookups.recording import PurchaseRecorder  # noqa: PLC0415  see above

        urgency = sender.priority_of(Priority.INTERACTIVE)
        return LookupQueue(sender, observer=PurchaseRecorder(self._ledger, urgency))

    async def __aenter__(self) -> Self:
        running_loop()
        await decoder_is_warm()
        if self._ledger is not None and not self._borrowed:
            # What is wrong with it shows at the start.
            try:
                await self._ledger.open()
            except asyncio.CancelledError:
                # Nobody leaves what was not entered.
                await self.aclose()
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return str(self._base_url)

    @property
    def limiter(self) -> Limiter:
        """What every attempt passes."""
        return self._sender.limiter

    @property
    def sender(self) -> RequestSender:
        """What sends requests; for watchers, hubs and jobs."""
        return self._sender

    def with_options(
        self,
        *,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        priority: Priority | None = None,
    ) -> "HumClient":
        """Return a copy of this client with other options, for some of its calls.

        It shares everything else, connections and limiter too, and costs next to nothing. It needs
        not be closed, and works until this client is closed.

        Args:
            timeout: Seconds per attempt; None as before. Requests that create keep to the client's
                `create_timeout`: a POST that is cut short may have been taken, and paid for.
            retry: How often a failed request is sent again; None as before.
            priority: How urgent all requests of the copy are, and of watchers, hubs and jobs made
                with it, unless they are given their own; None as before.

        Raises:
            ConfigurationError: The timeout is not above 0.
        """
        if timeout is not None and not timeout > 0:
            raise ConfigurationError("timeout must be above 0 seconds")
        own = self._sender
        sender = attrs.evolve(
            own,
            timeout=own.timeout if timeout is None else timeout,
            retry=own.retry if retry is None else retry,
            priority=own.priority if priority is None else priority,
        )
        copy = HumClient.__new__(type(self))
        vars(copy).update(
            vars(self), _sender=sender, _lookups=self._new_queue(sender), _borrowed=True
        )
        return copy

    @property
    def ledger(self) -> "Ledger | None":
        """What is bought by this client's look-ups, hubs and jobs; None if they share nothing."""
        return self._ledger

    @property
    def lookup_policy(self) -> PollPolicy:
        """When look-ups are polled: learned from all of this client's, a hub's too."""
        return self._lookup_policy

    async def aclose(self) -> None:
        """Close what the client opened. Idempotent."""
        if self._borrowed:
            return
        try:
            if self._ledger is not None:
                await self._ledger.aclose(found_rate=self.limiter.found_rate)
        finally:
            await self._sender.transport.aclose()

    async def ping(self) -> Ping:
        """Check that the API is up and takes the key.

        Raises:
            AuthenticationError: It does not.
            HumError: The API cannot be reached or does not answer as it should.
        """
        return await self._sender.run(ping_request(), Priority.INTERACTIVE)

    async def create_session(self, address: Address, *, campaign_id: str | None = None) -> Session:
        """Start a look-up, which Hum may bill.

        Args:
            address: The address to look up.
            campaign_id: Your own label for it, 1 to 100 characters.

        Returns:
            The session; its `providers` is a tuple if the answer already carried them, else None.

        Raises:
            AddressError: The address cannot be sent; nothing was.
            TypeError: It is no `Address`.
            InvalidAddress: The API refuses it.
            ConfigurationError: The campaign_id cannot be sent; nothing was.
            HumError: Anything else. After `RequestTimeout`, another `TransportError`,
                `ServerError`, `ResponseError`, or an `ApiError` with status 408, 409, 499 or one
                that is unknown, a session may exist all the same; it is never sent again blindly.
        """
        label = checked_campaign_id(campaign_id)
        return await self._sender.run(create_request(checked(_address(address)), campaign_id=label))

    async def get_session(self, token: str) -> Session:
        """Return where a look-up stands.

        Raises:
            SessionGone: It expired or was closed.
            SessionNotFound: The API does not know the token.
            HumError: Anything else.
        """
        return await self._sender.run(poll_request(token))

    async def get_internet(self, token: str) -> Session:
        """Return where a look-up stands, with its providers once there are (else None).

        Raises:
            SessionGone: It expired or was closed.
            SessionNotFound: The API does not know the token.
            HumError: Anything else.
        """
        return await self._sender.run(poll_request(token, source="internet"))

    async def close_session(self, token: str) -> None:
        """End a look-up. Save its results before: the API forgets them.

        A session that is gone or unknown counts as closed.

        Raises:
            HumError: It may still be open; it expires by itself after 30 minutes.
        """
        await self._sender.run(close_request(token))

    async def lookup(
        self,
        address: Address,
        *,
        timeout: float | None = 120.0,
        close: bool = True,
        campaign_id: str | None = None,
        retry: Collection[Outcome] = (),
    ) -> Qualification:
        """Look up one address from POST to DELETE; what happens is reported as its `Outcome`.

        When to poll is learned (`LearnedPolling` with p = 0.3) from all look-ups of this client;
        after some of them the answer is found about as soon as by a poll every 2.5 s, with fewer
        requests.

        Args:
            address: The address to look up.
            timeout: Seconds for all of it, waiting for the rate limit and pauses included; None for
                no bound. When they are over, the outcome is `Outcome.TIMED_OUT`: with the token if
                there is a session, which can be watched, and without one if nothing was bought. It
                is `UNCERTAIN` if the request that creates a session was under way. Polling itself
                ends after 30 s, pauses not counted (hum-api 5).
            close: End the session when the result is there.
            campaign_id: Your own label for it, 1 to 100 characters.
            retry: Outcomes that `purchases` knows of the address and that are looked up anew, such
                as ``{Outcome.UNCERTAIN}``, which may buy a second session. Failures are looked up
                anew anyway, and without `purchases` everything is.

        Raises:
            AuthenticationError: The key is not accepted.
            ConfigurationError: The client cannot work as it was set up, or is in use on another
                event loop that is running; or the campaign_id cannot be sent, and nothing was.
            JournalError: `purchases` cannot be used or written.
            TypeError: The address is no `Address`.
            ValueError: The timeout is below 0 seconds, or something in `retry` is no outcome.
        """
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"timeout must be 0 seconds or more, not {timeout!r}")
        look_up = Lookup(
            key=0,
            address=_address(address),
            policy=self._lookup_policy,
            retry=self._sender.retry,
            close=close,
            campaign_id=checked_campaign_id(campaign_id),
            retried=frozenset(map(Outcome, retry)),
        )
        return await self._lookups.run(look_up, timeout=timeout)

    async def request(self, method: str, path: str, *, json: Any = None) -> RawResponse:
        """Send any request under the same limiter, with the same errors.

        Args:
            method: HTTP method.
            path: Path below the base URL, percent-encoded, without host.
            json: What to send as JSON.

        Raises:
            HumError: As every other method.
        """
        return await self._sender.run(raw_request(method, path, json=json))


def _kind_problem(key: object) -> str | None:
    """Return what is wrong with the type of a key; callers without a type checker give others."""
    if key is None or isinstance(key, str):
        return None
    return f"the API key must be a text (str), not {type(key).__name__}"


def _checked_key(secret: Secret) -> Secret:
    """Return the key without the white space and quotes around it.

    ``docker --env-file`` keeps the quotes of a line, and some editors begin a file with a mark.
    """
    key = secret.reveal().lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").strip()
    if len(key) > 1 and key[0] == key[-1] and key[0] in "'\"":
        key = key[1:-1].strip()
    problem = _problem_of(key)
    secret = Secret(key)
    del key
    if problem:
        raise UnusableKey(problem)
    return secret


def _problem_of(key: str) -> str | None:
    if not key:
        return (
            "no API key: set the environment variable HUM_API_KEY or pass api_key=; to try it "
            "without an account, run hum simulate in another terminal and export what it prints"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        return "the API key holds spaces or characters that no HTTP header can carry; copy it again"
    if key[0] in "'\"" or key[-1] in "'\"":
        return "the API key has a quote at one end only; copy it again, without quotes"
    return None


def _account(key: Secret, base_url: str) -> str:
    """Return a name of the key at a host from which nobody finds either."""
    origin = str(URL(base_url).origin()).encode()
    return hmac.digest(key.reveal().encode(), b"hum_async account of " + origin, "sha256").hex()[
        :24
    ]


def _address(given: object) -> Address:
    if isinstance(given, Address):
        return given
    raise TypeError(
        f"an address must be a hum_async.Address, not {type(given).__name__}; "
        'create one, such as Address("100 Main St", zip="48226")'
    )
