"""Recognises rows whose cells say what they mean, without reading each of them as a whole.

Most rows of a large file are plain: a house number, a name of letters and a suffix, and a place
that came before. Nothing that `read_address`, the check of an address and the preflight's
suspicions look for depends on street and place together if the street is like that, so what was
found for the first such row of a place holds for the others. Every other row is read as a whole.
"""

import re
from collections.abc import Sequence

import attrs

from hum_async._addresses.street_lines import is_plain
from hum_async._addresses.usps_key import KeyRules, address_key
from hum_async.bulk.cell_meaning import AddressReading
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.tables import Cell
from hum_async.models import Address

_FIELDS = ("street2", "city", "state", "zip")
_STREET = re.compile(r"([1-9]\d{0,4}) ([A-Za-z]+(?: [A-Za-z]+)+)", re.ASCII)
_LONGEST = 60
_MOST_PLACES = 1 << 16
"""Places that are kept: more than there are ZIP codes."""
_MOST_STREETS = 1 << 15
_BETWEEN = "\x1f"
"""What stands between the cells of a place; a cell that holds it is not sent as it is."""


@attrs.define
class Identified:
    """A checked address of a row, by what it is told from others; not frozen: there is one a row.

    Attributes:
        address: The address.
        exact: Its key as it is written.
        compared: Its key, by how addresses are compared.
    """

    address: Address = attrs.field(repr=False)
    exact: str = attrs.field(repr=False)
    compared: str = attrs.field(repr=False)


class PlainRows:
    """Finds plain rows, by the places of those that were read as a whole.

    It keeps up to 65,536 places; then it forgets all and learns again.
    """

    def __init__(self, columns: AddressColumns, rules: KeyRules) -> None:
        at = columns.at
        # A place of its own only: what is joined, nested or on one line is read as a whole.
        self._applies = "street1" in at and at.keys() == columns.sources.keys() <= {
            "street1",
            *_FIELDS,
        }
        self._rules: KeyRules = rules
        self._street1 = at.get("street1", 0)
        self._beside = tuple((field, at[field]) for field in _FIELDS if field in at)
        self._places: dict[str, tuple[str, str]] = {}
        self._streets: dict[str, str | None] = {}

    def find(self, cells: Sequence[Cell]) -> Identified | None:
        """Return the address of a plain row; None if the row must be read as a whole."""
        if not self._places or (parts := _plain_parts(cells[self._street1])) is None:
            return None
        if (beside := self._texts_beside(cells)) is None:
            return None
        place = self._places.get(_BETWEEN.join(beside.values()))
        number, name = parts
        if place is None or (key := self._street_key(name)) is None:
            return None
        written = {field: text or None for field, text in beside.items()}
        address = Address(f"{number} {name}", **written)  # type: ignore[arg-type]  # texts
        exact = f"{number} {name.casefold()}|{place[0]}"
        return Identified(address, exact, f"{number} {key}|{place[1]}")

    def learn(
        self, cells: Sequence[Cell], reading: AddressReading, valid: Address, *, plain: bool = True
    ) -> Identified:
        """Return the address of a row that was read as a whole.

        Its place is remembered if the cells of the row say what they mean.

        Args:
            cells: The row.
            reading: What its cells mean.
            valid: Its checked address.
            plain: Whether nothing else is to be said of the row.
        """
        exact, compared = address_key(valid, "exact"), address_key(valid, self._rules)
        found = Identified(valid, exact, compared)
        parts = _plain_parts(cells[self._street1]) if self._applies and plain else None
        beside = self._texts_beside(cells)
        # Places with a unit hardly come again; they would fill the memory.
        if parts is None or beside is None or beside.get("street2"):
            return found
        if _street_key(parts[1], compared) is None or not _says_what_it_means(reading, valid):
            return found
        if valid.street1 != cells[self._street1] or any(
            (getattr(valid, field) or "") != text for field, text in beside.items()
        ):
            return found
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        _, of_exact = exact.split("|", 1)
        _, of_compared = compared.split("|", 1)
        self._places[_BETWEEN.join(beside.values())] = of_exact, of_compared
        return found

    def _street_key(self, name: str) -> str | None:
        """Return what the key of an address has between house number and unit; None if not plain.

        It is the same in all places and for all house numbers.
        """
        try:
            return self._streets[name]
        except KeyError:
            key = _street_key(name, address_key(Address(f"1 {name}"), self._rules))
        if len(self._streets) >= _MOST_STREETS:
            self._streets.clear()
        self._streets[name] = key
        return key

    def _texts_beside(self, cells: Sequence[Cell]) -> dict[str, str] | None:
        """Return the cells of the place by field; None if one is no text."""
        beside: dict[str, str] = {}
        for field, at in self._beside:
            cell = cells[at]
            # A text of another class may mean something else than it says.
            if type(cell) is not str:
                return None
            beside[field] = cell
        return beside


def _plain_parts(street: Cell) -> tuple[str, str] | None:
    """Return house number and name of a street's line that may be plain; None if it is not."""
    if type(street) is not str or len(street) > _LONGEST:
        return None
    found = _STREET.fullmatch(street)
    return None if found is None else (found[1], found[2])


def _street_key(name: str, key: str) -> str | None:
    """Return what a key has between house number and unit, for the name of a street in it.

    None if the street is not certainly a name and its suffix. That leaves out what would be
    compared by its state (numbered roads), names a unit, or may end in a country, for which house
    numbers are looked at as ZIP codes.
    """
    if not is_plain(f"1 {name}") or "US" in name[-4:].upper():
        return None
    street, unit, *_ = key.split("|", 2)
    return None if unit else street.partition(" ")[2]


def _says_what_it_means(reading: AddressReading, valid: Address) -> bool:
    changed = reading.changed or reading.nothing or reading.unused or reading.split
    return not (changed or reading.whole) and reading.address == valid
