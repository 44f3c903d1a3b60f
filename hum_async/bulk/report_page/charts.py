"""Draws charts as SVG. Each has its figures in a table beside it, so all are hidden from readers.

Nothing has a ``style`` attribute, which the page's Content-Security-Policy forbids.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import log10

import attrs
from markupsafe import Markup

from hum_async.bulk.report_page.facts import Offer

_LEFT, _TOP, _WIDE, _HIGH = 64, 14, 560, 300
"""Place and size of the field of a scatter chart, in units of its drawing."""
_SPEED_TICKS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
_MOST_STEPS = 6
_NICE = (1, 2, 5)
_CENTS = 100


def bar(part: float, whole: float, *, kind: str = "") -> Markup:
    """Return a bar that is as long as its cell for the whole.

    Args:
        part: What it shows.
        whole: What is a whole bar.
        kind: A class that says its colour.
    """
    percent = 100 * part / whole if whole else 0
    return Markup(
        '<svg class="bar {}" width="100%" height="14" aria-hidden="true" focusable="false">'
        '<rect class="rail" width="100%" height="100%" rx="3"/>'
        '<rect class="fill" width="{}%" height="100%" rx="3"/></svg>'
    ).format(kind, f"{percent:.2f}")


def stacked_bar(parts: Mapping[str, int]) -> Markup:
    """Return one bar of several parts, each of which has its name as class."""
    whole = sum(parts.values()) or 1
    drawn = Markup()
    start = 0.0
    for name, count in parts.items():
        width = 100 * count / whole
        drawn += Markup('<rect class="{}" x="{}%" width="{}%" height="100%"/>').format(
            name, f"{start:.3f}", f"{width:.3f}"
        )
        start += width
    return Markup(
        '<svg id="shares" class="stack" width="100%" height="36" aria-hidden="true" '
        'focusable="false">{}</svg>'
    ).format(drawn)


def scatter(offers: Sequence[tuple[Offer, int]]) -> Markup:
    """Return prices against speeds: a circle for each offer, larger for more rows.

    Args:
        offers: The offers, each with its number of rows.
    """
    axes = _Axes.around([offer for offer, _ in offers])
    most = max(count for _, count in offers)
    circles = Markup().join(
        Markup(
            '<circle class="{}" cx="{:.0f}" cy="{:.0f}" r="{:.1f}"><title>{}</title></circle>'
        ).format(
            f"t-{offer.technology or 'unknown'}",
            axes.x(offer.download),
            axes.y(offer.cents / _CENTS),
            3 + 6 * (count / most) ** 0.5,
            f"{offer.provider}: {offer.download:g} Mbps for ${offer.cents / _CENTS:,.2f}",
        )
        # The small ones above the large ones.
        for offer, count in sorted(offers, key=lambda each: -each[1])
    )
    return Markup(
        '<svg class="scatter" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}{}</svg>'
    ).format(_LEFT + _WIDE + 24, _TOP + _HIGH + 52, axes.drawn(), circles)


@attrs.frozen
class _Axes:
    """The axes of a scatter chart.

    Attributes:
        slowest: Left end, Mbps.
        fastest: Right end, Mbps; the axis is logarithmic, because speeds are.
        prices: Ticks of the price, dollars, from 0.
    """

    slowest: float
    fastest: float
    prices: Sequence[float]

    @classmethod
    def around(cls, offers: Iterable[Offer]) -> "_Axes":
        """Return axes with room for some offers."""
        known = list(offers)
        speeds = [max(offer.download, 1) for offer in known]
        slowest = max(tick for tick in (0.3, *_SPEED_TICKS) if tick < min(speeds))
        fastest = min(
            (tick for tick in _SPEED_TICKS if tick > max(speeds)), default=2 * max(speeds)
        )
        return cls(slowest, fastest, _price_ticks(max(offer.cents for offer in known) / _CENTS))

    def x(self, mbps: float) -> float:
        """Return the place of a speed."""
        share = log10(max(mbps, 1) / self.slowest) / log10(self.fastest / self.slowest)
        return _LEFT + _WIDE * share

    def y(self, usd: float) -> float:
        """Return the place of a price."""
        return _TOP + _HIGH * (1 - usd / self.prices[-1])

    def drawn(self) -> Markup:
        """Return the lines of the grid with their numbers."""
        bottom = _TOP + _HIGH
        line = Markup(
            '<path d="M{} {:.0f}h{}"/><text x="{}" y="{:.0f}" text-anchor="end">${:,.10g}</text>'
        )
        column = Markup(
            '<path d="M{0:.0f} {1}v{2}"/>'
            '<text x="{0:.0f}" y="{3}" text-anchor="middle">{4:,}</text>'
        )
        name = Markup('<text x="{}" y="{}" text-anchor="middle">Mbps down</text>')
        return Markup().join(
            [
                *(
                    line.format(_LEFT, self.y(usd), _WIDE, _LEFT - 8, self.y(usd) + 4, usd)
                    for usd in self.prices
                ),
                *(
                    column.format(self.x(mbps), _TOP, _HIGH, bottom + 20, mbps)
                    for mbps in _SPEED_TICKS
                    if self.slowest <= mbps <= self.fastest
                ),
                name.format(_LEFT + _WIDE // 2, bottom + 44),
            ]
        )


def _price_ticks(highest: float) -> list[float]:
    """Return at most seven round prices from 0 to above the highest."""
    highest = max(highest, 1)
    step = next(
        nice * 10.0**power
        for power in range(30)
        for nice in _NICE
        if highest / (nice * 10.0**power) < _MOST_STEPS
    )
    return [step * number for number in range(int(highest / step) + 2)]
