"""The requests of each endpoint: method, path, decoder, and the errors of its answers."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote, unquote, urlsplit

import attrs
from multidict import CIMultiDict, istr

from hum_async._api.statuses import advice_after_other, advice_after_post, is_redirect
from hum_async._limits.rate_limit_headers import parse_retry_after, read_rate_limit_headers
from hum_async._redact import redact, safe_request_id
from hum_async.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    InvalidAddress,
    RateLimited,
    ServerError,
    SessionGone,
    SessionNotFound,
)
from hum_async.models import Address, Ping, RawResponse, Session

T = TypeVar("T")

# As plain numbers, because every answer is compared with them and a member costs a look-up.
_OK, ACCEPTED, _MULTIPLE_CHOICES = (
    status.value for status in (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.MULTIPLE_CHOICES)
)

# Looked for in every answer; plain text would be put into lower case each time.
RETRY_AFTER, REQUEST_ID = istr("Retry-After"), istr("X-Request-Id")

Source = Literal["session", "internet"]
"""The endpoint that is polled: the session (hum-api 2.3) or its internet services (2.4)."""


# Not frozen: each poll creates one, and a frozen one takes three times as long to create.
@attrs.define(eq=False, repr=False)
class ApiRequest(Generic[T]):
    """One request and the meaning of its answers.

    Attributes:
        method: HTTP method.
        path: Path below the base URL, percent-encoded.
        decode: Decodes a successful answer to the caller's value.
        token: Token of the session that it asks for.
        secrets: Contents of the request that no error may repeat.
        says_failed: Whether a decoded answer says that the request failed despite its status.
        with_id: Returns a decoded answer with the server's id of the request; None if it has no
            place for one.
        body: JSON body.
        creates: The request creates something: it may be retried only if it had no effect.
        keeps_part: The beginning of an answer is decoded if the rest does not come.
        also: Error statuses that count as success.
    """

    method: str
    path: str = attrs.field(repr=False)
    decode: Callable[[RawResponse], T] = attrs.field(repr=False)
    token: str | None = attrs.field(default=None, repr=False)
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)
    says_failed: Callable[[T], bool] = attrs.field(default=lambda _: False, repr=False)
    with_id: Callable[[T, str], T] | None = attrs.field(default=None, repr=False)
    body: bytes | None = attrs.field(default=None, repr=False)
    creates: bool = False
    keeps_part: bool = False
    also: tuple[int, ...] = ()

    @property
    def route(self) -> str:
        """Method and path, without what may be a token."""
        if self.token is not None:
            return f"{self.method} {self.path.replace(quote(self.token, safe=''), '{token}')}"
        # A path that the user wrote may hold one anywhere behind its first segment.
        first, *rest = urlsplit(self.path).path.lstrip("/").split("/")
        return f"{self.method} /{first}{'/...' if rest else ''}"

    def succeeded(self, status: int) -> bool:
        """Return whether this status means success."""
        return _OK <= status < _MULTIPLE_CHOICES or status in self.also


def ping_request() -> ApiRequest[Ping]:
    """Return GET /ping (hum-api 2.1)."""

    def decode(response: RawResponse) -> Ping:
        from hum_async._api import decoding  # noqa: PLC0415  see `warming`

        return decoding.decode_ping(response.body)

    return ApiRequest(
        "GET",
        "/ping",
        decode,
        says_failed=lambda answer: answer.request_status == "error",
    )


def create_request(address: Address, *, campaign_id: str | None = None) -> ApiRequest[Session]:
    """Return POST /sessions (hum-api 2.2) for a checked address."""
    from hum_async._api import decoding  # noqa: PLC0415  see `warming`

    parts = (address.street1, address.street2, address.city, address.zip)
    degrees = (str(part) for part in (address.latitude, address.longitude) if part is not None)
    return ApiRequest(
        "POST",
        "/sessions",
        lambda response: decoding.decode_created(response.body),
        body=decoding.encode_address(address, campaign_id=campaign_id),
        creates=True,
        keeps_part=True,
        secrets=(*filter(None, parts), *degrees),
        with_id=_session_with_id,
    )


def poll_request(token: str, *, source: Source = "session") -> ApiRequest[Session]:
    """Return GET /sessions/{token} (hum-api 2.3) or of its internet services (2.4)."""
    internet = source == "internet"

    def decode(response: RawResponse) -> Session:
        from hum_async._api import decoding  # noqa: PLC0415  see `warming`

        decode_body = decoding.decode_internet if internet else decoding.decode_session
        processing = response.status == ACCEPTED
        return decode_body(response.body, token=token, processing=processing)

    path = _session_path(token)
    if internet:
        path += "/services/internet"
    # By place, which takes half as long as by name: of very many tokens one is made for each poll.
    return ApiRequest("GET", path, decode, token, (token,), _says_error, _session_with_id)


def _session_with_id(session: Session, request_id: str) -> Session:
    return attrs.evolve(session, request_id=request_id)


def _says_error(session: Session) -> bool:
    """Whether a 2xx says that the request failed (hum-api 4), so that it observed nothing."""
    return session.request_status == "error" and not session.agents and not session.providers


def close_request(token: str) -> ApiRequest[None]:
    """Return DELETE /sessions/{token} (hum-api 2.5); a missing session counts as closed."""
    path = _session_path(token)

    def decode(response: RawResponse) -> None:
        # A missing session has no answer of its own.
        if response.status < _MULTIPLE_CHOICES:
            from hum_async._api import decoding  # noqa: PLC0415  see `warming`

            decoding.check_token(response.body, token=token)

    return ApiRequest(
        "DELETE",
        path,
        decode,
        also=(HTTPStatus.NOT_FOUND, HTTPStatus.GONE),
        token=token,
        secrets=(token,),
    )


def raw_request(method: str, path: str, *, json: Any = None) -> ApiRequest[RawResponse]:
    """Return any request; POST and PATCH count as creating something."""
    import orjson  # noqa: PLC0415  see `warming`

    path = _checked_path(path if path.startswith("/") else f"/{path}")
    return ApiRequest(
        method.upper(),
        path,
        lambda response: response,
        body=None if json is None else orjson.dumps(json),
        creates=method.upper() in {"POST", "PATCH"},
        secrets=(*unquote(path).split("/")[2:], *_texts(json)),
    )


def _checked_path(path: str) -> str:
    """Return a path with its spaces and letters beyond ASCII percent-encoded.

    Raises:
        ConfigurationError: No request line can carry it.
    """
    if any(letter != " " and not letter.isprintable() for letter in path):
        raise ConfigurationError(
            "the path holds control characters or line breaks; nothing was sent: percent-encode it"
        )
    try:
        return quote(path, safe="/?#[]@!$&'()*+,;=:%~")
    except UnicodeEncodeError:
        raise ConfigurationError("the path holds characters that are not text") from None


def _texts(json: Any) -> Iterator[str]:
    if isinstance(json, str):
        yield json
    elif isinstance(json, dict | list):
        for item in json.values() if isinstance(json, dict) else json:
            yield from _texts(item)


def _session_path(token: str) -> str:
    if token.isascii() and token.isalnum():  # true of every token seen so far (hum-api 3.2)
        return f"/sessions/{token}"
    try:
        segment = quote(token, safe="")
    except UnicodeEncodeError:
        segment = ""
    # Clients and proxies resolve a segment of dots as a relative path.
    if not segment.strip("."):
        raise SessionNotFound(
            HTTPStatus.NOT_FOUND, "this cannot be a session token; nothing was sent"
        )
    return f"/sessions/{segment}"


def error_for(
    request: ApiRequest[Any],
    response: RawResponse,
    *,
    key: str = "",
    kind: type[ApiError] | None = None,
    now: datetime | None = None,
) -> ApiError:
    """Return the error of an answer.

    Args:
        request: The request.
        response: Its answer.
        key: The API key, which the message must not repeat.
        kind: Class of the error; None decides by the status.
        now: Wall-clock time, for a Retry-After date in an answer without ``Date``.
    """
    from hum_async._api import decoding  # noqa: PLC0415  see `warming`

    status = response.status
    secrets = (key, *request.secrets)
    message = redact(decoding.error_message(response.body), secrets)
    headers = headers_of(response)
    if is_redirect(status):
        message = "; ".join(filter(None, (_redirection(headers), message)))
    wait = _retry_after(status, headers, now)
    throttled = status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None
    return (kind or _error_class(request, status))(
        status,
        message,
        request_id_of(request, response, key=key),
        wait,
        hint=None if throttled else _hint(request, status),
    )


def _hint(request: ApiRequest[Any], status: int) -> str | None:
    """Return what to do next where the class of the error says too little; None elsewhere."""
    if status in _TOLD_BY_CLASS or status < _MULTIPLE_CHOICES:
        return None
    if request.method == "POST" and request.path == "/sessions":
        return advice_after_post(status)
    if status in _SESSION_ERRORS:
        return None
    return advice_after_other(status)


_TOLD_BY_CLASS = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
)


def request_id_of(request: ApiRequest[Any], response: RawResponse, *, key: str) -> str | None:
    """Return the server's id of a request without the secrets in it; None if it sent none.

    Args:
        request: The request.
        response: Its answer.
        key: The API key, which the id must not repeat.
    """
    request_id = headers_of(response).get(REQUEST_ID)
    return safe_request_id(request_id, (key, *request.secrets)) if request_id else None


def headers_of(response: RawResponse) -> CIMultiDict[str]:
    """Return the headers of an answer, whose names may be written in any case."""
    headers = response.headers
    # A user's transport may bring a plain dictionary. Two looks at every answer come by here, and
    # the exact type is told in a third of the time.
    return headers if type(headers) is CIMultiDict else CIMultiDict(headers)


_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?", re.ASCII)


def _redirection(headers: CIMultiDict[str]) -> str:
    """Return to which host a redirect leads; a path may hold a token."""
    try:
        host = urlsplit(headers.get("Location", "")).netloc
    except ValueError:
        host = ""
    return f"redirect to {host}" if _HOST.fullmatch(host) else ""


def least_wait(response: RawResponse, *, wall_clock: Callable[[], datetime]) -> float | None:
    """Return the seconds that a 202 asks to wait before the next poll; None if it asks for none.

    Args:
        response: The answer to a poll.
        wall_clock: Read only if there is a Retry-After, which may be a date.
    """
    if response.status != ACCEPTED or RETRY_AFTER not in (headers := headers_of(response)):
        return None
    return parse_retry_after(headers, now=wall_clock())


def _retry_after(status: int, headers: CIMultiDict[str], now: datetime | None) -> float | None:
    seconds = parse_retry_after(headers, now=now)
    if seconds is not None or status != HTTPStatus.TOO_MANY_REQUESTS:
        return seconds
    limit = read_rate_limit_headers(headers, now=now)
    return limit.reset if limit is not None and limit.remaining == 0 else None


def _error_class(request: ApiRequest[Any], status: int) -> type[ApiError]:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AuthenticationError
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError
    if request.path == "/sessions":
        bad_address = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
        return InvalidAddress if request.method == "POST" and status in bad_address else ApiError
    if request.path.startswith("/sessions/"):
        return _SESSION_ERRORS.get(status, ApiError)
    return ApiError


_SESSION_ERRORS: dict[int, type[ApiError]] = {
    HTTPStatus.NOT_FOUND: SessionNotFound,
    HTTPStatus.GONE: SessionGone,
}
