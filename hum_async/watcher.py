"""`AsyncSessionWatcher`: polls many sessions under one limit and yields what changes.

One heap of due times and one dispatcher whatever the number of tokens; a task exists only while a
request is under way. Streams are plain iterator objects, so that leaving a loop by any way at all
needs no clean-up (PEP 789 says why an async generator would).
"""

import asyncio
import contextlib
import copy
from collections import deque
from collections.abc import (
    AsyncIterable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Sequence,
)
from types import TracebackType
from typing import Any, Self

import attrs

from hum_async._calls import poll_call
from hum_async._channel import Channel
from hum_async._dispatch import Dispatcher
from hum_async._follow import Follow, Source
from hum_async._intake import feed
from hum_async._retry import is_throttle
from hum_async._schedule import DueHeap, GuidedPolling, PollPolicy
from hum_async.client import HumClient
from hum_async.errors import (
    AuthenticationError,
    ConfigurationError,
    HumError,
    WatcherClosed,
    WatcherFailed,
)
from hum_async.models import DEFAULT_AGENTS, SessionUpdate

__all__ = ["AsyncSessionWatcher", "WatchStream", "WatcherStatistics"]


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


@attrs.define(eq=False, repr=False)
class _Entry:
    """One token and the streams that want to know of it."""

    follow: Follow
    channels: list[Channel] = attrs.field(factory=list)


class AsyncSessionWatcher:
    """Polls many sessions at once under the client's limiter. An async context manager.

    Args:
        client: Whose API, key, limiter and retry policy are used; it is not closed.
        policy: When to poll; None for `GuidedPolling`, the API's own guidance.
        agents: Names of the agents to wait for.
        source: ``session`` polls the session, ``internet`` the services endpoint, whose last answer
            carries the providers.

    Raises:
        ValueError: An unknown source, or no agent to wait for.
    """

    def __init__(
        self,
        client: HumClient,
        *,
        policy: PollPolicy | None = None,
        agents: Sequence[str] = DEFAULT_AGENTS,
        source: Source = "session",
    ) -> None:
        if source not in {"session", "internet"}:
            raise ValueError(f"source must be 'session' or 'internet', not {source!r}")
        if isinstance(agents, str) or not agents:
            raise ValueError("agents must be a sequence of at least one agent's name")
        self._caller = client.caller
        self._policy = GuidedPolling() if policy is None else policy
        self._agents = tuple(agents)
        self._source: Source = source
        self._entries: dict[str, _Entry] = {}
        self._heap: DueHeap[_Entry] = DueHeap()
        self._channels: list[Channel] = []
        self._intake: deque[Channel] = deque()
        self._fresh: _Entry | None = None
        self._feeders: dict[Channel, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dispatcher: Dispatcher | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._failure_seen = False
        self._left_readers = False
        self._in_flight = 0
        self._polls = 0
        self._updates = 0
        self._throttled = 0

    def __repr__(self) -> str:
        state = "running" if self._running else "closed"
        return f"<AsyncSessionWatcher {state}, {len(self._entries)} polled>"

    # --- lifetime ---------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._supervisor is not None:
            raise RuntimeError("a watcher can be entered once; create another one")
        self._loop = asyncio.get_running_loop()
        self._dispatcher = Dispatcher(self._caller.limiter, work=self)
        # A task of its own: a task group around the caller's body would wrap its exceptions.
        self._supervisor = self._loop.create_task(
            self._supervise(self._dispatcher), name="hum-watcher"
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
        if self._failure is not None and exc is None and not self._failure_seen:
            raise self._why_closed() from self._failure

    async def aclose(self) -> None:
        """Stop polling; when this returns nothing is running any more. Idempotent."""
        supervisor = self._supervisor
        if supervisor is None:
            return
        supervisor.cancel()
        interrupted: asyncio.CancelledError | None = None
        while not supervisor.done():
            try:
                await asyncio.wait([supervisor])
            except asyncio.CancelledError as exc:
                interrupted = exc
        # A supervisor that was cancelled before its first step has not come past its own end.
        self._end_streams(self._why_closed)
        if interrupted is not None:
            raise interrupted

    # --- what users call --------------------------------------------------------------------------

    def watch(self, tokens: Iterable[str] | AsyncIterable[str]) -> "WatchStream":
        """Watch sessions; iterate over the returned stream with ``async for``.

        Args:
            tokens: Session tokens: any iterable, or an async iterable of any length, which is read
                only as fast as tokens can be polled on time. Duplicates count once.

        Raises:
            WatcherClosed: The watcher is not entered, or already left.
            TypeError: `tokens` is one string, or not iterable.
        """
        self._check_running()
        if isinstance(tokens, str | bytes):
            raise TypeError("watch() takes an iterable of tokens; write watch([token])")
        source = tokens if isinstance(tokens, AsyncIterable) else None
        ahead: Iterable[str] = () if isinstance(tokens, AsyncIterable) else tokens
        # A list may change under our hands, a generator is read as it comes.
        known = tuple(ahead) if isinstance(ahead, Collection) else None
        channel = Channel(
            known if known is not None else ahead, fed=source is not None, on_close=self._mark_left
        )
        self._channels.append(channel)
        self._join(channel, known or ())
        self._intake.append(channel)
        if source is not None and self._loop is not None:
            feeder = self._loop.create_task(self._feed(channel, source), name="hum-feed")
            self._feeders[channel] = feeder
            feeder.add_done_callback(lambda _: self._feeders.pop(channel, None))
        self._wake()
        return WatchStream(self, channel)

    def statistics(self) -> WatcherStatistics:
        """Return what the watcher is doing now."""
        self._sweep()
        now = self._loop.time() if self._loop else 0.0
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

    # --- for WatchStream --------------------------------------------------------------------------

    def add_to(self, channel: Channel, tokens: tuple[str, ...]) -> None:
        """Watch more tokens on a stream."""
        self._check_running()
        if not channel.open:
            raise WatcherClosed("this stream has ended; call watch() for another")
        for token in tokens:
            if not isinstance(token, str):
                raise TypeError(f"a session token is text, not {type(token).__name__}")
        channel.add(tokens)
        self._join(channel, tokens)
        if channel not in self._intake:
            self._intake.append(channel)
        self._wake()

    def discard_from(self, channel: Channel, tokens: tuple[str, ...]) -> None:
        """Watch tokens no longer on a stream."""
        for token in tokens:
            if channel.discard(token):
                self._unsubscribe(channel, token)
        self._wake()

    def reader_left(self) -> None:
        """Clean up after a stream that was closed."""
        self._wake()

    def check_loop(self) -> None:
        """Refuse another event loop than the watcher's."""
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError("a stream must be read on the event loop of its watcher")

    # --- Work, for the dispatcher -----------------------------------------------------------------

    def ready_at(self, now: float) -> float | None:
        """Return when there is something to poll."""
        self._sweep()
        while len(self._heap) and not self._is_live(self._heap.first()):
            self._heap.pop()
        due = self._heap.next_due()
        if due is not None and due <= now:
            return due
        return now if self._admit() else due

    def take(self, now: float) -> Coroutine[Any, Any, None] | None:
        """Return the poll that is most urgent: one that is due, else a new token's first."""
        self._sweep()
        while (entry := self._heap.pop_due(now)) is not None:
            if self._is_live(entry):
                return self._poll(entry)
        if self._admit():
            entry, self._fresh = self._fresh, None
            return self._poll(entry) if entry is not None else None
        return None

    # --- machinery --------------------------------------------------------------------------------

    @property
    def _running(self) -> bool:
        return self._supervisor is not None and not self._supervisor.done()

    def _check_running(self) -> None:
        if self._supervisor is None:
            raise WatcherClosed(
                "the watcher is not running; use `async with AsyncSessionWatcher(...) as watcher:`"
            )
        if not self._running:
            raise self._why_closed()

    def _why_closed(self) -> BaseException:
        if self._failure is None:
            return WatcherClosed("the watcher was closed; open another one to go on")
        self._failure_seen = True
        failed = WatcherFailed("the watcher stopped because of a fault of its own; see the cause")
        failed.__cause__ = self._failure
        return failed

    def _wake(self) -> None:
        if self._dispatcher is not None:
            self._dispatcher.wake()

    async def _supervise(self, dispatcher: Dispatcher) -> None:
        try:
            await dispatcher.run()
        except Exception as exc:  # noqa: BLE001  a bug; it is reported to everybody who reads
            self._failure = _only_one(exc)
        finally:
            feeders = list(self._feeders.values())
            self._end_streams(self._why_closed)
            await asyncio.gather(*feeders, return_exceptions=True)

    def _end_streams(self, why: Callable[[], BaseException]) -> None:
        for feeder in self._feeders.values():
            feeder.cancel()
        for channel in self._channels:
            channel.fail(why)
        self._channels.clear()
        self._intake.clear()
        self._entries.clear()
        self._heap.clear()
        self._fresh = None

    def _mark_left(self) -> None:
        self._left_readers = True

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
            if channel in self._feeders:
                self._feeders[channel].cancel()

    def _is_live(self, entry: _Entry) -> bool:
        return self._entries.get(entry.follow.token) is entry

    def _unsubscribe(self, channel: Channel, token: str) -> None:
        entry = self._entries.get(token)
        if entry is not None and channel in entry.channels:
            entry.channels.remove(channel)
            if not entry.channels:
                del self._entries[token]

    def _join(self, channel: Channel, tokens: Iterable[str]) -> None:
        """Let a stream join those tokens that are polled already; it first gets their state."""
        for token in tokens:
            entry = self._entries.get(token)
            if entry is not None and channel.claim(token):
                self._subscribe(channel, entry)

    def _subscribe(self, channel: Channel, entry: _Entry) -> None:
        entry.channels.append(channel)
        if self._loop is not None and (state := entry.follow.current(self._loop.time())):
            channel.put(state)

    def _admit(self) -> bool:
        """Have one new token at hand, if there is any; streams take turns."""
        if self._fresh is not None and self._is_live(self._fresh):
            return True
        self._fresh = None
        while self._intake:
            channel = self._intake.popleft()
            try:
                token = channel.take()
            except Exception as exc:  # noqa: BLE001  of the user's own iterable; its reader sees it
                channel.fail(_again(exc))
                continue
            if token is None:
                channel.wake()
                continue
            self._intake.append(channel)
            entry = self._entries.get(token)
            if entry is None:
                follow = Follow(token, self._policy, self._agents, source=self._source)
                self._fresh = self._entries[token] = _Entry(follow, [channel])
                return True
            self._subscribe(channel, entry)
        return False

    async def _feed(self, channel: Channel, tokens: AsyncIterable[str]) -> None:
        def on_item() -> None:
            if channel.open and channel not in self._intake:
                self._intake.append(channel)
            channel.wake()
            self._wake()

        try:
            await feed(tokens, channel.intake, on_item=on_item)
        except Exception as exc:  # noqa: BLE001  of the user's own iterable; its reader sees it
            channel.fail(_again(exc))

    async def _poll(self, entry: _Entry) -> None:
        if not self._is_live(entry):
            return
        clock = asyncio.get_running_loop().time
        limiter, follow = self._caller.limiter, entry.follow
        now = clock()
        follow.sent(now, now - limiter.paused_seconds())
        self._in_flight += 1
        try:
            session = await self._caller.attempt(poll_call(follow.token, source=self._source))
        except (AuthenticationError, ConfigurationError) as exc:
            # Every token would meet the same answer: it ends every stream.
            self._end_streams(_again(exc))
            return
        except HumError as exc:
            update = self._failed(follow, exc, clock())
        else:
            now = clock()
            self._polls += 1
            update = follow.answered(session, now, now - limiter.paused_seconds())
        finally:
            self._in_flight -= 1
        self._deliver(entry, update)

    def _failed(self, follow: Follow, error: HumError, now: float) -> SessionUpdate | None:
        if not is_throttle(error):
            self._polls += 1
            return follow.failed(error, now, now - self._caller.limiter.paused_seconds())
        self._throttled += 1
        follow.throttled(now)
        if follow.throttles > self._caller.retry.throttles:
            return follow.give_up(error, now)
        return None

    def _deliver(self, entry: _Entry, update: SessionUpdate | None) -> None:
        if not self._is_live(entry):
            return
        if update is not None:
            self._updates += 1
            for channel in entry.channels:
                channel.put(update)
        if entry.follow.ended:
            del self._entries[entry.follow.token]
        else:
            self._heap.push(entry.follow.due, entry)
            self._wake()


def _only_one(exc: Exception) -> Exception:
    """Return what a task group wrapped, if it was one exception."""
    if isinstance(exc, ExceptionGroup) and len(exc.exceptions) == 1:
        inner: Exception = exc.exceptions[0]
        return inner
    return exc


def _again(exc: Exception) -> Callable[[], BaseException]:
    """Return a maker of an exception, so that several readers do not share one traceback."""

    def make() -> BaseException:
        return copy.copy(exc) if isinstance(exc, HumError) else exc

    return make


class WatchStream:
    """What `AsyncSessionWatcher.watch` returns: an async iterator of `SessionUpdate`.

    Drop it, `break` out of its loop or close it; nothing else needs to be done. As async context
    manager it is closed at the end of the block.
    """

    __slots__ = ("__weakref__", "_channel", "_watcher")

    def __init__(self, watcher: AsyncSessionWatcher, channel: Channel) -> None:
        self._watcher = watcher
        self._channel = channel

    def __aiter__(self) -> "WatchStream":
        return self

    async def __anext__(self) -> SessionUpdate:
        """Return the next update.

        Raises:
            StopAsyncIteration: Every token has had its terminal update, or the stream was closed.
            AuthenticationError: The key is not accepted (any more).
            WatcherClosed: The watcher was left while tokens were still being watched.
            WatcherFailed: The watcher died.
            StreamBusy: Another task is waiting on this stream.
        """
        self._watcher.check_loop()
        return await self._channel.get()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        # `break` lands here, perhaps in another thread: no loop may be touched.
        self._channel.close()

    def add(self, *tokens: str) -> None:
        """Watch more tokens; one that this stream knows already is ignored.

        Raises:
            WatcherClosed: The stream or its watcher has ended.
        """
        self._watcher.add_to(self._channel, tokens)

    def discard(self, *tokens: str) -> None:
        """Watch tokens no longer; they get no terminal update. Unknown ones are ignored."""
        self._watcher.discard_from(self._channel, tokens)

    def close(self) -> None:
        """End the stream now. Idempotent; sessions that nobody else watches are polled no more."""
        self._channel.close()
        self._channel.wake()
        self._watcher.reader_left()

    async def aclose(self) -> None:
        """End the stream now, as `close`."""
        self.close()
