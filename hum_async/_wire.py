"""JSON bytes to models: every variant of an answer in hum-api.md is known here and nowhere else.

Classes that begin with an underscore mirror the JSON, name for name, so that an error can say
where in the answer it is. Decoding is strict about types and open about everything else: unknown
fields go to ``extra``, unknown enum values stay as they are, whatever may be missing may be null.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NewType, cast

import attrs
import orjson

from hum_async._strict import Decoder, keep_unknown, number, text
from hum_async.errors import ResponseError
from hum_async.models import (
    Address,
    AgentStatus,
    Money,
    Offering,
    Ping,
    Plan,
    Promo,
    Provider,
    ServiceAddress,
    Session,
    SpeedRange,
)

if TYPE_CHECKING:
    import cattrs

__all__ = [
    "decode_created",
    "decode_internet",
    "decode_ping",
    "decode_session",
    "encode_address",
    "error_message",
]

_Text = NewType("_Text", str)
_Extra = dict[str, Any]

# Nobody compares or prints a mirror: without the methods for it, they import in half the time.


@attrs.define(eq=False, repr=False, slots=False)
class _Speed:
    """A speed in Mbps as number, string or range; `unread` keeps what is none of these."""

    mbps: SpeedRange | None
    unread: str | None = None


@attrs.define(eq=False, repr=False, slots=False)
class _FlatPromo:
    promo_text: str | None = None
    promo_logo_url: str | None = None


@attrs.define(eq=False, repr=False, slots=False)
class _Product:
    id: _Text | None = None
    sku: _Text | None = None
    name: str | None = None
    technology: str | None = None
    download_speed: _Speed | None = None
    upload_speed: _Speed | None = None
    data_limit: _Text | None = None
    pricing: dict[str, Money | None] | None = None
    extra: _Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class _Category:
    products: list[_Product] | None = None
    extra: _Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class _Offering:
    technology: str | None = None
    technology_category: str | None = None
    max_download_speed: _Speed | None = None
    max_upload_speed: _Speed | None = None
    extra: _Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class _Provider:
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
    provider_promo: _FlatPromo | None = None
    url_promo: _FlatPromo | None = None
    offerings: list[_Offering] | None = None
    product_catalog: list[_Category] | None = None
    extra: _Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class _Meta:
    session_token: str | None = None
    session_status: str | None = None
    agent_status: dict[str, AgentStatus | None] | None = None
    service_address: ServiceAddress | None = None
    session_params: dict[str, Any] | None = None
    hum_data_set: _Text | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    responded_at: datetime | None = None
    extra: _Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class _Data:
    """``data`` where it is an object."""

    service_address: ServiceAddress | None = None
    internet: list[_Provider] | None = None
    extra: _Extra = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False, slots=False)
class _Envelope:
    message: str | None = None
    request_status: str | None = None
    timestamp: datetime | None = None
    meta: _Meta | None = None
    data: Any = None
    extra: _Extra = attrs.field(factory=dict)


# --- variants of single values --------------------------------------------------------------------


def _zip(value: Any, _: Any = None) -> str | None:
    """A ZIP code, with the zeros put back that an integer loses (hum-api 3.2)."""
    if value is None:
        return None
    digits = text(value).strip()
    if re.fullmatch(r"\d{1,5}", digits, re.ASCII):
        return digits.zfill(5)
    if re.fullmatch(r"\d{8,9}", digits, re.ASCII):
        digits = digits.zfill(9)
        return f"{digits[:5]}-{digits[5:]}"
    return digits


_SPEED = re.compile(
    r"\s*(?:up to\s+)?(\d{1,9}(?:\.\d+)?)\s*(?:(?:-|\N{EN DASH}|to)\s*(\d{1,9}(?:\.\d+)?)\s*)?"
    r"([kmg])?(?:b(?:ps|/s|it/s)?)?\s*",
    re.IGNORECASE | re.ASCII,
)
_MBPS = {"k": 0.001, "m": 1.0, "g": 1000.0}


def _speed(value: Any, _: Any) -> _Speed:
    """100, "300", "50-100" and the like; Mbps where no unit is given (hum-api 3.3)."""
    if type(value) is not str:
        speed = number(value)
        return _Speed(SpeedRange(speed, speed))
    found = _SPEED.fullmatch(value)
    if found is None:
        return _Speed(None, unread=value or None)
    low, high, unit = found.groups()
    factor = _MBPS[(unit or "m").lower()]
    ends = sorted(float(end) * factor for end in (low, high or low))
    return _Speed(SpeedRange(*(int(end) if end.is_integer() else end for end in ends)))


def _agent_status(value: Any, _: Any) -> AgentStatus:
    if type(value) is not str:
        raise TypeError("expected an agent's status as a string")
    return AgentStatus(value)


def _register(converter: "cattrs.Converter") -> None:
    converter.register_structure_hook(_Speed, _speed)
    converter.register_structure_hook(AgentStatus, _agent_status)
    converter.register_structure_hook_func(lambda cls: cls is _Text, text)
    as_object = keep_unknown(ServiceAddress, converter, zip=_zip)
    converter.register_structure_hook(
        ServiceAddress,
        lambda value, cls: (
            ServiceAddress(normalized=value) if type(value) is str else as_object(value, cls)
        ),
    )


_decode = Decoder(_register).decode


# --- from the mirror to the models ----------------------------------------------------------------


def _offering(raw: _Offering) -> Offering:
    extra = dict(raw.extra)
    return Offering(
        technology=raw.technology,
        category=raw.technology_category,
        max_download_mbps=_highest(raw.max_download_speed, "max_download_speed", extra),
        max_upload_mbps=_highest(raw.max_upload_speed, "max_upload_speed", extra),
        extra=extra,
    )


def _highest(speed: _Speed | None, name: str, extra: _Extra) -> float | None:
    mbps = _range(speed, name, extra)
    return None if mbps is None else mbps.high


def _range(speed: _Speed | None, name: str, extra: _Extra) -> SpeedRange | None:
    if speed is None:
        return None
    if speed.unread is not None:
        extra[name] = speed.unread
    return speed.mbps


def _plan(raw: _Product, category: _Category) -> Plan:
    extra = {**category.extra, **raw.extra}
    return Plan(
        id=raw.id,
        sku=raw.sku,
        name=raw.name,
        technology=raw.technology,
        download=_range(raw.download_speed, "download_speed", extra),
        upload=_range(raw.upload_speed, "upload_speed", extra),
        data_limit=raw.data_limit,
        pricing={name: money for name, money in (raw.pricing or {}).items() if money is not None},
        extra=extra,
    )


def _promos(raw: _Provider) -> tuple[Promo, ...]:
    """Flat (generation C) and nested (D and later) promotions in one form; empty ones dropped."""
    pairs = [(raw.promo_text, raw.promo_logo)]
    pairs += [
        (promo.promo_text, promo.promo_logo_url)
        for promo in (raw.provider_promo, raw.url_promo)
        if promo is not None
    ]
    return tuple(Promo(text or None, logo or None) for text, logo in pairs if text or logo)


def _provider(raw: _Provider) -> Provider:
    return Provider(
        name=raw.provider_name,
        id=raw.provider_id,
        telephone=raw.telephone,
        url=raw.url,
        logo=raw.provider_logo,
        icon=raw.provider_icon,
        security_token=raw.security_token,
        buyflow_type=raw.buyflow_type,
        button_label=raw.button_label,
        min_price=raw.min_plan_price,
        promos=_promos(raw),
        offerings=tuple(_offering(offering) for offering in raw.offerings or ()),
        catalog=tuple(
            _plan(product, category)
            for category in raw.product_catalog or ()
            for product in category.products or ()
        ),
        extra=raw.extra,
    )


def _providers(raw: list[_Provider] | None) -> tuple[Provider, ...] | None:
    return None if raw is None else tuple(_provider(provider) for provider in raw)


def _address_of(meta: _Meta, data: _Data) -> ServiceAddress | None:
    """Return the fuller of the two places where an answer may name the service address."""
    found = [
        place
        for place in (meta.service_address, data.service_address)
        if place is not None and place != ServiceAddress() and place.normalized != ""
    ]
    return max(found, key=lambda place: place.latitude is not None, default=None)


def _params(raw: Mapping[str, Any] | None) -> dict[str, Any]:
    params = dict(raw or {})
    if type(params.get("zip")) in {int, str}:
        params["zip"] = _zip(params["zip"])
    return params


def _session(
    envelope: _Envelope,
    *,
    token: str,
    processing: bool,
    data: _Data,
    providers: tuple[Provider, ...] | None,
) -> Session:
    meta = envelope.meta or _Meta()
    agents = {name: status for name, status in (meta.agent_status or {}).items() if status}
    return Session(
        token=token,
        processing=processing,
        agents=agents,
        service_address=_address_of(meta, data),
        providers=providers,
        session_status=meta.session_status,
        request_status=envelope.request_status,
        message=envelope.message,
        data_set=meta.hum_data_set,
        params=_params(meta.session_params),
        created_at=meta.created_at,
        updated_at=meta.updated_at,
        responded_at=meta.responded_at,
        extra={**envelope.extra, **data.extra, **meta.extra},
    )


# --- the answers, one function each ---------------------------------------------------------------


def _load(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise ResponseError(f"not JSON (at byte {exc.pos} of {len(body)})") from None


def _envelope(body: bytes) -> _Envelope:
    return cast("_Envelope", _decode(_load(body), _Envelope))


def _data(envelope: _Envelope) -> _Data:
    if envelope.data is None:
        return _Data()
    return cast("_Data", _decode(envelope.data, _Data, "$.data"))


def decode_created(body: bytes) -> Session:
    """Decode the answer to POST /sessions, of either generation.

    Raises:
        ResponseError: Not understood; a session may exist all the same.
    """
    envelope = _envelope(body)
    # Present in every generation; `data.session_token` is not (hum-api 2.2).
    token = envelope.meta.session_token if envelope.meta else None
    if not token:
        raise ResponseError("is missing", "$.meta.session_token")
    data = _Data()
    if isinstance(envelope.data, list):
        listed = _decode(envelope.data, list[_Provider], "$.data")
        providers = _providers(cast("list[_Provider]", listed))
    else:
        data = _data(envelope)
        data.extra.pop("session_token", None)
        providers = _providers(data.internet)
    return _session(envelope, token=token, processing=False, data=data, providers=providers)


def decode_session(body: bytes, *, token: str, processing: bool) -> Session:
    """Decode the answer to GET /sessions/{token}.

    Args:
        body: The answer; hum-api does not show a 202's, so that one may be empty.
        token: The token that was asked for; kept whatever the answer says.
        processing: The status was 202.

    Raises:
        ResponseError: Not understood.
    """
    if processing and not body.strip():
        return Session(token=token, processing=True)
    envelope = _envelope(body)
    return _session(
        envelope, token=token, processing=processing, data=_data(envelope), providers=None
    )


def decode_internet(body: bytes, *, token: str, processing: bool) -> Session:
    """Decode the answer to GET /sessions/{token}/services/internet.

    The providers are filled under 200 and None under 202. Arguments and errors as
    `decode_session`.
    """
    if processing and not body.strip():
        return Session(token=token, processing=True)
    envelope = _envelope(body)
    data = _data(envelope)
    return _session(
        envelope,
        token=token,
        processing=processing,
        data=data,
        providers=None if processing else _providers(data.internet),
    )


def decode_ping(body: bytes) -> Ping:
    """Decode the answer to GET /ping."""
    envelope = _envelope(body)
    return Ping(envelope.message, envelope.request_status, envelope.timestamp)


def error_message(body: bytes) -> str:
    """Return what an error answer says, or '' if it is nothing that can be shown.

    The error body is not documented (hum-api 4): likely the envelope with ``message``.
    """
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(said, dict):
        return ""
    found = (said.get(name) for name in ("message", "error", "detail", "title"))
    return next((text for text in found if isinstance(text, str) and text), "")


def encode_address(address: Address, *, campaign_id: str | None = None) -> bytes:
    """Encode a checked address as the body of POST /sessions."""
    fields = attrs.asdict(address)
    # The API's list of states has PR but not DC (hum-api 2.2).
    if fields["state"] == "DC":
        fields["state"] = None
    fields["campaign_id"] = campaign_id
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})
