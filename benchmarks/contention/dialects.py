"""What the server says, in the words that each kind of client listens to.

The state of a token and the limit are the same for all; only the path and the wording differ,
because helpers that belong to one API look for the fields of that API.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import attrs

__all__ = ["DIALECTS", "Dialect", "response"]

Said = tuple[HTTPStatus, Mapping[str, str], Mapping[str, Any]]
"""Status, headers and body."""


def response(status: HTTPStatus, headers: Mapping[str, str], body: Mapping[str, Any]) -> bytes:
    """Return an HTTP response as it is on the wire."""
    content = json.dumps(body).encode()
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n{lines}"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def _session(token: str, *, done: bool) -> dict[str, Any]:
    """Return a body of GET /sessions/{token}; `responded_at` is another one each time."""
    address = "1420 Washington Blvd, Detroit, MI 48201" if done else None
    agents = "matched" if done else "pending"
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "message": "Session found.",
        "request_status": "ok",
        "data": {"service_address": address},
        "meta": {
            "session_token": token,
            "session_status": "open",
            "responded_at": now,
            "hum_data_set": "25041808",
            "agent_status": {"geocoding": agents, "internet": agents, "checkout": "pending"},
            "session_params": {"street1": "1420 Washington Blvd", "state": "MI", "zip": "48201"},
            "service_address": address,
            "created_at": "2025-04-18T08:00:00.000Z",
            "updated_at": "2025-04-18T08:00:00.000Z",
        },
    }


def _say_session(token: str, done: bool, _: str) -> Said:  # noqa: FBT001  a table of these
    return HTTPStatus.OK if done else HTTPStatus.ACCEPTED, {}, _session(token, done=done)


def _say_operation(token: str, done: bool, origin: str) -> Said:  # noqa: FBT001  as above
    """Say where to ask again, which is how a long-running operation is recognised."""
    location = {} if done else {"Location": f"{origin}/operations/{token}"}
    return HTTPStatus.OK if done else HTTPStatus.ACCEPTED, location, _session(token, done=done)


def _say_file(token: str, done: bool, _: str) -> Said:  # noqa: FBT001  as above
    body = {
        "id": token,
        "object": "vector_store.file",
        "created_at": 1_745_000_000,
        "usage_bytes": 0,
        "vector_store_id": "contended",
        "status": "completed" if done else "in_progress",
        "last_error": None,
    }
    return HTTPStatus.OK, {}, body


def _say_queued(token: str, done: bool, _: str) -> Said:  # noqa: FBT001  as above
    status = "COMPLETED" if done else "IN_PROGRESS"
    body = {"status": status, "request_id": token, "logs": None, "metrics": {}}
    return HTTPStatus.OK if done else HTTPStatus.ACCEPTED, {}, body


@attrs.frozen
class Dialect:
    """One way to ask for a token.

    Attributes:
        position: Where the token stands among the segments of the path.
        say: Takes the token, whether it is done, and the server's origin; returns the answer.
        refusal: Headers that this kind of client needs beside ``Retry-After`` to see a throttle.
    """

    position: int
    say: Callable[[str, bool, str], Said]
    refusal: Mapping[str, str] = attrs.field(factory=dict)

    def refuse(self, retry_after: int) -> bytes:
        """Return the answer to one request too many."""
        body = {"message": "Too many requests.", "request_status": "error", "data": {}}
        headers = {"Retry-After": str(retry_after), **self.refusal}
        return response(HTTPStatus.TOO_MANY_REQUESTS, headers, body)


DIALECTS = {
    "sessions": Dialect(1, _say_session),  # /sessions/{token}
    "operations": Dialect(1, _say_operation),  # /operations/{token}
    "v1": Dialect(4, _say_file),  # /v1/vector_stores/{store}/files/{token}
    "queue": Dialect(3, _say_queued),  # /queue/{alias}/requests/{token}/status
    "modelled": Dialect(  # /modelled/{token}
        1, _say_session, {"x-amzn-errortype": "TooManyRequestsException"}
    ),
}
"""By the first segment of the path."""
