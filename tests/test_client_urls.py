"""Which URL each method asks for, with aioresponses in place of the network."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aioresponses import aioresponses, core
from yarl import URL

from hum_async import Address, HumClient, RetryPolicy, ServerError, SessionGone

BASE = "https://api.letshum.com"
TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
CREATED = {"data": {}, "meta": {"session_token": TOKEN}}


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """aioresponses, made to work with aiohttp 3.14.

    https://github.com/pnuckowski/aioresponses/issues/289; delete when 0.7.10 is out.
    """

    class Response(aiohttp.ClientResponse):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(core, "ClientResponse", Response)
    with aioresponses() as mock:
        yield mock


def asked(mock: aioresponses) -> list[tuple[str, str]]:
    return [(method, str(url)) for (method, url), calls in mock.requests.items() for _ in calls]


async def test_every_method_asks_for_its_url(mocked: aioresponses) -> None:
    session = f"{BASE}/sessions/{TOKEN}"
    mocked.get(f"{BASE}/ping", payload={"message": "humming"})
    mocked.post(f"{BASE}/sessions", status=201, payload=CREATED)
    mocked.get(session, status=202)
    mocked.get(f"{session}/services/internet", payload={"data": {"internet": []}})
    mocked.delete(session, payload={"data": {}})
    async with HumClient("key") as hum:
        assert (await hum.ping()).message == "humming"
        assert (await hum.create_session(Address("1 Main St", zip="02139"))).token == TOKEN
        assert (await hum.get_session(TOKEN)).processing
        assert (await hum.get_internet(TOKEN)).providers == ()
        await hum.close_session(TOKEN)
    assert asked(mocked) == [
        ("GET", f"{BASE}/ping"),
        ("POST", f"{BASE}/sessions"),
        ("GET", session),
        ("GET", f"{session}/services/internet"),
        ("DELETE", session),
    ]


async def test_the_key_and_the_address_go_where_they_belong(mocked: aioresponses) -> None:
    mocked.post(f"{BASE}/sessions", status=201, payload=CREATED)
    async with HumClient("key") as hum:
        await hum.create_session(Address("1 Main St", zip="02139"))
    (call,) = mocked.requests["POST", URL(f"{BASE}/sessions")]
    assert "key" not in call.kwargs["headers"].values()  # it is added when the request goes out
    assert call.kwargs["headers"]["Content-Type"] == "application/json"
    assert call.kwargs["data"] == b'{"street1":"1 Main St","zip":"02139"}'
    assert call.kwargs["allow_redirects"] is False


async def test_a_base_url_with_a_path_goes_before_it(mocked: aioresponses) -> None:
    mocked.get("https://proxy.example/hum/ping", payload={})
    async with HumClient("key", base_url="https://proxy.example/hum/") as hum:
        await hum.ping()
    assert asked(mocked) == [("GET", "https://proxy.example/hum/ping")]


async def test_an_error_is_told_after_as_many_tries_as_allowed(mocked: aioresponses) -> None:
    url = f"{BASE}/sessions/{TOKEN}"
    mocked.get(url, status=500)
    mocked.get(url, status=500)
    mocked.get(url, status=410, payload={"message": "expired"})
    async with HumClient("key", retry=RetryPolicy(attempts=2, base=0.0)) as hum:
        with pytest.raises(ServerError):
            await hum.get_session(TOKEN)
        with pytest.raises(SessionGone, match="expired"):
            await hum.get_session(TOKEN)
    assert len(asked(mocked)) == 3
