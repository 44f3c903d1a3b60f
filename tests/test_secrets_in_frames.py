"""What an error tracker records that stores the variables of every frame of a traceback."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hum_async import (
    Address,
    ConfigurationError,
    HumClient,
    HumError,
    RateLimiter,
    RetryPolicy,
    TransportError,
    qualify,
)
from hum_async._purchases.postgres.connection import Database
from hum_async._purchases.postgres.url import parse_database_url
from hum_async.bulk import qualify_frame
from hum_async.models import RawResponse
from hum_async.shared import SharedRateLimiter
from hum_async.testing import ScriptedTransport

KEY = "sk_live_0123456789abcdef"
TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
ADDRESS = Address("29090 Tiffany Dr E", city="SOUTHFIELD", state="MI", zip="48034")


def errors_of(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    todo = [error]
    while todo:
        error = todo.pop()
        if error is not None and error not in seen:
            seen.append(error)
            todo += [error.__cause__, error.__context__]
            yield error


def frames_of(error: BaseException) -> Iterator[tuple[str, str, Any]]:
    trace = error.__traceback__
    while trace is not None:
        for name, value in trace.tb_frame.f_locals.items():
            yield trace.tb_frame.f_code.co_filename, name, value
        trace = trace.tb_next


def as_recorded(value: Any, depth: int = 4) -> str:
    """Return what a tracker makes of a value: `repr`, and what containers hold."""
    if depth and isinstance(value, Mapping):
        return " ".join(as_recorded(part, depth - 1) for pair in value.items() for part in pair)
    if depth and isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return " ".join(as_recorded(part, depth - 1) for part in value)
    return value if isinstance(value, str) else repr(value)


def recorded(error: BaseException) -> str:
    """Return all that is recorded of an error, but for the frames of this file."""
    texts = []
    for one in errors_of(error):
        told = traceback.TracebackException.from_exception(one, capture_locals=True)
        texts += [repr(one), *("".join(map(str, vars(one).values())),)]
        texts += [
            value
            for frame in told.stack
            if frame.filename != __file__
            for value in (frame.locals or {}).values()
        ]
        texts += [as_recorded(value) for file, _, value in frames_of(one) if file != __file__]
    return "\n".join(texts)


def answers(raw: bytes, *, then: str = "close") -> Callable[..., Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw)
            if then == "reset":
                writer.transport.abort()
            elif then == "wait":
                await reader.read()
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return serve


def whole(status: str, body: bytes, *headers: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status}".encode(), b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


ECHO = b'{"message": "for %s at 29090 Tiffany Dr E", "request_status": ' % TOKEN.encode()
FAULTS = {
    "reset": answers(b"", then="reset"),
    "half": answers(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + ECHO),
    "no-http": answers(b"not http\r\n\r\n"),
    "time-out": answers(b"", then="wait"),
    "redirect": answers(whole("302 Found", ECHO, b"Location: https://e.example/" + TOKEN.encode())),
    "bad-json": answers(whole("200 OK", ECHO)),
    "refused-by-api": answers(whole("422 No", ECHO + b'"error"}')),
    "too-large": answers(whole("200 OK", b" " * (4 * 1024 * 1024 + 1))),
    "refused": None,
}
CALLS: list[Callable[[HumClient], Awaitable[object]]] = [
    lambda hum: hum.create_session(ADDRESS, campaign_id="c"),
    lambda hum: hum.get_session(TOKEN),
    lambda hum: hum.get_internet(TOKEN),
    lambda hum: hum.close_session(TOKEN),
    lambda hum: hum.ping(),
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_frame_and_no_linked_error_holds_the_key(fault: str) -> None:
    serve = FAULTS[fault]
    server = None if serve is None else await asyncio.start_server(serve, "127.0.0.1", 0)
    port = 9 if server is None else server.sockets[0].getsockname()[1]
    errors: list[HumError] = []
    async with HumClient(
        KEY,
        base_url=f"http://127.0.0.1:{port}",
        timeout=0.05,
        create_timeout=0.05,
        retry=RetryPolicy(attempts=1),
        limiter=RateLimiter(rate=100_000),
    ) as hum:
        for call in CALLS:
            try:
                await call(hum)
            except HumError as error:
                errors.append(error)
    if server is not None:
        server.close()
    assert len(errors) >= (3 if fault == "too-large" else 4)
    for error in errors:
        shown = recorded(error)
        assert KEY not in shown
        if isinstance(error, TransportError):
            # Of the network's errors nothing is linked, and no frame below the client's call
            # holds the path or the body.
            assert error.__cause__ is error.__context__ is None
            assert "Tiffany" not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": f"{KEY} and more"},
        {"api_key": f"'{KEY}"},
        {"api_key": KEY, "base_url": "http://api.letshum.com"},
        {"api_key": KEY, "timeout": 0},
        {"api_key": KEY.encode()},
        {"api_key": KEY, "limiter": object()},
    ],
)
def test_a_constructor_that_fails_shows_no_key_and_its_client_has_a_repr(wrong: Any) -> None:
    with pytest.raises(HumError) as caught:
        HumClient(**wrong)
    assert KEY not in recorded(caught.value)
    (client,) = {
        value
        for _, name, value in frames_of(caught.value)
        if name == "self" and isinstance(value, HumClient)
    }
    assert repr(client).startswith("<HumClient ")


async def test_where_a_redirect_leads_is_in_no_frame() -> None:
    location = f"https://login.example/sessions/{TOKEN}"
    transport = ScriptedTransport(lambda _: RawResponse(302, {"Location": location}, b""))
    async with HumClient(transport=transport, retry=RetryPolicy(attempts=1)) as hum:
        with pytest.raises(HumError) as caught:
            await hum.create_session(ADDRESS)
    headers = [value for _, name, value in frames_of(caught.value) if name == "headers"]
    assert headers == []
    assert "login.example/" not in recorded(caught.value)


def test_an_answer_shows_its_status_alone() -> None:
    assert "Tiffany" not in repr(RawResponse(200, {"x": "Tiffany"}, b"Tiffany"))


@pytest.mark.parametrize("query", ["lease=soon", "job=", "job"])
async def test_no_frame_holds_the_password_of_a_database(query: str) -> None:
    url = f"postgresql://ann:{KEY}@127.0.0.1:1/hum?{query}"
    with pytest.raises(HumError) as refused:
        HumClient("other", purchases=url)
    assert KEY not in recorded(refused.value)
    with pytest.raises(HumError) as of_job:
        qualify(HumClient("other"), [ADDRESS], journal=url)
    assert KEY not in recorded(of_job.value)


async def test_no_frame_holds_the_password_of_a_database_that_is_away() -> None:
    url = f"postgresql://ann:{KEY}@127.0.0.1:1/hum?job=june"
    with pytest.raises(HumError) as refused:
        await Database(parse_database_url(url), patience=0.0).run(_nothing)
    assert KEY not in recorded(refused.value)


async def _nothing(connection: Any) -> None:
    del connection


# A password that is not encoded is taken for a host, a port, a path or a parameter, in part.
DOUBTFUL = [
    "postgresql://ann:hunter2#x@db/hum",
    "postgresql://ann:hunter2/x@db/hum",
    "postgresql://ann:12/hunter2@db/hum",
    "postgresql://ann:hunter2?a=b@db/hum",
    "postgresql://ann:1?hunter2=b@db/hum",
    "postgresql://ann:x@hunter2@db/hum",
    "postgresql:ann:hunter2@db/hum",
    "postgresql+asyncpg://ann:hunter2@db/hum",
    " postgresql://ann:hunter2@[db/hum",
    "mysql://ann:hunter2@db/hum",
]
FRAME = pa.table({"street": [ADDRESS.street1], "zip": [ADDRESS.zip]})


@pytest.mark.parametrize("url", DOUBTFUL)
@pytest.mark.parametrize(
    "use",
    [
        lambda url: HumClient("key", purchases=url),
        lambda url: qualify(HumClient("key"), [ADDRESS], journal=url),
        lambda url: qualify_frame(FRAME, journal=url),
        lambda url: qualify_frame(FRAME, journal="j.sqlite", limiter=url),
        SharedRateLimiter,
    ],
    ids=["client", "qualify", "qualify_frame", "its limiter", "limiter"],
)
def test_a_url_whose_password_may_be_taken_for_something_else_is_refused_unseen(
    use: Callable[[str], object],
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUM_API_KEY", "key")
    with pytest.raises(ConfigurationError, match="postgresql://") as caught:
        use(url)
    assert "hunter2" not in recorded(caught.value)
    assert not list(tmp_path.iterdir())
