"""Spellings of one address have one key, and what may be two addresses has two."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._addresses.usps_key import address_key
from hum_async._api.addresses import checked
from hum_async.models import Address


def key_of(street1: str, street2: str | None = None, **place: str) -> str:
    place = place or {"city": "Detroit", "state": "MI", "zip": "48226"}
    return address_key(checked(Address(street1, street2, **place)))


@pytest.mark.parametrize(
    "spellings",
    [
        [
            ("20 Main St", "Apt 4"),
            ("20 Main Street", "Apt 4"),
            ("20 MAIN ST.", "#4"),
            ("20 Main St", "Apartment 4"),
            ("20 Main St Apt 4", None),
            ("20 main str", "Unit 4"),
            ("20 Main St., Apt. 4", None),
            ("20 Main St #4", None),
            ("20 Main St # 4", ""),
            ("20 Main St Apt #4", None),
            ("20 Main St, 4", None),
            ("20 Main St", "4"),
            ("20 Main St", "No. 4"),
            ("20 Main St Apt 4", "Apt 4"),
            ("20 Main St Apt4", None),
            ("20 Main St - Apt 4", None),
            ("20 Main St,Apt.4", None),
            ("20 Main St", "Apt No. 4"),
        ],
        [("1 N Oak Ave", None), ("1 North Oak Avenue", None), ("1 N. Oak Av.", None)],
        [("1 Oak Ave N", None), ("1 Oak Avenue North", None), ("1 OAK AV N.", None)],
        [("1 Fifth Ave", None), ("1 5th Avenue", None), ("1 5TH AVE", None)],
        [("1 E Twenty-First St", None), ("1 East 21st St", None), ("1 E Twenty First St", None)],
        [("1 5th St NW", None), ("1 5th St N.W.", None), ("1 Fifth Street Northwest", None)],
        [("1 5th St NW", None), ("1 5th St North West", None), ("1 5th St N W", None)],
        [("1 NW 5th St", None), ("1 North West 5th St", None), ("1 N. W. 5th St", None)],
        [("9 Elm Blvd", "Suite 300"), ("9 Elm Boul Ste 300", None), ("9 Elm Blvd", "STE #300")],
        [("9 Elm Rd", "4th Floor"), ("9 Elm Rd", "Fl 4"), ("9 Elm Road Fourth Floor", None)],
        [("9 Elm Rd", "Bldg 2, Apt 4"), ("9 Elm Rd", "Building 2 #4"), ("9 Elm Rd #4", "Bldg 2")],
        [("9 Elm Rd", "Apt 4B"), ("9 Elm Rd", "4-B"), ("9 Elm Rd #4 B", None)],
        [("9 Elm Rd", "Rear"), ("9 Elm Road Rear", None), ("9 Elm Rd (rear)", None)],
        [("9 US Highway 41", None), ("9 U.S. Hwy 41", None), ("9 us hwy 41", None)],
        [("9 Avenue N", None), ("9 Ave N", None)],
        [("9 County Road E", None), ("9 County Rd E", None)],
        [("9 State Street North", None), ("9 State St N", None)],
        [("PO Box 12", None), ("P.O. Box 12", None), ("post office box 12", None)],
        [("9 St Mary's St", None), ("9 St. Marys Street", None), ("9 Saint Marys St", None)],
        [("12\N{EN DASH}34 Oak St", None), ("12-34 Oak Street", None)],
        [("9 Elm Rd", "Apt 4"), ("9 Elm Rd", "Apt-4"), ("9 Elm Rd", "APT: 4"), ("9 Elm Rd", "(4)")],
        [("9 Elm Rd", "Ste B"), ("9 Elm Rd", "STE-B"), ("9 Elm Rd", "Suite #B")],
        [("9 Elm Rd", "Apt B4"), ("9 Elm Rd", "B-4"), ("9 Elm Rd", "#B 4")],
        [("123A Oak St", None), ("123-A Oak St", None)],
        [("123 1/2 Oak St", None), ("123-1/2 Oak St", None), ("123\u00bd Oak St", None)],
        [("9 Mount Vernon Aven", None), ("9 Mt. Vernon Av", None), ("9 Mt Vernon Avnue", None)],
        [("9 County Road 12", None), ("9 Co Rd 12", None), ("9 CR 12", None)],
        [("9 US Highway 41", None), ("9 US 41", None), ("9 U.S. Route 41", None)],
        [
            ("9 US Hwy 41", "Apt 4"), ("9 US-41", "Apt 04"), ("9 US41", "#4"), ("9 US Hwy-41", "4"),
            ("9 U S Highway 41 #4", None), ("9 US Rt 41 Apt. 04", None),
        ],
        [("9 US 41 N", None), ("9 US-41 N.", None), ("9 U.S. Highway 41 North", None)],
        [
            ("9 State Road 7", None), ("9 State Route 7", None), ("9 SR 7", None), ("9 SR-7", None),
            ("9 State Rd. 7", None), ("9 St Rt 7", None), ("9 SR7", None), ("9 St. Rd. 7", None),
        ],
        [("9 N State Road 7", None), ("9 North SR-7", None), ("9 N. State Rte 7", None)],
        [("9 Old US Highway 41", None), ("9 Old US 41", None), ("9 Old US-41", None)],
        [("9 State Route MM", None), ("9 SR MM", None)],
        [("9 County Road E", None), ("9 CR E", None), ("9 Co. Rd. E", None)],
        [("9 County Road 12", None), ("9 CR-12", None), ("9 CR12", None), ("9 Cnty Rd 12", None)],
        [("9 County Highway E", None), ("9 Co Hwy E", None), ("9 CTY HWY E", None)],
        [("9 State Highway 7", None), ("9 State Hwy 7", None), ("9 St Hwy 7", None)],
        [("9 Township Road 20", None), ("9 Twp Rd 20", None), ("9 TSR 20", None)],
        [
            ("9 Interstate 40", None), ("9 I-40", None), ("9 I 40", None), ("9 IH40", None),
            ("9 IH-40", None), ("9 I40", None), ("9 Interstate Hwy 40", None),
        ],
        [("9 FM 1960 Rd W", None), ("9 FM 1960 W", None), ("9 Farm to Market 1960 Rd W", None)],
        [("9 FM 1320", None), ("9 FM-1320", None), ("9 Hwy FM 1320", None), ("9 FM Rd 1320", None)],
        [("9 RM 620", None), ("9 RM-620", None), ("9 Ranch to Market Rd 620", None)],
        [("9 M-59", None), ("9 M 59", None)],
        [("9 MI-59", None), ("9 MI 59", None), ("9 MI-59.", None)],
        [("9 MI Hwy 59", None), ("9 Michigan Highway 59", None), ("9 MI Highway 59", None)],
        [("9 MI Rte 59", None), ("9 Michigan Route 59", None)],
        [("9 Bus 50", None), ("9 Business 50", None)],
        [("9 US 41 Bus", None), ("9 US-41 Business", None), ("9 US Hwy 41 Bus", None)],
        [("9 Business US 41", None), ("9 Bus. US-41", None)],
        [("9 King Jr Blvd", None), ("9 King Junior Blvd", None), ("9 King, Jr. Blvd", None)],
        [("9 Elm Rd", "Lower Level"), ("9 Elm Rd", "Lowr"), ("9 Elm Rd Lower Level", None),
         ("9 Elm Rd Lower", None)],
        [("0123 Main St", None), ("123 Main St", None), ("00123 Main Street", None)],
        [("PO Box 12", None), ("POB 12", None), ("P.O.B. 12", None)],
        [("9 NC-54", None), ("9 NC 54", None)],
        [("9 Highway 41", None), ("9 Hwy-41", None), ("9 HWY 41", None)],
        [("9 N Main St", None), ("9 No. Main St", None), ("9 NO. MAIN STREET", None)],
        [("9 S Main St", None), ("9 So. Main St", None)],
        [("9 Elm Rd", "Ste 04B"), ("9 Elm Rd", "Ste 4B"), ("9 Elm Rd Suite #04-B", None)],
        [("9 Ave of the Americas", None), ("9 Avenue of the Americas", None)],
        [("100 - 104 Oak St", None), ("100-104 Oak St", None)],
        [("N123W4567 Oak St", None), ("N123 W4567 Oak St", None)],
        [("9 W 500 N", None), ("9 West 500 North", None)],
        [("PO Box 12", None), ("PO Box #12", None), ("P.O. Box # 12", None)],
        [("RR 2 Box 15", None), ("R.R. 2 Box 15", None), ("RR #2 Box #15", None)],
        [("RR 2 Box 15", None), ("Rural Route 2 Box 15", None), ("RR2 Box 15", None)],
        [("HC 61 Box 23", None), ("HC61 Box 23", None), ("Highway Contract 61 Box 23", None)],
    ],
)  # fmt: skip
def test_spellings_of_one_address_have_one_key(spellings: list[tuple[str, str | None]]) -> None:
    assert len({key_of(*spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    "streets",
    [
        ["1 N Main St", "1 S Main St", "1 Main St", "1 Main St N", "1 NE Main St", "1 E Main St"],
        ["1 Main St", "1 Main Ct", "1 Main Ave", "1 Main", "1 Main Street Ct", "1 Main Sq"],
        ["1 Main St Unit 1", "1 Main St Unit 11", "1 Main St", "1 Main St Unit 1-1"],
        ["123 Main St", "123 1/2 Main St", "1231/2 Main St", "123-2 Main St", "12-32 Main St"],
        ["12 Main St A", "12 Main St B", "12 A Main St", "12 B Main St", "12 Main St"],
        ["12A Main St", "12B Main St", "12 Main St Apt A", "12 Main St Apt B"],
        ["1 Avenue A", "1 Avenue B", "1 Avenue N", "1 N Avenue", "1 North Avenue", "1 A Avenue"],
        ["1 North St", "1 N St", "1 Street N", "1 South St", "1 S St"],
        ["1 Court St", "1 Ct", "1 St Court", "1 Court Ct"],
        ["1 St Marys St", "1 Marys St", "1 St Marys Ct", "1 Saint St", "1 St St"],
        ["1 E St NW", "1 East St NW", "1 NW E St", "1 E St", "1 W St NW", "1 E St NE"],
        ["1 County Road E", "1 County Road East", "1 County Road N", "1 E County Road"],
        ["1 W Virginia Ave", "1 West Virginia Ave", "1 Virginia Ave W", "1 Virginia Ave"],
        ["1 Main St Apt 4", "1 Main St Suite 4", "1 Main St Fl 4", "1 Main St Rm 4"],
        ["1 Main St Bldg 2 Apt B", "1 Main St Bldg 2B", "1 Main St Apt 2B", "1 Main St Bldg 2"],
        ["1 1st St", "1 First Mile St", "1 1 St", "1 11th St", "1 21st St", "1 2nd St"],
        ["1 1.5 Mile Rd", "1 15 Mile Rd", "1 5 Mile Rd"],
        ["1 Trail Dr", "1 Trailer Dr", "1 Trl Ct"],
        ["1 Key West Dr", "1 W Key Dr", "1 Key Dr W"],
        ["1 Old Unit Rd", "1 Old Rd", "1 Old Rd Unit 1"],
        ["1 Front St", "1 Front", "1 Upper St", "1 Rear St", "1 Lot St", "1 Suite Dr"],
        [
            "PO Box 1",
            "PO Box 11",
            "1 Box St",
            "1 PO Box Rd",
            "RR 1 Box 1",
            "RR 11 Box 1",
            "HC 1 Box 1",
        ],
        ["9 St Marys Rd", "9 Marys Rd", "9 St Mary Rd", "9 Street Marys Rd"],
        [
            "9 County Road 1",
            "9 County Road 11",
            "9 County Road 1 N",
            "9 County Road N",
            "9 State Road 1",
        ],
        [
            "9 US Highway 1",
            "9 Highway 1",
            "9 County Highway 1",
            "9 Interstate 1",
            "9 State Highway 1",
        ],
        ["1 NE Highway 1", "1 NE FM 1", "1 NE Loop 1", "1 NE 1", "1 NE Avenue 1"],
        ["1 Lake Main NE", "1 Lake Oak NE", "1 N Lake Oak NE", "1 Old Lake Oak NE"],
        ["9 One Mile Rd", "9 1 Mile Rd", "9 First Mile Rd", "9 11 Mile Rd"],
        ["N12W345 Oak St", "N123W45 Oak St", "N12E345 Oak St", "W12N345 Oak St", "N12 Oak St"],
        [
            "37-06 72nd St",
            "370-6 72nd St",
            "37-6 72nd St",
            "3706 72nd St",
            "37 72nd St",
            "37 06 72nd St",
        ],
        ["100 Oak St", "100-104 Oak St", "100-102 Oak St", "104 Oak St"],
        ["9 W 500 N", "9 W 500 S", "9 E 500 N", "9 N 500 W", "9 500 N"],
        [
            "9 Oak St Rear",
            "9 Oak St Front",
            "9 Oak St Upper",
            "9 Oak St Apt 1 Rear",
            "9 Oak St Apt 1",
        ],
        ["9 Oak St Apt A1", "9 Oak St Apt A11", "9 Oak St Apt A-1-1", "9 Oak St Apt AA1"],
        ["9 Oak St Bldg 1 Apt 23", "9 Oak St Bldg 12 Apt 3", "9 Oak St Bldg 123"],
        [
            "9 US 41",
            "9 SR 41",
            "9 CR 41",
            "9 Highway 41",
            "9 State Hwy 41",
            "9 County Hwy 41",
            "9 County Route 41",
            "9 FM 41",
            "9 RM 41",
            "9 RR 41",
            "9 Ranch Rd 41",
            "9 Farm Rd 41",
            "9 I 41",
            "9 I 41 Frontage Rd",
            "9 Twp Rd 41",
            "9 Route 41",
            "9 Road 41",
            "9 Loop 41",
            "9 NC 41",
            "9 NC Hwy 41",
            "9 41",
            "9 41st St",
            "9 Street 41",
            "9 NE 41",
            "9 NE Hwy 41",
            "9 US 4",
            "9 US 411",
            "9 US 41A",
            "9 US 41 N",
            "9 US 41 S",
            "9 N US 41",
            "9 S US 41",
            "9 US 41 Alt",
            "9 US 41 Bus",
            "9 US 41 Byp",
            "9 Old US 41",
            "9 Old Highway 41",
        ],
        ["9 CR E", "9 CR 5", "9 CR 5 E", "9 E CR 5", "9 CR EE", "9 State Rd E", "9 US E"],
        ["9 No. 4 Rd", "9 N 4 Rd", "9 No Name Rd", "9 N Name Rd", "9 No. St", "9 N St"],
        ["9 No. Four Rd", "9 N Four Rd", "9 So Rd", "9 S Rd"],
        ["9 Oak St Apt 4", "9 Oak St Apt 40", "9 Oak St Apt 04A", "9 Oak St Apt 004"],
        ["9 Oak St Apt 100", "9 Oak St Apt 0100", "9 Oak St Apt 0", "9 Oak St Apt 0-4"],
        [
            "9 MI-59",
            "9 MI Hwy 59",
            "9 MI Rte 59",
            "9 M-59",
            "9 SR 59",
            "9 Hwy 59",
            "9 KY-59",
            "9 Michigan Ave 59",
            "9 Michigan 59",
            "9 MI 5",
            "9 MI-59 N",
            "9 MI 59A",
        ],
        ["9 Bus 50", "9 US 50 Bus", "9 Bus US 50", "9 Hwy 50", "9 Bus Hwy 50", "9 Bus Rd"],
        ["9 Business Rd", "9 Bus Rd", "9 Business Park Dr", "9 Business Ctr"],
        ["9 Junior St", "9 Jr St", "9 King Sr Blvd", "9 King Jr Blvd", "9 King Blvd"],
        ["9 Elm Rd Lower", "9 Elm Rd Upper", "9 Elm Rd", "9 Lower Level Rd", "9 Elm Rd Level 1"],
        ["0123 Main St", "1230 Main St", "0-123 Main St", "01-23 Main St", "1-23 Main St"],
        ["123 5 Ave", "123 5th Ave", "1235 Ave"],
        ["123 A Main St", "123A Main St", "123 Main St Apt A"],
        ["9 I St", "9 I-10", "9 I-1", "9 CR St", "9 US St"],
    ],
)
def test_what_may_be_two_addresses_has_two_keys(streets: list[str]) -> None:
    assert len({key_of(street) for street in streets}) == len(streets)


def test_place_counts_by_city_state_and_the_five_digits() -> None:
    one = key_of("1 Oak St", city="St. Louis", state="MO", zip="63101-1234")
    assert one == key_of("1 Oak St", city="saint louis", state="mo", zip="63101")
    assert one == key_of("1 Oak St", city="ST LOUIS", zip="63101")
    for cities, place in (
        (("E St Louis", "East Saint Louis", "East St. Louis"), {"state": "IL", "zip": "62201"}),
        (("Coeur D'Alene", "Coeur d Alene", "COEUR DALENE"), {"state": "ID", "zip": "83814"}),
        (("O'Fallon", "O Fallon", "OFallon"), {"state": "MO", "zip": "63366"}),
        (("Port St Lucie", "Port Saint Lucie"), {"state": "FL", "zip": "34952"}),
        (("Mc Lean", "McLean"), {"state": "VA", "zip": "22101"}),
    ):
        assert len({key_of("1 Oak St", city=city, **place) for city in cities}) == 1
    kentucky = {"city": "London", "state": "KY", "zip": "40741"}
    assert key_of("1 KY-80", **kentucky) == key_of("1 KY 80", **kentucky)
    assert key_of("1 KY Hwy 80", **kentucky) == key_of("1 Kentucky Highway 80", **kentucky)
    assert key_of("1 KY 80", **kentucky) != key_of("1 Key 80", **kentucky)
    colorado = {"city": "Aspen", "state": "CO", "zip": "81611"}
    assert key_of("1 Co Hwy 5", **colorado) == key_of("1 County Hwy 5", **colorado)
    assert key_of("1 Co Hwy 5", **colorado) != key_of("1 Colorado Hwy 5", **colorado)
    north = key_of("1 Oak St", city="North Little Rock", zip="72114")
    assert north == key_of("1 Oak St", city="N. Little Rock", zip="72114")
    assert north != key_of("1 Oak St", city="Little Rock", zip="72114")
    others = [
        key_of("1 Oak St", city="Ladue", state="MO", zip="63101"),
        key_of("1 Oak St", city="St. Louis", state="MO", zip="63102"),
        key_of("1 Oak St", city="St. Louis", state="IL"),
    ]
    assert len({one, *others}) == 4


NAMES = ["Main", "Oak", "Washington", "Martin-Luther-King", "Fifth", "21st", "St-Clair"]
SUFFIX = {"St": "Street", "Ave": "Avenue", "Blvd": "Boulevard", "Ct": "Court", "Dr": "Drive"}
WAYS = {"": "", "N": "North", "SW": "Southwest", "E": "East"}
DIGITS = {"Fifth": "5th"}


def twelve_spellings(rng: random.Random) -> list[Address]:
    number, unit = rng.randint(1, 9999), f"{rng.randint(1, 99)}{rng.choice(['', 'B'])}"
    name, suffix = rng.choice(NAMES).replace("-", " "), rng.choice(list(SUFFIX))
    before, after = rng.choice([("", "N"), ("E", ""), ("", ""), ("SW", "")])
    short = f"{number} {before} {name} {suffix} {after}"
    long = f"{number} {WAYS[before]} {DIGITS.get(name, name)} {SUFFIX[suffix]} {WAYS[after]}"
    dotted = f"{number} {before and before + '.'} {name} {suffix}. {after}"
    streets = [
        (short, f"Apt {unit}"), (long, f"Apartment {unit}"), (dotted, f"#{unit}"),
        (short.upper(), f"APT. {unit}"), (long.lower(), f"unit {unit.lower()}"), (short, unit),
        (f"{short} Apt {unit}", None), (f"{long}, #{unit}", None), (f"{dotted} # {unit}", None),
        (f"{long}, Unit {unit}", None), (f"  {short} ,Apt #{unit}", ""), (long, f"# {unit}"),
    ]  # fmt: skip
    zips = itertools.cycle(["48226", "48226-1234"])
    return [Address(a, b, "Detroit", "mi", zip_code) for (a, b), zip_code in zip(streets, zips)]  # noqa: B905


ROADS = {
    "US Hwy {}": ["US {}", "US-{}", "U.S. {}", "US Highway {}", "U S Hwy {}", "US Route {}"],
    "State Road {}": [
        "SR {}",
        "SR-{}",
        "State Rd {}",
        "State Route {}",
        "St Rte {}",
        "State Rt. {}",
    ],
    "County Road {}": ["CR {}", "CR-{}", "Co Rd {}", "Cnty Road {}", "County Rd. {}", "CR{}"],
    "Interstate {}": [
        "I-{}",
        "I {}",
        "IH {}",
        "IH{}",
        "Interstate Hwy {}",
        "Interstate Highway {}",
    ],
    "FM {}": ["FM-{}", "FM{}", "Farm to Market {}", "FM Rd {}", "F.M. {}", "Hwy FM {}"],
    "State Highway {}": ["State Hwy {}", "St Hwy {}", "STATE HWY. {}", "State Highway-{}"],
    "County Highway {}": ["Co Hwy {}", "Cnty Hwy {}", "Cty Hwy {}", "County Hwy {}"],
}


def test_a_thousand_addresses_at_numbered_roads_have_a_key_each_and_none_of_another() -> None:
    rng = random.Random(41)  # noqa: S311  not for secrets
    keys: dict[str, str] = {}
    chosen = rng.sample(list(itertools.product(range(1, 200), ROADS, ["", "N", "SE"])), 1000)
    for number, road, way in chosen:
        one = f"{road.format(number)} {way}"
        for spelling in [road, *ROADS[road]]:
            street, unit = f"9 {spelling.format(number)} {way}", rng.choice(["Apt 4", "#04", "4"])
            key = key_of(rng.choice([street, street.upper(), street.lower()]), unit)
            assert keys.setdefault(key, one) == one, (street, keys[key])
    assert len(keys) == 1000


def test_a_thousand_addresses_in_twelve_spellings_have_a_key_each() -> None:
    rng = random.Random(7)  # noqa: S311  not for secrets
    for _ in range(1000):
        spellings = twelve_spellings(rng)
        assert len({address_key(checked(spelling)) for spelling in spellings}) == 1, spellings


@pytest.mark.slow
def test_fifty_thousand_addresses_have_as_many_keys() -> None:
    ways = ["", "N", "S", "E", "W", "NW"]
    names = [
        "Main",
        "Court",
        "North",
        "N",
        "St Marys",
        "Avenue A",
        "5th",
        "1st",
        "Park",
        "Key West",
    ]
    suffixes = ["St", "Ct", "Ave", "Rd", "Trl"]
    units = ["", " Apt 1", " Apt 11", " Ste 1", " Apt 1B", " Fl 1", " Rear"]
    numbers = ["1", "11", "1-1", "1 1/2", "1A"]
    every = itertools.product(numbers, ways, names, suffixes, ["", "N", "SE", "W", "S"], units)
    streets = [
        f"{number} {before} {name} {suffix} {after}{unit}"
        for number, before, name, suffix, after, unit in every
    ][:50_000]
    assert len(streets) == 50_000
    merged = {}
    for street in streets:
        key = address_key(Address(" ".join(street.split()), zip="48226"))
        assert merged.setdefault(key, street) == street
    assert len(merged) == 50_000


NUMBERS = ["1", "12", "123", "1-2", "12-3", "1A", "1 1/2", "12 1/2", "N1W23", "N12W3"]
LIKE_WORDS_OF_USPS = """
    Main; 1st; 11th; Court; Park; St Marys; Mt Vernon; North; County Road 1; County Road 11;
    US Highway 1; Highway 1; State Route 1; FM 1; Interstate 1; Loop 1; Avenue A; Ave Maria;
    Calle A; Unit; Lot; Front; Upper; Ste Marie; Circle; Union; Bay View; Bayview; I; CR; US
"""
ENDS = ["", "St", "Ave", "Ct", "Dr", "Pl", "Ter", "Hwy", "Pass"]
INSIDE = """
    Apt 1; Apt 11; Apt 1A; Apt A1; Apt A; Ste 1; Bldg 1; Bldg 1 Apt 1; Fl 1; Rm 1; Lot 1; Rear;
    Bsmt; PH; PH 1; Apt 1-1; Unit 1 Rear
"""


@pytest.mark.slow
def test_no_two_of_the_addresses_that_words_of_usps_make_are_merged() -> None:
    rng = random.Random(28)  # noqa: S311  not for secrets
    names, units = LIKE_WORDS_OF_USPS.split(";"), ["", *INSIDE.split(";")]
    merged: dict[str, str] = {}
    for _ in range(25_000):
        before, after = rng.choice(["", "N", "S", "NE", "W"]), rng.choice(["", "N", "S", "NE", "W"])
        words = f"{rng.choice(NUMBERS)} {before} {rng.choice(names)} {rng.choice(ENDS)} {after}"
        street, unit = " ".join(words.split()), rng.choice(units).strip()
        key = address_key(Address(street, unit or None, zip="48226"))
        one = f"{street} | {unit}"
        assert merged.setdefault(key, one) == one


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_has_a_key_that_case_and_spaces_do_not_change(street: str, unit: str) -> None:
    ascii_only = street.encode("ascii", "ignore").decode()
    one = Address(ascii_only, unit.encode("ascii", "ignore").decode(), zip="48226")
    two = Address(f"  {one.street1.lower()} ", (one.street2 or "").upper(), zip="48226-1234")
    assert address_key(one) == address_key(two)


def test_the_exact_key_folds_case_dots_and_zip4_alone() -> None:
    one = checked(Address("1 Main St.", None, "Detroit", "mi", "48226-1234"))
    two = checked(Address(" 1  MAIN st", "", "detroit ", "MI", "48226"))
    three = checked(Address("1 Main Street", None, "Detroit", "MI", "48226"))
    assert address_key(one, "exact") == address_key(two, "exact") != address_key(three, "exact")
    assert address_key(one) == address_key(two) == address_key(three)
