"""Under what is not asyncio, such as trio: one clear sentence, before anything is sent."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hum_async import (
    Address,
    AsyncSessionWatcher,
    ConfigurationError,
    HumClient,
    RateLimiter,
    SessionHub,
    qualify,
)
from hum_async.testing import ScriptedTransport, json_response

ADDRESS = Address("1 Main St", zip="48226")
USES: dict[str, Callable[[HumClient], Coroutine[Any, Any, Any]]] = {
    "enter": lambda hum: hum.__aenter__(),
    "ping": lambda hum: hum.ping(),
    "create": lambda hum: hum.create_session(ADDRESS),
    "poll": lambda hum: hum.get_session("token"),
    "look up": lambda hum: hum.lookup(ADDRESS),
    "request": lambda hum: hum.request("GET", "/ping"),
    "watch": lambda hum: AsyncSessionWatcher(hum).__aenter__(),
    "qualify": lambda hum: qualify(hum, [ADDRESS]).__anext__(),
    "hub": lambda hum: SessionHub(hum, signals=False).__aenter__(),
}


@pytest.fixture
def transport() -> ScriptedTransport:
    return ScriptedTransport(lambda _: json_response(200))


def refused(use: str, transport: ScriptedTransport) -> None:
    hum = HumClient(transport=transport, limiter=RateLimiter(rate=100))
    # As trio runs a coroutine: step by step, in no task of asyncio.
    with pytest.raises(ConfigurationError, match="asyncio only, not on trio") as caught:
        USES[use](hum).send(None)
    assert "\n" not in str(caught.value)
    assert not transport.requests


@pytest.mark.parametrize("use", USES)
def test_without_a_loop_of_asyncio_the_reason_is_told(
    use: str, transport: ScriptedTransport
) -> None:
    refused(use, transport)


@pytest.mark.parametrize("use", USES)
async def test_as_a_guest_of_such_a_loop_it_is_told_too(
    use: str, transport: ScriptedTransport
) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def step() -> None:
        try:
            refused(use, transport)
        except BaseException as exc:  # noqa: BLE001  raised by the test
            ended.set_exception(exc)
        else:
            ended.set_result(None)

    loop.call_soon(step)
    await ended
