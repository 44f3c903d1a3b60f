"""The requests of a hub, as the dispatcher sees them: a due poll, a DELETE, then a new session."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from hum_async._api.sender import RequestSender
from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async._polling.due_queue import DueQueue
from hum_async.errors import AuthenticationError, ConfigurationError

__all__ = ["LookupQueue"]

logger = logging.getLogger("hum_async.web")


class LookupQueue:
    """Trips under way.

    Args:
        caller: Sends the requests.
        on_step: Called with a lookup after each answer.
        on_failure: Called with a lookup that no answer can end: the key is refused, or it is a bug.
        wake: Called when there may be something to send.
    """

    def __init__(
        self,
        caller: RequestSender,
        *,
        on_step: Callable[[Lookup], None],
        on_failure: Callable[[Lookup], None],
        wake: Callable[[], None],
    ) -> None:
        self.requests = 0
        self._caller = caller
        self._on_step = on_step
        self._on_failure = on_failure
        self._wake = wake
        self._fresh: deque[Lookup] = deque()
        self._closing: deque[Lookup] = deque()
        self._heap: DueQueue[Lookup] = DueQueue()
        self._in_flight: set[Lookup] = set()
        self._unwanted: set[Lookup] = set()

    def begin(self, lookup: Lookup) -> None:
        """Take up a lookup."""
        self._fresh.append(lookup)
        self._wake()

    def abandon(self, lookup: Lookup) -> None:
        """Ask no further for a lookup; its session is ended as soon as it is known."""
        if lookup in self._in_flight:
            self._unwanted.add(lookup)
        else:
            self._give_up(lookup, asyncio.get_running_loop().time())

    def begin_no_more(self) -> None:
        """Forget those that have not been begun: their results could not be told any more."""
        self._fresh.clear()

    def ready_at(self, now: float) -> float | None:
        """Return when there is something to send."""
        due = self._heap.next_due()
        if self._closing or self._fresh or (due is not None and due <= now):
            return now
        return due

    def take(self, now: float) -> Coroutine[Any, Any, None] | None:
        """Choose what to send."""
        lookup = self._heap.pop_due(now)
        if lookup is None and self._closing:
            lookup = self._closing.popleft()
        if lookup is None and self._fresh:
            lookup = self._fresh.popleft()
        # One that was abandoned is left where it was, and is ended from another place.
        if lookup is None or lookup.step is None or lookup in self._in_flight:
            return None
        self._in_flight.add(lookup)
        return self._advance(lookup)

    async def _advance(self, lookup: Lookup) -> None:
        sent = lookup.requests
        try:
            await self._caller.advance(lookup)
            self._on_step(lookup)
        except (AuthenticationError, ConfigurationError) as exc:
            logger.error("a look-up cannot be made: %s", exc)  # noqa: TRY400  no traceback: told
            self._on_failure(lookup)
        except Exception:
            logger.exception("a look-up ended by a bug of hum_async; please report it")
            self._on_failure(lookup)
        else:
            self._place(lookup)
        finally:
            self.requests += lookup.requests - sent
            self._in_flight.discard(lookup)
            self._unwanted.discard(lookup)
            self._wake()

    def _place(self, lookup: Lookup) -> None:
        """Put a lookup where its next step will be found."""
        now = asyncio.get_running_loop().time()
        if lookup in self._unwanted:
            self._give_up(lookup, now)
        elif lookup.step is LookupStep.CLOSE and lookup.due <= now:
            self._closing.append(lookup)
        elif lookup.step is not None:
            self._heap.push(lookup.due, lookup)

    def _give_up(self, lookup: Lookup, now: float) -> None:
        lookup.abandon(now)
        if lookup.step is LookupStep.CLOSE:
            self._closing.append(lookup)
            self._wake()
