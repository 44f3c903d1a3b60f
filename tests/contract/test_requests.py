"""Whatever address the client sends, `docs/openapi.yaml` admits it, and so does the simulator."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from document import TOKEN
from hypothesis import event, given, settings
from hypothesis import strategies as st
from openapi_file import read
from openapi_schema_validator import OAS31Validator

from hum_async import Address, AddressError, ConfigurationError, HumClient
from hum_async.simulator._address_rules import parse_address
from hum_async.testing import ScriptedTransport, json_response

DOCUMENT = read()
REQUEST = OAS31Validator(
    {"$ref": "#/components/schemas/NewSession", "components": DOCUMENT["components"]}
)

usual = st.sampled_from(["18 Elm St", "Apt 4", "Cambridge", "  18  Elm St ", "#4", "x" * 50])
odd = st.sampled_from(["", " ", "\u00a0", "\u200b", "\x85", "\x00", "é" * 100, "x" * 51, "x" * 101])
words = st.one_of(usual, usual, usual, usual, odd, st.text(max_size=12))
states = st.sampled_from(["MA", "MA", "ma", " pr ", "DC", "Massachusetts", "XX", ""])
zips = st.sampled_from(
    ["02139", "02139", "02139-1234", "2139", "021391234", " 02139 ", "\u0661" * 5]
)
degrees = st.one_of(st.floats(-180, 180), st.sampled_from([90, -90.0, 180, 1e-300, -0.0, 200]))
addresses = st.fixed_dictionaries(
    {"street1": words, "zip": zips},
    optional={
        "street2": words,
        "city": words,
        "state": states,
        "latitude": degrees,
        "longitude": degrees,
    },
) | st.fixed_dictionaries({"street1": words, "city": words, "state": states})


@pytest.mark.virtual
@settings(max_examples=200)
@given(addresses, st.none() | words)
async def test_every_address_that_is_sent_is_admitted(
    parts: dict[str, Any], campaign_id: str | None
) -> None:
    transport = ScriptedTransport(
        lambda _: json_response(201, {"message": "", "data": {"session_token": TOKEN}, "meta": {}})
    )
    async with HumClient("k", transport=transport) as hum:
        try:
            await hum.create_session(Address(**parts), campaign_id=campaign_id)
        except (AddressError, ConfigurationError):
            event("refused")
            assert not transport.requests
            return
    event("sent")
    (request,) = transport.requests
    faults = [fault.message for fault in REQUEST.iter_errors(request.body)]
    assert not faults
    parse_address(orjson.loads(orjson.dumps(request.body)))  # raises AddressRejected


@pytest.mark.parametrize("body", [{}, {"street1": "1 A St"}, {"street1": " ", "zip": "02139"}])
def test_what_nobody_may_send_is_not(body: dict[str, str]) -> None:
    assert list(REQUEST.iter_errors(body))
