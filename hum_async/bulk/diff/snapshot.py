"""What is compared of one result: a small record in place of a whole `Qualification`."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import attrs

from hum_async._addresses.usps_key import KeyRules
from hum_async._api.addresses import checked_or_error
from hum_async._purchases.records import FAILED_OUTCOMES, address_digest
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.result_schema import GEOMETRY
from hum_async.errors import AddressError
from hum_async.models import Address, Outcome, Qualification

KNOWING = frozenset({Outcome.SERVED, Outcome.NO_PROVIDERS})
"""The outcomes that say who serves an address."""

_NUMBER = re.compile(r"\d+", re.ASCII)


def _masked(value: str) -> str:
    return repr("***" if value else "")


@attrs.frozen(kw_only=True)
class Snapshot:
    """What is compared of one result.

    Attributes:
        outcome: The outcome.
        label: The address, for people; masked in `repr`.
        row: Number of its row in the input, from 1; None if there is no input.
        providers: Names of the providers, each once, in alphabetical order.
        fiber: Whether any of them offers fiber; None if that is not known.
        download: The highest download speed in Mbps; None if it is not known.
        upload: The highest upload speed in Mbps; None if it is not known.
        price_cents: The lowest price in US cents; None if it is not known.
        data_set: The version of Hum's data; None if the answer does not name it.
        observed_at: Time at which Hum answered, to the second; None if it did not.
        point: Longitude and latitude in degrees; None if they are not known.
    """

    outcome: Outcome
    label: str = attrs.field(default="", repr=_masked)
    row: int | None = None
    providers: tuple[str, ...] = ()
    fiber: bool | None = None
    download: float | None = None
    upload: float | None = None
    price_cents: int | None = None
    data_set: str | None = None
    observed_at: datetime | None = None
    point: tuple[float, float] | None = attrs.field(default=None, repr=False)

    @property
    def knows(self) -> bool:
        """Whether it says who serves the address."""
        return self.outcome in KNOWING

    @property
    def failed(self) -> bool:
        """Whether the address got no answer."""
        return self.outcome in FAILED_OUTCOMES


def snapshot_of(result: Qualification, *, label: str = "", row: int | None = None) -> Snapshot:
    """Return the snapshot of a result."""
    return snapshot_of_values(result_values(result), label=label, row=row)


def snapshot_of_values(
    values: Mapping[str, Any], *, label: str = "", row: int | None = None
) -> Snapshot:
    """Return the snapshot of a row's result columns.

    Args:
        values: Their values, by name; those of older schemas may lack some.
        label: The address, for people.
        row: Number of the row in the input, from 1; None if there is no input.
    """
    point = values.get(GEOMETRY)
    if point is None and values.get("hum_longitude") is not None:
        point = values["hum_longitude"], values["hum_latitude"]
    return Snapshot(
        outcome=Outcome(values["hum_outcome"]),
        label=label,
        row=row,
        providers=_names(tuple(values.get("hum_providers") or ())),
        fiber=_fiber(values),
        download=values.get("hum_max_download_mbps"),
        upload=values.get("hum_max_upload_mbps"),
        price_cents=values.get("hum_min_price_cents"),
        data_set=values.get("hum_data_set"),
        observed_at=values.get("hum_observed_at"),
        point=point,
    )


def label_of(address: Address) -> str:
    """Return an address as people write it, on one line; "" for none."""
    region = " ".join(part for part in (address.state, address.zip) if part)
    parts = (address.street1, address.street2, address.city, region)
    return ", ".join(part.strip() for part in parts if part and part.strip())


def digest_of(address: Address, rules: KeyRules) -> bytes | None:
    """Return what identifies an address; None for one that no job can ask for."""
    usable = checked_or_error(address)
    return None if isinstance(usable, AddressError) else address_digest(usable, rules)


@lru_cache(maxsize=4096)  # few combinations of providers occur again and again
def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    # As a cell of CSV holds them: a name with "; " in it is two there.
    parts = (" ".join(part.split()) for part in "; ".join(names).split("; "))
    return tuple(sorted({part.casefold(): part for part in parts if part}.values()))


def _fiber(values: Mapping[str, Any]) -> bool | None:
    if "hum_has_fiber" in values:
        found: bool | None = values["hum_has_fiber"]
        return found
    # Version 1 of the schema had no flags.
    technologies = {name.casefold() for name in values.get("hum_technologies") or ()}
    if "fiber" in technologies:
        return True
    knows = values["hum_outcome"] in KNOWING
    return False if knows and (technologies or not values.get("hum_providers")) else None


@lru_cache(maxsize=256)
def kind_of_data(data_set: str) -> str:
    """Return the kind of a data set: its name without what counts its versions.

    Hum's names are opaque. Versions such as v.1005 and v.1006 are of one kind, and 25041808, which
    may be a date and an hour, is of another (hum-api 3.2).
    """
    return _NUMBER.sub("#", data_set.strip().casefold())
