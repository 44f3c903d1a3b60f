"""The rows of the long table: one for each offering and plan of a result's providers."""

import json
from collections.abc import Iterator
from typing import Any

from hum_async.bulk.result_columns import utc_text
from hum_async.models import Offering, Plan, Provider, Qualification

_RESULT = ("hum_outcome", "hum_data_set", "hum_observed_at", "hum_library_version")
_PROVIDER = (
    "hum_provider_id",
    "hum_provider",
    "hum_telephone",
    "hum_url",
    "hum_buyflow_type",
    "hum_min_price",
    "hum_min_price_currency",
)
_SPEED = ("hum_technology", "hum_category", "hum_max_download_mbps", "hum_max_upload_mbps")
_PLAN = (
    "hum_plan_id",
    "hum_plan_sku",
    "hum_plan",
    "hum_download_low_mbps",
    "hum_upload_low_mbps",
    "hum_data_limit",
    "hum_plan_pricing",
)
LONG_COLUMNS = ("hum_record", *_RESULT, *_PROVIDER, *_SPEED, *_PLAN)
"""The columns of the long table. `hum_record` is ``offering``, ``plan``, or ``provider`` for a
provider that lists neither."""


def long_rows(result: Qualification) -> Iterator[dict[str, Any]]:
    """Yield a row for each offering and each plan of each provider, as JSON values.

    The prices of a plan are one JSON text, with amounts in units of the currency, because the names
    of the prices differ from provider to provider (hum-api 3.3).
    """
    common = {
        "hum_outcome": str(result.outcome),
        "hum_data_set": result.data_set,
        "hum_observed_at": utc_text(result.observed_at),
        "hum_library_version": result.library_version,
    }
    for provider in result.providers:
        base = dict.fromkeys(LONG_COLUMNS) | common | _provider(provider)
        if not provider.offerings and not provider.catalog:
            yield base | {"hum_record": "provider"}
        for offering in provider.offerings:
            yield base | {"hum_record": "offering"} | _offering(offering)
        for plan in provider.catalog:
            yield base | {"hum_record": "plan"} | _plan(plan)


def _provider(provider: Provider) -> dict[str, Any]:
    price = provider.min_price
    return {
        "hum_provider_id": provider.id,
        "hum_provider": provider.name,
        "hum_telephone": provider.telephone,
        "hum_url": provider.url,
        "hum_buyflow_type": provider.buyflow_type,
        "hum_min_price": price and price.amount_cents / 100,
        "hum_min_price_currency": price and price.currency,
    }


def _offering(offering: Offering) -> dict[str, Any]:
    return {
        "hum_technology": offering.technology,
        "hum_category": offering.category,
        "hum_max_download_mbps": offering.max_download_mbps,
        "hum_max_upload_mbps": offering.max_upload_mbps,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    prices = {
        name: {"amount": money.amount_cents / 100, "currency": money.currency}
        for name, money in plan.pricing.items()
    }
    return {
        "hum_technology": plan.technology,
        "hum_max_download_mbps": plan.download and plan.download.high,
        "hum_max_upload_mbps": plan.upload and plan.upload.high,
        "hum_plan_id": plan.id,
        "hum_plan_sku": plan.sku,
        "hum_plan": plan.name,
        "hum_download_low_mbps": plan.download and plan.download.low,
        "hum_upload_low_mbps": plan.upload and plan.upload.low,
        "hum_data_limit": plan.data_limit,
        "hum_plan_pricing": json.dumps(prices, ensure_ascii=False) if prices else None,
    }
