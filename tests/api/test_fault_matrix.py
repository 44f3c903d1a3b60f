"""Each fault at each endpoint has the one outcome that `docs/faults.md` states."""

from __future__ import annotations

import asyncio
import pickle
import socket
import ssl
import traceback
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fault_table import ENDPOINTS, FAULTS, PAGE, Fault, page
from faulty_server import KEY, STREET, TOKEN, FaultyServer

from hum_async import Address, ApiError, HumClient, HumError, RateLimiter, RetryPolicy, errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ADDRESS = Address(STREET, zip="48226")
CERTIFICATE = Path(__file__).parents[1] / "self_signed.pem"
ALL = [fault for faults in FAULTS.values() for fault in faults]


@asynccontextmanager
async def serving(fault: Fault) -> AsyncIterator[FaultyServer]:
    server = FaultyServer({"fault": fault.behave})
    if fault.place == "refused":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            server.url = f"http://127.0.0.1:{free.getsockname()[1]}"
    else:
        tls = None
        if fault.place == "self-signed":
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(CERTIFICATE)
        await server.start(ssl=tls)
        if fault.place in {"plain", "mute"}:
            server.greeting = b"HTTP/1.1 400 X\r\n\r\n" if fault.place == "plain" else b""
            server.url = server.url.replace("http:", "https:")
    try:
        yield server
    finally:
        await server.aclose()


async def call(hum: HumClient, endpoint: str) -> str:
    """Return what the caller sees of a success."""
    match endpoint:
        case "create":
            session = await hum.create_session(ADDRESS)
        case "get":
            session = await hum.get_session(TOKEN)
        case "internet":
            session = await hum.get_internet(TOKEN)
        case "close":
            await hum.close_session(TOKEN)
            return "ok"
        case _:
            await hum.ping()
            return "ok"
    assert session.token == TOKEN or endpoint == "create"
    return "processing" if session.processing else "ok"


def public_class(error: HumError) -> type:
    return next(kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)


def texts(error: BaseException | None) -> list[str]:
    """Return all that a log could hold of an error."""
    found = [pickle.dumps(error).decode("latin-1")]
    while error is not None:
        found += [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
        error = error.__cause__ or error.__context__
    return found


def _duration(seconds: float) -> str:
    # Chance adds a tenth to a pause of the rate limiter, or a second: minutes hide it.
    if seconds >= 100:
        return f", {seconds / 60:.0f} min"
    return f", {seconds:.0f} s" if seconds >= 0.5 else ""


async def observe(fault: Fault, endpoint: str, server: FaultyServer) -> str:
    """Return what the caller of an endpoint sees of a fault, in the words of the table."""
    limiter = RateLimiter(rate=1000.0)
    clock = asyncio.get_running_loop().time
    async with HumClient(
        KEY, base_url=f"{server.url}/fault", limiter=limiter, retry=RetryPolicy(base=0.0)
    ) as hum:
        for _ in range(fault.calls):
            before, started = server.requests(ENDPOINTS[endpoint], TOKEN), clock()
            try:
                seen = await call(hum, endpoint)
            except HumError as error:
                seen = public_class(error).__name__
                if isinstance(error, ApiError):
                    seen += f" {error.status}"
                told = texts(error)
                assert not [
                    text
                    for text in told
                    for secret in (KEY, TOKEN, "Canaryfeather")
                    if secret in text
                ]
        sent, seconds = server.requests(ENDPOINTS[endpoint], TOKEN) - before, clock() - started
    usage = limiter.statistics()
    assert (usage.in_use, usage.waiting) == (0, 0)
    seen += f", {sent} sent" if sent != 1 else ""
    return seen + _duration(seconds)


async def outcomes(fault: Fault) -> dict[str, str]:
    async with serving(fault) as server:
        seen = await asyncio.gather(*[observe(fault, endpoint, server) for endpoint in ENDPOINTS])
    assert not server.strays  # no redirect was followed
    return dict(zip(ENDPOINTS, seen, strict=True))


@pytest.mark.busy
@pytest.mark.virtual
@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
async def test_each_endpoint_answers_a_fault_as_the_table_says(fault: Fault) -> None:
    assert await outcomes(fault) == {name: fault.outcome(name) for name in ENDPOINTS}


def test_a_purchase_is_never_sent_again_where_it_may_have_taken_effect() -> None:
    for fault in ALL:
        outcome = fault.outcome("create")
        may_be_repeated = fault.place != "server" or any(
            word in fault.name for word in ("429", "503", "421", "425")
        )
        assert may_be_repeated or " sent" not in outcome, fault.name


def test_the_table_is_large_and_the_page_shows_it() -> None:
    assert len({fault.name for fault in ALL}) == len(ALL) >= 150
    assert PAGE.read_text(encoding="utf-8") == page()
