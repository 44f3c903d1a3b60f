"""The state of polling one session: what an answer means, when to poll again, when to give up.

Synchronous and without a clock: two clocks are handed in. `now` is the event loop's time and never
stops. `active` is `now` less all pauses of the limiter so far (`RequestSender.clocks`). Delays are
planned on `now`; the poll budget runs on `active`.
"""

import math
from typing import cast

import attrs

from hum_async._api.endpoints import Source
from hum_async._api.retry import passes
from hum_async._polling.policies import Poll, PollPolicy
from hum_async._values import unsealed
from hum_async.errors import ApiError, HumError, SessionGone, SessionNotFound
from hum_async.models import AgentChange, AgentStatus, Session, SessionUpdate, UpdateKind

NOT_FOUND_GRACE = 5.0
"""Seconds of the budget, from the first poll, in which 404 may mean "not known here yet"."""

MIN_SPACING = 2.0
"""Least seconds between two polls of one session (hum-api 5), unless a policy polls faster."""

MAX_WAIT = 300.0
"""Seconds; a longer Retry-After of a poll is cut to this, as a pause of the limiter is."""

# Looked up once, because a look-up of a member is a call in Python 3.11.
_CHANGED = UpdateKind.CHANGED

# Each poll makes one of these, or both.
_NewPoll, _NewSessionUpdate = unsealed(Poll), unsealed(SessionUpdate)

_ROUNDING = 1e-6
"""Seconds; less than this is a rounding error."""


def changes_between(before: Session | None, after: Session | None) -> tuple[AgentChange, ...]:
    """Return how the agents differ, in the order in which the newer answer names them."""
    old = before.agents if before else {}
    new = after.agents if after else {}
    if old == new:
        return ()
    return tuple(
        [
            AgentChange(agent, old.get(agent), new.get(agent))
            for agent in dict.fromkeys((*new, *old))
            if old.get(agent) != new.get(agent)
        ]
    )


def merged(missed: SessionUpdate, newer: SessionUpdate) -> SessionUpdate:
    """Return the newer update, with its changes against the last state that its reader saw."""
    return attrs.evolve(
        newer,
        previous=missed.previous,
        changes=changes_between(missed.previous, newer.session),
        skipped=missed.skipped + newer.skipped + 1,
    )


@attrs.define(eq=False, repr=False, weakref_slot=False)
class SessionPoll:
    """The state of polling one session, from the first poll to the terminal update.

    Args:
        token: The session token.
        policy: When to poll.
        agents: Names of the agents to wait for.
        source: The endpoint that is polled: ``session`` or ``internet``.
        spent: Seconds of the budget that are used up.
        charged_until: `active` time up to which the budget is charged; None: it begins with the
            first poll.
        known: The API has answered for this token before, so that a 404 needs no grace.

    The budget is charged for the delays that were planned and for the time that polls take. It
    stands still while the limiter is paused, because it runs on `active`, and while a poll that is
    due waits for a slot in our own queue, because no delay is charged for longer than planned.
    """

    token: str
    policy: PollPolicy
    agents: tuple[str, ...]
    source: Source = "session"
    _spent: float = attrs.field(default=0.0, alias="spent")
    _charged_until: float | None = attrs.field(default=None, alias="charged_until")
    _known: bool = attrs.field(default=False, alias="known")
    _session: Session | None = attrs.field(default=None, init=False)
    kind: UpdateKind | None = attrs.field(default=None, init=False)
    error: HumError | None = attrs.field(default=None, init=False)
    polls: int = attrs.field(default=0, init=False)
    throttles: int = attrs.field(default=0, init=False)
    due: float = attrs.field(default=0.0, init=False)
    _unchanged: int = attrs.field(default=0, init=False)
    # The delay that was planned before the next poll, since when, and how much of it is charged.
    _planned: float = attrs.field(default=0.0, init=False)
    _planned_from: float | None = attrs.field(default=None, init=False)
    _chargeable: float = attrs.field(default=0.0, init=False)
    _first_sent: float | None = attrs.field(default=None, init=False)
    _spent_at_first: float = attrs.field(default=0.0, init=False)
    _sent: float = attrs.field(default=0.0, init=False)

    @property
    def session(self) -> Session | None:
        """The last answer, None if there was none."""
        return self._session

    @property
    def ended(self) -> bool:
        """Whether there is a terminal update."""
        return self.kind is not None and self.kind is not _CHANGED

    @property
    def sent_at(self) -> float:
        """When the last poll was sent."""
        return self._sent

    def spent(self, active: float) -> float:
        """Return the seconds of the budget that are used up when a poll is answered at `active`."""
        since = active if self._charged_until is None else self._charged_until
        return self._spent + active - since

    def plan_first(self, now: float, delay: float, *, least: float | None = None) -> None:
        """Plan the first poll `delay` seconds from now, or at the deadline if that is earlier.

        Args:
            now: Present time.
            delay: Seconds that the policy asks to wait.
            least: Seconds that the answer to POST asks to wait, its Retry-After.
        """
        delay = _delay(delay, left=self.policy.budget, least=least)
        self._planned = self._chargeable = delay
        self._planned_from, self.due = now, now + delay

    def sent(self, now: float, active: float) -> None:
        """Record that a poll is sent."""
        if self._charged_until is not None:
            passed, most = active - self._charged_until, self._chargeable
            # Each poll comes by here, and `min` takes twice as long.
            self._spent += passed if passed < most else most  # noqa: FURB136
        self._sent, self._charged_until = now, active
        if self._first_sent is None:
            self._first_sent, self._spent_at_first = now, self._spent
            if self._planned_from is None:
                self.due = now

    def throttled(self, now: float) -> None:
        """Record a 429: the poll is due again at once, and neither it nor the wait counts."""
        self.throttles += 1
        self.due = min(self.due, now)
        self._chargeable = 0.0

    def answered(
        self, session: Session, now: float, active: float, *, least: float | None = None
    ) -> SessionUpdate | None:
        """Record an answer; return its update if it shows anything new.

        Args:
            session: What it says.
            now: Present time.
            active: Present time less all pauses.
            least: Seconds that the answer asks to wait before the next poll, its Retry-After.
        """
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
        self._plan(gap, now, active, least=least)
        return self._update(_CHANGED, before, now) if changed else None

    def unchanged(
        self, now: float, active: float, *, least: float | None = None
    ) -> SessionUpdate | None:
        """Record an answer that equals the last one except for `responded_at`."""
        self._unchanged += 1
        gap = self._count()
        if self._budget_spent():
            return self._update(UpdateKind.TIMED_OUT, self.session, now)
        self._plan(gap, now, active, least=least)
        return None

    def failed(self, error: HumError, now: float, active: float) -> SessionUpdate | None:
        """Record an error; return the terminal update that it makes, or None to poll again."""
        self._unchanged += 1
        gap = self._count(answered=False)
        if isinstance(error, SessionGone):
            return self._update(UpdateKind.GONE, self.session, now)
        if not self._may_pass(error) or self._budget_spent():
            self.error = error
            return self._update(UpdateKind.FAILED, self.session, now)
        least = error.retry_after if isinstance(error, ApiError) else None
        self._plan(gap, now, active, least=least)
        return None

    def give_up(self, error: HumError, now: float) -> SessionUpdate:
        """End with an error whatever the budget says."""
        self.error = error
        return self._update(UpdateKind.FAILED, self.session, now)

    def current(self, now: float) -> SessionUpdate | None:
        """Return the first update for a reader who joins now, if anything is known."""
        session = self.session
        if session is None:
            return None
        return SessionUpdate(
            self.token,
            _CHANGED,
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
            since_first = self._spent - self._spent_at_first
            return not self._known and self.session is None and since_first < NOT_FOUND_GRACE
        return not isinstance(error, ApiError) or passes(error)

    def _count(self, *, ready: bool = False, answered: bool = True) -> float:
        self.polls += 1
        self.throttles = 0
        planned_from = self._sent if self._planned_from is None else self._planned_from
        # Field by field, because a call with six arguments takes twice as long.
        poll = _NewPoll()
        poll.number = self.polls
        poll.unchanged = self._unchanged
        poll.planned = self._planned
        poll.waited = self._sent - planned_from
        poll.ready = ready
        poll.answered = answered
        poll.__class__ = Poll
        return self.policy.after(poll)

    def _budget_spent(self) -> bool:
        # As charged when the poll was sent, so that one poll is always sent at the deadline.
        budget = self.policy.budget
        return budget is not None and budget - self._spent <= _ROUNDING

    def _plan(self, gap: float, now: float, active: float, *, least: float | None = None) -> None:
        if not gap >= 0.0 or (gap == math.inf and self.policy.budget is None):
            raise ValueError(f"the poll policy asks to wait {gap!r} seconds")
        if self._charged_until is not None:
            self._spent += active - self._charged_until
        self._charged_until = active
        budget = self.policy.budget
        left = None if budget is None else max(0.0, budget - self._spent)
        gap = _delay(gap, left=left, least=least)
        self._planned = self._chargeable = gap
        self._planned_from, self.due = now, now + gap

    def _elapsed(self, now: float) -> float:
        return now - self._first_sent if self._first_sent is not None else 0.0

    def _update(self, kind: UpdateKind, before: Session | None, now: float) -> SessionUpdate:
        self.kind = kind
        session = self.session
        # Field by field, too.
        update = _NewSessionUpdate()
        update.token = self.token
        update.kind = kind
        update.session = session
        update.previous = before
        update.changes = changes_between(before, session)
        update.polls = self.polls
        update.elapsed = self._elapsed(now)
        update.skipped = 0
        update.error = self.error
        update.__class__ = SessionUpdate
        return cast("SessionUpdate", update)


def _delay(gap: float, *, left: float | None, least: float | None) -> float:
    """Return the delay to the next poll.

    Args:
        gap: Seconds that the policy asks to wait.
        left: Seconds left until the deadline; None without one.
        least: Seconds that the server asks to wait; None if it does not ask.
    """
    if least is None and left is None:
        return gap if gap > 0.0 else 0.0  # noqa: FURB136  as above
    least = 0.0 if least is None else min(least, MAX_WAIT)
    if left is None:
        return max(gap, least)
    gap = _before_deadline(gap, left)
    if gap >= least:
        return gap
    # The poll at the deadline is sent whatever the server asks for: it is the last.
    return left if least > left - MIN_SPACING else least


def _before_deadline(gap: float, left: float) -> float:
    """Return the delay to the next poll: the last poll is at the deadline, and none just before it.

    Args:
        gap: Seconds that the policy asks to wait.
        left: Seconds left until the deadline.
    """
    if gap >= left:
        return left
    spacing = min(gap, MIN_SPACING)
    if left - gap >= spacing:
        return gap
    # A little sooner than asked, rather than twice in a row; or only once.
    return left - spacing if left >= 2.0 * spacing else left
