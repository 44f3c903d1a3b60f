"""Several addresses in each row: which one is meant is asked, and no part of one fills another."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from hum_async._api.addresses import checked
from hum_async.bulk.columns import ColumnPlan, Way, plan_columns, rate_header
from hum_async.bulk.preflight import decide_columns
from hum_async.bulk.tables import open_table
from hum_async.errors import InputError

# ruff: noqa: ISC004
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAIL = "MAILADDR,MAILCITY,MAILSTATE,MAILZIP"
DALLAS = "DALLAS,TX,75201"
OWNERS = "9 ELM AVE, DALLAS, TX 75201"
NO_PLACE = "whose city and state, or ZIP, have no column of their own"


def cells(*lines: str) -> list[list[str]]:
    return list(csv.reader(lines))


def plan(head: str, *rows: str, **options: object) -> ColumnPlan:
    return plan_columns(cells(head)[0], cells(*rows), **options)  # type: ignore[arg-type]


def followed(found: ColumnPlan, way: Way, head: str, *rows: str) -> str:
    """Return the first row's address as a printed command reads it, without a further doubt."""
    kept: Mapping[str, str] = {} if way.complete else found.columns.mapping(found.header)
    after = plan(head, *rows, mapping={**kept, **way.mapping}, ignored=way.ignored)
    assert not after.doubts
    return str(checked(after.columns.address(cells(*rows)[0])))


SEVERAL = {
    # name: (header, row, the addresses that are offered, the end of the message)
    "situs": (f"APN,SITUS,{MAIL}", f"1,100 MAIN ST,9 ELM AVE,{DALLAS}", [OWNERS], NO_PLACE),
    "whole-situs": (
        f"APN,SITUS,{MAIL}",
        f"1,100 MAIN ST RENO NV 89501,9 ELM AVE,{DALLAS}",
        ["100 MAIN ST, RENO, NV 89501", OWNERS],
        "SITUS, or MAILADDR",
    ),
    "premise": (
        "Account,Premise,Customer,Address,City,State,Zip",
        f"1,100 MAIN ST,X,9 ELM AVE,{DALLAS}",
        [OWNERS, "100 MAIN ST, DALLAS, TX 75201"],
        "Address, or Premise",
    ),
    "premises": (
        "Premises,Address,City,State,Zip",
        f"100 MAIN ST,9 ELM AVE,{DALLAS}",
        [OWNERS, "100 MAIN ST, DALLAS, TX 75201"],
        "Address, or Premises",
    ),
    "site-with-units": (
        "Account,Site,Address,City,State,Zip",
        f"1,9 ELM AVE APT 4,9 ELM AVE,{DALLAS}",
        [OWNERS, "9 ELM AVE APT 4, DALLAS, TX 75201"],
        "Address, or Site",
    ),
    "job-site": (
        "Project,Job Site,Address,City,State,Zip",
        f"1,100 MAIN ST,9 ELM AVE,{DALLAS}",
        [OWNERS, "100 MAIN ST, DALLAS, TX 75201"],
        "Address, or Job Site",
    ),
    "unknown-heading": (
        "Address,Name,City,State,Zip,Foo",
        "100 Main St,X,Reno,NV,89501,9 Elm St",
        ["100 Main St, Reno, NV 89501", "9 Elm St, Reno, NV 89501"],
        "Address, or Foo",
    ),
    "unknown-heading-of-whole-addresses": (
        f"{MAIL},Where",
        f'9 ELM AVE,{DALLAS},"100 Main St, Reno, NV 89501"',
        [OWNERS, "100 Main St, Reno, NV 89501"],
        "MAILADDR, or Where",
    ),
    "whole-address-elsewhere": (
        "Address,City,State,Zip,Full Address",
        f'9 ELM AVE,{DALLAS},"100 Main St, Reno, NV 89501"',
        [OWNERS, "100 Main St, Reno, NV 89501"],
        "Address, or Full Address",
    ),
    "unit-in-the-whole-address": (
        "Address,City,State,Zip,Full Address",
        f'9 ELM AVE,{DALLAS},"9 Elm Ave Apt 4, Dallas, TX 75201"',
        [OWNERS, "9 Elm Ave Apt 4, Dallas, TX 75201"],
        "Address, or Full Address",
    ),
    "plain-place-of-the-property": (
        "PIN,SITUS,CITY,ZIP,OWNERADDR1,OWNERADDR2,OWNERCITY,OWNERSTATE,OWNERZIP",
        f"1,100 MAIN ST,RENO,89501,9 ELM AVE,APT 3,{DALLAS}",
        ["100 MAIN ST, RENO, 89501", "9 ELM AVE, APT 3, DALLAS, TX 75201"],
        "SITUS, or OWNERADDR1",
    ),
    "plain-unit-of-the-property": (
        "PIN,SITUS,UNIT,CITY,ZIP,OWNERADDR,OWNERCITY,OWNERSTATE,OWNERZIP",
        f"1,100 MAIN ST,4,RENO,89501,9 ELM AVE,{DALLAS}",
        ["100 MAIN ST, 4, RENO, 89501", OWNERS],
        "SITUS, or OWNERADDR",
    ),
    "situs-in-parts": (
        "PARCEL_ID,OWNER,SITUS_NUM,SITUS_DIR,SITUS_NAME,SITUS_TYPE,SITUS_UNIT,SITUS_CITY,"
        "SITUS_ZIP,MAIL_ADDR1,MAIL_CITY,MAIL_ST,MAIL_ZIP",
        f"001,SMITH J,100,N,MAIN,ST,A,LEBANON,45036,9 ELM AVE,{DALLAS}",
        ["100 N MAIN ST, A, LEBANON, 45036", OWNERS],
        "SITUS_NUM+SITUS_DIR+SITUS_NAME+SITUS_TYPE, or MAIL_ADDR1",
    ),
    "cut-names": (
        f"APN,PROP_HNUM,PROP_STRT,PROP_CITY,PROP_ZIP,{MAIL}",
        f"1,100,MAIN ST,RENO,89501,9 ELM AVE,{DALLAS}",
        ["100 MAIN ST, RENO, 89501", OWNERS],
        "PROP_HNUM+PROP_STRT, or MAILADDR",
    ),
    "numbers-called-an-address": (
        "PARCELNO,LOCATION_STARTING_ADDRESS,LOCATION_STREET,LOCATION_CITY,OWNER,MAILING_ADDRESS,"
        "MAILING_CITY_STATE_ZIP",
        "1,100,MAIN ST,RENO,X,9 ELM AVE,DALLAS TX 75201",
        [OWNERS],
        f"LOCATION_STARTING_ADDRESS+LOCATION_STREET, {NO_PLACE}",
    ),
    "property-location": (
        f"APN,PROPERTY_LOCATION,OWNER,{MAIL}",
        f"1,100 MAIN ST,X,9 ELM AVE,{DALLAS}",
        [OWNERS],
        f"PROPERTY_LOCATION, {NO_PLACE}",
    ),
    "streets-called-st": (
        "APN,Loc No,Loc St,Town,Owner St,Owner Town,Owner State,Owner Zip",
        f"1,100,MAIN ST,RENO,9 ELM AVE,{DALLAS}",
        [OWNERS],
        f"Loc No+Loc St, {NO_PLACE}",
    ),
    "appraisal-with-owner": (
        "PARID,ADRNO,ADRSTR,ADRSUF,CITYNAME,ZIP1,OWNADR1,OWNCITY,OWNSTATE,OWNZIP",
        f"1,100,MAIN,ST,RENO,89501,9 ELM AVE,{DALLAS}",
        ["100 MAIN ST, RENO, 89501", OWNERS],
        "ADRNO+ADRSTR+ADRSUF, or OWNADR1",
    ),
    "direction-without-a-usual-name": (
        f"PropertyHouseNum,PropertyDirection,PropertyName,PropertyType,PropertyZip,{MAIL}",
        f"100,N,MAIN,ST,89501,9 ELM AVE,{DALLAS}",
        ["100 N MAIN ST, 89501", OWNERS],
        "PropertyHouseNum+PropertyDirection+PropertyName+PropertyType, or MAILADDR",
    ),
    "unknown-word-behind-a-group": (
        "LOC_ADDR,LOC_CITY,LOC_ZIP,OWNXS,OWNCITY,OWNSTATE,OWNZIP",
        f"100 MAIN ST,RENO,89501,9 ELM AVE,{DALLAS}",
        ["100 MAIN ST, RENO, 89501", OWNERS],
        "LOC_ADDR, or OWNXS",
    ),
    "street-in-no-column": (
        f"SITUS_NUM,SITUS_XYZ,SITUS_CITY,SITUS_ZIP,{MAIL}",
        f"100,MAIN,RENO,89501,9 ELM AVE,{DALLAS}",
        [OWNERS],
        "that of SITUS_NUM, whose street has no column",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERAL)
def test_which_of_two_addresses_is_meant_is_asked(name: str) -> None:
    head, row, wanted, message = SEVERAL[name]
    found = plan(head, row)
    (doubt,) = found.doubts
    assert doubt.message.startswith("there are 2 addresses in each row")
    assert doubt.message.endswith(message)
    assert [followed(found, way, head, row) for way in doubt.ways] == wanted


def test_land_without_a_house_number_hides_no_second_address() -> None:
    streets = ("100 MAIN ST", "MAIN ST", "OAK ST", "OAK ST")
    (doubt,) = plan(f"SITUS,{MAIL}", *(f"{each},9 ELM AVE,{DALLAS}" for each in streets)).doubts
    assert doubt.message.endswith(f"SITUS, {NO_PLACE}")


@pytest.mark.parametrize("name", ["situs", "property-location"])
def test_a_place_of_another_address_never_fills_a_gap(name: str) -> None:
    head, row, *_ = SEVERAL[name]
    with pytest.raises(InputError, match="no column for zip"):
        plan(head, row, mapping={"street1": cells(head)[0][1]})


@pytest.mark.parametrize(
    ("head", "row", "wanted"),
    [
        (
            "Owner Zip,Owner City,Owner State,Address",
            "75201,DALLAS,TX,100 MAIN ST",
            "100 MAIN ST, DALLAS, TX 75201",
        ),
        (
            "Address,Property City,Property Zip,Owner City,Owner State,Owner Zip",
            f"100 MAIN ST,RENO,89501,{DALLAS}",
            "100 MAIN ST, RENO, 89501",
        ),
    ],
)
def test_a_place_that_may_be_of_another_address_is_asked_about(
    head: str, row: str, wanted: str
) -> None:
    found = plan(head, row)
    (doubt,) = found.doubts
    assert "may be of another address than Address" in doubt.message
    assert str(checked(found.columns.address(cells(row)[0]))) == wanted
    assert followed(found, doubt.ways[0], head, row) == wanted


def test_a_state_of_the_owner_is_no_part_of_a_place_without_a_state() -> None:
    head, row = "Address,City,Zip,Owner State", "100 MAIN ST,RENO,89501,TX"
    assert (
        str(checked(plan(head, row).columns.address(cells(row)[0]))) == "100 MAIN ST, RENO, 89501"
    )


CLEAR = {
    # name: (header, rows, the first row's address)
    "listing": (
        "ListingId,StreetNumber,StreetNumberNumeric,StreetDirPrefix,StreetName,StreetSuffix,"
        "StreetDirSuffix,UnitNumber,City,StateOrProvince,PostalCode,UnparsedAddress",
        ["1,100A,100,N,Main,Street,,4,Reno,NV,89501,100A N Main Street #4"],
        "100A N Main Street, 4, Reno, NV 89501",
    ),
    "geocoded": (
        "Address,City,State,Zip,Number,Street,City,State,Zip",
        ["100 main st,reno,nv,89501,100,N Main St,Reno,Nevada,89501-1234"],
        "100 main st, reno, NV 89501",
    ),
    "shop": (
        "Billing Street,Billing Address1,Billing Address2,Billing City,Billing Zip",
        ['"100 Main St, Apt 4",100 Main St,Apt 4,Reno,89501'],
        "100 Main St, Apt 4, Reno, 89501",
    ),
    "appraisal": (
        "PARID,ADRNO,ADRADD,ADRDIR,ADRSTR,ADRSUF,ADRSUF2,CITYNAME,ZIP1,UNITDESC,UNITNO",
        ["1,100,1/2,N,MAIN,ST,,DAYTON,45402,APT,4", "2,102,,,ELM,AVE,W,DAYTON,45402,,"],
        "100 1/2 N MAIN ST, APT 4, DAYTON, 45402",
    ),
    "situs-in-parts-alone": (
        "SITUS_NUM,SITUS_DIR,SITUS_NAME,SITUS_TYPE,SITUS_CITY,SITUS_ZIP",
        ["100,N,MAIN,ST,LEBANON,45036"],
        "100 N MAIN ST, LEBANON, 45036",
    ),
    "owners-of-one-address": (
        "OWN1,OWN_ADDR,OWN_CITY,OWN_STATE,OWN_ZIP",
        [f"A,9 ELM AVE,{DALLAS}", f"B,9 ELM AVE,{DALLAS}"],
        OWNERS,
    ),
    "geocoded-whole": (
        "Address,City,State,Zip,Full Address",
        [f'9 ELM AVE,{DALLAS},"9 N Elm Avenue, Dallas, TX 75201-1234, USA"'],
        OWNERS,
    ),
    "same-twice": (
        "Site,Address,City,State,Zip",
        [f"9 Elm Avenue,9 ELM AVE APT 3,{DALLAS}", f",8 ELM AVE,{DALLAS}"],
        "9 ELM AVE APT 3, DALLAS, TX 75201",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLEAR)
def test_what_says_the_same_again_raises_no_doubt(name: str) -> None:
    head, rows, wanted = CLEAR[name]
    found = plan(head, *rows)
    assert not found.doubts
    assert str(checked(found.columns.address(cells(*rows)[0]))) == wanted


def test_the_last_house_of_a_range_is_offered_to_no_field() -> None:
    head, row = "HOUSE_NO_LOW,HOUSE_NO_HIGH,STREET,ZIP", "100,104,MAIN ST,89501"
    found = plan(head, row)
    (doubt,) = found.doubts
    assert [way.mapping for way in doubt.ways] == [{}]
    assert followed(found, doubt.ways[0], head, row) == "100 MAIN ST, 89501"


def test_only_what_is_guessed_is_said_to_have_no_heading() -> None:
    (doubt,) = plan("Strasse,City,State,Zip", f"9 ELM AVE,{DALLAS}").doubts
    assert doubt.message == "no heading says so, but by what the columns hold: street1 = Strasse"


def test_the_titles_above_a_header_say_whose_an_address_is(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(
        ",Billing,,Service,\nName,Street,Zip,Street,Zip\nX,9 ELM AVE,75201,100 MAIN ST,89501\n",
        encoding="utf-8",
    )
    table = open_table(str(path), rate_header=rate_header)
    assert table.header == ("Name", "Street", "Zip", "Street", "Zip")
    found = decide_columns(table)
    (doubt,) = found.doubts
    assert doubt.message.endswith("Street__2 below Service, or Street__1 below Billing")
    (row,) = table.rows()
    read = [
        decide_columns(table, mapping=way.mapping).columns.address(row).street1
        for way in doubt.ways
    ]
    assert read == ["100 MAIN ST", "9 ELM AVE"]


@pytest.mark.parametrize("above", ["Customers,,", "Customers,of,2026", ""])
def test_a_title_above_names_that_differ_says_nothing(tmp_path: Path, above: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f"{above}\nName,Street,Zip\nX,9 ELM AVE,75201\n", encoding="utf-8")
    table = open_table(str(path), rate_header=rate_header)
    assert table.titles == ()
    assert not decide_columns(table).doubts


def test_equal_streets_of_two_cities_are_two_addresses() -> None:
    head = "Billing Street,Billing City,Billing Zip,Shipping Street,Shipping City,Shipping Zip"
    (doubt,) = plan(head, "1 Main St,Reno,89501,1 Main St,Dallas,75201").doubts
    assert doubt.message.startswith("there are 2 addresses in each row")
    assert not plan(head, "1 Main St,Reno,89501,1 Main Street,RENO,89501-1234").doubts


def test_a_zip_under_a_heading_of_another_language_is_no_part_of_another_address() -> None:
    head, row = "Direccion,Ciudad,Estado,Codigo Postal", "9 ELM AVE,DALLAS,TX,75201"
    found = plan(head, row)
    assert str(checked(found.columns.address(cells(row)[0]))) == OWNERS
