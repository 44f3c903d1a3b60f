"""Decides which columns of a table hold the address, and says what it doubts."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns._groups import Groups, has_place
from hum_async.bulk.columns._guessing import guess_columns, looks_like_no_header, names_for
from hum_async.bulk.columns._headings import (
    is_known_group,
)
from hum_async.bulk.columns._mapping import MappingError, Source, read_sources, text_of, united
from hum_async.bulk.columns._pool import Pool, candidates_of, family_of, pool_of
from hum_async.bulk.columns._reading import FIELDS, AddressColumns
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns._street import (
    Choice,
    choose_street,
    choose_unit,
)
from hum_async.bulk.columns.doubts.chosen import ChosenColumns
from hum_async.bulk.columns.doubts.collecting import doubts_of
from hum_async.bulk.columns.doubts.doubt import Doubt, Way
from hum_async.bulk.tables import Cell
from hum_async.errors import InputError

_MEANING = {
    "street1": "street1 (house number and street)",
    "zip": "zip (or city and state)",
}
MAP_OPTION = "--map {field}=COLUMN"
"""How a mapping is given on the command line, for messages."""
_FEW = 3
"""Parts that a row with values must name to be a header."""


@attrs.frozen(kw_only=True)
class ColumnPlan:
    """What the columns of a table are taken for.

    Attributes:
        header: Names of the columns.
        columns: The columns of the address.
        doubts: What a person should look at before anything is bought.
        remarks: Why a column that looks like a part of an address is not used, by position.
    """

    header: tuple[str, ...]
    columns: AddressColumns
    doubts: tuple[Doubt, ...] = ()
    remarks: Mapping[int, str] = attrs.field(factory=dict)

    @property
    def carried(self) -> tuple[int, ...]:
        """Positions of the columns that are only carried along."""
        used = {source.column for sources in self.columns.sources.values() for source in sources}
        return tuple(at for at in range(len(self.header)) if at not in used)

    def with_both(self, field: str, one: str, other: str) -> str:
        """Return the columns of a field with what two ways add to the plan's; else the other's.

        Args:
            field: The field.
            one: The columns of a way, as `--map` takes them.
            other: Those of another way.
        """
        found = [read_sources(text, self.header, source="the table") for text in (one, other)]
        own = set(self.columns.sources.get(field, ()))
        if field not in {"street1", "street2"} or not all(own <= set(each) for each in found):
            return other
        return text_of(united(*found), self.header)


def find_columns(
    header: Sequence[str], *, mapping: Mapping[str, str] | None = None, source: str = "the table"
) -> AddressColumns:
    """Find the columns of the address by their headings alone.

    Args:
        header: Names of the columns.
        mapping: Columns by field, as `--map` takes them; they take precedence over the headings.
        source: Name of the table in errors.

    Raises:
        MappingError: The mapping names a field or a column that does not exist.
        InputError: A field that the API needs has no column.
    """
    return plan_columns(header, mapping=mapping, source=source).columns


def mapped_columns(header: Sequence[str], mapping: Mapping[str, str]) -> AddressColumns:
    """Return exactly the columns of a mapping.

    Raises:
        MappingError: The mapping names a field or a column that does not exist.
    """
    return AddressColumns(_explicit(header, mapping, source="the table"))


def rate_header(cells: Sequence[str], *, mapping: Mapping[str, str] | None = None) -> int:
    """Return how good a header of addresses a row would be; 0 for none at all.

    Args:
        cells: The row.
        mapping: Columns by field, as `--map` takes them, which the header must have.
    """
    found = {
        each.part for each in candidates_of(cells, []) if each.part and is_known_group(each.family)
    }
    values = any(content.begins_with_number(cell) or content.is_zip(cell) for cell in cells)
    if values and len(found) < _FEW:
        # "Main Street" in a row of values is no heading.
        found = set()
    named = {column for column in (mapping or {}).values() if _is_named(column, cells)}
    street = found & {Part.LINE, Part.STREET, Part.NAME, Part.WHOLE}
    place = Part.ZIP in found or {Part.CITY, Part.STATE} <= found or Part.LAST_LINE in found
    return len(found) + len(named) + 10 * bool(street and place) + 10 * len(named)


def _is_named(column: str, cells: Sequence[str]) -> bool:
    # A row of values may hold the number of a column.
    if any(each.strip().isdecimal() for each in column.split("+")):
        return False
    try:
        return bool(read_sources(column, cells, source=""))
    except MappingError:
        return False


def plan_columns(  # noqa: PLR0913  each says one thing of the table
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]] = (),
    *,
    titles: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    ignored: Iterable[str] = (),
    source: str = "the table",
    how: str = MAP_OPTION,
) -> ColumnPlan:
    """Decide by headings and by the first rows which columns hold the address.

    Args:
        header: Names of the columns.
        rows: The first rows; none decides by the headings alone, without doubts.
        titles: What stands above each name in a header of two rows.
        mapping: Columns by field, as `--map` takes them; they take precedence over all else.
        ignored: Names of columns that are not used and raise no doubt.
        source: Name of the table in errors.
        how: How a mapping is given, for errors; ``{field}`` stands for the field.

    Raises:
        MappingError: The mapping, or a name to ignore, names what does not exist.
        InputError: A field that the API needs has no column.
    """
    explicit = _explicit(header, mapping or {}, source=source)
    unused = {each.column for name in ignored for each in read_sources(name, header, source=source)}
    everything = candidates_of(header, rows, titles)
    taken = {each for found in explicit.values() for each in found}
    known = [each for each in everything if each.source.column not in unused]
    free = [each for each in known if each.source not in taken]
    planner = _Planner(tuple(header), tuple(titles), bool(rows), explicit, free, known, everything)
    planner.choose()
    columns = planner.columns()
    if missing := _missing(columns):
        bare = looks_like_no_header(header)
        # What is of another address fills no gap.
        near = list(filter(planner.pool.may_take, free))
        guessed = guess_columns(columns.sources, near) if rows and not bare else None
        if guessed is None or _missing(AddressColumns(guessed)):
            raise InputError(_no_column(header, missing, columns, source, how))
        named = columns.sources.keys()
        columns = AddressColumns({field: guessed[field] for field in FIELDS if field in guessed})
        message = "no heading says so, but by what the columns hold: " + ", ".join(
            f"{field} = {name}"
            for field, name in columns.mapping(header).items()
            if field not in named
        )
        planner.doubts.append(Doubt(message, (Way(),)))
    if rows:
        planner.doubt(columns, rows)
    return ColumnPlan(
        header=tuple(header),
        columns=columns,
        doubts=tuple(planner.doubts),
        remarks=planner.remarks,
    )


def _explicit(
    header: Sequence[str], mapping: Mapping[str, str], *, source: str
) -> dict[str, tuple[Source, ...]]:
    found = {}
    for field, column in mapping.items():
        if field not in FIELDS:
            raise MappingError(f"there is no field {field!r}; the fields are {', '.join(FIELDS)}")
        found[field] = read_sources(column, header, source=source)
    return found


def _missing(columns: AddressColumns) -> list[str]:
    found = columns.sources.keys()
    if "address" in found:
        return []
    missing = [] if "street1" in found else ["street1"]
    if not found & {"zip", "place"} and not {"city", "state"} <= found:
        missing.append("zip")
    return missing


def _no_column(
    header: Sequence[str],
    missing: Sequence[str],
    columns: AddressColumns,
    source: str,
    how: str,
) -> str:
    if looks_like_no_header(header):
        return (
            f"{source} has no header: its first row is an address and not the names of columns. "
            f"Write a row of names above it, such as {names_for(header)}"
        )
    found = ", ".join(f"{field} = {name}" for field, name in columns.mapping(header).items())
    return (
        f"{source} has no column for {' and '.join(_MEANING[field] for field in missing)}. "
        f"Its columns are: {', '.join(header)}. "
        + (f"Found: {found}. " if found else "")
        + f"Name them: {how.format(field=missing[0])}, or {how.format(field='address')} for one "
        f"that holds the whole address (fields: {', '.join(FIELDS)})"
    )


@attrs.define
class _Planner:
    """Chooses the columns and collects doubts."""

    header: tuple[str, ...]
    titles: tuple[str, ...]
    sampled: bool
    explicit: dict[str, tuple[Source, ...]]
    free: list[Candidate]
    known: list[Candidate]
    everything: list[Candidate]
    doubts: list[Doubt] = attrs.field(factory=list)
    remarks: dict[int, str] = attrs.field(factory=dict)
    found: dict[str, tuple[Source, ...]] = attrs.field(factory=dict)
    pool: Pool = attrs.field(factory=Pool)
    street: Choice | None = None

    def columns(self) -> AddressColumns:
        found = {**self.found, **self.explicit}
        if "address" in self.explicit and "street1" not in self.explicit:
            found.pop("street1", None)
        elif "street1" in self.explicit and "address" not in self.explicit:
            found.pop("address", None)
        if "address" in found and "place" not in self.explicit:
            found.pop("place", None)
        return AddressColumns({field: found[field] for field in FIELDS if field in found})

    def choose(self) -> None:
        fixed = family_of(self._mapped_street(), self.everything)
        self.pool = pool_of(self.known, fixed, {*self.free})
        self.found = self._fields(self.pool)

    def _mapped_street(self) -> Source | None:
        for field in ("street1", "address"):
            if found := self.explicit.get(field):
                return found[-1]
        return None

    def _fields(self, pool: Pool) -> dict[str, tuple[Source, ...]]:
        found: dict[str, tuple[Source, ...]] = {}
        for part in (Part.CITY, Part.STATE, Part.ZIP, Part.LATITUDE, Part.LONGITUDE):
            if best := pool.best(part):
                found[str(part)] = (best.source,)
        last_line = pool.best(Part.LAST_LINE)
        if last_line is not None and not {"city", "state", "zip"} <= found.keys():
            found["place"] = (last_line.source,)
        placed = has_place(found.keys() | self.explicit.keys())
        if not self.explicit.keys() & {"street1", "address"}:
            self.street = choose_street(pool, placed=placed, sampled=self.sampled)
            if self.street is not None:
                found[self.street.field] = self.street.sources
        if "street2" not in self.explicit and (unit := choose_unit(pool, sampled=self.sampled)):
            found["street2"] = unit
        return found

    # --- doubts -----------------------------------------------------------------------------------

    def doubt(self, columns: AddressColumns, rows: Sequence[Sequence[Cell]]) -> None:
        """Collect what is in doubt about these columns, by the first rows."""
        self.doubts += Groups(
            header=self.header,
            titles=self.titles,
            rows=rows,
            columns=columns,
            explicit=self.explicit,
            pool=self.pool,
            free=self.free,
            known=self.known,
            fields_of=self._fields,
        ).doubts()
        chosen = ChosenColumns(
            header=self.header,
            rows=rows,
            columns=columns,
            explicit=self.explicit,
            pool=self.pool,
            free=self.free,
            everything=self.everything,
        )
        settled = any(len(doubt.ways) > 1 for doubt in self.doubts)
        self.doubts += doubts_of(chosen, self.remarks, settled=settled)
