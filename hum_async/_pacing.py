"""How fast: the pacer, the gate that a 429 closes, and both together with the rate that is found.

Synchronous and without a clock: ``now`` is an argument, seconds of any monotonic clock.
"""

import math

import attrs

from hum_async._discovery import AdaptiveRate
from hum_async._quota import Quota

__all__ = ["MAX_PAUSE", "Pacer", "PauseGate", "Throttle"]

MAX_PAUSE = 300.0
"""Longest pause in seconds; a longer Retry-After is cut to it."""

CATCH_UP = 0.2
"""Seconds of lateness (slow timers, a busy loop) that the pacer makes up for at most."""


_CREDULITY = 3
"""Times that a server is believed which says that nothing is left, and serves the next all the
same."""


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


class Throttle:
    """Pacer, gate and discovery as one: when the next send may go, and what its answer says.

    Args:
        rate: Sends per second; None finds the limit out.
        max_rate: Upper bound of a rate that is found out; None for none.
        burst: Sends that may go together after a rest, at least 1.
    """

    def __init__(
        self, *, rate: float | None = None, max_rate: float | None = None, burst: int = 1
    ) -> None:
        self._adaptive = AdaptiveRate(max_rate=max_rate) if rate is None else None
        self._pacer = Pacer(self._adaptive.rate if self._adaptive else rate or math.inf, burst)
        self.gate = PauseGate()
        self._resuming = False
        # The server's own word for how fast to go, and until when it holds.
        self._word, self._word_ends = math.inf, -math.inf
        # Until when such a word has last closed the gate, and how often that was for nothing.
        self._held_until = -math.inf
        self._in_vain = 0

    @property
    def rate(self) -> float:
        """Sends per second at most; infinity for no bound."""
        return self._pacer.rate

    @property
    def found(self) -> float | None:
        """The rate that was found to hold; None if none was, or none was looked for."""
        return self._adaptive.found if self._adaptive else None

    def resume(self, rate: float) -> None:
        """Begin at a rate that was found earlier, unless one is given or was found already."""
        if self._adaptive is not None:
            self._adaptive.resume(rate)
            self._pacer.rate = self._adaptive.rate

    def restarted(self) -> "Throttle":
        """Return one for another clock: the rate stays, all times are forgotten."""
        adaptive = self._adaptive
        max_rate = adaptive.max_rate if adaptive else None
        fresh = Throttle(
            rate=None if adaptive else self._pacer.rate,
            max_rate=max_rate,
            burst=self._pacer.burst,
        )
        if adaptive and adaptive.ceiling is not None:
            fresh.resume(adaptive.rate)
        return fresh

    def ready_at(self, since: float) -> float:
        """Return when a send that has been waiting since `since` may go."""
        return max(self._pacer.ready_at(since), self.gate.until)

    def take(self, now: float, since: float) -> None:
        """Use up one send, which has been waiting since `since`."""
        self._pacer.take(now, since)
        if self._adaptive is None:
            return
        self._adaptive.sent(now)
        self._pacer.rate = self._rate_at(now, self._adaptive)
        if self._resuming:
            # The first send after a pause goes alone: if the server has not opened, it shall refuse
            # one and not all that would be under way until its answer.
            self._resuming = False
            self._pacer.hold_until(now + min(1.5 * (self._adaptive.round_trip or 0.0), 1.0))

    def give_back(self) -> None:
        """Return a send that was taken and not used."""
        self._pacer.give_back()

    def answered(self, now: float, sent: float) -> None:
        """Tell of an answer that was no refusal, to what was sent at `sent`."""
        self.gate.answered(sent)
        if self._adaptive is not None:
            self._adaptive.answered(now, sent)

    def advised(self, now: float, quota: Quota, *, sent: float, jitter: float = 0.0) -> None:
        """Take what the server says of its limit, with an answer that was no refusal.

        Args:
            now: When it came.
            quota: What it says.
            sent: When the request went out that it answers.
            jitter: As of `PauseGate.pause`.
        """
        if quota.remaining == 0 and quota.reset:
            self._hold(now, quota.reset, sent, jitter)
        if self._adaptive is not None and (rate := quota.rate) is not None:
            self._word, self._word_ends = rate, now + (quota.reset or quota.window or 0.0)
            self._pacer.rate = self._rate_at(now, self._adaptive)

    def _hold(self, now: float, reset: float, sent: float, jitter: float) -> None:
        """Send nothing until there is more of a quota; but not for a server that always says so."""
        self._in_vain += self._held_until <= sent and self._held_until > -math.inf
        if self._in_vain < _CREDULITY:
            self._held_until = self.gate.hold(now, reset, jitter=jitter)
            self._pacer.hold_until(self._held_until)
            self._resuming = True

    def _rate_at(self, now: float, adaptive: AdaptiveRate) -> float:
        if now >= self._word_ends:
            return adaptive.rate
        # Not slower than anything: a word may be a misunderstanding.
        return min(adaptive.rate, max(self._word, adaptive.SLOWEST))

    def throttled(
        self,
        now: float,
        retry_after: float | None,
        *,
        sent: float | None = None,
        jitter: float = 0.0,
    ) -> None:
        """Tell of a refusal; arguments as of `PauseGate.pause`."""
        opens = self.gate.pause(now, retry_after, jitter=jitter, sent=sent)
        if self._adaptive is not None:
            self._adaptive.throttled(now, sent=sent, opens=opens)
            self._pacer.rate = self._rate_at(now, self._adaptive)
        self._pacer.hold_until(opens)
        self._resuming = True
