"""What a report tells of one row, whether its result is whole or put together from columns."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import attrs
from yarl import URL

from hum_async._addresses.places import read_state
from hum_async._addresses.zip_codes import states_of_zip
from hum_async.bulk.coverage import Coverage, Service, fcc_code, services_of
from hum_async.bulk.report_page.levels import Reach, reach_of, reach_of_columns
from hum_async.bulk.result_columns import explanation, place_values
from hum_async.bulk.result_schema import GEOMETRY, TECHNOLOGIES
from hum_async.bulk.results.records import ResultRecord
from hum_async.models import Offering, Outcome, Plan, Provider, Qualification

_ANSWERED = frozenset({Outcome.SERVED, Outcome.NO_PROVIDERS})
_MONTHLY = re.compile(r"(?i)month|recurring|^price$")
_UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+")
# An isolate that a text opens and does not close would reach beyond any element (UAX 9, BD9).
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]+")
_LONGEST = 160
_FASTEST = 1e9
"""Mbps."""


@attrs.frozen
class ProviderFacts:
    """What a report tells of a provider at an address.

    Attributes:
        name: Its name.
        technologies: Those of `result_schema.TECHNOLOGIES` that it offers.
        download: The highest download speed in Mbps; None if it is not known.
        cents: The lowest price in cents of a dollar; None if it is not known.
        site: Address of its web site, without path and query, which may name an order; None unless
            the answer has a link of HTTP.
    """

    name: str
    technologies: tuple[str, ...] = ()
    download: float | None = None
    cents: int | None = None
    site: str | None = None


@attrs.frozen
class Offer:
    """A price with its speed.

    Attributes:
        provider: Name of the provider.
        technology: One of `result_schema.TECHNOLOGIES`; None if it is not known.
        download: Mbps.
        cents: Price in cents of a dollar.
    """

    provider: str
    technology: str | None
    download: float
    cents: int


@attrs.frozen(kw_only=True)
class RowFacts:
    """What a report tells of a row.

    Attributes:
        row: Number of the row in the input, from 1; else its place among the results.
        address: The address that was asked for, or else how it was understood.
        outcome: The outcome.
        answered: Whether the look-up answered who serves the address.
        providers: Its providers.
        technologies: Those of `result_schema.TECHNOLOGIES` that are offered.
        technology_known: Whether nothing else can be offered.
        download: The highest download speed in Mbps; None if it is not known.
        upload: The highest upload speed in Mbps; None if it is not known.
        cents: The lowest price in cents of a dollar; None if it is not known.
        reach: The levels of service that one connection reaches.
        offers: Prices with their speeds.
        place: Latitude and longitude; None if they are not known.
        state: Code of the state; None if it is not known.
        reason: Why the row failed; None if it did not.
        data_set: Version of Hum's data.
        source: The endpoint that answered.
        observed_at: When it answered.
        requests: Number of HTTP requests.
        library_version: Version of hum_async that asked.
    """

    row: int
    address: str
    outcome: Outcome
    answered: bool
    providers: tuple[ProviderFacts, ...]
    technologies: tuple[str, ...]
    technology_known: bool
    download: float | None
    upload: float | None
    cents: int | None
    reach: Reach
    offers: tuple[Offer, ...]
    place: tuple[float, float] | None
    state: str | None
    reason: str | None
    data_set: str | None
    source: str | None
    observed_at: datetime | None
    requests: int
    library_version: str


def facts_of(record: ResultRecord, *, number: int) -> RowFacts:
    """Return what a report tells of a row.

    Args:
        record: The row with its result.
        number: Its place among the results, from 1.
    """
    result = record.result
    coverage = _usable(Coverage.of(result))
    values = record.values
    listed = any(each.offerings or each.catalog for each in result.providers)
    # A wide table names providers alone; its other columns say what they offer together.
    told = _of_result(result, coverage) if values is None or listed else _of_columns(values)
    point = place_values(result)[GEOMETRY]
    reason = explanation(result)
    return RowFacts(
        row=record.row or number,
        address=shown(_address(result)),
        outcome=result.outcome,
        answered=result.outcome in _ANSWERED,
        place=None if point is None else (point[1], point[0]),
        state=_state(result),
        reason=None if reason is None else shown(reason, 300),
        data_set=shown_or_none(result.data_set),
        source=shown_or_none(result.source),
        observed_at=result.observed_at,
        requests=result.requests,
        library_version=shown(result.library_version, 40),
        **told,
    )


@lru_cache(maxsize=4096)  # names of providers and reasons repeat
def shown(text: str, most: int = _LONGEST) -> str:
    """Return a text on one line, without what cannot be shown, and not longer than `most`."""
    text = " ".join(_UNSEEN.sub(" ", _BIDI.sub("", text)).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def shown_or_none(text: str | None, most: int = _LONGEST) -> str | None:
    """Return a text as `shown` does; None if there is none."""
    return (text and shown(text, most)) or None


@lru_cache(maxsize=4096)  # the same few combinations, asked for each row, provider and plan
def _technologies(codes: tuple[int | None, ...]) -> tuple[str, ...]:
    """Return the technologies of codes of the FCC."""
    coverage = Coverage((), known=True, codes=codes)
    return tuple(each for each in TECHNOLOGIES if coverage.has(each))


def _of_result(result: Qualification[Any], coverage: Coverage) -> dict[str, Any]:
    providers = tuple(map(_provider, result.providers))
    return {
        "providers": providers,
        "technologies": _technologies(coverage.codes),
        "technology_known": coverage.known and None not in coverage.codes,
        "download": coverage.download,
        "upload": coverage.upload,
        "cents": _lowest(each.cents for each in providers),
        "reach": reach_of(coverage),
        "offers": tuple(
            offer
            for provider, told in zip(result.providers, providers, strict=True)
            for offer in _offers(provider, told)
        ),
    }


def _of_columns(values: Any) -> dict[str, Any]:
    words = values.get("hum_technologies") or ()
    coverage = _offered(Service.of(Offering(word)) for word in words)
    known = values["hum_outcome"] in _ANSWERED
    flags = {each: values.get(f"hum_has_{each}") for each in TECHNOLOGIES}
    technologies = tuple(each for each, has in flags.items() if has or coverage.has(each))
    down = _speed(values.get("hum_max_download_mbps"))
    cents = values.get("hum_min_price_cents")
    names = [shown(name, 80) for name in values.get("hum_providers") or ()]
    lone = technologies[0] if len(technologies) == 1 else None
    who = names[0] if len(names) == 1 else "several providers"
    return {
        "providers": tuple(map(ProviderFacts, names)),
        "technologies": technologies,
        "technology_known": known and None not in flags.values(),
        "download": down,
        "upload": _speed(values.get("hum_max_upload_mbps")),
        "cents": cents,
        "reach": reach_of_columns(values, known=known, served=bool(names)),
        "offers": tuple(_offer(who, lone, down, cents)),
    }


def _provider(provider: Provider) -> ProviderFacts:
    coverage = _usable(_offered(services_of(provider)))
    price = provider.min_price
    return ProviderFacts(
        name=shown(provider.name, 80) or "(no name)",
        technologies=_technologies(coverage.codes),
        download=coverage.download,
        cents=price.amount_cents if price is not None and price.currency == "USD" else None,
        site=_site(provider.url),
    )


def _offered(services: Iterable[Service]) -> Coverage:
    """Return what some connections are together."""
    found = tuple(services)
    return Coverage(found, known=True, codes=tuple(service.code for service in found))


@lru_cache(maxsize=4096)
def _site(url: str | None) -> str | None:
    """Return the address of a web site."""
    if not url or not url.lower().startswith(("https://", "http://")):
        return None
    try:
        site = URL(url).origin()
        host = site.host  # read from punycode, which may be none
    except ValueError:
        return None
    return str(site) if host and "." in host else None


def _offers(provider: Provider, told: ProviderFacts) -> Iterator[Offer]:
    """Yield what the plans of a provider cost a month, or else its lowest price."""
    found = [
        offer
        for plan in provider.catalog
        if plan.download is not None
        for offer in _offer(
            told.name, _technology(plan), _speed(plan.download.high), _monthly(plan)
        )
    ]
    lone = told.technologies[0] if len(told.technologies) == 1 else None
    yield from found or _offer(told.name, lone, told.download, told.cents)


def _offer(
    who: str, technology: str | None, download: float | None, cents: int | None
) -> Iterator[Offer]:
    """Yield an offer if both its speed and its price are known."""
    if download is not None and cents is not None and cents >= 0:
        yield Offer(who, technology, download, cents)


def _usable(coverage: Coverage) -> Coverage:
    """Return what is offered without speeds that are none."""
    if all(
        _speed(speed) == speed
        for each in coverage.services
        for speed in (each.download, each.upload)
    ):
        return coverage
    services = (
        attrs.evolve(each, download=_speed(each.download), upload=_speed(each.upload))
        for each in coverage.services
    )
    return attrs.evolve(coverage, services=tuple(services))


def _speed(mbps: float | None) -> float | None:
    """Return a speed; None for what is none, such as infinity, which JSON cannot hold."""
    return mbps if mbps is not None and 0 <= mbps < _FASTEST else None


def _technology(plan: Plan) -> str | None:
    found = _technologies((fcc_code(plan),))
    return found[0] if found else None


def _monthly(plan: Plan) -> int | None:
    """Return the monthly price of a plan; hum-api 3.3 does not say what it is called."""
    return _lowest(
        money.amount_cents
        for name, money in plan.pricing.items()
        if money.currency == "USD" and _MONTHLY.search(name) and "discount" not in name.lower()
    )


def _lowest(amounts: Iterable[int | None]) -> int | None:
    return min((each for each in amounts if each is not None), default=None)


def _address(result: Qualification[Any]) -> str:
    place = result.service_address
    asked = str(result.address)
    return asked or (place and place.normalized) or "(no address)"


def _state(result: Qualification[Any]) -> str | None:
    place, asked = result.service_address, result.address
    for text in (place and place.state, asked.state):
        if text and (found := read_state(text)) is not None:
            return found[0]
    for text in (place and place.zip, asked.zip):
        states = states_of_zip(text or "")
        if len(states) == 1:
            return next(iter(states))
    return None
