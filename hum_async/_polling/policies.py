"""When a session is polled: the guidance of the API, or a delay that is learned.

Synchronous and without a clock: ``now`` is an argument.
"""

import random
from collections.abc import Callable
from typing import Protocol

import attrs

from hum_async._values import Value

__all__ = ["GuidedPolling", "LearnedPolling", "Poll", "PollPolicy", "WithBudget"]


@attrs.define(eq=False, repr=False)
class Poll(Value):
    """One poll, as a policy learns of it.

    Not frozen, because one is made for each answer, and to freeze it takes its time.

    Attributes:
        number: 1 for the first poll of a session.
        unchanged: Polls in a row up to this one that showed nothing new.
        planned: Seconds that the policy had asked to wait before it.
        waited: Seconds that really passed before it.
        ready: It found the session complete.
        answered: It was answered at all; one that failed says nothing of the session.
    """

    number: int
    unchanged: int
    planned: float
    waited: float
    ready: bool = False
    answered: bool = True

    __hash__ = None  # type: ignore[assignment] # It can change.


class PollPolicy(Protocol):
    """When a session is polled. Bring your own: three members, all synchronous."""

    @property
    def budget(self) -> float | None:
        """Seconds of polling per session; None for no end."""

    def first(self) -> float:
        """Return the seconds from a session's creation to its first poll."""
        ...

    def after(self, poll: Poll) -> float:
        """Learn from an answered poll; return the seconds to the next (unused if it was ready)."""
        ...


def _check(value: float, name: str, *, least: float, most: float = float("inf")) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least:g} to {most:g}, not {value!r}")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class GuidedPolling(Value):
    """The API's own guidance (hum-api 5): at once, every 2-3 s, longer while nothing changes.

    Args:
        interval: Seconds between polls after a change.
        jitter: Fraction of a delay, 0 to 1, by which it varies up and down.
        backoff: Factor by which the delay grows with each poll that shows nothing new, at least 1.
        max_interval: Longest delay in seconds.
        budget: Seconds of polling per session; None for no end.
        random: Source of the jitter, 0 to 1.
    """

    interval: float = 2.5
    jitter: float = 0.2
    backoff: float = 1.5
    max_interval: float = 10.0
    budget: float | None = 30.0
    random: Callable[[], float] = attrs.field(default=random.random, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what would poll without a pause or never."""
        _check(self.interval, "interval", least=0.001)
        _check(self.jitter, "jitter", least=0.0, most=1.0)
        _check(self.backoff, "backoff", least=1.0)
        _check(self.max_interval, "max_interval", least=0.001)
        _check(0.0 if self.budget is None else self.budget, "budget", least=0.0)

    def first(self) -> float:
        """At once."""
        return 0.0

    def after(self, poll: Poll) -> float:
        """Return the delay: grows while nothing changes, starts again with a change."""
        most = self.max_interval
        try:
            delay = self.interval * self.backoff**poll.unchanged
        except OverflowError:  # a session that has not changed for very long
            delay = most
        # Every answer comes by here, and `min` takes twice as long as to compare.
        if delay > most:  # noqa: PLR1730
            delay = most
        delay *= 1.0 + self.jitter * (2.0 * self.random() - 1.0)
        return delay if delay < most else most  # noqa: FURB136


@attrs.define(eq=False, repr=False)
class _Gap:
    """A delay at which a poll finds the answer with probability `p`: an up-down tracker."""

    seconds: float
    p: float
    least: float
    most: float
    seen: int = 0

    TOLERANCE = 0.15
    """A poll teaches if it was late, and planned with another gap, by at most this share of the gap
    and half a second."""
    EARLY_TOLERANCE = 0.5
    """The same for the gap that it was planned with, during the first `EARLY_POLLS`."""
    EARLY_POLLS = 25

    def learn(self, poll: Poll) -> None:
        # A late poll, or one planned with an older gap, says nothing of this gap; counting it
        # would wind the gap up. At the beginning the guess itself is far off, and every session
        # opened before the first answers was planned with it: those polls must teach.
        near = 0.5 + self.TOLERANCE * self.seconds
        far = near if self.seen >= self.EARLY_POLLS else 0.5 + self.EARLY_TOLERANCE * self.seconds
        if abs(poll.waited - poll.planned) >= near or abs(poll.planned - self.seconds) >= far:
            return
        self.seen += 1
        # Hundreds of sessions under way were planned with this gap, so a change shows late: large
        # steps would make the gap swing.
        step = max(0.1, 1.2 / (1.0 + self.seen / 50.0))
        change = -(1.0 - self.p) * step if poll.ready else self.p * step
        self.seconds = min(self.most, max(self.least, self.seconds + change))


class LearnedPolling:
    """Learns when to look, for many sessions at once: waits until a poll finds the answer.

    Keep one object for one job: what it learns from each session serves the next.

    Args:
        p: Probability, between 0 and 1, with which a poll shall find the session complete; 0.97
            spends the fewest requests, 0.3 finds the answer as soon as a poll every 2.5 s.
        first: Seconds from creation to the first poll, to begin with.
        later: Seconds between later polls, to begin with.
        min_interval: Never sooner, in seconds (the API's guidance says 2).
        max_interval: Never later, in seconds.
        budget: Seconds of polling per session; None for no end.
    """

    def __init__(  # noqa: PLR0913  the knobs are pinned, each is one number
        self,
        *,
        p: float = 0.8,
        first: float = 8.0,
        later: float = 4.0,
        min_interval: float = 2.0,
        max_interval: float = 20.0,
        budget: float | None = 30.0,
    ) -> None:
        _check(p, "p", least=0.01, most=0.99)
        _check(min_interval, "min_interval", least=0.001)
        _check(max_interval, "max_interval", least=min_interval)
        _check(first, "first", least=min_interval, most=max_interval)
        _check(later, "later", least=min_interval, most=max_interval)
        _check(0.0 if budget is None else budget, "budget", least=0.0)
        self.p = p
        self._first = _Gap(first, p, min_interval, max_interval)
        self._later = _Gap(later, p, min_interval, max_interval)
        self.budget = budget

    def __repr__(self) -> str:
        gaps = f"first={self._first.seconds:.2f}, later={self._later.seconds:.2f}"
        return f"LearnedPolling(p={self.p:g}, {gaps}, budget={self.budget})"

    def first(self) -> float:
        """Return the learned delay from creation to the first poll."""
        return self._first.seconds

    def later(self) -> float:
        """Return the learned delay between later polls."""
        return self._later.seconds

    def after(self, poll: Poll) -> float:
        """Learn from the poll; return the learned delay to the next."""
        if poll.answered:
            (self._first if poll.number == 1 else self._later).learn(poll)
        return self._later.seconds


@attrs.frozen(eq=False, repr=False)
class WithBudget(Value):
    """Another policy with a budget of its own; both learn together.

    Attributes:
        policy: Decides when to poll.
        budget: Seconds of polling per session; None for no end.
    """

    policy: PollPolicy
    budget: float | None

    def first(self) -> float:
        """As the other policy says."""
        return self.policy.first()

    def after(self, poll: Poll) -> float:
        """As the other policy says."""
        return self.policy.after(poll)
