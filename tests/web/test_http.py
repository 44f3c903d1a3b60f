"""What a request asks for, and how a refusal is answered."""

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import Address, AddressError, Outcome
from hum_async.errors import BadRequest, HubBusy, HubError, LookupNotFound
from hum_async.web.http import (
    MAX_BODY,
    LookupRequest,
    address_from_json,
    lookup_from_json,
    read_body,
    read_ids,
    refusal,
)

JSON = "application/json; charset=utf-8"


@pytest.mark.parametrize("unseen", ["\u202e", "\u2066", "\u200b", "\x07", "\x00"])
def test_characters_that_nobody_sees_are_cleaned_from_either_form(unseen: str) -> None:
    clean = Address("20 Main St", city="Detroit", state="MI", zip="48226")
    fields = {"street1": f"20 {unseen}Main St", "city": f"Det{unseen}roit"}
    line = {"address": f"20 {unseen}Main St, Det{unseen}roit, MI 48226"}
    for body in ({**fields, "state": "MI", "zip": "48226"}, line):
        assert address_from_json(json.dumps(body).encode(), JSON) == clean


def test_an_address_is_read_by_its_fields_or_from_one_line() -> None:
    whole = Address("1420 Washington Blvd", city="Detroit", state="MI", zip="48226")
    fields = {"street1": "1420 Washington Blvd", "city": "Detroit", "state": "MI", "zip": "48226"}
    line = {"address": "1420 Washington Blvd, Detroit, MI 48226"}
    for body in (fields, line):
        assert address_from_json(json.dumps(body).encode(), JSON) == whole


FORMS = [{"street1": "1 Main St", "zip": "48226"}, {"address": "1 Main St, Detroit, MI 48226"}]


@pytest.mark.parametrize("form", FORMS, ids=["fields", "line"])
@pytest.mark.parametrize(
    "retry", [None, [], ["UNCERTAIN"], ["FAILED", "UNCERTAIN", "FAILED"], ["INVALID_ADDRESS"]]
)
def test_outcomes_to_look_up_anew_are_read_beside_an_address(form: object, retry: object) -> None:
    address = address_from_json(json.dumps(form).encode(), JSON)
    body = form if retry is None else {**form, "retry": retry}  # type: ignore[dict-item]
    expected = LookupRequest(address, frozenset(map(Outcome, retry or ())))  # type: ignore[call-overload]
    assert lookup_from_json(json.dumps(body).encode(), JSON) == expected


@pytest.mark.parametrize("form", FORMS, ids=["fields", "line"])
@pytest.mark.parametrize(
    "retry",
    # An answer is given again for as long as the server says that it is fresh.
    [["SERVED"], ["NO_PROVIDERS", "UNCERTAIN"], "UNCERTAIN", ["uncertain"], [5], [None], [["a"]],
     [{}], None, True, {"UNCERTAIN": 1}],
)  # fmt: skip
def test_what_is_no_list_of_such_outcomes_is_refused(form: dict[str, str], retry: object) -> None:
    with pytest.raises(BadRequest, match="TIMED_OUT, EXPIRED, UNCERTAIN, FAILED") as caught:
        lookup_from_json(json.dumps({**form, "retry": retry}).encode(), JSON)
    assert refusal(caught.value).status == 422


def test_a_route_that_reads_an_address_alone_does_not_pass_over_what_else_was_asked() -> None:
    for form in FORMS:
        with pytest.raises(BadRequest):
            address_from_json(json.dumps({**form, "retry": ["UNCERTAIN"]}).encode(), JSON)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", None, 415),
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"", JSON, 400),
        (b"{", JSON, 400),
        (b"\xff", JSON, 400),
        (b"null", JSON, 400),
        (b'["1 Main St"]', JSON, 400),
        (b"[" * 5000, JSON, 400),
        (b'{"address": 5}', JSON, 422),
        (b'{"street": "1 Main St"}', JSON, 422),
        (b'{"street1": "1 Main St", "__class__": 1}', JSON, 422),
        (b" " * (MAX_BODY + 1), JSON, 413),
    ],
)
def test_what_is_no_address_is_refused(body: bytes, content_type: str | None, status: int) -> None:
    for read in (address_from_json, lookup_from_json):
        with pytest.raises(BadRequest) as caught:
            read(body, content_type)
        assert refusal(caught.value).status == status


@given(body=st.binary(max_size=200) | st.text(max_size=200).map(json.dumps).map(str.encode))
def test_any_bytes_give_an_address_or_a_clear_refusal(body: bytes) -> None:
    try:
        lookup_from_json(body, JSON)
    except (HubError, AddressError) as error:
        answer = refusal(error)
    else:
        return
    assert 400 <= answer.status < 500
    assert json.loads(answer.body)["error"]


async def test_a_body_is_not_read_further_than_it_may_be_long() -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 1024

    with pytest.raises(BadRequest, match="larger"):
        await read_body(endless())
    assert taken == MAX_BODY // 1024 + 1


def test_ids_are_read_once_each() -> None:
    assert read_ids("a, b,a,,c_-1") == ("a", "b", "c_-1")


@pytest.mark.parametrize("text", ["", ",", " , ", ",".join(map(str, range(201)))])
def test_none_or_too_many_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_ids(text)


@pytest.mark.parametrize("text", ["<script>", "a/b", "\N{SNOWMAN}", "a" * 65, "a\nb", "%00"])
def test_what_cannot_be_an_id_is_unknown_and_not_repeated(text: str) -> None:
    with pytest.raises(LookupNotFound) as caught:
        read_ids(text)
    answer = refusal(caught.value)
    assert answer.status == 404
    assert json.loads(answer.body)["unknown"] == []
    assert text not in answer.body.decode()


def test_a_refusal_tells_when_to_come_back() -> None:
    answer = refusal(HubBusy("too many", status=429, retry_after=5.0))
    assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
    assert json.loads(answer.body) == {"error": "too many"}


def test_unknown_look_ups_are_named() -> None:
    assert json.loads(refusal(LookupNotFound(("a", "b"))).body)["unknown"] == ["a", "b"]
