"""What the applications say of themselves in OpenAPI, and that they send what they say."""

from dataclasses import fields
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar
from openapi_spec_validator import validate
from pydantic import TypeAdapter, create_model
from web_support import served, told

from hum_async import Money, Offering, Plan, Promo, Provider, ServiceAddress, Session, SpeedRange
from hum_async.errors import BadRequest, LookupElsewhere, LookupNotFound
from hum_async.web import EventKind, SessionHub
from hum_async.web._public_json import public_provider, public_state
from hum_async.web._schemas import (
    EVENT_SCHEMAS,
    HubRefusal,
    LookupsElsewhere,
    PublicProvider,
    SnapshotEvent,
    UnknownLookups,
)
from hum_async.web.events import FAREWELL
from hum_async.web.fastapi import EventsResponse, hub_router
from hum_async.web.http import refusal
from hum_async.web.litestar import HubPlugin


def fastapi_document() -> dict[str, Any]:
    app = FastAPI()
    app.include_router(hub_router(), prefix="/api")
    return app.openapi()


def litestar_document() -> dict[str, Any]:
    app = Litestar(plugins=[HubPlugin(path="/api")], logging_config=None)
    document: dict[str, Any] = app.openapi_schema.to_schema()
    return document


DOCUMENTS = {"fastapi": fastapi_document(), "litestar": litestar_document()}


@pytest.mark.parametrize("framework", DOCUMENTS)
def test_the_document_is_valid_and_complete(framework: str) -> None:
    document = DOCUMENTS[framework]
    validate(document)
    start = document["paths"]["/api/lookups"]["post"]
    events = document["paths"]["/api/events"]["get"]
    assert {*start["responses"]} == {"201", "400", "413", "415", "422", "429", "503"}
    assert {*events["responses"]} == {"200", "204", "400", "404", "421", "503"}
    assert all(answer["description"] for answer in start["responses"].values())
    assert start["requestBody"]["required"]
    fields_of, line = start["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    assert {"street1", "zip"} < {*fields_of["properties"]}
    assert {*line["properties"]} == {"address", "retry"}
    for form in (fields_of, line):
        named = form["properties"]["retry"]
        assert (named["type"], "UNCERTAIN" in named["items"]["enum"]) == ("array", True)
        assert "SERVED" not in named["items"]["enum"]
    parameters = {one["name"]: one.get("required") for one in events["parameters"]}
    assert parameters == {"ids": True, "Last-Event-ID": parameters["Last-Event-ID"]}
    for status, answer in {**start["responses"], **events["responses"]}.items():
        if status[0] == "4" or status == "503":
            (schema,) = (one["schema"] for one in answer["content"].values())
            assert "error" in resolved(document, schema)["required"], status
            assert list(answer["content"]) == ["application/json"]
    for route, may_wait in ((start, {"429", "503"}), (events, {"421", "503"})):
        waits = {
            status: answer["headers"]["Retry-After"]["schema"]["type"]
            for status, answer in route["responses"].items()
            if "Retry-After" in (answer.get("headers") or {})
        }
        assert waits == dict.fromkeys(may_wait, "integer")


@pytest.mark.parametrize("framework", DOCUMENTS)
def test_the_five_events_are_schemas_by_name(framework: str) -> None:
    document = DOCUMENTS[framework]
    answer = document["paths"]["/api/events"]["get"]["responses"]["200"]
    schema = answer["content"]["text/event-stream"]["schema"]
    assert schema.get("type") in {None, "object"}
    listed = [one["$ref"].rpartition("/")[2] for one in schema.get("anyOf") or schema["oneOf"]]
    assert listed == [EVENT_SCHEMAS[kind].__name__ for kind in EventKind]
    for kind in EventKind:
        event = document["components"]["schemas"][EVENT_SCHEMAS[kind].__name__]
        assert {*event["properties"]} == {field.name for field in fields(EVENT_SCHEMAS[kind])}
        if framework == "fastapi":  # an older Litestar leaves out those that may be null
            assert {*event["required"]} == {*event["properties"]}


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def test_a_model_of_the_application_may_have_the_name_of_one_of_ours() -> None:
    theirs = create_model("ChangeEvent", theirs=int)
    app = FastAPI()
    app.include_router(hub_router())
    app.add_api_route("/theirs", lambda: None, response_model=theirs)
    document = app.openapi()
    validate(document)
    assert sum("ChangeEvent" in name for name in document["components"]["schemas"]) == 2


def test_a_route_of_ones_own_with_an_event_stream_is_described_too() -> None:
    app = FastAPI()

    @app.get("/mine", response_class=EventsResponse)
    async def mine() -> None: ...

    described = app.openapi()["paths"]["/mine"]["get"]["responses"]
    assert list(described["200"]["content"]) == ["text/event-stream"]


# --- what is sent is what is said -----------------------------------------------------------------


def assert_described(payload: bytes, schema: type) -> None:
    """Check that JSON has the fields of a schema, each of its type, and no others."""
    adapter: TypeAdapter[Any] = TypeAdapter(schema)
    read = adapter.validate_json(payload)
    assert adapter.dump_python(read, mode="json") == orjson.loads(payload)


@pytest.mark.virtual
async def test_every_event_is_as_its_schema_says(hub: SessionHub) -> None:
    streets = ["Served St", "No Providers Ave", "Ambiguous Rd", "Not Found Ln", "Invalid Way"]
    streets += ["Expired Ct", "New Agent St", "Server Error Blvd", "Never Done Dr"]
    ids = [hub.lookup(served(street=street)) for street in streets]
    events = [*await told(hub, *ids), FAREWELL]
    assert {event.kind for event in events} == {*EventKind}
    for event in events:
        assert_described(event.payload, EVENT_SCHEMAS[event.kind])


words = st.none() | st.text(max_size=5)
numbers = st.none() | st.floats(0, 10_000)
money = st.none() | st.builds(Money, st.integers(0, 10**6), st.just("USD"))
speeds = st.none() | st.builds(SpeedRange, st.floats(0, 1e4), st.floats(0, 1e4))
plans = st.builds(
    Plan, words, words, words, words, speeds, speeds, words,
    st.dictionaries(st.text(max_size=5), st.builds(Money, st.integers(0, 10**6)), max_size=2),
)  # fmt: skip
providers = st.builds(
    Provider,
    name=st.text(max_size=5),
    telephone=words,
    url=st.none() | st.just("https://fiber.example.com"),
    min_price=money,
    promos=st.tuples(st.builds(Promo, words, words)),
    offerings=st.tuples(st.builds(Offering, words, words, numbers, numbers)),
    catalog=st.lists(plans, max_size=2).map(tuple),
)


@settings(max_examples=25)
@given(providers)
def test_every_provider_is_as_its_schema_says(provider: Provider) -> None:
    assert_described(orjson.dumps(public_provider(provider)), PublicProvider)


@given(st.builds(ServiceAddress, words, words, words, words, words, numbers, numbers))
def test_every_service_address_is_as_its_schema_says(address: ServiceAddress) -> None:
    state = public_state(Session("token", service_address=address))
    assert_described(orjson.dumps({"lookup": "a", **state}), SnapshotEvent)


def test_every_refusal_is_as_its_schema_says() -> None:
    for error, schema in (
        (BadRequest("no", status=400), HubRefusal),
        (LookupNotFound(("a",)), UnknownLookups),
        (LookupElsewhere(("a",)), LookupsElsewhere),
    ):
        assert_described(refusal(error).body, schema)
