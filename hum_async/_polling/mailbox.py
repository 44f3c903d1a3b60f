"""Between a watcher and one stream: the tokens still to be taken, and the updates still to be read.

At most one update per token is pending, the newest. A reader may be as slow as it likes, or leave
at any moment; neither blocks the poller nor loses a terminal update.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from hum_async._polling.intake import Intake
from hum_async._polling.session_poll import merged
from hum_async._polling.tokens import TokenReader, Watchable, token_of
from hum_async.errors import ConfigurationError
from hum_async.models import SessionUpdate

if TYPE_CHECKING:
    from contextvars import Context


class Mailbox:
    """The tokens and pending updates of one stream.

    Args:
        tokens: The stream's tokens, or sessions that have them, read lazily.
        fed: More tokens will be offered to `intake`.
        on_close: Called when the reader leaves, from whatever thread.
        on_resume: Called when the reader comes back after `rest`.

    It is read on the event loop on which it is made.
    """

    def __init__(
        self,
        tokens: Iterable[Watchable],
        *,
        fed: bool,
        on_close: Callable[[], None],
        on_resume: "Callable[[Mailbox], None]",
    ) -> None:
        self.closed = False
        # The reader was cancelled and has not come back: nothing is sent for it alone.
        self.resting = False
        # The mailboxes of a token that only this stream watches: one tuple for all such tokens.
        self.only_me = (self,)
        # Where it was opened, for telemetry.
        self.origin: Context | None = None
        # Tokens that have no terminal update yet.
        self.pending: set[str] = set()
        self.intake: Intake[Watchable] = Intake(tokens, fed=fed)
        self._tokens = TokenReader()
        self._ended: set[str] = set()
        self._discarded: set[str] = set()
        self._on_close = on_close
        self._on_resume = on_resume
        self._updates: dict[str, SessionUpdate] = {}
        self._failure: Callable[[], BaseException] | None = None
        self._failed_by_source = False
        self._loop = asyncio.get_running_loop()
        self._reader: asyncio.Future[None] | None = None
        self._over = False

    # --- tokens -----------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether the stream can still take tokens."""
        return not (self.closed or self._over or self._failure is not None)

    def add(self, items: Iterable[Watchable]) -> None:
        """Append tokens or sessions; one that was discarded may come back like this."""
        for item in items:
            self._discarded.discard(token_of(item))
            self.intake.offer(item)

    def take(self) -> str | None:
        """Make the next token that is new to this stream pending; None if there is none now.

        Raises:
            TypeError: It is neither a token nor a session.
            Exception: Whatever the user's own iterable raises.
        """
        while (item := self.intake.take()) is not None:
            if self.claim(token := self._tokens.read(item)):
                return token
        return None

    def claim(self, token: str) -> bool:
        """Make a token pending if it is new to this stream and not discarded."""
        if token in self.pending or token in self._ended or token in self._discarded:
            return False
        self.pending.add(token)
        return True

    def discard(self, token: str) -> bool:
        """Forget a token, now or when it comes; return whether it was pending."""
        was_pending = token in self.pending
        self._discarded.add(token)
        self._updates.pop(token, None)
        self.pending.discard(token)
        # It may have been the last token that the reader waits for.
        self.wake()
        return was_pending

    # --- updates ----------------------------------------------------------------------------------

    def put(self, update: SessionUpdate, *, terminal: bool) -> None:
        """Leave an update; an unread one of the same token is merged into it."""
        token = update.token
        if self.closed or token not in self.pending:
            return
        missed = self._updates.pop(token, None)
        self._updates[token] = merged(missed, update) if missed else update
        if terminal:
            self.pending.discard(token)
            self._ended.add(token)
        self.wake()

    def fail(self, make: Callable[[], BaseException], *, by_source: bool = False) -> None:
        """End the stream with an exception, after the updates that are pending.

        Args:
            make: Makes the exception, each time that it is raised.
            by_source: The source of the tokens raised it: then tokens may be missing, and the
                stream has not ended well even if none is under way.
        """
        if self._failure is None:
            self._failure, self._failed_by_source = make, by_source
        self.wake()

    def close(self) -> None:
        """Leave as reader. Only flips flags, because the garbage collector may call it."""
        if not self.closed:
            self.closed = True
            self._on_close()

    def rest(self) -> None:
        """Let nothing be sent for this reader alone, until `resume`."""
        self.resting = not self._over

    def resume(self) -> None:
        """Let requests be sent again: the reader is back."""
        if self.resting:
            self.resting = False
            self._on_resume(self)

    def wake(self) -> None:
        """Let the reader look again."""
        reader = self._reader
        if reader is not None and not reader.done():
            reader.set_result(None)

    async def get(self) -> SessionUpdate:
        """Return the oldest pending update.

        Raises:
            StopAsyncIteration: The stream has ended.
            ConfigurationError: Called on another event loop than the watcher's.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise ConfigurationError(
                "a stream must be read on the event loop of its watcher; "
                "create a watcher on this one"
            )
        while not self._updates or self.closed:
            self._raise_if_over()
            self._reader = self._loop.create_future()
            try:
                # Nothing is taken before the reader runs again: its cancellation loses nothing.
                await self._reader
            finally:
                self._reader = None
        return self._updates.pop(next(iter(self._updates)))

    def _raise_if_over(self) -> None:
        tokens_missing = self._failed_by_source and not self.closed
        if not tokens_missing and (self.closed or self._over or not self._look_ahead()):
            self._over = True
            raise StopAsyncIteration
        if self._failure is not None:
            raise self._failure()

    def _look_ahead(self) -> bool:
        """Read up to one new token ahead; return whether any is pending or may still come."""
        if self.pending:
            return True
        while (item := self.intake.peek()) is not None:
            token = token_of(item)
            if not (token in self._ended or token in self._discarded):
                return True
            self.intake.take()
        return self.intake.fed
