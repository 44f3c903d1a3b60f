"""The API in memory under a limit that it tells nobody, and what it sees of its client."""

import asyncio
import math
import random
from array import array
from collections.abc import Callable
from typing import Any

import attrs
import orjson
from _limits import Limit
from bulk.laws import Law
from multidict import CIMultiDict

from hum_async.models import RawResponse
from hum_async.testing import session_json

__all__ = ["HINTS", "ROUND_TRIP", "Server"]

ROUND_TRIP = 0.05
DEADLINE = 30.0 + 2 * ROUND_TRIP
"""Seconds from POST within which an answer is worth something: a client counts from its answer."""

Hint = Callable[[float], str | None]
HINTS: dict[str, Hint] = {
    "1": lambda _: "1",
    "the wait": lambda wait: str(max(1, math.ceil(wait))),
    "none": lambda _: None,
}
"""What Retry-After says, from the seconds that it would really take."""

_TOKEN = "TOKEN"  # noqa: S105  a gap in a template
_HEADERS: CIMultiDict[str] = CIMultiDict({"Content-Type": "application/json"})
_PROVIDERS = [
    {
        "provider_name": name,
        "min_plan_price": {"amount_cents": 4999, "currency": "USD"},
        "offerings": [{"technology": "Fiber", "max_download_speed": 1000}],
    }
    for name in ("Great Lakes Fiber", "Lone Star Cable")
]


def _template(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body)


_PENDING = {"geocoding": "matched", "internet": "pending"}
_MATCHED = {"geocoding": "matched", "internet": "matched"}
_CREATED = _template(session_json(_TOKEN, geocoding="pending", internet="pending"))
_COMPLETE = _template(session_json(_TOKEN, **_MATCHED) | {"data": _PROVIDERS})
_PROCESSING = _template(session_json(_TOKEN, **_PENDING))
_READY = _template(session_json(_TOKEN, providers=_PROVIDERS, **_MATCHED))
_CLOSED = _template({"message": "closed", "request_status": "ok", "data": {}})
_REFUSED = _template({"message": "slow down", "request_status": "error"})


@attrs.define(eq=False)
class Server:
    """A `Transport` that is the API itself, half as dear as the scripted one of the test kit.

    Args:
        limit: What it serves; all else is answered 429.
        law: How long sessions take.
        addresses: How many are to come, by which laws that drift tell where they are.
        immediate: POST already carries the providers.
        hint: What Retry-After says.
    """

    limit: Limit
    law: Law
    addresses: int
    immediate: bool = False
    hint: Hint = HINTS["1"]
    # When requests came that were served, and that were not.
    accepted: "array[float]" = attrs.field(factory=lambda: array("d"), init=False)
    refused: "array[float]" = attrs.field(factory=lambda: array("d"), init=False)
    # Seconds from an answer being ready to the poll that got it.
    detection: "array[float]" = attrs.field(factory=lambda: array("d"), init=False)
    sessions: int = attrs.field(default=0, init=False)
    polls: int = attrs.field(default=0, init=False)
    late: int = attrs.field(default=0, init=False)
    never_in_time: int = attrs.field(default=0, init=False)
    _open: dict[str, tuple[float, float]] = attrs.field(factory=dict, init=False)
    _dice: random.Random = attrs.field(factory=lambda: random.Random(1), init=False)  # noqa: S311

    async def send(
        self, method: str, path: str, *, body: bytes | None = None, timeout: float
    ) -> RawResponse:
        """Answer one request, judged by when it comes."""
        del body, timeout
        now = asyncio.get_running_loop().time()
        wait = self.limit.admit(now)
        if wait is not None:
            self.refused.append(now)
            answer = self._refusal(wait)
        else:
            self.accepted.append(now)
            answer = self._serve(method, path, now)
        await asyncio.sleep(ROUND_TRIP)
        return answer

    async def aclose(self) -> None:
        """Nothing is open."""

    def _refusal(self, wait: float) -> RawResponse:
        seconds = self.hint(wait)
        headers = _HEADERS if seconds is None else CIMultiDict({"Retry-After": seconds})
        return RawResponse(429, headers, _REFUSED)

    def _serve(self, method: str, path: str, now: float) -> RawResponse:
        if method == "POST":
            return self._create(now)
        token = path.split("/")[2]
        if method == "DELETE":
            self._open.pop(token, None)
            return RawResponse(200, _HEADERS, _CLOSED)
        self.polls += 1
        created, ready = self._open[token]
        if now < ready:
            return _about(token, 202, _PROCESSING)
        self.detection.append(now - ready)
        self.late += now - created > DEADLINE
        return _about(token, 200, _READY)

    def _create(self, now: float) -> RawResponse:
        token = f"token{self.sessions:017}"
        over = self.sessions / self.addresses
        self.sessions += 1
        if self.immediate:
            return _about(token, 201, _COMPLETE)
        seconds = self.law(self._dice, over)
        self.never_in_time += seconds > DEADLINE
        self._open[token] = now, now + seconds
        return _about(token, 201, _CREATED)


def _about(token: str, status: int, template: bytes) -> RawResponse:
    return RawResponse(status, _HEADERS, template.replace(b"TOKEN", token.encode()))
