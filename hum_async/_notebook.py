"""Results and providers as HTML for notebooks, where somebody looks at data of their own.

Unlike `repr`, which gets into logs, it shows addresses. All text is escaped, a link is one of HTTP,
and no secret is shown. The values are those of `models`, which this module does not import.
"""

import html
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

_MOST = 50
"""Results that a table shows."""


def results_html(
    results: Sequence[Any], *, title: str, shown: Callable[[Any], Any] = lambda result: result
) -> str:
    """Return the first results as a table.

    Args:
        results: `Qualification` objects.
        title: Text above the table.
        shown: What of a result may be seen.
    """
    rows = [
        (
            str(result.key),
            str(result.address),
            str(result.outcome),
            ", ".join(provider.name for provider in result.providers),
            _technologies(result.providers),
            _speed(_highest(result.providers)),
            _lowest(result.providers),
        )
        for result in map(shown, islice(results, _MOST))
    ]
    header = ("key", "address", "outcome", "providers", "over", "down/up Mbps", "from")
    left = len(results) - len(rows)
    more = f"<p>... and {left:,} more</p>" if left > 0 else ""
    return f"<p>{_safe(title)}</p>{_table(header, map(_cells, rows))}{more}"


def qualification_html(result: Any) -> str:
    """Return a `Qualification` as its address, its outcome, and a table of its providers."""
    place = result.service_address
    lines = [f"<strong>{_safe(result.outcome)}</strong> {_safe(result.address)}"]
    if place is not None and place.normalized:
        lines.append(f"found as {_safe(place.normalized)}")
    if result.error is not None:
        lines.append(_safe(result.error))
    rows = [
        (
            _linked(provider),
            *_cells(
                (
                    _technologies([provider]),
                    _speed(_highest([provider])),
                    _money(provider.min_price),
                    provider.telephone or "",
                )
            ),
        )
        for provider in result.providers
    ]
    header = ("provider", "over", "down/up Mbps", "from", "telephone")
    return f"<p>{'<br>'.join(lines)}</p>{_table(header, rows) if rows else ''}"


def provider_html(provider: Any) -> str:
    """Return a `Provider` as tables of its offerings and its plans."""
    offerings = [
        (
            offering.technology or "?",
            _speed((offering.max_download_mbps, offering.max_upload_mbps)),
        )
        for offering in provider.offerings
    ]
    plans = [
        (
            plan.name or plan.id or "?",
            plan.technology or "",
            _speed((plan.download and plan.download.high, plan.upload and plan.upload.high)),
            ", ".join(f"{name} {_money(price)}" for name, price in plan.pricing.items()),
        )
        for plan in provider.catalog
    ]
    telephone = _safe(provider.telephone or "")
    parts = [f"<p><strong>{_linked(provider)}</strong> {telephone}</p>"]
    if offerings:
        parts.append(_table(("over", "down/up Mbps"), map(_cells, offerings)))
    if plans:
        parts.append(_table(("plan", "over", "down/up Mbps", "prices"), map(_cells, plans)))
    return "".join(parts)


def progress_html(text: str, *, done: int, total: int | None) -> str:
    """Return a bar with a text beside it.

    Args:
        text: The text.
        done: Number of rows that are done.
        total: Number of all rows; None if it is not known.
    """
    value = "" if total is None else f' value="{done}" max="{max(total, 1)}"'
    return f'<progress{value} aria-label="rows"></progress> {_safe(text)}'


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_safe(name)}</th>' for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cells(texts: Iterable[str]) -> list[str]:
    return [_safe(text) for text in texts]


def _safe(value: object) -> str:
    return html.escape(str(value), quote=True)


def _linked(provider: Any) -> str:
    name, url = _safe(provider.name), provider.url or ""
    if not url.lower().startswith(("https://", "http://")):
        return name
    return f'<a href="{_safe(url)}" rel="noopener noreferrer" target="_blank">{name}</a>'


def _technologies(providers: Iterable[Any]) -> str:
    words = [
        part.technology
        for provider in providers
        for part in provider.offerings or provider.catalog
        if part.technology
    ]
    return ", ".join({word.casefold(): word for word in words}.values())


def _highest(providers: Iterable[Any]) -> tuple[float | None, float | None]:
    offerings = [offering for provider in providers for offering in provider.offerings]
    ends = (
        [getattr(each, name) for each in offerings]
        for name in ("max_download_mbps", "max_upload_mbps")
    )
    down, up = (max((speed for speed in end if speed is not None), default=None) for end in ends)
    return down, up


def _speed(ends: tuple[float | None, float | None]) -> str:
    if ends == (None, None):
        return ""
    return "/".join("?" if end is None else f"{end:g}" for end in ends)


def _lowest(providers: Iterable[Any]) -> str:
    prices = [
        each.min_price
        for each in providers
        if each.min_price is not None and each.min_price.currency == "USD"
    ]
    return _money(min(prices, key=lambda price: price.amount_cents)) if prices else ""


def _money(money: Any) -> str:
    if money is None:
        return ""
    return f"{money.amount_cents / 100:,.2f} {money.currency}"
