"""A server that breaks HTTP, or what the API says, in one way for each path prefix."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from hum_async.testing import session_json

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "sk-canary-9f8e7d6c5b4a39281716"
TOKEN = "TokCanaryQ7w8e9r0t1y2u3i"
STREET = "4711 Canaryfeather Lane"
SETTLED = {"geocoding": "matched", "internet": "matched"}


@attrs.define(eq=False)
class Exchange:
    """A request that has come, and the stream for its answer.

    Attributes:
        method: Its method.
        path: Its path, without the name of the fault.
        number: 1 for the first request of a call, and so on.
        on_connection: The same, of its connection.
        writer: Where to answer.
    """

    method: str
    path: str
    number: int
    on_connection: int
    writer: asyncio.StreamWriter

    @property
    def status(self) -> int:
        """The status of an answer in order."""
        return 201 if self.method == "POST" else 200

    @property
    def body(self) -> bytes:
        """The body of an answer in order."""
        return json.dumps(self.answer).encode()

    @property
    def answer(self) -> dict[str, Any]:
        """The JSON of an answer in order."""
        if self.path == "/ping":
            now = "2024-09-20T23:13:31.179Z"
            return {"message": "hi", "request_status": "ok", "data": {}, "timestamp": now}
        if self.path.endswith("/internet"):
            return session_json(TOKEN, providers=[{"provider_name": "A"}], **SETTLED)
        return session_json(TOKEN, **SETTLED)

    def ok(self, *headers: str) -> bytes:
        """Return an answer in order, with further headers."""
        return http(self.status, self.body, *headers)

    def reset(self) -> None:
        """Reset the connection."""
        found: socket.socket = self.writer.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = "Callable[[Exchange], bytes | Awaitable[None]]"


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Return the bytes of an answer; `headers` may say another length."""
    told = [line.partition(":")[0].lower() for line in headers]
    lines = [f"HTTP/1.1 {status} X", *headers]
    if not {"content-length", "transfer-encoding"} & set(told):
        lines.append(f"Content-Length: {len(body)}")
    if "content-type" not in told:
        lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def error(status: int, *headers: str) -> bytes:
    """Return an error that repeats what nobody may read."""
    message = f"about {STREET}, token {TOKEN}, key {KEY}"
    body = {"message": message, "request_status": "error", "data": {}}
    return http(status, json.dumps(body).encode(), *headers)


def compressed(body: bytes) -> bytes:
    """Return a body in gzip."""
    return gzip.compress(body, mtime=0)


@attrs.define(eq=False)
class FaultyServer:
    """Serves the faults of a table.

    Attributes:
        behaviours: What each path prefix does to a request. Bytes are sent, and the connection
            stays open; what is awaited decides by itself, and the connection is closed after it.
        sent: Number of requests of each prefix.
        strays: Paths that lead to no fault.
        url: Base URL, without prefix.
        greeting: Sent at once on each connection, of which nothing is read; "" says nothing, and
            leaves the connection open.
    """

    behaviours: Mapping[str, Any]
    sent: Counter[str] = attrs.field(factory=Counter)
    strays: list[str] = attrs.field(factory=list)
    url: str = ""
    greeting: bytes | None = None
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[Any]] = attrs.field(factory=set)

    async def start(self, **options: Any) -> None:
        """Listen on a free port; `options` are those of `asyncio.start_server`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, **options)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if options.get('ssl') else 'http'}://127.0.0.1:{port}"

    async def aclose(self) -> None:
        """Stop listening, and drop every connection."""
        if self._server is not None:
            self._server.close()
        while self._tasks:
            ending = [*self._tasks]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            self._tasks.difference_update(ending)
        await asyncio.sleep(0)

    def requests(self, route: str, token: str) -> int:
        """Return how many requests of a route came."""
        method, _, path = route.replace("{token}", token).partition(" ")
        return self.sent[f"{method} {path}"]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        count = 0
        try:
            if self.greeting is not None:
                writer.write(self.greeting)
                await asyncio.sleep(0 if self.greeting else 1000)
                return
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                for line in head:
                    if line.lower().startswith("content-length:"):
                        await reader.readexactly(int(line.partition(":")[2]))
                count += 1
                method, target, _ = head[0].split(" ")
                _, prefix, path = (
                    target.split("/", 2) if target.count("/") > 1 else ("", "", target)
                )
                behave = self.behaviours.get(prefix)
                if behave is None:
                    self.strays.append(target)
                    break
                call = f"{method} /{path}"
                self.sent[call] += 1
                done = behave(Exchange(method, f"/{path}", self.sent[call], count, writer))
                if not isinstance(done, bytes):
                    await done
                    break
                writer.write(done)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            if not writer.is_closing():
                writer.close()
            # If nobody asks how a connection ended, asyncio may report that.
            closed = asyncio.ensure_future(writer.wait_closed())
            self._tasks.add(closed)
            closed.add_done_callback(self._closed)

    def _closed(self, closed: asyncio.Task[None]) -> None:
        self._tasks.discard(closed)
        if not closed.cancelled():
            closed.exception()
