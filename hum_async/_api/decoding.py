"""Decodes the JSON of answers to models, and encodes addresses.

Decoding is strict about types and open about everything else: unknown fields go to ``extra``,
unknown enum values are kept, and a field that may be missing may also be null.
"""

from collections.abc import Mapping
from typing import Any, cast

import attrs
import orjson

from hum_async._api.reading import find_token, load, load_leniently
from hum_async._api.schema import (
    CategoryJson,
    DataJson,
    EnvelopeJson,
    Extra,
    MetaJson,
    OfferingJson,
    ProductJson,
    ProviderJson,
    SpeedJson,
    decode,
    padded_zip,
)
from hum_async.errors import ResponseError
from hum_async.models import (
    Address,
    Offering,
    Ping,
    Plan,
    Promo,
    Provider,
    ServiceAddress,
    Session,
    SpeedRange,
)


class ForeignAnswer(ResponseError):
    """An answer is that of another session: what comes on its connection cannot be trusted."""

    def __init__(self) -> None:
        super().__init__("is the token of another session", "$.meta.session_token")


# --- from the schema to the models ----------------------------------------------------------------


def _offering(raw: OfferingJson) -> Offering:
    extra = dict(raw.extra)
    return Offering(
        technology=raw.technology,
        category=raw.technology_category,
        max_download_mbps=_highest(raw.max_download_speed, "max_download_speed", extra),
        max_upload_mbps=_highest(raw.max_upload_speed, "max_upload_speed", extra),
        extra=extra,
    )


def _highest(speed: SpeedJson | None, name: str, extra: Extra) -> float | None:
    mbps = _range(speed, name, extra)
    return None if mbps is None else mbps.high


def _range(speed: SpeedJson | None, name: str, extra: Extra) -> SpeedRange | None:
    if speed is None:
        return None
    if speed.unread is not None:
        extra[name] = speed.unread
    return speed.mbps


def _plan(raw: ProductJson, category: CategoryJson) -> Plan:
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


def _promos(raw: ProviderJson) -> tuple[Promo, ...]:
    """Return flat (generation C) and nested (D and later) promotions in one form, no empty ones."""
    pairs = [(raw.promo_text, raw.promo_logo)]
    pairs += [
        (promo.promo_text, promo.promo_logo_url)
        for promo in (raw.provider_promo, raw.url_promo)
        if promo is not None
    ]
    return tuple(Promo(text or None, logo or None) for text, logo in pairs if text or logo)


def _provider(raw: ProviderJson) -> Provider:
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


def _providers(raw: list[ProviderJson] | None) -> tuple[Provider, ...] | None:
    return None if raw is None else tuple(_provider(provider) for provider in raw)


def _address_of(meta: MetaJson, data: DataJson) -> ServiceAddress | None:
    """Return the service address from ``meta`` or ``data``, preferably one with coordinates."""
    found = [
        place
        for place in (meta.service_address, data.service_address)
        if place is not None and place != ServiceAddress() and place.normalized != ""
    ]
    return max(found, key=lambda place: place.latitude is not None, default=None)


def _params(raw: Mapping[str, Any] | None) -> dict[str, Any]:
    params = dict(raw or {})
    if type(params.get("zip")) in {int, str}:
        params["zip"] = padded_zip(params["zip"])
    return params


def _session(
    envelope: EnvelopeJson,
    *,
    token: str,
    data: DataJson,
    processing: bool = False,
    providers: tuple[Provider, ...] | None = None,
) -> Session:
    meta = envelope.meta or MetaJson()
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


# --- one function for each answer -----------------------------------------------------------------


def _envelope(body: bytes) -> EnvelopeJson:
    return cast("EnvelopeJson", decode(load(body), EnvelopeJson))


def _envelope_of(token: str, body: bytes) -> EnvelopeJson:
    envelope = _envelope(body)
    named = envelope.meta.session_token if envelope.meta else None
    _check_named(named or _token_in(envelope.data), token)
    return envelope


def _token_in(part: Any) -> Any:
    return part.get("session_token") if isinstance(part, dict) else None


def _check_named(named: Any, token: str) -> None:
    if isinstance(named, str) and named and named != token:
        raise ForeignAnswer


def check_token(body: bytes, *, token: str) -> None:
    """Check that an answer, which may have any other form, names no other session (hum-api 3.2).

    Raises:
        ForeignAnswer: It does.
    """
    answer = load_leniently(body)
    if isinstance(answer, dict):
        _check_named(_token_in(answer.get("meta")) or _token_in(answer.get("data")), token)


def _data(envelope: EnvelopeJson) -> DataJson:
    if envelope.data is None:
        return DataJson()
    return cast("DataJson", decode(envelope.data, DataJson, "$.data"))


def decode_created(body: bytes) -> Session:
    """Decode the answer to POST /sessions, of either generation.

    The session is paid for. If its token can be read, the rest of an answer that cannot be decoded
    is left out, and polls will tell.

    Raises:
        ResponseError: The answer has no token. A session may exist all the same.
    """
    try:
        return _created(body)
    except ResponseError as exc:
        fault = exc
    token = find_token(body)
    if token is None:
        raise fault
    return Session(token=token, processing=True)


def _created(body: bytes) -> Session:
    envelope = _envelope(body)
    # Present in every generation; `data.session_token` is not (hum-api 2.2).
    token = envelope.meta.session_token if envelope.meta else None
    if not token:
        raise ResponseError("is missing", "$.meta.session_token")
    data = DataJson()
    if isinstance(envelope.data, list):
        listed = decode(envelope.data, list[ProviderJson], "$.data")
        providers = _providers(cast("list[ProviderJson]", listed))
    else:
        data = _data(envelope)
        data.extra.pop("session_token", None)
        providers = _providers(data.internet)
    return _session(envelope, token=token, data=data, providers=providers)


def decode_session(body: bytes, *, token: str, processing: bool) -> Session:
    """Decode the answer to GET /sessions/{token}.

    Args:
        body: The body; it may be empty with a 202, because hum-api shows none.
        token: The token that was polled.
        processing: The status was 202.

    Raises:
        ForeignAnswer: The answer is that of another session.
        ResponseError: The answer cannot be decoded.
    """
    if processing and not body.strip():
        return Session(token=token, processing=True)
    envelope = _envelope_of(token, body)
    return _session(envelope, token=token, processing=processing, data=_data(envelope))


def decode_internet(body: bytes, *, token: str, processing: bool) -> Session:
    """Decode the answer to GET /sessions/{token}/services/internet.

    The session has providers with a 200, and None with a 202. Arguments and errors are those of
    `decode_session`.
    """
    if processing:
        return decode_session(body, token=token, processing=True)
    envelope = _envelope_of(token, body)
    data = _data(envelope)
    return _session(envelope, token=token, data=data, providers=_providers(data.internet))


def decode_ping(body: bytes) -> Ping:
    """Decode the answer to GET /ping."""
    envelope = _envelope(body)
    return Ping(envelope.message, envelope.request_status, envelope.timestamp)


def error_message(body: bytes) -> str:
    """Return the message of an error answer; '' if it has none.

    The error body is not documented (hum-api 4); likely it is the envelope with ``message``.
    """
    answer = load_leniently(body)
    if not isinstance(answer, dict):
        return ""
    found = (answer.get(name) for name in ("message", "error", "detail", "title"))
    return next((text for text in found if isinstance(text, str) and text), "")


def encode_address(address: Address, *, campaign_id: str | None = None) -> bytes:
    """Encode a checked address as the body of POST /sessions."""
    fields = attrs.asdict(address)
    # The API's list of states has no DC (hum-api 2.2).
    if fields["state"] == "DC":
        fields["state"] = None
    fields["campaign_id"] = campaign_id
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})
