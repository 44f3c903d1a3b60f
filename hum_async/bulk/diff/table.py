"""Keeps the snapshots of many addresses small: about 170 bytes each, where objects take 700."""

import struct
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isnan, nan
from typing import Generic, TypeVar

from hum_async.bulk.dedupe import SeenAddresses
from hum_async.bulk.diff.snapshot import Snapshot
from hum_async.models import Outcome

T = TypeVar("T")

_RECORD = struct.Struct("<BbIIQddqddd")
"""Outcome, fiber, providers, data set, row, speeds, price, time, longitude and latitude."""
_NO_PRICE = -(2**63)
_OUTCOMES = tuple(Outcome)
_PLACE_OF = {outcome: at for at, outcome in enumerate(_OUTCOMES)}
_FIBER = (None, False, True)


class _Pool(Generic[T]):
    """Numbers values that occur again and again."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._numbers: dict[T, int] = {}

    def number(self, value: T) -> int:
        found = self._numbers.get(value)
        if found is None:
            found = self._numbers[value] = len(self.values)
            self.values.append(value)
        return found


class SnapshotTable:
    """The snapshots of addresses, by digest; the first one of each address counts."""

    def __init__(self) -> None:
        self._at = SeenAddresses()
        self._records = bytearray()
        self._labels = bytearray()
        self._ends = array("Q")
        self._taken = bytearray()
        self._providers: _Pool[tuple[str, ...]] = _Pool()
        self._data_sets: _Pool[str | None] = _Pool()

    def __len__(self) -> int:
        """Return the number of addresses."""
        return len(self._ends)

    def add(self, digest: bytes, snapshot: Snapshot) -> bool:
        """Add a snapshot; return whether it is the first of its address."""
        if self._at.first(digest, len(self) + 1) is not None:
            return False
        self._records += self._packed(snapshot)
        self._labels += snapshot.label.encode(errors="surrogatepass")
        self._ends.append(len(self._labels))
        self._taken.append(False)
        return True

    def take(self, digest: bytes) -> Snapshot | None:
        """Return the snapshot of an address, which is then no more in `left`; None if none is."""
        number = self._at.row_of(digest)
        if number is None:
            return None
        self._taken[number - 1] = True
        return self._unpacked(number - 1)

    def left(self) -> Iterator[Snapshot]:
        """Yield the snapshots that nobody has taken, in the order in which they came."""
        for at, taken in enumerate(self._taken):
            if not taken:
                yield self._unpacked(at)

    def _packed(self, snapshot: Snapshot) -> bytes:
        seen, point = snapshot.observed_at, snapshot.point or (nan, nan)
        price = snapshot.price_cents
        return _RECORD.pack(
            _PLACE_OF[snapshot.outcome],
            _FIBER.index(snapshot.fiber),
            self._providers.number(snapshot.providers),
            self._data_sets.number(snapshot.data_set),
            snapshot.row or 0,
            nan if snapshot.download is None else snapshot.download,
            nan if snapshot.upload is None else snapshot.upload,
            _NO_PRICE if price is None or abs(price) >= -_NO_PRICE else price,
            nan if seen is None else seen.timestamp(),
            *point,
        )

    def _unpacked(self, at: int) -> Snapshot:
        outcome, fiber, providers, data_set, row, down, up, price, seen, east, north = (
            _RECORD.unpack_from(self._records, at * _RECORD.size)
        )
        start = self._ends[at - 1] if at else 0
        return Snapshot(
            outcome=_OUTCOMES[outcome],
            label=self._labels[start : self._ends[at]].decode(errors="surrogatepass"),
            row=row or None,
            providers=self._providers.values[providers],
            fiber=_FIBER[fiber],
            download=_number(down),
            upload=_number(up),
            price_cents=None if price == _NO_PRICE else price,
            data_set=self._data_sets.values[data_set],
            observed_at=None if isnan(seen) else datetime.fromtimestamp(seen, UTC),
            point=None if isnan(east) or isnan(north) else (east, north),
        )


def _number(value: float) -> float | None:
    return None if isnan(value) else value
