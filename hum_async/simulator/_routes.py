"""The routes: which endpoint a method and a path name (hum-api 2)."""

from urllib.parse import unquote

import attrs

UNKNOWN = "unknown"
PING = "GET /ping"
CREATE_SESSION = "POST /sessions"
GET_SESSION = "GET /sessions/{token}"
GET_INTERNET = "GET /sessions/{token}/services/internet"
CLOSE_SESSION = "DELETE /sessions/{token}"

_ROUTES = {
    ("GET", "ping"): PING,
    ("POST", "sessions"): CREATE_SESSION,
    ("GET", "sessions", "{token}"): GET_SESSION,
    ("GET", "sessions", "{token}", "services", "internet"): GET_INTERNET,
    ("DELETE", "sessions", "{token}"): CLOSE_SESSION,
}


@attrs.frozen
class Route:
    """An endpoint and the token in the path.

    Attributes:
        name: One of this module's constants, such as `GET_SESSION`.
        token: The decoded session token; None for a path without one.
        allowed: Methods of the path, in order, if the request has another one.
    """

    name: str
    token: str | None = None
    allowed: tuple[str, ...] = ()


def find_route(method: str, *, path: str) -> Route:
    """Return the route of a request; its name is `UNKNOWN` for an endpoint that does not exist.

    Args:
        method: HTTP method.
        path: Path as sent, percent-encoded.
    """
    # Split before decoding: a token stays one segment, whatever characters it holds.
    segments = path.partition("?")[0].strip("/").split("/")
    token = None
    if len(segments) > 1 and segments[0] == "sessions" and segments[1]:
        token = unquote(segments[1])
        segments[1] = "{token}"
    name = _ROUTES.get((method, *segments))
    if name is not None:
        return Route(name, token)
    allowed = sorted(route[0] for route in _ROUTES if route[1:] == tuple(segments))
    return Route(UNKNOWN, token, tuple(allowed))
