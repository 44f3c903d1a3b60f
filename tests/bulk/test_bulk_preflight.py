"""What is said of a table of addresses before anything is bought."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hum_async import Address, AddressError
from hum_async._addresses.places import read_state, read_zip
from hum_async._addresses.usps_key import KeyRules, address_key
from hum_async._addresses.zip_codes import states_of_zip
from hum_async._api.addresses import checked
from hum_async.bulk.columns import AddressColumns, find_columns, plan_columns
from hum_async.bulk.dedupe import SeenAddresses, SeenNumbers, SeenSpellings
from hum_async.bulk.plain_rows import Identified, PlainRows
from hum_async.bulk.preflight import (
    REPORT_COLUMNS,
    Finding,
    FindingKind,
    Preflight,
    Severity,
    corrected,
    decide_columns,
    estimate,
    examine,
    report_values,
)
from hum_async.bulk.preflight._refusals import find_refusals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hum_async.bulk.preflight._row import Row

HEADER = ("address1", "unit", "city", "state", "zipcode", "lat", "lng")
GOOD = {"address1": "123 Main St", "city": "Detroit", "state": "MI", "zipcode": "48226"}


def digest(what: object) -> bytes:
    """Return 16 bytes that stand for something."""
    return blake2b(str(what).encode(), digest_size=16).digest()


class InMemory:
    """A table that is read from nowhere."""

    name = "a table"
    titles = ()

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self.header = tuple(header)
        self.count = len(rows)
        self._rows = rows

    def rows(self) -> Iterator[list[Any]]:
        return (list(row) for row in self._rows)


class Examined:
    """A table after `examine`."""

    def __init__(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[Any]],
        columns: AddressColumns | None = None,
    ) -> None:
        self.findings: list[Finding] = []
        self.corrected: list[list[Any]] = []
        self.columns: AddressColumns = columns or find_columns(header)
        self.result: Preflight = examine(
            InMemory(header, rows),  # type: ignore[arg-type]  # what it needs of a table
            self.columns,
            on_finding=self.findings.append,
            on_corrected=self.corrected.append,
        )

    def of(self, *severities: Severity) -> list[FindingKind]:
        """Return the kinds of findings of these severities; of all but INFO by default."""
        wanted = severities or (Severity.REFUSED, Severity.SUSPICIOUS)
        return [finding.kind for finding in self.findings if finding.severity in wanted]


def rows_of(*rows: dict[str, Any]) -> Examined:
    return Examined(HEADER, [[row.get(name, "") for name in HEADER] for row in rows])


def row_of(**cells: Any) -> Examined:
    """Examine one row that is good but for these cells."""
    return rows_of(GOOD | cells)


def fixed(examined: Examined, number: int = 0) -> dict[str, Any]:
    cells = examined.corrected[number]
    return {name: cell for name, cell in zip(HEADER, cells, strict=True) if cell != ""}


# --- good rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"unit": "Apt 4"},
        {"address1": "123 Main St Apt 4"},
        {"address1": "123 Main St, Apt 4"},
        {"address1": "123 Main St, Building B"},
        {"address1": "One Microsoft Way"},
        {"address1": "W204N11509 Goldendale Rd"},
        {"address1": "123 5th Ave"},
        {"address1": "1 Box Elder Rd"},
        {"zipcode": "48226-1234"},
        {"zipcode": ""},
        {"state": ""},
        {"city": "", "state": ""},
        {"city": "Ca\u00f1on City", "state": "CO", "zipcode": "81212"},
        {"city": "Washington", "state": "DC", "zipcode": "20001"},
        {"city": "Ponce", "state": "PR", "zipcode": "00716"},
        {"lat": "42.33", "lng": "-83.05"},
        {"lat": "51.9", "lng": "179.6", "state": "AK", "zipcode": "99546"},
    ],
)
def test_nothing_is_said_of_a_good_row(cells: dict[str, str]) -> None:
    examined = row_of(**cells)
    assert examined.findings == []
    assert examined.corrected == [[(GOOD | cells).get(name, "") for name in HEADER]]
    assert examined.result.sessions == 1


# --- refused rows ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind", "column"),
    [
        ({"address1": " "}, FindingKind.MISSING, "address1"),
        ({"zipcode": "", "city": ""}, FindingKind.MISSING, None),
        ({"state": "DC", "zipcode": ""}, FindingKind.MISSING, None),
        ({"address1": "1" * 101}, FindingKind.TOO_LONG, "address1"),
        ({"unit": "1" * 51}, FindingKind.TOO_LONG, "unit"),
        ({"city": "1" * 51}, FindingKind.TOO_LONG, "city"),
        ({"city": "Detroit\udce9"}, FindingKind.CHARACTERS, "city"),
        ({"zipcode": "4822"}, FindingKind.ZIP_ZEROS, "zipcode"),
        ({"zipcode": "48226-12"}, FindingKind.ZIP_FORM, "zipcode"),
        ({"zipcode": "K1A 0B6"}, FindingKind.ZIP_FORM, "zipcode"),
        ({"state": "Mitchigan"}, FindingKind.STATE_UNKNOWN, "state"),
        ({"state": "Washington", "zipcode": "20001"}, FindingKind.STATE_NAME, "state"),
        ({"address1": dt.date(2026, 3, 4)}, FindingKind.DATE, "address1"),
        ({"address1": "4-May"}, FindingKind.DATE, "address1"),
        ({"address1": "1E+05"}, FindingKind.SPREADSHEET, "address1"),
        ({"address1": "-5"}, FindingKind.SPREADSHEET, "address1"),
        ({"unit": "#REF!"}, FindingKind.SPREADSHEET, "unit"),
        ({"unit": "####"}, FindingKind.SPREADSHEET, "unit"),
        ({"address1": "100"}, FindingKind.MISSING, "address1"),
        ({"address1": "313-555-1234"}, FindingKind.NO_PART, "address1"),
        ({"address1": "100 nan Main St"}, FindingKind.PLACEHOLDER, "address1"),
        ({"address1": "100 block of Main St"}, FindingKind.HOUSE_NUMBER, "address1"),
        ({"address1": "100 & 102 Main St"}, FindingKind.SEVERAL, "address1"),
        ({"unit": "1 & 2"}, FindingKind.SEVERAL, "unit"),
        ({"unit": ["4"]}, FindingKind.NO_PART, "unit"),
        ({"address1": "123 Ca\ufffdon Rd"}, FindingKind.CHARACTERS, "address1"),
        ({"address1": "-"}, FindingKind.MISSING, "address1"),
        ({"state": "GU", "zipcode": "96910"}, FindingKind.NOT_COVERED, "state"),
        ({"state": "AE", "zipcode": "09123"}, FindingKind.NOT_COVERED, "state"),
        ({"state": "Virgin Islands"}, FindingKind.NOT_COVERED, "state"),
    ],
)
def test_what_cannot_be_sent_is_said_with_its_column(
    cells: dict[str, Any], kind: FindingKind, column: str | None
) -> None:
    examined = row_of(**cells)
    assert examined.of(Severity.REFUSED, Severity.SUSPICIOUS) == [kind]
    assert (examined.findings[0].kind, examined.findings[0].column) == (kind, column)
    assert (examined.result.refused, examined.result.sessions) == (1, 0)
    assert (column or "") in examined.findings[0].message


def test_all_that_is_wrong_with_a_row_is_said_at_once() -> None:
    examined = row_of(address1="", city="x" * 60, state="QQ", zipcode="1")
    assert set(examined.of(Severity.REFUSED)) == {
        FindingKind.MISSING,
        FindingKind.TOO_LONG,
        FindingKind.STATE_UNKNOWN,
        FindingKind.ZIP_ZEROS,
    }
    assert examined.result.refused == 1


TEXT = st.text("aB1 ,.#\t-\u00e9\N{ZERO WIDTH SPACE}", max_size=8)
STATE = st.sampled_from(
    ["", "MI", "mi", "Michigan", "Mich.", "N.Y.", "DC", "QQ", "Guam", "WA", "MA"]
)
ZIP = st.sampled_from(
    [
        "",
        "48226",
        "4822",
        "2139",
        "501",
        "02139-1234",
        "21391234",
        "482261234",
        "48226.0",
        "x",
        "20001",
    ]
)
STREET = st.sampled_from(
    [
        "1 Main St",
        " 1  Main st",
        "1 Main St, Detroit, MI 48226",
        "1 Main St, Apt 4, Detroit, MI, 48226, USA",
        "1 Main St, Detroit, mi",
        "1 Main St Detroit MI 48226",
        "1 Main, MI, Detroit, MI 48226",
        "1 Main, MI 48226, Detroit, MI 48226",
        "PO Box 1",
        "",
        "N/A",
    ]
)
DEGREES = st.sampled_from(["", "42.3", "-83.1", "200", "x"])
ROW = st.tuples(
    STREET | TEXT,
    st.just("") | TEXT,
    st.just("") | st.just("Detroit") | TEXT,
    STATE | TEXT,
    ZIP | TEXT,
    DEGREES,
    DEGREES,
).map(list)


def accepted(columns: AddressColumns, cells: Sequence[Any]) -> Address | None:
    try:
        return checked(columns.address(cells))
    except AddressError:
        return None


@given(ROW)
def test_a_row_is_refused_exactly_if_it_could_not_be_sent(row: list[str]) -> None:
    examined = Examined(HEADER, [row])
    good = accepted(examined.columns, row)
    assert bool(examined.of(Severity.REFUSED)) == (good is None)
    assert examined.result.refused == (good is None)
    assert examined.result.sessions == (good is not None)


@given(ROW)
def test_a_corrected_row_is_never_worse(row: list[str]) -> None:
    examined = Examined(HEADER, [row])
    before = accepted(examined.columns, row)
    after = accepted(examined.columns, examined.corrected[0])
    if before is not None:
        assert after is not None
        moved = FindingKind.ONE_CELL in examined.of()
        assert moved or address_key(after) == address_key(before)
    changed = {at for at, cell in enumerate(row) if cell != examined.corrected[0][at]}
    told = [change.at for finding in examined.findings for change in finding.changes]
    assert sorted(changed) == sorted(told)
    assert examined.result.correctable == len(told)


@example(["1 Main St, Detroit, MI", "", "", "", "4822", "", ""])
@example(["1 Main St, Detroit, MI", "", "", "Michigan", "", "", ""])
@example(["1 Main St, Boston, MA", "", "", "", "2139", "", ""])
@given(ROW)
def test_what_was_corrected_needs_no_correction(row: list[str]) -> None:
    once = Examined(HEADER, [row]).corrected[0]
    assert Examined(HEADER, [once]).corrected[0] == once


@given(ROW)
def test_no_message_repeats_a_cell(row: list[str]) -> None:
    secret = [f"Zq{at}x{cell}" if cell else "" for at, cell in enumerate(row)]
    for finding in Examined(HEADER, [row, secret]).findings:
        assert "Zq" not in finding.message
        assert not [cell for cell in row if len(cell) > 4 and cell in finding.message]


# --- ZIP codes and states -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "written", "meant"),
    [
        ("MA", "2139", "02139"),
        ("Massachusetts", "2139", "02139"),
        ("", "2139", "02139"),
        ("NY", "501", "00501"),
        ("PR", "716", "00716"),
        ("MI", "482261234", "48226-1234"),
        ("MI", "48226 1234", "48226-1234"),
        ("MI", "48226-", "48226"),
        ("MI", "48226.0", "48226"),
        ("MI", "'48226", "48226"),
        ("MA", '="02139"', "02139"),
        ("MA", "21391234", "02139-1234"),
        ("MA", "2139-1234", "02139-1234"),
    ],
)
def test_a_zip_code_that_a_spreadsheet_spoilt_gets_its_form_back(
    state: str, written: str, meant: str
) -> None:
    examined = row_of(state=state, zipcode=written)
    assert fixed(examined)["zipcode"] == meant


@pytest.mark.parametrize(
    ("state", "written"),
    [
        ("MI", "2139"),  # Massachusetts
        ("MA", "4822"),  # as likely one digit short
        ("QQ", "2139"),
        ("", "100"),  # no ZIP code begins with 001
        ("", "21391234"),  # may be a date
        ("", "20240115"),
        ("MI", "5551234"),
        ("MI", "48"),
    ],
)
def test_a_zip_code_is_not_guessed(state: str, written: str) -> None:
    examined = row_of(state=state, zipcode=written)
    assert fixed(examined)["zipcode"] == written
    assert not examined.findings[0].changes


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Michigan", "MI"),
        ("MICHIGAN ", "MI"),
        ("N.Y.", "NY"),
        ("new  york", "NY"),
        ("US-MI", "MI"),
        ("MI - Michigan", "MI"),
        ("District of Columbia", "DC"),
        ("D.C.", "DC"),
    ],
)
def test_the_name_of_a_state_becomes_its_code(written: str, code: str) -> None:
    examined = row_of(state=written, zipcode="")
    assert fixed(examined)["state"] == code


def test_an_abbreviated_state_is_believed_if_the_zip_code_confirms_it() -> None:
    assert fixed(row_of(state="Mich."))["state"] == "MI"
    assert fixed(row_of(state="Mass.", zipcode="2139")) == GOOD | {
        "state": "MA",
        "zipcode": "02139",
    }
    for doubtful in ({"zipcode": ""}, {"zipcode": "02139"}):
        examined = row_of(state="Mich.", **doubtful)
        assert fixed(examined)["state"] == "Mich."
        assert "abbreviation" in examined.findings[0].message


def test_a_state_that_the_zip_code_contradicts_is_left_alone() -> None:
    examined = row_of(state="Washington", zipcode="20001")
    assert fixed(examined)["state"] == "Washington"
    assert "does not fit" in examined.findings[0].message


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"state": "OH"}, FindingKind.ZIP_AND_STATE),
        ({"zipcode": "20001"}, FindingKind.ZIP_AND_STATE),
        ({"zipcode": "00100", "state": ""}, FindingKind.ZIP_AND_STATE),
        ({"zipcode": "96910", "state": ""}, FindingKind.NOT_COVERED),
        ({"zipcode": "09123", "state": ""}, FindingKind.NOT_COVERED),
        ({"zipcode": "00000", "state": ""}, FindingKind.PLACEHOLDER),
    ],
)
def test_a_zip_code_that_cannot_be_right_is_suspicious(
    cells: dict[str, str], kind: FindingKind
) -> None:
    examined = row_of(**cells)
    assert examined.of() == [kind]
    assert (examined.result.suspicious, examined.result.sessions) == (1, 1)


def test_zip_codes_are_known_for_every_state() -> None:
    begun = {state for number in range(1000) for state in states_of_zip(f"{number:03}")}
    assert len(begun) == 51 + 1 + 3 + 7  # states with PR, DC, military mail, territories
    assert {number for number in range(100) if not states_of_zip(f"{number:03}")} == set(range(5))


@pytest.mark.parametrize(
    ("zip_code", "states"),
    [
        ("00501", {"NY"}),
        ("06390", {"CT", "NY"}),
        ("20001", {"DC"}),
        ("20588", {"DC", "MD", "VA"}),
        ("73301", {"TX"}),
        ("83414", {"ID", "WY"}),
        ("88510", {"TX"}),
        ("96799", {"AS", "HI"}),
        ("99950", {"AK"}),
        ("69600", set()),
    ],
)
def test_a_zip_code_tells_its_states(zip_code: str, states: set[str]) -> None:
    assert states_of_zip(zip_code) == states


@given(st.text(max_size=12))
def test_any_text_is_a_state_or_none_and_a_zip_code_or_none(text: str) -> None:
    state, zip_code = read_state(text), read_zip(text)
    assert state is None or read_state(state[0])
    assert zip_code is None or read_zip(zip_code) == zip_code


# --- streets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "street",
    [
        "PO Box 12",
        "P.O. Box 12",
        "po box #12A",
        "Post Office Box 7",
        "POB 7",
        "Box 12",
        "General Delivery",
        "RR 2",
        "RR 2 Box 45",
        "Rural Route 3, Box 1",
        "HC 1 Box 23",
    ],
)
def test_where_only_mail_goes_is_suspicious(street: str) -> None:
    assert row_of(address1=street).of() == [FindingKind.MAIL_ONLY]


@pytest.mark.parametrize(
    "street",
    ["Hwy 50", "Hwy 50 & Main", "Mile 12 Hwy 50", "US-50", "County Road 12", "Main St & Hwy 50",
     "Lot 4 Main St",
     "Main St", "5th Avenue", "Corner of 1st and 2nd St", "0 Main St", "00 Elm St", "Main St Apt 4",
     "Main St 2nd Floor"],
)  # fmt: skip
def test_a_street_without_a_house_number_is_suspicious(street: str) -> None:
    assert row_of(address1=street).of() == [FindingKind.HOUSE_NUMBER]


@pytest.mark.parametrize("text", ["test", "asdf"])
@pytest.mark.parametrize("column", ["address1", "city"])
def test_a_stand_in_is_suspicious(text: str, column: str) -> None:
    assert row_of(**{column: text}).of() == [FindingKind.PLACEHOLDER]


@pytest.mark.parametrize("text", ["XXX", "?", "unknown", "TBD", "(blank)"])
def test_a_stand_in_for_what_is_not_known_is_no_value(text: str) -> None:
    for column in ("unit", "city"):
        examined = row_of(**{column: text})
        assert examined.of() == []
        assert examined.of(Severity.INFO) == [FindingKind.PLACEHOLDER]
    assert row_of(address1=text).of(Severity.REFUSED) == [FindingKind.MISSING]


@pytest.mark.parametrize(
    "cells",
    [
        {"address1": "123 Main St & 456 Oak Ave"},
        {"address1": "12 Elm St; 14 Elm St"},
        {"address1": "Main St 123"},
        {"address1": "123 Main St, Oakland"},
        {"address1": "123 Main St Apt"},
        {"unit": "456 Oak Ave"},
        {"unit": "Oakland CA 94601"},
        {"unit": "Bob Smith"},
        {"address1": "123 Main St Apt 4", "unit": "Apt 5"},
    ],
)
def test_a_cell_that_holds_more_than_its_part_is_refused(cells: dict[str, str]) -> None:
    assert row_of(**cells).of(Severity.REFUSED) == [FindingKind.SEVERAL]


@pytest.mark.parametrize(
    ("cells", "corrected"),
    [
        ({"address1": "123 Main St, PO Box 12"}, {"address1": "123 Main St"}),
        ({"address1": "123 Main St, Detroit"}, {"address1": "123 Main St"}),
        ({"unit": "PO Box 12"}, {"unit": ""}),
        ({"unit": "Attn: Accounts"}, {"unit": ""}),
        ({"unit": "Detroit, MI 48226"}, {"unit": ""}),
        ({"address1": "123 O&#39;Brien Ave"}, {"address1": "123 O'Brien Ave"}),
    ],
)
def test_what_is_left_out_or_decoded_is_said_and_corrected(
    cells: dict[str, str], corrected: dict[str, str]
) -> None:
    examined = row_of(**cells)
    assert examined.of() == []
    assert examined.of(Severity.INFO) == [FindingKind.SEVERAL]
    assert fixed(examined) == {field: text for field, text in (GOOD | corrected).items() if text}


@pytest.mark.parametrize("text", ["123 Main\ue000 St", "123 Ca\u00c3 \ufffdon Rd"])
def test_letters_that_are_garbled_or_unknown_are_suspicious(text: str) -> None:
    assert row_of(address1=text).of() == [FindingKind.CHARACTERS]


@pytest.mark.parametrize("text", ["123 Main\x00 St", "123 Main\u200b St", "123 Ma\u00adin St"])
def test_characters_that_cannot_be_seen_are_left_out(text: str) -> None:
    examined = row_of(address1=text)
    assert examined.of() == []
    assert examined.of(Severity.INFO) == [FindingKind.CHARACTERS]
    assert fixed(examined)["address1"] == "123 Main St"


ONE_CELL = "123 Main St, Apt 4, Detroit, MI 48226"


def test_a_whole_address_in_one_cell_is_spread_over_empty_columns() -> None:
    examined = rows_of({"address1": f"{ONE_CELL}, USA"})
    assert examined.of(Severity.INFO) == [FindingKind.ONE_CELL]
    assert examined.result.sessions == 1
    assert fixed(examined) == GOOD | {"unit": "Apt 4"}
    assert examined.findings[0].fix == (
        "address1 = 123 Main St; unit = Apt 4; city = Detroit; state = MI; zipcode = 48226"
    )


def test_a_whole_address_beside_the_same_place_is_shortened() -> None:
    examined = row_of(address1=ONE_CELL, city="detroit")
    assert examined.of(Severity.INFO) == [FindingKind.ONE_CELL]
    assert examined.result.sessions == 1
    assert fixed(examined)["address1"] == "123 Main St"
    assert fixed(examined)["unit"] == "Apt 4"


@pytest.mark.parametrize(
    "cells",
    [
        {"address1": ONE_CELL, "city": "Dearborn"},
        {"address1": ONE_CELL, "zipcode": "48127"},
        {"address1": ONE_CELL, "unit": "Rear"},
        {"address1": "123 Main St, Detroit, MI 48226, Detroit, MI 48226"},
    ],
)
def test_a_whole_address_that_can_be_read_in_two_ways_is_refused(cells: dict[str, str]) -> None:
    examined = row_of(**cells)
    assert examined.of(Severity.REFUSED) == [FindingKind.ONE_CELL]
    assert fixed(examined) == GOOD | cells


def test_a_whole_address_is_not_spread_over_columns_that_do_not_exist() -> None:
    examined = Examined(("street", "zip"), [["1 Main St, Detroit, MI 48226", ""]])
    assert examined.of(Severity.INFO) == [FindingKind.ONE_CELL]
    assert examined.result.sessions == 1
    assert examined.corrected == [["1 Main St, Detroit, MI 48226", ""]]


@pytest.mark.parametrize(
    ("header", "row", "corrected"),
    [
        (
            ("House No", "Street", "zip"),
            ["100\u200b", " Main  St ", "48226"],
            ["100", "Main St", "48226"],
        ),
        (
            ("address",),
            ["100 Main\u00a0St\nDetroit, MI 48226 "],
            ["100 Main St, Detroit, MI 48226"],
        ),
        (
            ("street", "City State Zip"),
            ["100 Main St", "Detroit\u200b\nMI  48226"],
            ["100 Main St", "Detroit, MI 48226"],
        ),
        (
            ("House No", "Street", "zip", "note"),
            ["100", "Main St", "48226", " a  b "],
            ["100", "Main St", "48226", " a  b "],
        ),
    ],
)
def test_cells_that_are_joined_or_split_are_corrected_too(
    header: tuple[str, ...], row: list[str], corrected: list[str]
) -> None:
    columns = plan_columns(header, [row]).columns
    examined = Examined(header, [row], columns)
    assert examined.result.refused == 0
    assert examined.corrected == [corrected]
    assert Examined(header, [corrected], columns).corrected == [corrected]
    assert columns.address(corrected) == columns.address(row)


# --- coordinates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lat", "lng", "said"),
    [
        ("-83.05", "42.33", "swapped"),
        ("42.33", "83.05", "minus sign"),
        ("48.85", "2.35", "not in the US"),
    ],
)
def test_a_place_outside_the_us_is_suspicious(lat: str, lng: str, said: str) -> None:
    examined = row_of(lat=lat, lng=lng)
    assert examined.of() == [FindingKind.COORDINATES]
    assert said in examined.findings[0].message


@pytest.mark.parametrize(
    ("lat", "lng", "said"),
    [
        ("-122.4", "37.8", "swapped"),
        ("91", "-83", "beyond"),
        ("42,33", "-83,04", "not numbers"),
        ("42.33", "", "missing"),
        ("0", "0.0", "not in the US"),
    ],
)
def test_degrees_that_cannot_be_sent_are_left_out_and_the_row_is_not(
    lat: str, lng: str, said: str
) -> None:
    examined = row_of(lat=lat, lng=lng)
    assert examined.of() == [FindingKind.COORDINATES]
    assert said in examined.findings[0].message
    assert "left out" in examined.findings[0].message
    assert examined.result.sessions == 1


@pytest.mark.parametrize("column", ["unit", "city", "state", "lat"])
def test_a_word_for_no_value_is_no_value(column: str) -> None:
    examined = row_of(**{column: "NULL"})
    assert examined.of() == []
    assert [(found.kind, found.column) for found in examined.findings] == [
        (FindingKind.PLACEHOLDER, column)
    ]


# --- the table as a whole -------------------------------------------------------------------------


def many(**columns: str) -> Examined:
    """Examine ten rows; {} in a cell is the row's number."""
    rows = [[cell.replace("{}", str(at)) for cell in columns.values()] for at in range(1, 11)]
    return Examined(tuple(columns), rows)


@pytest.mark.parametrize(
    ("columns", "column", "said"),
    [
        ({"street": "{} A St", "city": "X", "state": "48226", "zip": "MI"}, "zip", "swapped"),
        ({"street": "{} A St", "city": "X", "zip": "Michigan"}, "zip", "holds states"),
        ({"street": "{} A St", "city": "X", "zip": "Wayne"}, "zip", "holds no ZIP codes"),
        ({"street": "{} A St", "city": "X", "state": "48226"}, "state", "holds ZIP codes"),
        ({"street": "{} A St", "city": "X", "state": "Wayne"}, "state", "holds no US states"),
        ({"street": "{} A St", "city": "48226", "zip": "48226"}, "city", "holds numbers"),
        ({"street": "Detroit", "city": "{} A St", "zip": "48226"}, "street", "swapped"),
        ({"street": "Apt", "unit": "{} A St", "zip": "48226"}, "street", "swapped"),
        ({"street": "Main St", "zip": "48226"}, "street", "no house numbers"),
        ({"street": "{}", "zip": "48226"}, "street", "holds only numbers"),
        ({"street": "{} A St", "zip": "48226", "state": ""}, "state", "is empty"),
    ],
)
def test_a_column_that_holds_something_else_is_said_once(
    columns: dict[str, str], column: str, said: str
) -> None:
    examined = many(**columns)
    overall = [found for found in examined.findings if found.row is None]
    assert [(found.kind, found.column) for found in overall] == [(FindingKind.WRONG_COLUMN, column)]
    assert said in overall[0].message
    assert FindingKind.HOUSE_NUMBER not in examined.of()
    assert examined.result.findings[0] == overall[0]


def test_degrees_that_are_swapped_everywhere_are_said_once() -> None:
    for lat, lng, said in (
        ("-83", "42.{}", "swapped"),
        ("42.{}", "83", "minus"),
        ("1", "{}", "not"),
    ):
        examined = many(street="{} A St", zip="48226", lat=lat, lng=lng)
        assert [(found.row, found.kind) for found in examined.findings] == [
            (None, FindingKind.COORDINATES)
        ]
        assert said in examined.findings[0].message


def test_two_rows_say_nothing_about_a_table() -> None:
    examined = rows_of(GOOD | {"state": ""}, GOOD | {"state": "", "address1": "1 A St"})
    assert examined.findings == []


# --- the same address -----------------------------------------------------------------------------


def test_the_address_of_a_row_above_is_bought_once() -> None:
    again = GOOD | {"address1": " 123  MAIN st.", "zipcode": "48226-1234"}
    examined = rows_of(GOOD, {"city": "refused"}, again, GOOD | {"unit": "2"}, again)
    same = [found for found in examined.findings if found.kind is FindingKind.DUPLICATE]
    assert [found.row for found in same] == [3, 5]
    assert all("row 1" in found.message for found in same)
    result = examined.result
    assert (result.rows, result.refused, result.duplicates, result.sessions) == (5, 1, 2, 2)


@given(st.lists(st.integers(0, 3000), max_size=4000))
def test_first_rows_are_remembered_however_many_there_are(keys: list[int]) -> None:
    seen, known = SeenAddresses(), dict[int, int]()
    for row, key in enumerate(keys, 1):
        assert seen.first(digest(key), row) == known.get(key)
        known.setdefault(key, row)
    assert len(seen) == len(known)


def test_a_hundred_thousand_addresses_are_told_apart() -> None:
    seen = SeenAddresses()
    assert not [row for row in range(1, 100_001) if seen.first(digest(row), row)]
    assert seen.first(digest(77_777), 100_001) == 77_777
    assert len(seen) == 100_000


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=60))
def test_a_spelling_is_known_as_one_of_its_address(rows: list[tuple[int, int]]) -> None:
    seen = SeenSpellings()
    firsts: dict[int, int] = {}
    for row, (address, spelling) in enumerate(rows, 1):
        found = seen.first(digest(address), digest(1000 * address + spelling), row)
        alike = (address, spelling) in rows[: row - 1]
        assert found == ((firsts[address], alike) if address in firsts else None)
        firsts.setdefault(address, row)
    assert len(seen) == len(firsts)


@given(st.lists(st.integers(0, 5000) | st.integers(0, 2**63 - 1), max_size=300))
def test_numbers_are_new_once_however_far_apart_they_are(numbers: list[int]) -> None:
    seen = SeenNumbers()
    assert [seen.add(number) for number in numbers] == [
        number not in numbers[:at] for at, number in enumerate(numbers)
    ]


def test_an_address_is_remembered_in_34_bytes() -> None:
    seen = SeenAddresses()
    tracemalloc.start()
    try:
        for row in range(1, 30_001):
            seen.first(digest(row), row)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now / 30_000 < 34
    assert peak / 30_000 < 36  # nor while the table grows


# --- what comes of it -----------------------------------------------------------------------------


def test_the_first_findings_are_kept_and_all_are_counted() -> None:
    bad = [GOOD | {"state": "QQ", "address1": f"{number} A St"} for number in range(1, 51)]
    odd = [GOOD | {"address1": "Main St", "unit": str(number)} for number in range(1, 51)]
    examined = rows_of(*odd, *bad)
    result = examined.result
    assert len(result.findings) == 20
    assert {found.severity for found in result.findings} == {Severity.REFUSED}
    assert [(kind.kind, kind.count, kind.first_row) for kind in result.kinds] == [
        (FindingKind.STATE_UNKNOWN, 50, 51),
        (FindingKind.HOUSE_NUMBER, 50, 1),
    ]


def test_cells_that_are_no_part_of_the_address_stay_as_they_are() -> None:
    header = ("id", "street", "note", "zip")
    examined = Examined(header, [[" 7 ", " 1  Main St", " as  is ", "2139"]])
    assert examined.corrected == [[" 7 ", "1 Main St", " as  is ", "02139"]]


def test_a_row_can_be_corrected_with_what_was_found_in_it() -> None:
    examined = row_of(zipcode="2139", state="MA")
    row = ["123 Main St", "", "Detroit", "MA", "2139", "", ""]
    assert corrected(row, examined.findings, columns=examined.columns)[4] == "02139"
    assert row[4] == "2139"


def test_numbers_that_were_zip_codes_are_counted_and_not_complained_of() -> None:
    examined = rows_of(GOOD | {"zipcode": 2139, "state": "MA"}, GOOD | {"zipcode": 48226})
    assert examined.findings == []
    assert examined.result.restored == 1
    assert [row[4] for row in examined.corrected] == ["02139", "48226"]


def test_a_report_tells_the_correction_in_a_column_of_its_own() -> None:
    examined = row_of(zipcode="2139", state="MA")
    assert report_values(examined.findings[0]) == dict(
        zip(
            REPORT_COLUMNS,
            (1, "zipcode", "zip_zeros", "info", examined.findings[0].message, "02139"),
            strict=True,
        )
    )


def test_the_time_that_a_job_takes_comes_from_its_requests() -> None:
    assert estimate(10_000, rate=10) == pytest.approx(3100)
    assert estimate(10_000, rate=10, close="idle") == pytest.approx(2100)
    assert estimate(1, rate=200) == 10
    assert estimate(0, rate=200) == 0


def test_units_that_begin_behind_the_rows_looked_at_first_are_asked_about() -> None:
    rows = [[f"{number} Ellis St", "", "Detroit", "MI", "48226"] for number in range(1, 1100)]
    rows += [["9 Ellis St", door, "Detroit", "MI", "48226"] for door in "ab"]
    table = InMemory(["Address", "Door", "City", "State", "Zip"], rows)
    (doubt,) = decide_columns(table).doubts
    assert doubt.ways[0].mapping == {"street2": "Door"}


# --- plain rows -----------------------------------------------------------------------------------

_WORD_LIST = """
    Main Oak Martin Luther N South NE St Ave Road Dr Lane Ct Blvd Way Hwy Trl County State US Us
    Plus Apt Unit Lot Box Boxwood Mile Old Saint Mc O D Of And Null Nan None Test Rear Lower Level
    Avenue Fort KY Texas Michigan Detroit Number No Rural Route Business Kentucky Rev Suite B AB ZIP
"""
_WORDS = _WORD_LIST.split()
_NAMES = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=4).map(" ".join)
_NUMBERS = st.one_of(
    st.integers(0, 99_999).map(str), st.sampled_from(["48226", "007", "12-4", "1/2", "One", ""])
)
_STREETS = st.one_of(
    st.builds("{} {} {}".format, _NUMBERS, _NAMES, st.sampled_from(["St", "Ave", "Rd", "Court"])),
    st.builds("{} {}".format, _NUMBERS, _NAMES),
    st.builds("{} {} St{}".format, _NUMBERS, _NAMES, st.sampled_from([" Apt 4", ", Detroit", " "])),
)
_PLACES = st.sampled_from(
    [
        ("", "Detroit", "MI", "48226"),
        ("", "Detroit", "mi", "48226"),
        ("", "Detroit", "", "48226"),
        ("", "", "", "48226"),
        ("", "Detroit", "MI", ""),
        ("", "Detroit", "OH", "48226"),
        ("", "Detroit|MI", "MI", "48226"),
        ("", "Detroit MI", "MI", "48226"),
        ("", "Saint Paul", "MN", "55101-1234"),
        ("", "Louisville", "KY", "40202"),
        ("", "Frankfort", "Kentucky", "40601"),
        ("", "N/A", "MI", "48226"),
        ("Apt 4", "Detroit", "MI", "48226"),
        ("NULL", "Detroit", "MI", "48226"),
        (None, "Detroit", "MI", "48226"),
        ("", "Detroit", "MI", 48226),
        ("", "Detroit", "MI", "4826"),
        ("", "Ca\u00f1on City", "CO", "81212"),
    ]
)


class ReadAsAWhole(PlainRows):
    """Finds no plain row."""

    def find(self, _: object) -> None:
        return None

    def learn(self, *args: Any, **_: object) -> Identified:
        valid = args[-1]
        return Identified(valid, address_key(valid, "exact"), address_key(valid, self._rules))


def everything_said(
    header: Sequence[str], rows: Sequence[Sequence[Any]], dedupe: KeyRules
) -> tuple[object, ...]:
    findings: list[Finding] = []
    made: list[list[Any]] = []
    addresses: list[Address] = []
    result = examine(
        InMemory(header, rows),  # type: ignore[arg-type]  # what it needs of a table
        find_columns(header),
        dedupe=dedupe,
        on_finding=findings.append,
        on_corrected=made.append,
        on_address=addresses.append,
    )
    return result, findings, made, addresses


def assert_read_alike(
    header: Sequence[str], rows: Sequence[Sequence[Any]], dedupe: KeyRules
) -> None:
    short = everything_said(header, rows, dedupe)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("hum_async.bulk.preflight._examine.PlainRows", ReadAsAWhole)
        assert short == everything_said(header, rows, dedupe)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(_STREETS, _PLACES), max_size=12),
    st.lists(_PLACES, max_size=2),
    st.sampled_from(["usps", "exact", "usps-1"]),
)
def test_plain_rows_are_told_of_as_if_each_had_been_read_as_a_whole(
    rows: list[tuple[str, tuple[Any, ...]]], known: list[tuple[Any, ...]], dedupe: KeyRules
) -> None:
    every = [("1 Elm St", place) for place in known] + rows
    table = [(street, *place, "", "") for street, place in every]
    assert_read_alike(HEADER, table, dedupe)
    assert_read_alike(HEADER[:5], [row[:5] for row in table], dedupe)
    without_unit = ("address1", "city", "state", "zipcode")
    assert_read_alike(without_unit, [(row[0], *row[2:5]) for row in table], dedupe)


@pytest.mark.parametrize("name", [*_WORDS, "Martin Luther King", "N Main", "State Road", "Lot A"])
@pytest.mark.parametrize("suffix", ["St", "AVENUE", "pl", "Ter"])
def test_a_plain_street_has_the_key_that_it_has_when_it_is_read_as_a_whole(
    name: str, suffix: str
) -> None:
    places = [("Detroit", "MI", "48226"), ("Louisville", "KY", "40202"), ("", "", "48226")]
    numbers = ["1", "12", "48226", "99999"]
    rows = [(f"7 {name} Elm St", *place) for place in places] + [
        (f"{number} {name} {suffix}", *place) for place in places for number in numbers
    ]
    rows += [("1 Elm St", *place) for place in places] + rows[3:]
    assert_read_alike(("address1", "city", "state", "zipcode"), rows, "usps")


def test_most_rows_of_a_long_table_are_not_read_as_a_whole() -> None:
    rows = [(f"{number} Main St", "Detroit", "MI", "48226") for number in range(1, 500)]
    header = ("address1", "city", "state", "zipcode")
    whole: list[Row] = []

    def counted(row: Row) -> Address | None:
        whole.append(row)
        return find_refusals(row)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("hum_async.bulk.preflight._examine.find_refusals", counted)
        assert everything_said(header, rows, "usps")[1] == []
    assert len(whole) == 1


def test_places_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hum_async.bulk.plain_rows._MOST_PLACES", 3)
    places = [("Detroit", "MI", f"4822{digit}") for digit in range(8)] * 2
    rows = [(f"{number} Main St", *place) for number, place in enumerate(places, 1)]
    assert_read_alike(("address1", "city", "state", "zipcode"), rows, "usps")
