"""What of a look-up a browser may see: chosen field by field, so that nothing new slips through."""

from collections.abc import Iterable
from typing import Any

from hum_async._redact import HIDDEN
from hum_async.models import (
    AgentChange,
    Money,
    Offering,
    Outcome,
    Plan,
    Provider,
    ServiceAddress,
    Session,
    SpeedRange,
)

_SHORTEST_SECRET = 8
"""Characters; to look for less would hit ordinary text."""

_EXPLANATIONS = {
    Outcome.INVALID_ADDRESS: "The address was refused; check it and try again.",
    Outcome.TIMED_OUT: "There was no answer in time; try again.",
    Outcome.EXPIRED: "The look-up ended before its answer was read; try again.",
    Outcome.UNCERTAIN: (
        "The look-up broke off and may be billed all the same; trying again may be billed too."
    ),
    Outcome.FAILED: "The look-up failed; try again later.",
}


def explanation(outcome: Outcome) -> str | None:
    """Return a sentence for the person who asked; None if the outcome is an answer."""
    return _EXPLANATIONS.get(outcome)


def public_state(session: Session | None) -> dict[str, Any]:
    """Return where a look-up stands."""
    if session is None:
        return {"agents": {}, "service_address": None}
    return {
        "agents": {agent: str(status) for agent, status in session.agents.items()},
        "service_address": _address(session.service_address),
    }


def public_change(change: AgentChange) -> dict[str, Any]:
    """Return what one agent did."""
    return {"agent": change.agent, "before": change.before, "after": change.after}


def public_provider(provider: Provider) -> dict[str, Any]:
    """Return a provider without its opaque token and without fields that we do not know."""
    return {
        **_picked(provider, "id", "name", "telephone", "buyflow_type", "button_label"),
        "url": _link(provider.url),
        "logo": _link(provider.logo),
        "icon": _link(provider.icon),
        "min_price": _money(provider.min_price),
        "promos": [
            {"text": promo.text, "logo_url": _link(promo.logo_url)} for promo in provider.promos
        ],
        "offerings": [_offering(offering) for offering in provider.offerings],
        "catalog": [_plan(plan) for plan in provider.catalog],
    }


def scrub(payload: bytes, secrets: Iterable[str | None]) -> bytes:
    """Return JSON without these secrets, wherever a server may have repeated them."""
    for secret in secrets:
        if secret and len(secret) >= _SHORTEST_SECRET:
            payload = payload.replace(secret.encode(), HIDDEN.encode())
    return payload


def _picked(value: object, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _link(url: str | None) -> str | None:
    """Return an address that a page can link to; a ``javascript:`` one is none."""
    return url if url and url.lower().startswith(("https://", "http://")) else None


def _address(address: ServiceAddress | None) -> dict[str, Any] | None:
    if address is None:
        return None
    return _picked(address, "normalized", "street", "city", "state", "zip", "latitude", "longitude")


def _money(money: Money | None) -> dict[str, Any] | None:
    return None if money is None else _picked(money, "amount_cents", "currency")


def _speed(speed: SpeedRange | None) -> dict[str, Any] | None:
    return None if speed is None else _picked(speed, "low", "high")


def _offering(offering: Offering) -> dict[str, Any]:
    return _picked(offering, "technology", "category", "max_download_mbps", "max_upload_mbps")


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        **_picked(plan, "id", "sku", "name", "technology", "data_limit"),
        "download": _speed(plan.download),
        "upload": _speed(plan.upload),
        "pricing": {name: _money(price) for name, price in plan.pricing.items()},
    }
