"""Which tokens are polled, for which streams, and which of them is polled next.

Entries in a heap and channels to streams; a `Dispatcher` serves the board as its work.
"""

import asyncio
import contextlib
import copy
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import attrs

from hum_async._api.endpoints import Source
from hum_async._api.retry import is_throttle
from hum_async._api.sender import RequestSender
from hum_async._polling.due_queue import DueQueue
from hum_async._polling.mailbox import Mailbox
from hum_async._polling.policies import PollPolicy
from hum_async._polling.response_store import ResponseStore
from hum_async._polling.watched_session import WatchedSession
from hum_async.errors import AuthenticationError, ConfigurationError, HumError
from hum_async.models import SessionUpdate

__all__ = ["Poller", "WatcherStatistics", "again"]

_OFTEN_ENOUGH = 3.0
"""Seconds between two looks at a token that the API asks for (hum-api 5: every 2-3 s). Nobody is
looked at again sooner while others have not been looked at even once."""


@attrs.frozen
class WatcherStatistics:
    """A watcher at one moment.

    Attributes:
        watched: Distinct tokens that have no terminal update yet, as far as they are known.
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
    """What one watcher polls.

    Args:
        caller: Sends the polls.
        policy: When to poll.
        agents: Names of the agents to wait for.
        source: Endpoint that is polled.
        wake: Called when there may be something new to poll.
        wake_soon: The same, from whatever thread.
        dropped: Called with a stream whose reader has left.
    """

    def __init__(  # noqa: PLR0913  what a watcher consists of, each by name
        self,
        caller: RequestSender,
        *,
        policy: PollPolicy,
        agents: tuple[str, ...],
        source: Source,
        wake: Callable[[], None],
        wake_soon: Callable[[], None],
        dropped: Callable[[Mailbox], None],
    ) -> None:
        self._caller = caller
        self._policy = policy
        self._agents = agents
        self._source: Source = source
        self._wake = wake
        self._wake_soon = wake_soon
        self._dropped = dropped
        self._entries: dict[str, WatchedSession] = {}
        self._shelf = ResponseStore()
        self._heap: DueQueue[WatchedSession] = DueQueue()
        self._channels: list[Mailbox] = []
        self._intake: deque[Mailbox] = deque()
        self._fresh: WatchedSession | None = None
        self._left_readers = False
        self._in_flight = self._polls = self._updates = self._throttled = 0

    # --- streams ----------------------------------------------------------------------------------

    def open_channel(self, tokens: Iterable[str], *, fed: bool, known: Iterable[str]) -> Mailbox:
        """Open a stream.

        Args:
            tokens: Where its tokens are taken from, lazily.
            fed: More are offered to its intake.
            known: Those of them that can be looked at now.
        """
        channel = Mailbox(tokens, fed=fed, on_close=self._mark_left)
        self._channels.append(channel)
        self._join(channel, known)
        self.offer(channel)
        return channel

    def offer(self, channel: Mailbox) -> None:
        """Tell that a stream may have tokens to take."""
        if channel.open and channel not in self._intake:
            self._intake.append(channel)
        channel.wake()
        self._wake()

    def add(self, channel: Mailbox, tokens: tuple[str, ...]) -> None:
        """Watch more tokens on a stream."""
        channel.add(tokens)
        self._join(channel, tokens)
        self.offer(channel)

    def discard(self, channel: Mailbox, tokens: tuple[str, ...]) -> None:
        """Watch tokens no longer on a stream."""
        for token in tokens:
            if channel.discard(token):
                self._unsubscribe(channel, token)
        self._wake()

    def end(self, why: Callable[[], BaseException]) -> None:
        """End every stream with an exception and forget everything."""
        for channel in self._channels:
            channel.fail(why)
            self._dropped(channel)
        self._channels.clear()
        self._intake.clear()
        self._entries.clear()
        self._heap.clear()
        self._fresh = None

    def statistics(self, now: float) -> WatcherStatistics:
        """Return what is going on."""
        self._sweep()
        due = self._heap.next_due()
        return WatcherStatistics(
            watched=len(self._entries) + sum(channel.intake.waiting for channel in self._channels),
            admitted=len(self._entries),
            in_flight=self._in_flight,
            polls=self._polls,
            updates=self._updates,
            throttled=self._throttled,
            oldest_due_age=max(0.0, now - due) if due is not None else 0.0,
        )

    # --- WorkSource, for the dispatcher -----------------------------------------------------------------

    def ready_at(self, now: float) -> float | None:
        """Return when there is something to poll."""
        due = self._next_due()
        if due is not None and due <= now:
            return due
        return now if self._admit() else due

    def take(self, now: float) -> Coroutine[Any, Any, None] | None:
        """Return the poll that is most urgent: one that is due, else a new token's first."""
        due = self._next_due()
        urgent = due is not None and due <= now
        if urgent and self._goes_first(self._heap.first(), now):
            return self._poll(self._heap.pop())
        if self._admit():
            entry, self._fresh = self._fresh, None
            return self._poll(entry) if entry is not None else None
        return self._poll(self._heap.pop()) if urgent else None

    # --- machinery --------------------------------------------------------------------------------

    def _mark_left(self) -> None:
        self._left_readers = True
        self._wake_soon()

    def _sweep(self) -> None:
        """Forget the streams whose readers have left."""
        if not self._left_readers:
            return
        self._left_readers = False
        for channel in [channel for channel in self._channels if channel.closed]:
            self._channels.remove(channel)
            with contextlib.suppress(ValueError):
                self._intake.remove(channel)
            for token in channel.pending:
                self._unsubscribe(channel, token)
            self._dropped(channel)

    def _next_due(self) -> float | None:
        """Return when the first poll is due, of a token that somebody still watches."""
        if self._left_readers:
            self._sweep()
        heap = self._heap
        while (due := heap.next_due()) is not None:
            if self._is_live(heap.first()):
                return due
            heap.pop()
        return None

    def _goes_first(self, entry: WatchedSession, now: float) -> bool:
        # A throttled poll goes back to the front.
        return entry.throttles > 0 or now - entry.sent_at >= _OFTEN_ENOUGH

    def _is_live(self, entry: WatchedSession) -> bool:
        return self._entries.get(entry.token) is entry

    def _unsubscribe(self, channel: Mailbox, token: str) -> None:
        entry = self._entries.get(token)
        if entry is not None and channel in entry.channels:
            entry.channels = tuple(other for other in entry.channels if other is not channel)
            if not entry.channels:
                del self._entries[token]

    def _join(self, channel: Mailbox, tokens: Iterable[str]) -> None:
        """Let a stream join those tokens that are polled already; it first gets their state."""
        for token in tokens:
            entry = self._entries.get(token)
            if entry is not None and channel.claim(token):
                self._subscribe(channel, entry)

    def _subscribe(self, channel: Mailbox, entry: WatchedSession) -> None:
        entry.channels = (*entry.channels, channel)
        state = entry.current(asyncio.get_running_loop().time())
        if state is not None:
            channel.put(state)

    def _admit(self) -> bool:
        """Have one new token at hand, if there is any; streams take turns."""
        if self._fresh is not None:
            if self._is_live(self._fresh):
                return True
            self._fresh = None
        while self._intake:
            channel = self._intake.popleft()
            try:
                token = channel.take()
            except Exception as exc:  # noqa: BLE001  of the user's own iterable; its reader sees it
                channel.fail(again(exc), by_source=True)
                continue
            if token is None:
                channel.wake()
                continue
            self._intake.append(channel)
            entry = self._entries.get(token)
            if entry is None:
                self._fresh = self._entries[token] = self._watched(token, channel)
                return True
            self._subscribe(channel, entry)
        return False

    def _watched(self, token: str, channel: Mailbox) -> WatchedSession:
        return WatchedSession(
            token,
            self._policy,
            self._agents,
            source=self._source,
            shelf=self._shelf,
            channels=channel.alone,
        )

    async def _poll(self, entry: WatchedSession) -> None:
        if not self._is_live(entry):
            return
        entry.sent(*self._caller.clocks())
        self._in_flight += 1
        try:
            update = await self._ask(entry)
        except (AuthenticationError, ConfigurationError) as exc:
            # Every token would meet the same answer: it ends every stream.
            self.end(again(exc))
            return
        except HumError as exc:
            update = self._failed(entry, exc)
        finally:
            self._in_flight -= 1
        self._deliver(entry, update)

    async def _ask(self, entry: WatchedSession) -> SessionUpdate | None:
        """Look at a session; return the update that its answer makes, if it tells anything new."""
        call = entry.call()
        response = await self._caller.exchange(call)
        body, processing = response.body, response.status == 202  # noqa: PLR2004  Accepted
        if entry.is_again(body, processing=processing):
            update = entry.unchanged(*self._caller.clocks())
        else:
            session = self._caller.read(call, response)
            update = entry.answered(session, *self._caller.clocks())
            if not entry.ended:
                entry.keep(body, processing=processing, among=len(self._entries))
        self._polls += 1
        return update

    def _failed(self, entry: WatchedSession, error: HumError) -> SessionUpdate | None:
        now, active = self._caller.clocks()
        if not is_throttle(error):
            self._polls += 1
            return entry.failed(error, now, active)
        self._throttled += 1
        entry.throttled(now)
        if entry.throttles > self._caller.retry.throttles:
            return entry.give_up(error, now)
        return None

    def _deliver(self, entry: WatchedSession, update: SessionUpdate | None) -> None:
        if not self._is_live(entry):
            return
        if update is not None:
            self._updates += 1
            for channel in entry.channels:
                channel.put(update)
        if entry.ended:
            del self._entries[entry.token]
        else:
            # Whoever has this poll done looks by itself what is due next.
            self._heap.push(entry.due, entry)


def again(exc: Exception) -> Callable[[], BaseException]:
    """Return a maker of an exception, so that several readers do not share one traceback."""

    def make() -> BaseException:
        return copy.copy(exc) if isinstance(exc, HumError) else exc

    return make
