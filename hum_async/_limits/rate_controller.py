"""How fast, all in all: pacer, pause gate and discovery as one."""

import math

from hum_async._limits.discovery import AdaptiveRate
from hum_async._limits.pacing import Pacer, PauseGate
from hum_async._limits.rate_limit_headers import RateLimitHeaders

__all__ = ["RateController"]

_CREDULITY = 3
"""Times that a server is believed which says that nothing is left, and serves the next all the
same."""


class RateController:
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

    def restarted(self) -> "RateController":
        """Return one for another clock: the rate stays, all times are forgotten."""
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

    def advised(
        self, now: float, quota: RateLimitHeaders, *, sent: float, jitter: float = 0.0
    ) -> None:
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
