"""When a session is polled: the guidance of the API, or a delay that is learned.

Synchronous and without a clock: ``now`` is an argument.
"""

import random
from collections.abc import Callable
from typing import Protocol

import attrs

__all__ = ["GuidedPolling", "LearnedPolling", "Poll", "PollPolicy", "WithBudget"]


@attrs.define
class Poll:
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


@attrs.frozen(kw_only=True)
class GuidedPolling:
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
        try:
            delay = min(self.interval * self.backoff**poll.unchanged, self.max_interval)
        except OverflowError:  # a session that has not changed for very long
            delay = self.max_interval
        return min(delay * (1.0 + self.jitter * (2.0 * self.random() - 1.0)), self.max_interval)


@attrs.define
class _Gap:
    """A delay at which a poll finds the answer with probability `p`: an up-down tracker."""

    seconds: float
    p: float
    least: float
    most: float
    seen: int = 0
    guess: float = attrs.field(init=False)

    TOLERANCE = 0.15
    """A poll teaches if it was late, and planned with another gap, by at most this share of the gap
    and half a second."""
    EARLY_TOLERANCE = 0.5
    """The same for the gap that it was planned with, during the first `EARLY_POLLS`."""
    EARLY_POLLS = 25

    def __attrs_post_init__(self) -> None:
        self.guess = self.seconds

    def distance(self, planned: float) -> float:
        """Return how far from this gap, or from its first guess, a poll was planned."""
        return min(abs(planned - self.seconds), abs(planned - self.guess))

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


@attrs.define
class _Gaps:
    """The delays of one probability: to the first poll of a session, and between later ones."""

    first: _Gap
    later: _Gap

    def of(self, poll: Poll) -> _Gap:
        """Return the delay that was waited for before a poll."""
        return self.first if poll.number == 1 else self.later


UNTOLD = 0.8
"""The probability where nobody says how much work is left: it spends few requests, and finds an
answer some seconds after it is ready."""
PATIENT = 0.97
"""While much is left: every slot is wanted, and nobody waits for a single answer."""
EAGER = 0.3
"""For the last sessions: slots are idle, and the end of all of it waits for them."""
MUCH = 20
"""Sessions from which on much is left: of so many, the one that takes longest is not found sooner
by looking early at each of them."""

_GUESS_SCALES = {UNTOLD: 1.0, PATIENT: 1.75, EAGER: 0.6}
"""How much longer than at 0.8 a delay is taken to be at first. To begin late in a long job costs
nothing, to begin early costs a request for each session of the first wave."""


class LearnedPolling:
    """Learns when to look, for many sessions at once: waits until a poll finds the answer.

    Keep one object for one job: what it learns from each session serves the next.

    Args:
        p: Probability, between 0 and 1, with which a poll shall find the session complete: 0.97
            spends the fewest requests, 0.3 finds the answer as soon as a poll every 2.5 s. None
            follows the work that is left where somebody tells it, as a job does: 0.97 while that
            is much, 0.3 for the last sessions. Where nobody tells, None is 0.8.
        first: Seconds from creation to the first poll, to begin with. Where the work that is left
            is followed, this is the guess for 0.8: longer at 0.97, shorter at 0.3.
        later: Seconds between later polls, to begin with; as `first`.
        min_interval: Never sooner, in seconds (the API's guidance says 2).
        max_interval: Never later, in seconds.
        budget: Seconds of polling per session; None for no end.
    """

    def __init__(  # noqa: PLR0913  the knobs are pinned, each is one number
        self,
        *,
        p: float | None = None,
        first: float = 8.0,
        later: float = 4.0,
        min_interval: float = 2.0,
        max_interval: float = 20.0,
        budget: float | None = 30.0,
    ) -> None:
        _check(UNTOLD if p is None else p, "p", least=0.01, most=0.99)
        _check(min_interval, "min_interval", least=0.001)
        _check(max_interval, "max_interval", least=min_interval)
        _check(first, "first", least=min_interval, most=max_interval)
        _check(later, "later", least=min_interval, most=max_interval)
        _check(0.0 if budget is None else budget, "budget", least=0.0)
        self._given = p
        self._left: int | None = None
        self._guesses = first, later
        self._bounds = min_interval, max_interval
        self._gaps: dict[float, _Gaps] = {}
        self.budget = budget

    def __repr__(self) -> str:
        gaps = f"first={self.first():.2f}, later={self._later().seconds:.2f}"
        return f"LearnedPolling(p={self.p:g}, {gaps}, budget={self.budget})"

    @property
    def p(self) -> float:
        """The probability with which the next first poll is planned."""
        if self._given is not None:
            return self._given
        if self._left is None:
            return UNTOLD
        return PATIENT if self._left >= MUCH else EAGER

    def follow(self, left: int | None) -> None:
        """Plan what comes next for this much work; no effect if `p` was given.

        Args:
            left: Sessions that are open or waiting to be opened; None if nobody knows.
        """
        self._left = left

    def first(self) -> float:
        """Return the learned delay from creation to the first poll."""
        return self._at(self.p).first.seconds

    def after(self, poll: Poll) -> float:
        """Learn from the poll; return the learned delay to the next."""
        if poll.answered:
            # Each probability has delays of its own; the poll was planned with the nearest.
            gaps = [each.of(poll) for each in self._gaps.values()] or [self._at(self.p).of(poll)]
            min(gaps, key=lambda gap: gap.distance(poll.planned)).learn(poll)
        return self._later().seconds

    def _later(self) -> _Gap:
        # Few sessions need another poll, and their time for polling is nearly over: there is
        # nothing to be saved by waiting longer.
        return self._at(self.p if self._given is not None else min(self.p, UNTOLD)).later

    def _at(self, p: float) -> _Gaps:
        """Return the delays of a probability."""
        found = self._gaps.get(p)
        if found is None:
            least, most = self._bounds
            scale = 1.0 if self._given is not None else _GUESS_SCALES[p]
            first, later = (min(most, max(least, scale * guess)) for guess in self._guesses)
            gaps = _Gaps(_Gap(first, p, least, most), _Gap(later, p, least, most))
            found = self._gaps[p] = gaps
        return found


@attrs.frozen
class FollowingWork:
    """A learned policy within one job, whose work that is left it follows.

    Attributes:
        policy: Decides when to poll; others may use it as well.
        left: Returns the sessions that are open or waiting to be opened.
    """

    policy: LearnedPolling
    left: Callable[[], int | None]

    @property
    def budget(self) -> float | None:
        """As the policy says."""
        return self.policy.budget

    def first(self) -> float:
        """As the policy says for the work that is left."""
        self.policy.follow(self.left())
        try:
            return self.policy.first()
        finally:
            self.policy.follow(None)

    def after(self, poll: Poll) -> float:
        """As the policy says for the work that is left."""
        self.policy.follow(self.left())
        try:
            return self.policy.after(poll)
        finally:
            self.policy.follow(None)


@attrs.frozen
class WithBudget:
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
