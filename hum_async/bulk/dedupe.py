"""Compact tables of what a job has seen, for millions of rows."""

from array import array

_DIGEST = 16
_FIRST_SLOTS = 1 << 10
_PAGE_BITS = 10


class SeenAddresses:
    """Maps each address to the first row that has it.

    Digests and rows stand one after the other, and a hash table with open addressing, at most two
    thirds full, says where. So an address takes 20 bytes and 6 to 12 of the table, which alone is
    made anew when it is full; a dictionary would take 140.
    """

    def __init__(self) -> None:
        self._digests = bytearray()
        self._rows = array("I")
        self._make(_FIRST_SLOTS)

    def __len__(self) -> int:
        """Return the number of different addresses."""
        return len(self._rows)

    def first(self, digest: bytes, row: int) -> int | None:
        """Return the earlier row with the same address; None, and record this row, if none has.

        Args:
            digest: The 16 bytes that `address_digest` returns for the address.
            row: Number of the row, from 1; at most 4,294,967,295.
        """
        slot = self._find(digest)
        if place := self._places[slot]:
            return self._rows[place - 1]
        self._rows.append(row)
        self._digests += digest
        self._places[slot] = len(self._rows)
        if 3 * len(self._rows) > 2 * len(self._places):
            self._grow()
        return None

    def row_of(self, digest: bytes) -> int | None:
        """Return the first row of an address; None if no row has it."""
        place = self._places[self._find(digest)]
        return self._rows[place - 1] if place else None

    def place_of(self, digest: bytes) -> int | None:
        """Return how many other addresses came before one; None if no row has it."""
        place = self._places[self._find(digest)]
        return place - 1 if place else None

    def _make(self, slots: int) -> None:
        # Places begin at 1, so 0 marks a free slot.
        self._places = array("I", bytes(4)) * slots

    def _find(self, digest: bytes) -> int:
        """Return the slot of a digest, or the free slot for it."""
        places, digests = self._places, self._digests
        mask = len(places) - 1
        slot = int.from_bytes(digest[:8]) & mask
        while (end := _DIGEST * places[slot]) and digests[end - _DIGEST : end] != digest:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        slots = 2 * len(self._places)
        # The old table goes before the new one comes, so that both are never there.
        del self._places
        self._make(slots)
        places, digests, mask = self._places, self._digests, slots - 1
        for place in range(1, len(self._rows) + 1):
            at = _DIGEST * (place - 1)
            slot = int.from_bytes(digests[at : at + 8]) & mask
            while places[slot]:
                slot = (slot + 1) & mask
            places[slot] = place


class SeenSpellings:
    """Maps each address to the first row that has it, and tells whether it was spelled so before.

    Most addresses come once, so that only eight bytes are kept of the first spelling of each.
    """

    def __init__(self) -> None:
        self._addresses = SeenAddresses()
        self._first = array("Q")
        self._others = SeenAddresses()

    def __len__(self) -> int:
        """Return the number of different addresses."""
        return len(self._addresses)

    def first(self, digest: bytes, spelling: bytes, row: int) -> tuple[int, bool] | None:
        """Return the earlier row with the same address, and whether one is spelled like this.

        None, and this row is recorded, if no row has it.

        Args:
            digest: What identifies the address, by how a job compares addresses.
            spelling: What identifies it as it is written.
            row: Number of the row, from 1.
        """
        found = self._addresses.first(digest, row)
        head = int.from_bytes(spelling[:8])
        if found is None:
            self._first.append(head)
            return None
        place = self._addresses.place_of(digest) or 0
        alike = self._first[place] == head or self._others.first(spelling, row) is not None
        return found, alike


class SeenNumbers:
    """The numbers that were met, such as those of purchases: a bit for each.

    Numbers that stand close together, as those of a journal do, share a page of bits: a million
    take 0.2 MB.
    """

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def add(self, number: int) -> bool:
        """Return whether a number is new, and record it.

        Args:
            number: The number, 0 or more.
        """
        page, bit = number >> _PAGE_BITS, number & ((1 << _PAGE_BITS) - 1)
        bits = self._pages.get(page)
        if bits is None:
            bits = self._pages[page] = bytearray(1 << (_PAGE_BITS - 3))
        mask = 1 << (bit & 7)
        new = not bits[bit >> 3] & mask
        bits[bit >> 3] |= mask
        return new
