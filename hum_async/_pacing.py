"""How fast: the pacer, the discovery of an unknown rate, and the gate that a 429 closes.

Synchronous and without a clock: ``now`` is an argument, seconds of any monotonic clock.
"""

import math

import attrs

__all__ = ["MAX_PAUSE", "AdaptiveRate", "Pacer", "PauseGate"]

MAX_PAUSE = 300.0
"""Longest pause in seconds; a longer Retry-After is cut to it."""

CATCH_UP = 0.2
"""Seconds of lateness (slow timers, a busy loop) that the pacer makes up for at most."""


@attrs.define(eq=False)
class Pacer:
    """Spaces out sends: a generic cell rate algorithm with bounded catching up.

    Args:
        rate: Sends per second; infinity for no pace.
        burst: Sends that may go together after a rest, at least 1.
    """

    rate: float
    burst: int = 1
    _next: float = attrs.field(default=-math.inf, init=False)
    _floor: float = attrs.field(default=-math.inf, init=False)

    def ready_at(self, since: float) -> float:
        """Return when a send that has been waiting since `since` may go."""
        return max(self._next - (self.burst - 1) / self.rate, since)

    def take(self, now: float, since: float) -> None:
        """Use up one send, which has been waiting since `since`.

        Time in which nobody waited is not made up for beyond the burst; lateness of our own
        timers is, up to `CATCH_UP`.
        """
        start = max(self._next, since, now - CATCH_UP)
        self._next = start + 1 / self.rate

    def hold_until(self, when: float) -> None:
        """Start afresh at `when`, so that the end of a pause releases one send and not a herd."""
        self._next = self._floor = max(self._next, when + (self.burst - 1) / self.rate)

    def give_back(self) -> None:
        """Return a send that was taken and not used."""
        # What was taken before a pause is no credit after it.
        self._next = max(self._next - 1 / self.rate, self._floor)


@attrs.define(eq=False)
class AdaptiveRate:
    """Finds the limit that nobody tells: doubles until the first 429, then creeps.

    Args:
        rate: Sends per second to start with.
        max_rate: Never above this; None for no bound.
    """

    rate: float = 5.0
    max_rate: float | None = None
    _probing: bool = attrs.field(default=True, init=False)
    _grown_at: float | None = attrs.field(default=None, init=False)
    _cut_at: float = attrs.field(default=-math.inf, init=False)
    _hold_until: float = attrs.field(default=-math.inf, init=False)

    CUT = 0.7
    CREEP = 1.02
    HOLD = 10.0
    SLOWEST = 0.1

    def __attrs_post_init__(self) -> None:
        """Bring the start below the bound."""
        self.rate = self._bounded(self.rate)

    def sent(self, now: float, *, waited: bool) -> float:
        """Tell of a send; return the rate from now on.

        Args:
            now: When it went.
            waited: The pacer was what it waited for. Growth that nothing asks for is no evidence.
        """
        if self._grown_at is None:
            self._grown_at = now
        if waited and now - self._grown_at >= 1.0 and now >= self._hold_until:
            self._grown_at = now
            self.rate = self._bounded(self.rate * (2.0 if self._probing else self.CREEP))
        return self.rate

    def throttled(self, now: float, *, round_trip: float = 1.0) -> float:
        """Tell of a 429; return the rate from now on. Cuts at most once per round trip."""
        self._probing = False
        if now - self._cut_at >= max(1.0, round_trip):
            self._cut_at = now
            self.rate = self._bounded(max(self.SLOWEST, self.rate * self.CUT))
        self._hold_until = self._grown_at = now + self.HOLD
        return self.rate

    def _bounded(self, rate: float) -> float:
        return rate if self.max_rate is None else min(rate, self.max_rate)


@attrs.define(eq=False)
class PauseGate:
    """One pause for everything: closed until an instant that can only move ahead."""

    until: float = attrs.field(default=-math.inf, init=False)
    _since: float = attrs.field(default=0.0, init=False)
    _total: float = attrs.field(default=0.0, init=False)
    _strikes: int = attrs.field(default=0, init=False)

    FIRST = 1.0
    LONGEST_UNTOLD = 60.0
    FORGET = 10.0

    def pause(self, now: float, retry_after: float | None, *, jitter: float = 0.0) -> float:
        """Close the gate; return when it opens.

        Args:
            now: When the answer came.
            retry_after: Seconds that the server asks for, cut to `MAX_PAUSE`; None if it does not
                say, and 0 says as little: then 1 s, doubled each time that a pause was not long
                enough, up to 60 s.
            jitter: 0 to 1, how far above the asked time to resume (up to a tenth, at most 1 s), so
                that clients of one server do not come back together.
        """
        closed = now < self.until
        if now - self.until > self.FORGET:
            self._strikes = 0
        if retry_after is None or not math.isfinite(retry_after) or retry_after <= 0.0:
            # Several requests that one pause has caught in flight are one strike.
            self._strikes += 0 if closed else 1
            retry_after = min(self.FIRST * 2.0 ** max(0, self._strikes - 1), self.LONGEST_UNTOLD)
        seconds = min(max(retry_after, 0.0), MAX_PAUSE)
        seconds = min(seconds + jitter * min(0.1 * seconds, 1.0), MAX_PAUSE)
        if not closed:
            self._total = self.paused_seconds(now)
            self._since = now
        self.until = max(self.until, now + seconds)
        return self.until

    def paused_seconds(self, now: float) -> float:
        """Return for how long the gate has been closed up to `now`, all pauses together."""
        return self._total + max(0.0, min(now, self.until) - self._since)
