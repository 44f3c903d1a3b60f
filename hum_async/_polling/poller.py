"""Which tokens are polled, for which streams, and which of them is polled next.

Admission: a new token gets its first poll only when no poll is due that was sent long enough ago
(`OFTEN_ENOUGH`). So no more tokens are admitted than the limit can poll on time; the others wait,
unpolled, and their budget does not begin. Ten thousand tokens under 20 requests/s are polled in
turn, and none of them times out in our own queue.
"""

import asyncio
import contextlib
import copy
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextvars import copy_context
from typing import Any

import attrs

from hum_async._api.endpoints import (
    ACCEPTED,
    REQUEST_ID,
    RETRY_AFTER,
    ApiRequest,
    Source,
    headers_of,
    least_wait,
)
from hum_async._api.retry import is_throttle
from hum_async._api.sender import RequestSender, wall_clock
from hum_async._polling.due_queue import DueQueue
from hum_async._polling.mailbox import Mailbox
from hum_async._polling.policies import PollPolicy
from hum_async._polling.response_store import ResponseStore
from hum_async._polling.tokens import Watchable, token_of
from hum_async._polling.watched_session import WatchedSession
from hum_async._polling.watched_token import WatchedToken
from hum_async._telemetry import Operations, Telemetry, within
from hum_async._values import Value
from hum_async.errors import AuthenticationError, ConfigurationError, HumError
from hum_async.models import RawResponse, Session, SessionUpdate

logger = logging.getLogger("hum_async.watcher")

OFTEN_ENOUGH = 3.0
"""Seconds between two polls of a token that the API asks for (hum-api 5: every 2-3 s). No token is
polled again sooner while others have not been polled at all."""

_MAX_SPARE = 64
"""States to use again that are kept; about as many polls are under way."""


@attrs.frozen(eq=False, repr=False)
class WatcherStatistics(Value):
    """A watcher at one moment.

    Attributes:
        watched: Distinct tokens without a terminal update, as far as they are known.
        admitted: Those of them that are being polled; the others wait for room under the limit.
        in_flight: Polls under way.
        polls: Polls answered so far, throttled ones not counted.
        updates: Updates made so far.
        throttled: Polls that were answered 429 so far.
        oldest_due_age: Seconds by which the most overdue poll is late; 0 if none is.
    """

    watched: int
    admitted: int
    in_flight: int
    polls: int
    updates: int
    throttled: int
    oldest_due_age: float


class Poller:
    """Polls the tokens of one watcher. A `WorkSource` for its dispatcher.

    Args:
        sender: Sends the polls.
        policy: When to poll.
        agents: Names of the agents to wait for.
        source: Endpoint that is polled.
        wake: Called when there may be a new poll to send.
        wake_soon: The same, from whatever thread.
        on_left: Called with the mailbox of a stream that has ended or whose reader has left.
    """

    def __init__(  # noqa: PLR0913  the parts of a watcher, each by name
        self,
        sender: RequestSender,
        *,
        policy: PollPolicy,
        agents: tuple[str, ...],
        source: Source,
        wake: Callable[[], None],
        wake_soon: Callable[[], None],
        on_left: Callable[[Mailbox], None],
    ) -> None:
        self._sender = sender
        self._policy = policy
        self._agents = agents
        self._source: Source = source
        self._wake = wake
        self._wake_soon = wake_soon
        self._on_left = on_left
        self._entries: dict[str, WatchedToken] = {}
        self._operations = Operations("watcher")
        self._store = ResponseStore()
        self._due: DueQueue[WatchedToken] = DueQueue()
        self._mailboxes: list[Mailbox] = []
        # Mailboxes that may have a new token; they take turns.
        self._offering: deque[Mailbox] = deque()
        # An admitted token before its first poll.
        self._next_new: WatchedToken | None = None
        # Tokens whose polls are due and whose readers rest.
        self._parked: set[WatchedToken] = set()
        # States of tokens that sleep now, for those that wake.
        self._spare: list[WatchedSession] = []
        self._readers_left = False
        self._in_flight = self._polls = self._updates = self._throttled = 0

    # --- streams ----------------------------------------------------------------------------------

    def open_mailbox(
        self, tokens: Iterable[Watchable], *, fed: bool, known: Iterable[str]
    ) -> Mailbox:
        """Open a stream.

        Args:
            tokens: Its tokens, or sessions that have them, read lazily.
            fed: More tokens will be offered to its intake.
            known: Those of the tokens that are there already.
        """
        mailbox = Mailbox(tokens, fed=fed, on_close=self._reader_left, on_resume=self._reader_back)
        if self._sender.telemetry is not None:
            mailbox.origin = copy_context()
        self._mailboxes.append(mailbox)
        self._join(mailbox, known)
        self.offer(mailbox)
        return mailbox

    def offer(self, mailbox: Mailbox) -> None:
        """Look for new tokens in a mailbox."""
        if mailbox.open and mailbox not in self._offering:
            self._offering.append(mailbox)
        mailbox.wake()
        self._wake()

    def add(self, mailbox: Mailbox, items: tuple[Watchable, ...]) -> None:
        """Watch more sessions on a stream.

        Raises:
            TypeError: One is neither a token nor a session; none is watched.
        """
        tokens = tuple(map(token_of, items))
        mailbox.add(items)
        self._join(mailbox, tokens)
        self.offer(mailbox)

    def discard(self, mailbox: Mailbox, tokens: tuple[str, ...]) -> None:
        """Watch tokens no longer on a stream."""
        for token in tokens:
            if mailbox.discard(token):
                self._unsubscribe(mailbox, token)
        self._wake()

    def end(self, why: Callable[[], BaseException]) -> None:
        """End every stream with an exception and forget everything."""
        for mailbox in self._mailboxes:
            mailbox.fail(why)
            self._on_left(mailbox)
        self._mailboxes.clear()
        self._offering.clear()
        for entry in self._entries.values():
            entry.mailboxes = ()
        self._entries.clear()
        self._due.clear()
        self._parked.clear()
        self._operations.end_all()
        self._next_new = None

    def statistics(self, now: float) -> WatcherStatistics:
        """Return what is going on."""
        if self._readers_left:
            self._sweep()
        due = self._due.next_due()
        waiting = sum(mailbox.intake.waiting for mailbox in self._mailboxes)
        return WatcherStatistics(
            watched=len(self._entries) + waiting,
            admitted=len(self._entries),
            in_flight=self._in_flight,
            polls=self._polls,
            updates=self._updates,
            throttled=self._throttled,
            oldest_due_age=max(0.0, now - due) if due is not None else 0.0,
        )

    # --- WorkSource, for the dispatcher -----------------------------------------------------------

    def ready_at(self, now: float) -> float | None:
        """Return when there is a poll to send."""
        head = self._first_due()
        if head is not None and head[0] <= now:
            return head[0]
        self._admit()
        if self._next_new is not None:
            return now
        return None if head is None else head[0]

    def take(self, now: float, due_by: float) -> Coroutine[Any, Any, None] | None:
        """Return the most urgent poll: one that is due, else a new token's first."""
        head = self._first_due()
        urgent = head is not None and head[0] <= due_by
        # Mostly every token is admitted, and nothing has to be weighed.
        new = self._next_new is not None or self._offering
        if head is not None and urgent and (not new or self._goes_first(head[2], due_by)):
            return self._poll(self._due.pop(), now)
        self._admit()
        if self._next_new is not None:
            entry, self._next_new = self._next_new, None
            return self._poll(entry, now)
        return self._poll(self._due.pop(), now) if urgent else None

    # --- machinery --------------------------------------------------------------------------------

    def _reader_left(self) -> None:
        self._readers_left = True
        self._wake_soon()

    def _reader_back(self, mailbox: Mailbox) -> None:
        """Poll again what was put aside while the reader rested."""
        for entry in [entry for entry in self._parked if mailbox in entry.mailboxes]:
            self._unpark(entry)
        self.offer(mailbox)

    def _unpark(self, entry: WatchedToken) -> None:
        self._parked.discard(entry)
        self._due.push(entry.due, entry)

    def _sweep(self) -> None:
        """Forget the streams whose readers have left."""
        self._readers_left = False
        for mailbox in [mailbox for mailbox in self._mailboxes if mailbox.closed]:
            self._mailboxes.remove(mailbox)
            with contextlib.suppress(ValueError):
                self._offering.remove(mailbox)
            for token in mailbox.pending:
                self._unsubscribe(mailbox, token)
            self._on_left(mailbox)

    def _first_due(self) -> tuple[float, int, WatchedToken] | None:
        """Return the first poll that is due, as `DueQueue.head` does.

        Those of tokens that no stream watches are dropped on the way.
        """
        if self._readers_left:
            self._sweep()
        due = self._due
        while (head := due.head()) is not None:
            entry = head[2]
            if not entry.resting:
                return head
            # Without a mailbox nobody watches it any more.
            if entry.mailboxes:
                self._parked.add(entry)
            due.pop()
        return None

    def _goes_first(self, entry: WatchedToken, now: float) -> bool:
        # A throttled poll goes back to the front.
        return entry.throttled or now - entry.sent_at >= OFTEN_ENOUGH

    def _unsubscribe(self, mailbox: Mailbox, token: str) -> None:
        entry = self._entries.get(token)
        if entry is not None and mailbox in entry.mailboxes:
            entry.mailboxes = tuple(other for other in entry.mailboxes if other is not mailbox)
            if not entry.mailboxes:
                del self._entries[token]
                self._parked.discard(entry)
                self._operations.end(entry)

    def _join(self, mailbox: Mailbox, tokens: Iterable[str]) -> None:
        """Let a stream join those tokens that are polled already; it first gets their state."""
        if not self._entries:
            return
        for token in tokens:
            entry = self._entries.get(token)
            if entry is not None and mailbox.claim(token):
                self._subscribe(mailbox, entry)

    def _subscribe(self, mailbox: Mailbox, entry: WatchedToken) -> None:
        entry.mailboxes = (*entry.mailboxes, mailbox)
        if entry in self._parked:
            self._unpark(entry)
        known = self._state(entry).current(asyncio.get_running_loop().time())
        if known is not None:
            mailbox.put(known, terminal=False)

    def _admit(self) -> None:
        """Ensure that `_next_new` holds an unpolled token, if there is one; round-robin."""
        if (entry := self._next_new) is not None and entry.mailboxes:
            if not entry.resting:
                return
            self._parked.add(entry)
        self._next_new = None
        while self._offering:
            mailbox = self._offering.popleft()
            if mailbox.resting:
                continue
            try:
                token = mailbox.take()
            except Exception as exc:  # noqa: BLE001  of the user's own iterable; its reader sees it
                mailbox.fail(copier(exc), by_source=True)
                continue
            if token is None:
                mailbox.wake()
                continue
            self._offering.append(mailbox)
            entry = self._entries.get(token)
            if entry is None:
                self._next_new = self._entries[token] = WatchedToken(token, mailbox.only_me)
                return
            self._subscribe(mailbox, entry)

    def _state(self, entry: WatchedToken) -> WatchedSession:
        """Return the state of polling a token."""
        return entry.awake or entry.unpacked(self._new_state(entry))

    def _new_state(self, entry: WatchedToken) -> WatchedSession:
        return WatchedSession(
            entry.token, self._policy, self._agents, source=self._source, store=self._store
        )

    def _awaken(self, entry: WatchedToken) -> WatchedSession:
        """Wake the state of polling a token."""
        # To make a state takes twice as long as to fill one in.
        reused = entry.asleep and self._spare
        entry.awake = entry.unpacked(self._spare.pop() if reused else self._new_state(entry))
        return entry.awake

    def _poll(self, entry: WatchedToken, now: float) -> Coroutine[Any, Any, None]:
        poll, telemetry = self._send(entry, now), self._sender.telemetry
        return poll if telemetry is None else self._poll_told(entry, poll, telemetry)

    async def _poll_told(
        self, entry: WatchedToken, poll: Coroutine[Any, Any, None], telemetry: Telemetry
    ) -> None:
        # Of several streams the one that asked first.
        origin = next((mailbox.origin for mailbox in entry.mailboxes), None)
        await within(self._operations.begin(telemetry, entry, origin=origin), poll)
        if not entry.mailboxes:
            self._operations.end(entry)

    async def _send(self, entry: WatchedToken, now: float) -> None:
        now, active = self._sender.clocks(now)
        state = entry.awake or self._awaken(entry)
        state.sent(now, active)
        self._in_flight += 1
        try:
            request = state.request()
            response = await self._sender.exchange(request, now=now)
            update = self._heed(state, request, response)
        except (AuthenticationError, ConfigurationError) as exc:
            if not entry.mailboxes:
                return  # another poll has met it before
            # Every token would meet the same answer: it ends every stream.
            logger.error("every stream ends: %s", type(exc).__name__)  # noqa: TRY400  readers get it
            self.end(copier(exc))
            return
        except HumError as exc:
            update = self._failed(state, exc)
        finally:
            self._in_flight -= 1
        self._deliver(entry, state, update)

    def _heed(
        self, state: WatchedSession, request: ApiRequest[Session], response: RawResponse
    ) -> SessionUpdate | None:
        """Return the update that an answer makes, if it shows anything new.

        Raises:
            HumError: It says that the request failed, or cannot be understood.
        """
        sender, body, processing = self._sender, response.body, response.status == ACCEPTED
        now, active = sender.clocks()
        # Most answers have neither of the two headers: calls that only find that out are left out.
        headers, least = headers_of(response), None
        if RETRY_AFTER in headers:
            least = least_wait(response, wall_clock=wall_clock)
        if state.repeats(body, processing=processing):
            # Not decoded: most polls of a session find what the one before found.
            if REQUEST_ID in headers:
                state.name_answer(sender.request_id_of(request, response))
            update = state.unchanged(now, active, least=least)
        else:
            session = sender.read(request, response)
            update = state.answered(session, now, active, least=least)
            if not state.ended:
                state.keep(body, processing=processing, among=len(self._entries))
        self._polls += 1
        return update

    def _failed(self, state: WatchedSession, error: HumError) -> SessionUpdate | None:
        now, active = self._sender.clocks()
        if not is_throttle(error):
            self._polls += 1
            return state.failed(error, now, active)
        self._throttled += 1
        state.throttled(now)
        if state.throttles > self._sender.retry.throttles:
            return state.give_up(error, now)
        return None

    def _deliver(
        self, entry: WatchedToken, state: WatchedSession, update: SessionUpdate | None
    ) -> None:
        if not entry.mailboxes:  # nobody watches it any more
            return
        ended = update is not None and state.ended
        if update is not None:
            self._updates += 1
            for mailbox in entry.mailboxes:
                mailbox.put(update, terminal=ended)
            if ended:
                self._operations.settle(entry, update.kind, update.error)
        if ended:
            del self._entries[entry.token]
            entry.mailboxes = ()
        else:
            # The worker that ran this poll looks by itself for what is due next.
            self._due.push(state.due, entry)
            sleeps = len(self._entries) > self._store.few and entry.sleep()
            if sleeps and len(self._spare) < _MAX_SPARE:
                self._spare.append(state)


def copier(exc: Exception) -> Callable[[], BaseException]:
    """Return a maker of copies of an exception: two readers must not share one traceback."""

    def make() -> BaseException:
        return copy.copy(exc) if isinstance(exc, HumError) else exc

    return make
