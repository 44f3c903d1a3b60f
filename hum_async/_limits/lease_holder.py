"""One member of a shared limit: the instants it holds, what it has to tell, and when to ask again.

Synchronous and without a clock: ``now`` is an argument, in seconds of the member's clock.
"""

import bisect
import math
from collections import deque
from collections.abc import Sequence
from typing import Any

from hum_async._limits.lease_reports import Answer, Bounds, Lease, Report
from hum_async._limits.leases import NEAR_SECONDS, SharedLimit
from hum_async._limits.pacing import MAX_PAUSE, PauseGate, RateController
from hum_async._limits.priorities import Priority
from hum_async._limits.rate_limit_headers import RateLimitHeaders

LATE_SECONDS = 0.05
"""Seconds after which an instant is too late: the next member's instants have begun."""

HEARTBEAT_SECONDS = 20.0
"""Seconds after which a member that sends nothing says that it is there."""

RETRY_SECONDS, IDLE_RETRY_SECONDS = 1.0, 5.0
"""Seconds between two tries to reach a store that is lost, while requests wait, and otherwise."""

ASKS_PER_LEASE = 4.0
"""How often a member that still holds instants asks for more, in the time of all leases."""

SOON_SECONDS = 0.03
"""Seconds for which a request waits for an instant that its member has, however urgent it is."""

_MOST_ANSWERS = 2000
"""Answers that are remembered until they can be told; more say nothing new."""

_UNTOLD_PAUSE = 1.0
"""Seconds of a pause whose length neither the server nor, yet, the shared state has said."""

_SMOOTHING = 0.2
"""Weight of the last exchange in the time that an exchange takes."""


class LeaseHolder:
    """A member's side of a `SharedLimit`. It is the `Pace` of its `RateLimiter`.

    Args:
        member: Its name among the members.
        bounds: What it asks of the limit.
    """

    def __init__(self, member: str, bounds: Bounds) -> None:
        self.member = member
        self.bounds = bounds
        self.gate = PauseGate()
        self.exchanges = 0
        """Exchanges so far."""
        self.members = 1
        """Members that were listed at the last exchange."""
        self.lost_at: float | None = None
        """When the store was lost; None if it is not."""
        self._instants: deque[float] = deque()
        # Those of them that were leased for `Priority.INTERACTIVE`.
        self._for_people: deque[float] = deque()
        self._answers: deque[Answer] = deque(maxlen=_MOST_ANSWERS)
        self._unused = 0
        # Instants used since the last exchange.
        self._used = 0
        self._urgent = False
        self._last: Lease | None = None
        self._asked_at = -math.inf
        # Seconds that an exchange takes, and of them those after the store has read its clock.
        self._exchange_seconds = self._ready_seconds = 0.0
        # While the store is lost.
        self._alone: RateController | None = None
        self._retry_at = math.inf
        self._resume_at: float | None = None

    # --- the pace of a limiter

    @property
    def rate(self) -> float:
        """Requests per second of all members together."""
        if self._alone is not None:
            return self._alone.rate * self.members
        if self._last is not None:
            return self._last.rate
        return RateController(rate=self.bounds.rate, max_rate=self.bounds.max_rate).rate

    @property
    def found(self) -> float | None:
        """The rate of all members together that was found to hold."""
        if self._alone is not None:
            found = self._alone.found
            return None if found is None else found * self.members
        return self._last.found_rate if self._last else None

    @property
    def searching(self) -> bool:
        """Whether a limit is looked for and none has been found yet."""
        if self._alone is not None:
            return self._alone.searching
        return self._last.searching if self._last else self.bounds.rate is None

    def resume(self, rate: float) -> None:
        """Tell the others a rate that was found earlier, unless they have found one."""
        self._resume_at = rate
        if self._alone is not None:
            self._alone.resume(rate / self.members)

    def restarted(self) -> "LeaseHolder":
        """Return a member for another clock: the rate stays, all times are forgotten."""
        fresh = LeaseHolder(self.member, self.bounds)
        fresh._resume_at, fresh.exchanges = self.found or self._resume_at, self.exchanges
        return fresh

    def ready_at(self, since: float) -> float:
        """Return when the next request may go; infinity while no instant is held."""
        if self._instants:
            return max(self._instants[0], self.gate.until)
        if self._alone is not None:
            return max(self._alone.ready_at(since), self.gate.until)
        return math.inf

    def take(self, now: float, since: float) -> None:
        """Use up one request, which has been waiting since `since`."""
        self._used += 1
        if self._instants:
            self._instants.popleft()
        elif self._alone is not None:
            self._alone.take(now, since)

    def give_back(self) -> None:
        """Return a request that was taken and not sent."""
        self._used -= 1
        self._unused += 1

    def answered(self, now: float, sent: float) -> None:
        """Remember an answer, to tell it."""
        self.gate.answered(sent)
        self._hear(Answer(now, sent))

    def throttled(
        self,
        now: float,
        retry_after: float | None,
        *,
        sent: float | None = None,
        jitter: float = 0.0,
    ) -> None:
        """Pause at once, and have it told at once."""
        seconds = retry_after if retry_after and math.isfinite(retry_after) else _UNTOLD_PAUSE
        self._pause(now, now + min(seconds, MAX_PAUSE))
        self._urgent = True
        self._hear(Answer(now, sent, refused=True, retry_after=retry_after, jitter=jitter))

    def advised(
        self, now: float, told: RateLimitHeaders, *, sent: float, jitter: float = 0.0
    ) -> None:
        """Remember the limit that headers name, and tell at once that it is used up."""
        # `answered` has remembered the same answer already, without its headers.
        if self._answers and self._answers[-1].sent == sent:
            self._answers.pop()
        answer = Answer(now, sent, headers=told, jitter=jitter)
        self._urgent = self._urgent or _is_news(answer)
        self._hear(answer)

    def _hear(self, answer: Answer) -> None:
        if self._alone is None:
            self._answers.append(answer)
            return
        if answer.refused:
            self._alone.throttled(
                answer.at, answer.retry_after, sent=answer.sent, jitter=answer.jitter
            )
        elif answer.sent is not None:
            self._alone.answered(answer.at, answer.sent)
            if answer.headers is not None:
                self._alone.advised(
                    answer.at, answer.headers, sent=answer.sent, jitter=answer.jitter
                )
        self._pause(answer.at, self._alone.gate.until)

    def _pause(self, now: float, until: float) -> None:
        if until > max(now, self.gate.until):
            self.gate.hold(now, until - now)
            self._instants.clear()
            self._for_people.clear()

    # --- exchanges

    def drop_late(self, now: float) -> None:
        """Give up instants that have passed."""
        while self._instants and self._instants[0] < now - LATE_SECONDS:
            self._instants.popleft()
            self._unused += 1
        while self._for_people and self._for_people[0] < now:
            self._for_people.popleft()

    def seems_free(self, now: float) -> bool:
        """Return whether an instant would probably be leased at once."""
        if self._alone is not None or self._instants:
            return self.ready_at(now) <= now
        last = self._last
        if last is None or now < max(self.gate.until, last.row_ends):
            return False
        # Where others used all of the rate, they probably still do.
        was_free = last.row_ends <= self._asked_at + max(NEAR_SECONDS, 2.0 / last.rate)
        return was_free or now > self._asked_at + IDLE_RETRY_SECONDS

    def ask_at(self, now: float, waiting: Sequence[int], room: int) -> float:
        """Return when to go to the store next; not before something of the arguments has changed.

        Args:
            now: The present time.
            waiting: Requests that wait, of each `Priority`.
            room: Requests that may begin now, as far as concurrency goes.
        """
        if self.lost_at is not None:
            return self._retry_at
        if self._urgent:
            return now
        wants = self._wants(now, waiting, room)
        if not any(wants):
            if sum(waiting) and self._instants and self._last:
                return self._asked_at + self._last.refresh
            return self._asked_at + HEARTBEAT_SECONDS
        last, soonest = self._last, max(now, self.gate.until)
        if last is not None and now >= self.gate.until:
            if not last.instants:
                soonest = min(last.again_at, self._asked_at + last.refresh)
            elif self._instants and not wants[Priority.INTERACTIVE]:
                soonest = self._asked_at + last.refresh / ASKS_PER_LEASE
        return max(now, soonest)

    def _wants(self, now: float, waiting: Sequence[int], room: int) -> tuple[int, ...]:
        """Return how many instants are wanted for each priority, beside those that are held."""
        # Requests will end as they have ended of late, and make room for others.
        usable = min(sum(waiting), room + max(0, self._used))
        people = waiting[Priority.INTERACTIVE]
        soon = bisect.bisect_right(self._instants, now + SOON_SECONDS)
        later = len(self._for_people) - bisect.bisect_right(self._for_people, now + SOON_SECONDS)
        held, enough = len(self._instants), self._last.size // 2 if self._last else 0
        urgent = 0 if later > enough else max(0, min(people - soon - later, usable))
        if held > enough:
            return urgent, 0, 0
        left = usable - urgent - held
        wants = [urgent]
        covered = held - min(held, people)
        for each in waiting[1:]:
            wanted = max(0, min(each - covered, left))
            covered, left = max(0, covered - each), left - wanted
            wants.append(wanted)
        return tuple(wants)

    def report(self, now: float, waiting: Sequence[int], room: int, *, leaving: bool) -> Report:
        """Return what to tell and to ask for at an exchange that begins now."""
        self._asked_at = now
        return Report(
            self.member,
            bounds=self.bounds,
            wants=(0, 0, 0) if leaving else self._wants(now, waiting, room),
            ready=self._ready_seconds,
            exchange=self._exchange_seconds,
            answers=tuple(self._answers),
            unused=self._unused,
            returned=tuple(self._instants) if leaving else (),
            paused_until=self.gate.until if self.lost_at is not None else -math.inf,
            found_rate=self._resume_at,
            leaving=leaving,
        )

    def leased(self, now: float, report: Report, lease: Lease, *, took: float) -> None:
        """Take what an exchange has brought.

        Args:
            now: The present time.
            report: What was told.
            lease: What was leased.
            took: Seconds since the store read its clock.
        """
        self.exchanges += 1
        if self._last is None:
            # It took the time to connect as well.
            self._exchange_seconds = self._ready_seconds = took
        else:
            self._ready_seconds += _SMOOTHING * (took - self._ready_seconds)
            whole = now - self._asked_at
            self._exchange_seconds += _SMOOTHING * (whole - self._exchange_seconds)
        for _ in report.answers:
            self._answers.popleft()
        self._unused -= report.unused
        self._used, self._urgent = 0, any(map(_is_news, self._answers))
        self._last, self.members, self._resume_at = lease, lease.members, None
        self.lost_at = self._alone = None
        self._pause(now, lease.paused_until)
        if self.gate.until <= now and lease.instants:
            self._instants = deque(sorted((*self._instants, *lease.instants)))
            self._for_people = deque(sorted((*self._for_people, *lease.urgent)))
        elif report.leaving:
            self._instants.clear()

    def _next_turn(self, own_rate: float) -> float:
        """Return when to begin at an even pace after the last lease.

        That is in the middle of the others' turns: then as much is sent as in turns.
        """
        last = self._last
        if last is None or not last.instants:
            return -math.inf
        others = len(last.instants) * (1.0 / own_rate - 1.0 / last.rate)
        return last.instants[-1] + others / 2.0

    def lost(self, now: float, copy: dict[str, Any] | None, *, shift: float, waits: bool) -> None:
        """Go on alone, because the store cannot be reached.

        Args:
            now: The present time.
            copy: A dump of the last shared state that is known; None if none ever was.
            shift: The clock of that state minus ours.
            waits: Whether requests wait.
        """
        self._retry_at = now + (RETRY_SECONDS if waits else IDLE_RETRY_SECONDS)
        self._asked_at, self._urgent = now, False
        if self.lost_at is not None:
            return
        self.lost_at = now
        if copy is None:
            bounds = self.bounds
            alone = RateController(rate=bounds.rate, max_rate=bounds.max_rate, burst=bounds.burst)
            if self._resume_at is not None:
                alone.resume(self._resume_at)
        else:
            # The instants that are held still hold. Then it is our turn again when all others have
            # had theirs.
            alone = SharedLimit.load(copy).alone(shift=-shift)
            alone.start_over(max(now, self._next_turn(alone.rate)))
        self._alone = alone
        told, self._answers = list(self._answers), deque(maxlen=_MOST_ANSWERS)
        for answer in told:
            self._hear(answer)


def _is_news(answer: Answer) -> bool:
    """Return whether the other members have to pause for an answer."""
    return answer.refused or (answer.headers is not None and answer.headers.remaining == 0)
