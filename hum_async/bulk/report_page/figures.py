"""Counts the rows of a report: what was asked, what came out, and who serves whom."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from statistics import median_low
from zlib import crc32

import attrs

from hum_async.bulk.outcome_meaning import NEXT_STEP
from hum_async.bulk.report_page.facts import Offer, ProviderFacts, RowFacts
from hum_async.bulk.report_page.levels import Reach
from hum_async.models import Outcome

SPEED_TIERS = (0, 25, 100, 300, 1000)
"""Lower ends of the tiers of download speeds, in Mbps."""
_SHOWN_ROWS = 5
"""Rows that a problem names."""
_MOST_PROBLEMS = 30
_MOST_PROVIDERS = 100
_MOST_OFFERS = 300


@attrs.define
class ProviderFigures:
    """The counts of a provider.

    Attributes:
        facts: What is known of it: of all its rows the highest speed and the lowest price.
        rows: Number of rows that it serves.
    """

    facts: ProviderFacts
    rows: int = 0

    def add(self, found: ProviderFacts) -> None:
        """Count a row that it serves."""
        self.rows += 1
        own = self.facts
        if found == own:
            return
        speeds = [each for each in (own.download, found.download) if each is not None]
        prices = [each for each in (own.cents, found.cents) if each is not None]
        self.facts = attrs.evolve(
            own,
            technologies=tuple(dict.fromkeys((*own.technologies, *found.technologies))),
            download=max(speeds, default=None),
            cents=min(prices, default=None),
            site=own.site or found.site,
        )


@attrs.define
class Problem:
    """Rows that have no answer, for the same reason.

    Attributes:
        outcome: Their outcome.
        reason: Why.
        rows: Number of them.
        examples: The first of them.
    """

    outcome: Outcome
    reason: str
    rows: int = 0
    examples: list[RowFacts] = attrs.field(factory=list)


@attrs.frozen
class PriceTier:
    """Prices at a tier of speeds.

    Attributes:
        lowest_mbps: Lower end of the tier.
        offers: Number of offers.
        low: Lowest price in cents.
        middle: Median price in cents.
        high: Highest price in cents.
    """

    lowest_mbps: int
    offers: int
    low: int
    middle: int
    high: int


@attrs.define
class ReportFigures:
    """The counts of all rows.

    Attributes:
        rows: Number of rows.
        outcomes: Number of rows by outcome.
        answered: Number of rows whose look-up answered who serves them.
        technologies: Number of rows by technology that is offered.
        technology_unknown: Number of answered rows where other technologies may be offered.
        speeds: Number of answered rows by tier of their highest download speed; None for those
            whose speed is not known.
        reaches: Number of answered rows by what decides which levels they reach.
        offers: Number of rows by offer.
        states: Number of rows by state and outcome.
        data_sets: Number of rows by version of Hum's data.
        sources: Number of rows by endpoint that answered.
        versions: Number of rows by version of hum_async.
        requests: Number of HTTP requests.
        first: When the first answer was observed; None if there is none.
        last: When the last one was.
    """

    rows: int = 0
    outcomes: Counter[Outcome] = attrs.field(factory=Counter)
    answered: int = 0
    technologies: Counter[str] = attrs.field(factory=Counter)
    technology_unknown: int = 0
    speeds: Counter[int | None] = attrs.field(factory=Counter)
    reaches: Counter[Reach] = attrs.field(factory=Counter)
    offers: Counter[Offer] = attrs.field(factory=Counter)
    states: defaultdict[str, Counter[Outcome]] = attrs.field(factory=lambda: defaultdict(Counter))
    data_sets: Counter[str] = attrs.field(factory=Counter)
    sources: Counter[str] = attrs.field(factory=Counter)
    versions: Counter[str] = attrs.field(factory=Counter)
    requests: int = 0
    first: datetime | None = None
    last: datetime | None = None
    _providers: dict[str, ProviderFigures] = attrs.field(factory=dict)
    _problems: dict[tuple[Outcome, str], Problem] = attrs.field(factory=dict)

    @classmethod
    def of(cls, rows: Iterable[RowFacts]) -> "ReportFigures":
        """Return the counts of rows."""
        found = cls()
        for row in rows:
            found.add(row)
        return found

    def add(self, row: RowFacts) -> None:
        """Count a row."""
        self.rows += 1
        self.outcomes[row.outcome] += 1
        self.requests += row.requests
        self.states[row.state or ""][row.outcome] += 1
        for counter, value in (
            (self.data_sets, row.data_set),
            (self.sources, row.source),
            (self.versions, row.library_version),
        ):
            if value:
                counter[value] += 1
        if (moment := row.observed_at) is not None:
            self.first = moment if self.first is None else min(self.first, moment)
            self.last = moment if self.last is None else max(self.last, moment)
        if row.answered:
            self._add_coverage(row)
        elif row.outcome in NEXT_STEP:
            self._add_problem(row)

    def _add_coverage(self, row: RowFacts) -> None:
        self.answered += 1
        self.technologies.update(row.technologies)
        self.technology_unknown += not row.technology_known
        self.reaches[row.reach] += 1
        self.offers.update(set(row.offers))
        if row.providers:
            self.speeds[None if row.download is None else _tier(row.download)] += 1
        for provider in {each.name: each for each in row.providers}.values():
            figures = self._providers.setdefault(provider.name, ProviderFigures(provider))
            figures.add(provider)

    def _add_problem(self, row: RowFacts) -> None:
        reason = row.reason or ""
        problem = self._problems.setdefault((row.outcome, reason), Problem(row.outcome, reason))
        problem.rows += 1
        if len(problem.examples) < _SHOWN_ROWS:
            problem.examples.append(row)

    @property
    def outcomes_found(self) -> list[Outcome]:
        """The outcomes that occur, in the order of `Outcome`."""
        return [outcome for outcome in Outcome if self.outcomes[outcome]]

    @property
    def providers(self) -> list[ProviderFigures]:
        """The providers that serve the most rows, at most 100."""
        ranked = sorted(self._providers.values(), key=lambda each: (-each.rows, each.facts.name))
        return ranked[:_MOST_PROVIDERS]

    @property
    def more_providers(self) -> int:
        """Number of providers that `providers` leaves out."""
        return max(len(self._providers) - _MOST_PROVIDERS, 0)

    @property
    def problems(self) -> list[Problem]:
        """The problems by outcome, the most frequent first, at most 30."""
        order = list(Outcome)
        return sorted(
            self._problems.values(), key=lambda each: (order.index(each.outcome), -each.rows)
        )[:_MOST_PROBLEMS]

    @property
    def problems_by_outcome(self) -> dict[Outcome, list[Problem]]:
        """The problems of each outcome."""
        found: dict[Outcome, list[Problem]] = {}
        for problem in self.problems:
            found.setdefault(problem.outcome, []).append(problem)
        return found

    @property
    def more_problems(self) -> int:
        """Number of problems that `problems` leaves out."""
        return max(len(self._problems) - _MOST_PROBLEMS, 0)

    @property
    def common_offers(self) -> list[tuple[Offer, int]]:
        """The offers of the most rows with the number of them, at most 300."""
        # Among those of as many rows neither the cheap ones nor the slow ones come first.
        ranked = sorted(self.offers.items(), key=lambda each: (-each[1], _mixed(each[0])))
        return ranked[:_MOST_OFFERS]

    @property
    def prices(self) -> list[PriceTier]:
        """The prices of different offers by tier of speed."""
        tiers: dict[int, list[int]] = {}
        for offer in self.offers:
            tiers.setdefault(_tier(offer.download), []).append(offer.cents)
        return [
            PriceTier(tier, len(cents), min(cents), median_low(cents), max(cents))
            for tier, cents in sorted(tiers.items())
        ]


def _mixed(offer: Offer) -> int:
    """Return a number that has nothing to do with what an offer is, and is always the same."""
    return crc32(f"{offer.provider} {offer.download} {offer.cents}".encode())


def _tier(mbps: float) -> int:
    return max(tier for tier in SPEED_TIERS if tier <= max(mbps, 0))
