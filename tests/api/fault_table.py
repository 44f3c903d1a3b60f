"""Every fault of the way to the API and back, and what a caller of each endpoint sees of it.

``python tests/api/fault_table.py`` writes `docs/faults.md`.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from faulty_server import KEY, STREET, TOKEN, Exchange, compressed, error, http

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


async def _reset(request: Exchange) -> None:
    request.reset()


async def _hang_up(request: Exchange) -> None:
    pass


async def _reset_in_headers(request: Exchange) -> None:
    request.writer.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
    await request.writer.drain()
    await asyncio.sleep(1)
    request.reset()


async def _reset_in_body(request: Exchange) -> None:
    request.writer.write(request.ok()[:-10])
    await request.writer.drain()
    await asyncio.sleep(1)
    request.reset()


async def _hang_up_in_body(request: Exchange) -> None:
    request.writer.write(request.ok()[:-10])
    await request.writer.drain()


async def _hang_up_in_chunks(request: Exchange) -> None:
    body = request.body
    head = http(request.status, b"", "Transfer-Encoding: chunked")
    request.writer.write(head + b"%x\r\n" % len(body) + body + b"\r\n")
    await request.writer.drain()


async def _silence(_: Exchange) -> None:
    await asyncio.sleep(1000)


async def _silence_after_headers(request: Exchange) -> None:
    request.writer.write(request.ok().partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    await request.writer.drain()
    await asyncio.sleep(1000)


async def _drip(request: Exchange) -> None:
    for byte in request.ok():
        request.writer.write(bytes([byte]))
        await request.writer.drain()
        await asyncio.sleep(5)


async def _interim_for_ever(request: Exchange) -> None:
    while True:
        request.writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await request.writer.drain()
        await asyncio.sleep(5)


async def _headers_for_ever(request: Exchange) -> None:
    request.writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        request.writer.write(b"X-More: y\r\n" * 500)
        await request.writer.drain()
        await asyncio.sleep(1)


async def _body_for_ever(request: Exchange) -> None:
    request.writer.write(http(request.status, b"", "Transfer-Encoding: chunked"))
    while True:
        request.writer.write(b"100000\r\n" + b" " * 0x100000 + b"\r\n")
        await request.writer.drain()
        await asyncio.sleep(1)


async def _http_1_0(request: Exchange) -> None:
    request.writer.write(b"HTTP/1.0 %d OK\r\n\r\n" % request.status + request.body)
    await request.writer.drain()


async def _close_after(request: Exchange) -> None:
    request.writer.write(request.ok())
    await request.writer.drain()


def _with(change: dict[str, Any], request: Exchange) -> bytes:
    return http(request.status, json.dumps(request.answer | change).encode())


def _of(body: bytes, *headers: str) -> Any:
    return lambda request: http(request.status, body, *headers)


def _only_first(answer: bytes) -> Any:
    return lambda request: answer if request.number == 1 else request.ok()


def _throttled(status: int, *headers: str) -> Any:
    return _only_first(http(status, b"{}", *headers))


def _in(seconds: float) -> str:
    return email.utils.format_datetime(_NOW + timedelta(seconds=seconds), usegmt=True)


_NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
_DATE = f"Date: {email.utils.format_datetime(_NOW, usegmt=True)}"


def _reset_on_reuse(request: Exchange) -> Any:
    return _reset(request) if request.on_connection > 1 else request.ok()


def _unasked(request: Exchange) -> bytes:
    evil = json.dumps({"message": "EVIL", "request_status": "ok", "data": {}, "meta": {}}).encode()
    return request.ok() + http(200, evil)


def _status(status: int) -> Any:
    if status < 300:
        return lambda request: http(status, request.body)
    return lambda _: error(status)


def _redirect(status: int) -> Any:
    return lambda _: http(status, b"", "Location: /elsewhere")


GZIP = "Content-Encoding: gzip"


@attrs.frozen
class Outcomes:
    """What the caller of each endpoint sees of a fault.

    ``ok``, ``processing``, or the class of an error and its status; the number of requests if it is
    not 1; how long it took, if it took time. ``{}`` stands for the name of the fault.

    Attributes:
        create: Of POST /sessions.
        reads: Of every other endpoint that is not named.
        get: Of GET /sessions/{token}.
        internet: Of its internet services.
        close: Of DELETE.
        ping: Of GET /ping.
    """

    create: str
    reads: str
    get: str | None = None
    internet: str | None = None
    close: str | None = None
    ping: str | None = None


@attrs.frozen
class Fault:
    """One fault and its outcomes.

    Attributes:
        name: What goes wrong.
        behave: What the server does; see `FaultyServer`.
        outcomes: What the callers see.
        calls: Number of calls; the outcome is that of the last one.
        place: Where the client looks for the server.
    """

    name: str
    behave: Any
    outcomes: Outcomes
    calls: int = 1
    place: str = "server"

    def outcome(self, endpoint: str) -> str:
        """Return what the caller of an endpoint sees."""
        told: str = getattr(self.outcomes, endpoint) or self.outcomes.reads
        return told.format(self.name)


def _faults(
    outcomes: Outcomes, behaviours: Mapping[Any, Any], *, calls: int = 1, place: str = "server"
) -> list[Fault]:
    """Return faults that all have the same outcomes."""
    return [Fault(str(name), behave, outcomes, calls, place) for name, behave in behaviours.items()]


def _each(behave: Any, statuses: str) -> dict[str, Any]:
    return {status: behave(int(status)) for status in statuses.split()}


def _after(pause: str) -> Outcomes:
    return Outcomes(*2 * [f"ok, 2 sent, {pause}"])


ENDPOINTS = {
    "create": "POST /sessions",
    "get": "GET /sessions/{token}",
    "internet": "GET /sessions/{token}/services/internet",
    "close": "DELETE /sessions/{token}",
    "ping": "GET /ping",
}

OK = Outcomes("ok", "ok")
LOST = Outcomes("TransportError", "TransportError, 4 sent")
UNREADABLE = Outcomes("ResponseError", "ResponseError, 4 sent", close="ok")
TOKEN_ALONE = Outcomes("processing", "ResponseError, 4 sent", close="ok")
TIMED_OUT = Outcomes("RequestTimeout, 90 s", "RequestTimeout, 4 sent, 40 s")

# What `Retry-After` may hold, and the pause that it causes; None if it says nothing. `Date` tells
# how late the server thinks it is. A pause lasts a second at least, and five minutes at most.
RETRY_AFTER = {
    "whole seconds": ("1", "1 s"),
    "zero": ("0", "1 s"),
    "a fraction": ("0.5", "1 s"),
    "a date to come": (_in(2), "2 s"),
    "a date gone by": (_in(-1000), "1 s"),
    "a date of asctime": ("Sun Nov  6 08:49:37 1994", "1 s"),
    "a word": ("soon", None),
    "a negative number": ("-5", None),
    "30 digits": ("9" * 30, "5 min"),
    "five days": ("410000", "5 min"),
    "an exponent": ("1e3", None),
    "infinity": ("inf", None),
    "not a number": ("nan", None),
    "nothing": ("", None),
    "a superscript digit": ("\u00b2", None),
    "a list": ("1, 120", None),
    "a date in the year 99999": ("Mon, 01 Jan 99999 00:00:00 GMT", None),
    "a date in no time zone": ("Mon, 01 Jan 2035 00:00:00 +9999", None),
    "milliseconds": ("500ms", None),
}


FAULTS: dict[str, list[Fault]] = {
    "Connection": [
        *_faults(
            Outcomes("ConnectFailed, 0 sent", "ConnectFailed, 0 sent"),
            {"nothing listens": _silence},
            place="refused",
        ),
        *_faults(
            LOST,
            {
                "the server resets the connection at once": _reset,
                "the server closes the connection at once": _hang_up,
                "headers come for ever": _headers_for_ever,
            },
        ),
        *_faults(
            Outcomes("TransportError, 1 s", "TransportError, 4 sent, 4 s"),
            {"a reset in the middle of the headers": _reset_in_headers},
        ),
        *_faults(
            Outcomes("processing, 1 s", "TransportError, 4 sent, 4 s"),
            {"a reset in the middle of the body": _reset_in_body},
        ),
        *_faults(
            Outcomes("processing", "TransportError, 4 sent"),
            {"a close in the middle of the body": _hang_up_in_body},
        ),
        *_faults(
            Outcomes("ok", "TransportError, 4 sent"),
            {"a close in the middle of a chunked body": _hang_up_in_chunks},
        ),
        *_faults(
            TIMED_OUT,
            {
                "no answer comes": _silence,
                "headers come, and no body": _silence_after_headers,
                "one byte comes every 5 s": _drip,
                "interim answers come for ever": _interim_for_ever,
            },
        ),
        *_faults(
            Outcomes("ResponseError, 4 s", "ResponseError, 4 sent, 16 s"),
            {"a body comes for ever": _body_for_ever},
        ),
        *_faults(
            OK,
            {
                "the connection is closed after each answer": _close_after,
                "an answer that nobody asked for follows": _unasked,
            },
            calls=2,
        ),
        *_faults(
            Outcomes("TransportError", "ok, 2 sent"),
            {"a kept connection is reset when it is used again": _reset_on_reuse},
            calls=2,
        ),
        *_faults(
            LOST,
            {"garbage follows the answer": lambda request: request.ok() + b"\x00\x01garbage"},
            calls=2,
        ),
    ],
    "TLS": [
        *_faults(
            Outcomes("ConnectFailed, 0 sent", "ConnectFailed, 0 sent"),
            {"the server does not speak TLS": _silence},
            place="plain",
        ),
        *_faults(
            Outcomes("ConnectFailed, 0 sent, 40 s", "ConnectFailed, 0 sent, 36 s"),
            {"the handshake is not answered": _silence},
            place="mute",
        ),
        *_faults(
            Outcomes("ConnectFailed, 0 sent", "ConnectFailed, 0 sent"),
            {"the certificate is self-signed": _silence},
            place="self-signed",
        ),
    ],
    "HTTP": [
        *_faults(
            LOST,
            {
                "another protocol answers": lambda _: b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
                "a body without head": lambda request: request.body,
                "frames of HTTP/2": lambda _: b"\0\0\x12\4\0\0\0\0\0" + b"\0" * 18,
                "a length below 0": _of(b"{}", "Content-Length: -5"),
                "two lengths": _of(b"{}", "Content-Length: 2", "Content-Length: 5"),
                "a length and chunks": _of(
                    b"2\r\n{}\r\n0\r\n\r\n", "Content-Length: 2", "Transfer-Encoding: chunked"
                ),
                "a length of 23 digits": _of(b"{}", f"Content-Length: {'9' * 23}"),
                "a chunk without size": _of(b"zzz\r\nabc\r\n", "Transfer-Encoding: chunked"),
                "a header of 9 kB": lambda request: request.ok(f"X-Big: {'a' * 9000}"),
                "1000 headers": lambda request: request.ok(
                    *[f"X-{number}: v" for number in range(1000)]
                ),
                "a header with a NUL": lambda request: request.ok("X-Odd: a\0b"),
                "a header without colon": lambda request: request.ok("garbage"),
                "gzip that is none": _of(b"not gzip at all", GZIP),
                "Brotli that is none": _of(b"\xff" * 20, "Content-Encoding: br"),
                "Zstandard that is none": _of(b"rubbish", "Content-Encoding: zstd"),
            },
        ),
        *_faults(
            OK,
            {
                "HTTP/1.0 without a length": _http_1_0,
                "a header in Latin-1": lambda request: request.ok("X-Odd: \xfc"),
                "100 before the answer": lambda request: (
                    b"HTTP/1.1 100 Continue\r\n\r\n" + request.ok()
                ),
                "102 before the answer": lambda request: (
                    b"HTTP/1.1 102 Processing\r\n\r\n" + request.ok()
                ),
                "103 before the answer": lambda request: (
                    b"HTTP/1.1 103 Early Hints\r\n\r\n" + request.ok()
                ),
                "gzip in order": lambda request: http(
                    request.status, compressed(request.body), GZIP
                ),
            },
        ),
        *_faults(
            Outcomes("ApiError 101", "ApiError 101, 4 sent"),
            {
                "101 to another protocol": lambda _: (
                    b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
                ),
            },
        ),
        *_faults(
            TIMED_OUT,
            {"199 alone": lambda _: http(199)},
        ),
        *_faults(
            Outcomes("processing", "ResponseError, 4 sent", close="ok", ping="ok"),
            {
                "gzip that ends early": lambda request: http(
                    request.status, compressed(request.body)[:-9], GZIP
                ),
            },
        ),
        *_faults(
            UNREADABLE,
            {"an unknown encoding": _of(b"rubbish", "Content-Encoding: x-snappy")},
        ),
    ],
    "Body": [
        *_faults(
            TOKEN_ALONE,
            {
                "JSON that ends early": lambda request: http(request.status, request.body[:-7]),
                "agent states of a wrong type": partial(
                    _with, {"meta": {"session_token": TOKEN, "agent_status": "matched"}}
                ),
                "a date that is none": partial(
                    _with,
                    {"meta": {"session_token": TOKEN, "created_at": "soon"}, "timestamp": "soon"},
                ),
                "an integer of 5000 digits": lambda request: http(
                    request.status, request.body[:-1] + b', "x": ' + b"9" * 5000 + b"}"
                ),
                "half a surrogate pair": lambda request: http(
                    request.status, request.body[:-1] + b', "x": "\\ud800"}'
                ),
            },
        ),
        *_faults(
            UNREADABLE,
            {
                "a page of HTML": _of(
                    b"<html>Welcome to the captive portal</html>", "Content-Type: text/html"
                ),
                "an empty body": _of(b""),
                "a body of blanks": _of(b"  \n"),
                "null": _of(b"null"),
                "an empty list": _of(b"[]"),
                "a number beyond every float": _of(b"1e400"),
                "NaN": _of(b'{"message": NaN}'),
                "100,000 lists in each other": _of(b"[" * 100_000 + b"]" * 100_000),
                "every field of a wrong type": partial(
                    _with,
                    {
                        "message": 5,
                        "request_status": ["ok"],
                        "data": "none",
                        "meta": {"session_token": {}},
                        "timestamp": [1],
                    },
                ),
            },
        ),
        *_faults(
            Outcomes("ResponseError", "ok"),
            {
                "an empty object": _of(b"{}"),
                "no meta": partial(_with, {"data": {}, "meta": None}),
            },
        ),
        *_faults(
            OK,
            {
                "900 lists in an unknown field": lambda request: http(
                    request.status, request.body[:-1] + b', "x": ' + b"[" * 900 + b"]" * 900 + b"}"
                ),
                "a key twice": lambda request: http(
                    request.status, b'{"message": "a",' + request.body[1:]
                ),
                "bytes that are no UTF-8": lambda request: http(
                    request.status, request.body[:-1] + b', "x": "\xff\xfe"}'
                ),
                "UTF-16": lambda request: http(
                    request.status, request.body.decode().encode("utf-16")
                ),
                "UTF-8 with a byte order mark": lambda request: http(
                    request.status, b"\xef\xbb\xbf" + request.body
                ),
                "request_status warning": partial(_with, {"request_status": "warning"}),
                "an unknown request_status": partial(_with, {"request_status": "splendid"}),
            },
        ),
        *_faults(
            Outcomes("ok", "ResponseError, 4 sent", ping="ok"),
            {
                "the token of another session": partial(
                    _with, {"data": {}, "meta": {"session_token": "b" * 24}}
                ),
            },
        ),
        *_faults(
            Outcomes("ResponseError", "ServerError 200, 4 sent", close="ok"),
            {
                "request_status error": lambda request: http(
                    request.status, error(200).partition(b"\r\n\r\n")[2]
                ),
            },
        ),
    ],
    "Unusual success": [
        *_faults(
            Outcomes("ok", "processing", close="ok", ping="ok"),
            _each(_status, "202"),
        ),
        *_faults(OK, _each(_status, "203 206 207 208 226")),
        *_faults(
            UNREADABLE,
            {
                "204 without body": lambda _: http(204),
                "205 without body": lambda _: http(205),
            },
        ),
    ],
    "Redirects, which nobody follows": [
        *_faults(
            Outcomes("ApiError {}", "ApiError {}, 4 sent"),
            _each(_redirect, "300 301 302 303 304 305 307 308"),
        ),
    ],
    "Refusals, each with key, token and street in its message": [
        *_faults(
            Outcomes("InvalidAddress {}", "ApiError {}, 4 sent"),
            _each(_status, "400 422"),
        ),
        *_faults(
            Outcomes("AuthenticationError {}", "AuthenticationError {}"),
            _each(_status, "401 403"),
        ),
        *_faults(
            Outcomes("ApiError {}", "ApiError {}, 4 sent"),
            _each(
                _status,
                "402 405 406 407 408 409 411 412 413 414 415 416 417 418 423 424 426 "
                "428 431 440 444 451 460 494 495 496 497 499",
            ),
        ),
        *_faults(
            Outcomes("ApiError {}", "SessionNotFound {}", close="ok", ping="ApiError {}"),
            _each(_status, "404"),
        ),
        *_faults(
            Outcomes("ApiError {}", "SessionGone {}", close="ok", ping="ApiError {}"),
            _each(_status, "410"),
        ),
        *_faults(
            Outcomes("ApiError {}, 4 sent", "ApiError {}, 4 sent"),
            _each(_status, "421 425"),
        ),
        *_faults(
            Outcomes("RateLimited {}, 11 sent, 5 min", "RateLimited {}, 11 sent, 5 min"),
            _each(_status, "429"),
        ),
    ],
    "Failures of a server": [
        *_faults(
            Outcomes("ServerError {}", "ServerError {}, 4 sent"),
            _each(
                _status,
                "500 501 502 503 504 505 506 507 508 510 511 520 521 522 523 524 525 "
                "526 527 529 530 598 599 600 999",
            ),
        ),
        *_faults(
            Outcomes("ApiError 0", "ApiError 0, 4 sent"),
            {"000": lambda _: b"HTTP/1.1 000 X\r\nContent-Length: 2\r\n\r\n{}"},
        ),
        *_faults(
            Outcomes("ServerError 500", "ok, 2 sent"),
            {"500 once": _only_first(error(500))},
        ),
        *_faults(
            Outcomes("ServerError 502", "ok, 2 sent"),
            {"502 once": _only_first(error(502))},
        ),
        *_faults(
            Outcomes("ServerError 503", "ok, 2 sent"),
            {"503 once": _only_first(error(503))},
        ),
        *_faults(
            Outcomes("ServerError 500", "ServerError 500, 4 sent"),
            {
                "500 with key, token and street as its id": lambda _: http(
                    500, b"{}", f"X-Request-Id: {KEY}-{TOKEN}-{STREET}"
                ),
                "500 with the street in percents as its id": lambda _: http(
                    500, b"{}", f"X-Request-Id: {STREET.replace(' ', '%20')}"
                ),
            },
        ),
    ],
    "Rate limit": [
        *_faults(
            Outcomes("ok, 2 sent, 1 s", "ok, 2 sent, 1 s"),
            {
                "429 once, without Retry-After": _throttled(429),
                "429 once, with 1 and 120 in two headers": _throttled(
                    429, "Retry-After: 1", "Retry-After: 120"
                ),
            },
        ),
        *_faults(
            Outcomes("RateLimited 429, 11 sent, 5 min", "RateLimited 429, 11 sent, 5 min"),
            {"429 for ever, with Retry-After: 1": lambda _: error(429, "Retry-After: 1")},
        ),
        *_faults(
            Outcomes("ServerError 503, 11 sent, 5 min", "ServerError 503, 11 sent, 5 min"),
            {"503 for ever, with Retry-After: 1": lambda _: error(503, "Retry-After: 1")},
        ),
        *_faults(
            Outcomes("ok, 2 sent, 2 min", "ok, 2 sent, 2 min"),
            {
                "429 once, with 120 and 1 in two headers": _throttled(
                    429, "Retry-After: 120", "Retry-After: 1"
                ),
            },
        ),
    ],
    "Retry-After once, with 429": [
        fault
        for name, (value, pause) in RETRY_AFTER.items()
        for fault in _faults(
            _after(pause or "1 s"),
            {f"429, {name}": _throttled(429, f"Retry-After: {value}", _DATE)},
        )
    ],
    "Retry-After once, with 503": [
        fault
        for name, (value, pause) in RETRY_AFTER.items()
        for fault in _faults(
            _after(pause) if pause else Outcomes("ServerError 503", "ok, 2 sent"),
            {f"503, {name}": _throttled(503, f"Retry-After: {value}", _DATE)},
        )
    ],
}


def page() -> str:
    """Return the page of the documentation."""
    lines = _HEAD.splitlines()
    for title, faults in FAULTS.items():
        lines += ["", f"## {title}", "", f"| fault | {' | '.join(ENDPOINTS.values())} |"]
        lines += ["|---" * (1 + len(ENDPOINTS)) + "|"]
        for fault in faults:
            cells = [fault.name, *(fault.outcome(endpoint) for endpoint in ENDPOINTS)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


_HEAD = """\
# Faults and their outcomes

`tests/api/fault_table.py` writes this page. `tests/api/test_fault_matrix.py` causes every fault
at every endpoint over real sockets, and compares. Each cell is what the caller of one method of
`HumClient` sees:

- `ok`, or `processing` if the answer leaves the session unfinished; or the class of the error and
  its status;
- "4 sent": the number of requests, where it is not 1. A request is sent four times at most, not
  counting those that the rate limit refused. POST /sessions may cost money, and is sent again only
  where it certainly had no effect;
- "40 s": how long it took, where it took time. Time-outs are those of the client's defaults, 90 s
  for POST /sessions and 10 s for all else; delays between tries, which are random, are left out.

No error repeats key, token or street, no redirect is followed, and every slot of the rate limiter
comes back.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
