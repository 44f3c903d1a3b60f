"""The rows of a report as data for its script: what repeats is there once."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from hum_async.bulk.report_page.facts import RowFacts
from hum_async.bulk.report_page.levels import Reach, Stops
from hum_async.bulk.result_schema import ServiceLevel
from hum_async.models import Outcome

_MOST_SIGNATURES = 2000
_NO_ANSWER = -1


class _Once:
    """Texts or lists that rows name by number."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, item: Any) -> int:
        """Return the number of an item."""
        found = self._numbers.setdefault(item, len(self.items))
        if found == len(self.items):
            self.items.append(item)
        return found


def service_data(
    reaches: Mapping[Reach, int], thresholds: Sequence[ServiceLevel]
) -> tuple[dict[str, Any], Callable[[Reach], str]]:
    """Return the stops of the thresholds with the number of rows that reach each, for the script.

    Where rows differ too much for a small file there are fewer stops; the counts stay exact.

    Args:
        reaches: Number of answered rows by what decides which levels they reach.
        thresholds: The levels of service to begin with.

    Returns:
        The data, and the function that says what a row reaches.
    """
    *finer, coarsest = Stops.finer_to_coarser(thresholds)
    for stops in finer:
        sign = stops.signer()
        if len(set(map(sign, reaches))) <= _MOST_SIGNATURES:
            break
    else:
        stops, sign = coarsest, coarsest.signer()
    counts: Counter[str] = Counter()
    for reach, count in reaches.items():
        counts[sign(reach)] += count
    data = {"downloads": stops.downloads, "uploads": stops.uploads, "reaches": list(counts.items())}
    return data, sign


def row_data(rows: Sequence[RowFacts], sign: Callable[[Reach], str]) -> dict[str, Any]:
    """Return rows for the script; assets/rows.js reads them.

    Args:
        rows: The rows.
        sign: Says what a row reaches.
    """
    names, sets, technologies, reasons, signatures = (_Once() for _ in range(5))
    outcomes = list(Outcome)
    table = [
        [
            row.row,
            row.address,
            outcomes.index(row.outcome),
            sets.number(tuple(dict.fromkeys(names.number(each.name) for each in row.providers))),
            technologies.number(row.technologies),
            _short(row.download),
            _short(row.upload),
            row.cents,
            signatures.number(sign(row.reach)) if row.answered else _NO_ANSWER,
            *([reasons.number(row.reason)] if row.reason else []),
        ]
        for row in rows
    ]
    return {
        "names": names.items,
        "providers": sets.items,
        "technologies": technologies.items,
        "reasons": reasons.items,
        "signatures": signatures.items,
        "rows": table,
    }


def _short(mbps: float | None) -> float | None:
    """Return a speed with as many digits as the table shows."""
    return None if mbps is None else round(mbps, 3)


def as_script(data: Any) -> Markup:
    """Return data as JSON that may stand in a ``<script>``, whatever it holds."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  nothing in it ends a script
