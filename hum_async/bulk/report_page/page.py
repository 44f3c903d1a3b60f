"""Fills the templates: one page with its style sheet and scripts in it, and nothing from outside.

Its Content-Security-Policy names the style sheet and the scripts by their hashes and forbids all
else, so that even a mistake in a template could load or run nothing.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hum_async._version import __version__
from hum_async._wording import counted
from hum_async.bulk import report_page
from hum_async.bulk.outcome_meaning import MEANING, NEXT_STEP
from hum_async.bulk.report_page import charts
from hum_async.bulk.report_page.content import ReportContent
from hum_async.bulk.report_page.facts import RowFacts
from hum_async.bulk.report_page.figures import SPEED_TIERS
from hum_async.bulk.report_page.levels import shares, upper_and_lower
from hum_async.bulk.report_page.map_drawing import MapDrawing, state_name, state_shapes
from hum_async.bulk.report_page.row_data import as_script, row_data, service_data
from hum_async.bulk.result_schema import TECHNOLOGIES
from hum_async.models import Outcome

_SCRIPTS = ("words.js", "levels.js", "rows.js")
_UNSEEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_TECHNOLOGY_NAMES = {
    "fiber": "Fiber",
    "cable": "Cable",
    "dsl": "DSL, other copper",
    "fixed_wireless": "Fixed wireless",
    "satellite": "Satellite",
    "other": "Other",
    "unknown": "Not known",
}
_OUTCOME_NAMES = {
    Outcome.SERVED: "Served",
    Outcome.NO_PROVIDERS: "No providers",
    Outcome.AMBIGUOUS_ADDRESS: "Ambiguous address",
    Outcome.ADDRESS_NOT_FOUND: "Address not found",
    Outcome.INVALID_ADDRESS: "Invalid address",
    Outcome.TIMED_OUT: "Timed out",
    Outcome.EXPIRED: "Expired",
    Outcome.UNCERTAIN: "Uncertain",
    Outcome.FAILED: "Failed",
}


def render(content: ReportContent, rows: Sequence[RowFacts]) -> str:
    """Return the page.

    Args:
        content: What it says.
        rows: The rows that its map and its table show.
    """
    figures = content.figures
    upper, lower = upper_and_lower(content.levels)
    service, sign = service_data(figures.reaches, (upper, lower))
    data = {
        "upper": (upper.download, upper.upload),
        "lower": (lower.download, lower.upload),
        "outcomes": [_OUTCOME_NAMES[outcome] for outcome in Outcome],
        "technologyNames": _TECHNOLOGY_NAMES,
        **service,
        **row_data(rows, sign),
    }
    styles = [_asset("report.css"), *(_as_style(each.style) for each in content.sections)]
    scripts = [_asset(name) for name in _SCRIPTS]
    offers = figures.common_offers
    text = template("report.html").render(
        content=content,
        figures=figures,
        shown=len(rows),
        upper=upper,
        lower=lower,
        shares=shares(figures.reaches, upper, lower),
        map=MapDrawing.of(rows),
        shapes=state_shapes(),
        scatter=charts.scatter(offers) if offers else None,
        offers=offers,
        offer_technologies=_in_order({offer.technology or "unknown" for offer, _ in offers}),
        data=as_script(data),
        styles=styles,
        scripts=scripts,
        policy=_policy(styles, scripts),
        version=__version__,
    )
    # A character that HTML cannot hold, or UTF-8 cannot, must not spoil the rest.
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _in_order(technologies: set[str]) -> list[str]:
    return [each for each in _TECHNOLOGY_NAMES if each in technologies]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("hum_async.bulk.report_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=lambda number: f"{number:,}",
        counted=counted,
        percent=_percent,
        usd=_usd,
        mbps=_mbps,
        moment=_moment,
        outcome_name=_OUTCOME_NAMES.__getitem__,
        state_name=state_name,
        tier=_tier,
    )
    environment.globals.update(
        bar=charts.bar,
        stacked_bar=charts.stacked_bar,
        Outcome=Outcome,
        OUTCOME_NAMES=_OUTCOME_NAMES,
        MEANING=MEANING,
        NEXT_STEP=NEXT_STEP,
        TECHNOLOGIES=TECHNOLOGIES,
        TECHNOLOGY_NAMES=_TECHNOLOGY_NAMES,
        SPEED_TIERS=SPEED_TIERS,
    )
    return environment


def template(name: str) -> Any:
    """Return a template of a report, whose filters and macros others may use; it escapes text."""
    return _environment().get_template(name)


@cache
def _asset(name: str) -> Markup:
    text = files(report_page).joinpath("assets", name).read_text("utf-8")
    return Markup(text)  # noqa: S704  our own file


def _as_style(text: str) -> Markup:
    """Return rules of CSS that cannot end their element."""
    return Markup(text.replace("<", "\\3c "))  # noqa: S704  nothing in it ends a style sheet


def _policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    allowed = (" ".join(map(_hash, each)) for each in (styles, scripts))
    return (
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    ).format(*allowed)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _percent(part: float, whole: float) -> str:
    if not whole:
        return "-"
    share = 100 * part / whole
    if 0 < share < 1 or 99 < share < 100:  # noqa: PLR2004  so that few are not none
        return f"{share:.1f} %"
    return f"{share:.0f} %"


def _usd(cents: int | None) -> str:
    return "" if cents is None else f"${cents / 100:,.2f}"


def _mbps(speed: float | None) -> str:
    return "" if speed is None else f"{speed:,.10g}"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def _tier(lowest: int | None) -> str:
    if lowest is None:
        return "not known"
    higher = [tier for tier in SPEED_TIERS if tier > lowest]
    if not higher:
        return f"{lowest:,} Mbps and more"
    return f"below {higher[0]} Mbps" if not lowest else f"{lowest} to {higher[0]:,} Mbps"
