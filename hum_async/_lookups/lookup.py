"""The state of one look-up: which request an address needs next, and when, until its result.

Synchronous and without a clock. A `LookupQueue` sends the requests. `now` and `active` are the two
clocks of `SessionPoll`: the event loop's time, and the same less all pauses of the limiter.
"""

import math
from collections.abc import Hashable
from datetime import datetime
from enum import Enum, auto

import attrs

from hum_async._api.addresses import checked
from hum_async._api.endpoints import Source
from hum_async._api.retry import RetryPolicy, is_throttle, may_have_created, retry_delay
from hum_async._polling.policies import PollPolicy, WithBudget
from hum_async._polling.session_poll import SessionPoll
from hum_async.errors import (
    AddressError,
    ApiError,
    HumError,
    InvalidAddress,
    RequestTimeout,
    ResponseError,
    SessionGone,
    SessionNotFound,
)
from hum_async.models import (
    DEFAULT_AGENTS,
    Address,
    AgentStatus,
    Outcome,
    Provider,
    Qualification,
    Session,
    SessionUpdate,
    UpdateKind,
)


class LookupStep(Enum):
    """The request that a look-up needs next."""

    CREATE = auto()
    POLL = auto()
    CLOSE = auto()


UNANSWERED = frozenset({Outcome.TIMED_OUT, Outcome.EXPIRED, Outcome.UNCERTAIN, Outcome.FAILED})
"""Outcomes without a result of the session, if there is one."""


_ENDPOINTS: dict[Source, str] = {
    "session": "GET /sessions/{token}",
    "internet": "GET /sessions/{token}/services/internet",
}
_LAST_POLL = 0.05, 1.0
"""Seconds that the last poll has at least and at most, before the time for a look-up is over."""

_URGENT = 3.0
"""Seconds before the end of the time for polling from which on a poll goes before all others."""


def outcome_of(session: Session) -> Outcome | None:
    """Return what a complete answer says of the address; None if it says nothing."""
    if session.providers:
        return Outcome.SERVED
    geocoding, internet = (session.agents.get(agent) for agent in DEFAULT_AGENTS)
    if geocoding == AgentStatus.MULTIPLE:
        return Outcome.AMBIGUOUS_ADDRESS
    if geocoding == AgentStatus.FAILED:
        return Outcome.ADDRESS_NOT_FOUND
    # "failed" means: no providers found. It is a result and not a fault (hum-api 3.2).
    if internet == AgentStatus.FAILED:
        return Outcome.NO_PROVIDERS
    return None


@attrs.define(eq=False, repr=False)
class Lookup:
    """One address from POST to `Qualification`: `step` and `due` say what to send next and when.

    Args:
        key: The caller's key.
        address: As given. One that cannot be sent ends the look-up before its first step.
        policy: When to poll.
        retry: How often to send again.
        close: Send DELETE when there is a result.
        first: Endpoint that is polled first: ``internet`` needs the fewest requests, ``session``
            always names the agents.
        campaign_id: The caller's label for it.
        retried: Outcomes of earlier look-ups of the address after which it is looked up anew,
            although a ledger knows them.
        replace: A session that was adopted and is gone is replaced by another one. Otherwise the
            look-up is `EXPIRED`, as it must be if the address was not kept.
        until: When the time for all of it is over (`expire`); its last poll is sent a moment
            earlier, so that it can be answered.

    `session` is the last answer, `update` what it showed that is new (None if nothing), and
    `asked_to_wait` the seconds that it asked for (None if it did not).
    """

    key: Hashable
    address: Address
    policy: PollPolicy
    retry: RetryPolicy
    close: bool = True
    first: Source = "internet"
    campaign_id: str | None = None
    until: float = math.inf
    replace: bool = True
    retried: frozenset[Outcome] = frozenset()
    step: LookupStep | None = attrs.field(default=LookupStep.CREATE, init=False)
    due: float = attrs.field(default=-math.inf, init=False)
    source: Source = attrs.field(default="internet", init=False)
    token: str | None = attrs.field(default=None, init=False)
    requests: int = attrs.field(default=0, init=False)
    throttled: bool = attrs.field(default=False, init=False)
    asked_to_wait: float | None = attrs.field(default=None, init=False)
    ran_out: bool = attrs.field(default=False, init=False)
    session: Session | None = attrs.field(default=None, init=False)
    update: SessionUpdate | None = attrs.field(default=None, init=False)
    _result: Qualification | None = attrs.field(default=None, init=False)
    _poll: SessionPoll | None = attrs.field(default=None, init=False)
    _asked: set[Source] = attrs.field(factory=set, init=False)
    _looked_again: bool = attrs.field(default=False, init=False)
    _providers: tuple[Provider, ...] | None = attrs.field(default=None, init=False)
    _began: float | None = attrs.field(default=None, init=False)
    _sent_at: datetime | None = attrs.field(default=None, init=False)
    _tries: int = attrs.field(default=0, init=False)
    _throttles: int = attrs.field(default=0, init=False)
    _adopted: bool = attrs.field(default=False, init=False)
    _under_way: bool = attrs.field(default=False, init=False)
    _last_sent: float = attrs.field(default=0.0, init=False)
    _round_trip: float = attrs.field(default=0.0, init=False)
    _cut_short: bool = attrs.field(default=False, init=False)
    _time: float = attrs.field(default=math.inf, init=False)
    _request_ids: tuple[str, ...] = attrs.field(default=(), init=False)
    _answered_by: str | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        """Check the address before anything is spent on it."""
        try:
            self.address = checked(self.address)
        except AddressError as exc:
            self._finish(Outcome.INVALID_ADDRESS, 0.0, error=exc)

    @property
    def result(self) -> Qualification | None:
        """The result as soon as there is one, even if the session is still to be closed."""
        return self._result and attrs.evolve(self._result, requests=self.requests)

    @property
    def is_urgent(self) -> bool:
        """Whether its next request is a poll that must not wait long for a slot once it is due.

        What is found after the time for polling counts, but the API asks for no more than that.
        """
        budget = self.policy.budget
        if self.step is not LookupStep.POLL or self._began is None or budget is None:
            return False
        return self._began + budget - self.due < _URGENT

    def adopt(self, token: str, now: float, active: float, *, requests: int = 0) -> None:
        """Take over a session that was created for this address earlier, instead of creating one.

        Args:
            token: Its token. If the session turns out to be gone, the look-up begins anew with a
                POST.
            now: Present time.
            active: Present time less all pauses.
            requests: Requests sent for it so far.
        """
        self.token, self.requests, self._adopted = token, requests, True
        self._look_at("internet", now, active)

    def sent(self, now: float, active: float, at: datetime | None = None) -> None:
        """Record that the request of this step is sent.

        Args:
            now: Present time.
            active: Present time less all pauses.
            at: The same moment on the wall clock; the time of observation where an answer does not
                name its own.
        """
        self.requests += 1
        self._under_way = True
        self._last_sent = now
        self._sent_at = at
        self.throttled, self.update, self.asked_to_wait = False, None, None
        if self._began is None:
            self._began = now
        if self.step is LookupStep.POLL and self._poll is not None:
            self._poll.sent(now, active)

    def created(
        self, session: Session, now: float, active: float, *, least: float | None = None
    ) -> None:
        """Record the answer to POST; arguments as of `polled`."""
        self._under_way = False
        self._round_trip = now - self._last_sent
        if self.ran_out:
            # What was uncertain is known now. Nobody waits for its result any more.
            self.token = session.token
            self._finish_late(now)
            self.step, self.due = (LookupStep.CLOSE if self.close else None), now
            return
        self.token, self.session = session.token, session
        self._note_id(session)
        self._tries = self._throttles = 0
        self._providers = session.providers
        self._answered_by = "POST /sessions"
        if session.providers:
            self._finish(Outcome.SERVED, now, session=session)
        else:
            # An empty list says that the search is over, but not why nothing was found; only the
            # session itself names the agents (hum-api 6).
            immediate = session.providers is not None
            delay = 0.0 if immediate else self.policy.first()
            source: Source = "session" if immediate else self.first
            self._look_at(source, now, active, delay=delay, least=least)

    def polled(
        self, session: Session, now: float, active: float, *, least: float | None = None
    ) -> None:
        """Record the answer to a poll.

        Args:
            session: What it says.
            now: Present time.
            active: Present time less all pauses.
            least: Seconds that the answer asks to wait before the next poll.
        """
        self._under_way = False
        if self.ran_out:
            return
        poll = self._polling()
        self._throttles = 0
        if session.providers is not None:
            self._providers = session.providers
        if session.providers or not self._providers:
            self._answered_by = _ENDPOINTS[self.source]
        self.session = session = attrs.evolve(session, providers=self._providers)
        self.update = update = poll.answered(session, now, active, least=least)
        self.due = poll.due
        if update is not None:
            self._note_id(session)
        if update is None or not update.is_terminal:
            return
        if update.kind == UpdateKind.TIMED_OUT:
            self.ran_out = self._cut_short
            self._finish(Outcome.TIMED_OUT, now, session=session)
        elif (outcome := outcome_of(session)) is not None:
            self._finish(outcome, now, session=session)
        elif (other := self._next_source(session)) is not None:
            self._looked_again = other in self._asked
            self._look_at(other, now, active, spent=poll.spent(active))
        elif session.agents.get("internet") == AgentStatus.MATCHED or self._providers is None:
            error = ResponseError("the search is over, but no provider is listed", "$.data")
            self._finish(Outcome.FAILED, now, session=session, error=error)
        else:
            self._finish(Outcome.NO_PROVIDERS, now, session=session)

    def failed(self, error: HumError, now: float, active: float, *, random: float) -> None:
        """Record that the request of this step failed.

        Args:
            error: Why.
            now: Present time.
            active: Present time less all pauses.
            random: A number from 0 to 1, for jitter.
        """
        self._under_way = False
        if self.ran_out:
            if self.step is LookupStep.CLOSE:
                self.step = None
            elif self.token is None and not may_have_created(error):
                self._finish_late(now)
            return
        if is_throttle(error):
            self.asked_to_wait = error.retry_after if isinstance(error, ApiError) else None
            self._throttles += 1
            if self._throttles <= self.retry.throttles:
                self.throttled, self.due = True, now
                if self.step is LookupStep.POLL:
                    # Due since when it was due, so that it goes before later polls.
                    poll = self._polling()
                    poll.throttled(now)
                    self.due = poll.due
                return
        if self.step is LookupStep.POLL:
            self._poll_failed(error, now, active)
            return
        self._tries, self._throttles = self._tries + 1, 0
        delay = retry_delay(
            error,
            tries=self._tries,
            policy=self.retry,
            creates=self.step is LookupStep.CREATE,
            random=random,
        )
        if delay is not None and not is_throttle(error):
            self.due = now + delay
        elif self.step is LookupStep.CLOSE:
            # The session expires by itself; the result is safe.
            self.step = None
        else:
            self._finish(_why_not_created(error), now, error=error)

    def not_storable(self, error: HumError, now: float) -> None:
        """Record that the result cannot be kept: the look-up has failed, and is not closed."""
        self._finish(Outcome.FAILED, now, error=error)

    def answer(self, result: Qualification) -> None:
        """Take a result that was there already: no request is needed."""
        self._result, self.step = result, None

    def expire(self, now: float, timeout: float) -> None:
        """Record that the caller's time for the whole look-up is over.

        A result that is there stays. A session that is there is left open, so that it can be
        watched. A POST that is under way may have been taken: `UNCERTAIN`.

        Args:
            now: Present time.
            timeout: Seconds that the look-up had.
        """
        self.ran_out, self._time = True, timeout
        if self._result is None:
            self._finish_late(now)
        self.step = None

    def leave_open(self) -> None:
        """Send nothing more; the session goes on, if there is one."""
        self.step = None

    def closed(self) -> None:
        """Record that the session was closed."""
        self.step = None

    def abandon(self, now: float) -> None:
        """Give the look-up up; what is left is to close its session, if there is one."""
        if self._result is None:
            self._tries = self._throttles = 0
            self.step, self.due = (None if self.token is None else LookupStep.CLOSE), now

    def _finish_late(self, now: float) -> None:
        outcome, why = Outcome.TIMED_OUT, "its session may still be watched"
        if self.token is None and self._under_way:
            outcome, why = Outcome.UNCERTAIN, "a session may have been created"
        elif self.token is None:
            why = "its request had no effect, so nothing was bought"
        message = f"the look-up did not end within {self._time:g} s; {why}"
        self._finish(outcome, now, session=self.session, error=RequestTimeout(message))

    def _poll_failed(self, error: HumError, now: float, active: float) -> None:
        poll = self._polling()
        update = poll.give_up(error, now) if is_throttle(error) else poll.failed(error, now, active)
        self._throttles = 0
        self.due, self.update = poll.due, update
        gone = isinstance(error, SessionGone | SessionNotFound)
        if update is not None and gone and self._adopted and self.replace:
            # The session of the earlier run has ended, and its result with it.
            self._begin_anew(now)
        elif update is not None:
            outcome = Outcome.EXPIRED if update.kind == UpdateKind.GONE else Outcome.FAILED
            self._finish(outcome, now, session=poll.session, error=error)

    def _begin_anew(self, now: float) -> None:
        self.token, self._adopted, self._poll, self._providers = None, False, None, None
        self._looked_again, self._request_ids, self._answered_by = False, (), None
        self._asked.clear()
        self._tries = 0
        self.step, self.due = LookupStep.CREATE, now

    def _next_source(self, session: Session) -> Source | None:
        """Return the endpoint that may know more; None if all of them were asked."""
        other: Source = "internet" if self.source == "session" else "session"
        if len(self._asked) == 1:
            return other
        matched = session.agents.get("internet") == AgentStatus.MATCHED
        # The first look at the services may have been too early.
        too_early = matched and self.source == "session" and not self._looked_again
        return other if too_early else None

    def _polling(self) -> SessionPoll:
        if self._poll is None:
            raise RuntimeError("a poll was answered before the session was created")
        return self._poll

    def _look_at(  # noqa: PLR0913  the last three by name
        self,
        source: Source,
        now: float,
        active: float,
        *,
        spent: float = 0.0,
        delay: float = 0.0,
        least: float | None = None,
    ) -> None:
        """Poll this endpoint next.

        Args:
            source: The endpoint.
            now: Present time.
            active: Present time less all pauses.
            spent: Seconds of the budget that are used up.
            delay: Seconds until the first poll.
            least: Seconds that an answer asks to wait before it.
        """
        self._asked.add(source)
        self.source, self.step = source, LookupStep.POLL
        self._poll = SessionPoll(
            self.token or "",
            self._policy_until(now, spent),
            DEFAULT_AGENTS,
            source=source,
            spent=spent,
            charged_until=active,
            known=len(self._asked) > 1,
        )
        self._poll.plan_first(now, delay, least=least)
        self.due = self._poll.due

    def _policy_until(self, now: float, spent: float) -> PollPolicy:
        """Return the policy, within what is left of the time for all of it."""
        if self.until == math.inf:
            return self.policy
        least, most = _LAST_POLL
        self._cut_short = False
        left = self.until - now - min(max(2.0 * self._round_trip, least), most)
        budget = spent + max(left, 0.0)
        known = self.policy.budget
        if known is not None and known <= budget:
            return self.policy
        self._cut_short = True
        return WithBudget(self.policy, budget)

    def _note_id(self, session: Session) -> None:
        if session.request_id is not None:
            self._request_ids += (session.request_id,)

    def _observed_at(self, session: Session | None) -> datetime | None:
        if session is not None and session.responded_at is not None:
            return session.responded_at
        return self._sent_at

    def _finish(
        self,
        outcome: Outcome,
        now: float,
        *,
        session: Session | None = None,
        error: HumError | None = None,
    ) -> None:
        self._result = Qualification(
            key=self.key,
            address=self.address,
            outcome=outcome,
            providers=(session.providers or ()) if session and outcome == Outcome.SERVED else (),
            service_address=session.service_address if session else None,
            token=self.token,
            data_set=session.data_set if session else None,
            elapsed=now - self._began if self._began is not None else 0.0,
            observed_at=self._observed_at(session),
            error=error,
            request_ids=self._request_ids,
            source=self._answered_by if session else None,
        )
        self._tries = self._throttles = 0
        # A session whose result was not had can be taken up again, as long as it lives.
        closable = self.close and self.token is not None and outcome not in UNANSWERED
        self.step, self.due = (LookupStep.CLOSE if closable else None), now


def _why_not_created(error: HumError) -> Outcome:
    if isinstance(error, InvalidAddress):
        return Outcome.INVALID_ADDRESS
    return Outcome.UNCERTAIN if may_have_created(error) else Outcome.FAILED
