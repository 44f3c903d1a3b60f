"""Says how to go on where columns are in doubt: whole mappings, the likeliest first."""

from collections.abc import Sequence

import attrs

from hum_async.bulk.columns._finding import ColumnPlan
from hum_async.bulk.columns.doubts.doubt import Way


def ways_of(plan: ColumnPlan) -> list[Way]:
    """Return the likeliest way, and those that differ from it in one doubt.

    The mapping of each names all columns of the address.
    """
    chosen = [doubt.ways[0] for doubt in plan.doubts if doubt.ways]
    found = [_together(plan, chosen)]
    for doubt in plan.doubts:
        others = [way for way in chosen if way not in doubt.ways]
        found += [
            attrs.evolve(_together(plan, [*others, way]), label=way.label) for way in doubt.ways[1:]
        ]
    return found


def only_a_person_knows(plan: ColumnPlan) -> bool:
    """Whether no way settles one of the doubts, so that one can only go on as guessed."""
    return any(not doubt.ways for doubt in plan.doubts)


def _together(plan: ColumnPlan, ways: Sequence[Way]) -> Way:
    mapping: dict[str, str] = {}
    ignored: list[str] = []
    for way in ways:
        for field, text in way.mapping.items():
            mapping[field] = plan.with_both(field, mapping.get(field, text), text)
        ignored += way.ignored
    label = ", ".join(filter(None, (way.label for way in ways)))
    complete = any(way.complete for way in ways)
    if not complete:
        mapping = {**plan.columns.mapping(plan.header), **mapping}
    return Way(label, mapping, complete=complete, ignored=tuple(ignored))
