"""What the result columns are computed from: the part of a `Qualification` that they show.

A result has some forty fields for each provider, and the columns need seven. To write an output,
results are read from their stored form as `ResultFacts`, which takes a third of the time. The
fields have the names and defaults of the models, so that one rule for each column serves both.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from hum_async._purchases.codec import unpack_as
from hum_async.errors import HumError
from hum_async.models import Address, Money, Outcome


def _nothing() -> dict[str, Any]:
    return {}


# Not frozen, because a frozen class takes twice as long to make.


@attrs.define
class PlaceFacts:
    """The part of a `ServiceAddress`."""

    normalized: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@attrs.define
class SpeedFacts:
    """The part of a `SpeedRange`."""

    high: float


@attrs.define
class OfferingFacts:
    """The part of an `Offering`."""

    technology: str | None = None
    max_download_mbps: float | None = None
    max_upload_mbps: float | None = None
    extra: Mapping[str, Any] = attrs.field(factory=_nothing)


@attrs.define
class PlanFacts:
    """The part of a `Plan`."""

    technology: str | None = None
    download: SpeedFacts | None = None
    upload: SpeedFacts | None = None
    extra: Mapping[str, Any] = attrs.field(factory=_nothing)


@attrs.define
class ProviderFacts:
    """The part of a `Provider`."""

    name: str
    min_price: Money | None = None
    offerings: tuple[OfferingFacts, ...] = ()
    catalog: tuple[PlanFacts, ...] = ()


@attrs.define(kw_only=True)
class ResultFacts:
    """The part of a `Qualification`."""

    address: Address
    outcome: Outcome
    providers: tuple[ProviderFacts, ...] = ()
    service_address: PlaceFacts | None = None
    data_set: str | None = None
    requests: int = 0
    elapsed: float = 0.0
    observed_at: datetime | None = None
    error: HumError | None = None
    library_version: str
    source: str | None = None


def stored_facts(packed: bytes, *, address: Address, digest: bytes) -> ResultFacts:
    """Return the facts of a stored result.

    Args:
        packed: The result in the store's own form.
        address: Address of the row.
        digest: What identifies the address in the store.

    Raises:
        JournalError: The bytes are damaged, or those of another address.
    """
    return unpack_as(ResultFacts, packed, key=None, address=address, digest=digest)
