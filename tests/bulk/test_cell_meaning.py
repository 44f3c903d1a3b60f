"""What a cell means: no value, a text, a ZIP code, degrees, or nothing that an address may hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import Address, AddressError
from hum_async._api.addresses import checked, checked_or_error
from hum_async._unusable import UnusableText
from hum_async.bulk.cell_meaning import read_address

PLACE = {"city": "Detroit", "state": "MI", "zip": "48226"}
SENT = Address("100 Main St", city="Detroit", state="MI", zip="48226")


def sent(**cells: Any) -> Address:
    return checked(read_address({"street1": "100 Main St"} | PLACE | cells).address)


def place(state: Any, zip_code: Any) -> tuple[str | None, str | None]:
    address = sent(state=state, zip=zip_code)
    return address.state, address.zip


NOTHING = [
    "NaN", "nan", "NULL", "null", "\\N", "<NA>", "#N/A", "None", "N/A", "n/a", "NA", "-", "--",
    " NULL ", "NULL\u200b", "(null)",
    "\N{EN DASH}", float("nan"), Decimal("NaN"), Decimal("sNaN"), None, "", "  ", False,
    "NaT", "pd.NA", "n/a.", "N.A.", "(n/a)", "[empty]", "{}", "''", "'null'", "Not Available",
    "not provided", "No Data", "None None", "null,null", "***", "...", "_",
]  # fmt: skip


@pytest.mark.parametrize("cell", NOTHING)
def test_no_value_has_many_spellings(cell: Any) -> None:
    assert sent(street2=cell, latitude=cell, longitude=cell) == SENT
    assert sent(city=cell if cell != "#N/A" else "") == Address(
        "100 Main St", state="MI", zip="48226"
    )
    with pytest.raises(AddressError, match="street1"):
        sent(street1=cell)


def test_words_for_no_value_are_counted_and_empty_cells_are_not() -> None:
    cells = {"street1": "1 A St", "street2": "NULL", "zip": "48226", "latitude": float("nan")}
    assert read_address(cells).nothing == ("street2", "latitude")
    assert read_address({"street1": "1 A St", "street2": "", "zip": "48226"}).nothing == ()


@pytest.mark.parametrize("cell", ["Null", "None Such", "Na'alehu", "A-", "Unknown Creek"])
def test_a_value_that_holds_such_a_word_is_a_value(cell: str) -> None:
    assert sent(city=f"{cell} City").city == f"{cell} City"
    assert sent(street1=f"100 {cell} Rd").street1 == f"100 {cell} Rd"


@pytest.mark.parametrize(
    ("cell", "text"),
    [(4, "4"), (4.0, "4"), (4.5, "4.5"), (Decimal("4.50"), "4.50"), (b"Apt \xc3\xb1", "Apt ñ")],
)
def test_numbers_and_utf_8_are_text(cell: Any, text: str) -> None:
    assert sent(street2=cell).street2 == text


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (dt.date(2026, 3, 4), "is a date"),
        (dt.datetime(2026, 3, 4, tzinfo=dt.UTC), "is a date"),
        (dt.time(3, 4), "is a date"),
        ({"street": "secret"}, "nested fields"),
        (["secret"], "a list"),
        (b"\xffsecret", "not UTF-8"),
        (True, "only true"),
        (float("inf"), "no number"),
        ("4-May", "is a date"),
        ("Mar-04", "is a date"),
        ("2026-03-04", "is a date"),
        ("2026-03-04 00:00:00", "is a date"),
        ("3/4/2026", "is a date"),
        ("12 Ca\ufffdon Rd secret", "was lost"),
    ],
)
@pytest.mark.parametrize("field", ["street1", "street2", "city", "state", "zip"])
def test_what_is_no_text_is_refused_with_its_reason(field: str, cell: Any, reason: str) -> None:
    with pytest.raises(AddressError, match=f"^{field} .*{reason}") as caught:
        sent(**{field: cell})
    assert caught.value.field == field
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("error", ["#REF!", "#VALUE!", "#DIV/0!", "####", "#NAME?"])
def test_an_error_of_a_spreadsheet_refuses_the_row_but_not_as_coordinate(error: str) -> None:
    assert sent(latitude=error, longitude=error) == SENT
    for field in ("street1", "street2", "zip", "state", "city"):
        with pytest.raises(AddressError, match=f"{field} is an error of the spreadsheet"):
            sent(**{field: error})


def test_the_error_for_no_value_is_none_in_a_unit_alone() -> None:
    assert sent(street2="#N/A", latitude="#N/A", longitude="#N/A") == SENT
    for field in ("zip", "state", "city"):
        with pytest.raises(AddressError, match=f"{field} is an error of the spreadsheet"):
            sent(**{field: "#N/A"})


@pytest.mark.parametrize(
    ("state", "zip_code", "read"),
    [
        ("CA", "94109.0", "94109"),
        ("MA", "2139", "02139"),
        ("MA", "2139.0", "02139"),
        ("PR", "907", "00907"),
        ("MI", "482261234", "48226-1234"),
        ("MA", "21391234", "02139-1234"),
        ("MI", "48226 1234", "48226-1234"),
        ("MI", "48226-", "48226"),
        ("MI", "48226\N{EN DASH}1234", "48226-1234"),
        ("MA", '="02139"', "02139"),
        ("MA", "'02139", "02139"),
        ("MA", "\u200e2139\u00a0", "02139"),
        ("MA", "\uff12\uff11\uff13\uff19", "02139"),
        ("MI", "48226,", "48226"),
        ("MI", "48226_1234", "48226-1234"),
        ("MI", "48226 - 1234", "48226-1234"),
        ("MI", "48226--1234", "48226-1234"),
        ("MI", "48226+1234", "48226-1234"),
        ("MI", "482261234.0", "48226-1234"),
        ("MI", "48226 USA", "48226"),
        ("MI", "ZIP 48226", "48226"),
        ("MI", "(48226)", "48226"),
        (None, "94109.0", "94109"),
        (None, '="02139"', "02139"),
        ("MI", 48226, "48226"),
        ("MA", 2139, "02139"),
        ("MA", 2139.0, "02139"),
        ("MA", Decimal(2139), "02139"),
        ("MA", 21391234, "02139-1234"),
        ("TX", "99999", "99999"),
        ("TX", 7570, "07570"),  # a number has its zeros by nature; hum check doubts the place
    ],
)
def test_a_zip_code_is_read_as_it_is_meant(state: str | None, zip_code: Any, read: str) -> None:
    assert place(state, zip_code) == (state, read)


@pytest.mark.parametrize(
    ("state", "zip_code"),
    [
        ("MI", "2139"),
        (None, "2139"),
        (None, "21391234"),
        ("XX", "2139"),
        ("MI", "4.8226E+04"),
        ("MI", "4822"),
        ("MI", "48,226"),
        ("MI", "O2139"),
        ("MI", "48226-12"),
        ("MI", "0048226"),
        ("MI", "48226-XXXX"),
        ("MI", "K1A 0B6"),
    ],
)
def test_a_zip_code_that_does_not_agree_with_the_state_is_not_guessed(
    state: str | None, zip_code: Any
) -> None:
    with pytest.raises(AddressError):
        place(state, zip_code)


@pytest.mark.parametrize(
    ("written", "zip_code", "state"),
    [
        ("Michigan", "48226", "MI"),
        ("Michigan\u200b", "48226", "MI"),
        ("\ufeffNew\u00a0York", "10001", "NY"),
        ("Mich.", "48226", "MI"),
        ("mi", "48226", "MI"),
        ("M.I.", "48226", "MI"),
        ("new york", "10001", "NY"),
        ("US-MI", "48226", "MI"),
        ("D.C.", "20500", "DC"),
        ("District of Columbia", "20500", "DC"),
        ("Puerto Rico", "00907", "PR"),
        ("State of Michigan", "48226", "MI"),
        ("Commonwealth of Virginia", "23219", "VA"),
        ("Michigan, USA", "48226", "MI"),
        ("USA-MI", "48226", "MI"),
        ("No. Carolina", "27601", "NC"),
        ("So. Dakota", "57501", "SD"),
        ("Wash. D.C.", "20500", "DC"),
        ("Massachusetts", "2139", "MA"),
        ("Michigan", None, "MI"),
    ],
)
def test_a_state_is_read_as_it_is_meant(written: str, zip_code: str | None, state: str) -> None:
    assert place(written, zip_code)[0] == state


@pytest.mark.parametrize(
    ("written", "zip_code"),
    [("Michigan", "02139"), ("Mich.", None), ("Midwest", "48226"), ("26", "48226"), ("Guam", None)],
)
def test_a_state_that_does_not_agree_is_not_guessed(written: str, zip_code: str | None) -> None:
    with pytest.raises(AddressError):
        place(written, zip_code)


@pytest.mark.parametrize(
    ("cells", "city"),
    [
        ({"city": "LOS ANGELES CA", "zip": "90012"}, "LOS ANGELES"),
        ({"city": "Los Angeles, CA", "state": "CA"}, "Los Angeles"),
        ({"city": "Detroit, Michigan", "state": "MI"}, "Detroit"),
        ({"city": "Detroit MI 48226", "state": "MI", "zip": "48226"}, "Detroit"),
        ({"city": "Washington DC", "state": "DC", "zip": "20001"}, "Washington DC"),
        ({"city": "Detroit 48226", "state": "MI", "zip": "48226-1234"}, "Detroit"),
        ({"city": "MI", "state": "MI", "zip": "48226"}, None),
        ({"city": "29 Palms", "state": "CA"}, "29 Palms"),
        ({"city": "Wayne Co", "state": "MI"}, "Wayne Co"),
        ({"city": "La Pa", "state": "CA"}, "La Pa"),
        ({"city": "New York", "state": "NY"}, "New York"),
    ],
)
def test_a_city_ends_before_the_state_of_its_row(cells: dict[str, str], city: str | None) -> None:
    address = checked(read_address({"street1": "1 Elm St", **cells}).address)
    assert address.city == city


@pytest.mark.parametrize(
    ("city", "reason"),
    [
        ("Los Angeles, CA", "another state or ZIP code"),
        ("Los Angeles, California", "another state or ZIP code"),
        ("CA", "another state or ZIP code"),
        ("Detroit MI 48083", "(another state or ZIP code|a number)"),
        ("Detroit 48083", "a number, which is not the ZIP code"),
        ("48226", "a number"),
        ("48083", "a number"),
        ("100", "a number"),
    ],
)
def test_a_city_that_contradicts_its_row_is_refused(city: str, reason: str) -> None:
    with pytest.raises(AddressError, match=f"city .*{reason}"):
        sent(city=city, state="MI", zip="48226")


@pytest.mark.parametrize(
    ("street", "unit", "sent_unit"),
    [
        ("100 Main St Apt 4", "Apt 4", None),
        ("100 Main St Apt 4", "#4", None),
        ("100 MAIN ST, UNIT 4", "4", None),
        ("100 Main St", "no apt", None),
        ("100 Main St Bldg 4", "Apt 4", "Apt 4"),
        ("100 Highway 4", "4", "4"),
        ("100 Avenue A", "A", "A"),
        ("100 Main St, Suite 200", "Unit B, Bldg 2", "Unit B, Bldg 2"),
    ],
)
def test_a_unit_that_the_street_says_is_sent_once(
    street: str, unit: str, sent_unit: str | None
) -> None:
    assert sent(street1=street, street2=unit).street2 == sent_unit


TWO_IN_A_STREET = [
    "123 Main St & 456 Oak Ave", "123 Main St and 456 Oak Ave", "123 Main St AND 456 Oak Avenue",
    "123 Main St&456 Oak Ave", "12 Elm St; 14 Elm St", "12 Elm St / 14 Elm St",
    "12 Elm St | 14 Elm St", "12 Elm St, 14 Elm St", "12 Elm St 14 Elm St",
    "12 Elm St - 14 Elm St", "12 Elm St\n14 Elm St", "123 Main St or 125 Main St",
    "123 Main St + 125 Main St", "123 Main St & 125", "123 N Main St & 456 W Oak Ave",
    "123 Main St Apt 4 & 456 Oak Ave Apt 2", "1234 5678 Main St", "123-125 Main St & 127 Main St",
    "N6W23001 Bluemound Rd & N6W23011 Bluemound Rd", "45 5th Ave & 46 5th Ave",
    "123 Main St &amp; 456 Oak Ave", "123 Main St and 456 Oak",
]  # fmt: skip
TWO_HOUSES = [
    "100 & 102 Main St", "100 and 102 Main St", "100 or 102 Main St", "100 thru 110 Main St",
    "100 to 102", "100;102", "100, 102", "100, 102 Main St", "104;106 Main St", "100+102 Main St",
    "100/102 Main St", "100 & 102", "100A & 100B Main St", "100 y 102 Calle Luna",
    "104,106 Main St", "100 Main St (aka 102 Elm)", "100 Main St, rear of 102",
]  # fmt: skip
SEVERAL_UNITS = [
    "100 Main St Apts 1 & 2", "100 Main St Apt 1 Apt 2", "100 Main St #1 & #2",
    "100 Main St #1, #2", "100 Main St Apt 1, Apt 2", "100 Main St Units 1-4",
    "100 Main St Lots 1 thru 9", "100 Main St Apt 4 & 5", "100 Main St 1 & 2",
    "100 Main St all units",
]  # fmt: skip
LEFT_OVER = [
    "100 nan Main St", "100 Main St nan", "100 nan", "100 None Main St", "None 100 Main St",
    "nan Main St", "100 NULL Main St",
]  # fmt: skip
DESCRIPTIONS = [
    "1/2 mile N of Main", "5 miles east of Reno", "3 blocks N of Main St", "100 block of Main St",
    "100 Block Main St", "1xx Main St", "4 plex", "24 Hour Fitness", "7-Eleven 400 Elm St",
    "2 doors down from Main", "100 Main St (2 units)", "100 Acres", "2024-05-01 Main St",
]  # fmt: skip
NUMBER_BEHIND = [
    "Main St 123", "Main Street, 123", "Oak Avenue 12B", "N Main St 123", "Main St #123",
    "Main St No. 123", "Main St 123 Apt 4", "Main St N 123", "Old Mill Rd 12",
]  # fmt: skip
MORE_IN_A_STREET = [
    "101 Ellis St, Oakland", "101 Ellis St Oakland", "101 Ellis St, New York",
    "101 Ellis St, Lake Forest", "101 Ellis St Lake Forest", "101 Ellis St West Hartford",
    "101 Ellis St Salt Lake City", "101 Ellis St, E Hartford", "101 Ellis St Upper Marlboro",
    "101 Ellis St, Front Royal", "101 Ellis St, Bob Smith", "101 Ellis St, Acme Inc",
    "100 Main St, Apt 4, Oakland", "101 Ellis St, Oakland, CA",
]  # fmt: skip
NO_NUMBER_OF_A_UNIT = ["101 Ellis St Apt", "101 Ellis St Apt #", "101 Ellis St Suite", "1 Elm St #"]


@pytest.mark.parametrize(
    ("streets", "reason"),
    [
        (TWO_IN_A_STREET, "more than one address"),
        (TWO_HOUSES, "more than one address"),
        (SEVERAL_UNITS, "more than one unit"),
        (LEFT_OVER, "a word such as nan"),
        (DESCRIPTIONS, "describes a place"),
        (NUMBER_BEHIND, "number behind the name"),
        (MORE_IN_A_STREET, "(?:goes on behind the street|more than one)"),
        (NO_NUMBER_OF_A_UNIT, "without its number"),
        (["0", "00", "100.0", "42.33,-83.04", "[1, 2]"], "only a number"),
        (["-5", "0.5"], "a fraction or a negative number"),
        (["#####", "########"], "an error of the spreadsheet"),
        (
            [
                "Acme Inc, 100 Main St",
                "Bob Smith\n100 Main St",
                "Acme Inc 100 Main St",
                "The Oaks Court 100 Main St",
                "Pat Doe 100 N Main St",
            ],
            "begins with what is no part",
        ),
        (["100 Main St to 200 Main St", "100 Main St (old: 5 Oak Ave)"], "more than one address"),
        (["100 Main St formerly 5 Oak Ave", "PO Box 5, 100 Main St"], "more than one address"),
        (["100MainSt Detroit"], "no blank between"),
        (["1.23E+05 Main St", "1E+05"], "written as 1E"),
        (["100+Main+St", "100%20Main St"], "(?:plus signs|percent-encoded)"),
        (["<b>100 Main St</b>"], "tags of HTML"),
        (['{"street": "100 Main St"}'], "nested fields"),
        (["313-555-1234", "pat@example.com", "3135551234"], "telephone"),
        (
            [
                "no address",
                "same as above",
                "see notes",
                "unknown",
                "TBD",
                "?",
                "???",
                "xxx",
                "N/A",
            ],
            "missing",
        ),
    ],
)
def test_a_street_that_holds_something_else_is_refused_with_its_reason(
    streets: list[str], reason: str
) -> None:
    for street in streets:
        with pytest.raises(AddressError, match=reason) as caught:
            sent(street1=street)
        assert not any(word in str(caught.value) for word in ("Ellis", "Oak", "Elm", "Main St 1"))


ONE_STREET = [
    "5 Church & Dwight St", "100 Town and Country Dr", "1221 Avenue of the Americas",
    "123-125 Main St", "41-25 Main St", "1234 S 500 W", "120 N 500 W St",
    "N6W23001 Bluemound Rd", "W123 N456 Main St", "123 1/2 Main St", "100 Highway 5 & 7",
    "100 US Hwy 12 & 18 W", "100 Main St & 5th Ave", "8811 101 Ave", "4520 97 St",
    "5501 21 Mile Rd", "1000 1000 Oaks Blvd", "100 St Marks Pl", "100 Mount St Helens Way",
    "100 Main St Ext", "100 Main St Rear", "100 Main St (rear)", "100 Null Rd",
    "100 Main St, Suite 2, Bldg B", "100 Main St, NW", "100 Dr Martin Luther King Jr Blvd",
    "100 N Dr Martin Luther King Jr Dr", "100 County Road 12", "County Road 12", "HWY 50 W",
    "100 Rue St Ann", "Calle Luna 12", "Urb Las Flores 12 Calle A", "Carr 2 Km 4.5", "PO Box 123",
    "RR 2 Box 45", "HC 1 Box 23", "One Microsoft Way", "1 World Trade Ctr Fl 85",
    "350 Fifth Avenue, 34th Floor", "100 Main St, 4B", "100 Park Avenue South",
    "100 Park Ave Circle", "77 Avenue B Apt 3", "2100 N US Highway 75", "1 Lake St Croix Trl",
    "100 Block St", "1500 Ave 25 de Julio", "500 - 123 Main St", "100 FM 1960 Rd W",
    "100 I-35 N", "100 Main St, Lower Level", "100 Main St, Carriage House",
    "1 Terminal Dr Gate 5", "100 Parking Lot Rd", "1 Space Center Blvd", "100 Job Lot",
    "12 Mile and Hoover Rd", "Ellis St", "Main St & 1st Ave", "15 Federal Way", "99 Indian Trail",
    "100 W Circle Of Hope", "10 Main St 1st Floor Rear", "4000 State Rd 7 Ste 5", "123 St Rd 7",
    "100 Ave Ponce de Leon", "88 East Main Street Suite #300", "100 50% Rd",
    "100 Martin Luther King, Jr. Blvd", "123 Interstate 40 Frontage Rd", "100 Mile of Cars Way",
    "3150 Routes 5 & 20", "100 Calle 12 Las Lomas Ct", "100 Old 27 Mill Rd", "123-REAR Main St",
    "100 Nat Turner Rd", "1 Hour Farm Ln", "100 Acres Dr", "100 Main St Unit 12 # 4",
]  # fmt: skip


@pytest.mark.parametrize("street", ONE_STREET)
def test_a_street_with_odd_words_is_sent_as_written(street: str) -> None:
    reading = read_address({"street1": street} | PLACE)
    assert checked(reading.address).street1 == street
    assert reading.note is None


@pytest.mark.parametrize(
    ("street", "read"),
    [
        ("100 Main St, Detroit", "100 Main St"),
        ("Apt 5, 100 Main St", "100 Main St, Apt 5"),
        ("#5 100 Main St", "100 Main St, #5"),
        ("100 Main St Detroit", "100 Main St"),
        ("100 Main St, Apt 4, Detroit", "100 Main St, Apt 4"),
        ("100 Main St, Detroit, MI", "100 Main St"),
        ("100 Main St, Detroit MI", "100 Main St"),
        ("100 Main St, PO Box 5", "100 Main St"),
        ("100 Main St P.O. Box 5", "100 Main St"),
        ("100 Main St, C/O Pat Doe", "100 Main St"),
        ("100 O&#39;Brien Ave", "100 O'Brien Ave"),
        ("100 Main &amp; 1st", "100 Main & 1st"),
        ("100 Main &amp;amp; 1st", "100 Main & 1st"),
        ("100&nbsp;Main St", "100 Main St"),
        ("100%20Main%20St", "100 Main St"),
        ("100+Main%27s+St", "100 Main's St"),
        ("100 Main St<br/>Apt 4", "100 Main St Apt 4"),
        ("100 Main St_x000D_", "100 Main St"),
        ("100 Main St\\nApt 5", "100 Main St Apt 5"),
        ("100 Main St\nDetroit", "100 Main St"),
        ("100 Main St 48226", "100 Main St"),
        ("100 Main St, 48226", "100 Main St"),
        ("100 Main St, Detroit 48226", "100 Main St"),
        ("100 Main St Detroit MI 48226", "100 Main St"),
        ("100 Main St MI 48226-1234", "100 Main St"),
        ("100 Main St/PO Box 5", "100 Main St"),
        ("'100 Main St", "100 Main St"),
        ('="100 Main St"', "100 Main St"),
        ('""100 Main St""', "100 Main St"),
        ("100.0 Main St", "100 Main St"),
        ("1,234 Main St", "1234 Main St"),
        ("100 Ca\u00c3\u00b1on Rd", "100 Ca\u00f1on Rd"),
        ("100 O\u00e2\u20ac\u2122Brien Ave", "100 O'Brien Ave"),
    ],
)
def test_a_street_is_read_without_what_the_row_says_elsewhere(street: str, read: str) -> None:
    reading = read_address({"street1": street} | PLACE)
    assert checked(reading.address) == Address(read, city="Detroit", state="MI", zip="48226")
    assert reading.note == f"street1 read as {read}"


@pytest.mark.parametrize("field", ["street1", "street2", "city"])
def test_a_text_that_is_unusable_here_may_be_used_there(field: str) -> None:
    unusable = UnusableText("12 Elmore St", "has no house number")
    for _ in range(2):
        found = getattr(read_address({field: unusable}).address, field)
        assert found.reason == unusable.reason
        found = getattr(read_address({field: "12 Elmore St"}).address, field)
        assert not isinstance(found, UnusableText) or found.reason != unusable.reason


@pytest.mark.parametrize("field", ["street1", "street2", "city"])
def test_a_cell_without_end_is_refused_at_once(field: str) -> None:
    for part in ("<", "&", "@", "[:", "1 A St, ", "PO Box 5 "):
        with pytest.raises(AddressError, match=field):
            sent(**{field: part * (200_000 // len(part))})


NO_UNITS = [
    "456 Oak Ave", "456 Oak Avenue Apt 2", "Oakland CA 94601", "Oakland, CA", "Oakland",
    "Bob Smith", "Acme Inc", "Acme Widgets LLC", "Null St", "100 None Rd", "Lansing, MI 48901",
    "1E+02", "313-555-1234", "pat@example.com", "test", "New York", "Camp Hill", "Apt%204 B",
    "3135551234",
    "Acme 2000", "Walmart #1234", "call 3135551234", "gate code 1234", "Bob", "5th Ave", "0.25",
    "-3",
    "Detroit Dr", "Lansing 48901", "$1200", "Hwy 50", "Suite Acme", "5 Oak", "2BR", "US Hwy 50",
    "Unit Lansing", "2 BD", "Bob Smith Apt 5", "Apt 5 Bob Smith",
]  # fmt: skip


@pytest.mark.parametrize("unit", NO_UNITS)
def test_what_is_no_unit_is_refused(unit: str) -> None:
    with pytest.raises(AddressError, match="street2") as caught:
        sent(street2=unit)
    assert not any(word in str(caught.value) for word in ("Oak", "Bob", "Acme", "Lansing"))


@pytest.mark.parametrize(
    ("street", "unit"),
    [
        ("100 Main St Apt 4", "Apt 5"),
        ("100 Main St #4", "Unit 14"),
        ("100 Main St, Ste 2", "Suite 3"),
    ],
)
def test_two_units_are_not_merged(street: str, unit: str) -> None:
    with pytest.raises(AddressError, match="street2 names another unit"):
        sent(street1=street, street2=unit)


@pytest.mark.parametrize(
    "unit",
    ["Apt 1 / Apt 2", "Apt 1/Apt 2", "1;2", "1 & 2", "1 and 2", "1, 2, 3", "1 thru 4", "all units",
     "Units 1-4", "Apts A-D", "2 units", "Apt 1 Apt 2", "Apts 1 & 2", "#1 & #2", "Upper & Lower",
     "1st & 2nd Floor", "Ste A&B"],
)  # fmt: skip
def test_several_units_are_refused(unit: str) -> None:
    with pytest.raises(AddressError, match="street2 names more than one unit"):
        sent(street2=unit)


@pytest.mark.parametrize(
    "unit",
    ["PO Box 5", "P.O. Box 5", "Box 12", "RR 2 Box 12", "HC 1 Box #4", "Attn: Accounts",
     "c/o Pat Doe", "Detroit", "Detroit, MI",
     "Detroit MI 48226", "MI", "Michigan", "Detroit Michigan", "48226", "USA", "% Pat", "FBO Pat"],
)  # fmt: skip
def test_what_certainly_is_no_unit_is_left_out_and_the_row_says_so(unit: str) -> None:
    reading = read_address({"street1": "100 Main St", "street2": unit} | PLACE)
    assert checked(reading.address) == SENT
    assert reading.note == "street2 left out"


@pytest.mark.parametrize(
    "unit",
    ["unknown", "TBD", "UNK", "?", "??", "-", "0", 0, 0.0, "00", "Apt", "Apt #", "Unit:", "#",
     "Suite N/A", "Apt 0", "Single Family", "single-family home", "House", "SFR",
     "Same as above", "n/a", "$null$", "(blank)", "No", "N/A N/A", "none.", "Vacant", "Condo",
     "Townhouse", '"', "ditto"],
)  # fmt: skip
def test_a_unit_that_is_none_is_no_value_and_is_counted(unit: Any) -> None:
    reading = read_address({"street1": "100 Main St", "street2": unit} | PLACE)
    assert checked(reading.address) == SENT
    assert reading.nothing == ("street2",)


@pytest.mark.parametrize(
    "unit",
    ["4", "4B", "B", "ABC", "Apt 4", "# 4", "Rear", "Upper", "PH", "PH 2", "2nd Floor",
     "Bldg 2, Apt 4", "Lower Level", "Carriage House", "East Wing", "Tower 2", "Slip 12",
     "PMB 7", "Door B", "Unit Front", "Suite North Tower", "URB Las Flores", "The Oaks Apartments",
     "Oak Hill Apts #5", "Smith Bldg Rm 5", "Number 4", "Mail Stop 12", "N", "North", "1/2",
     "12-34", "Unit 2E3", "A/B", "1-4", "Bldg 2, 4", "Bldg 2 & Apt 4",
     "2nd Floor, 4B", "Null"],
)  # fmt: skip
def test_units_are_sent_as_written(unit: str) -> None:
    assert sent(street2=unit).street2 == (unit if unit != "Null" else None)


def test_a_row_says_how_it_was_read() -> None:
    cells = {"street1": "1 Elm St", "zip": "2139", "state": "Mass.", "latitude": "42,3"}
    assert read_address(cells).note == (
        "zip read as 02139; state read as MA; coordinates left out: not numbers of degrees"
    )
    assert read_address({"street1": "1 Elm St", "zip": "02139", "state": "ma"}).note is None


@pytest.mark.parametrize(
    ("latitude", "longitude", "reason"),
    [
        ("42,33", "-83,04", "not numbers"),
        ("north", -83, "not numbers"),
        (True, False, "not numbers"),
        (91, -83, "beyond"),
        (-122.4, 37.8, "swapped"),
        (42.3, None, "missing"),
        (None, "-83", "missing"),
        (0, 0.0, "0, 0"),
        ("0", "0", "0, 0"),
        (float("inf"), 1, "not numbers"),
    ],
)
def test_coordinates_that_cannot_be_used_are_left_out(
    latitude: Any, longitude: Any, reason: str
) -> None:
    assert sent(latitude=latitude, longitude=longitude) == SENT
    cells = {"street1": "1 Elm St", "latitude": latitude, "longitude": longitude}
    assert reason in (read_address(cells).unused or "")


def test_coordinates_of_any_type_are_sent_as_numbers() -> None:
    address = sent(latitude=" 42.33 ", longitude=Decimal("-83.04"))
    assert (address.latitude, address.longitude) == (42.33, -83.04)


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9),
    st.binary(max_size=4), st.decimals(), st.dates(), st.lists(st.none(), max_size=1),
    st.sampled_from(NOTHING),
)  # fmt: skip
FIELDS = ["street1", "street2", "city", "state", "zip", "latitude", "longitude"]


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, CELLS)))
def test_any_cells_are_an_address_or_a_reason(cells: dict[str, Any]) -> None:
    address = checked_or_error(read_address(cells).address)
    if isinstance(address, Address):
        assert (address.latitude is None) == (address.longitude is None)
        texts = [getattr(address, field) for field in FIELDS[:5]]
        assert all(text is None or type(text) is str for text in texts)
