"""In which row an address came first, for a million rows in little memory."""

from array import array

_DIGEST = 16
_FIRST_SLOTS = 1 << 10


class SeenAddresses:
    """Remembers for each address the row that had it first.

    A table of digests with open addressing: 24 bytes a slot and at most two thirds of the slots
    taken, where a dictionary of the same would take 140 bytes an address.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make(_FIRST_SLOTS)

    def __len__(self) -> int:
        """Return how many different addresses there were."""
        return self._count

    def first(self, digest: bytes, row: int) -> int | None:
        """Return the row above that has the same address; None, and remember it, if none has.

        Args:
            digest: Of the address, 16 bytes (`address_digest`).
            row: Its number, from 1.
        """
        at = self._find(digest)
        if self._rows[at]:
            return self._rows[at]
        self._put(at, digest, row)
        self._count += 1
        if 3 * self._count > 2 * self._slots:
            self._grow()
        return None

    def _make(self, slots: int) -> None:
        self._slots = slots
        self._digests = bytearray(_DIGEST * slots)
        # 0 is no row: a free slot.
        self._rows = array("Q", bytes(8 * slots))

    def _find(self, digest: bytes) -> int:
        """Return the slot of a digest, or the free slot that it would take."""
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
