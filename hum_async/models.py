"""The values of the public API: frozen, slotted and picklable.

Their ``repr`` masks addresses but for the state, the server's words, session tokens and opaque
secrets; their attributes are whole. In a notebook, results and providers show themselves as tables
with addresses, because a person looks there at data of their own, but without secrets. Every
``extra`` mapping holds the fields of the answer that the class does not name, as decoded JSON.
"""

from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic

import attrs

from hum_async._plain import SECRETS, cleared, plain
from hum_async._redact import HIDDEN, mask_token
from hum_async._values import Value
from hum_async._version import __version__
from hum_async.errors import HumError

if TYPE_CHECKING:
    # With a default, so that `Qualification` alone goes on to be a type; type checkers know the
    # module whether or not it is installed.
    from typing_extensions import TypeVar

    KeyT_co = TypeVar("KeyT_co", bound=Hashable, default=Hashable, covariant=True)
else:
    from typing import TypeVar

    KeyT_co = TypeVar("KeyT_co", bound=Hashable, covariant=True)

__all__ = [
    "DEFAULT_AGENTS",
    "Address",
    "AgentChange",
    "AgentStatus",
    "Money",
    "Offering",
    "Outcome",
    "Ping",
    "Plan",
    "Promo",
    "Provider",
    "Qualification",
    "RawResponse",
    "ServiceAddress",
    "Session",
    "SessionUpdate",
    "SpeedRange",
    "UpdateKind",
]

DEFAULT_AGENTS = ("geocoding", "internet")
"""The agents that a session waits for; ``checkout`` stays pending for ever (hum-api 3.2)."""


SESSION_LIFETIME = timedelta(minutes=30)
"""Time without a request after which a session expires (hum-api 5)."""


def _new_dict() -> dict[str, Any]:
    # A bare `dict` as a factory has unknown keys and values for a strict type checker.
    return {}


def _masked(value: Any) -> str:
    return "None" if value is None else repr(HIDDEN)


def _documented(*words: str) -> Callable[[str | None], str]:
    """Return a `repr` of a word of the server: any that is not documented may be any text."""

    def shown(word: str | None) -> str:
        return repr(word) if word in words else _masked(word)

    return shown


_request_status = _documented("ok", "warning", "error")


def _masked_token(token: str | None) -> str:
    return "None" if token is None else repr(mask_token(token))


class AgentStatus(StrEnum):
    """The status of one agent (hum-api 3.2).

    The enum is open: it keeps a value that hum-api does not list. Such a value is a new object each
    time, so compare with ``==``, not with ``is``.

    Attributes:
        PENDING: The agent is at work.
        MATCHED: The agent has found one address, or providers.
        MULTIPLE: Geocoding has found several addresses.
        FAILED: Geocoding has found no address, or the search no providers.
    """

    PENDING = "pending"
    MATCHED = "matched"
    MULTIPLE = "multiple"
    FAILED = "failed"

    @classmethod
    def _missing_(cls, value: object) -> "AgentStatus | None":
        if not isinstance(value, str):
            return None
        # Without a cache: a server that makes up values must not fill the memory.
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    def __reduce_ex__(self, _: object) -> tuple[Any, ...]:
        """Pickle by value: some Pythons pickle an enum by name, and an unknown value has none."""
        return type(self), (str(self.value),)


# Looked up once, because a look-up of a member is a call in Python 3.11.
_PENDING = AgentStatus.PENDING
_WITHOUT_ADDRESS = frozenset({AgentStatus.FAILED, AgentStatus.MULTIPLE})
_SETTLED = frozenset({AgentStatus.MATCHED, AgentStatus.MULTIPLE, AgentStatus.FAILED})


class UpdateKind(StrEnum):
    """The kind of a `SessionUpdate`. Every kind but CHANGED is terminal.

    Attributes:
        CHANGED: The first answer, or one with another agent status or service address.
        COMPLETED: The awaited agents have settled.
        GONE: The API answered 410: the session has expired or was closed.
        TIMED_OUT: The budget of polling ran out while the session was processing.
        FAILED: The session cannot be polled; `SessionUpdate.error` holds the reason.
    """

    CHANGED = "CHANGED"
    COMPLETED = "COMPLETED"
    GONE = "GONE"
    TIMED_OUT = "TIMED_OUT"
    FAILED = "FAILED"


class Outcome(StrEnum):
    """The outcome of looking up one address.

    Attributes:
        SERVED: Providers serve the address.
        NO_PROVIDERS: The search ended without providers.
        AMBIGUOUS_ADDRESS: Geocoding found several addresses.
        ADDRESS_NOT_FOUND: Geocoding found no address.
        INVALID_ADDRESS: The address breaks a rule of the API (hum-api 2.2).
        TIMED_OUT: The budget of polling ran out while the session was processing.
        EXPIRED: The session expired or was closed before its result was read.
        UNCERTAIN: The POST may or may not have created a session, and Hum may bill it.
        FAILED: An error prevented a result; `Qualification.error` holds it.
    """

    SERVED = "SERVED"
    NO_PROVIDERS = "NO_PROVIDERS"
    AMBIGUOUS_ADDRESS = "AMBIGUOUS_ADDRESS"
    ADDRESS_NOT_FOUND = "ADDRESS_NOT_FOUND"
    INVALID_ADDRESS = "INVALID_ADDRESS"
    TIMED_OUT = "TIMED_OUT"
    EXPIRED = "EXPIRED"
    UNCERTAIN = "UNCERTAIN"
    FAILED = "FAILED"


_UNSET = object()


@attrs.frozen(eq=False, repr=False)
class Address(Value):
    """A US address to look up.

    The API requires `street1` and either `zip`, or `city` and `state` (hum-api 2.2). The client
    checks an address when it is used, not here, so that a file's invalid row is a value too.

    Args:
        street1: House number and street, 1 to 100 characters.
        street2: Unit, apartment or suite, 1 to 50 characters.
        city: 1 to 50 characters.
        state: Two letters; the client sends capitals.
        zip: ``12345`` or ``12345-6789``, as text.
        latitude: Degrees, -90 to 90.
        longitude: Degrees, -180 to 180.
    """

    street1: str = attrs.field(repr=_masked)
    street2: str | None = attrs.field(default=None, repr=_masked)
    city: str | None = attrs.field(default=None, repr=_masked)
    state: str | None = None
    zip: str | None = attrs.field(default=None, repr=_masked)
    latitude: float | None = attrs.field(default=None, repr=_masked)
    longitude: float | None = attrs.field(default=None, repr=_masked)

    def __repr__(self) -> str:
        # A debugger or an error tracker may ask before the constructor has run.
        shown = [
            f"{field.name}={field.repr(value) if callable(field.repr) else repr(value)}"
            for field in attrs.fields(Address)
            if (value := getattr(self, field.name, _UNSET)) is not _UNSET
        ]
        return f"Address({', '.join(shown)})"

    def __str__(self) -> str:
        """Return the whole address on one line."""
        region = " ".join(part for part in (self.state, self.zip) if part)
        parts = (self.street1, self.street2, self.city, region)
        return ", ".join(part for part in parts if part)


@attrs.frozen(eq=False, repr=False)
class ServiceAddress(Value):
    """The address as Hum's geocoder understood it (hum-api 3.2).

    Attributes:
        normalized: The whole address on one line; the only field if the answer is plain text.
        street: Street.
        city: City.
        state: Two letters.
        zip: Text of 5 or 9 digits; leading zeros that an answer lost are restored.
        latitude: Degrees, -90 to 90.
        longitude: Degrees, -180 to 180.
        street_range: House numbers of the block, such as ``29000-29098``.
        extra: Fields that this class does not name.
    """

    normalized: str | None = attrs.field(default=None, repr=_masked)
    street: str | None = attrs.field(default=None, repr=_masked)
    city: str | None = attrs.field(default=None, repr=_masked)
    state: str | None = None
    zip: str | None = attrs.field(default=None, repr=_masked)
    latitude: float | None = attrs.field(default=None, repr=_masked)
    longitude: float | None = attrs.field(default=None, repr=_masked)
    street_range: str | None = attrs.field(default=None, repr=_masked)
    extra: Mapping[str, Any] = attrs.field(factory=_new_dict, repr=False, hash=False)


@attrs.frozen(eq=False, repr=False)
class Money(Value):
    """An amount of money.

    Attributes:
        amount_cents: Amount in hundredths of the currency.
        currency: ISO 4217 code.
    """

    amount_cents: int
    currency: str = "USD"


@attrs.frozen(eq=False, repr=False)
class SpeedRange(Value):
    """A range of speeds. The ends are equal if the API gives one number.

    Attributes:
        low: Lower end in Mbps.
        high: Upper end in Mbps.
    """

    low: float
    high: float


@attrs.frozen(eq=False, repr=False)
class Promo(Value):
    """A promotion of a provider.

    Attributes:
        text: Text to show.
        logo_url: URL of an image.
    """

    text: str | None = None
    logo_url: str | None = None


@attrs.frozen(eq=False, repr=False)
class Offering(Value):
    """The service of a provider at the address over one technology.

    Attributes:
        technology: Such as ``Fiber``.
        category: Such as ``Terrestrial``.
        max_download_mbps: Highest download speed in Mbps.
        max_upload_mbps: Highest upload speed in Mbps.
        extra: Fields that this class does not name.
    """

    technology: str | None = None
    category: str | None = None
    max_download_mbps: float | None = None
    max_upload_mbps: float | None = None
    extra: Mapping[str, Any] = attrs.field(factory=_new_dict, repr=False, hash=False)


@attrs.frozen(eq=False, repr=False)
class Plan(Value):
    """A product of a provider (hum-api 3.3).

    Attributes:
        id: Id of the product.
        sku: Article number.
        name: Name to show.
        technology: Such as ``cable``; its case differs from `Offering.technology`.
        download: Download speed.
        upload: Upload speed.
        data_limit: The API's words, such as ``Unlimited``.
        pricing: Price by name, such as ``activation_fee``.
        extra: Fields that this class does not name.
    """

    id: str | None = None
    sku: str | None = None
    name: str | None = None
    technology: str | None = None
    download: SpeedRange | None = None
    upload: SpeedRange | None = None
    data_limit: str | None = None
    pricing: Mapping[str, Money] = attrs.field(factory=_new_dict, hash=False)
    extra: Mapping[str, Any] = attrs.field(factory=_new_dict, repr=False, hash=False)


@attrs.frozen(eq=False, repr=False)
class Provider(Value):
    """An internet provider that serves the address (hum-api 3.3).

    Attributes:
        name: Name to show.
        id: Id of the provider.
        telephone: ``800-521-5881`` or ``+18005215881``.
        url: Where to order.
        logo: URL of an image.
        icon: URL of an image.
        security_token: An opaque secret of the provider.
        buyflow_type: Such as ``direct``.
        button_label: Label for a link to `url`.
        min_price: Price of the cheapest plan.
        promos: Promotions.
        offerings: What it offers, by technology.
        catalog: Its products; empty if the answer has no catalog.
        extra: Fields that this class does not name.
    """

    name: str
    id: str | None = None
    telephone: str | None = None
    url: str | None = attrs.field(default=None, repr=False)
    logo: str | None = attrs.field(default=None, repr=False)
    icon: str | None = attrs.field(default=None, repr=False)
    security_token: str | None = attrs.field(default=None, repr=False)
    buyflow_type: str | None = None
    button_label: str | None = attrs.field(default=None, repr=False)
    min_price: Money | None = None
    promos: tuple[Promo, ...] = ()
    offerings: tuple[Offering, ...] = ()
    catalog: tuple[Plan, ...] = attrs.field(default=(), repr=False)
    extra: Mapping[str, Any] = attrs.field(factory=_new_dict, repr=False, hash=False)

    def _repr_html_(self) -> str:
        """Return it for a notebook: tables of its offerings and plans, escaped."""
        from hum_async._notebook import provider_html  # noqa: PLC0415  only notebooks need it

        return provider_html(cleared(self))


@attrs.frozen(eq=False, repr=False)
class Session(Value):
    """The state of one look-up, from one answer of the API (hum-api 3.1 and 3.2).

    Attributes:
        token: The session token; a secret.
        processing: Whether the API answered 202.
        agents: Status by name of agent, unknown agents and values included.
        service_address: The geocoded address; None until there is one.
        providers: The providers; None if the answer did not carry them.
        session_status: The API's word; only ``open`` is documented.
        request_status: ``ok``, ``warning`` or ``error``.
        message: The API's words; may contain an address.
        data_set: Version of Hum's data.
        params: The API's echo of the request.
        created_at: Creation of the session (UTC).
        updated_at: Last change of the session (UTC).
        responded_at: Time of this answer by the API's clock (UTC).
        extra: Fields that this class does not name.
        request_id: The server's id of the request that this answers, for a support ticket; None if
            it sent none. It does not count when sessions are compared.
    """

    token: str = attrs.field(repr=_masked_token)
    processing: bool = False
    agents: Mapping[str, AgentStatus] = attrs.field(factory=_new_dict, hash=False)
    service_address: ServiceAddress | None = None
    providers: tuple[Provider, ...] | None = None
    session_status: str | None = attrs.field(default=None, repr=_documented("open"))
    request_status: str | None = attrs.field(default=None, repr=_request_status)
    message: str | None = attrs.field(default=None, repr=False)
    data_set: str | None = None
    params: Mapping[str, Any] = attrs.field(factory=_new_dict, repr=False, hash=False)
    created_at: datetime | None = attrs.field(default=None, repr=False)
    updated_at: datetime | None = attrs.field(default=None, repr=False)
    responded_at: datetime | None = attrs.field(default=None, repr=False)
    extra: Mapping[str, Any] = attrs.field(factory=_new_dict, repr=False, hash=False)
    request_id: str | None = attrs.field(default=None, eq=False, kw_only=True)

    @property
    def expires_at(self) -> datetime | None:
        """When the session expires if nobody asks for it any more (UTC); None if that is unknown.

        That is 30 minutes after the last request that touched it (hum-api 5), as far as this
        answer knows: by its newest time, of the API's clock.
        """
        known = (self.responded_at, self.updated_at, self.created_at)
        times = [
            moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in known if moment
        ]
        try:
            return (max(times) + SESSION_LIFETIME).astimezone(UTC) if times else None
        except OverflowError:  # an odd clock
            return datetime.max.replace(tzinfo=UTC)

    @property
    def settled(self) -> bool:
        """Whether geocoding and internet have settled."""
        return self.settled_for(DEFAULT_AGENTS)

    def settled_for(self, agents: tuple[str, ...]) -> bool:
        """Whether these agents have settled, so that their status will not change any more.

        ``pending`` is not settled; ``matched``, ``multiple`` and ``failed`` are. A value that
        hum-api does not list, or an agent that the answer does not name, is settled under 200 and
        pending under 202. Geocoding that ended as ``failed`` or ``multiple`` settles all agents:
        without one address there is no search.

        Args:
            agents: Names of agents.
        """
        statuses = self.agents
        if statuses.get("geocoding") in _WITHOUT_ADDRESS:
            return True
        # Every new answer comes by here; a generator takes three times as long.
        for agent in agents:
            status = statuses.get(agent)
            if status == _PENDING or (self.processing and status not in _SETTLED):
                return False
        return True


@attrs.frozen(eq=False, repr=False)
class Ping(Value):
    """The answer of the health check: the API is up and the key is valid (hum-api 2.1).

    Attributes:
        message: The API's words.
        request_status: ``ok``, ``warning`` or ``error``.
        timestamp: Time of the answer by the API's clock (UTC).
    """

    message: str | None = attrs.field(default=None, repr=False)
    request_status: str | None = attrs.field(default=None, repr=_request_status)
    timestamp: datetime | None = None


@attrs.frozen(eq=False, repr=False)
class RawResponse(Value):
    """An answer before it is decoded. Its ``repr`` shows the status alone.

    Attributes:
        status: HTTP status.
        headers: HTTP headers.
        body: Body, decompressed.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False, hash=False)
    body: bytes = attrs.field(repr=False)


@attrs.frozen(eq=False, repr=False)
class AgentChange(Value):
    """The change of one agent between two answers.

    Attributes:
        agent: Name of the agent.
        before: Status in the earlier answer; None if that did not name the agent.
        after: Status in the later answer; None if that did not name the agent.
    """

    agent: str
    before: AgentStatus | None
    after: AgentStatus | None


@attrs.frozen(eq=False, repr=False)
class SessionUpdate(Value):
    """A change of a watched session, or its end.

    Attributes:
        token: The session token; a secret.
        kind: What happened.
        session: The last answer; None if there was none.
        previous: The session of the stream's previous update for this token; None in the first.
        changes: The agents whose status differs between `previous` and `session`.
        polls: Polls of this token so far, without those answered 429.
        elapsed: Seconds since its first poll.
        skipped: Earlier updates that a slow consumer missed; this one includes their changes.
        error: Why the session cannot be polled; set if `kind` is FAILED.
    """

    token: str = attrs.field(repr=_masked_token)
    kind: UpdateKind
    session: Session | None = None
    previous: Session | None = attrs.field(default=None, repr=False)
    changes: tuple[AgentChange, ...] = ()
    polls: int = 0
    elapsed: float = 0.0
    skipped: int = 0
    error: HumError | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether this is the last update for its token on this stream."""
        return self.kind != UpdateKind.CHANGED


@attrs.frozen(eq=False, repr=False)
class Qualification(Value, Generic[KeyT_co]):
    """The result of looking up one address. Generic in the type of its key.

    Attributes:
        key: The caller's key for the address; its position if the caller gave none.
        address: The address that was looked up.
        outcome: The outcome.
        providers: The providers that serve it; empty unless `outcome` is SERVED.
        service_address: The geocoded address.
        token: The session token, a secret; None if no session is known to exist.
        data_set: Version of Hum's data in the answer.
        requests: HTTP requests for this address until it was delivered, retries included.
        elapsed: Seconds from the first request to the result.
        observed_at: Time of the answer by the API's clock, else of the request (UTC).
        error: The error, for an outcome that is one.
        library_version: Version of hum_async that looked the address up.
        request_ids: The server's ids of the requests that created the session and that showed
            anything new, in order, for a support ticket; `error` has its own.
        source: The endpoint whose answer this is, such as ``POST /sessions`` (hum-api 2); None if
            there was no answer, or if an older version looked the address up.
    """

    key: KeyT_co
    address: Address
    outcome: Outcome
    providers: tuple[Provider, ...] = ()
    service_address: ServiceAddress | None = None
    token: str | None = attrs.field(default=None, repr=_masked_token)
    data_set: str | None = None
    requests: int = 0
    elapsed: float = 0.0
    observed_at: datetime | None = None
    error: HumError | None = None
    library_version: str = __version__
    request_ids: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    source: str | None = attrs.field(default=None, kw_only=True)

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """Return all of it as ``json.dumps`` takes it.

        Times are ISO 8601 in UTC, and an error is an object with its type, message and details. A
        key that JSON has no form for becomes text.

        Args:
            secrets: Include the session token and the providers' security tokens, which are left
                out by default.
        """
        shown = self if secrets else cleared(self)
        found: dict[str, Any] = plain(shown, without=frozenset() if secrets else SECRETS)
        return found

    def _repr_html_(self) -> str:
        """Return it for a notebook: address, outcome and a table of its providers, escaped."""
        from hum_async._notebook import qualification_html  # noqa: PLC0415  only notebooks need it

        return qualification_html(cleared(self))
