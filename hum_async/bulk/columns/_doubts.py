"""Says what is in doubt about the columns of an address, and how to go on."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from operator import eq

import attrs

from hum_async._addresses.places import is_united_states, read_state
from hum_async._addresses.usps_key import city_key, units_in_street, units_of, usps_key
from hum_async._api.addresses import checked_or_error
from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns._headings import (
    ELSEWHERE,
    hints_at_end,
    hints_at_no_part,
    hints_at_number,
    hints_at_order,
    hints_at_place_inside,
    hints_at_unit,
    letters,
    says_before,
    tokens,
)
from hum_async.bulk.columns._mapping import Source, text_of
from hum_async.bulk.columns._pool import LOTS, Pool
from hum_async.bulk.columns._reading import AddressColumns
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns._street import join_street, says_unit
from hum_async.bulk.columns._telling_apart import (
    is_place_or_unit,
    may_follow_number,
    names_units,
    tells_apart,
)
from hum_async.bulk.tables import Cell
from hum_async.models import Address

_ENOUGH = 3
"""Streets of which more than half without a house number are a doubt; of fewer, all."""


_OURS = frozenset({"", "america", "pr", "puertorico", "unknown"})
"""Beside the names of the US: what else may stand there, and a word for none."""


@attrs.frozen
class Way:
    """One way to go on.

    Attributes:
        label: What it means; "" for the only way.
        mapping: What `--map` says, by field, in place of the plan's columns.
        complete: The mapping names all columns: none of the plan's is kept.
        ignored: Names of columns for `--ignore-column`.
    """

    label: str = ""
    mapping: Mapping[str, str] = attrs.field(factory=dict)
    complete: bool = False
    ignored: tuple[str, ...] = ()


@attrs.frozen
class Doubt:
    """A reason not to buy before a person has looked.

    Attributes:
        message: What is in doubt, without quoting a cell.
        ways: How to go on, the likeliest first; none if only a person can say.
        about_numbers: The street's column holds no house numbers.
    """

    message: str
    ways: tuple[Way, ...] = ()
    about_numbers: bool = False


@attrs.define
class Doubting:
    """Collects what is in doubt about the columns of one address.

    Attributes:
        header: Names of the columns.
        rows: The first rows.
        columns: The columns of the address.
        explicit: Those that the user named.
        pool: The candidates for this address.
        free: All columns that the user did not name.
        everything: All columns.
        doubts: What is in doubt.
        remarks: Why a column that looks like a part of an address is not used, by position.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    columns: AddressColumns
    explicit: Mapping[str, tuple[Source, ...]]
    pool: Pool
    free: Sequence[Candidate]
    everything: Sequence[Candidate]
    doubts: list[Doubt]
    remarks: dict[int, str]

    def collect(self) -> None:
        """Collect the doubts."""
        self._doubt_repeated()
        streets = [str(self.columns.written(cells).street1 or "") for cells in self.rows]
        self._doubt_numbers(streets)
        self._doubt_only_numbers(streets)
        self._doubt_countries()
        self._doubt_direction()
        self._doubt_units()
        self._doubt_unused(streets)

    def _doubt_countries(self) -> None:
        """Doubt addresses of other countries that would pass for one in the US."""
        for each in self.free:
            if each.heading.part is not Part.COUNTRY:
                continue
            name = text_of([each.source], self.header)
            count = sum(
                bool(text)
                and not is_united_states(text)
                and letters(text) not in _OURS
                and isinstance(checked_or_error(self.columns.address(cells)), Address)
                for text, cells in zip(each.column.texts, self.rows, strict=True)
            )
            if not count:
                continue
            rows = "row, which" if count == 1 else "rows, which"
            message = (
                f"{name} names another country than the US in {count:,} of the first {rows} would "
                "be looked up as if it did not; take them out of the file"
            )
            self.doubts.append(Doubt(message, (Way(label="all the same", ignored=(name,)),)))

    def _doubt_repeated(self) -> None:
        if any(len(doubt.ways) > 1 for doubt in self.doubts):
            return
        by_source = {each.source: each for each in self.everything}
        for field, sources in self.columns.sources.items():
            if field in self.explicit:
                continue
            for source in sources:
                own = by_source.get(source)
                same = [
                    each
                    for each in self.free
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
                    texts = [text_of([each], self.header) for each in (source, same[0].source)]
                    ways = tuple(Way(label=text, mapping={field: text}) for text in texts)
                    names = {self.header[at.column] for at in (source, same[0].source)}
                    message = (
                        f"two columns are called {' and '.join(sorted(names))} and differ; "
                        f"{field} is {texts[0]} or {texts[1]}"
                    )
                    self.doubts.append(Doubt(message, ways))

    def _doubt_numbers(self, streets: Sequence[str]) -> None:
        """Doubt a street's column without house numbers: a whole street would be looked up."""
        if not self._lacks_numbers(streets):
            return
        field = "street1" if "street1" in self.columns.sources else "address"
        name = text_of(self.columns.sources[field], self.header)
        message = f"{field} (column {name}) holds no house numbers, so one look-up would stand for "
        message += "a whole street"
        number = self._number_beside()
        if number is None:
            self.doubts.append(Doubt(message, about_numbers=True))
            return
        text = text_of(self._numbered(number), self.header)
        message += f"; {self.header[number.source.column]} may hold them"
        self.doubts.append(Doubt(message, (Way(mapping={"street1": text}),), about_numbers=True))

    def _doubt_only_numbers(self, streets: Sequence[str]) -> None:
        """Doubt a street's column with nothing but house numbers, if another has the names."""
        filled = [street for street in streets if street]
        sources = self.columns.sources.get("street1", ())
        if "street1" in self.explicit or len(sources) != 1 or not filled:
            return
        if 2 * sum(map(content.is_number, filled)) <= len(filled):
            return
        used = {
            source
            for field, found in self.columns.sources.items()
            if field != "street2"
            for source in found
        }
        names = [each for each in self.free if each.source not in used and _names_streets(each)]
        names.sort(key=lambda each: abs(sources[0].column - each.source.column))
        if not names:
            return
        mapping = {
            field: text
            for field, text in self.columns.mapping(self.header).items()
            if names[0].source not in self.columns.sources[field]
        }
        mapping["street1"] = text_of([*sources, names[0].source], self.header)
        name = text_of(sources, self.header)
        message = f"street1 (column {name}) holds only house numbers; the names of the streets "
        message += f"stand in {text_of([names[0].source], self.header)}"
        self.doubts.append(
            Doubt(message, (Way(mapping=mapping, complete=True),), about_numbers=True)
        )

    def _numbered(self, number: Candidate) -> tuple[Source, ...]:
        """Return the street's columns with that of the house number, and those of its parts."""
        street = self.columns.sources["street1"]
        base = next((each for each in self.everything if each.source == street[0]), None)
        if base is None or len(street) > 1 or "street1" in self.explicit:
            return number.source, *street
        return join_street(self.pool, number, base)

    def _lacks_numbers(self, streets: Sequence[str]) -> bool:
        filled = [street for street in streets if street]
        without = sum(not content.has_house_number(street) for street in filled)
        if len(filled) < _ENOUGH:
            return bool(filled) and without == len(filled)
        return 2 * without > len(filled)

    def _number_beside(self) -> Candidate | None:
        """Return the unused column that may hold the house numbers."""
        if "street1" not in self.columns.sources:
            return None
        street = self.columns.sources["street1"][0].column
        found = [
            each
            for each in self._unused()
            if each.column.share(content.is_number) > 0.9  # noqa: PLR2004  nearly all
            and (not each.column.counts or _may_number_houses(each))
            and (each.part in {None, Part.NUMBER})
            and not hints_at_end(each.heading.name)
            and (
                each.part is Part.NUMBER
                or hints_at_number(each.heading.name)
                or _is_plain_number(each)
                or not hints_at_no_part(each.heading.name)
            )
        ]
        found.sort(
            key=lambda each: (
                each.part is not Part.NUMBER and not hints_at_number(each.heading.name),
                abs(street - each.source.column),
            )
        )
        return found[0] if found else None

    def _unused(self) -> list[Candidate]:
        used = {source for sources in self.columns.sources.values() for source in sources}
        return [each for each in self.free if each.source not in used]

    def _doubt_direction(self) -> None:
        """Doubt a direction that stands behind the street's name and does not say where it goes."""
        sources = self.columns.sources.get("street1", ())
        if "street1" in self.explicit or self.pool.best(Part.DIRECTION_AFTER) is not None:
            return
        by_source = {each.source: each for each in self.everything}
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
            name = text_of([each.source], self.header)
            others = [source for source in sources if source != each.source]
            texts = (text_of([*others, each.source], self.header), text_of(sources, self.header))
            message = f"{name} stands behind the street's name, and may belong before or behind it"
            ways = [
                Way(f"{name} ends the street", {"street1": texts[0]}),
                Way(f"{name} goes before the street's name", {"street1": texts[1]}),
            ]
            self.doubts.append(Doubt(message, tuple(ways)))

    def _doubt_units(self) -> None:
        """Doubt two columns of units that do not say of what: 4 and B are no flat 4 B."""
        if "street2" in self.explicit:
            return
        sources = self.columns.sources.get("street2", ())
        units = [
            each for each in self.free if each.source in sources and each.part is not Part.UNIT_TYPE
        ]
        for one, other in pairwise(sorted(units, key=lambda each: each.source.column)):
            rows = zip(one.column.texts, other.column.texts, strict=True)
            if one.source.word and other.source.word not in {"", one.source.word}:
                # Apt 4 Space B
                continue
            if any(content.is_bare_unit(a) and content.is_bare_unit(b) for a, b in rows):
                names = [text_of([each.source], self.header) for each in (one, other)]
                both = text_of(sources, self.header)
                message = f"{names[0]} and {names[1]} both hold units without a word like Apt"
                ways = [Way(f"with {both}", {"street2": both})]
                ways += [
                    Way(f"with {name} alone", {"street2": name}, ignored=(not_used,))
                    for name, not_used in zip(names, reversed(names), strict=True)
                ]
                self.doubts.append(Doubt(message, tuple(ways)))
                return

    def _doubt_unused(self, streets: Sequence[str]) -> None:
        """Doubt an unused column that looks like a part of the address."""
        offered: set[Source] = set()
        if self._lacks_numbers(streets) and (number := self._number_beside()) is not None:
            offered = {number.source, *self._numbered(number)}
        written = [self.columns.written(cells) for cells in self.rows]
        units = [each.street2 or "" for each in written]
        keys = [usps_key(each) for each in written]
        unused = [
            each for each in self._unused() if each.column.filled and each.source not in offered
        ]
        near = [each for each in unused if self.pool.is_near(each)]
        inside = [each for each in near if self._belongs_inside(each, streets, units)]
        further = [each for each in unused if self._is_unit_of_none(each, streets, units)]
        inside += [other for each in further for other in (*self._designators_of(each), each)]
        for each in near:
            if each in inside or each.source.column in self.remarks:
                continue
            if self._lacks_suffixes(each, streets):
                self._doubt_suffix(each)
            elif not self._doubt_part(each, streets) and self._tells_apart(each, keys):
                self._doubt_difference(each)
        of_none = [each for each in unused if self._is_of_none(each)]
        for each in of_none:
            if each not in (*near, *inside) and self._tells_apart(each, keys):
                self._doubt_difference(each)
        self._doubt_inside(inside)

    def _belongs_inside(
        self, each: Candidate, streets: Sequence[str], units: Sequence[str]
    ) -> bool:
        """Whether a column is a part of the unit; what the address says already is remarked."""
        if self._is_said_already(each, streets):
            self.remarks[each.source.column] = "said in street1"
            return False
        if _is_unit_like(each) and all(map(says_unit, units, each.column.texts)):
            self.remarks[each.source.column] = "said in street2"
            return False
        return _is_unit_like(each) or self._is_inner_part(each, streets, units)

    def _is_of_none(self, each: Candidate) -> bool:
        """Whether the group of a column, such as that of Site #, has no address of its own."""
        parts = {other.part for other in self.everything if other.family == each.family}
        return parts <= {None, Part.NUMBER, Part.INSIDE, Part.UNIT, Part.UNIT_TYPE, Part.CITY}

    def _is_unit_of_none(
        self, each: Candidate, streets: Sequence[str], units: Sequence[str]
    ) -> bool:
        """Whether a column is a unit beside that of the address: ALT_UNIT."""
        rows = zip(each.column.texts, streets, units, strict=True)
        return (
            each.part is Part.UNIT
            and not self.pool.is_near(each)
            and self._is_of_none(each)
            and not all(_is_said_in(*row) for row in rows)
        )

    def _designators_of(self, each: Candidate) -> list[Candidate]:
        """Return the column with the words of a further unit: ALT_UNIT_TYPE."""
        return [
            other
            for other in self._unused()
            if other.part is Part.UNIT_TYPE and other.family == each.family and other.column.filled
        ]

    def _tells_apart(self, each: Candidate, keys: Sequence[str]) -> bool:
        # "Townhome" reads like the town of a home.
        parts = {None, Part.NUMBER, Part.INSIDE, Part.WHOLE, Part.UNIT_TYPE, Part.CITY}
        ends = hints_at_end(each.heading.name)
        if each.part not in parts or ends or "street2" in self.explicit:
            return False
        name, column = each.heading.name, each.column
        if each.source.column == 0 and column.counts and not hints_at_place_inside(name):
            # The index of a data frame has no heading, or one that says nothing.
            return False
        if each.heading.group in ELSEWHERE and not hints_at_unit(name):
            # "OWN1" is whose address it is.
            return False
        if letters(name) in {"ext", "extension"} and self._has_phones():
            return False
        if (
            "street1" not in self.explicit
            and self._numbers_street()
            and may_follow_number(name, column)
        ):
            return True
        return names_units(column) or tells_apart(name, column, keys)

    def _has_phones(self) -> bool:
        words = {word for name in self.header for word in tokens(name)}
        return bool(words & {"phone", "telephone", "tel", "cell", "mobile", "fax"})

    def _numbers_street(self) -> bool:
        """Whether the house number has a column of its own that is used."""
        street = self.columns.sources.get("street1", ())
        numbers = {other.source for other in self.everything if other.part is Part.NUMBER}
        return bool(street) and street[0] in numbers

    def _lacks_suffixes(self, each: Candidate, streets: Sequence[str]) -> bool:
        """Whether a column without a telling heading holds the suffixes that streets lack."""
        words = {*tokens(each.heading.name)}
        known = words & {"street", "st", "road"} or words <= {"type", "kind"}
        if each.part not in {None, Part.STATE} or (
            hints_at_no_part(each.heading.name) and not known
        ):
            return False
        if "street1" not in self.columns.sources:
            return False
        if "street1" in self.explicit or len(self.columns.sources["street1"]) > 1:
            return False
        pairs = [
            (text, street.split()[-1])
            for text, street in zip(each.column.texts, streets, strict=True)
            if text and street
        ]
        lacking = sum(not content.is_suffix(last) for _, last in pairs)
        suffixes = sum(content.is_suffix(text) for text, _ in pairs)
        return len(pairs) > (not known) and 2 * lacking > len(pairs) == suffixes

    def _doubt_suffix(self, each: Candidate) -> None:
        name = text_of([each.source], self.header)
        text = text_of([*self.columns.sources["street1"], each.source], self.header)
        message = f"{name} looks like the suffixes that the streets lack, and is not used"
        self._doubt_one(message, name, "street1", text)

    def _doubt_difference(self, each: Candidate) -> None:
        """Doubt an unused column in which alone rows of the same address differ."""
        name = text_of([each.source], self.header)
        message = (
            f"{name} may tell apart homes whose addresses are the same otherwise, and is not used; "
            "they would be taken for one"
        )
        street = self.columns.sources.get("street1", ())
        ways = []
        inside = each.column.mostly(is_place_or_unit)
        if "street1" not in self.explicit and self._numbers_street() and not inside:
            text = text_of([street[0], each.source, *street[1:]], self.header)
            ways.append(Way(f"{name} follows the house number", {"street1": text}))
        elif "street1" not in self.explicit and street and _ends_street(each):
            first = self._begins_name(each, street)
            text = text_of([each.source, *street] if first else [*street, each.source], self.header)
            label = "begins" if first else "ends"
            ways.append(Way(f"{name} {label} the street", {"street1": text}))
        text = text_of([*self.columns.sources.get("street2", ()), each.source], self.header)
        ways.append(Way(f"{name} is the unit", {"street2": text}))
        ways.append(Way(f"without {name}", ignored=(name,)))
        self.doubts.append(Doubt(message, tuple(ways)))

    def _begins_name(self, each: Candidate, street: Sequence[Source]) -> bool:
        """Whether directions stand before the name of a street that lacks its number."""
        named = [other for other in self.everything if other.source == street[0]]
        return (
            len(street) == 1
            and each.source.column < street[0].column
            and each.column.mostly(content.is_direction)
            and not any(other.column.mostly(content.has_house_number) for other in named)
        )

    def _doubt_inside(self, found: Sequence[Candidate]) -> None:
        """Doubt unused columns of units, in one doubt: all of them may belong to the unit."""
        if not found:
            return
        names = [text_of([each.source], self.header) for each in found]
        used = self.columns.sources.get("street2", ())
        if len(found) == 1:
            message = f"{names[0]} looks like a unit and is not used; flats would be taken for one"
            self._doubt_one(message, names[0], "street2", _inner(used, found, self.header))
            return
        together = " and ".join(names)
        message = f"{together} look like units and are not used; flats would be taken for one"
        ways = [Way(f"with {together}", {"street2": _inner(used, found, self.header)})]
        units = [each.part is not Part.UNIT_TYPE for each in found]
        for each, name, is_unit in zip(found, names, units, strict=True):
            if not is_unit or sum(units) == 1:
                continue
            others = tuple(other for other in names if other != name)
            mapping = {"street2": _inner(used, [each], self.header)}
            ways.append(Way(f"with {name} alone", mapping, ignored=others))
        ways.append(Way(f"without {together}", ignored=tuple(names)))
        self.doubts.append(Doubt(message, tuple(ways)))

    def _doubt_part(self, each: Candidate, streets: Sequence[str]) -> bool:
        """Doubt an unused column of ZIP codes, of a part of the street, or of streets.

        Returns:
            Whether there was something to doubt.
        """
        before = len(self.doubts)
        name = text_of([each.source], self.header)
        if not self.columns.sources.keys() & {"zip", "place"} and _is_zip_like(each):
            self._doubt_one(f"{name} looks like ZIP codes and is not used", name, "zip", name)
        elif self._is_part_of_street(each):
            message = f"{name} looks like a part of the street and is not used"
            text = self._with_part(each)
            ways = [Way(f"with {name}", {"street1": text})] if text else []
            ways.append(Way(f"without {name}", ignored=(name,)))
            self.doubts.append(Doubt(message, tuple(ways)))
        elif self._is_other_number(each):
            self._doubt_number(each, name)
        elif self._is_other_street(each, streets) and not (
            self.explicit.keys() & {"street1", "address"}
        ):
            message = f"{name} looks like another street than the one that is used"
            self._doubt_one(message, name, "street1", name, ignore_first=True)
        return len(self.doubts) > before

    def _doubt_number(self, each: Candidate, name: str) -> None:
        if hints_at_end(each.heading.name) and self._numbers_street():
            message = (
                f"{name} looks like the last house numbers of ranges; only the first house of "
            )
            message += "each would be looked up"
            self.doubts.append(Doubt(message, (Way(f"without {name}", ignored=(name,)),)))
            return
        message = f"{name} looks like house numbers and is not used"
        self._doubt_one(message, name, *self._other_number(each))

    def _doubt_one(
        self, message: str, name: str, field: str, text: str, *, ignore_first: bool = False
    ) -> None:
        ways = [
            Way(label=f"with {name}", mapping={field: text}),
            Way(label=f"without {name}", ignored=(name,)),
        ]
        self.doubts.append(Doubt(message, tuple(ways[::-1] if ignore_first else ways)))

    def _is_said_already(self, each: Candidate, streets: Sequence[str]) -> bool:
        """Whether the street's line says what stands in this column, in most rows."""
        pairs = [
            (text.casefold(), street.casefold())
            for text, street in zip(each.column.texts, streets, strict=True)
            if text and street
        ]
        said = sum(
            f" {text} " in f" {street.replace(',', ' ,')} "
            or f" {street} " in f" {text.replace(',', ' ,')} "
            for text, street in pairs
        )
        words = max(map(each.column.share, (content.is_suffix, content.is_direction)))
        is_part = each.part is not None or words > 0.9  # noqa: PLR2004  nearly all
        return is_part and bool(pairs) and 2 * said > len(pairs)

    def _is_part_of_street(self, each: Candidate) -> bool:
        """Whether a column holds a direction, suffix or fraction that the street lacks."""
        parts = {Part.DIRECTION_BEFORE, Part.DIRECTION_AFTER, Part.SUFFIX, Part.FRACTION}
        if each.part in parts:
            return each.part is not Part.FRACTION or not each.column.mostly(content.is_zero)
        joined = len(self.columns.sources.get("street1", ())) > 1
        tests = (content.is_direction, content.is_suffix, content.is_half)
        share = max(map(each.column.share, tests))
        return joined and each.part is None and share > 0.9  # noqa: PLR2004  nearly all

    def _with_part(self, each: Candidate) -> str | None:
        """Return the street's columns with one more part; None if it has no place among them."""
        sources = list(self.columns.sources.get("street1", ()))
        after = each.part in {Part.SUFFIX, Part.DIRECTION_AFTER} or (
            each.part is None
            and (each.column.mostly(content.is_suffix) or self._is_direction_behind(each))
        )
        if after:
            return text_of([*sources, each.source], self.header)
        if len(sources) == 1:
            direction = each.column.mostly(content.is_direction)
            return text_of([*sources, each.source], self.header) if direction else None
        half = each.part is Part.FRACTION or each.column.mostly(content.is_half)
        # A fraction stands behind the number, a direction before the name.
        parts = {Part.NUMBER} if half else {Part.NAME, Part.STREET, Part.LINE}
        found = {other.source for other in self.everything if other.part in parts}
        at = next((at for at, source in enumerate(sources) if source in found), 1 - half) + half
        return text_of([*sources[:at], each.source, *sources[at:]], self.header)

    def _is_direction_behind(self, each: Candidate) -> bool:
        """Whether directions stand behind the street's name in the table: there they belong."""
        sources = self.columns.sources.get("street1", ())
        names = [
            other.source.column
            for other in self.everything
            if other.part in {Part.NAME, Part.STREET} and other.source in sources
        ]
        behind = bool(names) and each.source.column > names[0]
        return behind and each.column.mostly(content.is_direction)

    def _is_inner_part(self, each: Candidate, streets: Sequence[str], units: Sequence[str]) -> bool:
        """Whether a building, lot or floor without a word tells addresses apart."""
        words = {*tokens(each.heading.name)}
        if words & {"lot"}:
            parcels = {"block", "blk", "parcel", "apn", "pin", "section", "tract", "subdivision"}
            numbered = parcels & {word for name in self.header for word in tokens(name)}
            return each.part is None and not numbered and letters(each.heading.name) in LOTS
        if each.part is not Part.INSIDE or not each.column.mostly(content.is_bare_unit):
            return False
        if words & {"room", "rm"}:
            return True
        if words & {"building", "bldg", "tower", "wing"}:
            return len(each.column.filled) == 1 or len({*each.column.texts}) > 1
        inside: dict[tuple[str, str], set[str]] = {}
        for street, unit, text in zip(streets, units, each.column.texts, strict=True):
            inside.setdefault((street.casefold(), unit.casefold()), set()).add(text)
        return any(len(texts) > 1 for texts in inside.values())

    def _other_number(self, each: Candidate) -> tuple[str, str]:
        """Return the field that further numbers may belong to, and its columns with them."""
        street = self.columns.sources.get("street1", ())
        numbers = {other.source for other in self.everything if other.part is Part.NUMBER}
        if numbers.intersection(street):
            return "street2", text_of(
                [*self.columns.sources.get("street2", ()), each.source], self.header
            )
        return "street1", text_of([each.source, *street], self.header)

    def _is_other_number(self, each: Candidate) -> bool:
        if "street1" in self.explicit or "address" in self.explicit:
            return False
        used = self.columns.sources.get("street1", ())
        if self.pool.best(Part.NUMBER) is each and not _numbers_houses(each):
            return False
        same = [other for other in self.everything if other.source in used]
        if any(_repeats_number(each.column.texts, other.column.texts) for other in same):
            return False
        named = each.part is Part.NUMBER and letters(each.heading.name) not in _PLAIN_NUMBERS
        return (named or hints_at_number(each.heading.name)) and each.column.mostly(
            content.is_number
        )

    def _is_other_street(self, each: Candidate, streets: Sequence[str]) -> bool:
        return (
            each.part in {Part.LINE, Part.STREET}
            and each.column.mostly(content.begins_with_number)
            and each.column.texts != list(streets)
        )


def _is_said_in(text: str, street: str, unit: str) -> bool:
    """Whether a street's line or its unit says the unit of a text."""
    return not text or units_of(text) <= units_of(unit) | units_in_street(street)


def _numbers_houses(each: Candidate) -> bool:
    """Whether a heading can number nothing but houses: House Number, but not PropNo."""
    return bool({*tokens(each.heading.name)} & {"house", "hse", "street", "address", "addr"})


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


def _repeats_number(texts: Sequence[str], numbers: Sequence[str]) -> bool:
    """Whether numbers are those of the houses, perhaps without their letters: 102 for 102A."""
    return all(
        not text or re.match(rf"{re.escape(text.removesuffix('.0'))}(?!\d)", number)
        for text, number in zip(texts, numbers, strict=True)
    )


def _inner(used: Sequence[Source], found: Sequence[Candidate], header: Sequence[str]) -> str:
    """Return the columns of the unit with further ones: a building stands before the unit in it."""
    before = [each.source for each in found if each.part is Part.INSIDE]
    after = [each.source for each in found if each.part is not Part.INSIDE]
    return text_of([*before, *used, *after], header)


def _names_streets(each: Candidate) -> bool:
    """Whether a column holds the names of streets, without house numbers."""
    if each.column.mostly(content.has_house_number) or not each.column.filled:
        return False
    named = each.part in {Part.NAME, Part.STREET, Part.LINE}
    with_suffix = each.column.mostly(
        lambda text: len(text.split()) > 1 and content.is_suffix(text.split()[-1])
    )
    return with_suffix or named


def _is_plain_number(each: Candidate) -> bool:
    return letters(each.heading.name).rstrip("0123456789") in _PLAIN_NUMBERS


def _may_number_houses(each: Candidate) -> bool:
    """Whether numbers that follow each other may be houses: 101, 102, but not 1, 2."""
    return each.part is Part.NUMBER and each.column.filled[0] not in {"0", "1"}


def _ends_street(each: Candidate) -> bool:
    return each.column.mostly(content.is_direction) or each.column.mostly(content.is_suffix)


_PLAIN_NUMBERS = frozenset({"number", "num", "nbr", "no", "house"})
"""Headings that may number anything."""


def _is_unit_like(each: Candidate) -> bool:
    if each.part in {Part.UNIT, Part.UNIT_TYPE}:
        return each.part is Part.UNIT
    if each.part is not None and each.part is not Part.INSIDE:
        return False
    if each.heading.part is Part.WHOLE and each.column.mostly(content.is_bare_unit):
        # "Location" may be a place inside of the building.
        return True
    name = each.heading.name
    third = {"address", "addr", "street", "line"} & {*tokens(name)} and "3" in tokens(name)
    short = each.column.mostly(lambda text: len(text) <= 20)  # noqa: PLR2004  a unit's length
    by_value = each.column.mostly(content.is_unit) and not hints_at_order(name)
    by_name = bool(third) and not each.column.mostly(content.is_zip)
    return short and (by_value or by_name or hints_at_unit(name))


def _is_zip_like(each: Candidate) -> bool:
    return each.part is None and each.column.share(content.is_zip) > 0.9  # noqa: PLR2004  nearly all
