"""A compact table of the first row of each address, for millions of rows."""

from array import array

_DIGEST = 16
_FIRST_SLOTS = 1 << 10


class SeenAddresses:
    """Maps each address to the first row that has it.

    A hash table of digests with open addressing: it takes 24 bytes a slot and fills at most two
    thirds of the slots. A dictionary would take 140 bytes an address.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make(_FIRST_SLOTS)

    def __len__(self) -> int:
        """Return the number of different addresses."""
        return self._count

    def first(self, digest: bytes, row: int) -> int | None:
        """Return the earlier row with the same address; None, and record this row, if none has.

        Args:
            digest: The 16 bytes that `address_digest` returns for the address.
            row: Number of the row, from 1.
        """
        at = self._find(digest)
        if self._rows[at]:
            return self._rows[at]
        self._put(at, digest, row)
        self._count += 1
        if 3 * self._count > 2 * self._slots:
            self._grow()
        return None

    def row_of(self, digest: bytes) -> int | None:
        """Return the first row of an address; None if no row has it."""
        return self._rows[self._find(digest)] or None

    def _make(self, slots: int) -> None:
        self._slots = slots
        self._digests = bytearray(_DIGEST * slots)
        # Row numbers begin at 1, so 0 marks a free slot.
        self._rows = array("Q", bytes(8 * slots))

    def _find(self, digest: bytes) -> int:
        """Return the slot of a digest, or the free slot for it."""
        mask = self._slots - 1
        at = int.from_bytes(digest[:8]) & mask
        while self._rows[at] and self._digests[_DIGEST * at : _DIGEST * (at + 1)] != digest:
            at = (at + 1) & mask
        return at

    def _put(self, at: int, digest: bytes, row: int) -> None:
        self._digests[_DIGEST * at : _DIGEST * (at + 1)] = digest
        self._rows[at] = row

    def _grow(self) -> None:
        digests, rows = self._digests, self._rows
        self._make(2 * self._slots)
        for at, row in enumerate(rows):
            if row:
                digest = bytes(digests[_DIGEST * at : _DIGEST * (at + 1)])
                self._put(self._find(digest), digest, row)
