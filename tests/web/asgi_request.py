"""Requests to an ASGI application without a server."""

import asyncio
from typing import Any

import attrs


@attrs.define
class Answer:
    """What a server sent."""

    messages: list[Any] = attrs.field(factory=list)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])


async def ask(
    app: Any,
    *hosts: str,
    path: str = "/",
    method: str = "GET",
    origin: str | None = None,
    server: tuple[str, int | None] | None = ("127.0.0.1", 80),
) -> Answer:
    """Return the answer to a request that comes with these Host headers."""
    answer = Answer()
    body = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in body:
            return message
        await asyncio.Event().wait()  # a browser that stays
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answer.messages.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "server": server,
        "headers": [
            *((b"host", host.encode()) for host in hosts),
            *([] if origin is None else [(b"origin", origin.encode())]),
        ],
    }
    await app(scope, receive, send)
    return answer
