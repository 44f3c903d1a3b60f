"""When the next request may go: pacer, pause gate, and the controller that joins them to discovery.

Synchronous and without a clock: ``now`` is an argument, seconds of any monotonic clock. A pause has
one home, the gate; the pacer learns of it only when it is over (`Pacer.restart`).
"""

import math
from typing import Any

import attrs

from hum_async._limits.discovery import AdaptiveRate
from hum_async._limits.plain_times import plain_time, read_time
from hum_async._limits.rate_limit_headers import RateLimitHeaders

MAX_PAUSE = 300.0
"""Longest pause in seconds; a longer Retry-After is cut to it."""

_MAX_FALSE_ALARMS = 3
"""Times that a server is believed which says that nothing is left, and serves the next all the
same."""

CATCH_UP = 0.2
"""Seconds of lateness (slow timers, a busy loop) that the pacer makes up for at most."""

TICK = 0.001
"""Seconds that the clock of an event loop may stand still, as uvloop's does: what it reads is whole
milliseconds, and the same all through one turn of the loop."""
_PER_TICK = 1.0 / TICK


@attrs.define(eq=False, repr=False)
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
        """Return when a send that has been waiting since `since` may go.

        A pace of more than one per `TICK` is kept from tick to tick: between two sends of such a
        pace no clock would move, and each would wait for a timer.
        """
        ready = self._next
        if self.burst > 1:
            ready -= (self.burst - 1) / self.rate
        if self.rate > _PER_TICK:
            ready -= TICK
        return ready if ready > since else since  # noqa: FURB136  `max` takes twice as long

    def take(self, now: float, since: float) -> None:
        """Use up one send, which has been waiting since `since`.

        Time in which nothing waited earns no more than the burst; lateness of our own timers is
        made up for, up to `CATCH_UP`.
        """
        earliest = now - CATCH_UP
        # Each request comes by here, and `max` takes twice as long.
        start = since if since > earliest else earliest  # noqa: FURB136
        start = start if start > self._next else self._next  # noqa: FURB136
        self._next = start + 1.0 / self.rate

    def restart(self, when: float) -> None:
        """Forget all credit before `when`, so that one send goes then and not a burst."""
        self._next = self._floor = max(self._next, when + (self.burst - 1) / self.rate)

    def give_back(self, sends: float = 1.0) -> None:
        """Return a send that was taken and not used.

        Args:
            sends: How many: a part of one moves the next send ahead by a part of the space between
                two, and a negative one puts it off.
        """
        # A send taken before a restart is no credit after it.
        self._next = max(self._next - sends / self.rate, self._floor)

    def dump(self) -> dict[str, Any]:
        """Return the whole state as values that JSON can hold; `load` reads it."""
        return {
            "rate": plain_time(self.rate),
            "burst": self.burst,
            "next": plain_time(self._next),
            "floor": plain_time(self._floor),
        }

    @classmethod
    def load(cls, plain: dict[str, Any], *, shift: float = 0.0) -> "Pacer":
        """Return what was dumped, with `shift` seconds added to every time."""
        rate = plain["rate"]
        loaded = cls(math.inf if rate is None else rate, plain["burst"])
        loaded._next = read_time(plain["next"], shift)
        loaded._floor = read_time(plain["floor"], shift)
        return loaded


@attrs.define(eq=False, repr=False)
class PauseGate:
    """One pause for everything: closed until an instant that can only move ahead."""

    until: float = attrs.field(default=-math.inf, init=False)
    """When the gate opens, or when it last opened; minus infinity if it was never closed."""
    _closed_at: float = attrs.field(default=0.0, init=False)
    # Seconds paused before the present pause, and at its end.
    _paused_before: float = attrs.field(default=0.0, init=False)
    _paused_after: float = attrs.field(default=0.0, init=False)
    # Pauses in a row whose length the server did not say, and those that turned out too short.
    _untold_pauses: int = attrs.field(default=0, init=False)
    _short_pauses: int = attrs.field(default=0, init=False)

    FIRST_UNTOLD = 1.0
    """Seconds of the first pause whose length the server does not say; doubled each time."""
    MAX_UNTOLD = 60.0
    """Longest such pause in seconds."""
    FORGET_AFTER = 10.0
    """Seconds after a pause from which on a refusal begins a new series."""

    def pause(
        self,
        now: float,
        retry_after: float | None,
        *,
        jitter: float = 0.0,
        sent: float | None = None,
    ) -> float:
        """Close the gate after a refusal; return when it opens.

        Args:
            now: When the refusal arrived.
            retry_after: Seconds that the server asks for, cut to `MAX_PAUSE`. None if it does not
                say, and 0 says as little: then 1 s, doubled each time that a pause was not long
                enough, up to 60 s.
            jitter: 0 to 1, the share of the longest extra delay (a tenth of the pause, at most 1 s)
                that is added, so that clients of one server do not come back together.
            sent: When the refused request was sent, if known. A server that refuses a request sent
                after the pause that it had asked for gets longer pauses each time.
        """
        closed = now < self.until
        if now - self.until > self.FORGET_AFTER:
            self._untold_pauses = self._short_pauses = 0
        if not closed and sent is not None and sent >= self.until:
            self._short_pauses += 1
        if retry_after is None or not math.isfinite(retry_after) or retry_after <= 0.0:
            # Several requests that one pause has caught in flight count once.
            self._untold_pauses += not closed
            retry_after = self._untold(self._untold_pauses)
        elif self._short_pauses > 1:
            retry_after = max(retry_after, self._untold(self._short_pauses))
        return self.hold(now, retry_after, jitter=jitter)

    def hold(self, now: float, seconds: float, *, jitter: float = 0.0) -> float:
        """Close the gate for so many seconds, refusal or not; return when it opens."""
        seconds = min(max(seconds, 0.0), MAX_PAUSE)
        seconds = min(seconds + jitter * min(0.1 * seconds, 1.0), MAX_PAUSE)
        if now >= self.until:
            self._paused_before, self._closed_at = self._paused_after, now
        self.until = max(self.until, now + seconds)
        self._paused_after = self._paused_before + self.until - self._closed_at
        return self.until

    def answered(self, sent: float) -> None:
        """Record that a request sent at `sent` was not refused."""
        if sent >= self.until:
            self._untold_pauses = self._short_pauses = 0

    def paused_seconds(self, now: float) -> float:
        """Return for how long the gate has been closed up to `now`, all pauses together."""
        if now >= self.until:
            return self._paused_after
        return self._paused_before + now - self._closed_at

    def dump(self) -> dict[str, Any]:
        """Return what decides about pauses, without their sum, as values that JSON can hold."""
        return {
            "until": plain_time(self.until),
            "untold": self._untold_pauses,
            "short": self._short_pauses,
        }

    @classmethod
    def load(cls, plain: dict[str, Any], *, shift: float = 0.0) -> "PauseGate":
        """Return what was dumped, with `shift` seconds added to every time."""
        loaded = cls()
        loaded.until = read_time(plain["until"], shift)
        loaded._untold_pauses, loaded._short_pauses = plain["untold"], plain["short"]
        return loaded

    def _untold(self, pauses: int) -> float:
        return float(min(self.FIRST_UNTOLD * 2.0 ** max(0, pauses - 1), self.MAX_UNTOLD))


class RateController:
    """Decides when the next request may go, and learns from its answer.

    Args:
        rate: Requests per second; None finds the limit.
        max_rate: Upper bound of a rate that is found; None for none.
        burst: Requests that may go together after a rest, at least 1.
    """

    def __init__(
        self, *, rate: float | None = None, max_rate: float | None = None, burst: int = 1
    ) -> None:
        self._adaptive = AdaptiveRate(max_rate=max_rate) if rate is None else None
        self._pacer = Pacer(self._adaptive.rate if self._adaptive else rate or math.inf, burst)
        self.gate = PauseGate()
        # The next request is the first one after a pause.
        self._resuming = False
        # The rate that headers allow, and until when that holds.
        self._told_rate, self._told_until = math.inf, -math.inf
        # Until when headers have last closed the gate, and how often that was a false alarm.
        self._held_until = -math.inf
        self._false_alarms = 0

    @property
    def rate(self) -> float:
        """Requests per second at most; infinity for no bound."""
        return self._pacer.rate

    @property
    def found(self) -> float | None:
        """The rate that was found to hold; None if none was, or none was looked for."""
        return self._adaptive.found if self._adaptive else None

    @property
    def searching(self) -> bool:
        """Whether a limit is looked for and none has been found yet."""
        return self._adaptive is not None and self._adaptive.found is None

    def resume(self, rate: float) -> None:
        """Begin at a rate that was found earlier, unless one is given or was found already."""
        if self._adaptive is not None:
            self._adaptive.resume(rate)
            self._pacer.rate = self._adaptive.rate

    def restarted(self) -> "RateController":
        """Return a controller for another clock: the rate stays, all times are forgotten."""
        adaptive = self._adaptive
        max_rate = adaptive.max_rate if adaptive else None
        fresh = RateController(
            rate=None if adaptive else self._pacer.rate,
            max_rate=max_rate,
            burst=self._pacer.burst,
        )
        if adaptive and adaptive.ceiling is not None:
            fresh.resume(adaptive.rate)
        return fresh

    def dump(self) -> dict[str, Any]:
        """Return the whole state as values that JSON can hold; `load` reads it."""
        return {
            "adaptive": self._adaptive and self._adaptive.dump(),
            "pacer": self._pacer.dump(),
            "gate": self.gate.dump(),
            "resuming": self._resuming,
            "told_rate": plain_time(self._told_rate),
            "told_until": plain_time(self._told_until),
            "held_until": plain_time(self._held_until),
            "false_alarms": self._false_alarms,
        }

    @classmethod
    def load(cls, plain: dict[str, Any], *, shift: float = 0.0) -> "RateController":
        """Return what was dumped, with `shift` seconds added to every time: those of another clock.

        Raises:
            KeyError, TypeError, ValueError: It is no dump.
        """
        loaded = cls()
        adaptive = plain["adaptive"]
        loaded._adaptive = adaptive and AdaptiveRate.load(adaptive, shift=shift)
        loaded._pacer = Pacer.load(plain["pacer"], shift=shift)
        loaded.gate = PauseGate.load(plain["gate"], shift=shift)
        loaded._resuming = plain["resuming"]
        told_rate = plain["told_rate"]
        loaded._told_rate = math.inf if told_rate is None else told_rate
        loaded._told_until = read_time(plain["told_until"], shift)
        loaded._held_until = read_time(plain["held_until"], shift)
        loaded._false_alarms = plain["false_alarms"]
        return loaded

    def scale(self, factor: float) -> None:
        """Go on with a part of the rate, where others have the rest."""
        self._pacer.rate *= factor
        self._told_rate *= factor
        if self._adaptive is not None:
            self._adaptive.scale(factor)

    def configure(self, *, rate: float | None, max_rate: float | None, burst: int) -> None:
        """Go on under other bounds; arguments as of the class. Pauses and times stay."""
        self._pacer.burst = burst
        if rate is not None:
            self._adaptive, self._pacer.rate = None, rate
            return
        if self._adaptive is None:
            self._adaptive = AdaptiveRate()
        self._adaptive.max_rate = max_rate
        self._adaptive.scale(1.0)
        self._pacer.rate = min(self._adaptive.rate, self._pacer.rate)

    def steady(self, now: float) -> bool:
        """Return whether no refusal is to be expected: the rate is given, or found and held."""
        return self._adaptive is None or self._adaptive.steady(now)

    def ready_at(self, since: float) -> float:
        """Return when a request that has been waiting since `since` may go."""
        ready, until = self._pacer.ready_at(since), self.gate.until
        return ready if ready > until else until  # noqa: FURB136  as in the pacer

    def leave_free(self, when: float) -> None:
        """Leave out one request at `when`, for somebody who comes later."""
        self._pacer.take(when, when)

    def take_free(self, when: float) -> None:
        """Use up the request that `leave_free` left out at `when`."""
        if self._adaptive is not None:
            self._adaptive.sent(when)
            self._pacer.rate = self._rate_at(when, self._adaptive)

    def take(self, now: float, since: float) -> None:
        """Use up one request, which has been waiting since `since`."""
        resuming, self._resuming = self._resuming, False
        if resuming:
            self._pacer.restart(self.gate.until)
        self._pacer.take(now, since)
        if (adaptive := self._adaptive) is None:
            return
        adaptive.sent(now)
        # As `_rate_at` says, without a call where no header has told a rate.
        self._pacer.rate = (
            adaptive.rate if now >= self._told_until else self._rate_at(now, adaptive)
        )
        if resuming:
            # The first request after a pause goes alone: a server that has not opened shall refuse
            # one request, and not all those that would be under way until its answer.
            self._pacer.restart(now + min(1.5 * (adaptive.round_trip or 0.0), 1.0))

    def give_back(self, requests: float = 1.0) -> None:
        """Return a request that was taken and not sent; argument as of `Pacer.give_back`."""
        self._pacer.give_back(requests)

    def hold(self, now: float, until: float) -> None:
        """Pause until somebody else's pause ends."""
        self.gate.hold(now, until - now)
        self._resuming = True

    def start_over(self, when: float) -> None:
        """Let the next request go at `when`, whatever was taken before."""
        self._pacer = Pacer(self._pacer.rate, self._pacer.burst)
        self._pacer.restart(when)

    def answered(self, now: float, sent: float) -> None:
        """Record an answer that was no refusal, to a request sent at `sent`."""
        self.gate.answered(sent)
        if (adaptive := self._adaptive) is not None:
            adaptive.answered(now, sent)

    def throttled(
        self,
        now: float,
        retry_after: float | None,
        *,
        sent: float | None = None,
        jitter: float = 0.0,
    ) -> None:
        """Record a refusal and pause; arguments as of `PauseGate.pause`."""
        opens = self.gate.pause(now, retry_after, jitter=jitter, sent=sent)
        if self._adaptive is not None:
            self._adaptive.throttled(now, sent=sent, opens=opens)
            self._pacer.rate = self._rate_at(now, self._adaptive)
        self._resuming = True

    def advised(
        self, now: float, told: RateLimitHeaders, *, sent: float, jitter: float = 0.0
    ) -> None:
        """Heed the limit that the headers of an answer name; the answer was no refusal.

        Args:
            now: When the answer arrived.
            told: What its headers say.
            sent: When its request was sent.
            jitter: As of `PauseGate.pause`.
        """
        if told.remaining:
            self._false_alarms = 0
        elif told.remaining == 0 and told.reset:
            self._hold(now, told.reset, sent, jitter)
        if self._adaptive is not None and (rate := told.rate) is not None:
            self._told_rate, self._told_until = rate, now + (told.reset or told.window or 0.0)
            self._pacer.rate = self._rate_at(now, self._adaptive)

    def _hold(self, now: float, reset: float, sent: float, jitter: float) -> None:
        """Pause until a quota is renewed, unless the server says at every answer that it is."""
        self._false_alarms += self._held_until <= sent and self._held_until > -math.inf
        if self._false_alarms < _MAX_FALSE_ALARMS:
            self._held_until = self.gate.hold(now, reset, jitter=jitter)
            self._resuming = True

    def _rate_at(self, now: float, adaptive: AdaptiveRate) -> float:
        if now >= self._told_until:
            return adaptive.rate
        # Not below the slowest rate of discovery: the header may be misunderstood.
        return min(adaptive.rate, max(self._told_rate, adaptive.SLOWEST))
