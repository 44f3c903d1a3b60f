"""Each answer in `docs/openapi.yaml` has examples, which keep to its schema and can be decoded."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from document import TOKEN, Example, examples
from judge import CLOSE, METHODS, PING
from openapi_file import read
from openapi_schema_validator import OAS31Validator

from hum_async import HumClient, Ping, RawResponse, ResponseError, Session
from hum_async.testing import ScriptedTransport

EXAMPLES = sorted(examples(read()), key=lambda example: example[:3])
GOOD = [example for example in EXAMPLES if example.status < 300]
TOLD = [each for each in GOOD if each.route not in {PING, CLOSE}]


def shown(example: Example) -> str:
    return f"{example.route}-{example.status}-{example.name}"


def faults(example: Example, body: Any) -> list[Any]:
    checker = OAS31Validator.FORMAT_CHECKER
    return list(OAS31Validator(example.schema, format_checker=checker).iter_errors(body))


async def decoded(example: Example, body: Any) -> Any:
    answer = RawResponse(example.status, {}, orjson.dumps(body))
    async with HumClient("k", transport=ScriptedTransport(lambda _: answer)) as hum:
        return await METHODS[example.route](hum)


@pytest.mark.parametrize("example", EXAMPLES, ids=shown)
def test_it_keeps_to_its_schema(example: Example) -> None:
    assert not faults(example, example.body)
    # And one that does not is noticed.
    assert faults(example, {**example.body, "message": 5})
    assert faults(example, {**example.body, "request_status": "fine"})


@pytest.mark.virtual
@pytest.mark.parametrize("example", GOOD, ids=shown)
async def test_the_client_understands_it(example: Example) -> None:
    value = await decoded(example, example.body)
    if example.route == CLOSE:
        assert value is None
    elif example.route == PING:
        assert isinstance(value, Ping)
    else:
        assert isinstance(value, Session)
        assert value.token == TOKEN
        assert not value.extra  # nothing in it is unknown to the client
        for provider in value.providers or ():
            assert not provider.extra


@pytest.mark.virtual
@pytest.mark.parametrize("example", TOLD, ids=shown)
async def test_neither_schema_nor_client_takes_it_without_its_token(example: Example) -> None:
    broken = orjson.loads(orjson.dumps(example.body).replace(f'"{TOKEN}"'.encode(), b"5"))
    assert faults(example, broken)
    with pytest.raises(ResponseError):
        await decoded(example, broken)
