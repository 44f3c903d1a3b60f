"""Closes sessions in slots that nobody else wants, and leaves the others to expire."""

import math
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from hum_async._api.endpoints import close_request
from hum_async._api.sender import RequestSender
from hum_async._polling.dispatcher import WorkSource
from hum_async._purchases.records import Closed
from hum_async.errors import HumError


class IdleClosing:
    """A job's requests, and DELETEs where no request needs a slot. A `WorkSource` for a dispatcher.

    A slot is idle if the job has no request to send and whoever shares the limiter waits for none
    (`Limiter.has_room`). A DELETE is tried once: a session that is not closed expires 30 minutes
    after its last request (hum-api 5).

    Args:
        sender: Sends the requests.
        work: The requests of the job, all of which go first.
        goes_on: Returns whether the job still sends anything.
        on_closed: Called with a session that was closed.
        wake: Called when a DELETE has ended.

    `requests` counts the DELETEs sent, `in_flight` is the number of those under way.
    """

    MOST = 4096
    """Sessions that are remembered. Where more wait there are hardly any idle slots, and the oldest
    will have expired by themselves before it is their turn."""
    LOOK_AGAIN = 0.005
    """Seconds after which to look for an idle slot again: the time of a slot at 200 requests/s."""

    def __init__(
        self,
        sender: RequestSender,
        work: WorkSource,
        *,
        goes_on: Callable[[], bool],
        on_closed: Callable[[Closed], object],
        wake: Callable[[], None],
    ) -> None:
        self.requests = self.in_flight = 0
        self._sender = sender
        self._work = work
        self._goes_on = goes_on
        self._on_closed = on_closed
        self._wake = wake
        self._open: deque[Closed] = deque(maxlen=self.MOST)

    def add(self, sessions: Iterable[Closed]) -> None:
        """Close these sessions if there is a slot for them; their results are safe."""
        self._open.extend(sessions)

    def ready_at(self, now: float) -> float | None:
        """Return when there is a request to send."""
        when = self._work.ready_at(now)
        if not self._open or not self._goes_on() or (when is not None and when <= now):
            return when
        idle = now if self._sender.limiter.has_room() else now + self.LOOK_AGAIN
        return min(idle, math.inf if when is None else when)

    def take(self, now: float, due_by: float) -> Coroutine[Any, Any, None] | None:
        """Return a request of the job; a DELETE if it has none."""
        request = self._work.take(now, due_by)
        if request is None and self._open and self._goes_on():
            return self._close(self._open.popleft())
        return request

    async def _close(self, session: Closed) -> None:
        self.requests += 1
        self.in_flight += 1
        try:
            await self._sender.attempt(close_request(session.token))
            self._on_closed(session)
        except HumError:
            pass  # it expires by itself
        finally:
            self.in_flight -= 1
            self._wake()
