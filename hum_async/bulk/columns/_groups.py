"""Says what is in doubt where a table holds several addresses in each row, or parts of several."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import starmap

import attrs

from hum_async._addresses.characters import clean
from hum_async._addresses.usps_key import usps_key
from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import STREETS, Candidate
from hum_async.bulk.columns._content import Column
from hum_async.bulk.columns._headings import ELSEWHERE, is_known_group
from hum_async.bulk.columns._mapping import Source, text_of
from hum_async.bulk.columns._pool import Pool, pool_of
from hum_async.bulk.columns._reading import FIELDS, AddressColumns
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns.doubts.doubt import Doubt, Way
from hum_async.bulk.tables import Cell

_SOME = 0.3
"""Share of rows that hold a street by which a further group is taken for an address."""
_FEW = 0.1
"""Share of rows in which a geocoder may have found another address."""
_PLACE = ("city", "state", "zip", "place")
_WITHOUT_PLACE = "whose city and state, or ZIP, have no column of their own"
_OF_ADDRESS = frozenset({
    Part.FRACTION, Part.DIRECTION_BEFORE, Part.SUFFIX, Part.DIRECTION_AFTER, Part.CITY, Part.ZIP,
})  # fmt: skip
"""Parts beside which a house number is one."""

Sources = Mapping[str, tuple[Source, ...]]


def has_place(fields: Iterable[str]) -> bool:
    """Whether fields say where a street is."""
    found = {*fields}
    return bool(found & {"zip", "place", "address"}) or {"city", "state"} <= found


@attrs.frozen
class Groups:
    """The groups of addresses in a table.

    Attributes:
        header: Names of the columns.
        titles: What stands above each name in a header of two rows.
        rows: The first rows.
        columns: The columns of the address that is looked up.
        explicit: Those that the user named.
        pool: The candidates for this address.
        free: All columns that the user did not name.
        known: Those, and those that the user named.
        fields_of: Returns the columns of the address of a pool, by field.
    """

    header: Sequence[str]
    titles: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    columns: AddressColumns
    explicit: Sources
    pool: Pool
    free: Sequence[Candidate]
    known: Sequence[Candidate]
    fields_of: Callable[[Pool], Sources]

    def doubts(self) -> list[Doubt]:
        """Return what is in doubt."""
        found = [self._several(), self._lent()]
        return [doubt for doubt in found if doubt is not None]

    def _several(self) -> Doubt | None:
        """Doubt which one of several addresses is meant."""
        if self.explicit.keys() & {"street1", "address"}:
            return None
        names = [self._named(self.columns)]
        ways = [self._way(self.columns, names[0])]
        own = self._keys(self.columns)
        for family in self.pool.rivals:
            other = self._other(family)
            if not other.sources.keys() & {"street1", "address"}:
                continue
            texts = Column([str(other.written(cells).street1 or "") for cells in self.rows])
            if not _holds_addresses(texts):
                continue
            if all(map(_says, own, self._keys(other))):
                continue
            name = self._named(other)
            if has_place(other.sources):
                names.append(name)
                ways.append(self._way(other, name))
            else:
                names.append(f"{name}, {_WITHOUT_PLACE}")
        for each in self._elsewhere(own):
            name = text_of([each.source], self.header)
            names.append(name)
            mapping, label = {"address": name}, f"{name} is looked up"
            ways.append(Way(label, mapping, complete=True, ignored=self._beside_street()))
        names += [f"that of {name}, whose street has no column" for name in self._without_street()]
        if len(names) < 2:  # noqa: PLR2004  an address and another
            return None
        message = f"there are {len(names)} addresses in each row, and one can be looked up: "
        return Doubt(message + ", or ".join(names), tuple(ways))

    def _elsewhere(self, own: Sequence[str]) -> list[Candidate]:
        """Return whole addresses beside the parts of one that are elsewhere in many rows."""
        used = {source for found in self.columns.sources.values() for source in found}
        found = []
        for each in self.pool.candidates:
            if each.part is not Part.WHOLE or each.source in used or not each.column.whole:
                continue
            others = self._keys(AddressColumns({"address": (each.source,)}))
            pairs = [
                (one, other) for one, other in zip(own, others, strict=True) if other[0] != "|"
            ]
            if sum(starmap(_are_apart, pairs)) > _FEW * len(pairs):
                found.append(each)
        return found

    def _beside_street(self) -> tuple[str, ...]:
        """Return the columns that are used and hold no street."""
        found = (
            source
            for field, sources in self.columns.sources.items()
            if field not in {"street1", "address"} and field not in self.explicit
            for source in sources
        )
        return tuple(text_of([source], self.header) for source in found)

    def _way(self, columns: AddressColumns, name: str) -> Way:
        return Way(f"{name} is looked up", columns.mapping(self.header), complete=True)

    def _other(self, family: str) -> AddressColumns:
        """Return the columns of another group's address."""
        fields = dict(self.fields_of(pool_of(self.known, family, {*self.free})))
        fields |= {field: found for field, found in self.explicit.items() if field in _PLACE}
        if not self.pool.family and not {*_PLACE} & fields.keys():
            # A place that says of no group whose it is may be that of either.
            neutral = {each.source for each in self.free if not each.family}
            fields |= {
                field: found
                for field, found in self.columns.sources.items()
                if field in _PLACE and neutral.issuperset(found)
            }
        return AddressColumns({field: fields[field] for field in FIELDS if field in fields})

    def _without_street(self) -> list[str]:
        """Return the house numbers of groups whose streets no heading and no cell tells."""
        groups: dict[str, list[Candidate]] = {}
        for each in self.free:
            if each.part and each.family and is_known_group(each.family):
                groups.setdefault(each.family, []).append(each)
        found = []
        for group in groups.values():
            parts = {each.part for each in group}
            numbers = [
                each
                for each in group
                if each.part is Part.NUMBER
                and each.column.filled
                and each not in self.pool.candidates
            ]
            if numbers and parts & _OF_ADDRESS and not parts & {*STREETS}:
                found.append(text_of([numbers[0].source], self.header))
        return found

    def _lent(self) -> Doubt | None:
        """Doubt a place that another group lends, which may be elsewhere."""
        of = {each.source: each for each in self.pool.candidates}
        lent = {
            field: text_of(found, self.header)
            for field, found in self.columns.sources.items()
            if field in _PLACE
            and field not in self.explicit
            and (each := of.get(found[0])) is not None
            and each.family != self.pool.family
            and (each.heading.group in ELSEWHERE or self._has_elsewhere(each))
        }
        if not lent:
            return None
        names = " and ".join(lent.values())
        street = self._named(self.columns)
        return Doubt(f"{names} may be of another address than {street}", (Way(mapping=lent),))

    def _has_elsewhere(self, lent: Candidate) -> bool:
        """Whether a group whose addresses are often elsewhere has the same part as one that lends.

        The address may be of either, where that group has no street of its own.
        """
        groups = {each.heading.group for each in self.free if each.part in STREETS}
        return any(
            each.part is lent.part
            and each.heading.group in ELSEWHERE
            and each.heading.group not in groups
            for each in self.free
        )

    def _named(self, columns: AddressColumns) -> str:
        """Return the name of an address: the columns of its street, and the title above them."""
        found = columns.sources["street1" if "street1" in columns.sources else "address"]
        name = text_of(found, self.header)
        title = self.titles[found[0].column] if found[0].column < len(self.titles) else ""
        return f"{name} below {title}" if title else name

    def _keys(self, columns: AddressColumns) -> list[str]:
        """Return one spelling of each row's address."""
        written = [columns.written(cells) for cells in self.rows]
        return [usps_key(attrs.evolve(each, street1=clean(each.street1))) for each in written]


def _holds_addresses(texts: Column) -> bool:
    """Whether texts are streets with house numbers, of which land without a house has none."""
    share = texts.share(content.is_street_line)
    return share > _SOME or (share > 0 and texts.mostly(content.is_street))


def _are_apart(one: str, other: str) -> bool:
    """Whether two addresses are not one that is spelled in two ways, such as by a geocoder."""
    street, units, _, _, zip5 = one.split("|")
    other_street, other_units, _, _, other_zip5 = other.split("|")
    return bool(other_street) and (
        street.split()[:1] != other_street.split()[:1]
        or bool(zip5 and other_zip5 and zip5 != other_zip5)
        or not {"", *units.split("/")}.issuperset(other_units.split("/"))
    )


def _says(own: str, other: str) -> bool:
    """Whether an address says all that another says of its street, its unit and its place."""
    street, units, city, _, zip5 = own.split("|")
    other_street, other_units, other_city, _, other_zip5 = other.split("|")
    if not other_street:
        return True
    pairs = [(zip5, other_zip5)] if zip5 and other_zip5 else [(city, other_city)]
    return (
        street == other_street
        and {"", *units.split("/")}.issuperset(other_units.split("/"))
        and all(one == another or not another for one, another in pairs)
    )
