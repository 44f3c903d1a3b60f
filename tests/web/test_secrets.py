"""No byte that is sent to a browser holds a secret."""

from typing import Any

import pytest
from web_support import KEY, served, told

from hum_async import Address, HumClient
from hum_async.simulator import Simulator
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json
from hum_async.web import SessionHub, SseStream, encode_json

TOKEN = "tokentokentokentoken99"
SECURITY = "security_token-" + "z" * 51

pytestmark = pytest.mark.virtual


@pytest.mark.parametrize("generation", ["polling", "immediate"])
async def test_everything_that_a_browser_gets_is_free_of_secrets(generation: Any) -> None:
    async with (
        Simulator(generation=generation) as simulator,
        HumClient(KEY, base_url=simulator.url) as client,
        SessionHub(client, close=False, signals=False) as hub,
    ):
        ids = [hub.lookup(served(number)) for number in range(40)]
        wire = b"".join([chunk async for chunk in SseStream(hub.subscribe(*ids))])
        wire += "".join([encode_json(event) for event in await told(hub, *ids)]).encode()
        tokens = {record.token for record in simulator.journal if record.token}
        assert len(tokens) == 40
        secrets = {KEY, "security_token", *tokens}
        for token in tokens:
            providers = (await client.get_internet(token)).providers or ()
            secrets |= {one.security_token for one in providers if one.security_token}
    # They were there to be let slip.
    assert len(secrets) > 42
    assert b"provider" in wire
    assert not [secret for secret in secrets if secret.encode() in wire]


async def test_not_even_where_the_api_repeats_them() -> None:
    provider = {
        "provider_name": f"Great {TOKEN} Fiber",
        "security_token": SECURITY,
        "url": f"https://fiber.example.com/?token={SECURITY}&session={TOKEN}&key={KEY}",
        "button_label": SECURITY,
        "extra_field": SECURITY,
        "offerings": [{"technology": TOKEN, "secret": SECURITY}],
        "product_catalog": [{"category": "internet", "products": [{"name": SECURITY}]}],
    }

    def answer(request: SentRequest) -> Any:
        done = session_json(TOKEN, providers=[provider], internet="matched")
        return json_response(201 if request.method == "POST" else 200, done)

    async with (
        HumClient(KEY, transport=ScriptedTransport(answer)) as client,
        SessionHub(client, signals=False) as hub,
    ):
        events = await told(hub, hub.lookup(Address("1 Main St", zip="48226")))
    wire = b"".join(event.payload for event in events)
    assert b"Great *** Fiber" in wire
    for secret in (KEY, TOKEN, SECURITY):
        assert secret.encode() not in wire


async def test_a_link_that_is_none_is_not_passed_on() -> None:
    provider = {"provider_name": "Fiber", "url": "javascript:alert(1)", "provider_logo": "data:x"}

    def answer(_: SentRequest) -> Any:
        return json_response(201, session_json(TOKEN, providers=[provider], internet="matched"))

    async with (
        HumClient(KEY, transport=ScriptedTransport(answer)) as client,
        SessionHub(client, close=False, signals=False) as hub,
    ):
        events = await told(hub, hub.lookup(Address("1 Main St", zip="48226")))
    (told_provider,) = events[-2].data["providers"]
    assert told_provider["url"] is told_provider["logo"] is None
