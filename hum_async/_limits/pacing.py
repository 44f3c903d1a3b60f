"""How fast: the pacer, the gate that a 429 closes, and both together with the rate that is found.

Synchronous and without a clock: ``now`` is an argument, seconds of any monotonic clock.
"""

import math

import attrs

__all__ = ["MAX_PAUSE", "Pacer", "PauseGate"]

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
        ready = self._next
        if self.burst > 1:
            ready -= (self.burst - 1) / self.rate
        return max(ready, since)

    def take(self, now: float, since: float) -> None:
        """Use up one send, which has been waiting since `since`.

        Time in which nobody waited is not made up for beyond the burst; lateness of our own
        timers is, up to `CATCH_UP`.
        """
        start = max(self._next, since, now - CATCH_UP)
        self._next = start + 1.0 / self.rate

    def hold_until(self, when: float) -> None:
        """Start afresh at `when`, so that the end of a pause releases one send and not a herd."""
        self._next = self._floor = max(self._next, when + (self.burst - 1) / self.rate)

    def give_back(self) -> None:
        """Return a send that was taken and not used."""
        # What was taken before a pause is no credit after it.
        self._next = max(self._next - 1 / self.rate, self._floor)


@attrs.define(eq=False)
class PauseGate:
    """One pause for everything: closed until an instant that can only move ahead."""

    until: float = attrs.field(default=-math.inf, init=False)
    _since: float = attrs.field(default=0.0, init=False)
    _before: float = attrs.field(default=0.0, init=False)
    _after: float = attrs.field(default=0.0, init=False)
    _strikes: int = attrs.field(default=0, init=False)
    _refused_again: int = attrs.field(default=0, init=False)

    FIRST = 1.0
    LONGEST_UNTOLD = 60.0
    FORGET = 10.0

    def pause(
        self,
        now: float,
        retry_after: float | None,
        *,
        jitter: float = 0.0,
        sent: float | None = None,
    ) -> float:
        """Close the gate; return when it opens.

        Args:
            now: When the answer came.
            retry_after: Seconds that the server asks for, cut to `MAX_PAUSE`; None if it does not
                say, and 0 says as little: then 1 s, doubled each time that a pause was not long
                enough, up to 60 s.
            jitter: 0 to 1, how far above the asked time to resume (up to a tenth, at most 1 s), so
                that clients of one server do not come back together.
            sent: When the refused request was sent, if that is known. A server that refuses again
                what came after the pause that it had asked for is left alone for longer each time.
        """
        closed = now < self.until
        if now - self.until > self.FORGET:
            self._strikes = self._refused_again = 0
        self._refused_again += 0 if closed or sent is None or sent < self.until else 1
        if retry_after is None or not math.isfinite(retry_after) or retry_after <= 0.0:
            # Several requests that one pause has caught in flight are one strike.
            self._strikes += 0 if closed else 1
            retry_after = self._untold(self._strikes)
        elif self._refused_again > 1:
            retry_after = max(retry_after, self._untold(self._refused_again))
        return self.hold(now, retry_after, jitter=jitter)

    def hold(self, now: float, seconds: float, *, jitter: float = 0.0) -> float:
        """Close the gate, refusal or not; return when it opens. Arguments as of `pause`."""
        seconds = min(max(seconds, 0.0), MAX_PAUSE)
        seconds = min(seconds + jitter * min(0.1 * seconds, 1.0), MAX_PAUSE)
        if now >= self.until:
            self._before, self._since = self._after, now
        self.until = max(self.until, now + seconds)
        self._after = self._before + self.until - self._since
        return self.until

    def answered(self, sent: float) -> None:
        """Tell that what was sent at `sent` was not refused."""
        if sent >= self.until:
            self._strikes = self._refused_again = 0

    @property
    def ever_closed(self) -> bool:
        """Whether there was a pause at all."""
        return self.until > -math.inf

    def paused_seconds(self, now: float) -> float:
        """Return for how long the gate has been closed up to `now`, all pauses together."""
        return self._after if now >= self.until else self._before + now - self._since

    def _untold(self, strikes: int) -> float:
        return float(min(self.FIRST * 2.0 ** max(0, strikes - 1), self.LONGEST_UNTOLD))
