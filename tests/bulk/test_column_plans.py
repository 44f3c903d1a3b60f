"""What the columns of real sources mean, what is in doubt, and that each printed way leads on."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest
from column_heads import HEADS

from hum_async import Address
from hum_async._addresses.usps_key import usps_key
from hum_async._api.addresses import checked, checked_or_error
from hum_async.bulk.columns import (
    ColumnPlan,
    MappingError,
    Way,
    find_columns,
    mapped_columns,
    plan_columns,
    rate_header,
)
from hum_async.errors import AddressError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = "city,state,zip"
DETROIT = "Detroit,MI,48226"
MAILING = "Mailing Address,Mailing City,Mailing State,Mailing Zip"
SERVICE = "Service Address,Service City,Service State,Service Zip"


def cells(*lines: str) -> list[list[str]]:
    return list(csv.reader(lines))


def plan(head: str, *rows: str, **options: object) -> ColumnPlan:
    return plan_columns(cells(head)[0], cells(*rows), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", HEADS)
def test_the_headings_of_a_source_are_read(name: str) -> None:
    head, rows, wanted = HEADS[name]
    found = plan(head, *rows)
    assert str(found.columns.address(cells(*rows)[0])) == wanted
    assert not found.doubts


@pytest.mark.parametrize(
    "written", [str.upper, lambda name: f" {name} ", lambda name: re.sub("[ _]", "-", name)]
)
def test_case_and_separators_of_headings_lose_no_part_in_silence(
    written: Callable[[str], str],
) -> None:
    for head, rows, wanted in HEADS.values():
        first, *_ = sample = cells(*rows)
        found = plan_columns([written(name) for name in cells(head)[0]], sample)
        assert found.doubts or str(found.columns.address(first)) == wanted


@pytest.mark.parametrize("name", HEADS)
def test_a_manifest_reads_a_mapping_back(name: str) -> None:
    head, rows, _ = HEADS[name]
    header = cells(head)[0]
    columns = plan(head, *rows).columns
    assert mapped_columns(header, columns.mapping(header)) == columns


def test_there_are_heads_of_at_least_150_sources() -> None:
    assert len(HEADS) >= 150


@pytest.mark.parametrize(
    "heading",
    [
        "Apt/Suite",
        "Suite/Apt No.",
        "Unit #",
        "AptNum",
        "APTNO",
        "Apt.",
        "Secondary",
        "OccupancyID",
        "Apartment, suite, unit, etc. (optional)",
        "Suite or Unit Number",
        "Address Line 2",
        "addr_line_2",
    ],
)
def test_a_unit_has_many_headings(heading: str) -> None:
    header = ["Street", heading, *PLACE.split(",")]
    row = ["100 Main St", "4", *DETROIT.split(",")]
    found = plan_columns(header, [row])
    assert found.columns.address(row).street2 == "4"
    assert not found.doubts


DOUBTS = {
    "two-groups": (f"{MAILING},{SERVICE}", f"PO Box 9,Lansing,MI,48901,100 Main St,{DETROIT}"),
    "names-twice": (
        f"Address,{PLACE},Address,{PLACE}",
        f"PO Box 9,Lansing,MI,48901,1 A St,{DETROIT}",
    ),
    "bill-and-ship": (
        "BillingStreet,BillingPostalCode,ShippingStreet,ShippingPostalCode",
        "1 A St,48226,9 B St,48083",
    ),
    "one-name-twice": ("street,city,city,state,zip", "1 Main St,Detroit,Troy,MI,48226"),
    "values-of-a-unit": (f"street,extra,{PLACE}", f"1 Main St,Apt 4,{DETROIT}"),
    "third-line": (f"address1,address2,address3,{PLACE}", f"1 Main St,,Apt 4,{DETROIT}"),
    "hint-at-a-unit": (f"street,Unit Ext,{PLACE}", f"1 Main St,4,{DETROIT}"),
    "other-street": (f"address,street,{PLACE}", f"100 Main St,9 Oak Ave,{DETROIT}"),
    "zip-by-value": ("Service Location Addr,Town,Prov/State,PC", f"1 Main St,{DETROIT}"),
    "direction-by-value": (f"num,street,compass,{PLACE}", f"100,MAIN ST,NW,{DETROIT}"),
    "suffix-by-value": (f"num,street_name,kind_of,{PLACE}", f"100,MAIN,AVE,{DETROIT}"),
    "direction-beside-a-line": (f"address,direction,{PLACE}", f"100 MAIN ST,NW,{DETROIT}"),
    "owner-and-parcel": (
        "OWN_ADDR1,OWN_CITY,OWN_STATE,OWN_ZIPCD,PHY_ADDR1,PHY_ADDR2,PHY_CITY,PHY_ZIPCD",
        "5 OAK ST,MIAMI,FL,33101,100 MAIN ST,APT 4,MIAMI,33102",
    ),
    "unknown-group": ("Card Street,Card Zip,Street,Zip", "5 OAK ST,33101,100 MAIN ST,33102"),
    "by-value-alone": ("a,b,c,d", f"1 Main St,{DETROIT}"),
    "number-of-a-block": (
        f"BLKNUM,STREETDIR,STRNAM,STRTYP,{PLACE}", f"100,N,MAIN,ST,{DETROIT}",
    ),
    "number-of-abbreviations": (f"VTR_AD_NUM,VTR_AD_STR_NM,{PLACE}", f"100,MAIN ST,{DETROIT}"),
    "low-and-high-number": (
        f"addr_low,addr_low_suffix,addr_low_frac,addr_high,predir,street_name,suffix,{PLACE}",
        f"100,A,1/2,104,N,MAIN,ST,{DETROIT}",
    ),
    "from-and-to": (f"from_address_num,to_address_num,street_name,{PLACE}", f"100,4,ELM,{DETROIT}"),
    "building": (f"STREET_NUM,FULL_STREET_NAME,BLDG_ID,UNIT_ID,{PLACE}", f"9,ELM ST,B,4,{DETROIT}"),
    "location-inside": (f"SITE_ADDR,LOCATION,{PLACE}", f"100 MAIN ST,4,{DETROIT}"),
    "lot": (f"address,lot,{PLACE}", f"100 Main St,4,{DETROIT}"),
    "bare-units": (f"address,secondary,occupancy,{PLACE}", f"100 Main St,4,B,{DETROIT}"),
    "fraction-by-value": (
        f"num,predir,street_name,suffix,xtra,{PLACE}", f"100,N,MAIN,ST,1/2,{DETROIT}",
    ),
    "number-of-a-numbered-road": (f"xyz,street,{PLACE}", f"100,HWY 50,{DETROIT}"),
    "number-of-a-numbered-street": (f"xyz,street,{PLACE}", f"100,72 STREET,{DETROIT}"),
    "second-number": (f"HOUSE_NUM1,HOUSE_NUM2,STREET,{PLACE}", f"100,4,MAIN ST,{DETROIT}"),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTS)
def test_every_way_out_of_a_doubt_leads_on(name: str) -> None:
    head, row = DOUBTS[name]
    found = plan(head, row)
    (doubt,) = found.doubts
    assert doubt.ways
    for way in doubt.ways:
        follow(found, way, head, row)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("number-of-a-block", "100 N MAIN ST, Detroit, MI 48226"),
        ("number-of-abbreviations", "100 MAIN ST, Detroit, MI 48226"),
        ("low-and-high-number", "100 A 1/2 N MAIN ST, Detroit, MI 48226"),
        ("from-and-to", "100 ELM, Detroit, MI 48226"),
        ("building", "9 ELM ST, Bldg B Unit 4, Detroit, MI 48226"),
        ("location-inside", "100 MAIN ST, 4, Detroit, MI 48226"),
        ("lot", "100 Main St, Lot 4, Detroit, MI 48226"),
        ("bare-units", "100 Main St, 4 B, Detroit, MI 48226"),
        ("fraction-by-value", "100 1/2 N MAIN ST, Detroit, MI 48226"),
        ("number-of-a-numbered-road", "100 HWY 50, Detroit, MI 48226"),
        ("number-of-a-numbered-street", "100 72 STREET, Detroit, MI 48226"),
        ("second-number", "100 MAIN ST, 4, Detroit, MI 48226"),
    ],
)
def test_the_likeliest_way_out_of_a_doubt_reads_all_parts(name: str, wanted: str) -> None:
    head, row = DOUBTS[name]
    found = plan(head, row)
    after = follow(found, found.doubts[0].ways[0], head, row)
    assert str(after.columns.address(cells(row)[0])) == wanted


def test_a_lot_of_a_parcel_is_no_unit() -> None:
    found = plan("block,lot,address,zip", "7,4,100 Main St,48226")
    assert not found.doubts
    assert found.columns.address(["7", "4", "100 Main St", "48226"]).street2 is None


def test_a_building_that_is_always_the_same_tells_nothing_apart() -> None:
    rows = [f"{n} Main St,1,{DETROIT}" for n in range(100, 110)]
    assert not plan(f"address,bldg,{PLACE}", *rows).doubts


def test_headings_that_differ_in_case_are_no_repetition() -> None:
    rows = [f"{n} Main St,{n},{DETROIT}" for n in range(100, 110)]
    (doubt,) = plan(f"Column A,column a,c,{PLACE}".replace("c,", "", 1), *rows).doubts
    assert doubt.message.startswith("no heading says so")


def follow(found: ColumnPlan, way: Way, head: str, *rows: str) -> ColumnPlan:
    kept = {} if way.complete else found.columns.mapping(found.header)
    after = plan(head, *rows, mapping={**kept, **way.mapping}, ignored=way.ignored)
    assert not after.doubts
    return after


def test_both_addresses_of_two_groups_can_be_chosen() -> None:
    head, row = DOUBTS["two-groups"]
    found = plan(head, row)
    first, second = (follow(found, way, head, row) for way in found.doubts[0].ways)
    (read,) = cells(row)
    assert str(first.columns.address(read)) == "100 Main St, Detroit, MI 48226"
    assert str(second.columns.address(read)) == "PO Box 9, Lansing, MI 48901"


def test_two_groups_that_say_the_same_are_no_doubt() -> None:
    head = DOUBTS["bill-and-ship"][0]
    assert not plan(head, "1 A St,48226,1 A St,48226").doubts


@pytest.mark.parametrize("rows", [1, 3, 40])
def test_a_street_without_house_numbers_is_a_doubt(rows: int) -> None:
    found = plan(f"street,{PLACE}", *[f"MAIN ST,{DETROIT}"] * rows)
    (doubt,) = found.doubts
    assert "holds no house numbers" in doubt.message
    assert not doubt.ways


def test_the_column_that_may_hold_the_house_numbers_is_proposed() -> None:
    rows = [f"{n},MAIN ST,{DETROIT}" for n in (609, 611, 640)]
    found = plan(f"hausnr,street,{PLACE}", *rows)
    (doubt,) = found.doubts
    after = follow(found, doubt.ways[0], f"hausnr,street,{PLACE}", *rows)
    assert after.columns.address(cells(rows[0])[0]).street1 == "609 MAIN ST"


@pytest.mark.parametrize(
    "street", ["One Microsoft Way", "PO Box 9", "N6W23001 Bluemound Rd", "12 42nd St"]
)
def test_streets_that_need_no_other_number_are_no_doubt(street: str) -> None:
    assert not plan(f"street,{PLACE}", *[f"{street},{DETROIT}"] * 5).doubts


@pytest.mark.parametrize(
    "column",
    [
        *("Account Number", "Unit Count", "id", "Order Name", "notes", "unit_status"),
        *("Email Address", "Wallet Address", "Birth State", "suffix"),
    ],
)
def test_other_columns_are_carried_along_without_a_doubt(column: str) -> None:
    found = plan(f"street,{column},{PLACE}", f"1 A St,#7,{DETROIT}", f"2 A St,8,{DETROIT}")
    assert not found.doubts
    assert [found.header[at] for at in found.carried] == [column]


def test_a_row_without_its_house_number_is_refused() -> None:
    head, rows = f"number,street,{PLACE}", [f"100.0,Main St,{DETROIT}", f",Main St,{DETROIT}"]
    columns = plan(head, *rows).columns
    good, bad = (checked_or_error(columns.address(row)) for row in cells(*rows))
    assert str(good) == "100 Main St, Detroit, MI 48226"
    assert isinstance(bad, AddressError)
    assert "has no house number" in str(bad)


@pytest.mark.parametrize(
    ("row", "street"),
    [
        (",100,,N,MAIN,ST", "100 N MAIN ST"),
        (",100.0,1/2,,MAIN,ST", "100 1/2 MAIN ST"),
        (",100,0,,BROADWAY,", "100 BROADWAY"),
        (",100,,,5,AVE", "100 5 AVE"),
        ("N,100,,,MAIN,ST", "N 100 MAIN ST"),
        (",\u200b100\u200e,,,MAIN ,ST", "100 MAIN ST"),
        (",,,,100 MAIN,ST", "100 MAIN ST"),
        (",,,,PO BOX 12,", "PO BOX 12"),
        (",,,N,MAIN,ST", None),
        (",0,,N,MAIN,ST", None),
        (",,,,COUNTY ROAD 12,", None),
        (",,,,5,AVE", None),
        (",,,,72ND,ST", None),
        (",,,W,500 N,", None),
    ],
)
def test_a_street_in_parts_has_its_number_or_is_refused(row: str, street: str | None) -> None:
    head = f"AddNum_Pre,Add_Number,AddNum_Suf,St_PreDir,St_Name,St_PosTyp,{PLACE}"
    usual = [f",{number},,N,ELM,AVE,{DETROIT}" for number in range(100, 120)]
    found = plan(head, *usual, f"A,7,1/2,N,ELM,AVE,{DETROIT}", f"{row},{DETROIT}")
    assert not found.doubts
    read = checked_or_error(found.columns.address(cells(f"{row},{DETROIT}")[0]))
    if street is None:
        assert "has no house number" in str(read)
    else:
        assert str(read) == f"{street}, Detroit, MI 48226"


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ('"100 Main St, Detroit, MI 48226",48226', "100 Main St, Detroit, MI 48226"),
        ('"100 Main St, Detroit, MI",48226', "100 Main St, Detroit, MI 48226"),
        ('"100 Main St, Detroit, MI 48226",48226-1234', "100 Main St, Detroit, MI 48226-1234"),
        ('"100 Main St, Detroit, MI 48226",90210', "zip is not that of the whole address"),
        ("somewhere,48226", "street1 is not certain"),
    ],
)
def test_parts_beside_a_whole_address_must_agree_with_it(row: str, wanted: str) -> None:
    rows = [row, *['"9 Elm St, Detroit, MI 48226",48226'] * 4]
    found = plan("address,zip", *rows)
    assert set(found.columns.sources) == {"address", "zip"}
    read = checked_or_error(found.columns.address(cells(row)[0]))
    assert str(read).startswith(wanted)


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ('100,Main St,"Detroit, MI 48226"', "100 Main St, Detroit, MI 48226"),
        ("100,Main St,Detroit MI 48226-1234", "100 Main St, Detroit, MI 48226-1234"),
        ('100,Main St,"Detroit, Michigan, 48226, USA"', "100 Main St, Detroit, MI 48226"),
        ('100,Main St,"Detroit, MI"', "100 Main St, Detroit, MI"),
        ("100,Main St,MI 48226", "100 Main St, MI 48226"),
        ("100,Main St,48226", "100 Main St, 48226"),
        ('100,Main St,"St. Louis (Downtown), MO 63101"', "city is not certain"),
        ('100,Main St,"Detroit, Troy, MI 48226"', "city is not certain"),
        ('100,Main St,"Toronto, ON M5V 2T6"', "city is not certain"),
        ('100,Main St,"Detroit, CA 48226"', "city is not certain"),
        ("100,Main St,", "street1 needs a zip"),
    ],
)
def test_a_place_on_one_line_goes_with_parts_of_the_street(row: str, wanted: str) -> None:
    rows = [row, *['9,Elm St,"Troy, MI 48083"'] * 4]
    found = plan("House No,Street,City/State/Zip", *rows)
    assert found.columns.mapping(found.header) == {
        "street1": "House No+Street", "place": "City/State/Zip"
    }  # fmt: skip
    read = checked_or_error(found.columns.address(cells(row)[0]))
    assert str(read).startswith(wanted)


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ('"100 Main St, Detroit, MI 48226",,,,', "100 Main St, Detroit, MI 48226"),
        ("100 Main St Detroit MI 48226,,,,", "100 Main St, Detroit, MI 48226"),
        ('"100 Main St, Detroit, MI",,Detroit,MI,48226', "100 Main St, Detroit, MI 48226"),
        (
            '"100 Main St, Apt 4, Detroit, Michigan 48226, USA",,,,',
            "100 Main St, Apt 4, Detroit, MI 48226",
        ),
        ('"100 Main St, Detroit, MI 48226",#4,,,', "100 Main St, #4, Detroit, MI 48226"),
        ('"100 Main St, Detroit, MI 48226",,Detroit,MI,90210', "zip is not that of the whole"),
        ('"100 Main St, Detroit, MI 48226",,Troy,MI,48226', "city is not that of the whole"),
        ("100 Broadway Detroit MI 48226,,,,", "street1 is not certain"),
        ('"100 Main St, Detroit, CA 48226",,,,', "street1 is not certain"),
        ("Apt 4,100 Main St,Detroit,MI,48226", "100 Main St, Apt 4, Detroit, MI 48226"),
        ('"Acme\n100 Main St\nApt 4",,Detroit,MI,48226', "100 Main St, Apt 4, Detroit, MI 48226"),
        ('"Acme Corp\nAttn: Pat\n100 Main St",,Detroit,MI,48226', "100 Main St, Detroit, MI 48226"),
        ('"100 Main St\nDetroit, MI 48226",,,,', "100 Main St, Detroit, MI 48226"),
        ("C/O Pat,100 Main St,Detroit,MI,48226", "100 Main St, Detroit, MI 48226"),
        ("100 Main St,12th Floor,Detroit,MI,48226", "100 Main St, 12th Floor, Detroit, MI 48226"),
        ("4 Elm St NE,,Detroit,MI,48226", "4 Elm St NE, Detroit, MI 48226"),
    ],
)
def test_a_few_streets_that_hold_more_are_read_as_they_are_meant(row: str, wanted: str) -> None:
    rows = [f"{number} Elm St,,Troy,MI,48083" for number in range(1, 9)]
    found = plan(f"street,unit,{PLACE}", *rows, row)
    assert not found.doubts
    read = checked_or_error(found.columns.address(cells(row)[0]))
    assert str(read).startswith(wanted)


def test_columns_beside_a_place_must_agree_with_it() -> None:
    rows = ['1 Elm St,"Troy, MI 48083",48083', '1 Elm St,"Troy, MI 48083",48226'] * 2
    found = plan("street,City State Zip,zip", *rows)
    first, second = (checked_or_error(found.columns.address(row)) for row in cells(*rows)[:2])
    assert str(first) == "1 Elm St, Troy, MI 48083"
    assert str(second).startswith("zip is not that of the line")


def test_labels_of_several_lines_are_whole_addresses() -> None:
    rows = [
        '"Pat Doe\n100 Main St\nDetroit, MI 48226",Pat',
        '"Sam Doe\n102 Main St Apt 4\nDetroit, MI 48226",Sam',
    ]
    found = plan("Address,Name", *rows)
    assert not found.doubts
    first, second = (str(found.columns.address(row)) for row in cells(*rows))
    assert first == "100 Main St, Detroit, MI 48226"
    assert second == "102 Main St Apt 4, Detroit, MI 48226"


def test_nested_fields_are_found_and_named() -> None:
    row = [1, {"street": "100 Main St", "city": "Detroit", "state": "MI", "zip": 48226}]
    found = plan_columns(["id", "address"], [row])
    assert found.columns.mapping(found.header)["street1"] == "address.street"
    assert str(found.columns.address(row)) == "100 Main St, Detroit, MI 48226"
    again = plan_columns(
        ["id", "address"], [row], mapping={"street1": "address.street", "zip": "address.zip"}
    )
    assert str(again.columns.address(row)) == "100 Main St, Detroit, MI 48226"


HEADER = ["A+B", "A", "B", "Name", "Name", "7", "zip"]
ROW = ["1 Plus St", "1", "Main St", "2 First St", "3 Second St", "4 Seven St", "48226"]


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("A+B", "1 Plus St"),
        ("A + B", "1 Main St"),
        ("2+3", "1 Main St"),
        ("A+B+B", "1 Plus St Main St"),
        ("Name", "2 First St"),
        ("Name__1", "2 First St"),
        ("Name__2", "3 Second St"),
        ("5", "3 Second St"),
        ("7", "4 Seven St"),
        ("b", "Main St"),
    ],
)
def test_a_mapping_names_columns_in_many_ways(text: str, street: str) -> None:
    columns = find_columns(HEADER, mapping={"street1": text})
    assert columns.address(ROW) == Address(street, zip="48226")


@pytest.mark.parametrize("text", ["C", "A+C", "8", "0", "Name__3", "A.b.c.", "+", "A+"])
def test_a_mapping_of_no_column_says_which_is_missing(text: str) -> None:
    with pytest.raises(MappingError, match="has no column"):
        find_columns(HEADER, mapping={"street1": text})


def test_an_ignored_column_is_not_used() -> None:
    found = plan(f"street,apt,{PLACE}", f"1 A St,4,{DETROIT}", ignored=["apt"])
    assert "street2" not in found.columns.sources
    assert not found.doubts
    with pytest.raises(MappingError):
        plan(f"street,{PLACE}", f"1 A St,{DETROIT}", ignored=["apt"])


@pytest.mark.parametrize(
    "first", [f"100 Main St,{DETROIT}", '"100 Main St, Detroit, MI 48226",7', "100 Main St,48226"]
)
def test_a_file_without_a_header_is_told(first: str) -> None:
    with pytest.raises(InputError, match="has no header: its first row is an address"):
        plan(first, first)


def test_a_row_of_values_is_no_header() -> None:
    assert rate_header(["Main Street", "Detroit City", "48226"]) == 0
    assert rate_header(["100 Main Street", "x"]) == 0


def test_a_header_is_rated_by_what_it_says() -> None:
    header = cells(HEADS["voter-nc"][0])[0]
    assert rate_header(header) > rate_header(["Customer list 2026"])
    assert rate_header(["id", "address"]) > 0
    assert rate_header(["a", "b"], mapping={"street1": "a+b"}) > 0
    # The number of a column says nothing of a row that holds this number.
    assert rate_header(["1", "y1"], mapping={"street1": "1"}) == 0


@pytest.mark.parametrize("heading", ["Door", "Trailer", "Slip", "Hangar", "Bay"])
def test_a_rare_word_for_units_is_doubted(heading: str) -> None:
    found = plan(f"Address,{heading},{PLACE}", f"1 A St,a,{DETROIT}", f"1 A St,b,{DETROIT}")
    assert [doubt for doubt in found.doubts if heading in doubt.message]


def test_addresses_of_other_countries_that_pass_for_ours_are_doubted() -> None:
    head = f"Address,{PLACE},Country"
    paris, home = "12 Rue Royale,Paris,,75001,France", f"1 A St,{DETROIT},United States"
    found = plan(head, home, paris)
    assert ["Country" in doubt.message for doubt in found.doubts] == [True]
    assert not plan(head, home, f"2 A St,{DETROIT},").doubts
    assert not plan(head, home, paris, ignored=["Country"]).doubts
    # What no ZIP code lets pass is refused by itself.
    assert not plan(head, home, "10 Front St,Toronto,ON,M5J 2X2,Canada").doubts


@pytest.mark.parametrize("head", ["Address,,", "Address,Road,", "Address,Address2,"])
def test_a_number_alone_is_no_street(head: str) -> None:
    row = f"101,Ellis St,{DETROIT}"
    columns = plan(f"{head}{PLACE}", row, row).columns
    with pytest.raises(AddressError, match="name of the street"):
        checked(columns.address(cells(row)[0]))


ROOMS = ("101 Ellis St,2,a," + DETROIT, "101 Ellis St,2,b," + DETROIT)


@pytest.mark.parametrize(
    ("head", "rows", "way"),
    [
        (
            f"HOUSE_NO,ALPHA,STREET,{PLACE}",
            (f"101,A,Ellis St,{DETROIT}", f"101,B,Ellis St,{DETROIT}"),
            {"street1": "HOUSE_NO+ALPHA+STREET"},
        ),
        (
            f"HOUSE_NO,Modifier,STREET,{PLACE}",
            (f"101,1,Ellis St,{DETROIT}", f"101,2,Ellis St,{DETROIT}"),
            {"street1": "HOUSE_NO+Modifier+STREET"},
        ),
        (
            f"Address,F7,{PLACE}",
            (f"101 Ellis St,1,{DETROIT}", f"101 Ellis St,2,{DETROIT}"),
            {"street2": "F7"},
        ),
        (
            f"Address,Wohnung,{PLACE}",
            (f"101 Ellis St,A,{DETROIT}", f"101 Ellis St,B,{DETROIT}"),
            {"street2": "Wohnung"},
        ),
        (
            f"Address,Side,{PLACE}",
            (f"101 Ellis St,N,{DETROIT}", f"101 Ellis St,S,{DETROIT}"),
            {"street1": "Address+Side"},
        ),
        (
            f"Address,F7,{PLACE}",
            (f"101 Ellis,ST,{DETROIT}", f"103 Ellis,AVE,{DETROIT}"),
            {"street1": "Address+F7"},
        ),
        (f"Address,Room,Door,{PLACE}", ROOMS, {"street2": "Room+Door"}),
    ],
)
def test_a_column_that_alone_tells_rows_apart_is_asked_about(
    head: str, rows: tuple[str, ...], way: dict[str, str]
) -> None:
    (doubt,) = plan(head, *rows).doubts
    assert doubt.ways[0].mapping == way
    assert not plan(head, *rows, mapping=doubt.ways[0].mapping).doubts
    assert not plan(head, *rows, ignored=doubt.ways[-1].ignored).doubts


@pytest.mark.parametrize(
    ("head", "values"),
    [
        ("Gender", "MF"), ("Party", "DR"), ("Active", "YN"), ("Status", "AI"), ("Grade", "AB"),
        ("Age", ("44", "46")), ("Customer ID", ("17", "18")), ("Precinct", ("1", "2")),
        ("First Name", ("Al", "Bo")), ("Phone", ("3135550100", "3135550101")),
        ("Since", ("2020-01-02", "2021-01-02")), ("Beds", ("2", "3")), ("Mark", "MF"),
        ("Children", ("1", "2")),
    ],
)  # fmt: skip
def test_what_differs_between_people_of_one_address_raises_no_doubt(
    head: str, values: tuple[str, str]
) -> None:
    rows = [f"101 Ellis St,{value},{DETROIT}" for value in values]
    assert not plan(f"Address,{head},{PLACE}", *rows).doubts


@pytest.mark.parametrize(
    ("head", "number"),
    [("No.,Street", "No."), ("Number_1,Street", "Number_1"), ("Street,Num", "Num")],
)
def test_house_numbers_under_a_plain_heading_are_offered_to_the_street(
    head: str, number: str
) -> None:
    rows = [
        ",".join(house if name == number else "Ellis St" for name in head.split(","))
        for house in ("101", "103", "109")
    ]
    found = plan(f"{head},{PLACE}", *(f"{row},{DETROIT}" for row in rows))
    joined = [way.mapping for doubt in found.doubts for way in doubt.ways]
    chosen = found.columns.mapping([*head.split(","), *PLACE.split(",")])
    assert f"{number}+Street" in {chosen["street1"], *(way["street1"] for way in joined)}


@pytest.mark.parametrize("name", ["Street Name", "Road", "column_2", "Address2"])
def test_a_street_of_numbers_alone_is_joined_with_the_names_beside_it(name: str) -> None:
    rows = [f"{house},Ellis St,{DETROIT}" for house in (101, 103, 109)]
    (doubt,) = plan(f"Address,{name},{PLACE}", *rows).doubts
    assert doubt.ways[0].mapping["street1"] == f"Address+{name}"
    columns = mapped_columns(["Address", name, *PLACE.split(",")], doubt.ways[0].mapping)
    assert str(columns.address(cells(rows[0])[0])) == "101 Ellis St, Detroit, MI 48226"


@pytest.mark.parametrize(
    ("head", "values"),
    [
        ("Casita", ("B", "")),
        ("Position", ("Upper", "Lower")),
        ("Rear", ("Rear", "")),
        ("Stall", ("12", "14")),
        ("Comments", ("apt 5", "call first")),
        ("Name", ("Unit 4", "Unit 5")),
        ("Quad", ("NW", "NE")),
        ("Face", ("N", "S")),
        ("Cottage", ("A1", "A2")),
    ],
)
def test_what_tells_homes_apart_under_other_headings_is_asked_about(
    head: str, values: tuple[str, str]
) -> None:
    rows = [f"101 Ellis St,{value},{DETROIT}" for value in values]
    (doubt,) = plan(f"Address,{head},{PLACE}", *rows).doubts
    assert head in doubt.message


def test_a_letter_beside_the_house_number_is_asked_about_though_no_rows_are_alike() -> None:
    rows = [f"101,A,Ellis St,{DETROIT}", f"103,,Ellis St,{DETROIT}", f"105,R,Ellis St,{DETROIT}"]
    (doubt,) = plan(f"NUM,ALPHA,STREET,{PLACE}", *rows).doubts
    assert doubt.ways[0].mapping == {"street1": "NUM+ALPHA+STREET"}


@pytest.mark.parametrize(
    ("head", "values"),
    [
        ("Middle Initial", "AB"),
        ("Blood Type", "AB"),
        ("Territory", "NS"),
        ("Quarter", ("Q1", "Q2")),
        ("Suffix", ("JR", "SR")),
        ("Seat", ("A1", "A2")),
        ("Month", "12"),
        ("Sale Type", ("ST", "PARK")),
    ],
)
def test_letters_and_words_of_other_things_raise_no_doubt(head: str, values: str) -> None:
    rows = [f"101 Ellis St,{value},{DETROIT}" for value in values]
    assert not plan(f"Address,{head},{PLACE}", *rows).doubts


def test_the_index_of_a_data_frame_and_extensions_of_telephones_raise_no_doubt() -> None:
    rows = [f"{at},101 Ellis St,{at + 12},3135550100,{DETROIT}" for at in range(3)]
    assert not plan(f",Address,Ext,Phone,{PLACE}", *rows).doubts


@pytest.mark.parametrize("head", ["Country", "CTRY", "Address Country", "Mailing_Ctry_Code"])
def test_another_country_is_asked_about_under_each_of_its_headings(head: str) -> None:
    (doubt,) = plan(f"Address,{PLACE},{head}", f"101 Ellis St,{DETROIT},France").doubts
    assert "another country" in doubt.message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ACME LLC", "101 Ellis St"),
        ("ACME LLC", "101 Broadway"),
        ("3M Company", "101 Ellis St"),
        ("1st Bank", "104 Ellis St"),
        ("Acme Inc.", "105 Ellis St Apt 3"),
        ("Pier 39", "1 The Embarcadero"),
    ],
)
def test_a_name_before_the_street_in_few_rows_is_never_sent_as_the_street(
    first: str, second: str
) -> None:
    rows = cells(*[f"{at} Oak St,Apt {at},{DETROIT}" for at in (1, 2, 3)])
    odd = [first, second, *DETROIT.split(",")]
    found = plan_columns(["Address1", "Address2", *PLACE.split(",")], [*rows, odd])
    assert isinstance(checked_or_error(found.columns.address(odd)), AddressError)
    assert isinstance(checked_or_error(found.columns.address(rows[0])), Address)


ONE_HOUSE = "100 Main St"


@pytest.mark.parametrize(
    ("head", "values"),
    [
        *[(head, ("1", "2")) for head in (
            "Room Number", "Site Number", "Site #", "Home Site", "Door Number", "Internal Number",
            "Villa", "Residence", "Story", "Office", "Phase", "Side", "Position", "Block",
            "Doorbell", "Complex", "Number", "No", "Box", "Pier", "Entrance", "Anything",
        )],
        ("#", ("101", "102", "201")),
        ("Location in Building", ("Front", "Rear")),
        ("Customer", ("#4", "#5")),
        ("Loc", ("A", "B")),
        ("Descr", ("Front Left", "Rear Right")),
        ("Home", ("Main House", "Guest House")),
        ("L/U", ("L", "U")),
        ("Townhome", ("1", "2")),
        ("Mailbox Number", ("1", "2")),
        ("Bldg No", ("A", "B")),
        ("Bldg No", ("1", "2")),
    ],
)  # fmt: skip
def test_a_short_column_in_which_alone_rows_differ_is_asked_about(
    head: str, values: tuple[str, ...]
) -> None:
    rows = [f"{ONE_HOUSE},{value},{DETROIT}" for value in values]
    found = plan(f"Address,{head},{PLACE}", *rows)
    (doubt,) = found.doubts
    assert head in doubt.message
    first, *_, last = doubt.ways
    after = follow(found, first, f"Address,{head},{PLACE}", *rows)
    word = {"Room Number": "Room ", "Bldg No": "Bldg "}.get(head, "")
    read = {after.columns.address(row).street2 for row in cells(*rows)}
    assert read == {f"{word}{value}" for value in values}
    assert last.ignored == (head,)


@pytest.mark.parametrize("head", ["Foo", "Ref", "Stop", "Number"])
def test_numbers_that_are_those_of_the_rows_raise_no_doubt(head: str) -> None:
    houses = (100, 100, 102, 104)
    rows = [f"{house} Main St,{at},{DETROIT}" for at, house in enumerate(houses, 7)]
    assert not plan(f"Address,{head},{PLACE}", *rows).doubts


def test_numbers_that_begin_again_in_each_building_are_asked_about() -> None:
    rows = [f"{house} Main St,{at},{DETROIT}" for house in (100, 102) for at in (1, 2)]
    (doubt,) = plan(f"Address,Foo,{PLACE}", *rows).doubts
    assert doubt.ways[0].mapping == {"street2": "Foo"}


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("Unit of Measure", ["100 Main St,EA", "102 Main St,BX"]),
        ("Stop", ["100 Main St,1", "102 Main St,2", "104 Main St,3"]),
        ("Apt Building?", ["100 Main St,Y", "102 Main St,N"]),
    ],
)
def test_what_only_sounds_like_a_unit_is_neither_sent_nor_asked_about(
    head: str, rows: list[str]
) -> None:
    found = plan(f"Address,{head},{PLACE}", *(f"{row},{DETROIT}" for row in rows))
    assert not found.doubts
    assert "street2" not in found.columns.sources


@pytest.mark.parametrize("heading", ["Apt/Suite/Other", "Apt_Suite_Other", "SubAddr", "Ap."])
def test_a_unit_under_a_heading_with_more_words_is_sent(heading: str) -> None:
    rows = [f"{ONE_HOUSE},{unit},{DETROIT}" for unit in ("1", "Ste 5")]
    found = plan(f"Address,{heading},{PLACE}", *rows)
    assert not found.doubts
    assert [found.columns.address(row).street2 for row in cells(*rows)] == ["1", "Ste 5"]


def test_the_subpremise_of_a_geocoder_is_the_unit_beside_its_whole_address() -> None:
    whole = '"100 Main St, Detroit, MI 48226, USA",100,Main St'
    head = (
        "formatted_address,street_number,route,subpremise,locality,"
        "administrative_area_level_1,postal_code"
    )
    rows = [f"{whole},{unit},{DETROIT}" for unit in (4, 5)]
    found = plan(head, *rows)
    assert not found.doubts
    assert [str(found.columns.address(row)) for row in cells(*rows)] == [
        f"100 Main St, {unit}, Detroit, MI 48226" for unit in (4, 5)
    ]


@pytest.mark.parametrize(
    ("head", "row", "street"),
    [
        ("HouseNum,PreMod,PreDir,StreetName,PostType", "100,Old,N,Main,St", "100 Old N Main St"),
        ("Add_Number,St_PreMod,St_Name,St_PosTyp", "100,Old,Main,St", "100 Old Main St"),
        ("Add_Number,St_Name,St_PosMod", "200,US Hwy 50,Business", "200 US Hwy 50 Business"),
        (
            "AddNum,St_PreTyp,St_PreSep,St_Name", "100,Avenue,of the,Americas",
            "100 Avenue of the Americas",
        ),
        (
            "ADDR_NO,FRAC,PRE,STREET,SUF,POST", "100,1/2,N,MAIN,ST,W", "100 1/2 N MAIN ST W",
        ),
        ("RES_HOUSE_NUM,RES_HOUSE_SUF,RES_STREET", "100,A,Main St", "100 A Main St"),
    ],
)  # fmt: skip
def test_every_part_of_a_street_is_sent_in_its_place(head: str, row: str, street: str) -> None:
    found = plan(f"{head},{PLACE}", f"{row},{DETROIT}")
    assert not found.doubts
    assert found.columns.address(cells(f"{row},{DETROIT}")[0]).street1 == street


@pytest.mark.parametrize(
    ("head", "rows", "way"),
    [
        ("Address,St", ("100 MAIN,ST", "100 MAIN,CT"), {"street1": "Address+St"}),
        ("Address,Type", ("100 MAIN,ST", "100 MAIN,CT"), {"street1": "Address+Type"}),
        ("Address,Dir", ("100 Main St,N", "100 Main St,S"), {"street1": "Address+Dir"}),
        ("Street,Number,Extra", ("Main St,100,upstairs", "Main St,100,downstairs"),
         {"street2": "Extra"}),
        ("Nr,Letter,Street", ("100,A,Main St", "100,B,Main St"), {"street1": "Nr+Letter+Street"}),
    ],
)  # fmt: skip
def test_a_part_that_is_not_used_is_offered_where_it_belongs(
    head: str, rows: tuple[str, ...], way: dict[str, str]
) -> None:
    whole = [f"{row},{DETROIT}" for row in rows]
    (doubt,) = plan(f"{head},{PLACE}", *whole).doubts
    assert doubt.ways[0].mapping == way


def test_two_parts_that_are_not_used_are_offered_together() -> None:
    rows = [f"{row},{DETROIT}" for row in ("100,N,MAIN,ST,", "100,,MAIN,ST,W")]
    found = plan(f"ADDR_NO,k1,STREET,SUF,k2,{PLACE}", *rows)
    first, second = (doubt.ways[0].mapping["street1"] for doubt in found.doubts)
    assert found.with_both("street1", first, second) == "ADDR_NO+k1+STREET+SUF+k2"
    assert found.with_both("street1", second, first) == "ADDR_NO+k1+STREET+SUF+k2"


@pytest.mark.parametrize(
    ("number", "name", "street"),
    [
        ("100", "100 Main St", "100 Main St"),
        ("100.0", "100 Main St", "100 Main St"),
        ("100", "Main St", "100 Main St"),
        ("100", "100-104 Main St", "100-104 Main St"),
        ("100A", "100 A Main St", "100A Main St"),
        ("100A", "100 Main St", "100A Main St"),
        ("100", "42nd St", "100 42nd St"),
        ("100", "5 Ave", "100 5 Ave"),
        ("100", "12 Mile Rd", "100 12 Mile Rd"),
        ("1245", "200 S", "1245 200 S"),
        ("100", "104 Main St", None),
        ("104", "2 Main St", None),
        ("12-34", "12-36 Main St", None),
    ],
)
def test_a_house_number_that_the_street_says_too_is_sent_once_or_refused(
    number: str, name: str, street: str | None
) -> None:
    header = ["Street Number", "Street Name", *PLACE.split(",")]
    columns = mapped_columns(header, {"street1": "Street Number+Street Name", "zip": "zip"})
    found = checked_or_error(columns.address([number, name, *DETROIT.split(",")]))
    if street is None:
        assert isinstance(found, AddressError)
        assert "two house numbers" in str(found)
    else:
        assert isinstance(found, Address)
        assert found.street1 == street


@pytest.mark.parametrize(("between", "street"), [("1/2", "1 1/2 Main St"), ("10", "1 10 Main St")])
def test_what_stands_between_two_equal_house_numbers_is_not_taken_for_one(
    between: str, street: str
) -> None:
    header = ["num", "frac", "name", *PLACE.split(",")]
    columns = mapped_columns(header, {"street1": "num+frac+name", "zip": "zip"})
    found = columns.address(["1", between, "1 Main St", *DETROIT.split(",")])
    assert found.street1 == street


@pytest.mark.parametrize("heading", ["Unit", "Suite"])
def test_a_cell_that_is_no_unit_is_none_under_a_designator_either(heading: str) -> None:
    found = plan(f"Address,{heading},{PLACE}", *(f"100 Main St,{unit},{DETROIT}" for unit in "123"))
    refused = checked_or_error(found.columns.address(["100 Main St", "-5", *DETROIT.split(",")]))
    assert isinstance(refused, AddressError)
    assert "negative number" in str(refused)


@pytest.mark.parametrize("name", ["Street Name", "Address"])
def test_numbers_that_only_some_streets_lack_come_from_their_column(name: str) -> None:
    rows = [
        f"{row},{DETROIT}"
        for row in ("104,104 Main St", "108,Main St", "110,110 Main St", "112,102 Main St")
    ]
    found = plan(f"House Number,{name},{PLACE}", *rows)
    assert not found.doubts
    read = [checked_or_error(found.columns.address(row)) for row in cells(*rows)]
    assert isinstance(read.pop(), AddressError)
    assert [each.street1 for each in read if isinstance(each, Address)] == [
        "104 Main St", "108 Main St", "110 Main St",
    ]  # fmt: skip


def test_a_direction_behind_the_name_is_asked_about_where_its_place_is_not_said() -> None:
    rows = [f"{row},{DETROIT}" for row in ("100,Elm Ave,W", "100,W Elm Ave,")]
    head = f"Number,Street,Dir,{PLACE}"
    found = plan(head, *rows)
    (doubt,) = found.doubts
    streets = [
        follow(found, way, head, *rows).columns.address(cells(*rows)[0]).street1
        for way in doubt.ways
    ]
    assert streets == ["100 Elm Ave W", "100 W Elm Ave"]
    assert not plan(f"Number,Dir,Street,{PLACE}", f"100,W,Elm Ave,{DETROIT}").doubts


def test_a_word_and_the_number_beside_it_are_one_unit() -> None:
    rows = [f"{ONE_HOUSE},Apt,{unit},{DETROIT}" for unit in (1, 2)]
    found = plan(f"Address,Designator,Value,{PLACE}", *rows)
    assert not found.doubts
    assert [found.columns.address(row).street2 for row in cells(*rows)] == ["Apt 1", "Apt 2"]


def test_a_further_unit_with_its_word_is_asked_about() -> None:
    head = f"FULLADDR,UNITTYPE,UNITID,ALTUNITTYPE,ALTUNITID,{PLACE}"
    rows = [f"{ONE_HOUSE},APT,1,BLDG,{letter},{DETROIT}" for letter in "AB"]
    found = plan(head, *rows)
    (doubt,) = found.doubts
    after = follow(found, doubt.ways[0], head, *rows)
    read = [after.columns.address(row).street2 for row in cells(*rows)]
    assert read == ["APT 1 BLDG A", "APT 1 BLDG B"]


@pytest.mark.parametrize(
    ("head", "rows", "units"),
    [
        ("Apt,Suite", ("4,", ",4"), ("4", "Suite 4")),
        ("Apt,Suite", ("4,5", "Apt 4,Ste 5"), ("Apt 4 Suite 5", "Apt 4 Ste 5")),
        ("Suite", ("1", "Ste 1", "Suite 1", "#1"), ("Suite 1", "Ste 1", "Suite 1", "#1")),
        ("Suite", ("1.0", "", "A", "100B"), ("Suite 1", None, "Suite A", "Suite 100B")),
        ("Space No", ("4", "Lot 4"), ("Space 4", "Lot 4")),
        ("Apt", ("4",), ("4",)),
        ("Apt/Suite", ("4",), ("4",)),
        ("Situs Suite", ("4",), ("Suite 4",)),
        ("Unit Type,Suite No", ("Apt,4", ",4"), ("Apt 4", "Suite 4")),
    ],
)
def test_a_number_under_a_word_for_units_has_that_word(
    head: str, rows: tuple[str, ...], units: tuple[str | None, ...]
) -> None:
    header = ["Address", *head.split(","), "Zip"]
    mapping = {"street1": "Address", "street2": head.replace(",", "+"), "zip": "Zip"}
    columns = mapped_columns(header, mapping)
    read = [columns.address([ONE_HOUSE, *row.split(","), "48226"]).street2 for row in rows]
    assert read == [*units]


def test_a_suite_is_bought_once_and_apart_from_the_apartment_of_its_number() -> None:
    rows = [
        f"{row},{DETROIT}"
        for row in ("100 Main St,1", "100 Main St,Ste 1", "100 Main St Apt 1,", "100 Main St #2,2")
    ]
    found = plan(f"Address,Suite,{PLACE}", *rows)
    assert not found.doubts
    keys = [usps_key(checked(found.columns.address(row))) for row in cells(*rows)]
    assert keys[0] == keys[1]
    assert len({*keys}) == 3
    # The street's line says the number with its own word.
    assert keys[3] == usps_key(checked(Address("100 Main St #2", None, *DETROIT.split(","))))


def test_a_suite_beside_a_whole_address_need_not_repeat_its_word() -> None:
    head, row = "Full Address,Suite", '"100 Main St #4, Detroit, MI 48226",4'
    found = plan(head, row)
    assert isinstance(checked_or_error(found.columns.address(cells(row)[0])), Address)
