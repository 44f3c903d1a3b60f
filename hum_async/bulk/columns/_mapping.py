"""Reads what `--map` says, and writes it again: ``street1=NUMBER+STREET``, ``zip=7``."""

from collections.abc import Iterable, Sequence

import attrs

from hum_async.bulk.columns._unit_headings import designator_of


class MappingError(ValueError):
    """A mapping names a field or a column that does not exist."""


@attrs.frozen
class Source:
    """Where a part of an address stands in a row.

    Attributes:
        column: Position of the column, from 0.
        path: Names of the fields inside a nested cell; empty for the cell itself.
        word: The designator that the heading says for numbers of units, such as Suite; "" for none.
    """

    column: int
    path: tuple[str, ...] = ()
    word: str = attrs.field(default="", eq=False)


def source_of(column: int, name: str, path: tuple[str, ...] = ()) -> Source:
    """Return where a column, or a field inside of one, stands; its name says the heading's word."""
    return Source(column, path, designator_of(path[-1] if path else name))


def read_sources(text: str, header: Sequence[str], *, source: str) -> tuple[Source, ...]:
    """Return the columns that a mapping names: one, or several with ``+`` between them.

    A column is named by its heading, by its number from 1 if no column has that name, by
    ``NAME__2`` for the second of this name, and as ``NAME.FIELD`` for what is nested in it.

    Raises:
        MappingError: There is no such column.
    """
    found = _sum_of(text, header)
    if found is None:
        missing = text
        if "+" in text:
            missing = next(
                (each for each in text.split("+") if _one(each.strip(), header) is None), text
            )
        raise MappingError(f"{source} has no column {missing!r}; it has {', '.join(header)}")
    return found


def _sum_of(text: str, header: Sequence[str]) -> tuple[Source, ...] | None:
    """Return the columns of a sum; a column's name may hold a ``+`` itself."""
    whole = _one(text, header) or _one(text.strip(), header)
    if whole is not None:
        return (whole,)
    # The longest name goes first.
    for at in reversed([at for at, letter in enumerate(text) if letter == "+"]):
        first = _one(text[:at].strip(), header)
        if first is not None and (rest := _sum_of(text[at + 1 :], header)) is not None:
            return first, *rest
    return None


def _one(name: str, header: Sequence[str]) -> Source | None:
    if name in header:
        return source_of(header.index(name), name)
    base, marked, number = name.rpartition("__")
    if marked and number.isdecimal():
        same = [at for at, column in enumerate(header) if column == base]
        if 0 < int(number) <= len(same):
            return source_of(same[int(number) - 1], base)
    if name.isdecimal() and 0 < int(name) <= len(header):
        return source_of(int(name) - 1, header[int(name) - 1])
    column, *path = name.split(".")
    if path and all(path) and column in header:
        return source_of(header.index(column), column, tuple(path))
    alike = [at for at, column in enumerate(header) if column.casefold() == name.casefold()]
    return source_of(alike[0], name) if len(alike) == 1 else None


def text_of(sources: Iterable[Source], header: Sequence[str]) -> str:
    """Return what `--map` takes for these columns."""
    return "+".join(_name_of(source, header) for source in sources)


def united(one: Sequence[Source], other: Sequence[Source]) -> tuple[Source, ...]:
    """Return the columns of two sums: what only the other has stands where it stands there."""
    found = list(one)
    for at, source in enumerate(other):
        if source not in found:
            found.insert(_place_in(found, other, at), source)
    return tuple(found)


def _place_in(found: Sequence[Source], other: Sequence[Source], at: int) -> int:
    """Return where a further column goes: behind its neighbour and what was put there before."""
    if not at:
        return min(found.index(each) for each in other if each in found)
    place = found.index(other[at - 1]) + 1
    while place < len(found) and found[place] not in other:
        place += 1
    return place


def _name_of(source: Source, header: Sequence[str]) -> str:
    name = header[source.column]
    if list(header).count(name) > 1:
        name = f"{name}__{header[: source.column + 1].count(name)}"
        if name in header:
            name = str(source.column + 1)
    number = str(source.column + 1)
    if not name.isprintable() and number not in header:
        # A line break in a heading cannot be pasted.
        name = number
    return ".".join((name, *source.path))
