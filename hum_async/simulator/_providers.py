"""Who serves an address: the table of providers and how one is written (hum-api 3.3).

The names Frontier, Spectrum and Rocket Fiber are those of the documentation; every other name, and
every figure, is made up.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hum_async.simulator._dialects import Dialect

_TECHNOLOGY_CODES = {"Fiber": 50, "Cable": 40, "DSL": 10, "Fixed Wireless": 70, "Satellite": 60}


@attrs.frozen
class Isp:
    """One provider of the simulated world.

    Attributes:
        name: Its name.
        technologies: What it delivers over, best first.
        download: Fastest download in Mbps.
        upload: Fastest upload in Mbps.
        min_price: Cheapest plan in US cents a month.
        promo: Its advertisement; may be empty.
    """

    name: str
    technologies: tuple[str, ...]
    download: int
    upload: int
    min_price: int
    promo: str = ""

    @property
    def slug(self) -> str:
        """The name as it stands in its URLs."""
        return "".join(c for c in self.name.lower() if c.isalnum())

    @property
    def number(self) -> int:
        """A stable number of six digits for telephone and article numbers."""
        return 100_000 + int(hashlib.sha256(self.name.encode()).hexdigest()[:8], 16) % 900_000


PROVIDERS: tuple[Isp, ...] = (
    Isp("Frontier", ("Fiber", "DSL"), 5000, 5000, 2999, "Get a $200 card with Fiber 1 Gig"),
    Isp("Spectrum", ("Cable",), 1000, 40, 4999, "Free modem and no contract"),
    Isp("Rocket Fiber", ("Fiber",), 10_000, 10_000, 5000),
    Isp("Great Lakes Cable", ("Cable",), 1200, 35, 3499, "First month on us"),
    Isp("Prairie Link", ("DSL", "Fixed Wireless"), 100, 10, 4500),
    Isp("Summit Fiber", ("Fiber",), 2000, 2000, 5500, "Price locked for 5 years"),
    Isp("Bluewater Broadband", ("Cable", "Fiber"), 2000, 100, 3999),
    Isp("Copperline", ("DSL",), 80, 10, 4200),
    Isp("Skyreach", ("Satellite",), 220, 20, 9000, "Hardware included"),
    Isp("Orbital Home", ("Satellite",), 150, 5, 6999),
    Isp("Towerline Wireless", ("Fixed Wireless",), 400, 40, 5000, "Autopay saves $10 a month"),
    Isp("Metro Fiber Co-op", ("Fiber",), 1000, 1000, 6500),
    Isp("Lone Star Cable", ("Cable",), 940, 35, 2500, "Half off for 12 months"),
    Isp("Granite State Telephone", ("Fiber", "DSL"), 1000, 500, 4000),
    Isp("Valley Airwaves", ("Fixed Wireless",), 100, 20, 5999),
)


def write_providers(
    positions: Sequence[int], *, variant: Dialect, token: str
) -> list[dict[str, Any]]:
    """Write the array of providers of one session.

    Args:
        positions: Positions in `PROVIDERS`.
        variant: How the session spells things.
        token: SimulatedSession token; `security_token` depends on it.
    """
    return [_write_provider(PROVIDERS[i], variant=variant, token=token) for i in positions]


def _write_provider(isp: Isp, *, variant: Dialect, token: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "provider_name": isp.name,
        "provider_logo": f"https://cdn.example.com/images/providers/{isp.slug}.png",
        "telephone": _telephone(isp, style=variant.telephone),
        "url": f"https://{isp.slug}.example.com/register?utm_source=Hum",
        "button_label": "Get Started" if isp.promo else f"{isp.slug}.example.com",
        "min_plan_price": _money(isp.min_price),
        "offerings": [_offering(isp, name=name, variant=variant) for name in isp.technologies],
    }
    if variant.provider_ids:
        body |= {
            "provider_id": str(uuid.uuid3(uuid.NAMESPACE_DNS, isp.name)),
            "provider_icon": None if isp.number % 2 else f"https://cdn.example.com/{isp.slug}.svg",
            "security_token": _security_token(isp, token=token),
            "buyflow_type": "direct",
        }
    body |= _promo(isp, style=variant.promo)
    if variant.catalog != "absent":
        body["product_catalog"] = _catalog(isp, variant=variant)
    return body


def _money(cents: int) -> dict[str, Any]:
    return {"amount_cents": cents, "currency": "USD"}


def _telephone(isp: Isp, *, style: str) -> str:
    digits = f"8005{isp.number}"
    if style == "e164":
        return f"+1{digits}"
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def _security_token(isp: Isp, *, token: str) -> str:
    """Make the 66 opaque characters, `_` and `-` among them, that must never be logged."""
    digest = hashlib.sha256(f"{token}/{isp.name}".encode()).hexdigest()
    return f"{digest[:20]}_{digest[20:40]}-{digest[40:64]}"


def _promo(isp: Isp, *, style: str) -> dict[str, Any]:
    logo = "https://cdn.example.com/promo_icons/banknotes.svg" if isp.promo else ""
    if style == "flat":
        return {"promo_text": isp.promo, "promo_logo": logo}
    if style == "nested":
        return {
            "provider_promo": {"promo_text": isp.promo, "promo_logo_url": logo},
            "url_promo": {"promo_text": "", "promo_logo_url": ""},
        }
    return {}


def _offering(isp: Isp, *, name: str, variant: Dialect) -> dict[str, Any]:
    share = 1 if name == isp.technologies[0] else 20
    body: dict[str, Any] = {
        "technology": name,
        "max_download_speed": isp.download // share,
        "max_upload_speed": max(1, isp.upload // share),
    }
    if variant.offering == "category":
        body["technology_category"] = "Orbital" if name == "Satellite" else "Terrestrial"
    elif variant.offering == "code":
        body["technology_code"] = str(_TECHNOLOGY_CODES[name])
        body["tech_logo"] = f"https://cdn.example.com/tech/{name.lower().replace(' ', '-')}.png"
    return body


def _catalog(isp: Isp, *, variant: Dialect) -> list[dict[str, Any]]:
    if variant.catalog == "empty":
        return []
    return [
        {
            "category": "internet",
            "category_name": "Internet Service",
            "category_description": f"Internet plans of {isp.name}",
            "products": [_product(isp, tier=tier, variant=variant) for tier in (1, 2)],
        }
    ]


def _product(isp: Isp, *, tier: int, variant: Dialect) -> dict[str, Any]:
    sku = f"{isp.number}-INT-{isp.technologies[0][:3].upper()}-{tier:02d}"
    share = 1 if tier > 1 else 4
    gift = ["Disney+ Basic", "ESPN+"] if tier > 1 else []
    return {
        "id": str(uuid.UUID(bytes=hashlib.sha256(sku.encode()).digest()[:16], version=4)),
        "sku": sku,
        "name": f"{isp.name} Internet {isp.download // share}",
        "description": f"Up to {isp.download // share} Mbps",
        "info": "5-year price lock guarantee" if tier > 1 else "",
        "category": "internet",
        "category_name": "Internet Service",
        "technology": isp.technologies[0].lower(),
        "position": tier,
        "select_type": "radio",
        "download_speed": _speed(isp.download // share, style=variant.speeds),
        "upload_speed": _speed(max(2, isp.upload // share), style=variant.speeds),
        "data_limit": None if variant.speeds == "number" else "Unlimited",
        "channel_count": 0,
        "streaming_apps": gift,
        **_conditions(tier),
        "pricing": _pricing(isp, tier=tier),
    }


def _speed(mbps: int, *, style: str) -> int | str:
    if style == "number":
        return mbps
    return str(mbps) if style == "text" else f"{mbps // 2}-{mbps}"


def _conditions(tier: int) -> dict[str, Any]:
    return {
        "is_required_to_checkout": tier == 1,
        "is_contract_required": False,
        "is_modem_router_included": tier > 1,
        "is_local_checkout": False,
        "is_bundle_qualifier": None,
        "bundle_discounts": {},
        "product_promo": {},
        "required_with_plans": [],
        "included_with_plans": [],
        "only_available_with_plans": [],
        "initial_term_discount_months": 12,
        "second_term_discount_months": 6,
        "hum_rank": 80 + 5 * tier,
        "max_quantity": 1,
    }


def _pricing(isp: Isp, *, tier: int) -> dict[str, Any]:
    return {
        "monthly_price": _money(isp.min_price * tier),
        "extra_data_fee": _money(0),
        "professional_installation_fee": _money(9900),
        "self_installation_fee": _money(0),
        "activation_fee": _money(3500),
        "initial_term_discount": _money(1000 * (tier - 1)),
        "second_term_discount": _money(500 * (tier - 1)),
        "autopay_discount": _money(1000),
    }
