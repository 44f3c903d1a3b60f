"""The table of providers, and the JSON of a provider (hum-api 3.3).

The documentation uses the names Frontier, Spectrum and Rocket Fiber; every other name, and every
figure, is made up.
"""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import attrs

from hum_async.simulator._dialects import Dialect

_LOWEST_PRICE = 500
_TECHNOLOGY_CODES = {"Fiber": 50, "Cable": 40, "DSL": 10, "Fixed Wireless": 70, "Satellite": 60}


@attrs.frozen
class Isp:
    """One internet service provider.

    Attributes:
        name: Name.
        technologies: Technologies of its connections, best first.
        download: Highest download speed in Mbps.
        upload: Highest upload speed in Mbps.
        min_price: Price of the cheapest plan, US cents a month.
        promo: Text of its promotion; may be empty.
    """

    name: str
    technologies: tuple[str, ...]
    download: int
    upload: int
    min_price: int
    promo: str = ""

    @property
    def slug(self) -> str:
        """The form of the name in URLs."""
        return "".join(char for char in self.name.lower() if char.isalnum())

    @property
    def number(self) -> int:
        """A number of six digits, derived from the name, for telephone numbers and SKUs."""
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
    indexes: Sequence[int], *, dialect: Dialect, token: str, price_moves: int = 0
) -> list[dict[str, Any]]:
    """Return the array of providers of one session.

    Args:
        indexes: Indexes into `PROVIDERS`.
        dialect: The session's spellings.
        token: Session token; each `security_token` depends on it.
        price_moves: US cents by which each price has moved.
    """
    isps = [PROVIDERS[i] for i in indexes]
    if price_moves:
        isps = [
            attrs.evolve(isp, min_price=max(_LOWEST_PRICE, isp.min_price + price_moves))
            for isp in isps
        ]
    return [_write_provider(isp, dialect=dialect, token=token) for isp in isps]


def _write_provider(isp: Isp, *, dialect: Dialect, token: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "provider_name": isp.name,
        "provider_logo": f"https://cdn.example.com/images/providers/{isp.slug}.png",
        "telephone": _telephone(isp, spelling=dialect.telephone),
        "url": f"https://{isp.slug}.example.com/register?utm_source=Hum",
        "button_label": "Get Started" if isp.promo else f"{isp.slug}.example.com",
        "min_plan_price": _money(isp.min_price),
        "offerings": [_offering(isp, name=name, dialect=dialect) for name in isp.technologies],
    }
    if dialect.provider_ids:
        body |= {
            "provider_id": str(uuid.uuid3(uuid.NAMESPACE_DNS, isp.name)),
            "provider_icon": None if isp.number % 2 else f"https://cdn.example.com/{isp.slug}.svg",
            "security_token": _security_token(isp, token=token),
            "buyflow_type": "direct",
        }
    body |= _promo(isp, spelling=dialect.promo)
    if dialect.catalog != "absent":
        body["product_catalog"] = _catalog(isp, dialect=dialect)
    return body


def _money(cents: int) -> dict[str, Any]:
    return {"amount_cents": cents, "currency": "USD"}


def _telephone(isp: Isp, *, spelling: str) -> str:
    digits = f"8005{isp.number}"
    if spelling == "e164":
        return f"+1{digits}"
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def _security_token(isp: Isp, *, token: str) -> str:
    """Return 66 opaque characters with a `_` and a `-`, as in the documentation's sample."""
    digest = hashlib.sha256(f"{token}/{isp.name}".encode()).hexdigest()
    return f"{digest[:20]}_{digest[20:40]}-{digest[40:64]}"


def _promo(isp: Isp, *, spelling: str) -> dict[str, Any]:
    logo = "https://cdn.example.com/promo_icons/banknotes.svg" if isp.promo else ""
    if spelling == "flat":
        return {"promo_text": isp.promo, "promo_logo": logo}
    if spelling == "nested":
        return {
            "provider_promo": {"promo_text": isp.promo, "promo_logo_url": logo},
            "url_promo": {"promo_text": "", "promo_logo_url": ""},
        }
    return {}


def _offering(isp: Isp, *, name: str, dialect: Dialect) -> dict[str, Any]:
    share = 1 if name == isp.technologies[0] else 20
    body: dict[str, Any] = {
        "technology": name,
        "max_download_speed": isp.download // share,
        "max_upload_speed": max(1, isp.upload // share),
    }
    if dialect.offering == "category":
        body["technology_category"] = "Orbital" if name == "Satellite" else "Terrestrial"
    elif dialect.offering == "code":
        body["technology_code"] = str(_TECHNOLOGY_CODES[name])
        body["tech_logo"] = f"https://cdn.example.com/tech/{name.lower().replace(' ', '-')}.png"
    return body


def _catalog(isp: Isp, *, dialect: Dialect) -> list[dict[str, Any]]:
    if dialect.catalog == "empty":
        return []
    return [
        {
            "category": "internet",
            "category_name": "Internet Service",
            "category_description": f"Internet plans of {isp.name}",
            "products": [_product(isp, tier=tier, dialect=dialect) for tier in (1, 2)],
        }
    ]


def _product(isp: Isp, *, tier: int, dialect: Dialect) -> dict[str, Any]:
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
        "download_speed": _speed(isp.download // share, spelling=dialect.speeds),
        "upload_speed": _speed(max(2, isp.upload // share), spelling=dialect.speeds),
        "data_limit": None if dialect.speeds == "number" else "Unlimited",
        "channel_count": 0,
        "streaming_apps": gift,
        **_conditions(tier),
        "pricing": _pricing(isp, tier=tier),
    }


def _speed(mbps: int, *, spelling: str) -> int | str:
    if spelling == "number":
        return mbps
    return str(mbps) if spelling == "text" else f"{mbps // 2}-{mbps}"


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
