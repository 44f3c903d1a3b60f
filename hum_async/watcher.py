"""`AsyncSessionWatcher`: polls many sessions under one limit and yields what changes.

One heap of due times and one dispatcher whatever the number of tokens; a task exists only while a
request is under way. Streams are plain iterator objects, so that leaving a loop by any way at all
needs no clean-up (PEP 789 says why an async generator would).
"""

import asyncio
import contextlib
from collections.abc import (
    AsyncIterable,
    Collection,
    Iterable,
    Sequence,
)
from types import TracebackType
from typing import Self

from hum_async._api.endpoints import Source
from hum_async._polling.dispatcher import Dispatcher, end_tasks
from hum_async._polling.intake import feed
from hum_async._polling.mailbox import Mailbox
from hum_async._polling.policies import GuidedPolling, PollPolicy
from hum_async._polling.poller import Poller, WatcherStatistics, again
from hum_async.client import HumClient
from hum_async.errors import (
    WatcherClosed,
    WatcherFailed,
)
from hum_async.models import DEFAULT_AGENTS, SessionUpdate

__all__ = ["AsyncSessionWatcher", "WatchStream", "WatcherStatistics"]


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
        self._limiter = client.limiter
        self._board = Poller(
            client.caller,
            policy=GuidedPolling() if policy is None else policy,
            agents=tuple(agents),
            source=source,
            wake=self._wake,
            wake_soon=self._wake_soon,
            dropped=self._stop_feeder,
        )
        self._feeders: dict[Mailbox, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dispatcher: Dispatcher | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._failure_seen = False

    def __repr__(self) -> str:
        state = "running" if self._running else "closed"
        return f"<AsyncSessionWatcher {state}>"

    # --- lifetime ---------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._supervisor is not None:
            raise RuntimeError("a watcher can be entered once; create another one")
        self._loop = asyncio.get_running_loop()
        self._dispatcher = Dispatcher(self._limiter, work=self._board)
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
        if self._supervisor is None:
            return
        try:
            await end_tasks([self._supervisor])
        finally:
            # One that was cancelled before its first step has not come past its own end.
            self._board.end(self._why_closed)

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
        channel = self._board.open_channel(
            ahead if known is None else known, fed=source is not None, known=known or ()
        )
        if source is not None:
            self._start_feeder(channel, source)
        return WatchStream(self, channel)

    def statistics(self) -> WatcherStatistics:
        """Return what the watcher is doing now."""
        return self._board.statistics(self._loop.time() if self._loop else 0.0)

    # --- for WatchStream --------------------------------------------------------------------------

    def add_to(self, channel: Mailbox, tokens: tuple[str, ...]) -> None:
        """Watch more tokens on a stream."""
        self._check_running()
        if not channel.open:
            raise WatcherClosed("this stream has ended; call watch() for another")
        for token in tokens:
            if not isinstance(token, str):
                raise TypeError(f"a session token is text, not {type(token).__name__}")
        self._board.add(channel, tokens)

    def discard_from(self, channel: Mailbox, tokens: tuple[str, ...]) -> None:
        """Watch tokens no longer on a stream."""
        self._board.discard(channel, tokens)

    def check_loop(self) -> None:
        """Refuse another event loop than the watcher's."""
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError("a stream must be read on the event loop of its watcher")

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

    def _wake_soon(self) -> None:
        """Wake the dispatcher from whatever thread."""
        if self._loop is not None and self._running:
            with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
                self._loop.call_soon_threadsafe(self._wake)

    async def _supervise(self, dispatcher: Dispatcher) -> None:
        try:
            await dispatcher.run()
        except Exception as exc:  # noqa: BLE001  a bug; it is reported to everybody who reads
            self._failure = exc
        finally:
            # This lets go of the sources as well; their feeders only have to be waited for.
            self._board.end(self._why_closed)
            await asyncio.gather(*self._feeders.values(), return_exceptions=True)

    def _start_feeder(self, channel: Mailbox, source: AsyncIterable[str]) -> None:
        feeder = asyncio.ensure_future(self._feed(channel, source))
        self._feeders[channel] = feeder
        feeder.add_done_callback(lambda _: self._feeders.pop(channel, None))

    def _stop_feeder(self, channel: Mailbox) -> None:
        if channel in self._feeders:
            self._feeders[channel].cancel()

    async def _feed(self, channel: Mailbox, source: AsyncIterable[str]) -> None:
        try:
            await feed(source, channel.intake, on_item=lambda: self._board.offer(channel))
        except Exception as exc:  # noqa: BLE001  of the user's own iterable; its reader sees it
            channel.fail(again(exc), by_source=True)
        finally:
            channel.wake()


class WatchStream:
    """What `AsyncSessionWatcher.watch` returns: an async iterator of `SessionUpdate`.

    Drop it, `break` out of its loop or close it; nothing else needs to be done. As async context
    manager it is closed at the end of the block.
    """

    __slots__ = ("__weakref__", "_channel", "_watcher")

    def __init__(self, watcher: AsyncSessionWatcher, channel: Mailbox) -> None:
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
        # `break` lands here, perhaps in another thread: nothing but thread-safe calls.
        if (channel := getattr(self, "_channel", None)) is not None:
            channel.close()

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

    async def aclose(self) -> None:
        """End the stream now, as `close`."""
        self.close()
