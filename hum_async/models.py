"""The values that users see. Frozen, slotted, picklable; they know nothing of how they are got.

Their ``repr`` shows no street, no whole token and no opaque secret; the attributes are whole.
"""

from collections.abc import Hashable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from hum_async._redact import HIDDEN, mask_token
from hum_async._version import __version__
from hum_async.errors import HumError

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
"""The agents worth waiting for; ``checkout`` stays pending for ever (hum-api 3.2)."""


def _masked(value: Any) -> str:
    return "None" if value is None else repr(HIDDEN)


def _masked_token(token: str | None) -> str:
    return "None" if token is None else repr(mask_token(token))


class AgentStatus(StrEnum):
    """State of one agent. Open: a value that hum-api does not list is kept as it came.

    Compare with ``==``, not with ``is``.
    """

    PENDING = "pending"
    MATCHED = "matched"
    MULTIPLE = "multiple"
    FAILED = "failed"

    @classmethod
    def _missing_(cls, value: object) -> "AgentStatus | None":
        if not isinstance(value, str):
            return None
        # Not cached: a server that makes up values must not grow our memory.
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    def __reduce_ex__(self, _: object) -> tuple[Any, ...]:
        """Pickle by value: some Pythons pickle an enum by its name, which an unknown one lacks."""
        return type(self), (str(self.value),)


class UpdateKind(StrEnum):
    """What a `SessionUpdate` tells. All but CHANGED are terminal."""

    CHANGED = "CHANGED"
    COMPLETED = "COMPLETED"
    GONE = "GONE"
    TIMED_OUT = "TIMED_OUT"
    FAILED = "FAILED"


class Outcome(StrEnum):
    """What became of one address."""

    SERVED = "SERVED"
    NO_PROVIDERS = "NO_PROVIDERS"
    AMBIGUOUS_ADDRESS = "AMBIGUOUS_ADDRESS"
    ADDRESS_NOT_FOUND = "ADDRESS_NOT_FOUND"
    INVALID_ADDRESS = "INVALID_ADDRESS"
    TIMED_OUT = "TIMED_OUT"
    EXPIRED = "EXPIRED"
    UNCERTAIN = "UNCERTAIN"
    FAILED = "FAILED"


@attrs.frozen
class Address:
    """A US address to look up. Checked when it is sent, so that a bad row can be carried as one.

    Args:
        street1: House number and street, 1 to 100 characters.
        street2: Unit, apartment or suite, up to 50 characters.
        city: Up to 50 characters.
        state: Two letters; upper-cased when sent.
        zip: ``12345`` or ``12345-6789``, always text.
        latitude: Degrees, -90 to 90.
        longitude: Degrees, -180 to 180.

    The API takes street1 with either zip, or city and state (hum-api 2.2).
    """

    street1: str = attrs.field(repr=_masked)
    street2: str | None = attrs.field(default=None, repr=_masked)
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    latitude: float | None = attrs.field(default=None, repr=_masked)
    longitude: float | None = attrs.field(default=None, repr=_masked)

    def __str__(self) -> str:
        """Return the whole address on one line."""
        region = " ".join(part for part in (self.state, self.zip) if part)
        parts = (self.street1, self.street2, self.city, region)
        return ", ".join(part for part in parts if part)


@attrs.frozen
class ServiceAddress:
    """The address as Hum's geocoder understood it. A plain string answer fills `normalized` only.

    `zip` is text of 5 or 9 digits, with the zeros that some answers lose put back.
    """

    normalized: str | None = attrs.field(default=None, repr=_masked)
    street: str | None = attrs.field(default=None, repr=_masked)
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    latitude: float | None = attrs.field(default=None, repr=_masked)
    longitude: float | None = attrs.field(default=None, repr=_masked)
    street_range: str | None = attrs.field(default=None, repr=_masked)
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen
class Money:
    """An amount in cents of `currency` (ISO 4217)."""

    amount_cents: int
    currency: str = "USD"


@attrs.frozen
class SpeedRange:
    """A speed in Mbps; `low` equals `high` where the API gives one number."""

    low: float
    high: float


@attrs.frozen
class Promo:
    """A provider's promotion."""

    text: str | None = None
    logo_url: str | None = None


@attrs.frozen
class Offering:
    """What a provider can bring to the address over one technology; speeds in Mbps."""

    technology: str | None = None
    category: str | None = None
    max_download_mbps: float | None = None
    max_upload_mbps: float | None = None
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen
class Plan:
    """A product of a provider. Fields that are not listed here are kept in `extra`."""

    id: str | None = None
    sku: str | None = None
    name: str | None = None
    technology: str | None = None
    download: SpeedRange | None = None
    upload: SpeedRange | None = None
    data_limit: str | None = None
    pricing: Mapping[str, Money] = attrs.field(factory=dict, hash=False)
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen
class Provider:
    """An internet provider that serves the address."""

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
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)


@attrs.frozen
class Session:
    """What the API last said of one look-up.

    Attributes:
        token: The session token; a secret.
        processing: The API answered 202.
        agents: Status by agent name; unknown agents and values are kept.
        service_address: The geocoded address, None until there is one.
        providers: The providers, or None if this answer did not carry them.
        session_status: As the API words it; only ``open`` is documented.
        request_status: ``ok``, ``warning`` or ``error``.
        message: The API's words; may hold an address.
        data_set: Version of Hum's data; keep it with results.
        params: The API's echo of the request.
        created_at: When the session was created (UTC).
        updated_at: When it last changed (UTC).
        responded_at: When the API wrote this answer (UTC).
        extra: Fields that hum-api does not document.
    """

    token: str = attrs.field(repr=_masked_token)
    processing: bool = False
    agents: Mapping[str, AgentStatus] = attrs.field(factory=dict, hash=False)
    service_address: ServiceAddress | None = None
    providers: tuple[Provider, ...] | None = None
    session_status: str | None = None
    request_status: str | None = None
    message: str | None = attrs.field(default=None, repr=False)
    data_set: str | None = None
    params: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)
    created_at: datetime | None = attrs.field(default=None, repr=False)
    updated_at: datetime | None = attrs.field(default=None, repr=False)
    responded_at: datetime | None = attrs.field(default=None, repr=False)
    extra: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)

    @property
    def settled(self) -> bool:
        """Whether there is nothing left to wait for from geocoding and internet."""
        return self.settled_for(DEFAULT_AGENTS)

    def settled_for(self, agents: tuple[str, ...]) -> bool:
        """Whether none of these agents will change any more.

        ``pending`` is not settled; ``matched``, ``multiple`` and ``failed`` are. A value that
        hum-api does not list, or an agent that is not mentioned, is settled under 200 and pending
        under 202. A geocoder that found nothing, or too much, settles everything.
        """
        if self.agents.get("geocoding") in {AgentStatus.FAILED, AgentStatus.MULTIPLE}:
            return True
        return all(self._is_settled(self.agents.get(agent)) for agent in agents)

    def _is_settled(self, status: AgentStatus | None) -> bool:
        if status == AgentStatus.PENDING:
            return False
        if status in {AgentStatus.MATCHED, AgentStatus.MULTIPLE, AgentStatus.FAILED}:
            return True
        return not self.processing


@attrs.frozen
class Ping:
    """Answer of the health check: the API is up and the key is valid."""

    message: str | None = None
    request_status: str | None = None
    timestamp: datetime | None = None


@attrs.frozen
class RawResponse:
    """An answer as it came; the body is never shown."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False, hash=False)
    body: bytes = attrs.field(repr=False)


@attrs.frozen
class AgentChange:
    """One agent went from `before` (None: not seen before) to `after` (None: no longer named)."""

    agent: str
    before: AgentStatus | None
    after: AgentStatus | None


@attrs.frozen
class SessionUpdate:
    """One step in the life of a watched session.

    Attributes:
        token: The session token.
        kind: What happened.
        session: The last answer, None if there was none.
        previous: The answer that the stream's last update told of.
        changes: How the agents differ between the two.
        polls: Polls of this token so far.
        elapsed: Seconds since its first poll.
        skipped: Updates that a slow consumer missed and that are merged into this one.
        error: Why the token cannot be followed; set when `kind` is FAILED.
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
        """Whether this is the last update for its token."""
        return self.kind != UpdateKind.CHANGED


@attrs.frozen
class Qualification:
    """What was found out about one address.

    Attributes:
        key: The caller's key for the row; its position where none was given.
        address: The address as it was asked.
        outcome: What became of it.
        providers: Who serves it; empty unless the outcome is SERVED.
        service_address: The geocoded address.
        token: The session token, None if no session is known to exist.
        data_set: Version of Hum's data that the answer is from.
        requests: HTTP requests spent on it until it was delivered, retries included.
        elapsed: Seconds from the first request to the answer.
        observed_at: When the API gave the answer (UTC).
        error: What went wrong, for the outcomes that are errors.
        library_version: Version of hum_async that asked.
    """

    key: Hashable
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
