"""`docs/openapi.yaml` says what the client knows of the API, and the simulator does as it says."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
import pytest
from multidict import CIMultiDict
from openapi_file import read
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from hum_async import Address
from hum_async._addresses.states import STATES
from hum_async._api import schema
from hum_async._api.endpoints import (
    ApiRequest,
    close_request,
    create_request,
    error_for,
    ping_request,
    poll_request,
)
from hum_async.errors import ApiError
from hum_async.models import Money, RawResponse, ServiceAddress
from hum_async.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hum_async.simulator.server import Generation

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = read()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]

TOKEN = "tCCDr74LjVPByvGAomPD9wBa"
ADDRESS = Address("1 A St", zip="48226")
REQUESTS: list[ApiRequest[Any]] = [
    ping_request(),
    create_request(ADDRESS),
    poll_request(TOKEN),
    poll_request(TOKEN, source="internet"),
    close_request(TOKEN),
]
# The component of each class of the decoder.
COMPONENTS: dict[type, str] = {
    schema.EnvelopeJson: "Envelope",
    schema.MetaJson: "Meta",
    schema.DataJson: "Data",
    schema.ProviderJson: "Provider",
    schema.OfferingJson: "Offering",
    schema.CategoryJson: "Category",
    schema.ProductJson: "Product",
    schema.PromoJson: "Promo",
    ServiceAddress: "ServiceAddressObject",
    Money: "Money",
}


def operation(request: ApiRequest[Any]) -> dict[str, Any]:
    method, path = request.route.split(" ")
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from nodes(item)


def test_it_is_a_valid_document() -> None:
    validate(DOCUMENT)


def test_what_is_inferred_is_marked_and_says_in_a_sentence_what_is_concluded() -> None:
    marked = [node for node in nodes(DOCUMENT) if "x-inferred" in node]
    assert len(marked) >= 10
    for node in marked:
        assert node["x-inferred"] is True
        assert re.fullmatch(r"[A-Z].{20,}\.", node["description"]), node


def test_it_has_each_endpoint_of_the_client_and_no_other() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, item in DOCUMENT["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert described == {request.route for request in REQUESTS}


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.route)
def test_it_has_each_status_that_means_something_of_its_own_to_the_client(
    request_: ApiRequest[Any],
) -> None:
    described = operation(request_)["responses"]
    own = {
        int(status)
        for status in HTTPStatus
        if status >= HTTPStatus.BAD_REQUEST
        and type(error_for(request_, RawResponse(status, CIMultiDict(), b""))) is not ApiError
    }
    own |= set(map(int, request_.also))
    if request_.method == "GET" and request_.token is not None:
        own.add(HTTPStatus.ACCEPTED)
    own.add(HTTPStatus.CREATED if request_.creates else HTTPStatus.OK)
    missing = {
        status
        for status in own
        if str(status) not in described and f"{status // 100}XX" not in described
    }
    assert not missing
    # And what it describes has a meaning to the client.
    assert {status for status in described if status != "5XX"} <= set(map(str, own))


@pytest.mark.parametrize("decoded", COMPONENTS, ids=lambda decoded: decoded.__name__)
def test_it_has_each_field_that_the_decoder_reads(decoded: Any) -> None:
    names = {field.name for field in attrs.fields(decoded)} - {"extra"}
    assert names <= SCHEMAS[COMPONENTS[decoded]]["properties"].keys()


def test_no_class_of_the_decoder_is_forgotten() -> None:
    classes = {
        value
        for name, value in vars(schema).items()
        if name.endswith("Json") and isinstance(value, type)
    }
    assert classes - COMPONENTS.keys() == {schema.SpeedJson}  # which stands for a value
    assert "Speed" in SCHEMAS


def test_it_has_each_field_of_an_address_that_is_sent() -> None:
    names = {field.name for field in attrs.fields(Address)} | {"campaign_id"}
    assert names <= SCHEMAS["NewSession"]["properties"].keys()


def test_it_has_each_field_that_the_page_on_the_contract_lists() -> None:
    page = (DOCS / "hum-api.md").read_text(encoding="utf-8")
    known = {name for node in nodes(DOCUMENT) for name in node.get("properties", {})}
    listed = set()
    for section in ("### 2.2 ", "### 3.1 ", "### 3.2 ", "### 3.3 "):
        text = page.partition(section)[2].partition("\n## ")[0].partition("\n### ")[0]
        for row in re.findall(r"^\|([^|]*)\|", text, re.MULTILINE):
            listed |= set(re.findall(r"`(\w+)`", row))
    assert len(listed) > 50
    assert listed <= known


def test_its_states_are_those_that_the_client_sends() -> None:
    described = SCHEMAS["NewSession"]["properties"]["state"]["enum"]
    assert len(described) == 51
    assert set(described) == STATES


def validator(status: int, request: ApiRequest[Any]) -> OAS31Validator:
    answer = operation(request)["responses"][str(status)]
    if "$ref" in answer:
        answer = DOCUMENT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    name = answer["content"]["application/json"]["schema"]["$ref"]
    return OAS31Validator(
        {"$ref": name, "components": DOCUMENT["components"]},
        format_checker=OAS31Validator.FORMAT_CHECKER,
    )


@pytest.mark.virtual
@pytest.mark.parametrize("generation", ["polling", "immediate"])
async def test_the_simulator_answers_in_every_dialect_as_it_says(generation: Generation) -> None:
    seen: set[tuple[str, int]] = set()
    async with (
        Simulator(generation=generation, seed=7) as simulator,
        aiohttp.ClientSession(simulator.url, headers={"Authorization": "Bearer k"}) as http,
    ):

        async def check(request: ApiRequest[Any]) -> Any:
            async with http.request(
                request.method,
                request.path,
                data=request.body,
                headers={"Content-Type": "application/json"},
            ) as response:
                answer = await response.json()
            faults = list(validator(response.status, request).iter_errors(answer))
            assert not faults, (request.route, response.status, faults[:1])
            seen.add((request.route, response.status))
            return answer

        await check(ping_request())
        for number in range(40):
            address = attrs.evolve(ADDRESS, street1=f"{number} Oak St")
            created = await check(create_request(address))
            token = created["meta"]["session_token"]
            for _ in range(2):
                await check(poll_request(token))
                await check(poll_request(token, source="internet"))
                simulator.advance(60)
            await check(close_request(token))
            await check(poll_request(token))
        await check(poll_request("unknown"))
    assert {status for _, status in seen} >= {200, 201, 404, 410}
    assert generation == "immediate" or ("GET /sessions/{token}/services/internet", 202) in seen
