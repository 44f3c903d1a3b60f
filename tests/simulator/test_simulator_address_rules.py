"""Which addresses a POST accepts, and which share a key."""

from typing import Any

import pytest

from hum_async.simulator._address_rules import STATES, AddressRejected, PostedAddress, parse_address

STREET = {"street1": "1001 Woodward Ave"}


@pytest.mark.parametrize(
    "rest",
    [
        {"zip": "48226"},
        {"zip": "48226-1234"},
        {"city": "Detroit", "state": "MI"},
        {"city": "Washington", "zip": "20001"},
        {"city": "San Juan", "state": "PR", "zip": "00901", "street2": "A2"},
        {"zip": "48226", "latitude": 42.5, "longitude": -83, "campaign_id": "summer-2024"},
        {"zip": "48226", "campaign_id": "  "},
        {"zip": "48226", "sync": ["geocode", "internet"]},
        {"zip": "48226", "some_later_field": 1},
    ],
)
def test_every_documented_combination_is_accepted(rest: dict[str, Any]) -> None:
    assert parse_address(STREET | rest).street1 == "1001 Woodward Ave"


@pytest.mark.parametrize("body", [None, [], "text", 5, {}, {"street1": ""}, {"street1": None}])
def test_without_an_object_or_a_street_it_is_400(body: Any) -> None:
    with pytest.raises(AddressRejected) as caught:
        parse_address(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("rest", "word"),
    [
        ({}, "zip"),
        ({"city": "Detroit"}, "zip"),
        ({"state": "MI"}, "zip"),
        ({"zip": 48226}, "zip"),
        ({"zip": "4822"}, "zip"),
        ({"zip": "48226 "}, "zip"),
        ({"zip": None}, "zip"),
        ({"city": "Washington", "state": "DC"}, "state"),
        ({"zip": "48226", "state": "mi"}, "state"),
        ({"zip": "48226", "state": ["MI"]}, "state"),
        ({"zip": "48226", "city": ""}, "city"),
        ({"zip": "48226", "city": " \x1f\x85"}, "city"),
        ({"zip": "48226", "street2": "\0"}, "street2"),
        ({"zip": "\u0664\u0668\u0662\u0662\u0666"}, "zip"),
        ({"zip": "48226", "city": "x" * 51}, "city"),
        ({"zip": "48226", "street2": "x" * 51}, "street2"),
        ({"zip": "48226", "street1": "x" * 101}, "street1"),
        ({"zip": "48226", "street1": "   "}, "street1"),
        ({"zip": "48226", "street1": 5}, "street1"),
        ({"zip": "48226", "campaign_id": "x" * 101}, "campaign_id"),
        ({"zip": "48226", "campaign_id": ""}, "campaign_id"),
        ({"zip": "48226", "latitude": "42.5"}, "latitude"),
        ({"zip": "48226", "latitude": True}, "latitude"),
        ({"zip": "48226", "longitude": 181}, "longitude"),
        ({"zip": "48226", "sync": "geocode"}, "sync"),
        ({"zip": "48226", "sync": [{}]}, "sync"),
    ],
)
def test_anything_else_wrong_is_422_and_says_which_field(rest: dict[str, Any], word: str) -> None:
    with pytest.raises(AddressRejected, match=word) as caught:
        parse_address(STREET | rest)
    assert caught.value.status == 422


def test_there_are_51_states_without_dc() -> None:
    assert len(STATES) == 51
    assert "PR" in STATES
    assert "DC" not in STATES


def test_the_key_does_not_depend_on_spelling() -> None:
    one = PostedAddress(street1="1001 Woodward  Ave", city="Detroit", state="MI", zip="48226-1234")
    two = PostedAddress(street1=" 1001 WOODWARD AVE", city="detroit", state="MI", zip="48226")
    assert one.key == two.key
    assert one.key != PostedAddress(street1="1003 Woodward Ave", zip="48226").key


@pytest.mark.parametrize(
    "street1",
    ["100 Served St", "7 SERVED ST.", "12B  served   st", "Served St", " 9-11 Served St "],
)
def test_the_street_name_leaves_the_house_number_out(street1: str) -> None:
    assert PostedAddress(street1=street1).street_name == "served st"
