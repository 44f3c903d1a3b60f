"""Sessions that stay pending, in memory, and a policy that tells when each is due."""

import asyncio
from array import array
from collections.abc import Sequence

import attrs
from multidict import CIMultiDict

from hum_async import GuidedPolling
from hum_async._polling.policies import Poll
from hum_async.models import RawResponse

__all__ = ["ROUND_TRIP", "PendingForever", "RecordedPolling", "token_of"]

ROUND_TRIP = 0.001
"""Seconds. Short, so that what grows with the tokens is not the sleeping of this transport."""
HEADERS: CIMultiDict[str] = CIMultiDict({"Content-Type": "application/json"})

# Field for field what hum-api shows; before the geocoder is done, and after.
BODY = (
    b'{"message":"Session is being processed","request_status":"ok","data":{},"meta":{'
    b'"session_token":"%b","session_status":"open","responded_at":"2026-03-%02dT%02d:%02d:%02d.%03dZ",'
    b'"created_at":"2026-03-01T08:00:00.000Z","hum_data_set":"v.1006",'
    b'"agent_status":{"geocoding":"%b","internet":"pending","checkout":"pending"},'
    b'"session_params":{"street1":"%d Washington Blvd","street2":"Apt %d","city":"Detroit",'
    b'"state":"MI","zip":"%05d","latitude":42.%06d,"longitude":-83.%06d},'
    b'"service_address":%b}}'
)


def token_of(number: int) -> str:
    """Return the token of a session: 22 letters and digits, as the API's own."""
    return f"XqCmeTVgYXrbWr{number:08}"


def body_of(token: bytes, number: int, *, answer: int, matched: bool) -> bytes:
    """Return the answer about a session; `answer` numbers them, so that no two are the same."""
    seconds, thousandths = divmod(answer, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    address = b'"%d Washington Blvd, Detroit, MI %05d"' % (number, number % 100_000)
    return BODY % (
        *(token, 1 + days % 28, hour, minute, second, thousandths),
        *(b"matched" if matched else b"pending", number, number % 97, number % 100_000),
        *(number % 1_000_000, number * 7 % 1_000_000, address if matched else b"null"),
    )


class PendingForever:
    """A `Transport` whose sessions stay pending; it knows when each of them should be polled.

    Args:
        size: Number of tokens.
        rounds: Polls per token after which `enough` is set.
        round_trip: Seconds that each answer takes.
    """

    def __init__(self, size: int, rounds: int, *, round_trip: float = ROUND_TRIP) -> None:
        self.enough = asyncio.Event()
        self.answered = 0
        # Whose answer is being taken in just now: between this and the policy nobody else runs.
        self.current = 0
        self.in_flight = self.most_in_flight = 0
        self._rounds = rounds
        self._round_trip = round_trip
        self._left = size
        self._polls = bytearray(size)
        # Made and touched before memory is measured, so that it is not taken for the watcher's.
        self.due = array("d", [0.0]) * size
        self._late = array("d", [0.0]) * (size * (rounds + 2))
        self._lates = 0

    @property
    def lateness(self) -> Sequence[float]:
        """Seconds by which polls came after their time, first polls left out."""
        return self._late[: self._lates]

    async def send(
        self, method: str, path: str, *, body: bytes | None = None, timeout: float
    ) -> RawResponse:
        """Answer that nothing is ready yet."""
        del method, body, timeout
        token = path[10:]
        number = int(token[-8:])
        polls = self._polls[number]
        if polls and self._lates < len(self._late):
            now = asyncio.get_running_loop().time()
            self._late[self._lates] = max(0.0, now - self.due[number])
            self._lates += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(self._round_trip)
        self.in_flight -= 1
        self._count(number, polls + 1)
        self.current = number
        content = body_of(token.encode(), number, answer=self.answered, matched=polls > 0)
        return RawResponse(202, HEADERS, content)

    def _count(self, number: int, polls: int) -> None:
        self.answered += 1
        self._polls[number] = min(polls, 255)
        if polls == self._rounds:
            self._left -= 1
            if not self._left:
                self.enough.set()

    async def aclose(self) -> None:
        """Nothing is open."""


@attrs.define
class RecordedPolling:
    """A policy that tells the transport when it wants each token to be polled next."""

    policy: GuidedPolling
    transport: PendingForever

    @property
    def budget(self) -> float | None:
        """As the policy says."""
        return self.policy.budget

    def first(self) -> float:
        """As the policy says."""
        return self.policy.first()

    def after(self, poll: Poll) -> float:
        """As the policy says; remembered for the token whose answer came last."""
        delay = self.policy.after(poll)
        self.transport.due[self.transport.current] = asyncio.get_running_loop().time() + delay
        return delay
