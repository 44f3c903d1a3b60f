"""`AsyncSessionWatcher`: polls many sessions under one limit and yields what changes.

One queue of due times and one dispatcher, whatever the number of tokens; a task exists only while a
request is under way. Streams are plain iterator objects: leaving a loop in any way needs no
clean-up.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterable, Collection, Iterable, Sequence
from typing import Self

from hum_async._api.endpoints import Source
from hum_async._api.running_loop import running_loop
from hum_async._polling.dispatcher import Dispatcher
from hum_async._polling.intake import feed
from hum_async._polling.mailbox import Mailbox
from hum_async._polling.policies import GuidedPolling, PollPolicy
from hum_async._polling.poller import Poller, WatcherStatistics, copier
from hum_async._polling.stream import Stream
from hum_async._polling.tokens import Watchable, token_of
from hum_async._tasks import end_tasks
from hum_async.client import HumClient
from hum_async.errors import ConfigurationError, WatcherClosed, WatcherFailed
from hum_async.limiter import Priority
from hum_async.models import DEFAULT_AGENTS, Session, SessionUpdate

__all__ = ["AsyncSessionWatcher", "WatchStream", "WatcherStatistics"]

logger = logging.getLogger("hum_async.watcher")
logger.addHandler(logging.NullHandler())


class AsyncSessionWatcher:
    """Polls many sessions at once under the client's limiter. An async context manager.

    Args:
        client: Whose API, key, limiter and retry policy are used; it is not closed.
        policy: When to poll; None for `GuidedPolling`, the API's own guidance.
        agents: Names of the agents to wait for.
        source: ``session`` polls the session, ``internet`` the services endpoint, whose last answer
            carries the providers.
        priority: How urgent its polls are among all that share the limiter; None for `NORMAL`, or
            what the client was given by `with_options`.

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
        priority: Priority | None = None,
    ) -> None:
        if source not in {"session", "internet"}:
            raise ValueError(f"source must be 'session' or 'internet', not {source!r}")
        if isinstance(agents, str) or not agents:
            raise ValueError("agents must be a sequence of at least one agent's name")
        urgency = client.sender.priority_of(Priority.NORMAL, priority)
        waited = client.sender.waited
        self._dispatcher = Dispatcher(client.limiter, urgency, waited=waited)
        self._poller = Poller(
            client.sender,
            policy=GuidedPolling() if policy is None else policy,
            agents=tuple(agents),
            source=source,
            wake=self._dispatcher.wake,
            wake_soon=self._wake_soon,
            on_left=self._stop_feeder,
        )
        self._feeders: dict[Mailbox, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
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
        self._loop = running_loop()
        # A task of its own: a task group around the caller's body would wrap its exceptions.
        self._supervisor = self._loop.create_task(self._supervise(), name="hum-watcher")
        return self

    async def __aexit__(self, _: object, exc: BaseException | None, __: object) -> None:
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
            # A supervisor that was cancelled before its first step has not run its own end.
            self._poller.end(self._why_closed)

    # --- what users call --------------------------------------------------------------------------

    def watch(self, tokens: Iterable[Watchable] | AsyncIterable[Watchable]) -> "WatchStream":
        """Watch sessions; iterate over the returned stream with ``async for``.

        Args:
            tokens: Session tokens, or `Session` objects: any iterable, or an async iterable of any
                length, which is read only as fast as tokens can be polled on time. Duplicates
                count once.
                A session that must have expired by now (`Session.expires_at`) is polled all the
                same; the log says so, once for a stream.

        Raises:
            WatcherClosed: The watcher is not entered, or already left.
            ConfigurationError: The watcher is in use on another event loop.
            TypeError: `tokens` is one token or session, or not iterable.
        """
        self._check_running()
        if asyncio.get_running_loop() is not self._loop:
            raise ConfigurationError(
                "watch() must be called on the event loop of its watcher; "
                "create a watcher on this one"
            )
        if isinstance(tokens, str | bytes | Session):
            raise TypeError("watch() takes an iterable of tokens; write watch([token])")
        source = tokens if isinstance(tokens, AsyncIterable) else None
        ahead: Iterable[Watchable] = () if isinstance(tokens, AsyncIterable) else tokens
        # A list is copied, because it may change; a generator is read as it comes.
        if isinstance(ahead, Collection):
            ahead = tuple(ahead)
            known = tuple(map(token_of, ahead))
        else:
            known = ()
        mailbox = self._poller.open_mailbox(ahead, fed=source is not None, known=known)
        if source is not None:
            self._start_feeder(mailbox, source)
        return WatchStream(self, mailbox)

    def statistics(self) -> WatcherStatistics:
        """Return what the watcher is doing now."""
        return self._poller.statistics(self._loop.time() if self._loop else 0.0)

    # --- for WatchStream --------------------------------------------------------------------------

    def add_to(self, mailbox: Mailbox, items: tuple[Watchable, ...]) -> None:
        """Watch more sessions on a stream."""
        self._check_running()
        if not mailbox.open:
            raise WatcherClosed("this stream has ended; call watch() for another")
        self._poller.add(mailbox, items)

    def discard_from(self, mailbox: Mailbox, items: tuple[Watchable, ...]) -> None:
        """Watch sessions no longer on a stream."""
        self._poller.discard(mailbox, tuple(map(token_of, items)))

    # --- machinery --------------------------------------------------------------------------------

    @property
    def _running(self) -> bool:
        alive = self._supervisor is not None and not self._supervisor.done()
        return alive and self._failure is None

    def _check_running(self) -> None:
        if self._loop is None:
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

    def _wake_soon(self) -> None:
        """Wake the dispatcher from whatever thread."""
        if self._loop is not None and self._running:
            with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
                self._loop.call_soon_threadsafe(self._dispatcher.wake)

    async def _supervise(self) -> None:
        try:
            await self._dispatcher.run(self._poller)
        except Exception as exc:  # noqa: BLE001  a bug; it is raised to every reader
            self._failure = exc
            logger.error("the watcher stopped because of a fault of its own: %r", type(exc))  # noqa: TRY400  readers get it
        finally:
            # This cancels the feeders as well; they only have to be waited for.
            self._poller.end(self._why_closed)
            await asyncio.gather(*self._feeders.values(), return_exceptions=True)

    def _start_feeder(self, mailbox: Mailbox, source: AsyncIterable[Watchable]) -> None:
        feeder = asyncio.ensure_future(self._feed(mailbox, source))
        self._feeders[mailbox] = feeder
        feeder.add_done_callback(lambda _: self._feeders.pop(mailbox, None))

    def _stop_feeder(self, mailbox: Mailbox) -> None:
        if mailbox in self._feeders:
            self._feeders[mailbox].cancel()

    async def _feed(self, mailbox: Mailbox, source: AsyncIterable[Watchable]) -> None:
        try:
            await feed(source, mailbox.intake, on_item=lambda: self._poller.offer(mailbox))
        except Exception as exc:  # noqa: BLE001  of the user's own iterable; its reader sees it
            mailbox.fail(copier(exc), by_source=True)
        finally:
            mailbox.wake()


class WatchStream(Stream[SessionUpdate]):
    """What `AsyncSessionWatcher.watch` returns: an async iterator of `SessionUpdate`.

    Drop it, `break` out of its loop or close it; nothing else needs to be done. As async context
    manager it is closed at the end of the block. When its reader leaves the loop or is cancelled,
    nothing more is sent for it until it is read again. Iterating raises:

    - `AuthenticationError`: The key is not accepted (any more).
    - `WatcherClosed`: The watcher was left while tokens were still being watched.
    - `WatcherFailed`: The watcher died.
    - `StreamBusy`: Another task is reading this stream.
    """

    __slots__ = ("_mailbox", "_watcher")

    def __init__(self, watcher: AsyncSessionWatcher, mailbox: Mailbox) -> None:
        super().__init__(mailbox, opened_by="watch()")
        self._watcher = watcher
        self._mailbox = mailbox

    def __del__(self) -> None:
        # `break` ends here, perhaps in another thread: only thread-safe calls.
        if (mailbox := getattr(self, "_mailbox", None)) is not None:
            mailbox.close()

    def add(self, *tokens: Watchable) -> None:
        """Watch more sessions; one that this stream knows already is ignored.

        Args:
            tokens: Session tokens, or `Session` objects.

        Raises:
            TypeError: One is neither.
            WatcherClosed: The stream or its watcher has ended.
        """
        self._watcher.add_to(self._mailbox, tokens)

    def discard(self, *tokens: Watchable) -> None:
        """Watch sessions no longer; they get no terminal update. Unknown ones are ignored.

        Args:
            tokens: Session tokens, or `Session` objects.

        Raises:
            TypeError: One is neither.
        """
        self._watcher.discard_from(self._mailbox, tokens)

    def close(self) -> None:
        """End the stream now. Idempotent; tokens that no other stream watches are not polled."""
        self._mailbox.close()
        self._mailbox.wake()
