"""The JSON of the two routes, as types of which frameworks make JSON schemas.

They describe what `_public_json`, `_event_writer` and `http` write, and nothing is made of them:
dataclasses, because pydantic (FastAPI) and msgspec (Litestar) both read these.
"""

import dataclasses

from hum_async.models import Outcome
from hum_async.web.events import EventKind


@dataclasses.dataclass(frozen=True)
class LookupStarted:
    """A look-up has been started, or an earlier one answers for the same address."""

    id: str


@dataclasses.dataclass(frozen=True)
class HubRefusal:
    """Why a request was refused, in words that a person may read."""

    error: str


@dataclasses.dataclass(frozen=True)
class UnknownLookups:
    """Look-ups that are unknown or forgotten; to start them again may be billed."""

    error: str
    unknown: list[str]


@dataclasses.dataclass(frozen=True)
class LookupsElsewhere:
    """Look-ups that another worker has: ask again, and do not start them again."""

    error: str
    elsewhere: list[str]


@dataclasses.dataclass(frozen=True)
class PublicServiceAddress:
    """The address as the geocoder understood it."""

    normalized: str | None
    street: str | None
    city: str | None
    state: str | None
    zip: str | None
    latitude: float | None
    longitude: float | None


@dataclasses.dataclass(frozen=True)
class PublicAgentChange:
    """What one agent did: its status before and after; null where it had none."""

    agent: str
    before: str | None
    after: str | None


@dataclasses.dataclass(frozen=True)
class PublicMoney:
    """An amount in hundredths of a currency, by its ISO 4217 code."""

    amount_cents: int
    currency: str


@dataclasses.dataclass(frozen=True)
class PublicSpeedRange:
    """Speeds in Mbps; both are equal if there is one."""

    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class PublicPromo:
    """A promotion of a provider."""

    text: str | None
    logo_url: str | None


@dataclasses.dataclass(frozen=True)
class PublicOffering:
    """What a provider offers at the address over one technology; speeds in Mbps."""

    technology: str | None
    category: str | None
    max_download_mbps: float | None
    max_upload_mbps: float | None


@dataclasses.dataclass(frozen=True)
class PublicPlan:
    """A product of a provider; its prices by name, such as activation_fee."""

    id: str | None
    sku: str | None
    name: str | None
    technology: str | None
    data_limit: str | None
    download: PublicSpeedRange | None
    upload: PublicSpeedRange | None
    pricing: dict[str, PublicMoney]


@dataclasses.dataclass(frozen=True)
class PublicProvider:
    """An internet provider that serves the address."""

    id: str | None
    name: str
    telephone: str | None
    buyflow_type: str | None
    button_label: str | None
    url: str | None
    logo: str | None
    icon: str | None
    min_price: PublicMoney | None
    promos: list[PublicPromo]
    offerings: list[PublicOffering]
    catalog: list[PublicPlan]


@dataclasses.dataclass(frozen=True)
class SnapshotEvent:
    """Data of the event `snapshot`: where a look-up stands, first of all."""

    lookup: str
    agents: dict[str, str]
    service_address: PublicServiceAddress | None


@dataclasses.dataclass(frozen=True)
class ChangeEvent:
    """Data of the event `change`: where a look-up stands, and what is new."""

    lookup: str
    agents: dict[str, str]
    service_address: PublicServiceAddress | None
    changes: list[PublicAgentChange]


@dataclasses.dataclass(frozen=True)
class ProvidersEvent:
    """Data of the event `providers`: who serves the address, once the search has ended."""

    lookup: str
    providers: list[PublicProvider]


@dataclasses.dataclass(frozen=True)
class DoneEvent:
    """Data of the event `done`, the last of a look-up.

    The message is for a person, and null if the outcome is an answer. It took `elapsed` seconds.
    """

    lookup: str
    outcome: Outcome
    message: str | None
    elapsed: float | None


@dataclasses.dataclass(frozen=True)
class FarewellEvent:
    """Data of the event `farewell`: the server is being stopped; come back to it."""

    message: str


EVENT_SCHEMAS = {
    EventKind.SNAPSHOT: SnapshotEvent,
    EventKind.CHANGE: ChangeEvent,
    EventKind.PROVIDERS: ProvidersEvent,
    EventKind.DONE: DoneEvent,
    EventKind.FAREWELL: FarewellEvent,
}
"""The data of each event."""

EventData = SnapshotEvent | ChangeEvent | ProvidersEvent | DoneEvent | FarewellEvent
