"""Which of those who wait goes next: urgent ones first, and none of them starves.

Synchronous and without a clock, like everything here.
"""

from collections.abc import Sequence
from enum import IntEnum

LEAST_SHARE = 0.1
"""Share of the rate that a class with work gets, however much of a higher class waits."""


class Priority(IntEnum):
    """How urgent a request is. Lower numbers go first.

    A person waits for `INTERACTIVE` requests (`HumClient.lookup`, `ping`, hubs), a program for
    `NORMAL` ones (`AsyncSessionWatcher`, single requests), and nobody for `BULK` (`qualify`).
    """

    INTERACTIVE = 0
    NORMAL = 1
    BULK = 2


class Turns:
    """Gives each turn to the highest class that waits, but for the share of the lower ones.

    A class that waits is owed `least_share` of a turn with each turn that is given. Whoever is owed
    a whole one goes first. Nobody is owed anything for turns for which it did not wait, so that an
    idle class lends its share.

    Args:
        least_share: Share of the turns of a class that waits, 0 (strictly by class) to 1/3.
    """

    __slots__ = ("_least_share", "_owed")

    _MOST_OWED = 2.0
    _WHOLE = 1.0 - 1e-9

    def __init__(self, least_share: float = LEAST_SHARE) -> None:
        self._least_share = least_share
        self._owed = [0.0] * len(Priority)

    def next(self, waiting: Sequence[int]) -> int:
        """Return the class that goes next. Changes nothing.

        Args:
            waiting: The classes that wait, highest first; at least one.
        """
        first = waiting[0]
        if len(waiting) > 1:
            most = max(waiting[1:], key=self._owed.__getitem__)
            if self._owed[most] >= self._WHOLE:
                return most
        return first

    def taken(self, chosen: int, waiting: Sequence[int]) -> None:
        """Record that a class has had a turn while others waited too.

        Args:
            chosen: The class.
            waiting: The classes that waited for this turn, the chosen one among them.
        """
        owed = self._owed
        for each in waiting:
            owed[each] = min(owed[each] + self._least_share, self._MOST_OWED)
        owed[chosen] = max(owed[chosen] - 1.0, 0.0)
