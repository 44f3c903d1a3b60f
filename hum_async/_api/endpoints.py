"""What each endpoint is: method, path, how its answer is read and what its errors mean."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote, unquote

import attrs
import orjson
from multidict import CIMultiDict

from hum_async._api import decoding
from hum_async._limits.rate_limit_headers import parse_retry_after, read_rate_limit_headers
from hum_async._redact import hide, redact
from hum_async.errors import (
    ApiError,
    AuthenticationError,
    InvalidAddress,
    RateLimited,
    ServerError,
    SessionGone,
    SessionNotFound,
)
from hum_async.models import Address, Ping, RawResponse, Session

__all__ = [
    "ApiRequest",
    "Source",
    "close_request",
    "create_request",
    "error_for",
    "ping_request",
    "poll_request",
    "raw_request",
]

T = TypeVar("T")

Source = Literal["session", "internet"]
"""Which endpoint is polled: the session itself (hum-api 2.3) or its internet services (2.4)."""


# Not frozen, because one is made for each poll, and frozen ones take three times as long to make.
@attrs.define(eq=False)
class ApiRequest(Generic[T]):
    """One request and the meaning of its answers.

    Attributes:
        method: HTTP method.
        path: Path below the base URL, percent-encoded.
        decode: From an answer that is a success to what the caller gets.
        body: JSON to send.
        creates: It must not be sent twice unless it certainly did not take effect.
        also: Error statuses that count as success.
        secrets: What the request carries and no error may repeat.
        refused: Whether an answer that was decoded says that the request failed all the same.
    """

    method: str
    path: str = attrs.field(repr=False)
    decode: Callable[[RawResponse], T] = attrs.field(repr=False)
    body: bytes | None = attrs.field(default=None, repr=False)
    creates: bool = False
    also: tuple[int, ...] = ()
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)
    refused: Callable[[T], bool] = attrs.field(default=lambda _: False, repr=False)

    def succeeded(self, status: int) -> bool:
        """Whether this status is an answer and not an error."""
        return 200 <= status < 300 or status in self.also  # noqa: PLR2004  HTTP's own classes


def ping_request() -> ApiRequest[Ping]:
    """GET /ping (hum-api 2.1)."""
    return ApiRequest(
        "GET",
        "/ping",
        lambda response: decoding.decode_ping(response.body),
        refused=lambda answer: answer.request_status == "error",
    )


def create_request(address: Address, *, campaign_id: str | None = None) -> ApiRequest[Session]:
    """POST /sessions (hum-api 2.2), for an address that was checked."""
    parts = (address.street1, address.street2, address.city, address.zip)
    degrees = (str(part) for part in (address.latitude, address.longitude) if part is not None)
    return ApiRequest(
        "POST",
        "/sessions",
        lambda response: decoding.decode_created(response.body),
        body=decoding.encode_address(address, campaign_id=campaign_id),
        creates=True,
        secrets=(*filter(None, parts), *degrees),
    )


def poll_request(token: str, *, source: Source = "session") -> ApiRequest[Session]:
    """GET /sessions/{token} (hum-api 2.3) or its internet services (2.4)."""
    internet = source == "internet"
    decode_body = decoding.decode_internet if internet else decoding.decode_session

    def decode(response: RawResponse) -> Session:
        processing = response.status == 202  # noqa: PLR2004  Accepted: still processing
        return decode_body(response.body, token=token, processing=processing)

    path = _session_path(token) + ("/services/internet" if internet else "")
    return ApiRequest("GET", path, decode, secrets=(token,), refused=_says_error)


def _says_error(session: Session) -> bool:
    """A 2xx may say that the request failed (hum-api 4); then it is no observation."""
    return session.request_status == "error" and not session.agents and not session.providers


def close_request(token: str) -> ApiRequest[None]:
    """DELETE /sessions/{token} (hum-api 2.5); a session that is not there counts as closed."""
    path = _session_path(token)
    return ApiRequest("DELETE", path, lambda _: None, also=(404, 410), secrets=(token,))


def raw_request(method: str, path: str, *, json: Any = None) -> ApiRequest[RawResponse]:
    """Any request; POST and PATCH are taken to create something."""
    path = path if path.startswith("/") else f"/{path}"
    return ApiRequest(
        method.upper(),
        path,
        lambda response: response,
        body=None if json is None else orjson.dumps(json),
        creates=method.upper() in {"POST", "PATCH"},
        secrets=(*unquote(path).split("/")[2:], *_texts(json)),
    )


def _texts(json: Any) -> Iterator[str]:
    if isinstance(json, str):
        yield json
    elif isinstance(json, dict | list):
        for item in json.values() if isinstance(json, dict) else json:
            yield from _texts(item)


def _session_path(token: str) -> str:
    if token.isascii() and token.isalnum():  # as every token seen so far (hum-api 3.2)
        return f"/sessions/{token}"
    try:
        segment = quote(token, safe="")
    except UnicodeEncodeError:
        segment = ""
    # Dots alone would be resolved as a path, by somebody on the way if not by us.
    if not segment.strip("."):
        raise SessionNotFound(404, "this cannot be a session token; nothing was sent")
    return f"/sessions/{segment}"


def error_for(
    call: ApiRequest[Any],
    response: RawResponse,
    *,
    key: str = "",
    kind: type[ApiError] | None = None,
) -> ApiError:
    """Return the error that an answer means.

    Args:
        call: What was asked.
        response: What was answered.
        key: The API key, lest the server repeats it.
        kind: Class of the error; None goes by the status.
    """
    status = response.status
    message = redact(decoding.error_message(response.body), (key, *call.secrets))
    # A transport of the user's may bring a plain dictionary.
    headers = CIMultiDict(response.headers)
    request_id = headers.get("x-request-id")
    return (kind or _error_class(call, status))(
        status,
        message,
        hide(request_id, (key, *call.secrets)) if request_id else None,
        _retry_after(status, headers),
    )


def _retry_after(status: int, headers: CIMultiDict[str]) -> float | None:
    told = parse_retry_after(headers)
    if told is not None or status != 429:  # noqa: PLR2004  Too Many Requests
        return told
    quota = read_rate_limit_headers(headers)
    return quota.reset if quota is not None and quota.remaining == 0 else None


def _error_class(call: ApiRequest[Any], status: int) -> type[ApiError]:
    if status in {401, 403}:
        return AuthenticationError
    if status == 429:  # noqa: PLR2004  Too Many Requests
        return RateLimited
    if status >= 500:  # noqa: PLR2004  HTTP's own class
        return ServerError
    if call.path == "/sessions":
        return InvalidAddress if call.method == "POST" and status in {400, 422} else ApiError
    if call.path.startswith("/sessions/"):
        return {404: SessionNotFound, 410: SessionGone}.get(status, ApiError)
    return ApiError
