"""What providers offer at an address: technologies, FCC codes, speeds, levels of service.

Answers are True, False or None: what a provider does not say may be either.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import attrs

from hum_async.bulk.result_facts import (
    OfferingFacts,
    PlanFacts,
    ProviderFacts,
    ResultFacts,
    SpeedFacts,
)
from hum_async.bulk.result_schema import ServiceLevel
from hum_async.models import Offering, Outcome, Plan, Provider, Qualification, SpeedRange

_Part = Offering | Plan | OfferingFacts | PlanFacts

_CODES = {
    "fiber": 50,
    "fibre": 50,
    "fiber to the premises": 50,
    "fttp": 50,
    "ftth": 50,
    "optical carrier": 50,
    "cable": 40,
    "coaxial cable": 40,
    "hfc": 40,
    "dsl": 10,
    "copper": 10,
    "copper wire": 10,
    "satellite": 60,
    "geostationary satellite": 60,
    "gso satellite": 60,
    "non geostationary satellite": 61,
    "ngso satellite": 61,
    "leo satellite": 61,
    "fixed wireless": 70,
    "unlicensed fixed wireless": 70,
    "licensed fixed wireless": 71,
    "licensed by rule fixed wireless": 72,
    "other": 0,
}
"""FCC codes by the API's words (hum-api 3.3). They are those of the Broadband Data Collection;
"Satellite" and "Fixed Wireless" alone are 60 and 70, as in the older Form 477."""

_TECHNOLOGIES = {
    "fiber": {50},
    "cable": {40, 41, 42, 43},
    "dsl": {10, 11, 12, 20, 30},
    "fixed_wireless": {70, 71, 72},
    "satellite": {60, 61},
    "other": {0, 90},
}
_KNOWN_CODES = frozenset().union(*_TECHNOLOGIES.values())


@attrs.frozen
class Service:
    """A connection that a provider offers.

    Attributes:
        technology: The API's word; None if it does not say.
        code: The FCC's code of the technology; None if that is not known.
        download: Highest download speed in Mbps; None if that is not known.
        upload: Highest upload speed in Mbps; None if that is not known.
    """

    technology: str | None
    code: int | None
    download: float | None
    upload: float | None

    @classmethod
    def of(cls, part: _Part) -> "Service":
        """Return the connection of an offering or a plan."""
        if isinstance(part, Offering | OfferingFacts):
            ends = part.max_download_mbps, part.max_upload_mbps
        else:
            ends = _high(part.download), _high(part.upload)
        return cls(part.technology, fcc_code(part), *ends)

    def reaches(self, level: ServiceLevel) -> bool | None:
        """Return whether it is at least as fast."""
        down, up = self.download, self.upload
        if (down is not None and down < level.download) or (up is not None and up < level.upload):
            return False
        return None if down is None or up is None else True


NOTHING_KNOWN = Service(None, None, None, None)


def fcc_code(part: _Part) -> int | None:
    """Return the FCC's code of a technology: the answer's own, else that of the word."""
    if "technology_code" in part.extra:
        said = str(part.extra["technology_code"]).strip()
        if said.isascii() and said.isdigit() and int(said) in _KNOWN_CODES:
            return int(said)
    return None if part.technology is None else _code_of_word(part.technology)


@lru_cache(maxsize=256)
def _code_of_word(technology: str) -> int | None:
    words = technology.casefold().replace("-", " ").replace("_", " ")
    return _CODES.get(" ".join(words.split()))


def services_of(provider: Provider | ProviderFacts) -> Iterator[Service]:
    """Yield what a provider offers: its offerings, or its plans if it lists no offering."""
    for part in provider.offerings or provider.catalog:
        yield Service.of(part)


@attrs.frozen
class Coverage:
    """What is offered at an address.

    Attributes:
        services: What its providers offer.
        known: Whether the look-up answered who serves the address.
        codes: The FCC's codes of the technologies, each once; None among them stands for those
            that are not known.
    """

    services: tuple[Service, ...]
    known: bool
    codes: tuple[int | None, ...]

    @classmethod
    def of(cls, result: Qualification | ResultFacts) -> "Coverage":
        """Return the coverage that a result shows."""
        found: list[Service] = []
        for provider in result.providers:
            # One that lists nothing may offer anything.
            found += [*services_of(provider)] or [NOTHING_KNOWN]
        known = result.outcome in {Outcome.SERVED, Outcome.NO_PROVIDERS}
        codes = dict.fromkeys(service.code for service in found)
        return cls(tuple(found), known, tuple(codes))

    @property
    def technologies(self) -> list[str]:
        """The technologies, each once, in the API's words."""
        # Offerings say "Fiber" where products say "fiber" (hum-api 3.3).
        words = (service.technology for service in self.services)
        return list({word.casefold(): word for word in words if word}.values())

    @property
    def known_codes(self) -> list[int]:
        """The FCC's codes that are known."""
        return [code for code in self.codes if code is not None]

    @property
    def download(self) -> float | None:
        """The highest download speed in Mbps."""
        return _highest(service.download for service in self.services)

    @property
    def upload(self) -> float | None:
        """The highest upload speed in Mbps."""
        return _highest(service.upload for service in self.services)

    def has(self, technology: str) -> bool | None:
        """Return whether a technology is offered, one of `result_schema.TECHNOLOGIES`."""
        if not _TECHNOLOGIES[technology].isdisjoint(self.codes):
            return True
        return False if self.known and None not in self.codes else None

    def serves(self, level: ServiceLevel) -> bool | None:
        """Return whether one connection reaches both speeds of a level."""
        answers = {service.reaches(level) for service in self.services}
        if True in answers:
            return True
        return False if self.known and None not in answers else None


def _high(speed: SpeedRange | SpeedFacts | None) -> float | None:
    return None if speed is None else speed.high


def _highest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
