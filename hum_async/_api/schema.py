"""The classes of the API's JSON schema, with the API's names, and hooks for variant values.

Because the names are the API's own, an error can name the JSON path of a fault.
"""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NewType

import attrs

from hum_async._addresses.zip_codes import zip_of_digits
from hum_async._api.structuring import Decoder, keep_unknown, number, text
from hum_async.models import AgentStatus, Money, ServiceAddress, SpeedRange

if TYPE_CHECKING:
    import cattrs

_Text = NewType("_Text", str)
Extra = dict[str, Any]

# These classes are never compared or printed. Without those methods they import in half the time.


@attrs.define(eq=False, repr=False, slots=False)
class SpeedJson:
    """A speed in Mbps, sent as number, text or range; `unread` keeps a text of another form."""

    mbps: SpeedRange | None
    unread: str | None = None


@attrs.define(eq=False, repr=False, slots=False)
class PromoJson:
    promo_text: str | None = None
    promo_logo_url: str | None = None


@attrs.define(eq=False, repr=False, slots=False)
class ProductJson:
    id: _Text | None = None
    sku: _Text | None = None
    name: str | None = None
    technology: str | None = None
    download_speed: SpeedJson | None = None
    upload_speed: SpeedJson | None = None
    data_limit: _Text | None = None
    pricing: dict[str, Money | None] | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class CategoryJson:
    products: list[ProductJson] | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class OfferingJson:
    technology: str | None = None
    technology_category: str | None = None
    max_download_speed: SpeedJson | None = None
    max_upload_speed: SpeedJson | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class ProviderJson:
    provider_name: str
    provider_id: _Text | None = None
    telephone: _Text | None = None
    url: str | None = None
    provider_logo: str | None = None
    provider_icon: str | None = None
    security_token: str | None = None
    buyflow_type: str | None = None
    button_label: str | None = None
    min_plan_price: Money | None = None
    promo_text: str | None = None
    promo_logo: str | None = None
    provider_promo: PromoJson | None = None
    url_promo: PromoJson | None = None
    offerings: list[OfferingJson] | None = None
    product_catalog: list[CategoryJson] | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class MetaJson:
    session_token: str | None = None
    session_status: str | None = None
    agent_status: dict[str, AgentStatus | None] | None = None
    service_address: ServiceAddress | None = None
    session_params: dict[str, Any] | None = None
    hum_data_set: _Text | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    responded_at: datetime | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class DataJson:
    """``data`` where it is an object."""

    service_address: ServiceAddress | None = None
    internet: list[ProviderJson] | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class EnvelopeJson:
    message: str | None = None
    request_status: str | None = None
    timestamp: datetime | None = None
    meta: MetaJson | None = None
    data: Any = None
    extra: Extra = attrs.field(factory=dict)


# --- hooks for variant values ---------------------------------------------------------------------


def padded_zip(value: Any, _: Any = None) -> str | None:
    """Structure a ZIP code, and restore the leading zeros that an integer loses (hum-api 3.2)."""
    if value is None:
        return None
    digits = text(value).strip()
    return zip_of_digits(digits) if _ZIP_DIGITS.fullmatch(digits) else digits


_ZIP_DIGITS = re.compile(r"\d{1,5}|\d{8,9}", re.ASCII)


_SPEED = re.compile(
    r"\s*(?:up to\s+)?(\d{1,9}(?:\.\d+)?)\s*(?:(?:-|\N{EN DASH}|to)\s*(\d{1,9}(?:\.\d+)?)\s*)?"
    r"([kmg])?(?:b(?:ps|/s|it/s)?)?\s*",
    re.IGNORECASE | re.ASCII,
)
_MBPS = {"k": 0.001, "m": 1.0, "g": 1000.0}


def _speed(value: Any, _: Any) -> SpeedJson:
    """Structure 100, "300", "50-100" and the like; the default unit is Mbps (hum-api 3.3)."""
    if type(value) is not str:
        speed = number(value)
        return SpeedJson(SpeedRange(speed, speed))
    found = _SPEED.fullmatch(value)
    if found is None:
        return SpeedJson(None, unread=value or None)
    low, high, unit = found.groups()
    factor = _MBPS[(unit or "m").lower()]
    ends = sorted(float(end) * factor for end in (low, high or low))
    return SpeedJson(SpeedRange(*(int(end) if end.is_integer() else end for end in ends)))


def _agent_status(value: Any, _: Any) -> AgentStatus:
    if type(value) is not str:
        raise TypeError("expected an agent's status as a string")
    return AgentStatus(value)


def _register(converter: "cattrs.Converter") -> None:
    converter.register_structure_hook(SpeedJson, _speed)
    converter.register_structure_hook(AgentStatus, _agent_status)
    converter.register_structure_hook_func(lambda cls: cls is _Text, text)
    as_object = keep_unknown(ServiceAddress, converter, zip=padded_zip)
    converter.register_structure_hook(
        ServiceAddress,
        lambda value, cls: (
            ServiceAddress(normalized=value) if type(value) is str else as_object(value, cls)
        ),
    )


decode = Decoder(_register).decode

_PROVIDER = {
    "provider_name": "",
    "min_plan_price": {"amount_cents": 0},
    "provider_promo": {},
    "offerings": [{"max_download_speed": 0}],
    "product_catalog": [{"products": [{"pricing": {"fee": {"amount_cents": 0}}}]}],
}


def prepare() -> None:
    """Decode an answer that has everything: what the first one needs is built with it."""
    decode(
        {"meta": {"agent_status": {"geocoding": "matched"}, "service_address": {}}}, EnvelopeJson
    )
    decode({"internet": [_PROVIDER]}, DataJson)
    decode([_PROVIDER], list[ProviderJson])
