"""What another clock says, from round trips: without I/O, and without a clock of its own."""

from collections import deque

import attrs

_REMEMBERED = 16
"""Round trips that are remembered."""

_DRIFT = 1e-4
"""Seconds per second by which two clocks may drift apart; quartz does a tenth of it."""

_SLACK = 0.005
"""Seconds by which a clock may be off its bounds before it counts as another one."""


@attrs.frozen
class _RoundTrip:
    heard: float
    shift: float
    error: float


class ServerClock:
    """Estimates how far a server's clock is from ours.

    A round trip bounds it: the server read its clock between our question and its answer. Of the
    last round trips the quickest tells most, and a slow one, as of a busy machine, little.
    """

    def __init__(self) -> None:
        self._trips: deque[_RoundTrip] = deque(maxlen=_REMEMBERED)
        self.shift = 0.0
        """The server's clock minus ours, in seconds."""

    def observe(self, *, asked: float, server: float, heard: float) -> None:
        """Learn from a round trip.

        Args:
            asked: When we asked, on our clock.
            server: What the server's clock said.
            heard: When we heard it, on our clock.
        """
        trip = _RoundTrip(heard, server - (asked + heard) / 2.0, (heard - asked) / 2.0)
        if self._trips and abs(trip.shift - self.shift) > trip.error + self._error(heard) + _SLACK:
            # The server's clock was set, or another server answers.
            self._trips.clear()
        self._trips.append(trip)
        best = min(self._trips, key=lambda each: each.error + _DRIFT * (heard - each.heard))
        self.shift = best.shift

    def _error(self, now: float) -> float:
        return min(each.error + _DRIFT * (now - each.heard) for each in self._trips)
