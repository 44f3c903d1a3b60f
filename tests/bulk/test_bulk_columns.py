"""Which columns of a table hold the address."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hum_async import Address
from hum_async.bulk.columns import MappingError, find_columns
from hum_async.errors import InputError

USUAL = {
    "street1": ["street1", "Street", "Address", "ADDRESS 1", "address_line_1", "Addr", "addr1"],
    "street2": ["street2", "Address 2", "unit", "Unit #", "Apt.", "Suite", "apartment_number"],
    "city": ["city", "City Name", "Town", "municipality"],
    "state": ["state", "State Code", "ST", "province"],
    "zip": ["zip", "ZIP", "Zip Code", "zip_code", "zip5", "Postal-Code", "postcode", "ZIP Plus 4"],
    "latitude": ["latitude", "Lat", "LAT"],
    "longitude": ["longitude", "Lng", "long", "Lon"],
}
PUNCTUATION = st.text(alphabet=" _-.#/()'", max_size=2)


@pytest.mark.parametrize("field", USUAL)
def test_the_usual_names_are_recognised(field: str) -> None:
    others = [other for other in ("street1", "city", "state", "zip") if other != field]
    for name in USUAL[field]:
        assert find_columns(["id", *others, name]).at[field] == len(others) + 1


@settings(derandomize=True, deadline=None)
@given(data=st.data(), field=st.sampled_from(list(USUAL)))
def test_case_and_punctuation_of_a_name_do_not_matter(data: st.DataObject, field: str) -> None:
    letters = [
        letter.upper() if data.draw(st.booleans()) else letter
        for letter in data.draw(st.sampled_from(USUAL[field]))
    ]
    name = "".join(data.draw(PUNCTUATION) + letter for letter in letters)
    others = [other for other in ("street1", "city", "state", "zip") if other != field]
    assert find_columns([*others, name]).at[field] == len(others)


def test_the_columns_of_the_example_are_recognised() -> None:
    header = ["id", "address1", "address2", "city", "state", "zipcode"]
    assert find_columns(header).at == {"street1": 1, "street2": 2, "city": 3, "state": 4, "zip": 5}


def test_the_surer_name_wins_whatever_the_order() -> None:
    assert find_columns(["address", "street1", "zip"]).at["street1"] == 1
    assert find_columns(["street1", "address", "zip"]).at["street1"] == 0


def test_a_column_holds_one_part_only() -> None:
    at = find_columns(["street", "address", "st", "unit", "suite", "city", "zip", "zip5"]).at
    assert len(set(at.values())) == len(at)


def test_city_and_state_do_where_there_is_no_zip() -> None:
    assert set(find_columns(["street", "city", "state"]).at) == {"street1", "city", "state"}


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        (["id", "zip"], "street1"),
        (["street"], "zip (or city and state)"),
        (["street", "city"], "zip (or city and state)"),
        (["a", "b"], "street1"),
    ],
)
def test_a_missing_column_is_named_with_what_to_do(header: list[str], missing: str) -> None:
    with pytest.raises(InputError) as caught:
        find_columns(header, source="homes.csv")
    message = str(caught.value)
    assert message.startswith("homes.csv has no column for ")
    assert missing in message
    assert ", ".join(header) in message
    assert "--map" in message


def test_a_mapping_goes_before_the_usual_names() -> None:
    columns = find_columns(["street", "where", "zip"], mapping={"street1": "where"})
    assert columns.at["street1"] == 1


def test_a_mapping_may_name_what_nothing_else_would_find() -> None:
    columns = find_columns(["f1", "f2"], mapping={"street1": "f1", "zip": "f2"})
    assert columns.address(["1 Main St", "07030"]) == Address("1 Main St", zip="07030")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [({"street": "a"}, "no field 'street'"), ({"street1": "c"}, "no column 'c'; it has a, b")],
)
def test_a_mapping_of_what_does_not_exist_is_refused(mapping: dict[str, str], said: str) -> None:
    with pytest.raises(MappingError, match=said):
        find_columns(["a", "b"], mapping=mapping)


def test_cells_are_trimmed_and_empty_ones_left_out() -> None:
    columns = find_columns(["street", "unit", "city", "state", "zip", "lat", "lng"])
    assert columns.address([" 1 Main St ", "", " ", "mi", "00501", "42.5", "-83"]) == Address(
        "1 Main St", state="mi", zip="00501", latitude=42.5, longitude=-83.0
    )
    assert columns.address([""] * 7) == Address("")
