"""Items by the time at which they are due. Synchronous and without a clock."""

import heapq
import itertools
import math
from array import array
from typing import Generic, TypeVar

T = TypeVar("T")


class DueQueue(Generic[T]):
    """Items by the time at which they are due; equal times in order of arrival.

    Only items that are due soon lie in a heap. Later ones wait in baskets of a quarter of a second:
    a heap of 100,000 items costs more in cache misses than in steps. A basket is two rows, of times
    and of items, in order of arrival: an entry of the heap takes eight times the memory.

    `size` is the number of items.
    """

    __slots__ = ("_basket_heap", "_baskets", "_edge", "_gone", "_order", "_soon", "size")

    _PER_SECOND = 4.0
    _LAST = 1e15

    def __init__(self) -> None:
        self._soon: list[tuple[float, int, T]] = []
        self._baskets: dict[float, tuple[array[float], list[T]]] = {}
        self._basket_heap: list[float] = []
        self._edge = -math.inf
        self._order = itertools.count()
        # Items that were discarded and lie in the queue all the same.
        self._gone: set[T] = set()
        self.size = 0

    def push(self, due: float, item: T) -> None:
        """Plan an item."""
        self.size += 1
        number = due * self._PER_SECOND // 1.0
        if number > self._LAST:  # noqa: PLR1730  `min` takes twice as long
            number = self._LAST
        if number <= self._edge:
            heapq.heappush(self._soon, (due, next(self._order), item))
            return
        basket = self._baskets.get(number)
        if basket is None:
            basket = self._baskets[number] = (array("d"), [])
            heapq.heappush(self._basket_heap, number)
        times, items = basket
        times.append(due)
        items.append(item)

    def head(self) -> tuple[float, int, T] | None:
        """Return what is due first, and leave it: when, its place among equals, and the item.

        One call for both, because each poll asks twice.
        """
        if self._gone:
            self._pass_over()
        if self._soon or self._unpack():
            return self._soon[0]
        return None

    def next_due(self) -> float | None:
        """Return when the first item is due, or None if there is none."""
        head = self.head()
        return None if head is None else head[0]

    def first(self) -> T:
        """Return the item that is due first, and leave it; there must be one."""
        head = self.head()
        assert head is not None  # noqa: S101  the caller's duty
        return head[2]

    def pop(self) -> T:
        """Take the item that is due first; there must be one."""
        if self._gone:
            self._pass_over()
        if not self._soon:
            self._unpack()
        self.size -= 1
        return heapq.heappop(self._soon)[2]

    def discard(self, item: T) -> None:
        """Forget a planned item, which must be hashable and is not planned again."""
        self._gone.add(item)
        self.size -= 1

    def clear(self) -> None:
        """Forget everything."""
        self._gone.clear()
        self._soon, self._baskets, self._basket_heap = [], {}, []
        self._edge, self.size = -math.inf, 0

    def _pass_over(self) -> None:
        while self._gone and (self._soon or self._unpack()) and self._soon[0][2] in self._gone:
            self._gone.discard(heapq.heappop(self._soon)[2])

    def _unpack(self) -> bool:
        """Turn to the next basket; return whether there is one."""
        if not self._basket_heap:
            return False
        self._edge = heapq.heappop(self._basket_heap)
        times, items = self._baskets.pop(self._edge)
        # Whatever has the same time comes into the same basket, or after it is unpacked.
        self._soon = list(zip(times, self._order, items, strict=False))
        heapq.heapify(self._soon)
        return True
