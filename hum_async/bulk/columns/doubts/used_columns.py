"""Doubts about columns that the address uses: repeated, foreign, or in an order nobody knows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import eq

from hum_async._addresses.places import is_united_states, read_state
from hum_async._addresses.usps_key import city_key
from hum_async._api.addresses import checked_or_error
from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._headings import letters, says_before
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns.doubts.chosen import ChosenColumns
from hum_async.bulk.columns.doubts.doubt import Doubt, Way
from hum_async.models import Address

_OURS = frozenset({"", "america", "pr", "puertorico", "unknown"})
"""Beside the names of the US: what else may stand there, and a word for none."""


def doubt_repeated(chosen: ChosenColumns) -> Iterator[Doubt]:
    """Doubt columns of the same name that differ."""
    by_source = {each.source: each for each in chosen.everything}
    for field, sources in chosen.columns.sources.items():
        if field in chosen.explicit:
            continue
        for source in sources:
            own = by_source.get(source)
            same = [
                each
                for each in chosen.free
                if own is not None
                and each.source != source
                and each.heading.part == own.heading.part
                and each.heading.group == own.heading.group
                and each.heading.occurrence != own.heading.occurrence
                and (own.heading.part is not None or each.heading.name == own.heading.name)
                and each.column.filled
                and not _are_alike(field, each.column.texts, own.column.texts)
            ]
            if same:
                texts = [chosen.text([each]) for each in (source, same[0].source)]
                ways = tuple(Way(label=text, mapping={field: text}) for text in texts)
                names = {chosen.header[at.column] for at in (source, same[0].source)}
                message = (
                    f"two columns are called {' and '.join(sorted(names))} and differ; "
                    f"{field} is {texts[0]} or {texts[1]}"
                )
                yield Doubt(message, ways)


def doubt_countries(chosen: ChosenColumns) -> Iterator[Doubt]:
    """Doubt addresses of other countries that would pass for one in the US."""
    for each in chosen.free:
        if each.heading.part is not Part.COUNTRY:
            continue
        name = chosen.name(each)
        count = sum(
            bool(text)
            and not is_united_states(text)
            and letters(text) not in _OURS
            and isinstance(checked_or_error(chosen.columns.address(cells)), Address)
            for text, cells in zip(each.column.texts, chosen.rows, strict=True)
        )
        if not count:
            continue
        rows = "row, which" if count == 1 else "rows, which"
        message = (
            f"{name} names another country than the US in {count:,} of the first {rows} would "
            "be looked up as if it did not; take them out of the file"
        )
        yield Doubt(message, (Way(label="all the same", ignored=(name,)),))


def doubt_direction(chosen: ChosenColumns) -> Iterator[Doubt]:
    """Doubt a direction that stands behind the street's name and does not say where it goes."""
    sources = chosen.of("street1")
    if "street1" in chosen.explicit or chosen.pool.best(Part.DIRECTION_AFTER) is not None:
        return
    by_source = {each.source: each for each in chosen.everything}
    used = [by_source[source] for source in sources if source in by_source]
    names = (Part.NAME, Part.STREET, Part.LINE)
    base = next((each.source.column for each in used if each.part in names), None)
    for each in used:
        if (
            base is None
            or each.part is not Part.DIRECTION_BEFORE
            or says_before(each.heading.name)
            or each.source.column < base
            or not each.column.filled
        ):
            continue
        name = chosen.name(each)
        others = [source for source in sources if source != each.source]
        texts = (chosen.text([*others, each.source]), chosen.text(sources))
        message = f"{name} stands behind the street's name, and may belong before or behind it"
        ways = [
            Way(f"{name} ends the street", {"street1": texts[0]}),
            Way(f"{name} goes before the street's name", {"street1": texts[1]}),
        ]
        yield Doubt(message, tuple(ways))


def doubt_units(chosen: ChosenColumns) -> Iterator[Doubt]:
    """Doubt two columns of units that do not say of what: 4 and B are no flat 4 B."""
    if "street2" in chosen.explicit:
        return
    sources = chosen.of("street2")
    units = [
        each for each in chosen.free if each.source in sources and each.part is not Part.UNIT_TYPE
    ]
    for one, other in pairwise(sorted(units, key=lambda each: each.source.column)):
        rows = zip(one.column.texts, other.column.texts, strict=True)
        if one.source.word and other.source.word not in {"", one.source.word}:
            # Apt 4 Space B
            continue
        if any(content.is_bare_unit(a) and content.is_bare_unit(b) for a, b in rows):
            names = [chosen.name(each) for each in (one, other)]
            both = chosen.text(sources)
            message = f"{names[0]} and {names[1]} both hold units without a word like Apt"
            ways = [Way(f"with {both}", {"street2": both})]
            ways += [
                Way(f"with {name} alone", {"street2": name}, ignored=(not_used,))
                for name, not_used in zip(names, reversed(names), strict=True)
            ]
            yield Doubt(message, tuple(ways))
            return


def _are_alike(field: str, texts: Sequence[str], others: Sequence[str]) -> bool:
    """Whether the cells of two columns mean the same: Reno and RENO, Nevada and NV."""
    meaning = _MEANINGS.get(field, letters)
    return all(map(eq, map(meaning, texts), map(meaning, others)))


def _state(text: str) -> str:
    found = read_state(text)
    return found[0] if found else letters(text)


_MEANINGS: Mapping[str, Callable[[str], str]] = {
    "city": city_key,
    "state": _state,
    "zip": lambda text: letters(text)[:5],
}
