"""Reads the address of a row from the columns that hold it."""

import re
from collections.abc import Mapping, Sequence

import attrs

from hum_async._addresses.characters import clean, lines
from hum_async._addresses.encoded import decoded
from hum_async._addresses.line import is_recipient, parse_line, parse_place
from hum_async._addresses.places import read_state
from hum_async._addresses.usps_key import city_key
from hum_async._unusable import UnusableText
from hum_async.bulk._street_cells import NO_HOUSE_NUMBER
from hum_async.bulk.cell_meaning import TEXTS, AddressReading, read_address, read_part, restored_zip
from hum_async.bulk.columns._content import (
    holds_place,
    is_box,
    is_direction,
    is_number,
    is_numbered_street,
    is_street_line,
    is_suffix,
    is_unit,
    is_zero,
)
from hum_async.bulk.columns._headings import letters, read_headings
from hum_async.bulk.columns._house_numbers import agree, leading_number, without_leading
from hum_async.bulk.columns._mapping import Source, text_of
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.columns._unit_headings import with_designators
from hum_async.bulk.tables import Cell
from hum_async.errors import AddressError
from hum_async.models import Address

FIELDS = (
    "street1", "street2", "city", "state", "zip", "place", "latitude", "longitude", "address",
)  # fmt: skip
"""What a column can hold: a part of an address, its place (city, state and ZIP on one line), or a
whole address on one line."""

_FIELD_OF = {
    Part.LINE: "street1",
    Part.STREET: "street1",
    Part.UNIT: "street2",
    **{Part(field): field for field in ("city", "state", "zip", "latitude", "longitude")},
}
_DOT_ZERO = re.compile(r"(\d+)\.0+", re.ASCII)
_LONGER = frozenset({"street2", "zip"})
"""Fields of which the cell may say more than the line does: Apt 4, ZIP+4."""
_FIRST_PART = {"address": "street1", "place": "city"}
"""The field that stands for a line with several."""
_PLACES = ("city", "state", "zip")


@attrs.frozen
class AddressColumns:
    """The columns of an address.

    Attributes:
        sources: The columns of each field. Several are joined in their order: by a space, or by a
            comma in a whole address.
    """

    sources: Mapping[str, tuple[Source, ...]]

    @property
    def at(self) -> dict[str, int]:
        """Positions of the columns that hold exactly one field, by field."""
        return {
            field: found[0].column
            for field, found in self.sources.items()
            if len(found) == 1 and not found[0].path and field not in {"address", "place"}
        }

    @property
    def joined(self) -> dict[int, str]:
        """Fields of the columns that hold a part of one, or several at once, by position."""
        single = set(self.at.values())
        return {
            each.column: field
            for field, found in self.sources.items()
            for each in found
            if each.column not in single and not each.path
        }

    def mapping(self, header: Sequence[str]) -> dict[str, str]:
        """Return the columns by field, as `--map` takes them."""
        return {field: text_of(found, header) for field, found in self.sources.items()}

    def read(self, cells: Sequence[Cell]) -> AddressReading:
        """Return what the cells of a row mean."""
        reading = self._read(cells)
        found = {
            field: text
            for field in self._joined_and_decoded(cells)
            if (text := getattr(reading.address, field)) and not isinstance(text, UnusableText)
        }
        return attrs.evolve(reading, changed={**found, **reading.changed}) if found else reading

    def _joined_and_decoded(self, cells: Sequence[Cell]) -> list[str]:
        """Return the fields of several columns, or of a whole address, that held HTML entities."""
        return [
            _FIRST_PART.get(field, field)
            for field, found in self.sources.items()
            if (len(found) > 1 or field in _FIRST_PART)
            and any(
                isinstance(cell := cells[each.column], str) and decoded(cell) != cell
                for each in found
            )
        ]

    def _read(self, cells: Sequence[Cell]) -> AddressReading:
        parts = self._parts(cells)
        if "street1" not in self.sources or not isinstance(parts["street1"], str):
            return read_address(parts)
        street = read_part("street1", parts["street1"]) or ""
        if holds_place(street) and not isinstance(street, UnusableText):
            return _read_whole(street, parts)
        changed = _exchanged(street, parts) or _of_lines(street, parts)
        reading = read_address({**parts, **changed})
        return attrs.evolve(reading, changed={**changed, **reading.changed})

    def written(self, cells: Sequence[Cell]) -> Address:
        """Return the address of a row by its columns alone: no cell is exchanged or split."""
        return read_address(self._parts(cells)).address

    def _parts(self, cells: Sequence[Cell]) -> dict[str, Cell]:
        parts = {field: _cell(field, found, cells) for field, found in self.sources.items()}
        units = self.sources.get("street2", ())
        if "address" not in self.sources and any(source.word for source in units):
            parts["street2"] = _unit(units, cells, parts)
        if "place" in parts:
            parts = _placed(parts)
        if "address" in parts:
            parts = _split(parts)
        return _looked_into(parts)

    def address(self, cells: Sequence[Cell]) -> Address:
        """Return the address of a row, unchecked."""
        return self.read(cells).address

    def restored(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return a row with a ZIP code that is a number as text; all other cells stay as they are.

        Excel, Parquet and JSON may hold it as a number without its leading zeros.
        """
        restored = list(cells)
        if (at := self.at.get("zip")) is not None:
            restored[at] = restored_zip(restored[at])
        return restored


def _cell(field: str, sources: Sequence[Source], cells: Sequence[Cell]) -> Cell:
    """Return the cell of a field; the text of several cells if it has several columns."""
    if len(sources) == 1:
        return _inside(cells[sources[0].column], sources[0].path)
    texts = []
    for source in sources:
        text = _cell_text(field, _inside(cells[source.column], source.path))
        if isinstance(text, UnusableText):
            return text
        texts.append(text)
    if field == "street1" and (at := _second_number(texts)):
        if not agree(texts[0], leading_number(texts[at])):
            joined = " ".join(filter(None, texts))
            return UnusableText(joined, "has two house numbers: correct one of its columns")
        texts = _with_one_number(texts, at)
    joined = (", " if field == "address" else " ").join(filter(None, texts))
    if field == "street1" and joined and not texts[0] and not _has_number(texts, joined):
        return UnusableText(joined, NO_HOUSE_NUMBER)
    return joined


def _unit(sources: Sequence[Source], cells: Sequence[Cell], parts: Mapping[str, Cell]) -> Cell:
    """Return the cell of the unit, its numbers with the words of their headings."""
    whole = parts["street2"]
    texts = [_cell_text("street2", _inside(cells[each.column], each.path)) for each in sources]
    unusable = next((text for text in texts if isinstance(text, UnusableText)), None)
    if unusable is not None:
        return unusable
    if isinstance(whole, UnusableText) or not any(texts):
        return whole
    street = parts.get("street1")
    words = [each.word for each in sources]
    found = with_designators(words, texts, street if isinstance(street, str) else "")
    return whole if found == texts else " ".join(filter(None, found))


def _cell_text(field: str, cell: Cell) -> str:
    """Return the text of a cell that is one of several, or of a unit; "" for none."""
    text = read_part("street2", cell)
    if isinstance(text, UnusableText):
        return text
    # The lines of a whole address are parts of it.
    text = ", ".join(lines(text or "")) if field == "address" else clean(text or "")
    if is_zero(text) and field in {"street1", "street2"}:
        # A column of numbers writes none as 0.
        return ""
    # A column of whole numbers with a gap is written with ".0" by many programs.
    number = _DOT_ZERO.fullmatch(text)
    return number[1] if number else text


def _second_number(texts: Sequence[str]) -> int:
    """Return which text begins with a house number, beside one of its own column; 0 for none."""
    if not is_number(texts[0]):
        return 0
    return next((at for at, text in enumerate(texts) if at and leading_number(text)), 0)


def _with_one_number(texts: Sequence[str], at: int) -> list[str]:
    """Return the texts of a street's line with its number once."""
    leading, *_ = texts[at].split()
    number = leading if leading.casefold().startswith(texts[0].casefold()) else texts[0]
    rest = without_leading(number, texts[at])
    between = [text for text in texts[1:at] if text]
    for text in between:
        if rest.casefold().startswith(f"{text.casefold()} "):
            rest = rest[len(text) :].strip()
    return [number, *between, rest, *texts[at + 1 :]]


def _has_number(texts: Sequence[str], joined: str) -> bool:
    """Whether a street has its number, though the first of its columns is empty in the row.

    The number may stand in the second column, or before the name. A name that is a number, such as
    that of 5 AVE or County Road 12, is none.
    """
    rest = [text for text in texts[2:] if not is_suffix(text) and not is_direction(text)]
    if is_number(texts[1]) and any(rest):
        return True
    return is_numbered_street(joined) or is_box(joined)


def _inside(cell: Cell, path: Sequence[str]) -> Cell:
    for name in path:
        cell = cell.get(name) if isinstance(cell, dict) else None
    return cell


def _looked_into(parts: dict[str, Cell]) -> dict[str, Cell]:
    """Return the parts with the fields of a nested address in place of the whole.

    A cell of its own goes before a nested field.
    """
    for field, cell in list(parts.items()):
        if not isinstance(cell, dict):
            continue
        for inner, name in nested_fields(cell).items():
            if inner in parts and (inner == field or not parts[inner]):
                parts[inner] = cell[name]
    return parts


def nested_fields(names: Sequence[str] | Mapping[str, Cell]) -> dict[str, str]:
    """Return the names inside a nested cell that are parts of an address, by field."""
    found: dict[str, tuple[int, str]] = {}
    for heading in read_headings(list(names)):
        field = _FIELD_OF.get(heading.part) if heading.part else None
        if field and (field not in found or heading.rank < found[field][0]):
            found[field] = heading.rank, heading.name
    return {field: name for field, (_, name) in found.items()}


def _read_whole(street: str, parts: Mapping[str, Cell]) -> AddressReading:
    """Read a row whose street's cell holds a whole address, though its column holds streets."""
    others = {field: cell for field, cell in parts.items() if field != "street1"}
    split = _split({**others, "address": street})
    reading = read_address(split)
    own = {field: read_part(field, parts.get(field)) or "" for field in TEXTS}
    found = {field: getattr(reading.address, field) or "" for field in TEXTS}
    changed = {
        field: text
        for field, text in found.items()
        if text != own[field] and field not in reading.changed
    }
    return attrs.evolve(reading, whole=True, split=changed)


def _exchanged(street: str, parts: Mapping[str, Cell]) -> dict[str, str]:
    """Return street and unit where the first line of the row holds the unit or a recipient."""
    if street[:1].isdigit():
        return {}
    second = read_part("street2", parts.get("street2")) or ""
    if not is_numbered_street(second):
        return {}
    if is_unit(street):
        return {"street1": second, "street2": street}
    return {"street1": second, "street2": ""} if is_recipient(street) else {}


def _of_lines(street: str, parts: Mapping[str, Cell]) -> dict[str, str]:
    """Return street and unit of a cell with several lines, if a recipient stands among them."""
    if street.isprintable():
        return {}
    found = lines(street)
    numbered = [line for line in found if is_street_line(line)]
    if len(found) < 2 or len(numbered) != 1:  # noqa: PLR2004  several lines
        return {}
    at = found.index(numbered[0])
    units = [line for line in found if is_unit(line)]
    if len(found) == len(units) + 1:
        # The lines are sent as one.
        return {}
    others = [line for line in found[at + 1 :] if line not in units]
    beside = read_part("street2", parts.get("street2"))
    if not all(map(is_recipient, others)) or (units and beside):
        return {}
    return {"street1": numbered[0]} | ({"street2": ", ".join(units)} if units else {})


def _placed(parts: Mapping[str, Cell]) -> dict[str, Cell]:
    """Return the parts with those of a line with city, state and ZIP code."""
    others = {field: cell for field, cell in parts.items() if field != "place"}
    text = read_part("city", parts["place"])
    if not text or isinstance(text, UnusableText):
        return others if not text else {**others, "city": text}
    beside = {field: read_part(field, others.get(field)) for field in _PLACES}
    try:
        found = parse_place(text)
    except AddressError as exc:
        # A ZIP code of its own says enough.
        return (
            others
            if beside["zip"]
            else {**others, "city": UnusableText(text, f"is not certain: {exc}")}
        )
    for field, named in found.items():
        own = beside[field]
        if not own:
            others[field] = named
        elif not _agree(field, own, named):
            others[field] = UnusableText(own, "is not that of the line with the place")
    return others


def _split(parts: dict[str, Cell]) -> dict[str, Cell]:
    """Return the parts of a whole address; those that stand beside it must agree with it."""
    others = {field: cell for field, cell in parts.items() if field != "address"}
    text = read_part("street1", parts["address"])
    if not text or isinstance(text, UnusableText):
        return {"street1": text, **others}
    beside = {field: read_part(field, others[field]) or "" for field in TEXTS if field in others}
    try:
        found = parse_line(text)
    except AddressError as exc:
        try:
            # A cell may hold the street alone where the place has columns of its own.
            place = [part for field in _PLACES if (part := beside.get(field))]
            if not place:
                raise
            found = parse_line(_line(text, beside))
        except AddressError:
            return {"street1": UnusableText(text, f"is not certain: {exc}"), **others}
    split: dict[str, Cell] = {field: getattr(found, field) for field in TEXTS}
    for field, own in beside.items():
        named = str(split[field] or "")
        if own and named and not _agree(field, own, named):
            split[field] = UnusableText(own, "is not that of the whole address in the row")
        elif own and (not named or (field in _LONGER and len(named) <= len(own))):
            split[field] = others[field]
    return others | split


def _line(street: str, beside: Mapping[str, str]) -> str:
    place = " ".join(filter(None, (beside.get("state"), beside.get("zip"))))
    return ", ".join(filter(None, (street, beside.get("city"), place)))


def _agree(field: str, one: str, other: str) -> bool:
    if field == "zip":
        digits = [
            str(restored_zip(int(text))) if text.isdecimal() else text for text in (one, other)
        ]
        return digits[0][:5] == digits[1][:5]
    if field == "state":
        states = [read_state(text) for text in (one, other)]
        return states[0] is not None and states[1] is not None and states[0][0] == states[1][0]
    if field == "city" and city_key(one) == city_key(other):
        return True
    short, long = sorted((letters(one), letters(other)), key=len)
    # "4" beside "Apt 4" is the same unit, but "St" is not the same city as "St Paul".
    return long.endswith(short) if field == "street2" else short == long
