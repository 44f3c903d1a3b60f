"""How many requests per second a server takes that does not say so.

Synchronous and without a clock: ``now`` is an argument, seconds of any monotonic clock. What the
constants come to against token buckets from one request to a second's worth, fixed and sliding
windows, with and without Retry-After, is measured by ``benchmarks/bench_limits.py``.
"""

import math
from collections import deque

import attrs

__all__ = ["AdaptiveRate"]


@attrs.define(eq=False)
class AdaptiveRate:
    """Finds a hidden limit by what is answered, and stays close to it.

    Doubles until the first refusal, then cuts and comes back slowly to where it was refused. A
    limit that turns out to be where it was is tried again ever more rarely.

    Args:
        rate: Sends per second to start with.
        max_rate: Never above this; None for no bound.
    """

    rate: float = 5.0
    max_rate: float | None = None
    round_trip: float | None = attrs.field(default=None, init=False)
    """Seconds that a fast answer takes; None before the first."""
    ceiling: float | None = attrs.field(default=None, init=False)
    """The rate at which the server refused last; None while it never has."""
    # How long to hold a rate after the next refusal, and what growth is divided by meanwhile.
    _patience: float = attrs.field(default=10.0, init=False)
    _slowness: float = attrs.field(default=1.0, init=False)
    _grow_at: float = attrs.field(default=-math.inf, init=False)
    # Sends since growth was last thought of: only a rate that is used may grow.
    _used: int = attrs.field(default=0, init=False)
    _used_since: float | None = attrs.field(default=None, init=False)
    # The last cut, the end of its pause, and what was served in all and before that cut.
    _cut_at: float = attrs.field(default=-math.inf, init=False)
    _opened: float = attrs.field(default=0.0, init=False)
    _total: int = attrs.field(default=0, init=False)
    _before: int = attrs.field(default=0, init=False)
    # What was served, since when, before a refusal that may mean: the window's quota is used up.
    _window: tuple[int, float] | None = attrs.field(default=None, init=False)
    # Nudges since anything was last served.
    _nudges: int = attrs.field(default=0, init=False)
    # Ends of pauses, and what had been served by then.
    _marks: deque[tuple[float, int]] = attrs.field(factory=deque, init=False)
    # When was sent what, as long as nothing was ever refused.
    _ramp: deque[float] | None = attrs.field(factory=lambda: deque(maxlen=2048), init=False)

    SLOWEST = 0.1
    BUSY = 0.75
    """Share of the rate that must have been used for it to grow."""
    CUT = 0.7
    """What is left of a rate that was too high by nobody knows how much."""
    DARE = 1.02
    """Multiple of the first guess to go on with: a little too fast is soon told."""
    NUDGE = 0.97
    """What is left of a rate that was refused where a rate was refused before."""
    MOST_NUDGES = 4
    """Nudges for refusals in a row: an outage must not count for more than a window used up."""
    SOON = 3.0
    """Seconds after a pause in which the next refusal means: still far too fast."""
    NEAR = 1.3
    """Up to this multiple of the ceiling a refusal is no surprise."""
    HOLD = 3.0
    """Seconds after a pause in which the rate does not grow."""
    PATIENCE = 10.0
    """The same where the limit seems to be near."""
    MOST_PATIENCE = 120.0
    """To this `PATIENCE` is doubled while a limit turns out to be where it was."""
    BURST = 0.25
    """Seconds' worth of requests that a server is first taken to let through at once. Some allow a
    single request, some a whole second's worth."""
    EVIDENCE = 16
    """Requests that must have been served, or sent, for anything to be concluded from them."""
    SOONEST = 0.05
    """Seconds between two doublings at least."""
    STEP = 0.25
    """Seconds between two thoughts of growth."""
    FAST = 0.1
    CREEP = 0.01
    """Growth per second: far below or above the ceiling; near it."""
    FREE = 1.12
    """Above this multiple of the ceiling the limit must have been raised."""
    LONG = 5.0
    """Seconds: a longer pause tells of a quota for a window rather than of a rate."""
    SLOWEST_GROWTH = 40.0
    """What growth is divided by at most, however long a refusal shuts everything out."""
    HORIZON = 60.0
    """Seconds over which it is remembered how much was served."""

    def __attrs_post_init__(self) -> None:
        """Bring the start below the bound."""
        self._set(self.rate)

    @property
    def found(self) -> float | None:
        """The rate that has been found to hold, None while that is not known."""
        served = self._total - self._before
        return None if self.ceiling is None or served < self.EVIDENCE else self.rate

    def resume(self, rate: float) -> None:
        """Begin where an earlier search ended, unless this one has found something already."""
        if self.ceiling is None:
            self._set(rate)
            self.ceiling, self._ramp = rate, None

    def sent(self, now: float) -> None:
        """Tell of a send."""
        if self._ramp is not None:
            self._ramp.append(now)
        if self._used_since is None:
            self._opened = now
            self._begin_period(now)
            return
        self._used += 1
        elapsed = now - self._used_since
        if elapsed < self._growth_period():
            return
        # Growth that nothing asks for is no evidence: the pace must have been what held sends back.
        if self._used >= self.BUSY * self.rate * elapsed and now >= self._grow_at:
            self._grow(now, elapsed)
        self._begin_period(now)

    def answered(self, now: float, sent: float) -> None:
        """Tell of an answer that was no refusal, to what was sent at `sent`."""
        took = now - sent
        if self.round_trip is None or took < self.round_trip:
            self.round_trip = took
        else:
            self.round_trip += 0.02 * (took - self.round_trip)
        self._total += 1

    def throttled(self, now: float, *, sent: float | None, opens: float) -> None:
        """Tell of a refusal.

        Args:
            now: When it came.
            sent: When the refused request was sent; None: after the last cut.
            opens: When the pause ends that it began.
        """
        accepted = self._total - self._before
        late = sent is not None and sent < self._cut_at
        if not late and now - self._cut_at >= max(1.0, 2.0 * (self.round_trip or 0.0)):
            if self._ramp is not None and self._total < self.EVIDENCE:
                self._begin_again(now, opens)
            elif self._ramp is not None:
                self._first_cut(now, now if sent is None else sent, opens, accepted)
            elif accepted:
                self._cut(now, opens, accepted)
            elif opens - self._cut_at >= self.LONG:
                self._still_shut(now, opens)
        self._wait_until(opens + self.HOLD)
        self._begin_period(opens)

    # --- growth -----------------------------------------------------------------------------------

    def _growth_period(self) -> float:
        if self.ceiling is not None:
            return self.STEP
        # Two round lookups: what a rate leads to must be seen before it is doubled.
        return min(1.0, max(self.SOONEST, 2.0 * self.round_trip)) if self.round_trip else 1.0

    def _grow(self, now: float, elapsed: float) -> None:
        ceiling = self.ceiling
        if now - self._opened > self.MOST_PATIENCE:
            self._slowness = 1.0
        if ceiling is None:
            self._set(2.0 * self.rate)
        elif self.rate < 0.9 * ceiling:
            self._set(min(self._grown(self.FAST, elapsed), 0.9 * ceiling))
        elif self.rate < self.FREE * ceiling:
            self._set(self._grown(self.CREEP, elapsed))
        else:
            self._set(self._grown(self.FAST, elapsed))
            self._patience = self.PATIENCE

    def _grown(self, per_second: float, elapsed: float) -> float:
        # Where a send is rare, much time goes by between two; even then not by leaps.
        return self.rate * min(1.0 + per_second * elapsed / self._slowness, 1.5)

    # --- cuts -------------------------------------------------------------------------------------

    def _begin_again(self, now: float, opens: float) -> None:
        """Be refused before anything is known: somebody else may have used the limit up."""
        if self._total > self._before or math.isinf(self._cut_at):
            self._set(self.rate * self.CUT)
        if self._ramp is not None:
            self._ramp.clear()
        self._before, self._cut_at, self._opened = self._total, now, opens

    def _first_cut(self, now: float, sent: float, opens: float, accepted: int) -> None:
        sends = [at for at in self._ramp or () if at <= sent]
        cut, self.ceiling, self._ramp = self.rate * self.CUT, self.rate, None
        if len(sends) >= self.EVIDENCE:
            cut = min(cut, max(self._guess(sends, sent) * self.DARE, self.rate / self.EVIDENCE))
            self.ceiling = cut
        self._set(cut)
        self._after_cut(now, opens, self.PATIENCE, (accepted, self._opened))
        # The guess may be far too low, and nothing is known yet that could be lost by haste.
        self._slowness *= 0.5

    def _guess(self, sends: list[float], until: float) -> float:
        """Return the limit whose bucket these sends have emptied, if it held `BURST` seconds."""
        low, high = self.SLOWEST, self.rate
        while high - low > 0.01 * high:
            rate = (low + high) / 2.0
            taken = max(len(sends) - at - rate * (until - when) for at, when in enumerate(sends))
            low, high = (rate, high) if taken > max(1.0, self.BURST * rate) else (low, rate)
        return low

    def _cut(self, now: float, opens: float, accepted: int) -> None:
        rate, ceiling = self.rate, self.ceiling or self.rate
        known = rate <= self.NEAR * ceiling
        if now - self._opened < self.SOON:
            # What went through at another limit says nothing of this one.
            self._marks.clear()
            self._patience = hold = self.HOLD
            cut = rate * self.CUT
        else:
            same = abs(rate / ceiling - 1.0) < 0.1  # noqa: PLR2004  a tenth off is the same limit
            longer = min(2.0 * max(self._patience, self.PATIENCE / 2), self.MOST_PATIENCE)
            self._patience = hold = longer if same else self.PATIENCE
            cut = rate * self.NUDGE
        self._set(max(cut, min(rate, self._let_through(opens)) * self.NUDGE))
        self.ceiling = rate
        self._after_cut(now, opens, hold, None if known else (accepted, self._opened))

    def _after_cut(
        self, now: float, opens: float, hold: float, window: tuple[int, float] | None
    ) -> None:
        # Where one refusal costs a minute, growth takes its time.
        self._slowness = min(max(1.0, opens - now), self.SLOWEST_GROWTH)
        self._grow_at = opens + hold
        self._window = window if window is not None and window[0] >= self.EVIDENCE else None
        if self._window is not None and opens - now >= self.LONG:
            accepted, began = self._window
            quota = accepted / (opens - began)
            self._take_for_window(quota, quota, opens)
        self._marks.append((opens, self._total))
        self._before, self._cut_at, self._opened = self._total, now, opens
        self._nudges = 0

    def _still_shut(self, now: float, opens: float) -> None:
        """Nothing went through since the last cut: a longer window than was told, or an outage."""
        if self._window is not None:
            accepted, began = self._window
            self._take_for_window(accepted / (now - began), accepted / (opens - began), opens)
        elif self._nudges < self.MOST_NUDGES:
            self._nudges += 1
            self._set(self.rate * self.NUDGE)
        self._slowness = min(max(1.0, opens - self._cut_at), self.SLOWEST_GROWTH)
        if self._marks:
            self._marks[-1] = (opens, self._total)
        self._opened = opens

    def _take_for_window(self, most: float, least: float, opens: float) -> None:
        """Take the limit for a quota of a window, somewhere between two rates."""
        rate = math.sqrt(most * least)
        if rate < self.rate:
            self._set(rate)
            self.ceiling = max(most, self.rate)
            self._wait_until(opens + self.PATIENCE)

    def _let_through(self, opens: float) -> float:
        """Return the rate that the server is known to let through over a long time, 0 if none.

        From the end of one pause to the end of another: in between, whatever the server saves up
        for a client was used up.
        """
        while len(self._marks) > 1 and self._marks[1][0] < opens - self.HORIZON:
            self._marks.popleft()
        if not self._marks or opens - self._marks[0][0] < self.PATIENCE:
            return 0.0
        since, total = self._marks[0]
        return (self._total - total) / (opens - since)

    def _wait_until(self, when: float) -> None:
        self._grow_at = max(self._grow_at, when)

    def _begin_period(self, now: float) -> None:
        self._used, self._used_since = 0, now

    def _set(self, rate: float) -> None:
        rate = max(rate, self.SLOWEST)
        self.rate = rate if self.max_rate is None else min(rate, self.max_rate)
