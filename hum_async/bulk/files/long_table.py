"""The rows of the long table: one for each offering and plan of a result's providers."""

from collections.abc import Iterator, Sequence
from typing import Any

from hum_async._plain import cleared
from hum_async.bulk.coverage import Service
from hum_async.bulk.files.price_columns import NO_PRICES, PriceColumns
from hum_async.bulk.result_columns import in_units, place_values, utc_second
from hum_async.bulk.result_schema import SERVED_LEVELS, ServiceLevel
from hum_async.models import Offering, Plan, Provider, Qualification

_RESULT = (
    "hum_row",
    "hum_outcome",
    "hum_latitude",
    "hum_longitude",
    "hum_source",
    "hum_data_set",
    "hum_observed_at",
    "hum_library_version",
)
_PROVIDER = (
    "hum_provider_id",
    "hum_provider",
    "hum_telephone",
    "hum_url",
    "hum_buyflow_type",
    "hum_min_price",
    "hum_min_price_cents",
    "hum_min_price_currency",
)
_SPEED = (
    "hum_technology",
    "hum_fcc_technology_code",
    "hum_category",
    "hum_max_download_mbps",
    "hum_max_upload_mbps",
)
_PLAN = (
    "hum_plan_id",
    "hum_plan_sku",
    "hum_plan",
    "hum_download_low_mbps",
    "hum_upload_low_mbps",
    "hum_data_limit",
)


def long_columns(
    levels: Sequence[ServiceLevel] = SERVED_LEVELS, prices: PriceColumns = NO_PRICES
) -> tuple[str, ...]:
    """Return the columns of the long table.

    `hum_record` is ``offering``, ``plan``, or ``provider`` for a provider that lists neither.

    Args:
        levels: The levels of service that have a column.
        prices: The columns of the plans' prices.
    """
    served = (level.column for level in levels)
    return ("hum_record", *_RESULT, *_PROVIDER, *_SPEED, *served, *_PLAN, *prices.columns)


def long_rows(
    result: Qualification,
    *,
    row: int | None = None,
    levels: Sequence[ServiceLevel] = SERVED_LEVELS,
    prices: PriceColumns = NO_PRICES,
) -> Iterator[dict[str, Any]]:
    """Yield the values of a row for each offering and each plan of each provider.

    Args:
        result: The result.
        row: Number of its row in the input, from 1; None if there is no input.
        levels: The levels of service that have a column.
        prices: The columns of the plans' prices.
    """
    common = dict.fromkeys(long_columns(levels, prices)) | {
        "hum_row": row,
        "hum_outcome": str(result.outcome),
        **place_values(result),
        "hum_source": result.source,
        "hum_data_set": result.data_set,
        "hum_observed_at": utc_second(result.observed_at),
        "hum_library_version": result.library_version,
    }
    for provider in result.providers:
        # The API may repeat them in a link or a name.
        secrets = frozenset(filter(None, (result.token, provider.security_token)))
        base = cleared(common | _provider(provider), secrets)
        if not provider.offerings and not provider.catalog:
            yield base | {"hum_record": "provider"}
        for offering in provider.offerings:
            yield (
                base
                | cleared(_service(offering, levels), secrets)
                | {
                    "hum_record": "offering",
                    "hum_category": cleared(offering.category, secrets),
                }
            )
        for plan in provider.catalog:
            said = cleared(_service(plan, levels) | _plan(plan), secrets)
            yield base | said | prices.values(plan)


def _provider(provider: Provider) -> dict[str, Any]:
    price = provider.min_price
    return {
        "hum_provider_id": provider.id,
        "hum_provider": provider.name,
        "hum_telephone": provider.telephone,
        "hum_url": provider.url,
        "hum_buyflow_type": provider.buyflow_type,
        "hum_min_price": price and in_units(price.amount_cents),
        "hum_min_price_cents": price and price.amount_cents,
        "hum_min_price_currency": price and price.currency,
    }


def _service(part: Offering | Plan, levels: Sequence[ServiceLevel]) -> dict[str, Any]:
    service = Service.of(part)
    return {
        "hum_technology": service.technology,
        "hum_fcc_technology_code": service.code,
        "hum_max_download_mbps": service.download,
        "hum_max_upload_mbps": service.upload,
        **{level.column: service.reaches(level) for level in levels},
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "hum_record": "plan",
        "hum_plan_id": plan.id,
        "hum_plan_sku": plan.sku,
        "hum_plan": plan.name,
        "hum_download_low_mbps": plan.download and plan.download.low,
        "hum_upload_low_mbps": plan.upload and plan.upload.low,
        "hum_data_limit": plan.data_limit,
    }
