"""One session on its way to a terminal update: what an answer means, and when to look again.

Synchronous and without a clock. Two clocks are handed in: `now`, which never stops, and `active`,
which stands still while the limiter is paused; the poll budget runs on the second.
"""

import attrs

from hum_async._api.endpoints import Source
from hum_async._polling.policies import Poll, PollPolicy
from hum_async.errors import (
    ApiError,
    HumError,
    RateLimited,
    ServerError,
    SessionGone,
    SessionNotFound,
)
from hum_async.models import AgentChange, AgentStatus, Session, SessionUpdate, UpdateKind

__all__ = ["SessionPoll", "changes_between", "merged"]

NOT_FOUND_GRACE = 5.0
"""Seconds from the first poll in which 404 may mean "not known here yet". It never starts again."""

CLOSEST = 2.0
"""Seconds between two polls of one session at least (hum-api 5), unless a policy polls faster."""


def changes_between(before: Session | None, after: Session | None) -> tuple[AgentChange, ...]:
    """Return how the agents differ, in the order in which the newer answer names them."""
    old = before.agents if before else {}
    new = after.agents if after else {}
    return tuple(
        AgentChange(agent, old.get(agent), new.get(agent))
        for agent in dict.fromkeys((*new, *old))
        if old.get(agent) != new.get(agent)
    )


def merged(missed: SessionUpdate, newer: SessionUpdate) -> SessionUpdate:
    """Return the newer update, told against what the reader of the missed one had seen last."""
    return attrs.evolve(
        newer,
        previous=missed.previous,
        changes=changes_between(missed.previous, newer.session),
        skipped=missed.skipped + newer.skipped + 1,
    )


@attrs.define(eq=False, repr=False, weakref_slot=False)
class SessionPoll:
    """The state of following one session token.

    Args:
        token: The session token.
        policy: When to poll.
        agents: Names of the agents to wait for.
        source: The endpoint that is polled: ``session`` or ``internet``.
        started: `active` time at which the budget began; None: with the first poll.
    """

    token: str
    policy: PollPolicy
    agents: tuple[str, ...]
    source: Source = "session"
    started: float | None = None
    _session: Session | None = attrs.field(default=None, init=False)
    kind: UpdateKind | None = attrs.field(default=None, init=False)
    error: HumError | None = attrs.field(default=None, init=False)
    polls: int = attrs.field(default=0, init=False)
    throttles: int = attrs.field(default=0, init=False)
    due: float = attrs.field(default=0.0, init=False)
    _unchanged: int = attrs.field(default=0, init=False)
    _planned: float = attrs.field(default=0.0, init=False)
    _planned_from: float | None = attrs.field(default=None, init=False)
    _due_active: float | None = attrs.field(default=None, init=False)
    _first_sent: float | None = attrs.field(default=None, init=False)
    _sent: float = attrs.field(default=0.0, init=False)
    _sent_active: float = attrs.field(default=0.0, init=False)

    @property
    def session(self) -> Session | None:
        """The last answer, None if there was none."""
        return self._session

    @property
    def ended(self) -> bool:
        """Whether there is a terminal update."""
        return self.kind is not None and self.kind != UpdateKind.CHANGED

    @property
    def sent_at(self) -> float:
        """When the last poll went out."""
        return self._sent

    def plan_first(self, now: float, delay: float, *, active: float | None = None) -> None:
        """Plan the first poll `delay` seconds from now, or at the deadline if that is earlier."""
        if self.policy.budget is not None:
            delay = _before_deadline(delay, self.policy.budget)
        self._planned, self._planned_from, self.due = delay, now, now + delay
        self._due_active = None if active is None else active + delay

    def sent(self, now: float, active: float) -> None:
        """Tell that a poll is going out."""
        self._sent, self._sent_active = now, active
        if self.started is None:
            self.started = active
        elif self._due_active is not None and active > self._due_active:
            # Time spent in our own queue is not the session's: the budget stands still.
            self.started += active - self._due_active
        self._due_active = None
        if self._first_sent is None:
            self._first_sent = now

    def throttled(self, now: float) -> None:
        """Tell that the poll was answered 429: it goes again at once and does not count."""
        self.throttles += 1
        self.due = min(self.due, now)
        self._due_active = self._sent_active

    def answered(self, session: Session, now: float, active: float) -> SessionUpdate | None:
        """Tell of an answer; return the update that it makes, if it tells anything new."""
        before = self.session
        changed = (
            before is None
            or before.agents != session.agents
            or before.service_address != session.service_address
        )
        self._session = session
        self._unchanged = 0 if changed else self._unchanged + 1
        ready = self.is_complete(session)
        gap = self._count(ready=ready)
        if ready:
            return self._update(UpdateKind.COMPLETED, before, now)
        if self._budget_spent():
            return self._update(UpdateKind.TIMED_OUT, before, now)
        self._plan(gap, now, active)
        return self._update(UpdateKind.CHANGED, before, now) if changed else None

    def unchanged(self, now: float, active: float) -> SessionUpdate | None:
        """Tell of an answer that is the last one once more, but for when it was written."""
        self._unchanged += 1
        gap = self._count()
        if self._budget_spent():
            return self._update(UpdateKind.TIMED_OUT, self.session, now)
        self._plan(gap, now, active)
        return None

    def failed(self, error: HumError, now: float, active: float) -> SessionUpdate | None:
        """Tell of an error; return the terminal update that it makes, or None to try again."""
        self._unchanged += 1
        gap = self._count(answered=False)
        if isinstance(error, SessionGone):
            return self._update(UpdateKind.GONE, self.session, now)
        if not self._may_pass(error) or self._budget_spent():
            self.error = error
            return self._update(UpdateKind.FAILED, self.session, now)
        self._plan(gap, now, active)
        return None

    def give_up(self, error: HumError, now: float) -> SessionUpdate:
        """End with an error whatever the budget says."""
        self.error = error
        return self._update(UpdateKind.FAILED, self.session, now)

    def current(self, now: float) -> SessionUpdate | None:
        """Return what somebody who joins now has to know first, if anything is known."""
        session = self.session
        if session is None:
            return None
        return SessionUpdate(
            self.token,
            UpdateKind.CHANGED,
            session=session,
            changes=changes_between(None, session),
            polls=self.polls,
            elapsed=self._elapsed(now),
        )

    def is_complete(self, session: Session) -> bool:
        """Whether nothing is left to wait for."""
        if not session.settled_for(self.agents):
            return False
        # From the services endpoint, "matched" is worth waiting for the providers themselves.
        return not (
            self.source == "internet"
            and session.providers is None
            and session.agents.get("internet") == AgentStatus.MATCHED
        )

    def _may_pass(self, error: HumError) -> bool:
        if isinstance(error, SessionNotFound):
            waited = self._sent_active - (self.started or 0.0)
            return self.session is None and waited < NOT_FOUND_GRACE
        return not isinstance(error, ApiError) or isinstance(error, ServerError | RateLimited)

    def _count(self, *, ready: bool = False, answered: bool = True) -> float:
        self.polls += 1
        self.throttles = 0
        planned_from = self._sent if self._planned_from is None else self._planned_from
        return self.policy.after(
            Poll(
                number=self.polls,
                unchanged=self._unchanged,
                planned=self._planned,
                waited=self._sent - planned_from,
                ready=ready,
                answered=answered,
            )
        )

    def _left(self, active: float) -> float | None:
        if self.policy.budget is None:
            return None
        return max(0.0, self.policy.budget - (active - (self.started or 0.0)))

    def _budget_spent(self) -> bool:
        # By the time at which the poll went out, so that there is always a look at the deadline.
        left = self._left(self._sent_active)
        return left is not None and left <= 1e-6  # noqa: PLR2004  float dust

    def _plan(self, gap: float, now: float, active: float) -> None:
        if not gap >= 0.0:
            raise ValueError(f"the poll policy asks to wait {gap!r} seconds")
        left = self._left(active)
        if left is not None:
            gap = _before_deadline(gap, left)
        self._planned, self._planned_from, self.due = gap, now, now + gap
        # One number for both clocks while they are one: there may be 100,000 of them.
        self._due_active = self.due if active == now else active + gap

    def _elapsed(self, now: float) -> float:
        return now - self._first_sent if self._first_sent is not None else 0.0

    def _update(self, kind: UpdateKind, before: Session | None, now: float) -> SessionUpdate:
        self.kind = kind
        session = self.session
        return SessionUpdate(
            token=self.token,
            kind=kind,
            session=session,
            previous=before,
            changes=changes_between(before, session),
            polls=self.polls,
            elapsed=self._elapsed(now),
            error=self.error,
        )


def _before_deadline(gap: float, left: float) -> float:
    """Return when to look next, so that the last look is at the deadline and none just before it.

    Args:
        gap: Seconds that the policy asks to wait.
        left: Seconds to the deadline.
    """
    if gap >= left:
        return left
    spacing = min(gap, CLOSEST)
    if left - gap >= spacing:
        return gap
    # A little sooner than asked, rather than twice in a row; or only once.
    return left - spacing if left >= 2.0 * spacing else left
