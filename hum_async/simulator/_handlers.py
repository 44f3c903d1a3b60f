"""The decision on each request: its answer and its effect, without waiting and without a clock."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import attrs
import orjson

from hum_async.simulator import _bodies, _routes
from hum_async.simulator._address_rules import AddressRejected, PostedAddress, parse_address
from hum_async.simulator._bucket import TokenBucket
from hum_async.simulator._fates import Magic, magic_of
from hum_async.simulator._faults import NOT_JSON, FaultInjector, Faults
from hum_async.simulator._session_store import SessionStore, SimulatedSession, progress_at

NO_ANSWER = 0
"""Status of an `Answer` that resets the connection in place of an HTTP answer."""

_RETRY_IN_1_S = {"Retry-After": "1"}


@attrs.frozen(kw_only=True)
class SimulatedRequest:
    """A request, reduced to the parts that decide its answer.

    Attributes:
        method: HTTP method.
        path: Path as sent, percent-encoded.
        authorization: The Authorization header, or "".
        body: Request body.
    """

    method: str
    path: str
    authorization: str = ""
    body: bytes = b""


@attrs.frozen(kw_only=True)
class Answer:
    """The answer to a request.

    Attributes:
        status: HTTP status, or `NO_ANSWER`.
        body: JSON object, before the fault is applied.
        headers: Headers besides those that every answer has.
        token: Token of the session that the request concerns.
        address_key: Normalised address of a POST.
        fault: Name of the fault to apply, as in `Faults`.
        ready_at: Simulated seconds of a search's end, when `RequestHandler.complete` supplies the
            body; None for a complete answer.
    """

    status: int = attrs.field(converter=int)
    body: dict[str, Any] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    token: str | None = None
    address_key: str | None = None
    fault: str | None = None
    ready_at: float | None = None


class RequestHandler:
    """Answers requests and applies their effects to the session store.

    Args:
        store: The sessions.
        fault_injector: Chooses the faults.
        epoch: The wall-clock instant of simulated second 0.
        immediate: Whether a POST waits for the providers and carries them.

    Attributes:
        immediate: As the argument; may change at any time.
        sessions_bought: Sessions created by POST.
    """

    def __init__(
        self,
        store: SessionStore,
        *,
        fault_injector: FaultInjector,
        epoch: datetime,
        immediate: bool = False,
    ) -> None:
        self.sessions_bought = 0
        self._store = store
        self._fault_injector = fault_injector
        self._epoch = epoch
        self.immediate = immediate
        self._once_unavailable: set[str] = set()
        self._session_routes: Mapping[str, Callable[..., Answer]] = {
            _routes.GET_SESSION: self._get_session,
            _routes.GET_INTERNET: self._get_internet,
            _routes.CLOSE_SESSION: self._close_session,
        }

    def reject(self, request: SimulatedRequest, *, bucket: TokenBucket, at: float) -> Answer | None:
        """Return a 401 or 403 for the key or a 429 for the rate limit; None admits the request.

        A request with a bad key takes no token from the bucket.

        Args:
            request: The request.
            bucket: The rate limit.
            at: Event-loop seconds; the limit does not scale with the speed of the simulation.
        """
        scheme, _, key = request.authorization.partition(" ")
        if scheme.lower() != "bearer" or key.strip() in {"", "bad-key"}:
            return _error(HTTPStatus.UNAUTHORIZED, "Invalid or missing API token.")
        if key.strip() == "forbidden-key":
            return _error(HTTPStatus.FORBIDDEN, "This API token may not use this endpoint.")
        if not bucket.take(at):
            return _error(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.")
        return None

    def answer(
        self, request: SimulatedRequest, *, route: _routes.Route, faults: Faults, now: float
    ) -> Answer:
        """Return the answer to an admitted request.

        Args:
            request: The request.
            route: Its route.
            faults: The probabilities of faults.
            now: Simulated seconds.
        """
        fault = self._fault_injector.choose(faults, method=request.method)
        if fault == "server_error":
            return attrs.evolve(self._server_error(fault), address_key=_key_of(request, route))
        if fault == "request_timeout":
            refused = _error(HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_TIMEOUT.phrase)
            key = _key_of(request, route)
            return attrs.evolve(refused, token=route.token, address_key=key, fault=fault)
        if fault == "reset_before":
            key = _key_of(request, route)
            return Answer(status=NO_ANSWER, token=route.token, address_key=key, fault=fault)
        answer = self._dispatch(request, route=route, now=now)
        if fault == "server_error_after":
            failed = self._server_error(fault)
            return attrs.evolve(failed, token=answer.token, address_key=answer.address_key)
        if fault == "reset_after":
            return attrs.evolve(answer, status=NO_ANSWER, fault=fault, ready_at=None)
        return answer if fault is None else _with_fault(answer, fault)

    def complete(self, answer: Answer, *, now: float) -> Answer:
        """Return the complete answer to an immediate POST whose `ready_at` has come.

        Args:
            answer: The incomplete answer.
            now: Simulated seconds.
        """
        session = self._store.access(answer.token or "", now=now)
        if session is None:
            raise LookupError("an incomplete answer always has a session")
        body = _bodies.created_with_providers_body(session, now=now, epoch=self._epoch)
        return attrs.evolve(answer, body=body, ready_at=None)

    def encode(self, answer: Answer) -> bytes:
        """Return the body of an answer, with its fault applied."""
        if answer.fault == "malformed":
            return NOT_JSON
        if answer.fault == "wrong_type":
            return orjson.dumps(self._fault_injector.with_wrong_type(answer.body))
        if answer.fault == "foreign_token":
            return orjson.dumps(self._fault_injector.with_foreign_token(answer.body))
        if answer.fault == "huge_number":
            return orjson.dumps(self._fault_injector.with_huge_number(answer.body))
        body = orjson.dumps(answer.body)
        return body[: len(body) // 2] if answer.fault == "truncated" else body

    def _server_error(self, fault: str) -> Answer:
        status = self._fault_injector.choose_server_error()
        return attrs.evolve(_error(status, HTTPStatus(status).phrase), fault=fault)

    def _dispatch(self, request: SimulatedRequest, *, route: _routes.Route, now: float) -> Answer:
        if route.name == _routes.PING:
            return Answer(status=HTTPStatus.OK, body=_bodies.ping_body(now=now, epoch=self._epoch))
        if route.name == _routes.CREATE_SESSION:
            return self._post_session(request.body, now=now)
        if route.allowed:
            refused = _error(HTTPStatus.METHOD_NOT_ALLOWED, "The endpoint has no such method.")
            return attrs.evolve(refused, headers={"Allow": ", ".join(route.allowed)})
        if route.name == _routes.UNKNOWN or route.token is None:
            return _error(HTTPStatus.NOT_FOUND, "No such endpoint.")
        session = self._store.access(route.token, now=now)
        if session is None:
            answer = _error(HTTPStatus.NOT_FOUND, "No such session.")
        elif session.ended:
            answer = _error(HTTPStatus.GONE, "Session expired or closed.")
        else:
            answer = self._session_routes[route.name](session, now=now)
        return attrs.evolve(answer, token=route.token)

    def _post_session(self, body: bytes, *, now: float) -> Answer:
        try:
            address = parse_address(orjson.loads(body))
        except orjson.JSONDecodeError:
            return _error(HTTPStatus.BAD_REQUEST, "The request body must be JSON.")
        except AddressRejected as rejected:
            return _error(rejected.status, rejected.message)
        answer = self._magic_post_error(address) or self._create_session(address, now=now)
        return attrs.evolve(answer, address_key=address.key)

    def _magic_post_error(self, address: PostedAddress) -> Answer | None:
        magic = magic_of(address) or self._store.every_address
        if magic is Magic.INVALID:
            return _error(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid address components.")
        if magic is Magic.BAD_REQUEST:
            return _error(HTTPStatus.BAD_REQUEST, "Bad request: invalid address.")
        if magic is Magic.SERVER_ERROR:
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
        if magic is Magic.UNAVAILABLE and address.key not in self._once_unavailable:
            self._once_unavailable.add(address.key)
            error = _error(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")
            return attrs.evolve(error, headers=_RETRY_IN_1_S)
        return None

    def _create_session(self, address: PostedAddress, *, now: float) -> Answer:
        session = self._store.create(address, now=now)
        self.sessions_bought += 1
        if session.fate.magic is Magic.VANISHED:
            return Answer(status=NO_ANSWER, token=session.token, fault="reset_after")
        answer = Answer(status=HTTPStatus.CREATED, token=session.token)
        if self.immediate:
            # The POST is a request for the session until it is answered: no expiry before that.
            session.last_request_at = now + session.fate.settled_after
            return attrs.evolve(answer, ready_at=session.last_request_at)
        body = _bodies.created_body(session, now=now, epoch=self._epoch)
        return attrs.evolve(answer, body=body)

    def _get_session(self, session: SimulatedSession, *, now: float) -> Answer:
        return self._get(session, _bodies.session_body, now=now)

    def _get_internet(self, session: SimulatedSession, *, now: float) -> Answer:
        return self._get(session, _bodies.internet_body, now=now)

    def _get(
        self, session: SimulatedSession, write_body: Callable[..., dict[str, Any]], *, now: float
    ) -> Answer:
        session.get_count += 1
        error = self._magic_get_error(session)
        if error is not None:
            return error
        progress = progress_at(session, now=now)
        body = write_body(session, progress, now=now, epoch=self._epoch)
        return Answer(
            status=HTTPStatus.ACCEPTED if progress.processing else HTTPStatus.OK, body=body
        )

    def _magic_get_error(self, session: SimulatedSession) -> Answer | None:
        magic = session.fate.magic
        if magic is Magic.EXPIRED:
            session.ended = "expired"
            return _error(HTTPStatus.GONE, "Session expired or closed.")
        if magic is Magic.FLAKY and session.get_count % 2 == 0:
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
        if magic is Magic.THROTTLED and session.get_count == 1:
            error = _error(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.")
            return attrs.evolve(error, headers=_RETRY_IN_1_S)
        return None

    def _close_session(self, session: SimulatedSession, *, now: float) -> Answer:
        session.ended = "closed"
        body = _bodies.closed_body(session, now=now, epoch=self._epoch)
        return Answer(status=HTTPStatus.OK, body=body)


def _key_of(request: SimulatedRequest, route: _routes.Route) -> str | None:
    """Return the address key of a POST that will have no effect, for the request log."""
    if route.name != _routes.CREATE_SESSION:
        return None
    try:
        return parse_address(orjson.loads(request.body)).key
    except (orjson.JSONDecodeError, AddressRejected):
        return None


def _with_fault(answer: Answer, fault: str) -> Answer:
    if answer.status == NO_ANSWER:
        return answer
    status = HTTPStatus.OK if fault == "malformed" else answer.status
    return attrs.evolve(answer, fault=fault, status=status)


def _error(status: int, message: str) -> Answer:
    return Answer(status=status, body=_bodies.error_body(message))
