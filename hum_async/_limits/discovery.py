"""Find the rate limit of a server that does not publish it, from its answers alone.

`AdaptiveRate` is always in one of four states:

* slow start: the server has refused nothing yet; the rate doubles every two round trips.
* hold: the server has refused a request; the rate was cut and stays for some seconds.
* recover, then probe: the rate grows quickly towards the ceiling, which is the rate of the last
  refusal, and slowly around it.
* above the old ceiling: the server accepts clearly more than it refused before; the rate grows
  quickly again.

``docs/limits.md`` draws these states and gives the reasons for the constants, and
``benchmarks/bench_limits.py`` measures the result against token buckets, fixed and sliding windows,
with and without Retry-After. The module is synchronous and reads no clock: ``now`` is an argument,
in seconds of any monotonic clock.
"""

import math
from collections import deque
from itertools import accumulate, pairwise
from typing import Any

import attrs

from hum_async._limits.plain_times import plain_time, read_time

_MAX_SLOW_START_SENDS = 2048
"""Sends of the slow start that are remembered; the estimate of the limit needs only the last."""

_MAX_DUMPED_SENDS = 512
"""Sends of the slow start in a dump, which shall stay small."""

_DUMPED_TICK = 1e-4
"""Seconds to which the times between these sends are rounded."""


@attrs.define(eq=False, repr=False)
class AdaptiveRate:
    """Finds a hidden rate limit and stays close to it.

    The rate doubles until the first refusal. Each refusal cuts it; then it returns to the rate that
    was refused and probes beyond it. Each probe that confirms the limit doubles the hold before the
    next one.

    Args:
        rate: Sends per second at the start.
        max_rate: Upper bound of the rate in sends per second; None for no bound.
    """

    SLOWEST = 0.1
    """Sends per second; lower bound of the rate, so that the search never ends."""

    # --- slow start

    SLOW_START_FACTOR = 2.0
    """Multiple of the rate in each step of the slow start; doubling reaches any limit soon."""
    ROUND_TRIPS_PER_STEP = 2.0
    """Round trips between two doublings or cuts: the answers to the new rate must arrive first."""
    MIN_DOUBLING_SECONDS = 0.05
    """Shortest time between two doublings; a shorter one holds too few sends to be answered."""
    MAX_DOUBLING_SECONDS = 1.0
    """Longest time between two doublings, and the time while no round trip is known."""
    MIN_SAMPLE = 16
    """Requests, served or sent, below which nothing is concluded from their number."""
    ASSUMED_BURST_SECONDS = 0.25
    """Assumed burst in seconds of the limit; real ones hold one request up to a second's worth."""
    ESTIMATE_FACTOR = 1.02
    """Multiple of the estimated limit to continue with; too fast is noticed before too slow is."""
    ESTIMATE_PRECISION = 0.01
    """Relative width at which the search for the estimate ends; finer than what a burst allows."""

    # --- cuts

    CUT_FACTOR = 0.7
    """What a deep cut leaves of a rate that exceeds the limit by an unknown amount."""
    GENTLE_CUT_FACTOR = 0.97
    """What a gentle cut leaves of a rate that was refused close to the known limit."""
    MAX_GENTLE_CUTS = 4
    """Gentle cuts in a row without a served request between them: an outage is no lower limit."""
    MIN_CUT_SECONDS = 1.0
    """Shortest time between two cuts; the refusals of one burst count once."""
    EARLY_REFUSAL_SECONDS = 3.0
    """Time after a pause in which a refusal means that the rate is still far too high."""
    SAME_LIMIT_TOLERANCE = 0.1
    """Relative difference from the ceiling up to which a refusal confirms the known limit."""
    NEAR_CEILING = 1.3
    """Multiple of the ceiling up to which a refusal is expected, and no sign of another limit."""

    # --- holds

    HOLD_SECONDS = 3.0
    """Time after any pause in which the rate does not grow: its first answers must arrive."""
    CAREFUL_HOLD_SECONDS = 10.0
    """The same where the limit is near: each probe ends in a refusal and a pause."""
    MAX_HOLD_SECONDS = 120.0
    """Longest hold, reached by doubling; a raised limit is then still found within minutes."""

    # --- growth

    MIN_UTILIZATION = 0.75
    """Share of the rate that must have been sent for it to grow: an unused rate is no evidence."""
    GROWTH_STEP_SECONDS = 0.25
    """Time between two steps of growth after the slow start; short against every hold."""
    RECOVERY_GROWTH = 0.1
    """Relative growth per second away from the ceiling, where a refusal is unlikely."""
    PROBE_GROWTH = 0.01
    """Relative growth per second around the ceiling, where a refusal is likely."""
    MAX_STEP_FACTOR = 1.5
    """Multiple of the rate in one step of growth at most: at low rates a step takes seconds."""
    BELOW_CEILING = 0.9
    """Multiple of the ceiling at which recovery ends and probing begins."""
    ABOVE_CEILING = 1.12
    """Multiple of the ceiling above which the server must have raised its limit."""
    MAX_GROWTH_DIVISOR = 40.0
    """Largest divisor of growth, which is the seconds that the last refusal cost."""

    # --- quotas and throughput

    QUOTA_PAUSE_SECONDS = 5.0
    """A longer pause means that a quota for a window is used up, not that the rate is too high."""
    THROUGHPUT_SECONDS = 60.0
    """Time over which the server's throughput is measured: the longest window that is common."""
    MIN_THROUGHPUT_SECONDS = 10.0
    """Shorter measurements of the throughput are ignored; a burst would falsify them."""
    ROUND_TRIP_SMOOTHING = 0.02
    """Share of a slower answer in `round_trip`: it follows a slower network within 50 answers."""

    rate: float = 5.0
    max_rate: float | None = None
    round_trip: float | None = attrs.field(default=None, init=False)
    """Seconds that a fast answer takes; None before the first one."""
    ceiling: float | None = attrs.field(default=None, init=False)
    """The rate of the last refusal in sends per second; None before the first one."""

    # When each request of the slow start was sent; None after it.
    _slow_start_sends: deque[float] | None = attrs.field(
        factory=lambda: deque(maxlen=_MAX_SLOW_START_SENDS), init=False
    )
    # Seconds of the hold after the next refusal, and the end of the current hold.
    _hold: float = attrs.field(default=CAREFUL_HOLD_SECONDS, init=False)
    _hold_ends: float = attrs.field(default=-math.inf, init=False)
    _growth_divisor: float = attrs.field(default=1.0, init=False)
    # Start of the current step of growth (None before the first send), and the sends in it.
    _step_start: float | None = attrs.field(default=None, init=False)
    _step_sends: int = attrs.field(default=0, init=False)
    # Time of the last cut, and the end of the last pause (before one: the first send).
    _last_cut: float = attrs.field(default=-math.inf, init=False)
    _pause_end: float = attrs.field(default=0.0, init=False)
    # Requests served in all, served before the last cut, and gentle cuts since the last served one.
    _served: int = attrs.field(default=0, init=False)
    _served_before_cut: int = attrs.field(default=0, init=False)
    _gentle_cuts: int = attrs.field(default=0, init=False)
    # Requests served before a refusal that may have used up a quota, and since when.
    _quota_sample: tuple[int, float] | None = attrs.field(default=None, init=False)
    # Ends of pauses, each with the number of requests served by then.
    _pause_ends: deque[tuple[float, int]] = attrs.field(factory=deque, init=False)

    def __attrs_post_init__(self) -> None:
        """Keep the first rate within its bounds."""
        self._set_rate(self.rate)

    def dump(self) -> dict[str, Any]:
        """Return the whole state as values that JSON can hold; `load` reads it."""
        sends = None if self._slow_start_sends is None else list(self._slow_start_sends)
        return {
            "rate": self.rate,
            "max_rate": self.max_rate,
            "round_trip": self.round_trip,
            "ceiling": self.ceiling,
            "sends": None if sends is None else _dump_sends(sends[-_MAX_DUMPED_SENDS:]),
            "hold": self._hold,
            "hold_ends": plain_time(self._hold_ends),
            "divisor": self._growth_divisor,
            "step_start": self._step_start,
            "step_sends": self._step_sends,
            "last_cut": plain_time(self._last_cut),
            "pause_end": self._pause_end,
            "served": self._served,
            "served_before_cut": self._served_before_cut,
            "gentle_cuts": self._gentle_cuts,
            "quota_sample": self._quota_sample,
            "pause_ends": list(self._pause_ends),
        }

    @classmethod
    def load(cls, plain: dict[str, Any], *, shift: float = 0.0) -> "AdaptiveRate":
        """Return what was dumped, with `shift` seconds added to every time.

        Raises:
            KeyError, TypeError, ValueError: It is no dump.
        """
        loaded = cls(rate=plain["rate"], max_rate=plain["max_rate"])
        loaded.round_trip, loaded.ceiling = plain["round_trip"], plain["ceiling"]
        sends = plain["sends"]
        loaded._slow_start_sends = (
            None
            if sends is None
            else deque(_load_sends(sends, shift), maxlen=_MAX_SLOW_START_SENDS)
        )
        loaded._hold, loaded._hold_ends = plain["hold"], read_time(plain["hold_ends"], shift)
        loaded._growth_divisor = plain["divisor"]
        step_start = plain["step_start"]
        loaded._step_start = None if step_start is None else step_start + shift
        loaded._step_sends = plain["step_sends"]
        loaded._last_cut = read_time(plain["last_cut"], shift)
        loaded._pause_end = plain["pause_end"] + shift
        loaded._served, loaded._gentle_cuts = plain["served"], plain["gentle_cuts"]
        loaded._served_before_cut = plain["served_before_cut"]
        sample = plain["quota_sample"]
        loaded._quota_sample = None if sample is None else (sample[0], sample[1] + shift)
        loaded._pause_ends = deque((at + shift, served) for at, served in plain["pause_ends"])
        return loaded

    def scale(self, factor: float) -> None:
        """Go on with a part of the rate, where others have the rest."""
        if self.max_rate is not None:
            self.max_rate *= factor
        if self.ceiling is not None:
            self.ceiling *= factor
        self._set_rate(self.rate * factor)

    def steady(self, now: float) -> bool:
        """Return whether a limit is known, and the rate neither grows nor has just been cut."""
        after_pause = self._pause_end + self.EARLY_REFUSAL_SECONDS
        return self.ceiling is not None and after_pause <= now < self._hold_ends

    @property
    def found(self) -> float | None:
        """The rate that is known to hold, in sends per second; None while none is known."""
        served = self._served - self._served_before_cut
        return None if self.ceiling is None or served < self.MIN_SAMPLE else self.rate

    def resume(self, rate: float) -> None:
        """Continue at a rate that an earlier search found, unless this one has met a refusal."""
        if self.ceiling is None:
            self._set_rate(rate)
            self.ceiling, self._slow_start_sends = rate, None

    def sent(self, now: float) -> None:
        """Record a send; the rate may grow."""
        if self._slow_start_sends is not None:
            self._slow_start_sends.append(now)
        if self._step_start is None:
            self._pause_end = now
            self._start_step(now)
            return
        self._step_sends += 1
        elapsed = now - self._step_start
        if elapsed < self._step_seconds():
            return
        utilized = self._step_sends >= self.MIN_UTILIZATION * self.rate * elapsed
        if utilized and now >= self._hold_ends:
            self._grow(now, elapsed)
        self._start_step(now)

    def answered(self, now: float, sent: float) -> None:
        """Record an answer that is not a refusal, to the request that was sent at `sent`."""
        took = now - sent
        if self.round_trip is None or took < self.round_trip:
            self.round_trip = took
        else:
            self.round_trip += self.ROUND_TRIP_SMOOTHING * (took - self.round_trip)
        self._served += 1

    def throttled(self, now: float, *, sent: float | None, opens: float) -> None:
        """Record a refusal; the rate may be cut, and does not grow before the hold has ended.

        Args:
            now: When the refusal arrived.
            sent: When the refused request was sent; None for a time after the last cut.
            opens: When the pause ends that this refusal began.
        """
        if self._calls_for_cut(now, sent):
            accepted = self._served - self._served_before_cut
            if self._slow_start_sends is not None and self._served < self.MIN_SAMPLE:
                self._restart_slow_start(self._slow_start_sends, now, opens)
            elif self._slow_start_sends is not None:
                refused = now if sent is None else sent
                sends = [at for at in self._slow_start_sends if at <= refused]
                self._end_slow_start(sends, refused, now, opens)
            elif accepted:
                self._cut(now, opens, accepted)
            elif opens - self._last_cut >= self.QUOTA_PAUSE_SECONDS:
                self._cut_unserved(now, opens)
        self._hold_until(opens + self.HOLD_SECONDS)
        self._start_step(opens)

    # --- growth -----------------------------------------------------------------------------------

    def _step_seconds(self) -> float:
        if self.ceiling is not None:
            return self.GROWTH_STEP_SECONDS
        if not self.round_trip:
            return self.MAX_DOUBLING_SECONDS
        seconds = max(self.MIN_DOUBLING_SECONDS, self.ROUND_TRIPS_PER_STEP * self.round_trip)
        return min(self.MAX_DOUBLING_SECONDS, seconds)

    def _start_step(self, now: float) -> None:
        self._step_sends, self._step_start = 0, now

    def _grow(self, now: float, elapsed: float) -> None:
        ceiling = self.ceiling
        if now - self._pause_end > self.MAX_HOLD_SECONDS:
            self._growth_divisor = 1.0
        if ceiling is None:
            self._set_rate(self.SLOW_START_FACTOR * self.rate)
        elif self.rate < self.BELOW_CEILING * ceiling:
            recovered = self._grown(self.RECOVERY_GROWTH, elapsed)
            self._set_rate(min(recovered, self.BELOW_CEILING * ceiling))
        elif self.rate < self.ABOVE_CEILING * ceiling:
            self._set_rate(self._grown(self.PROBE_GROWTH, elapsed))
        else:
            self._set_rate(self._grown(self.RECOVERY_GROWTH, elapsed))
            self._hold = self.CAREFUL_HOLD_SECONDS

    def _grown(self, per_second: float, elapsed: float) -> float:
        factor = 1.0 + per_second * elapsed / self._growth_divisor
        return self.rate * min(factor, self.MAX_STEP_FACTOR)

    # --- cuts -------------------------------------------------------------------------------------

    def _calls_for_cut(self, now: float, sent: float | None) -> bool:
        """Return whether a refusal is about the current rate and not about the one before it."""
        if sent is not None and sent < self._last_cut:
            return False
        answers_due = self.ROUND_TRIPS_PER_STEP * (self.round_trip or 0.0)
        return now - self._last_cut >= max(self.MIN_CUT_SECONDS, answers_due)

    def _restart_slow_start(self, sends: deque[float], now: float, opens: float) -> None:
        """Restart after a refusal before the first sample: other users may have used the limit up.

        A server that serves nothing at all is down; that is no reason for a second cut.
        """
        if self._served > self._served_before_cut or math.isinf(self._last_cut):
            self._set_rate(self.rate * self.CUT_FACTOR)
        sends.clear()
        self._served_before_cut, self._last_cut, self._pause_end = self._served, now, opens

    def _end_slow_start(self, sends: list[float], refused: float, now: float, opens: float) -> None:
        """Cut to the limit that the sends up to the refused one suggest, or deeply without any."""
        accepted = self._served - self._served_before_cut
        cut, self.ceiling, self._slow_start_sends = self.rate * self.CUT_FACTOR, self.rate, None
        if len(sends) >= self.MIN_SAMPLE:
            estimate = self.ESTIMATE_FACTOR * self._estimate_limit(sends, refused)
            cut = min(cut, max(estimate, self.rate / self.MIN_SAMPLE))
            self.ceiling = cut
        self._set_rate(cut)
        sample = (accepted, self._pause_end)
        self._record_cut(now, opens, self.CAREFUL_HOLD_SECONDS, sample)
        # The estimate may be far too low, and there is no good rate yet that growth could lose.
        self._growth_divisor /= 2.0

    def _estimate_limit(self, sends: list[float], until: float) -> float:
        """Return the limit of the token bucket that these sends emptied at `until`.

        The bucket is assumed to hold `ASSUMED_BURST_SECONDS` of its limit, at least one request.
        """
        low, high = self.SLOWEST, self.rate
        while high - low > self.ESTIMATE_PRECISION * high:
            rate = (low + high) / 2.0
            taken = max(len(sends) - at - rate * (until - when) for at, when in enumerate(sends))
            emptied = taken > max(1.0, self.ASSUMED_BURST_SECONDS * rate)
            low, high = (rate, high) if emptied else (low, rate)
        return low

    def _cut(self, now: float, opens: float, accepted: int) -> None:
        """Cut gently if the rate was served for a while before the refusal, else deeply."""
        rate, ceiling = self.rate, self.ceiling or self.rate
        if now - self._pause_end < self.EARLY_REFUSAL_SECONDS:
            # The throughput under the previous limit says nothing about the present one.
            self._pause_ends.clear()
            self._hold, factor = self.HOLD_SECONDS, self.CUT_FACTOR
        else:
            confirmed = abs(rate / ceiling - 1.0) < self.SAME_LIMIT_TOLERANCE
            doubled = 2.0 * max(self._hold, self.CAREFUL_HOLD_SECONDS / 2.0)
            longer = min(doubled, self.MAX_HOLD_SECONDS)
            self._hold = longer if confirmed else self.CAREFUL_HOLD_SECONDS
            factor = self.GENTLE_CUT_FACTOR
        throughput = min(rate, self._throughput(opens))
        self._set_rate(max(rate * factor, throughput * self.GENTLE_CUT_FACTOR))
        self.ceiling = rate
        near = rate <= self.NEAR_CEILING * ceiling
        self._record_cut(now, opens, self._hold, None if near else (accepted, self._pause_end))

    def _record_cut(
        self, now: float, opens: float, hold: float, sample: tuple[int, float] | None
    ) -> None:
        """Begin the hold; take the limit for a quota if the sample and a long pause suggest one."""
        # Where one refusal costs a minute, growth must bring the next one on more slowly.
        self._growth_divisor = min(max(1.0, opens - now), self.MAX_GROWTH_DIVISOR)
        self._hold_ends = opens + hold
        # A refusal during the pause is one of a request sent before it: no time to measure over.
        usable = sample is not None and sample[0] >= self.MIN_SAMPLE and sample[1] < now
        self._quota_sample = sample if usable else None
        if self._quota_sample is not None and opens - now >= self.QUOTA_PAUSE_SECONDS:
            accepted, began = self._quota_sample
            quota = accepted / (opens - began)
            self._adopt_quota(quota, quota, opens)
        self._pause_ends.append((opens, self._served))
        self._served_before_cut, self._last_cut, self._pause_end = self._served, now, opens
        self._gentle_cuts = 0

    def _cut_unserved(self, now: float, opens: float) -> None:
        """Cut after a long time of refusals only: a window longer than its pause, or an outage."""
        if self._quota_sample is not None:
            accepted, began = self._quota_sample
            self._adopt_quota(accepted / (now - began), accepted / (opens - began), opens)
        elif self._gentle_cuts < self.MAX_GENTLE_CUTS:
            self._gentle_cuts += 1
            self._set_rate(self.rate * self.GENTLE_CUT_FACTOR)
        self._growth_divisor = min(max(1.0, opens - self._last_cut), self.MAX_GROWTH_DIVISOR)
        if self._pause_ends:
            self._pause_ends[-1] = (opens, self._served)
        self._pause_end = opens

    def _adopt_quota(self, most: float, least: float, opens: float) -> None:
        """Continue at the rate of a quota, which lies between the two; never faster than now."""
        rate = math.sqrt(most * least)
        if rate < self.rate:
            self._set_rate(rate)
            self.ceiling = max(most, self.rate)
            self._hold_until(opens + self.CAREFUL_HOLD_SECONDS)

    # --- shared -----------------------------------------------------------------------------------

    def _throughput(self, opens: float) -> float:
        """Return the rate that the server has served over a long time; 0 if it is not known.

        It is measured from the end of one pause to the end of another, because at both the server's
        burst was used up.
        """
        horizon = opens - self.THROUGHPUT_SECONDS
        while len(self._pause_ends) > 1 and self._pause_ends[1][0] < horizon:
            self._pause_ends.popleft()
        if not self._pause_ends or opens - self._pause_ends[0][0] < self.MIN_THROUGHPUT_SECONDS:
            return 0.0
        began, served = self._pause_ends[0]
        return (self._served - served) / (opens - began)

    def _hold_until(self, when: float) -> None:
        self._hold_ends = max(self._hold_ends, when)

    def _set_rate(self, rate: float) -> None:
        rate = max(rate, self.SLOWEST)
        self.rate = rate if self.max_rate is None else min(rate, self.max_rate)


def _dump_sends(sends: list[float]) -> list[float]:
    """Return the first time, and the times between the sends in ticks."""
    ticks = [round((at - sends[0]) / _DUMPED_TICK) for at in sends]
    return [*sends[:1], *(after - before for before, after in pairwise(ticks))]


def _load_sends(plain: list[float], shift: float) -> list[float]:
    return (
        [plain[0] + shift + ticks * _DUMPED_TICK for ticks in accumulate([0, *plain[1:]])]
        if plain
        else []
    )
