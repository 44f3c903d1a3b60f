"""A scripted API whose agents take their time, for tests on virtual time."""

from collections import Counter

from hum_async.errors import HumError
from hum_async.models import RawResponse
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

FIBER = {"provider_name": "Great Lakes Fiber", "offerings": []}


class TimedApi:
    """Sessions that are settled some seconds after their POST, over any number of clients.

    Args:
        agents_take: Those seconds.
        latency: Seconds that each request takes.

    `instead` holds what the next requests are answered with, `responded_at` is the time that the
    API says it is, and `asked` counts the requests by the street of their session.
    """

    def __init__(self, *, agents_take: float = 4.0, latency: float = 0.05) -> None:
        self.transport = ScriptedTransport(self._answer, latency=latency)
        self.begun: dict[str, float] = {}
        self.closed: set[str] = set()
        self.instead: list[RawResponse | HumError] = []
        self.never_done = False
        self.responded_at: str | None = None
        self.asked: Counter[str] = Counter()
        self._agents_take = agents_take
        self._streets: dict[str, str] = {}

    def count(self, method: str) -> int:
        """Return how many requests there were."""
        return sum(request.method == method for request in self.transport.requests)

    def _answer(self, request: SentRequest) -> RawResponse | HumError:
        if self.instead:
            return self.instead.pop(0)
        if request.method == "POST":
            token = f"token-of-session-{len(self.begun)}"
            self.begun[token], self._streets[token] = request.at, request.body["street1"]
            self.asked[self._streets[token]] += 1
            return json_response(201, session_json(token, geocoding="pending", internet="pending"))
        token = request.path.split("/")[2]
        if token in self.closed or token not in self.begun:
            return json_response(410, {"message": "gone"})
        self.asked[self._streets[token]] += 1
        if request.method == "DELETE":
            self.closed.add(token)
            return json_response(200, {"message": "closed"})
        if self.never_done or request.at - self.begun[token] < self._agents_take:
            return json_response(202, session_json(token, geocoding="matched", internet="pending"))
        body = session_json(token, providers=[FIBER], geocoding="matched", internet="matched")
        body["meta"]["responded_at"] = self.responded_at
        return json_response(200, body)
