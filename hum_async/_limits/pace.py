"""What `RateLimiter` asks before each request: its own controller, or leases of a shared one."""

from typing import Protocol

from hum_async._limits.pacing import PauseGate
from hum_async._limits.rate_limit_headers import RateLimitHeaders


class Pace(Protocol):
    """Decides when the next request may go, and learns from its answer.

    Synchronous; every time is an argument, in seconds of the event loop's clock. The methods mean
    what they mean in `RateController`.
    """

    gate: PauseGate

    @property
    def rate(self) -> float:
        """Requests per second at most; infinity for no bound."""
        ...

    @property
    def found(self) -> float | None:
        """The rate that was found to hold; None if none was, or none was looked for."""
        ...

    @property
    def searching(self) -> bool:
        """Whether a limit is looked for and none has been found yet."""
        ...

    def restarted(self) -> "Pace":
        """Return one for another clock: the rate stays, all times are forgotten."""
        ...

    def resume(self, rate: float) -> None:
        """Begin at a rate that was found earlier."""

    def ready_at(self, since: float) -> float:
        """Return when a request that has been waiting since `since` may go; infinity: unknown."""
        ...

    def take(self, now: float, since: float) -> None:
        """Use up one request, which has been waiting since `since`."""

    def give_back(self) -> None:
        """Return a request that was taken and not sent."""

    def answered(self, now: float, sent: float) -> None:
        """Record an answer that was no refusal, to a request sent at `sent`."""

    def throttled(
        self,
        now: float,
        retry_after: float | None,
        *,
        sent: float | None = None,
        jitter: float = 0.0,
    ) -> None:
        """Record a refusal and pause."""

    def advised(
        self, now: float, told: RateLimitHeaders, *, sent: float, jitter: float = 0.0
    ) -> None:
        """Heed the limit that the headers of an answer name."""
