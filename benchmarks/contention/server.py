"""The server of the contention benchmark: one process, one limit, one journal per run.

    python -m contention.server

It prints its port and serves until its standard input ends, so that it cannot outlive its parent.
`POST /control/start?tokens=N&seed=N` forgets everything and starts the clock; `GET /control/report`
tells what was seen since. It takes requests without a body only, and answers each at once.
"""

import asyncio
import sys
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import attrs
from _limits import TokenBucket

from contention.dialects import DIALECTS, response
from contention.journal import Journal
from contention.scenario import Scenario

__all__ = ["Run", "Server"]

_END = b"\r\n\r\n"


@attrs.define
class Run:
    """The state of one run: what is done when, what is left in the bucket, what was seen."""

    scenario: Scenario
    journal: Journal = attrs.field(init=False)
    _bucket: TokenBucket = attrs.field(init=False)
    _began: float = attrs.field(factory=time.monotonic, init=False)
    _cpu: float = attrs.field(factory=time.process_time, init=False)

    def __attrs_post_init__(self) -> None:
        """Begin with a full bucket and an empty journal."""
        self.journal = Journal(self.scenario, self.scenario.done_times())
        self._bucket = TokenBucket(self.scenario.rate, self.scenario.burst)

    def answer(self, segments: list[str], origin: str) -> bytes | None:
        """Answer a question for a token; None if there is no such thing."""
        dialect = DIALECTS.get(segments[0])
        if dialect is None or len(segments) <= dialect.position:
            return None
        token = segments[dialect.position]
        if token not in self.journal.done_times:
            return None
        now = time.monotonic() - self._began
        if self._bucket.admit(now) is not None:
            self.journal.record(now, HTTPStatus.TOO_MANY_REQUESTS, token)
            return dialect.refuse(self.scenario.retry_after)
        done = now >= self.journal.done_times[token]
        self.journal.record(now, HTTPStatus.OK if done else HTTPStatus.ACCEPTED, token)
        return response(*dialect.say(token, done, origin))

    def report(self) -> dict[str, Any]:
        """Return the figures, and what the server itself had to do for them."""
        return {**self.journal.figures(), "server CPU s": time.process_time() - self._cpu}


@attrs.define
class Server:
    """Whatever connection a request comes on, this answers it."""

    origin: str = ""
    _run: Run = attrs.field(factory=lambda: Run(Scenario()), init=False)

    def answer(self, target: str) -> bytes:
        """Return the response to a request for a path with its query."""
        path, _, query = target.partition("?")
        segments = path[1:].split("/")
        if segments[0] == "control":
            return self._control(segments[-1], query)
        return self._run.answer(segments, self.origin) or response(HTTPStatus.NOT_FOUND, {}, {})

    def _control(self, order: str, query: str) -> bytes:
        if order == "start":
            asked = {name: int(value) for name, value in parse_qsl(query)}
            self._run = Run(Scenario(**asked))
            return response(HTTPStatus.OK, {}, {})
        return response(HTTPStatus.OK, {}, self._run.report())


class Connection(asyncio.Protocol):
    """One keep-alive connection. A blank line ends a request, because none has a body."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = transport  # type: ignore[assignment]  TCP has no other kind

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        if self._transport is None:
            raise RuntimeError("data came before the connection was made")
        *heads, self._received = (self._received + data).split(_END)
        for head in heads:
            target = head.split(b" ", 2)[1].decode("ascii")
            self._transport.write(self._server.answer(target))
            if b"connection: close" in head.lower():
                self._transport.close()


async def _serve() -> None:
    server = Server()
    listener = await asyncio.get_running_loop().create_server(
        lambda: Connection(server), "127.0.0.1", 0, backlog=1024
    )
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        server.origin = f"http://127.0.0.1:{port}"
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
