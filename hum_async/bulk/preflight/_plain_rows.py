"""Recognises rows of which nothing is to be said, without reading each of them as a whole.

Most rows of a large file are plain: a house number, a name of letters and a suffix, and a place
that came before. Nothing that `read_address` and the suspicions look for depends on street and
place together if the street is like that, so the judgement of the first such row of a place holds
for the others. Every other row is read as a whole.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import attrs

from hum_async._addresses.street_lines import is_plain
from hum_async._addresses.usps_key import KeyRules, address_key
from hum_async._purchases.records import address_digest, digest_of_key
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
"""What stands between the cells of a place; no cell that holds it leaves no finding."""


@attrs.define
class Identified:
    """A checked address of a row, by what it is told from others; not frozen: there is one a row.

    Attributes:
        address: The address.
        exact: Digest of the address as it is written.
        compared: Digest of the address, by how addresses are compared.
    """

    address: Address = attrs.field(repr=False)
    exact: bytes
    compared: bytes


def identified(valid: Address, rules: KeyRules) -> Identified:
    """Return a checked address with its digests."""
    exact = address_digest(valid, "exact")
    return Identified(valid, exact, exact if rules == "exact" else address_digest(valid, rules))


class PlainRows:
    """Finds plain rows, by the places of those that were read as a whole and left no finding.

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

    def find(self, cells: Sequence[Cell]) -> Identified | None:
        """Return the address of a row of which nothing is to be said; None if it must be read."""
        if not self._places or (parts := _plain_parts(cells[self._street1])) is None:
            return None
        beside = self._texts_beside(cells)
        place = self._places.get(_BETWEEN.join(beside.values())) if beside is not None else None
        number, name = parts
        key = _street_key(name, self._rules)
        if beside is None or place is None or key is None:
            return None
        exact = compared = digest_of_key(f"{number} {name.casefold()}|{place[0]}")
        if self._rules != "exact":
            compared = digest_of_key(f"{number} {key}|{place[1]}")
        written = {field: text or None for field, text in beside.items()}
        return Identified(Address(f"{number} {name}", **written), exact, compared)  # type: ignore[arg-type]  # texts

    def learn(self, cells: Sequence[Cell], reading: AddressReading, valid: Address) -> None:
        """Remember the place of a row that was read as a whole and left no finding.

        Args:
            cells: The row.
            reading: What its cells mean.
            valid: Its checked address.
        """
        parts = _plain_parts(cells[self._street1]) if self._applies else None
        beside = self._texts_beside(cells)
        # Places with a unit hardly come again; they would fill the memory.
        if parts is None or beside is None or beside.get("street2"):
            return
        if _street_key(parts[1], self._rules) is None or reading != AddressReading(address=valid):
            return
        written = {field: text or None for field, text in beside.items()}
        if valid != Address(" ".join(parts), **written):  # type: ignore[arg-type]  # texts
            return
        _, exact = address_key(valid, "exact").split("|", 1)
        _, compared = address_key(valid, self._rules).split("|", 1)
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        self._places[_BETWEEN.join(beside.values())] = exact, compared

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


@lru_cache(maxsize=_MOST_STREETS)
def _street_key(name: str, rules: KeyRules) -> str | None:
    """Return what the key of an address has between the house number and the unit.

    None if the street is not certainly a name and its suffix. That leaves out what would be
    compared by its state (numbered roads), names a unit, or may end in a country, for which house
    numbers are looked at as ZIP codes.
    """
    street = f"1 {name}"
    if not is_plain(street) or "US" in name[-4:].upper():
        return None
    key, unit, *_ = address_key(Address(street), rules).split("|")
    return None if unit else key.removeprefix("1 ")
