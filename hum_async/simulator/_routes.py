"""Which endpoint a path means (hum-api 2)."""

from __future__ import annotations

from urllib.parse import unquote

import attrs

UNKNOWN = "unknown"
PING = "GET /ping"
CREATE = "POST /sessions"
GET = "GET /sessions/{token}"
INTERNET = "GET /sessions/{token}/services/internet"
CLOSE = "DELETE /sessions/{token}"

_ROUTES = {
    ("GET", "ping"): PING,
    ("POST", "sessions"): CREATE,
    ("GET", "sessions", "{token}"): GET,
    ("GET", "sessions", "{token}", "services", "internet"): INTERNET,
    ("DELETE", "sessions", "{token}"): CLOSE,
}


@attrs.frozen
class Route:
    """An endpoint and the token in its path.

    Attributes:
        name: One of the names of this module.
        token: The decoded session token, if the endpoint has one.
    """

    name: str
    token: str | None = None


def find_route(method: str, *, path: str) -> Route:
    """Find the endpoint of a request.

    Args:
        method: HTTP method.
        path: Path as sent. It is split before it is decoded, so that a token stays one segment
            whatever characters it holds.
    """
    segments = path.partition("?")[0].strip("/").split("/")
    token = None
    if len(segments) > 1 and segments[0] == "sessions" and segments[1]:
        token = unquote(segments[1])
        segments[1] = "{token}"
    return Route(_ROUTES.get((method, *segments), UNKNOWN), token)
