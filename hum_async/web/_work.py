"""The requests of a hub, as the dispatcher sees them: a due poll, a DELETE, then a new session."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from hum_async._caller import Caller
from hum_async._schedule import DueHeap
from hum_async._trip import Step, Trip
from hum_async.errors import AuthenticationError, ConfigurationError

__all__ = ["Searches"]

logger = logging.getLogger("hum_async.web")


class Searches:
    """Trips under way.

    Args:
        caller: Sends the requests.
        on_step: Called with a trip after each answer.
        on_failure: Called with a trip that no answer can end: the key is refused, or it is a bug.
        wake: Called when there may be something to send.
    """

    def __init__(
        self,
        caller: Caller,
        *,
        on_step: Callable[[Trip], None],
        on_failure: Callable[[Trip], None],
        wake: Callable[[], None],
    ) -> None:
        self.requests = 0
        self._caller = caller
        self._on_step = on_step
        self._on_failure = on_failure
        self._wake = wake
        self._fresh: deque[Trip] = deque()
        self._closing: deque[Trip] = deque()
        self._heap: DueHeap[Trip] = DueHeap()
        self._in_flight: set[Trip] = set()
        self._unwanted: set[Trip] = set()

    def begin(self, trip: Trip) -> None:
        """Take up a trip."""
        self._fresh.append(trip)
        self._wake()

    def abandon(self, trip: Trip) -> None:
        """Ask no further for a trip; its session is ended as soon as it is known."""
        if trip in self._in_flight:
            self._unwanted.add(trip)
        else:
            self._give_up(trip, asyncio.get_running_loop().time())

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
        trip = self._heap.pop_due(now)
        if trip is None and self._closing:
            trip = self._closing.popleft()
        if trip is None and self._fresh:
            trip = self._fresh.popleft()
        # One that was abandoned is left where it was, and is ended from another place.
        if trip is None or trip.step is None or trip in self._in_flight:
            return None
        self._in_flight.add(trip)
        return self._advance(trip)

    async def _advance(self, trip: Trip) -> None:
        sent = trip.requests
        try:
            await self._caller.advance(trip)
            self._on_step(trip)
        except (AuthenticationError, ConfigurationError) as exc:
            logger.error("a look-up cannot be made: %s", exc)  # noqa: TRY400  no traceback: told
            self._on_failure(trip)
        except Exception:
            logger.exception("a look-up ended by a bug of hum_async; please report it")
            self._on_failure(trip)
        else:
            self._place(trip)
        finally:
            self.requests += trip.requests - sent
            self._in_flight.discard(trip)
            self._unwanted.discard(trip)
            self._wake()

    def _place(self, trip: Trip) -> None:
        """Put a trip where its next step will be found."""
        now = asyncio.get_running_loop().time()
        if trip in self._unwanted:
            self._give_up(trip, now)
        elif trip.step is Step.CLOSE and trip.due <= now:
            self._closing.append(trip)
        elif trip.step is not None:
            self._heap.push(trip.due, trip)

    def _give_up(self, trip: Trip, now: float) -> None:
        trip.abandon(now)
        if trip.step is Step.CLOSE:
            self._closing.append(trip)
            self._wake()
