"""Decides which columns of a table hold the address, and says what it doubts."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from hum_async.bulk.columns import _content as content
from hum_async.bulk.columns._content import Column
from hum_async.bulk.columns._guessing import guess_columns, looks_like_no_header
from hum_async.bulk.columns._headings import (
    hints_at_no_part,
    hints_at_number,
    hints_at_order,
    hints_at_unit,
    is_known_group,
    letters,
    tokens,
)
from hum_async.bulk.columns._mapping import MappingError, Source, read_sources, text_of
from hum_async.bulk.columns._pool import Candidate, Pool, candidates_of, family_of, pool_of
from hum_async.bulk.columns._reading import FIELDS, AddressColumns
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns._street import Choice, choose_street, choose_unit
from hum_async.bulk.tables import Cell
from hum_async.errors import InputError

_MEANING = {
    "street1": "street1 (house number and street)",
    "zip": "zip (or city and state)",
}
_SOME = 0.3
"""Share of rows that hold a street by which a further group is taken for an address."""
_ENOUGH = 3
"""Streets of which more than half without a house number are a doubt; of fewer, all."""


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
    if values and len(found) < _ENOUGH:
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


def plan_columns(
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]] = (),
    *,
    mapping: Mapping[str, str] | None = None,
    ignored: Iterable[str] = (),
    source: str = "the table",
) -> ColumnPlan:
    """Decide by headings and by the first rows which columns hold the address.

    Args:
        header: Names of the columns.
        rows: The first rows; none decides by the headings alone, without doubts.
        mapping: Columns by field, as `--map` takes them; they take precedence over all else.
        ignored: Names of columns that are not used and raise no doubt.
        source: Name of the table in errors.

    Raises:
        MappingError: The mapping, or a name to ignore, names what does not exist.
        InputError: A field that the API needs has no column.
    """
    explicit = _explicit(header, mapping or {}, source=source)
    unused = {each.column for name in ignored for each in read_sources(name, header, source=source)}
    everything = candidates_of(header, rows)
    taken = {each for found in explicit.values() for each in found}
    free = [
        each for each in everything if each.source not in taken and each.source.column not in unused
    ]
    planner = _Planner(tuple(header), bool(rows), explicit, free, everything)
    planner.choose()
    columns = planner.columns()
    if missing := _missing(columns):
        bare = looks_like_no_header(header)
        guessed = guess_columns(columns.sources, free) if rows and not bare else None
        if guessed is None or _missing(AddressColumns(guessed)):
            raise InputError(_no_column(header, missing, columns, source))
        columns = AddressColumns({field: guessed[field] for field in FIELDS if field in guessed})
        message = "no heading says so, but by what the columns hold: " + ", ".join(
            f"{field} = {name}" for field, name in columns.mapping(header).items()
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
    if "zip" not in found and not {"city", "state"} <= found:
        missing.append("zip")
    return missing


def _no_column(
    header: Sequence[str], missing: Sequence[str], columns: AddressColumns, source: str
) -> str:
    if looks_like_no_header(header):
        return (
            f"{source} has no header: its first row is an address and not the names of columns. "
            "Write a row of names above it, such as street,city,state,zip"
        )
    found = ", ".join(f"{field} = {name}" for field, name in columns.mapping(header).items())
    return (
        f"{source} has no column for {' and '.join(_MEANING[field] for field in missing)}. "
        f"Its columns are: {', '.join(header)}. "
        + (f"Found: {found}. " if found else "")
        + f"Name them: --map {missing[0]}=COLUMN, or --map address=COLUMN for one that holds the "
        f"whole address (fields: {', '.join(FIELDS)})"
    )


@attrs.define
class _Planner:
    """Chooses the columns and collects doubts."""

    header: tuple[str, ...]
    sampled: bool
    explicit: dict[str, tuple[Source, ...]]
    free: list[Candidate]
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
        return AddressColumns({field: found[field] for field in FIELDS if field in found})

    def choose(self) -> None:
        fixed = family_of(self._mapped_street(), self.everything)
        self.pool = pool_of(self.free, fixed)
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
        placed = _has_place(found.keys() | self.explicit.keys())
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
        self._doubt_groups(columns, rows)
        self._doubt_repeated(columns)
        streets = self._street_texts(columns, rows)
        self._doubt_numbers(columns, streets)
        self._doubt_unused(columns, streets)

    def _street_texts(self, columns: AddressColumns, rows: Sequence[Sequence[Cell]]) -> list[str]:
        return [str(columns.address(cells).street1 or "") for cells in rows]

    def _doubt_groups(self, columns: AddressColumns, rows: Sequence[Sequence[Cell]]) -> None:
        if self.explicit.keys() & {"street1", "address"}:
            return
        own = self._street_texts(columns, rows)
        names = [_named(columns, self.header)]
        ways = [Way(f"{names[0]} is looked up", columns.mapping(self.header), complete=True)]
        for family in self.pool.rivals:
            fields = self._fields(pool_of(self.free, family))
            other = AddressColumns({field: fields[field] for field in FIELDS if field in fields})
            if not other.sources.keys() & {"street1", "address"}:
                continue
            texts = self._street_texts(other, rows)
            if texts == own or not Column(texts).share(content.is_street_line) > _SOME:
                continue
            names.append(_named(other, self.header))
            ways.append(Way(f"{names[-1]} is looked up", other.mapping(self.header), complete=True))
        if len(ways) > 1:
            self.doubts.append(
                Doubt(
                    f"there are {len(ways)} addresses in each row, and one can be looked up: "
                    + ", or ".join(names),
                    tuple(ways),
                )
            )

    def _doubt_repeated(self, columns: AddressColumns) -> None:
        if any(len(doubt.ways) > 1 for doubt in self.doubts):
            return
        by_source = {each.source: each for each in self.everything}
        for field, sources in columns.sources.items():
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
                    and each.column.filled
                    and each.column.texts != own.column.texts
                ]
                if same:
                    texts = [text_of([each], self.header) for each in (source, same[0].source)]
                    ways = tuple(Way(label=text, mapping={field: text}) for text in texts)
                    message = (
                        f"two columns are called {self.header[source.column]} and differ; "
                        f"{field} is {texts[0]} or {texts[1]}"
                    )
                    self.doubts.append(Doubt(message, ways))

    def _doubt_numbers(self, columns: AddressColumns, streets: Sequence[str]) -> None:
        """Doubt a street's column without house numbers: a whole street would be looked up."""
        if not self._lacks_numbers(streets):
            return
        field = "street1" if "street1" in columns.sources else "address"
        name = text_of(columns.sources[field], self.header)
        message = f"{field} (column {name}) holds no house numbers, so one look-up would stand for "
        message += "a whole street"
        number = self._number_beside(columns)
        if number is None:
            self.doubts.append(Doubt(message, about_numbers=True))
            return
        text = text_of([number, *columns.sources[field]], self.header)
        message += f"; {self.header[number.column]} may hold them"
        self.doubts.append(Doubt(message, (Way(mapping={"street1": text}),), about_numbers=True))

    def _lacks_numbers(self, streets: Sequence[str]) -> bool:
        filled = [street for street in streets if street]
        without = sum(not content.has_house_number(street) for street in filled)
        if len(filled) < _ENOUGH:
            return bool(filled) and without == len(filled)
        return 2 * without > len(filled)

    def _number_beside(self, columns: AddressColumns) -> Source | None:
        """Return the unused column that may hold the house numbers."""
        if "street1" not in columns.sources:
            return None
        street = columns.sources["street1"][0].column
        found = [
            each
            for each in self._unused(columns)
            if each.column.share(content.is_number) > 0.9  # noqa: PLR2004  nearly all
            and not each.column.counts
            and (each.part in {None, Part.NUMBER})
            and (
                each.part is Part.NUMBER
                or hints_at_number(each.heading.name)
                or not hints_at_no_part(each.heading.name)
            )
        ]
        found.sort(
            key=lambda each: (
                each.part is not Part.NUMBER and not hints_at_number(each.heading.name),
                abs(street - each.source.column),
            )
        )
        return found[0].source if found else None

    def _unused(self, columns: AddressColumns) -> list[Candidate]:
        used = {source for sources in columns.sources.values() for source in sources}
        return [each for each in self.free if each.source not in used]

    def _doubt_unused(self, columns: AddressColumns, streets: Sequence[str]) -> None:
        """Doubt an unused column that looks like a part of the address."""
        offered = {self._number_beside(columns)} if self._lacks_numbers(streets) else set()
        for each in self._unused(columns):
            if not each.column.filled or not self.pool.is_near(each) or each.source in offered:
                continue
            name = text_of([each.source], self.header)
            if self._is_said_already(each, streets):
                self.remarks[each.source.column] = "said in street1"
            elif "zip" not in columns.sources and _is_zip_like(each):
                self._doubt_one(f"{name} looks like ZIP codes and is not used", name, "zip", name)
            elif self._is_part_of_street(each, columns):
                message = f"{name} looks like a part of the street and is not used"
                text = self._with_part(each, columns)
                ways = [Way(f"with {name}", {"street1": text})] if text else []
                ways.append(Way(f"without {name}", ignored=(name,)))
                self.doubts.append(Doubt(message, tuple(ways)))
            elif _is_unit_like(each):
                sources = [*columns.sources.get("street2", ()), each.source]
                message = f"{name} looks like a unit and is not used; flats would be taken for one"
                self._doubt_one(message, name, "street2", text_of(sources, self.header))
            elif self._is_other_number(each):
                message = f"{name} looks like house numbers and is not used"
                sources = [each.source, *columns.sources.get("street1", ())]
                self._doubt_one(message, name, "street1", text_of(sources, self.header))
            elif self._is_other_street(each, streets):
                message = f"{name} looks like another street than the one that is used"
                if "street1" in self.explicit or "address" in self.explicit:
                    continue
                self._doubt_one(message, name, "street1", name, ignore_first=True)

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
            f" {text} " in f" {street} " or f" {street} " in f" {text.replace(',', ' ,')} "
            for text, street in pairs
        )
        return each.part is not None and bool(pairs) and 2 * said > len(pairs)

    def _is_part_of_street(self, each: Candidate, columns: AddressColumns) -> bool:
        """Whether a column holds a direction, suffix or fraction that the street lacks."""
        parts = {Part.DIRECTION_BEFORE, Part.DIRECTION_AFTER, Part.SUFFIX, Part.FRACTION}
        if each.part in parts:
            return each.part is not Part.FRACTION or not each.column.mostly(content.is_zero)
        joined = len(columns.sources.get("street1", ())) > 1
        share = max(map(each.column.share, (content.is_direction, content.is_suffix)))
        return joined and each.part is None and share > 0.9  # noqa: PLR2004  nearly all

    def _with_part(self, each: Candidate, columns: AddressColumns) -> str | None:
        """Return the street's columns with one more part; None if it has no place among them."""
        sources = list(columns.sources.get("street1", ()))
        after = each.part in {Part.SUFFIX, Part.DIRECTION_AFTER} or (
            each.part is None and each.column.mostly(content.is_suffix)
        )
        if after:
            return text_of([*sources, each.source], self.header)
        if len(sources) == 1:
            return None
        bases = {
            other.source
            for other in self.everything
            if other.part in {Part.NAME, Part.STREET, Part.LINE}
        }
        at = next((at for at, source in enumerate(sources) if source in bases), 1)
        return text_of([*sources[:at], each.source, *sources[at:]], self.header)

    def _is_other_number(self, each: Candidate) -> bool:
        if "street1" in self.explicit or "address" in self.explicit:
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


_PLAIN_NUMBERS = frozenset({"number", "num", "nbr", "no", "house"})
"""Headings that may number anything."""


def _is_unit_like(each: Candidate) -> bool:
    if each.part in {Part.UNIT, Part.UNIT_TYPE}:
        return each.part is Part.UNIT
    if each.part is not None and each.part is not Part.INSIDE:
        return False
    name = each.heading.name
    third = {"address", "addr", "street", "line"} & {*tokens(name)} and "3" in tokens(name)
    short = each.column.mostly(lambda text: len(text) <= 20)  # noqa: PLR2004  a unit's length
    by_value = each.column.mostly(content.is_unit) and not hints_at_order(name)
    by_name = bool(third) and not each.column.mostly(content.is_zip)
    return short and (by_value or by_name or hints_at_unit(name))


def _is_zip_like(each: Candidate) -> bool:
    return each.part is None and each.column.share(content.is_zip) > 0.9  # noqa: PLR2004  nearly all


def _has_place(fields: Iterable[str]) -> bool:
    fields = set(fields)
    return "zip" in fields or {"city", "state"} <= fields


def _named(columns: AddressColumns, header: Sequence[str]) -> str:
    field = "street1" if "street1" in columns.sources else "address"
    return text_of(columns.sources[field], header)
