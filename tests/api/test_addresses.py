"""What is checked before anything is sent, and what a line of text means."""

import contextlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import Address, AddressError
from hum_async._addresses.line import parse_line
from hum_async._addresses.states import STATES
from hum_async._api.addresses import checked
from hum_async._api.decoding import encode_address


def test_an_address_is_trimmed_and_its_state_upper_cased() -> None:
    address = Address("  29090  Tiffany Drive E ", " ", " Southfield ", " mi ", " 48034 ")
    assert checked(address) == Address("29090 Tiffany Drive E", None, "Southfield", "MI", "48034")


@pytest.mark.parametrize(
    "place",
    [
        {"zip": "48034"},
        {"zip": "48034-1234"},
        {"city": "Southfield", "state": "MI"},
        {"city": "Southfield", "zip": "48034"},
        {"state": "PR", "zip": "00601"},
        {"city": "Southfield", "state": "MI", "zip": "48034"},
        {"city": "Washington", "state": "DC", "zip": "20001"},
    ],
)
def test_the_three_documented_combinations_and_their_supersets_pass(place: dict[str, str]) -> None:
    assert checked(Address("1 Main St", **place))


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"city": "Southfield"},
        {"state": "MI"},
        {"city": "Washington", "state": "DC"},
        {"state": "DC", "zip": "20001"},
    ],
)
def test_other_combinations_do_not(place: dict[str, str]) -> None:
    with pytest.raises(AddressError) as caught:
        checked(Address("1 Main St", **place))
    assert caught.value.field is None


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("street1", {"street1": ""}),
        ("street1", {"street1": " \t "}),
        ("street1", {"street1": "1" * 101}),
        ("street1", {"street1": None}),
        ("street1", {"street1": 29090}),
        ("street2", {"street2": "x" * 51}),
        ("city", {"city": "x" * 51}),
        ("state", {"state": "XX"}),
        ("state", {"state": "Michigan"}),
        ("state", {"state": "GU"}),
        ("zip", {"zip": "4803"}),
        ("zip", {"zip": "48034-12"}),
        ("zip", {"zip": "480341234"}),
        ("zip", {"zip": "\N{SUPERSCRIPT FOUR}8034"}),
        ("zip", {"zip": 48034}),
        ("zip", {"zip": "x" * 200}),
        ("latitude", {"latitude": 90.1}),
        ("latitude", {"latitude": float("nan")}),
        ("latitude", {"latitude": "42.5"}),
        ("latitude", {"latitude": True}),
        ("latitude", {"latitude": 10**400}),
        ("longitude", {"longitude": -180.5}),
        ("longitude", {"longitude": float("inf")}),
    ],
)
def test_a_field_that_the_api_would_refuse_is_named(field: str, fields: dict[str, object]) -> None:
    whole = {"street1": "1 Main St", "city": "Southfield", "zip": "48034", **fields}
    with pytest.raises(AddressError) as caught:
        checked(Address(**whole))  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("field", ["street1", "street2", "city"])
def test_text_that_cannot_be_encoded_is_an_address_error(field: str) -> None:
    # Files that are read with errors="surrogateescape" hold such text.
    fields = {"street1": "1 Main St", "zip": "48034", field: "Caf\udce9"}
    with pytest.raises(AddressError) as caught:
        checked(Address(**fields))
    assert caught.value.field == field


def test_a_lost_zero_of_a_zip_is_hinted_at() -> None:
    with pytest.raises(AddressError, match="leading zeros"):
        checked(Address("1 Main St", zip="2139"))


def test_no_message_repeats_the_content() -> None:
    for fields in ({"zip": "secret"}, {"state": "secret"}, {"city": "secret" * 10}, {}):
        with pytest.raises(AddressError) as caught:
            checked(Address("77 Secret Ave", **fields))
        assert "secret" not in str(caught.value).lower()
        assert "77" not in str(caught.value)


def test_lengths_are_inclusive() -> None:
    longest = Address("1" * 100, "2" * 50, "c" * 50, "MI", "48034", -90, 180.0)
    assert checked(longest) == longest


def test_there_are_fifty_states_and_puerto_rico() -> None:
    assert len(STATES) == 51
    assert {"PR", "WY", "AK"} <= STATES
    assert "DC" not in STATES


def test_dc_is_sent_without_a_state() -> None:
    address = checked(Address("1600 Pennsylvania Ave NW", None, "Washington", "dc", "20500"))
    assert orjson.loads(encode_address(address)) == {
        "street1": "1600 Pennsylvania Ave NW",
        "city": "Washington",
        "zip": "20500",
    }


def test_only_what_is_known_is_sent() -> None:
    body = encode_address(Address("1 Main St", zip="02139", latitude=0.0), campaign_id="summer")
    expected = {"street1": "1 Main St", "zip": "02139", "latitude": 0.0, "campaign_id": "summer"}
    assert orjson.loads(body) == expected


@pytest.mark.parametrize(
    ("line", "address"),
    [
        (
            "29090 Tiffany Dr E, Southfield, MI 48034",
            Address("29090 Tiffany Dr E", None, "Southfield", "MI", "48034"),
        ),
        (
            "1001 Woodward Ave, Suite 300, Detroit, mi, 48226-1234",
            Address("1001 Woodward Ave", "Suite 300", "Detroit", "MI", "48226-1234"),
        ),
        (
            "1001 Woodward Ave, # 3, Detroit, MI",
            Address("1001 Woodward Ave", "# 3", "Detroit", "MI"),
        ),
        ("1 Main St, 02139", Address("1 Main St", zip="02139")),
        ("1 Main St, Apt 4, 02139", Address("1 Main St", "Apt 4", zip="02139")),
        ("1 Main St, Boston 02139", Address("1 Main St", city="Boston", zip="02139")),
        ("1 Main St, Boston MA", Address("1 Main St", city="Boston", state="MA")),
    ],
)
def test_a_line_of_text_is_read_as_an_address(line: str, address: Address) -> None:
    assert parse_line(line) == address


@pytest.mark.parametrize("line", ["", " , ,", "1 Main St", "48034", "somewhere"])
def test_a_line_without_street_and_place_is_refused(line: str) -> None:
    with pytest.raises(AddressError):
        parse_line(line)


TEXTS = st.one_of(st.none(), st.text(max_size=120))


@given(st.text(max_size=110), TEXTS, TEXTS, TEXTS, TEXTS, st.floats() | st.integers() | st.none())
def test_any_address_is_either_refused_or_can_be_sent_and_checked_again(  # noqa: PLR0913, PLR0917  as it is made of
    street1: str,
    street2: str | None,
    city: str | None,
    state: str | None,
    zip_code: str | None,
    latitude: float | None,
) -> None:
    try:
        good = checked(Address(street1, street2, city, state, zip_code, latitude))
    except AddressError:
        return
    assert checked(good) == good
    sent = orjson.loads(encode_address(good))
    assert sent["street1"] == good.street1
    assert all(value is not None for value in sent.values())


@given(st.text(max_size=80))
def test_any_line_is_an_address_or_an_address_error(line: str) -> None:
    with contextlib.suppress(AddressError):
        assert parse_line(line).street1
