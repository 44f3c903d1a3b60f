"""Between a watcher and one stream: the tokens that are still to be taken, and a mailbox.

The mailbox holds at most one update per token, the newest; its reader may be as slow as it likes,
or leave at any moment, and neither blocks the writer nor loses a terminal update.
"""

import asyncio
from collections.abc import Callable, Iterable

from hum_async._polling.intake import Intake
from hum_async._polling.session_poll import merged
from hum_async.errors import StreamBusy
from hum_async.models import SessionUpdate

__all__ = ["Mailbox"]


class Mailbox:
    """One stream's side of the watcher.

    Args:
        tokens: Where tokens are taken from, lazily.
        fed: More tokens will be offered to `intake`.
        on_close: Called when the reader leaves, from whatever thread.
    """

    def __init__(self, tokens: Iterable[str], *, fed: bool, on_close: Callable[[], None]) -> None:
        self.closed = False
        # For a token that nobody else watches, as most: one tuple for all of them.
        self.alone = (self,)
        self.pending: set[str] = set()
        self.intake: Intake[str] = Intake(tokens, fed=fed)
        self._ended: set[str] = set()
        self._discarded: set[str] = set()
        self._on_close = on_close
        self._updates: dict[str, SessionUpdate] = {}
        self._failure: Callable[[], BaseException] | None = None
        self._failed_by_source = False
        self._reader: asyncio.Future[None] | None = None
        self._busy = False
        self._over = False

    # --- tokens -----------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether the stream can still take tokens."""
        return not (self.closed or self._over or self._failure is not None)

    def add(self, tokens: Iterable[str]) -> None:
        """Append tokens by hand; one that was discarded may come back so."""
        for token in tokens:
            self._discarded.discard(token)
            self.intake.offer(token)

    def take(self) -> str | None:
        """Return the next token that is new to this stream, or None if there is none now.

        Raises:
            TypeError: Something that is not text was given as token.
            Exception: Whatever the user's own iterable raises.
        """
        while (token := self.intake.take()) is not None:
            if not isinstance(token, str):
                raise TypeError(f"a session token is text, not {type(token).__name__}")
            if self.claim(token):
                return token
        return None

    def claim(self, token: str) -> bool:
        """Make a token pending if it is new to this stream and not discarded."""
        if not self._is_new(token):
            return False
        self.pending.add(token)
        return True

    def discard(self, token: str) -> bool:
        """Forget a token, now or when it comes; return whether it was pending."""
        self._discarded.add(token)
        self._updates.pop(token, None)
        if token not in self.pending:
            # It may have been the last one that the reader waits for.
            self.wake()
            return False
        self.pending.discard(token)
        self.wake()
        return True

    def _is_new(self, token: str) -> bool:
        return not (token in self.pending or token in self._ended or token in self._discarded)

    # --- updates ----------------------------------------------------------------------------------

    def put(self, update: SessionUpdate) -> None:
        """Leave an update; an unread one of the same token is merged into it."""
        if self.closed or update.token not in self.pending:
            return
        missed = self._updates.pop(update.token, None)
        self._updates[update.token] = merged(missed, update) if missed else update
        if update.is_terminal:
            self.pending.discard(update.token)
            self._ended.add(update.token)
        self.wake()

    def fail(self, make: Callable[[], BaseException], *, by_source: bool = False) -> None:
        """End the stream with an exception, after what is already in the mailbox.

        Args:
            make: Makes the exception, for each time that it is raised.
            by_source: It comes from where the tokens come from: then tokens may be missing, and the
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

    def wake(self) -> None:
        """Let the reader look again."""
        reader = self._reader
        if reader is not None and not reader.done():
            reader.set_result(None)

    async def get(self) -> SessionUpdate:
        """Return the oldest unread update.

        Raises:
            StopAsyncIteration: The stream has ended.
            StreamBusy: Another task is reading.
        """
        if self._busy:
            raise StreamBusy(
                "another task is iterating over this stream; call watch() once per consumer"
            )
        self._busy = True
        try:
            while not self._updates or self.closed:
                self._check_open()
                self._reader = asyncio.get_running_loop().create_future()
                try:
                    # Nothing is taken before we run again, so that cancellation loses nothing.
                    await self._reader
                finally:
                    self._reader = None
            return self._updates.pop(next(iter(self._updates)))
        finally:
            self._busy = False

    def _check_open(self) -> None:
        lost = self._failed_by_source and not self.closed
        if not lost and (self.closed or self._over or (not self.pending and self._drained())):
            self._over = True
            raise StopAsyncIteration
        if self._failure is not None:
            raise self._failure()

    def _drained(self) -> bool:
        """Whether no token is left that would be new; looks one such token ahead to know."""
        while not self.intake.drained():
            token = self.intake.take()
            if token is None:
                return False
            if self._is_new(token):
                self.intake.put_back(token)
                return False
        return True
