"""Providers, from the API's JSON schema to the models."""

from hum_async._api.schema import (
    CategoryJson,
    Extra,
    OfferingJson,
    ProductJson,
    ProviderJson,
    SpeedJson,
)
from hum_async.models import Offering, Plan, Promo, Provider, SpeedRange


def provider(raw: ProviderJson) -> Provider:
    """Return a provider, with its promotions and plans in one form whatever the generation."""
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
