"""What to answer: one request in, one answer out, decided without waiting and without a clock."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from hum_async.simulator import _bodies, _routes
from hum_async.simulator._address_rules import AddressRejected, read_address
from hum_async.simulator._fates import Magic, magic_of
from hum_async.simulator._faults import NOT_JSON, FaultDice, Faults
from hum_async.simulator._session_store import SessionStore, SimulatedSession, progress_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hum_async.simulator._address_rules import PostedAddress
    from hum_async.simulator._bucket import TokenBucket

NO_ANSWER = 0
_RETRY_IN_1_S = {"Retry-After": "1"}


@attrs.frozen(kw_only=True)
class SimulatedRequest:
    """One request as it matters here.

    Attributes:
        method: HTTP method.
        path: Path as sent.
        authorization: The Authorization header, or "".
        body: Request body.
    """

    method: str
    path: str
    authorization: str = ""
    body: bytes = b""


@attrs.frozen(kw_only=True)
class Answer:
    """What to answer.

    Attributes:
        status: HTTP status; `NO_ANSWER` resets the connection.
        body: The JSON object of the answer.
        headers: Headers beyond the usual ones.
        token: Token of the session concerned.
        address_key: Normalised address of a POST.
        fault: The fault that strikes this answer.
        ready_at: Simulated seconds before which the answer does not exist yet; ask `resume` then.
    """

    status: int
    body: dict[str, Any] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    token: str | None = None
    address_key: str | None = None
    fault: str | None = None
    ready_at: float | None = None


class RequestHandler:
    """Answers requests.

    Args:
        world: The sessions.
        dice: Decides about faults.
        epoch: The wall-clock instant of simulated second 0.
        immediate: Whether a POST waits for the providers and carries them.
    """

    def __init__(
        self, world: SessionStore, *, dice: FaultDice, epoch: datetime, immediate: bool = False
    ) -> None:
        self._world = world
        self._dice = dice
        self._epoch = epoch
        self._immediate = immediate
        self._refused_once: set[str] = set()
        self.bought = 0
        self._endpoints = {
            _routes.GET: self._get_session,
            _routes.INTERNET: self._get_internet,
            _routes.CLOSE: self._close,
        }

    def refuse(self, call: SimulatedRequest, *, bucket: TokenBucket, at: float) -> Answer | None:
        """Turn a request away for its key (401, 403) or for the rate limit (429).

        A request that does not authenticate costs nothing of the rate limit.

        Args:
            call: The request.
            bucket: The rate limit.
            at: Event-loop seconds: a rate limit does not run faster in a faster simulation.
        """
        scheme, _, key = call.authorization.partition(" ")
        if scheme.lower() != "bearer" or key.strip() in {"", "bad-key"}:
            return _error(HTTPStatus.UNAUTHORIZED, "Invalid or missing API token.")
        if key.strip() == "forbidden-key":
            return _error(HTTPStatus.FORBIDDEN, "This API token may not use this endpoint.")
        if not bucket.take(at):
            return _error(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.")
        return None

    def answer(
        self, call: SimulatedRequest, *, route: _routes.Route, faults: Faults, now: float
    ) -> Answer:
        """Answer a request that was not refused.

        Args:
            call: The request.
            route: Its endpoint.
            faults: How often what goes wrong.
            now: Simulated seconds.
        """
        fault = self._dice.roll(faults, method=call.method)
        if fault == "server_error":
            return attrs.evolve(self._server_error(fault), address_key=_asked_for(call, route))
        if fault == "reset_before":
            asked = _asked_for(call, route)
            return Answer(status=NO_ANSWER, token=route.token, address_key=asked, fault=fault)
        answer = self._dispatch(call, route=route, now=now)
        if fault == "server_error_after":
            failed = self._server_error(fault)
            return attrs.evolve(failed, token=answer.token, address_key=answer.address_key)
        if fault == "reset_after":
            return attrs.evolve(answer, status=NO_ANSWER, fault=fault, ready_at=None)
        return answer if fault is None else _spoil(answer, fault=fault)

    def resume(self, answer: Answer, *, now: float) -> Answer:
        """Finish an answer whose `ready_at` has come.

        Args:
            answer: The unfinished answer.
            now: Simulated seconds.
        """
        session = self._world.find(answer.token or "", now=now)
        if session is None:
            raise LookupError("an unfinished answer always has a session")
        body = _bodies.created_with_providers_body(session, now=now, epoch=self._epoch)
        return attrs.evolve(answer, body=body, ready_at=None)

    def encode(self, answer: Answer) -> bytes:
        """Write the body of an answer, spoilt if a fault strikes it."""
        if answer.fault == "malformed":
            return NOT_JSON
        if answer.fault == "wrong_type":
            return orjson.dumps(self._dice.wrong_type(answer.body))
        body = orjson.dumps(answer.body)
        return body[: len(body) // 2] if answer.fault == "truncated" else body

    def _server_error(self, fault: str) -> Answer:
        status = self._dice.server_error()
        return attrs.evolve(_error(status, HTTPStatus(status).phrase), fault=fault)

    def _dispatch(self, call: SimulatedRequest, *, route: _routes.Route, now: float) -> Answer:
        if route.name == _routes.PING:
            return Answer(status=200, body=_bodies.ping_body(now=now, epoch=self._epoch))
        if route.name == _routes.CREATE:
            return self._post(call.body, now=now)
        if route.name == _routes.UNKNOWN or route.token is None:
            return _error(HTTPStatus.NOT_FOUND, "No such endpoint.")
        session = self._world.find(route.token, now=now)
        if session is None:
            answer = _error(HTTPStatus.NOT_FOUND, "No such session.")
        elif session.ended:
            answer = _error(HTTPStatus.GONE, "SimulatedSession expired or closed.")
        else:
            answer = self._endpoints[route.name](session, now=now)
        return attrs.evolve(answer, token=route.token)

    def _post(self, body: bytes, *, now: float) -> Answer:
        try:
            address = read_address(orjson.loads(body))
        except orjson.JSONDecodeError:
            return _error(HTTPStatus.BAD_REQUEST, "The request body must be JSON.")
        except AddressRejected as rejected:
            return _error(rejected.status, rejected.message)
        refusal = self._refuse_address(address)
        if refusal is not None:
            return attrs.evolve(refusal, address_key=address.key)
        return attrs.evolve(self._create(address, now=now), address_key=address.key)

    def _refuse_address(self, address: PostedAddress) -> Answer | None:
        magic = magic_of(address)
        if magic is Magic.INVALID:
            return _error(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid address components.")
        if magic is Magic.BAD_REQUEST:
            return _error(HTTPStatus.BAD_REQUEST, "Bad request: invalid address.")
        if magic is Magic.SERVER_ERROR:
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
        if magic is Magic.UNAVAILABLE and address.key not in self._refused_once:
            self._refused_once.add(address.key)
            busy = _error(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")
            return attrs.evolve(busy, headers=_RETRY_IN_1_S)
        return None

    def _create(self, address: PostedAddress, *, now: float) -> Answer:
        session = self._world.create(address, now=now)
        self.bought += 1
        if session.outcome.magic is Magic.VANISHED:
            return Answer(status=NO_ANSWER, token=session.token, fault="reset_after")
        answer = Answer(status=201, token=session.token)
        if self._immediate:
            # The POST itself keeps the session alive until it is answered.
            session.seen = now + session.outcome.settled_after
            return attrs.evolve(answer, ready_at=session.seen)
        body = _bodies.created_body(session, now=now, epoch=self._epoch)
        return attrs.evolve(answer, body=body)

    def _get_session(self, session: SimulatedSession, *, now: float) -> Answer:
        return self._hindrance(session) or self._show(session, _bodies.session_body, now=now)

    def _get_internet(self, session: SimulatedSession, *, now: float) -> Answer:
        return self._hindrance(session) or self._show(session, _bodies.internet_body, now=now)

    def _show(self, session: SimulatedSession, write: Any, *, now: float) -> Answer:
        progress = progress_at(session, now=now)
        body = write(session, progress, now=now, epoch=self._epoch)
        return Answer(status=202 if progress.processing else 200, body=body)

    def _hindrance(self, session: SimulatedSession) -> Answer | None:
        """Count a GET and see whether a magic address stands in its way."""
        session.gets += 1
        magic = session.outcome.magic
        if magic is Magic.EXPIRED:
            session.ended = "expired"
            return _error(HTTPStatus.GONE, "SimulatedSession expired or closed.")
        if magic is Magic.FLAKY and session.gets % 2 == 0:
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
        if magic is Magic.THROTTLED and session.gets == 1:
            busy = _error(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.")
            return attrs.evolve(busy, headers=_RETRY_IN_1_S)
        return None

    def _close(self, session: SimulatedSession, *, now: float) -> Answer:
        session.ended = "closed"
        return Answer(status=200, body=_bodies.closed_body(session, now=now, epoch=self._epoch))


def _asked_for(call: SimulatedRequest, route: _routes.Route) -> str | None:
    """Return the address of a POST that will not take effect, so that the journal knows it."""
    if route.name != _routes.CREATE:
        return None
    try:
        return read_address(orjson.loads(call.body)).key
    except (orjson.JSONDecodeError, AddressRejected):
        return None


def _spoil(answer: Answer, *, fault: str) -> Answer:
    if answer.status == NO_ANSWER:
        return answer
    return attrs.evolve(answer, fault=fault, status=200 if fault == "malformed" else answer.status)


def _error(status: int, message: str) -> Answer:
    return Answer(status=int(status), body=_bodies.error_body(message))
